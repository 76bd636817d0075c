"""Coverage of a large county: how long the marts take to make and the views to read.

    python -m tests.bench coverage

20,000 segments in 200 grids, every one with a roster, and a log with both times of every segment on
every day: the most rows that mart_cleaning_day can have in the period.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from data.catalog import TABLES
from data.engine import BuildWriter, DuckDBEngine
from data.filters import Filters
from data.standards import default_table
from data.views import coverage as views
from etl.coverage import build_coverage
from etl.recipe import Dataset, Recipe
from etl.transform import Findings

SINCE = date(2026, 6, 1)
CLASSES = ("main", "secondary", "branch", "lane")


def tables(segments: int, days: int, seed: int = 42) -> dict[str, pd.DataFrame]:
    """Core tables as the ETL has them before the marts."""
    rng = np.random.default_rng(seed)
    names = np.array([f"S{n:06d}" for n in range(segments)], dtype=object)
    grids = np.array([f"G{n:03d}" for n in range(200)], dtype=object)
    of_grid = rng.integers(0, len(grids), segments)
    shift = pd.DataFrame({"source_segment_id": np.repeat(names, 3)})
    kind = np.repeat(rng.integers(0, 60, segments), 3) + np.tile([0, 100, 200], segments)
    shift["shift_name"] = kind.astype(str)
    shift["start_time"] = [f"{5 + k // 100 * 5 + k % 5:02d}:{k % 100 // 5 * 5:02d}" for k in kind]
    shift["end_time"] = [f"{9 + k // 100 * 5:02d}:30" for k in kind]
    shift["valid_from"], shift["valid_to"] = pd.Timestamp(2026, 1, 1), pd.Timestamp(2026, 12, 31)
    start = pd.Timestamp(SINCE) + pd.to_timedelta(
        np.repeat(np.arange(days), segments) * 1440 + rng.integers(240, 1300, segments * days),
        unit="min",
    )
    log = pd.DataFrame({"source_segment_id": np.tile(names, days), "started_at": start})
    log["ended_at"] = log["started_at"] + pd.to_timedelta(rng.integers(5, 200, len(log)), unit="min")
    segment = pd.DataFrame(
        {
            "segment_id": names,
            "source_segment_id": names,
            "street_name": names,
            "road_class": np.array(CLASSES, dtype=object)[rng.integers(0, 4, segments)],
            "is_machine_sweepable": rng.random(segments) < 0.7,
            "grid_id": grids[of_grid],
            "length_m": rng.uniform(20, 400, segments),
        }
    )
    frames = {"core_segment": segment, "core_shift": shift, "core_cleaning": log}
    frames["core_grid"] = pd.DataFrame({"grid_id": grids, "grid_name": grids})
    for name in ("core_fix", "core_issue"):
        frames[name] = pd.DataFrame(columns=[c.name for c in TABLES[name].columns])
    for frame, columns in (
        (frames["core_fix"], ("fixed_at",)), (frames["core_issue"], ("reported_at",)),
    ):  # fmt: skip
        for column in columns:
            frame[column] = pd.to_datetime(frame[column])
    for name in ("core_shift", "core_cleaning"):
        for column in TABLES[name].columns:
            if column.name not in frames[name]:
                frames[name][column.name] = None
    frames["standard_indicator"] = default_table(TABLES["standard_indicator"])
    return frames


def measure(segments: int, days: int, rounds: int, tell: Callable[[str], None]) -> None:
    """Tell the seconds of the ETL's part and the median milliseconds of each view, warm."""
    frames = tables(segments, days)
    recipe = Recipe(
        name="bench", title="bench", root=Path(), timezone="Asia/Shanghai", compute_crs="EPSG:4545",
        core_grid=[Dataset(files=["none"], format="csv", columns={"grid_id": "grid_id"})],
    )  # fmt: skip
    began = time.perf_counter()
    no_lines = np.array([], dtype=object)
    marts = build_coverage(frames, no_lines, recipe, datetime(2026, 12, 1), Findings())  # noqa: DTZ001 local
    tell(f"marts of {len(frames['core_cleaning']):,} log rows: {time.perf_counter() - began:.1f} s")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "bench.duckdb"
        began = time.perf_counter()
        with BuildWriter(path) as writer:
            for name, frame in (frames | marts).items():
                writer.insert(name, frame)
        tell(f"writing them: {time.perf_counter() - began:.1f} s, {path.stat().st_size / 1e6:.0f} MB")
        tell(", ".join(f"{name} {len(frame):,}" for name, frame in marts.items()))
        filters = Filters(SINCE, SINCE + timedelta(days=days))
        one_grid = Filters(filters.since, filters.until, "", "G001")
        asked: dict[str, Callable[[DuckDBEngine], object]] = {
            "by segment": lambda e: views.coverage_by_segment(e, filters),
            "by segment of a grid": lambda e: views.coverage_by_segment(e, one_grid),
            "by grid": lambda e: views.coverage_by_grid(e, filters),
            "headline": lambda e: views.coverage_headline(e, filters),
            "by hour": lambda e: views.coverage_by_hour(e, filters),
            "by day": lambda e: views.coverage_by_day(e, filters),
            "by day of a grid": lambda e: views.coverage_by_day(e, one_grid),
            "coverage and cleanliness": lambda e: views.coverage_and_cleanliness(e, filters),
        }
        with closing(DuckDBEngine(path)) as engine:
            for name, ask in asked.items():
                ask(engine)
                spent = []
                for _ in range(rounds):
                    began = time.perf_counter()
                    ask(engine)
                    spent.append(1000 * (time.perf_counter() - began))
                tell(
                    f"{name}: {statistics.median(spent):.0f} ms ({min(spent):.0f} to {max(spent):.0f})"
                )
