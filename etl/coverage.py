"""Cleaning coverage: rosters, logs and GPS tracks become the marts that the coverage views read.

A roster is a plan: it gives hours (grade D) and never a swept metre. A log entry sweeps its whole
segment; with both times it is grade B and gives hours, else C and gives none. A matched GPS track at
work speed is grade A. Everything is unions of intervals, for each piece of street and local day.
docs/adr/0010-coverage-marts.md says why the tables are cut as they are.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.standards import cleaning_methods, threshold
from etl.recipe import Recipe
from etl.transform import Findings
from geo.coverage import DAY_MS, clock_hours, duty_parts, union_lengths
from geo.crs import LONLAT, transform_xy
from geo.mapmatch import MODEL, Intervals, match_tracks
from geo.network import build_network, network_reach

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Geometries = npt.NDArray[np.object_]

FIRST_DAY, LAST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31, days since 1970
DAY_MINUTES = 1440
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
EVERY_DAY = 0b1111111  # bit 0 is Monday
GRADES = np.array(["", "C", "B", "A"], dtype=object)
CLOCK = re.compile(r"^(\d{1,2})[:时点.](\d{1,2})?")
WEEKDAY_WORDS = str.maketrans("一二三四五六日天", "12345677")
REACH_GAPS = 1.5  # ways are looked up as far as this many of the model's longest gaps


@dataclass(frozen=True)
class Rule:
    """Settings of the marts; a copy stands in the build."""

    duty_from: float
    duty_to: float
    work_from_kmh: float
    work_to_kmh: float
    longest_pass_hours: float

    @property
    def duty_ms(self) -> tuple[int, int]:
        """Begin and end of the duty window, milliseconds of the day."""
        return round(self.duty_from * HOUR_MS), round(self.duty_to * HOUR_MS)


class Shifts(NamedTuple):
    """Roster rows, typed; one row a shift and source segment."""

    source_segment_id: npt.NDArray[np.object_]
    start: Ints  # minute of the day
    end: Ints  # above start; beyond 1440 on the next day
    weekdays: Ints  # bits
    first: Ints  # day on which it begins first and last, since 1970
    last: Ints
    is_machine: Bools


class Plan(NamedTuple):
    """Intervals of the rosters, ordered by roster and era; one row an interval of a weekday."""

    roster: Ints
    first: Ints  # days of the era
    last: Ints
    weekday: Ints  # 1 (Monday) to 7
    start_ms: Ints  # inside the duty window
    end_ms: Ints
    is_machine: Bools


class Week(NamedTuple):
    """One roster's hours from `first` to `last` (days since 1970)."""

    roster: int
    first: int
    last: int
    hours: Floats  # shape (2, 7): of all shifts and of those with a machine, Monday first
    clock_hours: Ints  # shape (7,): bits of the hours in which shifts that begin on the day are at work


class Passes(NamedTuple):
    """What was done where and when, by log or track; one row a pass and piece."""

    piece: Ints
    start_ms: Ints  # since 1970, local
    end_ms: Ints  # start_ms where the end is not known: no duration
    from_m: Floats
    to_m: Floats
    is_machine: Bools
    grade: Ints  # index of GRADES
    source: Ints  # index of the sources' names


