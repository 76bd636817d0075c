"""Stock and flow against counts in pandas over the core tables, and medians against another way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from data.engine import DuckDBEngine
from data.filters import Filters
from data.standards import threshold
from data.views import flow as views
from data.views.overview import issue_records, stock_and_flow
from tests.conftest import County, lonlat, write_ledger, write_tiny_county

SINCE, UNTIL = date(2025, 5, 1), date(2026, 11, 1)
MARCH = Filters(date(2025, 3, 1), date(2025, 4, 1))
days = st.integers(0, (UNTIL - SINCE).days)
PARTS = {
    views.flow: None,
    views.flow_by_grid: "grid_id",
    views.flow_by_department: "department",
    views.flow_by_category: "category",
    views.flow_by_class: "category_class",
}
COUNTS = ["reported", "closed", "verified", "open_at_end", "open_with_due", "overdue_open", "due",
          "on_time", "closed_of_due", "timed", "timed_closed"]  # fmt: skip


def expected(issues: pd.DataFrame, filters: Filters, part: str | None) -> pd.DataFrame:
    """The counts of every part, from the definitions, and the median by steps of the curve."""
    rows = issues
    if filters.category_class:
        rows = rows[rows["category_class"] == filters.category_class]
    if filters.grid_id:
        rows = rows[rows["grid_id"] == filters.grid_id]
    key = pd.Series("", index=rows.index) if part is None else rows[part].fillna("")
    return pd.DataFrame({name: _counts(own, filters) for name, own in rows.groupby(key)}).T


def _counts(rows: pd.DataFrame, filters: Filters) -> dict[str, float]:
    since, until = pd.Timestamp(filters.since), pd.Timestamp(filters.until)

    def within(column: str) -> pd.Series:
        return (rows[column] >= since) & (rows[column] < until)

    is_open = (rows["reported_at"] < until) & ~(rows["closed_at"] < until)
    is_due = within("due_at") & (rows["reported_at"] < until)
    is_wrong = rows["closed_at"] < rows["reported_at"]
    timed = rows[within("reported_at") & ~is_wrong]
    is_event = timed["closed_at"] < until
    hours = (timed["closed_at"].where(is_event, until) - timed["reported_at"]) / pd.Timedelta("1h")
    return {
        "reported": within("reported_at").sum(),
        "closed": within("closed_at").sum(),
        "verified": within("verified_at").sum(),
        "open_at_end": is_open.sum(),
        "open_with_due": (is_open & rows["due_at"].notna()).sum(),
        "overdue_open": (is_open & (rows["due_at"] < until)).sum(),
        "due": is_due.sum(),
        "on_time": (is_due & (rows["closed_at"] <= rows["due_at"])).sum(),
        "closed_of_due": (is_due & (rows["closed_at"] < until)).sum(),
        "timed": len(timed),
        "timed_closed": is_event.sum(),
        "median": _median(hours.to_numpy(), is_event.to_numpy()),
    }


def _median(hours: np.ndarray, is_event: np.ndarray) -> float:
    """Kaplan-Meier by its product, one time after the other."""
    survival = 1.0
    for hour in np.unique(hours[is_event]):
        survival *= 1 - (is_event & (hours == hour)).sum() / (hours >= hour).sum()
        if survival <= 0.5 + 1e-9:
            return float(hour)
    return np.nan


def agree(frame: pd.DataFrame, truth: pd.DataFrame) -> None:
    frame = frame.set_index("part_key")
    assert frame.index.is_unique
    has = frame[COUNTS].sum(axis=1) > 0
    assert set(frame.index[has]) <= set(truth.index)
    truth = truth.reindex(frame.index)
    assert (frame[COUNTS] == truth[COUNTS].fillna(0)).all().all()
    enough = frame["due"] >= threshold("min_due")
    assert frame.loc[~enough, ["on_time_share", "closed_share"]].isna().all().all()
    for share, numerator in (("on_time_share", "on_time"), ("closed_share", "closed_of_due")):
        np.testing.assert_allclose(frame.loc[enough, share], (frame[numerator] / frame["due"])[enough])
    enough = frame["timed_closed"] >= threshold("min_closings")
    assert frame.loc[~enough, "median_hours_to_close"].isna().all()
    np.testing.assert_allclose(
        frame.loc[enough, "median_hours_to_close"], truth.loc[enough, "median"].astype(float), atol=1e-3
    )


@pytest.fixture(scope="session")
def issues(demo_engine: DuckDBEngine) -> pd.DataFrame:
    return demo_engine.query("select * from core_issue")


@settings(max_examples=12)
@given(first=days, length=st.integers(1, 400), category=st.sampled_from(["", "乱摆摊点"]))
@pytest.mark.parametrize("view", PARTS, ids=lambda view: view.__name__)
def test_the_demo_flows_as_pandas_counts(
    view: Callable[..., pd.DataFrame],
    demo_engine: DuckDBEngine,
    issues: pd.DataFrame,
    first: int,
    length: int,
    category: str,
) -> None:
    since = SINCE + timedelta(days=first)
    filters = Filters(since, since + timedelta(days=length), category)
    frame = view(demo_engine, filters)
    agree(frame, expected(issues, filters, PARTS[view]))
    whole = views.flow(demo_engine, filters).iloc[0]
    assert (frame[COUNTS].sum() == whole[COUNTS].astype(int)).all(), "the parts add up to the county"


def test_one_grid_is_its_row(demo_engine: DuckDBEngine) -> None:
    filters = Filters(date(2026, 5, 1), UNTIL)
    row = views.flow_by_grid(demo_engine, filters).query("part_key != ''").iloc[2]
    own = Filters(filters.since, filters.until, "", row["part_key"])
    names = [*COUNTS, *views.SHARES]
    pd.testing.assert_series_equal(
        views.flow(demo_engine, own).iloc[0][names], row[names], check_names=False, check_dtype=False
    )
    (single,) = views.flow_by_grid(demo_engine, own)["part_key"]
    assert single == row["part_key"]
    assert len(issue_records(demo_engine, own)) == min(row["reported"], 500)


def test_the_county_is_the_headline(demo_engine: DuckDBEngine) -> None:
    filters = Filters(date(2026, 5, 1), UNTIL)
    row = views.flow(demo_engine, filters).iloc[0]
    cards = stock_and_flow(demo_engine, filters, filters.previous).set_index("metric")["value"]
    for name in ("reported", "closed", "open_at_end", "overdue_open"):
        assert row[name] == cards[name]


times = st.integers(0, 6 * 24 * 40).map(
    lambda m: pd.Timestamp(2025, 2, 20).to_pydatetime() + timedelta(minutes=10 * m)
)
record = st.tuples(
    st.sampled_from(["县城管局", "县住建局", ""]),
    st.sampled_from(["暴露垃圾", "道路破损"]),
    times,
    st.none() | st.integers(1, 500),
    st.none() | st.integers(-5, 500),
    st.floats(-200, 1400),
)


# A build an example: few, large ones, and no time spent on making a failing one smaller.
@settings(max_examples=6, phases=[Phase.explicit, Phase.generate])
@given(records=st.lists(record, min_size=20, max_size=80))
def test_small_counties_flow_as_pandas_counts(
    records: list[tuple[str, str, datetime, int | None, int | None, float]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Deadlines and closings of all kinds: none, before the report, after the period, outside grids."""
    county = write_tiny_county(tmp_path_factory.mktemp("small"))
    write_ledger(
        county.root / "ledger.xlsx", [["T01", "暴露垃圾", "", "2025-03-04 15:00:00", "", "", ""]]
    )
    county.edit(
        "county.toml", """"上报时间", closed_at""", """"上报时间", due_at = "时限", closed_at"""
    )
    lines = []
    for number, (department, category, reported, limit, hours, x) in enumerate(records):
        due = "" if limit is None else reported + timedelta(hours=limit)
        closed = "" if hours is None else reported + timedelta(hours=hours)
        lon, lat = lonlat(x, 300)
        lines.append(f"A{number},{category},{department},{reported},{due},{closed},{lon},{lat}")
    # Enough records inside, or the load takes the coordinates for wrong ones and refuses the file.
    lon, lat = lonlat(900, 900)
    lines += [
        f"B{number},店外经营,县城管局,2025-03-0{1 + number % 9} 08:00:00,,,{lon},{lat}"
        for number in range(len(records))
    ]
    head = "案卷编号,小类,处置部门,上报时间,时限,结案时间,经度,纬度"
    county.write("platform.csv", "\r\n".join([head, *lines]) + "\r\n", "gbk")
    engine = county.build()
    issues = engine.query("select * from core_issue")
    for view, part in PARTS.items():
        agree(view(engine, MARCH), expected(issues, MARCH, part))


@pytest.mark.parametrize("view", PARTS, ids=lambda view: view.__name__)
def test_a_county_without_issues_has_zeros_and_no_shares(
    view: Callable[..., pd.DataFrame], tmp_path: Path
) -> None:
    county: County = write_tiny_county(tmp_path)
    recipe = county.recipe.read_text("utf-8")
    county.recipe.write_text(recipe[: recipe.index("[[core_issue]]")], "utf-8")
    frame = view(county.build(), MARCH)
    assert len(frame) == {views.flow: 1, views.flow_by_grid: 4}.get(view, 0)
    assert (frame[COUNTS] == 0).all().all()
    assert frame[list(views.SHARES)].isna().all().all()
