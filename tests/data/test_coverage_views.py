"""Coverage on the screen against a walk over every segment and day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from data.engine import DuckDBEngine
from data.filters import Filters
from data.views import coverage as views
from tests.cleaning import Day, Oracle, worked_county
from tests.conftest import County

STANDARD = {"main": 16.0, "secondary": 16.0, "branch": 12.0, "lane": 12.0}
PERIODS = [
    (date(2025, 3, 1), date(2025, 3, 15)),
    (date(2025, 3, 2), date(2025, 3, 3)),
    (date(2025, 3, 5), date(2025, 3, 12)),
    (date(2025, 3, 11), date(2025, 3, 14)),  # after the roster
    (date(2025, 2, 20), date(2025, 3, 20)),  # before and after all data
]
Table = dict[tuple[str, date], Day]


@pytest.fixture(scope="module", params=[0, 1])
def worked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> DuckDBEngine:
    return worked_county(tmp_path_factory.mktemp("worked"), request.param).build()


@pytest.fixture(scope="module")
def oracle(worked: DuckDBEngine) -> Oracle:
    return Oracle(worked)


@pytest.fixture(scope="module")
def table(oracle: Oracle) -> Table:
    days = [date(2025, 2, 20) + timedelta(days=n) for n in range(28)]
    return {(s, d): oracle.day(s, d) for s in oracle.segments.index for d in days}


def expected(oracle: Oracle, table: Table, segments: list[str], days: list[date]) -> dict[str, float]:
    """The sums of docs: metrics.md 5, one segment and day after the other."""
    sums = dict.fromkeys(views.SUMS, 0.0)
    for segment_id in segments:
        row = oracle.segments.loc[segment_id]
        km, standard = row["length_m"] / 1000, STANDARD[row["road_class"]]
        reach = km if row["is_machine_sweepable"] else 0.0
        sums["street_km"] += km
        sums["reachable_km"] += reach
        sums["unknown_reach_km"] += km * pd.isna(row["is_machine_sweepable"])
        for day in days:
            said = table[segment_id, day]
            if said.hours is None:
                sums["unknown_km_days"] += km
            else:
                sums["standard_km_days"] += km
                sums["covered_km_days"] += km * min(said.hours / standard, 1)
                sums["met_km_days"] += km * (said.hours >= standard - 1e-9)
                sums["hours_owed"] += km * max(standard - said.hours, 0)
                sums["hours_required"] += km * standard
            if said.swept_m is None or said.machine_m is None:
                sums["unseen_km_days"] += km
            else:
                sums["seen_km_days"] += km
                sums["swept_km_days"] += said.swept_m / 1000
                sums["reachable_km_days"] += reach
                sums["machine_km_days"] += reach * (said.machine_m >= 0.8 * row["length_m"] - 1e-6)
            if said.roster_hours is not None:
                plan = oracle.planned(row["source_segment_id"], day, machine=True)
                sums["planned_reachable_km_days"] += reach
                sums["planned_machine_km_days"] += reach * (len(plan) > 0)
            sums[f"{said.grade.lower() or 'none'}_km_days"] += km
    return sums


def days_of(since: date, until: date) -> list[date]:
    return [since + timedelta(days=n) for n in range((until - since).days)]


@pytest.mark.parametrize(("since", "until"), PERIODS)
def test_grids_equal_the_walk(
    worked: DuckDBEngine, oracle: Oracle, table: Table, since: date, until: date
) -> None:
    frame = views.coverage_by_grid(worked, Filters(since, until)).set_index("grid_id")
    assert sorted(frame.index) == ["G1", "G2", "G3", "G4"]
    for grid_id, row in frame.iterrows():
        segments = oracle.segments.index[oracle.segments["grid_id"] == grid_id]
        sums = expected(oracle, table, list(segments), days_of(since, until))
        for name in views.SUMS:
            assert row[name] == pytest.approx(sums[name], abs=1e-6), (grid_id, name)
        if not np.isnan(row["swept_share"]):
            assert row["swept_lower_share"] <= row["swept_share"] + 1e-9
        for share, (numerator, denominator) in views.SHARES.items():
            if sums[denominator]:
                assert row[share] == pytest.approx(sums[numerator] / sums[denominator])
                assert 0 <= row[share] <= 1 + 1e-9
            else:
                assert np.isnan(row[share]), "unknown is not zero"


@pytest.mark.parametrize(("since", "until"), PERIODS)
@pytest.mark.parametrize("grid_id", ["", "G1", "G4"])
def test_days_equal_the_walk_and_add_up_to_the_headline(
    worked: DuckDBEngine, oracle: Oracle, table: Table, since: date, until: date, grid_id: str
) -> None:
    filters = Filters(since, until, "", grid_id)
    frame = views.coverage_by_day(worked, filters)
    chosen = oracle.segments
    segments = list(chosen.index if not grid_id else chosen.index[chosen["grid_id"] == grid_id])
    names = [c for c in frame.columns if c.endswith("_km")] + ["hours_owed", "hours_required"]
    for row in frame.to_dict("records"):
        sums = expected(oracle, table, segments, [row["on_date"].date()])
        for name in names:
            key = f"{name}_days" if name.endswith("_km") else name
            assert row[name] == pytest.approx(sums[key], abs=1e-6), (row["on_date"], name)
    headline = views.coverage_headline(worked, filters)
    for name in names:
        key = f"{name}_days" if name.endswith("_km") else name
        assert headline[key] == pytest.approx(frame[name].sum(), abs=1e-6), name


@pytest.mark.parametrize(("since", "until"), PERIODS)
@pytest.mark.parametrize("grid_id", ["", "G1", "G4"])
def test_hours_of_the_day_equal_the_walk(
    worked: DuckDBEngine, oracle: Oracle, table: Table, since: date, until: date, grid_id: str
) -> None:
    frame = views.coverage_by_hour(worked, Filters(since, until, "", grid_id))
    assert frame["hour"].tolist() == list(range(24))
    passed, planned, known = np.zeros(24), np.zeros(24), 0.0
    chosen = oracle.segments
    for segment_id, row in chosen[chosen["grid_id"].eq(grid_id) | (grid_id == "")].iterrows():
        for day in days_of(since, until):
            km = row["length_m"] / 1000
            known += km * (table[segment_id, day].hours is not None)
            by_pass, by_plan = oracle.clock(segment_id, day)
            passed[sorted(by_pass)] += km
            planned[sorted(by_plan - by_pass)] += km
    np.testing.assert_allclose(frame["pass_km_days"], passed, atol=1e-9)
    np.testing.assert_allclose(frame["plan_km_days"], planned, atol=1e-9)
    np.testing.assert_allclose(frame["known_km_days"], known)
    np.testing.assert_allclose(frame["covered_share"], (passed + planned) / known)
    assert (frame["covered_share"] <= 1 + 1e-9).all()


def test_hours_of_the_day_by_hand(worked: DuckDBEngine) -> None:
    """2 March 2025, a Sunday: S3 6 to 22 and S1 4 to 6 and 5:30 to 13:30; L3 wrote 8:00 on S6."""
    day = Filters(date(2025, 3, 2), date(2025, 3, 3))
    frame = views.coverage_by_hour(worked, day).set_index("hour")
    assert frame.loc[[0, 1, 2], "plan_km"].eq(0).all()
    assert frame.loc[4, "plan_km"] == pytest.approx(1.0, rel=1e-4), "S1, before the duty window"
    assert frame.loc[21, "plan_km"] <= 0.53
    assert frame.loc[8, "pass_km"] >= 0.45, "an entry without an end counts in its hour"
    assert frame["known_km"].iloc[0] == pytest.approx(frame["known_km_days"].iloc[0])
    long_ago = views.coverage_by_hour(worked, Filters(date(2020, 1, 1), date(2020, 1, 5)))
    assert long_ago["covered_share"].isna().all(), "unknown is not zero"


def test_segments_equal_the_walk(worked: DuckDBEngine, oracle: Oracle, table: Table) -> None:
    since, until = PERIODS[0]
    frame = views.coverage_by_segment(worked, Filters(since, until)).set_index("segment_id")
    assert set(frame.index) == set(oracle.segments.index)
    for segment_id, row in frame.iterrows():
        days = days_of(since, until)
        said = [table[segment_id, day] for day in days]
        length = oracle.segments.loc[segment_id, "length_m"]
        known = [d.hours for d in said if d.hours is not None]
        assert row["known_days"] == len(known)
        assert row["covered_hours"] == pytest.approx(sum(known))
        assert row["hours_a_day"] == pytest.approx(np.mean(known))
        assert row["pass_hours"] == pytest.approx(sum(d.pass_hours for d in said))
        swept = [d.swept_m is not None and d.swept_m >= 0.8 * length - 1e-6 for d in said]
        assert row["swept_days"] == sum(swept)
        last = max((day for day, was in zip(days, swept, strict=True) if was), default=None)
        assert (None if pd.isna(row["last_swept"]) else row["last_swept"].date()) == last
        for grade in "abcd":
            assert row[f"{grade}_days"] == sum(d.grade == grade.upper() for d in said)
        assert row["usual_source"] == oracle.usual(segment_id)


def test_a_day_without_data_of_the_usual_source_is_unknown(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Only the tracks are left: 甲 has data on four days of March, 乙 on one."""
    county = worked_county(tmp_path_factory.mktemp("tracks"))
    recipe = county.recipe.read_text("utf-8")
    first, _, last = recipe.partition("[[core_shift]]")
    county.write("county.toml", first + "[[core_fix]]" + last.partition("[[core_fix]]")[2])
    engine = county.build()
    frame = views.coverage_by_segment(engine, Filters(date(2025, 3, 1), date(2025, 3, 15)))
    seen = frame.set_index("segment_id")["seen_days"]
    assert seen["S1@G1"] == 6  # 4, 5, 6, 12, 13 (after midnight) and 14 March
    assert seen["S6"] == 1
    assert seen["S2@G1"] == 6, "no machine ever swept it: any data counts"
    # On 8 March the stuck device 丙 alone had fixes.
    none = views.coverage_by_segment(engine, Filters(date(2025, 3, 7), date(2025, 3, 10)))
    assert none["swept_share"].isna().all()
    assert none["coverage_share"].isna().all()
    assert (none["state"] == "unknown").all()