def build_coverage(
    tables: dict[str, pd.DataFrame],
    lines: Geometries,
    recipe: Recipe,
    now: datetime,
    findings: Findings,
) -> dict[str, pd.DataFrame]:
    """The coverage marts of core_segment (whose lines are `lines`), core_shift, _cleaning and _fix."""
    rule = coverage_rule(recipe)
    segments = tables["core_segment"]
    shifts = read_shifts(tables["core_shift"], findings)
    in_force = days_in_force(shifts)
    roster_of, plan, rosters = weekly_plans(shifts, segments["source_segment_id"], in_force, rule)

    driven = match_fixes(tables["core_fix"], lines, recipe, rule, findings)
    source_days, sources = days_with_data(tables["core_cleaning"], tables["core_fix"], findings)
    logged = log_passes(tables["core_cleaning"], segments, sources, rule, findings)
    passes = join_passes(logged, track_passes(driven, sources))
    usual = usual_sources(passes, len(segments), len(sources))
    days = cleaning_days(passes, segments["length_m"].to_numpy(float), roster_of, plan, in_force, rule)
    names = np.array([*sources, "any"], dtype=object)
    has_data = set(zip(source_days["source"], source_days["on_date"], strict=True))
    days["is_usual_seen"] = [
        key in has_data
        for key in zip(names[usual[days["segment_no"].to_numpy(int)]], days["on_date"], strict=True)
    ]
    segment_ids = segments["segment_id"].to_numpy(object)
    has_roster = len(shifts.start) > 0
    return {
        "mart_day": calendar(tables, source_days, in_force, now.date()),
        "mart_segment": pd.DataFrame(
            {
                "segment_id": segment_ids,
                "segment_no": np.arange(len(segments)),
                "roster_id": pd.array(roster_of if has_roster else [None] * len(segments), "Int64"),
                "usual_source": names[usual],
            }
        ),
        "mart_roster": rosters,
        "mart_cleaning_day": days,
        "mart_source_day": source_days,
        "mart_track": pd.DataFrame(
            {
                "vehicle_id": driven.track,
                "segment_id": segment_ids[driven.line],
                "entered_at": driven.entered_at,
                "left_at": driven.left_at,
                "from_m": driven.from_m,
                "to_m": driven.to_m,
                "is_work": driven.is_work,
            }
        ),
        "mart_coverage_rule": pd.DataFrame([vars(rule)]),
    }


def coverage_rule(recipe: Recipe) -> Rule:
    """The thresholds, and the work speed of the recipe's own machines where it says one."""
    speeds = recipe.work_kmh or (threshold("work_from_kmh"), threshold("work_to_kmh"))
    return Rule(threshold("duty_from"), threshold("duty_to"), *speeds, threshold("longest_pass_hours"))


def read_shifts(shift: pd.DataFrame, findings: Findings) -> Shifts:
    """core_shift typed; what cannot be read is counted.

    A shift that ends earlier than it starts ends on the next day; valid_from and valid_to are the first
    and the last day on which it begins. No weekdays: every day.
    """
    start, end = (
        shift[c].astype(object).map(_unique(shift[c], minute_of)).to_numpy(float)
        for c in ("start_time", "end_time")
    )
    readable = np.isfinite(start) & np.isfinite(end) & (start != end) & (start < DAY_MINUTES)
    findings.add("core_shift", "unreadable_shift", (~readable).sum())
    weekdays = (
        shift["weekdays"].astype(object).map(_unique(shift["weekdays"], weekday_bits)).to_numpy(float)
    )
    blank = shift["weekdays"].isna().to_numpy()
    findings.add("core_shift", "unreadable_weekdays", (~blank & np.isnan(weekdays)).sum())
    weekdays = np.where(np.isnan(weekdays), EVERY_DAY, weekdays)
    _, is_machine = _methods("core_shift", shift, findings)
    end = np.where(end < start, end + DAY_MINUTES, end)
    return Shifts(
        shift["source_segment_id"].to_numpy(object)[readable],
        start[readable].astype(np.int64),
        end[readable].astype(np.int64),
        weekdays[readable].astype(np.int64),
        _days(shift["valid_from"], FIRST_DAY)[readable],
        _days(shift["valid_to"], LAST_DAY)[readable],
        is_machine[readable],
    )


def _unique(values: pd.Series, read: object) -> dict[object, float]:
    """Reading of each distinct text; a roster has few."""
    return {text: read(str(text)) for text in values.dropna().unique()}  # type: ignore[operator]


