"""What only the wall asks for: bands for its maps, evidence of cleaning, items of a card."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.engine import Engine
from data.filters import Filters
from data.views.coverage import GRADES, coverage_by_grid, coverage_headline
from data.views.overview import issues_by_category
from data.views.rebound import rebound_ranks, repeat_places
from geo.bands import band_edges, band_of

ITEMS = 3
ITEM_COLUMNS = [
    "kind", "category", "issue_id", "address", "street_name", "description", "department", "due_at",
    "is_open", "overdue_days", "count", "lon", "lat", "photo_before", "photo_after",
]  # fmt: skip


@dataclass(frozen=True)
class BandedGrids:
    """A frame of grids with `band` (0 lowest, -1 none) of one of its columns, and the bands' edges."""

    frame: pd.DataFrame
    edges: tuple[float, ...]


def rebound_bands(engine: Engine, filters: Filters) -> BandedGrids:
    """`rebound_ranks` of all grids, with bands of rebound_30 in per cent."""
    whole = Filters(filters.since, filters.until, filters.category_class)
    frame = rebound_ranks(engine, whole)
    return _banded(frame, 100 * frame["rebound_30"])


def owed_bands(engine: Engine, filters: Filters) -> BandedGrids:
    """`coverage_by_grid` with bands of owed_per_km."""
    frame = coverage_by_grid(engine, filters)
    return _banded(frame, frame["owed_per_km"])


def _banded(frame: pd.DataFrame, column: pd.Series) -> BandedGrids:
    values = column.to_numpy(float)
    edges = band_edges(values)
    return BandedGrids(frame.assign(band=band_of(values, edges)), tuple(edges.tolist()))


def evidence_shares(engine: Engine, filters: Filters) -> dict[str, float]:
    """Share of the county's km days by grade of evidence ("" neither evidence nor plan); {} if none."""
    row = coverage_headline(engine, filters)
    km_days = {grade: float(row[f"{grade.lower() or 'none'}_km_days"]) for grade in GRADES}
    total = sum(km_days.values())
    return {grade: days / total for grade, days in km_days.items()} if total else {}


def worst_items(engine: Engine, filters: Filters) -> pd.DataFrame:
    """The three things that the chosen grid is called out for (点名), by one rule.

    First open issues past their deadline, the longest overdue first, one for each place and category.
    Where there are fewer than three, repeat places, most episodes first. Then the categories with
    most issues of the period. No place and category comes twice.
    columns  kind (overdue, repeat, category), category, issue_id, address, street_name, description,
             department, due_at, is_open, overdue_days (0 if not overdue), count (most episodes within
             repeat_days; issues of the period; 1), lon, lat. What describes a repeat place or a
             category is its newest issue.
    """
    overdue = engine.select(
        "overdue_of_grid",
        until=filters.until,
        category_class=filters.category_class,
        grid_id=filters.grid_id,
        row_limit=ITEMS,
    )
    late = (pd.Timestamp(filters.until) - overdue["due_at"]).dt.days
    found = [overdue.assign(kind="overdue", is_open=True, count=1, overdue_days=late)]
    if len(overdue) < ITEMS:
        newest = engine.select("newest_of_grid", until=filters.until, grid_id=filters.grid_id)
        repeats = repeat_places(engine, filters)[["place_id", "category", "episodes"]]
        repeats = repeats.merge(newest, on=["place_id", "category"]).rename(
            columns={"episodes": "count"}
        )
        counts = issues_by_category(engine, filters)[["category", "reported"]]
        most = counts.merge(newest.drop_duplicates("category"), on="category")
        most = most.rename(columns={"reported": "count"})
        found += [repeats.assign(kind="repeat"), most.assign(kind="category")]
    frame = pd.concat([one for one in found if len(one)] or [found[0]], ignore_index=True)
    frame = frame.drop_duplicates(["place_id", "category"]).head(ITEMS).reindex(columns=ITEM_COLUMNS)
    counted = frame[["overdue_days", "count"]].fillna(0).astype(np.int64)
    return frame.assign(overdue_days=counted["overdue_days"], count=counted["count"])
