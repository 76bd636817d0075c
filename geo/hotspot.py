"""Hot spots: grids whose values, together with those of their neighbours, are higher than chance.

Gi* of Ord & Getis 1995 with weights 1 for a grid itself and for each grid that it touches. The common
row-standardised form has another variance and gives another z. Significance comes from permutation,
because counts of issues are too skewed for the normal curve, and is corrected for the many grids
that are tested at once.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.stats import false_discovery_control, norm

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LEVELS = (0.10, 0.05, 0.01)  # false-discovery rates of classes 1, 2, 3
MIN_DRAWS, MAX_DRAWS = 9_999, 39_999
NORMAL_MIN_MEAN, NORMAL_MAX_DISPERSION = 5.0, 1.5
DRAWS_AT_ONCE = 50_000  # to bound memory
ROUNDING = 1e-12  # the same values added in another order differ by less than this, relatively


class HotSpots(NamedTuple):
    """Entry i of each field is about grid i; NaN where it was not tested."""

    z: Floats  # Gi*, standard deviations
    p: Floats  # two-sided
    q: Floats  # p corrected over all grids tested (Benjamini-Hochberg)
    spot_class: Floats  # 3, 2, 1 hot at q = .01, .05, .10; -1, -2, -3 cold; 0 neither


def hot_spots(
    values: Floats,
    touches: csr_array,
    random: np.random.Generator,
    counts: Ints | None = None,
    *,
    most_draws: int = MAX_DRAWS,
    levels: tuple[float, float, float] = LEVELS,
) -> HotSpots:
    """Hot and cold grids of one map.

    values   shape (n,), issues per km or per visit; NaN where a grid has no exposure. Such a grid and
             one without neighbours is not tested and is nobody's neighbour.
    touches  shape (n, n), see `geo.neighbours.touching_grids`.
    random   the same state gives the same p.
    counts   shape (n,), issues behind the values. Where they are given and many and even enough
             (`is_normal`), p comes from the normal curve, else from `draws_needed` permutations.
             The curve has thinner tails than counts: of maps of 1,000 grids without any hot spot
             it marks something on up to 2 q, permutation on less than q.
    most_draws  of permutation. p cannot be below 2 / (draws + 1), so on n grids at least n times that
             over q have to be hot together for one to pass: with 39,999 draws a single strong block
             of 3 x 3 among 1,000 grids never reaches class 3, with a million nearly always.
    levels      false-discovery rates of classes 1, 2 and 3, falling.
    Raises ValueError if shapes differ, a value is infinite or touching is not mutual.
    """
    if np.isinf(values).any():
        msg = f"value {np.flatnonzero(np.isinf(values))[0]} is infinite; NaN stands for no exposure"
        raise ValueError(msg)
    is_tested, among = testable(np.isfinite(values), touches)
    fields = np.full((4, len(values)), np.nan)
    if is_tested.any():
        x = values[is_tested]
        sums, neighbours = among @ x, np.diff(among.indptr)
        z = standardised(x, sums, neighbours)
        if counts is not None and is_normal(counts[is_tested]):
            high, low = norm.sf(z), norm.cdf(z)
        else:
            high, low = permutation_tails(
                x, sums, neighbours, draws_needed(len(x), levels[-1], most_draws), random
            )
        p = two_sided(high, low)
        q = corrected(p)
        passed = (q[:, None] <= levels).sum(axis=1)
        spot_class = np.where(passed > 0, passed * direction(z, high, low), 0.0)
        fields[:, is_tested] = z, p, q, spot_class
    return HotSpots(*fields)


def testable(has_value: Bools, touches: csr_array) -> tuple[Bools, csr_array]:
    """Grids that have a value and a neighbour with a value, and who touches whom among them.

    has_value  shape (n,).
    touches    shape (n, n).
    returns    shape (n,), and shape (m, m) for the m grids that are true.
    Raises ValueError if shapes differ or `touches` is not ones for mutual neighbours.
    """
    if touches.shape != (len(has_value), len(has_value)):
        msg = f"`touches` has shape {touches.shape} for {len(has_value)} grids"
        raise ValueError(msg)
    if (touches != touches.T).nnz or touches.diagonal().any() or (touches.data != 1).any():
        msg = "`touches` must hold ones for mutual neighbours and nothing on its diagonal"
        raise ValueError(msg)
    among = touches[has_value][:, has_value]
    has_neighbour = np.diff(among.indptr) > 0
    is_testable = has_value.copy()
    is_testable[has_value] = has_neighbour
    return is_testable, among[has_neighbour][:, has_neighbour]


def gi_star(values: Floats, touches: csr_array) -> Floats:
    """Gi* of each grid, itself included, as a z-score.

    values   shape (n,), complete.
    touches  shape (n, n), ones for neighbours, nothing on the diagonal.
    returns  shape (n,), standard deviations; 0 where values are constant or a grid touches all others.
    Source: Ord & Getis 1995, Gi* in its standardised form, with binary weights and w_ii = 1.
    """
    return standardised(values, touches @ values, np.diff(touches.indptr))


def standardised(values: Floats, sums: Floats, neighbours: Ints) -> Floats:
    """Gi* from sums over neighbours; see `gi_star`.

    values      any shape: all observations.
    sums        same shape, sum over the neighbours of each, itself left out.
    neighbours  same shape, how many they are.
    """
    count = values.size
    if count == 0 or values.min() == values.max():
        return np.zeros(values.shape)
    weight = neighbours + 1.0
    spread = values.std() * np.sqrt(weight * (count - weight) / (count - 1))
    above = sums + values - weight * values.mean()
    z: Floats = np.divide(above, spread, out=np.zeros(values.shape), where=spread > 0)
    return z


def permutation_tails(
    values: Floats, sums: Floats, neighbours: Ints, draws: int, random: np.random.Generator
) -> tuple[Floats, Floats]:
    """How often a grid among others drawn at random is as high, and as low, as it is.

    Conditional permutation: grid i keeps its value and gets k others for its k neighbours. All grids
    with the same k look at the same draws of k out of n. A draw that holds i itself is mended with
    the next number drawn: what is left is again a fair draw of k out of the n - 1 others, so each
    grid has exactly `draws` of its own. That costs a sort for each k instead of draws for each grid.

    values      shape (n,), the observations that are permuted.
    sums        shape (n,), sum over the neighbours of each, itself left out.
    neighbours  shape (n,), how many they are, 1 to n - 1.
    returns     p of the upper and of the lower tail, shape (n,) each, (found + 1) / (draws + 1).
    Raises ValueError if a grid has no neighbours.
    """
    if neighbours.min(initial=1) < 1:
        msg = "a grid without neighbours cannot be tested; leave it out"
        raise ValueError(msg)
    size = int(neighbours.max(initial=0)) + 1
    slack = ROUNDING * size * np.abs(values).max(initial=0.0)
    found = np.zeros((2, len(values)))
    for done in range(0, draws, DRAWS_AT_ONCE):
        deck = _distinct(len(values), size, min(DRAWS_AT_ONCE, draws - done), random)
        found += _found(values, sums - slack, sums + slack, neighbours, deck)
    high, low = (found + 1) / (draws + 1)
    return high, low


def draws_needed(tests: int, q: float = LEVELS[-1], most: int = MAX_DRAWS) -> int:
    """Permutations that let one grid among so many pass at false-discovery rate q, within bounds."""
    return min(most, max(MIN_DRAWS, math.ceil(2 * tests / q)))


def is_normal(counts: Ints) -> bool:
    """Whether counts per grid are many and even enough for the normal curve."""
    mean = counts.mean()
    return bool(mean >= NORMAL_MIN_MEAN and counts.var() / mean < NORMAL_MAX_DISPERSION)


def two_sided(high: Floats, low: Floats) -> Floats:
    """Two-sided p of two tails."""
    p: Floats = np.minimum(1.0, 2 * np.minimum(high, low))
    return p


def corrected(p: Floats) -> Floats:
    """The smallest false-discovery rate at which each test passes.

    p        any shape; NaN is no test.
    returns  same shape, NaN as it was.
    Source: Benjamini & Hochberg 1995, step-up procedure.
    """
    q = np.full(p.shape, np.nan)
    is_test = np.isfinite(p)
    q[is_test] = false_discovery_control(p[is_test])
    return q


def direction(z: Floats, high: Floats, low: Floats) -> Floats:
    """1 where z and the smaller tail say high, -1 where both say low, 0 where they disagree.

    One huge value lifts z by itself; if its neighbours are lower than chance, the lower tail is the
    significant one, and the grid is neither hot nor cold.
    """
    return np.where(np.where(z > 0, high <= low, low <= high), np.sign(z), 0.0)


def _found(
    values: Floats, at_least: Floats, at_most: Floats, neighbours: Ints, deck: Ints
) -> tuple[Floats, Floats]:
    """In how many draws of the deck each grid finds a sum as high, and one as low."""
    running = np.cumsum(values[deck], axis=0)
    high, low = np.zeros(len(values)), np.zeros(len(values))
    for k in np.unique(neighbours):
        is_mine = neighbours == k
        drawn = running[k - 1]
        ordered = np.sort(drawn)
        high[is_mine] = len(drawn) - np.searchsorted(ordered, at_least[is_mine], side="left")
        low[is_mine] = np.searchsorted(ordered, at_most[is_mine], side="right")
        place, draw = np.nonzero(is_mine[deck[:k]])
        grid = deck[place, draw]
        before = drawn[draw]
        mended = before - values[grid] + values[deck[k, draw]]
        np.add.at(high, grid, (mended >= at_least[grid]).astype(float) - (before >= at_least[grid]))
        np.add.at(low, grid, (mended <= at_most[grid]).astype(float) - (before <= at_most[grid]))
    return high, low


def _distinct(count: int, size: int, draws: int, random: np.random.Generator) -> Ints:
    """Ordered draws of `size` different numbers below `count`, one a column."""
    deck = random.integers(count, size=(size, draws))
    for place in range(1, size):
        again = np.flatnonzero((deck[:place] == deck[place]).any(axis=0))
        while len(again):
            deck[place, again] = random.integers(count, size=len(again))
            again = again[(deck[:place, again] == deck[place, again]).any(axis=0)]
    return deck
