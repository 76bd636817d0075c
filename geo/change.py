"""Whether a rate has changed from one stretch of days to another."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

Ints = npt.NDArray[np.int64]


class RateChange(NamedTuple):
    """Rate after over rate before, with a 95 % band; NaN where either side has no issue."""

    ratio: float
    lower: float
    upper: float


def rate_change(before: Ints, after: Ints) -> RateChange:
    """Compare daily counts of two stretches of days, which may be more uneven than Poisson.

    Quasi-Poisson: the variance of a count is its mean times the dispersion around the two means (at
    least 1), and the band stands on the logarithm of the ratio. Raises ValueError with fewer than two
    days on a side.
    """
    if min(len(before), len(after)) < 2:
        msg = f"two days or more are needed on each side, not {len(before)} and {len(after)}."
        raise ValueError(msg)
    if before.sum() == 0 or after.sum() == 0:
        return RateChange(np.nan, np.nan, np.nan)
    chi_square = sum(((side - side.mean()) ** 2).sum() / side.mean() for side in (before, after))
    freedom = len(before) + len(after) - 2
    dispersion = max(1.0, chi_square / freedom)
    log_ratio = np.log(after.mean() / before.mean())
    width = student.ppf(0.975, freedom) * np.sqrt(dispersion * (1 / before.sum() + 1 / after.sum()))
    low, middle, high = np.exp([log_ratio - width, log_ratio, log_ratio + width])
    return RateChange(float(middle), float(low), float(high))
