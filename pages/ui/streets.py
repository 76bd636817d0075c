"""Coverage of streets in words and colours: what the colourings of the map are and say.

app.py imports it by way of map_data: nothing here may import a map, whose component must be registered
after the server has begun.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from data.filters import Filters
from data.views.coverage import coverage_and_cleanliness, street_coverage, uncovered_route
from pages.ui.read import read
from pages.ui.text import GRADE_NAMES, number

GREY, PALE = "#aeb4bf", "#d9dde3"
# Five steps from bad to good, red to blue: readable for the colour-blind and on a light ground.
FIVE = ("#a50026", "#e34a33", "#fdae61", "#74add1", "#2c5fa8")
OWED = ("#fecc5c", "#fd8d3c", "#f03b20", "#bd0026", "#67001f")
ORDER = ("#440154", "#3b528b", "#21918c", "#5ec962", "#d9b400")  # viridis: first to last
SHARE_NAMES = ("不到 20%", "20%–40%", "40%–60%", "60%–80%", "80% 及以上")
SINCE_NAMES = ("最近两天", "2–3 天前", "4–7 天前", "8–14 天前", "15 天及以上")
GRADE_LABELS = {grade: f"{grade} {name}".strip() for grade, name in GRADE_NAMES.items()}
GRADE_COLOURS = {"A": "#08519c", "B": "#3182bd", "C": "#9ecae1", "D": "#e6a23c", "": GREY}
CLEAN_NAMES = {
    "clean": "扫得净",
    "quality": "扫了仍脏（质量问题）",
    "lucky": "没扫够但净（侥幸）",
    "neglected": "没扫够又脏（失管）",
    "unknown": "不详：没有作业数据，或没有人去看过",
}
CLEAN_COLOURS = {
    "clean": "#2c7fb8",
    "quality": "#fdae61",
    "lucky": "#9e9ac8",
    "neglected": "#a50026",
    "unknown": GREY,
}
STATE_NAMES = {"unknown": "时段内没有保洁数据", "no_standard": "所选标准对该等级道路没有规定"}
Row = dict[str, Any]


@dataclass(frozen=True)
class Colouring:
    """One way to colour the streets: names of the switch and the map, colours and their meaning."""

    name: str
    title: str
    colours: dict[str, str]
    names: dict[str, str]

    @property
    def legend(self) -> list[tuple[str, str]]:
        """Colours with their meaning."""
        return [(self.colours[key], name) for key, name in self.names.items()]


COLOURINGS = {
    "hours": Colouring(
        "保洁时长",
        "每天保洁小时数占标准的比例",
        {**dict(zip("01234", FIVE, strict=True)), "unknown": GREY, "no_standard": PALE},
        {**dict(zip("01234", SHARE_NAMES, strict=True)), **STATE_NAMES},
    ),
    "owed": Colouring(
        "欠账",
        "覆盖欠账（公里·小时）",
        {
            "none": FIVE[4],
            **dict(zip("01234", OWED, strict=True)),
            "unknown": GREY,
            "no_standard": PALE,
        },
        {"none": "不欠", **STATE_NAMES},
    ),
    "grade": Colouring("证据等级", "多数天的最好证据", GRADE_COLOURS, GRADE_LABELS),
    "since": Colouring(
        "上次清扫",
        "上次清扫到时段末的天数",
        {**dict(zip("01234", FIVE[::-1], strict=True)), "never": "#4a1486", "unknown": GREY},
        {
            **dict(zip("01234", SINCE_NAMES, strict=True)),
            "never": "有数据以来没有清扫过",
            "unknown": "没有作业数据，不知道扫没扫",
        },
    ),
    "clean": Colouring("扫没扫 × 净不净", "清扫与洁净", CLEAN_COLOURS, CLEAN_NAMES),
    "route": Colouring(
        "走访顺序",
        "走访先后",
        dict(zip("01234", ORDER, strict=True)),
        dict(zip("01234", ("最先走", "其次", "居中", "靠后", "最后走"), strict=True)),
    ),
}


def owed_legend(edges: tuple[float, ...]) -> list[tuple[str, str]]:
    """The legend of the owed hours, whose bands are those of the data."""
    colouring = COLOURINGS["owed"]
    bounds = [0.0, *edges]
    bands = [
        (OWED[n], f"{low:g} – {bounds[n + 1]:g}" if n + 1 < len(bounds) else f"≥ {low:g}")
        for n, low in enumerate(bounds)
    ]
    return [colouring.legend[0], *bands, *colouring.legend[1:]]


def street_values(
    colouring: str, build_id: str, filters: Filters, option: str
) -> dict[str, tuple[str, str]]:
    """Piece of street -> key of the colour and tooltip, as the map fetches them.

    option  the edition of the standard; of the colouring `route` the edition, a space and the lack
    """
    if colouring == "clean":
        rows = read(coverage_and_cleanliness, build_id, filters, option)
    elif colouring == "route":
        edition, _, lack = option.rpartition(" ")
        rows = read(uncovered_route, build_id, filters, edition, lack)
    else:
        rows = read(street_coverage, build_id, filters, option).frame
    compose = COMPOSED[colouring]
    return {row["segment_id"]: compose(row) for row in rows.to_dict("records")}


def _hours(row: Row) -> tuple[str, str]:
    if row["state"] != "shown":
        return row["state"], STATE_NAMES[row["state"]]
    return str(row["share_band"]), hours_sentence(row)


def _owed(row: Row) -> tuple[str, str]:
    if row["state"] != "shown":
        return row["state"], STATE_NAMES[row["state"]]
    key = str(row["owed_band"]) if row["owed_band"] >= 0 else "none"
    return key, f"欠 {number(row['hours_owed'], 1)} 公里·小时；{hours_sentence(row)}"


def _grade(row: Row) -> tuple[str, str]:
    days = "，".join(
        f"{grade} {number(row[f'{grade.lower()}_days'])} 天"
        for grade in "ABCD"
        if row[f"{grade.lower()}_days"]
    )
    return row["grade"], GRADE_LABELS[row["grade"]] + (f"（{days}）" if days else "")


def _since(row: Row) -> tuple[str, str]:
    return _since_key(row), since_sentence(row)


def _since_key(row: Row) -> str:
    if row["since_band"] >= 0:
        return str(row["since_band"])
    return "never" if row["seen_days"] else "unknown"


def _clean(row: Row) -> tuple[str, str]:
    if row["state"] == "unknown":
        return "unknown", CLEAN_NAMES["unknown"]
    days = f"{number(row['numerator'])} ÷ {number(row['denominator'])} 天已清扫"
    return row["state"], f"{CLEAN_NAMES[row['state']]}：{days}，问题 {number(row['reported'])} 件"


def _route(row: Row) -> tuple[str, str]:
    at = f"第 {row['stop']} 段，走到 {number(row['from_m'])} 米处"
    return str(row["order_band"]), f"{at}；{hours_sentence(row)}"


COMPOSED: dict[str, Callable[[Row], tuple[str, str]]] = {
    "hours": _hours,
    "owed": _owed,
    "grade": _grade,
    "since": _since,
    "clean": _clean,
    "route": _route,
}


def hours_sentence(row: Row) -> str:
    """Hours a day against the standard, with the days known."""
    if row["state"] != "shown":
        return STATE_NAMES[row["state"]]
    return (
        f"每天 {number(row['hours_a_day'], 1)} 小时，标准 {row['standard_hours']:g} 小时"
        f"（{row['coverage_share']:.0%}，{number(row['known_days'])} 天可知）"
    )


def since_sentence(row: Row) -> str:
    """When a street was last swept, or why nobody knows."""
    if _since_key(row) == "unknown":
        return "没有作业数据，不知道扫没扫"
    if pd.isna(row["last_swept"]):
        return "有数据以来没有清扫过"
    return f"{row['last_swept']:%Y-%m-%d} 清扫（{number(row['days_since'])} 天前）"
