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
    tree = STRtree(polygons)
    whole = np.full(len(lines), len(polygons), dtype=np.int64)
    line_of, polygon_of = tree.query(lines, predicate="covered_by")
    np.minimum.at(whole, line_of, polygon_of)
    crossing = np.flatnonzero(whole == len(polygons))

    inside_one = np.flatnonzero(whole < len(polygons))
    line_index: list[int] = inside_one.tolist()
    polygon_index: list[int] = whole[inside_one].tolist()
    pieces: list[shapely.Geometry] = list(lines[inside_one])
    near_line, near_polygon = tree.query(lines[crossing], predicate="intersects")
    for position, line_number in enumerate(crossing.tolist()):
        rest = lines[line_number]
        for polygon_number in sorted(near_polygon[near_line == position].tolist()):
            inside = _lines_only(shapely.intersection(rest, polygons[polygon_number]))
            if not inside.is_empty:
                line_index.append(line_number)
                polygon_index.append(polygon_number)
                pieces.append(inside)
                rest = shapely.difference(rest, polygons[polygon_number])
        if rest.length > 0:
            line_index.append(line_number)
            polygon_index.append(-1)
            pieces.append(rest)
    lines_, polygons_ = np.array(line_index), np.array(polygon_index)
    order = np.lexsort((np.where(polygons_ < 0, len(polygons), polygons_), lines_))
    return lines_[order], polygons_[order], np.array(pieces, dtype=object)[order]


def _lines_only(geometry: shapely.Geometry) -> shapely.Geometry:
    """The linear part of an intersection (touching points have no length), joined where it meets."""
    parts = shapely.get_parts(geometry)
    linear = parts[shapely.get_dimensions(parts) == 1]
    return shapely.line_merge(shapely.multilinestrings(linear)) if len(linear) else shapely.LineString()


def simplify_polygons(polygons: Geometries, tolerance_m: float) -> Geometries:
    """Fewer vertices for a map; neighbours keep their common border where the polygons tile."""
    simplified: Geometries = (
        shapely.coverage_simplify(polygons, tolerance_m)
        if shapely.coverage_is_valid(polygons)
        else shapely.simplify(polygons, tolerance_m, preserve_topology=True)
    )
    return simplified
