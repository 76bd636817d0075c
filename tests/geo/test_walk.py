"""On foot between points: along the streets where they lead on, straight where they do not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.network import Network, build_network
from geo.route import point_order
from geo.walk import points_apart, points_on_network, ways_on_foot

Floats = npt.NDArray[np.float64]

NO_STREETS = build_network(np.empty(0, dtype=object))


def network(*lines: list[tuple[float, float]]) -> Network:
    return build_network(np.array([shapely.LineString(line) for line in lines], dtype=object))


def apart(points: list[tuple[float, float]], net: Network) -> Floats:
    return points_apart(points_on_network(np.array(points, dtype=float).reshape(-1, 2), net))


def grid_town(side: int = 5, block: float = 100) -> Network:
    """Streets east and north, each drawn block by block."""
    steps = [(i * block, (i + 1) * block) for i in range(side - 1)]
    rows = [[(a, y * block), (b, y * block)] for y in range(side) for a, b in steps]
    return network(*rows, *[[(y, x) for x, y in row] for row in rows])


def walked(points: list[tuple[float, float]], net: Network) -> list[tuple[float, bool]]:
    """Length of the line drawn to each point from the one before, and whether it is straight."""
    on = points_on_network(np.array(points, dtype=float), net)
    order = np.arange(len(points))
    metres = points_apart(on)
    way = np.array([0.0, *metres[order[:-1], order[1:]]])
    lines, is_straight = ways_on_foot(on, order, way)
    for k in range(1, len(points)):
        assert lines[k][0].tolist() == list(points[k - 1])
        assert lines[k][-1].tolist() == list(points[k])
        assert shapely.LineString(lines[k]).length == pytest.approx(way[k], abs=1e-5)
    return [(float(m), bool(s)) for m, s in zip(way, is_straight, strict=True)]


def test_round_a_ring_the_shorter_way() -> None:
    ring = network([(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)])
    points = [(50.0, -10.0), (110.0, 50.0), (50.0, 105.0), (20.0, 0.0)]
    metres = apart(points, ring)
    assert metres[0].tolist() == pytest.approx([0, 10 + 100 + 10, 10 + 200 + 5, 10 + 30])
    assert metres[2, 3] == pytest.approx(5 + 50 + 100 + 20)
    assert np.allclose(metres, metres.T)
    assert [m for m, _ in walked(points, ring)] == pytest.approx([0, 120, 10 + 100 + 5, 175])


def test_a_grid_town_is_walked_round_its_blocks() -> None:
    rng = np.random.default_rng(4)
    town = grid_town()
    points = [
        (float(rng.uniform(0, 400)), 100.0 * rng.integers(5)) if i % 2
        else (100.0 * rng.integers(5), float(rng.uniform(0, 400)))
        for i in range(20)
    ]  # fmt: skip
    metres = apart(points, town)
    for i, a in enumerate(points):
        for j, b in enumerate(points):
            dx, dy = abs(a[0] - b[0]), abs(a[1] - b[1])
            assert metres[i, j] >= dx + dy - 1e-6
            assert metres[i, j] <= dx + dy + 100 + 1e-6  # to the next corner and back
    assert not any(is_straight for _, is_straight in walked(points, town))


def test_two_pieces_are_joined_straight() -> None:
    two = network([(0, 0), (100, 0)], [(0, 500), (100, 500)])
    points = [(0.0, 0.0), (100.0, 0.0), (100.0, 500.0)]
    assert apart(points, two)[1].tolist() == pytest.approx([100, 0, 500])
    assert walked(points, two) == [(0, False), (pytest.approx(100), False), (500, True)]


def test_nearer_to_each_other_than_to_the_street() -> None:
    points = [(10.0, 80.0), (13.0, 84.0)]
    assert apart(points, network([(0, 0), (100, 0)]))[0, 1] == pytest.approx(5)
    assert walked(points, network([(0, 0), (100, 0)]))[1] == (pytest.approx(5), True)


def test_points_at_one_place_and_at_the_ends_of_streets() -> None:
    points = [(0.0, 0.0), (0.0, 0.0), (100.0, 0.0), (100.0, 0.0), (40.0, 0.0), (40.0, 0.0)]
    metres = apart(points, network([(0, 0), (100, 0)], [(100, 0), (100, 70)]))
    assert metres[0].tolist() == pytest.approx([0, 0, 100, 100, 40, 40])
    order, way = point_order(metres)
    assert sorted(order) == list(range(6))
    assert way.sum() == pytest.approx(100)


@pytest.mark.parametrize("net", [NO_STREETS, grid_town()])
def test_no_point_and_one(net: Network) -> None:
    assert apart([], net).shape == (0, 0)
    assert apart([(3.0, 4.0)], net).tolist() == [[0]]
    assert [len(column) for column in point_order(apart([], net))] == [0, 0]
    assert [column.tolist() for column in point_order(np.zeros((1, 1)))] == [[0], [0]]
    lines, is_straight = ways_on_foot(
        points_on_network(np.empty((0, 2)), net), np.empty(0, dtype=np.int64), np.empty(0)
    )
    assert (len(lines), len(is_straight)) == (0, 0)


def test_without_streets_all_ways_are_straight() -> None:
    points = [(0.0, 0.0), (30.0, 40.0), (30.0, 140.0)]
    assert walked(points, NO_STREETS) == [(0, False), (50, True), (100, True)]


@given(st.lists(st.tuples(st.integers(-20, 420), st.integers(-20, 420)), min_size=2, max_size=25))
def test_never_longer_than_the_list(points: list[tuple[float, float]]) -> None:
    metres = apart(points, grid_town())
    order, way = point_order(metres)
    assert sorted(order) == list(range(len(points)))
    assert way.sum() == pytest.approx(metres[order[:-1], order[1:]].sum())
    assert way.sum() <= np.diagonal(metres, 1).sum() + 1e-6
