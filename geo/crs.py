"""Coordinates: lon/lat at the two doors (files in, maps out), one CRS in metres between them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from geo.datum import DATUMS, to_wgs84

Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]

LONLAT = "EPSG:4326"
# Their offset to WGS84 is a county's own; PROJ would convert them without any (Xi'an 80) or pick one.
OLD_DATUMS = ("Xian 1980", "Beijing 1954", "New Beijing")
METRES_PER_DEGREE = 110_000.0  # a little less than anywhere on earth, so that boxes are large enough


@lru_cache(maxsize=32)
def _transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


@lru_cache(maxsize=64)
def parse_crs(crs: str) -> CRS:
    """The CRS of a name; GCJ-02 and BD-09 are lon/lat. Raises ValueError if it is unknown."""
    try:
        return CRS.from_user_input(LONLAT if crs in DATUMS else crs)
    except CRSError as error:
        msg = f"`{crs}` is not a coordinate reference system: use a code such as EPSG:4545."
        raise ValueError(msg) from error


def is_old_datum(crs: str) -> bool:
    """Whether the CRS is Xi'an 80 or Beijing 54 without a county's own parameters."""
    parsed = parse_crs(crs)
    geodetic = parsed.geodetic_crs
    datum = geodetic.datum.name if geodetic and geodetic.datum else ""
    is_old = datum.removeprefix("D_").replace("_", " ").startswith(OLD_DATUMS)
    return is_old and not parsed.is_bound  # to WGS84, by parameters


def is_metric(crs: str) -> bool:
    """Whether the CRS is projected with metres on both axes. Raises ValueError if it is unknown."""
    parsed = parse_crs(crs)
    return parsed.is_projected and all(axis.unit_name == "metre" for axis in parsed.axis_info)


def transform_xy(x: Floats, y: Floats, source: str, target: str) -> tuple[Floats, Floats]:
    """Coordinates in `target`, always in the order x = east or lon, y = north or lat.

    x, y     shape (n,), in `source`, which may be GCJ-02 or BD-09; NaN stays NaN. What cannot be
             transformed becomes NaN.
    """
    if source in DATUMS:
        x, y = to_wgs84(x, y, source)
        source = LONLAT
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
    moved: Geometries = shapely.transform(
        flat, lambda x, y: transform_xy(x, y, source, target), interleaved=False
    )
    return moved


def degrees_around(reach_m: float, lat: float) -> tuple[float, float]:
    """Degrees of longitude and latitude that are no less than a distance, up to a tenth of a degree.

    lat  of the place, or the one farthest from the equator of several.
    """
    shrunk = np.cos(np.deg2rad(min(abs(lat) + 0.1, 89.0)))
    return reach_m / METRES_PER_DEGREE / float(shrunk), reach_m / METRES_PER_DEGREE
