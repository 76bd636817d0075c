"""What a grid is called out for, against pandas over the core tables; bands and evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from data.engine import DuckDBEngine
from data.filters import Filters
from data.views.coverage import coverage_by_grid, coverage_headline
from data.views.headline import evidence_shares
from data.views.overview import build_info, departments, worst_grids
from data.views.rebound import rebound_ranks, repeat_places
from data.views.todo import open_issues
from data.views.wall import owed_bands, rebound_bands, worst_items
from tests.conftest import County


@pytest.fixture(scope="module")
def period(demo_engine: DuckDBEngine) -> Filters:
    until = build_info(demo_engine).period_until
    return Filters(until - timedelta(days=180), until)


def of_grid(filters: Filters, grid_id: str) -> Filters:
    return Filters(filters.since, filters.until, filters.category_class, grid_id)


def test_items_are_the_longest_overdue_then_repeats_then_most(
    demo_engine: DuckDBEngine, period: Filters
) -> None:
    issues = demo_engine.query("select * from core_issue where grid_id is not null")
    until = pd.Timestamp(build_info(demo_engine).data_until)
    is_open = (issues["reported_at"] < until) & ~(issues["closed_at"] < until)
    late = issues[is_open & (issues["due_at"] < until)].sort_values(["due_at", "issue_id"])
    late = late.drop_duplicates(["grid_id", "place_id", "category"])
    kinds = set()
    for grid_id in issues["grid_id"].unique():
        items = worst_items(demo_engine, of_grid(period, grid_id))
        expected = late[late["grid_id"] == grid_id].head(3)
        overdue = items[items["kind"] == "overdue"]
        assert overdue["issue_id"].tolist() == expected["issue_id"].tolist()
        assert (
            overdue["overdue_days"].tolist()
            == (until - expected["due_at"].dt.normalize()).dt.days.tolist()
        )
        today = open_issues(demo_engine, of_grid(period, grid_id)).set_index("issue_id")
        assert (
            overdue["overdue_days"].tolist() == (-today.loc[overdue["issue_id"], "days_left"]).tolist()
        )
        assert items["kind"].tolist() == sorted(
            items["kind"], key=["overdue", "repeat", "category"].index
        )
        assert len(items) <= 3
        repeats = repeat_places(demo_engine, of_grid(period, grid_id))
        shown = items[items["kind"] == "repeat"]
        assert shown["count"].is_monotonic_decreasing
        assert set(shown["count"]) <= set(repeats["episodes"])
        kinds |= set(items["kind"])
    assert "overdue" in kinds


def test_without_deadlines_repeats_and_the_most_frequent_are_called_out(
    tiny_county: Callable[[], County],
) -> None:
    engine = tiny_county().build()
    items = worst_items(engine, Filters(date(2025, 3, 1), date(2025, 3, 11), "", "G1"))
    assert items["kind"].tolist() == ["category"] * len(items)
    first = items.iloc[0]
    assert (first["category"], first["count"], bool(first["is_open"])) == ("暴露垃圾", 4, True)
    assert first["department"] == "县城管局"
    assert not items.duplicated("category").any()
    empty = worst_items(engine, Filters(date(2025, 3, 1), date(2025, 3, 2), "没有这类", "G1"))
    assert empty.empty


def test_a_class_narrows_the_items(demo_engine: DuckDBEngine, period: Filters) -> None:
    worst = worst_grids(demo_engine, period).iloc[0]
    own = Filters(period.since, period.until, worst["main_class"], worst["grid_id"])
    classes = demo_engine.query("select distinct category, category_class from core_issue")
    names = classes.set_index("category")["category_class"]
    items = worst_items(demo_engine, own)
    assert len(items)
    assert set(names[items["category"]]) == {worst["main_class"]}


def test_a_department_narrows_the_items(demo_engine: DuckDBEngine, period: Filters) -> None:
    kinds = set()
    for department in departments(demo_engine):
        for grid_id in worst_grids(demo_engine, period)["grid_id"]:
            own = replace(period, grid_id=grid_id, department=department)
            items = worst_items(demo_engine, own)
            assert set(items["department"]) <= {department}
            kinds |= set(items["kind"])
    assert {"overdue", "category"} <= kinds


def test_bands_of_rebound_are_the_departments(demo_engine: DuckDBEngine, period: Filters) -> None:
    own = replace(period, department=departments(demo_engine)[0])
    found = rebound_bands(demo_engine, own).frame
    pd.testing.assert_frame_equal(found.drop(columns="band"), rebound_ranks(demo_engine, own))


def test_bands_hold_their_values(demo_engine: DuckDBEngine, period: Filters) -> None:
    for found, column, per, view in (
        (rebound_bands(demo_engine, period), "rebound_30", 100, rebound_ranks),
        (owed_bands(demo_engine, period), "owed_per_km", 1, coverage_by_grid),
    ):
        pd.testing.assert_frame_equal(found.frame.drop(columns="band"), view(demo_engine, period))
        values = per * found.frame[column].to_numpy(float)
        limits = np.array([-np.inf, *found.edges, np.inf])
        for value, band in zip(values, found.frame["band"], strict=True):
            assert band == -1 if np.isnan(value) else limits[band] <= value < limits[band + 1]


def test_evidence_shares_are_the_grades_km_days(demo_engine: DuckDBEngine, period: Filters) -> None:
    row = coverage_headline(demo_engine, period)
    shares = evidence_shares(row)
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["D"] == pytest.approx(row["d_km_days"] / (row["street_km"] * period.days))
