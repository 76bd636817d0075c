"""Near or not, against every distance."""

from __future__ import annotations

import numpy as np
import shapely

from geo.near import is_near, pairs_within


def test_is_near_is_what_all_distances_say() -> None:
    rng = np.random.default_rng(3)
    points = shapely.points(rng.uniform(0, 1000, (12, 2)))
    lines = shapely.linestrings(rng.uniform(0, 1000, (40, 3, 2)))
    shapes = np.concatenate([shapely.points(rng.uniform(0, 1000, (40, 2))), lines])
    expected = [min(shapely.distance(shape, points)) <= 100 for shape in shapes]
    assert is_near(shapes, points, 100).tolist() == expected
    assert 0 < sum(expected) < len(expected)


def test_the_distance_itself_is_near_and_nothing_is_near_nothing() -> None:
    here = np.array([shapely.Point(0, 0), None])
    assert is_near(here, np.array([shapely.Point(100, 0)]), 100).tolist() == [True, False]
    assert is_near(here, np.array([], dtype=object), 100).tolist() == [False, False]


def test_pairs_are_what_all_distances_say() -> None:
    rng = np.random.default_rng(4)
    (x, y), (near_x, near_y) = rng.uniform(0, 500, (2, 30)), rng.uniform(0, 500, (2, 40))
    x[3], near_y[5] = np.nan, np.nan
    apart = np.hypot(x[:, None] - near_x, y[:, None] - near_y)
    row, other = pairs_within(x, y, near_x, near_y, 100)
    expected = {tuple(pair) for pair in np.argwhere(apart <= 100).tolist()}
    assert set(zip(row.tolist(), other.tolist(), strict=True)) == expected
    assert pairs_within(np.empty(0), np.empty(0), near_x, near_y, 100)[0].size == 0