def test_editions_disagree_and_both_are_shown(worked: DuckDBEngine) -> None:
    """The 2010 county text asks 12 h of a main road and says nothing of the rest; 2021 asks 16 h."""
    filters = Filters(*PERIODS[0])
    hours = views.standard_hours(worked).set_index(["edition", "scope"])["hours"]
    assert hours["2010 county", "main"] == 12
    assert hours["2021", "main"] == 16
    by_edition = views.coverage_by_edition(worked, filters).set_index("edition")
    assert by_edition.loc["2010 county", "no_standard_km"] > 0
    assert by_edition.loc["2021", "no_standard_km"] == 0
    segments = views.coverage_by_segment(worked, filters, "2010 county").set_index("segment_id")
    assert segments.loc["S1@G1", "standard_hours"] == 12
    assert np.isnan(segments.loc["S2@G1", "standard_hours"])
    assert segments.loc["S2@G1", "state"] == "no_standard"
    assert np.isnan(segments.loc["S2@G1", "coverage_share"])
    default = views.coverage_headline(worked, filters)
    assert by_edition.loc["2021", "hours_owed"] == default["hours_owed"]


def test_records_behind_a_segment_and_day(worked: DuckDBEngine) -> None:
    day = date(2025, 3, 4)
    shifts = views.segment_shifts(worked, "S1@G1", day)
    assert set(shifts["shift_name"]) == {"早班", "中班", "机扫班", "夜班"}
    tracks = views.segment_tracks(worked, "S1@G1", day)
    assert tracks["vehicle_id"].tolist() == ["甲"]
    assert tracks["speed_kmh"].iloc[0] == pytest.approx(10, rel=0.05)
    rows = views.segment_cleanings(worked, "S4", date(2025, 3, 12))
    assert "L6" in set(rows["cleaning_id"]), "it began the evening before"
    log = worked.query("select * from core_cleaning where source_segment_id = 'S2'")
    of_day = log[log["started_at"].dt.date == date(2025, 3, 2)]
    assert set(views.segment_cleanings(worked, "S2@G1", date(2025, 3, 2))["cleaning_id"]) >= set(
        of_day["cleaning_id"]
    )


