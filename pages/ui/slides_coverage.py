"""The slide 保洁 of the wall: hours of cleaning against the standard, and on what evidence."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from data.filters import Filters
from data.settings import settings
from data.views.coverage import coverage_headline
from data.views.headline import evidence_shares
from data.views.overview import Build
from data.views.wall import owed_bands
from pages.ui.read import read
from pages.ui.slides import ROWS, Number, Row, Slide, banded_picture, places_of, points_moved, unit_of
from pages.ui.text import CLEANING_OF_ALL, GRADE_NAMES, number, period


def coverage_slides(build: Build, filters: Filters) -> list[Slide] | str:
    """保洁: hours of cleaning against the standard, what is owed, and on what evidence."""
    now = read(coverage_headline, build.build_id, filters)
    if now["state"] != "shown":
        return {
            "no_street": "没有道路数据。",
            "no_standard": "道路没有等级，标准没有规定保洁时长，不能算欠账。",
        }.get(str(now["state"]), "没有保洁排班、作业台账或车辆轨迹，保洁情况未知。")
    banded = read(owed_bands, build.build_id, filters)
    frame = banded.frame
    owed = frame[(frame["state"] == "shown") & (frame["owed_per_km"] > 0)]
    places = places_of(build)
    days = f"÷ {number(now['standard_km_days'])} 公里·天"
    is_swept_known = not math.isnan(now["swept_share"])
    numbers = [
        Number(
            f"保洁时长达标率（{settings().edition} 版）",
            number(100 * now["coverage_share"], 1),
            "%",
            f"{number(now['covered_km_days'])} {days}",
        ),
        Number(
            "每公里每天欠保洁",
            number(now["owed_per_km"], 1),
            "小时",
            f"共欠 {number(now['hours_owed'])} 公里·小时",
        ),
        Number(
            "全时达标里程",
            number(100 * now["met_share"], 1),
            "%",
            f"{number(now['met_km_days'])} {days}",
        ),
        Number(
            "清扫覆盖率",
            number(100 * now["swept_share"], 1) if is_swept_known else "未知",
            "%" if is_swept_known else "",
            f"{number(now['swept_km_days'])} ÷ {number(now['seen_km_days'])} 公里·天"
            if is_swept_known
            else "没有作业记录",
        ),
    ]
    fill = {
        row.grid_id: str(row.band) if row.state == "shown" else "unknown"
        for row in banded.frame.itertuples()
    }
    return [
        Slide(
            code="coverage",
            title="保洁",
            what=period(filters.since, filters.until)
            + (f"　{CLEANING_OF_ALL}" if filters.is_narrowed else ""),
            people=[],
            numbers=numbers,
            picture=banded_picture(fill, banded.edges, "小时", "未知"),
            rows_title="每公里每天欠保洁最多的网格（小时）",
            rows=[
                Row(
                    row.grid_name,
                    number(row.owed_per_km, 1),
                    [_coverage_note(row)],
                    places[row.grid_id],
                )
                for row in owed.head(ROWS).itertuples()
            ],
            sentence=_evidence_sentence(build, filters, now),
        )
    ]


def _coverage_note(row: Any) -> str:
    evidence = f"多数天{GRADE_NAMES[row.grade]}"  # the other days may well have a log
    return f"{unit_of(row.lead_unit)}　达标率 {row.coverage_share:.0%}　{evidence}"


def _evidence_sentence(build: Build, filters: Filters, now: pd.Series) -> str:
    shares = evidence_shares(now)
    said = [f"{share:.0%} {GRADE_NAMES[grade]}" for grade, share in shares.items() if share >= 0.005]
    warning = "" if any(shares[grade] for grade in "ABC") else "；排班是计划，不能证明有人来扫"
    before = read(coverage_headline, build.build_id, filters.previous)
    moved = points_moved(now["coverage_share"], before["coverage_share"])
    change = f"达标率{moved}。" if moved else ""
    return f"{change}证据（按公里·天）：{'，'.join(said)}{warning}。"
