"""Rosters, logs and tracks into coverage marts, against slow unions and by hand."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.engine import DuckDBEngine
from etl.coverage import (
    DAY_MINUTES,
    HOUR_MS,
    Passes,
    Rule,
    Shifts,
    cleaning_days,
    days_in_force,
    minute_of,
    weekday_bits,
    weekly_plans,
)
from geo.coverage import DAY_MS
from tests.cleaning import Oracle, union, worked_county

WHOLE_DAY = Rule(0, 24, 1, 15, 24)
MONDAY = int(np.datetime64("2025-03-03").astype(int))


@pytest.fixture(scope="module", params=[0, 1, 2])
def worked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> DuckDBEngine:
    return worked_county(tmp_path_factory.mktemp("worked"), request.param).build()


def test_marts_equal_unions_of_intervals_one_by_one(worked: DuckDBEngine) -> None:
    oracle = Oracle(worked)
    marts = worked.query("select * from mart_cleaning_day join mart_segment using (segment_no)")
    marts["on_date"] = marts["on_date"].dt.date
    marts = marts.set_index(["segment_id", "on_date"])
    checked = 0
    for segment_id in oracle.segments.index:
        for day in (date(2025, 2, 27) + timedelta(days=n) for n in range(20)):
            said = oracle.day(segment_id, day)
            if said.grade in ("", "D"):
                assert (segment_id, day) not in marts.index
                continue
            row = marts.loc[(segment_id, day)]
            assert row["grade"] == said.grade
            for name in ("hours", "pass_hours", "swept_m", "machine_m"):
                assert row[name] == pytest.approx(getattr(said, name), abs=1e-6), (
                    segment_id,
                    day,
                    name,
                )
            if said.roster_hours is None:
                assert pd.isna(row["roster_hours"])
            else:
                assert row["roster_hours"] == pytest.approx(said.roster_hours)
            assert row["is_usual_seen"] == oracle.has_data(oracle.usual(segment_id), day)
            checked += 1
    assert checked == len(marts) > 40


def test_roster_weeks_equal_the_shifts_of_each_day(worked: DuckDBEngine) -> None:
    oracle = Oracle(worked)
    weeks = worked.query(
        "select segment_id, on_date, hours, machine_hours, has_roster from mart_segment "
        "join mart_roster using (roster_id) "
        "join mart_day on mart_day.weekday = mart_roster.weekday "
        "and on_date between first_date and last_date"
    )
    assert weeks["has_roster"].all()
    assert not weeks.duplicated(["segment_id", "on_date"]).any()
    for row in weeks.itertuples():
        source, day = oracle.segments.loc[row.segment_id, "source_segment_id"], row.on_date.date()
        assert oracle.in_force(day)
        assert row.hours == pytest.approx(union(oracle.planned(source, day)))
        assert row.machine_hours == pytest.approx(union(oracle.planned(source, day, machine=True)))
    days = worked.query("select * from mart_day where has_roster")
    assert len(weeks) == len(days) * len(oracle.segments)


def hours(engine: DuckDBEngine, street: str, day: str) -> set[float]:
    rows = engine.query(
        "select distinct round(hours, 6) as hours from mart_segment "
        "join core_segment using (segment_id) join mart_roster using (roster_id) "
        "join mart_day on mart_day.weekday = mart_roster.weekday "
        f"and on_date between first_date and last_date "
        f"where street_name = '{street}' and on_date = '{day}' and road_class = 'main'"
    )
    return set(rows["hours"])


def test_demo_roster_by_hand(demo_engine: DuckDBEngine) -> None:
    """A main road in summer: hand 5:30 to 21:30, machine 4:00 to 6:00: 5:00 to 21:30 in the duty window
    from 5:00; 中山路's night machine from 22:30 adds the half hour to 23:00. Winter: 5:00 to 20:30.
    """
    streets = demo_engine.query(
        "select distinct street_name from core_segment where road_class = 'main'"
    )["street_name"]
    assert "中山路" in set(streets)
    for street in streets:
        night = 0.5 if street in ("人民路", "中山路") else 0.0
        with_machine = hours(demo_engine, street, "2026-08-03")
        assert with_machine <= {16.5 + night, 16.0 + night}  # 16: a road without machine
        assert hours(demo_engine, street, "2026-01-05") <= {15.5, 14.5}
    assert hours(demo_engine, "中山路", "2026-08-03") == {17.0}


def test_demo_has_a_plan_and_evidence_of_its_last_days(demo_engine: DuckDBEngine) -> None:
    days = demo_engine.query("select min(on_date) a, max(on_date) b from mart_cleaning_day").iloc[0]
    assert [day.date() for day in days] == [date(2026, 9, 2), date(2026, 10, 31)]
    sources = demo_engine.query("select distinct source from mart_source_day")["source"]
    assert {"log", "any"} < set(sources)
    grades = demo_engine.query("select distinct grade from mart_cleaning_day")["grade"]
    assert set(grades) == {"A", "B", "C"}
    assert demo_engine.query("select count(*) n from mart_roster")["n"][0] > 0


def test_what_cannot_be_read_is_counted(worked: DuckDBEngine) -> None:
    found = worked.query("select * from load_finding").set_index(["table_name", "finding"])["count"]
    assert found["core_shift", "unreadable_shift"] == 1
    assert found["core_fix", "stuck_device"] == 1
    log = worked.query("select * from core_cleaning where method is distinct from '收运'")
    lasts = (log["ended_at"] - log["started_at"]) / pd.Timedelta(hours=1)
    assert found["core_cleaning", "no_end"] == (~(lasts <= 24)).sum()


def test_tracks_clean_at_work_speed_only(worked: DuckDBEngine) -> None:
    tracks = worked.query("select * from mart_track")
    metres = (tracks["to_m"] - tracks["from_m"]).groupby(
        [tracks["segment_id"].str.partition("@")[0], tracks["is_work"]]
    )
    driven = metres.sum()
    assert driven["S1", True] == pytest.approx(2700, abs=25)
    assert driven["S3", True] == pytest.approx(200, abs=25)
    assert driven["S4", False] == pytest.approx(500, abs=25)
    assert ("S4", True) not in driven.index


def test_a_street_cut_at_a_border_is_matched_through(worked: DuckDBEngine) -> None:
    """S1 lies in G1 and G2: each piece gets its own metres, and together they are the whole."""
    tracks = worked.query(
        "select segment_id, from_m, to_m from mart_track "
        "where entered_at between '2025-03-04' and '2025-03-05' order by entered_at"
    )
    assert tracks["segment_id"].tolist() == ["S1@G1", "S1@G2"]
    assert (tracks["to_m"] - tracks["from_m"]).tolist() == pytest.approx([500, 500], abs=0.1)


def test_a_recipe_may_say_its_own_work_speed(tmp_path: Path) -> None:
    county = worked_county(tmp_path)
    county.edit(
        "county.toml", 'timezone = "Asia/Shanghai"', 'timezone = "Asia/Shanghai"\nwork_kmh = [1, 60]'
    )
    engine = county.build()
    assert engine.query("select * from mart_track")["is_work"].all()
    assert engine.query("select * from mart_coverage_rule").iloc[0]["work_to_kmh"] == 60


@pytest.mark.parametrize(
    ("text", "minute"),
    [("05:30", 330), ("5：30", 330), ("5时", 300), ("24:00", 1440), ("05:30:00", 330), ("25:00", None),
     ("早上", None), ("7:75", None), ("", None)],
)  # fmt: skip
def test_times_of_day(text: str, minute: float | None) -> None:
    said = minute_of(text)
    assert np.isnan(said) if minute is None else said == minute


@pytest.mark.parametrize(
    ("text", "days"),
    [("1234567", "1234567"), ("135", "135"), ("1-5", "12345"), ("周一至周五", "12345"),
     ("一、三、五", "135"), ("每天", "1234567"), ("星期日", "7"), ("周六周日", "67"),
     ("６７", "67"), ("轮休", "")],
)  # fmt: skip
def test_weekdays(text: str, days: str) -> None:
    bits = weekday_bits(text)
    assert (0 if np.isnan(bits) else int(bits)) == sum(1 << (int(d) - 1) for d in days)


def shift(start: int, end: int, days: int, first: int, last: int, *, machine: bool = False) -> Shifts:
    """One shift of segment S."""
    numbers = ([v] for v in (start, end, days, first, last))
    return Shifts(np.array(["S"], dtype=object), *map(np.array, numbers), np.array([machine]))


def test_a_night_shift_counts_in_both_days() -> None:
    """22:30 on Monday to 1:30 on Tuesday, Mondays only, over three weeks."""
    night = shift(1350, 1530, 0b1, MONDAY, MONDAY + 20)
    _, _, weeks = weekly_plans(night, pd.Series(["S"]), days_in_force(night), WHOLE_DAY)
    week = weeks[weeks["first_date"] <= date(2025, 3, 10)].groupby("weekday")["hours"].max()
    assert week[1] == 1.5
    assert week[2] == 1.5
    assert week[[3, 4, 5, 6, 7]].sum() == 0


def test_a_night_shift_ends_after_its_last_day_if_a_roster_is_in_force() -> None:
    """It begins last on Monday; Tuesday's early hours are of it, under the roster of another street."""
    night, other = (
        shift(1350, 1530, 0b1111111, MONDAY, MONDAY),
        shift(480, 540, 0b1111111, MONDAY, MONDAY + 6),
    )
    both = Shifts(
        np.array(["S", "T"], dtype=object),
        *(np.concatenate(c) for c in zip(night[1:], other[1:], strict=True)),
    )
    roster_of, _, weeks = weekly_plans(both, pd.Series(["S", "T"]), days_in_force(both), WHOLE_DAY)
    own = weeks[weeks["roster_id"] == roster_of[0]]
    tuesday = own[(own["first_date"] <= date(2025, 3, 4)) & (own["last_date"] >= date(2025, 3, 4))]
    assert tuesday.set_index("weekday")["hours"][2] == 1.5
    assert own[own["first_date"] >= date(2025, 3, 5)]["hours"].sum() == 0


