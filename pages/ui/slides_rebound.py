"""The slide 反弹 of the wall: what came back after it was closed, and whether inspections last."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from data.filters import Filters
from data.views.overview import Build, grid_density
from data.views.rebound import rebound_by, slackening
from data.views.wall import rebound_bands
from pages.ui.read import read
from pages.ui.slides import (
    ROWS,
    Number,
    Row,
    Slide,
    banded_picture,
    places_of,
    points_moved,
    repeats,
    share_band,
    tone_of,
    unit_of,
    what_of,
)
from pages.ui.text import number


def rebound_slides(build: Build, filters: Filters) -> list[Slide] | str:
    """反弹: what came back after it was closed, and whether inspections last."""
    county = read(rebound_by, build.build_id, filters, "county")
    if county.empty or not county["is_shown_30"].iloc[0]:
        return "时段内整改完成、又观察满 30 日的问题太少（样本太少），不给出反弹率。"
    now = county.iloc[0]
    before = read(rebound_by, build.build_id, filters.previous, "county")
    reaches_back = filters.previous.since >= build.first_date and len(before)
    earlier = before["rebound_30"].iloc[0] if reaches_back else math.nan
    banded = read(rebound_bands, build.build_id, filters)
    shown = banded.frame[banded.frame["rank"] > 0]
    places = places_of(build)
    numbers = [
        Number(
            "30日反弹率",
            number(100 * now["rebound_30"], 1),
            "%",
            points_moved(now["rebound_30"], earlier) or "数据不够长，不能比较",
            tone_of(now["rebound_30"], earlier, "low"),
        ),
        Number(
            "反弹率的 95% 区间",
            *_limits(now["lower_30"], now["upper_30"]),
            "" if math.isnan(earlier) else f"上一时段 {100 * earlier:.1f}%",
        ),
        Number(
            "30日内反弹", number(now["rebounds"]), "处", f"整改 {number(now['closed'])} 处（已并重复）"
        ),
        repeats(build, filters),
    ]
    every = read(grid_density, build.build_id, filters).frame["grid_id"]
    few = len(every) - len(shown)
    fill = {row.key: str(row.band) if row.rank else "unknown" for row in banded.frame.itertuples()}
    return [
        Slide(
            code="rebound",
            title="反弹",
            what=what_of(filters),
            people=[],
            numbers=numbers,
            picture=banded_picture(
                dict.fromkeys(every, "unknown") | fill, banded.edges, "%", "样本太少"
            ),
            rows_title="30日反弹率最高的网格" + (f"（{few} 个样本太少，不排名）" if few else ""),
            rows=[
                Row(
                    row["name"],
                    f"{row['rebound_30']:.0%}",
                    [_rebound_note(row)],
                    places[row["key"]],
                )
                for row in shown.head(ROWS).to_dict("records")
            ],
            sentence=_inspection_sentence(build, filters),
        )
    ]


def _limits(lower: float, upper: float) -> tuple[str, str]:
    """The 95 % band as value and unit of a Number; a share of 0 or 1 has none."""
    return ("—", "") if math.isnan(lower) else (f"{100 * lower:.1f}–{100 * upper:.1f}", "%")


def _rebound_note(row: Mapping[Any, Any]) -> str:
    rank = _between(row["best_rank"], row["worst_rank"])
    return f"{unit_of(row['lead_unit'])}　{share_band(row)}　名次 {rank}"


def _between(best: int, worst: int) -> str:
    return f"{best}" if best == worst else f"{best}–{worst}"


def _inspection_sentence(build: Build, filters: Filters) -> str:
    found = read(slackening, build.build_id, filters)
    effect = found.effect
    if effect is None:
        return "数据中没有检查轮次，不能判断检查过后是否松劲。"
    low, high = effect.rise_band
    if math.isnan(effect.rise) or math.isnan(low) or math.isnan(high):
        return "检查轮次太少，不能判断检查过后是否松劲。"
    said = f"检查后第一周每公里新增是检查期间的 {effect.rise:.2f} 倍（95% 区间 {low:.2f}–{high:.2f}）："
    verdict = "检查一过就回升" if low > 1 else "检查过后没有回升" if high < 1 else "看不出回升"
    alone = "" if effect.has_uninspected else "（全部网格都查过，没有对照）"
    return f"{said}{verdict}{alone}。"
