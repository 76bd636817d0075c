"""我的网格: what must my grid do today — overdue, open, came back; and where it stands."""

from __future__ import annotations

import streamlit as st

from data.views.todo import standings
from pages.ui.cards import definitions, footer
from pages.ui.filters import choose_filters
from pages.ui.grid_choice import (
    choose_my_grid,
    choose_unit,
    grid_buttons,
    unit_lists,
    unit_numbers,
)
from pages.ui.grid_today import (
    PAGE_STYLE,
    against_county,
    my_borders,
    my_streets,
    number_line,
    number_records,
    take_away,
    today_lists,
    today_map,
)
from pages.ui.my_grid import grid_day, numbers, who
from pages.ui.read import current_build, read
from pages.ui.text import CLEANING_OF_ALL, period, plain, what

METRICS = [
    "overdue_open",
    "on_time_share",
    "issues_per_km",
    "rebound_30",
    "hours_owed",
    "trend_class",
    "border_issues",
]

st.html(PAGE_STYLE)
build = current_build()
filters = choose_filters(build)
title, note = st.columns([5, 1], vertical_alignment="bottom")
with note:
    definitions(METRICS)
frame = read(standings, build.build_id, filters)
unit, grid_id = choose_my_grid(frame)
today = f"今天：{build.data_until:%Y-%m-%d}（数据截至日的次日）"
numbers_of = f"按期结案率、每公里、反弹率、欠账：{period(filters.since, filters.until)}"
if filters.is_narrowed:
    numbers_of += f"　只看：{plain(what(filters))}；{CLEANING_OF_ALL}"
if grid_id:
    day = grid_day(build, filters.in_grid(grid_id))
    title.title(f"我的网格　{plain(day.people['grid_name'])}")
    if people := who(day.people):
        st.markdown(plain(people))
    st.caption(f"{today}　{numbers_of}")
    number_line(numbers(day.standing))
    take_away(day)
    number_records(day)
    left, right = st.columns([1.5, 1], gap="medium")
    with left:
        today_lists(day)
    with right:
        today_map(day)
        my_streets(day)
        my_borders(day)
    against_county(day)
    siblings = frame[(frame["lead_unit"] == day.people["lead_unit"]) & (frame["grid_id"] != grid_id)]
    if len(siblings):
        st.subheader("本单位的其他网格")
        grid_buttons(siblings, unit)
elif unit:
    title.title(f"我的网格　{plain(unit)}")
    st.caption(f"{today}　{numbers_of}")
    number_line(unit_numbers(frame, unit))
    grid_buttons(frame[frame["lead_unit"] == unit], unit)
    unit_lists(build, filters, unit)
else:
    title.title("我的网格")
    choose_unit(frame)
footer(build)
