"""Read models: (engine, filters) -> frame. Used by every page; the only place where numbers meet.

Counting is SQL (data/queries), geometry and statistics are geo, thresholds are data/standards.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from data.engine import Engine
from data.filters import Filters
from data.standards import threshold
from geo.bands import band_edges, band_of

ROWS_SHOWN = 500
EVERY_ROW = 1_000_000  # what a sheet of Excel takes


@dataclass(frozen=True)
class Build:
    """What the screen says about the data it shows."""

    build_id: str
    source: str
    title: str
    note: str
    data_until: date
    west: float
    south: float
    east: float
    north: float
    issues: int
    refused: int
    unlocated: int
    sink: int
    outside_grids: int
    period_until: date
    first_date: date


def complete_days(engine: Engine) -> tuple[date, date]:
    """The days whose reports are all in, half-open: first_date and period_until of `build_info`."""
    data_until = engine.select("build").iloc[0]["data_until"].date()
    lag = timedelta(days=int(threshold("reporting_lag_days")))
    first_report = engine.select("first_report").iloc[0]["first_date"]
    first = data_until - lag if pd.isna(first_report) else first_report.date()
    return first, max(data_until - lag, first + timedelta(days=1))


def build_info(engine: Engine) -> Build:
    """The build's place, extent, dates and the counts that every footer shows."""
    row = engine.select("build").iloc[0]
    unplaced = engine.select("unplaced").iloc[0]
    files = engine.select("load_files")
    first_date, period_until = complete_days(engine)
    return Build(
        build_id=engine.build_id,
        source=row["source"],
        title=row["title"],
        note=row["note"],
        data_until=row["data_until"].date(),
        west=row["west"],
        south=row["south"],
        east=row["east"],
        north=row["north"],
        issues=int(unplaced["issues"]),
        refused=int(files["refused"].sum()),
        unlocated=int(unplaced["unlocated"]),
        sink=int(unplaced["sink"]),
        outside_grids=int(unplaced["outside_grids"]),
        period_until=period_until,
        first_date=first_date,
    )


def layer_body(engine: Engine, layer: str) -> bytes | None:
    """Gzipped GeoJSON of a map layer; None where the build has no such layer."""
    rows = engine.select("layer", layer=layer)
    return None if rows.empty else bytes(rows.iloc[0]["body"])


def grids(engine: Engine) -> pd.DataFrame:
    """All grids with the units that answer for them, by name."""
    return engine.select("grids")


def grids_in_force(engine: Engine, filters: Filters) -> pd.DataFrame:
    """The grids in force on the last day of the period: grid_id, grid_name, lead_unit."""
    frame = engine.select("grids_in_force", until=filters.until)
    return frame[["grid_id", "grid_name", "lead_unit"]]


def category_classes(engine: Engine) -> list[str]:
    """The classes of issues, most frequent first."""
    return list(engine.select("category_classes")["category_class"])


def departments(engine: Engine) -> list[str]:
    """The departments that issues name, those with most first."""
    return list(engine.select("departments")["department"])


def stock_and_flow(engine: Engine, filters: Filters, before: Filters) -> pd.DataFrame:
    """What came in, what was closed and what is left of a period: one row a metric.

    columns  metric, value, numerator, denominator (NaN where there is none) and before, the value in
             the other period (NaN where the data does not reach back).
    """
    now = counts(engine, filters)
    reaches_back = before.since >= complete_days(engine)[0]
    then = counts(engine, before) if reaches_back else {}
    rows = [
        {
            "metric": metric,
            "value": value,
            "numerator": now[numerator],
            "denominator": now.get(denominator, np.nan),
            "before": then.get(metric, np.nan),
        }
        for metric, value, numerator, denominator in (
            ("reported", now["reported"], "reported", ""),
            ("issues_per_km", now["issues_per_km"], "reported_in_grids", "street_km"),
            ("closed", now["closed"], "closed", ""),
            ("open_at_end", now["open_at_end"], "open_at_end", ""),
            ("overdue_open", now["overdue_open"], "overdue_open", "open_with_due"),
        )
    ]
    return pd.DataFrame(rows).astype({"value": float, "denominator": float, "before": float})


def counts(engine: Engine, filters: Filters) -> dict[str, float]:
    """reported, reported_in_grids, closed, open_at_end, open_with_due, overdue_open, street_km and
    issues_per_km of a period; NaN where the street is too short or nothing has a deadline.
    """
    row = engine.select("stock_and_flow", **filters.params).iloc[0].fillna(0)
    counts = {str(name): float(value) for name, value in row.items()}
    street = engine.select("street_km", until=filters.until, grid_id=filters.grid_id)
    street_km = float(street.iloc[0]["street_km"])
    enough = street_km >= threshold("min_street_km")
    per_km = counts["reported_in_grids"] / street_km if enough else np.nan
    overdue = counts["overdue_open"] if counts["open_with_due"] else np.nan
    return counts | {"street_km": street_km, "issues_per_km": per_km, "overdue_open": overdue}


@dataclass(frozen=True)
class GridDensity:
    """Issues per km of street by grid: the frame, and the edges of its bands."""

    frame: pd.DataFrame
    edges: tuple[float, ...]


