"""问题热点: where problems gather, what changed, whose they are, and what lies between two grids."""

from __future__ import annotations

import streamlit as st

from pages.ui.border_zone import border_zone_part
from pages.ui.cards import definitions, footer
from pages.ui.filters import choose_filters, url_switch
from pages.ui.matrix import matrix_part
from pages.ui.read import current_build
from pages.ui.spot_compare import spot_compare
from pages.ui.spot_map import spot_map
from pages.ui.text import period, plain, what

PARTS = {
    "map": ("地图", spot_map),
    "compare": ("两个时段对比", spot_compare),
    "matrix": ("条块矩阵", matrix_part),
    "border": ("交界地带", border_zone_part),
}
METRICS = {
    "map": ["issues_per_km", "hot_spot", "trend_class", "street_density", "street_hot_spot", "heat"],
    "compare": ["issues_per_km", "hot_spot"],
    "matrix": ["matrix_cell", "reported", "issues_per_km", "open_at_end", "on_time_share"],
    "border": ["border_issues"],
}

build = current_build()
filters = choose_filters(build)
title, note = st.columns([5, 1], vertical_alignment="bottom")
title.title(f"问题热点　{plain(what(filters))}　{period(filters.since, filters.until)}")
part = url_switch("看什么", {key: name for key, (name, _) in PARTS.items()}, "part", default="map")
with note:
    definitions(METRICS[part])
PARTS[part][1](build, filters)
footer(build)
