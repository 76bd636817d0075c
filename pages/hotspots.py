"""问题热点: issues per km of street by grid and class, and the records behind each."""

from __future__ import annotations

import streamlit as st

from data.filters import Filters
from data.views.hotspots import grid_hot_spots, trend_classes
from data.views.overview import Build, grid_class_density, grid_density, issues_by_category
from pages.ui.cards import definitions, footer
from pages.ui.charts import category_chart, grid_class_chart
from pages.ui.filters import choose_filters, url_switch
from pages.ui.grid import choose_grid, grid_streets, grid_summary, records
from pages.ui.maps import grid_map, hot_spot_map
from pages.ui.read import current_build, read
from pages.ui.spots import spot_sentence, trend_sentence
from pages.ui.text import class_name, period

COLOURS = {"": "每公里问题数", "gi": "热点 Gi*（连同相邻网格，排除偶然）"}
GRIDS_SHOWN, CLASSES_SHOWN = 15, 10


@st.fragment
def map_and_details(build: Build, filters: Filters) -> None:
    """The map beside what is known of the chosen grid, the records below."""
    left, right = st.columns([1.6, 1], gap="medium")
    with right:
        grid_id = choose_grid("hotspots_map", build)
        chosen = filters.in_grid(grid_id)
        if grid_id:
            grid_summary(build, chosen)
            spots = read(grid_hot_spots, build.build_id, filters)
            trends = read(trend_classes, build.build_id, filters)
            st.markdown(f"**热点**：{spot_sentence(spots, grid_id)}")
            st.markdown(f"**趋势**：{trend_sentence(trends, grid_id)}")
            grid_streets(build, chosen)
        else:
            st.subheader("全县问题小类")
            counts = read(issues_by_category, build.build_id, chosen)
            if counts.empty:
                st.info("时段内没有这类问题的记录。请换一个时段或问题大类。")
            else:
                category_chart(counts, "county_categories", height=400)
    with left:
        if url_switch("地图着色", COLOURS, "colour") == "gi":
            spots = read(grid_hot_spots, build.build_id, filters)
            hot_spot_map("hotspots_map", build, spots, grid_id, height=640)
        else:
            density = read(grid_density, build.build_id, filters)
            grid_map("hotspots_map", build, density, grid_id, height=640)
    records(build, chosen)


build = current_build()
filters = choose_filters(build)
what = class_name(filters.category_class) if filters.category_class else "全部问题"
title, note = st.columns([5, 1], vertical_alignment="bottom")
title.title(f"问题热点　{what}　{period(filters.since, filters.until)}")
with note:
    definitions(["issues_per_km", "hot_spot", "trend_class"])
map_and_details(build, filters)
matrix = read(grid_class_density, build.build_id, filters)
if len(matrix):
    st.subheader(f"网格 × 大类：每公里问题数（最重的 {min(GRIDS_SHOWN, len(matrix))} 个网格）")
    grid_class_chart(matrix.iloc[:GRIDS_SHOWN, :CLASSES_SHOWN], "grid_class")
footer(build)
