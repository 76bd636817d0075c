"""What a click does to a plan of sample points: all of it is kept at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from data.messages import DataError
from data.plan import PlanSettings
from data.sample_entries import add_plan, change_plan, finish_plan, remove_plan
from data.views.choose import choose as choose_points
from data.views.overview import Build
from data.views.plan_review import points_to_keep
from pages.ui.checklist import today
from pages.ui.filters import choose, choose_next
from pages.ui.sampling import Plan
from pages.ui.sites import all_grids, site_frame


def kept(do: Callable[..., None], *args: Any) -> Callable[[], None]:
    """The callback of a click, which keeps what a DataError says for the next run."""

    def on_click() -> None:
        try:
            do(*args)
        except DataError as error:
            st.session_state["entry_fault"] = error.zh

    return on_click


def do_now(do: Callable[..., None], *args: Any) -> None:
    """What a button asks for whose arguments are typed on the page: those of this run.

    A click often comes together with the field that it leaves; a callback would still hold what
    stood there before.
    """
    kept(do, *args)()
    st.rerun()


def add(build: Build, title: str, settings: PlanSettings) -> None:
    """A new plan with the points that these settings choose."""
    choice = choose_points(site_frame(build).frame, settings, all_grids=all_grids(build))
    kept = points_to_keep(choice)
    plan_id = add_plan(build.source, title, settings, today(), build.build_id, build.data_until, kept)
    _open(plan_id)


def save_as(build: Build, plan: Plan, title_key: str) -> None:
    """`copy_plan` under the title that stands in the field of that key."""
    copy_plan(build, plan, st.session_state[title_key])


def copy_plan(build: Build, plan: Plan, title: str) -> None:
    """The same points as a draft: the next version of that title, without what was drawn."""
    points = plan.points[plan.points["role"] == "declared"]
    plan_id = add_plan(
        build.source, title, replace(plan.settings, seed=""), today(), plan.build_id, plan.data_until,
        points, pinned=plan.pinned, barred=plan.barred,
    )  # fmt: skip
    _open(plan_id)


def _open(plan_id: int) -> None:
    choose_next("plan", str(plan_id))
    choose_next("show", "")
    choose_next("site", "")


def finish(build: Build, plan: Plan, note_key: str) -> None:
    """The plan is final, for the reason that stands in the field of that key."""
    finish_plan(build.source, plan.plan_id, st.session_state[note_key])


def remove(build: Build, plan: Plan) -> None:
    """Take the version away."""
    remove_plan(build.source, plan.plan_id)
    choose("plan", "")


def choose_again(build: Build, plan: Plan, settings: PlanSettings) -> None:
    """Choose with these settings; only what is pinned stays for sure."""
    _change(build, plan, settings, plan.pinned, plan.pinned, plan.barred)
    choose_next("show", "")


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
    frame, grids = site_frame(build).frame, all_grids(build)
    points = points_to_keep(choose_points(frame, settings, stay, barred, grids), stay)
    change_plan(
        build.source, plan.plan_id, settings, pinned, barred, build.build_id, build.data_until, points
    )


def pin(build: Build, plan: Plan, key: str, is_pinned: bool) -> None:
    """A point stays, or need not stay, when points are chosen again."""
    pinned = (*plan.pinned, key) if is_pinned else tuple(one for one in plan.pinned if one != key)
    _same_points(build, plan, pinned, plan.barred)


def unbar(build: Build, plan: Plan, key: str) -> None:
    """A place may be chosen again."""
    _same_points(build, plan, plan.pinned, tuple(one for one in plan.barred if one != key))


def _same_points(build: Build, plan: Plan, pinned: tuple[str, ...], barred: tuple[str, ...]) -> None:
    points = plan.points[plan.points["role"] == "declared"]
    change_plan(
        build.source,
        plan.plan_id,
        plan.settings,
        pinned,
        barred,
        plan.build_id,
        plan.data_until,
        points,
    )
