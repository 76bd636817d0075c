"""保洁覆盖 over time: by hour of the day, by day, and under each edition of the standard."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from data.filters import Filters
from data.standards import road_classes
from data.views.coverage import (
    coverage_by_day,
    coverage_by_edition,
    coverage_by_hour,
    coverage_rule,
    standard_hours,
)
from data.views.overview import Build
from pages.ui.charts_coverage import day_chart, hour_chart
from pages.ui.coverage_headline import EDITION_NAMES
from pages.ui.coverage_tables import group_formats, named
from pages.ui.read import read
from pages.ui.tables import table

HOUR_COLUMNS = {
    "hour": "钟点（起）",
    "covered_share": "有人在干的里程占比",
    "covered_km_days": "有人在干（公里·天）",
    "pass_km_days": "其中有作业证据",
    "plan_km_days": "其中只有排班",
    "known_km_days": "时长可知（公里·天）",
}
EDITION_COLUMNS = {
    "coverage_share": "时长达标率",
    "met_share": "全时达标里程占比",
    "hours_owed": "欠账（公里·小时）",
    "owed_per_km": "每公里每天欠（小时）",
    "standard_km_days": "分母（公里·天）",
    "no_standard_km": "没有规定的道路（公里）",
}


def hour_part(build: Build, filters: Filters) -> None:
    """When the streets have somebody on them: in which hours they have nobody."""
    hours = read(coverage_by_hour, build.build_id, filters)
    rule = read(coverage_rule, build.build_id)
    st.subheader("一天之中，多少路有人在干")
    if hours["known_km_days"].iloc[0] == 0:
        st.info("所选范围和时段内没有保洁数据。请换一个时段或网格。")
        return
    hour_chart(hours, rule["duty_from"], rule["duty_to"], "coverage_hours")
    st.caption(
        f"阴影在作业时段（{rule['duty_from']:g} 点至 {rule['duty_to']:g} 点，默认值）之外，"
        "其中的作业不计入保洁小时数。一个小时里有一段时间在干即计入；台账没有结束时间的不知道何时收工，只计开始的那个小时。"
    )
    table(
        named(hours, HOUR_COLUMNS),
        "保洁分时段",
        "coverage_hour_rows",
        config=group_formats(HOUR_COLUMNS),
    )


def day_part(build: Build, filters: Filters, edition: str) -> None:
    """The course by day, and what the editions of the standard make of the same days."""
    st.subheader("逐日（没有数据的日子断开）")
    days = read(coverage_by_day, build.build_id, filters, edition)
    last = pd.Timestamp(filters.until) - pd.Timedelta(days=1)
    day_chart(days, pd.Timestamp(filters.since), last, "coverage_days")
    st.subheader("各标准版本下的同一时段")
    st.caption("各版本互相矛盾，因此并列；“没有规定”的道路不进分母。")
    rows = read(coverage_by_edition, build.build_id, filters)
    hours = read(standard_hours, build.build_id)
    asked = hours.assign(
        text=hours["scope"].map(road_classes()).fillna(hours["scope"])
        + hours["hours"].map(" {:g} 小时".format)
        + hours["is_verified"].map({True: "", False: "（默认值）"})
    )
    rows["asked"] = rows["edition"].map(asked.groupby("edition")["text"].agg("、".join))
    rows["edition"] = rows["edition"].replace(EDITION_NAMES)
    columns = {"edition": "版本", **EDITION_COLUMNS, "asked": "规定每天保洁"}
    table(
        named(rows, columns), "标准版本对比", "coverage_editions", config=group_formats(EDITION_COLUMNS)
    )
