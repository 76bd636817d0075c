"""Hot spots on the pages against the kernels and pandas over the core tables; counties of all kinds."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.engine import DuckDBEngine
from data.filters import Filters
from data.standards import threshold
from data.views import hotspots as views
from data.views.overview import grid_density, issue_records
from geo.crs import LONLAT, transform_xy
from geo.hotspot import LEVELS, gi_star
from geo.neighbours import meeting_streets, touching_grids
from geo.trend import NO_PATTERN
from tests.conftest import County, collection, feature, issue_line, write_tiny_county

SINCE, UNTIL = date(2025, 5, 1), date(2026, 11, 1)
DEMO = Filters(date(2026, 8, 1), UNTIL)
MARCH = Filters(date(2025, 3, 1), date(2025, 4, 1))
SIDE_M, COLUMNS, ROWS = 400.0, 12, 10  # of the lattice county
ARMS = ((0.5, 0.0), (-0.5, 0.0), (0.0, 0.5), (0.0, -0.5))  # of its streets, in sides
Record = tuple[str, str, str, str, float, float]
days = st.integers(0, (UNTIL - SINCE).days)
quick = settings(max_examples=15, suppress_health_check=list(HealthCheck), deadline=None)


@pytest.fixture(scope="session")
def issues(demo_engine: DuckDBEngine) -> pd.DataFrame:
    return demo_engine.query("select * from core_issue")


def shapes_of(engine: DuckDBEngine, table: str, key: str) -> tuple[pd.Index, np.ndarray]:
    rows = engine.query(f"select {key}, geom from {table} order by {key}")
    return pd.Index(rows[key]), np.array(shapely.from_wkb([bytes(one) for one in rows["geom"]]))


def pairs(engine: DuckDBEngine, table: str) -> set[tuple[str, str]]:
    return set(engine.query(f"select * from {table}").itertuples(index=False, name=None))


# --- neighbours in the build ------------------------------------------------------------------------


def test_neighbours_are_those_of_the_shapes(demo_engine: DuckDBEngine) -> None:
    for table, key, mart, find in (
        ("core_grid", "grid_id", "mart_grid_neighbour", touching_grids),
        ("core_segment", "segment_id", "mart_segment_neighbour", meeting_streets),
    ):
        ids, shapes = shapes_of(demo_engine, table, key)
        first, second = find(shapes).nonzero()
        assert pairs(demo_engine, mart) == set(zip(ids[first], ids[second], strict=True))


def test_the_four_squares_all_touch_and_the_cut_street_meets_itself(
    tiny_county: Callable[[], County], build: Callable[[County], DuckDBEngine]
) -> None:
    engine = build(tiny_county())
    names = ["G1", "G2", "G3", "G4"]
    assert pairs(engine, "mart_grid_neighbour") == {(a, b) for a in names for b in names if a != b}
    assert ("S1@G1", "S1@G2") in pairs(engine, "mart_segment_neighbour")
    streets = {name.split("@")[0] for pair in pairs(engine, "mart_segment_neighbour") for name in pair}
    assert streets == {"S1", "S2", "S5"}, "those that are cut; the others meet nobody"


def test_a_grid_that_was_given_up_is_nobodys_neighbour(
    tiny_county: Callable[[], County], build: Callable[[County], DuckDBEngine]
) -> None:
    county = tiny_county()
    county.edit("county.toml", '牵头单位" }', '牵头单位", valid_to = "失效日期" }')
    grids = json.loads((county.root / "grids.geojson").read_text("utf-8"))
    grids["features"][0]["properties"]["失效日期"] = "2025-03-15"
    county.write("grids.geojson", json.dumps(grids))
    engine = build(county)
    assert "G1" not in {grid for pair in pairs(engine, "mart_grid_neighbour") for grid in pair}
    frame = views.grid_hot_spots(engine, MARCH).set_index("grid_id")
    assert frame.loc["G1", "state"] == "no_neighbours"
    assert pd.isna(frame.loc["G1", "spot_class"])


def test_metres_along_the_street_are_those_of_the_shapes(
    demo_engine: DuckDBEngine, issues: pd.DataFrame
) -> None:
    ids, lines = shapes_of(demo_engine, "core_segment", "segment_id")
    some = issues[issues["segment_id"].notna()].sample(300, random_state=1)
    of = lines[ids.get_indexer(pd.Index(some["segment_id"]))]
    along = some["segment_along_m"].to_numpy()
    crs = demo_engine.query("select compute_crs from build")["compute_crs"].iloc[0]
    xy = transform_xy(some["lon"].to_numpy(), some["lat"].to_numpy(), LONLAT, crs)
    spots = shapely.line_interpolate_point(of, along)
    apart = shapely.distance(spots, shapely.points(*xy))
    np.testing.assert_allclose(apart, some["segment_offset_m"], atol=1e-6)
    assert issues.loc[issues["segment_id"].isna(), "segment_along_m"].isna().all()


# --- grids ------------------------------------------------------------------------------------------


@quick
@given(first=days, length=st.integers(1, 300), category=st.sampled_from(["", "乱摆摊点", "乱停乱放"]))
def test_grid_hot_spots_are_gi_star_of_the_density(
    demo_engine: DuckDBEngine, first: int, length: int, category: str
) -> None:
    since = SINCE + timedelta(days=first)
    filters = Filters(since, since + timedelta(days=length), category)
    frame = views.grid_hot_spots(demo_engine, filters).sort_values("grid_id", ignore_index=True)
    density = grid_density(demo_engine, filters).frame.sort_values("grid_id", ignore_index=True)
    assert (frame["numerator"] == density["reported"]).all()
    np.testing.assert_allclose(frame["denominator"], density["street_km"])
    np.testing.assert_allclose(frame["rate"], density["issues_per_km"])
    assert frame.loc[frame["state"] == "tested", "rate"].notna().all()
    other = ~frame["state"].isin(["tested", "no_neighbours"])
    assert (frame.loc[other, "state"] == density.loc[other, "state"]).all()

    ids, polygons = shapes_of(demo_engine, "core_grid", "grid_id")
    frame = frame.set_index("grid_id").loc[ids]
    is_tested = (frame["state"] == "tested").to_numpy()
    touches = touching_grids(polygons[is_tested])
    assert (np.diff(touches.indptr) > 0).all()
    rate = frame.loc[is_tested, "rate"].to_numpy(float)
    np.testing.assert_allclose(frame.loc[is_tested, "z"], gi_star(rate, touches), atol=1e-9)
    assert frame.loc[~is_tested, ["z", "p", "q", "spot_class"]].isna().all().all(), "未检验"
    q = frame.loc[is_tested, "q"].to_numpy(float)
    passed = (q[:, None] <= LEVELS).sum(axis=1)
    assert (frame.loc[is_tested, "spot_class"].abs().to_numpy(int) <= passed).all()


def test_the_same_data_gives_the_same_map(demo_engine: DuckDBEngine) -> None:
    first, again = (views.grid_hot_spots(demo_engine, DEMO) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)


def test_the_records_behind_a_number_are_as_many_as_it_says(demo_engine: DuckDBEngine) -> None:
    filters = Filters(date(2026, 10, 1), UNTIL)
    row = views.grid_hot_spots(demo_engine, filters).query("numerator > 0").iloc[-1]
    of_grid = Filters(filters.since, filters.until, "", row["grid_id"])
    assert len(issue_records(demo_engine, of_grid)) == row["numerator"]
    street = views.segment_hot_spots(demo_engine, filters).query("numerator > 0").iloc[0]
    records = views.segment_records(demo_engine, filters, street["segment_id"])
    assert len(records) == street["numerator"]


# --- a county of a lattice, with a block that is planted --------------------------------------------


def lattice(
    folder: Path, records: list[Record], columns: int = COLUMNS, rows: int = ROWS, more: str = ""
) -> County:
    """Square grids with four streets each, from the middle to the next grids' (names end in 0 to 3)."""
    county = write_tiny_county(folder)
    cells = [(c, r) for r in range(rows) for c in range(columns)]
    county.write("grids.geojson", collection([
        feature(shapely.box(c * SIDE_M, r * SIDE_M, (c + 1) * SIDE_M, (r + 1) * SIDE_M),
                网格编号=grid_name(c, r), 网格名称=f"第{r}行{c}列", 牵头单位="城关镇")
        for c, r in cells
    ]))  # fmt: skip
    county.write("streets.geojson", collection([
        feature(shapely.LineString([((c + 0.5) * SIDE_M, (r + 0.5) * SIDE_M),
                                    ((c + 0.5 + x) * SIDE_M, (r + 0.5 + y) * SIDE_M)]),
                路段编号=f"D{r:02d}{c:02d}{n}", 路名=f"{r}路", 道路等级="支路")
        for c, r in cells for n, (x, y) in enumerate(ARMS)
    ]))  # fmt: skip
    county.platform([issue_line(record) for record in records])
    recipe = county.recipe.read_text("utf-8")
    county.recipe.write_text(recipe[: recipe.rindex("[[core_issue]]")] + more, "utf-8")
    return county


