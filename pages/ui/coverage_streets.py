"""保洁覆盖 on the map: streets by hours, debt or evidence, and the chosen street or the worst."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd
import streamlit as st

from data.filters import Filters
from data.standards import threshold
from data.views.coverage import (
    Known,
    cleanliness_totals,
    coverage_and_cleanliness,
    street_coverage,
)
from data.views.overview import Build, grids_in_force
from pages.ui.coverage_tables import STREET_COLUMNS, named, street_formats, with_grid
from pages.ui.filters import url_switch, url_value
from pages.ui.map_data import map_data_url
from pages.ui.maps import Scene, clicked, draw_map
from pages.ui.read import read
from pages.ui.street import street_detail
from pages.ui.streets import CLEAN_NAMES, COLOURINGS, owed_legend
from pages.ui.tables import just_picked, table


def street_part(build: Build, filters: Filters, known: Known, edition: str) -> None:
    """The map of streets beside the chosen street, or the streets that owe most."""
    names = {code: one.name for code, one in COLOURINGS.items() if code != "route"}
    colouring = url_switch("路段着色", names, "streets", default="hours")
    coverage = read(street_coverage, build.build_id, filters, edition)
    most = coverage.frame[coverage.frame["hours_owed"] > 0].head(100)
    if colouring == "clean":
        states = read(coverage_and_cleanliness, build.build_id, filters, edition)
        neglected = states[states["state"] == "neglected"].nlargest(100, "reported")
        most = coverage.frame.set_index("segment_id").loc[neglected["segment_id"]].reset_index()
    row_picked = just_picked("coverage_most")
    segment_id = url_value(
        "segment",
        clicked("coverage_map", "segment_id")
        or (None if row_picked is None else most["segment_id"].iloc[row_picked]),
    )
    left, right = st.columns([1.35, 1], gap="medium")
    with right:
        rows = coverage.frame[coverage.frame["segment_id"] == segment_id].to_dict("records")
        if rows:
            row: dict[str, Any] = {str(name): value for name, value in rows[0].items()}
            street_detail(build, filters, row, _choose_day(known))
            if st.button("返回欠账最多的路段", icon=":material/arrow_back:"):
                url_value("segment", "")
                st.rerun(scope="fragment")
        else:
            segment_id = ""
            if colouring == "clean":
                _cleanliness(build, filters, edition)
            st.subheader("失管的路段（没扫够又脏）" if colouring == "clean" else "欠账最多的路段")
            if colouring == "clean" and most.empty:
                st.info("时段内没有失管的路段，或没有数据可以判断。")
            elif most.empty:
                st.info("没有欠账，或所选标准、时段内没有可比的路段。")
            else:
                _street_table(build, most)
                st.caption("点地图上的路段，或在表中选一行，看它的排班、台账、轨迹和问题。")
    with left:
        one = COLOURINGS[colouring]
        legend = owed_legend(coverage.owed_edges) if colouring == "owed" else one.legend
        url = map_data_url(f"coverage_{colouring}", build, filters, edition)
        street_map("coverage_map", build, filters, one.title, one.colours, legend, url, segment_id)
        if colouring == "clean":
            st.caption(
                f"扫了：有作业数据的日子中至少 {threshold('covered_days_share'):.0%} 已清扫（默认值）；"
                f"脏：时段内距该路 {threshold('near_segment_m'):g} 米内上报过问题（按左侧所选大类与"
                "部门）。没有人去看过的网格不下结论。"
            )


def _cleanliness(build: Build, filters: Filters, edition: str) -> None:
    """How much street was cleaned or not, and clean or not."""
    rows = read(cleanliness_totals, build.build_id, filters, edition)
    shown = pd.DataFrame(
        {
            "状态": rows["state"].map(CLEAN_NAMES),
            "道路（公里）": rows["km"].round(1),
            "路段（段）": rows["segments"],
        }
    )
    table(shown, "清扫与洁净", "coverage_cleanliness")


def _choose_day(known: Known) -> Any:
    """The day whose shifts, log rows and tracks are listed."""
    days = [known.first_roster, known.first_evidence, known.last_roster, known.last_evidence]
    there = [day for day in days if day]
    last = known.filters.until - timedelta(days=1)
    return st.date_input(
        "看哪一天",
        min(max(last, min(there)), max(there)),
        min_value=min(there),
        max_value=max(there),
        format="YYYY-MM-DD",
        key="day",
        bind="query-params",
    )


def _street_table(build: Build, rows: pd.DataFrame) -> None:
    """Streets as a table; a row picked opens its street on the next run."""
    table(
        named(with_grid(build, rows), STREET_COLUMNS),
        "路段",
        "coverage_most",
        height=440,
        config=street_formats(STREET_COLUMNS),
        select=True,
    )


def street_map(
    key: str,
    build: Build,
    filters: Filters,
    title: str,
    colours: dict[str, str],
    legend: list[tuple[str, str]],
    url: str,
    picked: str,
) -> None:
    """Streets by value over the outlines of the grids."""
    outlines = {
        row.grid_id: ("grid", str(row.lead_unit) if isinstance(row.lead_unit, str) else "")
        for row in read(grids_in_force, build.build_id, filters).itertuples()
    }
    scene = Scene(
        title,
        {**colours, "grid": "#fbfcfd"},
        legend,
        grids=outlines,
        selected=filters.grid_id,
        values=url,
        picked=picked,
    )
    draw_map(key, build, scene, height=540)
