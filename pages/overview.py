"""总览: the county in one screen — four numbers against target, the map, the worst grids and why."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from data.filters import Filters
from data.standards import threshold
from data.views.headline import headline_metrics, inspection_rounds, progress
from data.views.overview import Build, grid_density, issues_by_week
from data.views.reasons import Worst, worst_with_reasons
from pages.ui.cards import definitions, footer, headline_cards
from pages.ui.charts import weekly_chart
from pages.ui.filters import choose_filters
from pages.ui.grid import choose_grid, grid_summary
from pages.ui.maps import grid_map
from pages.ui.meeting import since_last_meeting
from pages.ui.progress import progress_sentence
from pages.ui.read import current_build, read
from pages.ui.spots import TREND_WORDS
from pages.ui.text import class_name, number, period, plain, what

OTHERS = [
    "overdue_open", "hours_owed", "trend_class", "reported", "closed", "came_back", "late",
    "since_bulletin", "last_year", "progress",
]  # fmt: skip
LACKING = {
    "on_time_share": "数据里没有整改时限，不能算按期结案率和逾期",
    "coverage_share": "没有这段日子的保洁排班或作业记录，不能算保洁时长达标率",
}


def fact_text(fact: Any) -> str:
    """One reason why a grid is worse than the county."""
    if fact.fact == "rebound_30":
        return f"30日反弹率 {fact.value:.0%}（全县 {fact.county:.0%}）"
    if fact.fact == "overdue_open":
        return f"逾期未整改 {number(fact.numerator)} 件，每公里是全县的 {number(fact.times, 1)} 倍"
    return (
        f"按排班和作业记录，每公里每天欠保洁 {number(fact.value, 1)} 小时"
        f"（全县 {number(fact.county, 1)}）"
    )


def worst_list(worst: Worst) -> None:
    """The five worst grids, each with its lead unit and the reason in one sentence."""
    st.subheader("每公里问题最多的网格", help=(
        "按每公里问题数排。理由取该网格高出全县最多的一两项：30日反弹率、每公里逾期未整改、"
        "每公里每天欠保洁小时；不足全县 "
        f"{threshold('fact_times'):g} 倍（默认值）或样本太少的不列。"
    ))  # fmt: skip
    if worst.grids.empty:
        st.info("时段内没有可比较的网格。请换一个时段或问题大类。")
        return
    for row in worst.grids.itertuples():
        unit = f"（{plain(row.lead_unit)}）" if isinstance(row.lead_unit, str) else ""
        facts = [fact_text(fact) for fact in worst.facts.itertuples() if fact.grid_id == row.grid_id]
        if row.trend_class not in ("", "no_pattern"):
            facts.append(f"近来{TREND_WORDS[row.trend_class]}")
        reasons = "".join(f"；{text}" for text in facts)
        st.markdown(
            f"**{row.rank}. {plain(row.grid_name)}**{unit}　"
            f"每公里 **{number(row.issues_per_km, 1)}** 件，是全县的 "
            f"**{number(row.times_county, 1)}** 倍，最多的是“{plain(class_name(row.main_class))}”"
            f"（占 {row.main_share:.0%}）{reasons}。"
        )
    if worst.grids["lead_unit"].isna().all():
        st.caption("责任网格数据中没有牵头单位，故不写谁负责；补上后在“数据管理”页重新上传网格即可。")


@st.fragment
def map_and_reasons(build: Build, filters: Filters) -> None:
    """The map beside the worst grids, or beside the grid that was chosen; the weeks below."""
    left, right = st.columns([1.35, 1], gap="medium")
    with right:
        grid_id = choose_grid("overview_map", build)
        chosen = filters.in_grid(grid_id)
        if grid_id:
            grid_summary(build, chosen)
        else:
            worst_list(read(worst_with_reasons, build.build_id, filters))
    with left:
        density = read(grid_density, build.build_id, filters)
        grid_map("overview_map", build, density, grid_id, height=540)
    st.subheader("每周新增与整改" + ("（所选网格）" if grid_id else ""))
    weeks: pd.DataFrame = read(issues_by_week, build.build_id, chosen)
    rounds = read(inspection_rounds, build.build_id, filters)
    weekly_chart(weeks, "overview_weeks", height=230, inspections=rounds)
    if len(rounds):
        st.caption("灰色是检查的日子；检查自己发现的问题也在图中，上面“之后”一句里没有。")
    else:
        st.caption("时段内没有检查轮次的记录，图上不标检查。")


build = current_build()
filters = choose_filters(build)
title, note = st.columns([5, 1], vertical_alignment="bottom")
title.title(f"总览　{plain(what(filters))}　{period(filters.since, filters.until)}")
with note:
    shown = read(headline_metrics, build.build_id)
    definitions(list(dict.fromkeys([*shown, *OTHERS])))
headline_cards(build, filters)
if missing := [text for key, text in LACKING.items() if key not in shown]:
    st.caption("；".join(missing) + "。缺的数据可在“数据管理”页上传。")
st.markdown(progress_sentence(read(progress, build.build_id, filters)))
map_and_reasons(build, filters)
since_last_meeting(build, filters)
footer(build)