def minute_of(text: str) -> float:
    """Minute of the day of 05:30, 5：30, 5时30分 or 24:00; NaN if it is none."""
    match = CLOCK.match(unicodedata.normalize("NFKC", text).strip())
    if not match:
        return np.nan
    minute = 60 * int(match[1]) + int(match[2] or 0)
    return float(minute) if minute <= DAY_MINUTES and int(match[2] or 0) < 60 else np.nan


def weekday_bits(text: str) -> float:
    """135, 1-5, 周一至周五, 每天 -> bits of the days, Monday lowest; NaN if none can be read."""
    text = unicodedata.normalize("NFKC", text)
    if "每" in text:
        return EVERY_DAY
    digits = text.translate(WEEKDAY_WORDS)
    digits = re.sub(r"[周星期礼拜\s]", "", digits)
    bits = 0
    for first, last in re.findall(r"([1-7])(?:[-–—~至到]([1-7]))?", digits):
        for day in range(int(first), int(last or first) + 1):
            bits |= 1 << (day - 1)
    return float(bits) if bits else np.nan


def _days(dates: pd.Series, missing: int) -> Ints:
    days = pd.to_datetime(dates).to_numpy("datetime64[D]")
    return np.where(np.isnat(days), missing, days.astype(np.int64))


def _methods(table: str, frame: pd.DataFrame, findings: Findings) -> tuple[Bools, Bools]:
    """Whether each row sweeps, and whether a machine does it."""
    known = cleaning_methods()
    method = frame["method"].astype(object)
    lost = method.notna() & ~method.isin(known)
    findings.add(table, "unknown_method", lost.sum(), ", ".join(method[lost].unique()[:3]))
    sweeps = {name: known[name].is_sweeping for name in known}
    machine = {name: known[name].is_machine for name in known}
    is_sweeping = method.map(sweeps).fillna(value=True).to_numpy(bool)
    return is_sweeping, method.map(machine).fillna(value=False).to_numpy(bool)


