"""保洁覆盖 on foot: the streets that lack cleaning, in the order of a walk, on screen and paper."""

from __future__ import annotations

from functools import partial

import streamlit as st

from data.filters import Filters
from data.standards import threshold
from data.views.coverage import uncovered_route, uncovered_streets
from data.views.overview import Build, grids
from pages.ui.coverage_streets import street_map
from pages.ui.coverage_tables import STREET_COLUMNS, named, street_formats, with_grid
from pages.ui.filters import url_switch
from pages.ui.map_data import map_data_url
from pages.ui.read import read
from pages.ui.streets import COLOURINGS
from pages.ui.tables import table
from pages.ui.text import number, plain

LACK_NAMES = {"idle": "无人保洁", "unswept": "没有清扫过", "short": "时长不足"}
LACK_MEANINGS = {
    "idle": "时段内可知的每一天都既没有排班、也没有作业记录的路段。",
    "unswept": "有作业数据的日子里一次也没有清扫到的路段；没有作业数据的路段不在其中。",
    "short": "每天保洁小时数平均不到标准的 {share:.0%}（默认值）的路段。",
}
WALK_COLUMNS = {
    "stop": "序号",
    "street_name": "路名",
    "grid_name": "网格",
    "from_m": "起（累计米）",
    "to_m": "止（累计米）",
    "length_m": "长度（米）",
    "way_m": "走来（米）",
    "hours_owed": "欠账（公里·小时）",
    "days_since": "距上次清扫（天）",
    "road_class": "等级",
    "grade": "证据（多数天）",
    "segment_id": "路段编号",
}


def route_part(build: Build, filters: Filters, edition: str) -> None:
    """The streets that lack cleaning, in the order of a walk or the worst first."""
    top = st.container(key="screen_only_route")
    chosen = top.columns([1.2, 1, 1], vertical_alignment="bottom")
    with chosen[0]:
        lack = url_switch("哪些路段", LACK_NAMES, "lack", default="idle")
    with chosen[1]:
        order = url_switch("顺序", {"": "走访顺序", "worst": "欠得最多的在前"}, "order")
    with chosen[2]:
        layout = url_switch("版式", {"": "地图和表格", "print": "打印版"}, "layout")
    meaning = LACK_MEANINGS[lack].format(share=threshold("covered_days_share"))
    st.caption(f"{plain(_place_name(build, filters.grid_id))}　{LACK_NAMES[lack]}：{meaning}")
    worst = read(uncovered_streets, build.build_id, filters, edition, lack)
    if worst.empty:
        st.success("所选范围和时段内没有这样的路段（只算有数据可查的）。")
        return
    walk = read(uncovered_route, build.build_id, filters, edition, lack)
    most = "" if len(walk) == len(worst) else f"其中欠账最多的 {len(walk)} 段排成"
    st.markdown(
        f"**{len(worst)} 段，{number(worst['length_m'].sum() / 1000, 1)} 公里**。{most}走访路线全长 "
        f"**{number(walk['to_m'].iloc[-1] / 1000, 1)} 公里**，含段与段之间 "
        f"{number(walk['way_m'].sum() / 1000, 1)} 公里（沿路网走，不计单行线）。"
    )
    rows, columns = (worst, STREET_COLUMNS) if order else (walk, WALK_COLUMNS)
    shown = named(with_grid(build, rows), columns)
    if layout:
        text = shown.apply(lambda column: column.map(partial(_printed, heading=column.name)))
        st.table(text.set_index(text.columns[0]))
        return
    left, right = st.columns([1, 1.25], gap="medium")
    with right:
        table(
            shown,
            f"走访清单_{LACK_NAMES[lack]}",
            "coverage_route",
            height=600,
            config=street_formats(columns),
        )
    with left:
        one = COLOURINGS["route"]
        url = map_data_url("coverage_route", build, filters, f"{edition} {lack}")
        street_map("coverage_map", build, filters, one.title, one.colours, one.legend, url, "")


def _place_name(build: Build, grid_id: str) -> str:
    """The grid with its lead unit, or the county."""
    if not grid_id:
        return "全县"
    row = read(grids, build.build_id).set_index("grid_id").loc[grid_id]
    unit = f"（{row['lead_unit']}）" if isinstance(row["lead_unit"], str) else ""
    return f"{row['grid_name']}{unit}"


def _printed(value: object, heading: str) -> str:
    """A cell of the list on paper: hours with one digit, metres and days with none."""
    if isinstance(value, int | float):
        return number(value, 1 if "小时" in heading else 0)
    return plain(value)
