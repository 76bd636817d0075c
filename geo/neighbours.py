"""Which grids touch, and which streets meet: the neighbourhoods that statistics need.

Everything here is in the compute CRS (metres). Who is whose neighbour is a symmetric sparse matrix of
ones with nothing on its diagonal, so that `touches @ values` is the sum over the neighbours of each.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from shapely import STRtree

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Geometries = npt.NDArray[np.object_]

HAIRLINE_M = 1.0  # borders drawn twice by hand lie decimetres apart
JUNCTION_M = 0.1  # ends of streets that are meant to meet; cutting moves them by nanometres


class Ends(NamedTuple):
    """The two ends of each unbroken part of the lines; entry k of each field is about part k."""

    parts: Geometries  # linestrings, in the order of the lines
    line: Ints  # index of the line that the part is of
    start: Ints  # number of the junction at its first point
    end: Ints  # number of the junction at its last point


def touching_grids(polygons: Geometries, tolerance_m: float = HAIRLINE_M) -> csr_array:
    """Grids that share a border or a corner, or overlap (queen contiguity).

    polygons     shape (n,), valid.
    tolerance_m  how far apart two borders may lie and still count as one; a river or a main road
                 between two grids is wider. 0 asks for real contact.
    returns      shape (n, n), 1.0 for each pair, symmetric, zero diagonal.
    Raises ValueError if the tolerance is negative.
    """
    _refuse_negative(tolerance_m)
    tree = STRtree(polygons)
    # "dwithin 0" asks for a distance of exactly 0, which rounding denies to crossing borders.
    first, second = (
        tree.query(polygons, predicate="dwithin", distance=tolerance_m)
        if tolerance_m > 0
        else tree.query(polygons, predicate="intersects")
    )
    return _symmetric(first, second, len(polygons))


def street_ends(lines: Geometries, tolerance_m: float = JUNCTION_M) -> Ends:
    """The ends of the streets as junctions of a network.

    lines        shape (n,), lines or multilines; a multiline has the ends of each of its parts.
    tolerance_m  ends at most so far apart are one junction, also through a chain of ends.
    returns      `Ends` of at least n parts; junctions are numbered from 0.
    Raises ValueError if the tolerance is negative. Streets that cross without an end there do not
    meet: centrelines have to be cut at their crossings.
    """
    _refuse_negative(tolerance_m)
    parts, line = shapely.get_parts(lines, return_index=True)
    if len(parts) == 0:
        none = np.empty(0, dtype=np.int64)
        return Ends(parts, none, none, none)
    points, part = shapely.get_coordinates(parts, return_index=True)
    first = np.searchsorted(part, np.arange(len(parts)))
    last = np.append(first[1:], len(part)) - 1
    tips = points[np.concatenate([first, last])]
    near = cKDTree(tips).query_pairs(tolerance_m, output_type="ndarray")
    pairs = coo_array((np.ones(len(near)), (near[:, 0], near[:, 1])), shape=(len(tips), len(tips)))
    _, junction = connected_components(pairs, directed=False)
    start, end = np.split(junction.astype(np.int64), 2)
    return Ends(parts, line, start, end)


def meeting_streets(lines: Geometries, tolerance_m: float = JUNCTION_M) -> csr_array:
    """Streets that share an end (see `street_ends`).

    lines    shape (n,), lines or multilines.
    returns  shape (n, n), 1.0 for each pair, symmetric, zero diagonal.
    Raises ValueError if the tolerance is negative.
    """
    ends = street_ends(lines, tolerance_m)
    junction, line = np.concatenate([ends.start, ends.end]), np.tile(ends.line, 2)
    shape = (len(lines), int(junction.max(initial=-1)) + 1)
    incidence = csr_array((np.ones(len(line)), (line, junction)), shape=shape)
    first, second = (incidence @ incidence.T).nonzero()
    return _symmetric(first, second, len(lines))


def _symmetric(first: Ints, second: Ints, count: int) -> csr_array:
    """Ones at both places of every pair of two different members."""
    pair = first != second
    rows = np.concatenate([first[pair], second[pair]])
    columns = np.concatenate([second[pair], first[pair]])
    matrix = csr_array((np.ones(len(rows)), (rows, columns)), shape=(count, count))
    matrix.data[:] = 1.0  # pairs found from both sides have been added up
    return matrix


def _refuse_negative(metres: float) -> None:
    if not metres >= 0:
        msg = f"a tolerance of {metres} m is below zero"
        raise ValueError(msg)
