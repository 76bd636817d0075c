"""One piece of street: what is known of its cleaning, what is behind a day, and its issues."""

from __future__ import annotations

from datetime import date

import streamlit as st

from data.filters import Filters
from data.standards import road_classes, threshold
from data.views.coverage import segment_cleanings, segment_shifts, segment_tracks
from data.views.hotspots import segment_records
from data.views.overview import Build
from pages.ui.read import read
from pages.ui.records import record_table
from pages.ui.streets import GRADE_LABELS, Row, hours_sentence, since_sentence
from pages.ui.tables import table
from pages.ui.text import number, period, plain

SHIFT_COLUMNS = {
    "shift_name": "班次",
    "start_time": "起",
    "end_time": "止",
    "weekdays": "星期",
    "method": "方式",
    "cleaner": "保洁单位",
    "valid_from": "生效",
    "valid_to": "失效",
}
LOG_COLUMNS = {
    "started_at": "开始",
    "ended_at": "结束",
    "method": "方式",
    "vehicle_id": "车辆",
    "cleaner": "保洁单位",
    "cleaning_id": "编号",
}
TRACK_COLUMNS = {
    "vehicle_id": "车辆",
    "entered_at": "驶入",
    "left_at": "驶出",
    "from_m": "自（米）",
    "to_m": "至（米）",
    "speed_kmh": "时速（公里）",
    "is_work": "作业",
}


FORMATS = {
    **{title: st.column_config.DateColumn(format="YYYY-MM-DD") for title in ("生效", "失效")},
    **{title: st.column_config.NumberColumn(format="%.0f") for title in ("自（米）", "至（米）")},
    "时速（公里）": st.column_config.NumberColumn(format="%.1f"),
}


def street_detail(build: Build, filters: Filters, row: Row, day: date) -> None:
    """One piece of street: standard and hours, what is behind a day, and its issues."""
    segment_id = row["segment_id"]
    st.subheader(f"{plain(row['street_name'] or '无名道路')}　{plain(segment_id)}")
    facts = [
        f"{road_classes()[row['road_class']]}，{number(row['length_m'])} 米",
        hours_sentence(row),
    ]
    if row["state"] == "shown":
        facts.append(f"欠账 {number(row['hours_owed'], 1)} 公里·小时")
    facts += [since_sentence(row), _swept_sentence(row), f"证据：{GRADE_LABELS[row['grade']]}"]
    st.markdown("；".join(fact for fact in facts if fact) + "。")
    for name, title, view, columns in (
        ("shifts", "排班", segment_shifts, SHIFT_COLUMNS),
        ("log", "作业台账", segment_cleanings, LOG_COLUMNS),
        ("tracks", "车辆轨迹", segment_tracks, TRACK_COLUMNS),
    ):
        rows = read(view, build.build_id, segment_id, day)
        st.markdown(f"**{day:%Y-%m-%d} {title}**" + ("：没有" if rows.empty else ""))
        if not rows.empty:
            shown = rows[list(columns)].rename(columns=columns)
            if "作业" in shown:
                shown["作业"] = shown["作业"].map({True: "作业", False: "路过"})
            if "星期" in shown:
                shown["星期"] = shown["星期"].map(weekday_words, na_action="ignore")
            shown = shown.dropna(axis="columns", how="all")
            table(shown, title, f"street_{name}", config=FORMATS)
    rows = read(segment_records, build.build_id, filters, segment_id)
    near_m = threshold("near_segment_m")
    st.markdown(
        f"**{period(filters.since, filters.until)} 问题**（距该路 {near_m:g} 米内，{len(rows)} 件）"
    )
    if not rows.empty:
        table(record_table(rows), "路段问题", "street_issues", height=180)


def weekday_words(days: str) -> str:
    """ "1234567" -> 每天, "67" -> 六日; 1 is Monday."""
    return "每天" if days == "1234567" else days.translate(str.maketrans("1234567", "一二三四五六日"))


def _swept_sentence(row: Row) -> str:
    if not row["seen_days"]:
        return ""
    return f"有作业数据的 {number(row['seen_days'])} 天中 {number(row['swept_days'])} 天已清扫"
