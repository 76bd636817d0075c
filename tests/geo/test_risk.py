"""Risk: known coefficients come back, chances are honest, and nothing depends on the order of rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from geo.risk import (
    brier_score,
    calibration,
    chances,
    contributions,
    fit_logistic,
    ranking_share,
    shrunk_mix,
    shrunk_rates,
)

SLOPES = np.array([0.8, -0.5, 0.0])
FREE = np.zeros(3, dtype=int)


def simulated(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    stream = np.random.default_rng(seed)
    x = stream.normal(size=(rows, 3))
    return x, stream.random(rows) < expit(-2 + x @ SLOPES)


def test_known_coefficients_come_back() -> None:
    x, hit = simulated(60_000, 1)
    fit = fit_logistic(x, hit, FREE)
    assert np.allclose(fit.slopes, SLOPES, atol=0.05)
    assert fit.intercept == pytest.approx(-2 + x.mean(axis=0) @ SLOPES, abs=0.05)


def test_the_slopes_are_those_of_the_penalised_likelihood() -> None:
    """At the optimum the gradient of loss and penalty is zero: a check that knows no optimiser."""
    x, hit = simulated(500, 2)
    fit = fit_logistic(x, hit, FREE, ridge=7.0)
    gap = chances(fit, x) - hit
    assert gap.sum() == pytest.approx(0, abs=0.01)
    assert np.allclose((x - fit.means).T @ gap + 7.0 * fit.slopes, 0, atol=0.01)


def test_chances_are_calibrated_on_data_not_seen() -> None:
    fit = fit_logistic(*simulated(40_000, 3), FREE)
    x, hit = simulated(40_000, 4)
    chance = chances(fit, x)
    table = calibration(chance, hit)
    assert (
        (table["lower"] <= table["predicted"]) & (table["predicted"] <= table["upper"])
    ).mean() >= 0.8
    assert table["trials"].sum() == len(hit)
    assert table["hits"].sum() == hit.sum()
    assert brier_score(chance, hit) < brier_score(np.full(len(hit), hit.mean()), hit)
    assert ranking_share(chance, hit) > 0.7


def test_the_order_of_rows_does_not_matter() -> None:
    x, hit = simulated(3_000, 5)
    order = np.random.default_rng(6).permutation(len(hit))
    one, other = fit_logistic(x, hit, FREE), fit_logistic(x[order], hit[order], FREE)
    assert np.allclose(one.slopes, other.slopes, atol=1e-5)
    chance = chances(one, x).round(2)  # with ties
    pd.testing.assert_frame_equal(calibration(chance, hit), calibration(chance[order], hit[order]))


def test_what_is_meant_to_be_monotone_stays_so() -> None:
    x, hit = simulated(5_000, 7)
    fit = fit_logistic(x, hit, np.array([-1, 1, 0]))  # against what the data says
    assert fit.slopes[:2].tolist() == [0, 0]
    fit = fit_logistic(x, hit, np.array([1, -1, 0]))
    more = x + np.array([1.0, 0, 0])
    assert (chances(fit, more) > chances(fit, x)).all()


def test_contributions_add_up_and_are_nothing_for_the_average() -> None:
    x, hit = simulated(2_000, 8)
    fit = fit_logistic(x, hit, FREE)
    added = contributions(fit, x)
    assert np.allclose(added.mean(axis=0), 0, atol=1e-9)
    assert np.allclose(expit(fit.intercept + added.sum(axis=1)), chances(fit, x))


def test_a_feature_that_never_changes_says_nothing() -> None:
    x, hit = simulated(2_000, 9)
    fit = fit_logistic(np.column_stack([x, np.ones(len(x))]), hit, np.zeros(4, dtype=int))
    assert fit.slopes[3] == 0


@pytest.mark.parametrize("outcome", [True, False])
def test_one_outcome_only_cannot_be_told_apart(outcome: bool) -> None:
    with pytest.raises(ValueError, match="one outcome"):
        fit_logistic(np.zeros((5, 1)), np.full(5, outcome), np.zeros(1, dtype=int))


def test_ranking_counts_pairs_and_halves_ties() -> None:
    chance, hit = np.array([0.1, 0.5, 0.5, 0.9]), np.array([False, True, False, True])
    assert ranking_share(chance, hit) == pytest.approx(3.5 / 4)
    assert np.isnan(ranking_share(chance, np.zeros(4, dtype=bool)))


def test_nothing_to_calibrate() -> None:
    assert calibration(np.empty(0), np.empty(0, dtype=bool)).empty


def test_rates_are_drawn_towards_that_of_all() -> None:
    rates = shrunk_rates(np.array([0.0, 30.0]), np.array([10.0, 290.0]), 50)
    assert rates[0] == pytest.approx(50 * 0.1 / 60)
    assert (rates > 0).all()
    assert shrunk_rates(np.zeros(2), np.zeros(2), 50).tolist() == [0, 0]


counts = st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=1, max_size=8)


@given(counts, st.integers(0, 2**32))
def test_a_mix_adds_up_and_many_finds_speak_for_themselves(found: list[list[int]], seed: int) -> None:
    table = np.array(found, dtype=float)
    group = np.random.default_rng(seed).integers(0, 2, len(table))
    mix = shrunk_mix(table, group, 2, 5.0)
    assert np.allclose(mix.sum(axis=1), 1)
    assert (mix >= 0).all()
    table[0] = [10_000, 0, 0]
    assert shrunk_mix(table, group, 2, 5.0)[0, 0] > 0.999


def test_a_mix_without_any_find_is_even() -> None:
    assert np.allclose(shrunk_mix(np.zeros((2, 4)), np.zeros(2, dtype=int), 1, 5.0), 0.25)
