"""How far a share can be trusted: the interval that a small sample leaves open."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

Floats = npt.NDArray[np.float64]
Z95 = 1.959963984540054


def wilson_interval(hits: Floats, trials: Floats, z: float = Z95) -> tuple[Floats, Floats]:
    """Lower and upper limit of a share, 95 % unless z says otherwise; NaN where there is no trial.

    hits, trials  shape (n,), 0 <= hits <= trials.
    Source: Wilson 1927, score interval without continuity correction.
    """
    hits, trials = np.asarray(hits, dtype=float), np.asarray(trials, dtype=float)
    if ((hits < 0) | (hits > trials)).any():
        msg = "`hits` must lie between 0 and `trials`."
        raise ValueError(msg)
    n = np.where(trials > 0, trials, np.nan)
    share = hits / n
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def t95(freedom: int) -> float:
    """How many standard errors a mean's 95 % interval goes to either side; freedom: n - 1, from 1."""
    return float(stdtrit(freedom, 0.975))
