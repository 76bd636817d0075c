"""The walk over the declared points on A4: stops in walking order, metres between, a team per page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pandas as pd

from data.standards import threshold
from data.views.inspection_route import InspectionRoute
from data.views.overview import Build, build_info
from data.views.plan_review import route_of
from pages.ui.map_data import MOST_TEAMS
from pages.ui.paper import paper, paper_table
from pages.ui.read import read
from pages.ui.sampling import Plan, kept_plan, places_of
from pages.ui.sites import OUTSIDE, place, site_name

STOPS = {
    "站": 5, "从上一站步行": 11, "点位": 30, "类型": 11, "网格、牵头单位": 22,
    "纬度，经度": 14, "到过": 7,
}  # fmt: skip
USUAL_TEAMS = 3
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
    points = None if plan is None else declared_points(plan)
    if plan is None or points is None:
        return None
    if not (teams.isdecimal() and 1 <= int(teams) <= MOST_TEAMS):
        return None
    return _page(build, plan, read(route_of, build_id, places_of(points), int(teams)), points)


def declared_points(plan: Plan) -> pd.DataFrame | None:
    """The points that a walk goes over; None where they are none, or too many for one."""
    is_walkable = 0 < len(plan.declared) <= int(threshold("route_streets"))
    return plan.declared if is_walkable else None


def on_foot_text() -> str:
    """What the hours of a walk rest on."""
    return (
        f"步行每小时 {threshold('inspection_kmh'):g} 公里，"
        f"每点停留 {threshold('stop_minutes'):g} 分钟，均为默认值；不计从驻地到第一个点的路程"
    )


def _page(build: Build, plan: Plan, route: InspectionRoute, points: pd.DataFrame) -> bytes:
    stops = route.stops.merge(points.drop(columns=["lon", "lat"]), on="site_key")
    by_team = dict(list(stops.groupby("team")))
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
