"""Grid polygons and the streets in them: repair, cutting at borders, simplifying for maps.

Everything here is in the compute CRS (metres). Polygons come ordered by grid id, so that "the first
polygon" is the one with the lowest id; metres and points on a shared border go to it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from shapely import STRtree

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Geometries = npt.NDArray[np.object_]

SLIVER_M = 1e-3  # overlay leaves rests of 1e-10 m; a millimetre of street is none


def repair_polygons(polygons: Geometries) -> Geometries:
    """Valid polygons with the area that the rings enclose; lines and points left over are dropped."""
    repaired = shapely.make_valid(polygons, method="structure", keep_collapsed=False)
    return np.array([_polygons_only(geometry) for geometry in repaired], dtype=object)


def _polygons_only(geometry: shapely.Geometry) -> shapely.Geometry:
    if shapely.get_dimensions(geometry) == 2 and geometry.geom_type != "GeometryCollection":
        return geometry
    parts = shapely.get_parts(geometry)
    return shapely.union_all(parts[shapely.get_dimensions(parts) == 2])


def cut_lines(lines: Geometries, polygons: Geometries) -> tuple[Ints, Ints, Geometries]:
    """Lines cut at polygon borders: every metre in exactly one polygon, or in none (-1).

    lines     shape (n,), lines of positive length.
    polygons  shape (m,), valid, ordered by grid id.
    returns   line index, polygon index or -1, piece; each shape (k,), k >= n, ordered by line then
              polygon, the remainder outside every polygon last. A line that leaves a polygon and
              comes back is one multiline piece there. The lengths of a line's pieces add up to it.
    """
    shapely.prepare(polygons)
    tree = STRtree(lines)
    whole = np.full(len(lines), len(polygons), dtype=np.int64)
    polygon_of, line_of = tree.query(polygons, predicate="covers")
    np.minimum.at(whole, line_of, polygon_of)
    near_polygon, near_line = tree.query(polygons, predicate="intersects")
    first = np.full(len(lines), len(polygons), dtype=np.int64)
    np.minimum.at(first, near_line, near_polygon)
    # A line inside one polygon may still run along the border of one that comes before it.
    is_whole = (whole < len(polygons)) & (first == whole)

    line_index: list[int] = np.flatnonzero(is_whole).tolist()
    polygon_index: list[int] = whole[is_whole].tolist()
    pieces: list[shapely.Geometry] = list(lines[is_whole])
    order = np.lexsort((near_polygon, near_line))
    starts = np.searchsorted(near_line[order], np.arange(len(lines) + 1))
    for number in np.flatnonzero(~is_whole).tolist():
        candidates = near_polygon[order[starts[number] : starts[number + 1]]].tolist()
        for polygon_number, piece in _cut_line(lines[number], candidates, polygons):
            line_index.append(number)
            polygon_index.append(polygon_number)
            pieces.append(piece)
    lines_, polygons_ = np.array(line_index, dtype=int), np.array(polygon_index, dtype=int)
    order = np.lexsort((np.where(polygons_ < 0, len(polygons), polygons_), lines_))
    return lines_[order], polygons_[order], np.array(pieces, dtype=object)[order]


def _cut_line(
    line: shapely.Geometry, candidates: list[int], polygons: Geometries
) -> list[tuple[int, shapely.Geometry]]:
    """(polygon or -1, piece) of one line; candidates in ascending order."""
    pieces = _take(line, candidates, polygons)
    if abs(sum(piece.length for _, piece in pieces) - line.length) > SLIVER_M * (1 + len(candidates)):
        pieces = _cut_by_parts(line, candidates, polygons)
    longest = max(pieces, key=lambda piece: piece[1].length)
    return [piece for piece in pieces if piece[1].length > SLIVER_M] or [longest]


def _take(
    line: shapely.Geometry, candidates: list[int], polygons: Geometries
) -> list[tuple[int, shapely.Geometry]]:
    """Each polygon in turn takes what is left of the line in it."""
    taken = []
    rest = line
    for number in candidates:
        inside = _lines_only(shapely.intersection(rest, polygons[number]))
        if inside.length > 0:
            taken.append((number, inside))
            rest = shapely.difference(rest, polygons[number])
    return [*taken, (-1, rest)] if rest.length > 0 else taken


def _cut_by_parts(
    line: shapely.Geometry, candidates: list[int], polygons: Geometries
) -> list[tuple[int, shapely.Geometry]]:
    """The same for a line that runs over itself: overlay would count its doubled metres once."""
    found: dict[int, list[shapely.Geometry]] = {}
    for string in shapely.get_parts(line):
        points = shapely.get_coordinates(string)
        for part in shapely.linestrings(np.stack([points[:-1], points[1:]], axis=1)):
            for number, piece in _take(part, candidates, polygons):
                found.setdefault(number, []).extend(shapely.get_parts(piece))
    return [(number, shapely.multilinestrings(parts)) for number, parts in found.items()]


def _lines_only(geometry: shapely.Geometry) -> shapely.Geometry:
    """The linear part of an intersection (touching points have no length), joined where it meets."""
    parts = shapely.get_parts(geometry)
    linear = parts[shapely.get_dimensions(parts) == 1]
    return shapely.line_merge(shapely.multilinestrings(linear)) if len(linear) else shapely.LineString()


def simplify_shapes(shapes: Geometries, tolerance_m: float) -> Geometries:
    """Fewer vertices for a map; polygons that tile keep their common borders.

    shapes  shape (n,), polygons or lines; a multiline is simplified as a whole, so pass pieces.
    """
    are_polygons = len(shapes) > 0 and bool((shapely.get_dimensions(shapes) == 2).all())
    simplified: Geometries = (
        shapely.coverage_simplify(shapes, tolerance_m)
        if are_polygons and shapely.coverage_is_valid(shapes)
        else shapely.simplify(shapes, tolerance_m, preserve_topology=True)
    )
    return simplified
