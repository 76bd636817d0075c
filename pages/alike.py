"""举一反三: from one issue to the places where its kind is likely, and lists to check them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from data.entries import checklists
from data.filters import Filters
from data.views.alike import (
    alike_places,
    hindsight,
    issue_choices,
    issue_place,
    listed_grids,
    with_hit_shares,
)
from data.views.overview import Build, grids
from pages.ui.alike import (
    candidate_table,
    grid_list,
    hindsight_sentence,
    issue_card,
    issue_label,
    place_map,
    place_type,
    reasons,
)
from pages.ui.cards import definitions, footer
from pages.ui.checklist import checklist, make_checklist, progress_sentence
from pages.ui.entry import show_fault
from pages.ui.filters import asked_code, choose, choose_filters, url_select
from pages.ui.read import current_build, read
from pages.ui.text import class_name, plain

COUNTS = {"20": "20 处", "40": "40 处", "80": "80 处", "150": "150 处", "250": "250 处"}
WHICH = {
    "": "全部",
    "new": "从未有过这类问题的（查漏）",
    "unseen": "问题发现以来没有任何记录的",
}


def use_number() -> None:
    """The number that was typed in is the issue."""
    choose("issue", st.session_state["issue_number"].strip())


def choose_issue(build: Build, filters: Filters) -> str:
    """The issue to begin from: of the list, or by its number."""
    names = {"": "全县"} | {
        row.grid_id: f"{row.grid_name} · {row.grid_id}"
        for row in read(grids, build.build_id).itertuples()
    }
    grid_id = url_select("网格", names, "grid", "只影响下面列出哪些问题；时段、大类和部门在左侧选择。")
    chosen = filters.in_grid(grid_id)
    st.text_input("按编号查找", key="issue_number", on_change=use_number, placeholder="问题编号")
    wanted = asked_code("issue")
    rows = read(issue_choices, build.build_id, chosen, wanted)
    if wanted and wanted not in set(rows["issue_id"]):
        st.warning(f"没有编号为“{plain(wanted)}”的问题。")
    issues = {"": "请选择一个问题（暗访、检查发现的在前）"}
    issues |= {row.issue_id: issue_label(row) for row in rows.itertuples()}
    return url_select("问题", issues, "issue")


def choose_conditions(issue: pd.Series) -> tuple[str, str, str, str]:
    """What counts as the same kind, which places, and how many: the codes of the search."""
    levels = {
        "category": f"小类：{class_name(issue['category'])}",
        "category_class": f"大类：{class_name(issue['category_class'])}",
    }
    where = {"": "不限地点类型"}
    if pd.notna(issue["place_id"]) and issue["road_class"] != "unknown":
        where["road"] = f"同类地点：{place_type(issue['road_class'])}"
    if issue["site_types"]:
        where["site"] = f"同类点位附近：{issue['site_types']}"
    columns = st.columns(4)
    with columns[0]:
        level = url_select("同类问题", levels, "level", default="category")
    with columns[1]:
        place = url_select("地点类型", where, "where", "按历史排序已足够；再限地点类型，命中反而减少。")
    with columns[2]:
        which = url_select("哪些地点", WHICH, "which")
    with columns[3]:
        count = url_select("清单长度", COUNTS, "count", default="40")
    return level, place, which, count


def search(build: Build, filters: Filters) -> None:
    """The issue, the places of its kind, and the button that keeps them as a list."""
    left, right = st.columns([1, 1.6], gap="medium")
    with left:
        issue_id = choose_issue(build, filters)
        if not issue_id:
            st.info("先选一个问题：系统在全县找出最可能有同类问题的地点，生成排查清单。")
            return
        issue_card(build, issue_id)
    issue = read(issue_place, build.build_id, issue_id).iloc[0]
    if issue["category"] == "unknown":
        st.warning("这个问题没有类别，找不到“同类”。请换一个问题。")
        return
    with right:
        level, where, which, count = choose_conditions(issue)
        asked = (build.build_id, issue_id, level, where, which)
        found = read(alike_places, *asked)
        places = found.candidates.head(int(count))
        st.markdown(
            f"全县符合条件的地点 {found.places:,} 处：候选 **{found.of_candidates:,}** 处，"
            f"另有 {found.of_known:,} 处正有同类问题未整改（已知，不进清单）。"
        )
        if places.empty:
            st.info("没有符合条件的地点。请放宽条件。")
            return
        st.markdown(f"**回看检验**：{hindsight_sentence(read(hindsight, *asked, count))}")
        listed = listed_grids(places, read(grids, build.build_id))
        place_map("alike_map", build, issue, places, listed)
        with st.expander("各网格要查几处"):
            grid_list(listed)
    candidates(build, issue, str(issue[level]), places)
    if len(found.known):
        with st.expander(f"已知：正有同类问题未整改的（列出 {len(found.known)} 处）"):
            candidate_table(found.known, issue, "已知的地点", "alike_known")


def candidates(build: Build, issue: pd.Series, kind: str, places: pd.DataFrame) -> None:
    """The list itself, and the button that keeps it."""
    st.subheader(f"最可能有“{plain(class_name(kind))}”的 {len(places)} 处")
    name = st.text_input("清单名称", f"{class_name(kind)}举一反三排查", max_chars=100)
    kept = places.assign(category=kind, reasons=[reasons(row, issue) for row in places.itertuples()])
    st.button(
        f"生成排查清单（{len(places)} 处）",
        type="primary",
        on_click=make_checklist,
        args=(build, name, issue, kind, kept),
    )
    candidate_table(places, issue, "候选地点", "alike_candidates")


build = current_build()
filters = choose_filters(build)
title, note = st.columns([5, 1], vertical_alignment="bottom")
title.title("举一反三")
with note:
    definitions(["alike_rank", "alike_hindsight", "checklist_hit"])
show_fault()
lists = with_hit_shares(checklists(build.source))
names = {"": "不打开清单：从一个问题找同类"} | {
    str(
        row.checklist_id
    ): f"{row.made_on:%m-%d} {row.title}（已查 {row.checked + row.unreachable}/{row.items}）"
    for row in lists.itertuples()
}
chosen = url_select("排查清单", names, "list")
if chosen:
    checklist(build, next(r for r in lists.itertuples() if str(r.checklist_id) == chosen))
else:
    search(build, filters)
    for row in lists.itertuples():
        st.markdown(f"**{plain(row.title)}**（{row.made_on:%Y-%m-%d}）：{progress_sentence(row)}")
footer(build)
