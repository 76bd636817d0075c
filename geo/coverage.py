"""How much of the streets was cleaned, and for how long; every metre and every hour counts once.

Two sweepers on one stretch clean it once, and two at one time are one hour: both measures are unions of
intervals, one union for each segment and local day. Tables are shaped (segments, days). A value NaN is
unknown (a device without data), and it stands neither in a numerator nor in a denominator.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Times = npt.NDArray[np.datetime64]
Durations = npt.NDArray[np.timedelta64]

DAY = np.timedelta64(24, "h")
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
ALL_HOURS = (1 << 24) - 1
MIDNIGHT = np.timedelta64(0, "h")
ROUNDING = 1e-9  # a share this little below a standard meets it: 0.1 + 0.7 of a street are 0.8


class Share(NamedTuple):
    """Numerator and denominator, shaped (groups, days): both add up over groups and over days."""

    numerator: Floats
    denominator: Floats


class DutyParts(NamedTuple):
    """What of intervals lies in the duty window, one row a day and stretch, none of them empty."""

    row: Ints  # index of the interval
    day: Ints  # since 1970-01-01
    start_ms: Ints  # since 1970-01-01 00:00, local
    end_ms: Ints


def clock_hours(start_ms: Ints, end_ms: Ints) -> Ints:
    """Bits of the hours of the clock that each interval touches, hour 0 lowest.

    start_ms, end_ms  since any midnight; an interval without length touches the hour it lies in.
    """
    first = start_ms // HOUR_MS
    count = np.minimum(np.maximum(end_ms - 1, start_ms) // HOUR_MS - first + 1, 24)
    bits = ((np.int64(1) << count) - 1) << (first % 24)
    touched: Ints = (bits | bits >> 24) & ALL_HOURS
    return touched


def duty_parts(came_ms: Ints, left_ms: Ints, opens_ms: Ints, closes_ms: Ints) -> DutyParts:
    """Intervals cut at midnights and at the ends of the duty window.

    came_ms, left_ms     shape (n,), milliseconds since 1970-01-01 00:00, local, half-open.
    opens_ms, closes_ms  shape (n,), time of day; a window that ends at or before its beginning goes
                         over midnight: it is the late and the early part of each day.
    """
    touched = np.maximum((left_ms - 1) // DAY_MS - came_ms // DAY_MS + 1, 0)
    row = np.repeat(np.arange(len(came_ms)), touched)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(touched) - touched, touched)
    day = came_ms[row] // DAY_MS + nth
    opens, closes = opens_ms[row], closes_ms[row]
    is_over_midnight = closes <= opens
    late = np.where(is_over_midnight, DAY_MS, closes)
    early = np.where(is_over_midnight, closes, 0)
    midnight, came, left = day * DAY_MS, came_ms[row], left_ms[row]
    start = np.concatenate([np.maximum(came, midnight + opens), np.maximum(came, midnight)])
    end = np.concatenate([np.minimum(left, midnight + late), np.minimum(left, midnight + early)])
    some = np.flatnonzero(start < end)
    return DutyParts(np.tile(row, 2)[some], np.tile(day, 2)[some], start[some], end[some])


def union_lengths(key: Ints, start: npt.NDArray[Any], end: npt.NDArray[Any], keys: int) -> Floats:
    """Length of the union of the intervals of each key; exact for integers below 2**53.

    key         shape (n,), 0 to keys - 1.
    start, end  shape (n,), numbers of one unit; an interval that ends before it starts is empty.
    returns     shape (keys,), in that unit; 0 for a key without intervals.
    """
    order = np.lexsort((end, start, key))
    key, start, end = key[order], start[order], end[order]
    farthest = pd.Series(end).groupby(key, sort=False).cummax().to_numpy()
    reached = np.roll(farthest, 1)
    is_first = np.diff(key, prepend=-1) != 0
    reached[is_first] = start[is_first]
    added = np.maximum(end - np.maximum(start, reached), 0)
    return np.bincount(key, weights=added, minlength=keys).astype(np.float64)


def covered_hours(
    segment: Ints,
    came_at: Times,
    left_at: Times,
    segments: int,
    since: Any,
    until: Any,
    *,
    duty_from: np.timedelta64 | Durations = MIDNIGHT,
    duty_to: np.timedelta64 | Durations = DAY,
) -> Floats:
    """Hours of each day, inside the duty window, during which somebody was on each segment.

    segment            shape (n,), index of the segment of each shift or pass.
    came_at, left_at   shape (n,), local, half-open; one over midnight counts in both days.
    since, until       days, half-open.
    duty_from, duty_to time of day, one or shape (segments,). A window that ends at or before its
                       beginning goes over midnight: it is the late and the early part of each day.
    returns            shape (segments, days), hours to the millisecond.
    Raises ValueError if an interval is reversed, lacks a time or is of no segment, or a duty time is
    not within a day.
    """
    first, days = _period(since, until)
    _refuse(~(came_at <= left_at), "came_at is not at or before left_at", "give both times")
    _refuse((segment < 0) | (segment >= segments), "`segment` is not below `segments`", "leave it out")
    opens, closes = (
        np.broadcast_to(np.asarray(time, dtype="timedelta64[ms]").astype(np.int64), segments)
        for time in (duty_from, duty_to)
    )
    _refuse(
        (opens < 0) | (opens >= DAY_MS) | (closes < 0) | (closes > DAY_MS), "duty time", "0 to 24 h"
    )
    first_day = first.astype(np.int64)
    came, left = (at.astype("datetime64[ms]").astype(np.int64) for at in (came_at, left_at))
    came, left = np.maximum(came, first_day * DAY_MS), np.minimum(left, (first_day + days) * DAY_MS)
    of = np.flatnonzero(came < left)
    part = duty_parts(came[of], left[of], opens[segment[of]], closes[segment[of]])
    key = segment[of][part.row] * days + part.day - first_day
    ms = union_lengths(key, part.start_ms, part.end_ms, segments * days)
    return ms.reshape(-1, days) / 3_600_000


def is_swept(cleaned_m: Floats, length_m: Floats, least_share: float) -> Bools:
    """Whether each segment was swept on each day: cleaned over at least that share of its length.

    cleaned_m  shape (segments, days); NaN is not swept.
    length_m   shape (segments,).
    """
    return cleaned_m >= (least_share - ROUNDING) * length_m[:, None]


def swept_share(cleaned_m: Floats, length_m: Floats, group: Ints, groups: int) -> Share:
    """Cleaned metres over all metres.

    cleaned_m  shape (segments, days).
    length_m   shape (segments,).
    group      shape (segments,), e.g. the grid of each segment; -1 stands in none.
    """
    known = np.isfinite(cleaned_m)
    return _share(np.where(known, cleaned_m, 0.0), known * length_m[:, None], group, groups)


def coverage_share(
    hours: Floats, standard_hours: Floats, length_m: Floats, group: Ints, groups: int
) -> Share:
    """Metres, each weighted by the share of its standard hours that were covered, over all metres.

    hours           shape (segments, days).
    standard_hours  shape (segments,); NaN where the class has no standard: the segment stands in none.
    Raises ValueError if a standard is not above zero.
    """
    known, standard = _known(hours, standard_hours)
    length = known * length_m[:, None]
    done = np.minimum(np.where(known, hours, 0.0) / standard, 1.0)
    return _share(length * done, length, group, groups)


def met_share(
    hours: Floats, standard_hours: Floats, length_m: Floats, group: Ints, groups: int
) -> Share:
    """Metres whose standard hours were covered in full over all metres; as `coverage_share`."""
    known, standard = _known(hours, standard_hours)
    length = known * length_m[:, None]
    is_met = np.where(known, hours, 0.0) >= standard * (1 - ROUNDING)
    return _share(length * is_met, length, group, groups)


def hours_owed(
    hours: Floats, standard_hours: Floats, length_m: Floats, group: Ints, groups: int
) -> Share:
    """Kilometre-hours that were not covered, and those that the standard asks; as `coverage_share`."""
    known, standard = _known(hours, standard_hours)
    km = known * length_m[:, None] / 1000
    owed = np.maximum(standard - np.where(known, hours, 0.0), 0.0)
    return _share(km * owed, km * standard, group, groups)


def mechanised_share(
    machine_m: Floats,
    length_m: Floats,
    is_reachable: Bools,
    group: Ints,
    groups: int,
    least_share: float,
) -> Share:
    """Metres of the segments that machines swept over all metres that a machine can reach.

    machine_m     shape (segments, days), metres cleaned by machines.
    is_reachable  shape (segments,), whether a machine can reach the segment.
    """
    length = (np.isfinite(machine_m) & is_reachable[:, None]) * length_m[:, None]
    return _share(length * is_swept(machine_m, length_m, least_share), length, group, groups)


def _period(since: Any, until: Any) -> tuple[np.datetime64, int]:
    """First day and number of days."""
    first, end = np.datetime64(since, "D"), np.datetime64(until, "D")
    days = int((end - first) / np.timedelta64(1, "D"))
    if days < 1:
        msg = f"The period {first} to {end} has no day: `until` is the day after the last."
        raise ValueError(msg)
    return first, days


def _refuse(wrong: Bools, what: str, remedy: str) -> None:
    if wrong.any():
        number = int(np.flatnonzero(wrong)[0])
        msg = f"{what} in {wrong.sum()} of {len(wrong)} entries, first in {number}: {remedy}."
        raise ValueError(msg)


def _known(hours: Floats, standard_hours: Floats) -> tuple[Bools, Floats]:
    """Which values count, shape of `hours`, and the standard as a column (1 where there is none)."""
    _refuse(standard_hours <= 0, "`standard_hours` is not above zero", "use NaN for no standard")
    has_standard = np.isfinite(standard_hours)
    known = np.isfinite(hours) & has_standard[:, None]
    return known, np.where(has_standard, standard_hours, 1.0)[:, None]


def _share(numerator: Floats, denominator: Floats, group: Ints, groups: int) -> Share:
    """Both summed over the segments of each group."""
    _refuse(group >= groups, "`group` is not below `groups`", "use -1 for none")
    member = np.flatnonzero(group >= 0)
    shape = (groups, len(group))
    sums = csr_array((np.ones(len(member)), (group[member], member)), shape=shape)
    return Share(sums @ numerator, sums @ denominator)
