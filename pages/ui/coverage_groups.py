"""保洁覆盖 by group: what grids and classes of road owe, and what machines swept of them."""

from __future__ import annotations

import streamlit as st

from data.filters import Filters
from data.views.coverage import coverage_by_class, coverage_by_grid, coverage_headline
from data.views.overview import Build
from pages.ui.charts_coverage import class_chart
from pages.ui.coverage_tables import group_formats, named
from pages.ui.filters import choose
from pages.ui.read import read
from pages.ui.tables import just_picked, table
from pages.ui.text import number

STATES = {
    "shown": "",
    "no_street": "没有道路数据",
    "no_standard": "所选标准没有规定",
    "unknown": "没有保洁数据",
}
GROUP_COLUMNS = {
    "owed_per_km": "每公里每天欠（小时）",
    "hours_owed": "欠账（公里·小时）",
    "hours_required": "应保洁（公里·小时）",
    "coverage_share": "时长达标率",
    "covered_km_days": "达标（公里·天）",
    "standard_km_days": "时长可知（公里·天）",
    "swept_share": "清扫覆盖率",
    "swept_km_days": "清扫到（公里·天）",
    "seen_km_days": "有作业数据（公里·天）",
    "grade": "证据（多数天）",
    "street_km": "道路（公里）",
}
MACHINE_COLUMNS = {
    "mechanised_share": "机械化清扫率",
    "machine_km_days": "机扫到（公里·天）",
    "reachable_km_days": "可机扫且有数据（公里·天）",
    "planned_machine_share": "机扫排班率（计划）",
    "planned_machine_km_days": "排有机扫（公里·天）",
    "planned_reachable_km_days": "排班期内可机扫（公里·天）",
    "reachable_km": "可机扫（公里）",
    "unknown_reach_km": "未注明能否机扫（公里）",
    "street_km": "道路（公里）",
}


def group_part(build: Build, filters: Filters, edition: str) -> None:
    """Grids and classes of road by what they owe."""
    st.subheader("按网格（每公里欠得最多的在前；选一行即选定该网格）")
    rows = read(coverage_by_grid, build.build_id, filters.in_grid(), edition)
    shown = rows.assign(state=rows["state"].map(STATES))
    columns = {"grid_name": "网格", "lead_unit": "牵头单位", **GROUP_COLUMNS, "state": "说明"}
    table(
        named(shown, columns),
        "网格保洁覆盖",
        "coverage_grids",
        height=460,
        config=group_formats(GROUP_COLUMNS),
        select=True,
    )
    st.subheader("按道路等级")
    classes = read(coverage_by_class, build.build_id, filters, edition)
    columns = {"road_class": "等级", "standard_hours": "标准（小时）", **GROUP_COLUMNS}
    table(
        named(classes, columns), "等级保洁覆盖", "coverage_classes", config=group_formats(GROUP_COLUMNS)
    )


def take_grid(build: Build, filters: Filters, edition: str) -> None:
    """A row just picked in the table of grids chooses its grid."""
    row = just_picked("coverage_grids")
    if row is not None:
        rows = read(coverage_by_grid, build.build_id, filters.in_grid(), edition)
        choose("grid", rows["grid_id"].iloc[row])


def machine_part(build: Build, filters: Filters, edition: str) -> None:
    """The share that machines swept of what they can reach, by class and by grid."""
    classes = read(coverage_by_class, build.build_id, filters, edition)
    row = read(coverage_headline, build.build_id, filters, edition)
    st.markdown(
        f"分母只含注明清扫车能进的道路：**{number(row['reachable_km'], 1)} 公里**，"
        f"全部道路 {number(row['street_km'], 1)} 公里"
        f"（其中 {number(row['unknown_reach_km'], 1)} 公里未注明能否机扫）。"
    )
    if row["reachable_km"] == 0:
        st.info("没有一条道路注明可以机扫：请在道路文件的“机扫”一列填 是 或 否，重新上传。")
        return
    st.subheader("按道路等级")
    class_chart(classes[classes["reachable_km"] > 0], "coverage_machine_classes")
    st.subheader("按网格")
    rows = read(coverage_by_grid, build.build_id, filters, edition)
    columns = {"grid_name": "网格", "lead_unit": "牵头单位", **MACHINE_COLUMNS}
    table(
        named(rows, columns),
        "网格机械化清扫",
        "coverage_machines",
        height=420,
        config=group_formats(MACHINE_COLUMNS),
    )
