"""python -m tests.bench rehearsal: 10,000 rounds against the loop that a user would write instead.

A county of 20,000 sites in 14 types with 6 items each, 200 points a round, 2,000 places. The loop draws
with `rng.choice(replace=False)` by type, throws a number for each item and scores with pandas; it makes
`LOOP_ROUNDS` rounds, and its time for all rounds is that times their ratio. It keeps no losses by site
and names no repairs: by the loop each step of those is a rehearsal for each place.
Each side runs in a fresh process, which is also this file: --ours or --loop.
"""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.rehearsal import Rules, rehearse, repairs
from tests.bench.measure import Run, Tell, alternate, ratio, run, spread

SITES, TYPES, ITEMS, DRAWN, PLACES, ROUNDS, LOOP_ROUNDS = 20_000, 14, 6, 200, 2_000, 10_000, 500
PARTS = np.array([42.0, 38, 33, 31, 18, 18])


class County(NamedTuple):
    stratum: npt.NDArray[np.int64]
    draws: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]
    chance: npt.NDArray[np.float64]
    rules: Rules
    place: npt.NDArray[np.int64]


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


def loop() -> dict[str, float]:
    """Seconds that the plain loop would take for all rounds, without repairs and loss tables."""
    stratum, draws, rows, chance, rules, _ = county()
    items = pd.DataFrame({"points": rules.points, "cap": rules.cap, "part": rules.part})
    members = [np.flatnonzero(stratum == of) for of in range(TYPES)]
    random = np.random.default_rng(1)
    scores = []
    began = time.perf_counter()
    for _ in range(LOOP_ROUNDS):
        drawn = np.concatenate(
            [random.choice(of, count, replace=False) for of, count in zip(members, draws, strict=True)]
        )
        is_found = random.random((DRAWN, ITEMS)) < chance[drawn]
        found = pd.DataFrame({"row": rows[drawn][is_found]})
        lost = found.groupby("row").size().mul(items["points"], fill_value=0).clip(upper=items["cap"])
        by_part = lost.groupby(items["part"]).sum().clip(upper=PARTS)
        scores.append(PARTS.sum() - by_part.sum())
    took = time.perf_counter() - began
    return {
        "rehearse_s": took * ROUNDS / LOOP_ROUNDS,
        "score": float(np.mean(scores)),
        "spread": float(np.std(scores)),
    }


def _start(side: str) -> Run:
    return run("-m", "tests.bench.rehearsal", f"--{side}")


def compare(rounds: int, tell: Tell) -> None:
    """Both sides in turn; Markdown for docs/performance.md."""
    runs = alternate(rounds, {side: partial(_start, side) for side in ("ours", "loop")}, tell)
    times = {side: [done.said["rehearse_s"] for done in runs[side]] for side in runs}
    peaks = {side: [done.peak_mib for done in runs[side]] for side in runs}
    tell("\n| 10,000 rounds | rehearsal | loop | loop / rehearsal |\n| --- | ---: | ---: | ---: |")
    tell(
        f"| seconds | {spread(times['ours'])} | {spread(times['loop'], 0)} | "
        f"{ratio(times['loop'], times['ours'])} |"
    )
    mended = spread([done.said["repairs_s"] for done in runs["ours"]])
    tell(f"| 20 repairs of {PLACES:,} places, s | {mended} | | |")
    tell(
        f"| peak MiB | {spread(peaks['ours'], 0)} | {spread(peaks['loop'], 0)} | "
        f"{ratio(peaks['loop'], peaks['ours'])} |"
    )
    for side, (first, *_) in runs.items():
        said = first.said
        tell(f"{side}: mean score {said['score']:.2f}, standard deviation {said['spread']:.2f}")


if __name__ == "__main__":
    print(json.dumps({"--ours": ours, "--loop": loop}[sys.argv[1]]()))
