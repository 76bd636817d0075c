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
from data.views.overview import ROWS_SHOWN, build_info
from geo.inspection import InspectionEffect, inspection_effect, inspection_weeks, slackening_curve
from geo.rebound import bootstrap_shares, gap_times, rank_bands, rebound_shares, recurrence_times
from geo.rebound import repeat_places as find_repeat_places
from geo.survival import Z95, kaplan_meier, log_log_band
from geo.survival import mean_recurrences as count_recurrences

CloseBy = Literal["closed", "verified"]
Group = Literal["county", "grid", "category_class", "category", "department"]
DAYS = (7, 14, 30)
HORIZON = 90
SEED = 20250101  # of the bootstrap: the same data gives the same bands
COLUMN = {"grid": "grid_id"}


@dataclass(frozen=True)
class _Gaps:
    """Closed episodes of a period: days to the return or to the end of observation, and groups."""

    frame: pd.DataFrame
    days: npt.NDArray[np.float64]
    is_event: npt.NDArray[np.bool_]

    def groups(self, by: Group) -> tuple[npt.NDArray[np.int64], list[str]]:
        """Code of each episode's group (-1: none) and the groups' keys in order."""
        if by == "county":
            return np.zeros(len(self.frame), dtype=np.int64), [""]
        codes, keys = pd.factorize(self.frame[COLUMN.get(by, by)], sort=True)
        return codes.astype(np.int64), [str(key) for key in keys]


def observed_until(engine: Engine) -> date:
    """The day until which reports are complete: end of the data less the reporting lag."""
    return build_info(engine).period_until


def _gaps(engine: Engine, filters: Filters, close_by: CloseBy) -> _Gaps:
    frame = engine.select("rebound_gaps", close_by=close_by, **filters.params)
    days, is_event = gap_times(
        frame["ended_at"].to_numpy("datetime64[s]"),
        frame["next_started_at"].to_numpy("datetime64[s]"),
        np.datetime64(observed_until(engine)),
    )
    return _Gaps(frame, days, is_event)


def rebound_by(
    engine: Engine, filters: Filters, by: Group = "grid", close_by: CloseBy = "closed"
) -> pd.DataFrame:
    """Share of problems closed in the period that came back within 7, 14 and 30 days, by group.

    columns  key (of the group; "" the county), name and lead_unit (grids), closed (episodes, the
             denominator before censoring), rebounds (returns within rebound_days), and for d in DAYS:
             rebound_d (1 - S(d), NaN where is_shown_d is false), lower_d, upper_d (95 %), at_risk_d,
             is_shown_d (at least min_at_risk still observed at d); rank by rebound_30 (1 worst, dense;
             0 not ranked). Worst first.
    """
    return _by(engine, _gaps(engine, filters, close_by), by)


def rebound_ranks(
    engine: Engine, filters: Filters, by: Group = "grid", close_by: CloseBy = "closed"
) -> pd.DataFrame:
    """`rebound_by` with best_rank and worst_rank: 90 % of the draws of places lie between; 0: none."""
    gaps = _gaps(engine, filters, close_by)
    frame = _by(engine, gaps, by)
    shown = frame.loc[frame["is_shown_30"], "key"]
    frame["best_rank"], frame["worst_rank"] = 0, 0
    if len(shown) < 2:
        return frame
    group, keys = gaps.groups(by)
    number = np.append(pd.Index(shown).get_indexer(keys), -1)  # the last entry is for code -1
    draws = bootstrap_shares(
        gaps.days,
        gaps.is_event,
        number[group].astype(np.int64),
        gaps.frame["place_id"].to_numpy(np.int64),
        len(shown),
        max(DAYS),
        int(threshold("bootstrap_draws")),
        SEED,
    )
    best, worst = rank_bands(-draws)
    frame.loc[shown.index, "best_rank"] = best
    frame.loc[shown.index, "worst_rank"] = worst
    return frame


