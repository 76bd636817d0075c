"""How far it is on foot between points on or near streets, and along which line.

A point is reached from the nearest place of the street network. One-way streets lead both ways on foot.
Where the network does not lead on, and where two points are nearer to each other than to the street,
the way is straight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from shapely import STRtree
from shapely.ops import substring

from geo.network import Network

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SLACK_M = 1e-6  # what the last bits of a sum of metres may differ by


@dataclass(frozen=True)
class PointNetwork:
    """A street network with n points on it: nodes 0..n-1 are the points, the junctions follow.

    A hop is a piece of one edge between two nodes, of all such pieces the shortest.
    """

    points: Floats  # shape (n, 2), in the CRS of the network
    off_m: Floats  # shape (n,): straight from each point to its place on the network; inf: no street
    network: Network
    metres: csr_array  # shape (nodes, nodes): length of the hop from one node to another
    hop: csr_array  # shape (nodes, nodes): number of that hop + 1
    hop_edge: Ints
    hop_from_m: Floats  # where the hop begins and ends, along its edge
    hop_to_m: Floats


def points_on_network(points: Floats, network: Network) -> PointNetwork:
    """Put points, shape (n, 2) in the CRS of the network, on the nearest place of a street."""
    n = len(points)
    point, edge, along, off = _nearest_places(points, network)
    length, every = network.edge_m, np.arange(len(network.edge_m))
    begin, end = network.edge_start + n, network.edge_end + n
    one, other = np.nonzero((edge[:, None] == edge) & (point[:, None] != point))
    # Of each hop: from node, to node, edge, from and to metres along it.
    ways = [
        (begin, end, every, np.zeros(len(length)), length),
        (point, begin[edge], edge, along, np.zeros(len(edge))),
        (point, end[edge], edge, along, length[edge]),
    ]
    ways += [(there, here, by, to_m, from_m) for here, there, by, from_m, to_m in ways]
    ways.append((point[one], point[other], edge[one], along[one], along[other]))
    here, there, by, from_m, to_m = (np.concatenate(column) for column in zip(*ways, strict=True))
    order = np.lexsort((by, np.abs(to_m - from_m), there, here))
    is_first = np.diff(here[order], prepend=-1) != 0
    is_first |= np.diff(there[order], prepend=-1) != 0
    hop = order[is_first]
    nodes, shape = (here[hop], there[hop]), (n + network.nodes, n + network.nodes)
    return PointNetwork(
        points,
        off,
        network,
        csr_array((np.abs(to_m - from_m)[hop], nodes), shape=shape),
        csr_array((np.arange(len(hop)) + 1, nodes), shape=shape),
        by[hop],
        from_m[hop],
        to_m[hop],
    )


def points_apart(on: PointNetwork) -> Floats:
    """Metres on foot between the points, shape (n, n), symmetric: to the street, along it, off it."""
    n = len(on.points)
    if n == 0:
        return np.zeros((0, 0))
    along = dijkstra(on.metres, indices=np.arange(n))[:, :n]
    every = np.arange(n)
    straight, off = _straight_and_off(on, every[:, None], every)
    walked = np.minimum(along, along.T) + off
    apart: Floats = np.where((straight <= off) | ~np.isfinite(walked), straight, walked)
    return apart


def ways_on_foot(on: PointNetwork, order: Ints, way_m: Floats) -> tuple[list[Floats], Bools]:
    """The line walked to each point of an order from the one before, and whether it is only straight.

    way_m    metres of the ways, as `points_apart` has them; the first is not looked at.
    returns  coordinates, shape (m, 2), of each line; of the first none, shape (0, 2).
    """
    lines = [np.empty((0, 2))]
    is_straight = np.zeros(len(order), dtype=bool)
    for k in range(1, len(order)):
        here, there = int(order[k - 1]), int(order[k])
        straight, off = _straight_and_off(on, np.array(here), np.array(there))
        street = [] if straight <= off else _along_streets(on, here, there, way_m[k] - off + SLACK_M)
        is_straight[k] = not street
        lines.append(np.concatenate([on.points[[here]], *street, on.points[[there]]]))
    return lines[: len(order)], is_straight


def _nearest_places(points: Floats, network: Network) -> tuple[Ints, Ints, Floats, Floats]:
    """Of the points that have one: number, edge and metres along it; and of all points how far off."""
    if len(points) == 0 or len(network.part_edge) == 0:
        none = np.empty(0, dtype=np.int64)
        return none, none, np.empty(0), np.full(len(points), np.inf)
    parts = shapely.linestrings(np.stack([network.part_start, network.part_end], axis=1))
    dots = shapely.points(points)
    part = STRtree(parts).nearest(dots)
    edge = network.part_edge[part]
    along = network.part_from_m[part] + shapely.line_locate_point(parts[part], dots)
    along = np.minimum(along, network.edge_m[edge])
    return np.arange(len(points)), edge, along, shapely.distance(parts[part], dots)


def _straight_and_off(on: PointNetwork, here: Ints, there: Ints) -> tuple[Floats, Floats]:
    """Metres straight between points, and from both to the street."""
    straight = np.hypot(*np.moveaxis(on.points[here] - on.points[there], -1, 0))
    return straight, on.off_m[here] + on.off_m[there]


def _along_streets(on: PointNetwork, here: int, there: int, limit_m: float) -> list[Floats]:
    """Coordinates of the pieces of street walked, in order; none where no way is that short."""
    _, before = dijkstra(on.metres, indices=here, limit=limit_m, return_predecessors=True)
    pieces: list[Floats] = []
    node = there
    while node != here:
        if before[node] < 0:
            return []
        hop = on.hop[before[node], node] - 1
        line = _edge_line(on.network, on.hop_edge[hop])
        piece = substring(line, on.hop_from_m[hop], on.hop_to_m[hop])
        pieces.append(shapely.get_coordinates(piece))
        node = before[node]
    return pieces[::-1]


def _edge_line(network: Network, edge: int) -> shapely.LineString:
    first, last = np.searchsorted(network.part_edge, [edge, edge + 1])
    ends = network.part_end[last - 1 : last]
    return shapely.LineString(np.concatenate([network.part_start[first:last], ends]))
