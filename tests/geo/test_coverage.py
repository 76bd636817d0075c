"""Cleaning coverage: unions against counting tick by tick, and an example worked by hand."""

from __future__ import annotations

from random import Random

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.coverage import (
    Share,
    clock_hours,
    coverage_share,
    covered_hours,
    hours_owed,
    is_swept,
    mechanised_share,
    met_share,
    swept_share,
    union_lengths,
)

Floats = npt.NDArray[np.float64]

DAY_1 = np.datetime64("2025-03-01")
NAN = float("nan")


def times(*clock: str) -> npt.NDArray[np.datetime64]:
    """Local times in March 2025: "01 05:30" is 05:30 of the first."""
    return np.array([f"2025-03-{text[:2]}T{text[3:]}" for text in clock], dtype="datetime64[m]")


def hour(value: float) -> np.timedelta64:
    return np.timedelta64(round(value * 3_600_000), "ms")


# --- unions ---------------------------------------------------------------------------------------

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


clock = st.integers(0, 4 * 24).map(lambda quarter: quarter / 4)
shifts = st.lists(st.tuples(st.integers(0, KEYS - 1), st.integers(-100, 400), st.integers(0, 200)))


@given(
    shifts, st.lists(clock, min_size=KEYS, max_size=KEYS), st.lists(clock, min_size=KEYS, max_size=KEYS)
)
@settings(max_examples=200)
def test_covered_hours_are_the_quarters_that_somebody_was_there(
    drawn: list[tuple[int, int, int]], opens: list[float], closes: list[float]
) -> None:
    """Shifts of whole quarters around three days, a duty window for each segment."""
    opens = [value % 24 for value in opens]
    expected = np.zeros((KEYS, 3))
    for segment in range(KEYS):
        for quarter in range(3 * 96):
            of_day = quarter % 96 / 4
            since, until = opens[segment], closes[segment]
            on_duty = since <= of_day < until if since < until else not until <= of_day < since
            there = any(s == segment and a <= quarter < a + n for s, a, n in drawn)
            expected[segment, quarter // 96] += (on_duty and there) / 4
    segment, first, count = np.array(drawn, dtype=np.int64).reshape(-1, 3).T
    came = DAY_1 + first * np.timedelta64(15, "m")
    duty = {
        "duty_from": np.array([hour(value) for value in opens]),
        "duty_to": np.array([hour(value) for value in closes]),
    }
    left = came + count * np.timedelta64(15, "m")
    got = covered_hours(segment, came, left, KEYS, DAY_1, DAY_1 + 3, **duty)
    assert got.tolist() == expected.tolist()


def test_two_sweepers_at_once_are_one_hour() -> None:
    came, left = times("01 06:00", "01 06:30", "01 09:00"), times("01 07:00", "01 07:30", "01 09:15")
    hours = covered_hours(np.array([0, 0, 0]), came, left, 2, "2025-03-01", "2025-03-02")
    assert hours.tolist() == [[1.75], [0]]


def test_a_shift_over_midnight_counts_in_both_days() -> None:
    night = np.array([0]), times("01 22:00"), times("02 06:00")
    period = 1, "2025-03-01", "2025-03-03"
    assert covered_hours(*night, *period).tolist() == [[2, 6]]
    inside = {"duty_from": hour(4), "duty_to": hour(23)}
    assert covered_hours(*night, *period, **inside).tolist() == [[1, 2]]
    over_midnight = {"duty_from": hour(23), "duty_to": hour(5)}
    assert covered_hours(*night, *period, **over_midnight).tolist() == [[1, 5]]
    assert covered_hours(*night, 1, "2025-03-02", "2025-03-03").tolist() == [[6]]


@given(st.integers(0, 2**32 - 1), st.integers(-1000, 1000))
@settings(max_examples=60)
def test_neither_order_nor_a_shift_by_days_changes_anything(seed: int, days: int) -> None:
    random = np.random.default_rng(seed)
    count = 60
    segment = random.integers(0, 5, count)
    came = DAY_1 + random.integers(0, 3 * 86_400, count).astype("timedelta64[s]")
    left = came + random.integers(0, 30_000, count).astype("timedelta64[s]")
    order, shift = random.permutation(count), np.timedelta64(days, "D")
    period, later = (DAY_1, DAY_1 + 3), (DAY_1 + shift, DAY_1 + shift + 3)

    hours = covered_hours(segment, came, left, 5, *period)
    mixed_shifts = (segment[order], came[order] + shift, left[order] + shift)
    np.testing.assert_array_equal(covered_hours(*mixed_shifts, 5, *later), hours)
    assert ((hours >= 0) & (hours <= 24)).all()


# --- metrics.md 5 by hand -------------------------------------------------------------------------

# Grid 0 has a main road of 1,000 m (16 h) and a branch of 500 m (12 h), grid 1 a lane of 250 m (8 h)
# and one of 250 m without a standard; the last segment lies in no grid.
LENGTH = np.array([1000.0, 500, 250, 250, 800])
STANDARD = np.array([16.0, 12, 8, NAN, 16])
GRID = np.array([0, 0, 1, 1, -1])
# Two days. On day 2 the device on the branch sent nothing: unknown.
HOURS = np.array([[16.0, 4], [6, NAN], [10, 0], [5, 5], [0, 0]])
CLEANED = np.array([[800.0, 799], [500, NAN], [0, 250], [100, 0], [800, 0]])


def rows(share: Share) -> tuple[list[list[float]], list[list[float]]]:
    return share.numerator.tolist(), share.denominator.tolist()


def test_shares_by_hand() -> None:
    parts = HOURS, STANDARD, LENGTH, GRID, 2
    # Day 1: 1000·1 + 500·6/12 = 1250 of 1500 m; 250·1, more hours than asked count no more.
    # Day 2: 1000·4/16 = 250 of 1000 m, the branch being unknown; 0 of 250.
    assert rows(coverage_share(*parts)) == ([[1250, 250], [250, 0]], [[1500, 1000], [250, 250]])
    assert rows(met_share(*parts)) == ([[1000, 0], [250, 0]], [[1500, 1000], [250, 250]])
    # 0.5 km · 6 h and 1 km · 12 h; 0.25 km · 8 h.
    assert rows(hours_owed(*parts)) == ([[3, 12], [0, 2]], [[22, 16], [2, 2]])
    assert rows(swept_share(CLEANED, LENGTH, GRID, 2)) == (
        [[1300, 799], [100, 250]],
        [[1500, 1000], [500, 500]],
    )
    reachable = np.array([True, True, False, True, True])
    assert rows(mechanised_share(CLEANED, LENGTH, reachable, GRID, 2, 0.8)) == (
        [[1500, 0], [0, 0]],
        [[1500, 1000], [250, 250]],
    )


def test_a_segment_is_swept_from_the_share_on() -> None:
    swept = is_swept(CLEANED, LENGTH, 0.8)
    assert swept.tolist() == [
        [True, False], [True, False], [False, True], [False, False], [True, False],
    ]  # fmt: skip
    tenths = np.array([[0.1 + 0.2 + 0.5 - 1e-16]])
    assert is_swept(tenths, np.array([1.0]), 0.8).all()


def test_cleaning_more_never_owes_more() -> None:
    """hours_owed falls only by cleaning, and by what was cleaned inside the standard."""
    more = np.minimum(HOURS + 1, 24)
    before, after = (hours_owed(hours, STANDARD, LENGTH, GRID, 2) for hours in (HOURS, more))
    assert (after.numerator <= before.numerator).all()
    np.testing.assert_array_equal(after.denominator, before.denominator)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_shares_lie_between_nought_and_one_and_add_up_over_grids(seed: int) -> None:
    random = np.random.default_rng(seed)
    count, grids = 30, 4
    length, standard = random.uniform(5, 900, count), random.choice([8.0, 12, 16, NAN], count)
    grid = random.integers(0, grids, count)
    hours = random.choice([0, 3.5, 8, 12, 16, 24, NAN], (count, 5))
    everywhere = np.zeros(count, dtype=np.int64)
    for metric in (coverage_share, met_share, hours_owed):
        by_grid = metric(hours, standard, length, grid, grids)
        county = metric(hours, standard, length, everywhere, 1)
        for part, whole in zip(by_grid, county, strict=True):
            np.testing.assert_allclose(part.sum(axis=0), whole[0], rtol=1e-9)
        assert (by_grid.numerator >= 0).all()
        assert (by_grid.numerator <= by_grid.denominator * (1 + 1e-9)).all()
    met, covered = (m(hours, standard, length, grid, grids) for m in (met_share, coverage_share))
    assert (met.numerator <= covered.numerator + 1e-9).all()


# --- refused --------------------------------------------------------------------------------------


def test_faulty_intervals_are_refused_with_their_place() -> None:
    segment, at = np.array([0, 0]), times("01 08:00", "01 09:00")
    period = "2025-03-01", "2025-03-02"
    with pytest.raises(ValueError, match="came_at is not at or before left_at"):
        covered_hours(segment, at, at[::-1], 1, *period)
    with pytest.raises(ValueError, match="came_at is not at or before left_at"):
        covered_hours(segment, at, np.array(["NaT", "NaT"], dtype="datetime64[m]"), 1, *period)
    with pytest.raises(ValueError, match="has no day"):
        covered_hours(segment, at, at, 1, *period[::-1])
    with pytest.raises(ValueError, match="is not below `segments`"):
        covered_hours(segment - 1, at, at, 1, *period)
    with pytest.raises(ValueError, match="duty time"):
        covered_hours(segment, at, at, 1, *period, duty_from=hour(24))
    with pytest.raises(ValueError, match="standard_hours"):
        coverage_share(HOURS, STANDARD * 0, LENGTH, GRID, 2)
    with pytest.raises(ValueError, match="not below `groups`"):
        coverage_share(HOURS, STANDARD, LENGTH, GRID, 1)


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
