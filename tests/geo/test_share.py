"""The interval of a share against scipy's, and what it must hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from geo.share import wilson_interval


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
