"""The wall (大屏): what its address asks for, and the answer that its stage draws.

Everything that the stage shows is composed here, in words and colours; the browser only lays out and
turns the slides (web/stage.js). Nothing is kept between two answers: docs/adr/0011-wall.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from data.filters import Filters
from data.views.overview import Build, category_classes, departments, grids
from pages.ui.filters import DAYS, rolling_period
from pages.ui.read import current_build, read
from pages.ui.slides import Slide
from pages.ui.slides_cards import card_slides
from pages.ui.slides_coverage import coverage_slides
from pages.ui.slides_hotspots import hot_spot_slides
from pages.ui.slides_overview import overview_slides
from pages.ui.slides_rebound import rebound_slides
from pages.ui.text import last_day

SCENES = {
    "overview": "总览",
    "hotspots": "热点",
    "rebound": "反弹",
    "coverage": "保洁",
    "cards": "点名卡",
}
COMPOSE: dict[str, Callable[[Build, Filters], list[Slide] | str]] = {
    "overview": overview_slides,
    "hotspots": hot_spot_slides,
    "rebound": rebound_slides,
    "coverage": coverage_slides,
}
DEFAULTS = {"dwell": 15.0, "screen": 86.0, "dist": 10.0}
LIMITS = {"dwell": (1, 3600), "screen": (20, 1000), "dist": (1, 100)}
MOST_GRIDS = 30

STAGE_PX = 1920  # width of the stage, whatever the screen
SMALLEST_ARC = math.radians(16 / 60)  # NUREG-0700: height of a character on a display for a group
HAN_HEIGHT = 0.9  # height of a Chinese character in its font size
SMALLEST_PX, LARGEST_PX = 44, 72  # between them the layout holds: below, five rows fit anyway


@dataclass(frozen=True)
class Choice:
    """What the address of a wall asks for: its scenes in order, seconds, type size, filters, grids."""

    scenes: tuple[str, ...]
    dwell: float
    type_px: int
    filters: Filters
    grid_ids: tuple[str, ...]


def chosen(query: Mapping[str, str], build: Build) -> Choice:
    """The choice in a query string. Unknown scenes and grids are left out; else the default stands in.

    scenes=overview,cards · dwell (seconds) · screen (diagonal, inches) · dist (metres) ·
    period, category, department, since, to as on the other pages · grids=G01,G07 (of the cards).
    """
    scenes = dict.fromkeys(code for code in query.get("scenes", "").split(",") if code in SCENES)
    size = {key: _limited(key, query.get(key, "")) for key in DEFAULTS}
    since, until = _period(query, build)
    classes = read(category_classes, build.build_id)
    category, department = query.get("category", ""), query.get("department", "")
    filters = Filters(
        since,
        until,
        category if category in classes else "",
        department=department if department in read(departments, build.build_id) else "",
    )
    known = set(read(grids, build.build_id)["grid_id"])
    grid_ids = dict.fromkeys(code for code in query.get("grids", "").split(",") if code in known)
    return Choice(
        scenes=tuple(scenes) or tuple(SCENES),
        dwell=size["dwell"],
        type_px=type_px(size["screen"], size["dist"]),
        filters=filters,
        grid_ids=tuple(grid_ids)[:MOST_GRIDS],
    )


def needed_px(screen: float, dist: float) -> float:
    """Font size in pixels of the stage of which a character is 16 arc-minutes high.

    screen  diagonal of a 16:9 screen in inches.   dist  farthest reader in metres.
    """
    mm_per_px = screen * 25.4 * 16 / math.hypot(16, 9) / STAGE_PX
    return dist * 1000 * math.tan(SMALLEST_ARC) / mm_per_px / HAN_HEIGHT


def type_px(screen: float, dist: float) -> int:
    """Font size of the main lines: what the distance asks for, as far as the layout holds."""
    return round(min(max(needed_px(screen, dist), SMALLEST_PX), LARGEST_PX))


def _limited(key: str, value: str) -> float:
    """A number of the address, or its default where it is none or out of range."""
    try:
        number = float(value)
    except ValueError:
        return DEFAULTS[key]
    low, high = LIMITS[key]
    return number if low <= number <= high else DEFAULTS[key]


def _period(query: Mapping[str, str], build: Build) -> tuple[date, date]:
    code = query.get("period", "90d")
    if code == "custom":
        try:
            first, last = (date.fromisoformat(query[key]) for key in ("since", "to"))
        except (KeyError, ValueError):
            code = "90d"
        else:
            until = min(last + timedelta(days=1), build.period_until)
            since = max(first, build.first_date)
            code = "90d" if since >= until else code
        if code == "custom":
            return since, until
    return rolling_period(code if code in (*DAYS, "all") else "90d", build)


def stage_answer(query: Mapping[str, str]) -> dict[str, Any]:
    """What the stage draws, for JSON. Raises NoBuildError where there is no data.

    `slides` in the order of the rotation; `left_out` the scenes that have nothing to show, with the
    reason; `type_px` and `dwell` (seconds); `bounds`, `layers` of the map; `as_of`, `data_until`.
    """
    build = current_build()
    choice = chosen(query, build)
    slides: list[Slide] = []
    left_out: list[dict[str, str]] = []
    for code in choice.scenes:
        if code == "cards":
            found = card_slides(build, choice.filters, choice.grid_ids)
        else:
            found = COMPOSE[code](build, choice.filters)
        if isinstance(found, str):
            left_out.append({"title": SCENES[code], "reason": found})
        else:
            slides += found
    return {
        "county": build.title,
        "as_of": f"数据截至 {last_day(build.data_until)}",
        "data_until": build.data_until.isoformat(),
        "dwell": choice.dwell,
        "type_px": choice.type_px,
        "layers": f"/layers/{build.build_id}",
        "bounds": [[build.south, build.west], [build.north, build.east]],
        "slides": [asdict(slide) | {"scene": SCENES[slide.code]} for slide in slides],
        "left_out": left_out,
    }
