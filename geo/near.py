"""What lies near what."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

Geometries = npt.NDArray[np.object_]


def is_near(shapes: Geometries, points: Geometries, within_m: float) -> npt.NDArray[np.bool_]:
    """Whether each shape has one of the points within that distance; all in one CRS in metres.

    returns  shape (len(shapes),); a missing shape is near nothing.
    """
    near = np.zeros(len(shapes), dtype=bool)
    near[shapely.STRtree(points).query(shapes, predicate="dwithin", distance=within_m)[0]] = True
    return near
