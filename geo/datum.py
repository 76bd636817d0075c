"""GCJ-02 and BD-09: the shifted coordinates of Chinese web maps and phones.

Public formulas; against the services themselves they are good to centimetres (GCJ-02) and decimetres
(BD-09). Outside China nothing is shifted. All angles in degrees.
Source of the formulas: the constants that circulate since 2010 (eviltransform, coordtransform);
checked against the published test points of eviltransform in tests/geo/test_datum.py.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

GCJ02 = "GCJ-02"
BD09 = "BD-09"
DATUMS = (GCJ02, BD09)

SEMI_MAJOR_M = 6_378_245.0  # Krasovsky 1940
ECCENTRICITY_SQUARED = 0.00669342162296594323
BD_TURN = np.pi * 3000 / 180
ROUNDS = 8  # of the inverse; after 4 the error is below a micrometre


def wgs84_to_gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """GCJ-02 of WGS84 lon, lat; shape (n,), NaN stays NaN."""
    east, north = _shift(lon, lat)
    return lon + east, lat + north


def gcj02_to_wgs84(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """WGS84 of GCJ-02 lon, lat, by iteration: the round trip is exact to a micrometre."""
    x, y = lon, lat
    for _ in range(ROUNDS):
        east, north = _shift(x, y)
        x, y = lon - east, lat - north
    return x, y


def gcj02_to_bd09(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """BD-09 of GCJ-02 lon, lat; outside China unchanged."""
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * BD_TURN)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * BD_TURN)
    inside = _is_in_china(lon, lat)
    x = np.where(inside, radius * np.cos(angle) + 0.0065, lon)
    y = np.where(inside, radius * np.sin(angle) + 0.006, lat)
    return x, y


def bd09_to_gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """GCJ-02 of BD-09 lon, lat, by iteration."""
    x, y = lon, lat
    for _ in range(ROUNDS):
        bd_x, bd_y = gcj02_to_bd09(x, y)
        x, y = x + lon - bd_x, y + lat - bd_y
    return x, y


def to_wgs84(lon: Floats, lat: Floats, datum: str) -> tuple[Floats, Floats]:
    """WGS84 of coordinates in one of DATUMS. Raises ValueError for another name."""
    if datum == BD09:
        lon, lat = bd09_to_gcj02(lon, lat)
    elif datum != GCJ02:
        msg = f"`{datum}` is none of {', '.join(DATUMS)}."
        raise ValueError(msg)
    return gcj02_to_wgs84(lon, lat)


def _is_in_china(lon: Floats, lat: Floats) -> npt.NDArray[np.bool_]:
    """The box in which the services shift."""
    return (lon >= 72.004) & (lon <= 137.8347) & (lat >= 0.8293) & (lat <= 55.8271)


def _shift(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """What GCJ-02 adds to WGS84, degrees east and north."""
    x, y = lon - 105.0, lat - 35.0
    ripple = (20 * np.sin(6 * np.pi * x) + 20 * np.sin(2 * np.pi * x)) * 2 / 3
    root = np.sqrt(np.abs(x))
    north_m = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + ripple
    north_m += (20 * np.sin(np.pi * y) + 40 * np.sin(np.pi * y / 3)) * 2 / 3
    north_m += (160 * np.sin(np.pi * y / 12) + 320 * np.sin(np.pi * y / 30)) * 2 / 3
    east_m = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ripple
    east_m += (20 * np.sin(np.pi * x) + 40 * np.sin(np.pi * x / 3)) * 2 / 3
    east_m += (150 * np.sin(np.pi * x / 12) + 300 * np.sin(np.pi * x / 30)) * 2 / 3
    radians = np.radians(lat)
    flattening = 1 - ECCENTRICITY_SQUARED * np.sin(radians) ** 2
    meridian_m = SEMI_MAJOR_M * (1 - ECCENTRICITY_SQUARED) / (flattening * np.sqrt(flattening))
    parallel_m = SEMI_MAJOR_M / np.sqrt(flattening) * np.cos(radians)
    inside = _is_in_china(lon, lat)
    east = np.where(inside, np.degrees(east_m / parallel_m), 0.0)
    north = np.where(inside, np.degrees(north_m / meridian_m), 0.0)
    return np.where(np.isnan(lon), np.nan, east), np.where(np.isnan(lat), np.nan, north)
