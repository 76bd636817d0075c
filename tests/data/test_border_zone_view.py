"""交界地带 against the distance of every issue to every grid."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import shapely

from data.engine import DuckDBEngine
from data.filters import Filters
from data.standards import threshold
from data.views.border_zone import border_records, border_zone
from geo.crs import LONLAT, transform_xy
from tests.conftest import County, issue_line

PERIOD = Filters(date(2026, 6, 1), date(2026, 11, 1))
MARCH = Filters(date(2025, 3, 1), date(2025, 4, 1))


def brute_force(engine: DuckDBEngine, filters: Filters) -> set[tuple[str, str, str]]:
    """Issue and pair of grids, by measuring every distance."""
    grids = engine.query("select grid_id, geom from core_grid order by grid_id")
    shapes = shapely.from_wkb([bytes(one) for one in grids["geom"]])
    ids = list(grids["grid_id"])
    rows = engine.query("select * from core_issue where location = 'located'")
    rows = rows[
        (rows["reported_at"] >= pd.Timestamp(filters.since))
        & (rows["reported_at"] < pd.Timestamp(filters.until))
    ]
    crs = engine.query("select compute_crs from build")["compute_crs"].iloc[0]
    x, y = transform_xy(rows["lon"].to_numpy(), rows["lat"].to_numpy(), LONLAT, crs)
    apart = shapely.distance(shapely.points(x, y)[:, None], np.array(shapes)[None, :])
    found = set()
    for row, metres in zip(rows.itertuples(), apart, strict=True):
        near = [ids[n] for n in np.flatnonzero(metres <= threshold("border_zone_m"))]
        if isinstance(row.grid_id, str):
            pairs = [tuple(sorted((row.grid_id, other))) for other in near if other != row.grid_id]
        else:
            pairs = list(combinations(near, 2))
        found |= {(row.issue_id, *pair) for pair in pairs}
    return found


def test_issues_between_grids_are_those_that_brute_force_finds(demo_engine: DuckDBEngine) -> None:
    zone = border_zone(demo_engine, PERIOD)
    wanted = brute_force(demo_engine, PERIOD)
    found = zone.near[["issue_id", "grid_id", "other_id"]]
    assert set(found.itertuples(index=False, name=None)) == wanted
    assert zone.issues == len({issue for issue, *_ in wanted})
    assert zone.pairs["reported"].sum() == len(wanted)
    assert zone.pairs["reported"].is_monotonic_decreasing
    assert 0 < zone.share < 1
    assert len(zone.lines) == len(zone.pairs)
    assert not shapely.is_empty(zone.lines).any()


def test_records_and_one_grid_are_parts_of_the_whole(demo_engine: DuckDBEngine) -> None:
    zone = border_zone(demo_engine, PERIOD)
    first = zone.pairs.iloc[0]
    rows = border_records(demo_engine, PERIOD, first["grid_id"], first["other_id"])
    assert len(rows) == first["reported"]
    assert rows["reported_at"].is_monotonic_decreasing
    is_open = rows["closed_at"].isna() | (rows["closed_at"] >= pd.Timestamp(PERIOD.until))
    assert is_open.sum() == first["open_at_end"]
    one = border_zone(demo_engine, PERIOD.in_grid(first["grid_id"]))
    mine = zone.pairs[["grid_id", "other_id"]].eq(first["grid_id"]).any(axis=1)
    assert one.pairs["reported"].tolist() == zone.pairs.loc[mine, "reported"].tolist()
    assert one.issues == zone.issues
    assert border_records(demo_engine, PERIOD, "no such", "grid").empty


@pytest.mark.parametrize(
    ("x", "y", "pairs"),
    [
        (595.0, 300.0, {("G1", "G2")}),
        (605.0, 300.0, {("G1", "G2")}),
        (575.0, 300.0, set()),
        (590.0, 590.0, {("G1", "G2"), ("G1", "G3"), ("G1", "G4")}),
        (-5.0, 300.0, set()),  # outside the county near one grid only
        (-5.0, 600.0, {("G1", "G3")}),  # in no grid, near two
    ],
)
def test_where_an_issue_lies_decides_its_pairs(
    tiny_county: Callable[[], County], x: float, y: float, pairs: set[tuple[str, str]]
) -> None:
    county = tiny_county()
    inside = [(f"B{n}", "暴露垃圾", "2025-03-02 08:00:00", "", 300.0, 300.0) for n in range(3)]
    records = [("A1", "暴露垃圾", "2025-03-02 08:00:00", "", x, y), *inside]
    county.platform([issue_line(record) for record in records])
    recipe = county.recipe.read_text("utf-8")
    county.recipe.write_text(recipe[: recipe.rindex("[[core_issue]]")], "utf-8")
    zone = border_zone(county.build(), MARCH)
    assert set(zone.pairs[["grid_id", "other_id"]].itertuples(index=False, name=None)) == pairs
    assert zone.issues == bool(pairs)
    assert np.isnan(zone.open_share), "one issue is no share"
