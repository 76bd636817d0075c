"""What stands above every part of 保洁覆盖: what is known, which edition counts, five numbers."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from data.filters import Filters
from data.metrics import metrics
from data.settings import settings
from data.templates import template_workbook
from data.views.coverage import Known, standard_hours
from data.views.overview import Build
from pages.ui.charts_coverage import evidence_bar
from pages.ui.filters import url_select
from pages.ui.read import read
from pages.ui.save import save_button
from pages.ui.text import TABLE_NAMES, number, percent, period

NEEDED = ("core_shift", "core_cleaning", "core_fix")
EDITION_NAMES = {"2010 county": "2010 年前后（镇、县城）", "provincial": "旧版或省级"}


def say_what_to_bring() -> None:
    """A county without cleaning data: what would bring this page to life."""
    st.info(
        "本县还没有保洁数据，因此不显示任何覆盖数字（没有数据不等于没有保洁）。带来下面任意一种即可："
        "**保洁班次**（排班表，得到时长与欠账，证据等级 D）、**作业台账**（谁在何时扫了哪条路，"
        "等级 B 或 C）、**车辆定位**（清扫车 GPS，等级 A）。填好后在“数据管理”页上传。"
    )
    for column, name in zip(st.columns(len(NEEDED)), NEEDED, strict=True):
        with column:
            save_button(
                f"模板：{TABLE_NAMES[name]}（Excel）",
                partial(template_workbook, name),
                f"模板_{TABLE_NAMES[name]}.xlsx",
                f"template_{name}",
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


def headline(row: pd.Series) -> None:
    """Five numbers with their parts, and on what evidence they stand."""
    columns = st.columns(5)
    with columns[0]:
        parts = _share_parts(row, "covered_km_days", "standard_km_days")
        _card("coverage_share", percent(row["coverage_share"]), parts)
    with columns[1]:
        parts = _share_parts(row, "met_km_days", "standard_km_days")
        _card("met_share", percent(row["met_share"]), parts)
    with columns[2]:
        is_known = row["standard_km_days"] > 0
        _card(
            "hours_owed",
            number(row["hours_owed"]) if is_known else "—",
            f"应保洁 {number(row['hours_required'])} 公里·小时" if is_known else "没有可用的数据",
            f"平均每公里每天欠 {number(row['owed_per_km'], 1)} 小时" if is_known else "",
        )
    with columns[3]:
        lower = f"没有数据的天都按没扫算，至少 {percent(row['swept_lower_share'])}"
        parts = _share_parts(row, "swept_km_days", "seen_km_days")
        _card("swept_share", percent(row["swept_share"]), parts, lower if row["seen_km_days"] else "")
    with columns[4]:
        plan = _share_parts(row, "planned_machine_km_days", "planned_reachable_km_days")
        _card(
            "mechanised_share",
            percent(row["mechanised_share"]),
            _share_parts(row, "machine_km_days", "reachable_km_days"),
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


def _card(key: str, value: str, parts: str, note: str = "") -> None:
    """One headline number with both its parts."""
    metric = metrics()[key]
    st.metric(f"{metric.title}（{metric.unit}）", value, help=f"{metric.meaning}。", border=True)
    st.caption("  \n".join(line for line in (parts, note) if line))


def _share_parts(row: pd.Series, numerator: str, denominator: str) -> str:
    """`numerator ÷ denominator` in km days, or that nothing is known."""
    if not row[denominator]:
        return "没有可用的数据"
    return f"{number(row[numerator], 1)} ÷ {number(row[denominator], 1)} 公里·天"
