"""One grid: choosing it by click, by name or by link, and what there is to say about it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from data.filters import Filters
from data.metrics import metrics
from data.views.overview import (
    Build,
    grid_density,
    grids,
    issue_records,
    issues_by_category,
    streets_of_grid,
)
from pages.ui.charts import category_chart
from pages.ui.filters import url_select
from pages.ui.maps import clicked
from pages.ui.read import read
from pages.ui.tables import table
from pages.ui.text import STATE_NAMES, class_name, number, plain

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


def choose_grid(map_key: str, build: Build) -> str:
    """The chosen grid's id, or "" for the whole county; a click on the map chooses too."""
    rows = read(grids, build.build_id)
    names = {"": "全县"} | {
        row.grid_id: f"{row.grid_name} · {row.grid_id}" for row in rows.itertuples()
    }
    if (grid_id := clicked(map_key, "grid_id")) in names and grid_id:
        st.session_state["grid"] = grid_id
    return url_select("网格（也可在地图上点选）", names, "grid")


def grid_summary(build: Build, filters: Filters) -> None:
    """Who answers for the grid, its number with both parts, and what its problems are."""
    units = read(grids, build.build_id).set_index("grid_id").loc[filters.grid_id]
    frame = read(grid_density, build.build_id, filters.in_grid()).frame
    row = frame.set_index("grid_id").loc[filters.grid_id]
    st.subheader(plain(units["grid_name"]))
    people = [
        f"{label}：{plain(units[column])}"
        for column, label in (
            ("lead_unit", "牵头单位"),
            ("responsible_unit", "责任单位"),
            ("grid_head", "网格长"),
        )
        if isinstance(units[column], str)
    ]
    if people:
        st.markdown("　".join(people))
    if row["state"] == "shown":
        st.markdown(
            f"每公里 **{number(row['issues_per_km'], 1)}** 件"
            f"（{row['reported']} 件 ÷ {row['street_km']:.2f} 公里），"
            f"在 {int((frame['rank'] > 0).sum())} 个可比网格中从重到轻排第 **{row['rank']}**。"
        )
    else:
        st.warning(f"{STATE_NAMES[row['state']]}：不给出每公里数（{row['reported']} 件，"
                   f"{row['street_km']:.2f} 公里道路）。")  # fmt: skip
    counts = read(issues_by_category, build.build_id, filters)
    if counts.empty:
        st.info("时段内没有这类问题的记录。")
    else:
        category_chart(counts, "grid_categories", height=230)


def grid_streets(build: Build, filters: Filters) -> None:
    """The streets of the chosen grid by issues."""
    streets = read(streets_of_grid, build.build_id, filters)
    if streets.empty:
        return
    st.markdown("**问题集中在哪些路上**")
    shown = pd.DataFrame(
        {
            "道路": [name or "（无名道路）" for name in streets["street_name"]],
            "问题（件）": streets["reported"],
            "网格内长度（公里）": streets["street_km"],
        }
    )
    km = st.column_config.NumberColumn(format="%.2f")
    table(shown, "道路问题", "grid_streets", height=248, config={"网格内长度（公里）": km})


def choose_records(build: Build, filters: Filters, keys: list[str]) -> None:
    """The records behind one of the headline numbers, chosen by its name."""
    metric = st.segmented_control(
        "数字背后的记录",
        keys,
        format_func=lambda key: metrics()[key].title,
        default=keys[0],
        required=True,
        key="records_metric",
    )
    records(build, filters, metric)


def records(build: Build, filters: Filters, metric: str = "reported") -> None:
    """The records behind the number, newest first."""
    rows = read(issue_records, build.build_id, filters, metric)
    st.markdown(f"**记录**（最新 {len(rows)} 件）")
    shown = rows[list(RECORD_COLUMNS)].rename(columns=RECORD_COLUMNS)
    for column in ("大类", "小类"):
        shown[column] = shown[column].map(class_name)
    table(shown.dropna(axis="columns", how="all"), "问题记录", "records")
