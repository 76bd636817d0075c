from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.borders import borders_between, gaps, near_others, overlaps, widths

Geometries = npt.NDArray[np.object_]
SIDE = 200.0


def array(*polygons: shapely.Geometry) -> Geometries:
    return np.array(polygons, dtype=object)


def boxes(columns: int, rows: int) -> Geometries:
    """Square grids, row by row from the south-west."""
    x, y = np.meshgrid(np.arange(columns) * SIDE, np.arange(rows) * SIDE)
    squares: Geometries = shapely.box(x, y, x + SIDE, y + SIDE).ravel()
    return squares


@st.composite
def tilings(draw: st.DrawFn, noise: float = 40.0) -> Geometries:
    """Quadrilaterals that share corners moved at random, turned and put far from the origin."""
    columns, rows = draw(st.integers(2, 5)), draw(st.integers(2, 5))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    corner = np.stack(np.meshgrid(np.arange(columns + 1), np.arange(rows + 1)), axis=-1) * SIDE
    corner = corner + random.uniform(-noise, noise, corner.shape)
    angle = random.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corner = corner @ turn + np.array([500_000, 3_000_000])
    rings = [corner[:-1, :-1], corner[:-1, 1:], corner[1:, 1:], corner[1:, :-1]]
    cells: Geometries = shapely.polygons(np.stack(rings, axis=-2).reshape(-1, 4, 2))
    return cells


def unowned(polygons: Geometries) -> float:
    """Area of all holes of the union, straight from its rings; islands in them taken off."""
    parts = shapely.get_parts(shapely.union_all(polygons))
    outline = shapely.union_all(shapely.polygons(shapely.get_exterior_ring(parts)))
    return float(shapely.area(outline) - shapely.area(parts).sum())


@given(tilings())
@settings(max_examples=60, deadline=None)
def test_a_clean_tiling_has_neither_overlaps_nor_gaps(cells: Geometries) -> None:
    first, second, shared = overlaps(cells, 1e-3)
    assert len(first) == len(second) == len(shared) == 0
    found = gaps(cells, 10, 1e-1)
    assert len(found.shapes) == len(found.is_enclosed) == len(found.neighbours) == 0