def grid_name(column: int, row: int) -> str:
    return f"L{row:02d}{column:02d}"


def week_records(
    random: np.random.Generator, per_grid: Callable[[int, int, int], float], weeks: int = 1
) -> list[Record]:
    """Issues on the streets, Poisson with the mean `per_grid(column, row, week)`."""
    records = []
    for week in range(weeks):
        first = pd.Timestamp(2025, 1, 6) + pd.Timedelta(weeks=week)
        for c in range(COLUMNS):
            for r in range(ROWS):
                for _ in range(random.poisson(per_grid(c, r, week))):
                    right, up = np.array(ARMS[random.integers(4)]) * random.uniform(0.05, 0.95)
                    x, y = (c + 0.5 + right) * SIDE_M, (r + 0.5 + up) * SIDE_M
                    at = first + pd.Timedelta(minutes=int(random.integers(7 * 1440)))
                    records.append((f"R{len(records):06d}", "暴露垃圾", str(at), "", x, y))
    return records


def in_block(column: int, row: int) -> bool:
    return 4 <= column < 7 and 4 <= row < 7


BLOCK = [grid_name(c, r) for c in range(COLUMNS) for r in range(ROWS) if in_block(c, r)]
WEEKS = 16
STORY = Filters(date(2025, 1, 6), date(2025, 1, 6) + timedelta(weeks=WEEKS))


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> tuple[DuckDBEngine, list[Record], Path]:
    """A block that is hot in all weeks; another, at the corner, in the last four only."""

    def per_grid(column: int, row: int, week: int) -> float:
        is_late = column < 3 and row < 3 and week >= WEEKS - 4
        return 5.0 if in_block(column, row) or is_late else 0.7

    folder = tmp_path_factory.mktemp("lattice")
    records = week_records(np.random.default_rng(3), per_grid, WEEKS)
    return lattice(folder, records).build(), records, folder


