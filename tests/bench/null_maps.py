"""False alarms and finds of hot spot maps: python -m tests.bench.null_maps [MAPS].

1,000 grids with unequal streets. Null maps have no hot spot: counts are Poisson, or over-dispersed
(negative binomial, variance 1 + mean times the mean), independent between grids. Found maps have a
block of 3 x 3 grids with three times the rate. Each map is tested with 39,999 and with a million
draws at most, and by the normal curve. The last line of the output is JSON: the share of maps on
which anything is marked at q = .10 and .01; of found maps, the share on which the middle of the block
is, and the mean of its nine grids.
"""

from __future__ import annotations

import json
import sys

import numpy as np
import shapely
from scipy.stats import norm

from geo.hotspot import HotSpots, corrected, gi_star, hot_spots, two_sided
from geo.neighbours import touching_grids

COLUMNS, ROWS = 40, 25
KM = (1.0, 8.0)  # of street in a grid
PER_KM = 2.0
BLOCK = (np.arange(3)[:, None] + 10) * COLUMNS + np.arange(3) + 18
TOUCHES = touching_grids(
    shapely.box(*(edge.ravel() for edge in (
        *np.meshgrid(np.arange(COLUMNS) * 100.0, np.arange(ROWS) * 100.0),
        *np.meshgrid(np.arange(COLUMNS) * 100.0 + 100, np.arange(ROWS) * 100.0 + 100),
    )))
)  # fmt: skip


def map_values(random: np.random.Generator, *, is_even: bool, times: float) -> np.ndarray:
    """Issues per km of each grid; `times` the rate in the block."""
    km = random.uniform(*KM, COLUMNS * ROWS)
    mean = PER_KM * km
    mean[BLOCK.ravel()] *= times
    if is_even:
        return random.poisson(mean) / km
    return random.poisson(mean * random.gamma(1.0, 1.0, len(mean))) / km


def tested(values: np.ndarray, draws: int, random: np.random.Generator) -> HotSpots:
    """By permutation; by the normal curve where `draws` is 0."""
    if draws:
        return hot_spots(values, TOUCHES, random, most_draws=draws)
    z = gi_star(values, TOUCHES)
    p = two_sided(norm.sf(z), norm.cdf(z))
    q = corrected(p)
    return HotSpots(z, p, q, (q[:, None] <= (0.10, 0.05, 0.01)).sum(axis=1) * np.sign(z))


def main() -> None:
    maps = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    said = {}
    for is_even in (True, False):
        for times in (1.0, 3.0):
            for draws in (39_999, 1_000_000, 0):
                random = np.random.default_rng(7)
                shares = []
                for _ in range(maps if times == 1 else maps // 4):
                    found = tested(map_values(random, is_even=is_even, times=times), draws, random)
                    marked = np.abs(found.spot_class)
                    if times == 1:
                        shares.append([(marked >= 1).any(), (marked >= 3).any()])
                    else:
                        block = found.spot_class[BLOCK]
                        shares.append([block[1, 1] >= 1, block[1, 1] >= 3, (block >= 3).mean()])
                name = f"{'Poisson' if is_even else 'over-dispersed'}, x{times:g}, {draws or 'normal'}"
                said[name] = np.round(np.mean(shares, axis=0), 4).tolist()
                print(name, said[name], flush=True)
    print(json.dumps(said))


if __name__ == "__main__":
    main()
