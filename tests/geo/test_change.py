from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import t as student

from geo.change import rate_change


def test_it_is_the_quasi_poisson_regression_on_one_dummy() -> None:
    """statsmodels GLM with the Pearson dispersion."""
    rng = np.random.default_rng(1)
    before, after = rng.negative_binomial(5, 0.1, 28), rng.negative_binomial(5, 0.13, 21)
    frame = pd.DataFrame(
        {"one": 1.0, "is_after": np.repeat([0.0, 1.0], [28, 21]), "y": np.append(before, after)}
    )
    fit = sm.GLM(frame["y"], frame[["one", "is_after"]], sm.families.Poisson()).fit(scale="X2")
    width = student.ppf(0.975, 47) * fit.bse["is_after"]
    found = rate_change(before, after)
    expected = np.exp(fit.params["is_after"] + np.array([0, -width, width]))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_the_band_holds_the_truth_nineteen_times_in_twenty() -> None:
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(1000):
        before, after = (rng.poisson(rng.gamma(mean / 2, 2, 28)) for mean in (30, 24))
        change = rate_change(before, after)
        held += change.lower <= 0.8 <= change.upper
    assert 930 <= held <= 970


def test_nothing_to_compare_is_no_change() -> None:
    assert np.isnan(rate_change(np.zeros(7, np.int64), np.ones(7, np.int64))).all()
    with pytest.raises(ValueError, match="two days"):
        rate_change(np.ones(7, np.int64), np.ones(1, np.int64))
