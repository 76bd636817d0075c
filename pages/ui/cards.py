"""Headline numbers with their parts, definitions and the footer that says what the data is."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from data.metrics import Metric, metrics
from data.standards import thresholds
from data.views.overview import Build
from pages.ui.text import number, plain


def headline_cards(rows: pd.DataFrame) -> None:
    """One card a metric: the value, the change on the period before, numerator and denominator."""
    for column, row in zip(st.columns(len(rows)), rows.itertuples(), strict=True):
        metric = metrics()[row.metric]
        digits = 0 if metric.unit == "件" else 1
        with column:
            st.metric(
                f"{metric.title}（{metric.unit}）",
                number(row.value, digits),
                _change(row.value - row.before, digits),
                delta_color="inverse" if metric.better == "low" else "normal",
                help=f"{metric.meaning}。\n\n{_parts(metric)}",
                border=True,
            )
            if metric.denominator:
                st.caption(_fraction(row.numerator, row.denominator, metric))


def _change(change: float, digits: int) -> str | None:
    if math.isnan(change):
        return None
    return f"{change:+,.{digits}f} 较上一时段" if round(change, digits) else None


def _fraction(numerator: float, denominator: float, metric: Metric) -> str:
    """Numerator and denominator under the number."""
    if metric.unit == "件":
        return f"{number(numerator)} 件，共 {number(denominator)} 件有时限"
    return f"{number(numerator)} 件 ÷ {number(denominator, 1)} 公里"


def _parts(metric: Metric) -> str:
    text = f"分子：{metric.numerator}。"
    return text + (f"分母：{metric.denominator}。" if metric.denominator else "")


def definitions(keys: list[str]) -> None:
    """The definitions of the numbers on a page, one click away."""
    with st.popover("指标定义"):
        for key in keys:
            metric = metrics()[key]
            st.markdown(f"**{metric.title}**（{metric.unit}）：{metric.meaning}。")
            parts = _parts(metric)
            if metric.min_denominator:
                least = thresholds()[metric.min_denominator]
                mark = "" if least.is_verified else "（默认值，未经权威依据核实）"
                parts += f"分母少于 {least.value:g} {least.unit}{mark}时不显示。"
            st.caption(f"{parts}依据：{metric.source}。")


def footer(build: Build) -> None:
    """Data as of, build, and what no map can show."""
    st.divider()
    if build.note:
        st.info(f"数据说明：{plain(build.note)}", icon=":material/info:")
    st.caption(
        f"数据截至 {build.data_until:%Y-%m-%d}（不含） · 问题 {build.issues:,} 件 · "
        f"拒收 {build.refused:,} 条 · 无坐标 {build.unlocated:,} 件 · "
        f"地址不详 {build.sink:,} 件 · 网格外 {build.outside_grids:,} 件 · 版本 {build.build_id}"
    )
