"""Which sample points to declare: those where least is likely to be found, spread over the grids.

Greedy and without random numbers: pinned points first, then always the candidate with the lowest risk
plus a penalty for each point that its grid has already, if no point of its stratum chosen before is too
near (a toilet stands on a street on purpose). Strata with the fewest candidates to spare choose first:
those with little choice take the first points of the grids.

A greedy choice fills every quota where no distance is asked for. With one, it may find fewer points
than another choice would (the best one is an independent set of a graph: NP-hard), now and then even
fewer than with a longer distance.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Texts = npt.NDArray[np.object_]

FAR_M = 1e7  # more than any two places of a county are apart


@dataclass(frozen=True)
class Candidates:
    """Places that may be chosen; one entry a candidate."""

    key: Texts  # unique; decides between equals
    xy_m: Floats  # shape (n, 2)
    stratum: Ints
    grid: Ints  # -1 outside all grids, which counts as one grid more
    risk: Floats
    is_unseen: Bools  # nobody looked lately: only where nothing else is left
    is_pinned: Bools  # chosen in any case
    is_barred: Bools  # never chosen, unless pinned

    @property
    def xy_by_stratum(self) -> Floats:
        """The coordinates with the strata so far apart that only distances within one can be short."""
        return self.xy_m + np.column_stack([self.stratum * FAR_M, np.zeros(len(self.stratum))])

    def take(self, which: Ints) -> Candidates:
        """Those candidates, in that order."""
        return Candidates(**{one.name: getattr(self, one.name)[which] for one in fields(self)})


def choose_points(
    candidates: Candidates, quota: Ints, min_distance_m: float, grid_penalty: float
) -> Ints:
    """Choose `quota[h]` points of each stratum h, fewer where no candidate is left.

    min_distance_m  no two chosen points of one stratum are nearer, but for pinned ones.
    grid_penalty    what one point in a grid adds to the risk of the other candidates there.
    returns         numbers of the chosen, by stratum, in the order in which they were chosen. More
                    pinned points than the quota stay. The order of the candidates does not matter.
    """
    order = np.argsort(candidates.key, kind="stable").astype(np.int64)
    return order[_greedy(candidates.take(order), quota, min_distance_m, grid_penalty)]


def stand_ins(
    candidates: Candidates, point: Ints, out: int, min_distance_m: float, grid_penalty: float
) -> Ints:
    """Who may take the place of the chosen point `out`, best first: its stratum, far from the rest.

    point  as `choose_points` returns it. The same order of preference: seen, then risk and penalty.
    """
    rest = point[point != out]
    may = (candidates.stratum == candidates.stratum[out]) & ~candidates.is_barred
    may[point] = False
    which = np.flatnonzero(may)
    if len(rest) and len(which):
        xy = candidates.xy_by_stratum
        which = which[cKDTree(xy[rest]).query(xy[which])[0] >= min_distance_m]
    points = _points_in_grid(candidates, rest)
    cost = candidates.risk[which] + grid_penalty * points[candidates.grid[which] + 1]
    key = np.argsort(np.argsort(candidates.key[which], kind="stable"))
    return which[np.lexsort((key, cost, candidates.is_unseen[which]))]


def split_total(total: int, size: Floats, least: Ints, most: Ints) -> Ints:
    """Split a number over parts in proportion to `size`, between `least` and `most` of each.

    The parts sum to `total` where `most` allows it. If `least` asks for more than the total, it is left
    out. What is left after rounding down goes to the largest remainders, of equal ones to the first.
    """
    total = min(total, int(most.sum()))
    least = least if least.sum() <= total else np.zeros_like(least)
    low, high = 0.0, float((most / size).max(initial=0.0))
    for _ in range(100):  # halvings: to the last bit of the scale at which the parts sum to the total
        middle = (low + high) / 2
        is_less = np.clip(middle * size, least, most).sum() < total
        low, high = (middle, high) if is_less else (low, middle)
    share = np.clip(high * size, least, most)
    parts: Ints = np.floor(share + 1e-9).astype(np.int64)
    remainder = np.where(parts < most, share - parts, -np.inf)
    parts[np.argsort(-remainder, kind="stable")[: total - parts.sum()]] += 1
    return parts


def _greedy(candidates: Candidates, quota: Ints, min_distance_m: float, grid_penalty: float) -> Ints:
    """Numbers of the chosen, by stratum; the candidates are in the order of their keys."""
    xy, stratum = candidates.xy_by_stratum, candidates.stratum
    pinned = np.flatnonzero(candidates.is_pinned)
    is_free = ~candidates.is_barred & ~candidates.is_pinned
    for number in pinned:
        is_free &= np.hypot(*(xy - xy[number]).T) >= min_distance_m
    points = _points_in_grid(candidates, pinned)
    chosen = {h: pinned[stratum[pinned] == h].tolist() for h in range(len(quota))}
    wanted = quota - np.array([len(chosen[h]) for h in range(len(quota))], dtype=np.int64)
    spare = np.bincount(stratum[is_free], minlength=len(quota)) - wanted
    for h in np.argsort(spare, kind="stable"):
        of_stratum = np.flatnonzero(stratum == h)
        for _ in range(wanted[h]):
            left = of_stratum[is_free[of_stratum]]
            if len(left) == 0:
                break
            is_seen = ~candidates.is_unseen[left]
            left = left[is_seen] if is_seen.any() else left
            cost = candidates.risk[left] + grid_penalty * points[candidates.grid[left] + 1]
            best = left[np.argmin(cost)]
            chosen[int(h)].append(int(best))
            points[candidates.grid[best] + 1] += 1
            is_free &= np.hypot(*(xy - xy[best]).T) >= min_distance_m
            is_free[best] = False
    return np.array([number for h in range(len(quota)) for number in chosen[h]], dtype=np.int64)


def _points_in_grid(candidates: Candidates, point: Ints) -> Ints:
    """How many of the points lie outside (entry 0) and in each grid (entry grid + 1)."""
    grids = int(candidates.grid.max(initial=-1)) + 2
    return np.bincount(candidates.grid[point] + 1, minlength=grids).astype(np.int64)