def test_the_planted_block_is_hot(story: tuple[DuckDBEngine, list[Record], Path]) -> None:
    frame = views.grid_hot_spots(story[0], STORY).set_index("grid_id")
    assert (frame["state"] == "tested").all()
    cross = [grid_name(5 + c, 5 + r) for c, r in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))]
    assert (frame.loc[cross, "spot_class"] == 3).all(), "corners of a block have five quiet neighbours"
    far = [grid_name(c, r) for c in range(9, COLUMNS) for r in range(ROWS)]
    assert (frame.loc[far, "spot_class"] <= 0).all()
    assert frame.index[:9].isin(BLOCK).sum() >= 7, "the hottest stand first"


def test_trends_tell_the_old_spot_from_the_new(
    story: tuple[DuckDBEngine, list[Record], Path],
) -> None:
    found = views.trend_classes(story[0], STORY)
    assert (found.weeks, found.since, found.until) == (WEEKS, STORY.since, STORY.until)
    frame = found.frame.set_index("grid_id")
    assert frame.loc[grid_name(5, 5), "trend_class"] in ("persistent_hot", "intensifying_hot")
    assert frame.loc[grid_name(1, 1), "trend_class"] in ("consecutive_hot", "new_hot")
    assert frame.loc[grid_name(1, 1), "hot_weeks"] in (3, 4, 5)
    assert frame.loc[grid_name(11, 9), "trend_class"] == NO_PATTERN
    issues = story[0].query("select grid_id, count(*) as n from core_issue group by grid_id")
    assert frame["numerator"].sum() == issues["n"].sum()


