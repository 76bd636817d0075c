"""The slide 总览 of the wall: what came in, what is left, and the worst grids."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from data.entries import meetings, targets
from data.filters import Filters
from data.metrics import metrics
from data.views.headline import headline, last_bulletin, period_before, with_targets
from data.views.overview import Build, grid_density, stock_and_flow, worst_grids
from pages.ui.read import read
from pages.ui.slides import (
    ROWS,
    Number,
    Row,
    Slide,
    banded_picture,
    places_of,
    tone_of,
    unit_of,
    what_of,
)
from pages.ui.text import class_name, number


def overview_slides(build: Build, filters: Filters) -> list[Slide] | str:
    """总览: what came in and what is left, the worst grids, who answers for them and why."""
    bulletin = last_bulletin(meetings(build.source), filters)
    before, than = period_before(filters, bulletin), "上次通报" if bulletin else "上一时段"
    rows = read(stock_and_flow, build.build_id, filters, before).set_index("metric")
    density = read(grid_density, build.build_id, filters)
    worst = read(worst_grids, build.build_id, filters).head(ROWS)
    if not (rows.loc["reported", "value"] or rows.loc["open_at_end", "value"]):
        return "时段内没有这类问题的记录，也没有未整改的问题。"
    then = read(grid_density, build.build_id, before).frame.set_index("grid_id")["issues_per_km"]
    reaches_back = before.since >= build.first_date
    places = places_of(build)
    listed = []
    for row in worst.itertuples():
        notes = [unit_of(row.lead_unit), f"{class_name(row.main_class)}占 {row.main_share:.0%}"]
        earlier = then.get(row.grid_id, math.nan) if reaches_back else math.nan
        if not math.isnan(earlier):
            notes.append(f"{than} {number(earlier, 1)}")
        value = number(row.issues_per_km, 1)
        listed.append(Row(row.grid_name, value, ["　".join(notes)], places[row.grid_id]))
    per_km = rows.loc["issues_per_km"]
    return [
        Slide(
            code="overview",
            title="总览",
            what=what_of(filters),
            people=[],
            numbers=_headline_cards(build, filters, before, than),
            picture=banded_picture(
                {
                    row.grid_id: str(row.band) if row.state == "shown" else "unknown"
                    for row in density.frame.itertuples()
                },
                density.edges,
                "件/公里",
                "没有记录或道路太短",
            ),
            rows_title=f"每公里问题最多的网格（件/公里，全县 {number(per_km['value'], 1)}）",
            rows=listed,
            sentence=_overview_sentence(rows, than),
        )
    ]


def _headline_cards(build: Build, filters: Filters, before: Filters, than: str) -> list[Number]:
    """The four numbers of the page 总览, with its targets and its comparison."""
    found = read(headline, build.build_id, filters, before)
    rows = with_targets(found.frame, targets(build.source), filters)
    return [_headline_card(row, than) for row in rows.itertuples()]


def _headline_card(row: Any, than: str) -> Number:
    metric = metrics()[row.metric]
    is_share = metric.unit == "%"
    scale, digits = (100, 1) if is_share else (1, 0 if metric.unit == "件" else 1)
    label = metric.title
    if row.metric == "coverage_share" and row.evidence_share == 0:
        label += "（仅排班）"
    if row.is_judged and not math.isnan(row.target):
        label += f" 目标{'≤' if metric.better == 'low' else '≥'}{row.target * scale:g}"
        label += "" if pd.isna(row.is_met) else "✓" if row.is_met else "✗"
    change = (row.value - row.before) * scale
    if math.isnan(change):
        note = f"{than}数据不足"
    elif not round(change, digits):
        note = f"与{than}持平"
    else:
        unit = " 个百分点" if is_share else ""
        note = f"比{than}{'高' if change > 0 else '低'} {number(abs(change), digits)}{unit}"
    if row.metric == "coverage_share" and row.evidence_share > 0:
        note += f"　{row.evidence_share:.0%} 有作业证据"
    value = "样本太少" if row.is_too_few else number(row.value * scale, digits)
    unit = "" if row.is_too_few else metric.unit
    return Number(label, value, unit, note, tone_of(row.value, row.before, metric.better))


def _overview_sentence(rows: pd.DataFrame, than: str) -> str:
    parts = [
        _compared(metrics()[key].title, rows.loc[key, "value"], rows.loc[key, "before"])
        for key in ("reported", "overdue_open", "open_at_end")
    ]
    known = [part for part in parts if part][:2]
    if not known:
        return f"数据不够长，不能与{than}比较。"
    per_km = rows.loc["issues_per_km"]
    if not math.isnan(per_km["value"] - per_km["before"]):
        known.append(f"每公里 {number(per_km['before'], 1)}→{number(per_km['value'], 1)} 件")
    return f"比{than}：{'，'.join(known)}。"


def _compared(title: str, now: float, before: float) -> str:
    """`新增问题多 12 件（+3%）`; "" where one of the two is not known."""
    if math.isnan(now - before):
        return ""
    if now == before:
        return f"{title}持平"
    percent = f"（{(now - before) / before:+.0%}）" if before else ""
    return f"{title}{'多' if now > before else '少'} {number(abs(now - before))} 件{percent}"
