from __future__ import annotations

from itertools import pairwise, product
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.episode import DUPLICATE, FIRST, NONE, REOPENED, Episodes, find_episodes

DAY = np.datetime64("2024-03-01T00:00", "s")
NAT = np.datetime64("NaT", "s")
Row = tuple[
    int, int, int, int | None, int | None
]  # place, category, reported, closed, verified (hours)

hours = st.integers(0, 120)
wait = st.none() | st.integers(0, 40)
rows = st.lists(
    st.tuples(st.integers(-1, 2), st.integers(0, 1), hours, wait, wait).map(
        lambda row: (
            *row[:3],
            None if row[3] is None else row[2] + row[3],
            None if row[4] is None else row[2] + row[4],
        )
    ),
    max_size=25,
)


def times(values: list[int | None]) -> np.ndarray:
    return np.array(
        [NAT if hour is None else DAY + np.timedelta64(hour, "h") for hour in values],
        dtype="datetime64[s]",
    )


def episodes(issues: list[Row], shift_hours: int = 0) -> Episodes:
    place, category, *moments = zip(*issues, strict=True) if issues else [()] * 5
    shift = np.timedelta64(shift_hours, "h")
    return find_episodes(
        np.array(place, dtype=np.int64),
        np.array(category, dtype=np.int64),
        *(times(list(moment)) + shift for moment in moments),
    )


def plain(issues: list[Row]) -> tuple[list[set[int]], dict[int, int]]:
    """Pair by pair, as the definition reads: the sets of issues, and the role of each."""
    together = {number: {number} for number, row in enumerate(issues) if row[0] >= 0}
    for i, j in product(list(together), repeat=2):
        if issues[i][:2] == issues[j][:2] and _belong(issues, i, j):
            joined = together[i] | together[j]
            together |= dict.fromkeys(joined, joined)
    role = {}
    for number, members in together.items():
        report = issues[number][2]
        earlier = [m for m in members if (issues[m][2], m) < (report, number)]
        during = any(issues[m][3] is None or report < issues[m][3] for m in earlier)
        role[number] = FIRST if not earlier else DUPLICATE if during else REOPENED
    unique = {id(members): members for members in together.values()}
    return list(unique.values()), role


def _belong(issues: list[Row], i: int, j: int) -> bool:
    """Whether j was reported while i was open, or soon after with no verification between."""
    (*unit, start, close, _), report = issues[i], issues[j][2]
    if report < start:
        return False
    if close is None or report < close:
        return True
    checks = [row[4] for row in issues if list(row[:2]) == unit and row[4] is not None]
    return report <= close + 24 and not any(close <= check < report for check in checks)


@settings(max_examples=400)
@given(rows)
def test_episodes_are_those_of_the_definition_read_pair_by_pair(issues: list[Row]) -> None:
    found = episodes(issues)
    sets, role = plain(issues)
    assert {frozenset(members) for members in sets} == {
        frozenset(np.flatnonzero(found.episode == number).tolist()) for number in range(len(found.n))
    }
    assert found.role.tolist() == [role.get(number, NONE) for number in range(len(issues))]
    for members in sets:
        (number,) = set(found.episode[list(members)].tolist())
        closes = [issues[m][3] for m in members]
        checks = [issues[m][4] for m in members if issues[m][4] is not None]
        assert found.place[number] == issues[min(members)][0]
        assert found.category[number] == issues[min(members)][1]
        assert found.start[number] == times([min(issues[m][2] for m in members)])[0]
        assert found.close[number : number + 1].astype(str) == times(
            [None if None in closes else max(c for c in closes if c is not None)]
        ).astype(str)
        assert found.verified[number : number + 1].astype(str) == times(
            [max(checks) if checks else None]
        ).astype(str)
        assert found.n[number] == len(members)
        assert found.duplicates[number] == sum(role[m] == DUPLICATE for m in members)
        assert found.reopened[number] == sum(role[m] == REOPENED for m in members)
    keys = list(zip(found.place, found.category, found.start, strict=True))
    assert all(before < after for before, after in pairwise(keys))


@given(rows, st.randoms(use_true_random=False), st.integers(-400_000, 400_000))
def test_neither_the_order_of_rows_nor_the_date_matters(
    issues: list[Row], random: Random, shift: int
) -> None:
    found = episodes(issues)
    order = random.sample(range(len(issues)), len(issues))
    shuffled = episodes([issues[number] for number in order])
    assert (shuffled.episode == found.episode[order]).all()
    assert (shuffled.start == found.start).all()
    assert (shuffled.n == found.n).all()
    assert (shuffled.duplicates == found.duplicates).all()

    later = episodes(issues, shift)
    assert (later.episode == found.episode).all()
    assert (later.role == found.role).all()
    assert (later.start == found.start + np.timedelta64(shift, "h")).all()


def test_a_closed_problem_reported_a_day_later_is_the_same_ticket_unless_it_was_verified() -> None:
    unverified = episodes([(0, 0, 0, 10, None), (0, 0, 34, 40, None)])
    assert unverified.role.tolist() == [FIRST, REOPENED]
    verified = episodes([(0, 0, 0, 10, 12), (0, 0, 34, 40, None)])
    assert verified.role.tolist() == [FIRST, FIRST]
    late = episodes([(0, 0, 0, 10, None), (0, 0, 35, 40, None)])
    assert late.role.tolist() == [FIRST, FIRST]


def test_an_open_problem_takes_every_later_report() -> None:
    found = episodes([(0, 0, 0, None, None), (0, 0, 100, 110, 111), (0, 0, 5000, 5001, None)])
    assert found.n.tolist() == [3]
    assert np.isnat(found.close).all()


def test_closed_before_it_was_reported_counts_as_closed_at_the_report() -> None:
    found = episodes([(0, 0, 10, 5, None), (0, 0, 33, 40, None)])
    assert found.role.tolist() == [FIRST, REOPENED]
    assert episodes([(0, 0, 10, 5, None)]).close == episodes([(0, 0, 10, 10, None)]).close


def test_put_right_on_the_spot_and_verified_at_once_is_one_episode() -> None:
    assert episodes([(0, 0, 5, 5, 5)]).n.tolist() == [1]
    assert episodes([(0, 0, 5, 5, 5), (0, 0, 5, 5, 5)]).n.tolist() == [2]
    assert episodes([(0, 0, 5, 5, 5), (0, 0, 6, 6, 6)]).n.tolist() == [1, 1]


def test_codes_of_few_bits_are_enough() -> None:
    place, category = np.array([100, 100, 3]), np.array([120, 120, 5])
    reported, open_ = times([0, 1, 2]), times([None] * 3)
    wide = find_episodes(place, category, reported, open_, open_)
    narrow = find_episodes(place.astype(np.int8), category.astype(np.int8), reported, open_, open_)
    assert narrow.episode.tolist() == wide.episode.tolist() == [1, 1, 0]


def test_no_issues_no_episodes() -> None:
    assert len(episodes([]).n) == 0
    assert episodes([(-1, 0, 0, None, None)]).episode.tolist() == [NONE]


def test_wrong_issues_are_refused() -> None:
    one, when = np.zeros(1, dtype=np.int64), np.array([DAY])
    with pytest.raises(ValueError, match="row 0"):
        find_episodes(one, one, np.array([NAT]), when, when)
    with pytest.raises(ValueError, match="negative"):
        find_episodes(one, one - 1, when, when, when)
