from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from geo.crs import LONLAT, degrees_around, is_metric, transform_geometry, transform_xy

METRES_PER_DEGREE = 111_320


def test_published_value_of_a_gauss_krueger_zone() -> None:
    """shared/domain.md 6: CGCS2000, 3-degree zone, central meridian 111 E."""
    x, y = transform_xy(np.array([111.2]), np.array([30.5]), LONLAT, "EPSG:4546")
    assert x[0] == pytest.approx(519_199.80, abs=0.01)
    assert y[0] == pytest.approx(3_375_558.74, abs=0.01)


@pytest.mark.parametrize("crs", ["EPSG:4546", "EPSG:26986", "EPSG:26916", "EPSG:32649"])
@given(st.floats(-1.5, 1.5), st.floats(25, 45))
def test_there_and_back_is_the_same_place(crs: str, aside: float, north: float) -> None:
    central = {"EPSG:4546": 111, "EPSG:26986": -71.5, "EPSG:26916": -87, "EPSG:32649": 111}[crs]
    lon, lat = np.array([central + aside]), np.array([north])
    again = transform_xy(*transform_xy(lon, lat, LONLAT, crs), crs, LONLAT)
    metres = np.hypot(again[0] - lon, again[1] - lat) * METRES_PER_DEGREE
    assert metres[0] < 0.1


def test_points_and_shapes_move_alike() -> None:
    lon, lat = np.array([111.0, 111.2, 111.3]), np.array([30.0, 30.5, 30.1])
    x, y = transform_xy(lon, lat, LONLAT, "EPSG:4546")
    shape = np.array([shapely.Polygon(np.column_stack([lon, lat]))])
    moved = transform_geometry(shape, LONLAT, "EPSG:4546")
    assert shapely.get_coordinates(moved)[:3] == pytest.approx(np.column_stack([x, y]))


def test_missing_coordinates_stay_missing_and_spare_the_others() -> None:
    lon, lat = np.array([np.nan, 111.2, np.inf]), np.array([30.5, 30.5, 30.5])
    x, y = transform_xy(lon, lat, LONLAT, "EPSG:4546")
    assert np.isnan(x).tolist() == [True, False, True]
    assert np.isnan(y).tolist() == [True, False, True]


def test_heights_are_dropped() -> None:
    line = np.array([shapely.LineString([(111, 30, 5), (111.1, 30, 7)])])
    assert not shapely.has_z(transform_geometry(line, LONLAT, "EPSG:4546")).any()
    assert not shapely.has_z(transform_geometry(line, LONLAT, LONLAT)).any()


def test_only_projected_systems_in_metres_are_metric() -> None:
    assert is_metric("EPSG:4546")
    assert not is_metric("EPSG:4490")  # degrees
    assert not is_metric("EPSG:3435")  # Illinois, US survey feet
    with pytest.raises(ValueError, match="EPSG:4545"):
        is_metric("EPSG:999999")


@pytest.mark.parametrize("lat", [0.0, 32.0, -45.0, 70.0])
def test_degrees_around_reach_far_enough_and_not_much_farther(lat: float) -> None:
    east, north = degrees_around(100, lat)
    earth = Geod(ellps="WGS84")
    for lon, to_lat in ((east, lat), (0.0, lat + north)):
        metres = earth.inv(0, lat, lon, to_lat)[2]
        assert 100 < metres < 103