def days_in_force(shifts: Shifts) -> list[tuple[int, int]]:
    """First and last days of the stretches of time in which the county has a roster, in order."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(set(zip(shifts.first.tolist(), shifts.last.tolist(), strict=True))):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def weekly_plans(
    shifts: Shifts, source_segment_id: pd.Series, in_force: list[tuple[int, int]], rule: Rule
) -> tuple[Ints, Plan, pd.DataFrame]:
    """The pattern of shifts of each piece of street, the patterns' intervals, and mart_roster.

    Segments with the same shifts share a pattern; one without any has a pattern of no hours, because a
    roster that is in force and leaves a street out plans no cleaning there.
    """
    distinct = np.unique(np.stack([*shifts[1:]]).astype(np.int64), axis=1, return_inverse=True)
    rows, row_of = distinct[0], distinct[1].ravel()
    by_segment: dict[object, set[int]] = {}
    for name, row in zip(shifts.source_segment_id, row_of.tolist(), strict=True):
        by_segment.setdefault(name, set()).add(row)
    number_of: dict[tuple[int, ...], int] = {}
    roster_of = np.array(
        [
            number_of.setdefault(tuple(sorted(by_segment.get(name, ()))), len(number_of))
            for name in source_segment_id
        ],
        dtype=np.int64,
    )
    found = []
    for pattern, roster in number_of.items():
        own = rows[:, list(pattern)]
        for first, last in _eras(own, in_force):
            found.append(_week(own, roster, first, last, rule))
    plan = Plan(*(np.concatenate(c) for c in zip(_NO_PLAN, *[p for p, _ in found], strict=True)))
    weeks = [week for _, week in found]
    return roster_of, plan, _merged_weeks(weeks)


_NONE = np.empty(0, dtype=np.int64)
_NO_PLAN = Plan(_NONE, _NONE, _NONE, _NONE, _NONE, _NONE, np.empty(0, dtype=bool))


def _eras(rows: Ints, in_force: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """First and last days between which the same rows hold, and their tails after midnight too."""
    _, end, _, first, last, _ = rows
    overnight = (end > DAY_MINUTES).astype(np.int64)
    begins = {*first.tolist(), *(last + 1).tolist()}
    begins |= {*(first + overnight).tolist(), *(last + 1 + overnight).tolist()}
    eras = []
    for begin, until in in_force:
        edges = sorted({begin, *(b for b in begins if begin < b <= until), until + 1})
        eras += [(edge, after - 1) for edge, after in pairwise(edges)]
    return eras


def _week(rows: Ints, roster: int, first: int, last: int, rule: Rule) -> tuple[Plan, Week]:
    """Intervals of one era inside the duty window, by weekday; and its row of hours."""
    start, end, weekdays, since, until, machine = rows
    held = (since <= first) & (last <= until)
    tail = (end > DAY_MINUTES) & (since + 1 <= first) & (last <= until + 1)
    opens, closes = rule.duty_ms
    parts = []
    hours, clock = np.zeros((2, 7)), np.zeros(7, dtype=np.int64)
    touched = clock_hours(start * MINUTE_MS, end * MINUTE_MS)
    for weekday in range(1, 8):
        own = held & ((weekdays >> (weekday - 1)) & 1 == 1)
        clock[weekday - 1] = np.bitwise_or.reduce(touched[own])
        late = tail & ((weekdays >> ((weekday - 2) % 7)) & 1 == 1)
        came = np.concatenate([start[own], np.zeros(late.sum(), dtype=np.int64)]) * MINUTE_MS
        left = np.concatenate([np.minimum(end[own], DAY_MINUTES), end[late] - DAY_MINUTES]) * MINUTE_MS
        by_machine = np.concatenate([machine[own], machine[late]]).astype(bool)
        part = duty_parts(came, left, np.full(len(came), opens), np.full(len(came), closes))
        by_machine = by_machine[part.row]
        key = np.zeros(len(part.row), dtype=np.int64)
        for number, which in enumerate((np.ones(len(key), dtype=bool), by_machine)):
            ms = union_lengths(key[which], part.start_ms[which], part.end_ms[which], 1)
            hours[number, weekday - 1] = ms[0] / HOUR_MS
        ids = np.full(len(key), roster)
        era = np.full(len(key), first), np.full(len(key), last)
        days = np.full(len(key), weekday)
        parts.append(Plan(ids, *era, days, part.start_ms, part.end_ms, by_machine))
    plan = Plan(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    return plan, Week(roster, first, last, hours, clock)


def _merged_weeks(weeks: list[Week]) -> pd.DataFrame:
    """mart_roster: eras that follow one another with the same hours are one."""
    merged: list[Week] = []
    for week in weeks:
        before = merged[-1] if merged else None
        goes_on = before and before.roster == week.roster and before.last + 1 == week.first
        if (
            before
            and goes_on
            and np.array_equal(before.hours, week.hours)
            and np.array_equal(before.clock_hours, week.clock_hours)
        ):
            merged[-1] = before._replace(last=week.last)
        else:
            merged.append(week)
    rows = [
        (
            *(week.roster, week.first, week.last, day + 1),
            *(week.hours[0, day], week.hours[1, day], week.clock_hours[day]),
        )
        for week in merged
        for day in range(7)
    ]
    columns = ["roster_id", "first_date", "last_date", "weekday"]
    columns += ["hours", "machine_hours", "clock_hours"]
    frame = pd.DataFrame(rows, columns=columns)
    for column in ("first_date", "last_date"):
        frame[column] = _dates(frame[column].to_numpy(np.int64))
    return frame


def _dates(days: Ints) -> npt.NDArray[np.object_]:
    """Dates of days since 1970; pandas' own times would not hold the year 1."""
    found: npt.NDArray[np.object_] = days.astype("datetime64[D]").astype(object)
    return found