@pytest.mark.parametrize("by", ["swept", "hours"])
@pytest.mark.parametrize("category", ["", "暴露垃圾"])
def test_cleaned_and_clean(worked: DuckDBEngine, by: str, category: str) -> None:
    filters = Filters(date(2025, 3, 1), date(2025, 3, 8))
    classes = worked.query("select distinct category, category_class from core_issue")
    wanted = classes.set_index("category")["category_class"].get(category, "")
    filters = Filters(filters.since, filters.until, wanted)
    frame = views.coverage_and_cleanliness(worked, filters, by=by).set_index("segment_id")  # type: ignore[arg-type]
    segments = views.coverage_by_segment(worked, filters).set_index("segment_id")
    issues = worked.query("select * from core_issue where reported_at < '2025-03-08'")
    for segment_id, row in frame.iterrows():
        of = segments.loc[segment_id]
        top, base = ("swept_days", "seen_days") if by == "swept" else ("covered_days", "known_days")
        near = issues[(issues["segment_id"] == segment_id) & (issues["segment_offset_m"] <= 30)]
        dirty = bool((near["category_class"].eq(wanted) | (wanted == "")).any())
        looked = len(near) or (issues["grid_id"] == of["grid_id"]).any()
        if not of[base] or not looked:
            state = "unknown"
        else:
            cleaned = of[top] / of[base] >= 0.8
            state = {(True, False): "clean", (True, True): "quality", (False, False): "lucky",
                     (False, True): "neglected"}[cleaned, dirty]  # fmt: skip
        assert row["state"] == state, segment_id
    outside = frame.loc[segments["grid_id"].reindex(frame.index).isna(), "state"]
    assert (outside == "unknown").all(), "nobody looked there"


