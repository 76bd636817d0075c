"""反弹趋势: what came back after it was closed, and what inspections leave behind."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from data.filters import Filters
from data.standards import threshold
from data.views.inspections import inspections
from data.views.overview import Build, grids, issues_by_category
from data.views.rebound import DAYS, episode_counts, rebound_by, rebound_by_time, rebound_curve
from pages.ui.cards import definitions, footer
from pages.ui.charts_rebound import curve_chart, trend_chart
from pages.ui.filters import asked_code, choose_filters, url_select, url_switch
from pages.ui.grid import choose_grid
from pages.ui.inspection_rounds import calendar, slack
from pages.ui.read import current_build, read
from pages.ui.rebound_places import repeats
from pages.ui.rebound_ranking import ranking
from pages.ui.rebounds import CLOSE_NAMES, band, rebound_sentence, too_few, trend_sentence
from pages.ui.text import class_name, number, period, plain, what

METRICS = ["rebound_30", "rebounds", "repeat_places", "inspection_rise", "duplicates", "reopened"]
PARTS = {
    "": "反弹曲线与走势",
    "rank": "反弹排名",
    "slack": "松劲曲线",
    "repeat": "反复点位",
    "calendar": "检查日历",
}
STEPS = {"month": "按月", "quarter": "按季"}


def headline(build: Build, chosen: Filters, close_by: str, day: int, *, has_cards: bool) -> None:
    """Rebound of what the filters and the grid leave: a sentence of `day`, and cards of all days."""
    rows = read(rebound_by, build.build_id, chosen, "county", close_by)
    if rows.empty or not rows["closed"].iloc[0]:
        st.info(f"时段内没有{CLOSE_NAMES[close_by]}的问题，算不出反弹率。请换一个时段、大类、部门、网格，"
                "或换一种整改时间；数据中没有这个时间的，无法计算。")  # fmt: skip
        return
    row = rows.iloc[0]
    st.markdown(rebound_sentence(row, close_by, day))
    if not has_cards:
        return
    for column, days in zip(st.columns(len(DAYS)), DAYS, strict=True):
        is_shown, at_risk = row[f"is_shown_{days}"], row[f"at_risk_{days}"]
        column.metric(
            f"{days}日反弹率", f"{row[f'rebound_{days}']:.1%}" if is_shown else "—", border=True
        )
        column.caption(
            f"{band(row[f'lower_{days}'], row[f'upper_{days}'])} · {days} 日内又出现 "
            f"{number(row[f'rebounds_{days}'])} 处 · 第 {days} 日仍在观察 {number(at_risk)} 处"
            if is_shown
            else too_few(at_risk, days)
        )
    counts = read(episode_counts, build.build_id, chosen)
    st.caption(
        f"时段内上报 {counts['issues']:,} 件，合为 {counts['episodes']:,} 处问题：重复上报 "
        f"{counts['duplicates']:,} 件、整改后 {threshold('episode_merge_hours'):g} 小时内返工 "
        f"{counts['reopened']:,} 件并入前一件，不算反弹；{counts['without_place']:,} 件没有地点，"
        "无法判断。"
    )


def curves_and_trend(build: Build, filters: Filters, grid_id: str, close_by: str) -> None:
    """The curves laid over each other, beside the rebound by month of closing."""
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader("整改之后多久又出现")
        compared_curves(build, filters, grid_id, close_by)
    with right:
        st.subheader("是在变好吗")
        step = url_switch("按整改的月份或季度", STEPS, "step", default="month")
        whole = filters.in_grid(grid_id).between(build.first_date, build.period_until)
        months = read(rebound_by_time, build.build_id, whole, step, close_by)
        if not months["is_shown_30"].any():
            st.info(
                "没有一个月（季）第 30 日仍在观察的问题足够多，画不出走势。请放宽网格、大类或部门。"
            )
            return
        st.markdown(trend_sentence(months, step))
        rounds = read(inspections, build.build_id, whole)
        trend_chart(months, rounds, "rebound_trend")
        stripes = "灰色竖条是检查的日子。" if len(rounds) else ""
        st.caption(f"用全部数据，不限所选时段；竖线为 95% 区间。{stripes}")


def compared_curves(build: Build, filters: Filters, grid_id: str, close_by: str) -> None:
    """County, class, category and grid; what has too few days is said, not drawn."""
    county = replace(filters, category_class="")
    always = county.between(build.first_date, build.period_until)
    counts = read(issues_by_category, build.build_id, always)
    kinds = {"": "（不选）"} | {name: class_name(name) for name in counts["category"]}
    kind = url_select("对比小类", kinds, "kind")
    of_county, of_choice = _of(county), _of(filters)
    curves = {f"全县{of_county}": read(rebound_curve, build.build_id, county, "county", close_by)}
    if filters.category_class:
        curves[f"全县{of_choice}"] = read(rebound_curve, build.build_id, filters, "county", close_by)
    if kind:
        every = read(rebound_curve, build.build_id, county, "category", close_by)
        curves[f"全县 · {kinds[kind]}{of_county}"] = every[every["key"] == kind]
    if grid_id:
        names = read(grids, build.build_id).set_index("grid_id")["grid_name"]
        own = read(rebound_curve, build.build_id, filters.in_grid(grid_id), "county", close_by)
        curves[f"{names[grid_id]}{of_choice}"] = own
    for name, curve in curves.items():
        if curve.empty:
            st.info(f"{plain(name)}：时段内没有足够的整改问题可供观察，不画。")
    drawn = {name: curve for name, curve in curves.items() if len(curve)}
    if not drawn:
        return
    curve_chart(drawn, "rebound_curves")
    st.caption(
        "怎么看：线越高，反弹越多；线越陡，反弹越快；浅色带为 95% 区间，两条带分开才能说有差别。"
        f"仍在观察的少于 {threshold('min_at_risk'):g} 处的日子不画（默认值）。"
    )


def _of(filters: Filters) -> str:
    return f" · {what(filters)}" if filters.is_narrowed else ""


build = current_build()
filters = choose_filters(build)
title, note = st.columns([5, 1], vertical_alignment="bottom")
title.title(f"反弹趋势　{plain(what(filters))}　{period(filters.since, filters.until)}")
with note:
    definitions(METRICS)
parts, where, how = st.columns([2.4, 1.2, 1])
with parts:
    part = url_switch("看什么", PARTS, "part")
with where:
    # The weeks around inspections are of the county: nothing to choose.
    grid_id = "" if part == "slack" else choose_grid("repeat_map", build, has_map=part == "repeat")
chosen = filters.in_grid(grid_id)
if part in ("", "rank"):
    with how:
        close_by = url_switch("从何时算起", CLOSE_NAMES, "close_by", default="closed")
    asked_day = asked_code("days", "30") if part == "rank" else ""  # the switch is drawn below
    day = int(asked_day) if asked_day in map(str, DAYS) else 14
    headline(build, chosen, close_by, day, has_cards=part == "")
    if part == "rank":
        ranking(build, filters, grid_id, close_by)
    else:
        curves_and_trend(build, filters, grid_id, close_by)
elif part == "slack":
    slack(build, filters)
elif part == "repeat":
    repeats(build, chosen, grid_id)
else:
    calendar(build, chosen)
footer(build)