def days_with_data(
    log: pd.DataFrame, fix: pd.DataFrame, findings: Findings
) -> tuple[pd.DataFrame, list[str]]:
    """mart_source_day, and the names of the sources: log first, then machines by id.

    A device that says one place all day is parked or stuck, which cannot be told apart: no data.
    """
    logged = pd.DataFrame({"source": "log", "on_date": log["started_at"].dt.normalize()})
    fixed = pd.DataFrame(
        {
            "source": "gps:" + fix["vehicle_id"].astype(object),
            "on_date": fix["fixed_at"].dt.normalize(),
            "lon": fix["lon"].to_numpy(float),
            "lat": fix["lat"].to_numpy(float),
        }
    )
    sources = ["log", *sorted(fixed["source"].unique())]
    keys = ["source", "on_date"]
    of_log = logged.groupby(keys, as_index=False).size()
    places = fixed.groupby(keys).agg(
        size=("lon", "size"), west=("lon", "min"), east=("lon", "max"),
        south=("lat", "min"), north=("lat", "max"),
    )  # fmt: skip
    moves = (places["east"] > places["west"]) | (places["north"] > places["south"])
    findings.add("core_fix", "stuck_device", (~moves).sum())
    of_machines = places.loc[moves, ["size"]].reset_index()
    counts = pd.concat([of_log, of_machines], ignore_index=True)
    total = counts.groupby("on_date", as_index=False)["size"].sum().assign(source="any")
    every = pd.concat([counts, total], ignore_index=True).rename(columns={"size": "records"})
    every["on_date"] = pd.to_datetime(every["on_date"]).dt.date
    return every[["source", "on_date", "records"]], sources


def log_passes(
    log: pd.DataFrame, segments: pd.DataFrame, sources: list[str], rule: Rule, findings: Findings
) -> Passes:
    """The log's entries that sweep, on every piece of their segment.

    Without an end, or with one that is not believable, an entry has no duration: it sweeps, and covers
    no hours.
    """
    is_sweeping, by_machine = _methods("core_cleaning", log, findings)
    start = _milliseconds(log["started_at"])
    end = _milliseconds(log["ended_at"].fillna(log["started_at"]))
    timed = (end > start) & (end - start <= rule.longest_pass_hours * HOUR_MS)
    findings.add("core_cleaning", "no_end", (~timed & is_sweeping).sum())
    rows = pd.DataFrame(
        {
            "source_segment_id": log["source_segment_id"].astype(object),
            "start": start,
            "end": np.where(timed, end, start),
            "is_machine": by_machine | log["vehicle_id"].notna().to_numpy(),
            "grade": np.where(timed, 2, 1),
        }
    )[is_sweeping]
    pieces = pd.DataFrame(
        {
            "source_segment_id": segments["source_segment_id"].astype(object),
            "piece": np.arange(len(segments)),
            "length_m": segments["length_m"].to_numpy(float),
        }
    )
    joined = rows.merge(pieces, on="source_segment_id")
    return Passes(
        joined["piece"].to_numpy(np.int64),
        joined["start"].to_numpy(np.int64),
        joined["end"].to_numpy(np.int64),
        np.zeros(len(joined)),
        joined["length_m"].to_numpy(float),
        joined["is_machine"].to_numpy(bool),
        joined["grade"].to_numpy(np.int64),
        np.full(len(joined), sources.index("log")),
    )


def _milliseconds(times: pd.Series) -> Ints:
    since_1970: Ints = times.to_numpy("datetime64[ms]").astype(np.int64)
    return since_1970