@given(st.floats(0.5, 9.5), st.integers(3, 5), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_a_shifted_grid_overlaps_on_one_side_and_leaves_a_gap_on_the_other(
    metres: float, columns: int, rows: int
) -> None:
    cells = boxes(columns, rows)
    middle = columns * (rows // 2) + 1
    cells[middle] = shapely.transform(cells[middle], lambda xy: xy + np.array([metres, 0]))
    first, second, shared = overlaps(cells, 1)
    assert (first.tolist(), second.tolist()) == ([middle], [middle + 1])
    assert shapely.area(shared) == pytest.approx([metres * SIDE])
    assert widths(shared) == pytest.approx([metres], rel=0.1)
    found = gaps(cells, 10, 1)
    assert shapely.area(found.shapes) == pytest.approx([metres * SIDE], rel=1e-2)
    assert {middle - 1, middle} <= set(found.neighbours[0].tolist())
    assert found.is_enclosed.tolist() == [0 < rows // 2 < rows - 1]  # else it opens at the outline


def disturbed(cells: Geometries, seed: int) -> Geometries:
    """Each grid drawn by another hand: its corners some metres off."""
    corners = shapely.get_coordinates(cells).reshape(-1, 5, 2)[:, :4]
    moved = corners + np.random.default_rng(seed).uniform(-4, 4, corners.shape)
    drawn: Geometries = shapely.polygons(moved)
    valid: Geometries = drawn[shapely.is_valid(drawn)]
    return valid


@given(tilings(), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_areas_add_up_where_borders_were_drawn_by_different_hands(cells: Geometries, seed: int) -> None:
    grids = disturbed(cells, seed)
    _, _, shared = overlaps(grids, 0)
    twice = shapely.area(grids).sum() - shapely.area(shapely.union_all(grids))
    assert (
        shapely.area(shapely.union_all(shared)) <= twice + 0.01
    )  # three hold the area at some corners
    assert shapely.area(shared).sum() >= twice - 0.01

    found = gaps(grids, 10, 0)
    enclosed = found.shapes[found.is_enclosed]
    assert shapely.area(enclosed).sum() == pytest.approx(unowned(grids), abs=0.01)
    assert shapely.area(shapely.intersection(found.shapes, shapely.union_all(grids))).sum() < 1
    opened = np.flatnonzero(~found.is_enclosed)
    assert all(len(found.neighbours[k]) > 1 for k in opened)
    assert (widths(found.shapes[opened]) < 10).all()


@given(st.integers(2, 8), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_where_at_most_two_overlap_their_areas_are_what_the_union_lacks(count: int, seed: int) -> None:
    grids = disturbed(boxes(count, 1), seed)
    first, second, shared = overlaps(grids, 0)
    assert (second - first == 1).all()
    twice = shapely.area(grids).sum() - shapely.area(shapely.union_all(grids))
    assert shapely.area(shared).sum() == pytest.approx(twice, abs=1e-3)


@given(tilings(), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_the_order_of_the_grids_changes_nothing_but_their_numbers(cells: Geometries, seed: int) -> None:
    moved = disturbed(cells, seed)
    order = np.random.default_rng(seed).permutation(len(moved))

    def faults(polygons: Geometries, number: npt.NDArray[np.int64]) -> tuple[object, object]:
        first, second, shared = overlaps(polygons, 0.1)
        pairs = {
            frozenset(number[[a, b]].tolist()): round(shape.area)
            for a, b, shape in zip(first, second, shared, strict=True)
        }
        found = gaps(polygons, 10, 0.1)
        empty = [
            (sorted(number[n].tolist()), bool(e), round(shape.area))
            for shape, e, n in zip(*found, strict=True)
        ]
        return pairs, sorted(empty)

    assert faults(moved, np.arange(len(moved))) == faults(moved[order], order)


def test_an_area_that_three_grids_hold_is_in_three_pairs() -> None:
    grids = array(shapely.box(0, 0, 20, 20), shapely.box(10, 0, 30, 20), shapely.box(5, 10, 25, 30))
    first, second, shared = overlaps(grids, 1)
    assert (first.tolist(), second.tolist()) == ([0, 0, 1], [1, 2, 2])
    assert shapely.area(shared).tolist() == [200, 150, 150]
    assert shapely.area(shapely.intersection_all(shared)) == 100
    assert shapely.area(shared).sum() - 100 == 1200 - shapely.area(shapely.union_all(grids))


def test_a_grid_inside_another_and_one_drawn_twice_overlap_with_their_whole_area() -> None:
    grids = array(shapely.box(0, 0, 100, 100), shapely.box(10, 10, 20, 20), shapely.box(10, 10, 20, 20))
    first, second, shared = overlaps(grids, 1)
    assert (first.tolist(), second.tolist()) == ([0, 0, 1], [1, 2, 2])
    assert shapely.area(shared).tolist() == [100, 100, 100]


def test_where_an_overlap_and_a_common_border_meet_only_the_area_counts() -> None:
    left = shapely.Polygon([(0, 0), (10, 0), (10, 5), (12, 5), (12, 10), (0, 10)])
    right = shapely.Polygon([(10, -5), (20, -5), (20, 10), (10, 10)])
    _, _, shared = overlaps(array(left, right), 1)
    assert [shape.geom_type for shape in shared] == ["Polygon"]
    assert shapely.area(shared).tolist() == [10]


@pytest.mark.parametrize("other", [(SIDE, SIDE), (SIDE, 0), (SIDE, 50)])
def test_touching_at_a_point_or_along_a_border_is_nothing(other: tuple[float, float]) -> None:
    grids = array(shapely.box(0, 0, SIDE, SIDE), shapely.box(*other, other[0] + SIDE, other[1] + SIDE))
    assert len(overlaps(grids, 0)[0]) == 0
    assert len(gaps(grids, 10, 0).shapes) == 0


def test_a_wide_enclosed_hole_is_a_gap_of_all_grids_along_it() -> None:
    found = gaps(np.delete(boxes(3, 3), 4), 10, 1)
    assert shapely.area(found.shapes).tolist() == [SIDE**2]
    assert found.is_enclosed.tolist() == [True]
    assert [n.tolist() for n in found.neighbours] == [[1, 3, 4, 6]]  # not those at its corners
    assert widths(found.shapes) == pytest.approx([SIDE], rel=0.02)


def test_a_hole_in_one_grid_is_a_gap() -> None:
    ring = shapely.box(0, 0, 100, 100) - shapely.box(40, 40, 60, 60)
    found = gaps(array(ring), 10, 1)
    assert shapely.area(found.shapes).tolist() == [400]
    assert [n.tolist() for n in found.neighbours] == [[0]]


def test_an_island_in_a_lake_is_not_part_of_the_gap_and_its_own_hole_counts_once() -> None:
    lake = shapely.box(0, 0, 500, 500) - shapely.box(100, 100, 400, 400)
    island = shapely.box(200, 200, 300, 300) - shapely.box(240, 240, 260, 260)
    islet = shapely.box(245, 245, 255, 255)
    found = gaps(array(lake, island, islet), 10, 1)
    assert shapely.area(found.shapes).tolist() == [300**2 - 100**2, 400 - 100]
    assert [n.tolist() for n in found.neighbours] == [[0, 1], [1, 2]]


def test_a_lake_that_a_narrow_mouth_opens_is_one_gap() -> None:
    west, east = shapely.box(0, 0, 248, 500), shapely.box(252, 0, 500, 500)
    lake = shapely.box(100, 100, 400, 400)
    shore = array(west - lake, (east | shapely.box(248, 400, 252, 500)) - lake)
    found = gaps(shore, 10, 1)
    assert shapely.area(found.shapes) == pytest.approx([300**2 + 4 * 100])
    assert (found.is_enclosed.tolist(), found.neighbours[0].tolist()) == ([False], [0, 1])
    assert len(gaps(shore, 3, 1).shapes) == 0  # a lake 4 m from being closed is outside


@pytest.mark.parametrize(("river", "expected"), [(4.0, 1), (9.9, 1), (10.1, 0), (80.0, 0), (5e4, 0)])
def test_a_strip_between_two_grids_is_a_gap_only_if_it_is_narrow(river: float, expected: int) -> None:
    banks = array(shapely.box(0, 0, 300, 300), shapely.box(300 + river, 0, 600 + river, 300))
    found = gaps(banks, 10, 1)
    assert len(found.shapes) == expected
    assert shapely.area(found.shapes).sum() == pytest.approx(expected * river * 300)


def test_a_narrow_inlet_into_a_single_grid_is_outside() -> None:
    creek = shapely.box(0, 0, 100, 100) - shapely.box(48, 20, 52, 100)
    assert len(gaps(array(creek, shapely.box(100, 0, 200, 100)), 10, 1).shapes) == 0


def test_corners_and_bends_of_the_outline_are_no_gaps() -> None:
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    star = (
        np.stack([np.cos(angle), np.sin(angle)], axis=1)
        * np.where(np.arange(40) % 2, 600, 900)[:, None]
    )
    halves = shapely.Polygon(star), shapely.box(-1000, -1000, 1000, 0)
    grids = array(halves[0] - halves[1], halves[0] & halves[1])
    assert len(gaps(grids, 10, 0.1).shapes) == 0


def test_small_faults_are_left_out() -> None:
    cells = array(
        shapely.box(0, 0, 100, 100), shapely.box(99, 0, 200, 100), shapely.box(201, 0, 300, 100)
    )
    assert [len(overlaps(cells, least)[0]) for least in (99, 100)] == [1, 0]
    assert [len(gaps(cells, 10, least).shapes) for least in (99, 100)] == [1, 0]


@pytest.mark.parametrize("grids", [array(), array(shapely.box(0, 0, 1, 1))])
def test_no_grid_or_one_has_no_faults(grids: Geometries) -> None:
    assert [len(field) for field in overlaps(grids, 0)] == [0, 0, 0]
    assert [len(field) for field in gaps(grids, 10, 0)] == [0, 0, 0]
    assert len(widths(array())) == 0


@pytest.mark.parametrize("bad", [-1.0, float("nan")])
def test_thresholds_below_zero_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="below zero"):
        overlaps(boxes(1, 1), bad)
    with pytest.raises(ValueError, match="below zero"):
        gaps(boxes(1, 1), bad, 1)
    with pytest.raises(ValueError, match="below zero"):
        gaps(boxes(1, 1), 10, bad)


@given(seed=st.integers(0, 10_000), distance=st.sampled_from([0.0, 5.0, 20.0]))
def test_near_others_is_what_measuring_every_pair_finds(seed: int, distance: float) -> None:
    random = np.random.default_rng(seed)
    west, south = random.uniform(0, 300, (2, 6))
    polygons = shapely.box(west, south, west + random.uniform(20, 200, 6), south + 80)
    x, y = random.uniform(-50, 500, (2, 80))
    own = random.integers(-1, 6, 80)
    found = set(zip(*near_others(polygons, own, x, y, distance), strict=True))
    apart = shapely.distance(shapely.points(x, y)[:, None], polygons[None, :])
    wanted = {
        (place, polygon)
        for place, polygon in zip(*np.nonzero(apart <= distance), strict=True)
        if polygon != own[place]
    }
    assert found == wanted


def test_the_border_between_two_squares_is_their_common_side() -> None:
    squares = shapely.box([0, 100, 300], 0, [100, 200, 400], 100)
    line, none = borders_between(squares, np.array([0, 0]), np.array([1, 2]), 1.0)
    assert line.length == pytest.approx(100 + 2, abs=0.01), "a metre round each corner"
    assert none.is_empty
    for call in (
        lambda: near_others(squares, np.array([0]), np.zeros(1), np.zeros(1), -1),
        lambda: borders_between(squares, np.array([0]), np.array([1]), -1),
    ):
        with pytest.raises(ValueError, match="below zero"):
            call()
