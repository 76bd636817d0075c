"""The numbers on the pages against counts made another way, in pandas over the core tables."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data import metrics, standards
from data.engine import DuckDBEngine
from data.filters import Filters
from data.views import overview as views
from tests.conftest import County

SINCE, UNTIL = date(2025, 5, 1), date(2026, 11, 1)
days = st.integers(0, (UNTIL - SINCE).days)


@pytest.fixture(scope="session")
def issues(demo_engine: DuckDBEngine) -> pd.DataFrame:
    return demo_engine.query("select * from core_issue")


@pytest.fixture(scope="session")
def street_km(demo_engine: DuckDBEngine) -> pd.Series:
    segments = demo_engine.query("select grid_id, length_m from core_segment where grid_id is not null")
    return segments.groupby("grid_id")["length_m"].sum() / 1000


def chosen(issues: pd.DataFrame, filters: Filters) -> pd.DataFrame:
    rows = issues
    if filters.category_class:
        rows = rows[rows["category_class"] == filters.category_class]
    if filters.grid_id:
        rows = rows[rows["grid_id"] == filters.grid_id]
    return rows


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(first=days, length=st.integers(1, 200), category=st.sampled_from(["", "乱摆摊点", "乱停乱放"]))
def test_density_is_the_grids_issues_over_its_street(
    demo_engine: DuckDBEngine,
    issues: pd.DataFrame,
    street_km: pd.Series,
    first: int,
    length: int,
    category: str,
) -> None:
    since = SINCE + timedelta(days=first)
    filters = Filters(since, since + timedelta(days=length), category)
    frame = views.grid_density(demo_engine, filters).frame.set_index("grid_id")
    period = issues[
        (issues["reported_at"] >= pd.Timestamp(filters.since))
        & (issues["reported_at"] < pd.Timestamp(filters.until))
    ]
    counts = chosen(period, filters).groupby("grid_id").size().reindex(frame.index, fill_value=0)
    seen = period.groupby("grid_id").size().reindex(frame.index, fill_value=0)
    km = street_km.reindex(frame.index, fill_value=0)
    assert (frame["reported"] == counts).all()
    is_shown = (seen > 0) & (km >= 0.5)
    assert ((frame["state"] == "shown") == is_shown).all()
    np.testing.assert_allclose(frame.loc[is_shown, "issues_per_km"], (counts / km)[is_shown])
    assert frame.loc[~is_shown, "issues_per_km"].isna().all(), "unseen is not zero"
    assert (frame.loc[~is_shown, "band"] == -1).all()


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(first=days, length=st.integers(1, 300), data=st.data())
def test_headline_counts(
    demo_engine: DuckDBEngine, issues: pd.DataFrame, first: int, length: int, data: st.DataObject
) -> None:
    grid_id = data.draw(st.sampled_from(["", *sorted(issues["grid_id"].dropna().unique())]))
    since = SINCE + timedelta(days=first)
    filters = Filters(since, since + timedelta(days=length), "", grid_id)
    start, end = pd.Timestamp(filters.since), pd.Timestamp(filters.until)
    rows = chosen(issues, filters)
    reported = rows[(rows["reported_at"] >= start) & (rows["reported_at"] < end)]
    is_open = (rows["reported_at"] < end) & ~(rows["closed_at"] < end)
    headline = views.stock_and_flow(demo_engine, filters, filters.previous).set_index("metric")["value"]
    assert headline["reported"] == len(reported)
    assert headline["closed"] == ((rows["closed_at"] >= start) & (rows["closed_at"] < end)).sum()
    assert headline["open_at_end"] == is_open.sum()
    with_due = is_open & rows["due_at"].notna()
    if with_due.any():
        assert headline["overdue_open"] == (with_due & (rows["due_at"] < end)).sum()
    else:
        assert np.isnan(headline["overdue_open"]), "nothing has a deadline: not zero overdue"


def test_sums_over_grids_and_what_no_map_shows_make_all(
    demo_engine: DuckDBEngine, issues: pd.DataFrame
) -> None:
    everything = Filters(SINCE, date(2100, 1, 1))
    in_grids = views.grid_density(demo_engine, everything).frame["reported"].sum()
    build = views.build_info(demo_engine)
    assert in_grids + build.unlocated + build.sink + build.outside_grids == len(issues)
    by_category = views.issues_by_category(demo_engine, everything)["reported"].sum()
    assert by_category == len(issues)


def test_whole_weeks_only_and_none_is_lost(demo_engine: DuckDBEngine, issues: pd.DataFrame) -> None:
    filters = Filters(date(2026, 8, 1), date(2026, 9, 8))  # 38 days: five weeks and three days
    weeks = views.issues_by_week(demo_engine, filters)
    assert weeks["week_since"].tolist() == [
        pd.Timestamp(2026, 9, 1) - timedelta(days=7 * n) for n in range(4, -1, -1)
    ]
    start, end = pd.Timestamp(2026, 8, 4), pd.Timestamp(2026, 9, 8)
    for column, time in (("reported", "reported_at"), ("closed", "closed_at")):
        assert weeks[column].sum() == ((issues[time] >= start) & (issues[time] < end)).sum()


def test_worst_grids_name_their_main_class(demo_engine: DuckDBEngine, issues: pd.DataFrame) -> None:
    filters = Filters(date(2026, 8, 1), date(2026, 11, 1))
    worst = views.worst_grids(demo_engine, filters)
    assert worst["issues_per_km"].is_monotonic_decreasing
    for row in worst.itertuples():
        of_grid = issues[(issues["grid_id"] == row.grid_id) & (issues["reported_at"] >= "2026-08-01")]
        counts = of_grid["category_class"].value_counts()
        assert counts.max() == row.main_reported == counts[row.main_class]
        assert row.main_share == pytest.approx(row.main_reported / row.reported)


def test_every_metric_is_computed_and_has_its_words() -> None:
    for key, metric in metrics.metrics().items():
        module, view = metric.view.split(".")
        assert hasattr(import_module(f"data.views.{module}"), view), key
        if metric.min_denominator:
            assert metric.min_denominator in standards.thresholds()


def test_thresholds_say_where_they_come_from() -> None:
    for threshold in standards.thresholds().values():
        assert threshold.source
        assert threshold.unit
        assert threshold.meaning


def test_an_empty_period_is_refused() -> None:
    with pytest.raises(ValueError, match="must be before"):
        Filters(date(2026, 1, 1), date(2026, 1, 1))


@pytest.mark.parametrize(
    "metric", ["reported", "issues_per_km", "closed", "open_at_end", "overdue_open"]
)
def test_every_headline_number_has_its_records(demo_engine: DuckDBEngine, metric: str) -> None:
    build = views.build_info(demo_engine)
    filters = Filters(build.period_until - timedelta(days=30), build.period_until)
    number = (
        views.stock_and_flow(demo_engine, filters, filters.previous)
        .set_index("metric")
        .loc[metric, "numerator"]
    )
    records = views.issue_records(demo_engine, filters, metric)
    assert len(records) == min(number, views.ROWS_SHOWN)
    assert (records["total"] == number).all()
    assert len(views.issue_records(demo_engine, filters, metric, views.EVERY_ROW)) == number


def test_a_grid_and_the_one_after_it_are_one_length_of_street(
    tiny_county: Callable[[], County], build: Callable[[County], DuckDBEngine]
) -> None:
    """G1 ends on 15 March and G9 takes its place: the county has no more street than before."""
    county = tiny_county()
    county.edit("county.toml", '牵头单位" }', '牵头单位", valid_from = "启用", valid_to = "失效" }')
    raw = json.loads((county.root / "grids.geojson").read_text("utf-8"))
    after = json.loads(json.dumps(raw["features"][0]))
    raw["features"][0]["properties"]["失效"] = "2025-03-15"
    after["properties"] |= {"网格编号": "G9", "启用": "2025-03-16"}
    raw["features"].append(after)
    county.write("grids.geojson", json.dumps(raw))
    engine, plain = build(county), build(tiny_county())
    whole = plain.select("street_km", until=date(2025, 4, 10), grid_id="")["street_km"].item()
    for until in (date(2025, 3, 10), date(2025, 3, 16), date(2025, 3, 17), date(2025, 4, 10)):
        found = engine.select("street_km", until=until, grid_id="")["street_km"].item()
        assert found == pytest.approx(whole)
        in_force = set(engine.select("grids_in_force", until=until)["grid_id"])
        assert ("G1" in in_force) == (until <= date(2025, 3, 16))
        assert ("G9" in in_force) == (until > date(2025, 3, 16))
