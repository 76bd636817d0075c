"""A street network to route on: street lines cut where they meet, and how far it is between nodes.

Lines that share a vertex meet there, and so does a line that ends on another one. Lines that only cross
are taken for a bridge and its road, unless the drawing is known to have no bridges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree
from shapely import STRtree

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Nodes = npt.NDArray[np.integer[Any]]  # 32 bits do, and tables are long
Geometries = npt.NDArray[np.object_]

CELLS_AT_ONCE = 4_000_000  # of the dense rows that scipy's Dijkstra returns


@dataclass(frozen=True)
class Network:
    """Nodes, the edges between them and the straight parts of the edges, all in metres.

    An edge is a piece of one street line between two places where lines meet or end; it is two-way
    unless its line is one-way in the direction it is drawn.
    """

    nodes: int
    edge_start: Ints  # node, shape (edges,)
    edge_end: Ints
    edge_m: Floats  # length
    edge_line: Ints  # index of the street line
    edge_from_m: Floats  # where the edge begins, along its line
    is_two_way: Bools
    part_start: Floats  # shape (parts, 2), in the CRS of the lines
    part_end: Floats
    part_edge: Ints  # shape (parts,), ascending
    part_from_m: Floats  # where the part begins, along its edge

    def hops(self) -> tuple[Ints, Ints, Ints]:
        """Every way to drive an edge: from node, to node, edge; one-way edges once."""
        back = np.flatnonzero(self.is_two_way)
        return (
            np.concatenate([self.edge_start, self.edge_end[back]]),
            np.concatenate([self.edge_end, self.edge_start[back]]),
            np.concatenate([np.arange(len(self.edge_m)), back]),
        )


@dataclass(frozen=True)
class Reach:
    """Shortest ways from every node to all nodes within `limit_m`; one entry a pair of nodes."""

    limit_m: float
    nodes: int
    pair: Ints  # source * nodes + target, ascending
    metres: Floats
    before: Nodes  # the node before the target on the way; -1 where it is the source
    last_edge: Nodes  # the edge from there to the target; -1 likewise

    def find(self, source: Nodes, target: Nodes) -> Ints:
        """Number of the entry about each way; -1 where there is none."""
        pair = source.astype(np.int64) * self.nodes + target
        entry = np.minimum(np.searchsorted(self.pair, pair), len(self.pair) - 1)
        return np.where(self.pair[entry] == pair, entry, -1) if len(self.pair) else entry


def build_network(
    lines: Geometries,
    *,
    tolerance_m: float = 0.01,
    is_two_way: Bools | None = None,
    join_crossings: bool = False,
) -> Network:
    """Cut street lines where they meet.

    lines           shape (n,), lines or multilines in one CRS in metres; the pieces of a multiline are
                    measured one after the other, gaps between them are not counted.
    tolerance_m     vertices and ends this near to each other are one place.
    is_two_way      shape (n,); left out: all.
    join_crossings  also where lines cross without a common vertex (a flat drawing).
    returns         edges in the order of the lines; lines without length have none.
    Raises ValueError if the tolerance is not positive.
    """
    if not tolerance_m > 0:
        msg = f"`tolerance_m` is {tolerance_m}: it must be above zero."
        raise ValueError(msg)
    start, end, piece, line = _straight_parts(lines)
    part, along = _meetings(start, end, piece, tolerance_m, join_crossings)
    start, end, whole = _cut_parts(start, end, part, along)
    piece, line = piece[whole], line[whole]
    length = np.hypot(*(end - start).T)

    node_of_start, node_of_end, is_junction = _places(start, end, tolerance_m)
    opens = np.diff(piece, prepend=-1) != 0
    opens |= is_junction[node_of_start]
    edge = np.cumsum(opens) - 1
    first = np.flatnonzero(opens)
    last = np.append(first[1:], len(edge)) - 1 if len(first) else first
    before = np.cumsum(length) - length
    edge_line = line[first]
    line_first = first[np.searchsorted(edge_line, edge_line)]
    used, ends = np.unique(
        np.concatenate([node_of_start[first], node_of_end[last]]), return_inverse=True
    )
    both_ways = np.ones(len(lines), dtype=bool) if is_two_way is None else is_two_way
    return Network(
        nodes=len(used),
        edge_start=ends[: len(first)],
        edge_end=ends[len(first) :],
        edge_m=np.bincount(edge, length, minlength=len(first)).astype(np.float64),
        edge_line=edge_line,
        edge_from_m=before[first] - before[line_first],
        is_two_way=both_ways[edge_line],
        part_start=start,
        part_end=end,
        part_edge=edge,
        part_from_m=before - before[first][edge],
    )


def network_matrix(network: Network) -> csr_array:
    """Shape (nodes, nodes): length in metres of the shortest edge from one node to another."""
    source, target, edge = _shortest_hops(network)
    shape = (network.nodes, network.nodes)
    return csr_array((network.edge_m[edge], (source, target)), shape=shape)


def network_reach(network: Network, limit_m: float) -> Reach:
    """The shortest way between every two nodes that are at most `limit_m` apart along the network.

    Takes 24 bytes an entry: a town with 100 nodes a square kilometre has about 300 entries a node
    within 1.5 km.
    Raises ValueError if the limit is not positive.
    Source: the table of Yang & Gidofalvi 2018 (upper-bounded origin-destination table); Dijkstra.
    """
    if not limit_m > 0:
        msg = f"`limit_m` is {limit_m}: it must be above zero."
        raise ValueError(msg)
    matrix = network_matrix(network)
    at_once = max(1, CELLS_AT_ONCE // max(network.nodes, 1))
    pairs, metres, before, last_edge = [], [], [], []
    source, target, edge = _shortest_hops(network)
    edge_of = csr_array((edge + 1, (source, target)), shape=matrix.shape)
    for begin in range(0, network.nodes, at_once):
        rows = np.arange(begin, min(begin + at_once, network.nodes))
        far, previous = dijkstra(matrix, indices=rows, limit=limit_m, return_predecessors=True)
        row, column = np.nonzero(np.isfinite(far))
        previous = previous[row, column]
        last = np.full(len(row), -1, dtype=np.int32)
        moved = np.flatnonzero(previous >= 0)
        if len(moved):  # for no index at all scipy returns a sparse array
            last[moved] = edge_of[previous[moved], column[moved]] - 1
        pairs.append(rows[row] * network.nodes + column)
        metres.append(far[row, column])
        before.append(np.where(previous >= 0, previous, -1))  # scipy says -9999
        last_edge.append(last)
    return Reach(
        limit_m,
        network.nodes,
        np.concatenate([np.empty(0, dtype=np.int64), *pairs]),
        np.concatenate([np.empty(0), *metres]),
        np.concatenate([np.empty(0, dtype=np.int32), *before]),
        np.concatenate([np.empty(0, dtype=np.int32), *last_edge]),
    )


def _straight_parts(lines: Geometries) -> tuple[Floats, Floats, Ints, Ints]:
    """Start, end, piece and line of every straight part that has a length."""
    pieces, line_of = shapely.get_parts(lines, return_index=True)
    coordinates, piece_of = shapely.get_coordinates(pieces, return_index=True)
    start, end = coordinates[:-1], coordinates[1:]
    keep = (piece_of[1:] == piece_of[:-1]) & (start != end).any(axis=1)
    piece = piece_of[:-1][keep]
    return start[keep], end[keep], piece, line_of[piece]


def _meetings(
    start: Floats, end: Floats, piece: Ints, tolerance_m: float, join_crossings: bool
) -> tuple[Ints, Floats]:
    """Part, and share of its length, where another line ends on it (or crosses it)."""
    if len(start) == 0:
        return np.empty(0, dtype=np.int64), np.empty(0)
    first = np.flatnonzero(np.diff(piece, prepend=-1))
    last = np.append(first[1:], len(piece)) - 1
    points = np.concatenate([start[first], end[last]])
    shapes = shapely.linestrings(np.stack([start, end], axis=1))
    tree = STRtree(shapes)
    which, part = tree.query(shapely.points(points), predicate="dwithin", distance=tolerance_m)
    at = points[which]
    if join_crossings:
        one, other = tree.query(shapes, predicate="crosses")
        part = np.concatenate([part, one])
        at = np.concatenate(
            [at, shapely.get_coordinates(shapely.intersection(shapes[one], shapes[other]))]
        )
    run = end[part] - start[part]
    length = np.hypot(*run.T)
    along = ((at - start[part]) * run).sum(axis=1) / length
    inside = (along > tolerance_m) & (along < length - tolerance_m)
    return part[inside], (along / length)[inside]


def _cut_parts(start: Floats, end: Floats, part: Ints, along: Floats) -> tuple[Floats, Floats, Ints]:
    """Start and end of the parts once they are cut, and which part each was."""
    whole = np.concatenate([np.arange(len(start)), part])
    share = np.concatenate([np.zeros(len(start)), along])
    whole, share = np.unique(np.stack([whole, share]), axis=1)
    whole = whole.astype(np.int64)
    from_ = start[whole] + share[:, None] * (end[whole] - start[whole])
    is_last = np.diff(whole, append=-1) != 0
    to = np.where(is_last[:, None], end[whole], np.roll(from_, -1, axis=0))
    # Two lines that end on one place of a part may give shares that differ in the last bit only.
    has_length = (from_ != to).any(axis=1)
    return from_[has_length], to[has_length], whole[has_length]


def _places(start: Floats, end: Floats, tolerance_m: float) -> tuple[Ints, Ints, Bools]:
    """Place of each part's start and end, and which places are junctions."""
    points, point_of = np.unique(np.concatenate([start, end]), axis=0, return_inverse=True)
    near = (
        cKDTree(points).query_pairs(tolerance_m, output_type="ndarray")
        if len(points)
        else np.empty((0, 2), dtype=np.int64)
    )
    together = coo_array((np.ones(len(near)), near.T), shape=(len(points), len(points)))
    places, place_of = connected_components(together, directed=False)
    place = place_of[point_of.ravel()].astype(np.int64)
    # A bend joins two part ends; more of them meet at a crossing or where a line ends on another.
    is_junction = np.bincount(place, minlength=places) > 2
    return place[: len(start)], place[len(start) :], is_junction


def _shortest_hops(network: Network) -> tuple[Ints, Ints, Ints]:
    """From node, to node and edge; of parallel edges the shortest (the first of equal ones)."""
    source, target, edge = network.hops()
    order = np.lexsort((edge, network.edge_m[edge], target, source))
    source, target, edge = source[order], target[order], edge[order]
    is_first = (np.diff(source, prepend=-1) != 0) | (np.diff(target, prepend=-1) != 0)
    return source[is_first], target[is_first], edge[is_first]
