"""Coordinates that are no columns of their own: shapes of a layer of points, or parts of a cell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from data.messages import DataError
from etl.draft import draft_recipe
from etl.recipe import load_recipe
from tests.conftest import CRS, ORIGIN, County, lonlat

LAYER = """
[[core_site]]
files = ["{file}"]
format = "vector"
columns = {{ site_id = "编号", lon = "geometry.x", lat = "geometry.y" }}
"""
TEXT = """
[[core_site]]
files = ["sites.csv"]
format = "csv"
crs = "EPSG:4326"
columns = { site_id = "编号", lon = "位置", lat = "位置" }
patterns = { lon = ', *([0-9.]+)\\)$', lat = '\\(([0-9.]+),' }
"""
PLACES = {"甲": (150.0, 50.0), "乙": (50.0, 150.0)}  # metres from ORIGIN


def layer(
    crs: str | int, kind: Callable[[shapely.Point], object] = lambda point: point
) -> gpd.GeoDataFrame:
    metres = [shapely.Point(ORIGIN[0] + x, ORIGIN[1] + y) for x, y in PLACES.values()]
    shapes = gpd.GeoSeries(metres, crs=CRS).to_crs(crs)
    shapes = [*(kind(shape) for shape in shapes), None]
    return gpd.GeoDataFrame({"编号": [*PLACES, "丙"]}, geometry=shapes, crs=crs)


def sites(county: County, block: str) -> pd.DataFrame:
    with county.recipe.open("a", encoding="utf-8") as recipe:
        recipe.write(block)
    return county.build().query("select * from core_site").set_index("site_id")


def assert_at_their_places(found: pd.DataFrame) -> None:
    for name, (x, y) in PLACES.items():
        assert found.loc[name, ["lon", "lat"]].tolist() == pytest.approx(lonlat(x, y), abs=1e-7)
        assert found.loc[name, "location"] == "located"
        assert found.loc[name, "grid_id"]
    assert found.loc["丙", "location"] == "unlocated"


@pytest.mark.parametrize("crs", [4326, CRS])
@pytest.mark.parametrize("kind", [lambda p: p, lambda p: shapely.MultiPoint([p])])
def test_layer_of_points_gives_lon_and_lat_in_its_own_crs(
    tiny_county: Callable[[], County], crs: str | int, kind: Callable[[shapely.Point], object]
) -> None:
    county = tiny_county()
    layer(crs, kind).to_file(county.root / "sites.gpkg", layer="sites")
    assert_at_their_places(sites(county, LAYER.format(file="sites.gpkg")))


def test_layer_of_points_must_agree_with_the_stated_crs(tiny_county: Callable[[], County]) -> None:
    county = tiny_county()
    layer(CRS).to_file(county.root / "sites.gpkg", layer="sites")
    with pytest.raises(DataError) as caught:
        sites(county, LAYER.format(file="sites.gpkg") + 'crs = "EPSG:4326"\n')
    assert caught.value.code == "crs_differs"


def test_layer_of_lines_has_no_point_columns(tiny_county: Callable[[], County]) -> None:
    county = tiny_county()
    with pytest.raises(DataError) as caught:
        sites(county, LAYER.format(file="streets.geojson").replace("编号", "路段编号"))
    assert caught.value.code == "missing_column"


def test_layer_of_points_is_drafted_with_its_coordinates(tmp_path: Path) -> None:
    path = tmp_path / "sites.gpkg"
    layer(CRS).rename(columns={"编号": "点位编号"}).to_file(path)
    text = draft_recipe([path], "mine")
    assert "[[core_site]]" in text
    assert 'lon = "geometry.x"' in text
    assert "crs = " not in text.replace("compute_crs = ", ""), "the file says it"


def test_pattern_takes_the_value_out_of_a_cell(tiny_county: Callable[[], County]) -> None:
    county = tiny_county()
    rows = [f'{name},"人民路1号 ({y:.7f}, {x:.7f})"' for name, (x, y) in
            ((name, lonlat(*place)) for name, place in PLACES.items())]  # fmt: skip
    county.write("sites.csv", "\n".join(["编号,位置", *rows, "丙,人民路"]) + "\n")
    assert_at_their_places(sites(county, TEXT))


@pytest.mark.parametrize("pattern", ["(", "no group", "(two) (groups)"])
def test_pattern_has_one_group(tiny_county: Callable[[], County], pattern: str) -> None:
    county = tiny_county()
    with pytest.raises(DataError) as caught:
        sites(county, TEXT.replace("([0-9.]+)", pattern, 1))
    assert caught.value.code == "bad_recipe"
    assert "patterns" in str(caught.value)
    assert load_recipe("demo").core_site[0].patterns == {}
