"""Unions against counting tick by tick; hours of the clock by hand."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.coverage import clock_hours, union_lengths

KEYS, SPAN = 3, 40
intervals = st.lists(
    st.tuples(st.integers(0, KEYS - 1), st.integers(0, SPAN), st.integers(0, SPAN)), max_size=25
)


@given(intervals, st.randoms(use_true_random=False))
@settings(max_examples=300)
def test_a_union_is_the_number_of_ticks_in_any_interval(
    drawn: list[tuple[int, int, int]], random: Random
) -> None:
    ticks = [
        {tick for key, start, end in drawn if key == wanted for tick in range(start, end)}
        for wanted in range(KEYS)
    ]
    expected = [len(inside) for inside in ticks]
    key, start, end = np.array(drawn, dtype=np.int64).reshape(-1, 3).T
    assert union_lengths(key, start, end, KEYS).tolist() == expected
    assert union_lengths(key, start / 4, end / 4, KEYS).tolist() == [n / 4 for n in expected]
    random.shuffle(drawn)
    key, start, end = np.array(drawn + drawn, dtype=np.int64).reshape(-1, 3).T  # each twice
    assert union_lengths(key, start, end, KEYS).tolist() == expected


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        (4.0, 6.0, {4, 5}),
        (5.5, 13.5, set(range(5, 14))),
        (22.5, 25.5, {22, 23, 0, 1}),
        (8.0, 8.0, {8}),
        (23.9, 24.0, {23}),
        (48.0, 49.5, {0, 1}),
        (3.0, 27.0, set(range(24))),
        (3.0, 40.0, set(range(24))),
    ],
)
def test_hours_of_the_clock(start: float, end: float, hours: set[int]) -> None:
    ms = [np.array([round(h * 3_600_000)]) for h in (start, end)]
    assert {h for h in range(24) if clock_hours(*ms)[0] >> h & 1} == hours
