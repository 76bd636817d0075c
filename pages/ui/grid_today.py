"""The parts of 我的网格: its numbers and their records, what to do today, map, streets, county."""

from __future__ import annotations

from html import escape

import pandas as pd
import streamlit as st

from data.export import workbook
from data.standards import thresholds
from data.views.border_zone import border_records
from data.views.hotspots import trend_classes
from data.views.overview import EVERY_ROW
from data.views.rebound import rebound_curve, rebound_records
from data.views.todo import grid_bounds, neighbours, weekly_density
from pages.ui.charts_grid import curve_chart, weekly_density_chart
from pages.ui.grid import records
from pages.ui.grid_print import grid_url
from pages.ui.issue_cards import DUE_COLOURS, DUE_NAMES, due_words, issue_cards, place_words
from pages.ui.maps import Scene, clicked, draw_map
from pages.ui.my_grid import (
    CAME_BACK,
    GridDay,
    Number,
    border_table,
    issue_table,
    numbers,
    sheets,
    street_table,
)
from pages.ui.read import fetch, read
from pages.ui.records import record_table
from pages.ui.save import save_button
from pages.ui.spots import trend_sentence
from pages.ui.tables import count_words, table
from pages.ui.text import STATE_NAMES, class_name, plain

MAP = "my_grid_map"
POINTS = 300  # more are no map: docs/adr/0004-offline-maps.md
OWN, OTHER = "#cfe3f1", "#eef1f5"
PAGE_STYLE = """<style>
.numbers {display: grid; grid-template-columns: repeat(auto-fit, minmax(10.2rem, 1fr)); gap: .6rem}
.numbers > div {border: 1px solid #d5dae1; border-radius: .4rem; padding: .5rem .7rem; font-size: .9rem}
.numbers strong {display: block; font-size: 1.5rem; line-height: 1.4}
@media (max-width: 640px) {
  .numbers {grid-template-columns: 1fr 1fr}
  .numbers strong {font-size: 1.2rem}
  [data-testid="stMain"] button, [data-testid="stMain"] a[data-testid^="stBaseLinkButton"],
  [data-testid="stMain"] label:has(input[type="checkbox"]),
  [data-testid="stMain"] :is([data-testid="stSelectbox"], [data-testid="stTextInput"]) input {
    min-height: 44px}
  [data-testid="stHeaderActionElements"] {display: none} /* links to headings, too small to hit */
}
</style>"""


def number_line(shown: list[Number]) -> None:
    """The numbers as tiles that wrap on a phone, each with both its parts."""
    tiles = "".join(
        f"<div>{escape(one.title)}<strong>{escape(one.value)}</strong>{escape(one.parts)}</div>"
        for one in shown
    )
    st.html(f'<div class="numbers">{tiles}</div>')


def take_away(day: GridDay) -> None:
    """The same numbers as one A4 page and as a workbook."""
    name = f"{day.people['grid_name']}-{day.build.data_until:%Y%m%d}"
    with st.container(horizontal=True, gap="small"):
        st.link_button("打印（A4 一页）", grid_url(day.build, day.filters), icon=":material/print:")
        save_button(
            "Excel（全部记录）",
            lambda: workbook(sheets(day)),
            f"{name}.xlsx",
            "my_grid_excel",
            icon=":material/table:",
        )


def number_records(day: GridDay) -> None:
    """The records behind a number, when one is asked for."""
    titles = {one.metric: one.title for one in numbers(day.standing)}
    metric = st.pills(
        "看数字背后的记录", list(titles), format_func=titles.__getitem__, key="my_grid_number"
    )
    build_id = day.build.build_id
    if metric == "rebound_30":
        asked = (rebound_records, build_id, day.filters, "closed", "closing")
        found = read(*asked)
        st.markdown(f"**时段内整改、后来又出现的问题**（{count_words(found)}）")
        names = {
            "next_issue_id": "编号",
            "first_issue_id": "上次编号",
            "category": "小类",
            "street_name": "道路",
            "department": "处置部门",
            "ended_at": "上次整改完成",
            "next_started_at": "又出现",
        }

        def every() -> pd.DataFrame:
            return fetch(*asked, "", 0, EVERY_ROW)[list(names)].rename(columns=names)

        shown_rows = found[list(names)].rename(columns=names)
        table(shown_rows, "反弹记录", "my_grid_rebounds", export=every)
    elif metric == "hours_owed":
        table(street_table(day.streets), "道路保洁", "my_grid_owed")
    elif metric == "overdue_open":
        table(issue_table(day.overdue), "逾期未整改", "my_grid_overdue")
    elif metric:
        records(day.build, day.filters, metric)


def today_lists(day: GridDay) -> None:
    """Overdue first, then open by deadline, then what came back."""
    if day.standing["density_state"] == "unseen":
        st.info("时段内没有任何记录：没有人看过，不等于没有问题。")
    no_deadline = (day.issues["state"] == "no_deadline").all() and len(day.issues)
    for title, frame, key, empty in (
        (
            "逾期未整改",
            day.overdue,
            "overdue",
            "未整改的问题都没有时限，不判逾期。" if no_deadline else "没有逾期的问题。",
        ),
        ("未到期与无时限", day.not_overdue, "not_overdue", "没有其他未整改的问题。"),
        (CAME_BACK, day.returns, "returns", f"没有{CAME_BACK}的问题。"),
    ):
        st.subheader(f"{title}　{len(frame)} 件")
        if frame.empty:
            st.caption(empty)
        else:
            issue_cards(frame, f"my_grid_{key}_{day.filters.grid_id}")


