"""What a grid must do today against pandas over the core tables and against the other views."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from data.engine import DuckDBEngine
from data.filters import Filters
from data.standards import threshold
from data.views import todo
from data.views.border_zone import border_records
from data.views.coverage import coverage_by_segment, coverage_headline
from data.views.flow import flow
from data.views.overview import build_info, grid_density, grids, issues_by_week
from data.views.rebound import rebound_by, rebound_records
from geo.crs import LONLAT, transform_xy
from tests.cleaning import worked_county
from tests.conftest import write_tiny_county

PERIOD = Filters(date(2026, 8, 2), date(2026, 10, 31))


@pytest.fixture(scope="module")
def grid_id(demo_engine: DuckDBEngine) -> str:
    """The grid with the most issues."""
    return str(grid_density(demo_engine, PERIOD).frame.sort_values("reported")["grid_id"].iloc[-1])


def open_by_pandas(engine: DuckDBEngine, grid_id: str) -> pd.DataFrame:
    """Open issues of a grid and what they are called, from the definitions."""
    today = pd.Timestamp(build_info(engine).data_until)
    rows = engine.query("select * from core_issue")
    rows = rows[(rows["grid_id"] == grid_id) & (rows["reported_at"] < today)]
    rows = rows[rows["closed_at"].isna() | (rows["closed_at"] >= today)]
    days = (rows["due_at"].dt.normalize() - today).dt.days
    names = pd.cut(days, [-np.inf, -1, 0, threshold("due_soon_days"), np.inf],
                   labels=["overdue", "due_today", "due_soon", "later"])  # fmt: skip
    return rows.assign(days=days, state=names.astype(object).fillna("no_deadline"))


def test_open_issues_are_those_that_pandas_finds_in_order(
    demo_engine: DuckDBEngine, grid_id: str
) -> None:
    frame = todo.open_issues(demo_engine, PERIOD.in_grid(grid_id))
    truth = open_by_pandas(demo_engine, grid_id).set_index("issue_id").loc[frame["issue_id"]]
    assert len(frame) == len(open_by_pandas(demo_engine, grid_id)) > 0
    assert frame["state"].tolist() == truth["state"].tolist()
    np.testing.assert_array_equal(frame["days_left"], truth["days"])
    order = ["overdue", "due_today", "due_soon", "later", "no_deadline"]
    assert frame["state"].map(order.index).is_monotonic_increasing
    assert frame["days_left"].dropna().is_monotonic_increasing, "the longest overdue first"


def test_overdue_is_what_the_flow_counts_at_the_end_of_the_data(
    demo_engine: DuckDBEngine, grid_id: str
) -> None:
    today = build_info(demo_engine).data_until
    frame = todo.open_issues(demo_engine, PERIOD.in_grid(grid_id))
    row = flow(demo_engine, PERIOD.in_grid(grid_id).between(PERIOD.since, today)).iloc[0]
    assert len(frame) == row["open_at_end"]
    assert (frame["state"] == "overdue").sum() == row["overdue_open"]


def test_a_lead_unit_has_the_issues_of_its_grids(demo_engine: DuckDBEngine) -> None:
    rows = grids(demo_engine)
    unit = rows["lead_unit"].mode()[0]
    own = rows.loc[rows["lead_unit"] == unit, "grid_id"]
    for view in (todo.open_issues, todo.came_back):
        together = view(demo_engine, PERIOD, unit)
        parts = [view(demo_engine, PERIOD.in_grid(one)) for one in own]
        assert set(together["issue_id"]) == set(pd.concat(parts)["issue_id"])


def test_what_came_back_are_the_rebounds_of_thirty_days(
    demo_engine: DuckDBEngine, grid_id: str
) -> None:
    today = build_info(demo_engine).data_until
    last = PERIOD.in_grid(grid_id).between(today - timedelta(days=30), today)
    truth = rebound_records(demo_engine, last)
    frame = todo.came_back(demo_engine, PERIOD.in_grid(grid_id))
    # What must be done today includes the last day, of which rates do not speak yet.
    observed = pd.Timestamp(build_info(demo_engine).period_until)
    frame = frame[frame["reported_at"] < observed]
    assert len(frame) > 0
    assert frame["issue_id"].tolist() == truth["next_issue_id"].tolist()
    assert frame["issue_id_before"].tolist() == truth["first_issue_id"].tolist()
    assert frame["gap_days"].to_numpy() == pytest.approx(truth["gap_days"].to_numpy())
    still = set(open_by_pandas(demo_engine, grid_id)["issue_id"])
    assert frame.loc[frame["is_open"], "issue_id"].isin(still).all()


def test_an_open_issue_that_is_a_rebound_says_when_it_was_closed(demo_engine: DuckDBEngine) -> None:
    frame = todo.open_issues(demo_engine, PERIOD)
    back = todo.came_back(demo_engine, PERIOD).query("is_open")
    marked = frame.set_index("issue_id").loc[back["issue_id"], "closed_before_at"]
    assert len(back) > 0
    assert marked.tolist() == back["closed_before_at"].tolist()


def test_a_standing_holds_the_numbers_of_the_other_views(
    demo_engine: DuckDBEngine, grid_id: str
) -> None:
    own = PERIOD.in_grid(grid_id)
    row = todo.standings(demo_engine, PERIOD).set_index("grid_id").loc[grid_id]
    period = flow(demo_engine, own).iloc[0]
    assert row["due"] == period["due"]
    assert row["on_time_share"] == pytest.approx(period["on_time_share"], nan_ok=True)
    density = grid_density(demo_engine, PERIOD).frame.set_index("grid_id").loc[grid_id]
    assert row["rank"] == density["rank"]
    rebound = rebound_by(demo_engine, PERIOD).set_index("key").loc[grid_id]
    assert row["rebound_30"] == pytest.approx(rebound["rebound_30"], nan_ok=True)
    coverage = coverage_headline(demo_engine, own)
    assert row["hours_owed"] == pytest.approx(coverage["hours_owed"])
    assert row["open"] == len(todo.open_issues(demo_engine, own))


def test_units_add_up_to_their_grids(demo_engine: DuckDBEngine) -> None:
    frame = todo.standings(demo_engine, PERIOD)
    totals = todo.unit_totals(frame).set_index("lead_unit")
    for unit, own in frame.groupby("lead_unit"):
        row = totals.loc[unit]
        for name in ("open", "overdue", "due", "on_time", "hours_owed"):
            assert row[name] == pytest.approx(own[name].sum())
        due = own["due"].sum()
        share = own["on_time"].sum() / due if due >= threshold("min_due") else np.nan
        assert row["on_time_share"] == pytest.approx(share, nan_ok=True)


def test_streets_hold_the_hours_of_their_pieces(demo_engine: DuckDBEngine, grid_id: str) -> None:
    own = PERIOD.in_grid(grid_id)
    frame = todo.streets_to_clean(demo_engine, own)
    pieces = coverage_by_segment(demo_engine, own)
    assert frame["hours_owed"].sum() == pytest.approx(pieces["hours_owed"].sum(), rel=1e-3)
    assert frame["state"].map(todo.STREET_ORDER.index).is_monotonic_increasing
    for state, own_rows in frame.groupby("state"):
        assert own_rows["hours_owed"].is_monotonic_decreasing, state
    near = pieces["segment_id"]
    issues = demo_engine.query("select * from core_issue")
    on_them = issues[
        issues["segment_id"].isin(near)
        & (issues["segment_offset_m"] <= threshold("near_segment_m"))
        & (issues["reported_at"] >= pd.Timestamp(PERIOD.since))
        & (issues["reported_at"] < pd.Timestamp(PERIOD.until))
    ]
    assert frame["reported"].sum() == len(on_them)


def test_a_street_is_known_by_its_evidence(tmp_path: Path) -> None:
    """The tiny county with a log and tracks: each state stands for what its pieces have."""
    engine = worked_county(tmp_path).build()
    march = Filters(date(2025, 3, 1), date(2025, 3, 15))
    for grid in grids(engine)["grid_id"]:
        frame = todo.streets_to_clean(engine, march.in_grid(grid)).set_index("street_name")
        pieces = coverage_by_segment(engine, march.in_grid(grid))
        pieces = pieces.assign(street_name=pieces["street_name"].fillna(""))
        for name, own in pieces.groupby("street_name"):
            idle = own.query("known_days > 0 and covered_hours == 0 and pass_days == 0")
            idle = idle[idle["length_m"] >= threshold("min_segment_m")]
            assert frame.loc[name, "idle_km"] == pytest.approx(idle["length_m"].sum() / 1000)
            if len(idle):
                expected = "uncleaned"
            elif own["pass_days"].sum():
                expected = "cleaned"
            else:
                expected = "planned" if own["known_days"].sum() else "unknown"
            assert frame.loc[name, "state"] == expected


def test_weeks_add_up_to_the_county(demo_engine: DuckDBEngine, grid_id: str) -> None:
    weeks = todo.weekly_density(demo_engine, PERIOD.in_grid(grid_id))
    truth = issues_by_week(demo_engine, PERIOD.in_grid(grid_id))
    assert weeks["reported"].tolist() == truth["reported"].tolist()
    assert weeks["week_since"].tolist() == truth["week_since"].tolist()
    whole = PERIOD.between(weeks["week_since"].iloc[0].date(), PERIOD.until)
    shown = grid_density(demo_engine, whole).frame.query("state == 'shown'")
    assert weeks["county_reported"].sum() == shown["reported"].sum()
    np.testing.assert_allclose(
        weeks["county_per_km"], weeks["county_reported"] / shown["street_km"].sum()
    )


def test_a_period_without_a_week_has_no_weeks(demo_engine: DuckDBEngine, grid_id: str) -> None:
    short = PERIOD.in_grid(grid_id).between(date(2026, 10, 25), date(2026, 10, 28))
    assert todo.weekly_density(demo_engine, short).empty


def test_bounds_hold_the_grid(demo_engine: DuckDBEngine, grid_id: str) -> None:
    south, west, north, east = todo.grid_bounds(demo_engine, grid_id)
    row = demo_engine.query("select * from core_grid").set_index("grid_id").loc[grid_id]
    assert shapely.box(west, south, east, north).contains(shapely.Point(row["lon"], row["lat"]))
    with pytest.raises(IndexError):
        todo.grid_bounds(demo_engine, "no such grid")


def test_borders_hold_what_lies_near_them_on_either_side(
    demo_engine: DuckDBEngine, grid_id: str
) -> None:
    """Against distances of shapely, neighbour by neighbour."""
    near_m = threshold("border_zone_m")
    own = PERIOD.in_grid(grid_id)
    crs = demo_engine.query("select compute_crs from build").iloc[0, 0]
    wkb = demo_engine.query("select grid_id, geom from core_grid").set_index("grid_id")["geom"]
    issues = demo_engine.query("select * from core_issue where location = 'located'")
    since, until = pd.Timestamp(PERIOD.since), pd.Timestamp(PERIOD.until)
    issues = issues[(issues["reported_at"] >= since) & (issues["reported_at"] < until)]
    x, y = transform_xy(issues["lon"].to_numpy(), issues["lat"].to_numpy(), LONLAT, crs)
    points = shapely.points(x, y)
    frame = todo.shared_borders(demo_engine, own)
    assert len(frame) > 0
    mine = shapely.from_wkb(bytes(wkb[grid_id]))
    for row in frame.itertuples():
        other = shapely.from_wkb(bytes(wkb[row.neighbour_id]))
        is_mine = (issues["grid_id"] == grid_id) & (shapely.distance(points, other) <= near_m)
        is_theirs = (issues["grid_id"] == row.neighbour_id) & (shapely.distance(points, mine) <= near_m)
        both = issues["grid_id"].isna() & (shapely.distance(points, mine) <= near_m)
        both &= shapely.distance(points, other) <= near_m
        at_border = issues[is_mine | is_theirs | both]
        assert row.reported == len(at_border)
        is_open = at_border["closed_at"].isna() | (at_border["closed_at"] >= until)
        assert row.open_at_end == is_open.sum()
        records = border_records(demo_engine, own, row.grid_id, row.other_id)
        assert set(records["issue_id"]) == set(at_border["issue_id"])


def test_neighbours_touch(demo_engine: DuckDBEngine, grid_id: str) -> None:
    near = todo.neighbours(demo_engine, PERIOD.in_grid(grid_id))
    shapes = demo_engine.query("select grid_id, geom from core_grid").set_index("grid_id")["geom"]
    own = shapely.from_wkb(bytes(shapes[grid_id])).buffer(threshold("touch_tolerance_m"))
    for other in near["grid_id"]:
        assert own.intersects(shapely.from_wkb(bytes(shapes[other])))
    assert len(near) > 0


def test_a_county_without_deadlines_or_cleaning_has_no_overdue(tmp_path: Path) -> None:
    engine = write_tiny_county(tmp_path).build()
    march = Filters(date(2025, 3, 1), date(2025, 4, 1))
    frame = todo.standings(engine, march)
    assert (frame["overdue"] == 0).all()
    assert frame["hours_owed"].isna().all()
    assert frame[["on_time_share", "rebound_30"]].isna().all().all()
    own = march.in_grid("G1")
    assert set(todo.open_issues(engine, own)["state"]) == {"no_deadline"}
    assert (todo.streets_to_clean(engine, own)["state"] == "unknown").all()
