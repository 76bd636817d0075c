"""Density of issues: along streets for the list and the map, over the plane for the eye.

Both take a fixed bandwidth in metres, so that two dates compare. Along streets the kernel follows
the network and is shared out at junctions: a parallel street fifty metres away gets nothing.
Everything here is in the compute CRS (metres).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from geo.bands import band_of
from geo.neighbours import JUNCTION_M, Ends, street_ends

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Geometries = npt.NDArray[np.object_]

BANDWIDTH_M = 100.0
PIECE_M = 10.0
PER_M = 100.0  # density along streets is per 100 m
LEAST = 1e-6  # of an issue: shares of a kernel smaller than this are dropped
PLACES_AT_ONCE = 20_000  # to bound memory: each becomes dozens of shares on hundreds of pieces


class StreetDensity(NamedTuple):
    """Short pieces of street; entry k of each field is about piece k, ordered by line and metres."""

    line: Ints  # index of the line
    from_m: Floats  # metres along the line, parts of a multiline one after the other
    to_m: Floats
    per_100m: Floats  # issues per 100 m, mean over the piece


class Raster(NamedTuple):
    """Square cells over the plane."""

    west: float  # edge of the first column, metres
    south: float  # edge of the first row, metres
    cell_m: float
    per_km2: Floats  # shape (rows, columns), issues per square kilometre at the centre of the cell


class _Walk(NamedTuple):
    """Shares of kernels that enter parts of streets; entry k of each field is about share k."""

    part: Ints
    is_forward: npt.NDArray[np.bool_]
    begin_m: Floats  # metres along the part at which it starts
    gone_m: Floats  # metres from the issue to there
    share: Floats


def street_density(
    lines: Geometries,
    line: Ints,
    along_m: Floats,
    bandwidth_m: float = BANDWIDTH_M,
    piece_m: float = PIECE_M,
    tolerance_m: float = JUNCTION_M,
    issues: Floats | None = None,
) -> StreetDensity:
    """Issues per 100 m of street, by a quartic kernel that spreads along the network.

    lines        shape (n,), lines or multilines of positive length that meet at their ends
                 (`geo.neighbours.street_ends`, with its tolerance).
    line         shape (m,), index of the line that each issue lies on.
    along_m      shape (m,), metres along that line, as of `shapely.line_locate_point`; just where one
                 part of a multiline ends it is the start of the next.
    bandwidth_m  how far the kernel of an issue reaches.
    piece_m      length of the pieces, at most.
    issues       shape (m,), how many lie at each place; one by default.
    returns      pieces that cover every line; the sum of per_100m times length over them is the
                 number of issues (a kernel is turned back at a dead end and never lost).
    Raises ValueError if a length is not positive or an issue lies on no line.
    Source: equal-split discontinuous kernel, Okabe, Satoh & Sugihara 2009: at a junction of n
    streets each of the other n - 1 gets an equal share. Pieces hold exact integrals of the kernel.
    """
    if not (bandwidth_m > 0 and piece_m > 0):
        msg = f"bandwidth {bandwidth_m} m and piece {piece_m} m must be above zero"
        raise ValueError(msg)
    if len(line) and not (line.min() >= 0 and line.max() < len(lines)):
        msg = f"an issue lies on line {line.min()} or {line.max()} of {len(lines)}; leave out -1"
        raise ValueError(msg)
    ends = street_ends(lines, tolerance_m)
    length = shapely.length(ends.parts)
    offset = np.cumsum(length) - length  # metres along all parts before this one
    _, first_part = np.unique(ends.line, return_index=True)
    before = offset - offset[first_part][ends.line]  # metres along its own line

    pieces = np.maximum(np.ceil(length / piece_m - 1e-9), 1).astype(np.int64)
    part_of, number = _each(pieces)
    size = (length / pieces)[part_of]
    mass = np.zeros(len(part_of))
    if issues is None:
        place, counts = np.unique(line + 1j * along_m, return_counts=True)  # a pair, sorted as one
        line, along_m, issues = place.real.astype(np.int64), place.imag, counts.astype(np.float64)
    part, within = _places(length, offset, first_part, line, along_m)
    for begin in range(0, len(part), PLACES_AT_ONCE):
        some = slice(begin, begin + PLACES_AT_ONCE)
        walk = _set_off(part[some], within[some], issues[some])
        _spread(walk, ends, length, pieces, bandwidth_m, tolerance_m, mass)
    from_m = before[part_of] + number * size
    return StreetDensity(ends.line[part_of], from_m, from_m + size, mass / size * PER_M)


def heat_map(
    x: Floats,
    y: Floats,
    bounds: tuple[float, float, float, float],
    bandwidth_m: float,
    cell_m: float,
    issues: Floats | None = None,
) -> Raster:
    """Issues per square kilometre by a quartic kernel, for a background picture.

    x, y         shape (n,), metres; NaN is left out.
    bounds       west, south, east, north in metres; give the same ones for dates to compare.
    bandwidth_m  radius of the kernel.
    issues       shape (n,), how many lie at each point; one by default.
    returns      `Raster` whose first row is the southernmost; it may pass the east and north bounds
                 by less than a cell. Issues outside the bounds count where their kernel reaches in.
    Raises ValueError if a length is not positive or the bounds are empty.
    Source: Silverman 1986, equation 4.5, times the number of issues.
    """
    west, south, east, north = bounds
    if not (bandwidth_m > 0 and cell_m > 0 and east > west and north > south):
        msg = f"bandwidth {bandwidth_m} m, cell {cell_m} m and bounds {bounds} must be above zero"
        raise ValueError(msg)
    columns, rows = (int(np.ceil(span / cell_m)) for span in (east - west, north - south))
    located = np.isfinite(x) & np.isfinite(y)
    weight = np.ones(located.sum()) if issues is None else issues[located]
    u, v = (x[located] - west) / cell_m, (y[located] - south) / cell_m
    column, row = np.floor(u).astype(np.int64), np.floor(v).astype(np.int64)
    total = np.zeros(rows * columns)
    reach = bandwidth_m / cell_m
    window = np.arange(-int(reach) - 1, int(reach) + 2)
    for up in window:
        for right in window:
            to_row, to_column = row + up, column + right
            squared = (to_column + 0.5 - u) ** 2 + (to_row + 0.5 - v) ** 2
            near = (squared < reach * reach) & (to_row >= 0) & (to_row < rows)
            near &= (to_column >= 0) & (to_column < columns)
            height = weight[near] * (1 - squared[near] / (reach * reach)) ** 2
            total += np.bincount(to_row[near] * columns + to_column[near], height, rows * columns)
    peak = 3 / (np.pi * (bandwidth_m / 1000) ** 2)
    return Raster(west, south, cell_m, total.reshape(rows, columns) * peak)


def raster_bands(raster: Raster, edges: Floats) -> Geometries:
    """The cells above zero as one shape a band, in metres: len(edges) + 1 shapes, some may be empty."""
    row, column = np.nonzero(raster.per_km2 > 0)
    x, y = raster.west + column * raster.cell_m, raster.south + row * raster.cell_m
    cells = shapely.box(x, y, x + raster.cell_m, y + raster.cell_m)
    band = band_of(raster.per_km2[row, column], edges)
    return np.array(
        [shapely.coverage_union_all(cells[band == n]) for n in range(len(edges) + 1)], dtype=object
    )


def street_pieces(lines: Geometries, line: Ints, from_m: Floats, to_m: Floats) -> Geometries:
    """The shapes of pieces of street, bends included, for a map.

    lines         shape (n,), lines or multilines of positive length.
    line          shape (k,), index of the line of each piece.
    from_m, to_m  shape (k,), as in `StreetDensity`; no piece passes from one part to another.
    returns       shape (k,), linestrings.
    """
    parts, line_of = shapely.get_parts(lines, return_index=True)
    points, part_of = shapely.get_coordinates(parts, return_index=True)
    length = shapely.length(parts)
    offset = np.cumsum(length) - length
    _, first_part = np.unique(line_of, return_index=True)
    middle = offset[first_part][line] + (from_m + to_m) / 2
    part = np.searchsorted(offset, middle, side="right") - 1
    # One ruler over all parts, with a metre between two so that an end is not the next one's start.
    inside = part_of[1:] == part_of[:-1]
    steps = np.where(inside, np.hypot(*np.diff(points, axis=0).T), 1.0)
    ruler = np.concatenate([[0.0], np.cumsum(steps)])
    zero = ruler[np.searchsorted(part_of, np.arange(len(parts)))]
    shift = zero[part] - offset[part] + offset[first_part][line]
    begin, end = from_m + shift, to_m + shift

    order = np.argsort(begin)
    owner = np.searchsorted(begin[order], ruler, side="right") - 1
    bend = np.flatnonzero((owner >= 0) & (ruler > begin[order][owner]) & (ruler < end[order][owner]))
    piece = np.concatenate([np.arange(len(part)), order[owner[bend]], np.arange(len(part))])
    metres = np.concatenate([begin, ruler[bend], end])
    along = np.lexsort((metres, piece))
    xy = np.stack([np.interp(metres[along], ruler, values) for values in points.T], axis=1)
    shapes: Geometries = shapely.linestrings(xy, indices=piece[along])
    return shapes


def _places(
    length: Floats, offset: Floats, first_part: Ints, line: Ints, along_m: Floats
) -> tuple[Ints, Floats]:
    """Part and metres along it of each place."""
    at = offset[first_part[line]] + along_m
    last_part = np.append(first_part[1:], len(offset)) - 1
    part = np.searchsorted(offset, at, side="right") - 1
    part = np.clip(part, first_part[line], last_part[line])
    return part, np.clip(at - offset[part], 0, length[part])


def _set_off(part: Ints, within: Floats, issues: Floats) -> _Walk:
    """The two halves of the kernel of each place, one in each direction."""
    return _Walk(
        np.tile(part, 2),
        np.repeat([True, False], len(part)),
        np.tile(within, 2),
        np.zeros(2 * len(part)),
        np.tile(issues, 2),
    )


def _spread(
    walk: _Walk,
    ends: Ends,
    length: Floats,
    pieces: Ints,
    bandwidth_m: float,
    tolerance_m: float,
    mass: Floats,
) -> None:
    """Add to `mass` what the kernels leave on each piece, walking on from junction to junction."""
    first_piece = np.cumsum(pieces) - pieces
    # Each part twice: as it leaves its first junction, and as it leaves its last.
    junction = np.concatenate([ends.start, ends.end])
    # Where borders cut streets, millimetres are left over that lie within one junction. They are no
    # way out of it: kernels would circle in them, a million shares of next to nothing.
    is_way = np.tile((ends.start != ends.end) | (length > tolerance_m), 2)
    is_way |= np.bincount(junction, is_way)[junction] == 0
    way = np.flatnonzero(is_way)
    leaving = way[np.argsort(junction[way], kind="stable")]
    degree = np.bincount(junction[way], minlength=junction.max() + 1)
    first_leaving = np.cumsum(degree) - degree
    while len(walk.part):
        _leave(walk, length, pieces, first_piece, bandwidth_m, mass)
        to_go = np.where(walk.is_forward, length[walk.part] - walk.begin_m, walk.begin_m)
        gone_m = walk.gone_m + to_go
        goes_on = (gone_m < bandwidth_m) & (walk.share > LEAST)
        part, is_forward = walk.part[goes_on], walk.is_forward[goes_on]
        at = np.where(is_forward, ends.end[part], ends.start[part])
        ways = degree[at]
        source, turn = _each(ways)
        chosen = leaving[first_leaving[at][source] + turn]
        came = np.where(is_forward, part + len(length), part)
        is_open = (chosen != came[source]) | (ways[source] == 1)
        source, chosen = source[is_open], chosen[is_open]
        open_ways = np.bincount(source, minlength=len(ways))
        part, is_forward = chosen % len(length), chosen < len(length)
        walk = _Walk(
            part,
            is_forward,
            np.where(is_forward, 0.0, length[part]),
            gone_m[goes_on][source],
            walk.share[goes_on][source] / open_ways[source],
        )


def _leave(
    walk: _Walk, length: Floats, pieces: Ints, first_piece: Ints, bandwidth_m: float, mass: Floats
) -> None:
    """Add what each share leaves on the pieces of the part that it walks through."""
    size = (length / pieces)[walk.part]
    reach = bandwidth_m - walk.gone_m
    low = np.where(walk.is_forward, walk.begin_m, np.maximum(walk.begin_m - reach, 0))
    high = np.where(walk.is_forward, np.minimum(walk.begin_m + reach, length[walk.part]), walk.begin_m)
    last = pieces[walk.part] - 1
    start = np.clip((low / size).astype(np.int64), 0, last)
    stop = np.clip((high / size).astype(np.int64), 0, last) + 1
    share, number = _each(stop - start)
    number += start[share]
    edges = np.stack([number, number + 1]) * size[share]
    away = np.abs(np.clip(edges, low[share], high[share]) - walk.begin_m[share]) + walk.gone_m[share]
    inside = _half_kernel(away / bandwidth_m)
    amount = np.abs(inside[1] - inside[0]) * walk.share[share]
    np.add.at(mass, first_piece[walk.part][share] + number, amount)


def _each(counts: Ints) -> tuple[Ints, Ints]:
    """For each owner in turn, its number repeated, and 0, 1, 2 … up to its count."""
    owner = np.repeat(np.arange(len(counts)), counts)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)


def _half_kernel(distance: Floats) -> Floats:
    """Integral of the quartic kernel from 0 to a distance in bandwidths; 0.5 from 1 on."""
    u = np.minimum(distance, 1.0)
    square = u * u  # u - 2/3 u^3 + u^5/5 without powers, which take ten times as long
    integral: Floats = 15 / 16 * u * (1 - square * (2 / 3 - square / 5))
    return integral
