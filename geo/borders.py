"""Where responsibility grids do not tile: areas that two of them hold, and areas that none does.

Everything here is in the compute CRS (metres). Grids ought to meet along common borders; real ones
overlap by metres (责任重叠) and leave slivers and holes between them (责任空白).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely
from shapely import STRtree

from geo.grid import SLIVER_M

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Geometries = npt.NDArray[np.object_]

MITRE = 5.0  # inlets sharper than 23 degrees count as slivers, wider ones are bends of the outline
CONTACT_M = 0.01  # a border this near to a gap runs along it
MIN_CONTACT_M = 0.1  # a grid that meets a gap along less than this only touches its corner


class Gaps(NamedTuple):
    """Areas that belong to nobody; entry k of each field is about gap k."""

    shapes: Geometries  # polygons
    is_enclosed: Bools  # grids all around it; else it opens to the outside of the county
    neighbours: list[Ints]  # ascending indices of the grids along its border


def overlaps(polygons: Geometries, min_area_m2: float) -> tuple[Ints, Ints, Geometries]:
    """Every pair of polygons that hold a common area, and that area.

    polygons  shape (m,), valid.
    returns   first index, second index (first < second), what both hold (polygon or multipolygon);
              each shape (k,), ordered by first then second. An area that three hold is in three
              pairs: the union of the shapes counts it once.
    Raises ValueError if `min_area_m2` is negative. Overlaps of at most that area are left out.
    """
    _refuse_negative(min_area_m2)
    first, second = STRtree(polygons).query(polygons)
    first, second = first[first < second], second[first < second]
    shapely.prepare(polygons)
    met = shapely.intersects(polygons[first], polygons[second])
    met &= ~shapely.touches(polygons[first], polygons[second])
    first, second = first[met], second[met]
    shapes = shapely.intersection(polygons[first], polygons[second])
    mixed = shapely.get_type_id(shapes) == shapely.GeometryType.GEOMETRYCOLLECTION
    shapes[mixed] = shapely.buffer(shapes[mixed], 0)  # its lines and points have no area
    large = np.flatnonzero(shapely.area(shapes) > min_area_m2)
    large = large[np.lexsort((second[large], first[large]))]
    return first[large], second[large], shapes[large]


def gaps(polygons: Geometries, max_width_m: float, min_area_m2: float) -> Gaps:
    """The areas between the polygons that belong to none of them.

    These are the holes that polygons enclose, whatever their width, and what opens to the outside
    through a mouth narrower than `max_width_m` between at least two polygons: the outline is grown
    and shrunk by half that width with sharp corners, and what that adds is the gaps (a bay behind
    such a mouth is one as a whole). Wider rivers and straits and inlets into one polygon are outside.

    polygons  shape (m,), valid.
    returns   `Gaps` of k areas, largest first.
    Raises ValueError if a threshold is negative. Gaps of at most `min_area_m2` are left out.
    """
    _refuse_negative(max_width_m, min_area_m2)
    union = shapely.get_parts(shapely.disjoint_subset_union_all(polygons))
    holes = _holes(union)
    outer = shapely.disjoint_subset_union_all(_outlines(union))
    grown = shapely.disjoint_subset_union_all(_grow(shapely.get_parts(outer), max_width_m / 2))
    filled = shapely.disjoint_subset_union_all(_outlines(shapely.get_parts(grown)))
    # Growing and shrinking is exact to nanometres only; snapping drops the films this leaves.
    closed = _grow(filled, -max_width_m / 2)
    inlets = shapely.get_parts(shapely.difference(closed, outer, grid_size=SLIVER_M))

    shapes = np.concatenate([holes, inlets])
    is_enclosed = np.arange(len(shapes)) < len(holes)
    gap, neighbour = _contacts(shapes, polygons)
    area = shapely.area(shapes)
    is_gap = is_enclosed | (np.bincount(gap, minlength=len(shapes)) > 1)
    order = np.argsort(-area, kind="stable")
    keep = order[(is_gap & (area > min_area_m2))[order]]
    along = np.split(neighbour, np.searchsorted(gap, np.arange(1, len(shapes))))
    return Gaps(shapes[keep], is_enclosed[keep], [along[k] for k in keep])


def widths(shapes: Geometries) -> Floats:
    """Diameter in metres of the widest circle inside each overlap or gap, to 2 %; shape as `shapes`."""
    tolerance = np.maximum(0.01 * np.sqrt(shapely.area(shapes)), SLIVER_M)
    radius: Floats = shapely.length(shapely.maximum_inscribed_circle(shapes, tolerance))
    return 2 * radius


def near_others(
    polygons: Geometries, own: Ints, x: Floats, y: Floats, distance_m: float
) -> tuple[Ints, Ints]:
    """Which places lie in or near a polygon that is not their own.

    polygons  shape (m,), valid; they are prepared in passing.
    own       shape (n,), index of the polygon that each place belongs to, -1: none.
    x, y      shape (n,), the places.
    returns   place, polygon of every such pair, ordered by both; a distance of exactly `distance_m`
              is near.
    Raises ValueError if the distance is negative.
    """
    _refuse_negative(distance_m)
    around = shapely.box(x - distance_m, y - distance_m, x + distance_m, y + distance_m)
    place, polygon = STRtree(polygons).query(around)
    is_other = polygon != own[place]
    place, polygon = place[is_other], polygon[is_other]
    shapely.prepare(polygons)
    is_near = shapely.dwithin(polygons[polygon], shapely.points(x[place], y[place]), distance_m)
    place, polygon = place[is_near], polygon[is_near]
    order = np.lexsort((polygon, place))
    return place[order], polygon[order]


def borders_between(polygons: Geometries, first: Ints, second: Ints, distance_m: float) -> Geometries:
    """The border of each first polygon where the second lies within a distance; may be empty."""
    _refuse_negative(distance_m)
    grown = shapely.buffer(polygons[second], distance_m)
    lines: Geometries = shapely.intersection(shapely.boundary(polygons[first]), grown)
    return lines


def _refuse_negative(*thresholds: float) -> None:
    if not all(value >= 0 for value in thresholds):
        msg = f"Threshold {thresholds} is below zero: use zero or more metres or m2."
        raise ValueError(msg)


def _grow(geometry: Geometries, metres: float) -> Geometries:
    """Buffer that keeps corners sharp, so that growing and then shrinking gives them back."""
    grown: Geometries = shapely.buffer(geometry, metres, join_style="mitre", mitre_limit=MITRE)
    return grown


def _outlines(parts: Geometries) -> Geometries:
    """The polygons without their holes."""
    outlines: Geometries = shapely.polygons(shapely.get_exterior_ring(parts))
    return outlines


def _holes(parts: Geometries) -> Geometries:
    """The holes in disjoint polygons, less the islands that lie in them."""
    rings = [ring for part in parts for ring in part.interiors]
    holes = shapely.polygons(np.array(rings, dtype=object))
    hole, island = STRtree(parts).query(holes, predicate="contains")
    for number in np.unique(hole):
        islands = shapely.union_all(_outlines(parts[island[hole == number]]))
        holes[number] = shapely.difference(holes[number], islands)
    pieces: Geometries = shapely.get_parts(holes)
    return pieces


def _contacts(shapes: Geometries, polygons: Geometries) -> tuple[Ints, Ints]:
    """(gap, polygon) for each polygon along whose border a gap runs, ordered by both."""
    rings, gap_of_ring = shapely.get_rings(shapes, return_index=True)
    corners, ring_of = shapely.get_coordinates(rings, return_index=True)
    joined = ring_of[1:] == ring_of[:-1]
    start, end = corners[:-1][joined], corners[1:][joined]
    tree = STRtree(shapely.points((start + end) / 2))
    polygon, edge = tree.query(polygons, predicate="dwithin", distance=CONTACT_M)
    pair = gap_of_ring[ring_of[:-1][joined]][edge] * len(polygons) + polygon
    pairs, entry = np.unique(pair, return_inverse=True)
    metres = np.bincount(entry, np.hypot(*(end - start).T)[edge], minlength=len(pairs))
    gap, neighbour = np.divmod(pairs[metres > MIN_CONTACT_M], len(polygons))
    return gap, neighbour
