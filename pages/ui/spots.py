"""Hot spots in words and colours: classes for the map, trends as a word that says what to do."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd

from data.views.hotspots import TrendClasses
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
    "few_weeks": "数据不足十周，未检验",
}
UNIT_NAMES = {"km": ("公里", 2, "件/公里"), "visits": ("次巡查", 0, "件/百次巡查")}
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


def trend_sentence(trends: TrendClasses, grid_id: str) -> str:
    """The trend of a grid, or why there is none."""
    rows = trends.frame[trends.frame["grid_id"] == grid_id]
    if rows.empty:
        return "时段结束前该网格未启用"
    row = rows.iloc[0]
    if row["state"] != "tested":
        return UNTESTED_NAMES[row["state"]]
    return (
        f"{TREND_WORDS[row['trend_class']]}（近 {trends.weeks} 周中 {row['hot_weeks']} 周为热点，"
        f"{row['cold_weeks']} 周为冷点）"
    )
