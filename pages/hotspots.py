"""问题热点: issues per km of street by grid and class, and the records behind each."""

from __future__ import annotations

import streamlit as st

from data.filters import Filters
from data.views.overview import Build, grid_class_density, grid_density, issues_by_category
from pages.ui.cards import definitions, footer
from pages.ui.charts import category_chart, grid_class_chart
from pages.ui.filters import choose_filters
from pages.ui.grid import choose_grid, grid_streets, grid_summary, records
from pages.ui.maps import grid_map
from pages.ui.read import current_build, read
from pages.ui.text import class_name, period

GRIDS_SHOWN, CLASSES_SHOWN = 15, 10


@st.fragment
def map_and_details(build: Build, filters: Filters) -> None:
    """The map beside what is known of the chosen grid, the records below."""
    left, right = st.columns([1.6, 1], gap="medium")
    with right:
        grid_id = choose_grid("hotspots_map", build)
        chosen = Filters(filters.since, filters.until, filters.category_class, grid_id)
        if grid_id:
            grid_summary(build, chosen)
            grid_streets(build, chosen)
        else:
            st.subheader("全县问题小类")
            counts = read(issues_by_category, build.build_id, chosen)
            if counts.empty:
                st.info("时段内没有这类问题的记录。请换一个时段或问题大类。")
            else:
                category_chart(counts, "county_categories", height=400)
    with left:
        density = read(grid_density, build.build_id, filters)
        grid_map("hotspots_map", build, density, grid_id, height=640)
    records(build, chosen)


build = current_build()
filters = choose_filters(build)
what = class_name(filters.category_class) if filters.category_class else "全部问题"
title, note = st.columns([5, 1], vertical_alignment="bottom")
title.title(f"问题热点　{what}　{period(filters.since, filters.until)}")
with note:
    definitions(["issues_per_km"])
map_and_details(build, filters)
matrix = read(grid_class_density, build.build_id, filters)
if len(matrix):
    st.subheader(f"网格 × 大类：每公里问题数（最重的 {min(GRIDS_SHOWN, len(matrix))} 个网格）")
    grid_class_chart(matrix.iloc[:GRIDS_SHOWN, :CLASSES_SHOWN], "grid_class")
footer(build)