def test_the_order_of_rows_does_not_matter(
    story: tuple[DuckDBEngine, list[Record], Path], tmp_path: Path
) -> None:
    engine, records, _ = story
    shuffled = np.random.default_rng(9).permutation(len(records))
    other = lattice(tmp_path, [records[k] for k in shuffled]).build()
    for view in (views.grid_hot_spots, views.segment_hot_spots, views.street_densities):
        pd.testing.assert_frame_equal(view(engine, STORY), view(other, STORY))
    pd.testing.assert_frame_equal(
        views.trend_classes(engine, STORY).frame, views.trend_classes(other, STORY).frame
    )


def test_the_streets_of_the_block_are_hot(story: tuple[DuckDBEngine, list[Record], Path]) -> None:
    frame = views.segment_hot_spots(story[0], STORY)
    hot = frame[frame["spot_class"] >= 1]
    assert len(hot) >= 12
    assert hot["grid_id"].isin(BLOCK).mean() > 0.75
    tested = frame[frame["state"] == "tested"]
    np.testing.assert_allclose(tested["rate"], 100 * tested["numerator"] / tested["denominator"])


@quick
@given(first=days, length=st.integers(1, 300), category=st.sampled_from(["", "乱摆摊点"]))
def test_streets_count_what_lies_near_them(
    demo_engine: DuckDBEngine, issues: pd.DataFrame, first: int, length: int, category: str
) -> None:
    since = SINCE + timedelta(days=first)
    filters = Filters(since, since + timedelta(days=length), category)
    near = of_period(issues, filters)
    near = near[near["segment_offset_m"] <= threshold("near_segment_m")]
    frame = views.segment_hot_spots(demo_engine, filters).set_index("segment_id")
    counts = near.groupby("segment_id").size().reindex(frame.index, fill_value=0)
    assert (frame["numerator"] == counts).all()
    assert (frame.loc[frame["state"] == "tested", "denominator"] >= threshold("min_segment_m")).all()
    dense = views.street_densities(demo_engine, filters)
    assert dense["numerator"].sum() == pytest.approx(len(near), rel=1e-3), "no issue is lost or doubled"


def of_period(issues: pd.DataFrame, filters: Filters) -> pd.DataFrame:
    at = issues["reported_at"]
    rows = issues[(at >= pd.Timestamp(filters.since)) & (at < pd.Timestamp(filters.until))]
    return rows[rows["category_class"] == filters.category_class] if filters.category_class else rows


@quick
@given(length=st.integers(1, 400), category=st.sampled_from(["", "乱停乱放"]))
def test_trend_counts_are_those_of_pandas(
    demo_engine: DuckDBEngine, issues: pd.DataFrame, length: int, category: str
) -> None:
    until = UNTIL - timedelta(days=length)
    found = views.trend_classes(demo_engine, Filters(until - timedelta(days=1), until, category))
    first = issues["reported_at"].min().date()
    weeks = min(int(threshold("trend_weeks")), (until - first).days // 7)
    if weeks < 10:
        assert found.weeks == 0
        assert (found.frame["trend_class"] == "untested").all()
        return
    assert found.weeks == weeks
    rows = of_period(issues, Filters(found.since, until, category))
    counts = rows.groupby("grid_id").size().reindex(found.frame["grid_id"], fill_value=0)
    assert (found.frame["numerator"].to_numpy() == counts.to_numpy()).all()


# --- densities and comparisons ----------------------------------------------------------------------


def test_one_grids_densities_are_those_of_the_county(demo_engine: DuckDBEngine) -> None:
    everywhere = views.street_densities(demo_engine, DEMO)
    grid_id = everywhere["grid_id"].dropna().iloc[0]
    own = views.street_densities(demo_engine, Filters(DEMO.since, DEMO.until, "", grid_id))
    expected = everywhere[everywhere["grid_id"] == grid_id].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, expected)
    shapes = views.street_density_map(demo_engine, Filters(DEMO.since, DEMO.until, "", grid_id)).lines
    assert len(shapes) == len(own)
    lon, lat = shapely.get_coordinates(shapes).T
    assert ((lon > 107) & (lon < 109) & (lat > 33) & (lat < 35)).all()


