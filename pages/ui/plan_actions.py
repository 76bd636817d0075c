"""What a click does to a plan of sample points: all of it is kept at once.

It is done to the plan as the page showed it: what another window did since is not undone (DataError).
"""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from data.plan import PlanSettings
from data.sample_entries import add_plan, change_plan, finish_plan, remove_plan
from data.views.choose import choose as choose_points
from data.views.overview import Build
from data.views.plan_review import points_to_keep
from pages.ui.entry import not_kept, today
from pages.ui.filters import choose
from pages.ui.sampling import Plan
from pages.ui.sites import candidates


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
    _change(build, plan, settings, plan.pinned, plan.pinned, plan.barred)
    st.query_params.pop("show", None)


def refresh(build: Build, plan: Plan) -> None:
    """The same points with the risk and reasons of today."""
    _change(build, plan, plan.settings, tuple(plan.keys("declared")), plan.pinned, plan.barred)


def exchange(build: Build, plan: Plan, out: str, into: str) -> None:
    """One point goes: for the next best and never again, or for the one that was named."""
    stay = [into if key == out else key for key in plan.keys("declared") if key != out or into]
    pinned = [key for key in plan.pinned if key != out]
    if into:
        _change(build, plan, plan.settings, tuple(stay), (*pinned, into), plan.barred)
    else:
        _change(build, plan, plan.settings, tuple(stay), tuple(pinned), (*plan.barred, out))
    choose("site", into)


def _change(
    build: Build,
    plan: Plan,
    settings: PlanSettings,
    stay: tuple[str, ...],
    pinned: tuple[str, ...],
    barred: tuple[str, ...],
) -> None:
    """Choose what is lacking beside the points that stay."""
    chosen = choose_points(candidates(build).frame, settings, stay, barred)
    points = points_to_keep(chosen, stay)
    change_plan(
        build.source, plan.plan_id, settings, pinned, barred, build.build_id, build.data_until, points,
        revision=plan.revision,
    )  # fmt: skip


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
