"""Inspection rounds: the weeks around them, and when they were with what they found."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from data.filters import Filters
from data.standards import threshold
from data.views.inspections import inspection_finds, inspections
from data.views.overview import EVERY_ROW, Build
from data.views.rebound import slackening
from pages.ui.charts_rebound import calendar_chart, slackening_chart
from pages.ui.read import fetch, read
from pages.ui.rebounds import NO_CONTROL, NO_INSPECTIONS, effect_sentence
from pages.ui.records import record_table
from pages.ui.tables import picked, table
from pages.ui.text import plain


def slack(build: Build, filters: Filters) -> None:
    """The weeks around the end of inspections, and what an inspection does."""
    whole = filters.between(build.first_date, build.period_until)
    found = read(slackening, build.build_id, whole)
    if found.inspections.empty or found.curve.empty:
        st.info(NO_INSPECTIONS)
        return
    st.markdown(f"#### {effect_sentence(found)}")
    effect = found.effect
    if effect and not effect.has_uninspected:
        st.warning(NO_CONTROL)
    left, right = st.columns([1.5, 1], gap="medium")
    rounds = found.inspections.iloc[::-1]
    chosen = picked("round", "slack_rounds", rounds["inspection_id"].tolist())
    with right:
        st.subheader("各轮检查")
        shown = pd.DataFrame(
            {
                "检查": rounds["inspection_name"],
                "类型": rounds["inspection_type"],
                "结束": rounds["last_date"].dt.date,
                "前后的问题（件）": rounds["issues"],
                "道路（公里）": rounds["exposure_km"],
                "单独成线": rounds["is_shown"].map({True: "是", False: "样本太少"}),
            }
        )
        km = st.column_config.NumberColumn(format="%.1f")
        table(
            shown,
            "各轮检查",
            "slack_rounds",
            height=380,
            config={"道路（公里）": km},
            select=True,
        )
        st.caption("道路是去过的网格里的。点选一轮，在图上突出它的线。")
    with left:
        slackening_chart(found.curve, found.curves, found.inspections, chosen, "slackening")
        st.caption(
            "细线一轮一条，粗线为全部轮次合计（件数之和 ÷ 公里数之和）。每点为当天与之前 6 天的平均，"
            "周末的起伏因此抵消，检查期间也不掺入之后的日子。只数检查去过的网格里、不是检查自己发现的问题；"
            "用全部数据，不限时段和网格。两轮相隔不久的，前一轮的后段已经是后一轮的期间。"
            f"前后不足 {threshold('min_curve_issues'):g} 件的轮次不单独成线（默认值）。"
        )
    if effect:
        st.caption(
            f"检查的作用依据 {effect.grids} 个有问题记录的网格，其中 {effect.inspected} 个被检查过；"
            "已扣除网格本身的高低与月份的影响，误差按网格聚类。"
        )


def calendar(build: Build, chosen: Filters) -> None:
    """When inspections were, and what each found."""
    rounds = read(inspections, build.build_id, chosen)
    if rounds.empty:
        st.info("数据中没有检查轮次。请在“数据管理”上传检查轮次（名称、类型、起止日期）。")
        return
    left, right = st.columns([1.2, 1], gap="medium")
    latest = rounds.iloc[::-1]
    chosen_round = picked("round", "calendar_rounds", latest["inspection_id"].tolist())
    with right:
        shown = pd.DataFrame(
            {
                "检查": latest["inspection_name"],
                "类型": latest["inspection_type"],
                "组织": latest["organiser"],
                "从": latest["first_date"].dt.date,
                "到（含）": latest["last_date"].dt.date,
                "发现（件）": latest["found"],
                "涉及网格（个）": latest["grids"],
            }
        )
        table(shown, "检查轮次", "calendar_rounds", height=390, select=True)
        st.caption("发现件数按所选大类、部门和网格计，不限时段。点选一轮看它发现的问题。")
    with left:
        ends = max(build.period_until, rounds["last_date"].max().date())
        begins = min(build.first_date, rounds["first_date"].min().date())
        calendar_chart(rounds, begins, ends, chosen_round, "calendar")
    if chosen_round:
        about = rounds.set_index("inspection_id").loc[chosen_round]
        st.subheader(f"{plain(about['inspection_name'])}发现的问题")
        finds = read(inspection_finds, build.build_id, chosen, chosen_round)
        if finds.empty:
            st.info("这一轮没有所选大类、部门或网格的问题记录。")
            return
        more = f"，下表列出前 {len(finds)} 件" if len(finds) < about["found"] else ""
        st.caption(f"共 {about['found']} 件{more}")
        every = (inspection_finds, build.build_id, chosen, chosen_round, EVERY_ROW)
        export = lambda: record_table(fetch(*every))  # noqa: E731
        table(record_table(finds), "检查发现", "finds", export=export)
