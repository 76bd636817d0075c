"""The datum that a file is really in shows against the streets."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geo.crs import LONLAT, transform_xy
from geo.datum import gcj02_to_bd09, wgs84_to_gcj02
from geo.fit import datum_fits

CRS = "EPSG:4545"
ORIGIN = np.array([490_000.0, 3_806_000.0])  # near 107.9 E, 34.4 N


@pytest.fixture(scope="module")
def town() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Two grids, irregular streets about 180 m apart, and 2,000 points within 12 m of them."""
    rng = np.random.default_rng(7)
    steps = np.cumsum(rng.uniform(120, 240, 16))
    size = steps[-1] + 150
    lines = [[(0, s), (size, s + rng.normal(0, 40))] for s in steps]
    lines += [[(s, 0), (s + rng.normal(0, 40), size)] for s in steps]
    streets = shapely.linestrings(np.array(lines) + ORIGIN)
    grids = np.array([shapely.box(0, 0, size / 2, size), shapely.box(size / 2, 0, size, size)])
    polygons = shapely.transform(grids, lambda xy: xy + ORIGIN)
    on = shapely.line_interpolate_point(
        rng.choice(streets, 2000), rng.uniform(0.1, 0.9, 2000), normalized=True
    )
    x = shapely.get_x(on) + rng.uniform(-8, 8, 2000)
    y = shapely.get_y(on) + rng.uniform(-8, 8, 2000)
    return (*transform_xy(x, y, CRS, LONLAT), polygons, streets)


def best(
    lon: np.ndarray, lat: np.ndarray, stated: str, polygons: np.ndarray, streets: np.ndarray
) -> str:
    fits = datum_fits(lon, lat, stated, polygons, streets, CRS, near_m=30)
    assert fits[0].datum == ("WGS84" if stated == LONLAT else stated)
    assert fits[0].only_here == 0
    return max(fits, key=lambda fit: fit.near_share).datum


def test_each_datum_is_found(town: tuple[np.ndarray, ...]) -> None:
    lon, lat, *rest = town
    gcj = wgs84_to_gcj02(lon, lat)
    assert best(lon, lat, LONLAT, *rest) == "WGS84"
    assert best(*gcj, LONLAT, *rest) == "GCJ-02"
    assert best(*gcj02_to_bd09(*gcj), LONLAT, *rest) == "BD-09"


def test_a_stated_datum_that_is_right_is_best(town: tuple[np.ndarray, ...]) -> None:
    """Coordinates arrive here as WGS84, converted from what the recipe states."""
    lon, lat, *rest = town
    assert best(lon, lat, "GCJ-02", *rest) == "GCJ-02"
    assert best(lon, lat, "BD-09", *rest) == "BD-09"


@pytest.mark.parametrize("share", [0.15, 0.5])
def test_a_mixed_file_shows(town: tuple[np.ndarray, ...], share: float) -> None:
    lon, lat, *rest = town
    gcj_lon, gcj_lat = wgs84_to_gcj02(lon, lat)
    mixed = np.random.default_rng(1).random(len(lon)) < share
    clean = {f.datum: f for f in datum_fits(lon, lat, LONLAT, *rest, CRS, 30)}
    found = {
        f.datum: f
        for f in datum_fits(
            np.where(mixed, gcj_lon, lon), np.where(mixed, gcj_lat, lat), LONLAT, *rest, CRS, 30
        )
    }
    assert clean["GCJ-02"].only_here < 0.02
    assert found["GCJ-02"].only_here > 0.4 * share


def test_outside_china_there_is_nothing_to_tell(town: tuple[np.ndarray, ...]) -> None:
    _, _, polygons, streets = town
    lon, lat = np.array([-87.6, np.nan]), np.array([41.8, np.nan])
    assert datum_fits(lon, lat, LONLAT, polygons, streets, CRS, 30) == []
