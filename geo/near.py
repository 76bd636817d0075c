"""What lies near what."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Geod

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Geometries = npt.NDArray[np.object_]


def is_near(shapes: Geometries, points: Geometries, within_m: float) -> npt.NDArray[np.bool_]:
    """Whether each shape has one of the points within that distance; all in one CRS in metres.

    returns  shape (len(shapes),); a missing shape is near nothing.
    """
    near = np.zeros(len(shapes), dtype=bool)
    near[shapely.STRtree(points).query(shapes, predicate="dwithin", distance=within_m)[0]] = True
    return near


def pairs_within(
    x: Floats, y: Floats, near_x: Floats, near_y: Floats, within_m: float
) -> tuple[Ints, Ints]:
    """Pairs of points no farther apart than that: index in (x, y), index in (near_x, near_y).

    All in one CRS in metres; points that are not finite are in no pair.
    """
    rows = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    others = np.flatnonzero(np.isfinite(near_x) & np.isfinite(near_y))
    points = shapely.points(x[rows], y[rows])
    tree = shapely.STRtree(shapely.points(near_x[others], near_y[others]))
    row, other = tree.query(points, predicate="dwithin", distance=within_m)
    return rows[row], others[other]


def metres_apart(lon: Floats, lat: Floats) -> Floats:
    """How far each of n points (WGS84) is from each other, shape (n, n); inf from itself."""
    one, other = np.triu_indices(len(lon), k=1)
    apart = np.full((len(lon), len(lon)), np.inf)
    if len(one):
        metres = Geod(ellps="WGS84").inv(lon[one], lat[one], lon[other], lat[other])[2]
        apart[one, other] = apart[other, one] = metres
    return apart