def match_fixes(
    fix: pd.DataFrame, lines: Geometries, recipe: Recipe, rule: Rule, findings: Findings
) -> Intervals:
    """Stretches that machines drove, on the pieces of core_segment.

    The network is drawn from the pieces: those of one street meet where the grid border cuts it, so
    that ways lead on, and an interval is of one piece already.
    """
    model = replace(MODEL, work_kmh=(rule.work_from_kmh, rule.work_to_kmh))
    if fix.empty or not len(lines):
        fix = fix.iloc[:0]
        lines = lines[:0]
    network = build_network(lines)
    reach = network_reach(network, REACH_GAPS * model.gap_m)
    x, y = transform_xy(
        fix["lon"].to_numpy(float), fix["lat"].to_numpy(float), LONLAT, recipe.compute_crs
    )
    matched, driven = match_tracks(
        network,
        reach,
        fix["vehicle_id"].to_numpy(str),
        fix["fixed_at"].to_numpy("datetime64[ms]"),
        x,
        y,
        model,
    )
    findings.add("core_fix", "unmatched_fix", (matched.line < 0).sum())
    return driven


def track_passes(driven: Intervals, sources: list[str]) -> Passes:
    """The stretches driven at work speed; whoever carries a device counts as a machine."""
    source_of = {name: number for number, name in enumerate(sources)}
    work = np.flatnonzero(driven.is_work)
    return Passes(
        driven.line[work].astype(np.int64),
        driven.entered_at[work].astype("datetime64[ms]").astype(np.int64),
        driven.left_at[work].astype("datetime64[ms]").astype(np.int64),
        driven.from_m[work],
        driven.to_m[work],
        np.ones(len(work), dtype=bool),
        np.full(len(work), 3),
        np.array([source_of[f"gps:{name}"] for name in driven.track[work]], dtype=np.int64),
    )


def join_passes(one: Passes, other: Passes) -> Passes:
    """Both."""
    return Passes(*(np.concatenate(columns) for columns in zip(one, other, strict=True)))


def usual_sources(passes: Passes, pieces: int, sources: int) -> Ints:
    """The source that swept most metres of each piece; `sources` where none did. Ties: the first."""
    metres = passes.to_m - passes.from_m
    frame = pd.DataFrame({"piece": passes.piece, "source": passes.source, "metres": metres})
    sums = frame.groupby(["piece", "source"], as_index=False)["metres"].sum()
    most = sums.sort_values(["piece", "metres", "source"], ascending=[True, False, True])
    most = most.drop_duplicates("piece")
    usual = np.full(pieces, sources)
    usual[most["piece"].to_numpy(int)] = most["source"].to_numpy(int)
    return usual


def cleaning_days(
    passes: Passes,
    length_m: Floats,
    roster_of: Ints,
    plan: Plan,
    in_force: list[tuple[int, int]],
    rule: Rule,
) -> pd.DataFrame:
    """mart_cleaning_day but for is_usual_seen: the unions of each piece's day, ordered by day.

    A pass sweeps on the day on which it begins; its hours count on each day they fall on.
    """
    opens, closes = (np.full(len(passes.piece), ms) for ms in rule.duty_ms)
    part = duty_parts(passes.start_ms, passes.end_ms, opens, closes)
    began = passes.start_ms // DAY_MS
    of_day = (np.concatenate([passes.piece, passes.piece[part.row]]) << 32) + (
        np.concatenate([began, part.day]) - FIRST_DAY
    )
    keys, key = np.unique(of_day, return_inverse=True)
    swept_key, part_key = key[: len(began)], key[len(began) :]
    piece, day = keys >> 32, (keys & 0xFFFFFFFF) + FIRST_DAY
    count = len(keys)

    swept = union_lengths(swept_key, passes.from_m, passes.to_m, count)
    machine = np.flatnonzero(passes.is_machine)
    by_machine = union_lengths(swept_key[machine], passes.from_m[machine], passes.to_m[machine], count)
    pass_hours = union_lengths(part_key, part.start_ms, part.end_ms, count) / HOUR_MS

    on_duty, start_ms, end_ms = _planned(roster_of[piece], day, plan)
    roster_hours = union_lengths(on_duty, start_ms, end_ms, count) / HOUR_MS
    hours = union_lengths(
        np.concatenate([part_key, on_duty]),
        np.concatenate([part.start_ms, start_ms]),
        np.concatenate([part.end_ms, end_ms]),
        count,
    )
    grade = np.zeros(count, dtype=np.int64)
    np.maximum.at(grade, swept_key, passes.grade)
    np.maximum.at(grade, part_key, passes.grade[part.row])
    clock = np.zeros(count, dtype=np.int64)
    np.bitwise_or.at(clock, swept_key, clock_hours(passes.start_ms, passes.end_ms))
    frame = pd.DataFrame(
        {
            "segment_no": piece,
            "on_date": _dates(day),
            "grade": GRADES[grade],
            "passes": np.bincount(swept_key, minlength=count),
            "hours": hours / HOUR_MS,
            "pass_hours": pass_hours,
            "roster_hours": pd.array(roster_hours, "Float64"),
            "swept_m": np.minimum(swept, length_m[piece]),
            "machine_m": np.minimum(by_machine, length_m[piece]),
            "clock_hours": clock,
        }
    )
    frame.loc[~_within(day, in_force), "roster_hours"] = pd.NA
    # By day, because views read periods.
    return frame.iloc[np.lexsort((piece, day))].reset_index(drop=True)


