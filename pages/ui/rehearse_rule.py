"""The rule by which the inspectors are taken to draw and to judge, and the rehearsal under it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import streamlit as st

from data.engine import Engine
from data.plan import PlanSettings, Quota
from data.views.mock_check import FoundTimes
from data.views.overview import Build
from data.views.rehearsal import PlanRehearsal, rehearse_plan
from pages.ui.plan_words import is_default_mark
from pages.ui.read import read
from pages.ui.sampling import Plan, scoring
from pages.ui.sites import candidates
from pages.ui.text import plain

LEAST_TIMES, MOST_TIMES = 0.1, 20.0
ROW = ["part", "site_type", "item", "points", "cap", "is_verified"]


@dataclass(frozen=True)
class Rule:
    """What is taken for certain about an inspection; all else is luck.

    settings  whose quotas and pass_share hold
    declared  site keys of the declared points
    times     every risk counts so many times
    """

    settings: PlanSettings
    declared: tuple[str, ...]
    times: float = 1.0


def plan_rule(plan: Plan) -> Rule:
    """The rule of the plan: its quotas, in which all the points that it declares are visited."""
    count = plan.declared["site_type"].value_counts()
    quotas = tuple(
        Quota(one.site_type, one.quota, min(one.quota, max(one.declared, count.get(one.site_type, 0))))
        for one in plan.settings.quotas
    )
    settings = replace(
        plan.settings, quotas=quotas, pass_share=round(plan.settings.pass_share, 4), seed=""
    )
    return Rule(settings, tuple(plan.keys("declared")))


def choose_rule(plan: Plan) -> Rule:
    """The fields of the rule, filled in with that of the plan."""
    rule = plan_rule(plan)
    settings = rule.settings
    quotas = pd.DataFrame(list(settings.quotas), columns=Quota._fields)
    count = f"抽查 {quotas['quota'].sum()} 个点，其中申报点 {quotas['declared'].sum()} 个"
    with st.expander(f"检查组怎么抽（方案：{count}）"):
        left, right = st.columns([2, 1], gap="large")
        with left:
            st.caption("默认与方案的配额和已选的申报点相同；这里的改动只用于模拟，不改方案。")
            columns = {"site_type": "点位类型", "quota": "抽查几个", "declared": "其中申报点"}
            whole = st.column_config.NumberColumn(min_value=0, max_value=999, step=1, required=True)
            edited = st.data_editor(
                quotas[list(columns)].rename(columns=columns),
                hide_index=True,
                disabled=["点位类型"],
                column_config={"抽查几个": whole, "其中申报点": whole},
                key=f"rule_{plan.plan_id}",
                alt="检查组每类点位抽查几个",
            )
        with right:
            share = st.number_input(
                "通过线（占预测满分的 %）",
                min_value=1.0,
                max_value=100.0,
                value=100 * settings.pass_share,
                step=1.0,
                format="%.1f",
                key=f"pass_{plan.plan_id}",
            )
            if is_default_mark(settings.pass_share):
                st.caption(f"{settings.pass_share:.0%} 是默认值，没有查到出处；请填县里接到的要求。")
            st.session_state.setdefault(_times_key(plan), 1.0)  # a button sets it too
            times = st.number_input(
                "风险按几倍算",
                min_value=LEAST_TIMES,
                max_value=MOST_TIMES,
                step=0.1,
                format="%.1f",
                key=_times_key(plan),
            )
    settings = replace(settings, pass_share=round(share / 100, 4))
    asked = [Quota(*row) for row in edited.itertuples(index=False, name=None)]
    if wrong := [one.site_type for one in asked if one.declared > one.quota]:
        st.error(f"{plain('、'.join(wrong))}：“其中申报点”不能多于“抽查几个”，先按方案的配额计算。")
    else:
        settings = replace(settings, quotas=tuple(asked))
    return replace(rule, settings=settings, times=times)


def times_asked(last: FoundTimes) -> float:
    """How many times a mock inspection asks each risk to count, as far as the field goes."""
    return min(max(round(last.times, 1), LEAST_TIMES), MOST_TIMES)


def count_times(plan: Plan, times: float) -> None:
    """Fill in how many times each risk counts (a button's callback)."""
    st.session_state[_times_key(plan)] = times


def _times_key(plan: Plan) -> str:
    return f"times_{plan.plan_id}"


def rehearsal(build: Build, rule: Rule, repaired: tuple[str, ...] = ()) -> PlanRehearsal:
    """`rehearse_plan` with the standard as it counts in the county.

    repaired  place keys
    """
    deductions, part_points = scoring(build, rule.settings)
    return read(
        _rehearse,
        build.build_id,
        build,
        tuple(deductions[ROW].itertuples(index=False, name=None)),
        tuple(part_points.items()),
        rule,
        repaired,
    )


def _rehearse(
    _: Engine,
    build: Build,
    deductions: tuple[Any, ...],
    part_points: tuple[tuple[str, float], ...],
    rule: Rule,
    repaired: tuple[str, ...],
) -> PlanRehearsal:
    rows = pd.DataFrame(list(deductions), columns=ROW).astype({"points": float, "cap": float})
    return rehearse_plan(
        candidates(build), rows, dict(part_points), rule.settings, rule.declared, repaired, rule.times
    )
