from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geo.grid import cut_lines, repair_polygons, simplify_shapes

Geometries = npt.NDArray[np.object_]
MILLIMETRE = 1e-3


def pieces_of(line: shapely.Geometry, polygons: list[shapely.Polygon]) -> dict[int, shapely.Geometry]:
    """Polygon index -> the piece of the line there."""
    of_line, polygon, pieces = cut_lines(np.array([line]), np.array(polygons))
    assert (of_line == 0).all()
    assert len(set(polygon.tolist())) == len(polygon)
    return dict(zip(polygon.tolist(), pieces, strict=True))


LEFT, RIGHT = shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)


def lengths(line: shapely.Geometry, polygons: list[shapely.Polygon]) -> dict[int, float]:
    return {n: round(piece.length, 6) for n, piece in pieces_of(line, polygons).items()}


def test_a_street_across_two_grids_is_cut_at_their_border() -> None:
    assert lengths(shapely.LineString([(70, 50), (150, 50)]), [LEFT, RIGHT]) == {0: 30, 1: 50}


def test_a_street_on_a_shared_border_belongs_to_the_first_grid() -> None:
    border = shapely.LineString([(100, 10), (100, 90)])
    assert lengths(border, [LEFT, RIGHT]) == {0: 80}
    assert lengths(border, [RIGHT, LEFT]) == {0: 80}


@pytest.mark.parametrize("polygons", [[LEFT, RIGHT], [RIGHT, LEFT]])
def test_a_street_partly_on_a_border_counts_each_metre_once(polygons: list[shapely.Polygon]) -> None:
    bent = shapely.LineString([(50, 20), (100, 20), (100, 80), (150, 80)])
    found = lengths(bent, polygons)
    assert found == {0: 110, 1: 50}  # the 60 m on the border go to the first


def test_a_street_that_leaves_a_grid_and_comes_back_is_one_piece_there() -> None:
    line = shapely.LineString([(90, 10), (120, 10), (120, 30), (80, 30)])
    pieces = pieces_of(line, [LEFT, RIGHT])
    assert {n: piece.length for n, piece in pieces.items()} == {0: 30, 1: 60}
    assert pieces[0].geom_type == "MultiLineString"


def test_a_street_outside_every_grid_stays_whole() -> None:
    line = shapely.LineString([(300, 0), (300, 50)])
    assert pieces_of(line, [LEFT, RIGHT]) == {-1: line}


def test_a_street_that_ends_outside_keeps_its_rest() -> None:
    assert lengths(shapely.LineString([(150, 50), (250, 50)]), [LEFT, RIGHT]) == {1: 50, -1: 50}


def test_touching_a_grid_gives_it_nothing() -> None:
    assert lengths(shapely.LineString([(120, 150), (100, 100), (80, 150)]), [LEFT]) == {
        -1: round(2 * np.hypot(20, 50), 6)
    }


def test_a_street_drawn_there_and_back_keeps_its_length() -> None:
    there_and_back = shapely.LineString([(70, 50), (150, 50), (70, 50)])
    assert lengths(there_and_back, [LEFT, RIGHT]) == {0: 60, 1: 100}


@st.composite
def tilings(draw: st.DrawFn) -> list[shapely.Polygon]:
    """Slanted cells that share whole borders: a lattice under a random affine map, far east."""
    a, b = draw(st.integers(-400, 400)) / 1000, draw(st.integers(-400, 400)) / 1000
    east, north = draw(st.sampled_from([(0.0, 0.0), (519_123.4, 3_375_432.1)]))

    def corner(column: int, row: int) -> tuple[float, float]:
        return 100 * (column + a * row) + east, 100 * (row + b * column) + north

    return [
        shapely.Polygon([corner(c, r), corner(c + 1, r), corner(c + 1, r + 1), corner(c, r + 1)])
        for r in range(3)
        for c in range(3)
    ]


@st.composite
def streets(draw: st.DrawFn, around: tuple[float, float]) -> shapely.LineString:
    """A line to a centimetre that does not lie on itself (another test's business)."""
    step = st.integers(-12_000, 42_000).map(lambda n: n / 100)
    xy = draw(st.lists(st.tuples(step, step), min_size=2, max_size=5, unique=True))
    line = shapely.LineString([(x + around[0], y + around[1]) for x, y in xy])
    assume(line.length > 1 and abs(shapely.union_all([line]).length - line.length) < MILLIMETRE / 10)
    return line


@settings(max_examples=150)
@given(st.data())
def test_every_metre_of_street_lies_in_exactly_one_grid_or_in_none(data: st.DataObject) -> None:
    cells = data.draw(tilings())
    west, south, _, _ = cells[0].bounds
    lines = np.array(data.draw(st.lists(streets((west, south)), min_size=1, max_size=4)), dtype=object)
    polygons = np.array(cells, dtype=object)
    of_line, polygon, pieces = cut_lines(lines, polygons)

    total = np.bincount(of_line, weights=shapely.length(pieces), minlength=len(lines))
    assert total == pytest.approx(shapely.length(lines), abs=MILLIMETRE)
    keys = list(zip(of_line.tolist(), polygon.tolist(), strict=True))
    assert keys == sorted(keys, key=lambda key: (key[0], key[1] % (len(cells) + 1)))
    assert len(keys) == len(set(keys))
    for line, cell, piece in zip(of_line, polygon, pieces, strict=True):
        assert shapely.buffer(lines[line], MILLIMETRE).covers(piece)
        if cell >= 0:
            assert shapely.buffer(polygons[cell], MILLIMETRE).covers(piece)
        else:
            assert shapely.intersection(piece, shapely.union_all(polygons)).length < MILLIMETRE