def test_the_heat_map_holds_every_located_issue(
    demo_engine: DuckDBEngine, issues: pd.DataFrame
) -> None:
    cells = views.heat_cells(demo_engine, DEMO)
    inside = of_period(issues, DEMO).query("location == 'located' and grid_id.notna()")
    # Kernels at the county's edge lose a little; a raster sums its kernels to within a percent or two.
    assert cells["numerator"].sum() == pytest.approx(len(inside), rel=0.03)
    assert not cells.duplicated(["row", "column"]).any()
    before = views.heat_cells(demo_engine, DEMO.previous)
    both = cells.merge(before, on=["row", "column"])
    np.testing.assert_array_equal(both[["lon_x", "lat_x"]], both[["lon_y", "lat_y"]])
    bands = views.heat_bands(demo_engine, DEMO)
    assert len(bands.shapes) == len(bands.edges) + 1
    of = np.searchsorted(bands.edges, cells["per_km2"], side="right")
    for band, shape in enumerate(bands.shapes):
        middles = shapely.points(cells["lon"][of == band], cells["lat"][of == band])
        assert shapely.contains(shape, middles).all()


@pytest.mark.parametrize("other", [None, DEMO.year_before, DEMO.starting(date(2026, 1, 5))])
def test_two_periods_stand_on_one_scale(demo_engine: DuckDBEngine, other: Filters | None) -> None:
    both = views.compare_hot_spots(demo_engine, DEMO, other)
    now = views.grid_hot_spots(demo_engine, DEMO).set_index("grid_id")
    before = views.grid_hot_spots(demo_engine, other or DEMO.previous).set_index("grid_id")
    frame = both.frame.set_index("grid_id")
    assert both.reaches_back
    for column in ("numerator", "rate", "z", "spot_class", "state"):
        pd.testing.assert_series_equal(frame[column], now[column].loc[frame.index])
        pd.testing.assert_series_equal(
            frame[f"{column}_before"], before[column].loc[frame.index], check_names=False
        )
    np.testing.assert_allclose(frame["change"], frame["rate"] - frame["rate_before"])
    assert both.edges
    assert frame["change"].dropna().abs().is_monotonic_decreasing
    for end in ("", "_before"):
        rate, band = frame[f"rate{end}"], frame[f"band{end}"]
        for number, edge in enumerate(both.edges):
            assert ((band > number) == (rate >= edge)).all()


def test_periods_of_different_length_do_not_compare(demo_engine: DuckDBEngine) -> None:
    with pytest.raises(ValueError, match="do not compare"):
        views.compare_hot_spots(demo_engine, DEMO, DEMO.between(date(2026, 1, 1), date(2026, 1, 9)))


def test_a_period_before_the_data_has_nothing_to_compare(demo_engine: DuckDBEngine) -> None:
    first = Filters(SINCE, SINCE + timedelta(days=30))
    assert not views.compare_hot_spots(demo_engine, first).reaches_back
    assert views.compare_hot_spots(demo_engine, first).frame["rate_before"].isna().all()


# --- visits -----------------------------------------------------------------------------------------

VISITS = """
[[core_visit]]
files = ["visits.csv"]
format = "csv"
crs = "EPSG:4326"
columns = { visited_at = "时间", source_segment_id = "路段", lon = "经度", lat = "纬度" }
"""


