"""模拟评估 against its forecast, weighted back to the county, and self-checks against inspections."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import streamlit as st

from data.standards import threshold
from data.views.mock_check import FaultyShare, MockCheck, SelfAgreement, mock_check
from pages.ui.charts_calibration import calibration_chart
from pages.ui.sampling import ROLES
from pages.ui.sites import site_name
from pages.ui.tables import table
from pages.ui.text import TOO_FEW, number, percent, plain

VERDICTS = {
    "few": "点位太少，不判断",
    "honest": "没有看出偏差",
    "optimistic": "预测过于乐观",
    "pessimistic": "预测过于悲观",
}


# A forecast is 10,000 rounds; it changes only with what was seen.
@st.cache_data(max_entries=8, show_spinner=False)
def read_check(
    points: pd.DataFrame, items: pd.DataFrame, part_points: dict[str, float], pass_share: float
) -> MockCheck | None:
    """`mock_check`, kept while nothing new was seen."""
    return mock_check(points, items, part_points, pass_share)


def show_check(check: MockCheck | None, planned: dict[str, Any]) -> None:
    """What was told of these points, what came, and whether the chances were honest.

    planned  the forecast of all points, as it was when the inspection was made.
    """
    st.markdown("##### 与预测对照")
    if check is None:
        st.info("还没有可以对照的点位：已查的点位都没有预测（不在当时的候选点位中）。")
        return
    st.markdown(f"**{VERDICTS[check.verdict]}。** {_verdict_sentence(check)}")
    st.markdown(_score_sentence(check))
    if planned.get("full") and check.points < planned["points"]:
        st.caption(
            f"生成时对全部 {planned['points']} 个点的预测：{_band(planned, 'score')}分"
            f"（满分 {number(planned['full'])}），有问题的点 {_band(planned, 'finds')}个。"
            "上面已改为只对已查的点位预测，才能与实查对照。"
        )
    st.caption(
        f"预测的是今后 {threshold('risk_days'):g} 天有日常问题记录的可能性；检查人员看得更细，"
        "查出的比预测多并不奇怪。各点按互不影响计算，同一条街一起好或一起坏时，正常范围会更宽。"
    )
    if check.unknown:
        st.caption(f"另有 {check.unknown} 个已查点位没有预测，不在对照之内。")
    _parts(check)
    _bins(check)


def _parts(check: MockCheck) -> None:
    if check.parts.empty:
        return
    rows = check.parts
    within = (rows["told_low"] <= rows["score"]) & (rows["score"] <= rows["told_high"])
    shown = pd.DataFrame(
        {
            "评分板块": rows["part"],
            "满分": rows["points"],
            "预测得分": [
                f"{row.told:.1f}（{row.told_low:.1f}–{row.told_high:.1f}）" for row in rows.itertuples()
            ],
            "实得": rows["score"],
            "在预测范围之内": within.map({True: "是", False: "否"}),
        }
    )
    config = {name: st.column_config.NumberColumn(format="%.1f") for name in ("满分", "实得")}
    table(shown, "各板块预测与实得", "mock_part_check", config=config)


def _band(told: dict[str, Any], name: str) -> str:
    low, high = number(told[f"{name}_low"], 1), number(told[f"{name}_high"], 1)
    return f"{number(told[name], 1)}（5–95%：{low}–{high}）"


def _verdict_sentence(check: MockCheck) -> str:
    told = check.told
    counts = (
        f"{check.points} 个点，预测 {told['finds']:.1f} 个有问题"
        f"（5–95%：{told['finds_low']:.0f}–{told['finds_high']:.0f} 个），实查 {check.faulty} 个"
    )
    if check.verdict == "few":
        return f"{counts}；不足 {threshold('min_forecast_points'):g} 个点，不判断预测准不准。"
    if check.verdict == "honest":
        return f"{counts}；偏差小的，这么多点看不出来（p = {check.p_value:.2f}）。"
    more = "多" if check.verdict == "optimistic" else "少"
    chance = "不到 0.1%" if check.p_value < 0.001 else f"约 {check.p_value:.1%}"
    return f"{counts}，比预测{more}；如果预测准确，偏到这个程度的可能性{chance}。"


def _score_sentence(check: MockCheck) -> str:
    told = check.told
    if not told["full"]:
        return "这些点位都不计分，没有得分可以对照。"
    below, above = check.score < told["score_low"], check.score > told["score_high"]
    where = "低于预测范围" if below else "高于预测范围" if above else "在预测范围之内"
    return (
        f"同样这些点预测得 {_band(told, 'score')}分（满分 {number(told['full'])}），"
        f"实得 {number(check.score, 1)} 分，**{where}**。"
    )


def _bins(check: MockCheck) -> None:
    shown = pd.DataFrame(
        {
            "预测可能性（平均）": [f"{value:.1%}" for value in check.bins["predicted"]],
            "点位": check.bins["trials"],
            "有问题": check.bins["hits"],
            "实查比例": [
                TOO_FEW if row.is_too_few else f"{row.observed:.1%}（{row.lower:.0%}–{row.upper:.0%}）"
                for row in check.bins.itertuples()
            ],
        }
    )
    left, right = st.columns(2)
    with left:
        if check.bins["is_too_few"].all():
            st.info(f"样本太少：没有一组达到 {threshold('min_checked'):g} 个点，不画图。")
        else:
            calibration_chart(
                check.bins[~check.bins["is_too_few"]], "mock_reliability", "预测与实查",
                told="预测", came="实查", fault="有问题", unit="点",
            )  # fmt: skip
    with right:
        table(shown, "预测与实查", "mock_bins")
        st.caption(_brier_sentence(check))


def _brier_sentence(check: MockCheck) -> str:
    if math.isnan(check.brier_base):
        alike = "都有问题" if check.faulty else "都没有问题"
        return f"已查点位{alike}，布里尔分数没有可比的对照。"
    better = "比每点都报平均比例更准" if check.brier < check.brier_base else "不比每点都报平均比例更准"
    base = f"每点都报平均比例为 {check.brier_base:.3f}"
    return f"布里尔分数 {check.brier:.3f}（越小越好），{base}：{better}。"


def show_share(share: FaultyShare | None) -> None:
    """The share of faulty points in the county, where a draw allows to say it."""
    st.markdown("##### 推算全县")
    if share is None:
        st.info("没有已查的抽中点：申报点是挑出来的，不能代表全县。抽签并检查抽中点后，这里推算全县。")
        return
    if math.isnan(share.share):
        least = threshold("min_checked")
        st.info(f"样本太少：已查的抽中点只有 {share.drawn} 个，不足 {least:g} 个，不推算全县。")
        return
    if share.is_census:
        st.markdown(
            f"方案所含各类候选点位全部看过，有问题的占 **{share.share:.1%}**。"
            "这不是抽样推算，没有抽样误差，所以不给区间。"
        )
    else:
        st.markdown(
            f"方案所含各类候选点位中，有问题的约占 **{share.share:.1%}**"
            f"（95% 区间 {share.lower:.1%}–{share.upper:.1%}）；已查点位中直接数是 {share.plain:.1%}。"
        )
    st.caption(_share_basis(share))


def _share_basis(share: FaultyShare) -> str:
    """What the share rests on, and what has to be so for it to be right."""
    counted = f"{share.drawn} 个抽中点、{share.declared} 个申报点"
    said = (
        f"已查 {counted}，备用点不计。"
        if share.is_census
        else f"已查 {counted}：抽中点按被抽中的机会加权，申报点只代表申报点，备用点不计。"
    )
    if share.unseen:
        said += (
            f"还有 {share.unseen} 个点未报或无法检查，由来历（申报或抽中）和类型相同的已查点代表："
            "它们与已查的差不多，推算才不偏。"
        )
    if share.left_out:
        names = "、".join(f"{plain(name)}（{ROLES[role]}）" for role, name in share.left_out)
        said += f"没有计入：{names}，一个也没有看到，无从推算。"
    return said


def show_agreement(found: SelfAgreement) -> None:
    """How often units and inspections agree on the same point."""
    days, least = threshold("self_check_days"), threshold("min_checked")
    st.markdown("##### 自查—暗访一致率")
    if found.pairs.empty:
        st.info(
            f"还没有同一点位先自查、{days:g} 天内又经模拟评估的：用同一个方案各生成一次“自查”和"
            "“模拟评估”，都填报后这里会比较。"
        )
        return
    total = found.total.iloc[0]
    st.markdown(
        f"自查后 {days:g} 天内又经模拟评估的 {total['pairs']} 个点，两次结论相同 "
        f"**{total['agreed']}** 个："
        f"{_share(total, 'agreed')}。自查报“没有问题”的 {total['self_clean']} 个点中，"
        f"模拟评估发现问题 **{total['missed']}** 个：{_share(total, 'missed')}。"
    )
    units = pd.DataFrame(
        {
            "牵头单位": found.units["lead_unit"].replace("", "（没有牵头单位）"),
            "点位": found.units["pairs"],
            "结论相同": found.units["agreed"],
            "一致率": [_share(row, "agreed") for row in found.units.to_dict("records")],
            "自查无问题": found.units["self_clean"],
            "其中被查出": found.units["missed"],
            "被查出的比例": [_share(row, "missed") for row in found.units.to_dict("records")],
        }
    )
    table(units, "自查—暗访一致率", "self_units")
    st.caption(f"少于 {least:g} 个点的写“样本太少”，不给比例。括号内为 95% 区间。")
    with st.expander("逐点对照"):
        rows = found.pairs
        shown = pd.DataFrame(
            {
                "点位": [site_name(point) for point in rows.to_dict("records")],
                "牵头单位": rows["lead_unit"],
                "自查日期": rows["self_on"].dt.strftime("%Y-%m-%d"),
                "自查": rows["is_self_faulty"].map({True: "有问题", False: "没有问题"}),
                "评估日期": rows["checked_on"].dt.strftime("%Y-%m-%d"),
                "评估": rows["is_faulty"].map({True: "有问题", False: "没有问题"}),
                "评估名称": rows["title"],
            }
        )
        table(shown, "自查与评估逐点对照", "self_pairs")


def _share(row: Any, name: str) -> str:
    share = row[f"{name}_share"]
    if math.isnan(share):
        return TOO_FEW
    return f"{percent(share)}（{row[f'{name}_lower']:.0%}–{row[f'{name}_upper']:.0%}）"
