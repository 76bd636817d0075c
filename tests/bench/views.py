"""How long views take: python -m tests.bench.views STORE [DAYS].

STORE holds a build (of the synthetic county: `python -m tests.bench.ours`). Each view runs once to
warm the file, then ROUNDS times; the last line of the output is JSON: median milliseconds.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from data.builds import current_build_id, open_build
from data.engine import Engine
from data.filters import Filters
from data.views import flow, headline, hotspots, meeting, overview, reasons, rebound
from data.views.overview import build_info

ROUNDS = 5
DAYS = (90, 365, 730)
VIEWS: tuple[Callable[[Engine, Filters], Any], ...] = (
    hotspots.grid_hot_spots,
    hotspots.compare_hot_spots,
    hotspots.segment_hot_spots,
    hotspots.trend_classes,
    hotspots.street_densities,
    hotspots.heat_cells,
    flow.flow,
    flow.flow_by_grid,
    flow.flow_by_department,
    flow.flow_by_category,
    flow.flow_by_class,
    overview.counts,
    headline.progress,
    reasons.worst_with_reasons,
    meeting.since_meeting,
    overview.grid_density,
    rebound.rebound_by,
    rebound.rebound_by_time,
    rebound.rebound_curve,
    rebound.rebound_ranks,
    rebound.repeat_places,
    rebound.mean_recurrences,
    rebound.rebound_records,
    rebound.slackening,
)


def milliseconds(
    engine: Engine, views: tuple[Callable[[Engine, Filters], Any], ...], filters: Filters
) -> dict[str, float]:
    """Median warm time of each view, milliseconds."""
    return {f"{view.__module__}.{view.__name__}": _median(engine, view, filters) for view in views}


def _median(engine: Engine, view: Callable[[Engine, Filters], Any], filters: Filters) -> float:
    took = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        view(engine, filters)
        took.append(1000 * (time.perf_counter() - began))
    return round(statistics.median(took[1:]), 1)


def main() -> None:
    store = Path(sys.argv[1])
    engine = open_build(current_build_id(store), store)
    until = build_info(engine).period_until
    said = {}
    for days in DAYS:
        said[f"{days} days"] = milliseconds(engine, VIEWS, Filters(until - timedelta(days=days), until))
        print(f"{days} days", flush=True)
        for name, took in said[f"{days} days"].items():
            print(f"  {name}: {took} ms", flush=True)
    print(json.dumps(said))


if __name__ == "__main__":
    main()
