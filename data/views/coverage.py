"""Cleaning coverage (保洁覆盖): hours against the standard, what was swept, and on what evidence.

Grades: A matched GPS track, B log with both times, C log without an end, D roster only. A roster is a
plan: it gives hours and no swept metre. Where nothing is known of a day it stands in no denominator.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.engine import Engine
from data.filters import Filters
from data.settings import settings
from data.standards import threshold

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
    "street_km", "no_standard_km", *dict.fromkeys(c for pair in SHARES.values() for c in pair),
    "hours_owed", "hours_required", "unknown_km_days", "unseen_km_days",
    "a_km_days", "b_km_days", "c_km_days", "d_km_days", "none_km_days",
)  # fmt: skip


def standard_hours(engine: Engine) -> pd.DataFrame:
    """Hours of cleaning a day by edition and road class: edition, scope, hours, is_verified, source.

    Editions contradict each other (16 h or 12 h of a main road), so a page shows them all.
    """
    return engine.select("standard_hours")


def coverage_rule(engine: Engine) -> pd.Series:
    """What the marts were made with (duty window, work speed) and the days they tell of."""
    return engine.select("coverage_rule").iloc[0]


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


def coverage_by_grid(engine: Engine, filters: Filters, edition: str = "") -> pd.DataFrame:
    """Coverage of every grid in force in the period, most owed a kilometre first.

    filters.grid_id is ignored.
    columns  grid_id, grid_name, lead_unit, days; the shares with numerator and denominator (SHARES);
             hours_owed and hours_required (km h over the period); owed_per_km (h a day on an average
             kilometre whose hours are known); swept_lower_share (nothing swept on unseen days;
             swept_share leans upwards, for a pass makes its day known); street_km, no_standard_km,
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
