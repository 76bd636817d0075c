"""总览: the county in one screen — headline numbers, the map, the worst grids and why."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from data.filters import Filters
from data.views.overview import Build, grid_density, headline, issues_by_week, worst_grids
from pages.ui.cards import definitions, footer, headline_cards
from pages.ui.charts import weekly_chart
from pages.ui.filters import choose_filters
from pages.ui.grid import choose_grid, choose_records, grid_summary
from pages.ui.maps import grid_map
from pages.ui.read import current_build, read
from pages.ui.text import class_name, number, period, plain

METRICS = ["reported", "issues_per_km", "closed", "open_at_end", "overdue_open"]


def worst_list(worst: pd.DataFrame) -> None:
    """The five worst grids, each with its lead unit and the reason in one sentence."""
    st.subheader("每公里问题最多的网格")
    if worst.empty:
        st.info("时段内没有可比较的网格。请换一个时段或问题大类。")
    for row in worst.itertuples():
        unit = f"（{plain(row.lead_unit)}）" if isinstance(row.lead_unit, str) else ""
        st.markdown(
            f"**{row.rank}. {plain(row.grid_name)}**{unit}　"
            f"每公里 **{number(row.issues_per_km, 1)}** 件，是全县平均的 "
            f"{number(row.times_county, 1)} 倍；最多的是"
            f"“{plain(class_name(row.main_class))}”，{row.main_reported} 件，"
            f"占 {row.main_share:.0%}。"
        )


@st.fragment
def map_and_reasons(build: Build, filters: Filters) -> None:
    """The map beside the worst grids, or beside the grid that was chosen."""
    left, right = st.columns([1.35, 1], gap="medium")
    with right:
        grid_id = choose_grid("overview_map", build)
        chosen = filters.in_grid(grid_id)
        if grid_id:
            grid_summary(build, chosen)
        else:
            worst_list(read(worst_grids, build.build_id, filters))
        st.subheader("每周新增与整改")
        weekly_chart(read(issues_by_week, build.build_id, chosen), "overview_weeks", height=230)
    with left:
        density = read(grid_density, build.build_id, filters)
        grid_map("overview_map", build, density, grid_id, height=680)


build = current_build()
filters = choose_filters(build)
title, note = st.columns([5, 1], vertical_alignment="bottom")
title.title(f"总览　{period(filters.since, filters.until)}")
with note:
    definitions(METRICS)
headline_cards(read(headline, build.build_id, filters))
map_and_reasons(build, filters)
choose_records(build, filters, METRICS)
footer(build)