def test_two_sweepers_at_once_are_one_hour() -> None:
    passes = Passes(
        np.array([0, 0]), np.array([8, 8]) * HOUR_MS, np.array([9, 9]) * HOUR_MS, np.zeros(2),
        np.array([60.0, 100.0]), np.array([False, True]), np.array([2, 2]), np.array([0, 0]),
    )  # fmt: skip
    none = shift(480, 540, 0b1111111, MONDAY, MONDAY)
    roster_of, plan, _ = weekly_plans(none, pd.Series(["other"]), days_in_force(none), WHOLE_DAY)
    day = cleaning_days(
        passes, np.array([100.0]), roster_of, plan, days_in_force(none), WHOLE_DAY
    ).iloc[0]
    assert (day["hours"], day["swept_m"], day["machine_m"], day["passes"]) == (1, 100, 100, 2)
    assert pd.isna(day["roster_hours"])


minutes = st.integers(0, DAY_MINUTES - 1)
shifts = st.lists(
    st.tuples(
        st.sampled_from("ST"), minutes, st.integers(1, DAY_MINUTES - 1), st.integers(1, 127),
        st.integers(0, 12), st.integers(0, 12),
    ),
    min_size=1,
    max_size=5,
)  # fmt: skip
spans = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 14 * DAY_MINUTES), st.integers(0, 1500)), max_size=6
)


