"""模拟评估, typed in on a phone: the points of a team or grid, one block each, kept at once."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from data.messages import DataError
from data.mock_workbook import RESULTS
from data.sample_entries import PointResult, checking_days, mark_finds, mark_result, note_point
from data.views.mock import UNSCORED
from data.views.overview import Build
from pages.ui.entry import not_kept, today
from pages.ui.filters import url_select
from pages.ui.sites import OUTSIDE, place
from pages.ui.text import plain

SHOWN = 20
WIDTH = 150  # pixels: two stand side by side on a phone
NO_GRID = "outside"
TOUCHED = "mock_touched"  # points filled in since the list was chosen: they stay in sight


def show_points(build: Build, row: pd.Series, points: pd.DataFrame, items: pd.DataFrame) -> None:
    """Choose a team and a grid, then fill in."""
    places = st.container(horizontal=True)  # side by side on a phone too, where columns are not
    teams = {str(team): f"第 {team} 组" for team in points["team"].unique()}
    with places.container(width=WIDTH):
        team = url_select("组", {"": "全部各组"} | teams, "team")
    own = points[points["team"] == int(team)] if team else points
    grids = {
        grid or NO_GRID: name or OUTSIDE
        for grid, name in zip(own["grid_id"].fillna(""), own["grid_name"], strict=True)
    }
    with places.container(width=WIDTH):
        grid = url_select("网格", {"": "全部网格"} | grids, "at")
    if grid:
        own = own[own["grid_id"].fillna(NO_GRID) == grid]
    days = st.container(horizontal=True, vertical_alignment="bottom")
    first, last = checking_days(row["held_on"].date(), points, today())
    with days.container(width=WIDTH):
        day_key = f"mock_day_{row['mock_id']}"
        st.date_input(
            "检查日期", last, min_value=first, max_value=last,
            format="YYYY-MM-DD", key=day_key,
        )  # fmt: skip
    with days.container(width=WIDTH):
        is_open_only = st.toggle("只看未报的", value=True)
    choice = (row["mock_id"], team, grid, is_open_only)
    if st.session_state.get("mock_choice") != choice:
        st.session_state["mock_choice"], st.session_state[TOUCHED] = choice, set()
    if is_open_only:
        is_touched = own["mock_point_id"].isin(st.session_state[TOUCHED])
        own = own[(own["result"] == "") | is_touched]
        if is_touched.any():
            st.button("收起已填报的", icon=":material/unfold_less:", on_click=_forget_touched)
    if own.empty:
        st.success("这里的点位都已填报。")
    by_point = dict(list(items.groupby("mock_point_id")))
    for point in own.head(SHOWN).to_dict("records"):
        with st.container(border=True):
            _point(build.source, point, by_point[point["mock_point_id"]], day_key)
    if len(own) > SHOWN:
        st.caption(f"另有 {len(own) - SHOWN} 个点：选一个组或网格，或先填完上面的。")


def _forget_touched() -> None:
    st.session_state[TOUCHED] = set()


def _point(county: str, point: dict[Any, Any], items: pd.DataFrame, day_key: str) -> None:
    unit = f"　{plain(point['lead_unit'])}" if point["lead_unit"] else ""
    address = f"　{plain(point['address'])}" if point["address"] else ""
    st.markdown(
        f"**{point['position']}. {plain(point['name'])}**　{plain(point['site_type'])}  \n"
        f"{plain(point['grid_name'] or OUTSIDE)}{unit}{address}  \n"
        f"坐标（纬度，经度）：{place(point)}"
    )
    found = items.loc[items["is_found"] == 1, "item"].tolist()
    number = point["mock_point_id"]
    keys = {name: f"mock_{name}_{number}" for name in ("found", "note")}
    # What is stored is put in before drawing: marks of others show, and no old state returns.
    st.session_state[keys["found"]] = found
    st.session_state[keys["note"]] = point["note"]
    keys["day"] = day_key
    kept = (county, point, keys, found)
    costs = dict(zip(items["item"], items["points"], strict=True))
    is_scored = (items["part"] != UNSCORED).any()
    st.pills(
        "发现的问题（点一下记下，再点取消）" + ("" if is_scored else "：这类点位只看不计分"),
        list(costs),
        format_func=lambda name: f"{plain(name)} −{costs[name]:g}" if is_scored else plain(name),
        selection_mode="multi",
        key=keys["found"],
        on_change=_keep_found,
        args=kept,
    )
    st.markdown(_state(point, found))
    with st.container(horizontal=True, gap="small"):
        for result, name in (("seen", "已查无问题"), ("unreachable", "无法检查"), ("", "撤回")):
            st.button(
                name,
                key=f"mock_{result or 'undo'}_{number}",
                # Finds are taken back one by one, or all together on purpose: no tap loses them.
                disabled=point["result"] == result or bool(found and result),
                on_click=_keep_result,
                args=(*kept, result),
            )
    st.text_input(
        "备注", key=keys["note"], max_chars=200, placeholder="备注", on_change=_keep_note,
        args=kept, label_visibility="collapsed",
    )  # fmt: skip


def _state(point: dict[Any, Any], found: list[str]) -> str:
    if not point["result"]:
        return "**未报**"
    said = f"发现 {len(found)} 项" if found else "未发现问题"
    text = RESULTS[point["result"]] + (f"：{said}" if point["result"] == "seen" else "")
    return f"**{text}**（{point['checked_on']:%Y-%m-%d}）"


def _keep_found(county: str, point: dict[Any, Any], keys: dict[str, str], found: list[str]) -> None:
    """Keep what this tap changed of the finds that were shown; somebody else may mark others."""
    number, wanted = _touch(point), st.session_state[keys["found"]]
    added, removed = set(wanted) - set(found), set(found) - set(wanted)
    day = st.session_state[keys["day"]]
    try:
        mark_finds(county, number, added, removed, day, point["result"])
    except DataError as error:
        not_kept(error.zh)


def _keep_result(
    county: str,
    point: dict[Any, Any],
    keys: dict[str, str],
    found: list[str],
    result: PointResult,
) -> None:
    number, day = _touch(point), st.session_state[keys["day"]]
    try:
        mark_result(county, number, result, day, (point["result"], found))
    except DataError as error:
        not_kept(error.zh)


def _keep_note(county: str, point: dict[Any, Any], keys: dict[str, str], _: list[str]) -> None:
    """Leaving the field by a tap on a button sends both at once: each keeps its own alone."""
    number, note = _touch(point), st.session_state[keys["note"]]
    try:
        note_point(county, number, note, point["note"])
    except DataError as error:
        not_kept(f"{error.zh}你写的备注是：{note}")


def _touch(point: dict[Any, Any]) -> int:
    """The number of the point, which stays in sight from now on."""
    number = int(point["mock_point_id"])
    st.session_state.setdefault(TOUCHED, set()).add(number)
    return number
