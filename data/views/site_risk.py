"""The risk of sites, learned from the county's own history, and the reasons for each.

At past dates, what was known of each site then is set against whether anything was recorded there in
the risk_days after. docs/adr/0014-site-risk.md has what was tried and measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.engine import Engine
from data.standards import threshold
from data.views.overview import complete_days
from geo.rebound import gap_times
from geo.risk import (
    Logistic,
    brier_score,
    calibration,
    chances,
    fit_logistic,
    ranking_share,
    shrunk_rates,
)
from geo.survival import kaplan_meier

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

NEVER = np.iinfo(np.int64).max  # day of what did not happen (yet)
LONG_AGO = -1  # last day of what never happened: days are counted from 1970
YEAR, SEASON = 365, 90
SNAPSHOTS, HELD_OUT = 8, 2  # past dates to learn from, the last ones only to test
RIDGE = 4.0  # slopes as if drawn from a normal with standard deviation 0.5
RATE_PRIOR = 50.0  # trials that the county's rate weighs in a type's
REASONS = 3
LEAST_TOLD = 0.1  # log odds: less than about a tenth up or down is no reason


@dataclass(frozen=True)
class RiskModel:
    """How risk was made, and how it held on dates that it had not seen.

    is_fitted    False: fewer than min_risk_events sites with a record at the past dates (or without,
                 where nearly all have one), so risk is the rate of the site's type.
    events       sites with a record within risk_days of a past date, held-out dates included.
    snapshots    past_date, sites, events, is_held_out.
    coefficients code, slope (log odds per unit of the feature), mean; empty where it is not fitted.
    calibration  of the held-out dates, by a model fitted on the others: predicted, observed, hits,
                 trials, lower, upper; bins of equally many predicted hits, lowest chance first.
    brier, brier_base, ranking   of the held-out dates: of the model, of the type's rate alone, and the
                 share of pairs of hit and miss put in the right order (AUC). NaN where not fitted.
    type_rates   site_type, sites, events, trials, rate (drawn towards the county's; no hits are not 0).
    """

    is_fitted: bool
    events: int
    snapshots: pd.DataFrame
    coefficients: pd.DataFrame
    calibration: pd.DataFrame
    brier: float
    brier_base: float
    ranking: float
    type_rates: pd.DataFrame


@dataclass(frozen=True)
class History:
    """What happened at sites: arrays over records, days since 1970 (NEVER: not yet).

    A record near several sites is one of each. issues: how many a row stands for; looked_site, looked:
    site and day of each visit.
    """

    site: Ints
    class_no: Ints
    reported: Ints
    closed: Ints
    verified: Ints
    issues: Ints
    looked_site: Ints
    looked: Ints


@dataclass(frozen=True)
class State:
    """What was known of each site at the beginning of a day; shape (sites,).

    last_*  the last day on which it happened, LONG_AGO: never. last_swept: NaN: unknown.
    """

    day: int
    finds_90: Ints
    finds_year: Ints
    open: Ints
    last_find: Ints
    last_closed: Ints
    last_seen: Ints
    last_swept: Floats


def day_number(at: date | pd.Timestamp) -> int:
    """Days since 1970 of a day or time."""
    return int(np.datetime64(at, "D").astype(np.int64))


def days_since_1970(times: pd.Series) -> Ints:
    """Days since 1970; NEVER where there is none."""
    days = times.to_numpy("datetime64[D]")
    return np.where(np.isnat(days), NEVER, days.astype(np.int64))


FEATURES = ("open", "returns", "finds_90", "finds_year", "quiet", "uncleaned", "is_cleaning_known")
SIGNS = (1, 1, 1, 1, -1, 1, 0)
HISTORY = ("finds_90", "finds_year", "quiet")  # told as one reason: they overlap


@dataclass(frozen=True)
class Past:
    """The county's own history, to learn from.

    segment   row in `segments` of each site's street, -1 for those of the list, whose cleaning is
              unknown; type_no the position of its type in types; is_inside: in a grid in force. The
              others are not learned from: the county does not look there.
    """

    engine: Engine
    history: History
    segments: pd.DataFrame
    segment: Ints
    type_no: Ints
    types: list[str]
    is_inside: Bools

    @cached_property
    def first_and_last(self) -> tuple[int, int]:
        """The days whose reports are all in, half-open."""
        first, last = complete_days(self.engine)
        return day_number(first), day_number(last)

    @cached_property
    def gaps(self) -> pd.DataFrame:
        """All closed episodes, with the start of the next: what the curve of returns is made of."""
        return self.engine.select(
            "rebound_gaps", since="1900-01-01", until="9999-01-01", close_by="closed",
            category_class="", grid_id="", department="", part="county",
        )  # fmt: skip

    def state(self, day: int) -> State:
        """What was known at the beginning of a day; what is closed or reported later is not."""
        history, sites = self.history, len(self.segment)
        is_known = history.reported < day
        site, issues = history.site[is_known], history.issues[is_known]
        reported, closed, verified = (
            days[is_known] for days in (history.reported, history.closed, history.verified)
        )

        def total(chosen: Bools) -> Ints:
            return np.bincount(site[chosen], issues[chosen], sites).astype(np.int64)

        def latest(days: Ints, at: Ints) -> Ints:
            last = np.full(sites, LONG_AGO, dtype=np.int64)
            np.maximum.at(last, at[days < day], days[days < day])
            return last

        find, closing = latest(reported, site), latest(closed, site)
        looks = np.maximum(latest(verified, site), latest(history.looked, history.looked_site))
        return State(
            day,
            finds_90=total(reported >= day - SEASON),
            finds_year=total(reported >= day - YEAR),
            open=total(closed >= day),
            last_find=find,
            last_closed=closing,
            last_seen=np.maximum(np.maximum(find, closing), looks),
            last_swept=self._last_swept(day),
        )

    def _last_swept(self, day: int) -> Floats:
        rows = self.engine.select(
            "last_swept",
            until=np.datetime64(day, "D").item(),
            grid_id="",
            swept_share=threshold("swept_least_share"),
        )
        days = np.full(len(self.segments) + 1, np.nan)  # the last entry is for sites: -1
        at = pd.Index(self.segments["segment_id"]).get_indexer(rows["segment_id"])
        days[at] = days_since_1970(rows["last_swept"])
        return days[self.segment]

    def features(self, state: State) -> Floats:
        """Logarithms, shares, 0 and 1; shape (sites, FEATURES and types).

        returns is the chance that what was closed last comes back within risk_days, by the county's
        curve as known then; quiet the days since anything was seen there, else since the data begins.
        """
        seen = np.where(state.last_seen > LONG_AGO, state.last_seen, self.first_and_last[0])
        is_known = np.isfinite(state.last_swept)
        columns = [
            np.log1p(state.open),
            self._returns(state),
            np.log1p(state.finds_90),
            np.log1p(state.finds_year),
            np.log1p(np.maximum(state.day - seen, 0) / 30),
            np.log1p(np.where(is_known, state.day - state.last_swept, 0.0)),
            is_known,
        ]
        kinds = self.type_no[:, None] == np.arange(len(self.types))
        return np.column_stack([*columns, kinds]).astype(float)

    def _returns(self, state: State) -> Floats:
        ahead = int(threshold("risk_days"))
        days, is_event = gap_times(
            self.gaps["ended_at"].to_numpy("datetime64[s]"),
            self.gaps["next_started_at"].to_numpy("datetime64[s]"),
            np.datetime64(state.day, "D"),
        )
        curve = kaplan_meier(days, is_event, np.zeros(len(days), dtype=np.int64), 1, YEAR)
        observed = np.flatnonzero(curve.at_risk[0] >= threshold("min_at_risk"))
        if len(observed) == 0 or observed[-1] < ahead:
            return np.zeros(len(state.open))
        since = np.clip(state.day - state.last_closed, 0, observed[-1] - ahead)
        survival = np.maximum(curve.survival[0], 1e-9)
        chance = 1 - survival[since + ahead] / survival[since]
        return np.where(state.last_closed > LONG_AGO, chance, 0.0)

    def dates(self) -> list[int]:
        """The past dates, latest first: risk_days apart at least, within a year, none without 90 days
        (or a third of the history, if it is short) before it.
        """
        first, last = self.first_and_last
        ahead = int(threshold("risk_days"))
        room = last - ahead - first
        span = min(YEAR - ahead, room - min(SEASON, room // 3))
        if span < 0:
            return []
        count = min(SNAPSHOTS, span // ahead + 1)
        gap = max(ahead, span // max(count - 1, 1))
        return [last - ahead - gap * number for number in range(count)]

    def model(self) -> tuple[RiskModel, Logistic | None]:
        """The model, tested on the latest dates, then fitted on all; None without enough events."""
        dates, ahead = self.dates(), int(threshold("risk_days"))
        hits = []
        for day in dates:
            is_coming = (self.history.reported >= day) & (self.history.reported < day + ahead)
            found = np.bincount(self.history.site[is_coming], minlength=len(self.segment)) > 0
            hits.append(found[self.is_inside])
        held_out = HELD_OUT if len(dates) > 2 * HELD_OUT else 1
        snapshots = pd.DataFrame(
            {
                "past_date": pd.to_datetime(np.array(dates, dtype="datetime64[D]")),
                "sites": [len(hit) for hit in hits],
                "events": [int(hit.sum()) for hit in hits],
                "is_held_out": np.arange(len(dates)) < held_out,
            }
        )
        events = int(snapshots["events"].sum())
        rates = self._rates(hits)
        learned = snapshots[held_out:]
        hit_count, misses = learned["events"].sum(), (learned["sites"] - learned["events"]).sum()
        if min(hit_count, misses) < threshold("min_risk_events"):
            nothing = calibration(np.empty(0), np.empty(0, dtype=bool))
            no_slopes = pd.DataFrame(columns=["code", "slope", "mean"])
            return RiskModel(
                False, events, snapshots, no_slopes, nothing, np.nan, np.nan, np.nan, rates
            ), None

        xs = [self.features(self.state(day))[self.is_inside] for day in dates]
        signs = np.array([*SIGNS, *[0] * len(self.types)])
        early = fit_logistic(
            np.concatenate(xs[held_out:]), np.concatenate(hits[held_out:]), signs, RIDGE
        )
        chance, hit = chances(early, np.concatenate(xs[:held_out])), np.concatenate(hits[:held_out])
        kind = np.tile(self.type_no[self.is_inside], held_out)
        base = self._rates(hits[held_out:])["rate"].to_numpy(float)[kind]
        fit = fit_logistic(np.concatenate(xs), np.concatenate(hits), signs, RIDGE)
        slopes = {"code": [*FEATURES, *self.types], "slope": fit.slopes, "mean": fit.means}
        return RiskModel(
            True, events, snapshots, pd.DataFrame(slopes), calibration(chance, hit),
            brier_score(chance, hit), brier_score(base, hit), ranking_share(chance, hit), rates,
        ), fit  # fmt: skip

    def _rates(self, hits: list[Bools]) -> pd.DataFrame:
        """Share of sites of each type with a record within risk_days of a past date."""
        kind, count = self.type_no[self.is_inside], len(self.types)
        sites = np.bincount(kind, minlength=count)
        events = np.zeros(count)
        for hit in hits:
            events += np.bincount(kind[hit], minlength=count)
        trials = sites * len(hits)
        return pd.DataFrame(
            {
                "site_type": self.types,
                "sites": sites,
                "events": events.astype(np.int64),
                "trials": trials,
                "rate": shrunk_rates(events, trials.astype(float), RATE_PRIOR),
            }
        )


def reasons(
    frame: pd.DataFrame, now: State, model: RiskModel, added: Floats, is_raised: Bools
) -> list[list[tuple[str, int]]]:
    """(code, value) pairs of each site, most telling first; codes as in `SampleFrame`.

    added      what each feature adds to the log odds, shape (sites, features and types).
    is_raised  whose risk is the rate of the type because nobody looked: that is the only reason then.
    """
    seen = frame["days_since_seen"].to_numpy(float)
    cleaned = frame["days_since_cleaned"].to_numpy(float)
    is_never = np.isnan(seen)
    seen_days, cleaned_days = (np.nan_to_num(days).astype(np.int64) for days in (seen, cleaned))
    closed_days = np.where(now.last_closed > LONG_AGO, now.day - now.last_closed, 0)

    # Against the average site of today; of cleaning, against the average street of which it is known.
    is_inside = frame["grid_id"].notna().to_numpy()
    against = added - added[is_inside].mean(axis=0) if is_inside.any() else added
    history = against[:, [FEATURES.index(name) for name in HISTORY]].sum(axis=1)
    opened, returns = (against[:, FEATURES.index(name)] for name in ("open", "returns"))
    swept = added[:, FEATURES.index("uncleaned")]
    is_swept = ~np.isnan(cleaned)
    swept = swept - swept[is_swept].mean() if is_swept.any() else swept
    kind = against[:, len(FEATURES) :].sum(axis=1)
    rates = model.type_rates
    county = rates["events"].sum() / max(rates["trials"].sum(), 1)
    rate = frame["site_type"].map(rates.set_index("site_type")["rate"]).to_numpy(float)
    per_mille = np.rint(rate * 1000).astype(np.int64)

    up, down = history > 0, history < 0
    lately, before = now.finds_90 > 0, now.finds_year > 0
    is_fewer = now.finds_year < frame.groupby("site_type")["issues_year"].transform("mean").to_numpy()
    told = [  # code, value, what it adds, where it may be said
        ("open", now.open, opened, (opened > 0) & (now.open > 0)),
        ("closed_days", closed_days, returns, (returns > 0) & (now.last_closed > LONG_AGO)),
        ("finds_90", now.finds_90, history, up & lately),
        ("finds_year", now.finds_year, history, up & ~lately & before),
        ("seen_days", seen_days, history, up & ~before & ~is_never),
        ("quiet_days", seen_days, history, down & ~lately & ~is_never),
        ("fewer_finds", now.finds_year, history, down & lately & is_fewer),
        ("uncleaned_days", cleaned_days, swept, (swept > 0) & is_swept),
        ("cleaned_days", cleaned_days, swept, (swept < 0) & is_swept),
        ("type_high", per_mille, kind, (kind > 0) & (rate > county)),
        ("type_low", per_mille, kind, (kind < 0) & (rate < county)),
    ]
    weight = np.column_stack([np.where(may, np.abs(add), 0.0) for _, _, add, may in told])
    order = np.argsort(-weight, axis=1, kind="stable")[:, :REASONS]
    is_told = np.take_along_axis(weight, order, axis=1) >= LEAST_TOLD
    values = np.take_along_axis(np.column_stack([value for _, value, _, _ in told]), order, axis=1)
    codes = [code for code, *_ in told]
    found = [
        [(codes[code], value) for code, value, says in zip(*row, strict=True) if says]
        for row in zip(order.tolist(), values.tolist(), is_told.tolist(), strict=True)
    ]
    for k, told_unseen in zip(np.flatnonzero(is_raised), _unseen(seen[is_raised]), strict=True):
        found[k] = told_unseen
    return found


def _unseen(seen_days: Floats) -> list[list[tuple[str, int]]]:
    return [
        [("never_seen", 0)] if np.isnan(days) else [("unseen_days", int(days))]
        for days in seen_days.tolist()
    ]