def test_demo_by_hand(demo_engine: DuckDBEngine) -> None:
    """A plan only: swept and mechanised are unknown, hours are, and grade D says so."""
    filters = Filters(date(2026, 8, 1), date(2026, 8, 31))
    headline = views.coverage_headline(demo_engine, filters)
    assert headline["grade"] == "D"
    assert np.isnan(headline["swept_share"])
    assert np.isnan(headline["mechanised_share"])
    assert 0 < headline["coverage_share"] < 1
    assert headline["hours_owed"] > 0
    assert headline["a_km_days"] + headline["b_km_days"] + headline["c_km_days"] == 0
    segments = views.coverage_by_segment(demo_engine, filters)
    main = segments[segments["street_name"] == "中山路"]
    assert (main["hours_a_day"] == 17.0).all()
    assert (main["owed_hours"] == 0).all()


def test_the_rule_says_what_the_build_was_made_with(worked: DuckDBEngine) -> None:
    rule = views.coverage_rule(worked)
    assert (rule["duty_from"], rule["duty_to"], rule["work_to_kmh"]) == (5, 23, 15)
    assert rule["first_date"].date() <= date(2025, 3, 1)


@pytest.mark.parametrize("grid_id", ["", "G1"])
def test_classes_and_grids_add_up_to_the_headline(worked: DuckDBEngine, grid_id: str) -> None:
    filters = Filters(*PERIODS[0], "", grid_id)
    classes = views.coverage_by_class(worked, filters)
    headline = views.coverage_headline(worked, filters)
    for name in views.SUMS:
        assert classes[name].sum() == pytest.approx(headline[name]), name
    hours = classes.set_index("road_class")["standard_hours"]
    assert hours.to_dict() == {name: STANDARD[name] for name in hours.index}


