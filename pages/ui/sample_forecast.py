"""The rehearsal of a plan as pages ask for it, cached by all that it rests on, and its words."""

from __future__ import annotations

from typing import Any

import pandas as pd

from data.engine import Engine
from data.plan import PlanSettings
from data.views.overview import Build
from data.views.rehearsal import PlanRehearsal, rehearse_plan
from pages.ui.read import read
from pages.ui.sampling import scoring
from pages.ui.sites import candidates

ROW = ["part", "site_type", "item", "points", "cap", "is_verified"]
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


def rehearsal(
    build: Build,
    settings: PlanSettings,
    declared: tuple[str, ...],
    repaired: tuple[str, ...] = (),
    *,
    risk_times: float = 1,
) -> PlanRehearsal:
    """`rehearse_plan` with the standard as it counts in the county.

    declared  site keys; repaired: place keys
    Raises DataError as `scoring` does.
    """
    deductions, part_points = scoring(build, settings)
    return read(
        _rehearse,
        build.build_id,
        build,
        tuple(deductions[ROW].itertuples(index=False, name=None)),
        tuple(part_points.items()),
        settings,
        declared,
        repaired,
        risk_times,
    )


def _rehearse(
    _: Engine,
    build: Build,
    deductions: tuple[Any, ...],
    part_points: tuple[tuple[str, float], ...],
    settings: PlanSettings,
    declared: tuple[str, ...],
    repaired: tuple[str, ...],
    risk_times: float,
) -> PlanRehearsal:
    rows = pd.DataFrame(list(deductions), columns=ROW).astype({"points": float, "cap": float})
    return rehearse_plan(
        candidates(build), rows, dict(part_points), settings, declared, repaired, risk_times
    )


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


def score_digits(found: PlanRehearsal) -> int:
    """Digits that show what a repair does: more where hardly any point is lost."""
    return 1 if found.full - found.score >= 1 else 3
