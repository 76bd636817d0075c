"""Orders to walk: never longer than the list, near the best of all, the same every time."""

from __future__ import annotations

from itertools import combinations, permutations, product

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.network import build_network
from geo.route import ends_apart, equal_runs, walking_order

Floats = npt.NDArray[np.float64]


def ways(apart: Floats, order: npt.NDArray[np.int64], is_backwards: npt.NDArray[np.bool_]) -> float:
    """Metres between the streets of an order, one after the other."""
    n = len(apart) // 2
    total = 0.0
    for before, after in zip(range(len(order) - 1), range(1, len(order)), strict=True):
        leave = order[before] + (0 if is_backwards[before] else n)
        enter = order[after] + (n if is_backwards[after] else 0)
        total += apart[leave, enter]
    return total


def random_apart(rng: np.random.Generator, n: int) -> Floats:
    start = rng.uniform(0, 1000, (n, 2))
    ends = np.concatenate([start, start + rng.uniform(-200, 200, (n, 2))])
    return np.hypot(*(ends[:, None] - ends[None]).transpose(2, 0, 1))


@pytest.mark.parametrize("seed", range(12))
def test_near_the_best_of_all_orders(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 6))
    apart = random_apart(rng, n)
    best = min(
        ways(apart, np.array(order), np.array(turned))
        for order in permutations(range(n))
        for turned in product([False, True], repeat=n)
    )
    found = walking_order(apart)
    assert found.way_m.sum() == pytest.approx(ways(apart, found.street, found.is_backwards))
    assert best - 1e-6 <= found.way_m.sum() <= 1.1 * best


@pytest.mark.parametrize("n", [1, 2, 3, 30, 120])
def test_every_street_once_and_never_longer_than_the_list(n: int) -> None:
    apart = random_apart(np.random.default_rng(n), n)
    found = walking_order(apart)
    assert sorted(found.street) == list(range(n))
    assert found.way_m[0] == 0
    given = ways(apart, np.arange(n), np.zeros(n, dtype=bool))
    assert found.way_m.sum() <= given + 1e-6
    again = walking_order(apart)
    assert (again.street == found.street).all()
    assert (again.is_backwards == found.is_backwards).all()


def test_a_good_list_stays() -> None:
    """Streets that follow each other need no way between them."""
    x = np.arange(0, 1100, 100.0)
    lines = np.array([shapely.LineString([(a, 0), (a + 100, 0)]) for a in x], dtype=object)
    shuffled = np.random.default_rng(1).permutation(len(lines))
    apart = ends_apart(lines, build_network(lines), shuffled)
    assert walking_order(apart).way_m.sum() == pytest.approx(0)


def test_ways_follow_the_network_and_cross_gaps_straight() -> None:
    """Two streets 100 m apart whose only link is a detour of 300 m; a third that nothing reaches."""
    lines = np.array(
        [
            shapely.LineString([(0, 0), (0, 500)]),
            shapely.LineString([(100, 0), (100, 500)]),
            shapely.LineString([(0, 500), (0, 600), (100, 600), (100, 500)]),
            shapely.LineString([(100, -30), (200, -30)]),
        ],
        dtype=object,
    )
    apart = ends_apart(lines, build_network(lines), np.array([0, 1, 3]))
    assert apart[3, 4] == pytest.approx(300)  # end of the first to the end of the second
    assert apart[0, 1] == pytest.approx(1300)  # from start to start: all the way round
    assert apart[1, 2] == pytest.approx(30)
    assert np.allclose(apart, apart.T)


def test_nothing_to_walk() -> None:
    assert len(walking_order(np.empty((0, 0))).street) == 0


def efforts(way: Floats, stop: float, run: npt.NDArray[np.int64]) -> list[float]:
    return [
        float(way[run == r][1:].sum() + stop * (run == r).sum()) for r in range(run.max(initial=-1) + 1)
    ]


@given(
    st.lists(st.integers(0, 900), min_size=0, max_size=9),
    st.sampled_from([0.0, 100.0, 533.3]),
    st.integers(1, 5),
)
def test_runs_are_as_equal_as_the_order_allows(ways: list[int], stop: float, runs: int) -> None:
    way = np.array(ways, dtype=float)
    n = len(way)
    run = equal_runs(way, stop, runs)
    assert len(set(run)) == min(runs, n)
    assert (np.diff(run) >= 0).all()
    found = sum(e**2 for e in efforts(way, stop, run))
    for cuts in combinations(range(1, n), min(runs, n) - 1) if n else ():
        other = np.searchsorted(np.array(cuts), np.arange(n), side="right")
        assert found <= sum(e**2 for e in efforts(way, stop, other)) + 1e-6


def test_no_team_is_no_route() -> None:
    with pytest.raises(ValueError, match="at least one"):
        equal_runs(np.zeros(3), 1, 0)
