"""The four headline numbers of 总览, and whether it is getting better since the last inspection.

What comes back, and what is late or uncovered, stands before what was closed: closing rates come near
100 % everywhere and tell nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.engine import Engine
from data.filters import Filters
from data.metrics import metrics
from data.standards import threshold
from data.views.coverage import GRADES, coverage_headline
from data.views.flow import flow
from data.views.overview import complete_days, counts
from data.views.rebound import rebound_by
from geo.change import RateChange, rate_change

CARDS = 4
NEEDS = {
    "on_time_share": "has_deadlines",
    "overdue_open": "has_deadlines",
    "coverage_share": "has_cleaning",
}
NOT_NARROWED = ("coverage_share",)  # cleaning knows no classes and departments
IN_ORDER = (
    "issues_per_km", "rebound_30", "on_time_share", "coverage_share", "overdue_open", "open_at_end",
    "median_hours_to_close",
)  # fmt: skip


@dataclass(frozen=True)
class Headline:
    """The headline numbers of a period beside those of two others of the same length.

    frame      one row a metric: metric, value, numerator, denominator (NaN where there is none), lower
               and upper (95 %, rebound only), at_risk (rebound: still observed on day 30), grade
               and evidence_share (coverage: grade of most km days; share of all km days that have more
               than a roster, NaN where there is not even that), is_too_few (enough to count, too few to
               show), before and last_year (value then; NaN where it cannot be shown). Shares are 0..1.
    before     the period compared with; last_year: the same days one year earlier.
    reaches_*  whether the data reaches back to its first day.
    """

    frame: pd.DataFrame
    before: Filters
    last_year: Filters
    reaches_before: bool
    reaches_last_year: bool


def headline_metrics(engine: Engine) -> list[str]:
    """The first four of IN_ORDER that the build can tell of: without deadlines none is on time.

    They depend on the build alone, so that cards do not move when a filter changes.
    """
    kinds = engine.select("kinds_of_data").iloc[0]
    return [key for key in IN_ORDER if key not in NEEDS or kinds[NEEDS[key]]][:CARDS]


def last_bulletin(meetings: pd.DataFrame, filters: Filters) -> date | None:
    """The day of the latest bulletin (通报) before the end of the period; None: there was none.

    meetings  as `data.entries.meetings` returns them.
    """
    days = meetings.loc[meetings["kind"] == "bulletin", "held_on"]
    days = days[days < pd.Timestamp(filters.until)]
    return None if days.empty else days.max().date()


def period_before(filters: Filters, bulletin: date | None) -> Filters:
    """What a period is compared with: as many days, up to the bulletin and without its day.

    It may overlap the period. Without a bulletin: the days just before the period.
    """
    if bulletin is None:
        return filters.previous
    return filters.between(bulletin - timedelta(days=filters.days), bulletin)


def headline(engine: Engine, filters: Filters, before: Filters) -> Headline:
    """The headline numbers of the period, with those of `before` and of the same days last year.

    All three are counted from the data of today, so a record that came late counts in its own period.
    Coverage knows no classes and departments: these filters leave it as it is.
    """
    first = complete_days(engine)[0]
    last_year = filters.year_before
    reaches_before, reaches_last_year = before.since >= first, last_year.since >= first
    keys = headline_metrics(engine)
    frame = _values(engine, filters, keys)
    then = _values(engine, before, keys) if reaches_before else None
    year = _values(engine, last_year, keys) if reaches_last_year else None
    frame["before"] = np.nan if then is None else then["value"]
    frame["last_year"] = np.nan if year is None else year["value"]
    return Headline(frame, before, last_year, reaches_before, reaches_last_year)


def with_targets(frame: pd.DataFrame, targets: pd.DataFrame, filters: Filters) -> pd.DataFrame:
    """The rows of a Headline with the county's targets, for the period of the filters.

    targets  as `data.entries.targets` returns them: percent where the metric's unit is %; for a metric
             with target_days, per so many days: a longer period has a higher target.
    columns  those of the frame, target (as the value: 0..1, and for this period; NaN: none set),
             target_said (as it was typed in), set_on, target_source, is_judged (whether the target is
             for what the number is of: a target is for all issues, not for one class or department),
             is_met (missing where there is no target or no value, or it is not judged).
    """
    said = targets.set_index("metric").reindex(frame["metric"]).reset_index(drop=True)
    words = [metrics()[key] for key in frame["metric"]]
    scale = [
        (filters.days / metric.target_days if metric.target_days else 1)
        / (100 if metric.unit == "%" else 1)
        for metric in words
    ]
    target = said["value"].astype(float) * scale
    wants_less = np.array([metric.better == "low" for metric in words])
    is_met = np.where(wants_less, frame["value"] <= target, frame["value"] >= target)
    is_judged = np.array([key in NOT_NARROWED or not filters.is_narrowed for key in frame["metric"]])
    known = frame["value"].notna() & target.notna() & is_judged
    return frame.assign(
        target=target,
        target_said=said["value"].astype(float),
        set_on=said["set_on"],
        target_source=said["source"],
        is_judged=is_judged,
        is_met=pd.Series(is_met, dtype="boolean").where(known),
    )


def _values(engine: Engine, filters: Filters, keys: list[str]) -> pd.DataFrame:
    """One row a metric, without its comparisons."""
    rows = _flow_values(engine, filters) | {"rebound_30": _rebound(engine, filters)}
    if "coverage_share" in keys:
        rows["coverage_share"] = _coverage(engine, filters)
    empty = {
        "denominator": np.nan, "lower": np.nan, "upper": np.nan, "at_risk": np.nan,
        "evidence_share": np.nan, "grade": "", "is_too_few": False,
    }  # fmt: skip
    return pd.DataFrame([{"metric": key} | empty | rows[key] for key in keys])


def _flow_values(engine: Engine, filters: Filters) -> dict[str, dict[str, object]]:
    row = flow(engine, filters).iloc[0]
    now = counts(engine, filters)
    per_km, street_km = now["issues_per_km"], now["street_km"]
    on_time, median = row["on_time_share"], row["median_hours_to_close"]
    return {
        "issues_per_km": {
            "value": per_km,
            "numerator": now["reported_in_grids"],
            "denominator": street_km,
            "is_too_few": bool(np.isnan(per_km) and street_km > 0),
        },
        "on_time_share": {
            "value": on_time,
            "numerator": float(row["on_time"]),
            "denominator": float(row["due"]),
            "is_too_few": bool(np.isnan(on_time)),
        },
        "overdue_open": {
            "value": float(row["overdue_open"]),
            "numerator": float(row["overdue_open"]),
            "denominator": float(row["open_with_due"]),
        },
        "open_at_end": {"value": float(row["open_at_end"]), "numerator": float(row["open_at_end"])},
        "median_hours_to_close": {
            "value": median,
            "numerator": float(row["timed_closed"]),
            "denominator": float(row["timed"]),
            "is_too_few": bool(row["timed_closed"] < threshold("min_closings")),
        },
    }


def _rebound(engine: Engine, filters: Filters) -> dict[str, object]:
    found = rebound_by(engine, filters, "county").iloc[0]
    return {
        "value": found["rebound_30"],
        "numerator": float(found["rebounds"]),
        "denominator": float(found["closed"]),
        "lower": found["lower_30"],
        "upper": found["upper_30"],
        "at_risk": float(found["at_risk_30"]),
        "is_too_few": not found["is_shown_30"],
    }


def _coverage(engine: Engine, filters: Filters) -> dict[str, object]:
    found = coverage_headline(engine, filters)
    shares = evidence_shares(found)
    is_known = any(shares.get(grade) for grade in "ABCD")
    return {
        "value": float(found["coverage_share"]),
        "numerator": float(found["covered_km_days"]),
        "denominator": float(found["standard_km_days"]),
        "grade": found["grade"],
        "evidence_share": sum(shares[grade] for grade in "ABC") if is_known else np.nan,
    }


def evidence_shares(row: pd.Series) -> dict[str, float]:
    """Share of all km days by grade of evidence ("" neither evidence nor plan); {} without any.

    row  of `coverage_headline`.
    """
    km_days = {grade: float(row[f"{grade.lower() or 'none'}_km_days"]) for grade in GRADES}
    total = sum(km_days.values())
    return {grade: days / total for grade, days in km_days.items()} if total else {}


@dataclass(frozen=True)
class Progress:
    """Issues a day after the last inspection against before it, or of the last days.

    name         of the inspection; "" where there is none: then the last days against those before.
    first_date, last_date  its days; without an inspection both are the day before the later stretch.
    days         looked at on each side, whole weeks; 0: too few days or issues to tell.
    before, after  issues that no inspection found.
    change       their ratio, with a 95 % band; None where days is 0.
    """

    name: str
    first_date: date
    last_date: date
    days: int
    before: int
    after: int
    change: RateChange | None


def progress(engine: Engine, filters: Filters) -> Progress:
    """Whether it is getting better: the days after the last inspection before the end of the period.

    Up to change_days on each side, as many whole weeks as both have. Issues that inspectors found are
    left out: they show that inspectors came.
    """
    first = complete_days(engine)[0]
    most = int(threshold("change_days"))
    rounds = engine.select("inspection_rounds", since=first, until=filters.until)
    rounds = rounds[rounds["last_date"] < pd.Timestamp(filters.until)]
    if rounds.empty:
        name, first_date = (
            "",
            filters.until - timedelta(days=min(most, (filters.until - first).days // 2)),
        )
        last_date = first_date - timedelta(days=1)
    else:
        last = rounds.sort_values(["last_date", "inspection_id"]).iloc[-1]
        name = str(last["inspection_name"])
        first_date, last_date = last["first_date"].date(), last["last_date"].date()
    after_since = last_date + timedelta(days=1)
    days = min(most, (filters.until - after_since).days, (first_date - first).days) // 7 * 7
    if name == "":
        after_since = filters.until - timedelta(days=days)
        first_date = after_since
        last_date = after_since - timedelta(days=1)
    if days <= 0:
        return Progress(name, first_date, last_date, 0, 0, 0, None)
    before = _daily(engine, filters, first_date - timedelta(days=days), days)
    after = _daily(engine, filters, after_since, days)
    change = rate_change(before, after)
    told = days if np.isfinite(change.ratio) else 0
    return Progress(
        name, first_date, last_date, told, int(before.sum()), int(after.sum()), change if told else None
    )


def _daily(engine: Engine, filters: Filters, since: date, days: int) -> npt.NDArray[np.int64]:
    stretch = filters.between(since, since + timedelta(days=days))
    found = engine.select("issues_by_day", **stretch.params)
    daily = np.zeros(days, dtype=np.int64)
    day = (pd.to_datetime(found["report_date"]) - pd.Timestamp(since)).dt.days.to_numpy(np.int64)
    daily[day] = found["reported"].to_numpy(np.int64)
    return daily


def inspection_rounds(engine: Engine, filters: Filters) -> pd.DataFrame:
    """The inspection rounds that touch the period.

    columns  inspection_id, inspection_name, first_date, last_date (included).
    """
    return engine.select("inspection_rounds", since=filters.since, until=filters.until)