def _by(engine: Engine, gaps: _Gaps, by: Group) -> pd.DataFrame:
    group, keys = gaps.groups(by)
    curves = kaplan_meier(gaps.days, gaps.is_event, group, len(keys), max(DAYS))
    shares = rebound_shares(curves, DAYS)
    within = gaps.is_event & (gaps.days <= threshold("rebound_days")) & (group >= 0)
    known = np.isfinite(gaps.days) & (group >= 0)
    frame = pd.DataFrame(
        {
            "key": keys,
            "closed": np.bincount(group[known], minlength=len(keys)),
            "rebounds": np.bincount(group[within], minlength=len(keys)),
        }
    )
    for number, day in enumerate(DAYS):
        is_shown = shares.at_risk[:, number] >= threshold("min_at_risk")
        for name, values in (
            ("rebound", shares.share),
            ("lower", shares.lower),
            ("upper", shares.upper),
        ):
            frame[f"{name}_{day}"] = np.where(is_shown, values[:, number], np.nan)
        frame[f"at_risk_{day}"] = shares.at_risk[:, number]
        frame[f"is_shown_{day}"] = is_shown
    rank = frame["rebound_30"].rank(method="dense", ascending=False)
    frame["rank"] = rank.fillna(0).astype(int)
    if by == "grid":
        names = engine.select("grids").set_index("grid_id")
        frame["name"] = frame["key"].map(names["grid_name"])
        frame["lead_unit"] = frame["key"].map(names["lead_unit"])
    return frame.sort_values(["rebound_30", "key"], ascending=[False, True], ignore_index=True)


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
    gaps = _gaps(engine, filters, close_by)
    group, keys = gaps.groups(by)
    curves = kaplan_meier(gaps.days, gaps.is_event, group, len(keys), HORIZON)
    lower, upper = log_log_band(curves)
    number, day = np.nonzero(curves.at_risk >= threshold("min_at_risk"))
    return pd.DataFrame(
        {
            "key": np.asarray(keys, dtype=object)[number],
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


def rebound_records(engine: Engine, filters: Filters, close_by: CloseBy = "closed") -> pd.DataFrame:
    """The problems behind `rebounds` whose return falls in the period, latest first, at most 500.

    columns  both episodes' first issues, category, place, when it was closed and when it came back,
             gap_days.
    """
    frame = engine.select(
        "rebound_records",
        within_days=int(threshold("rebound_days")),
        close_by=close_by,
        row_limit=ROWS_SHOWN,
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

    Windows that reach into the period. columns  place_id, street_name, grid_id, category, episodes
    (most within one window), since (start of that window), lon, lat; most first.
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
    return repeats.sort_values(
        ["episodes", "place_id", "category_code"], ascending=[False, True, True], ignore_index=True
    )


def _episodes(engine: Engine, filters: Filters, since: date, until: date) -> pd.DataFrame:
    params = filters.params | {"since": since, "until": until}
    return engine.select("episodes", **params)


@dataclass(frozen=True)
class Slackening:
    """Issues per km by day from the end of inspections, and what an inspection does to a grid.

    curve        day, issues (numerator), exposure_km (denominator: km x inspections), per_km.
    effect       rise after against during and level against before, with 95 % bands; None where there
                 is no inspection.
    inspections  the rounds it rests on.
    """

    curve: pd.DataFrame
    effect: InspectionEffect | None
    inspections: pd.DataFrame


def slackening(engine: Engine, filters: Filters) -> Slackening:
    """All inspections laid over each other, from issues that no inspection found.

    The whole data counts, not the period: a curve needs the weeks before and after. Exposure is the km
    of street of the inspected grids; filters.category_class applies, filters.grid_id does not.
    """
    build = build_info(engine)
    since, until = build.first_date, build.period_until
    inspected = engine.select("inspected_grids")
    rounds = inspected.drop_duplicates("inspection_id").drop(columns="grid_id")
    whole = filters.between(since, until)
    street = engine.select("issues_by_grid", **whole.county_params)
    street = street[street["street_km"] >= threshold("min_street_km")].reset_index(drop=True)
    grid_number = pd.Series(street.index, index=street["grid_id"])
    inspected = inspected[inspected["grid_id"].isin(grid_number.index)]
    if inspected.empty or (until - since).days < 14:
        nothing = pd.DataFrame(columns=["day", "issues", "exposure_km", "per_km"])
        return Slackening(nothing, None, rounds)
    counts = engine.select("issues_by_grid_day", **whole.county_params)
    counts = counts[counts["grid_id"].isin(grid_number.index)]
    grid = counts["grid_id"].map(grid_number).to_numpy(np.int64)
    day = _days_since(counts["report_date"], since)
    days = (until - since).days
    issues = np.zeros((len(street), days), dtype=np.int64)
    np.add.at(issues, (grid, day), counts["reported"].to_numpy(np.int64))
    km = street["street_km"].to_numpy(float)
    exposure = np.repeat(km[:, None], days, axis=1)
    code, ids = pd.factorize(inspected["inspection_id"])
    ends = rounds.set_index("inspection_id").loc[ids]
    after = int(threshold("slackening_days"))
    repeated_grid, repeated_day = (
        np.repeat(grid, counts["reported"]),
        np.repeat(day, counts["reported"]),
    )
    curve = slackening_curve(
        repeated_day,
        repeated_grid,
        np.full(len(repeated_day), -1, dtype=np.int64),
        exposure,
        _days_since(ends["last_date"], since),
        code.astype(np.int64),
        inspected["grid_id"].map(grid_number).to_numpy(np.int64),
        14,
        after,
    )
    frame = pd.DataFrame(
        {
            "day": curve.day,
            "issues": curve.issues,
            "exposure_km": curve.exposure,
            "per_km": curve.rate,
        }
    )
    return Slackening(frame, _effect(issues, km, inspected, grid_number, since, after // 7), rounds)


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
