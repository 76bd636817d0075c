"""What a click does to a plan of sample points: all of it is kept at once.

It is done to the plan as the page showed it: what another window did since is not undone (DataError).
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

import pandas as pd
import streamlit as st

from data.plan import PlanSettings
from data.sample_entries import add_plan, change_plan, finish_plan, remove_plan
from data.views.choose import choose as choose_points
from data.views.overview import Build
from data.views.plan_review import points_to_keep
from pages.ui.entry import done, not_kept, today
from pages.ui.filters import choose
from pages.ui.plan_words import gone_points
from pages.ui.sampling import Plan
from pages.ui.sites import candidates, site_name


def add(build: Build, title: str, settings: PlanSettings) -> None:
    """A new plan with the points that these settings choose."""
    points = points_to_keep(choose_points(candidates(build).frame, settings))
    _open(add_plan(build.source, title, settings, today(), build.build_id, build.data_until, points))


def copy_plan(build: Build, plan: Plan, title_key: str = "") -> None:
    """The same points as a draft, without what was drawn: the next version, or another plan.

    title_key  of the field with its title: a click may come together with what was typed there
    """
    title = st.session_state[title_key] if title_key else plan.title
    if plan.drawn_on and title.strip() == plan.title:
        not_kept("没有另存：这一版已公开抽签，同名的下一版要写明原因，请点“新版本”。")
        return
    _copy(build, plan, title)


def next_version(build: Build, plan: Plan, reason_key: str) -> None:
    """A draft that can be drawn, of a plan that was; reason_key: of the field that says why."""
    reason = st.session_state[reason_key].strip()
    if not reason:
        not_kept("没有另做一版：请写明为什么。")
        return
    _copy(build, plan, plan.title, f"由第 {plan.version} 版另做：{reason}")


def _copy(build: Build, plan: Plan, title: str, note: str = "") -> None:
    plan_id = add_plan(
        build.source, title, replace(plan.settings, seed=""), today(), plan.build_id, plan.data_until,
        plan.declared, note, pinned=plan.pinned, barred=plan.barred,
    )  # fmt: skip
    _open(plan_id)
    done(f"已存为方案“{title.strip()}”的新草稿，现在打开的就是它。")


def _open(plan_id: int) -> None:
    """By its address: a click on a field's own page comes after the widgets of the choices."""
    st.query_params["plan"] = str(plan_id)
    for choice in ("show", "site"):
        st.query_params.pop(choice, None)


def finish(build: Build, plan: Plan, note_key: str) -> None:
    """The plan is final; note_key: of the field that says why it is defended."""
    note = st.session_state[note_key]
    finish_plan(build.source, plan.plan_id, note, revision=plan.revision)


def remove(build: Build, plan: Plan) -> None:
    """Take the version away."""
    remove_plan(build.source, plan.plan_id, revision=plan.revision)
    choose("plan", "")


def choose_again(build: Build, plan: Plan, settings: PlanSettings) -> None:
    """Choose with these settings; only what is pinned stays for sure."""
    every = {quota.site_type for quota in settings.quotas}
    _change(build, plan, settings, plan.pinned, plan.pinned, plan.barred, every)
    st.query_params.pop("show", None)


def refresh(build: Build, plan: Plan) -> None:
    """The same points with the risk and reasons of today; those that are no candidates now go."""
    gone = gone_points(build, plan)
    stay = tuple(key for key in plan.keys("declared") if key not in set(gone["site_key"]))
    _change(build, plan, plan.settings, stay, plan.pinned, plan.barred)
    if len(gone):
        names = "、".join(site_name(row) for row in gone.to_dict("records"))
        done(
            f"已按新数据更新风险。有 {len(gone)} 个点已不是候选点位，不再是申报点：{names}。"
            "没有另选别的点补上；要补，请在“设置与重选”里重选，或在“候选点位”里加入。"
        )


