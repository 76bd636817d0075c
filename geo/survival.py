"""Kaplan-Meier curves, medians and mean recurrences of many groups at once.

Times are compared to the second, so that a tie in the data is a tie here, whatever the unit they come
in. Everything is sorted once by one packed integer (group, time, events before censored); no loop runs
over groups.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DAY_S = 86_400
HOUR_S = 3_600
Z95 = 1.959963984540054
LN_HALF = np.log(0.5) + 1e-9  # S may miss one half by rounding


class Curves(NamedTuple):
    """Kaplan-Meier curves; row g is about group g, column u about day u = 0 .. horizon.

    survival  S(u), with the events of day u taken off.
    variance  Greenwood's sum of d/(n(n - d)) up to u: the variance of ln S(u); inf where S is 0.
    at_risk   n_u, those whose time is u or more. Beyond the last of them S stays as it was: the caller
              shows nothing where too few are at risk.
    events    number of events up to u.
    """

    survival: Floats
    variance: Floats
    at_risk: Ints
    events: Ints


class Recurrences(NamedTuple):
    """Mean cumulative functions; row g is about group g, column u about day u = 0 .. horizon.

    mean      M(u), recurrences per unit up to u.
    variance  of M(u), robust: a unit's recurrences may depend on one another.
    at_risk   units observed at u or longer.
    """

    mean: Floats
    variance: Floats
    at_risk: Ints


def kaplan_meier(days: Floats, is_event: Bools, group: Ints, groups: int, horizon: int) -> Curves:
    """Kaplan-Meier curve of every group, day by day.

    days      shape (n,), time to the event, or to where observation ended; NaN is left out.
    is_event  shape (n,).
    group     shape (n,), 0 .. groups - 1; -1 is left out.
    horizon   last day of the curves.
    returns   `Curves`, each field of shape (groups, horizon + 1).
    Raises ValueError if a time is negative.
    Source: Kaplan & Meier 1958; variance Greenwood 1926. Ties need no care: with d events at n at
    risk, (n - 1)/n (n - 2)/(n - 1) .. (n - d)/(n - d + 1) is (n - d)/n, and Greenwood's terms
    1/(n (n - 1)) add up in the same way.
    """
    seconds, is_event, group = _known(days, DAY_S, is_event, group)
    size = np.bincount(group, minlength=groups)
    is_early = seconds <= horizon * DAY_S  # the rest are at risk to the end: no need to sort them
    if not is_early.all():
        seconds, is_event, group = seconds[is_early], is_event[is_early], group[is_early]
    key, bits = _packed(seconds, ~is_event, group)
    key.sort()
    group = key >> bits
    after = np.cumsum(np.bincount(group, minlength=groups))  # position where each group ends
    late = size - np.diff(after, prepend=0)

    width = horizon + 1
    second = (key & ((1 << bits) - 1)) >> 1
    left = _by_day(group, second // DAY_S, width, groups)
    at_risk = np.repeat(size[:, None], width, axis=1)
    at_risk[:, 1:] -= np.cumsum(left, axis=1)[:, :-1].astype(np.int64)

    event = np.flatnonzero((key & 1) == 0)
    group, day = group[event], -(-second[event] // DAY_S)
    n = (late + after)[group] - event
    with np.errstate(divide="ignore"):  # the last one at risk: S falls to 0, its logarithm to -inf
        fall, growth = np.log1p(-1.0 / n), 1.0 / (n * (n - 1.0))
    return Curves(
        np.exp(np.cumsum(_by_day(group, day, width, groups, fall), axis=1)),
        np.cumsum(_by_day(group, day, width, groups, growth), axis=1),
        at_risk,
        np.cumsum(_by_day(group, day, width, groups), axis=1).astype(np.int64),
    )


def log_log_band(curves: Curves) -> tuple[Floats, Floats]:
    """Lower and upper end of the 95 % band of S, shape as S: S ^ exp(+-1.96 sqrt(V) / ln S).

    NaN where S is 1 or 0: the formula says nothing before the first event and after the last unit.
    It takes the rows as independent. Where few places give most of the rows it is too narrow: then take
    quantiles of `geo.rebound.bootstrap_shares`.
    Source: Kalbfleisch & Prentice 1980, section 1.3; as `conf.type = "log-log"` in R's survfit.
    """
    is_inside = (curves.survival > 0) & (curves.survival < 1)
    survival = np.where(is_inside, curves.survival, np.nan)
    width = np.where(is_inside, curves.variance, np.nan)
    exponent = Z95 * np.sqrt(width) / np.log(survival)
    return survival ** np.exp(-exponent), survival ** np.exp(exponent)


def median_hours(hours: Floats, is_event: Bools, group: Ints, groups: int) -> Floats:
    """Kaplan-Meier median of each group: the first time at which S is one half or less.

    hours    shape (n,), to the event, or as far as observed; NaN is left out.
    is_event, group as in `kaplan_meier`.
    returns  shape (groups,), hours; NaN where S stays above one half.
    Raises ValueError if a time is negative.
    """
    seconds, is_event, group = _known(hours, HOUR_S, is_event, group)
    key, bits = _packed(seconds, ~is_event, group)
    key.sort()
    median = np.full(groups, np.nan)
    event = np.flatnonzero((key & 1) == 0)
    if len(event) == 0:
        return median
    after = np.cumsum(np.bincount(key >> bits, minlength=groups))
    group = key[event] >> bits
    n = after[group] - event
    # The last one at risk makes S 0; a finite stand-in for -inf keeps the sum over groups usable.
    fall = np.where(n > 1, np.log1p(-1.0 / np.maximum(n, 2)), -1e3)
    total = np.cumsum(fall)
    first = np.flatnonzero(np.diff(group, prepend=-1))
    before = np.repeat(total[first] - fall[first], np.diff(first, append=len(group)))
    reached = np.flatnonzero(total - before <= LN_HALF)
    found, position = np.unique(group[reached], return_index=True)
    median[found] = ((key[event] & ((1 << bits) - 1)) >> 1)[reached[position]] / HOUR_S
    return median


def mean_recurrences(
    days: Floats, unit: Ints, end_days: Floats, group: Ints, groups: int, horizon: int
) -> Recurrences:
    """Mean number of recurrences per unit, M(t) = sum over u <= t of d_u / n_u, by group.

    days      shape (n,), times of the recurrences, since observation of their unit began.
    unit      shape (n,), the unit of each.
    end_days  shape (m,), how long each unit was observed; a tie is still at risk.
    group     shape (m,), group of each unit; -1 is left out.
    returns   `Recurrences`, each field of shape (groups, horizon + 1).
    Raises ValueError if a time is negative or NaN, or a recurrence lies after the end of its unit.
    Source: Nelson 1988 (mean cumulative function); variance Lawless & Nadeau 1995, Technometrics 37,
    158-168: sum over units i of A_i^2 with A_i(t) = sum over the unit's events of 1/n - B(t or the
    unit's end), B(t) = sum over all events of 1/n^2. The squares are expanded so that no table of
    units by days is needed.
    """
    if not ((days >= 0).all() and (end_days >= 0).all()):
        msg = "`days` or `end_days` holds a negative time or NaN: leave such units out."
        raise ValueError(msg)
    second, end = (np.rint(times * DAY_S).astype(np.int64) for times in (days, end_days))
    group = group.astype(np.int64)
    if (second > end[unit]).any():
        msg = "`days` holds a recurrence after the end of its unit in `end_days`."
        raise ValueError(msg)
    chosen = group[unit] >= 0
    second, unit = second[chosen], unit[chosen]
    bits = int(end.max(initial=0)).bit_length() + 1
    width = horizon + 1

    ends = np.sort((group << bits | end)[group >= 0])
    border = np.searchsorted(ends, np.arange(1, groups + 1) << bits)
    key = group[unit] << bits | second
    order = np.argsort(key, kind="stable")
    key, unit, second = key[order], unit[order], second[order]
    of_event = group[unit]
    weight = 1.0 / (border[of_event] - np.searchsorted(ends, key, side="left"))
    day = -(-second // DAY_S)

    squares = np.concatenate([[0.0], np.cumsum(weight**2)])
    begin = squares[np.searchsorted(key, np.arange(groups) << bits)]
    own: Floats = np.bincount(unit, weight, len(end)).astype(np.float64)  # sum of 1/n of a unit
    by_unit = np.argsort(unit, kind="stable")
    of_unit, shares = unit[by_unit], weight[by_unit]
    running = np.cumsum(shares) - shares
    first = np.flatnonzero(np.diff(of_unit, prepend=-1))
    earlier = running - np.repeat(running[first], np.diff(first, append=len(of_unit)))
    growth = np.empty_like(weight)
    growth[by_unit] = shares * (2 * earlier + shares)

    unit_ = np.flatnonzero(group >= 0)
    of_unit, leaves = group[unit_], end[unit_] // DAY_S + 1  # the first day without this unit
    reached = np.searchsorted(key, of_unit << bits | end[unit_], side="right")
    common = squares[reached] - begin[of_unit]  # B at the unit's end
    own = own[unit_]

    mean, shared, squared = (
        np.cumsum(_by_day(of_event, day, width, groups, values), axis=1)
        for values in (weight, weight**2, growth)
    )
    gone, gone_own, gone_common, gone_cross = (
        np.cumsum(_by_day(of_unit, leaves, width, groups, values), axis=1)
        for values in (np.ones(len(own)), own, common**2, own * common)
    )
    at_risk = np.bincount(of_unit, minlength=groups)[:, None] - gone
    cross = gone_cross + shared * (mean - gone_own)
    variance = squared - 2 * cross + at_risk * shared**2 + gone_common
    return Recurrences(mean, np.maximum(variance, 0.0), at_risk.astype(np.int64))


def _known(times: Floats, unit_s: int, is_event: Bools, group: Ints) -> tuple[Ints, Bools, Ints]:
    """Seconds, event and group of the rows that have a time and a group."""
    if (times < 0).any():
        msg = f"`times` holds {np.nanmin(times)}: a time to an event is not negative."
        raise ValueError(msg)
    is_known = (times >= 0) & (group >= 0)
    if not is_known.all():
        times, is_event, group = times[is_known], is_event[is_known], group[is_known]
    # 64 bits even where the codes came in fewer: they are packed with the seconds.
    return np.rint(times * unit_s).astype(np.int64), is_event, group.astype(np.int64)


def _packed(seconds: Ints, is_last: Bools, group: Ints) -> tuple[Ints, int]:
    """One integer a row that sorts by group, second and `is_last`, and the bits below the group."""
    bits = int(seconds.max(initial=0)).bit_length() + 1
    return group << bits | seconds << 1 | is_last, bits


def _by_day(group: Ints, day: Ints, width: int, groups: int, values: Floats | None = None) -> Floats:
    """Sum of the values, else the count, by group and day: (groups, width); later days are dropped."""
    if values is not None and len(values) == 0:
        return np.zeros((groups, width))
    if len(day) and day.max() >= width:
        chosen = day < width
        group, day = group[chosen], day[chosen]
        values = values if values is None else values[chosen]
    total: Floats = np.bincount(group * width + day, values, groups * width).astype(np.float64)
    return total.reshape(groups, width)
