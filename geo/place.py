"""The place of an issue: the street segment it lies on, else a small cluster of issues off the streets.

Rebounds, repeats and visits are counted by place, so two reports of one rubbish heap must fall on the
same one whatever order the rows come in.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Places(NamedTuple):
    """Places of n issues; entry k of `segment`, `x` and `y` is about place k.

    place    shape (n,), number of the place; -1 where an issue has none.
    segment  shape (k,), ascending; -1 for a cluster. Segments come first.
    x, y     shape (k,), centre of a cluster, metres; NaN for a segment, which has its own line.
    """

    place: Ints
    segment: Ints
    x: Floats
    y: Floats


def find_places(
    x: Floats, y: Floats, segment: Ints, offset_m: Floats, near_m: float, cluster_m: float
) -> Places:
    """The place of each issue: its segment where that is near, else a cluster of what is left.

    x, y       shape (n,), metres; NaN where an issue has no coordinates (a sink point is to be passed
               so too): it has no place then.
    segment    shape (n,), index of the nearest segment; -1 where there is none.
    offset_m   shape (n,), metres to it.
    near_m     an issue this near to its segment, or nearer, is on it.
    cluster_m  an issue off the streets lies within this of the centre of its cluster.
    Raises ValueError if a distance is negative or the shapes differ.
    """
    if near_m < 0 or cluster_m < 0:
        msg = f"`near_m` is {near_m} and `cluster_m` is {cluster_m}: a distance is not negative."
        raise ValueError(msg)
    if not len(x) == len(y) == len(segment) == len(offset_m):
        msg = "`x`, `y`, `segment` and `offset_m` differ in length: give one of each for every issue."
        raise ValueError(msg)
    located = np.isfinite(x) & np.isfinite(y)
    on_street = located & (segment >= 0) & (offset_m <= near_m)
    off_street = np.flatnonzero(located & ~on_street)
    segments, number = np.unique(segment[on_street], return_inverse=True)
    cluster, centre_x, centre_y = cluster_points(x[off_street], y[off_street], cluster_m)
    place = np.full(len(x), -1, dtype=np.int64)
    place[on_street] = number
    place[off_street] = cluster + len(segments)
    none, no_centre = np.full(len(centre_x), -1), np.full(len(segments), np.nan)
    return Places(
        place,
        np.concatenate([segments, none]).astype(np.int64),
        np.concatenate([no_centre, centre_x]),
        np.concatenate([no_centre, centre_y]),
    )


def cluster_points(x: Floats, y: Floats, radius_m: float) -> tuple[Ints, Floats, Floats]:
    """Clusters of points around the busiest of them, none wider than the radius on either side.

    The point with the most points within the radius becomes a centre and takes those; then the
    busiest of what is left, until nothing is; last, each point goes to the nearest centre. Linking
    neighbours instead (single linkage, DBSCAN) would chain the reports of a whole square into one
    place, and square cells would part two reports a metre apart. Equally busy points are taken from
    west to east, then south to north, so the answer depends on the set of points alone, never on
    their order.

    x, y     shape (n,), metres, finite.
    returns  cluster of each point, shape (n,); centres x, y, shape (k,), from west to east.
    Source of the idea: density peaks as in non-maximum suppression, here with a fixed radius.
    """
    if len(x) == 0:
        return np.empty(0, dtype=np.int64), np.empty(0), np.empty(0)
    points = np.stack([x, y], axis=1)
    spots, spot_of, count = np.unique(points, axis=0, return_inverse=True, return_counts=True)
    tree = cKDTree(spots)
    busy = cKDTree(np.repeat(spots, count, axis=0)).query_ball_point(
        spots, radius_m, return_length=True
    )
    # Pairs of neighbours are never listed: where a county has no streets there are too many.
    is_centre = busy == count
    is_free = ~is_centre
    for spot in np.argsort(-busy, kind="stable").tolist():
        if is_free[spot]:
            is_centre[spot] = True
            is_free[tree.query_ball_point(spots[spot], radius_m)] = False
    centres = spots[is_centre]
    _, nearest = cKDTree(centres).query(spots)
    return nearest.astype(np.int64)[spot_of], centres[:, 0], centres[:, 1]
