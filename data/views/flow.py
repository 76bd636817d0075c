"""Stock and flow: what came in, what was closed, in time or not, by grid, department and category.

No column of a build tells suspended cases (缓办), so none leaves the denominator.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.engine import Engine
from data.filters import Filters
from data.standards import threshold
from geo.survival import HOUR_S, median_hours


def flow(engine: Engine, filters: Filters) -> pd.DataFrame:
    """Stock and flow of what the filters choose: one row with part_key "".

    columns  part_key; reported, closed, verified (in the period); open_at_end, open_with_due,
             overdue_open (at its end); due (deadline in the period), on_time and closed_of_due (of
             those, closed by the deadline and by the end of the period); on_time_share, closed_share
             (0..1, of due; NaN below min_due); timed, timed_closed (issues reported in the period, and
             those of them closed by its end); median_hours_to_close (Kaplan-Meier over timed, open
             ones censored at the end; NaN below min_closings, or where fewer than half are closed).
    """
    return _flow(engine, filters, "county")


def flow_by_grid(engine: Engine, filters: Filters) -> pd.DataFrame:
    """`flow` of every grid that was in force in the period and has or had issues or not.

    part_key is grid_id, with grid_name and lead_unit; "" what lies in no grid, so that columns add up
    to the county.
    """
    frame = _flow(engine, filters, "grid").set_index("part_key")
    grids = engine.select("issues_by_grid", **filters.county_params)
    grids = grids.set_index("grid_id")[["grid_name", "lead_unit"]]
    if filters.grid_id:
        grids = grids[grids.index == filters.grid_id]
    keys = frame.index.union(grids.index)
    frame = frame.reindex(keys)
    counts = frame.columns.difference(list(SHARES), sort=False)
    frame[counts] = frame[counts].fillna(0).astype(int)
    return frame.join(grids).rename_axis("part_key").reset_index()


def flow_by_department(engine: Engine, filters: Filters) -> pd.DataFrame:
    """`flow` of every department with issues; part_key "" where the record names none."""
    return _flow(engine, filters, "department")


def flow_by_category(engine: Engine, filters: Filters) -> pd.DataFrame:
    """`flow` of every category (小类) with issues."""
    return _flow(engine, filters, "category")


def flow_by_class(engine: Engine, filters: Filters) -> pd.DataFrame:
    """`flow` of every class of categories with issues."""
    return _flow(engine, filters, "category_class")


SHARES = ("on_time_share", "closed_share", "median_hours_to_close")


def _flow(engine: Engine, filters: Filters, part: str) -> pd.DataFrame:
    params = filters.params | {"part": part}
    frame = engine.select("flow_by_part", **params)
    if frame.empty and part == "county":
        frame = pd.DataFrame(0, index=[0], columns=frame.columns).assign(part_key="")
    counts = frame.columns.drop("part_key")
    frame[counts] = frame[counts].astype(int)
    due = frame["due"].where(frame["due"] >= threshold("min_due")).astype(float)
    times = engine.select("hours_to_close", **params)
    group = np.repeat(times["part_number"].to_numpy(int), times["issues"])
    is_event = np.repeat(times["is_event"].to_numpy(bool), times["issues"])
    hours = np.repeat(times["seconds"].to_numpy(float) / HOUR_S, times["issues"])
    timed_closed = np.bincount(group, is_event, len(frame)).astype(int)
    median = median_hours(hours, is_event, group, len(frame))
    return frame.assign(
        on_time_share=frame["on_time"] / due,
        closed_share=frame["closed_of_due"] / due,
        timed=np.bincount(group, minlength=len(frame)),
        timed_closed=timed_closed,
        median_hours_to_close=np.where(timed_closed >= threshold("min_closings"), median, np.nan),
    )
