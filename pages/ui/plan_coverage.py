"""What the declared points of a plan cover: quotas by type, points by grid."""

from __future__ import annotations

import streamlit as st

from data.views.overview import Build
from data.views.plan_review import Review
from pages.ui.maps import Scene, draw_map
from pages.ui.plan_map import grids_by_points, plan_point
from pages.ui.plan_words import grid_table, quota_table
from pages.ui.records import POINTS_SHOWN
from pages.ui.sites import site_name
from pages.ui.tables import table

COUNTS = {"0": "#f1c0b3", "1": "#d1e5f0", "2": "#92c5de", "3": "#2166ac"}


def show_coverage(build: Build, found: Review) -> None:
    """By type and by grid, with the map of the grids."""
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**各类型**")
        table(quota_table(found), "各类型配额与申报点", "plan_types", height=250)
        st.markdown("**各网格**（没有申报点的在前）")
        table(grid_table(found), "各网格申报点", "plan_grids", height=180)
    with right:
        names = {"0": "没有", "1": "1 个", "2": "2 个", "3": "3 个及以上"}
        grids = grids_by_points(found.by_grid)
        points = [plan_point(row, "point", site_name(row)) for row in found.points.to_dict("records")][
            :POINTS_SHOWN
        ]
        legend = [(COUNTS[code], name) for code, name in names.items()]
        scene = Scene("各网格的申报点", COUNTS | {"point": "#111827"}, legend, grids, points=points)
        draw_map("plan_coverage_map", build, scene, height=480)
