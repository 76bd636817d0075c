"""The tiny county with a roster, a cleaning log and the tracks of a sweeper; and a slow oracle of it.

The oracle walks over lists of intervals, one segment and day at a time, from the core tables; only the
matched tracks it takes as they are (tests/geo/test_mapmatch.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from data.engine import DuckDBEngine
from tests.conftest import STREETS, County, collection, feature, lonlat, write_tiny_county

RECIPE = """
[[core_shift]]
files = ["shifts.csv"]
format = "csv"
columns = { source_segment_id = "路段", shift_name = "班次", weekdays = "星期", start_time = "起", \
end_time = "止", method = "方式", valid_from = "自", valid_to = "至" }

[[core_cleaning]]
files = ["log.csv"]
format = "csv"
columns = { cleaning_id = "号", source_segment_id = "路段", started_at = "起", ended_at = "止", \
method = "方式", vehicle_id = "车" }

[[core_fix]]
files = ["fixes.csv"]
format = "csv"
crs = "EPSG:4326"
columns = { vehicle_id = "车", fixed_at = "时", lon = "经", lat = "纬" }
"""
SHIFTS = """路段,班次,星期,起,止,方式,自,至
S1,早班,1234567,05:30,13:30,人工,2025-03-01,2025-03-10
S1,中班,1-5,12:30,20:30,人工,2025-03-01,2025-03-10
S1,机扫班,,04:00,06:00,机扫,2025-03-01,2025-03-10
S1,夜班,每天,22:30,01:30,机扫,2025-03-03,2025-03-08
S2,早班,周一至周六,6:00,11：00,人工,2025-03-01,2025-03-10
S3,早班,1234567,06:00,22:00,人工,2025-03-01,2025-03-06
S3,坏班,1234567,早上,22:00,人工,2025-03-01,2025-03-06
S4,早班,135,07:00,09:00,人工,,2025-03-10
"""
# The sweeper 甲 drives S1 (1,000 m) on three days, 200 m of S3 on one, and S4 too fast.
DRIVES = [
    ("甲", "2025-03-04 09:00:00", "S1", 0, 1000, 10.0),
    ("甲", "2025-03-05 09:00:00", "S1", 0, 700, 10.0),
    ("甲", "2025-03-05 15:00:00", "S3", 100, 300, 8.0),
    ("甲", "2025-03-06 09:00:00", "S4", 0, 500, 40.0),
    ("甲", "2025-03-12 23:55:00", "S1", 0, 1000, 6.0),  # ten minutes, over midnight
    ("甲", "2025-03-14 09:00:00", "S5", 0, 700, 10.0),
    ("乙", "2025-03-06 10:00:00", "S6", 0, 300, 5.0),
]
UNREACHED = {"S6"}


def worked_county(folder: Path, seed: int = 0) -> County:
    """Write it; log rows are random but for the first seven."""
    county = write_tiny_county(folder)
    streets = [
        feature(
            shapely.LineString(line),
            路段编号=name,
            路名=street,
            道路等级=road_class,
            机扫="否" if name in UNREACHED else "是",
        )
        for name, (street, road_class, line) in STREETS.items()
    ]
    county.write("streets.geojson", collection(streets))
    county.edit(
        "county.toml",
        'road_class = "道路等级"',
        'road_class = "道路等级", is_machine_sweepable = "机扫"',
    )
    county.write("county.toml", county.recipe.read_text("utf-8") + RECIPE)
    county.write("shifts.csv", SHIFTS)
    county.write("log.csv", "\n".join(["号,路段,起,止,方式,车", *_log(seed)]) + "\n")
    county.write("fixes.csv", "\n".join(["车,时,经,纬", *_fixes()]) + "\n")
    return county


def _log(seed: int) -> list[str]:
    rows = [
        "L1,S2,2025-03-02 06:30,2025-03-02 12:00,人工,",
        "L2,S2,2025-03-02 11:00,2025-03-02 12:30,人工,",
        "L3,S6,2025-03-02 08:00,,人工,",
        "L4,S6,2025-03-03 08:00,2025-03-03 10:00,收运,",
        "L5,S6,2025-03-04 08:00,2025-03-06 10:00,人工,",
        "L7,S1,2025-03-04 07:00,2025-03-04 08:00,人工,",
        "L6,S4,2025-03-11 22:00,2025-03-12 06:00,冲洗,",
    ]
    rng = np.random.default_rng(seed)
    for number in range(40):
        start = pd.Timestamp("2025-03-01") + pd.Timedelta(minutes=int(rng.integers(0, 13 * 1440)))
        end = start + pd.Timedelta(minutes=int(rng.integers(1, 600)))
        street = rng.choice(["S1", "S2", "S3", "S4", "S6"])
        method = rng.choice(["人工", "机扫", "收运", ""])
        until = f"{end:%Y-%m-%d %H:%M}" if rng.random() < 0.8 else ""
        rows.append(f"R{number},{street},{start:%Y-%m-%d %H:%M},{until},{method},")
    return rows


def _fixes() -> list[str]:
    rows = []
    for vehicle, began, street, since, until, kmh in DRIVES:
        line = shapely.LineString(STREETS[street][2])
        metres = np.arange(since, until + 0.001, min(25, until - since))
        for metre in metres:
            at = pd.Timestamp(began) + pd.Timedelta(seconds=(metre - since) / kmh * 3.6)
            point = line.interpolate(metre)
            lon, lat = lonlat(point.x, point.y)
            rows.append(f"{vehicle},{at:%Y-%m-%d %H:%M:%S},{lon},{lat}")
    # A device that is stuck, on a day on which 丙 might have swept.
    lon, lat = lonlat(300, 300)
    rows += [f"丙,2025-03-08 {hour:02d}:00:00,{lon},{lat}" for hour in range(8, 18)]
    return rows


@dataclass
class Day:
    """What the oracle says of one segment and day; None is unknown."""

    hours: float | None
    roster_hours: float | None
    pass_hours: float
    swept_m: float | None
    machine_m: float | None
    grade: str


Interval = tuple[float, float]


def union(intervals: list[Interval]) -> float:
    """Length of the union, by walking along it."""
    total, reached = 0.0, -np.inf
    for start, end in sorted(intervals):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total


class Oracle:
    """Answers from the core tables, slowly."""

    def __init__(
        self, engine: DuckDBEngine, duty: Interval = (5.0, 23.0), longest: float = 24.0
    ) -> None:
        self.duty, self.longest = duty, longest
        self.segments = engine.query("select * from core_segment").set_index("segment_id")
        self.shifts = engine.query("select * from core_shift")
        self.log = engine.query("select * from core_cleaning")
        self.tracks = engine.query("select * from mart_track")
        self.fixes = engine.query(
            "select vehicle_id, cast(fixed_at as date) d from core_fix "
            "group by 1, 2 having count(distinct lon) > 1"
        )

    def clip(self, start: pd.Timestamp, end: pd.Timestamp, day: date) -> list[Interval]:
        """Hours of the day, inside the duty window."""
        midnight = pd.Timestamp(day)
        low, high = ((at - midnight) / pd.Timedelta(hours=1) for at in (start, end))
        low, high = max(low, self.duty[0]), min(high, self.duty[1])
        return [(low, high)] if low < high else []

    def in_force(self, day: date) -> bool:
        """A roster without a first day counts from the first day of which the build has data."""
        if day < date(2025, 3, 1):
            return False
        ok = self.shifts["start_time"].str.match(r"\d")
        return any(
            (pd.isna(s.valid_from) or s.valid_from.date() <= day) and s.valid_to.date() >= day
            for s in self.shifts[ok].itertuples()
        )

    def planned(self, source: str, day: date, *, machine: bool = False) -> list[Interval]:
        found = []
        for s in self.shifts[self.shifts["source_segment_id"] == source].itertuples():
            if not s.start_time[0].isdigit() or (machine and s.method != "机扫"):
                continue
            for begin in (day - timedelta(days=1), day):
                if not pd.isna(s.valid_from) and begin < s.valid_from.date():
                    continue
                if begin > s.valid_to.date() or begin.isoweekday() not in weekdays(s.weekdays):
                    continue
                clock = [pd.Timedelta(f"{t.replace('：', ':')}:00") for t in (s.start_time, s.end_time)]
                over = pd.Timedelta(days=1) if clock[1] < clock[0] else pd.Timedelta(0)
                start, end = pd.Timestamp(begin) + clock[0], pd.Timestamp(begin) + clock[1] + over
                found += self.clip(start, end, day)
        return found

    def clock(self, segment_id: str, day: date) -> tuple[set[int], set[int]]:
        """Hours of the clock that passes and shifts that begin on the day touch."""
        source = self.segments.loc[segment_id, "source_segment_id"]
        passes: list[tuple[pd.Timestamp, pd.Timestamp]] = []
        for c in self.log[self.log["source_segment_id"] == source].itertuples():
            if c.method != "收运":
                lasts = (c.ended_at - c.started_at) / pd.Timedelta(hours=1)
                timed = 0 < lasts <= self.longest
                passes.append((c.started_at, c.ended_at if timed else c.started_at))
        mine = self.tracks[(self.tracks["segment_id"] == segment_id) & self.tracks["is_work"]]
        passes += zip(mine["entered_at"], mine["left_at"], strict=True)
        shifts = []
        for s in self.shifts[self.shifts["source_segment_id"] == source].itertuples():
            first = date(2025, 3, 1) if pd.isna(s.valid_from) else s.valid_from.date()
            if not s.start_time[0].isdigit() or not first <= day <= s.valid_to.date():
                continue
            if day.isoweekday() in weekdays(s.weekdays):
                clock = [pd.Timedelta(f"{t.replace('：', ':')}:00") for t in (s.start_time, s.end_time)]
                over = pd.Timedelta(days=1) if clock[1] < clock[0] else pd.Timedelta(0)
                shifts.append((pd.Timestamp(day) + clock[0], pd.Timestamp(day) + clock[1] + over))
        passes = [(start, end) for start, end in passes if start.date() == day]
        return _hours_touched(passes), _hours_touched(shifts)

    def usual(self, segment_id: str) -> str:
        """The source that swept most metres."""
        length = self.segments.loc[segment_id, "length_m"]
        source = self.segments.loc[segment_id, "source_segment_id"]
        metres: dict[str, float] = {}
        for c in self.log[self.log["source_segment_id"] == source].itertuples():
            if c.method != "收运":
                metres["log"] = metres.get("log", 0) + length
        for t in self.tracks[
            (self.tracks["segment_id"] == segment_id) & self.tracks["is_work"]
        ].itertuples():
            key = f"gps:{t.vehicle_id}"
            metres[key] = metres.get(key, 0) + t.to_m - t.from_m
        return max(metres, key=lambda k: (metres[k], k == "log")) if metres else "any"

    def has_data(self, source: str, day: date) -> bool:
        logged = bool((self.log["started_at"].dt.date == day).any())
        fixed = self.fixes[self.fixes["d"].dt.date == day]["vehicle_id"]
        if source == "any":
            return logged or len(fixed) > 0
        return logged if source == "log" else source.removeprefix("gps:") in set(fixed)

    def day(self, segment_id: str, day: date) -> Day:
        segment = self.segments.loc[segment_id]
        hours: list[Interval] = []
        swept: list[Interval] = []
        by_machine: list[Interval] = []
        grades: set[str] = set()
        for c in self.log[self.log["source_segment_id"] == segment["source_segment_id"]].itertuples():
            if c.method == "收运":
                continue
            timed = (
                not pd.isna(c.ended_at)
                and 0 < (c.ended_at - c.started_at) / pd.Timedelta(hours=1) <= self.longest
            )
            inside = self.clip(c.started_at, c.ended_at, day) if timed else []
            hours += inside
            if c.started_at.date() == day:
                swept.append((0, segment["length_m"]))
                if c.method in ("机扫", "冲洗") or not pd.isna(c.vehicle_id):
                    by_machine.append((0, segment["length_m"]))
            if inside or c.started_at.date() == day:
                grades.add("B" if timed else "C")
        mine = self.tracks[(self.tracks["segment_id"] == segment_id) & self.tracks["is_work"]]
        for t in mine.itertuples():
            inside = self.clip(t.entered_at, t.left_at, day)
            hours += inside
            if t.entered_at.date() == day:
                swept.append((t.from_m, t.to_m))
                by_machine.append((t.from_m, t.to_m))
            if inside or t.entered_at.date() == day:
                grades.add("A")
        plan = self.planned(segment["source_segment_id"], day)
        under_roster, passed = self.in_force(day), bool(grades)
        seen = passed or self.has_data(self.usual(segment_id), day)
        if under_roster and union(plan) > 0:
            grades.add("D")
        return Day(
            union(hours + (plan if under_roster else [])) if under_roster or seen else None,
            union(plan) if under_roster else None,
            union(hours),
            min(union(swept), segment["length_m"]) if seen else None,
            min(union(by_machine), segment["length_m"]) if seen else None,
            min(grades, default=""),
        )


def _hours_touched(intervals: list[tuple[pd.Timestamp, pd.Timestamp]]) -> set[int]:
    """By going on to each full hour; the end itself is no part of an interval."""
    hours: set[int] = set()
    for start, end in intervals:
        hours.add(start.hour)
        step = start.floor("h") + pd.Timedelta(hours=1)
        while step < end:
            hours.add(step.hour)
            step += pd.Timedelta(hours=1)
    return hours


def weekdays(text: object) -> set[int]:
    """The weekdays of SHIFTS' own ways of writing."""
    known = {"1-5": range(1, 6), "周一至周六": range(1, 7), "135": (1, 3, 5)}
    return set(known.get(str(text), range(1, 8)))
