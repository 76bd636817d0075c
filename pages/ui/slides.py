"""What a slide of the wall holds, and what the scenes share; each scene is a file slides_*.py.

One slide holds one map, at most four numbers, at most five rows and one sentence.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from data.filters import Filters
from data.standards import threshold
from data.views.overview import Build, grids
from data.views.rebound import repeat_places
from pages.ui.read import read
from pages.ui.rebounds import band
from pages.ui.text import number, period, what

ROWS = 5
# Inferno, five classes: readable for the colour-blind; on a dark wall bright means much. Grey: unknown.
BANDS = ("#4b1069", "#9b2964", "#e05536", "#fbab18", "#fcffa4")
UNKNOWN = "#6b7688"
NO_UNIT = "牵头单位未登记"


@dataclass(frozen=True)
class Number:
    """A headline number; tone: worse, better or "" (colour beside the words, never instead)."""

    label: str
    value: str
    unit: str
    note: str
    tone: str = ""


@dataclass(frozen=True)
class Row:
    """One line of the list, with its notes below and its place (lat, lon) on the map.

    photos  (caption, address) of pictures beside it.
    """

    name: str
    value: str
    notes: list[str]
    place: list[float] | None
    photos: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True)
class Picture:
    """What the map shows: grid id -> key of the colours, and the legend.

    focus  the grid that fills the map, or "" for the county.
    """

    fill: dict[str, str]
    colours: dict[str, str]
    legend: list[list[str]]
    focus: str = ""


@dataclass(frozen=True)
class Slide:
    """What the stage shows at a time.

    what    period and kind of problem that the numbers are of.
    people  (label, name) of those who answer for it.
    """

    code: str
    title: str
    what: str
    people: list[list[str]]
    numbers: list[Number]
    picture: Picture
    rows_title: str
    rows: list[Row]
    sentence: str


def banded_picture(fill: dict[str, str], edges: tuple[float, ...], unit: str, unknown: str) -> Picture:
    """A map of bands with its legend; the unit stands at the last band."""
    colours = {str(n): colour for n, colour in enumerate(BANDS)} | {"unknown": UNKNOWN}
    limits = [0.0, *edges]
    legend = [
        [colour, f"{low:g}–{limits[n + 1]:g}" if n + 1 < len(limits) else f"≥{low:g} {unit}"]
        for n, (colour, low) in enumerate(zip(BANDS, limits, strict=False))
        if set(fill.values()) != {"unknown"}
    ]
    if "unknown" in fill.values():
        legend.append([UNKNOWN, unknown])
    return Picture(fill, colours, legend)


def places_of(build: Build) -> dict[str, list[float]]:
    """Grid id -> a point inside it (lat, lon)."""
    rows = read(grids, build.build_id)
    return dict(zip(rows["grid_id"], rows[["lat", "lon"]].to_numpy().tolist(), strict=True))


def unit_of(lead_unit: object) -> str:
    """The lead unit of a grid, or that none is registered."""
    return lead_unit if isinstance(lead_unit, str) else NO_UNIT


def what_of(filters: Filters) -> str:
    """The period and the kind of problem that numbers are of."""
    return f"{period(filters.since, filters.until)}　{what(filters)}"


def points_moved(now: float, before: float) -> str:
    """The change of a share in points; "" where it is not known."""
    change = 100 * (now - before)
    if math.isnan(change):
        return ""
    if not round(change, 1):
        return "与上一时段持平"
    return f"比上一时段{'高' if change > 0 else '低'} {abs(change):.1f} 个百分点"


def tone_of(now: float, before: float, better: str) -> str:
    """The tone of a Number that moved; better: high, low or none, as the metric has it."""
    if better == "none" or math.isnan(now - before) or now == before:
        return ""
    return "better" if (now < before) == (better == "low") else "worse"


def repeats(build: Build, filters: Filters) -> Number:
    """How many places had the same problem again and again."""
    places = read(repeat_places, build.build_id, filters)
    days, times = threshold("repeat_days"), threshold("repeat_episodes")
    return Number("反复点位", number(len(places)), "处", f"{days:g}日内 {times:g} 次以上")


def share_band(row: Mapping[Any, Any]) -> str:
    """The 95 % band of the share of one row that came back within 30 days, in whole percent."""
    return band(row["lower_30"], row["upper_30"], 0)
