"""One candidate site in the open plan: what it is there, to declare it, to leave it out."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import streamlit as st

from data.views.overview import Build
from pages.ui.entry import kept
from pages.ui.plan_actions import bar, declare, pin, unbar
from pages.ui.plan_words import lock_reason
from pages.ui.sampling import ROLES, Plan
from pages.ui.sites import Site, candidates
from pages.ui.text import number, plain


def open_frame(site_type: str) -> None:
    """Open 候选点位 with the sites of a type (a click's callback); by the address, as a link does."""
    st.query_params["part"], st.query_params["type"] = "frame", site_type
    for choice in ("grid", "which", "site"):
        st.query_params.pop(choice, None)


def states_in_plan(plan: Plan, site_keys: Iterable[str]) -> list[str]:
    """What each site is in the plan: its role, whether it stays, or that it is never chosen."""
    states = {row.site_key: ROLES[row.role] for row in plan.points.itertuples()}
    states |= {key: f"{states[key]}，保留" for key in plan.pinned if key in states}
    states |= dict.fromkeys(plan.barred, "指定不选")
    return [states.get(key, "") for key in site_keys]


def site_in_plan(build: Build, plan: Plan, site: Site) -> None:
    """What the site is in the plan, and the buttons that change it while the plan may be changed."""
    key = str(site["site_key"])
    (state,) = states_in_plan(plan, [key])
    st.markdown(f"方案“{plain(plan.name)}”：**{state or '不是申报点'}**")
    if key not in set(candidates(build).frame["site_key"]):
        st.caption("网格之外的点位不参加选点和抽签。")
    elif locked := lock_reason(build, plan):
        st.caption(f"选申报点：{locked}")
    else:
        _buttons(build, plan, key)
        _near(build, plan, site)


def _buttons(build: Build, plan: Plan, key: str) -> None:
    with st.container(horizontal=True, gap="small"):
        if key in plan.keys("declared"):
            pin_button(build, plan, key)
        else:
            st.button(
                "加入申报点并保留",
                on_click=kept(declare, build, plan, key),
                icon=":material/add_location:",
                help="同类应报数已满时，换下同类中风险最高、没有指定保留的一个；其余点不动",
            )
        if key in plan.barred:
            st.button("恢复为候选", on_click=kept(unbar, build, plan, key), icon=":material/undo:")
        else:
            st.button(
                "指定不选",
                on_click=kept(bar, build, plan, key),
                icon=":material/block:",
                help="自动选点不再选它；已是申报点的，换成同类下一个最好的",
            )


def pin_button(build: Build, plan: Plan, key: str) -> None:
    """Let a declared point stay when points are chosen again, or no longer."""
    is_pinned = key in plan.pinned
    st.button(
        "取消保留" if is_pinned else "保留",
        key=f"pin_{key}",
        on_click=kept(pin, build, plan, key, not is_pinned),
        icon=":material/keep_off:" if is_pinned else ":material/keep:",
        help="重选时这个点一定在",
    )


def _near(build: Build, plan: Plan, site: Site) -> None:
    """Say that a declared point of its type is too near: it may be declared all the same."""
    rows = candidates(build).frame
    is_own = rows["site_key"].isin(plan.keys("declared")) & (rows["site_type"] == site["site_type"])
    others = rows[is_own & (rows["site_key"] != site["site_key"])]
    near_m = np.hypot(others["x_m"] - site["x_m"], others["y_m"] - site["y_m"]).min()
    if near_m < plan.settings.min_distance_m:
        st.caption(
            f"离最近的同类申报点 {near_m:.0f} 米，方案要求不近于 "
            f"{number(plan.settings.min_distance_m)} 米：可以申报，方案会提醒。"
        )