def test_where_a_visit_log_exists_visits_are_the_exposure(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    records = week_records(random, lambda c, r, w: 6.0 if in_block(c, r) else 2.0)
    # Every grid is walked 30 times, the block three times as often: seen more, not dirtier. Two grids
    # are hardly seen: the streets of one are walked 5 times, of the other never.
    lines, rare, never = ["时间,路段,经度,纬度"], grid_name(0, 0), grid_name(11, 9)
    for c in range(COLUMNS):
        for r in range(ROWS):
            times = {rare: 5, never: 0}.get(grid_name(c, r), 90 if in_block(c, r) else 30)
            lines += [f"2025-01-07 08:{n // 60:02d}:{n % 60:02d},D{r:02d}{c:02d}{n % 4},,"
                      for n in range(times)]  # fmt: skip
    county = lattice(tmp_path, records, more=VISITS)
    county.write("visits.csv", "\n".join(lines) + "\n")
    frame = views.grid_hot_spots(county.build(), STORY).set_index("grid_id")
    assert (frame["unit"] == "visits").all()
    assert frame.loc[rare, "state"] == "few_visits"
    assert frame.loc[never, "state"] == "unseen"
    assert frame.loc[grid_name(5, 5), "denominator"] == 90
    row = frame.loc[grid_name(7, 3)]
    assert row["rate"] == pytest.approx(100 * row["numerator"] / row["denominator"])
    assert (frame["spot_class"].fillna(0) == 0).all(), (
        "three times the issues on three times the visits"
    )


def test_a_few_visits_do_not_leave_the_county_untested(tmp_path: Path) -> None:
    records = week_records(np.random.default_rng(5), lambda *_: 2.0)
    county = lattice(tmp_path, records, more=VISITS)
    county.write("visits.csv", "时间,路段,经度,纬度\n2025-01-07 08:00:00,D00000,,\n")
    frame = views.grid_hot_spots(county.build(), STORY)
    assert (frame["unit"] == "km").all()
    assert set(frame["state"]) == {"tested", "unseen"}, "no issue on two a week: nobody looked"


# --- counties that lack something -------------------------------------------------------------------


def all_views(engine: DuckDBEngine, filters: Filters) -> pd.DataFrame:
    """Every view runs; the frame of grid_hot_spots."""
    views.segment_hot_spots(engine, filters)
    trend = views.trend_classes(engine, filters)
    assert (trend.frame["trend_class"] == "untested").all()
    assert (trend.frame["state"] != "tested").all()
    views.street_densities(engine, filters)
    views.street_density_map(engine, filters)
    views.heat_cells(engine, filters)
    views.heat_bands(engine, filters)
    views.compare_hot_spots(engine, filters)
    return views.grid_hot_spots(engine, filters)


def test_one_grid_is_not_tested(tmp_path: Path) -> None:
    records = [("A1", "暴露垃圾", "2025-03-02 08:00:00", "", 100.0, 100.0)]
    frame = all_views(lattice(tmp_path, records, 1, 1).build(), MARCH)
    assert frame["state"].tolist() == ["no_neighbours"]
    assert frame["rate"].notna().all()
    assert frame["spot_class"].isna().all()


def test_without_issues_nothing_is_tested(tmp_path: Path) -> None:
    county = lattice(tmp_path, [], 3, 2)
    recipe = county.recipe.read_text("utf-8")
    county.recipe.write_text(recipe[: recipe.index("[[core_issue]]")], "utf-8")
    frame = all_views(county.build(), MARCH)
    assert set(frame["state"]) == {"unseen"}
    assert frame["spot_class"].isna().all()


def test_without_streets_nothing_is_tested(tiny_county: Callable[[], County]) -> None:
    county = tiny_county()
    recipe = county.recipe.read_text("utf-8")
    first, _, rest = recipe.partition("[[core_segment]]")
    county.recipe.write_text(first + rest[rest.index("[[core_issue]]") :], "utf-8")
    frame = all_views(county.build(), MARCH)
    assert set(frame["state"]) == {"no_street"}
    assert frame["spot_class"].isna().all()


def test_four_grids_are_tested_and_none_can_be_significant(
    tiny_county: Callable[[], County], build: Callable[[County], DuckDBEngine]
) -> None:
    frame = views.grid_hot_spots(build(tiny_county()), MARCH)
    assert set(frame["state"]) == {"tested"}
    assert (frame["z"] == 0).all(), "each touches all others: nothing to compare with"
    assert (frame["spot_class"] == 0).all()