def swap(build: Build, plan: Plan, out: str, into: str) -> None:
    """One point goes for another one, which stays."""
    stay = [into if key == out else key for key in plan.keys("declared")]
    pinned = [key for key in plan.pinned if key != out]
    _change(build, plan, plan.settings, tuple(stay), (*pinned, into), plan.barred)
    choose("site", into)


def bar(build: Build, plan: Plan, key: str) -> None:
    """A place is never chosen; if it is a declared point, the next best of its type takes its place."""
    before = plan.declared.set_index("site_key")
    pinned = tuple(one for one in plan.pinned if one != key)
    barred = (*plan.barred, key)
    if key not in before.index:
        _same_points(build, plan, pinned, barred)
        return
    stay = tuple(one for one in before.index if one != key)
    kind = str(before.loc[key, "site_type"])
    after = _change(build, plan, plan.settings, stay, pinned, barred, {kind})
    new = [site_name(row) for row in after[~after["site_key"].isin(before.index)].to_dict("records")]
    instead = f"换成{'、'.join(new)}" if new else "没有别的点补上"
    done(f"{_name(plan.declared, key)}不再是申报点，{instead}。")


def declare(build: Build, plan: Plan, key: str) -> None:
    """Declare a place of the planner's own choice, to stay; the list keeps its size where it can.

    If its type has all its points, the one with the highest risk goes, of those that are not to stay.
    """
    frame = candidates(build).frame
    kind = str(frame.loc[frame["site_key"] == key, "site_type"].iloc[0])
    of_kind = plan.declared[plan.declared["site_type"] == kind]
    free = of_kind[~of_kind["site_key"].isin(plan.pinned)].sort_values("risk", kind="stable")
    asked = plan.settings.quota(kind).declared
    is_full = len(of_kind) >= asked
    out = str(free["site_key"].iloc[-1]) if is_full and len(free) else ""
    stay = (*(one for one in plan.keys("declared") if one != out), key)
    barred = tuple(one for one in plan.barred if one != key)
    _change(build, plan, plan.settings, stay, (*plan.pinned, key), barred)
    said = f"{_name(frame, key)}已加入申报点并保留"
    if out:
        said += f"；“{kind}”应报 {asked} 个已满，其中风险最高的{_name(of_kind, out)}不再是申报点"
    elif is_full:
        said += f"；“{kind}”应报 {asked} 个，没有可换下的，现有 {len(of_kind) + 1} 个"
    done(f"{said}。")


def _name(points: pd.DataFrame, key: str) -> str:
    return site_name(points[points["site_key"] == key].iloc[0].to_dict())


def _change(
    build: Build,
    plan: Plan,
    settings: PlanSettings,
    stay: tuple[str, ...],
    pinned: tuple[str, ...],
    barred: tuple[str, ...],
    filled: Container[str] = (),
) -> pd.DataFrame:
    """Keep the points that stay, and choose what is lacking of the types to be filled; all of them."""
    quotas = tuple(
        one if one.site_type in filled else one._replace(declared=0) for one in settings.quotas
    )
    asked = replace(settings, quotas=quotas)
    chosen = choose_points(candidates(build).frame, asked, stay, barred)
    points = points_to_keep(chosen, stay)
    change_plan(
        build.source, plan.plan_id, settings, pinned, barred, build.build_id, build.data_until, points,
        revision=plan.revision,
    )  # fmt: skip
    return points


def pin(build: Build, plan: Plan, key: str, is_pinned: bool) -> None:
    """A point stays, or need not stay, when points are chosen again."""
    pinned = (*plan.pinned, key) if is_pinned else tuple(one for one in plan.pinned if one != key)
    _same_points(build, plan, pinned, plan.barred)


def unbar(build: Build, plan: Plan, key: str) -> None:
    """A place may be chosen again."""
    _same_points(build, plan, plan.pinned, tuple(one for one in plan.barred if one != key))


def _same_points(build: Build, plan: Plan, pinned: tuple[str, ...], barred: tuple[str, ...]) -> None:
    change_plan(
        build.source, plan.plan_id, plan.settings, pinned, barred, plan.build_id, plan.data_until,
        plan.declared, revision=plan.revision,
    )  # fmt: skip
