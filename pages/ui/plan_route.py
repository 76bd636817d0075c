"""The walk of each team over the declared points of a plan: its table, its map, its paper."""

from __future__ import annotations

from zlib import crc32

import pandas as pd
import streamlit as st

from data.views.overview import Build
from pages.ui.map_data import map_data_url
from pages.ui.maps import Scene, draw_map
from pages.ui.plan_map import TYPE_COLOURS, plan_point
from pages.ui.plan_walk import MOST_POINTS, MOST_TEAMS, USUAL_TEAMS, on_foot_text, places_of, walk
from pages.ui.route_print import route_url
from pages.ui.sampling import Plan
from pages.ui.sites import every_day, site_name
from pages.ui.tables import table


def show_route(build: Build, plan: Plan) -> None:
    """A short walk over the points, cut into runs of about the same time, one a team."""
    asked, said, paper = st.columns([1, 5, 1.2], vertical_alignment="bottom")
    teams = int(asked.number_input("分几个组", 1, MOST_TEAMS, USUAL_TEAMS, key="plan_teams"))
    route = walk(build, plan.declared, teams)
    if route is None:
        st.info(
            f"检查路线需要 1 至 {MOST_POINTS} 个申报点，这一版有 {len(plan.declared)} 个："
            "请在“设置与重选”里改。"
        )
        return
    said.markdown(
        f"共走 **{route.teams['km'].sum():.1f}** 公里；各组用时相加 "
        f"**{route.teams['hours'].sum():.1f}** 小时，最长的一组 "
        f"**{route.teams['hours'].max():.1f}** 小时，太长就加组（{on_foot_text()}）。"
    )
    paper.link_button(
        "打印路线（每组另起一页）", route_url(build, plan, teams), icon=":material/print:"
    )
    left, right = st.columns([1, 1.2], gap="medium")
    stops = route.stops
    with left:
        columns = {"team": "组", "stops": "点位（个）", "km": "路程（公里）", "hours": "用时（小时）"}
        shown = route.teams.rename(columns=columns).round(1)
        table(shown, "各组路线", "plan_route_teams")
        listed = pd.DataFrame(
            {
                "组": stops["team"],
                "第几站": stops["stop"],
                "点位": [site_name(row) for row in stops.to_dict("records")],
                "类型": stops["site_type"],
                "从上一站步行（米）": stops["way_m"].round(),
            }
        )
        if stops["is_straight"].any():
            listed["按直线"] = stops["is_straight"].map({True: "是", False: ""})
        table(listed, "检查路线", "plan_route", height=250)
    with right:
        # Browsers keep what they have of an address: it names the points too.
        option = f"{plan.plan_id} {teams} {crc32(places_of(plan.declared).encode())}"
        colours = {str(n + 1): TYPE_COLOURS[n % len(TYPE_COLOURS)] for n in range(teams)}
        named = [
            plan_point(
                row, str(row["team"]), f"第 {row['team']} 组第 {row['stop']} 站：{site_name(row)}"
            )
            for row in stops.to_dict("records")
        ]
        scene = Scene(
            "检查路线",
            colours,
            [(colours[str(team)], f"第 {team} 组") for team in route.teams["team"]],
            shapes=map_data_url("plan_route", build, every_day(build), option),
            points=named,
        )
        draw_map("plan_route_map", build, scene, height=470)
