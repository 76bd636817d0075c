"""预计得分 of a plan for its files and its paper: what 抽查模拟 says under the plan's own rule."""

from __future__ import annotations

from dataclasses import replace

from data.messages import DataError
from data.sample_entries import seen_points
from data.standards import threshold
from data.views.mock_check import found_times
from data.views.overview import Build
from data.views.rehearsal import PlanRehearsal
from pages.ui.plan_words import pass_text
from pages.ui.rehearse_rule import plan_rule, rehearsal, times_asked
from pages.ui.rehearse_words import band_text, chance_text, levels_text, notes_text, times_text
from pages.ui.sampling import Plan
from pages.ui.text import last_day

NONE = "现在什么也预测不了"


def forecast_rows(build: Build, plan: Plan) -> list[tuple[str, str]]:
    """Score, chance to pass and all that a reader must know of them: heading and text.

    The rehearsal is that of the page until its rule is changed there, so both share one answer.
    """
    try:
        found = rehearsal(build, plan_rule(plan))
    except DataError as error:
        return [("预计得分", f"{NONE}：{error.zh}")]
    notes = [("注意", note) for note in notes_text(found)]
    if not found.is_forecast:
        return [("预计得分", f"{NONE}：按方案的配额抽到的点位，扣分细则里都扣不到分。"), *notes]
    return [*_score(build, plan, found), *_as_found(build, plan), *notes]


def _as_found(build: Build, plan: Plan) -> list[tuple[str, str]]:
    """What the last mock inspection makes of it: risks counted as many times as it found."""
    last = found_times(seen_points(build.source))
    if last is None:
        return []
    rule = replace(plan_rule(plan), times=times_asked(last))
    found = rehearsal(build, rule)
    score = (
        f"{found.score:.1f}（九成的轮次在 {found.score_low:g} – {found.score_high:g} 分），"
        f"通过概率 {chance_text(found.passes, found.rounds)}"
    )
    return [
        ("最近一次模拟评估", times_text(last)),
        (f"风险按 {rule.times:g} 倍算", f"预计得分 {score}"),
    ]


def _score(build: Build, plan: Plan, found: PlanRehearsal) -> list[tuple[str, str]]:
    low, high = f"{found.score_low:g}", f"{found.score_high:g}"
    unseen = next((note.number for note in found.notes if note.code == "unseen"), 0)
    how = (
        f"按方案的配额重新抽点，共 {found.rounds:,} 轮，每轮 {found.drawn} 个；"
        f"各点风险按 1 倍计算，即今后 {threshold('risk_days'):g} 天有问题被记录的可能，"
        "不等于检查组一定会扣分"
    )
    rows = [
        ("预计得分", f"{found.score:.1f}（满分 {found.full:g}；九成的轮次在 {low} – {high} 分）"),
        ("通过概率", f"{chance_text(found.passes, found.rounds)}（95% 区间 {band_text(found)}）"),
        ("通过线", f"{found.pass_score:g} 分，{pass_text(plan.settings.pass_share)}"),
        ("风险估计偏了会怎样", levels_text(found).replace("**", "")),
        ("很久没有人看过的点", f"每轮抽到的 {found.drawn} 个点里平均 {unseen} 个"),
        ("怎么算的", how),
        ("数据截至", f"{last_day(build.data_until)}（版本 {build.build_id}）"),
    ]
    if found.not_forecast:
        parts = "、".join(found.not_forecast)
        rows.append(("没有预测的板块", f"{parts}：扣不到分，得分和满分都不含它们"))
    return rows
