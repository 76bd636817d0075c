"""Rebound views against a slow reading of the definitions, issue by issue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from data.engine import DuckDBEngine
from data.filters import Filters
from data.standards import threshold
from data.views import inspections, rebound
from data.views.overview import build_info
from tests.conftest import County, issue_line

DAY = pd.Timedelta(days=1)


def everything(engine: DuckDBEngine) -> Filters:
    build = build_info(engine)
    return Filters(build.first_date, build.period_until)


def slow_episodes(issues: pd.DataFrame) -> pd.DataFrame:
    """Episodes by the words of the definition: grow each from its first issue, one issue at a time."""
    found = []
    placed = issues[issues["place_id"].notna()]
    for (place, category), rows in placed.groupby(["place_id", "category"]):
        current: list[pd.Series] = []
        checks = rows["verified_at"].dropna()
        for _, issue in rows.sort_values("reported_at", kind="stable").iterrows():
            report = issue["reported_at"]
            ends = [_end(one) for one in current]
            last = max(ends, default=None)
            overlaps = last is not None and report < last
            soon = (
                last is not None
                and not overlaps
                and report - last <= threshold("episode_merge_hours") * pd.Timedelta(hours=1)
                and not ((checks >= last) & (checks < report)).any()
            )
            if current and not overlaps and not soon:
                found.append((place, category, current))
                current = []
            current.append(issue)
        found.append((place, category, current))
    return pd.DataFrame(
        [
            {
                "place": place,
                "category": category,
                "grid_id": members[0]["grid_id"],
                "start": members[0]["reported_at"],
                "close": None if any(m["closed_at"] is pd.NaT for m in members) else _last(members),
                "issues": len(members),
            }
            for place, category, members in found
        ]
    )  # fmt: skip


def _last(members: list[pd.Series]) -> pd.Timestamp:
    return max(_end(member) for member in members)


def _end(issue: pd.Series) -> pd.Timestamp:
    closed = issue["closed_at"]
    return pd.Timestamp.max if pd.isna(closed) else max(closed, issue["reported_at"])


def slow_share(gaps: list[tuple[float, bool]], day: int) -> float:
    """1 - S(day), one event time after the other."""
    survival = 1.0
    for at in sorted({days for days, is_event in gaps if is_event and days <= day}):
        events = sum(1 for days, is_event in gaps if is_event and days == at)
        survival *= 1 - events / sum(1 for days, _ in gaps if days >= at)
    return 1 - survival


@pytest.fixture(scope="module")
def slow(demo_engine: DuckDBEngine) -> pd.DataFrame:
    return slow_episodes(demo_engine.query("select * from core_issue order by issue_id"))


def test_episodes_are_those_of_the_definition(demo_engine: DuckDBEngine, slow: pd.DataFrame) -> None:
    assert_same_episodes(demo_engine, slow)


@pytest.mark.parametrize("seed", range(4))
def test_episodes_of_random_counties(tiny_county: Callable[[], County], seed: int) -> None:
    """Few places and categories, short and long closings, so that all three roles come up often."""
    rng = np.random.default_rng(seed)
    spots = [(200, 305), (300, 290), (900, 800), (500, 520), (520, 530), (1150, 100)]
    lines = []
    for number in range(150):
        x, y = spots[rng.integers(len(spots))]
        reported = pd.Timestamp("2025-01-01") + pd.Timedelta(hours=int(rng.integers(24 * 60)))
        closed = reported + pd.Timedelta(hours=int(rng.choice([0, 2, 20, 23, 24, 100, 400])))
        category = ("暴露垃圾", "占道经营")[rng.integers(2)]
        shown = "" if rng.random() < 0.05 else f"{closed}"
        lines.append(issue_line((f"R{number:03}", category, f"{reported}", shown, x, y)))
    county = tiny_county()
    county.platform(lines)
    engine = county.build()
    slow = slow_episodes(engine.query("select * from core_issue order by issue_id"))
    assert_same_episodes(engine, slow)
    roles = engine.query("select distinct episode_role as role from core_issue")["role"]
    assert {"first", "duplicate", "reopened"} <= set(roles)


def assert_same_episodes(engine: DuckDBEngine, slow: pd.DataFrame) -> None:
    stored = engine.query("select * from mart_episode order by place_id, category, started_at")
    expected = slow.sort_values(["place", "category", "start"]).reset_index(drop=True)
    assert stored["started_at"].tolist() == expected["start"].tolist()
    assert (
        stored["closed_at"].fillna(pd.Timestamp(0)).tolist()
        == expected["close"].fillna(pd.Timestamp(0)).dt.floor("s").tolist()
    )
    assert stored["issues"].tolist() == expected["issues"].tolist()


def test_shares_by_grid_are_kaplan_meier(demo_engine: DuckDBEngine, slow: pd.DataFrame) -> None:
    filters = everything(demo_engine)
    until = pd.Timestamp(filters.until)
    gaps: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for _, rows in slow.groupby(["place", "category"]):
        starts = [*rows["start"].iloc[1:], pd.NaT]
        for close, following, grid in zip(rows["close"], starts, rows["grid_id"], strict=True):
            if pd.isna(close) or not pd.Timestamp(filters.since) <= close < until:
                continue
            is_event = not pd.isna(following) and following < until
            days = ((following if is_event else until) - close) / DAY
            gaps[str(grid)].append((max(days, 0.0), is_event))
    view = rebound.rebound_by(demo_engine, filters).set_index("key")
    checked = 0
    for grid, own in gaps.items():
        if grid not in view.index:
            assert grid in ("None", "nan"), "only what lies outside every grid is in no group"
            continue
        row = view.loc[grid]
        assert row["closed"] == len(own)
        assert row["rebounds"] == sum(is_event and days <= 30 for days, is_event in own)
        assert row["at_risk_30"] == sum(days >= 30 for days, _ in own)
        if row["is_shown_30"]:
            assert row["rebound_30"] == pytest.approx(slow_share(own, 30), abs=1e-9)
            checked += 1
        else:
            assert np.isnan(row["rebound_30"]), "too few is shown as too few"
    assert checked >= 3


def test_the_curve_ends_where_the_share_says(demo_engine: DuckDBEngine) -> None:
    filters = everything(demo_engine)
    curve = rebound.rebound_curve(demo_engine, filters).set_index("day")
    (county,) = rebound.rebound_by(demo_engine, filters, "county").itertuples()
    assert curve.loc[30, "share"] == pytest.approx(county.rebound_30)
    assert curve["share"].is_monotonic_increasing
    assert (curve["lower"].dropna() <= curve["share"][curve["lower"].notna()]).all()


def test_every_rebound_has_its_records(demo_engine: DuckDBEngine) -> None:
    """The returns of all 30-day windows add up to the returns that records list, and open up."""
    filters = everything(demo_engine)
    records = rebound.rebound_records(demo_engine, filters)
    (county,) = rebound.rebound_by(demo_engine, filters, "county").itertuples()
    assert len(records) == min(county.rebounds, 500)
    assert (records["gap_days"] <= 30).all()
    issues = rebound.episode_issues(demo_engine, int(records["episode_id"].iloc[0]))
    assert issues["episode_role"].iloc[0] == "first"
    assert issues["issue_id"].iloc[0] == records["first_issue_id"].iloc[0]


@pytest.mark.parametrize("days", rebound.DAYS)
def test_the_returns_of_a_row_are_its_records(demo_engine: DuckDBEngine, days: int) -> None:
    """Of a category closed in some months: as many records as the row says, each closed in it."""
    until = build_info(demo_engine).period_until - timedelta(days=60)
    filters = Filters(until - timedelta(days=300), until)
    row = rebound.rebound_by(demo_engine, filters, "category").set_index("key").loc["暴露垃圾"]
    records = rebound.rebound_records(
        demo_engine, filters, "closed", "closing", "暴露垃圾", within_days=days
    )
    assert len(records) == row[f"rebounds_{days}"] > 2
    assert (records["category"] == "暴露垃圾").all()
    assert (records["gap_days"] <= days).all()
    assert records["ended_at"].between(*map(pd.Timestamp, (filters.since, until))).all()
    first = records.iloc[0]
    issues = rebound.episode_issues(demo_engine, int(first["next_episode_id"]))
    assert issues["issue_id"].iloc[0] == first["next_issue_id"]
    assert issues["reported_at"].iloc[0] == first["next_started_at"]


@pytest.mark.parametrize("step", ["month", "quarter"])
def test_the_rebound_of_each_month_is_of_what_was_closed_in_it(
    demo_engine: DuckDBEngine, slow: pd.DataFrame, step: rebound.Step
) -> None:
    filters = everything(demo_engine)
    until = pd.Timestamp(filters.until)
    gaps: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for _, rows in slow.groupby(["place", "category"]):
        starts = [*rows["start"].iloc[1:], pd.NaT]
        for close, following in zip(rows["close"], starts, strict=True):
            if pd.isna(close) or close >= until:
                continue
            is_event = not pd.isna(following) and following < until
            days = ((following if is_event else until) - close) / DAY
            name = f"{close.year}-{(close.month - 1) // (1 if step == 'month' else 3)}"
            gaps[name].append((max(days, 0.0), is_event))
    view = rebound.rebound_by_time(demo_engine, filters, step)
    assert view["since"].is_monotonic_increasing
    assert view["closed"].tolist() == [len(own) for own in gaps_in_order(gaps)]
    for row, own in zip(view.itertuples(), gaps_in_order(gaps), strict=True):
        assert row.is_complete == (row.until + 30 * DAY <= until)
        if row.is_shown_30:
            assert row.rebound_30 == pytest.approx(slow_share(own, 30), abs=1e-9)
    assert view["is_shown_30"].sum() >= 5
    assert not view["is_shown_30"].iloc[-1] or step == "quarter", "October is not over for long enough"


def gaps_in_order(gaps: dict[str, list[tuple[float, bool]]]) -> list[list[tuple[float, bool]]]:
    return [gaps[name] for name in sorted(gaps, key=lambda name: tuple(map(int, name.split("-"))))]


def test_a_month_is_whole_even_where_the_period_cuts_it(demo_engine: DuckDBEngine) -> None:
    filters = Filters(date(2026, 3, 20), date(2026, 5, 2))
    view = rebound.rebound_by_time(demo_engine, filters)
    assert view["since"].dt.strftime("%Y-%m").tolist() == ["2026-03", "2026-04", "2026-05"]
    whole = rebound.rebound_by_time(demo_engine, everything(demo_engine)).set_index("since")
    assert view["closed"].tolist() == whole.loc[view["since"], "closed"].tolist()


def test_every_issue_has_one_role(demo_engine: DuckDBEngine) -> None:
    filters = everything(demo_engine)
    counts = rebound.episode_counts(demo_engine, filters)
    parts = counts[["without_place", "episodes", "duplicates", "reopened"]].sum()
    assert counts["issues"] == parts
    assert counts["episodes"] > counts["duplicates"] > 0


def test_ranks_have_bands_that_hold_them(demo_engine: DuckDBEngine) -> None:
    frame = rebound.rebound_ranks(demo_engine, everything(demo_engine), "category_class")
    ranked = frame[frame["rank"] > 0]
    assert (ranked["best_rank"] <= ranked["worst_rank"]).all()
    inside = (ranked["best_rank"] <= ranked["rank"]) & (ranked["rank"] <= ranked["worst_rank"])
    assert inside.mean() > 0.8


def test_repeat_places_have_so_many_starts_in_a_window(
    demo_engine: DuckDBEngine, slow: pd.DataFrame
) -> None:
    filters = everything(demo_engine)
    view = rebound.repeat_places(demo_engine, filters)
    expected = 0
    window = threshold("repeat_days") * DAY
    for _, rows in slow.groupby(["place", "category"]):
        starts = rows["start"].sort_values().tolist()
        most = max(sum(one <= other < one + window for other in starts) for one in starts)
        expected += most >= threshold("repeat_episodes")
    assert len(view) == expected


def test_the_episodes_of_a_repeat_place_are_listed(demo_engine: DuckDBEngine) -> None:
    filters = everything(demo_engine)
    place = rebound.repeat_places(demo_engine, filters).iloc[0]
    rows = rebound.place_episodes(
        demo_engine, filters, int(place["place_id"]), int(place["category_code"])
    )
    window = rows["started_at"].between(
        place["since"], place["since"] + threshold("repeat_days") * DAY, inclusive="left"
    )
    assert window.sum() == place["episodes"]
    assert rows["started_at"].is_monotonic_decreasing
    assert place["lead_unit"]


def test_each_inspection_has_its_curve(demo_engine: DuckDBEngine) -> None:
    """Counted by pandas: issues no inspection found, in the grids it went to, around its last day."""
    filters = everything(demo_engine)
    found = rebound.slackening(demo_engine, filters)
    went = demo_engine.select("inspected_grids")
    metres = demo_engine.query("select grid_id, sum(length_m) as m from mart_grid_street group by 1")
    long_enough = metres.loc[metres["m"] >= 1000 * threshold("min_street_km"), "grid_id"]
    went = went[went["grid_id"].isin(long_enough)]
    issues = demo_engine.query("select grid_id, reported_at, inspection_id from core_issue")
    issues = issues[issues["inspection_id"].isna() & (issues["reported_at"] < str(filters.until))]
    for row in found.inspections.itertuples():
        grids = went.loc[went["inspection_id"] == row.inspection_id, "grid_id"]
        near = issues[issues["grid_id"].isin(grids)]
        day = (near["reported_at"].dt.normalize() - pd.Timestamp(row.last_date)).dt.days
        curve = found.curves[found.curves["inspection_id"] == row.inspection_id].set_index("day")
        assert row.issues == day.between(-14, 42).sum()
        assert row.is_shown == (row.issues >= threshold("min_curve_issues"))
        assert curve["issues"].sum() == row.issues * row.is_shown
        if row.is_shown:
            week = day.between(5, 11).sum() / (7 * row.exposure_km)
            assert curve.loc[11, "week_per_km"] == pytest.approx(week)
    assert found.inspections["is_shown"].sum() > 5
    assert found.inspections["issues"].sum() == found.curve["issues"].sum()
    assert found.curve["inspections"].iloc[0] == 10
    assert found.curve["inspections"].iloc[-1] == 9, "the last round ended two weeks ago"


def test_inspections_find_what_their_records_say(demo_engine: DuckDBEngine) -> None:
    filters = everything(demo_engine)
    rounds = inspections.inspections(demo_engine, filters)
    assert rounds["first_date"].is_monotonic_increasing
    issues = demo_engine.query("select * from core_issue where inspection_id is not null")
    assert rounds["found"].sum() == len(issues)
    third = rounds.iloc[2]
    garbage = replace(filters, category_class="乱扔乱倒")
    finds = inspections.inspection_finds(demo_engine, garbage, third["inspection_id"])
    of_round = issues[issues["inspection_id"] == third["inspection_id"]]
    expected = of_round[of_round["category_class"] == "乱扔乱倒"]
    assert sorted(finds["issue_id"]) == sorted(expected["issue_id"])
    assert inspections.inspections(demo_engine, garbage)["found"].iloc[2] == len(expected)
    assert third["grids"] == of_round["grid_id"].nunique()


def test_the_week_after_an_inspection_is_compared(demo_engine: DuckDBEngine) -> None:
    found = rebound.slackening(demo_engine, everything(demo_engine))
    assert len(found.inspections) == 10
    assert found.curve["issues"].sum() > 0
    assert (found.curve["per_km"] == found.curve["issues"] / found.curve["exposure_km"]).all()
    effect = found.effect
    assert effect is not None
    assert effect.rise_band[0] < effect.rise < effect.rise_band[1]


def test_returns_add_up(demo_engine: DuckDBEngine) -> None:
    """M is never below the share that came back at least once, and starts at nothing."""
    means = rebound.mean_recurrences(demo_engine, everything(demo_engine))
    assert means["mean"].is_monotonic_increasing
    assert means["mean"].iloc[0] < 0.05
    assert (means["lower"] <= means["mean"]).all()


def test_a_county_without_issues_or_inspections_says_nothing(
    tiny_county: Callable[[], County],
) -> None:
    county = tiny_county()
    recipe = county.recipe.read_text("utf-8")
    county.recipe.write_text(recipe[: recipe.index("[[core_issue]]")], "utf-8")
    engine = county.build()
    filters = Filters(date(2025, 1, 1), date(2025, 1, 1) + timedelta(days=30))
    assert rebound.rebound_by(engine, filters).empty
    assert rebound.rebound_ranks(engine, filters).empty
    assert rebound.rebound_curve(engine, filters).empty
    assert rebound.rebound_records(engine, filters).empty
    assert rebound.repeat_places(engine, filters).empty
    assert rebound.mean_recurrences(engine, filters).empty
    assert rebound.rebound_by_time(engine, filters).empty
    assert rebound.slackening(engine, filters).effect is None
    assert rebound.slackening(engine, filters).curves.empty
    assert inspections.inspections(engine, filters).empty
