"""Unions of intervals, hours of the clock and parts of a duty window, from which cleaning is counted.

Two sweepers on one stretch clean it once, and two at one time are one hour: every metre and every hour
counts once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
ALL_HOURS = (1 << 24) - 1


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
