"""The walk over points of a plan: which points have one, the order of it, what its hours rest on."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd

from data.standards import threshold
from data.views.inspection_route import InspectionRoute, route_of
from data.views.overview import Build
from pages.ui.read import read

MOST_POINTS = int(threshold("route_streets"))
MOST_TEAMS = 20
USUAL_TEAMS = 3


def walk(build: Build, points: pd.DataFrame, teams: int) -> InspectionRoute | None:
    """The route of so many teams over points of a plan; None for no points, or more than MOST_POINTS.

    points   site_key (each once), lon, lat (WGS84) and any others
    returns  the others stand in its stops too
    """
    if not 0 < len(points) <= MOST_POINTS:
        return None
    route = read(route_of, build.build_id, places_of(points), teams)
    others = points.drop(columns=["lon", "lat"])
    return replace(route, stops=route.stops.merge(others, on="site_key"))


def places_of(points: pd.DataFrame) -> str:
    """Points of a plan as `data.views.inspection_route.route_of` takes them."""
    return json.dumps(points[["site_key", "lon", "lat"]].to_numpy().tolist(), ensure_ascii=False)


def on_foot_text() -> str:
    """What the hours of a walk rest on."""
    return (
        f"步行每小时 {threshold('inspection_kmh'):g} 公里，"
        f"每点停留 {threshold('stop_minutes'):g} 分钟，均为默认值；不计从驻地到第一个点的路程"
    )