@st.fragment
def today_map(day: GridDay) -> None:
    """The open issues and what came back on the map; a click shows the card."""
    if picked := clicked(MAP, "id"):
        st.session_state[f"{MAP}_picked"] = picked
    picked = st.session_state.get(f"{MAP}_picked", "")
    asked = f"{MAP}_fit"
    is_another = st.session_state.get(f"{MAP}_grid") != day.filters.grid_id
    st.session_state[f"{MAP}_grid"] = day.filters.grid_id
    if st.button("定位到本网格", icon=":material/my_location:") or is_another:
        st.session_state[asked] = st.session_state.get(asked, 0) + 1
    build_id, grid_id = day.build.build_id, day.filters.grid_id
    near = read(neighbours, build_id, day.filters)
    lead = near["lead_unit"].fillna("没有牵头单位")
    grids = {one: ("other", unit) for one, unit in zip(near["grid_id"], lead, strict=True)}
    shown = [
        *(
            (row, row["state"], due_words(row))
            for row in day.issues.to_dict("records")
        ),
        *(
            (row, "came_back", "反弹，已整改")
            for row in day.returns[~day.returns["is_open"]].to_dict("records")
        ),
    ]  # fmt: skip
    points = [
        {
            "id": row["issue_id"],
            "lat": row["lat"],
            "lon": row["lon"],
            "key": key,
            "text": f"{words} · {class_name(row['category'])} · {place_words(row)}",
        }
        for row, key, words in shown
        if pd.notna(row["lat"])
    ]
    scene = Scene(
        "本网格的问题",
        DUE_COLOURS | {"own": OWN, "other": OTHER},
        [(DUE_COLOURS[key], name) for key, name in DUE_NAMES.items() if key != "due_today"]
        + [(DUE_COLOURS["came_back"], "反弹（已整改）"), (OWN, "本网格"), (OTHER, "相邻网格")],
        grids=grids | {grid_id: ("own", "本网格")},
        selected=grid_id,
        points=points[:POINTS],
        picked=picked,
        fit=read(grid_bounds, build_id, grid_id),
        fit_request=st.session_state.get(asked, 0),
    )
    draw_map(MAP, day.build, scene, height=420)
    if len(points) > POINTS:
        st.caption(f"地图只画最急的 {POINTS} 件，共 {len(points)} 件有位置。")
    for frame in (day.issues, day.returns):
        if len(one := frame[frame["issue_id"] == picked]):
            issue_cards(one.head(1), f"{MAP}_card")
            break


def against_county(day: GridDay) -> None:
    """Trend and curve of the grid against the county's."""
    build_id, filters = day.build.build_id, day.filters
    st.subheader("我与全县")
    trends = read(trend_classes, build_id, filters.in_grid())
    st.markdown(f"**趋势**：{trend_sentence(trends, filters.grid_id)}")
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**每周每公里新增问题**")
        weeks = read(weekly_density, build_id, filters)
        if weeks["per_km"].notna().any():
            weekly_density_chart(weeks, "my_grid_weeks")
        else:
            state = STATE_NAMES.get(day.standing["density_state"], "时段不足一周")
            st.info(f"不画每周曲线：{state}。")
    with right:
        st.markdown("**整改后多少天又出现**（95% 区间）")
        own = read(rebound_curve, build_id, filters)
        if own.empty:
            st.info("样本太少：时段内整改完成、仍在观察的问题不足，画不出本网格的反弹曲线。")
        else:
            curve_chart(own, read(rebound_curve, build_id, filters.in_grid()), "my_grid_curve")


def my_streets(day: GridDay) -> None:
    """The streets: where nobody cleaned first, then what is owed, and the issues on them."""
    st.subheader("我的道路")
    if day.streets.empty:
        st.info("网格内没有道路数据。")
        return
    states = day.streets["state"]
    if (states == "unknown").all():
        st.info("没有排班、作业台账或轨迹数据，不知道哪些道路没有人保洁；下表只有问题数。")
    elif (states == "uncleaned").any():
        idle = day.streets[states == "uncleaned"]
        names = idle["street_name"].replace("", "（无名道路）")
        st.warning(
            f"时段内有 {len(names)} 条道路、共 {idle['idle_km'].sum():.2f} 公里无人保洁："
            f"{plain('、'.join(names.head(10)))}{'等' if len(names) > 10 else ''}"
        )
    if (states == "planned").any():
        st.caption("“只有排班”：时段内没有作业记录，欠账按排班计算，是否有人去过不可知。")
    table(street_table(day.streets), "我的道路", "my_grid_streets")


@st.fragment
def my_borders(day: GridDay) -> None:
    """What lies at the border with each neighbour, on either side, and its records."""
    zone_m = thresholds()["border_zone_m"]
    mark = "" if zone_m.is_verified else "（默认值）"
    st.subheader("交界地带")
    if day.borders.empty:
        st.info(f"时段内没有离相邻网格边界 {zone_m.value:g} 米{mark}以内的问题。")
        return
    st.caption(
        f"时段内两侧离边界 {zone_m.value:g} 米{mark}以内的问题，按相邻网格列出，点一行看记录；"
        "“未整改”以时段结束时为准。"
    )
    picked = table(border_table(day.borders), "交界地带", "my_grid_borders", select=True)
    if picked is not None and picked < len(day.borders):
        pair = day.borders.iloc[picked]
        rows = read(border_records, day.build.build_id, day.filters, pair["grid_id"], pair["other_id"])
        st.markdown(f"**与{plain(pair['neighbour_name'])}交界的问题**（{len(rows)} 件）")
        table(record_table(rows), "交界问题", "my_grid_border_records")
