from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.place import cluster_points, find_places

metres = st.integers(-60, 60).map(float)
points = st.lists(st.tuples(metres, metres), min_size=1, max_size=60).map(np.array)


def groups_of(labels: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)}


@given(points, st.floats(5, 40), st.randoms(use_true_random=False))
def test_clusters_are_small_and_do_not_depend_on_the_order(
    xy: np.ndarray, radius: float, random: Random
) -> None:
    cluster, x, y = cluster_points(*xy.T, radius)
    assert set(cluster.tolist()) == set(range(len(x)))
    assert np.hypot(xy[:, 0] - x[cluster], xy[:, 1] - y[cluster]).max() <= radius
    apart = np.hypot(x[:, None] - x, y[:, None] - y) + 1e9 * np.eye(len(x))
    assert apart.min() > radius

    order = np.array(random.sample(range(len(xy)), len(xy)))
    again, *_ = cluster_points(*xy[order].T, radius)
    assert (again == cluster[order]).all()


@given(points)
def test_two_heaps_far_apart_stay_two_places(xy: np.ndarray) -> None:
    heap = xy * 14 / 60  # at most 40 m across: every point within 30 m of the busiest in the middle
    busy = np.concatenate([np.zeros((100, 2)), heap])
    both = np.concatenate([busy, busy + np.array([500.0, 0.0])])
    cluster, *_ = cluster_points(*both.T, 30)
    assert groups_of(cluster) == {
        frozenset(range(100 + len(heap))),
        frozenset(range(100 + len(heap), 200 + 2 * len(heap))),
    }


def test_a_row_of_reports_is_not_chained_into_one_place() -> None:
    x = np.arange(0.0, 400.0, 10.0)
    cluster, centre, _ = cluster_points(x, np.zeros(len(x)), 30)
    assert 7 <= len(centre) <= 14
    assert np.abs(x - centre[cluster]).max() <= 30


def test_the_street_comes_first_then_the_cluster_and_nowhere_is_no_place() -> None:
    x = np.array([0.0, 5.0, 1000.0, 1010.0, np.nan, 0.0, 1005.0])
    y = np.array([0.0, 5.0, 0.0, 0.0, 0.0, np.nan, 2.0])
    segment = np.array([7, 7, 3, 3, 3, 7, -1])
    offset_m = np.array([30.0, 0.0, 30.1, 400.0, np.nan, 0.0, np.nan])
    places = find_places(x, y, segment, offset_m, near_m=30, cluster_m=30)
    assert places.place.tolist() == [0, 0, 1, 1, -1, -1, 1]
    assert places.segment.tolist() == [7, -1]
    assert np.isnan(places.x[0])
    assert 1000 <= places.x[1] <= 1010


def test_nothing_has_no_places() -> None:
    none = np.empty(0)
    places = find_places(none, none, none.astype(int), none, 30, 30)
    assert len(places.place) == len(places.segment) == 0


def test_wrong_arguments_are_refused() -> None:
    one, index = np.zeros(1), np.zeros(1, dtype=int)
    with pytest.raises(ValueError, match="near_m"):
        find_places(one, one, index, one, -1, 30)
    with pytest.raises(ValueError, match="length"):
        find_places(one, one, index, np.zeros(2), 30, 30)
