"""Where the points of a rehearsal are lost: by part, deduction, type of site, grid."""

from __future__ import annotations

from typing import Any

import streamlit as st

from data.views.rehearsal import PlanRehearsal
from pages.ui.filters import url_switch
from pages.ui.sites import OUTSIDE
from pages.ui.tables import table

PARTS = {
    "part": "评分板块",
    "points": "满分",
    "score": "预计得分",
    "score_low": "5% 的轮次低于",
    "score_high": "5% 的轮次高于",
    "points_lost": "预计失分",
    "lost_share": "占全部失分（%）",
}
ROWS = {
    "part": "评分板块",
    "site_type": "点位类型",
    "item": "扣分项",
    "points": "每点扣分",
    "cap": "最多扣",
    "finds": "平均几个点有",
    "points_lost": "预计失分",
    "is_verified": "已核对原文",
}
TYPES = {
    "site_type": "点位类型",
    "candidates": "候选点位",
    "drawn": "抽查几个",
    "declared": "其中申报点",
    "risk": "平均风险（%）",
    "points_lost": "预计失分",
    "lost_share": "占全部失分（%）",
}
GRIDS = {
    "grid_name": "网格",
    "lead_unit": "牵头单位",
    "candidates": "可能被抽的点位",
    "points_lost": "预计失分",
    "lost_share": "占全部失分（%）",
}
LOSSES = {
    "": ("按板块", PARTS),
    "rows": ("按扣分项", ROWS),
    "types": ("按点位类型", TYPES),
    "grids": ("按网格和牵头单位", GRIDS),
}
TWO_DIGITS = st.column_config.NumberColumn(format="%.2f")
ONE_DIGIT = st.column_config.NumberColumn(format="%.1f")


def show_losses(found: PlanRehearsal) -> None:
    """Mean points lost, split in one of four ways, most first."""
    by = url_switch("按什么看", {code: name for code, (name, _) in LOSSES.items()}, "lost")
    name, columns = LOSSES[by]
    rows = getattr(found, by or "parts")
    rows = rows.sort_values("points_lost", ascending=False)[list(columns)]
    percents = [column for column in ("lost_share", "risk") if column in columns]
    rows[percents] *= 100
    if by == "grids":
        rows = rows.fillna({"grid_name": "", "lead_unit": ""}).replace({"grid_name": {"": OUTSIDE}})
    if by == "rows":
        rows["is_verified"] = rows["is_verified"].map({True: "是", False: "默认值"})
    config: dict[str, Any] = {
        columns[column]: TWO_DIGITS for column in ("score", "points_lost", "finds") if column in columns
    } | {columns[column]: ONE_DIGIT for column in percents}
    shown = rows.rename(columns=columns)
    table(shown, f"预计失分（{name}）", "rehearse_losses", config=config)
    if by == "rows":
        st.caption("同一行的扣分有上限，一个板块最多扣完该板块的分：板块扣满时，失分按比例摊到各行。")
