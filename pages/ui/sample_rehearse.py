"""抽查模拟: what the inspectors' draw would score, where points are lost, what to repair first."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from data.messages import DataError
from data.sample_entries import seen_points
from data.standards import threshold
from data.views.mock_check import found_times
from data.views.overview import Build
from data.views.rehearsal import PlanRehearsal, as_drawn
from pages.ui.charts_rehearsal import spread_chart
from pages.ui.filters import url_switch
from pages.ui.plan_words import pass_text
from pages.ui.rehearse_losses import show_losses
from pages.ui.rehearse_repairs import show_repairs
from pages.ui.rehearse_rule import (
    Rule,
    choose_rule,
    count_times,
    rehearsal,
    times_asked,
)
from pages.ui.rehearse_words import band_text, chance_text, levels_text, notes_text, times_text
from pages.ui.sampling import Plan
from pages.ui.sites import site_frame
from pages.ui.tables import table
from pages.ui.text import plain

MANY_UNSEEN = 0.25  # of the points of a round: beyond it the forecast is a guess in good part


def show_rehearse(build: Build, plan: Plan | None) -> None:
    """The rehearsal of a plan under the inspectors' rule."""
    if plan is None:
        return  # the page says what to do
    rule = choose_rule(plan)
    try:
        with st.spinner("正在模拟 {:,.0f} 轮抽查……".format(threshold("rehearsal_rounds"))):
            found = rehearsal(build, rule)
    except DataError as error:
        st.error(plain(error.zh))
        return
    if not found.is_forecast:
        why = (
            "按这个规则抽到的点位，扣分细则里都扣不到分"
            if any(quota.quota for quota in rule.settings.quotas)
            else "方案没有配额，一个点也不抽；请在“检查组怎么抽”里填，或改方案"
        )
        st.warning(f"现在什么也预测不了：{why}。")
        st.markdown("\n".join(f"- {plain(note)}" for note in notes_text(found)))
        return
    _answer(build, plan, rule, found)
    if plan.drawn_on:
        _compare(build, plan, rule, found)
    if url_switch("看什么", {"": "整改优先清单", "lost": "失分在哪里"}, "look"):
        show_losses(found)
    else:
        show_repairs(build, plan, rule, found)
    _assumptions(found)


def _answer(build: Build, plan: Plan, rule: Rule, found: PlanRehearsal) -> None:
    """Score, chance to pass and pass mark, how the rounds spread, and what must be known of it."""
    left, right = st.columns([1, 1.25], gap="large")
    with left:
        one, two, three = st.columns([1, 1.2, 0.9])
        with one, st.container(border=True):
            st.metric("预计得分", f"{found.score:.1f}", help=f"满分 {found.full:g} 分")
            st.caption(
                f"满分 {found.full:g}；九成的轮次在 {found.score_low:g} – {found.score_high:g} 分"
            )
        with two, st.container(border=True):
            st.metric("通过概率", chance_text(found.passes, found.rounds))
            st.caption(f"95% 区间 {band_text(found)}")
        with three, st.container(border=True):
            st.metric("通过线", f"{found.pass_score:g}")
            st.caption(pass_text(rule.settings.pass_share))
        st.markdown(levels_text(found))
        _doubts(build, plan, rule.times, found)
        if found.not_forecast:
            st.warning(
                f"没有预测的板块：**{plain('、'.join(found.not_forecast))}**。"
                "抽到的点位在这些板块里扣不到分，得分和满分都不含它们。"
            )
        if not site_frame(build).model.is_fitted:
            st.warning("历史记录太少，分不出同类点位之间的好坏：各点的风险按同类平均计算。")
    with right:
        spread_chart(found, "rehearse_spread")


def _doubts(build: Build, plan: Plan, times: float, found: PlanRehearsal) -> None:
    """What makes the forecast worth less: points nobody has looked at, risks counted several times."""
    unseen = next((note.number for note in found.notes if note.code == "unseen"), 0)
    if unseen > MANY_UNSEEN * found.drawn:
        st.warning(
            f"每轮抽到的 {found.drawn} 个点平均有 **{unseen} 个很久没有人看过**，"
            "风险只能按同类平均起算：这个预测很可能偏好。请先做一次模拟评估。"
        )
    if times != 1:
        st.info(f"各点风险按 {times:g} 倍计算（“检查组怎么抽”里可改）。")
        return
    last = found_times(seen_points(build.source))
    st.info(times_text(last))
    if last is not None:
        asked = times_asked(last)
        st.button(f"按 {asked:g} 倍重算", on_click=count_times, args=(plan, asked))


def _compare(build: Build, plan: Plan, rule: Rule, found: PlanRehearsal) -> None:
    """The points of our own draw, visited exactly, beside a draw by the inspectors."""
    exact = rehearsal(build, Rule(*as_drawn(rule.settings, plan.points), rule.times))
    if not exact.is_forecast:
        return
    names = ["检查组另抽", f"就查公开抽签抽中的点（{plan.drawn_on:%Y-%m-%d}）"]
    both = [found, exact]
    rows = pd.DataFrame(
        {
            "查哪些点": names,
            "点数": [one.drawn for one in both],
            "满分": [one.full for one in both],
            "预计得分": [one.score for one in both],
            "5% 的轮次低于": [one.score_low for one in both],
            "5% 的轮次高于": [one.score_high for one in both],
            "通过概率": [chance_text(one.passes, one.rounds) for one in both],
        }
    )
    st.markdown("**与公开抽签的点比**：检查组另抽，点和问题都凭运气；就查抽中的点，只有问题凭运气。")
    table(
        rows,
        "与公开抽签的点比",
        "rehearse_compare",
        config={"预计得分": st.column_config.NumberColumn(format="%.1f")},
    )


def _assumptions(found: PlanRehearsal) -> None:
    with st.expander("这样模拟假定了什么"):
        notes = "".join(f"\n- {plain(note)}" for note in notes_text(found))
        alike = (
            "同一条街的各点互不影响"
            if not found.correlation
            else f"同一条街的各点一起变好变坏（相关系数 {found.correlation:g}，默认值）"
        )
        st.markdown(
            f"- 每一轮都按上面的规则重新抽点，共 {found.rounds:,} 轮，每轮 {found.drawn} 个；"
            "同类里每个点机会相同。\n"
            f"- 每个点出问题的机会取自日常记录：今后 {threshold('risk_days'):g} 天里**有问题被记录**"
            "的可能，不等于检查组一定会扣分；检查组看得更细时，实际得分更低。没有人去看的地方，记录少不代表干净。\n"
            f"- {alike}，各项问题也互不影响；真实情况往往一起变差，实际的波动比这里大。\n"
            "- 扣分按“标准与配额”里的扣分细则，凡标默认值的都没有核对过原文。\n"
            "- “整治到位”是检查当天该处不扣分，是能提高的上限；同一网格内的同一条街算一处。" + notes
        )
