"""What only the wall asks for: bands for its maps, items of a card."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.engine import Engine
from data.filters import Filters
from data.views.coverage import coverage_by_grid
from data.views.overview import build_info, issues_by_category
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
    frame = rebound_ranks(engine, filters.in_grid())
    return _banded(frame, 100 * frame["rebound_30"])


def owed_bands(engine: Engine, filters: Filters) -> BandedGrids:
    """`coverage_by_grid` with bands of owed_per_km."""
    frame = coverage_by_grid(engine, filters)
    return _banded(frame, frame["owed_per_km"])


def _banded(frame: pd.DataFrame, column: pd.Series) -> BandedGrids:
    values = column.to_numpy(float)
    edges = band_edges(values)
    return BandedGrids(frame.assign(band=band_of(values, edges)), tuple(edges.tolist()))


def worst_items(engine: Engine, filters: Filters) -> pd.DataFrame:
    """The three things that the chosen grid is called out for (点名), by one rule.

    First what is open and past its deadline today (`data_until`, whatever the period), the longest
    overdue first, one for each place and category. Where there are fewer than three, repeat places of
    the period, most episodes first. Then the categories with most issues of the period. No place and
    category comes twice.
    columns  kind (overdue, repeat, category), category, issue_id, address, street_name, description,
             department, due_at, is_open, overdue_days (0 if not overdue), count (most episodes within
             repeat_days; issues of the period; 1), lon, lat. What describes a repeat place or a
             category is its newest issue.
    """
    of_today = {
        "today": build_info(engine).data_until,
        "category_class": filters.category_class,
        "department": filters.department,
        "grid_id": filters.grid_id,
    }
    overdue = engine.select("overdue_of_grid", row_limit=ITEMS, **of_today)
    found = [overdue.assign(kind="overdue", is_open=True, count=1)]
    if len(overdue) < ITEMS:
        newest = engine.select("newest_of_grid", **of_today)
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
