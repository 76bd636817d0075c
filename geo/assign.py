"""Place points: the grid each lies in and the segment each is nearest to.

Both kernels are exact and deterministic: a point on a shared border belongs to the polygon that comes
first, and of two segments equally near (to a micrometre) the one that comes first is taken.
Callers order polygons and lines by id, so "first" means "lowest id".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import shapely
from shapely import STRtree

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Geometries = npt.NDArray[np.object_]

TIE_M = 1e-6
PAIRS_AT_ONCE = 500_000
FIRST_LEVEL = 7  # up to 16,384 cells, few enough to ask a spatial index
LEVELS = 16  # of the quadtree: 1 m cells in a county 65 km wide
FEW_PARTS = 4  # a cell with fewer parts than this is not worth dividing


def assign_grids(x: Floats, y: Floats, polygons: Geometries) -> Ints:
    """Index of the polygon each point lies in, border included; -1 where there is none.

    x, y      shape (n,), metres or degrees, in the CRS of the polygons; NaN gives -1.
    polygons  shape (m,), valid polygons; where several hold a point the lowest index wins.
    returns   shape (n,).
    """
    assigned = np.full(len(x), -1, dtype=np.int64)
    order = np.argsort(x)  # NaN sorts last and is never inside a box
    x_sorted, y_sorted = x[order], y[order]
    found = np.full(len(x), -1, dtype=np.int64)
    bounds = shapely.bounds(polygons)
    shapely.prepare(polygons)
    starts = np.searchsorted(x_sorted, bounds[:, 0], side="left")
    ends = np.searchsorted(x_sorted, bounds[:, 2], side="right")
    for index, (start, end) in enumerate(zip(starts, ends, strict=True)):
        ys = y_sorted[start:end]
        near = (ys >= bounds[index, 1]) & (ys <= bounds[index, 3]) & (found[start:end] < 0)
        candidates = start + np.flatnonzero(near)
        inside = shapely.intersects_xy(polygons[index], x_sorted[candidates], y_sorted[candidates])
        found[candidates[inside]] = index
    assigned[order] = found
    return assigned


@dataclass
class StraightParts:
    """The straight parts of lines, in line order: what `nearest_segments` looks through.

    starts, ends  shape (n, 2), metres; line_of shape (n,), index of the line of each.
    """

    starts: Floats
    ends: Floats
    line_of: Ints

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def tree(self) -> STRtree:
        """A spatial index of the parts."""
        return STRtree(shapely.linestrings(np.stack([self.starts, self.ends], axis=1)))


def straight_parts(lines: Geometries) -> StraightParts:
    """The straight parts of lines or multilines; make them once where several calls need them."""
    pieces, line_of_piece = shapely.get_parts(lines, return_index=True)
    coordinates, piece_of = shapely.get_coordinates(pieces, return_index=True)
    joined = piece_of[1:] == piece_of[:-1]
    return StraightParts(
        coordinates[:-1][joined], coordinates[1:][joined], line_of_piece[piece_of[:-1][joined]]
    )


def nearest_segments(x: Floats, y: Floats, lines: Geometries | StraightParts) -> tuple[Ints, Floats]:
    """Index of the line nearest to each point, and its distance.

    A quadtree over the points carries, for each cell, the straight parts that can be nearest to any
    point in it: with centre c, half diagonal h and d = distance from c to the nearest part, those
    within d + 2h of c. The first level asks a spatial index, each further one tests only what its
    parent kept, so every point is compared with two or three parts in the end, all in numpy.

    x, y     shape (n,), metres; NaN gives index -1 and distance NaN.
    lines    shape (m,), lines or multilines of positive length, same CRS; or their straight parts.
    returns  index shape (n,), distance shape (n,) in metres.
    Raises ValueError if there is no line.
    """
    all_parts = lines if isinstance(lines, StraightParts) else straight_parts(lines)
    if len(all_parts) == 0:
        msg = "`lines` is empty: there is no segment to be near to."
        raise ValueError(msg)
    index = np.full(len(x), -1, dtype=np.int64)
    distance = np.full(len(x), np.nan)
    located = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if len(located) == 0:
        return index, distance
    origin_x, origin_y = x[located].min(), y[located].min()
    px, py = x[located] - origin_x, y[located] - origin_y
    origin = np.array([origin_x, origin_y])
    starts, ends = all_parts.starts - origin, all_parts.ends - origin

    # Along a Z-curve the points of a cell stand together at every level, so one sort serves all.
    side = max(px.max(), py.max(), 1.0) * (1 + 1e-9)
    column = (px / side * 2**LEVELS).astype(np.int64)
    row = (py / side * 2**LEVELS).astype(np.int64)
    code = _spread(column) << 1 | _spread(row)
    order = np.argsort(code)
    px, py, code = px[order], py[order], code[order]
    column, row = column[order], row[order]

    counts = parts = cell = np.empty(0, dtype=np.int64)
    for level in range(FIRST_LEVEL, LEVELS + 1):
        finer = LEVELS - level
        is_first = np.diff(code >> 2 * finer, prepend=-1) != 0
        first = np.flatnonzero(is_first)
        size = side / 2**level
        centre_x = ((column[first] >> finer) + 0.5) * size
        centre_y = ((row[first] >> finer) + 0.5) * size
        reach = size * np.sqrt(2.0) * (1 + 1e-9) + 2 * TIE_M
        if level == FIRST_LEVEL:
            counts, parts = _near_parts(centre_x + origin_x, centre_y + origin_y, all_parts, reach)
        else:
            counts, parts = _refine(centre_x, centre_y, cell[first], counts, parts, starts, ends, reach)
        cell = np.cumsum(is_first) - 1
        if counts.mean() < FEW_PARTS or len(counts) > len(px) / 2:
            break

    nearest, metres = _closest(px, py, cell, counts, parts, starts, ends, all_parts.line_of)
    index[located[order]] = nearest
    distance[located[order]] = metres
    return index, distance


def _spread(bits: Ints) -> Ints:
    """The low 16 bits of each number, moved to the even places (half a Z-order code)."""
    bits = (bits | bits << 8) & 0x00FF00FF
    bits = (bits | bits << 4) & 0x0F0F0F0F
    bits = (bits | bits << 2) & 0x33333333
    return (bits | bits << 1) & 0x55555555


def _pairs(cells: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """For each cell in turn, its number repeated, and the positions of its parts."""
    begins = np.concatenate([[0], np.cumsum(counts)[:-1]])
    repeats = counts[cells]
    offset = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    return np.repeat(np.arange(len(cells)), repeats), np.repeat(begins[cells], repeats) + offset


def _part_distance(x: Floats, y: Floats, start: Floats, end: Floats) -> Floats:
    """Distance from point k to straight part k, metres."""
    ax, ay = x - start[:, 0], y - start[:, 1]
    dx, dy = end[:, 0] - start[:, 0], end[:, 1] - start[:, 1]
    squared = dx * dx + dy * dy
    along = np.divide(ax * dx + ay * dy, squared, out=np.zeros_like(ax), where=squared > 0)
    along = np.clip(along, 0.0, 1.0)
    return np.hypot(ax - along * dx, ay - along * dy)


def _chunks(cells: Ints, counts: Ints) -> list[slice]:
    """Slices of `cells` that expand to about PAIRS_AT_ONCE pairs each, to bound memory."""
    total = np.cumsum(counts[cells])
    cuts = np.searchsorted(total, np.arange(PAIRS_AT_ONCE, total[-1], PAIRS_AT_ONCE)) + 1
    edges = np.unique(np.concatenate([[0], cuts, [len(cells)]]))
    return [slice(a, b) for a, b in pairwise(edges.tolist())]


def _near_parts(x: Floats, y: Floats, all_parts: StraightParts, reach: float) -> tuple[Ints, Ints]:
    """The parts of each cell by a spatial index; by boxes, so a few more than `_refine` keeps."""
    tree = all_parts.tree
    _, metres = tree.query_nearest(shapely.points(x, y), all_matches=False, return_distance=True)
    far = metres + reach
    cell, part = tree.query(shapely.box(x - far, y - far, x + far, y + far))
    order = np.argsort(cell, kind="stable")
    return np.bincount(cell, minlength=len(x)), part[order]


def _refine(
    centre_x: Floats,
    centre_y: Floats,
    parent: Ints,
    counts: Ints,
    parts: Ints,
    starts: Floats,
    ends: Floats,
    reach: float,
) -> tuple[Ints, Ints]:
    """The parts of each child cell: those of its parent within `reach` of being the nearest."""
    new_counts: list[Ints] = []
    new_parts: list[Ints] = []
    for chunk in _chunks(parent, counts):
        child, position = _pairs(parent[chunk], counts)
        candidate = parts[position]
        metres = _part_distance(
            centre_x[chunk][child], centre_y[chunk][child], starts[candidate], ends[candidate]
        )
        first = np.flatnonzero(np.diff(child, prepend=-1))
        keep = metres <= np.minimum.reduceat(metres, first)[child] + reach
        new_counts.append(np.bincount(child[keep], minlength=len(parent[chunk])))
        new_parts.append(candidate[keep])
    return np.concatenate(new_counts), np.concatenate(new_parts)


def _closest(
    x: Floats,
    y: Floats,
    cell: Ints,
    counts: Ints,
    parts: Ints,
    starts: Floats,
    ends: Floats,
    line_of: Ints,
) -> tuple[Ints, Floats]:
    """Line and distance of the nearest part among those of each point's cell."""
    index = np.empty(len(x), dtype=np.int64)
    distance = np.empty(len(x))
    for chunk in _chunks(cell, counts):
        point, position = _pairs(cell[chunk], counts)
        candidate = parts[position]
        metres = _part_distance(x[chunk][point], y[chunk][point], starts[candidate], ends[candidate])
        first = np.flatnonzero(np.diff(point, prepend=-1))
        shortest = np.minimum.reduceat(metres, first)
        distance[chunk] = shortest
        tied = metres <= shortest[point] + TIE_M
        lines = np.where(tied, line_of[candidate], np.iinfo(np.int64).max)
        index[chunk] = np.minimum.reduceat(lines, first)
    return index, distance
