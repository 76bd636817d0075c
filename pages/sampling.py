"""样本点: quotas of the standard, declared points, public draw, rehearsal, mock inspection."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from data.views.overview import Build
from pages.ui.cards import definitions, footer
from pages.ui.entry import show_fault
from pages.ui.filters import choose, url_switch
from pages.ui.read import current_build
from pages.ui.sample_choose import show_choose
from pages.ui.sample_draw import show_draw
from pages.ui.sample_frame import show_frame
from pages.ui.sample_mock import show_mock
from pages.ui.sample_rehearse import show_rehearse
from pages.ui.sample_standards import show_standards
from pages.ui.sampling import Plan, choose_plan

# The parts in the order in which a planner goes through them: title and what draws it.
PARTS: dict[str, tuple[str, Callable[[Build, Plan | None], None]]] = {
    "": ("标准与配额", show_standards),
    "frame": ("候选点位", show_frame),
    "choose": ("选申报点", show_choose),
    "draw": ("公开抽签", show_draw),
    "rehearse": ("抽查模拟", show_rehearse),
    "mock": ("模拟评估", show_mock),
}
ONLY_WITH_A_PLAN = ("draw", "rehearse")
METRICS = [
    "site_risk", "declared_risk", "route_hours", "inclusion_probability", "spatial_balance",
    "evenness_loss", "rehearsal_score", "rehearsal_pass", "repair_gain",
    "mock_score", "mock_calibration", "county_faulty_share", "found_times", "self_check_agreement",
]  # fmt: skip

build = current_build()
title, note = st.columns([5, 1], vertical_alignment="bottom")
title.title("样本点")
with note:
    definitions(METRICS)
show_fault()
left, middle, right = st.columns([1, 2, 0.6], vertical_alignment="bottom")
with left:
    plan = choose_plan(build)
with middle:
    part = url_switch("做什么", {code: name for code, (name, _) in PARTS.items()}, "part")
codes = list(PARTS)
is_lacking = plan is None and part in ONLY_WITH_A_PLAN
further = "choose" if is_lacking else next(iter(codes[codes.index(part) + 1 :]), "")
if further and (plan or further not in ONLY_WITH_A_PLAN):
    label = f"{'先去' if is_lacking else '下一步'}：{PARTS[further][0]}"
    right.button(label, on_click=choose, args=("part", further), icon=":material/arrow_forward:")
if is_lacking:
    st.info("没有打开方案：请先在“选申报点”里自动选点，或在左上方打开一个已有的方案。")
PARTS[part][1](build, plan)
footer(build)
