"""python -m tests.bench rehearsal: 10,000 rounds against the loops that a user would write instead.

A county of 20,000 sites in 14 types with 6 items each, 200 points a round, 2,000 places. The loops draw
with `rng.choice(replace=False)` by type and throw a number for each item; one scores with a pandas
groupby, the other with numpy. They keep no losses by site and name no repairs: by a loop each step of
those is a rehearsal for each place. Each side runs in a fresh process, which is also this file.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.rehearsal import Rules, rehearse, repairs
from tests.bench.measure import Run, Tell, alternate, ratio, run, spread

Ints = npt.NDArray[np.int64]

SITES, TYPES, ITEMS, DRAWN, PLACES, ROUNDS = 20_000, 14, 6, 200, 2_000, 10_000
PARTS = np.array([42.0, 38, 33, 31, 18, 18])


class County(NamedTuple):
    stratum: Ints
    draws: Ints
    rows: Ints
    chance: npt.NDArray[np.float64]
    rules: Rules
    place: Ints


def county() -> County:
    """The same county on both sides."""
    random = np.random.default_rng(42)
    stratum = random.integers(0, TYPES, SITES)
    draws = np.full(TYPES, DRAWN // TYPES)
    draws[: DRAWN - draws.sum()] += 1
    risk, mix = random.beta(1, 4, SITES), random.dirichlet(np.ones(ITEMS), SITES)
    count = TYPES * ITEMS
    return County(
        stratum,
        draws,
        stratum[:, None] * ITEMS + np.arange(ITEMS),
        1 - (1 - risk[:, None]) ** mix,
        Rules(np.full(count, 0.5), np.full(count, 3.0), np.arange(count) % len(PARTS), PARTS),
        random.integers(0, PLACES, SITES),
    )


def ours() -> dict[str, float]:
    """Seconds of the rehearsal with its loss tables, and of the 20 best repairs."""
    *arguments, place = county()
    began = time.perf_counter()
    done = rehearse(*arguments, rounds=ROUNDS, seed=1)
    rehearsed = time.perf_counter()
    pass_score = round(float(np.quantile(done.score, 0.3)), 1)
    found = repairs(done, place, pass_score, 20)
    assert len(found.order) == 20
    return {
        "rehearse_s": rehearsed - began,
        "repairs_s": time.perf_counter() - rehearsed,
        "score": float(done.score.mean()),
        "spread": float(done.score.std()),
    }


def loop(lost: Callable[[Ints, Rules], float]) -> dict[str, float]:
    """Seconds of the plain loop, with the points lost by `lost` from the rows of a round's finds."""
    stratum, draws, rows, chance, rules, _ = county()
    members = [np.flatnonzero(stratum == of) for of in range(TYPES)]
    random = np.random.default_rng(1)
    scores = []
    began = time.perf_counter()
    for _ in range(ROUNDS):
        drawn = np.concatenate(
            [random.choice(of, count, replace=False) for of, count in zip(members, draws, strict=True)]
        )
        is_found = random.random((DRAWN, ITEMS)) < chance[drawn]
        scores.append(PARTS.sum() - lost(rows[drawn][is_found], rules))
    return {
        "rehearse_s": time.perf_counter() - began,
        "score": float(np.mean(scores)),
        "spread": float(np.std(scores)),
    }


def by_pandas(found: Ints, rules: Rules) -> float:
    """Points lost, by two groupbys."""
    items = pd.DataFrame({"points": rules.points, "cap": rules.cap, "part": rules.part})
    counts = pd.DataFrame({"row": found}).groupby("row").size()
    lost = counts.mul(items["points"], fill_value=0).clip(upper=items["cap"])
    return float(lost.groupby(items["part"]).sum().clip(upper=PARTS).sum())


def by_numpy(found: Ints, rules: Rules) -> float:
    """Points lost, by two bincounts."""
    counts = np.bincount(found, minlength=len(rules.points))
    lost = np.bincount(rules.part, np.minimum(counts * rules.points, rules.cap), len(PARTS))
    return float(np.minimum(lost, PARTS).sum())


SIDES = {"ours": ours, "pandas": partial(loop, by_pandas), "numpy": partial(loop, by_numpy)}


def _start(side: str) -> Run:
    return run("-m", "tests.bench.rehearsal", side)


def compare(rounds: int, tell: Tell) -> None:
    """Both sides in turn; Markdown for docs/performance.md."""
    runs = alternate(rounds, {side: partial(_start, side) for side in SIDES}, tell)
    times = {side: [done.said["rehearse_s"] for done in runs[side]] for side in runs}
    peaks = {side: [done.peak_mib for done in runs[side]] for side in runs}
    tell("\n| 10,000 rounds | s | times ours | peak MiB |\n| --- | ---: | ---: | ---: |")
    for side in SIDES:
        tell(
            f"| {side} | {spread(times[side])} | {ratio(times[side], times['ours'])} | "
            f"{spread(peaks[side], 0)} |"
        )
    tell(f"20 repairs of {PLACES:,} places: {spread([d.said['repairs_s'] for d in runs['ours']])} s")
    for side, (first, *_) in runs.items():
        said = first.said
        tell(f"{side}: mean score {said['score']:.2f}, standard deviation {said['spread']:.2f}")


if __name__ == "__main__":
    print(json.dumps(SIDES[sys.argv[1]]()))
