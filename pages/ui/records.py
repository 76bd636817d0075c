"""The records behind a number: on the map, in a table, and one of them in full."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import streamlit as st

from pages.ui.maps import Scene, clicked
from pages.ui.photos import photo_pair
from pages.ui.tables import count_words, just_picked, table
from pages.ui.text import class_name, plain

RECORD_COLUMNS = {
    "issue_id": "编号",
    "reported_at": "上报时间",
    "category_class": "大类",
    "category": "小类",
    "address": "地址",
    "description": "问题描述",
    "department": "处置部门",
    "channel": "来源",
    "due_at": "整改时限",
    "closed_at": "整改完成",
}
POINTS_SHOWN = 300
POINTS = {"open": ("#d9822b", "未整改"), "closed": ("#0b6e99", "已整改")}


def record_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Issues under Chinese headings, codes as words; columns of nothing are left out."""
    shown = rows[list(RECORD_COLUMNS)].rename(columns=RECORD_COLUMNS)
    for column in ("大类", "小类"):
        shown[column] = shown[column].map(class_name)
    return shown.dropna(axis="columns", how="all")


def chosen_record(rows: pd.DataFrame, key: str, map_key: str = "") -> str:
    """The id of the record picked in the table `key` or on the map, or "". Call before drawing."""
    state = f"{key}_issue"
    number = just_picked(key)
    if number is not None and number < len(rows):
        st.session_state[state] = rows.at[number, "issue_id"]
    if map_key and (issue_id := clicked(map_key, "id")):
        st.session_state[state] = issue_id
    chosen: str = st.session_state.get(state, "")
    return chosen if chosen in set(rows["issue_id"]) else ""


def with_points(scene: Scene, rows: pd.DataFrame, issue_id: str) -> Scene:
    """The scene with the located ones of these records, where they are few enough to be told apart."""
    located = rows[rows["lon"].notna()]
    if not 0 < len(located) <= POINTS_SHOWN:
        return scene
    points: list[dict[str, object]] = [
        {
            "id": row.issue_id,
            "lat": round(row.lat, 5),
            "lon": round(row.lon, 5),
            "key": "open" if pd.isna(row.closed_at) else "closed",
            "text": f"{class_name(row.category)} {row.reported_at:%m-%d}",
        }
        for row in located.itertuples()
    ]
    return replace(
        scene,
        colours=scene.colours | {key: colour for key, (colour, _) in POINTS.items()},
        legend=scene.legend + [(colour, f"{label}（点）") for colour, label in POINTS.values()],
        points=points,
        picked=issue_id or scene.picked,
    )


def record_list(
    rows: pd.DataFrame,
    issue_id: str,
    key: str,
    *,
    title: str,
    every: Callable[[], pd.DataFrame] | None = None,
) -> None:
    """The records as a table, the chosen one beside it. every: all, where rows are the first."""
    count = count_words(rows) if every else f"共 {len(rows)} 件"
    st.markdown(f"**{title}**（{count}，点选一行看详情）")
    if rows.empty:
        st.info("没有符合条件的记录。请换一个时段、问题大类或处置部门。")
        return
    left, right = st.columns([2.4, 1], gap="medium") if issue_id else (st.container(), None)
    with left:
        export = (lambda: record_table(every())) if every else None
        table(record_table(rows), "问题记录", key, height=330, select=True, export=export)
    if right:
        with right:
            record_card(rows.set_index("issue_id", drop=False).loc[issue_id])


def record_card(row: pd.Series) -> None:
    """One record in full."""
    with st.container(border=True):
        st.markdown(f"**{plain(class_name(row['category']))}**　{plain(row['issue_id'])}")
        if row[["photo_before", "photo_after"]].notna().any():
            label = f"{class_name(row['category'])} {row['issue_id']}"
            photo_pair(row["photo_before"], row["photo_after"], label)
        for column, label in RECORD_COLUMNS.items():
            value = row[column]
            if column in ("issue_id", "category") or pd.isna(value):
                continue
            text = f"{value:%Y-%m-%d %H:%M}" if isinstance(value, pd.Timestamp) else plain(value)
            st.markdown(f"{label}：{text}")
        if pd.isna(row["closed_at"]):
            st.markdown("整改完成：**尚未整改**")
        if pd.isna(row["lon"]):
            st.caption("这件没有坐标，地图上没有它。")
