"""How far a share or a mean can be trusted: what a small sample leaves open."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree
from scipy.special import stdtrit

Floats = npt.NDArray[np.float64]
Z95 = 1.959963984540054
VARIANCE_NEIGHBOURS = 4


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


def weighted_mean(y: Floats, probability: Floats, xy_m: Floats) -> tuple[float, float]:
    """Mean of the frame estimated from a spread sample, and its standard error.

    Hájek: each unit counts 1 / probability. The variance compares each unit with the
    `VARIANCE_NEIGHBOURS` nearest sampled ones, itself among them, because a spread sample varies only
    by what is uneven nearby; 1 - probability makes it right where much of the frame is in the sample.
    What was sure to be in the sample (declared) adds nothing to it.

    y, probability  shape (n,), of the sampled units; probabilities above 0.
    xy_m            shape (n, 2), metres, projected.
    returns         NaN for what cannot be known: the mean of none, the error of a single one by lot.
    Source: Hájek 1971; local mean of Stevens & Olsen 2003, Environmetrics 14; the factor
    1 - probability of Deville & Tillé 2005, J. Stat. Plan. Inference 128.
    Raises ValueError if shapes differ or a probability lies outside 0 … 1.
    """
    if not len(y) == len(probability) == len(xy_m):
        msg = f"{len(y)} values, {len(probability)} probabilities and {len(xy_m)} points."
        raise ValueError(msg)
    if not ((probability > 0) & (probability <= 1)).all():
        msg = "`probability` must lie above 0 and not above 1."
        raise ValueError(msg)
    if not len(y):
        return math.nan, math.nan
    weight = 1 / probability
    mean = float((weight * y).sum() / weight.sum())
    by_lot = np.flatnonzero(probability < 1)
    count = min(VARIANCE_NEIGHBOURS, len(by_lot))
    if count < 2:
        return mean, math.nan if count else 0.0
    part = ((y - mean) * weight / weight.sum())[by_lot]
    _, near = cKDTree(xy_m[by_lot]).query(xy_m[by_lot], k=count)
    apart = part - part[near].mean(axis=1)
    variance = count / (count - 1) * ((1 - probability[by_lot]) * apart**2).sum()
    return mean, math.sqrt(variance)