def test_cutting_leaves_no_slivers() -> None:
    rng = np.random.default_rng(5)
    corner = np.array([519_123.4, 3_375_432.1])
    axes = np.array([[100.0, 13.7], [-21.3, 100.0]])
    cells = [
        shapely.Polygon(corner + np.array([(c, r), (c + 1, r), (c + 1, r + 1), (c, r + 1)]) @ axes)
        for r in range(3)
        for c in range(3)
    ]
    ends = corner + rng.uniform(0.1, 2.9, (300, 2, 2)) @ axes  # all inside the cells
    of_line, polygon, pieces = cut_lines(shapely.linestrings(ends), np.array(cells, dtype=object))
    assert shapely.length(pieces).min() > MILLIMETRE
    assert (polygon >= 0).all()
    assert set(of_line.tolist()) == set(range(300))


def test_repairing_a_bow_tie_keeps_the_area_that_its_rings_enclose() -> None:
    bow_tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    (repaired,) = repair_polygons(np.array([bow_tie], dtype=object))
    assert repaired.is_valid
    assert repaired.geom_type == "MultiPolygon"
    assert repaired.area == pytest.approx(50.0)
    assert shapely.equals(
        repaired,
        shapely.union_all([shapely.Polygon([(0, 0), (5, 5), (0, 10)]),
                           shapely.Polygon([(10, 0), (5, 5), (10, 10)])]),
    )  # fmt: skip


def test_repairing_drops_spikes_and_keeps_valid_polygons() -> None:
    spike = shapely.Polygon([(0, 0), (10, 0), (10, 10), (20, 10), (10, 10), (0, 10)])
    square = shapely.box(0, 0, 10, 10)
    repaired = repair_polygons(np.array([spike, square], dtype=object))
    assert shapely.equals(repaired, square).all()


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=9))
def test_repaired_polygons_are_valid_areas(ring: list[tuple[int, int]]) -> None:
    (repaired,) = repair_polygons(np.array([shapely.Polygon(ring)], dtype=object))
    assert repaired.is_valid
    assert repaired.is_empty or repaired.geom_type in {"Polygon", "MultiPolygon"}


def wavy_tiling(rng: np.random.Generator, size: int = 4, steps: int = 12) -> Geometries:
    """Squares of 100 m whose common borders wave."""
    wave = rng.normal(0, 2, (2, size + 1, size + 1, steps))

    def border(a: tuple[int, int], b: tuple[int, int]) -> list[tuple[float, float]]:
        (ax, ay), (bx, by) = a, b
        down = int(ax == bx)
        shift = wave[down, ax, ay]
        return [
            (100 * (ax + (bx - ax) * n / steps) + down * shift[n] * (n > 0),
             100 * (ay + (by - ay) * n / steps) + (1 - down) * shift[n] * (n > 0))
            for n in range(steps)
        ]  # fmt: skip

    def corner(at: tuple[int, int]) -> tuple[float, float]:
        return 100.0 * at[0], 100.0 * at[1]

    cells = []
    for x in range(size):
        for y in range(size):
            low, high = (x, y), (x + 1, y + 1)
            right_down, left_up = (x + 1, y), (x, y + 1)
            ring = [
                *border(low, right_down), *border(right_down, high),
                corner(high), *border(left_up, high)[:0:-1],
                corner(left_up), *border(low, left_up)[:0:-1],
            ]  # fmt: skip
            cells.append(shapely.Polygon(ring))
    return np.array(cells, dtype=object)


@pytest.mark.parametrize("seed", range(5))
def test_simplified_neighbours_keep_their_common_border(seed: int) -> None:
    tiling = wavy_tiling(np.random.default_rng(seed))
    assert shapely.coverage_is_valid(tiling)
    simple = simplify_shapes(tiling, 5.0)
    assert shapely.coverage_is_valid(simple)
    assert shapely.get_num_coordinates(simple).sum() < 0.6 * shapely.get_num_coordinates(tiling).sum()
    assert shapely.area(simple).sum() == pytest.approx(shapely.area(tiling).sum(), rel=0.02)
    assert shapely.is_valid(simple).all()


def test_overlapping_polygons_are_simplified_one_by_one() -> None:
    overlapping = np.array([shapely.box(0, 0, 10, 10).buffer(1), shapely.box(5, 5, 20, 20)])
    simple = simplify_shapes(overlapping, 0.5)
    assert shapely.is_valid(simple).all()
    assert shapely.area(simple) == pytest.approx(shapely.area(overlapping), rel=0.1)