def _within(day: Ints, stretches: list[tuple[int, int]]) -> Bools:
    inside = np.zeros(len(day), dtype=bool)
    for first, last in stretches:
        inside |= (day >= first) & (day <= last)
    return inside


def _planned(roster: Ints, day: Ints, plan: Plan) -> tuple[Ints, Ints, Ints]:
    """The planned intervals of each (roster, day): which of them, begin and end since 1970.

    Few different rosters share many days, so each of their days is looked up once.
    """
    pairs, pair_of = np.unique((roster << 32) + (day - FIRST_DAY), return_inverse=True)
    wanted = pd.DataFrame(
        {
            "pair": np.arange(len(pairs)),
            "roster": pairs >> 32,
            "day": (pairs & 0xFFFFFFFF) + FIRST_DAY,
        }
    )
    wanted["weekday"] = (wanted["day"] + 3) % 7 + 1  # 1970-01-01 was a Thursday
    planned = pd.DataFrame(plan._asdict())
    found = wanted.merge(planned, on=["roster", "weekday"])
    found = found[(found["first"] <= found["day"]) & (found["day"] <= found["last"])]
    found = found.sort_values("pair", kind="stable")
    number = found["pair"].to_numpy(np.int64)
    begins = np.searchsorted(number, np.arange(len(pairs) + 1))
    counts = np.diff(begins)[pair_of]
    which = np.repeat(np.arange(len(roster)), counts)
    nth = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    row = begins[pair_of][which] + nth
    midnight = day[which] * DAY_MS
    start, end = (found[name].to_numpy(np.int64)[row] for name in ("start_ms", "end_ms"))
    return which, midnight + start, midnight + end


def calendar(
    tables: dict[str, pd.DataFrame],
    source_days: pd.DataFrame,
    in_force: list[tuple[int, int]],
    today: date,
) -> pd.DataFrame:
    """mart_day: from the first to the last day of roster, passes or issues; today is not over yet."""
    issued = tables["core_issue"]["reported_at"].dropna().to_numpy("datetime64[D]").astype(np.int64)
    seen = source_days["on_date"].to_numpy("datetime64[D]").astype(np.int64)
    known = np.concatenate([issued, seen])
    known = np.append(known, [day for era in in_force for day in era if FIRST_DAY < day < LAST_DAY])
    yesterday = int(np.datetime64(today, "D").astype(np.int64)) - 1
    if any(last == LAST_DAY for _, last in in_force):
        known = np.append(known, yesterday)
    first = int(known.min()) if len(known) else yesterday + 1
    day = np.arange(first, min(int(known.max(initial=first)), yesterday) + 1)
    return pd.DataFrame(
        {
            "on_date": _dates(day),
            "weekday": (day + 3) % 7 + 1,
            "has_roster": _within(day, in_force),
        }
    )
