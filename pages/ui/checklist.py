"""排查清单: what was found at the places of a list, filled in on a phone, and the share of hits."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from data.entries import (
    add_checklist,
    checklist_grids,
    checklist_items,
    mark_item,
    remove_checklist,
)
from data.export import RESULT_NAMES, checklist_workbook
from data.messages import DataError
from data.standards import threshold
from data.views.alike import with_hit_shares
from data.views.overview import Build
from pages.ui.alike import place_name
from pages.ui.entry import kept, not_kept, today
from pages.ui.filters import choose
from pages.ui.save import save_button
from pages.ui.tables import table
from pages.ui.text import class_name, plain

MARKS = {code: name for code, name in RESULT_NAMES.items() if code}
ITEMS_SHOWN = 30


def make_checklist(build: Build, title: str, issue: pd.Series, kind: str, places: pd.DataFrame) -> None:
    """Keep the list (a click's callback) and open it."""
    try:
        number = add_checklist(
            build.source, title, str(issue["issue_id"]), kind, today(), build.data_until, places
        )
    except DataError as error:
        not_kept(error.zh)
    else:
        choose("list", str(number))


def progress_sentence(row: Any) -> str:
    """How many places were checked and how many hits there were, with the interval of the share."""
    text = f"共 {row.items} 处，排查 **{row.checked}** 处，发现 **{row.found}** 处（{hit_text(row)}）"
    rest = row.items - row.checked - row.unreachable
    return f"{text}；无法检查 {row.unreachable} 处，未查 {rest} 处。"


def hit_text(row: Any) -> str:
    """The share of hits, or that too few places were checked."""
    if math.isnan(row.hit_share):
        return f"样本太少：已查不足 {threshold('min_checked'):g} 处，不算命中率"
    return f"命中率 {row.hit_share:.0%}，95% 区间 {row.lower:.0%}–{row.upper:.0%}"


def checklist(build: Build, row: Any) -> None:
    """One list: how far it is, by grid, its places to mark, and the file to take along."""
    st.subheader(plain(row.title))
    st.caption(
        f"由问题 {plain(row.issue_id)}（{plain(class_name(row.category))}）"
        f"生成于 {row.made_on:%Y-%m-%d}，依据 {row.data_until:%Y-%m-%d} 之前的数据"
    )
    st.markdown(progress_sentence(row))
    items = checklist_items(build.source, row.checklist_id)
    _mark_items(build, items)
    with st.expander("各网格进度", expanded=True):
        _grid_table(with_hit_shares(checklist_grids(build.source, row.checklist_id)))
    save_button(
        "下载 Excel（每个网格一张表）",
        lambda: checklist_workbook(checklist_items(build.source, row.checklist_id)),
        f"排查清单{row.checklist_id}.xlsx",
        "checklist_excel",
    )
    with st.popover("删除这份清单"):
        st.markdown("清单和已填的结果将不再显示（系统仍留有记录）。")
        st.button("确认删除", on_click=kept(_remove, build.source, row.checklist_id))


def _grid_table(progress: pd.DataFrame) -> None:
    shown = pd.DataFrame(
        {
            "网格": progress["grid_name"],
            "牵头单位": progress["lead_unit"],
            "共（处）": progress["items"],
            "已查": progress["checked"],
            "发现": progress["found"],
            "无法检查": progress["unreachable"],
            "命中率": [
                "样本太少" if math.isnan(row.hit_share) else hit_text(row).removeprefix("命中率 ")
                for row in progress.itertuples()
            ],
        }
    )
    table(shown, "各网格进度", "checklist_grids")


def _mark_items(build: Build, items: pd.DataFrame) -> None:
    """The places with one row of buttons each; a mark is kept at once."""
    names = {"": "全部网格"} | dict(zip(items["grid_id"], items["grid_name"], strict=True))
    grid_id = st.selectbox("网格", list(names), format_func=names.__getitem__, key="list_grid")
    day = st.date_input("排查日期", today(), max_value=today(), format="YYYY-MM-DD")
    is_open_only = st.toggle("只看未查的", value=True)
    shown = items[items["grid_id"] == grid_id] if grid_id else items
    if is_open_only:
        shown = shown[shown["result"] == ""]
    if shown.empty:
        st.success("这里的地点都已填报。")
    for row in shown.head(ITEMS_SHOWN).itertuples():
        with st.container(border=True):
            _item(build, row, day)
    if len(shown) > ITEMS_SHOWN:
        st.caption(f"另有 {len(shown) - ITEMS_SHOWN} 处：选一个网格，或先填完上面的。")


def _item(build: Build, row: Any, day: date) -> None:
    st.markdown(
        f"**{row.position}. {plain(place_name(row))}**　{plain(row.grid_name)}  \n"
        f"{plain(row.reasons)}  \n坐标（纬度，经度）：{row.lat:.5f}, {row.lon:.5f}"
    )
    # What is stored is part of the keys: marks of others show, and no old state of this page returns.
    key = f"{row.item_id}:{row.result}:{row.note}"
    kept = (build.source, row, key, day)
    left, right = st.columns([1, 2])
    left.segmented_control(
        "结果",
        list(MARKS),
        format_func=MARKS.__getitem__,
        default=row.result or None,
        key=f"mark:{key}",
        label_visibility="collapsed",
        on_change=_keep,
        args=kept,
    )
    right.text_input(
        "备注",
        row.note,
        key=f"note:{key}",
        max_chars=200,
        placeholder="备注",
        label_visibility="collapsed",
        on_change=_keep,
        args=kept,
    )


def _keep(county: str, row: Any, key: str, day: date) -> None:
    """Keep the mark and the note of a place as they stand (a callback)."""
    result: Any = st.session_state[f"mark:{key}"] or ""
    is_new = result != row.result
    checked_on = (day if is_new else row.checked_on.date()) if result else None
    try:
        mark_item(county, row.item_id, result, checked_on, st.session_state[f"note:{key}"])
    except DataError as error:
        not_kept(error.zh)


def _remove(county: str, checklist_id: int) -> None:
    remove_checklist(county, checklist_id)
    choose("list", "")
