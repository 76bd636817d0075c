"""Declared points: quotas, pins and distances hold whatever the candidates are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geo.choose import Candidates, choose_points, split_total, stand_ins

PENALTY = 0.1


def candidates(xy: list[tuple[float, float]], **given_: Any) -> Candidates:
    """Seen candidates of one stratum and grid without risk, but for what is given."""
    n = len(xy)
    no = np.zeros(n, dtype=bool)
    fields = {
        "key": np.array([f"k{i:03}" for i in range(n)], dtype=object),
        "stratum": np.zeros(n, dtype=np.int64),
        "grid": np.zeros(n, dtype=np.int64),
        "risk": np.zeros(n),
        "is_unseen": no,
        "is_pinned": no,
        "is_barred": no,
    }
    fields |= {name: np.array(value) for name, value in given_.items()}
    return Candidates(xy_m=np.array(xy, dtype=float).reshape(n, 2), **fields)


def line(n: int) -> list[tuple[float, float]]:
    return [(100.0 * i, 0.0) for i in range(n)]


@st.composite
def problems(draw: st.DrawFn) -> tuple[Candidates, np.ndarray[Any, Any], float]:
    n = draw(st.integers(0, 25))
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(0, 8), st.integers(0, 8), st.integers(0, 2), st.integers(-1, 3),
                st.sampled_from([0.0, 0.1, 0.15, 0.3, 0.9]),
                st.booleans(), st.integers(0, 5), st.integers(0, 5),
            ),
            min_size=n, max_size=n,
        )
    )  # fmt: skip
    table = np.array(rows, dtype=float).reshape(n, 8)
    made = candidates(
        [(50 * x, 50 * y) for x, y in table[:, :2]],
        stratum=table[:, 2].astype(np.int64),
        grid=table[:, 3].astype(np.int64),
        risk=table[:, 4],
        is_unseen=table[:, 5] == 1,
        is_pinned=table[:, 6] == 5,
        is_barred=table[:, 7] == 5,
    )
    quota = np.array(draw(st.lists(st.integers(0, 6), min_size=3, max_size=3)), dtype=np.int64)
    return made, quota, draw(st.sampled_from([0.0, 50.0, 60.0, 120.0]))


@given(problems())
def test_pins_stay_and_nobody_else_is_too_near(problem: Any) -> None:
    made, quota, distance = problem
    point = choose_points(made, quota, distance, PENALTY)
    assert len(set(point)) == len(point)
    assert set(np.flatnonzero(made.is_pinned)) <= set(point)
    assert not (made.is_barred & ~made.is_pinned)[point].any()
    close = {
        (min(i, j), max(i, j))
        for i in point
        for j in point
        if i != j
        and made.stratum[i] == made.stratum[j]
        and np.hypot(*(made.xy_m[i] - made.xy_m[j])) < distance
    }
    assert all(made.is_pinned[i] and made.is_pinned[j] for i, j in close)


@given(problems())
def test_quotas_are_met_unless_nobody_is_left(problem: Any) -> None:
    made, quota, distance = problem
    found = choose_points(made, quota, distance, PENALTY)
    for h, wanted in enumerate(quota):
        of_type = made.stratum == h
        own = found[of_type[found]]
        assert (
            (of_type & made.is_pinned).sum()
            <= len(own)
            <= max((of_type & made.is_pinned).sum(), wanted)
        )
        if len(own) < wanted:  # each of the others is barred, or somebody chosen stands too near
            for i in set(np.flatnonzero(of_type & ~made.is_barred).tolist()) - set(own.tolist()):
                assert (np.hypot(*(made.xy_m[own] - made.xy_m[i]).T) < distance).any()


@given(problems())
def test_without_a_distance_never_fewer(problem: Any) -> None:
    made, quota, distance = problem
    free = choose_points(made, quota, 0, PENALTY)
    assert len(free) >= len(choose_points(made, quota, distance, PENALTY))


def test_a_shorter_distance_may_cost_a_point() -> None:
    """Known of greedy choices: the second best place is free now, and keeps two others out."""
    made = candidates([(0, 12), (0, 0), (9, 0), (-9, 0)], risk=[0, 0.1, 0.2, 0.2])
    four = np.array([4])
    assert len(choose_points(made, four, 15, 0)) == 3
    assert len(choose_points(made, four, 10, 0)) == 2


@given(problems(), st.randoms(use_true_random=False))
def test_the_order_of_the_candidates_does_not_matter(problem: Any, random: Any) -> None:
    made, quota, distance = problem
    shuffled = list(range(len(made.key)))
    random.shuffle(shuffled)
    order = np.array(shuffled, dtype=np.int64)
    one = choose_points(made, quota, distance, PENALTY)
    other = choose_points(made.take(order), quota, distance, PENALTY)
    assert order[other].tolist() == one.tolist()


def test_seen_ones_first_and_unseen_ones_where_nothing_else_is_left() -> None:
    made = candidates(line(4), risk=[0.0, 0.5, 0.6, 0.7], is_unseen=[True, False, False, False])
    assert choose_points(made, np.array([2]), 50, 0).tolist() == [1, 2]
    assert choose_points(made, np.array([4]), 50, 0).tolist() == [1, 2, 3, 0]


def test_grids_take_turns_while_the_risk_allows() -> None:
    made = candidates(line(5), risk=[0.0, 0.01, 0.05, 0.5, 0.0], grid=[0, 0, 1, 2, 0])
    assert choose_points(made, np.array([2]), 0, PENALTY).tolist() == [0, 2]
    assert choose_points(made, np.array([2]), 0, 0).tolist() == [0, 4]


def test_the_distance_is_kept_within_a_type_only() -> None:
    made = candidates([*line(3), (0, 10)], stratum=[0, 0, 0, 1], risk=[0.0, 0.1, 0.2, 0.9])
    assert choose_points(made, np.array([2, 1]), 500, 0).tolist() == [0, 3]


def test_pins_count_in_the_quota_and_their_grids() -> None:
    made = candidates(line(4), is_pinned=[True, True, False, False], grid=[0, 0, 0, 1])
    assert choose_points(made, np.array([1]), 500, PENALTY).tolist() == [0, 1]
    assert choose_points(made, np.array([3]), 0, PENALTY).tolist() == [0, 1, 3]
    assert choose_points(made, np.array([2]), 0, PENALTY).tolist() == [0, 1]


def test_nobody_to_choose_from() -> None:
    assert len(choose_points(candidates([]), np.array([3]), 100, PENALTY)) == 0


@given(problems())
def test_stand_ins_keep_the_distance_and_begin_with_the_best(problem: Any) -> None:
    made, quota, distance = problem
    found = choose_points(made, quota, distance, PENALTY)
    for out in found:
        rest = found[found != out]
        best = stand_ins(made, found, int(out), distance, PENALTY)
        own = rest[made.stratum[rest] == made.stratum[out]]
        assert not set(best) & set(found)
        assert (made.stratum[best] == made.stratum[out]).all()
        for i in best:
            assert (np.hypot(*(made.xy_m[own] - made.xy_m[i]).T) >= distance).all()
        pinned = made.is_pinned.copy()
        pinned[rest] = True
        barred = made.is_barred.copy()
        barred[out] = True
        one = np.bincount(made.stratum[found], minlength=3)
        again = choose_points(
            replace(made, is_pinned=pinned & (np.arange(len(pinned)) != out), is_barred=barred),
            one, distance, PENALTY,
        )  # fmt: skip
        assert set(again) - set(rest) == set(best[:1])


@given(st.lists(st.integers(1, 400), min_size=1, max_size=12), st.integers(0, 600))
def test_a_split_sums_to_the_total(counts: list[int], total: int) -> None:
    have = np.array(counts)
    least = np.minimum(2, have)
    parts = split_total(total, np.sqrt(have), least, have)
    assert parts.sum() == min(total, have.sum())
    assert (parts <= have).all()
    if least.sum() <= total:
        assert (parts >= least).all()
    more = have[:, None] > have[None]
    assert (parts[:, None] >= parts[None])[more].all()


def test_a_split_by_hand() -> None:
    have = np.array([100, 25, 4, 1])  # roots 10, 5, 2, 1
    assert split_total(18, np.sqrt(have), np.minimum(2, have), have).tolist() == [10, 5, 2, 1]
    assert split_total(3, np.sqrt(have), np.minimum(2, have), have).tolist() == [2, 1, 0, 0]
