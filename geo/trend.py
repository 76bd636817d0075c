"""Trends: which hot spots are new, which persist, which are fading (emerging hot spot analysis).

A cube of grids by weeks is tested as a whole: a bin is hot together with its neighbours and with the
same places a week before. Whether a grid gets worse is asked of Gi* without that memory, which would
make neighbouring weeks alike and false trends three to five times as frequent.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.stats import norm

from geo.hotspot import (
    MAX_DRAWS,
    corrected,
    direction,
    draws_needed,
    permutation_tails,
    standardised,
    testable,
    two_sided,
)

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.str_]

MIN_WEEKS = 10
MOST = 0.9  # share of steps from which a spot is there nearly always
DECIMALS = 9  # equal sums added in another order must tie
UNTESTED = "untested"
NO_PATTERN = "no_pattern"


class Trends(NamedTuple):
    """Entry i of each field is about grid i."""

    trend_class: Words  # such as "intensifying_hot" (see `classify`), NO_PATTERN or UNTESTED
    spot: Ints  # shape (n, weeks): 1 a significantly hot bin, -1 a cold one, 0 neither
    trend_z: Floats  # Mann-Kendall; NaN where not tested
    trend_p: Floats  # two-sided; NaN where not tested


def mann_kendall(series: Floats) -> tuple[Floats, Floats]:
    """Mann-Kendall test for a monotone trend, of many series at once.

    series   shape (n, t), complete, in order of time.
    returns  z and two-sided p, shape (n,) each; z > 0 rises, z = 0 and p = 1 where all are equal.
    Raises ValueError if a value is NaN.
    Source: Mann 1945; Kendall 1975; variance with ties and continuity correction as in Gilbert 1987,
    chapter 16.
    """
    if np.isnan(series).any():
        msg = f"series {np.argwhere(np.isnan(series))[0, 0]} holds NaN"
        raise ValueError(msg)
    count, length = series.shape
    score = np.zeros(count)
    for lag in range(1, length):
        score += np.sign(series[:, lag:] - series[:, :-lag]).sum(axis=1)
    variance = (_pairs_weight(np.array(length)) - _ties_weight(series)) / 18
    distance = np.sign(score) * np.maximum(np.abs(score) - 1, 0)
    z = np.divide(distance, np.sqrt(variance), out=np.zeros(count), where=variance > 0)
    return z, 2 * norm.sf(np.abs(z))


def trends(
    values: Floats,
    touches: csr_array,
    random: np.random.Generator,
    q: float = 0.05,
    level: float = 0.05,
    *,
    most_draws: int = MAX_DRAWS,
) -> Trends:
    """Trend class of each grid over the weeks.

    values   shape (n, weeks), issues per km or per visit; a grid without exposure is NaN throughout.
    touches  shape (n, n), see `geo.neighbours.touching_grids`.
    random   the same state gives the same bins.
    q        false-discovery rate over all bins of the cube.
    level    of the trend test.
    most_draws  as in `geo.hotspot.hot_spots`. A cube has many bins: with 39,999 draws, 5,000 grids and
             26 weeks, 130 bins have to be hot for one to pass.
    Raises ValueError if there are fewer than 10 weeks, shapes differ, or a grid is NaN in some weeks.
    """
    grids, weeks = values.shape
    _refuse_malformed(values)
    is_tested, among = testable(np.isfinite(values[:, 0]), touches)
    found = Trends(
        np.full(grids, UNTESTED, dtype="U24"),
        np.zeros((grids, weeks), dtype=np.int64),
        np.full(grids, np.nan),
        np.full(grids, np.nan),
    )
    if is_tested.any():
        cube = values[is_tested]
        around = among @ cube
        neighbours = np.broadcast_to(np.diff(among.indptr)[:, None], cube.shape)
        trend_z, trend_p = mann_kendall(np.round(standardised(cube, around, neighbours), DECIMALS))
        draws = draws_needed(cube.size, q, most_draws)
        spot = _spots(cube, around, neighbours, random, draws, q)
        found.trend_z[is_tested], found.trend_p[is_tested] = trend_z, trend_p
        found.spot[is_tested] = spot
        found.trend_class[is_tested] = classify(spot, np.sign(trend_z) * (trend_p < level))
    return found


def classify(spot: Ints, trend: Floats) -> Words:
    """Names of the patterns that hot and cold bins make.

    spot     shape (n, weeks), 1 hot, -1 cold, 0 neither.
    trend    shape (n,), 1 for a significant rise, -1 for a significant fall, 0 for neither.
    returns  shape (n,). With the last week hot: in at least 90 % of the weeks `intensifying_hot`,
             `diminishing_hot` or `persistent_hot`; else `oscillating_hot` after a cold week,
             `new_hot` for the first time, `consecutive_hot` if only in one run up to the end,
             `sporadic_hot`. The same with `_cold`. Else `historical_hot` or `historical_cold` after
             90 % of the weeks, or `no_pattern`.
    Source: the categories of emerging hot spot analysis (Esri), with the thresholds of this project.
    """
    return np.select(
        [
            spot[:, -1] > 0,
            spot[:, -1] < 0,
            (spot > 0).mean(axis=1) >= MOST,
            (spot < 0).mean(axis=1) >= MOST,
        ],
        [
            _pattern(spot, trend, "_hot"),
            _pattern(-spot, -trend, "_cold"),
            "historical_hot",
            "historical_cold",
        ],
        NO_PATTERN,
    )


def _pattern(spot: Ints, trend: Floats, ending: str) -> Words:
    """Names for grids whose last week is hot; the others get any."""
    hot = spot > 0
    share, times = hot.mean(axis=1), hot.sum(axis=1)
    run = np.where(hot.all(axis=1), hot.shape[1], np.argmin(hot[:, ::-1], axis=1))
    names = np.select(
        [
            (share >= MOST) & (trend > 0),
            (share >= MOST) & (trend < 0),
            share >= MOST,
            (spot < 0).any(axis=1),
            times == 1,
            times == run,
        ],
        ["intensifying", "diminishing", "persistent", "oscillating", "new", "consecutive"],
        "sporadic",
    )
    return np.char.add(names, ending)


def _spots(
    cube: Floats, around: Floats, neighbours: Ints, random: np.random.Generator, draws: int, q: float
) -> Ints:
    """Bins of the cube that are hot (1) or cold (-1) with a memory of one week."""
    sums, counts = around.copy(), neighbours.copy()
    sums[:, 1:] += around[:, :-1] + cube[:, :-1]
    counts[:, 1:] += neighbours[:, :-1] + 1
    z = standardised(cube, sums, counts).ravel()
    high, low = permutation_tails(cube.ravel(), sums.ravel(), counts.ravel(), draws, random)
    is_significant = corrected(two_sided(high, low)) <= q
    return (direction(z, high, low) * is_significant).astype(np.int64).reshape(cube.shape)


def _pairs_weight(count: Ints) -> Ints:
    """18 times the variance of Kendall's S of so many values."""
    return count * (count - 1) * (2 * count + 5)


def _ties_weight(series: Floats) -> Floats:
    """What the groups of equal values in each series take off it."""
    ordered = np.sort(series, axis=1)
    is_first = np.ones(series.shape, dtype=bool)
    is_first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    group = np.cumsum(is_first) - 1  # numbered through all series
    owner = np.nonzero(is_first)[0]
    weight = _pairs_weight(np.bincount(group))
    return np.bincount(owner, weights=weight, minlength=len(series)).astype(np.float64)


def _refuse_malformed(values: Floats) -> None:
    weeks = values.shape[1]
    if weeks < MIN_WEEKS:
        msg = f"{weeks} weeks are too few for a trend, it takes {MIN_WEEKS}"
        raise ValueError(msg)
    known = np.isfinite(values)
    partly = known.any(axis=1) & ~known.all(axis=1)
    if partly.any() or np.isinf(values).any():
        row = int(np.flatnonzero(partly | np.isinf(values).any(axis=1))[0])
        msg = f"grid {row} lacks a value in some weeks; weeks without issues are 0"
        raise ValueError(msg)
