"""保洁覆盖: which streets were cleaned how long, how well that is known, and a walk along the rest."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from data.filters import Filters
from data.metrics import metrics
from data.settings import settings
from data.standards import road_classes, threshold
from data.templates import template_workbook
from data.views.coverage import (
    Known,
    cleanliness_totals,
    coverage_and_cleanliness,
    coverage_by_class,
    coverage_by_day,
    coverage_by_edition,
    coverage_by_grid,
    coverage_by_hour,
    coverage_headline,
    coverage_known,
    coverage_rule,
    standard_hours,
    street_coverage,
    uncovered_route,
    uncovered_streets,
)
from data.views.overview import Build, grids, grids_in_force
from pages.ui.cards import definitions, footer
from pages.ui.charts_coverage import class_chart, day_chart, evidence_bar, hour_chart
from pages.ui.filters import choose, choose_filters, url_select, url_switch, url_value
from pages.ui.grid import choose_grid
from pages.ui.map_data import map_data_url
from pages.ui.maps import Scene, clicked, draw_map
from pages.ui.read import current_build, read
from pages.ui.street import street_detail
from pages.ui.streets import CLEAN_NAMES, COLOURINGS, GRADE_LABELS, owed_legend
from pages.ui.tables import just_picked, table
from pages.ui.text import TABLE_NAMES, number, percent, period, plain

METRICS = [
    "coverage_share", "met_share", "hours_owed", "swept_share", "mechanised_share",
    "planned_machine_share", "hour_share",
]  # fmt: skip
PARTS = {
    "": "路段地图",
    "grids": "按网格、按等级",
    "route": "未覆盖路段（走访清单）",
    "hours": "分时段",
    "days": "逐日与标准版本",
    "machines": "机械化",
}
LACKS = {"idle": "无人保洁", "unswept": "没有清扫过", "short": "时长不足"}
MEANINGS = {
    "idle": "时段内可知的每一天都既没有排班、也没有作业记录的路段。",
    "unswept": "有作业数据的日子里一次也没有清扫到的路段；没有作业数据的路段不在其中。",
    "short": "每天保洁小时数平均不到标准的 {share:.0%}（默认值）的路段。",
}
NEEDED = ("core_shift", "core_cleaning", "core_fix")
STATES = {
    "shown": "",
    "no_street": "没有道路数据",
    "no_standard": "所选标准没有规定",
    "unknown": "没有保洁数据",
}
SHARE = st.column_config.NumberColumn(format="percent")
ONE = st.column_config.NumberColumn(format="%.1f")
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
TEXTS = ("street_name", "grid_name", "road_class", "grade", "segment_id", "stop", "hour")
FORMATS = {
    title: st.column_config.NumberColumn(format="%.1f" if "小时" in title else "%.0f")
    for name, title in (STREET_COLUMNS | WALK_COLUMNS).items()
    if name not in TEXTS
}
HOUR_COLUMNS = {
    "hour": "钟点（起）",
    "covered_share": "有人在干的里程占比",
    "covered_km_days": "有人在干（公里·天）",
    "pass_km_days": "其中有作业证据",
    "plan_km_days": "其中只有排班",
    "known_km_days": "时长可知（公里·天）",
}
EDITION_NAMES = {"2010 county": "2010 年前后（镇、县城）", "provincial": "旧版或省级"}
EDITION_COLUMNS = {
    "coverage_share": "时长达标率",
    "met_share": "全时达标里程占比",
    "hours_owed": "欠账（公里·小时）",
    "owed_per_km": "每公里每天欠（小时）",
    "standard_km_days": "分母（公里·天）",
    "no_standard_km": "没有规定的道路（公里）",
}


def say_what_to_bring() -> None:
    """A county without cleaning data: what would bring this page to life."""
    st.info(
        "本县还没有保洁数据，因此不显示任何覆盖数字（没有数据不等于没有保洁）。带来下面任意一种即可："
        "**保洁班次**（排班表，得到时长与欠账，证据等级 D）、**作业台账**（谁在何时扫了哪条路，"
        "等级 B 或 C）、**车辆定位**（清扫车 GPS，等级 A）。填好后在“数据管理”页上传。"
    )
    for column, name in zip(st.columns(len(NEEDED)), NEEDED, strict=True):
        column.download_button(
            f"模板：{TABLE_NAMES[name]}（Excel）",
            template_workbook(name),
            f"模板_{TABLE_NAMES[name]}.xlsx",
            icon=":material/download:",
            on_click="ignore",
        )


def say_what_is_known(known: Known, asked: Filters) -> None:
    """The days the cleaning data tells of; a period without any is never shown in silence."""
    parts = []
    if known.first_roster and known.last_roster:
        parts.append(f"排班 {known.first_roster:%Y-%m-%d} 至 {known.last_roster:%Y-%m-%d}")
    if known.first_evidence and known.last_evidence:
        parts.append(f"作业记录 {known.first_evidence:%Y-%m-%d} 至 {known.last_evidence:%Y-%m-%d}")
    if not known.is_asked:
        st.warning(
            f"左侧所选时段（{period(asked.since, asked.until)}）没有保洁数据，"
            f"下面改为显示保洁数据的最后 {known.filters.days} 天："
            f"{period(known.filters.since, known.filters.until)}。"
        )
    st.caption(
        f"保洁数据覆盖：{'；'.join(parts)}。所示 {known.filters.days} 天中，"
        f"{known.roster_days} 天有排班，{known.evidence_days} 天有作业记录。"
    )


def choose_edition(build: Build) -> str:
    """The edition of the standard whose hours count; those nobody checked are marked."""
    rows = read(standard_hours, build.build_id)
    checked = rows.groupby("edition")["is_verified"].all()
    names = {
        name: EDITION_NAMES.get(name, name) + ("" if is_checked else "（默认值）")
        for name, is_checked in checked.items()
    }
    return url_select(
        "标准版本（保洁小时数）",
        names,
        "edition",
        "各版本对每天应保洁的小时数规定不一；未对照原文核实的标为默认值。",
        default=settings().edition,
    )


def card(key: str, value: str, parts: str, note: str = "") -> None:
    """One headline number with both its parts."""
    metric = metrics()[key]
    st.metric(f"{metric.title}（{metric.unit}）", value, help=f"{metric.meaning}。", border=True)
    st.caption("  \n".join(line for line in (parts, note) if line))


def share_parts(row: pd.Series, numerator: str, denominator: str) -> str:
    """`numerator ÷ denominator` in km days, or that nothing is known."""
    if not row[denominator]:
        return "没有可用的数据"
    return f"{number(row[numerator], 1)} ÷ {number(row[denominator], 1)} 公里·天"


def headline(row: pd.Series) -> None:
    """Five numbers with their parts, and on what evidence they stand."""
    columns = st.columns(5)
    with columns[0]:
        parts = share_parts(row, "covered_km_days", "standard_km_days")
        card("coverage_share", percent(row["coverage_share"]), parts)
    with columns[1]:
        parts = share_parts(row, "met_km_days", "standard_km_days")
        card("met_share", percent(row["met_share"]), parts)
    with columns[2]:
        is_known = row["standard_km_days"] > 0
        card(
            "hours_owed",
            number(row["hours_owed"]) if is_known else "—",
            f"应保洁 {number(row['hours_required'])} 公里·小时" if is_known else "没有可用的数据",
            f"平均每公里每天欠 {number(row['owed_per_km'], 1)} 小时" if is_known else "",
        )
    with columns[3]:
        lower = f"没有数据的天都按没扫算，至少 {percent(row['swept_lower_share'])}"
        parts = share_parts(row, "swept_km_days", "seen_km_days")
        card("swept_share", percent(row["swept_share"]), parts, lower if row["seen_km_days"] else "")
    with columns[4]:
        plan = share_parts(row, "planned_machine_km_days", "planned_reachable_km_days")
        card(
            "mechanised_share",
            percent(row["mechanised_share"]),
            share_parts(row, "machine_km_days", "reachable_km_days"),
            f"排班计划 {percent(row['planned_machine_share'])}（{plan}）"
            if row["planned_reachable_km_days"]
            else f"可机扫道路 {number(row['reachable_km'], 1)} 公里",
        )
    passes = row["a_km_days"] + row["b_km_days"] + row["c_km_days"]
    if passes == 0 and row["d_km_days"] > 0:
        st.warning("以下数字**仅按排班，未见作业证据**（等级 D）：只说明计划有人扫，不说明扫了。")
    elif passes and not row["planned_reachable_km_days"] and not row["d_km_days"]:
        st.caption("没有排班：未记入台账或轨迹的人工保洁看不见，时长偏低，欠账是上限。")
    evidence_bar(row)


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
            street_detail(build, filters, row, choose_day(known))
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
                street_table(build, most, "coverage_most", height=440)
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


def choose_day(known: Known) -> Any:
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


def street_table(build: Build, rows: pd.DataFrame, key: str, *, height: int) -> int | None:
    """Streets as a table; the row picked."""
    return table(
        named(with_grid(build, rows), STREET_COLUMNS),
        "路段",
        key,
        height=height,
        config=FORMATS,
        select=True,
    )


def with_grid(build: Build, rows: pd.DataFrame) -> pd.DataFrame:
    """Pieces of street with the name of their grid."""
    names = read(grids, build.build_id).set_index("grid_id")["grid_name"]
    return rows.assign(grid_name=rows["grid_id"].map(names).fillna("网格外"))


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


def group_formats(columns: dict[str, str]) -> dict[str, Any]:
    """Shares as percent, other numbers with one digit."""
    return {
        title: SHARE if name.endswith("_share") else ONE
        for name, title in columns.items()
        if name not in TEXTS
    }


def route_part(build: Build, filters: Filters, edition: str) -> None:
    """The streets that lack cleaning, in the order of a walk or the worst first."""
    top = st.container(key="screen_only_route")
    chosen = top.columns([1.2, 1, 1], vertical_alignment="bottom")
    with chosen[0]:
        lack = url_switch("哪些路段", LACKS, "lack", default="idle")
    with chosen[1]:
        order = url_switch("顺序", {"": "走访顺序", "worst": "欠得最多的在前"}, "order")
    with chosen[2]:
        layout = url_switch("版式", {"": "地图和表格", "print": "打印版"}, "layout")
    meaning = MEANINGS[lack].format(share=threshold("covered_days_share"))
    st.caption(f"{plain(place_name(build, filters.grid_id))}　{LACKS[lack]}：{meaning}")
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
        text = shown.apply(lambda column: column.map(partial(printed, heading=column.name)))
        st.table(text.set_index(text.columns[0]))
        return
    left, right = st.columns([1, 1.25], gap="medium")
    with right:
        table(shown, f"走访清单_{LACKS[lack]}", "coverage_route", height=600, config=FORMATS)
    with left:
        one = COLOURINGS["route"]
        url = map_data_url("coverage_route", build, filters, f"{edition} {lack}")
        street_map("coverage_map", build, filters, one.title, one.colours, one.legend, url, "")


def place_name(build: Build, grid_id: str) -> str:
    """The grid with its lead unit, or the county."""
    if not grid_id:
        return "全县"
    row = read(grids, build.build_id).set_index("grid_id").loc[grid_id]
    unit = f"（{row['lead_unit']}）" if isinstance(row["lead_unit"], str) else ""
    return f"{row['grid_name']}{unit}"


def printed(value: object, heading: str) -> str:
    """A cell of the list on paper: hours with one digit, metres and days with none."""
    if isinstance(value, int | float):
        return number(value, 1 if "小时" in heading else 0)
    return plain(value)


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


@st.fragment
def body(build: Build, known: Known) -> None:
    """Headline and the chosen part, of the chosen grid or the county."""
    top = st.container(key="screen_only_top")
    chosen = top.columns([1.3, 1, 2.6], vertical_alignment="bottom")
    with chosen[1]:
        edition = choose_edition(build)
    take_grid(build, known.filters, edition)
    with chosen[2]:
        part = url_switch("看什么", PARTS, "part")
    with chosen[0]:
        grid_id = choose_grid("coverage_map", build, has_map=part in ("", "route"))
    filters = known.filters.in_grid(grid_id)
    with top:
        headline(read(coverage_headline, build.build_id, filters, edition))
    if part == "grids":
        group_part(build, filters, edition)
    elif part == "route":
        route_part(build, filters, edition)
    elif part == "hours":
        hour_part(build, filters)
    elif part == "days":
        day_part(build, filters, edition)
    elif part == "machines":
        machine_part(build, filters, edition)
    else:
        street_part(build, filters, known, edition)


build = current_build()
asked = choose_filters(build)
known = read(coverage_known, build.build_id, asked)
shown = known.filters
title, note = st.columns([5, 1], vertical_alignment="bottom")
title.title(f"保洁覆盖　{period(shown.since, shown.until)}")
with note:
    definitions(METRICS)
if known.has_data:
    say_what_is_known(known, asked)
    if asked.is_narrowed:
        st.caption("保洁的数字不分问题大类和处置部门：左侧这两项只用于本页的问题记录和“净不净”。")
    body(build, known)
else:
    say_what_to_bring()
footer(build)
