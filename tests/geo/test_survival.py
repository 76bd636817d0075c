from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.survival import kaplan_meier, log_log_band, mean_recurrences, median_hours

# Weeks in remission of 42 children with leukaemia (Freireich et al. 1963, Blood 21, 699-716), as in
# Gehan 1965 and Cox & Oakes 1984, p. 7; the 6-MP group with its censored times below.
RELAPSED_6MP = [6, 6, 6, 7, 10, 13, 16, 22, 23]
CENSORED_6MP = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
WEEKS = np.array(RELAPSED_6MP + CENSORED_6MP + PLACEBO, dtype=float)
RELAPSED = np.array([True] * 9 + [False] * 12 + [True] * 21)
GROUP = np.array([0] * 21 + [1] * 21)


def test_remission_under_6mp_has_the_published_kaplan_meier_table() -> None:
    """R 'survival', summary(survfit(Surv(t2, relapse) ~ 1, drug6mp)): Klein & Moeschberger, 4.2."""
    curves = kaplan_meier(WEEKS, RELAPSED, GROUP, 2, 35)
    week = [6, 7, 10, 13, 16, 22, 23]
    assert curves.at_risk[0, week].tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert np.diff(curves.events[0], prepend=0)[week].tolist() == [3, 1, 1, 1, 1, 1, 1]
    survival = curves.survival[0, week]
    assert survival.round(3).tolist() == [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    error = survival * np.sqrt(curves.variance[0, week])
    assert error.round(4).tolist() == [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]
    assert curves.survival[0, -1] == survival[-1]


def test_remission_has_the_published_log_log_bands() -> None:
    """Stata `sts list, by(group)` on the Gehan data: G. Rodriguez, data.princeton.edu/pop509/gehan."""
    curves = kaplan_meier(WEEKS, RELAPSED, GROUP, 2, 35)
    lower, upper = log_log_band(curves)
    assert curves.survival[1, [1, 2]].round(4).tolist() == [0.9048, 0.8095]
    assert lower[1, [1, 2]].round(4).tolist() == [0.6700, 0.5689]
    assert upper[1, [1, 2]].round(4).tolist() == [0.9753, 0.9239]
    assert lower[0, [6, 7]].round(4).tolist() == [0.6197, 0.5631]
    assert upper[0, [6, 7]].round(4).tolist() == [0.9516, 0.9228]
    assert np.isnan(lower[0, :6]).all()
    assert np.isnan(upper[1, 23:]).all()
    assert curves.survival[1, 23] == 0


def test_median_remission_is_23_and_8_weeks() -> None:
    """As R's survfit prints them for these data."""
    assert median_hours(WEEKS, RELAPSED, GROUP, 3)[:2].tolist() == [23, 8]
    assert np.isnan(median_hours(WEEKS, RELAPSED, GROUP, 3)[2])
    assert np.isnan(median_hours(WEEKS, np.zeros(42, dtype=bool), GROUP, 2)).all()


# Months of failures of five machines and, last, of the end of their history: ReliaWiki, "Non Parametric
# RDA MCF Example" (ReliaSoft, after Nelson 2003).
MACHINES = [[5, 10, 15, 17], [6, 13, 17, 19], [12, 20, 25, 26], [13, 15, 24], [16, 22, 25, 28]]


def test_repairs_of_five_machines_have_the_published_mean_cumulative_function() -> None:
    days = np.array([month for ages in MACHINES for month in ages[:-1]], dtype=float)
    unit = np.repeat(np.arange(5), [len(ages) - 1 for ages in MACHINES])
    ends = np.array([ages[-1] for ages in MACHINES], dtype=float)
    found = mean_recurrences(days, unit, ends, np.zeros(5, dtype=int), 1, 28)
    month = [5, 6, 10, 12, 13, 15, 16, 17, 20, 22, 25]
    published = [0.2, 0.4, 0.6, 0.8, 1.2, 1.6, 1.8, 2.0, 2.33333, 2.66667, 3.66667]
    assert found.mean[0, month] == pytest.approx(published, abs=5e-6)
    assert found.at_risk[0, [5, 17, 18, 25, 27, 28]].tolist() == [5, 5, 4, 2, 1, 1]


def test_one_event_a_unit_gives_the_nelson_aalen_estimate() -> None:
    """Aalen 1978: sum of d/n; here from the at-risk counts of the published 6-MP table."""
    found = mean_recurrences(
        np.array(RELAPSED_6MP, dtype=float), np.arange(9), WEEKS[:21], np.zeros(21, dtype=int), 1, 35
    )
    hazard = 3 / 21 + 1 / 17 + 1 / 15 + 1 / 12 + 1 / 11 + 1 / 7 + 1 / 6
    assert found.mean[0, -1] == pytest.approx(hazard)


units = st.lists(
    st.tuples(st.integers(-1, 1), st.integers(0, 80), st.lists(st.integers(0, 80), max_size=4)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=200)
@given(units)
def test_variance_of_mean_recurrences_is_lawless_and_nadeaus(
    drawn: list[tuple[int, int, list[int]]],
) -> None:
    """Lawless & Nadeau 1995, Technometrics 37, as a plain double sum; times in eighths of a day."""
    histories = [(group, end, [at for at in ats if at <= end]) for group, end, ats in drawn]
    days = np.array([at / 8 for _, _, ats in histories for at in ats])
    unit = np.array([i for i, (_, _, ats) in enumerate(histories) for _ in ats], dtype=np.int64)
    ends = np.array([end / 8 for _, end, _ in histories])
    group = np.array([group for group, _, _ in histories])
    found = mean_recurrences(days, unit, ends, group, 2, 9)
    for g in range(2):
        mine = [(end, ats) for group, end, ats in histories if group == g]
        for day in range(10):
            mean = variance = 0.0
            moments = sorted({at for _, ats in mine for at in ats if at <= 8 * day})
            at_risk = {u: sum(end >= u for end, _ in mine) for u in moments}
            count = {u: sum(ats.count(u) for _, ats in mine) for u in moments}
            mean = sum(count[u] / at_risk[u] for u in moments)
            for end, ats in mine:
                part = sum(
                    (ats.count(u) - count[u] / at_risk[u]) / at_risk[u] for u in moments if u <= end
                )
                variance += part**2
            assert found.mean[g, day] == pytest.approx(mean)
            assert found.variance[g, day] == pytest.approx(variance, abs=1e-9)
            assert found.at_risk[g, day] == sum(end >= 8 * day for end, _ in mine)


rows = st.lists(
    st.tuples(st.integers(0, 100).map(lambda n: n / 8), st.booleans(), st.integers(-1, 2)), max_size=40
)


def arrays(drawn: list[tuple[float, bool, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    times, events, groups = zip(*drawn, strict=True) if drawn else ((), (), ())
    return np.array(times, dtype=float), np.array(events, dtype=bool), np.array(groups, dtype=np.int64)


@settings(max_examples=200)
@given(rows)
def test_curves_are_those_of_the_formula(drawn: list[tuple[float, bool, int]]) -> None:
    curves = kaplan_meier(*arrays(drawn), 3, 10)
    medians = median_hours(*arrays(drawn), 3)
    for group in range(3):
        mine = [(time, event) for time, event, g in drawn if g == group]
        falls = [
            (u, sum(t == u and e for t, e in mine), sum(t >= u for t, _ in mine))
            for u in sorted({t for t, e in mine if e})
        ]
        for day in range(11):
            steps = [(d, n) for u, d, n in falls if u <= day]
            survival = np.prod([1 - d / n for d, n in steps])
            assert curves.survival[group, day] == pytest.approx(survival)
            if survival > 1e-9:
                greenwood = sum(d / (n * (n - d)) for d, n in steps)
                assert curves.variance[group, day] == pytest.approx(greenwood)
            assert curves.at_risk[group, day] == sum(t >= day for t, _ in mine)
            assert curves.events[group, day] == sum(d for d, _ in steps)
        half = [
            u for u, *_ in falls if np.prod([1 - d / n for v, d, n in falls if v <= u]) <= 0.5 + 1e-9
        ]
        assert medians[group] == half[0] if half else np.isnan(medians[group])


@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter_and_rows_without_time_are_left_out(
    drawn: list[tuple[float, bool, int]], random: Random
) -> None:
    times, events, groups = arrays(drawn)
    curves = kaplan_meier(times, events, groups, 3, 10)
    order = random.sample(range(len(drawn)), len(drawn))
    again = kaplan_meier(
        np.append(times[order], np.nan),
        np.append(events[order], True),
        np.append(groups[order], 0),
        3,
        10,
    )
    for field, other in zip(curves, again, strict=True):
        assert np.array_equal(field, other, equal_nan=True)


def test_a_tie_to_the_second_is_a_tie_whatever_the_rounding() -> None:
    third = np.array([0.1 + 0.2, 0.3])
    curves = kaplan_meier(third * 10, np.array([True, False]), np.zeros(2, dtype=int), 1, 3)
    assert curves.survival[0, 3] == 0.5  # the censored one is at risk when the other falls, at day 3
    assert curves.at_risk[0, 3] == 2


def test_codes_of_few_bits_are_enough() -> None:
    times, group = np.array([1.0, 2.0, 80.0, 85.0]), np.array([0, 100, 100, 0])
    is_event = np.array([True, True, False, True])
    wide = kaplan_meier(times, is_event, group, 101, 90)
    narrow = kaplan_meier(times, is_event, group.astype(np.int8), 101, 90)
    assert (wide.survival == narrow.survival).all()
    assert wide.survival[100, -1] == 0.5


def test_negative_times_are_refused() -> None:
    one = np.zeros(1, dtype=int)
    with pytest.raises(ValueError, match="negative"):
        kaplan_meier(np.array([-0.5]), one == 0, one, 1, 3)
    with pytest.raises(ValueError, match="negative"):
        mean_recurrences(np.array([np.nan]), one, np.array([1.0]), one, 1, 3)
    with pytest.raises(ValueError, match="after the end"):
        mean_recurrences(np.array([2.0]), one, np.array([1.0]), one, 1, 3)


@pytest.mark.parametrize("size", [40, 200])
def test_the_band_covers_the_truth_as_often_as_it_says(size: int) -> None:
    """4,000 groups with Weibull gaps (truth known) and staggered ends of observation."""
    rng = np.random.default_rng(11)
    groups = 4_000
    scale, shape = 90.0, 0.8
    gaps = scale * rng.weibull(shape, groups * size)
    ends = rng.uniform(5, 100, groups * size)
    group = np.repeat(np.arange(groups), size)
    curves = kaplan_meier(np.minimum(gaps, ends), gaps <= ends, group, groups, 30)
    lower, upper = log_log_band(curves)
    for day in (7, 14, 30):
        truth = np.exp(-((day / scale) ** shape))
        known = np.isfinite(lower[:, day])
        assert known.mean() > 0.9
        covered = (lower[known, day] <= truth) & (truth <= upper[known, day])
        assert covered.mean() == pytest.approx(0.95, abs=0.02)
        assert curves.survival[:, day].mean() == pytest.approx(truth, abs=0.003)
