"""Rebound: what came back after it was closed, by grid, category and department, with its records.

Definitions: docs/glossary.md and data/metrics.toml; statistics: geo/survival.py, geo/rebound.py,
geo/inspection.py. A share is shown where enough closed problems were still observed at its day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.engine import Engine
from data.filters import Filters
from data.standards import threshold
from data.views.overview import ROWS_SHOWN, build_info, complete_days
from geo.inspection import (
    InspectionEffect,
    inspection_effect,
    inspection_weeks,
    slackening_curves,
    trailing_rate,
)
from geo.rebound import bootstrap_shares, gap_times, rank_bands, rebound_shares, recurrence_times
from geo.rebound import repeat_places as find_repeat_places
from geo.survival import Z95, kaplan_meier, log_log_band
from geo.survival import mean_recurrences as count_recurrences

CloseBy = Literal["closed", "verified"]
Group = Literal["county", "grid", "category_class", "category", "department"]
DatedBy = Literal["closing", "return"]
Step = Literal["month", "quarter"]
DAYS = (7, 14, 30)
HORIZON = 90
SEED = 20250101  # of the bootstrap: the same data gives the same bands
RATES = ["issues", "exposure_km", "per_km", "week_per_km"]
BEFORE_DAYS, WEEK = 14, 7  # of the slackening curve, and of the mean along it


@dataclass(frozen=True)
class _Gaps:
    """Closed episodes of a period: days to the return or to the end of observation, and groups.

    group  code of each episode's group (-1: none); keys: of the groups, in the order of their codes.
    """

    frame: pd.DataFrame
    days: npt.NDArray[np.float64]
    is_event: npt.NDArray[np.bool_]
    group: npt.NDArray[np.int64]
    keys: list[str]


def observed_until(engine: Engine) -> date:
    """The day until which reports are complete: end of the data less the reporting lag."""
    return complete_days(engine)[1]


def _gaps(engine: Engine, filters: Filters, close_by: CloseBy, by: Group = "county") -> _Gaps:
    frame = engine.select("rebound_gaps", close_by=close_by, part=by, **filters.params)
    days, is_event = gap_times(
        frame["ended_at"].to_numpy("datetime64[s]"),
        frame["next_started_at"].to_numpy("datetime64[s]"),
        np.datetime64(observed_until(engine)),
    )
    if by == "county":
        return _Gaps(frame, days, is_event, np.zeros(len(frame), dtype=np.int64), [""])
    codes, keys = pd.factorize(frame["part_key"], sort=True)
    return _Gaps(frame, days, is_event, codes.astype(np.int64), [str(key) for key in keys])


def rebound_by(
    engine: Engine,
    filters: Filters,
    by: Group = "grid",
    close_by: CloseBy = "closed",
    day: int = 30,
) -> pd.DataFrame:
    """Share of problems closed in the period that came back within 7, 14 and 30 days, by group.

    columns  key (of the group; "" the county), name and lead_unit (grids), closed (episodes, the
             denominator before censoring), rebounds (returns within rebound_days), and for d in DAYS:
             rebounds_d (returns within d days), rebound_d (1 - S(d), NaN where is_shown_d is false),
             lower_d, upper_d (95 %), at_risk_d, is_shown_d (at least min_at_risk still observed at d);
             rank by the rebound after `day` days, one of DAYS (1 worst, dense; 0 not ranked). Worst
             first.
    """
    return _by(engine, _gaps(engine, filters, close_by, by), by, day)


def rebound_ranks(
    engine: Engine,
    filters: Filters,
    by: Group = "grid",
    close_by: CloseBy = "closed",
    day: int = 30,
) -> pd.DataFrame:
    """`rebound_by` with best_rank and worst_rank: 90 % of the draws of places lie between; 0: none."""
    gaps = _gaps(engine, filters, close_by, by)
    frame = _by(engine, gaps, by, day)
    shown = frame.loc[frame[f"is_shown_{day}"], "key"]
    frame["best_rank"], frame["worst_rank"] = 0, 0
    if len(shown) < 2:
        return frame
    number = np.append(pd.Index(shown).get_indexer(gaps.keys), -1)  # the last entry is for code -1
    draws = bootstrap_shares(
        gaps.days,
        gaps.is_event,
        number[gaps.group].astype(np.int64),
        gaps.frame["place_id"].to_numpy(np.int64),
        len(shown),
        day,
        int(threshold("bootstrap_draws")),
        SEED,
    )
    best, worst = rank_bands(-draws)
    frame.loc[shown.index, "best_rank"] = best
    frame.loc[shown.index, "worst_rank"] = worst
    return frame


def rebound_by_time(
    engine: Engine, filters: Filters, step: Step = "month", close_by: CloseBy = "closed"
) -> pd.DataFrame:
    """Rebound of what was closed in each month or quarter that the period touches, oldest first.

    Whole months or quarters count, as far as the data goes, so that the first and last are like the
    others.
    columns  since, until (half-open) and those of `rebound_by` without key and rank; is_complete: all
             that was closed in it has been observed for 30 days. Steps without closings are left out.
    """
    unit = {"month": "M", "quarter": "Q"}[step]
    since = pd.Period(filters.since, unit).start_time.date()
    until = min((pd.Period(filters.until - timedelta(days=1), unit) + 1).start_time.date(),
                observed_until(engine))  # fmt: skip
    gaps = _gaps(engine, filters.between(since, until), close_by)
    codes, periods = pd.factorize(gaps.frame["ended_at"].dt.to_period(unit), sort=True)
    frame = _shares(gaps, codes.astype(np.int64), len(periods))
    frame.insert(0, "since", periods.start_time)
    frame.insert(1, "until", (periods + 1).start_time)
    last_closing = pd.Timestamp(observed_until(engine)) - pd.Timedelta(days=max(DAYS))
    return frame.assign(is_complete=frame["until"] <= last_closing)


def _by(engine: Engine, gaps: _Gaps, by: Group, day: int) -> pd.DataFrame:
    frame = _shares(gaps, gaps.group, len(gaps.keys))
    frame.insert(0, "key", gaps.keys)
    rank = frame[f"rebound_{day}"].rank(method="dense", ascending=False)
    frame["rank"] = rank.fillna(0).astype(int)
    if by == "grid":
        names = engine.select("grids").set_index("grid_id")
        frame["name"] = frame["key"].map(names["grid_name"])
        frame["lead_unit"] = frame["key"].map(names["lead_unit"])
    return frame.sort_values([f"rebound_{day}", "key"], ascending=[False, True], ignore_index=True)


def _shares(gaps: _Gaps, group: npt.NDArray[np.int64], groups: int) -> pd.DataFrame:
    """Closings, returns and shares of each group, in the order of their codes."""
    curves = kaplan_meier(gaps.days, gaps.is_event, group, groups, max(DAYS))
    shares = rebound_shares(curves, DAYS)
    known = np.isfinite(gaps.days) & (group >= 0)
    frame = pd.DataFrame({"closed": np.bincount(group[known], minlength=groups)})

    def returns(within_days: float) -> npt.NDArray[np.int64]:
        return np.bincount(group[gaps.is_event & known & (gaps.days <= within_days)], minlength=groups)

    frame["rebounds"] = returns(threshold("rebound_days"))
    for number, day in enumerate(DAYS):
        is_shown = shares.at_risk[:, number] >= threshold("min_at_risk")
        for name, values in (
            ("rebound", shares.share),
            ("lower", shares.lower),
            ("upper", shares.upper),
        ):
            frame[f"{name}_{day}"] = np.where(is_shown, values[:, number], np.nan)
        frame[f"rebounds_{day}"] = returns(day)
        frame[f"at_risk_{day}"] = shares.at_risk[:, number]
        frame[f"is_shown_{day}"] = is_shown
    return frame


def rebound_curve(
    engine: Engine,
    filters: Filters,
    by: Group = "county",
    close_by: CloseBy = "closed",
) -> pd.DataFrame:
    """Share of closed problems that have come back by each day, day 0 to 90, by group.

    columns  key, day, share (1 - S), lower, upper (95 %, NaN where the share is 0 or 1), at_risk,
             events; days with fewer than min_at_risk at risk are left out.
    """
    gaps = _gaps(engine, filters, close_by, by)
    curves = kaplan_meier(gaps.days, gaps.is_event, gaps.group, len(gaps.keys), HORIZON)
    lower, upper = log_log_band(curves)
    number, day = np.nonzero(curves.at_risk >= threshold("min_at_risk"))
    return pd.DataFrame(
        {
            "key": np.asarray(gaps.keys, dtype=object)[number],
            "day": day,
            "share": 1 - curves.survival[number, day],
            "lower": 1 - upper[number, day],
            "upper": 1 - lower[number, day],
            "at_risk": curves.at_risk[number, day],
            "events": curves.events[number, day],
        }
    )


def mean_recurrences(engine: Engine, filters: Filters) -> pd.DataFrame:
    """Mean number of returns of a problem at a place by day since its first closing, day 0 to 90.

    The county's, or the grid's of filters. columns  day, mean (M), lower, upper (95 %), at_risk; days
    with fewer than min_at_risk places are left out.
    """
    frame = _episodes(engine, filters, date.min, filters.until)
    found = recurrence_times(
        frame["place_id"].to_numpy(np.int64),
        frame["category_code"].to_numpy(np.int64),
        frame["started_at"].to_numpy("datetime64[s]"),
        frame["closed_at"].to_numpy("datetime64[s]"),
        np.datetime64(min(filters.until, observed_until(engine))),
    )
    whole = np.zeros(len(found.place), dtype=np.int64)
    means = count_recurrences(found.days, found.unit, found.end_days, whole, 1, HORIZON)
    width = Z95 * np.sqrt(means.variance[0])
    frame = pd.DataFrame(
        {
            "day": np.arange(HORIZON + 1),
            "mean": means.mean[0],
            "lower": np.maximum(means.mean[0] - width, 0),
            "upper": means.mean[0] + width,
            "at_risk": means.at_risk[0],
        }
    )
    return frame[frame["at_risk"] >= threshold("min_at_risk")].reset_index(drop=True)


def rebound_records(
    engine: Engine,
    filters: Filters,
    close_by: CloseBy = "closed",
    dated_by: DatedBy = "return",
    category: str = "",
    within_days: int = 0,
    most: int = ROWS_SHOWN,
) -> pd.DataFrame:
    """Problems that came back, latest return first; total: how many there are.

    dated_by     what lies in the period: the return, or, as in `rebounds` of `rebound_by`, the closing
    category     小类; "" all
    within_days  most days from the closing to the return; 0: rebound_days
    columns      episode_id and first_issue_id of the closed one, next_episode_id and next_issue_id of
                 the one that followed, category, category_class, department, grid_id, street_name,
                 address (of the first issue), started_at, ended_at, next_started_at, gap_days, lon, lat
    """
    frame = engine.select(
        "rebound_records",
        within_days=within_days or int(threshold("rebound_days")),
        observed_until=observed_until(engine),
        close_by=close_by,
        dated_by=dated_by,
        category=category,
        row_limit=most,
        **filters.params,
    )
    gap = frame["next_started_at"] - frame["ended_at"]
    return frame.assign(gap_days=gap.dt.total_seconds().clip(lower=0) / 86_400)


def episode_issues(engine: Engine, episode_id: int) -> pd.DataFrame:
    """The issues of one episode, in order, with their role in it."""
    return engine.select("episode_issues", episode_id=episode_id)


def episode_counts(engine: Engine, filters: Filters) -> pd.Series[int]:
    """Issues reported in the period: issues, without_place, episodes, duplicates, reopened."""
    row = engine.select("episode_counts", **filters.params).iloc[0]
    counts: pd.Series[int] = row.fillna(0).astype(int)
    return counts


def repeat_places(engine: Engine, filters: Filters) -> pd.DataFrame:
    """Places where one category came up `repeat_episodes` times within `repeat_days`.

    Windows that reach into the period. columns  place_id, category_code, street_name, address (one
    of those reported), grid_id, grid_name, lead_unit, category, category_class, episodes (most within
    one window), since (start of that window), lon, lat; most first.
    """
    window, at_least = int(threshold("repeat_days")), int(threshold("repeat_episodes"))
    since = filters.since - timedelta(days=window)
    frame = _episodes(engine, filters, since, filters.until)
    found = find_repeat_places(
        frame["place_id"].to_numpy(np.int64),
        frame["category_code"].to_numpy(np.int64),
        frame["started_at"].to_numpy("datetime64[s]"),
        at_least,
        window,
    )
    repeats = pd.DataFrame(
        {
            "place_id": found.place,
            "category_code": found.category,
            "episodes": found.episodes,
            "since": pd.to_datetime(found.since),
        }
    )
    names = engine.select("repeat_names", since=since, until=filters.until, at_least=at_least)
    repeats = repeats.merge(names, on=["place_id", "category_code"])
    units = engine.select("grids")[["grid_id", "grid_name", "lead_unit"]]
    repeats = repeats.merge(units, on="grid_id", how="left")
    return repeats.sort_values(
        ["episodes", "place_id", "category_code"], ascending=[False, True, True], ignore_index=True
    )


def place_episodes(engine: Engine, filters: Filters, place_id: int, category_code: int) -> pd.DataFrame:
    """The episodes of one category at one place up to the end of the period, latest first.

    columns  episode_id, first_issue_id, department, started_at, closed_at, verified_at,
             next_started_at, duplicates, reopened
    """
    return engine.select(
        "place_episodes", place_id=place_id, category_code=category_code, until=filters.until
    )


def _episodes(engine: Engine, filters: Filters, since: date, until: date) -> pd.DataFrame:
    params = filters.params | {"since": since, "until": until}
    return engine.select("episodes", **params)


@dataclass(frozen=True)
class Slackening:
    """Issues per km by day from the end of inspections, and what an inspection does to a grid.

    curve        all inspections laid over each other: day, inspections (of which the data knows this
                 day), issues (numerator), exposure_km (denominator: km x inspections), per_km, and
                 week_per_km, the mean of this day and the six before.
    curves       of each inspection in rounds with is_shown: inspection_id and the columns of curve.
    effect       rise after against during and level against before, with 95 % bands; None where there
                 is no inspection.
    inspections  the rounds it rests on, oldest first: inspection_id, inspection_name, inspection_type,
                 first_date, last_date, issues (around it), exposure_km (of the grids it went to) and
                 is_shown: issues reach min_curve_issues.
    """

    curve: pd.DataFrame
    curves: pd.DataFrame
    effect: InspectionEffect | None
    inspections: pd.DataFrame


def slackening(engine: Engine, filters: Filters) -> Slackening:
    """All inspections laid over each other, from issues that no inspection found.

    The whole data counts, not the period: a curve needs the weeks before and after. Exposure is the km
    of street of the inspected grids; filters.category_class and department apply, filters.grid_id does
    not.
    """
    build = build_info(engine)
    since, until = build.first_date, build.period_until
    inspected = engine.select("inspected_grids")
    whole = filters.between(since, until)
    street = engine.select("issues_by_grid", **whole.county_params)
    street = street[street["street_km"] >= threshold("min_street_km")].reset_index(drop=True)
    grid_number = pd.Series(street.index, index=street["grid_id"])
    inspected = inspected[inspected["grid_id"].isin(grid_number.index)]
    rounds = inspected.drop_duplicates("inspection_id").drop(columns="grid_id").reset_index(drop=True)
    if inspected.empty or (until - since).days < 14:
        nothing = pd.DataFrame(columns=["day", "inspections", *RATES])
        return Slackening(nothing, nothing.assign(inspection_id=""), None, rounds)
    counts = engine.select("issues_by_grid_day", **whole.county_params)
    counts = counts[counts["grid_id"].isin(grid_number.index)]
    grid = counts["grid_id"].map(grid_number).to_numpy(np.int64)
    day = _days_since(counts["report_date"], since)
    days = (until - since).days
    issues = np.zeros((len(street), days), dtype=np.int64)
    np.add.at(issues, (grid, day), counts["reported"].to_numpy(np.int64))
    km = street["street_km"].to_numpy(float)
    after = int(threshold("slackening_days"))
    repeated_grid, repeated_day = (
        np.repeat(grid, counts["reported"]),
        np.repeat(day, counts["reported"]),
    )
    found = slackening_curves(
        repeated_day,
        repeated_grid,
        np.full(len(repeated_day), -1, dtype=np.int64),
        np.repeat(km[:, None], days, axis=1),
        _days_since(rounds["last_date"], since),
        pd.Index(rounds["inspection_id"]).get_indexer(inspected["inspection_id"]),
        inspected["grid_id"].map(grid_number).to_numpy(np.int64),
        BEFORE_DAYS + WEEK - 1,
        after,
    )
    whole_curve = _rates(found.day, found.issues.sum(axis=0), found.exposure.sum(axis=0))
    known = pd.Series((found.exposure > 0).sum(axis=0), index=found.day)
    whole_curve["inspections"] = whole_curve["day"].map(known)
    around, street_km = found.issues[:, WEEK - 1 :].sum(axis=1), found.exposure.max(axis=1)
    is_shown = around >= threshold("min_curve_issues")
    rounds = rounds.assign(issues=around, exposure_km=street_km, is_shown=is_shown)
    curves = [
        _rates(found.day, found.issues[row], found.exposure[row]).assign(
            inspection_id=rounds["inspection_id"][row], inspections=1
        )
        for row in np.flatnonzero(is_shown)
    ]
    return Slackening(
        whole_curve,
        pd.concat(curves, ignore_index=True) if curves else whole_curve[:0].assign(inspection_id=""),
        _effect(issues, km, inspected, grid_number, since, after // WEEK),
        rounds,
    )


def _rates(
    day: npt.NDArray[np.int64], issues: npt.NDArray[np.int64], exposure: npt.NDArray[np.float64]
) -> pd.DataFrame:
    """Daily and weekly issues per km by day; days outside the data are left out."""
    frame = pd.DataFrame(
        {
            "day": day,
            "issues": issues,
            "exposure_km": exposure,
            "per_km": np.divide(issues, exposure, out=np.zeros(len(day)), where=exposure > 0),
            "week_per_km": trailing_rate(issues, exposure, WEEK),
        }
    )
    return frame[(frame["day"] >= -BEFORE_DAYS) & (frame["exposure_km"] > 0)].reset_index(drop=True)


def _effect(
    issues: npt.NDArray[np.int64],
    km: npt.NDArray[np.float64],
    inspected: pd.DataFrame,
    grid_number: pd.Series[int],
    since: date,
    after_weeks: int,
) -> InspectionEffect:
    weeks = issues.shape[1] // 7
    first_day = issues.shape[1] - 7 * weeks  # weeks are counted back from the end
    weekly = issues[:, first_day:].reshape(len(issues), weeks, 7).sum(axis=2)
    week_of = [
        (_days_since(inspected[name], since) - first_day) // 7 for name in ("first_date", "last_date")
    ]
    grid = inspected["grid_id"].map(grid_number).to_numpy(np.int64)
    terms = inspection_weeks(week_of[0], week_of[1], grid, len(issues), weeks, after_weeks)
    begin = since + timedelta(days=first_day)
    season = np.array([(begin + timedelta(days=7 * week)).month for week in range(weeks)])
    return inspection_effect(weekly, np.repeat(km[:, None], weeks, axis=1), terms, season)


def _days_since(dates: Any, since: date) -> npt.NDArray[np.int64]:
    days: npt.NDArray[np.int64] = (pd.to_datetime(dates) - pd.Timestamp(since)).dt.days.to_numpy(
        np.int64
    )
    return days
