"""Coordinates: lon/lat at the two doors (files in, maps out), one CRS in metres between them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]

LONLAT = "EPSG:4326"


@lru_cache(maxsize=32)
def _transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


def is_metric(crs: str) -> bool:
    """Whether the CRS is projected with metres on both axes. Raises ValueError if it is unknown."""
    try:
        parsed = CRS.from_user_input(crs)
    except CRSError as error:
        msg = f"`{crs}` is not a coordinate reference system: use a code such as EPSG:4545."
        raise ValueError(msg) from error
    return parsed.is_projected and all(axis.unit_name == "metre" for axis in parsed.axis_info)


def transform_xy(x: Floats, y: Floats, source: str, target: str) -> tuple[Floats, Floats]:
    """Coordinates in `target`, always in the order x = east or lon, y = north or lat.

    x, y     shape (n,), in `source`; NaN stays NaN. What cannot be transformed becomes NaN.
    """
    if source == target:
        return x, y
    new_x, new_y = _transformer(source, target).transform(x, y)
    failed = ~(np.isfinite(new_x) & np.isfinite(new_y))
    return np.where(failed, np.nan, new_x), np.where(failed, np.nan, new_y)


def transform_geometry(geometry: Geometries, source: str, target: str) -> Geometries:
    """The geometries in `target` (x = east or lon); Z values are dropped."""
    flat: Geometries = shapely.force_2d(geometry)
    if source == target:
        return flat
    transformer = _transformer(source, target)
    moved: Geometries = shapely.transform(flat, transformer.transform, interleaved=False)
    return moved
