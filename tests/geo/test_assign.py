from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import translate

from geo import assign
from geo.assign import TIE_M, assign_grids, nearest_segments, straight_parts

Geometries = npt.NDArray[np.object_]

# --- points in grids ------------------------------------------------------------------------------

small = st.integers(0, 12)
quarter = st.integers(-4, 52).map(lambda n: n / 4)  # on vertices, on edges, inside and outside


@st.composite
def polygons(draw: st.DrawFn) -> shapely.Polygon:
    """A valid polygon with whole coordinates: a convex hull, at times with a hole."""
    corners = draw(st.lists(st.tuples(small, small), min_size=3, max_size=7, unique=True))
    hull = shapely.convex_hull(shapely.multipoints(corners))
    if hull.geom_type != "Polygon":
        hull = shapely.box(*corners[0], corners[0][0] + 2, corners[0][1] + 3)
    if draw(st.booleans()):
        middle = hull.representative_point()
        hole = shapely.difference(hull, shapely.box(middle.x - 1, middle.y - 1, middle.x, middle.y))
        if hole.geom_type == "Polygon" and hole.is_valid:
            return hole
    return hull


def tiling(columns: int = 5, rows: int = 4) -> Geometries:
    """Rectangles that tile [0, 10 columns] x [0, 10 rows]."""
    return np.array(
        [
            shapely.box(10 * c, 10 * r, 10 * c + 10, 10 * r + 10)
            for r in range(rows)
            for c in range(columns)
        ],
        dtype=object,
    )


def first_that_holds(x: float, y: float, areas: Geometries) -> int:
    holds = [n for n, area in enumerate(areas) if shapely.Point(x, y).intersects(area)]
    return holds[0] if holds else -1


@given(st.lists(polygons(), min_size=1, max_size=6), st.lists(st.tuples(quarter, quarter), max_size=40))
def test_a_point_belongs_to_the_first_polygon_that_holds_it(
    areas: list[shapely.Polygon], at: list[tuple[float, float]]
) -> None:
    shapes = np.array(areas, dtype=object)
    on_vertices = [tuple(xy) for xy in shapely.get_coordinates(shapes)]
    x, y = np.array([*at, *on_vertices]).T
    expected = [first_that_holds(*point, shapes) for point in zip(x, y, strict=True)]
    assert assign_grids(x, y, shapes).tolist() == expected


