"""Drawing 500 of 100,000 sites: python -m tests.bench sampling.

    python -m tests.bench.sampling ours    geo.draw.local_pivotal
    python -m tests.bench.sampling loop    the same method as a user would write it: a k-d tree asked in
                                           every step for more neighbours until one is undecided
    python -m tests.bench.sampling plain   the same without a tree: distances to all undecided ones

Half of the sites lie anywhere, half in 300 clusters, as shops do. Each side runs in its own process;
only the draw is timed. The last line of the output is JSON.
"""

from __future__ import annotations

import json
import statistics
import sys
import time

import numpy as np
from scipy.spatial import cKDTree

from geo.draw import Floats, Ints, Stream, local_pivotal
from geo.evenness import random_draw_balance, voronoi_balance, voronoi_sums
from tests.bench.measure import Tell, alternate, ratio, run, spread

SITES, POINTS, DRAWS, SIDE_M = 100_000, 500, 20, 30_000


def sites(count: int = SITES) -> Floats:
    random = np.random.default_rng(7)
    middles = random.uniform(0, SIDE_M, (300, 2))
    clustered = middles[random.integers(0, 300, count // 2)] + random.normal(0, 150, (count // 2, 2))
    return np.concatenate([random.uniform(0, SIDE_M, (count - count // 2, 2)), clustered])


def play(p: float, q: float, random: np.random.Generator) -> tuple[float, float]:
    """What two units have after one step of the pivotal method."""
    both = p + q
    if both < 1:
        return (0, both) if random.random() * both < q else (both, 0)
    return (1, both - 1) if random.random() * (2 - both) < 1 - q else (both - 1, 1)


def loop(xy: Floats, probability: Floats, random: np.random.Generator) -> Ints:
    tree, chance = cKDTree(xy), probability.copy()
    undecided = list(range(len(xy)))
    is_undecided = np.ones(len(xy), dtype=bool)
    place = np.arange(len(xy))
    while len(undecided) > 1:
        one = undecided[random.integers(len(undecided))]
        count, other = 4, -1
        while other < 0:
            count = min(count * 2, len(xy))
            _, near = tree.query(xy[one], k=count)
            others = near[is_undecided[near] & (near != one)]
            other = others[0] if len(others) else -1
        chance[one], chance[other] = play(chance[one], chance[other], random)
        for unit in (one, other):
            if chance[unit] in (0, 1):
                is_undecided[unit] = False
                last = undecided.pop()
                if last != unit:
                    undecided[place[unit]], place[last] = last, place[unit]
    return np.flatnonzero(chance > 0.5)


def plain(xy: Floats, probability: Floats, random: np.random.Generator) -> Ints:
    chance, undecided = probability.copy(), np.arange(len(xy))
    while len(undecided) > 1:
        one = random.integers(len(undecided))
        away = ((xy[undecided] - xy[undecided[one]]) ** 2).sum(axis=1)
        away[one] = np.inf
        pair = undecided[[one, away.argmin()]]
        chance[pair] = play(*chance[pair], random)
        undecided = undecided[(chance[undecided] > 0) & (chance[undecided] < 1)]
    return np.flatnonzero(chance > 0.5)


def timed(side: str, count: int) -> dict[str, float]:
    xy, p = sites(count), np.full(count, POINTS / count)
    began = time.perf_counter()
    if side == "ours":
        sample = local_pivotal(xy, p, Stream("1"))
    else:
        sample = {"loop": loop, "plain": plain}[side](xy, p, np.random.default_rng(1))
    took = time.perf_counter() - began
    return {"seconds": took, "points": len(sample), "B": voronoi_balance(voronoi_sums(xy, p, sample))}


def gain() -> dict[str, float]:
    """Balance of draws and of simple random draws of the same sites."""
    xy, p, none = sites(), np.full(SITES, POINTS / SITES), np.zeros(SITES, dtype=bool)
    draws = [voronoi_sums(xy, p, local_pivotal(xy, p, Stream(str(k)))) for k in range(DRAWS)]
    random, _ = random_draw_balance(
        xy, none.astype(int), np.array([POINTS]), none, DRAWS, np.random.default_rng(1)
    )
    ours = np.array([voronoi_balance(sums) for sums in draws])
    return {
        f"{side} {name}": float(round(figure, 4))
        for side, values in (("ours", ours), ("random", random))
        for name, figure in (("mean", values.mean()), ("sd", values.std()))
    }


def compare(rounds: int, tell: Tell) -> None:
    """Ours and the loop in turn; all three once on a tenth of the sites; the balance gained."""
    sides = {
        side: lambda side=side: run("-m", "tests.bench.sampling", side) for side in ("ours", "loop")
    }
    runs = alternate(rounds, sides, tell)
    took = {side: [done.said["seconds"] for done in runs[side]] for side in sides}
    for side, values in took.items():
        mib = statistics.median(done.peak_mib for done in runs[side])
        tell(f"{side}: {spread(values, 2)} s, peak {mib:.0f} MiB: {POINTS} of {SITES}")
    tell(f"loop / ours: {ratio(took['loop'], took['ours'])}")
    tenth = {side: timed(side, SITES // 10)["seconds"] for side in ("ours", "loop", "plain")}
    tell(f"{POINTS} of {SITES // 10}, once: " + ", ".join(f"{k} {v:.2f} s" for k, v in tenth.items()))
    tell(f"B of {DRAWS} draws: {gain()}")


if __name__ == "__main__":
    print(json.dumps(timed(sys.argv[1], SITES)))
