"""Hot spots against esda, and what trends and densities take: python -m tests.bench.hotspot.

    python -m tests.bench.hotspot compare [ROUNDS]   ours and esda in turn, and the ratio
    python -m tests.bench.hotspot ours               9,999 permutations of 5,000 grids, geo.hotspot
    python -m tests.bench.hotspot esda               the same by esda.G_Local(star=True)
    python -m tests.bench.hotspot others             neighbours, trends and densities

Each side runs in its own process on one thread. esda is run twice and the second time counts, so
that compiling (where numba is installed) is left out. The last line of the output is JSON.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec

os.environ.update(dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"], "1"))

import numpy as np
import shapely

from geo.density import heat_map, street_density, street_pieces
from geo.hotspot import gi_star, hot_spots, permutation_tails
from geo.neighbours import meeting_streets, touching_grids
from geo.trend import trends
from tests.bench.measure import alternate, ratio, run, spread

GRIDS, DRAWS, WEEKS = 5_000, 9_999, 52
ISSUES, NODES = 100_000, 100  # a net of about 20,000 streets
Said = dict[str, float]


def grids() -> np.ndarray:
    x, y = np.meshgrid(np.arange(71) * 200.0, np.arange(71) * 200.0)
    return shapely.box(x, y, x + 200, y + 200).ravel()[:GRIDS]


def rates() -> np.ndarray:
    return np.random.default_rng(1).gamma(1.0, 2.0, GRIDS)


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def ours() -> Said:
    touches, x = touching_grids(grids()), rates()
    sums, neighbours = touches @ x, np.diff(touches.indptr)
    high, low = permutation_tails(x, sums, neighbours, DRAWS, np.random.default_rng(0))  # warm

    def once() -> None:
        gi_star(x, touches)
        permutation_tails(x, sums, neighbours, DRAWS, np.random.default_rng(0))

    return {"seconds": seconds(once), "mean_p": float(np.minimum(high, low).mean())}


def esda() -> Said:
    warnings.simplefilter("ignore")
    from esda import G_Local
    from libpysal.weights import WSP

    weights, x = WSP(touching_grids(grids())).to_W(), rates()
    found = []

    def once() -> None:
        found.append(
            G_Local(
                x, weights, transform="B", star=True, permutations=DRAWS, n_jobs=1, seed=1,
                keep_simulations=False,
            )
        )  # fmt: skip

    once()
    return {
        "seconds": seconds(once),
        "mean_p": float(found[0].p_sim.mean()),
        "numba": float(find_spec("numba") is not None),
    }


def streets() -> np.ndarray:
    random = np.random.default_rng(0)
    at = np.stack(np.meshgrid(np.arange(NODES), np.arange(NODES), indexing="ij"), -1) * 80.0
    at += random.uniform(-15, 15, at.shape)
    along = np.stack([at[:-1], at[1:]], axis=2).reshape(-1, 2, 2)
    across = np.stack([at[:, :-1], at[:, 1:]], axis=2).reshape(-1, 2, 2)
    return shapely.linestrings(np.concatenate([along, across]))


def others() -> Said:
    random = np.random.default_rng(2)
    polygons, lines = grids(), streets()
    touches, x = touching_grids(polygons), rates()
    cube = random.poisson(0.7, (GRIDS, WEEKS)).astype(float)
    line = random.integers(len(lines), size=ISSUES)
    along_m = random.uniform(size=ISSUES) * shapely.length(lines[line])
    east, north = random.uniform(0, 8_000, (2, ISSUES))
    density = street_density(lines, line, along_m)
    works: dict[str, Callable[[], object]] = {
        "touching_grids": lambda: touching_grids(polygons),
        "meeting_streets": lambda: meeting_streets(lines),
        "hot_spots": lambda: hot_spots(x, touches, random),
        "trends": lambda: trends(cube, touches, random),
        "street_density": lambda: street_density(lines, line, along_m),
        "street_pieces": lambda: street_pieces(lines, density.line, density.from_m, density.to_m),
        "heat_map": lambda: heat_map(east, north, (0, 0, 8_000, 8_000), 200, 20),
    }
    return {name: seconds(work) for name, work in works.items()}


def compare(rounds: int) -> Said:
    sides = {
        side: lambda side=side: run("-m", "tests.bench.hotspot", side) for side in ("ours", "esda")
    }
    runs = alternate(rounds, sides, print)
    took = {side: [done.said["seconds"] for done in runs[side]] for side in sides}
    for side, values in took.items():
        print(f"{side}: {spread(values, 4)} s for {GRIDS} grids and {DRAWS} permutations")
    print(f"esda / ours: {ratio(took['esda'], took['ours'])}")
    return {side: statistics.median(values) for side, values in took.items()}


if __name__ == "__main__":
    command = sys.argv[1] if len(sys.argv) > 1 else "compare"
    steps: dict[str, Callable[[], Said]] = {
        "ours": ours, "esda": esda, "others": others,
        "compare": lambda: compare(int(sys.argv[2]) if len(sys.argv) > 2 else 3),
    }  # fmt: skip
    print(json.dumps(steps[command]()))
