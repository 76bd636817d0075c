"""The rehearsal of a plan in words: what to know of it, the chance to pass, digits of scores."""

from __future__ import annotations

from data.standards import threshold
from data.views.mock_check import FoundTimes
from data.views.rehearsal import PlanRehearsal
from pages.ui.text import plain

SURE = 0.999  # beyond it a chance is only said to be beyond
NOTES = {
    "no_candidates": "{subject}：要抽 {number} 个点，候选点位里一个也没有。",
    "few_candidates": "{subject}：候选点位不够，少抽 {number} 个。",
    "few_declared": "{subject}：还差 {number} 个申报点没选，先按随机抽取计算。",
    "no_rows": "{subject}：抽 {number} 个点，扣分细则里没有它的任何一行，检查不扣分。",
    "no_part_points": "{subject}：有 {number} 行扣分，但这一版标准没有给出该板块的满分，没有计入。",
    "unrecorded_rows": "扣分细则有 {number} 行的问题本县从来没有记录过，按不会发生计算。",
    "unverified_rows": "用到的扣分细则有 {number} 行是默认值，没有核对过原文。",
    "unknown_risk": "{subject}：{number} 个点的风险不明，按同类平均计算。",
    "unseen": "每轮抽到的点平均有 {number} 个很久没有人看过：没有记录不等于干净，按同类平均起算。",
    "unknown_declared": "方案的申报点有 {number} 个不在当前数据的候选点位里。",
    "unknown_repaired": "勾选的地点有 {number} 处不在当前数据的候选点位里。",
}


def notes_text(found: PlanRehearsal) -> list[str]:
    """What a reader must know, one sentence each."""
    return [NOTES[note.code].format(subject=note.subject, number=note.number) for note in found.notes]


def chance_text(passes: float, rounds: float) -> str:
    """How likely it is to pass; no number of rounds makes it certain, so never 0 or 100 %."""
    share = passes / rounds
    if share > SURE:
        return f"{SURE:.1%} 以上"
    return f"不到 {1 - SURE:.1%}" if share < 1 - SURE else f"{share:.1%}"


def band_text(found: PlanRehearsal) -> str:
    """The 95 % interval of the chance to pass; near 0 and 1 it is one-sided."""
    if found.pass_share > SURE:
        return f"不低于 {found.pass_lower:.2%}"
    if found.pass_share < 1 - SURE:
        return f"不高于 {found.pass_upper:.2%}"
    return f"{found.pass_lower:.1%} – {found.pass_upper:.1%}"


def levels_text(found: PlanRehearsal) -> str:
    """What an error of all risks together does, in Markdown."""
    low, _, high = found.levels.itertuples()
    swing = threshold("risk_swing")
    at_low, at_high = (chance_text(one.passes, found.rounds) for one in (low, high))
    return (
        f"若各点风险整体比估计**低 {swing:.0%}**，通过概率为 **{at_low}**（预计 {low.score:.1f} 分）；"
        f"**高 {swing:.0%}**，为 **{at_high}**（{high.score:.1f} 分）。"
        "风险估计的误差远大于模拟的误差，请把这两头一起看。"
    )


def score_digits(found: PlanRehearsal) -> int:
    """Digits that show what a repair does: more where hardly any point is lost."""
    return 1 if found.full - found.score >= 1 else 3


def times_text(last: FoundTimes | None) -> str:
    """What the last mock inspection says of the risks."""
    if last is None:
        return (
            "风险取自日常记录，检查人员看得更细，实际会更多。做过模拟评估（看过至少"
            f" {threshold('min_forecast_points'):g} 个点）后，这里会给出实际是预测的几倍。"
        )
    if last.declared == last.points:
        doubt = "只看了申报点，它们是挑风险低的：倍数用于其他点会偏大。"
    elif last.declared:
        doubt = f"其中 {last.declared} 个是申报点，它们是挑风险低的：倍数用于其他点会偏大。"
    elif last.lower <= 1 <= last.upper:
        doubt = "区间里有 1 倍：还看不出风险估低还是估高，按这个倍数算只作参考；看过的点越多越可靠。"
    else:
        doubt = "检查比日常记录看得细，得分宜按这个倍数重算；看过的点越多，倍数越可靠。"
    return (
        f"最近一次模拟评估“{plain(last.title)}”（{last.held_on:%Y-%m-%d}）看过的 {last.points} 个"
        f"{'' if last.declared else '抽中'}点，预测 {last.told:.1f} 个有问题，实际 {last.faulty} 个："
        f"是预测的 {last.times:.1f} 倍（95% 区间 {last.lower:.1f}–{last.upper:.1f} 倍）。{doubt}"
    )