def grid_density(engine: Engine, filters: Filters) -> GridDensity:
    """Issues per km of street, every grid, worst first; filters.grid_id is ignored.

    columns  grid_id, grid_name, lead_unit, reported (numerator), street_km (denominator), seen,
             issues_per_km, state, band (0 lowest, -1 none), rank (1 worst, dense; 0 none).
    state    shown; unseen: not one record of any class, so nobody looked; no_street; short_street: less
             street than min_street_km. Only `shown` has a value.
    """
    frame = engine.select("issues_by_grid", **filters.county_params)
    frame["reported"] = frame["reported"].astype(int)
    frame["state"] = np.select(
        [
            frame["street_km"] == 0,
            frame["street_km"] < threshold("min_street_km"),
            frame["seen"] == 0,
        ],
        ["no_street", "short_street", "unseen"],
        default="shown",
    )
    is_shown = frame["state"] == "shown"
    per_km = frame["reported"].astype(float).div(frame["street_km"].where(is_shown))
    frame["issues_per_km"] = per_km
    edges = band_edges(per_km.to_numpy(float))
    frame["band"] = band_of(per_km.to_numpy(float), edges)
    frame["rank"] = per_km.rank(method="dense", ascending=False).fillna(0).astype(int)
    worst_first = frame.sort_values(
        ["issues_per_km", "grid_id"], ascending=[False, True], ignore_index=True
    )
    return GridDensity(worst_first, tuple(edges.tolist()))


def worst_grids(engine: Engine, filters: Filters, count: int = 5) -> pd.DataFrame:
    """The grids with the most issues per km, each with the class that weighs most in it.

    columns  those of grid_density, times_county (against the county's value), main_class,
             main_reported, main_share (of the grid's issues).
    """
    worst = grid_density(engine, filters).frame.query("rank > 0 and reported > 0").head(count)
    by_class = _by_grid_class(engine, filters)
    if filters.category_class:
        by_class = by_class[by_class["category_class"] == filters.category_class]
    main = (
        by_class.sort_values(["reported", "category_class"], ascending=[False, True])
        .drop_duplicates("grid_id")
        .rename(columns={"category_class": "main_class", "reported": "main_reported"})
    )
    frame = worst.merge(main, on="grid_id", how="left")
    frame["times_county"] = frame["issues_per_km"] / counts(engine, filters.in_grid())["issues_per_km"]
    frame["main_share"] = frame["main_reported"] / frame["reported"]
    return frame


def _by_grid_class(engine: Engine, filters: Filters) -> pd.DataFrame:
    return engine.select(
        "issues_by_grid_class",
        since=filters.since,
        until=filters.until,
        department=filters.department,
    )


def issues_by_category(engine: Engine, filters: Filters) -> pd.DataFrame:
    """Issues reported by category_class and category, most first."""
    return engine.select("issues_by_category", **filters.params)


def issues_by_week(engine: Engine, filters: Filters) -> pd.DataFrame:
    """Issues reported and closed by whole week, counted back from the end of the period.

    columns  week_since (first day), reported, closed; weeks without issues are zero. Days before the
             first whole week are left out, so that no week is short.
    """
    weeks = filters.days // 7
    counted = engine.select("issues_by_week", **filters.params).set_index("week_number")
    frame = counted.reindex(range(weeks - 1, -1, -1), fill_value=0).reset_index(names="week_number")
    starts = [filters.until - timedelta(days=7 * (number + 1)) for number in frame["week_number"]]
    return frame.assign(week_since=pd.to_datetime(starts))[["week_since", "reported", "closed"]]


def streets_of_grid(engine: Engine, filters: Filters) -> pd.DataFrame:
    """Issues by street of the chosen grid, most first: street_name, street_km, reported.

    Counts issues within near_segment_m of a piece of street in the grid.
    """
    near_m = threshold("near_segment_m")
    return engine.select("issues_by_street", near_m=near_m, **filters.params)


def issue_records(
    engine: Engine, filters: Filters, metric: str = "reported", most: int = ROWS_SHOWN
) -> pd.DataFrame:
    """The records behind a headline number (its numerator), newest first; total: how many there are."""
    return engine.select("issue_records", metric=metric, row_limit=most, **filters.params)


def load_files(engine: Engine) -> pd.DataFrame:
    """What was read from each file."""
    return engine.select("load_files")


def load_history(engine: Engine) -> pd.DataFrame:
    """One row a load of this county, oldest first, with refused_share and odd_share of rows_read.

    built_at is in the county's time.
    """
    frame = engine.select("load_history")
    zone = engine.select("build").iloc[0]["timezone"]
    return frame.assign(
        built_at=frame["built_at"].dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None),
        refused_share=frame["refused"] / frame["rows_read"],
        odd_share=frame["odd"] / frame["rows_read"],
    )


def load_findings(engine: Engine) -> pd.DataFrame:
    """What was odd but accepted."""
    return engine.select("load_findings")


def border_faults(engine: Engine) -> pd.DataFrame:
    """Overlaps and gaps between grids, largest first, with `grid_names` of the grids concerned."""
    frame = engine.select("border_faults")
    names = grids(engine).set_index("grid_id")["grid_name"]
    frame["grid_names"] = [
        "、".join(names.get(grid_id, grid_id) for grid_id in str(ids).split(","))
        for ids in frame["grid_ids"]
    ]
    return frame


def refused_rows(engine: Engine) -> pd.DataFrame:
    """All refused records, once for each fault."""
    return engine.select("refused_rows")
