"""How evenly sample points are spread over what they stand for, beside simple random draws."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree
from scipy.special import xlogy

from geo.draw import centimetres

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def voronoi_sums(
    xy_m: Floats, probability: Floats, sample: Ints, stratum: Ints | None = None
) -> Floats:
    """How much probability lies nearest to each sample point; 1 everywhere would be a perfect spread.

    xy_m         shape (N, 2), metres, projected; rounded to cm.
    probability  shape (N,), of being drawn.
    sample       shape (n,), numbers of the sample points. What is equally near to several is shared.
    stratum      shape (N,): only sample points of the own stratum count as near. A stratum without
                 any is left out.
    returns      shape (n,), in the order of `sample`; they sum to n if the probabilities do.
    Source: Stevens & Olsen 2004; Grafström, Lundström & Schelin 2012.
    """
    if stratum is None:
        stratum = np.zeros(len(xy_m), dtype=np.int64)
    cm = centimetres(xy_m)
    sums = np.zeros(len(sample))
    for code in np.unique(stratum[sample]):
        is_mine = stratum[sample] == code
        units = np.flatnonzero(stratum == code)
        sums[is_mine] = _cell_sums(cm[units], probability[units], cm[sample[is_mine]])
    return sums


def voronoi_balance(sums: Floats) -> float:
    """B, the mean of (v - 1)²: 0 is a perfect spread. NaN without points.

    sums  see `voronoi_sums`.
    """
    return float(((sums - 1) ** 2).mean()) if len(sums) else math.nan


def evenness_loss(sums: Floats) -> float:
    """1 less Pielou's evenness of the shares: 0 is a perfect spread, 1 the worst. NaN without points.

    sums  see `voronoi_sums`; they have to sum to their number.
    Source: Dumelle et al. 2023, J. Stat. Softw. 105(3), "pielou".
    """
    count = len(sums)
    if count < 2:
        return 0.0 if count else math.nan
    return float(1 + xlogy(sums / count, sums / count).sum() / math.log(count))


def _cell_sums(cm: Ints, probability: Floats, points: Ints) -> Floats:
    """Probability of the units nearest to each point, ties shared."""
    tree = cKDTree(points)
    count = min(2, len(points))
    _, near = tree.query(cm, k=np.arange(1, count + 1))
    squares = ((points[near] - cm[:, None]) ** 2).sum(axis=2)
    is_tied = squares[:, 0] == squares[:, -1] if count > 1 else np.zeros(len(cm), dtype=bool)
    sums = np.zeros(len(points))
    sums += np.bincount(near[~is_tied, 0], probability[~is_tied], len(points))
    for unit in np.flatnonzero(is_tied):
        away = ((points - cm[unit]) ** 2).sum(axis=1)
        nearest = np.flatnonzero(away == away.min())
        sums[nearest] += probability[unit] / len(nearest)
    return sums


def random_draw_balance(
    xy_m: Floats,
    stratum: Ints,
    quota: Ints,
    is_declared: Bools,
    rounds: int,
    random: np.random.Generator,
) -> tuple[Floats, Floats]:
    """How even simple random draws of as many from each stratum would be, to compare with.

    Shapes are those of `draw_points`. Declared sites are kept in every draw; of a stratum's others
    all have the same chance.
    returns  B and evenness loss of each round, shape (rounds,) each; cells within strata.
    """
    probability = is_declared.astype(float)
    fixed = np.flatnonzero(is_declared)
    choices = []
    for code, most in enumerate(quota):
        free = np.flatnonzero((stratum == code) & ~is_declared)
        count = min(max(0, int(most) - int((stratum[fixed] == code).sum())), len(free))
        probability[free] = count / len(free) if len(free) else 0
        choices.append((free, count))
    balance, loss = np.full((2, rounds), np.nan)
    for number in range(rounds):
        drawn = [random.choice(free, count, replace=False) for free, count in choices if count]
        sums = voronoi_sums(xy_m, probability, np.concatenate([fixed, *drawn]), stratum)
        balance[number], loss[number] = voronoi_balance(sums), evenness_loss(sums)
    return balance, loss
