"""Rebound (反弹): closed problems that came back at their place; never the same ticket opened again."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from geo.survival import DAY_S, Curves, log_log_band

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Times = npt.NDArray[np.datetime64]


class ReboundShares(NamedTuple):
    """Share of closed problems that came back within some days; row g group g, column j days[j].

    share         1 - S(d), 0..1.
    lower, upper  ends of its 95 % band (log-log); NaN where the share is 0 or 1.
    at_risk       episodes still observed at d: the number that decides whether the share is shown.
    """

    share: Floats
    lower: Floats
    upper: Floats
    at_risk: Ints


class Recurring(NamedTuple):
    """How often each (place, category) came back; for `geo.survival.mean_recurrences`.

    days      shape (n,), from the first closing of the unit to each later episode.
    unit      shape (n,), the unit of each.
    place, category, end_days  shape (m,): a unit, and days from its first closing to the end of
                               observation.
    """

    days: Floats
    unit: Ints
    place: Ints
    category: Ints
    end_days: Floats


class RepeatPlaces(NamedTuple):
    """Entry k is about one (place, category) that came up again and again, ordered by them.

    episodes  most episodes that started within one window.
    since     start of the first window that holds so many.
    """

    place: Ints
    category: Ints
    episodes: Ints
    since: Times


def next_starts(place: Ints, category: Ints, start: Times) -> Times:
    """Start of the next episode at the same place and category; NaT where there is none.

    place, category, start  shape (n,), as in `Episodes`: ordered by place, category and start.
    Raises ValueError if the episodes are not in order.
    """
    has_next = ~_begins_unit(place, category, start)[1:]
    following = np.full(len(place), "NaT", dtype="datetime64[s]")
    following[:-1][has_next] = start.astype("datetime64[s]")[1:][has_next]
    return following


def gap_times(
    close: Times, following: Times, until: np.datetime64, withdrawn: Times | None = None
) -> tuple[Floats, Bools]:
    """Days from the close of each episode to the next at its place and category, or to the end.

    close      shape (n,); NaT while open. With the times of verification instead, a problem that came
               back before it was verified has a gap of 0.
    following  shape (n,), see `next_starts`.
    until      end of observation: what is reported from then on is not known yet.
    withdrawn  shape (n,), when the place of the episode was given up; NaT where it was not.
    returns    days, shape (n,), NaN for episodes not closed before observation ended; is_event, shape
               (n,), whether the problem came back (else the days are censored).
    """
    closes, following = (times.astype("datetime64[s]") for times in (close, following))
    end = np.full(len(close), until, dtype="datetime64[s]")
    if withdrawn is not None:
        end = np.fmin(end, withdrawn.astype("datetime64[s]"))
    is_event = (following < end) & (closes < end)
    gap = np.maximum(np.where(is_event, following, end) - closes, np.timedelta64(0, "s"))
    days = np.where(closes < end, gap / np.timedelta64(DAY_S, "s"), np.nan)
    return days, is_event


def recurrence_times(
    place: Ints, category: Ints, start: Times, close: Times, until: np.datetime64
) -> Recurring:
    """Every return of each (place, category) since its first closing; arguments as in `gap_times`.

    A unit whose first episode was not closed before `until` is left out.
    Raises ValueError if the episodes are not in order.
    """
    begins, closes = (times.astype("datetime64[s]") for times in (start, close))
    is_first = _begins_unit(place, category, start)
    first = np.flatnonzero(is_first)
    of_first = np.cumsum(is_first) - 1
    is_observed = closes[first] < until
    number = np.where(is_observed, np.cumsum(is_observed) - 1, -1)
    day = np.timedelta64(DAY_S, "s")
    returns = np.flatnonzero(~is_first & (begins < until) & (number[of_first] >= 0))
    units = first[is_observed]
    return Recurring(
        np.maximum((begins[returns] - closes[first[of_first[returns]]]) / day, 0.0),
        number[of_first[returns]],
        place[units],
        category[units],
        (until.astype("datetime64[s]") - closes[units]) / day,
    )


def rebound_shares(curves: Curves, days: tuple[int, ...] = (7, 14, 30)) -> ReboundShares:
    """Rebound after each number of days, with its band.

    days     not beyond the horizon of the curves.
    returns  `ReboundShares`, each field of shape (groups, len(days)).
    """
    low, high = log_log_band(curves)
    at = list(days)
    return ReboundShares(
        1 - curves.survival[:, at], 1 - high[:, at], 1 - low[:, at], curves.at_risk[:, at]
    )


def bootstrap_shares(
    days: Floats,
    is_event: Bools,
    group: Ints,
    place: Ints,
    groups: int,
    after_days: int,
    draws: int,
    rng: np.random.Generator | int,
) -> Floats:
    """Rebound after `after_days` in samples of places, drawn with replacement within each group.

    Whole places are drawn because the episodes of one place resemble each other.

    days, is_event, group  shape (n,), as in `kaplan_meier`; NaN and -1 are left out.
    place                  shape (n,).
    rng                    a generator or a seed.
    returns                shape (draws, groups), 0..1; NaN for groups without episodes.
    """
    rng = np.random.default_rng(rng)
    known = (days >= 0) & (group >= 0)
    seconds = np.rint(days[known] * DAY_S).astype(np.int64)
    pairs = np.stack([group[known], place[known]], axis=1)
    units, unit = np.unique(pairs, axis=0, return_inverse=True)
    of_unit = units[:, 0]
    size = np.bincount(of_unit, minlength=groups)
    begin = (np.cumsum(size) - size)[of_unit]

    is_early = seconds <= after_days * DAY_S  # the others only count as at risk
    late = np.bincount(unit[~is_early], minlength=len(units))
    censored = ~is_event[known][is_early]
    unit, seconds = unit[is_early], seconds[is_early]
    order = np.lexsort((censored, seconds, of_unit[unit]))
    unit = unit[order]
    of_row = of_unit[unit]
    ends = np.searchsorted(of_row, np.arange(1, groups + 1))
    event = np.flatnonzero(~censored[order])
    of_event = of_row[event]

    shares = np.empty((draws, groups))
    for draw in range(draws):
        drawn = begin + (rng.random(len(units)) * size[of_unit]).astype(np.int64)
        times = np.bincount(drawn, minlength=len(units)).astype(np.float64)
        total = np.concatenate([[0.0], np.cumsum(times[unit])])
        rest = np.bincount(of_unit, times * late, groups) + total[ends]
        at_risk = rest[of_event] - total[event]
        weight = times[unit[event]]
        with np.errstate(divide="ignore", invalid="ignore"):
            fall = np.where(weight > 0, np.log1p(-weight / at_risk), 0.0)
        shares[draw] = 1 - np.exp(np.bincount(of_event, fall, groups))
    shares[:, size == 0] = np.nan
    return shares


def rank_bands(values: Floats, level: float = 0.9) -> tuple[Ints, Ints]:
    """Best and worst rank of each group over the draws, 1 the lowest value; ties share the better rank.

    values   shape (draws, groups); groups with NaN are not ranked.
    returns  two of shape (groups,): the central `level` of the draws lies between; -1 if not ranked.
    """
    low, high = (np.full(values.shape[1], -1, dtype=np.int64) for _ in range(2))
    is_ranked = ~np.isnan(values).any(axis=0)
    if is_ranked.any():
        ranks = rankdata(values[:, is_ranked], method="min", axis=1)
        tails = [(1 - level) / 2, (1 + level) / 2]
        low[is_ranked], high[is_ranked] = np.quantile(ranks, tails, axis=0, method="inverted_cdf")
    return low, high


def repeat_places(
    place: Ints, category: Ints, start: Times, at_least: int, window_days: int
) -> RepeatPlaces:
    """Places where episodes of one category started at least so often within some window of days.

    place, category, start  shape (n,), as in `Episodes`: ordered by place, category and start.
    A window is half-open: starts exactly `window_days` apart are not in one.
    Raises ValueError if the episodes are not in order.
    """
    second = start.astype("datetime64[s]").astype(np.int64)
    new = _begins_unit(place, category, start)
    first = np.flatnonzero(new)
    if len(first) == 0:
        return RepeatPlaces(place, category, np.empty(0, dtype=np.int64), start)
    # A stretch of the axis for each unit, longer than any window reaches.
    stretch = second.max() - second.min() + (window_days + 1) * DAY_S
    at = np.cumsum(new) * stretch + second - second.min()
    inside = np.searchsorted(at, at + window_days * DAY_S, side="left") - np.arange(len(at))
    most = np.maximum.reduceat(inside, first)
    busiest = np.flatnonzero(inside == np.repeat(most, np.diff(first, append=len(at))))
    _, position = np.unique(np.cumsum(new)[busiest], return_index=True)
    chosen = busiest[position][most >= at_least]
    return RepeatPlaces(place[chosen], category[chosen], inside[chosen], start[chosen])


def _begins_unit(place: Ints, category: Ints, start: Times) -> Bools:
    """Whether an episode is the first of its place and category. Raises ValueError if out of order."""
    place_step, category_step = np.diff(place), np.diff(category)
    same_place = place_step == 0
    same = same_place & (category_step == 0)
    wrong = (place_step < 0) | (same_place & (category_step < 0))
    wrong |= same & (start[1:] < start[:-1])
    if wrong.any():
        msg = "`place`, `category` and `start` are not in this order: pass the fields of `Episodes`."
        raise ValueError(msg)
    return np.concatenate([[True], ~same])[: len(place)]
