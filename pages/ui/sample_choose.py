"""选申报点: a new plan, or the open one with its points, coverage, walk, versions and settings."""

from __future__ import annotations

from functools import partial

import streamlit as st

from data.views.overview import Build
from data.views.plan_review import Review
from pages.ui.entry import kept, today
from pages.ui.filters import url_switch
from pages.ui.next_version import ask_next_version
from pages.ui.plan_actions import add, choose_again, copy_plan, finish, refresh, remove
from pages.ui.plan_compare import compare_part
from pages.ui.plan_coverage import show_coverage
from pages.ui.plan_files import plan_geojson, plan_workbook
from pages.ui.plan_points import show_points
from pages.ui.plan_print import plan_url
from pages.ui.plan_route import show_route
from pages.ui.plan_settings import choose_settings
from pages.ui.plan_words import (
    caution_lines,
    coverage_sentence,
    lock_reason,
    older_text,
    plan_review,
    state_text,
)
from pages.ui.sampling import Plan
from pages.ui.save import save_button
from pages.ui.sites import candidates
from pages.ui.text import plain

NAMES_SHOWN = 6  # of a kind of caution on the screen; the files have all
SHOWS = {
    "": "点位",
    "coverage": "配额与覆盖",
    "route": "检查路线",
    "compare": "版本对比",
    "settings": "设置与重选",
}


def show_choose(build: Build, plan: Plan | None) -> None:
    """Choose the declared points of a new plan, or look after those of the open one."""
    if candidates(build).frame.empty and plan is None:
        st.info(
            "没有候选点位，无从选点：请在“数据管理”页入库道路（路网）或候选点位名单"
            "（农贸市场、公厕、小区等，附坐标）。"
        )
        return
    if plan is None:
        _new_plan(build)
        return
    found = plan_review(build, plan)
    _head(build, plan, found)
    locked = lock_reason(build, plan)
    show = url_switch("看什么", SHOWS, "show")
    if show == "settings":
        _settings(build, plan, locked)
    elif show == "coverage":
        show_coverage(build, found)
    elif show == "route":
        show_route(build, plan)
    elif show == "compare":
        compare_part(build, plan)
    else:
        show_points(build, plan, found, locked)


def _new_plan(build: Build) -> None:
    settings = choose_settings(build, None)
    if settings is None:
        return
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    title = left.text_input("方案名称", f"{today():%Y年%m月}申报点方案", max_chars=100)
    # No callback: a click that comes together with a changed field takes what stands there now.
    if right.button("自动选点，存为新方案", type="primary", icon=":material/pin_drop:"):
        kept(add, build, title, settings)()
        st.rerun()
    st.caption(
        "自动选点：先取风险低、近来有人看过的点，尽量分到各网格，同类的点不近于最小距离；"
        "同样的数据和设置总是选出同样的点。选完可以逐个保留、不选或更换。"
    )


def _head(build: Build, plan: Plan, found: Review) -> None:
    """Title, state, what can be done with the plan as a whole, and what to know."""
    st.caption(
        f"**{plain(plan.name)}**　{plain(state_text(plan))}"
        + (f"　说明：{plain(plan.note)}" if plan.note else "")
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if not plan.is_final:
            with st.popover("定稿", icon=":material/lock:"):
                st.text_area("为什么这样选（写进答辩稿）", key="final_note", max_chars=1000)
                st.markdown("定稿后不能再改，要改须另出新版本。")
                st.button("确认定稿", on_click=kept(finish, build, plan, "final_note"), type="primary")
        if plan.drawn_on:
            with st.popover("新版本", icon=":material/content_copy:"):
                st.markdown("这一版已公开抽签：另做一版要写明原因，两版都留着。")
                ask_next_version(build, plan)
        else:
            st.button(
                "新版本",
                on_click=kept(copy_plan, build, plan),
                icon=":material/content_copy:",
                help="把这一版的点位和设置抄成下一版草稿，不含抽签结果",
            )
        with st.popover("另存为", icon=":material/save_as:"):
            key = f"copy_title_{plan.plan_id}"
            st.text_input("新方案名称", f"{plan.title}（另案）"[:100], max_chars=100, key=key)
            st.button("确认另存", on_click=kept(copy_plan, build, plan, key))
        _download(build, plan, found)
        st.link_button("打印答辩稿", plan_url(build, plan), icon=":material/print:")
        if not plan.drawn_on:
            with st.popover("删除", icon=":material/delete:"):
                st.markdown("这一版将不再显示（系统仍留有记录）。")
                st.button("确认删除", on_click=kept(remove, build, plan))
        st.markdown(f"**{coverage_sentence(found)}**")
    if plan.build_id != build.build_id:
        _older_data(build, plan)
    lines = [
        f"- **{heading}**（{len(names)}）：{plain('、'.join(names[:NAMES_SHOWN]))}"
        + ("……" if len(names) > NAMES_SHOWN else "")
        for heading, names in caution_lines(found.cautions)
    ]
    if lines:
        st.warning("\n".join(lines))


def _older_data(build: Build, plan: Plan) -> None:
    if plan.is_final:
        st.info(f"数据已有更新；定稿的点位、风险和理由都保持当时的样子。{older_text(build, plan)}")
        return
    st.info(f"数据已有更新，这份草稿还是按旧数据选的。{older_text(build, plan)}")
    if not plan.drawn_on:
        with st.container(horizontal=True):
            st.button("按新数据重选", on_click=kept(choose_again, build, plan, plan.settings))
            st.button("点位不变，只更新风险", on_click=kept(refresh, build, plan))


def _download(build: Build, plan: Plan, found: Review) -> None:
    excel, places = partial(plan_workbook, build, plan, found), partial(plan_geojson, plan, found)
    for name, icon, file, content in (
        ("Excel", ":material/table:", "xlsx", excel),
        ("GeoJSON", ":material/map:", "geojson", places),
    ):
        save_button(
            name,
            content,
            f"{plan.name}.{file}",
            f"plan_{file}",
            icon=icon,
            help=f"把这一版存成 {name} 文件",
        )


def _settings(build: Build, plan: Plan, locked: str) -> None:
    """Other settings, and choosing again with them."""
    if locked and plan.build_id == build.build_id:
        st.info(locked)
    settings = choose_settings(build, plan)
    if settings and not (plan.is_final or plan.drawn_on):
        help_ = "指定保留的点不动，指定不选的点不选"
        if st.button("按这些设置重新自动选点", type="primary", help=help_):
            kept(choose_again, build, plan, settings)()
            st.rerun()
