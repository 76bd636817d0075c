"""The interval of a share against scipy's; a weighted mean by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from geo.share import weighted_mean, wilson_interval


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_scipys(counts: tuple[int, int]) -> None:
    hits, trials = counts
    lower, upper = wilson_interval(np.array([hits]), np.array([trials]))
    expected = binomtest(hits, trials).proportion_ci(method="wilson")
    assert (lower[0], upper[0]) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert lower[0] - 1e-12 <= hits / trials <= upper[0] + 1e-12


def test_no_trial_says_nothing_and_more_hits_than_trials_is_refused() -> None:
    assert np.isnan(wilson_interval(np.array([0.0]), np.array([0.0]))).all()
    with pytest.raises(ValueError, match="between 0"):
        wilson_interval(np.array([3.0]), np.array([2.0]))


def test_weighted_mean_of_a_hand_made_sample() -> None:
    """Weights 2 and 4: (2*1 + 4*4) / 6 = 3; by lot two neighbours: 2 * sum (1-p) (z - mean z)²."""
    mean, error = weighted_mean(np.array([1.0, 4]), np.array([0.5, 0.25]), np.array([(0, 0), (9, 0)]))
    assert mean == pytest.approx(3)
    z = np.array([-2 * 2 / 6, 1 * 4 / 6])
    assert error == pytest.approx(math.sqrt(2 * (np.array([0.5, 0.75]) * (z - z.mean()) ** 2).sum()))


def test_what_was_sure_to_be_sampled_has_no_error() -> None:
    assert weighted_mean(np.array([1.0, 2]), np.ones(2), np.eye(2)) == (1.5, 0)
    mean, error = weighted_mean(np.array([1.0, 2]), np.array([1, 0.5]), np.eye(2))
    assert mean == pytest.approx(5 / 3)
    assert math.isnan(error)
    assert all(map(math.isnan, weighted_mean(np.empty(0), np.empty(0), np.empty((0, 2)))))


@pytest.mark.parametrize("p", [[0.0], [1.2], [0.5, 0.5]])
def test_weighted_mean_refuses_nonsense(p: list[float]) -> None:
    with pytest.raises(ValueError, match=r"must|probabilities"):
        weighted_mean(np.ones(1), np.array(p), np.zeros((1, 2)))
