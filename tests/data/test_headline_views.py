"""The numbers of 总览 against counts made another way: headline, reasons, since the last meeting."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.engine import DuckDBEngine
from data.filters import Filters
from data.standards import threshold
from data.views import coverage, headline, meeting, reasons, rebound
from data.views.overview import ROWS_SHOWN, build_info, grid_density, issue_records
from tests.conftest import County, write_tiny_county

NOW = Filters(date(2026, 8, 1), date(2026, 10, 30))  # 90 days
FIRST, LAST = date(2025, 6, 1), date(2026, 10, 30)
shared = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def issues(demo_engine: DuckDBEngine) -> pd.DataFrame:
    return demo_engine.query("select * from core_issue")


@pytest.fixture(scope="module")
def street_km(demo_engine: DuckDBEngine) -> float:
    streets = demo_engine.query("select sum(length_m) m from core_segment where grid_id is not null")
    return float(streets["m"].iloc[0]) / 1000


def within(times: pd.Series, filters: Filters) -> pd.Series:
    return (times >= pd.Timestamp(filters.since)) & (times < pd.Timestamp(filters.until))


def meetings_of(*rows: tuple[str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["kind", "held_on"])
    return frame.assign(held_on=pd.to_datetime(frame["held_on"]))


def targets_of(**values: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "metric": list(values),
            "value": list(values.values()),
            "set_on": pd.Timestamp(2026, 1, 1),
            "source": "县爱卫办",
        }
    )


def test_headline_is_what_pandas_counts_in_all_three_periods(
    demo_engine: DuckDBEngine, issues: pd.DataFrame, street_km: float
) -> None:
    found = headline.headline(demo_engine, NOW, NOW.previous)
    frame = found.frame.set_index("metric")
    assert found.last_year == Filters(date(2025, 8, 1), date(2025, 10, 30))
    for column, period in (("value", NOW), ("before", NOW.previous), ("last_year", found.last_year)):
        in_grid = within(issues["reported_at"], period) & issues["grid_id"].notna()
        assert frame.loc["issues_per_km", column] == pytest.approx(in_grid.sum() / street_km)
        is_due = within(issues["due_at"], period) & (issues["reported_at"] < str(period.until))
        is_on_time = is_due & (issues["closed_at"] <= issues["due_at"])
        assert frame.loc["on_time_share", column] == pytest.approx(is_on_time.sum() / is_due.sum())
        share = rebound.rebound_by(demo_engine, period, "county")["rebound_30"].iloc[0]
        np.testing.assert_equal(frame.loc["rebound_30", column], share)
        share = coverage.coverage_headline(demo_engine, period)["coverage_share"]
        assert frame.loc["coverage_share", column] == share
    for key in ("issues_per_km", "on_time_share", "coverage_share"):
        row = frame.loc[key]
        assert row["value"] == pytest.approx(row["numerator"] / row["denominator"])
    assert frame.loc["coverage_share", "grade"] == "D"
    grades = [f"{grade}_km_days" for grade in ("a", "b", "c", "d", "none")]
    sums = coverage.coverage_by_grid(demo_engine, NOW)[grades].sum()
    outside = coverage.coverage_headline(demo_engine, NOW)[sums.index]
    assert (outside >= sums - 1e-9).all()
    share = outside.iloc[:3].sum() / outside.sum()
    assert frame.loc["coverage_share", "evidence_share"] == pytest.approx(share)


def test_too_few_is_said_and_nothing_is_made_up(demo_engine: DuckDBEngine) -> None:
    week = Filters(date(2026, 10, 23), date(2026, 10, 30))
    row = (
        headline.headline(demo_engine, week, week.previous).frame.set_index("metric").loc["rebound_30"]
    )
    assert row["is_too_few"]
    assert np.isnan(row["value"])
    assert row["at_risk"] < threshold("min_at_risk")


def test_where_the_data_does_not_reach_back_there_is_no_comparison(demo_engine: DuckDBEngine) -> None:
    early = Filters(date(2025, 6, 1), date(2025, 8, 1))
    found = headline.headline(demo_engine, early, early.previous)
    assert not found.reaches_before
    assert not found.reaches_last_year
    assert found.frame[["before", "last_year"]].isna().all(axis=None)


def test_the_comparison_ends_with_the_bulletin_and_is_as_long() -> None:
    entered = meetings_of(
        ("bulletin", "2026-09-01"), ("bulletin", "2026-10-01"), ("bulletin", "2026-12-01"),
        ("meeting", "2026-10-20"),
    )  # fmt: skip
    assert headline.last_bulletin(entered, NOW) == date(2026, 10, 1)
    before = headline.period_before(NOW, date(2026, 10, 1))
    assert (before.until, before.days) == (date(2026, 10, 1), NOW.days)
    assert headline.last_bulletin(entered.query("kind == 'meeting'"), NOW) is None
    assert headline.period_before(NOW, None) == NOW.previous


def test_the_year_before_a_29_february() -> None:
    leap = Filters(date(2024, 2, 1), date(2024, 2, 29))
    assert headline._last_year(leap).until == date(2023, 2, 28)
    assert headline._last_year(leap).days == leap.days


def test_targets_are_as_typed_in_and_as_the_value() -> None:
    frame = pd.DataFrame(
        {
            "metric": ["issues_per_km", "rebound_30", "on_time_share", "coverage_share"],
            "value": [30.0, 0.2, 0.95, np.nan],
        }
    )
    said = targets_of(issues_per_km=9.0, rebound_30=20.0, coverage_share=90.0)
    rows = headline.with_targets(frame, said, 90).set_index("metric")
    assert rows.loc["issues_per_km", "target"] == pytest.approx(27), "9 in each 30 days"
    assert rows.loc["issues_per_km", "target_said"] == 9
    assert rows.loc["rebound_30", "target"] == pytest.approx(0.2)
    assert rows["is_met"].isna().tolist() == [False, False, True, True]
    assert rows["is_met"].iloc[:2].tolist() == [False, True], "less is better, equal is met"
    nothing = headline.with_targets(frame, targets_of(), 90)
    assert nothing[["target", "is_met"]].isna().all(axis=None)


def test_cards_are_those_that_the_build_can_tell_of(
    demo_engine: DuckDBEngine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert headline.headline_metrics(demo_engine) == list(headline.IN_ORDER[:4])
    engine = write_tiny_county(tmp_path_factory.mktemp("tiny")).build()
    keys = headline.headline_metrics(engine)
    assert keys == ["issues_per_km", "rebound_30", "open_at_end", "median_hours_to_close"]
    build = build_info(engine)
    whole = Filters(build.first_date, build.period_until)
    frame = headline.headline(engine, whole, whole.previous).frame.set_index("metric")
    assert frame.loc["open_at_end", "value"] == 10
    assert frame["is_too_few"].tolist() == [False, True, False, True]


def test_progress_counts_whole_weeks_around_the_last_inspection(
    demo_engine: DuckDBEngine, issues: pd.DataFrame
) -> None:
    found = headline.progress(demo_engine, NOW)
    rounds = demo_engine.query("select * from core_inspection where last_date < '2026-10-30'")
    last = rounds.sort_values("last_date").iloc[-1]
    assert found.name == last["inspection_name"]
    assert found.days == 7 * ((NOW.until - found.last_date - timedelta(days=1)).days // 7)
    own = issues[issues["inspection_id"].isna()]
    length = timedelta(days=found.days)
    before = Filters(found.first_date - length, found.first_date)
    after = Filters(found.last_date + timedelta(days=1), found.last_date + timedelta(days=1) + length)
    assert found.before == within(own["reported_at"], before).sum()
    assert found.after == within(own["reported_at"], after).sum()
    assert found.change is not None
    assert found.change.ratio == pytest.approx(found.after / found.before)
    assert found.change.lower < found.change.ratio < found.change.upper


def test_progress_right_after_an_inspection_says_nothing(demo_engine: DuckDBEngine) -> None:
    last = headline.progress(demo_engine, NOW).last_date
    soon = Filters(last - timedelta(days=30), last + timedelta(days=4))
    found = headline.progress(demo_engine, soon)
    assert (found.days, found.change) == (0, None)
    assert found.last_date == last


def test_progress_without_inspections_compares_the_last_weeks(county_without: County) -> None:
    engine = county_without.served()
    found = headline.progress(engine, Filters(date(2025, 3, 1), date(2025, 3, 15)))
    assert (found.name, found.days) == ("", 7)
    assert (found.before, found.after) == (11, 4)
    assert found.first_date == date(2025, 3, 8)


@pytest.fixture(scope="module")
def county_without(tmp_path_factory: pytest.TempPathFactory) -> County:
    county = write_tiny_county(tmp_path_factory.mktemp("without"))
    county.load()
    return county


def test_reasons_are_the_facts_furthest_above_the_county(demo_engine: DuckDBEngine) -> None:
    worst = reasons.worst_with_reasons(demo_engine, NOW)
    by_grid = rebound.rebound_by(demo_engine, NOW, "grid").set_index("key")["rebound_30"]
    county = rebound.rebound_by(demo_engine, NOW, "county")["rebound_30"].iloc[0]
    owed = coverage.coverage_by_grid(demo_engine, NOW).set_index("grid_id")["owed_per_km"]
    owed_county = coverage.coverage_headline(demo_engine, NOW)["owed_per_km"]
    issues = demo_engine.query("select grid_id, reported_at, closed_at, due_at from core_issue")
    is_late = (
        (issues["reported_at"] < str(NOW.until))
        & (issues["due_at"] < str(NOW.until))
        & ~(issues["closed_at"] < str(NOW.until))
    )
    km = grid_density(demo_engine, NOW).frame.set_index("grid_id")["street_km"]
    late = issues[is_late].groupby("grid_id").size().reindex(km.index, fill_value=0) / km
    late_county = (is_late & issues["grid_id"].notna()).sum() / km.sum()
    assert len(worst.facts)
    for grid_id in worst.grids["grid_id"]:
        times = {
            "rebound_30": by_grid.get(grid_id, np.nan) / county,
            "overdue_open": late[grid_id] / late_county,
            "hours_owed": owed[grid_id] / owed_county,
        }
        told = {k: v for k, v in times.items() if v >= threshold("fact_times")}
        expected = sorted(told, key=told.__getitem__, reverse=True)[: reasons.MOST_FACTS]
        facts = worst.facts[worst.facts["grid_id"] == grid_id]
        assert facts["fact"].tolist() == expected
        np.testing.assert_allclose(facts["times"], [told[name] for name in expected])


@shared
@given(first=st.integers(0, (LAST - FIRST).days - 1), length=st.integers(1, 60))
def test_since_a_meeting_is_what_pandas_counts(
    demo_engine: DuckDBEngine, issues: pd.DataFrame, first: int, length: int
) -> None:
    since = FIRST + timedelta(days=first)
    filters = Filters(since, since + timedelta(days=length))
    frame = meeting.since_meeting(demo_engine, filters).set_index("grid_id")
    is_due = within(issues["due_at"], filters) & (issues["reported_at"] < str(filters.until))
    is_late = is_due & ~(issues["closed_at"] <= issues["due_at"])
    grid = issues["grid_id"].fillna("")
    for column, chosen in (
        ("reported", within(issues["reported_at"], filters)),
        ("closed", within(issues["closed_at"], filters)),
        ("due", is_due),
        ("late", is_late),
    ):
        counted = grid[chosen].value_counts()
        assert frame[column].sum() == chosen.sum(), column
        pd.testing.assert_series_equal(
            frame[column], counted.reindex(frame.index, fill_value=0), check_names=False,
            check_dtype=False,
        )  # fmt: skip
    records = rebound.rebound_records(demo_engine, filters)
    if len(records) < ROWS_SHOWN:
        assert frame["came_back"].sum() == len(records)
    late = issue_records(demo_engine, filters, "late")
    assert set(late["issue_id"]) <= set(issues.loc[is_late, "issue_id"])
    assert len(late) == min(is_late.sum(), ROWS_SHOWN)


def test_a_promise_is_done_late_or_open() -> None:
    days = pd.to_datetime(["2026-10-01", "2026-10-01", "2026-10-02"])
    rows = pd.DataFrame({"due_on": days, "done_on": pd.to_datetime(["2026-10-05", None, None])})
    assert meeting.promise_states(rows, pd.Timestamp(2026, 10, 2)).tolist() == ["done", "late", "open"]
