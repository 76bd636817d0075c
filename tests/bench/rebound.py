"""Kaplan-Meier curves of 1,000 grids over 90 days from a million gaps, against a loop over lifelines.

    python -m tests.bench.rebound                   all of it, in turn, with the ratio
    python -m tests.bench.rebound arrays FOLDER     write the gaps of a made-up county
    python -m tests.bench.rebound ours FOLDER       geo.survival
    python -m tests.bench.rebound plain FOLDER      lifelines, one fit a grid
    python -m tests.bench.rebound check FOLDER      whether both gave the same curves and bands
    python -m tests.bench.rebound road FOLDER       the rest of the road, ours alone: episodes to effect

Each side runs in its own process; the last line of a step is JSON. lifelines gets its rows sorted into
grids beforehand, which is not counted. It is not among the test packages (it asks for an older pandas,
though it works with this one): install lifelines without its dependencies, and autograd, autograd-gamma
and formulaic with theirs.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from geo.episode import find_episodes
from geo.inspection import inspection_effect, inspection_weeks
from geo.place import find_places
from geo.rebound import (
    bootstrap_shares,
    gap_times,
    next_starts,
    recurrence_times,
    repeat_places,
)
from geo.survival import kaplan_meier, log_log_band, mean_recurrences, median_hours
from tests.bench.measure import alternate, ratio, run, spread

Floats = npt.NDArray[np.float64]

GRIDS = 1_000
HORIZON = 90
REPEATS = 5  # of ours in one process; the median counts


def arrays(folder: str, rows: str = "1000000") -> dict[str, float]:
    """A fifth of the problems is back within 30 days; observation ends at any age up to 200 days."""
    rng = np.random.default_rng(42)
    n = int(rows)
    gap, end = 120 * rng.weibull(0.8, n), rng.uniform(0, 200, n)
    np.savez(
        Path(folder) / "arrays.npz",
        days=np.round(np.minimum(gap, end) * 1440) / 1440,  # to the minute, as records are
        is_event=gap <= end,
        grid=rng.integers(0, GRIDS, n),
    )
    return {"rows": n, "events": int((gap <= end).sum())}


def ours(folder: str) -> dict[str, float]:
    data = np.load(Path(folder) / "arrays.npz")
    days, is_event, grid = data["days"], data["is_event"], data["grid"]
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        curves = kaplan_meier(days, is_event, grid, GRIDS, HORIZON)
        lower, upper = log_log_band(curves)
        seconds.append(time.perf_counter() - began)
    np.savez(Path(folder) / "ours.npz", survival=curves.survival, lower=lower, upper=upper)
    return {"curves_s": statistics.median(seconds), "first_s": seconds[0]}


def plain(folder: str) -> dict[str, float]:
    from lifelines import KaplanMeierFitter

    data = np.load(Path(folder) / "arrays.npz")
    order = np.argsort(data["grid"], kind="stable")
    cuts = np.searchsorted(data["grid"][order], np.arange(1, GRIDS))
    days, is_event = (np.split(data[name][order], cuts) for name in ("days", "is_event"))
    timeline = np.arange(HORIZON + 1)
    fields: list[Floats] = []
    began = time.perf_counter()
    for grid in range(GRIDS):
        fitter = KaplanMeierFitter().fit(days[grid], is_event[grid], timeline=timeline)
        survival = fitter.survival_function_.to_numpy()
        fields.append(np.hstack([survival, fitter.confidence_interval_.to_numpy()]))
    ended = time.perf_counter()
    survival, lower, upper = np.stack(fields).transpose(2, 0, 1)
    np.savez(Path(folder) / "plain.npz", survival=survival, lower=lower, upper=upper)
    return {"curves_s": ended - began}


def check(folder: str) -> dict[str, float]:
    """Largest differences; lifelines says 1 to 1 where S is 1, ours that there is no band."""
    a, b = (np.load(Path(folder) / f"{side}.npz") for side in ("ours", "plain"))
    return {
        "survival": float(np.abs(a["survival"] - b["survival"]).max()),
        "lower": float(np.nanmax(np.abs(a["lower"] - b["lower"]))),
        "upper": float(np.nanmax(np.abs(a["upper"] - b["upper"]))),
        "without_band": int(np.isnan(a["lower"]).sum()),
    }


def road(_folder: str) -> dict[str, float]:
    """Seconds of each step for a million issues at 50,000 places in 1,000 grids over 900 days."""
    rng = np.random.default_rng(1)
    n = 1_000_000
    place, category = rng.integers(0, 50_000, n), rng.integers(0, 40, n)
    reported = np.datetime64("2023-01-01", "s") + rng.integers(0, 900 * 86_400, n)
    closed = reported + rng.integers(0, 10 * 86_400, n)
    verified = closed + rng.integers(0, 2 * 86_400, n)
    closed[rng.random(n) < 0.05] = verified[rng.random(n) < 0.3] = np.datetime64("NaT")
    until = np.datetime64("2025-06-19", "s")
    x, y = rng.uniform(0, 20_000, (2, n))
    off_street = rng.random(n) < 0.2
    seconds: dict[str, float] = {}

    def timed(name: str, step: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        result = step()
        seconds[name] = round(time.perf_counter() - began, 3)
        return result

    near = np.where(off_street, 50.0, 5.0)
    timed("places", lambda: find_places(x, y, place, near, 30, 30))
    found = timed("episodes", lambda: find_episodes(place, category, reported, closed, verified))
    unit = found.place, found.category, found.start
    days, is_event = timed("gaps", lambda: gap_times(found.close, next_starts(*unit), until))
    grid = found.place % GRIDS
    hours = (np.where(np.isnat(closed), until, closed) - reported) / np.timedelta64(3600, "s")
    hours, is_closed = np.maximum(hours, 0), ~np.isnat(closed)
    timed("median", lambda: median_hours(hours, is_closed, place % GRIDS, GRIDS))
    timed("repeats", lambda: repeat_places(*unit, 3, 90))
    returns = timed("returns", lambda: recurrence_times(*unit, found.close, until))
    timed(
        "recurrences",
        lambda: mean_recurrences(
            returns.days, returns.unit, returns.end_days, returns.place % GRIDS, GRIDS, 365
        ),
    )
    timed(
        "bootstrap_1000",
        lambda: bootstrap_shares(days, is_event, grid, found.place, GRIDS, 30, 1_000, 7),
    )
    first = rng.integers(10, 120, 700)
    weeks = inspection_weeks(first, first + 1, rng.permutation(GRIDS)[:700], GRIDS, 156, 12)
    counts, season = rng.poisson(2.0, (GRIDS, 156)), np.arange(156) // 4 % 12
    timed("effect", lambda: inspection_effect(counts, np.ones(counts.shape), weeks, season))
    return seconds


def compare(rounds: int = 3) -> None:
    """Both sides in turn, and the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        print(run("-m", "tests.bench.rebound", "arrays", folder).said)
        sides = {
            name: lambda name=name: run("-m", "tests.bench.rebound", name, folder)
            for name in ("ours", "plain")
        }
        runs = alternate(rounds, sides, print)
        took = {name: [done.said["curves_s"] for done in runs[name]] for name in runs}
        print("same answers:", run("-m", "tests.bench.rebound", "check", folder).said)
        print("numpy", version("numpy"), "lifelines", version("lifelines"))
        print(f"ours {spread(took['ours'], 4)} s, lifelines {spread(took['plain'])} s")
        print(f"lifelines / ours: {ratio(took['plain'], took['ours'])}")
        print("the rest of the road, s:", run("-m", "tests.bench.rebound", "road", folder).said)


if __name__ == "__main__":
    steps: dict[str, Callable[..., dict[str, float]]] = {
        "arrays": arrays, "ours": ours, "plain": plain, "check": check, "road": road,
    }  # fmt: skip
    if len(sys.argv) > 1:
        print(json.dumps(steps[sys.argv[1]](*sys.argv[2:])))
    else:
        compare()
