"""The tables of 保洁覆盖: columns and codes in words, numbers as people read them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from data.standards import road_classes
from data.views.overview import Build, grids
from pages.ui.read import read
from pages.ui.streets import GRADE_LABELS

SHARE = st.column_config.NumberColumn(format="percent")
ONE = st.column_config.NumberColumn(format="%.1f")
TEXTS = ("street_name", "grid_name", "road_class", "grade", "segment_id", "stop", "hour")
STREET_COLUMNS = {
    "street_name": "路名",
    "grid_name": "网格",
    "hours_a_day": "每天（小时）",
    "standard_hours": "标准（小时）",
    "hours_owed": "欠账（公里·小时）",
    "days_since": "距上次清扫（天）",
    "length_m": "长度（米）",
    "road_class": "等级",
    "grade": "证据（多数天）",
    "segment_id": "路段编号",
}


def named(rows: pd.DataFrame, columns: dict[str, str]) -> pd.DataFrame:
    """The columns under Chinese headings, codes as words; columns of nothing are left out."""
    shown = rows[list(columns)].rename(columns=columns)
    if "等级" in shown:
        shown["等级"] = shown["等级"].map(road_classes())
    if "路名" in shown:
        shown["路名"] = shown["路名"].fillna("（无名道路）")
    if "证据（多数天）" in shown:
        shown["证据（多数天）"] = shown["证据（多数天）"].map(GRADE_LABELS)
    for name in rows.columns.intersection(list(columns)):
        if name.endswith("_share"):
            shown[columns[name]] = rows[name].round(3)
    return shown.dropna(axis="columns", how="all")


def with_grid(build: Build, rows: pd.DataFrame) -> pd.DataFrame:
    """Pieces of street with the name of their grid."""
    names = read(grids, build.build_id).set_index("grid_id")["grid_name"]
    return rows.assign(grid_name=rows["grid_id"].map(names).fillna("网格外"))


def group_formats(columns: dict[str, str]) -> dict[str, Any]:
    """Shares as percent, other numbers with one digit."""
    return {
        title: SHARE if name.endswith("_share") else ONE
        for name, title in columns.items()
        if name not in TEXTS
    }


def street_formats(columns: dict[str, str]) -> dict[str, Any]:
    """Hours with one digit, metres and days with none."""
    return {
        title: st.column_config.NumberColumn(format="%.1f" if "小时" in title else "%.0f")
        for name, title in columns.items()
        if name not in TEXTS
    }
