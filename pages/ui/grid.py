"""One grid: choosing it by click, by name or by link, and what there is to say about it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from data.filters import Filters
from data.metrics import metrics
from data.views.coverage import coverage_by_segment
from data.views.overview import (
    EVERY_ROW,
    ROWS_SHOWN,
    Build,
    grid_density,
    grids,
    issue_records,
    issues_by_category,
    streets_of_grid,
)
from data.views.rebound import rebound_records
from pages.ui.charts import category_chart
from pages.ui.filters import choose, chosen_params, url_select
from pages.ui.maps import clicked
from pages.ui.read import fetch, read
from pages.ui.records import record_table
from pages.ui.registry import REGISTRY
from pages.ui.streets import GRADE_LABELS
from pages.ui.tables import count_words, table
from pages.ui.text import STATE_NAMES, class_name, number, period, plain


def choose_grid(map_key: str, build: Build, *, has_map: bool = True) -> str:
    """The chosen grid's id, or "" for the whole county; a click on the map, if any, chooses too."""
    rows = read(grids, build.build_id)
    names = {"": "全县"} | {
        row.grid_id: f"{row.grid_name} · {row.grid_id}" for row in rows.itertuples()
    }
    if (grid_id := clicked(map_key, "grid_id")) in names and grid_id:
        choose("grid", grid_id)
    return url_select("网格（也可在地图上点选）" if has_map else "网格", names, "grid")


def grid_summary(build: Build, filters: Filters) -> None:
    """Who answers for the grid, its number with both parts, and what its problems are."""
    units = read(grids, build.build_id).set_index("grid_id").loc[filters.grid_id]
    frame = read(grid_density, build.build_id, filters.in_grid()).frame
    st.subheader(plain(units["grid_name"]))
    if filters.grid_id not in set(frame["grid_id"]):
        st.info("该网格在所选时段内没有启用（已调整或尚未启用）。请换一个时段或网格。")
        return
    row = frame.set_index("grid_id").loc[filters.grid_id]
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


@st.dialog("数字背后的记录", width="large")
def show_records(build: Build, filters: Filters, metric: str) -> None:
    """The records behind a number, over the page."""
    st.markdown(f"**{metrics()[metric].title}**　{period(filters.since, filters.until)}")
    records(build, filters, metric, key="dialog_records")


def records(build: Build, filters: Filters, metric: str = "reported", *, key: str = "records") -> None:
    """The records behind the number, newest first: issues, returns, or streets below the standard."""
    if metric in ("rebound_30", "came_back"):
        _returns(build, filters, metric, key)
    elif metric == "coverage_share":
        _uncovered(build, filters, key)
    else:
        asked = (issue_records, build.build_id, filters, metric)
        rows = read(*asked)
        st.markdown(f"**记录**（{count_words(rows)}）")
        every = lambda: record_table(fetch(*asked, EVERY_ROW))  # noqa: E731
        table(record_table(rows), "问题记录", key, export=every)


def _returns(build: Build, filters: Filters, metric: str, key: str) -> None:
    """Problems that came back: of a rate those closed in the period, else those back in the period."""
    is_rate = metric == "rebound_30"
    dated_by = "closing" if is_rate else "return"
    asked = (rebound_records, build.build_id, filters, "closed", dated_by)
    rows = read(*asked)
    names = read(grids, build.build_id).set_index("grid_id")["grid_name"]
    title = "时段内整改、后来又出现的问题" if is_rate else "时段内再次出现的问题"
    st.markdown(f"**{title}**（{count_words(rows)}，按再次出现的日期）")
    days = st.column_config.NumberColumn(format="%.1f")

    def every() -> pd.DataFrame:
        return _return_table(fetch(*asked, "", 0, EVERY_ROW), names)

    table(_return_table(rows, names), "反弹记录", key, config={"相隔（天）": days}, export=every)


def _return_table(rows: pd.DataFrame, names: pd.Series) -> pd.DataFrame:
    shown = pd.DataFrame(
        {
            "网格": rows["grid_id"].map(names),
            "小类": rows["category"].map(class_name),
            "道路": rows["street_name"],
            "处置部门": rows["department"],
            "整改完成": rows["ended_at"],
            "再次出现": rows["next_started_at"],
            "相隔（天）": rows["gap_days"],
            "原编号": rows["first_issue_id"],
            "新编号": rows["next_issue_id"],
        }
    )
    return shown.dropna(axis="columns", how="all")


def _uncovered(build: Build, filters: Filters, key: str) -> None:
    """Streets that owe cleaning hours, and the way to the page about them."""
    rows = read(coverage_by_segment, build.build_id, filters)
    rows = rows[rows["hours_owed"] > 0]
    names = read(grids, build.build_id).set_index("grid_id")["grid_name"]
    st.markdown(f"**欠保洁的路段**（{len(rows)} 段，欠得最多的在前）")
    shown = pd.DataFrame(
        {
            "道路": [name or "（无名道路）" for name in rows["street_name"]],
            "网格": rows["grid_id"].map(names),
            "长度（米）": rows["length_m"].round(),
            "标准（小时/天）": rows["standard_hours"],
            "保洁（小时/天）": rows["hours_a_day"].round(1),
            "欠账（公里·小时）": rows["hours_owed"].round(1),
            "证据": rows["grade"].map(GRADE_LABELS),
        }
    )
    table(shown.head(ROWS_SHOWN), "欠保洁的路段", key, export=lambda: shown)
    if any(entry.name == "coverage" for entry in REGISTRY):
        st.page_link("../coverage.py", label="到保洁覆盖页", query_params=chosen_params())