@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 40)), min_size=1, max_size=50))
def test_every_point_of_a_tiling_lies_in_exactly_one_grid(at: list[tuple[float, float]]) -> None:
    x, y = np.array(at).T
    index = assign_grids(x, y, tiling())
    assert (index >= 0).all()
    strictly = (x % 10 > 0) & (y % 10 > 0)
    owner = (y // 10 * 5 + x // 10).astype(int)
    assert (index[strictly] == owner[strictly]).all()


def test_a_point_on_a_border_or_corner_belongs_to_the_lowest_index() -> None:
    x, y = np.array([10.0, 5.0, 10.0, 50.0, 0.0]), np.array([5.0, 10.0, 10.0, 40.0, 0.0])
    assert assign_grids(x, y, tiling()).tolist() == [0, 0, 0, 19, 0]
    assert assign_grids(x, y, tiling()[::-1]).tolist() == [18, 14, 13, 0, 19]


def test_what_has_no_place_lies_in_no_grid() -> None:
    x = np.array([np.nan, 5.0, np.nan, 5.0, np.inf, -1e9])
    y = np.array([5.0, np.nan, np.nan, 5.0, 5.0, 5.0])
    assert assign_grids(x, y, tiling()).tolist() == [-1, -1, -1, 0, -1, -1]
    assert assign_grids(np.array([]), np.array([]), tiling()).tolist() == []


def test_order_of_the_points_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    x, y, shuffled = rng.uniform(-5, 55, 500), rng.uniform(-5, 45, 500), rng.permutation(500)
    whole = assign_grids(x, y, tiling())
    assert (assign_grids(x[shuffled], y[shuffled], tiling()) == whole[shuffled]).all()


# --- points on streets ----------------------------------------------------------------------------


def check_nearest(x: npt.ArrayLike, y: npt.ArrayLike, lines: Geometries) -> None:
    """Equal to shapely's distance to every line; of lines equally near the first."""
    px, py = np.asarray(x, float), np.asarray(y, float)
    index, metres = nearest_segments(px, py, lines)
    every = shapely.distance(shapely.points(px, py)[:, None], lines[None, :])
    shortest = every.min(axis=1)
    # Shapely itself is only good to a few units in the last place of the coordinates.
    slack = 1e-9 + 8 * np.spacing(max(np.abs(px).max(), np.abs(py).max(), 1e-9))
    assert np.abs(metres - shortest).max() <= slack
    chosen = every[np.arange(len(px)), index]
    assert (chosen <= shortest + TIE_M + slack).all()
    clearly_tied = every <= (shortest + TIE_M - slack)[:, None]
    assert (index <= np.where(clearly_tied.any(axis=1), clearly_tied.argmax(axis=1), len(lines))).all()


def network(rng: np.random.Generator, count: int, spread: float) -> Geometries:
    """Bent lines and multilines, one of them twice."""
    lines: list[shapely.Geometry] = []
    for _ in range(count):
        start, bends = rng.uniform(0, spread, 2), rng.integers(2, 6)
        line = shapely.LineString(start + rng.normal(0, spread / 20, (bends, 2)).cumsum(axis=0))
        if rng.random() < 0.2:
            line = shapely.MultiLineString([line, translate(line, *rng.uniform(-spread, spread, 2))])
        lines.append(line)
    return np.array([*lines, lines[0]], dtype=object)


@settings(max_examples=40)
@given(
    st.integers(0, 10**6),
    st.integers(1, 60),
    st.integers(1, 400),
    st.sampled_from([1.0, 300.0, 20_000.0]),
    st.sampled_from([0.0, 519_000.0, 4e7]),
)
def test_nearest_segment_is_the_one_of_brute_force(
    seed: int, lines: int, points: int, spread: float, east: float
) -> None:
    rng = np.random.default_rng(seed)
    streets = np.array([translate(line, east, 3e6) for line in network(rng, lines, spread)])
    x = east + rng.uniform(-0.3 * spread, 1.3 * spread, points)
    y = 3e6 + rng.uniform(-0.3 * spread, 1.3 * spread, points)
    check_nearest(x, y, streets)


whole = st.integers(0, 8).map(float)


@given(
    st.lists(
        st.lists(st.tuples(whole, whole), min_size=2, max_size=4, unique=True), min_size=1, max_size=8
    ),
    st.lists(st.tuples(whole, whole), min_size=1, max_size=60),
)
def test_ties_on_a_lattice_go_to_the_first_line(
    lines: list[list[tuple[float, float]]], at: list[tuple[float, float]]
) -> None:
    check_nearest(*np.array(at).T, np.array([shapely.LineString(line) for line in lines]))


def test_points_ten_thousand_kilometres_off_do_not_disturb_the_others() -> None:
    rng = np.random.default_rng(2)
    streets = network(rng, 300, 5_000.0)
    x, y = rng.uniform(0, 5_000, 2_000), rng.uniform(0, 5_000, 2_000)
    alone, metres = nearest_segments(x, y, streets)
    far_x, far_y = np.append(x, [-1e7, 1e7]), np.append(y, [-3.4e6, 1e7])
    index, distance = nearest_segments(far_x, far_y, streets)
    assert (index[:-2] == alone).all()
    assert distance[:-2] == pytest.approx(metres, abs=1e-6)
    check_nearest(far_x, far_y, streets)


@pytest.mark.parametrize("copies", [1, 2, 1_000])
def test_points_that_are_all_equal(copies: int) -> None:
    streets = network(np.random.default_rng(3), 30, 100.0)
    check_nearest(np.full(copies, 40.0), np.full(copies, 60.0), streets)


def test_points_along_one_line() -> None:
    streets = np.array([shapely.LineString([(0, 0), (100, 0)])], dtype=object)
    index, metres = nearest_segments(np.array([-3.0, 50.0, 104.0]), np.array([4.0, 7.0, 3.0]), streets)
    assert index.tolist() == [0, 0, 0]
    assert metres.tolist() == [5.0, 7.0, 5.0]


def test_points_without_a_place_have_no_segment() -> None:
    streets = np.array([shapely.LineString([(0, 0), (100, 0)])], dtype=object)
    x, y = np.array([np.nan, 1.0, 1.0]), np.array([1.0, np.nan, 1.0])
    index, metres = nearest_segments(x, y, streets)
    assert index.tolist() == [-1, -1, 0]
    assert np.isnan(metres[:2]).all()
    assert nearest_segments(x[:2], y[:2], streets)[0].tolist() == [-1, -1]
    assert len(nearest_segments(x[:0], y[:0], streets)[0]) == 0


def test_no_line_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        nearest_segments(np.array([1.0]), np.array([1.0]), np.array([], dtype=object))


@pytest.mark.parametrize("pairs", [1, 2, 7, 64])
def test_cutting_the_work_into_chunks_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, pairs: int
) -> None:
    rng = np.random.default_rng(4)
    streets = network(rng, 20, 1_000.0)
    x, y = rng.uniform(0, 1_000, 120), rng.uniform(0, 1_000, 120)
    at_once = nearest_segments(x, y, streets)
    monkeypatch.setattr(assign, "PAIRS_AT_ONCE", pairs)
    in_chunks = nearest_segments(x, y, streets)
    assert (in_chunks[0] == at_once[0]).all()
    assert (in_chunks[1] == at_once[1]).all()


def test_parts_made_once_serve_many_calls() -> None:
    rng = np.random.default_rng(42)
    lines = shapely.linestrings(rng.uniform(0, 100, (40, 3, 2)) + np.array([4e5, 38e5]))
    parts = straight_parts(lines)
    for _ in range(3):
        x, y = 4e5 + rng.uniform(-20, 120, 500), 38e5 + rng.uniform(-20, 120, 500)
        (own, own_m), (shared, shared_m) = nearest_segments(x, y, lines), nearest_segments(x, y, parts)
        np.testing.assert_array_equal(own, shared)
        np.testing.assert_array_equal(own_m, shared_m)
