"""Who is whose neighbour, written into the build once: views then read pairs instead of geometry."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import csr_array

from data.standards import threshold
from geo.neighbours import meeting_streets, touching_grids

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Geometries = npt.NDArray[np.object_]


def build_grid_neighbours(grid_ids: pd.Series[str], polygons: Geometries) -> pd.DataFrame:
    """mart_grid_neighbour of the grids in force: each pair in both directions.

    grid_ids, polygons  shape (n,), compute CRS.
    """
    return _pairs("grid_id", grid_ids, touching_grids(polygons, threshold("touch_tolerance_m")))


def build_segment_neighbours(segment_ids: pd.Series[str], lines: Geometries) -> pd.DataFrame:
    """mart_segment_neighbour: pieces of street that share an end, each pair in both directions.

    segment_ids, lines  shape (n,), compute CRS, cut at grid borders: the two sides of a cut meet.
    """
    return _pairs("segment_id", segment_ids, meeting_streets(lines, threshold("junction_m")))


def _pairs(key: str, ids: pd.Series[str], touches: csr_array) -> pd.DataFrame:
    first, second = touches.nonzero()
    names = ids.to_numpy(object)
    frame = pd.DataFrame({key: names[first], "neighbour_id": names[second]}, dtype=object)
    return frame.sort_values([key, "neighbour_id"], ignore_index=True)


def along_segments(
    x: Floats, y: Floats, segment_id: pd.Series[str], segments: tuple[pd.Series[str], Geometries]
) -> Floats:
    """Metres along its segment at which each point lies.

    x, y        shape (n,), metres.
    segment_id  shape (n,), missing for none; segments: ids and lines.
    returns     shape (n,), NaN where there is no segment.
    """
    ids, lines = segments
    along = np.full(len(x), np.nan)
    on = pd.Index(ids).get_indexer(pd.Index(segment_id))
    has = on >= 0
    along[has] = shapely.line_locate_point(lines[on[has]], shapely.points(x[has], y[has]))
    return along
