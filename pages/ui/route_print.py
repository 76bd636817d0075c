"""The walk over the declared points on A4: stops in walking order, metres between, a team per page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pandas as pd

from data.views.inspection_route import InspectionRoute
from data.views.overview import Build, build_info
from pages.ui.paper import paper, paper_table
from pages.ui.plan_walk import MOST_TEAMS, on_foot_text, walk
from pages.ui.read import read
from pages.ui.sampling import Plan, kept_plan
from pages.ui.sites import OUTSIDE, place, site_name

STOPS = {
    "站": 5, "从上一站步行": 11, "点位": 30, "类型": 11, "网格、牵头单位": 22,
    "纬度，经度": 14, "到过": 7,
}  # fmt: skip
TEAM_A_PAGE = "section + section {break-before: page}"


def route_url(build: Build, plan: Plan, teams: int) -> str:
    """The address of the walk of a plan, cut for so many teams."""
    return f"/print/{build.build_id}/route.html?{urlencode({'plan': plan.plan_id, 'teams': teams})}"


def route_page(build_id: str, query: Mapping[str, str]) -> bytes | None:
    """The pages at a `route_url`; None where the address says nothing that exists.

    Raises NoBuildError.
    """
    build = read(build_info, build_id)
    plan, teams = kept_plan(build.source, query.get("plan", "")), query.get("teams", "")
    if plan is None or not (teams.isdecimal() and 1 <= int(teams) <= MOST_TEAMS):
        return None
    route = walk(build, plan.declared, int(teams))
    return None if route is None else _page(build, plan, route)


def _page(build: Build, plan: Plan, route: InspectionRoute) -> bytes:
    by_team = dict(list(route.stops.groupby("team")))
    body = "".join(
        f"<section>{_team(row, by_team[row['team']])}</section>"
        for row in route.teams.to_dict("records")
    )
    note = f"{build.title}　版本 {build.build_id}　{on_foot_text()}。{build.note}"
    return paper(f"{plan.name}　检查路线", body, note, TEAM_A_PAGE)


def _team(team: Mapping[Any, Any], stops: pd.DataFrame) -> str:
    rows = [
        (
            str(row["stop"]),
            _way(row),
            site_name(row) + (f"（{row['address']}）" if row["address"] else ""),
            row["site_type"],
            "　".join(text for text in (row["grid_name"] or OUTSIDE, row["lead_unit"]) if text),
            place(row),
            "☐",
        )
        for row in stops.to_dict("records")
    ]
    said = (
        f"第 {team['team']} 组路线：{team['stops']} 个点，步行 {team['km']:.1f} 公里，"
        f"约 {team['hours']:.1f} 小时"
    )
    return f"<h2>{said}</h2>{paper_table(pd.DataFrame(rows, columns=list(STOPS)), STOPS)}"


def _way(row: Mapping[Any, Any]) -> str:
    if row["stop"] == 1:
        return "起点"
    return f"{row['way_m']:.0f} 米" + ("（直线）" if row["is_straight"] else "")
