from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.episode import find_episodes
from geo.rebound import (
    bootstrap_shares,
    gap_times,
    next_starts,
    rank_bands,
    rebound_shares,
    recurrence_times,
    repeat_places,
)
from geo.survival import kaplan_meier, mean_recurrences

DAY = np.timedelta64(1, "D")
BEGIN = np.datetime64("2024-01-01", "s")
NAT = np.datetime64("NaT", "s")


def gaps(place, category, start, close, until, withdrawn=None):  # type: ignore[no-untyped-def]
    """Gap times from the fields of `Episodes`, as a load and a view find them together."""
    gone = None if withdrawn is None else withdrawn[place]
    return gap_times(close, next_starts(place, category, start), until, gone)


def days(*numbers: float | None) -> np.ndarray:
    """Times so many days after BEGIN."""
    return np.array(
        [NAT if n is None else BEGIN + np.timedelta64(round(n * 86400), "s") for n in numbers],
        dtype="datetime64[s]",
    )


def ints(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


def test_a_gap_runs_from_closing_to_the_next_episode_at_the_same_place_and_category() -> None:
    place, category = ints(0, 0, 0, 0, 1), ints(0, 0, 0, 1, 1)
    start, close = days(0, 10, 50, 20, 60), days(3, 12, None, 99.5, 100)
    gap, is_event = gaps(place, category, start, close, days(100)[0])
    assert gap[[0, 1, 3]].tolist() == [7, 38, 0.5]
    assert np.isnan(gap[[2, 4]]).all()  # still open; closed when observation had ended
    assert is_event.tolist() == [True, True, False, False, False]


def test_what_is_reported_after_the_end_of_observation_is_not_known_yet() -> None:
    gap, is_event = gaps(ints(0, 0), ints(0, 0), days(0, 40), days(1, 41), days(40)[0])
    assert gap[0] == 39
    assert not is_event.any()


def test_a_withdrawn_place_is_censored_there() -> None:
    place, category = ints(0, 0, 2), ints(0, 0, 0)
    start, close = days(0, 40, 0), days(1, 41, 50)
    withdrawn = days(30, None, None)
    gap, is_event = gaps(place, category, start, close, days(100)[0], withdrawn)
    assert gap[[0, 2]].tolist() == [29, 50]
    assert np.isnan(gap[1])
    assert not is_event.any()


def test_back_before_it_was_verified_is_a_gap_of_nothing() -> None:
    gap, is_event = gaps(ints(0, 0), ints(0, 0), days(0, 5), days(8, None), days(90)[0])
    assert gap[0] == 0
    assert is_event.tolist() == [True, False]


@given(st.integers(-3000, 3000))
def test_the_date_does_not_matter(shift: int) -> None:
    place, category = ints(0, 0, 1), ints(0, 0, 0)
    start, close = days(0, 10, 3), days(3, 12, 4)
    gap, is_event = gaps(place, category, start, close, days(100)[0])
    later = gaps(place, category, start + shift * DAY, close + shift * DAY, days(100)[0] + shift * DAY)
    assert (later[0] == gap).all()
    assert (later[1] == is_event).all()


def test_episodes_out_of_order_are_refused() -> None:
    for place, category, start in [
        (ints(1, 0), ints(0, 0), days(0, 1)),
        (ints(0, 0), ints(1, 0), days(0, 1)),
        (ints(0, 0), ints(0, 0), days(1, 0)),
    ]:
        with pytest.raises(ValueError, match="order"):
            gaps(place, category, start, start, days(9)[0])
        with pytest.raises(ValueError, match="order"):
            repeat_places(place, category, start, 3, 90)
        with pytest.raises(ValueError, match="order"):
            recurrence_times(place, category, start, start, days(9)[0])


def county(
    rng: np.random.Generator, places: int, until: float, gap_scale: float, shape: float
) -> tuple[np.ndarray, np.ndarray]:
    """Gaps and events of places where a problem takes 1 to 5 days and is back after a Weibull gap.

    The whole road: issues -> episodes -> gaps, seen until a day; before day 0 it went on for long.
    """
    at = rng.uniform(-200, 0, places)
    found = []
    while (at < until).any():
        close = at + rng.uniform(1, 5, places)
        found.append(np.stack([np.arange(places), at, close], axis=1))
        at = close + 1.001 + gap_scale * rng.weibull(shape, places)  # never within a day: no merging
    place, start, close = np.concatenate(found).T
    seen = (start >= 0) & (start < until)
    place, start, close = place[seen].astype(np.int64), start[seen], close[seen]
    close[close >= until] = np.nan
    reported, closed = (
        BEGIN + np.round(v * 86400).astype("timedelta64[s]") for v in (start, np.nan_to_num(close))
    )
    closed[np.isnan(close)] = NAT
    none = np.full(len(place), NAT)
    episodes = find_episodes(place, np.zeros(len(place), dtype=np.int64), reported, closed, none)
    assert (episodes.n == 1).all()
    return gaps(episodes.place, episodes.category, episodes.start, episodes.close, days(until)[0])


@pytest.mark.parametrize(("until", "least", "most"), [(120, 0.02, 0.04), (45, 0.05, 0.09)])
def test_rebound_finds_the_truth_where_the_plain_share_is_points_off(
    until: int, least: float, most: float
) -> None:
    """A known distribution of gaps: 19.7 % come back within 30 days."""
    rng = np.random.default_rng(5)
    shape = 0.9
    scale = (30 - 1.001) / (-np.log(1 - 0.197)) ** (1 / shape)
    found, plain = [], []
    for _ in range(20):
        gap, is_event = county(rng, 20_000, until, scale, shape)
        group = np.zeros(len(gap), dtype=np.int64)
        shares = rebound_shares(kaplan_meier(gap, is_event, group, 1, 30), (30,))
        found.append(shares.share[0, 0])
        closed = ~np.isnan(gap)
        plain.append((is_event & (gap <= 30))[closed].mean())
    assert np.mean(found) == pytest.approx(0.197, abs=0.003)
    assert np.abs(np.array(found) - 0.197).max() < 0.03
    assert least < 0.197 - np.mean(plain) < most


def test_shares_come_with_their_band_and_the_number_that_decides_whether_to_show_them() -> None:
    rng = np.random.default_rng(2)
    gap = rng.uniform(0, 60, 300)
    curves = kaplan_meier(gap, gap < 40, np.zeros(300, dtype=np.int64), 1, 30)
    shares = rebound_shares(curves)
    assert (np.diff(shares.share[0]) > 0).all()
    assert (shares.lower < shares.share).all()
    assert (shares.share < shares.upper).all()
    assert shares.at_risk[0].tolist() == [(gap >= d).sum() for d in (7, 14, 30)]


def test_mean_recurrences_of_a_poisson_county() -> None:
    """Problems at rate 1/50 a day, closed at once: M(t) = t / 50, and its variance t / 50 / units."""
    rng = np.random.default_rng(4)
    units = 2_000
    place = np.repeat(np.arange(units), 12)
    start = np.cumsum(rng.exponential(50, (units, 12)) + 1e-4, axis=1).ravel()
    until = 200.0
    place, start = place[start < until], start[start < until]
    when = BEGIN + np.round(start * 86400).astype("timedelta64[s]")
    found = recurrence_times(place, np.zeros_like(place), when, when, days(until)[0])
    curve = mean_recurrences(
        found.days, found.unit, found.end_days, np.zeros(len(found.place), dtype=np.int64), 1, 100
    )
    assert curve.mean[0, [25, 50, 100]] == pytest.approx([0.5, 1, 2], rel=0.06)
    expected = np.cumsum(1 / 50 / curve.at_risk[0, 1:])
    assert curve.variance[0, [50, 100]] == pytest.approx(expected[[49, 99]], rel=0.1)


def plain_rebound(gap: np.ndarray, is_event: np.ndarray, day: int) -> float:
    group = np.zeros(len(gap), dtype=np.int64)
    return 1 - kaplan_meier(gap, is_event, group, 1, day).survival[0, day]


def test_a_bootstrap_draw_is_the_curve_of_the_places_drawn() -> None:
    """One place: every draw is that place. Two alike: every draw is the plain share."""
    rng = np.random.default_rng(8)
    gap, group = np.ceil(rng.uniform(0, 60, 40)), np.zeros(40, dtype=np.int64)  # whole days: ties
    is_event = rng.random(40) < 0.6
    share = plain_rebound(gap, is_event, 30)
    one = bootstrap_shares(gap, is_event, group, group, 2, 30, 5, 1)
    assert one[:, 0] == pytest.approx(share)
    assert np.isnan(one[:, 1]).all()

    twice = np.tile(gap, 2), np.tile(is_event, 2), np.tile(group, 2), np.repeat([0, 1], 40)
    assert bootstrap_shares(*twice, 1, 30, 5, 1) == pytest.approx(np.full((5, 1), share))


def test_bootstrap_is_reproducible_and_does_not_depend_on_the_order_of_rows() -> None:
    rng = np.random.default_rng(8)
    gap, group = rng.uniform(0, 60, 200), rng.integers(0, 4, 200)
    is_event, place = rng.random(200) < 0.6, rng.integers(0, 30, 200)
    draws = bootstrap_shares(gap, is_event, group, place, 4, 30, 20, 3)
    order = rng.permutation(200)
    again = bootstrap_shares(gap[order], is_event[order], group[order], place[order], 4, 30, 20, 3)
    assert draws == pytest.approx(again)
    assert (draws != bootstrap_shares(gap, is_event, group, place, 4, 30, 20, 4)).any()


def test_the_bootstrap_is_as_wide_as_the_estimates_scatter_where_places_differ() -> None:
    """Places good and bad: the truth about the scatter comes from drawing the county anew."""
    rng = np.random.default_rng(9)

    def draw(places: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        is_bad = rng.random(places) < 0.3
        place = np.repeat(np.arange(places), 8)
        gap = rng.exponential(np.where(is_bad, 20, 300)[place])
        return np.minimum(gap, 60), gap < 60, place

    groups, places = 300, 40
    gap, is_event, place = draw(groups * places)
    group = place // places
    estimates = 1 - kaplan_meier(gap, is_event, group, groups, 30).survival[:, 30]
    draws = bootstrap_shares(gap, is_event, group, place, groups, 30, 200, 1)
    assert draws.std(axis=0).mean() == pytest.approx(estimates.std(), rel=0.15)
    truth = 0.3 * (1 - np.exp(-30 / 20)) + 0.7 * (1 - np.exp(-30 / 300))
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    assert ((low <= truth) & (truth <= high)).mean() == pytest.approx(0.94, abs=0.04)
    shares = rebound_shares(kaplan_meier(gap, is_event, group, groups, 30), (30,))
    naive = (shares.lower[:, 0] <= truth) & (truth <= shares.upper[:, 0])
    assert naive.mean() < 0.8  # it takes the eight problems of a bad place as eight witnesses


def test_rank_bands_hold_the_middle_of_the_draws() -> None:
    draws = np.array([[0.1, 0.2, 0.3, np.nan], [0.2, 0.1, 0.3, np.nan], [0.1, 0.1, 0.3, np.nan]])
    low, high = rank_bands(draws)
    assert low.tolist() == [1, 1, 3, -1]
    assert high.tolist() == [2, 2, 3, -1]


starts = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(0, 300)), max_size=30
).map(sorted)


@given(starts, st.integers(2, 4), st.integers(1, 120))
def test_repeat_places_are_those_with_a_full_window(
    rows: list[tuple[int, int, int]], at_least: int, window: int
) -> None:
    place, category, day = (
        (ints(*column) for column in zip(*rows, strict=True)) if rows else [ints()] * 3
    )
    found = repeat_places(place, category, BEGIN + day * DAY, at_least, window)
    expected = []
    for unit in sorted({row[:2] for row in rows}):
        mine = [row[2] for row in rows if row[:2] == unit]
        counts = [(sum(d <= other < d + window for other in mine), -d) for d in mine]
        most, since = max(counts)
        if most >= at_least:
            expected.append((*unit, most, -since))
    assert list(zip(found.place, found.category, found.episodes, strict=True)) == [
        row[:3] for row in expected
    ]
    assert (found.since == BEGIN + ints(*(row[3] for row in expected)) * DAY).all()


def test_three_in_ninety_days_ends_before_the_ninetieth() -> None:
    zero = ints(0, 0, 0)
    assert len(repeat_places(zero, zero, days(0, 50, 90), 3, 90).place) == 0
    assert len(repeat_places(zero, zero, days(0, 50, 89.9), 3, 90).place) == 1
