"""Hot spots in words and colours: classes for the map, trends as a word that says what to do."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd

from data.views.hotspots import LEAST_WEEKS, TrendClasses
from pages.ui.text import number

# ColorBrewer RdBu, seven classes: readable for the colour-blind; white is "not significant", grey not
# tested.
CLASS_COLOURS = {
    "3": "#b2182b",
    "2": "#ef8a62",
    "1": "#fddbc7",
    "0": "#ffffff",
    "-1": "#d1e5f0",
    "-2": "#67a9cf",
    "-3": "#2166ac",
    "untested": "#aeb4bf",
}
CLASS_NAMES = {
    "3": "热点（很确定）",
    "2": "热点（确定）",
    "1": "热点（较确定）",
    "0": "不显著",
    "-1": "冷点（较确定）",
    "-2": "冷点（确定）",
    "-3": "冷点（很确定）",
    "untested": "未检验",
}
UNTESTED_NAMES = {
    "unseen": "时段内没有任何记录，未检验",
    "no_street": "没有道路数据，未检验",
    "short_street": "道路太短，未检验",
    "few_visits": "巡查次数太少，未检验",
    "no_neighbours": "没有可比的相邻网格，未检验",
    "few_weeks": f"数据不足 {LEAST_WEEKS} 周，未检验",
}
UNIT_NAMES = {"km": ("公里", 2, "件/公里"), "visits": ("次巡查", 0, "件/百次巡查")}
STREET_UNTESTED_NAMES = {
    "unseen": "所在网格时段内没有任何记录，未检验",
    "short_segment": "路段太短，未检验",
    "no_neighbours": "没有可比的相接路段，未检验",
}
TREND_WORDS = {
    "intensifying_hot": "持续加重：立即整治",
    "persistent_hot": "老顽疾：专项治理",
    "diminishing_hot": "正在好转：巩固现有做法",
    "oscillating_hot": "时好时坏：建立长效管理",
    "new_hot": "新冒头：马上查原因",
    "consecutive_hot": "连续出现：尽快处置",
    "sporadic_hot": "断续出现：不定期复查",
    "historical_hot": "已消退：防反弹",
    "intensifying_cold": "问题一直少，越来越少：可推广",
    "persistent_cold": "问题一直少：保持",
    "diminishing_cold": "问题一直少，近来增多：留意",
    "oscillating_cold": "时好时坏，眼下较好：保持",
    "new_cold": "刚转好：保持",
    "consecutive_cold": "连续较好：保持",
    "sporadic_cold": "断续较好：保持",
    "historical_cold": "原先问题少，现已不突出：留意",
    "no_pattern": "没有明显变化",
}
# What asks for action first. Warm and violet: hot, or was; blue: cold; light: nothing to do.
TREND_COLOURS = {
    "new_hot": "#7b3294",
    "intensifying_hot": "#67000d",
    "persistent_hot": "#cb181d",
    "consecutive_hot": "#ef6548",
    "oscillating_hot": "#fc8d59",
    "sporadic_hot": "#fdbb84",
    "diminishing_hot": "#fee391",
    "historical_hot": "#f7f7d4",
    "diminishing_cold": "#4292c6",
    "historical_cold": "#6baed6",
    "oscillating_cold": "#9ecae1",
    "new_cold": "#b5d4e9",
    "sporadic_cold": "#c6dbef",
    "consecutive_cold": "#d3e4f3",
    "persistent_cold": "#deebf7",
    "intensifying_cold": "#e9f3fb",
    "no_pattern": "#ffffff",
    "untested": "#aeb4bf",
}


def map_values(frame: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Grid id -> class and tooltip, from the frame of `grid_hot_spots`."""
    return {str(row["grid_id"]): _value(row) for row in frame.to_dict("records")}


def _value(row: dict[Hashable, Any]) -> tuple[str, str]:
    if row["state"] != "tested":
        return "untested", UNTESTED_NAMES[row["state"]]
    what, digits, unit = UNIT_NAMES[row["unit"]]
    spot_class = str(row["spot_class"])
    parts = f"{row['numerator']} 件 ÷ {number(row['denominator'], digits)} {what}"
    rate = f"{number(row['rate'], 1)} {unit}（{parts}）"
    return spot_class, f"{CLASS_NAMES[spot_class]}，{rate}，z {row['z']:+.1f}"


def spot_sentence(frame: pd.DataFrame, grid_id: str) -> str:
    """Class, rate and both parts of a grid, or why it was not tested."""
    return map_values(frame[frame["grid_id"] == grid_id]).get(grid_id, ("", "时段内该网格未启用"))[1]


def segment_values(frame: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Segment id -> class and tooltip, from the frame of `segment_hot_spots`.

    Streets that are neither hot nor cold and had no issue are left out.
    """
    told = frame[(frame["numerator"] > 0) | frame["spot_class"].fillna(0).ne(0)]
    return {str(row["segment_id"]): _segment_value(row) for row in told.to_dict("records")}


def _segment_value(row: dict[Hashable, Any]) -> tuple[str, str]:
    parts = f"{row['numerator']} 件 ÷ {number(row['denominator'])} 米"
    if row["state"] != "tested":
        return "untested", f"{STREET_UNTESTED_NAMES[row['state']]}（{parts}）"
    spot_class = str(row["spot_class"])
    return (
        spot_class,
        f"{CLASS_NAMES[spot_class]}，{number(row['rate'], 1)} 件/百米（{parts}），z {row['z']:+.1f}",
    )


def trend_values(trends: TrendClasses) -> dict[str, tuple[str, str]]:
    """Grid id -> trend class and tooltip."""
    return {
        str(row["grid_id"]): _trend_value(row, trends.weeks) for row in trends.frame.to_dict("records")
    }


def _trend_value(row: dict[Hashable, Any], weeks: int) -> tuple[str, str]:
    if row["state"] != "tested":
        return "untested", UNTESTED_NAMES[row["state"]]
    return row["trend_class"], (
        f"{TREND_WORDS[row['trend_class']]}（近 {weeks} 周中 {row['hot_weeks']} 周为热点，"
        f"{row['cold_weeks']} 周为冷点）"
    )


def trend_sentence(trends: TrendClasses, grid_id: str) -> str:
    """The trend of a grid, or why there is none."""
    rows = trends.frame[trends.frame["grid_id"] == grid_id]
    if rows.empty:
        return "时段结束前该网格未启用"
    return trend_values(trends)[grid_id][1]