@settings(max_examples=150)
@given(rows=shifts, done=spans, duty=st.tuples(st.integers(0, 23), st.integers(0, 24)))
def test_any_roster_and_passes_equal_sets_of_minutes(
    rows: list[tuple[str, int, int, int, int, int]],
    done: list[tuple[int, int, int]],
    duty: tuple[int, int],
) -> None:
    names, start, lasts, days, first, length = zip(*rows, strict=True)
    since = MONDAY + np.array(first)
    table = Shifts(
        np.array(names, dtype=object), np.array(start), np.array(start) + np.array(lasts),
        np.array(days), since, since + np.array(length), np.zeros(len(rows), dtype=bool),
    )  # fmt: skip
    rule = Rule(duty[0], duty[1], 1, 15, 24)
    in_force = days_in_force(table)
    roster_of, plan, weeks = weekly_plans(table, pd.Series(["S", "T"]), in_force, rule)
    piece = np.array([p for p, _, _ in done], dtype=np.int64)
    began = MONDAY * DAY_MS + 60_000 * np.array([m for _, m, _ in done], dtype=np.int64)
    ended = began + 60_000 * np.array([m for _, _, m in done], dtype=np.int64)
    ones = np.ones(len(done))
    passes = Passes(piece, began, ended, 0 * ones, ones, ones > 0, 2 + (0 * piece), 0 * piece)
    marts = cleaning_days(passes, np.ones(2), roster_of, plan, in_force, rule)

    def on_duty(minute: int) -> bool:
        low, high = 60 * duty[0], 60 * duty[1]
        return low <= minute < high if low < high else minute >= low or minute < high

    for number, name in enumerate("ST"):
        planned: set[int] = set()
        for row in rows:
            for day in range(row[4], row[4] + row[5] + 1):
                if row[0] == name and (row[3] >> (day % 7)) & 1:
                    begin = day * DAY_MINUTES + row[1]
                    planned |= set(range(begin, begin + row[2]))
        swept = {m for p, b, n in done if p == number for m in range(b, b + n)}
        for day in range(-1, 30):
            window = {
                m for m in range(day * DAY_MINUTES, (day + 1) * DAY_MINUTES) if on_duty(m % DAY_MINUTES)
            }
            is_known = any(a <= MONDAY + day <= b for a, b in in_force)
            when = date(2025, 3, 3) + timedelta(days=day)
            week = weeks[
                (weeks["roster_id"] == roster_of[number]) & (weeks["weekday"] == day % 7 + 1)
                & (weeks["first_date"] <= when) & (weeks["last_date"] >= when)
            ]  # fmt: skip
            assert len(week) == is_known
            if is_known:
                assert week["hours"].iloc[0] == pytest.approx(len(planned & window) / 60)
            found = marts[(marts["segment_no"] == number) & (marts["on_date"] == when)]
            if len(found):
                plan_here = planned if is_known else set()
                both = len((plan_here | swept) & window) / 60
                assert found["hours"].iloc[0] == pytest.approx(both)
                assert found["pass_hours"].iloc[0] == pytest.approx(len(swept & window) / 60)
            else:
                assert not swept & window
