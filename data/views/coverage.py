"""Cleaning coverage (保洁覆盖): hours against the standard, what was swept, and on what evidence.

Grades: A matched GPS track, B log with both times, C log without an end, D roster only. A roster is a
plan: it gives hours and no swept metre. Where nothing is known of a day it stands in no denominator.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from data.engine import Engine
from data.filters import Filters
from data.settings import settings
from data.standards import road_classes, threshold
from geo.bands import band_edges, band_of
from geo.network import build_network
from geo.route import ends_apart, walking_order

Floats = npt.NDArray[np.float64]

GRADES = ("A", "B", "C", "D", "")  # best evidence first; "": nothing is planned or known to be done
SHARES = {  # share -> numerator and denominator, both in km days
    "coverage_share": ("covered_km_days", "standard_km_days"),
    "met_share": ("met_km_days", "standard_km_days"),
    "swept_share": ("swept_km_days", "seen_km_days"),
    "mechanised_share": ("machine_km_days", "reachable_km_days"),
    "planned_machine_share": ("planned_machine_km_days", "planned_reachable_km_days"),
}
SUMS = (
    "street_km", "no_standard_km", "reachable_km", "unknown_reach_km",
    *dict.fromkeys(c for pair in SHARES.values() for c in pair),
    "hours_owed", "hours_required", "unknown_km_days", "unseen_km_days",
    "a_km_days", "b_km_days", "c_km_days", "d_km_days", "none_km_days",
)  # fmt: skip


SHARE_EDGES = (0.2, 0.4, 0.6, 0.8)  # of the bands of a map: fifths of the standard's hours
SINCE_EDGES = (2, 4, 8, 15)  # days: today and yesterday, to 3, to 7, to 14, longer
LACKS = ("idle", "unswept", "short")  # what a street may lack: see `uncovered_streets`


def standard_hours(engine: Engine) -> pd.DataFrame:
    """Hours of cleaning a day by edition and road class: edition, scope, hours, is_verified, source.

    Editions contradict each other (16 h or 12 h of a main road), so a page shows them all.
    """
    return engine.select("standard_hours")


def coverage_rule(engine: Engine) -> pd.Series:
    """What the marts were made with (duty window, work speed) and the days they tell of."""
    return engine.select("coverage_rule").iloc[0]


@dataclass(frozen=True)
class Known:
    """Of which days of a period the cleaning data tells, and of which days it tells at all.

    filters  the period asked for or, if nothing is known of any of its days, the one of the same length
             that ends with the last day of the data
    first_roster … last_evidence  of the whole data; None where the build has none
    roster_days, evidence_days    of the days of filters
    is_asked  whether filters is the period asked for
    """

    filters: Filters
    first_roster: date | None
    last_roster: date | None
    first_evidence: date | None
    last_evidence: date | None
    roster_days: int
    evidence_days: int
    is_asked: bool

    @property
    def has_data(self) -> bool:
        """Whether the build knows anything of cleaning."""
        return self.first_roster is not None or self.first_evidence is not None


def coverage_known(engine: Engine, filters: Filters) -> Known:
    """The period that coverage can be shown for: roster and work reach other days than the issues."""
    rule = coverage_rule(engine)
    first_roster, last_roster, first_evidence, last_evidence = (
        None if pd.isna(rule[name]) else rule[name].date()
        for name in ("first_roster", "last_roster", "first_evidence", "last_evidence")
    )
    last = last_evidence or last_roster
    roster_days, evidence_days = _known_days(engine, filters)
    is_asked = roster_days + evidence_days > 0 or last is None
    if last and not is_asked:
        until = last + timedelta(days=1)
        filters = filters.between(until - timedelta(days=filters.days), until)
        roster_days, evidence_days = _known_days(engine, filters)
    return Known(
        filters,
        first_roster,
        last_roster,
        first_evidence,
        last_evidence,
        roster_days,
        evidence_days,
        is_asked,
    )


def _known_days(engine: Engine, filters: Filters) -> tuple[int, int]:
    row = engine.select("coverage_days", since=filters.since, until=filters.until).iloc[0]
    return int(row["roster_days"]), int(row["evidence_days"])


def coverage_by_segment(engine: Engine, filters: Filters, edition: str = "") -> pd.DataFrame:
    """Hours and sweeping of each piece of street, of the chosen grid or all; most owed first.

    columns  segment_id, source_segment_id, street_name, road_class, grid_id, is_machine_sweepable,
             length_m, roster_id, usual_source, standard_hours (NaN: the edition has none),
             known_days (denominator of the hours), covered_hours, pass_hours (of passes alone),
             hours_a_day, covered_days / known_days = coverage_share, met_days, owed_hours,
             hours_owed (km h: owed_hours times kilometres),
             seen_days (denominator of swept), pass_days, swept_length_days / seen_days = swept_share,
             swept_days, machine_days, planned_machine_days, a_days … d_days, grade, last_swept, state.
    state    shown; no_standard; unknown: no roster and no data of its usual source on any day.
    grade    the one of most days of the period; "" where none has evidence or plan; ties: the weaker.
    """
    frame = _segments(engine, filters, edition)
    last = engine.select(
        "last_swept",
        until=filters.until,
        grid_id=filters.grid_id,
        swept_share=threshold("swept_least_share"),
    )
    frame = frame.merge(last, on="segment_id", how="left")
    known, seen = frame["known_days"].to_numpy(float), frame["seen_days"].to_numpy(float)
    frame["hours_a_day"] = _ratio(frame["covered_hours"], known)
    frame["coverage_share"] = _ratio(frame["covered_days"], known)
    frame["swept_share"] = _ratio(frame["swept_length_days"], seen)
    frame["grade"] = _main_grade(frame, "days")
    frame["state"] = np.select(
        [known == 0, frame["standard_hours"].isna()], ["unknown", "no_standard"], default="shown"
    )
    frame["hours_owed"] = frame["owed_hours"] * frame["length_m"] / 1000
    return frame.sort_values(["hours_owed", "segment_id"], ascending=[False, True], ignore_index=True)


@dataclass(frozen=True)
class StreetCoverage:
    """Coverage of streets for a map: `coverage_by_segment` in bands.

    frame       also share_band (fifths of the standard's hours, 0 lowest), owed_band (by owed_edges),
                days_since (days from last_swept to the last day of the period), since_band (by
                SINCE_EDGES); a band of -1 has no value
    owed_edges  km h, of the streets that owe anything
    """

    frame: pd.DataFrame
    owed_edges: tuple[float, ...]


def street_coverage(engine: Engine, filters: Filters, edition: str = "") -> StreetCoverage:
    """Coverage of each piece of street with the bands of a map, most owed first."""
    frame = coverage_by_segment(engine, filters, edition)
    owed = frame["hours_owed"].where((frame["state"] == "shown") & (frame["hours_owed"] > 0))
    edges = band_edges(owed.to_numpy(float))
    last_day = pd.Timestamp(filters.until - timedelta(days=1))
    since = (last_day - pd.to_datetime(frame["last_swept"])).dt.days.astype(float)
    frame = frame.assign(
        share_band=band_of(frame["coverage_share"].to_numpy(float), np.array(SHARE_EDGES)),
        owed_band=band_of(owed.to_numpy(float), edges),
        days_since=since,
        since_band=band_of(since.to_numpy(float), np.array(SINCE_EDGES, dtype=float)),
    )
    return StreetCoverage(frame, tuple(edges.tolist()))


def uncovered_streets(
    engine: Engine, filters: Filters, edition: str = "", lack: str = "idle"
) -> pd.DataFrame:
    """The pieces of street that lack cleaning in the period, worst first; of the chosen grid or all.

    lack     idle: not one hour on any day known, planned or done; unswept: not swept on any day seen;
             short: less than `covered_days_share` of the standard's hours.
    columns  those of `street_coverage`. Streets of which nothing is known are in no list, nor are the
             slivers (shorter than touch_tolerance_m) that grid borders drawn by hand cut off.
    Raises ValueError for another lack.
    """
    if lack not in LACKS:
        msg = f"`lack` is {lack!r}: it must be one of {LACKS}."
        raise ValueError(msg)
    frame = street_coverage(engine, filters, edition).frame
    wanted = {
        "idle": (frame["known_days"] > 0) & (frame["covered_hours"] == 0) & (frame["pass_days"] == 0),
        "unswept": (frame["seen_days"] > 0) & (frame["swept_days"] == 0),
        "short": frame["coverage_share"] < threshold("covered_days_share"),
    }[lack]
    wanted &= frame["length_m"] >= threshold("touch_tolerance_m")
    by = ["owed_hours", "length_m", "segment_id"]
    return frame[wanted].sort_values(by, ascending=[False, False, True], ignore_index=True)


def uncovered_route(
    engine: Engine, filters: Filters, edition: str = "", lack: str = "idle"
) -> pd.DataFrame:
    """The worst `route_streets` of `uncovered_streets` in the order of a walk (geo.route).

    columns  also stop (1, 2, …), way_m (on foot from the street before), from_m and to_m (metres walked
             where the street begins and ends), order_band (fifths of the stops, 0 first).
    """
    frame = uncovered_streets(engine, filters, edition, lack).head(int(threshold("route_streets")))
    streets = engine.select("segment_lines")
    lines: npt.NDArray[np.object_] = shapely.from_wkb([bytes(one) for one in streets["geom"]])
    number = pd.Index(streets["segment_id"]).get_indexer(pd.Index(frame["segment_id"]))
    route = walking_order(ends_apart(lines, build_network(lines), number.astype(np.int64)))
    frame = frame.iloc[route.street].reset_index(drop=True)
    to_m = (route.way_m + frame["length_m"]).cumsum()
    return frame.assign(
        stop=np.arange(1, len(frame) + 1),
        order_band=5 * np.arange(len(frame)) // max(len(frame), 1),
        way_m=route.way_m,
        from_m=to_m - frame["length_m"],
        to_m=to_m,
    )


def coverage_by_grid(engine: Engine, filters: Filters, edition: str = "") -> pd.DataFrame:
    """Coverage of every grid in force in the period, most owed a kilometre first.

    filters.grid_id is ignored.
    columns  grid_id, grid_name, lead_unit, days; the shares with numerator and denominator (SHARES);
             hours_owed and hours_required (km h over the period); owed_per_km (h a day on an average
             kilometre whose hours are known); swept_lower_share (nothing swept on unseen days;
             swept_share leans upwards, for a pass makes its day known); street_km, no_standard_km,
             reachable_km (a machine can sweep it), unknown_reach_km (nobody says whether),
             unknown_km_days, unseen_km_days (nothing known of hours; of sweeping); *_km_days by
             grade and grade (of most of them); state.
    state    shown; no_street; no_standard: the edition says nothing of its classes; unknown.
    """
    sums = _km_days(engine, filters.in_grid(), edition)
    frame = engine.select("grids")
    held = ~(frame["valid_from"] >= pd.Timestamp(filters.until)) & ~(
        frame["valid_to"] < pd.Timestamp(filters.since)
    )
    frame = frame.loc[held, ["grid_id", "grid_name", "lead_unit"]]
    by_grid = sums.groupby("grid_id")[list(SUMS)].sum()
    frame = frame.merge(by_grid, left_on="grid_id", right_index=True, how="left")
    frame[list(SUMS)] = frame[list(SUMS)].fillna(0.0)
    frame = _with_shares(frame.assign(days=filters.days))
    return frame.sort_values(["owed_per_km", "grid_id"], ascending=[False, True], ignore_index=True)


def coverage_by_class(engine: Engine, filters: Filters, edition: str = "") -> pd.DataFrame:
    """The same sums and shares by road_class, widest first, with standard_hours; of the grid or all."""
    sums = _km_days(engine, filters, edition)
    by_class = sums.groupby("road_class")[list(SUMS)].sum()
    hours = sums.groupby("road_class")["standard_hours"].first()
    frame = by_class.assign(standard_hours=hours, days=filters.days)
    order = [name for name in road_classes() if name in frame.index]
    return _with_shares(frame.loc[order].reset_index())


def coverage_headline(engine: Engine, filters: Filters, edition: str = "") -> pd.Series:
    """The same sums and shares of the county, or of the chosen grid, street outside grids included."""
    sums = _km_days(engine, filters, edition)[list(SUMS)].sum()
    return _with_shares(sums.to_frame().T.assign(days=filters.days)).iloc[0]


def coverage_by_edition(engine: Engine, filters: Filters) -> pd.DataFrame:
    """coverage_headline under each edition that asks for hours, one row an edition."""
    editions = standard_hours(engine)["edition"].drop_duplicates()
    rows = [
        coverage_headline(engine, filters, edition).to_frame().T.assign(edition=edition)
        for edition in editions
    ]
    return pd.concat(rows, ignore_index=True).infer_objects()


def coverage_by_day(engine: Engine, filters: Filters, edition: str = "") -> pd.DataFrame:
    """Coverage of the county or the chosen grid by day; days that no data reach are absent.

    columns  on_date; coverage_share = covered_km / standard_km, met_share = met_km / standard_km,
             swept_share = swept_km / seen_km, mechanised_share = machine_km / reachable_km,
             planned_machine_share; hours_owed, hours_required (km h); a_km … d_km.
    """
    frame = engine.select("coverage_by_day", **_params(filters, edition))
    for share, (numerator, denominator) in SHARES.items():
        top, base = (name.removesuffix("_days") for name in (numerator, denominator))
        frame[share] = _ratio(frame[top], frame[base])
    return frame


def coverage_by_hour(engine: Engine, filters: Filters, edition: str = "") -> pd.DataFrame:
    """Kilometres of street at work in each hour of the day, of the county or the chosen grid.

    A street counts in an hour if a pass (logged or driven) or else a shift touches any of it, outside
    the duty window too; what runs over midnight counts with the day on which it begins.

    edition  the hours of the clock are the same under all; here for the sake of its sisters.
    columns  hour (0 to 23, local: from hour to hour + 1), pass_km_days (evidence, grades A to C),
             plan_km_days (a shift only), covered_km_days (both), known_km_days (the denominator: days
             of which hours are known, as in coverage_by_grid); pass_share, plan_share, covered_share;
             pass_km, plan_km, covered_km (of an average known day) of known_km (streets of which any
             day is known). Shares and km are NaN where nothing is known.
    """
    at_work = engine.select(
        "hours_at_work", since=filters.since, until=filters.until, grid_id=filters.grid_id
    )
    hour = np.arange(24)
    passed, planned = (
        (at_work[name].to_numpy(np.int64)[:, None] >> hour) & 1 == 1
        for name in ("pass_hours", "plan_hours")
    )
    km_days = at_work["km_days"].to_numpy(float)
    frame = pd.DataFrame(
        {"hour": hour, "pass_km_days": km_days @ passed, "plan_km_days": km_days @ (planned & ~passed)}
    )
    frame["covered_km_days"] = frame["pass_km_days"] + frame["plan_km_days"]
    segments = _segments(engine, filters, edition)
    km, known_days = segments["length_m"] / 1000, segments["known_days"]
    frame["known_km_days"] = (km * known_days).sum()
    frame["known_km"] = km[known_days > 0].sum()
    for name in ("pass", "plan", "covered"):
        frame[f"{name}_share"] = _ratio(frame[f"{name}_km_days"], frame["known_km_days"])
        frame[f"{name}_km"] = frame[f"{name}_share"] * frame["known_km"]
    return frame


def coverage_and_cleanliness(
    engine: Engine, filters: Filters, edition: str = "", by: Literal["swept", "hours"] = "swept"
) -> pd.DataFrame:
    """Whether each piece of street was cleaned, and whether it was clean, in the period.

    by       swept: on `covered_days_share` of the days seen or more; hours: so of the standard's hours
             (by plan, where there is only a roster).
    columns  segment_id, street_name, road_class, grid_id, length_m, share (of days or hours),
             numerator, denominator, reported (issues within near_segment_m, of the chosen class),
             seen (records and visits that show that somebody looked), grade, state.
    state    clean, quality (cleaned and dirty: 质量问题), lucky (not cleaned, clean), neglected (not
             cleaned and dirty: 失管), unknown: of the cleaning nothing is known, or nobody looked.
    """
    frame = _segments(engine, filters, edition)
    looked = engine.select(
        "issues_and_visits_by_segment",
        **filters.params,
        near_m=threshold("near_segment_m"),
    )
    frame = frame.merge(looked, on="segment_id")
    numerator, denominator = {
        "swept": ("swept_days", "seen_days"),
        "hours": ("covered_days", "known_days"),
    }[by]
    frame["numerator"], frame["denominator"] = frame[numerator], frame[denominator]
    frame["share"] = _ratio(frame["numerator"], frame["denominator"])
    is_cleaned = frame["share"] >= threshold("covered_days_share")
    is_dirty = frame["reported"] > 0
    frame["state"] = np.select(
        [
            frame["share"].isna() | (frame["seen"] == 0),
            is_cleaned & ~is_dirty,
            is_cleaned & is_dirty,
            ~is_cleaned & ~is_dirty,
        ],
        ["unknown", "clean", "quality", "lucky"],
        default="neglected",
    )
    frame["grade"] = _main_grade(frame, "days")
    columns = [
        "segment_id", "street_name", "road_class", "grid_id", "length_m", "share", "numerator",
        "denominator", "reported", "seen", "grade", "state",
    ]  # fmt: skip
    return frame[columns]


CLEANLINESS = ("clean", "quality", "lucky", "neglected", "unknown")


def cleanliness_totals(engine: Engine, filters: Filters, edition: str = "") -> pd.DataFrame:
    """How much street is in each state of `coverage_and_cleanliness`: state, segments, km."""
    frame = coverage_and_cleanliness(engine, filters, edition)
    by = frame.groupby("state")["length_m"].agg(["size", "sum"]).reindex(CLEANLINESS, fill_value=0)
    km = by["sum"].astype(float) / 1000
    return pd.DataFrame({"segments": by["size"].astype(int), "km": km}).reset_index()


def segment_shifts(engine: Engine, segment_id: str, day: date) -> pd.DataFrame:
    """The shifts of a segment that are in force on a day: the plan behind its hours."""
    return engine.select("shifts_of_segment", segment_id=segment_id, day=day)


def segment_cleanings(engine: Engine, segment_id: str, day: date) -> pd.DataFrame:
    """The log rows behind one segment and day."""
    return engine.select("cleaning_of_segment", segment_id=segment_id, day=day)


def segment_tracks(engine: Engine, segment_id: str, day: date) -> pd.DataFrame:
    """The stretches driven on one segment and day, with speed_kmh; is_work false is transit."""
    frame = engine.select("tracks_of_segment", segment_id=segment_id, day=day)
    hours = (frame["left_at"] - frame["entered_at"]).dt.total_seconds() / 3600
    frame["speed_kmh"] = _ratio((frame["to_m"] - frame["from_m"]) / 1000, hours)
    return frame


def _params(filters: Filters, edition: str) -> dict[str, object]:
    return {
        "since": filters.since,
        "until": filters.until,
        "grid_id": filters.grid_id,
        "edition": edition or settings().edition,
        "swept_share": threshold("swept_least_share"),
    }


def _segments(engine: Engine, filters: Filters, edition: str) -> pd.DataFrame:
    """Days and hours of each piece of street; those without evidence or plan as none_days."""
    frame = engine.select("coverage_by_segment", **_params(filters, edition))
    evidence = frame[["a_days", "b_days", "c_days", "d_days"]].sum(axis=1)
    return frame.assign(none_days=filters.days - evidence)


def _km_days(engine: Engine, filters: Filters, edition: str) -> pd.DataFrame:
    """SUMS of each piece of street, with its grid_id."""
    frame = _segments(engine, filters, edition)
    km = frame["length_m"] / 1000
    has_standard = frame["standard_hours"].notna()
    reach = km * frame["is_machine_sweepable"].fillna(value=False).astype(bool)
    return pd.DataFrame(
        {
            "grid_id": frame["grid_id"],
            "road_class": frame["road_class"],
            "standard_hours": frame["standard_hours"],
            "reachable_km": reach,
            "unknown_reach_km": km * frame["is_machine_sweepable"].isna(),
            "street_km": km,
            "no_standard_km": km * ~has_standard,
            "covered_km_days": km * frame["covered_days"],
            "standard_km_days": km * frame["known_days"] * has_standard,
            "met_km_days": km * frame["met_days"],
            "swept_km_days": km * frame["swept_length_days"],
            "seen_km_days": km * frame["seen_days"],
            "machine_km_days": reach * frame["machine_days"],
            "reachable_km_days": reach * frame["seen_days"],
            "planned_machine_km_days": reach * frame["planned_machine_days"],
            "planned_reachable_km_days": reach * frame["roster_days"],
            "hours_owed": km * frame["owed_hours"],
            "hours_required": km * frame["known_days"] * frame["standard_hours"],
            "unknown_km_days": km * (filters.days - frame["known_days"]),
            "unseen_km_days": km * (filters.days - frame["seen_days"]),
            **{
                f"{grade}_km_days": km * frame[f"{grade}_days"]
                for grade in ("a", "b", "c", "d", "none")
            },
        }
    )


def _with_shares(frame: pd.DataFrame) -> pd.DataFrame:
    for share, (numerator, denominator) in SHARES.items():
        frame[share] = _ratio(frame[numerator], frame[denominator])
    everything = frame["seen_km_days"] + frame["unseen_km_days"]
    frame["swept_lower_share"] = _ratio(frame["swept_km_days"], everything)
    frame["owed_per_km"] = _ratio(frame["hours_owed"], frame["standard_km_days"])
    frame["grade"] = _main_grade(frame, "km_days")
    frame["state"] = np.select(
        [
            frame["street_km"] == 0,
            frame["no_standard_km"] >= frame["street_km"],
            frame["standard_km_days"] == 0,
        ],
        ["no_street", "no_standard", "unknown"],
        default="shown",
    )
    return frame


def _ratio(numerator: pd.Series, denominator: pd.Series | Floats) -> Floats:
    """NaN where the denominator is zero: unknown."""
    base = np.asarray(denominator, dtype=float)
    ratio: Floats = np.asarray(numerator, dtype=float) / np.where(base > 0, base, np.nan)
    return ratio


def _main_grade(frame: pd.DataFrame, unit: str) -> npt.NDArray[np.object_]:
    """The grade with most days; of equal ones the weaker."""
    names = [f"{grade.lower() or 'none'}_{unit}" for grade in GRADES]
    weakest_first = frame[names[::-1]].to_numpy(float).argmax(axis=1)
    grades: npt.NDArray[np.object_] = np.array(GRADES[::-1], dtype=object)[weakest_first]
    return grades
