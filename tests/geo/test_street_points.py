"""Points in the middle of stretches, against shapely's own walk along a line."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.street_points import street_points, stretch_counts


def lines(*shapes: str) -> np.ndarray:
    return np.array([shapely.from_wkt(shape) for shape in shapes], dtype=object)


def test_stretches_are_equal_and_no_longer_than_the_step() -> None:
    shapes = lines("LINESTRING (0 0, 120 0)", "LINESTRING (0 10, 50 10)")
    points = street_points(shapes, shapely.length(shapes), 50, 10)
    assert points.line.tolist() == [0, 0, 0, 1]
    assert points.number.tolist() == [0, 1, 2, 0]
    assert np.allclose(points.x, [20, 60, 100, 25])
    assert np.allclose(points.y, [0, 0, 0, 10])


def test_short_pieces_have_none() -> None:
    shapes = lines("LINESTRING (0 0, 9.99 0)", "LINESTRING (0 0, 10 0)")
    assert stretch_counts(shapely.length(shapes), 50, 10).tolist() == [0, 1]
    assert street_points(shapes, shapely.length(shapes), 50, 10).line.tolist() == [1]


def test_parts_of_a_line_follow_each_other_without_a_gap() -> None:
    shapes = lines("MULTILINESTRING ((0 0, 30 0), (500 0, 570 0))")
    points = street_points(shapes, shapely.length(shapes), 50, 10)
    assert np.allclose(points.x, [25, 545])


def test_no_streets() -> None:
    points = street_points(np.empty(0, dtype=object), np.empty(0), 50, 10)
    assert [len(values) for values in points] == [0, 0, 0, 0]


def test_a_step_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="step_m"):
        street_points(lines("LINESTRING (0 0, 1 0)"), np.ones(1), 0, 10)


coordinate = st.integers(-2000, 2000)
bends = st.lists(st.tuples(coordinate, coordinate), min_size=2, max_size=6, unique=True)


@given(st.lists(bends, min_size=1, max_size=4))
def test_every_point_lies_where_a_walk_along_the_line_arrives(
    shapes: list[list[tuple[int, int]]],
) -> None:
    drawn = np.array([shapely.LineString(shape) for shape in shapes], dtype=object)
    length = shapely.length(drawn)
    points = street_points(drawn, length, 50, 10)
    count = stretch_counts(length, 50, 10)
    assert np.array_equal(np.bincount(points.line, minlength=len(drawn)), count)
    along = (points.number + 0.5) * (length / np.maximum(count, 1))[points.line]
    there = shapely.line_interpolate_point(drawn[points.line], along)
    assert np.allclose(shapely.get_x(there), points.x, atol=1e-6)
    assert np.allclose(shapely.get_y(there), points.y, atol=1e-6)
    assert (length[points.line] / count[points.line] <= 50).all()
