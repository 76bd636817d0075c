"""The chance that something is recorded at a place: ridge logistic regression and how well it holds.

Nothing here knows what the features are; data/views/site_risk.py makes them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import rankdata

from geo.share import wilson_interval

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Logistic(NamedTuple):
    """log odds = intercept + slopes @ (x - means): the intercept is that of the average row."""

    intercept: float
    slopes: Floats
    means: Floats


def fit_logistic(x: Floats, hit: Bools, sign: Ints, ridge: float = 1.0) -> Logistic:
    """Slopes by penalised maximum likelihood: each as if drawn from a normal with variance 1 / ridge.

    x     shape (n, k), features of about unit size (logarithms, shares, 0 and 1), all finite.
    hit   shape (n,), what happened; both must occur.
    sign  shape (k,): 1 the slope may not be negative, -1 not positive, 0 either. What is meant to be
          monotone stays so where features overlap.
    Raises ValueError if only one outcome occurs, or the optimiser fails.
    """
    if hit.all() or not hit.any():
        msg = "`hit` holds one outcome only: there is nothing to tell apart."
        raise ValueError(msg)
    means = x.mean(axis=0)
    spread = x.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)  # of the optimiser's steps only, not of the penalty
    z = np.asfortranarray((x - means) / scale)
    y = hit.astype(float)

    def loss(values: Floats) -> tuple[float, Floats]:
        slopes = values[1:] / scale
        # einsum, not @: on a busy machine the threads of BLAS cost ten times what they gain here.
        odds = values[0] + np.einsum("ij,j->i", z, values[1:])
        gap = expit(odds) - y
        total = np.logaddexp(0.0, odds).sum() - odds @ y + ridge / 2 * (slopes @ slopes)
        gradient = np.concatenate([[gap.sum()], np.einsum("i,ij->j", gap, z) + ridge * slopes / scale])
        return total / len(y), gradient / len(y)

    start = np.zeros(x.shape[1] + 1)
    start[0] = np.log(y.mean() / (1 - y.mean()))
    bounds = [(None, None), *[(0 if s > 0 else None, 0 if s < 0 else None) for s in sign]]
    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=bounds,
        options={"maxiter": 500, "ftol": 1e-10, "gtol": 1e-7},
    )  # fmt: skip
    if not np.isfinite(found.x).all() or found.status == 1:  # 1: out of steps
        msg = f"the fit did not converge: {found.message}"
        raise ValueError(msg)
    return Logistic(float(found.x[0]), found.x[1:] / scale, means)


def contributions(fit: Logistic, x: Floats) -> Floats:
    """What each feature adds to the log odds of the average row, shape (n, k)."""
    return np.asarray((x - fit.means) * fit.slopes, dtype=float)


def chances(fit: Logistic, x: Floats) -> Floats:
    """Chance of a hit for each row, shape (n,)."""
    return np.asarray(expit(fit.intercept + contributions(fit, x).sum(axis=1)), dtype=float)


def calibration(chance: Floats, hit: Bools, bins: int = 10) -> pd.DataFrame:
    """What was predicted against what happened, in bins of equally many predicted hits.

    Bins of equally many rows would put nearly all hits into the last one where hits are rare.
    columns  predicted (mean chance), observed (share of hits), hits, trials, lower, upper (of observed,
             95 % Wilson, as if rows were independent); lowest chance first, no empty bins.
    """
    order = np.argsort(chance, kind="stable")
    ranked = chance[order]
    expected = np.cumsum(ranked)
    number = np.minimum((expected - ranked / 2) / max(ranked.sum(), 1e-300) * bins, bins - 1)
    first = np.searchsorted(ranked, ranked)  # equal chances share a bin, whatever their order
    bin_of = number.astype(np.int64)[first]
    frame = pd.DataFrame({"bin": bin_of, "predicted": ranked, "hit": hit[order]})
    table = frame.groupby("bin").agg(
        predicted=("predicted", "mean"),
        observed=("hit", "mean"),
        hits=("hit", "sum"),
        trials=("hit", "size"),
    )
    lower, upper = wilson_interval(table["hits"].to_numpy(float), table["trials"].to_numpy(float))
    return table.assign(lower=lower, upper=upper).reset_index(drop=True)


def brier_score(chance: Floats, hit: Bools) -> float:
    """Mean squared distance of chance and outcome; 0 is perfect."""
    return float(np.mean((chance - hit) ** 2))


def ranking_share(chance: Floats, hit: Bools) -> float:
    """Share of pairs of a hit and a miss in which the hit had the higher chance (AUC); NaN without."""
    hits = int(hit.sum())
    misses = len(hit) - hits
    if hits == 0 or misses == 0:
        return float("nan")
    return float((rankdata(chance)[hit].sum() - hits * (hits + 1) / 2) / (hits * misses))


def shrunk_rates(hits: Floats, trials: Floats, prior: float) -> Floats:
    """Share of each group, drawn towards that of all as if `prior` trials had shown it."""
    everything = trials.sum()
    share = hits.sum() / everything if everything else 0.0
    return np.asarray((hits + prior * share) / (trials + prior), dtype=float)


def shrunk_mix(counts: Floats, group: Ints, groups: int, prior: float) -> Floats:
    """Shares of classes in each row, drawn towards its group's and that towards the whole's.

    counts   shape (n, classes); group shape (n,), 0 .. groups - 1.
    prior    how many counts the wider mix weighs.
    returns  shape (n, classes), rows sum to 1; equal shares where nothing was counted at all.
    """
    classes = counts.shape[1]
    total = counts.sum(axis=0)
    whole = total / total.sum() if total.sum() else np.full(classes, 1 / max(classes, 1))
    of_group = np.stack(
        [np.bincount(group, counts[:, number], groups) for number in range(classes)], axis=1
    ) if classes else np.empty((groups, 0))  # fmt: skip
    wider = (of_group + prior * whole) / (of_group.sum(axis=1, keepdims=True) + prior)
    return np.asarray(
        (counts + prior * wider[group]) / (counts.sum(axis=1, keepdims=True) + prior), dtype=float
    )