def test_bands_of_a_map_follow_the_values(worked: DuckDBEngine) -> None:
    since, until = PERIODS[0]
    found = views.street_coverage(worked, Filters(since, until))
    for row in found.frame.to_dict("records"):
        share = row["coverage_share"]
        expected = -1 if np.isnan(share) else min(int(share * 5 + 1e-12), 4)
        assert row["share_band"] == expected
        if pd.isna(row["last_swept"]):
            assert row["since_band"] == -1
        else:
            days = (until - row["last_swept"].date()).days - 1
            assert row["days_since"] == days
            assert row["since_band"] == sum(days >= edge for edge in views.SINCE_EDGES)
        is_owing = row["state"] == "shown" and row["hours_owed"] > 0
        assert (row["owed_band"] >= 0) == is_owing


@pytest.mark.parametrize("grid_id", ["", "G1"])
def test_lists_hold_what_lacks_cleaning(
    worked: DuckDBEngine, oracle: Oracle, table: Table, grid_id: str
) -> None:
    since, until = PERIODS[2]
    filters = Filters(since, until, "", grid_id)
    days = days_of(since, until)
    wanted: dict[str, set[str]] = {lack: set() for lack in views.LACKS}
    for segment_id, row in oracle.segments.iterrows():
        if (grid_id and row["grid_id"] != grid_id) or row["length_m"] < 1:
            continue
        said = [table[str(segment_id), day] for day in days]
        hours = [d.hours for d in said if d.hours is not None]
        swept = [d.swept_m for d in said if d.swept_m is not None]
        if hours and not sum(hours) and not any(d.grade in ("A", "B", "C") for d in said):
            wanted["idle"].add(str(segment_id))
        if swept and max(swept) < 0.8 * row["length_m"] - 1e-6:
            wanted["unswept"].add(str(segment_id))
        standard = STANDARD[row["road_class"]]
        if hours and np.mean([min(h / standard, 1) for h in hours]) < 0.8:
            wanted["short"].add(str(segment_id))
    for lack, segments in wanted.items():
        worst = views.uncovered_streets(worked, filters, "", lack)
        assert set(worst["segment_id"]) == segments, lack
        assert worst["owed_hours"].is_monotonic_decreasing
        walk = views.uncovered_route(worked, filters, "", lack)
        assert sorted(walk["segment_id"]) == sorted(worst["segment_id"])
        assert walk["stop"].tolist() == list(range(1, len(walk) + 1))
        if len(walk):
            ends = walk["way_m"].sum() + walk["length_m"].sum()
            assert walk["to_m"].iloc[-1] == pytest.approx(ends)
            assert (walk["to_m"] - walk["from_m"]).tolist() == pytest.approx(walk["length_m"].tolist())
    assert wanted["short"]
    with pytest.raises(ValueError, match="lack"):
        views.uncovered_streets(worked, filters, "", "nothing")


def test_a_period_without_cleaning_data_gives_way_to_the_last_days(worked: DuckDBEngine) -> None:
    inside = views.coverage_known(worked, Filters(date(2025, 3, 1), date(2025, 3, 8)))
    assert inside.is_asked
    assert (inside.first_roster, inside.last_roster) == (date(2025, 3, 1), date(2025, 3, 10))
    assert inside.roster_days == 7
    later = views.coverage_known(worked, Filters(date(2025, 6, 1), date(2025, 6, 8), "x", "G1"))
    assert not later.is_asked
    assert inside.last_evidence is not None
    assert later.filters.until == inside.last_evidence + timedelta(days=1)
    assert (later.filters.days, later.filters.grid_id) == (7, "G1")
    assert later.evidence_days > 0


def test_a_county_without_cleaning_data_is_known_as_such(tiny_county: Callable[[], County]) -> None:
    known = views.coverage_known(tiny_county().build(), Filters(*PERIODS[0]))
    assert not known.has_data
    assert known.is_asked


def test_every_street_is_in_one_state_of_cleanliness(demo_engine: DuckDBEngine) -> None:
    filters = Filters(date(2026, 10, 1), date(2026, 11, 1))
    frame = views.coverage_and_cleanliness(demo_engine, filters)
    totals = views.cleanliness_totals(demo_engine, filters).set_index("state")
    assert totals["segments"].sum() == len(frame)
    assert totals["km"].sum() == pytest.approx(frame["length_m"].sum() / 1000)
    for state, rows in frame.groupby("state"):
        assert totals.loc[state, "segments"] == len(rows)
