"""GCJ-02 and BD-09 against published points, and there and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.datum import (
    bd09_to_gcj02,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    to_wgs84,
    wgs84_to_gcj02,
)

METRE = 1 / 111_320  # degrees of latitude
lons = st.floats(73.5, 135.0)
lats = st.floats(18.2, 53.5)


def at(lon: float, lat: float) -> tuple[np.ndarray, np.ndarray]:
    return np.array([lon]), np.array([lat])


def test_gcj02_of_a_published_point() -> None:
    """wandergis/coordtransform, test/app.js: wgs84togcj02(116.404, 39.915)."""
    np.testing.assert_allclose(
        np.ravel(wgs84_to_gcj02(*at(116.404, 39.915))),
        [116.41024449916938, 39.91640428150164],
        atol=1e-11,
    )


def test_bd09_of_a_published_point() -> None:
    """wandergis/coordtransform, test/app.js: gcj02tobd09(116.404, 39.915)."""
    np.testing.assert_allclose(
        np.ravel(gcj02_to_bd09(*at(116.404, 39.915))),
        [116.41036949371029, 39.92133699351021],
        atol=1e-11,
    )


@pytest.mark.parametrize(
    ("wgs_lat", "wgs_lon", "gcj_lat", "gcj_lon"),
    [
        (31.1774276, 121.5272106, 31.17530398364597, 121.531541859215),  # Shanghai
        (22.543847, 113.912316, 22.540796131694766, 113.9171764808363),  # Shenzhen
        (39.911954, 116.377817, 39.91334545536069, 116.38404722455657),  # Beijing
    ],
)
def test_gcj02_of_eviltransforms_points(
    wgs_lat: float, wgs_lon: float, gcj_lat: float, gcj_lon: float
) -> None:
    """googollee/eviltransform, python tests; its earth radius differs, which makes 2 cm."""
    lon, lat = wgs84_to_gcj02(*at(wgs_lon, wgs_lat))
    assert abs(lon[0] - gcj_lon) < 0.05 * METRE
    assert abs(lat[0] - gcj_lat) < 0.05 * METRE


def test_gcj02_of_a_published_bd09_point() -> None:
    """wandergis/coordtransform, test/app.js: bd09togcj02(116.404, 39.915), an inverse of one step."""
    lon, lat = bd09_to_gcj02(*at(116.404, 39.915))
    assert abs(lon[0] - 116.39762729119315) < METRE
    assert abs(lat[0] - 39.90865673957631) < METRE


def test_to_wgs84_undoes_both_shifts() -> None:
    lon, lat = to_wgs84(*gcj02_to_bd09(*wgs84_to_gcj02(*at(107.9, 34.4))), "BD-09")
    assert abs(lon[0] - 107.9) + abs(lat[0] - 34.4) < 1e-4 * METRE


@given(lon=lons, lat=lats)
def test_there_and_back_within_a_tenth_of_a_millimetre(lon: float, lat: float) -> None:
    gcj = wgs84_to_gcj02(*at(lon, lat))
    np.testing.assert_allclose(np.ravel(gcj02_to_wgs84(*gcj)), [lon, lat], atol=1e-4 * METRE)
    bd = gcj02_to_bd09(*gcj)
    np.testing.assert_allclose(np.ravel(bd09_to_gcj02(*bd)), np.ravel(gcj), atol=1e-4 * METRE)


def test_outside_china_nothing_is_shifted_and_nan_stays() -> None:
    lon, lat = np.array([-87.6, np.nan]), np.array([41.8, np.nan])
    for convert in (wgs84_to_gcj02, gcj02_to_wgs84, gcj02_to_bd09, bd09_to_gcj02):
        x, y = convert(lon, lat)
        np.testing.assert_array_equal(x, lon)
        np.testing.assert_array_equal(y, lat)


def test_the_shift_over_china_is_as_large_as_is_known() -> None:
    """Known from other code on a half-degree lattice, 100-122 E, 21-42 N: 128 to 670 m."""
    lon, lat = (v.ravel() for v in np.meshgrid(np.arange(100, 122.1, 0.5), np.arange(21, 42.1, 0.5)))
    gcj_lon, gcj_lat = wgs84_to_gcj02(lon, lat)
    metres = np.hypot((gcj_lon - lon) * np.cos(np.radians(lat)), gcj_lat - lat) / METRE
    assert metres.min() == pytest.approx(128, abs=3)
    assert np.median(metres) == pytest.approx(514, abs=5)
    assert metres.max() == pytest.approx(670, abs=5)


def test_an_unknown_datum_is_refused() -> None:
    with pytest.raises(ValueError, match="GCJ-02"):
        to_wgs84(*at(116.0, 40.0), "Mars")
