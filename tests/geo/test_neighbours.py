from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from libpysal.weights import Queen
from scipy.sparse import csr_array

from geo.neighbours import meeting_streets, street_ends, touching_grids

Geometries = npt.NDArray[np.object_]
SIDE = 200.0


def array(*shapes: shapely.Geometry) -> Geometries:
    return np.array(shapes, dtype=object)


def boxes(columns: int, rows: int, side: float = SIDE) -> Geometries:
    x, y = np.meshgrid(np.arange(columns) * SIDE, np.arange(rows) * SIDE)
    squares: Geometries = shapely.box(x, y, x + side, y + side).ravel()
    return squares


def streets(*coordinates: list[tuple[float, float]]) -> Geometries:
    return array(*(shapely.LineString(points) for points in coordinates))


def pairs(matrix: csr_array) -> set[tuple[int, int]]:
    first, second = matrix.nonzero()
    return {(a, b) for a, b in zip(first.tolist(), second.tolist(), strict=True) if a < b}


def assert_neighbourhood(matrix: csr_array) -> None:
    assert (matrix != matrix.T).nnz == 0
    assert not matrix.diagonal().any()
    assert set(matrix.data.tolist()) <= {1.0}


@given(st.integers(1, 6), st.integers(1, 6), st.floats(0, 0.7), st.sampled_from([0.0, 1.0]))
def test_a_tiling_touches_like_a_queen_also_across_hairlines(
    columns: int, rows: int, gap: float, tolerance: float
) -> None:
    """Oracle: Queen contiguity of libpysal on the tiling without gaps."""
    touches = touching_grids(boxes(columns, rows, SIDE - gap * tolerance), tolerance)
    assert_neighbourhood(touches)
    if columns * rows > 1:
        queen = Queen.from_iterable(boxes(columns, rows), silence_warnings=True)
        assert pairs(touches) == {(i, j) for i, near in queen.neighbors.items() for j in near if i < j}


@given(st.integers(2, 6), st.integers(2, 6), st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_borders_drawn_by_different_hands_touch_as_the_true_ones_do(
    columns: int, rows: int, seed: int
) -> None:
    cells = boxes(columns, rows)
    shaken = np.random.default_rng(seed).uniform(-0.3, 0.3, (len(cells), 5, 2))
    shaken[:, 4] = shaken[:, 0]
    drawn = shapely.polygons(shapely.get_coordinates(cells).reshape(-1, 5, 2) + shaken)
    assert pairs(touching_grids(drawn)) == pairs(touching_grids(cells))


@pytest.mark.parametrize(("river", "expected"), [(0.9, 1), (1.1, 0), (30.0, 0)])
def test_a_river_parts_grids(river: float, expected: int) -> None:
    banks = array(shapely.box(0, 0, 300, 300), shapely.box(300 + river, 0, 600, 300))
    assert len(pairs(touching_grids(banks))) == expected


def test_overlap_island_and_part_are_seen() -> None:
    town = shapely.MultiPolygon([shapely.box(0, 0, 100, 100), shapely.box(900, 0, 1000, 100)])
    grids = array(
        town,
        shapely.box(90, 0, 200, 100),
        shapely.box(1000, 100, 1100, 200),
        shapely.box(5e3, 0, 6e3, 9),
    )
    assert pairs(touching_grids(grids)) == {(0, 1), (0, 2)}


@given(st.integers(0, 2**32 - 1))
def test_the_order_of_the_grids_changes_only_their_numbers(seed: int) -> None:
    cells, order = boxes(4, 3), np.random.default_rng(seed).permutation(12)
    assert (touching_grids(cells[order]) != touching_grids(cells)[order][:, order]).nnz == 0


def test_streets_meet_where_they_share_an_end() -> None:
    lines = streets(
        [(0, 0), (100, 0)], [(100, 0.05), (100, 90)], [(100, 0), (200, 0)],
        [(50, -50), (50, 50)],  # crosses the first without an end there
        [(100, 91), (100, 200)],
    )  # fmt: skip
    matrix = meeting_streets(lines)
    assert_neighbourhood(matrix)
    assert pairs(matrix) == {(0, 1), (0, 2), (1, 2)}
    assert pairs(meeting_streets(lines, 0)) == {(0, 2)}
    assert pairs(meeting_streets(lines, 1.5)) == {(0, 1), (0, 2), (1, 2), (1, 4)}


def test_each_part_of_a_multiline_has_ends_and_a_ring_meets_only_others() -> None:
    broken = shapely.MultiLineString([[(0, 0), (10, 0)], [(20, 0), (30, 0)]])
    ring = shapely.LineString([(30, 0), (40, 10), (40, -10), (30, 0)])
    bridge = shapely.LineString([(10, 0), (20, 0)])
    ends = street_ends(array(broken, ring, bridge))
    assert ends.line.tolist() == [0, 0, 1, 2]
    assert ends.end[0] == ends.start[3]
    assert ends.start[1] == ends.end[3]
    assert ends.start[2] == ends.end[2] == ends.end[1]
    assert pairs(meeting_streets(array(broken, ring, bridge))) == {(0, 1), (0, 2)}


def test_nothing_has_no_neighbours_and_a_tolerance_below_zero_is_refused() -> None:
    assert touching_grids(array()).shape == meeting_streets(array()).shape == (0, 0)
    for bad in (-1.0, float("nan")):
        with pytest.raises(ValueError, match="below zero"):
            touching_grids(boxes(2, 2), bad)
        with pytest.raises(ValueError, match="below zero"):
            meeting_streets(streets([(0, 0), (1, 1)]), bad)
