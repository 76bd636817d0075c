"""Headline numbers against their targets, definitions and the footer that says what the data is."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import streamlit as st

from data.entries import meetings, remove_target, set_target, targets
from data.filters import Filters
from data.messages import DataError
from data.metrics import Metric, metrics
from data.standards import thresholds
from data.views.headline import headline, last_bulletin, period_before, with_targets
from data.views.overview import Build
from pages.ui.grid import show_records
from pages.ui.read import read
from pages.ui.text import UNITS, last_day, number, period, plain

DIGITS = {"件": 0, "小时": 0}
SHORT_DAYS = 60  # a shorter period holds few closings that are older than 30 days


def headline_cards(build: Build, filters: Filters) -> None:
    """One card a headline number: value, target, change since the last bulletin, the year before."""
    bulletin = last_bulletin(meetings(build.source), filters)
    found = read(headline, build.build_id, filters, period_before(filters, bulletin))
    rows = with_targets(found.frame, targets(build.source), filters.days)
    than = f"较 {bulletin:%Y-%m-%d} 通报" if bulletin else "较上一时段"
    for column, row in zip(st.columns(len(rows)), rows.itertuples(), strict=True):
        metric = metrics()[row.metric]
        change, year = row.value - row.before, "数据不足一年"
        if found.reaches_last_year:
            year = _value(row.last_year, metric) if not math.isnan(row.last_year) else "数据不足"
        with column, st.container(border=True, gap="xsmall"):
            st.metric(
                metric.title if metric.unit == "%" else f"{metric.title}（{metric.unit}）",
                "样本太少" if row.is_too_few else _value(row.value, metric, missing="无数据"),
                f"{than}：数据不足" if math.isnan(change) else f"{_change(change, metric)}　{than}",
                delta_color=_tone(metric, change),
                delta_arrow="off" if _tone(metric, change) == "off" else "auto",
                help=f"{metric.meaning}。",
            )
            st.markdown(f"{_target(row, metric, filters)}　去年同期 {year}")
            st.caption(_parts(row, filters))
            with st.container(horizontal=True, gap="small"):
                with st.popover("口径", type="tertiary", icon=":material/info:"):
                    _about(row, metric, period(found.before.since, found.before.until))
                key = f"records_{row.metric}"
                if st.button("记录", key=key, type="tertiary", icon=":material/list:"):
                    # Of what fell due, what was late is what a person looks for.
                    late = row.metric == "on_time_share"
                    show_records(build, filters, "late" if late else row.metric)
                with st.popover("设定目标", type="tertiary", icon=":material/flag:"):
                    _target_form(build, row, metric)


def _value(value: float, metric: Metric, *, missing: str = "—") -> str:
    if math.isnan(value):
        return missing
    if metric.unit == "%":
        return f"{value:.1%}"
    return number(value, DIGITS.get(metric.unit, 1))


def _change(change: float, metric: Metric) -> str:
    if metric.unit == "%":
        return f"{100 * change:+.1f} 个百分点"
    return f"{change:+,.{DIGITS.get(metric.unit, 1)}f}"


def _tone(metric: Metric, change: float) -> Any:
    """Colour of a change: none where it is not visible in the digits shown."""
    digits = 3 if metric.unit == "%" else DIGITS.get(metric.unit, 1)
    if math.isnan(change) or not round(change, digits):
        return "off"
    return "inverse" if metric.better == "low" else "normal"


def _target(row: Any, metric: Metric, filters: Filters) -> str:
    if math.isnan(row.target):
        return "未设目标"
    sign = "≤" if metric.better == "low" else "≥"
    text = f"目标 {sign} {_value(row.target, metric)}"
    if filters.is_narrowed and row.metric != "coverage_share":
        return f"{text}（对全部问题）"
    if pd.notna(row.is_met):
        text += "，:green[**达到**]" if row.is_met else "，:red[**未达到**]"
    return text


PARTS = {  # numerator and denominator of a card, and on what it rests
    "issues_per_km": "{top} 件 ÷ {km} 公里",
    "rebound_30": "95% 区间 {band}；第 30 日仍在观察 {at_risk} 处",
    "on_time_share": "按期 {top} 件 ÷ 应结案 {base} 件",
    "coverage_share": "{top} ÷ {base} 公里·天；{grade}{scope}",
    "overdue_open": "期末未整改且有时限的共 {base} 件",
    "open_at_end": "时段结束时 {top} 件，不论有无时限",
    "median_hours_to_close": "新增 {base} 件，已整改 {top} 件",
}


def _parts(row: Any, filters: Filters) -> str:
    if row.metric == "rebound_30" and row.is_too_few:
        text = f"第 30 日仍在观察的只有 {number(row.at_risk)} 处"
        return text + ("；请选更长的时段" if filters.days < SHORT_DAYS else "")
    return PARTS[row.metric].format(
        top=number(row.numerator),
        base=number(row.denominator),
        km=number(row.denominator, 1),
        at_risk=number(row.at_risk),
        band="—" if math.isnan(row.lower) else f"{row.lower:.1%} 至 {row.upper:.1%}",
        grade=_evidence(row),
        scope="；不分大类和部门" if filters.is_narrowed else "",
    )


def _evidence(row: Any) -> str:
    """On what the coverage of a card rests: a roster alone is a plan."""
    if math.isnan(row.evidence_share):
        return "没有排班和作业记录"
    if row.evidence_share == 0:
        return "仅排班，没有作业证据"
    return f"{row.evidence_share:.0%} 有作业证据"


def _about(row: Any, metric: Metric, compared: str) -> None:
    """Definition, comparison and target of one number."""
    _definition(row.metric)
    if row.metric == "rebound_30":
        st.markdown(f"本时段整改完成 {number(row.denominator)} 处（重复上报已合并）。")
    st.markdown(f"对比时段：{compared}。")
    if not math.isnan(row.target_said):
        each = f"（每 {metric.target_days} 天）" if metric.target_days else ""
        st.markdown(
            f"目标：{row.target_said:g} {metric.unit}{each}，"
            f"{plain(row.target_source)}，{row.set_on:%Y-%m-%d} 定。"
        )


def _target_form(build: Build, row: Any, metric: Metric) -> None:
    """A small form: the value, who says so and when."""
    each = f"，每 {metric.target_days} 天" if metric.target_days else ""
    sign = "不高于" if metric.better == "low" else "不低于"
    with st.form(f"target_{row.metric}", border=False, enter_to_submit=False):
        said = None if math.isnan(row.target_said) else row.target_said
        value = st.number_input(
            f"{metric.title}{sign}（{metric.unit}{each}）", value=said, key=f"target_{row.metric}_value"
        )
        source = st.text_input(
            "谁定的（文件、会议或人）",
            row.target_source if said is not None else "",
            key=f"target_{row.metric}_source",
        )
        day = st.date_input("哪天定的", format="YYYY-MM-DD", key=f"target_{row.metric}_day")
        is_saved = st.form_submit_button("保存目标", key=f"target_{row.metric}_save")
        is_removed = said is not None and st.form_submit_button(
            "取消目标", key=f"target_{row.metric}_remove"
        )
    if is_removed:
        remove_target(build.source, row.metric)
        st.rerun()
    if is_saved:
        try:
            set_target(build.source, row.metric, math.nan if value is None else value, day, source)
        except DataError as error:
            st.error(error.zh)
        else:
            st.rerun()


def _definition(key: str) -> None:
    metric = metrics()[key]
    st.markdown(f"**{metric.title}**（{metric.unit}）：{metric.meaning}。")
    parts = f"分子：{metric.numerator}。" + (
        f"分母：{metric.denominator}。" if metric.denominator else ""
    )
    if metric.min_denominator:
        least = thresholds()[metric.min_denominator]
        mark = "" if least.is_verified else "（默认值，未经权威依据核实）"
        parts += f"分母少于 {least.value:g} {UNITS[least.unit]}{mark}时不显示。"
    st.caption(f"{parts}依据：{metric.source}。")


def definitions(keys: list[str]) -> None:
    """The definitions of the numbers on a page, one click away."""
    with st.container(horizontal=True, horizontal_alignment="right"), st.popover("指标定义"):
        for key in keys:
            _definition(key)


def footer(build: Build) -> None:
    """Data as of, build, and what no map can show."""
    st.divider()
    if build.note:
        st.info(f"数据说明：{plain(build.note)}", icon=":material/info:")
    st.caption(
        f"数据截至 {last_day(build.data_until)} · 问题 {build.issues:,} 件 · "
        f"拒收 {build.refused:,} 条 · 无坐标 {build.unlocated:,} 件 · "
        f"地址不详 {build.sink:,} 件 · 网格外 {build.outside_grids:,} 件 · 版本 {build.build_id}"
    )
