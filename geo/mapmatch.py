"""Which streets a vehicle drove: GPS fixes matched to the network by a hidden Markov model.

Newson & Krumm 2009, "Hidden Markov map matching through noise and sparseness": the places on nearby
streets are the states; a place is likely if it is near to the fix, and a move from one to the next is
likely if the way along the streets is as long as the straight line between the fixes. The most likely
chain of places (Viterbi) gives the streets driven between fixes too, which snapping each fix does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import shapely
from shapely import STRtree

from geo.network import Network, Nodes, Reach

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Times = npt.NDArray[np.datetime64]

TIE_M = 1e-6
TIE_S = 1e-3
HALTS_AT_ONCE = 20_000  # bounds memory: about 5 kB each


@dataclass(frozen=True)
class Model:
    """What the model takes for likely and for possible.

    On the 263 hand-corrected tracks of Woeltche 2023 fix_m and detour_m between 5 and 8 change recall
    and precision by less than .006.

    fix_m      standard deviation of a fix across its street; a fix within two of them of the one
               before repeats it (Newson & Krumm 2009, 4.1).
    detour_m   mean of what a way along the streets is longer than the straight line.
    radius_m   a fix farther than this from every street is off the network.
    places     how many places are kept for one fix, the nearest.
    gap_s      the track is split where no fix came for so long,
    gap_m      and where the next fix is so far.
    slack_m    a way longer than twice the straight line and this was not driven,
    top_kmh    nor one faster than this (again with the slack); a lone fix that could only have been
               reached and left faster is a jump of the receiver and left out.
    work_kmh   least and greatest work speed; a move at either is work.
    """

    fix_m: float = 5.0
    detour_m: float = 5.0
    radius_m: float = 50.0
    places: int = 8
    gap_s: float = 300.0
    gap_m: float = 1000.0
    slack_m: float = 200.0
    top_kmh: float = 150.0
    work_kmh: tuple[float, float] = (1.0, 15.0)


MODEL = Model()


class Fixes(NamedTuple):
    """Entry k of each field is about fix k of the input."""

    line: Ints  # index of the street line; -1 where none is possible
    at_m: Floats  # position along that line; NaN where there is none
    offset_m: Floats  # distance from the fix to that position; NaN where there is none


class Intervals(NamedTuple):
    """Stretches of street lines driven in one go, ordered by track and time."""

    track: npt.NDArray[Any]  # as in the input
    line: Ints
    from_m: Floats  # along the line; from_m < to_m whichever way it was driven
    to_m: Floats
    entered_at: Times
    left_at: Times
    is_forward: Bools  # driven in the direction the line is drawn
    is_work: Bools  # at work speed


class _Halts(NamedTuple):
    """Fixes that repeat none, ordered by track and time."""

    track: Ints
    x: Floats
    y: Floats
    came_s: Floats  # time of the fix
    left_s: Floats  # time of its last repeat


class _Places(NamedTuple):
    """Where a halt may have been, ordered by halt, then distance."""

    halt: Ints
    edge: Ints
    at_m: Floats  # along the edge
    x: Floats
    y: Floats
    offset_m: Floats  # from the fix


class _Moves(NamedTuple):
    """The shortest way from one place to another; 0 is the start of an edge, 1 its end."""

    metres: Floats  # infinite where there is none
    leaves_by: Ints  # end of the first edge; -1: the way stays on one edge
    enters_by: Ints  # end of the last edge; -1 likewise


class _Runs(NamedTuple):
    """Stretches of edges driven one after the other."""

    move: Ints
    edge: Nodes
    from_m: Floats  # along it, in the order driven
    to_m: Floats
    since_m: Floats  # along the move
    until_m: Floats


Rows = TypeVar("Rows", _Halts, _Places, _Runs)


def match_tracks(
    network: Network,
    reach: Reach,
    track: npt.NDArray[Any],
    at: Times,
    x: Floats,
    y: Floats,
    model: Model = MODEL,
) -> tuple[Fixes, Intervals]:
    """The street line of every fix, and the stretches of street driven.

    A fix that repeats the one before takes its place. A track is split at gaps and where no way leads
    on: between the pieces nothing counts as driven. A fix without a street within the radius is left
    out, and the way leads past it. A move slower than work speed held a stop, so its time is counted
    from the last repeat.

    network, reach  of the street lines; the limit of `reach` should be half as much again as the gap.
    track           shape (n,), what belongs together; any type that sorts.
    at              shape (n,), datetime64.
    x, y            shape (n,), metres, in the CRS of the network; NaN is matched to nothing.
    returns         `Fixes` in the order of the input; `Intervals`, times to the millisecond. Neither
                    depends on the order of the input.
    Raises ValueError if lengths differ or a time is missing.
    Source: Newson & Krumm 2009; ways from a table as in Yang & Gidofalvi 2018.
    """
    if not len(track) == len(at) == len(x) == len(y):
        msg = f"{len(track)} tracks, {len(at)} times, {len(x)} x, {len(y)} y: lengths must be equal."
        raise ValueError(msg)
    if np.isnat(at).any():
        msg = f"{np.isnat(at).sum()} of {len(at)} fixes have no time: leave them out."
        raise ValueError(msg)
    names, code = np.unique(track, return_inverse=True)
    order = np.lexsort((y, x, at, code))
    order = order[np.isfinite(x[order]) & np.isfinite(y[order])]
    second = at[order].astype("datetime64[ms]").astype(np.int64) / 1000
    plausible = ~_jumps(code[order], x[order], y[order], second, model)
    order, second = order[plausible], second[plausible]
    code, x, y = code[order], x[order], y[order]

    first = _first_of_repeats(code, x, y, 2 * model.fix_m)
    ends = np.append(first[1:], len(order))[: len(first)]
    halts = _Halts(code[first], x[first], y[first], second[first], second[ends - 1])
    tree = STRtree(shapely.linestrings(np.stack([network.part_start, network.part_end], axis=1)))
    fixes = Fixes(np.full(len(at), -1), np.full(len(at), np.nan), np.full(len(at), np.nan))
    found = []
    for chunk in _chunks(halts, model):
        some = _take(halts, chunk)
        places = _near_places(network, tree, some, model)
        chosen, joined = _most_likely(network, reach, some, places, model)
        found.append(_stretches(network, reach, _take(some, chosen.halt), chosen, joined, model))

        halt = chunk.start + chosen.halt
        which, nth = _repeat(ends[halt] - first[halt])
        fix = first[halt][which] + nth
        place = _take(chosen, which)
        fixes.line[order[fix]] = network.edge_line[place.edge]
        fixes.at_m[order[fix]] = network.edge_from_m[place.edge] + place.at_m
        fixes.offset_m[order[fix]] = np.hypot(x[fix] - place.x, y[fix] - place.y)
    kinds = (np.int64, np.int64, float, float, "datetime64[ms]", "datetime64[ms]", bool, bool)
    empty = Intervals(*(np.empty(0, dtype=kind) for kind in kinds))
    driven = Intervals(*(np.concatenate(columns) for columns in zip(empty, *found, strict=True)))
    return fixes, driven._replace(track=names[driven.track])


def _take(rows: Rows, which: Ints | Bools | slice) -> Rows:
    """Those rows of all fields."""
    fields: list[Any] = [field[which] for field in rows]
    return type(rows)(*fields)


def _repeat(counts: Ints) -> tuple[Ints, Ints]:
    """Each index as often as its count says, and 0, 1, 2 … for each."""
    which = np.repeat(np.arange(len(counts)), counts)
    return which, np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)


def _jumps(track: Ints, x: Floats, y: Floats, second: Floats, model: Model) -> Bools:
    """Whether a fix is too far from both its neighbours, and these are not from each other."""

    def too_far(apart: int) -> Bools:
        metres = np.hypot(x[apart:] - x[:-apart], y[apart:] - y[:-apart])
        return metres > model.top_kmh / 3.6 * (second[apart:] - second[:-apart]) + model.slack_m

    jumps = np.zeros(len(x), dtype=bool)
    if len(x) > 2:
        far = too_far(1)
        jumps[1:-1] = far[:-1] & far[1:] & ~too_far(2) & (track[2:] == track[:-2])
    return jumps


def _first_of_repeats(track: Ints, x: Floats, y: Floats, near_m: float) -> Ints:
    """Indices of the fixes farther than `near_m` from the last such one, and the first of each track.

    The nearer ones say less about the way than about the noise.
    """
    kept: list[int] = []
    last, last_x, last_y = -1, 0.0, 0.0
    squared = near_m * near_m
    for index, (which, east, north) in enumerate(
        zip(track.tolist(), x.tolist(), y.tolist(), strict=True)
    ):
        if which != last or (east - last_x) ** 2 + (north - last_y) ** 2 > squared:
            kept.append(index)
            last, last_x, last_y = which, east, north
    return np.array(kept, dtype=np.int64)


def _splits(halts: _Halts, gap_s: float, gap_m: float) -> Bools:
    """Whether each halt is not led to from the one before: another track, or too far away."""
    splits = np.ones(len(halts.x), dtype=bool)
    splits[1:] = np.diff(halts.track) != 0
    splits[1:] |= halts.came_s[1:] - halts.left_s[:-1] > gap_s
    splits[1:] |= np.hypot(np.diff(halts.x), np.diff(halts.y)) > gap_m
    return splits


def _chunks(halts: _Halts, model: Model) -> Iterator[slice]:
    """Slices of HALTS_AT_ONCE or more that end where a track does or no fix came for long."""
    ends = np.append(np.flatnonzero(_splits(halts, model.gap_s, np.inf))[1:], len(halts.x))
    begin = 0
    while begin < len(halts.x):
        at = np.searchsorted(ends, begin + HALTS_AT_ONCE)
        end = int(ends[min(int(at), len(ends) - 1)])
        yield slice(begin, end)
        begin = end


def _near_places(network: Network, tree: STRtree, halts: _Halts, model: Model) -> _Places:
    """The nearest point of every edge around a halt; a node is one place, whatever ends there."""
    x, y, radius = halts.x, halts.y, model.radius_m
    halt, part = tree.query(shapely.box(x - radius, y - radius, x + radius, y + radius))
    start, run = network.part_start[part], network.part_end[part] - network.part_start[part]
    to_x, to_y = x[halt] - start[:, 0], y[halt] - start[:, 1]
    share = np.clip((to_x * run[:, 0] + to_y * run[:, 1]) / (run * run).sum(axis=1), 0.0, 1.0)
    offset = np.hypot(to_x - share * run[:, 0], to_y - share * run[:, 1])
    edge = network.part_edge[part]
    near = np.flatnonzero(offset <= radius)
    near = near[np.lexsort((offset[near], edge[near], halt[near]))]
    near = near[_differs(halt[near], edge[near])]
    part, share, run = part[near], share[near], run[near]
    foot = start[near] + share[:, None] * run
    at = network.part_from_m[part] + share * np.hypot(run[:, 0], run[:, 1])
    places = _Places(halt[near], edge[near], at, foot[:, 0], foot[:, 1], offset[near])

    node = _node_at(network, places)
    order = np.lexsort((places.edge, places.offset_m, node, places.halt))
    places, node = _take(places, order), node[order]
    places = _take(places, _differs(places.halt, node) | (node < 0))

    places = _take(places, np.lexsort((places.edge, places.offset_m, places.halt)))
    rank = np.arange(len(places.halt)) - np.searchsorted(places.halt, places.halt)
    return _take(places, np.flatnonzero(rank < model.places))


def _differs(*columns: npt.NDArray[Any]) -> Bools:
    """Whether each row differs from the one before it; the first does."""
    differs = np.zeros(len(columns[0]), dtype=bool)
    differs[:1] = True
    for column in columns:
        differs[1:] |= column[1:] != column[:-1]
    return differs


def _node_at(network: Network, places: _Places) -> Ints:
    """The node that each place is at; -1 between nodes."""
    at_start = places.at_m <= TIE_M
    at_end = places.at_m >= network.edge_m[places.edge] - TIE_M
    node = np.where(at_end, network.edge_end[places.edge], -1)
    return np.where(at_start, network.edge_start[places.edge], node)


def _most_likely(
    network: Network, reach: Reach, halts: _Halts, places: _Places, model: Model
) -> tuple[_Places, Bools]:
    """One place of each halt that has any, and whether a way leads to it from the one before."""
    begins = np.flatnonzero(_differs(places.halt))
    counts = np.diff(np.append(begins, len(places.halt)))
    halts = _take(halts, places.halt[begins])
    splits = _splits(halts, model.gap_s, model.gap_m)

    to = np.flatnonzero(~splits)
    which, nth = _repeat(counts[to - 1] * counts[to])
    step = to[which]
    row, column = np.divmod(nth, counts[step])
    way = _moves(
        network, reach, _take(places, begins[step - 1] + row), _take(places, begins[step] + column)
    )
    straight = np.hypot(np.diff(halts.x, prepend=0.0), np.diff(halts.y, prepend=0.0))
    in_time = model.top_kmh / 3.6 * np.diff(halts.came_s, prepend=0.0)
    longest = np.minimum(2 * straight, in_time) + model.slack_m
    detour = np.abs(way.metres - straight[step])
    detour[way.metres > longest[step]] = np.inf

    most = int(counts.max(initial=0))
    move = np.full((len(halts.x), most, most), -np.inf)
    move[step, row, column] = -detour / model.detour_m
    place = np.full((len(halts.x), most), -np.inf)
    place[_repeat(counts)] = -0.5 * (places.offset_m / model.fix_m) ** 2
    choice, splits = _viterbi(place, move, splits)
    return _take(places, begins + choice), ~splits


def _viterbi(place: Floats, move: Floats, splits: Bools) -> tuple[Ints, Bools]:
    """The most likely state of each step, and where chains begin: at splits and where no move leads on.

    place    shape (n, k), log-likelihood of each state at each step.
    move     shape (n, k, k), log-likelihood of the move to step i from the state before (rows).
    splits   shape (n,), where a chain begins anyway.
    All chains go one step at a time, the longest first, so that those still going stand in front.
    """
    first = np.flatnonzero(splits)
    lengths = np.diff(np.append(first, len(place)))
    by_length = np.argsort(-lengths, kind="stable")
    first, lengths = first[by_length], lengths[by_length]
    going = [int(np.searchsorted(-lengths, -t)) for t in range(int(lengths.max(initial=0)))]

    choice = np.zeros(len(place), dtype=np.int64)
    came_from = np.zeros(place.shape, dtype=np.int64)
    splits = splits.copy()
    score = place[first]
    for t, count in enumerate(going[1:], start=1):
        step = first[:count] + t
        total = score[:count, :, None] + move[step]
        came_from[step] = total.argmax(axis=1)
        now = total.max(axis=1) + place[step]
        stuck = np.isneginf(now.max(axis=1))
        if stuck.any():
            splits[step[stuck]] = True
            choice[step[stuck] - 1] = score[:count][stuck].argmax(axis=1)
            now[stuck] = place[step[stuck]]
        score[:count] = now
    choice[first + lengths - 1] = score.argmax(axis=1) if len(first) else 0
    for t in range(len(going) - 1, 0, -1):
        step = first[: going[t]] + t
        step = step[~splits[step]]
        choice[step - 1] = came_from[step, choice[step]]
    return choice, splits


def _moves(network: Network, reach: Reach, a: _Places, b: _Places) -> _Moves:
    """The shortest way from each place of `a` to that of `b`: along one edge, or by one end of each."""
    two_way = network.is_two_way[a.edge]
    ahead = b.at_m - a.at_m
    is_possible = (a.edge == b.edge) & (two_way | (ahead >= 0))
    metres = np.where(is_possible, np.abs(ahead), np.inf)
    leaves_by = np.full(len(metres), -1)
    enters_by = np.full(len(metres), -1)
    leaving, entering = _exits(network, a, is_leaving=True), _exits(network, b, is_leaving=False)
    for leave, (source, to_source) in enumerate(leaving):
        for enter, (target, from_target) in enumerate(entering):
            ends = to_source + from_target
            worth = np.flatnonzero(ends < metres)
            entry = reach.find(source[worth], target[worth])
            worth, entry = worth[entry >= 0], entry[entry >= 0]
            way = ends[worth] + reach.metres[entry]
            better = way < metres[worth]
            worth = worth[better]
            metres[worth], leaves_by[worth], enters_by[worth] = way[better], leave, enter
    return _Moves(metres, leaves_by, enters_by)


def _exits(network: Network, places: _Places, *, is_leaving: bool) -> list[tuple[Ints, Floats]]:
    """For either end of each place's edge: the node and the metres to it, infinite where one may not.

    A place at a node has only that end: the way by the other one is a way from the node too.
    """
    start, end = network.edge_start[places.edge], network.edge_end[places.edge]
    from_start, to_end = places.at_m, network.edge_m[places.edge] - places.at_m
    against = from_start if is_leaving else to_end
    forbidden = np.where(network.is_two_way[places.edge] | (against <= TIE_M), 0.0, np.inf)
    from_start = np.where(to_end <= TIE_M, np.inf, from_start + (forbidden if is_leaving else 0.0))
    to_end = np.where(places.at_m <= TIE_M, np.inf, to_end + (0.0 if is_leaving else forbidden))
    return [(start, from_start), (end, to_end)]


def _runs(network: Network, reach: Reach, a: _Places, b: _Places, way: _Moves) -> _Runs:
    """The stretches of edges of each move from `a` to `b`, ordered by move and way."""
    number = np.arange(len(way.metres))
    stays = way.leaves_by < 0
    to_a = np.where(way.leaves_by == 0, 0.0, network.edge_m[a.edge])
    from_b = np.where(way.enters_by == 0, 0.0, network.edge_m[b.edge])
    to_a = np.where(stays, b.at_m, to_a)
    begun = np.abs(to_a - a.at_m)
    ended = way.metres - np.abs(b.at_m - from_b)
    first = _Runs(number, a.edge, a.at_m, to_a, np.zeros(len(begun)), begun)
    last = _Runs(number, b.edge, from_b, b.at_m, ended, way.metres)
    found = [first, _take(last, ~stays)]

    move = np.flatnonzero(~stays)
    source = np.where(way.leaves_by == 0, network.edge_start[a.edge], network.edge_end[a.edge])
    target = np.where(way.enters_by == 0, network.edge_start[b.edge], network.edge_end[b.edge])
    node = target[move]
    entry = reach.find(source[move], node)
    while len(move):  # backwards along all ways at once, one edge a round
        going = reach.before[entry] >= 0
        move, node, entry = move[going], node[going], entry[going]
        edge, before = reach.last_edge[entry], reach.before[entry]
        earlier = reach.find(source[move], before)
        forward = (network.edge_end[edge] == node) & (network.edge_start[edge] == before)
        whole = network.edge_m[edge]
        since, until = (begun[move] + reach.metres[which] for which in (earlier, entry))
        found.append(
            _Runs(move, edge, np.where(forward, 0, whole), np.where(forward, whole, 0), since, until)
        )
        node, entry = before, earlier
    runs = _Runs(*(np.concatenate(columns) for columns in zip(*found, strict=True)))
    runs = _take(runs, np.abs(runs.to_m - runs.from_m) > TIE_M)
    return _take(runs, np.lexsort((runs.since_m, runs.move)))


def _stretches(
    network: Network, reach: Reach, halts: _Halts, places: _Places, joined: Bools, model: Model
) -> Intervals:
    """The stretches driven from halt to halt; tracks by their number yet."""
    to = np.flatnonzero(joined)
    a, b = _take(places, to - 1), _take(places, to)
    way = _moves(network, reach, a, b)
    runs = _runs(network, reach, a, b, way)

    low, high = model.work_kmh
    came, left, until = halts.came_s[to - 1], halts.left_s[to - 1], halts.came_s[to]
    held = way.metres * 3.6 < low * (until - came)
    since = np.where(held, left, came)
    is_work = (way.metres * 3.6 >= low * (until - since)) & (way.metres * 3.6 <= high * (until - since))
    pace = (until - since) / np.maximum(way.metres, TIE_M)  # seconds a metre
    move = runs.move
    entered, gone = (since[move] + pace[move] * metres for metres in (runs.since_m, runs.until_m))

    shift = network.edge_from_m[runs.edge]
    begin, end = runs.from_m + shift, runs.to_m + shift
    line, forward, work = network.edge_line[runs.edge], end > begin, is_work[move]
    chain = np.cumsum(~joined)[to][move]
    goes_on = ~_differs(chain, line, forward, work)
    goes_on[1:] &= np.abs(begin[1:] - end[:-1]) < TIE_M
    goes_on[1:] &= np.abs(entered[1:] - gone[:-1]) < TIE_S
    opens = np.flatnonzero(~goes_on)
    closes = np.append(opens[1:], len(line))[: len(opens)] - 1
    return Intervals(
        halts.track[to][move][opens],
        line[opens],
        np.minimum(begin[opens], end[closes]),
        np.maximum(begin[opens], end[closes]),
        _times(entered[opens]),
        _times(gone[closes]),
        forward[opens],
        work[opens],
    )


def _times(seconds: Floats) -> Times:
    """Datetimes of seconds since 1970."""
    return np.round(1000 * seconds).astype(np.int64).astype("datetime64[ms]")
