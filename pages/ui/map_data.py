"""What a map fetches by URL, because it is too much for a message: values or shapes of one choice.

A choice never changes within a build, so browsers may keep the answer; the message holds only its URL.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

import numpy as np
import shapely

from data.filters import Filters
from data.views.border_zone import border_zone
from data.views.coverage import LACKS
from data.views.frame import sample_frame
from data.views.hotspots import heat_bands, segment_hot_spots, street_density_map
from data.views.overview import Build, build_info
from data.views.site_lists import street_risk
from pages.ui.plan_walk import MOST_TEAMS, walk
from pages.ui.read import read, read_shared
from pages.ui.sampling import kept_plan
from pages.ui.sites import risk_text
from pages.ui.spots import segment_values
from pages.ui.streets import COLOURINGS, street_values
from pages.ui.text import number


def _street_density(build_id: str, filters: Filters, _option: str) -> object:
    """Pieces of street with the band of their density."""
    density = read_shared(street_density_map, build_id, filters)
    return _features(density.lines, density.frame["band"].astype(str).tolist())


def _street_density_texts(build_id: str, filters: Filters, _option: str) -> object:
    """What a pointer reads of each street where it is densest; the pieces themselves are shapes."""
    streets = read_shared(street_density_map, build_id, filters).streets
    return {
        row.segment_id: ("hit", f"最密处 {number(row.per_100m, 1)} 件/百米；整段 {row.reported} 件")
        for row in streets.itertuples()
    }


def _street_spots(build_id: str, filters: Filters, _option: str) -> object:
    """Class and tooltip of the streets that are hot, cold or had an issue."""
    return segment_values(read(segment_hot_spots, build_id, filters))


def _heat(build_id: str, filters: Filters, _option: str) -> object:
    """One shape a band of the heat map."""
    shapes = read(heat_bands, build_id, filters).shapes
    return _features(shapes, [str(n) for n in range(len(shapes))])


def _border_zone(build_id: str, filters: Filters, _option: str) -> object:
    """Common borders of grids with the band of the issues along them."""
    zone = read(border_zone, build_id, filters)
    return _features(zone.lines, zone.pairs["band"].astype(str).tolist())


def _site_risk(build_id: str, _filters: Filters, _option: str) -> object:
    """Pieces of street with the band of their riskiest sample point."""
    return {
        row.segment_id: (row.band, _points_text(row))
        for row in street_risk(read_shared(sample_frame, build_id).frame).itertuples()
    }


def _points_text(row: Any) -> str:
    unseen = f"，其中 {row.unseen} 个很久无人看过" if row.unseen else ""
    if row.unseen == row.points:
        return f"候选点位 {row.points} 个，很久无人看过"
    return (
        f"最高风险 {risk_text(row.highest_risk)}，平均 {risk_text(row.mean_risk)}"
        f"（候选点位 {row.points} 个{unseen}）"
    )


def _plan_route(build_id: str, _filters: Filters, option: str) -> object:
    """The walk of each team over the declared points; option: plan, teams, what tells points apart."""
    plan_id, teams, *_ = [*option.split(), "", ""]
    build = read(build_info, build_id)
    plan = kept_plan(build.source, plan_id)
    if plan is None or teams not in map(str, range(1, MOST_TEAMS + 1)):
        return None
    route = walk(build, plan.declared, int(teams))
    if route is None:
        return None
    walked = route.stops[route.stops["line"].map(len) > 1]
    lines = [shapely.LineString(line) for line in walked["line"]]
    return _features(lines, walked["team"].astype(str).tolist())


def _features(shapes: Iterable[shapely.Geometry], keys: list[str]) -> dict[str, object]:
    """GeoJSON of lon/lat shapes, five decimals (one metre)."""
    rounded = shapely.transform(np.asarray(shapes, object), lambda xy: np.round(xy, 5))
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"key": key}, "geometry": json.loads(text)}
            for key, text in zip(keys, shapely.to_geojson(rounded), strict=True)
        ],
    }


def _coverage(colouring: str, build_id: str, filters: Filters, edition: str) -> object:
    """Pieces of street with key and tooltip of one colouring of coverage."""
    return street_values(colouring, build_id, filters, edition)


def _is_option(name: str, option: str) -> bool:
    """Whether the option says something to that answer: a walk needs to know what streets lack."""
    return name != "coverage_route" or option.rpartition(" ")[2] in LACKS


ANSWERS: dict[str, Callable[[str, Filters, str], object]] = {
    "street_density": _street_density,
    "street_density_texts": _street_density_texts,
    "street_spots": _street_spots,
    "heat": _heat,
    "border_zone": _border_zone,
    "site_risk": _site_risk,
    "plan_route": _plan_route,
    **{f"coverage_{colouring}": partial(_coverage, colouring) for colouring in COLOURINGS},
}


def map_data_url(name: str, build: Build, filters: Filters, option: str = "") -> str:
    """The address of a set of values or shapes (a key of ANSWERS) for the chosen filters."""
    params = {key: str(value) for key, value in filters.params.items() if value} | {"option": option}
    return f"/map/{build.build_id}/{name}.json?{urlencode(params)}"


def map_data(build_id: str, name: str, query: Mapping[str, str]) -> bytes | None:
    """The gzipped answer to a `map_data_url`; None where the address says nothing that exists.

    Raises NoBuildError.
    """
    option = query.get("option", "")
    if name not in ANSWERS or not _is_option(name, option):
        return None
    try:
        filters = Filters.of(query)
    except ValueError:
        return None
    answer = ANSWERS[name](build_id, filters, option)
    if answer is None:
        return None
    return gzip.compress(json.dumps(answer, ensure_ascii=False).encode(), compresslevel=5, mtime=0)
