"""The route of an inspection through the tiny county: every point once, on foot, by teams."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import shapely

from data.engine import DuckDBEngine
from data.standards import threshold
from data.views.inspection_route import inspection_route
from geo.crs import LONLAT, transform_xy
from tests.conftest import CRS, County, lonlat

# Four on 人民路 (y = 300), one on 界路, which does not meet it, and one on 北街, which nothing reaches.
ROAD = [(200.0, 310.0), (1000.0, 290.0), (300.0, 300.0), (900.0, 300.0)]
PLACES = [*ROAD, (605.0, 400.0), (300.0, 905.0)]


@pytest.fixture
def engine(tiny_county: Callable[[], County], build: Callable[[County], DuckDBEngine]) -> DuckDBEngine:
    return build(tiny_county())


def points(places: list[tuple[float, float]]) -> pd.DataFrame:
    frame = pd.DataFrame([lonlat(*place) for place in places], columns=["lon", "lat"])
    return frame.assign(site_key=[f"p{n}" for n in range(len(frame))])


def test_every_point_once_and_the_way_as_it_is_drawn(engine: DuckDBEngine) -> None:
    route = inspection_route(engine, points(PLACES))
    stops = route.stops
    assert sorted(stops["site_key"]) == [f"p{n}" for n in range(6)]
    assert stops["stop"].tolist() == [1, 2, 3, 4, 5, 6]
    assert stops.loc[0, ["way_m", "is_straight", "line"]].tolist() == [0, False, []]
    for row in stops.iloc[1:].itertuples():
        x, y = transform_xy(*np.array(row.line).T, LONLAT, CRS)
        assert shapely.LineString(np.column_stack([x, y])).length == pytest.approx(row.way_m, abs=1)
    by_key = stops.set_index("site_key")
    assert 1 <= by_key["is_straight"].sum() <= 3  # to 北街 and between the two roads at most
    (team,) = route.teams.to_dict("records")
    assert (team["team"], team["stops"]) == (1, 6)
    assert team["km"] == pytest.approx(stops["way_m"].sum() / 1000)
    walking = team["km"] / threshold("inspection_kmh")
    assert team["hours"] == pytest.approx(walking + 6 * threshold("stop_minutes") / 60)


def test_teams_share_the_way(engine: DuckDBEngine) -> None:
    alone = inspection_route(engine, points(PLACES))
    shared = inspection_route(engine, points(PLACES), 2)
    assert shared.stops["site_key"].tolist() == alone.stops["site_key"].tolist()
    assert shared.teams["stops"].sum() == 6
    assert shared.teams["km"].sum() < alone.teams["km"].sum()
    firsts = shared.stops[shared.stops["stop"] == 1]
    assert firsts["team"].tolist() == [1, 2]
    assert (firsts["way_m"] == 0).all()
    assert not firsts["line"].map(len).any()
    assert len(inspection_route(engine, points(PLACES[:2]), 5).teams) == 2


def test_no_point_and_too_many(engine: DuckDBEngine) -> None:
    nothing = inspection_route(engine, points(PLACES).head(0))
    assert len(nothing.stops) == len(nothing.teams) == 0
    one = inspection_route(engine, points(PLACES[:1]), 3)
    hours = threshold("stop_minutes") / 60
    assert one.teams.to_dict("list") == {"team": [1], "stops": [1], "km": [0], "hours": [hours]}
    with pytest.raises(ValueError, match="at most 300"):
        inspection_route(engine, points([(float(n), 0.0) for n in range(301)]))
    with pytest.raises(ValueError, match="each with coordinates"):
        inspection_route(engine, points(PLACES).assign(lon=np.nan))
    with pytest.raises(ValueError, match="at least one"):
        inspection_route(engine, points(PLACES), 0)
