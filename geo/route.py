"""An order in which a person can walk or drive a list of streets: each once, with short ways between.

A point is a street without length (`point_order`; geo.walk says how far points are apart).

The ways between go along the street network in both directions; where the network does not lead on,
they go straight. Finding the shortest order is the rural postman problem (NP-hard). Here: of some
first orders (the one given, and always on to the nearest end from several of the streets) the shortest
two are improved while turning a run of streets round, or moving up to three to another place, makes
the ways shorter (2-opt and Or-opt); the shorter result counts. No random numbers: the same list gives
the same order.

Sources: Croes 1958 (2-opt); Or 1976.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse.csgraph import dijkstra

from geo.network import Network, network_matrix

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Geometries = npt.NDArray[np.object_]

FIRST_ORDERS = 5  # nearest-neighbour orders tried, from streets spread over the list
IMPROVED = 2  # of them
LONGEST_MOVE = 3  # streets that Or-opt moves together
LEAST_GAIN_M = 1e-6


@dataclass(frozen=True)
class Route:
    """The streets in the order of the walk; entry k of each field is about the k-th one walked."""

    street: Ints  # number in the list
    is_backwards: Bools  # walked against the direction in which it is drawn
    way_m: Floats  # from the street before, 0 for the first


def ends_apart(lines: Geometries, network: Network, streets: Ints) -> Floats:
    """Metres between the ends of some streets, shape (2n, 2n): the n starts, then the n ends.

    lines    all lines of the network, those without length left out; streets: their numbers, (n,)
    """
    first = np.searchsorted(network.edge_line, streets)
    last = np.searchsorted(network.edge_line, streets, side="right") - 1
    node = np.concatenate([network.edge_start[first], network.edge_end[last]])
    used, place = np.unique(node, return_inverse=True)
    along = dijkstra(network_matrix(network), indices=used)[:, used][place][:, place]
    coordinates, line_of = shapely.get_coordinates(lines[streets], return_index=True)
    count = np.arange(len(streets))
    start = coordinates[np.searchsorted(line_of, count)]
    end = coordinates[np.searchsorted(line_of, count, side="right") - 1]
    points = np.concatenate([start, end])
    straight = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    apart: Floats = np.where(np.isfinite(along), along, straight)
    return apart


def walking_order(apart: Floats) -> Route:
    """The order of the streets whose ends are that far apart (`ends_apart`, symmetric).

    The ways of the order found are never longer than those of the order given, each street walked as it
    is drawn.
    """
    n = len(apart) // 2
    # One more place, as far as nowhere: before the first street and after the last.
    padded = np.zeros((2 * n + 1, 2 * n + 1))
    padded[: 2 * n, : 2 * n] = apart
    firsts = [np.arange(n)]
    firsts += [
        _nearest_first(apart, start) for start in np.unique(np.arange(FIRST_ORDERS) * n // FIRST_ORDERS)
    ]
    firsts.sort(key=lambda enter: float(_ways(padded, enter).sum()))
    found = [_improved(padded, enter) for enter in firsts[:IMPROVED]] if n else firsts
    enter = min(found, key=lambda one: float(_ways(padded, one).sum()))
    return Route(enter % max(n, 1), enter >= n, _ways(padded, enter)[:-1])


def point_order(apart: Floats) -> tuple[Ints, Floats]:
    """The order of points that far apart, shape (n, n) symmetric, and metres from the one before."""
    route = walking_order(np.tile(apart, (2, 2)))
    return route.street, route.way_m


def equal_runs(way_m: Floats, stop_m: float, runs: int) -> Ints:
    """Cut an order into consecutive runs of nearly equal effort: the run of each entry, 0 first.

    way_m    from the entry before, shape (n,); the way to the first of a run is not walked.
    stop_m   what the stop at each entry counts, in metres walked.
    runs     there are fewer where there are fewer entries. The sum of squared efforts is the least.
    Raises ValueError for no runs.
    """
    if runs < 1:
        msg = f"`runs` is {runs}: it must be at least one."
        raise ValueError(msg)
    n = len(way_m)
    walked = np.cumsum(way_m)
    # effort[i, j]: of a run of the entries i..j
    effort = walked - walked[:, None] + stop_m * (np.arange(n) - np.arange(n)[:, None] + 1)
    square = np.where(np.tri(n, k=-1, dtype=bool), np.inf, effort**2)
    best = np.append(0.0, np.full(n, np.inf))  # of the first k entries in the runs so far
    begins = []
    for _ in range(min(runs, n)):
        total = best[:-1, None] + square
        begins.append(np.argmin(total, axis=0))
        best = np.append(np.inf, total.min(axis=0))
    run, last = np.zeros(n, dtype=np.int64), n - 1
    for number in range(len(begins) - 1, -1, -1):
        first = int(begins[number][last])
        run[first : last + 1] = number
        last = first - 1
    return run


def _nearest_first(apart: Floats, start: int) -> Ints:
    """The end by which each street is entered, always going on to the nearest that is left."""
    n = len(apart) // 2
    enter = np.empty(n, dtype=np.int64)
    left = np.ones(2 * n, dtype=bool)
    now = int(start)
    for step in range(n):
        enter[step] = now
        left[[now % n, now % n + n]] = False
        leave = (now + n) % (2 * n)
        if step < n - 1:
            now = int(np.argmin(np.where(left, apart[leave], np.inf)))
    return enter


def _ways(padded: Floats, enter: Ints) -> Floats:
    """Metres before each street and after the last, shape (n + 1,)."""
    leave = _other_end(padded, enter)
    nowhere = len(padded) - 1
    ways: Floats = padded[np.append(nowhere, leave), np.append(enter, nowhere)]
    return ways


def _other_end(padded: Floats, enter: Ints) -> Ints:
    ends = len(padded) - 1
    return (enter + ends // 2) % max(ends, 1)


def _improved(padded: Floats, enter: Ints) -> Ints:
    while True:
        for better in (_turned(padded, enter), _moved(padded, enter)):
            if better is not None:
                enter = better
                break
        else:
            return enter


def _turned(padded: Floats, enter: Ints) -> Ints | None:
    """The order with that run of streets walked backwards which saves most; None: none saves."""
    leave, ways = _other_end(padded, enter), _ways(padded, enter)
    nowhere = len(padded) - 1
    before, after = np.append(nowhere, leave[:-1]), np.append(enter[1:], nowhere)
    change = padded[np.ix_(before, leave)] + padded[np.ix_(enter, after)]
    change -= ways[:-1, None] + ways[None, 1:]
    change[np.tril_indices(len(enter), -1)] = np.inf
    first, last = np.unravel_index(np.argmin(change), change.shape)
    if change[first, last] > -LEAST_GAIN_M:
        return None
    turned = leave[first : last + 1][::-1]
    return np.concatenate([enter[:first], turned, enter[last + 1 :]])


def _moved(padded: Floats, enter: Ints) -> Ints | None:
    """The order with those one to three streets moved which save most; None: none saves."""
    n, nowhere = len(enter), len(padded) - 1
    leave, ways = _other_end(padded, enter), _ways(padded, enter)
    before, after = np.append(nowhere, leave), np.append(enter, nowhere)  # of each gap, (n + 1,)
    best, chosen = -LEAST_GAIN_M, None
    for length in range(1, min(LONGEST_MOVE, n - 1) + 1):
        first = np.arange(n - length + 1)
        one, other = enter[first], leave[first + length - 1]
        saved = ways[first] + ways[first + length] - padded[before[first], after[first + length]]
        for entry, exit_ in ((one, other), (other, one)):
            change = padded[np.ix_(entry, before)] + padded[np.ix_(exit_, after)] - ways
            change -= saved[:, None]
            for gap in range(length + 1):  # where it stands already
                change[first, first + gap] = np.inf
            place = np.unravel_index(np.argmin(change), change.shape)
            if change[place] < best:
                best, chosen = change[place], (int(place[0]), length, int(place[1]), entry is other)
    if chosen is None:
        return None
    first_, length, gap, is_turned = chosen
    run = enter[first_ : first_ + length]
    run = _other_end(padded, run)[::-1] if is_turned else run
    rest = np.delete(enter, np.arange(first_, first_ + length))
    return np.insert(rest, gap if gap < first_ else gap - length, run)
