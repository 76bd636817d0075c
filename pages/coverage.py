"""保洁覆盖: which streets were cleaned how long, how well that is known, and a walk along the rest."""

from __future__ import annotations

import streamlit as st

from data.views.coverage import Known, coverage_headline, coverage_known
from data.views.overview import Build
from pages.ui.cards import definitions, footer
from pages.ui.coverage_days import day_part, hour_part
from pages.ui.coverage_groups import group_part, machine_part, take_grid
from pages.ui.coverage_headline import choose_edition, headline, say_what_is_known, say_what_to_bring
from pages.ui.coverage_streets import street_part
from pages.ui.coverage_walk import route_part
from pages.ui.filters import choose_filters, url_switch
from pages.ui.grid import choose_grid
from pages.ui.read import current_build, read
from pages.ui.text import period

METRICS = [
    "coverage_share", "met_share", "hours_owed", "swept_share", "mechanised_share",
    "planned_machine_share", "hour_share",
]  # fmt: skip
PARTS = {
    "": "路段地图",
    "grids": "按网格、按等级",
    "route": "未覆盖路段（走访清单）",
    "hours": "分时段",
    "days": "逐日与标准版本",
    "machines": "机械化",
}


@st.fragment
def body(build: Build, known: Known) -> None:
    """Headline and the chosen part, of the chosen grid or the county."""
    top = st.container(key="screen_only_top")
    chosen = top.columns([1.3, 1, 2.6], vertical_alignment="bottom")
    with chosen[1]:
        edition = choose_edition(build)
    take_grid(build, known.filters, edition)
    with chosen[2]:
        part = url_switch("看什么", PARTS, "part")
    with chosen[0]:
        grid_id = choose_grid("coverage_map", build, has_map=part in ("", "route"))
    filters = known.filters.in_grid(grid_id)
    with top:
        headline(read(coverage_headline, build.build_id, filters, edition))
    if part == "grids":
        group_part(build, filters, edition)
    elif part == "route":
        route_part(build, filters, edition)
    elif part == "hours":
        hour_part(build, filters)
    elif part == "days":
        day_part(build, filters, edition)
    elif part == "machines":
        machine_part(build, filters, edition)
    else:
        street_part(build, filters, known, edition)


build = current_build()
asked = choose_filters(build)
known = read(coverage_known, build.build_id, asked)
shown = known.filters
title, note = st.columns([5, 1], vertical_alignment="bottom")
title.title(f"保洁覆盖　{period(shown.since, shown.until)}")
with note:
    definitions(METRICS)
if known.has_data:
    say_what_is_known(known, asked)
    if asked.is_narrowed:
        st.caption("保洁的数字不分问题大类和处置部门：左侧这两项只用于本页的问题记录和“净不净”。")
    body(build, known)
else:
    say_what_to_bring()
footer(build)
