"""The order in which teams walk to the points of an inspection, how far it is and how long it takes."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from data.engine import Engine
from data.standards import threshold
from geo.crs import LONLAT, transform_xy
from geo.network import build_network
from geo.route import equal_runs, point_order
from geo.walk import PointNetwork, points_apart, points_on_network, ways_on_foot

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class InspectionRoute:
    """Who goes where after what.

    stops  one row a point in the order of the walk, team after team: the columns given, and team and
           stop (1 first), way_m (on foot from the point before, 0 for a team's first), line (list of
           [lon, lat] of the way, empty for a team's first), is_straight (only the straight line: the
           streets do not lead there, or it is nearer across).
    teams  team, stops, km, hours (walking at inspection_kmh and stop_minutes at each point); one row a
           team that has a point
    """

    stops: pd.DataFrame
    teams: pd.DataFrame


def inspection_route(engine: Engine, points: pd.DataFrame, teams: int = 1) -> InspectionRoute:
    """A short way over all points, cut into consecutive runs of nearly equal time, one a team.

    points  columns lon and lat (WGS84) and any others; at most `route_streets` rows.
    Raises ValueError for more points, points without coordinates, or less than one team.
    """
    most = int(threshold("route_streets"))
    if len(points) > most or points[["lon", "lat"]].isna().to_numpy().any():
        msg = f"a route takes at most {most} points, each with coordinates; there are {len(points)}."
        raise ValueError(msg)
    crs = engine.select("build").iloc[0]["compute_crs"]
    on = _on_streets(engine, points, crs)
    order, way_m = point_order(points_apart(on))
    lines, is_straight = ways_on_foot(on, order, way_m)
    metres_an_hour = 1000 * threshold("inspection_kmh")
    stop_hours = threshold("stop_minutes") / 60
    team = equal_runs(way_m, stop_hours * metres_an_hour, teams)
    is_first = np.diff(team, prepend=-1) != 0
    stops = points.iloc[order].reset_index(drop=True)
    stops = stops.assign(
        team=team + 1,
        stop=stops.groupby(team).cumcount() + 1,
        way_m=np.where(is_first, 0.0, way_m),
        is_straight=is_straight & ~is_first,
        line=pd.Series(_lonlat(lines, is_first, crs), dtype=object),
    )
    by_team = stops.groupby("team")["way_m"].agg(["size", "sum"])
    km = by_team["sum"] / 1000
    hours = 1000 * km / metres_an_hour + stop_hours * by_team["size"]
    summary = pd.DataFrame({"stops": by_team["size"], "km": km, "hours": hours})
    return InspectionRoute(stops, summary.rename_axis("team").reset_index())


def route_of(engine: Engine, places: str, teams: int) -> InspectionRoute:
    """`inspection_route` over points written as a JSON list of [site_key, lon, lat]."""
    points = pd.DataFrame(json.loads(places), columns=["site_key", "lon", "lat"])
    return inspection_route(engine, points, teams)


def metres_on_foot(engine: Engine, points: pd.DataFrame) -> Floats:
    """Metres from the point before, in the order given; 0 for the first of each team.

    points  columns team, lon, lat.
    """
    apart = points_apart(_on_streets(engine, points, engine.select("build").iloc[0]["compute_crs"]))
    is_first = np.diff(points["team"].to_numpy(), prepend=-1) != 0
    every = np.arange(len(points))
    return np.where(is_first, 0.0, apart[every, np.maximum(every - 1, 0)])


def _on_streets(engine: Engine, points: pd.DataFrame, crs: str) -> PointNetwork:
    x, y = transform_xy(points["lon"].to_numpy(float), points["lat"].to_numpy(float), LONLAT, crs)
    streets = shapely.from_wkb([bytes(wkb) for wkb in engine.select("segment_lines")["geom"]])
    return points_on_network(np.column_stack([x, y]), build_network(streets))


def _lonlat(lines: list[Floats], is_first: npt.NDArray[np.bool_], crs: str) -> list[list[list[float]]]:
    """The lines in degrees, a tenth of a metre exact; empty for the first points of teams."""
    shown: list[list[list[float]]] = []
    for line, is_empty in zip(lines, is_first, strict=True):
        lon, lat = transform_xy(line[:, 0], line[:, 1], crs, LONLAT)
        shown.append([] if is_empty else np.column_stack([lon, lat]).round(6).tolist())
    return shown
