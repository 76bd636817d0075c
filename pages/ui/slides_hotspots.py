"""The slide 热点 of the wall: which areas are above chance, and where each is heading."""

from __future__ import annotations

from typing import Any

import pandas as pd

from data.filters import Filters
from data.views.hotspots import grid_hot_spots, trend_classes
from data.views.overview import Build
from pages.ui.read import read
from pages.ui.slides import ROWS, UNKNOWN, Number, Picture, Row, Slide, places_of, unit_of, what_of
from pages.ui.spots import CLASS_NAMES, TREND_WORDS, UNIT_NAMES
from pages.ui.text import number

# Hot is bright, cold is blue, ordinary sinks into the background.
SPOT_COLOURS = {
    "3": "#ffd9a0", "2": "#ff9d3c", "1": "#c7552b", "0": "#2e3d58",
    "-1": "#2f6fa8", "-2": "#4fa3e0", "-3": "#a8d8ff", "untested": UNKNOWN,
}  # fmt: skip
NOW_HOT = ("intensifying", "new", "persistent", "consecutive", "oscillating", "sporadic")


def hot_spot_slides(build: Build, filters: Filters) -> list[Slide] | str:
    """热点: which areas are above chance, and where each is heading."""
    spots = read(grid_hot_spots, build.build_id, filters)
    tested = spots[spots["state"] == "tested"]
    if tested.empty:
        return "没有一个网格可以检验：没有相邻网格、道路太短，或时段内没有任何记录。"
    trends = read(trend_classes, build.build_id, filters)
    trend = trends.frame.set_index("grid_id")
    hot = tested[tested["spot_class"] >= 1]
    is_hot_now = trend["trend_class"].isin([f"{kind}_hot" for kind in NOW_HOT])
    listed = pd.concat([hot, tested[tested["grid_id"].isin(trend.index[is_hot_now])]])
    listed = listed.drop_duplicates("grid_id").head(ROWS)
    unit = "件/公里" if spots["unit"].iloc[0] == "km" else "件/百次巡查"
    found = "worse" if len(hot) else ""
    numbers = [Number("热点网格", number(len(hot)), "个", f"检验了 {len(tested)} 个", found)]
    if trends.weeks:
        count = trend["trend_class"].value_counts()
        numbers += [
            Number(word, number(int(count.get(code, 0))), "个", what)
            for code in ("intensifying_hot", "new_hot", "diminishing_hot")
            for word, what in [TREND_WORDS[code].split("：")]
        ]
    fill = {
        row.grid_id: str(row.spot_class) if row.state == "tested" else "untested"
        for row in spots.itertuples()
    }
    legend = [[SPOT_COLOURS[key], CLASS_NAMES[key]] for key in SPOT_COLOURS if key in fill.values()]
    places = places_of(build)
    return [
        Slide(
            code="hotspots",
            title="热点",
            what=what_of(filters),
            people=[],
            numbers=numbers,
            picture=Picture(fill, SPOT_COLOURS, legend),
            rows_title=f"{'热点网格，最热在前' if len(hot) else '近来有热点苗头的网格'}（{unit}）",
            rows=[
                Row(
                    row.grid_name,
                    number(row.rate, 1),
                    _hot_notes(row, trend, trends.weeks)[: 2 if len(listed) <= ROWS // 2 else 1],
                    places[row.grid_id],
                )
                for row in listed.itertuples()
            ],
            sentence=_hot_sentence(hot, trend),
        )
    ]


def _hot_notes(row: Any, trend: pd.DataFrame, weeks: int) -> list[str]:
    """Who and what to do; then the parts of the rate and the weeks, where there is room."""
    what, digits, _ = UNIT_NAMES[row.unit]
    parts = f"{row.numerator} 件 ÷ {number(row.denominator, digits)} {what}"
    if weeks:
        parts += f"　近 {weeks} 周中 {trend.loc[row.grid_id, 'hot_weeks']} 周为热点"
    return [f"{unit_of(row.lead_unit)}　{_trend(trend, row.grid_id)}", parts]


def _hot_sentence(hot: pd.DataFrame, trend: pd.DataFrame) -> str:
    if hot.empty:
        return "没有哪一片（网格连同相邻网格）高于偶然：问题是散的，按网格逐个治理。"
    top = hot.iloc[0]
    return (
        f"{len(hot)} 个网格连同相邻网格高于偶然，应连片治理；"
        f"最热的是{top['grid_name']}（{_trend(trend, top['grid_id'])}）。"
    )


def _trend(trend: pd.DataFrame, grid_id: str) -> str:
    code = trend["trend_class"].get(grid_id, "")
    return TREND_WORDS.get(str(code), "数据不够看趋势")
