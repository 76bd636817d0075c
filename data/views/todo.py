"""What a grid must do today: its open issues by deadline, what came back, its streets, its standing.

Today is the day that the data reaches (`build_info().data_until`): nothing of it has been recorded yet.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import shapely

from data.engine import Engine
from data.filters import Filters
from data.standards import threshold
from data.views.border_zone import border_zone
from data.views.coverage import coverage_by_grid, coverage_by_segment
from data.views.flow import flow_by_grid
from data.views.overview import build_info, grid_density, grids, streets_of_grid
from data.views.rebound import rebound_by
from geo.crs import LONLAT, transform_geometry

STREET_ORDER = ("uncleaned", "planned", "cleaned", "unknown")


def open_issues(engine: Engine, filters: Filters, lead_unit: str = "") -> pd.DataFrame:
    """Issues open today, in the order in which they must be done; the period of filters is ignored.

    Those of the chosen grid, or of all grids of a lead unit, or of the county.
    columns  issue_id, category_class, category, description, address, street_name, department,
             channel, reported_at, due_at, photo_before, photo_after, days_left (to the deadline, below
             0 overdue, NaN without one), days_open, closed_before_at (when the same problem at its
             place was closed within rebound_days before; NaT: it is no rebound), grid_id, grid_name,
             lon, lat, state.
    state    overdue (the day of the deadline is past), due_today, due_soon (within due_soon_days),
             later, no_deadline.
    """
    frame = engine.select(
        "open_issues",
        today=_today(engine),
        within_days=int(threshold("rebound_days")),
        near_m=threshold("near_segment_m"),
        lead_unit=lead_unit,
        **_what(filters),
    )
    days = frame["days_left"].astype(float)
    return frame.assign(
        days_left=days,
        state=np.select(
            [days.isna(), days < 0, days == 0, days <= threshold("due_soon_days")],
            ["no_deadline", "overdue", "due_today", "due_soon"],
            default="later",
        ),
    )


def came_back(engine: Engine, filters: Filters, lead_unit: str = "") -> pd.DataFrame:
    """What came back in the last `rebound_days` days, latest first; the period of filters is ignored.

    columns  those of the issue that came back as in `open_issues`, closed_at, is_open (today),
             issue_id_before, reported_before_at, closed_before_at, gap_days (from that closing to the
             return); lon and lat of the place.
    """
    today, days = _today(engine), int(threshold("rebound_days"))
    frame = engine.select(
        "came_back",
        since=today - timedelta(days=days),
        until=today,
        today=today,
        within_days=days,
        lead_unit=lead_unit,
        **_what(filters),
    )
    gap = frame["reported_at"] - frame["closed_before_at"]
    return frame.assign(gap_days=gap.dt.total_seconds().clip(lower=0) / 86_400)


def standings(engine: Engine, filters: Filters) -> pd.DataFrame:
    """Where every grid stands, by name: today's open issues and the numbers of the period.

    filters.grid_id is ignored; class and department do not choose among hours of cleaning.
    columns  grid_id, grid_name, lead_unit; open, open_with_due, overdue (today); reported / street_km =
             issues_per_km, rank (1 worst; 0 none) among `compared` grids, density_state; on_time / due
             = on_time_share; rebound_30 of closed problems, rebounds_30 of them so far, at_risk_30;
             hours_owed of hours_required (km h; NaN where cleaning is unknown), coverage_state. A share
             is NaN where too few.
    """
    county, today = filters.in_grid(), _today(engine)
    density = grid_density(engine, county).frame
    frame = density[["grid_id", "grid_name", "lead_unit", "reported", "street_km", "issues_per_km"]]
    frame = frame.assign(
        rank=density["rank"],
        compared=int((density["rank"] > 0).sum()),
        density_state=density["state"],
    )
    now = flow_by_grid(engine, county.between(today - timedelta(days=1), today))
    now = now.rename(columns={"open_at_end": "open", "overdue_open": "overdue"})
    flow = flow_by_grid(engine, county)
    rebound = rebound_by(engine, county, "grid")
    coverage = coverage_by_grid(engine, county)
    is_known = coverage["state"] == "shown"
    coverage = coverage.assign(
        hours_owed=coverage["hours_owed"].where(is_known),
        hours_required=coverage["hours_required"].where(is_known),
        coverage_state=coverage["state"],
    )
    for other, key, columns in (
        (now, "part_key", ["open", "open_with_due", "overdue"]),
        (flow, "part_key", ["due", "on_time", "on_time_share"]),
        (rebound, "key", ["closed", "rebounds_30", "rebound_30", "at_risk_30"]),
        (coverage, "grid_id", ["hours_owed", "hours_required", "coverage_state"]),
    ):
        frame = frame.join(other.set_index(key)[columns], on="grid_id")
    counts = [
        "open",
        "open_with_due",
        "overdue",
        "due",
        "on_time",
        "closed",
        "rebounds_30",
        "at_risk_30",
    ]
    frame[counts] = frame[counts].fillna(0).astype(int)
    return frame.sort_values(["grid_name", "grid_id"], ignore_index=True)


def unit_totals(frame: pd.DataFrame) -> pd.DataFrame:
    """The numbers of `standings` (frame) that add up, by lead unit: one row each, by name.

    columns  lead_unit, grids, open, open_with_due, overdue, due, on_time, on_time_share, hours_owed,
             hours_required (over the grids whose cleaning is known; NaN where none is).
    """
    by = frame.groupby("lead_unit", sort=True)
    counts = by[["open", "open_with_due", "overdue", "due", "on_time"]].sum()
    hours = by[["hours_owed", "hours_required"]].sum(min_count=1)
    due = counts["due"].where(counts["due"] >= threshold("min_due")).astype(float)
    totals = counts.assign(grids=by.size(), on_time_share=counts["on_time"] / due).join(hours)
    return totals.reset_index()


def streets_to_clean(engine: Engine, filters: Filters) -> pd.DataFrame:
    """The streets of the chosen grid: where nobody cleaned first, then by what they are owed.

    A street of less than min_segment_m in the grid, and without issues, is left out: borders are drawn
    by hand.
    columns  street_name ('' where it has none), street_km, idle_km (of its pieces on which nobody
             cleaned: neither a shift nor a pass in the period), hours_owed of hours_required (km h; NaN
             where unknown), last_swept (the latest day of any piece; NaT: never, as far as known),
             reported (issues of the period near it), state.
    state    uncleaned: nobody cleaned a piece of it (idle_km); planned: shifts but no pass on record;
             cleaned: passes; unknown: no data of its cleaning. They come in this order.
    """
    pieces = coverage_by_segment(engine, filters)
    km = pieces["length_m"] / 1000
    is_idle = (
        (pieces["known_days"] > 0)
        & (pieces["covered_hours"] == 0)
        & (pieces["pass_days"] == 0)
        & (pieces["length_m"] >= threshold("min_segment_m"))
    )
    pieces = pieces.assign(
        idle_km=km.where(is_idle, 0.0),
        street_name=pieces["street_name"].fillna(""),
        street_km=km,
        hours_required=km * pieces["known_days"] * pieces["standard_hours"],
    )
    by = pieces.groupby("street_name")
    frame = by[["street_km", "idle_km", "known_days", "pass_days"]].sum()
    # Nothing owed and nothing known are different: a sum over unknown pieces alone stays unknown.
    known = pieces[pieces["state"] == "shown"].groupby("street_name")
    frame = frame.join(known[["hours_owed", "hours_required"]].sum())
    frame["last_swept"] = by["last_swept"].max()
    frame["state"] = np.select(
        [frame["idle_km"] > 0, frame["pass_days"] > 0, frame["known_days"] == 0],
        ["uncleaned", "cleaned", "unknown"],
        default="planned",
    )
    reported = streets_of_grid(engine, filters).set_index("street_name")["reported"]
    frame["reported"] = reported.reindex(frame.index, fill_value=0).astype(int)
    is_sliver = (frame["street_km"] < threshold("min_segment_m") / 1000) & (frame["reported"] == 0)
    frame = frame.loc[~is_sliver].drop(columns=["known_days", "pass_days"])
    frame = frame.assign(order=frame["state"].map(STREET_ORDER.index)).reset_index()
    return frame.sort_values(
        ["order", "hours_owed", "reported", "street_name"],
        ascending=[True, False, False, True],
        ignore_index=True,
    ).drop(columns="order")


def shared_borders(engine: Engine, filters: Filters) -> pd.DataFrame:
    """Issues of the period within border_zone_m of the chosen grid's borders, on either side.

    One row a neighbour with such issues, most open ones first; an issue at a corner is in several.
    columns  neighbour_id, neighbour_name, neighbour_unit, reported, open_at_end (of the period), and
             grid_id, other_id as `border_records` asks for them.
    """
    pairs = border_zone(engine, filters).pairs
    is_first = pairs["grid_id"] == filters.grid_id
    frame = pd.DataFrame(
        {
            "neighbour_id": pairs["other_id"].where(is_first, pairs["grid_id"]),
            "neighbour_name": pairs["other_name"].where(is_first, pairs["grid_name"]),
            "neighbour_unit": pairs["other_unit"].where(is_first, pairs["lead_unit"]),
        }
    ).join(pairs[["reported", "open_at_end", "grid_id", "other_id"]])
    return frame.sort_values(
        ["open_at_end", "reported", "neighbour_id"], ascending=[False, False, True], ignore_index=True
    )


def weekly_density(engine: Engine, filters: Filters) -> pd.DataFrame:
    """Issues per km of the chosen grid and of the county, by whole week back from the period's end.

    The county is all grids that `grid_density` compares.
    columns  week_since, reported, street_km, per_km (NaN where the grid is not compared),
             county_reported, county_km, county_per_km.
    """
    weeks = filters.days // 7
    starts = [filters.until - timedelta(days=7 * (number + 1)) for number in range(weeks)]
    columns = ["reported", "street_km", "per_km", "county_reported", "county_km", "county_per_km"]
    if not weeks:
        return pd.DataFrame(columns=["week_since", *columns])
    whole = filters.between(starts[-1], filters.until)
    density = grid_density(engine, whole).frame.query("state == 'shown'")
    shown = density.set_index("grid_id")["street_km"]
    counts = engine.select("issues_by_grid_week", **whole.county_params)
    counts = counts[counts["grid_id"].isin(shown.index)]
    own = counts[counts["grid_id"] == filters.grid_id].set_index("week_number")["reported"]
    county = counts.groupby("week_number")["reported"].sum()
    frame = pd.DataFrame({"week_since": pd.to_datetime(starts)})
    frame["reported"] = own.reindex(frame.index, fill_value=0).astype(int)
    frame["street_km"] = shown.get(filters.grid_id, np.nan)
    frame["county_reported"] = county.reindex(frame.index, fill_value=0).astype(int)
    frame["county_km"] = shown.sum() if len(shown) else np.nan
    frame["per_km"] = frame["reported"] / frame["street_km"]
    frame["county_per_km"] = frame["county_reported"] / frame["county_km"]
    return frame.iloc[::-1].reset_index(drop=True)[["week_since", *columns]]


def neighbours(engine: Engine, filters: Filters) -> pd.DataFrame:
    """The grids that touch the chosen one, by name: grid_id, grid_name, lead_unit."""
    pairs = engine.select("grid_neighbours")
    ids = pairs.loc[pairs["grid_id"] == filters.grid_id, "neighbour_id"]
    frame = grids(engine)
    own = frame[frame["grid_id"].isin(ids)]
    return own[["grid_id", "grid_name", "lead_unit"]].reset_index(drop=True)


def grid_bounds(engine: Engine, grid_id: str) -> tuple[float, float, float, float]:
    """South, west, north and east of a grid, degrees. Raises IndexError for an unknown grid."""
    shape = shapely.from_wkb(bytes(engine.select("grid_shape", grid_id=grid_id).iloc[0]["geom"]))
    crs = str(engine.select("build").iloc[0]["compute_crs"])
    (lonlat,) = transform_geometry(np.array([shape]), crs, LONLAT)
    west, south, east, north = lonlat.bounds
    return south, west, north, east


def _today(engine: Engine) -> date:
    return build_info(engine).data_until


def _what(filters: Filters) -> dict[str, object]:
    """What of the filters chooses issues whatever the period."""
    return {name: value for name, value in filters.params.items() if name not in ("since", "until")}
