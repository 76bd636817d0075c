"""Episodes: the issues that are one and the same problem at one place, reported once or many times."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Times = npt.NDArray[np.datetime64]

FIRST, DUPLICATE, REOPENED, NONE = 0, 1, 2, -1
DAY_S = 86_400
NAT = np.iinfo(np.int64).min  # what NaT is as a number


class Episodes(NamedTuple):
    """Episodes of n issues, ordered by place, category and start; entry k is about episode k.

    episode     shape (n,), number of the episode of each issue; -1 where the issue has no place.
    role        shape (n,), FIRST, DUPLICATE (重复上报: reported again while open), REOPENED (返工:
                reported again within a day of closing, nothing verified between), or NONE.
    place       shape (k,).
    category    shape (k,).
    start       shape (k,), when its first issue was reported.
    close       shape (k,), when its last issue was closed; NaT while any is open.
    verified    shape (k,), last verification of any of its issues; NaT if there is none.
    n           shape (k,), issues: 1 + duplicates + reopened.
    duplicates  shape (k,).
    reopened    shape (k,).
    """

    episode: Ints
    role: Ints
    place: Ints
    category: Ints
    start: Times
    close: Times
    verified: Times
    n: Ints
    duplicates: Ints
    reopened: Ints


def find_episodes(
    place: Ints,
    category: Ints,
    reported: Times,
    closed: Times,
    verified: Times,
    merge_hours: float = 24,
) -> Episodes:
    """Join issues at the same place and of the same category into episodes.

    Two issues belong together if their [reported, closed) overlap, or if one is reported at most
    `merge_hours` after the other closed with no verification at that place and category in
    [closing, report); and so on from issue to issue.

    place       shape (n,); -1 where there is none: such an issue is in no episode.
    category    shape (n,), codes, not negative.
    reported    shape (n,), never NaT.
    closed      shape (n,); NaT while open. A closing before the report counts as at the report.
    verified    shape (n,); NaT where not verified.
    Times are compared to the second. Of issues reported in one second the first in the arrays counts
    as first; nothing else depends on the order of the rows.
    Raises ValueError if a report has no time or a category is negative.
    """
    if np.isnat(reported).any():
        row = int(np.flatnonzero(np.isnat(reported))[0])
        msg = f"`reported` has no time in row {row}: an issue without one cannot be in order."
        raise ValueError(msg)
    if len(category) and category.min() < 0:
        msg = f"`category` {category.min()} is negative: codes start at 0."
        raise ValueError(msg)
    place, category = place.astype(np.int64), category.astype(np.int64)
    report, close, check = (_seconds(times) for times in (reported, closed, verified))
    is_open = close == NAT
    close = np.maximum(close, report)
    placed = np.flatnonzero(place >= 0)
    code = place[placed] * (category.max(initial=0) + 1) + category[placed]
    order = placed[np.lexsort((report[placed], code))]
    place_, category_ = place[order], category[order]
    same = (np.diff(place_, prepend=-1) == 0) & (np.diff(category_, prepend=-1) == 0)

    # Each (place, category) gets its own stretch of one long time axis, so a running maximum and a
    # binary search over all of them never look across a border.
    known = np.concatenate([report, close, check[check != NAT]])
    origin, far = (known.min(), known.max() + 1) if len(known) else (0, 1)  # open until after all
    base = np.cumsum(~same) * (far - origin + 1) - origin
    at = base + report[order]
    reach = np.maximum.accumulate(base + np.where(is_open, far, close)[order])
    before = np.concatenate([[0], reach[:-1]])
    overlaps = same & (at < before)
    checks = np.sort((base + check[order])[check[order] != NAT])
    last = np.searchsorted(checks, at, side="left")
    last_check = np.concatenate([[-1], checks])[last]
    soon = same & ~overlaps & (at - before <= merge_hours * 3600) & (last_check < before)

    begins = np.flatnonzero(~(overlaps | soon))
    number = np.cumsum(~(overlaps | soon)) - 1
    episode, role = (np.full(len(place), NONE, dtype=np.int64) for _ in range(2))
    episode[order] = number
    role[order] = np.select([overlaps, soon], [DUPLICATE, REOPENED], FIRST)
    has_open, end, verification = (
        np.maximum.reduceat(values[order], begins) if len(begins) else values[:0]
        for values in (is_open, close, check)
    )
    return Episodes(
        episode,
        role,
        place_[begins],
        category_[begins],
        report[order][begins].astype("datetime64[s]"),
        np.where(has_open, NAT, end).astype("datetime64[s]"),
        verification.astype("datetime64[s]"),
        *(
            np.bincount(number[chosen], minlength=len(begins))
            for chosen in (slice(None), overlaps, soon)
        ),
    )


def _seconds(times: Times) -> Ints:
    """Seconds since 1970, NAT where there is no time."""
    return times.astype("datetime64[s]").astype(np.int64)
