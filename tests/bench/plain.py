"""The straightforward geopandas script: read, clean, place in grids and on streets, write one table.

It does less than a build: no list of refused rows, streets are not cut at borders, no map layers, no
database. Run as its own process:

    python plain.py county FOLDER OUT.parquet       the files of tests/bench/county.py
    python plain.py county FOLDER OUT.parquet DAY.csv   the same and a later file of issues
    python plain.py fixes FOLDER OUT.parquet FIXES.csv  the same and GPS fixes, to a table of their own
    python plain.py boston FOLDER OUT.parquet       the files of etl/sources/boston.toml

The last line of its output is JSON: seconds of each phase and the number of rows.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import geopandas as gpd
import pandas as pd

Layers = tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame]  # issues, grids, streets


def read_county(folder: Path, *later: Path) -> Layers:
    files = [folder / "issues.csv", *later]
    read = [pd.read_csv(path, encoding="gb18030", dtype={"案卷编号": str}) for path in files]
    issues = pd.concat(read, ignore_index=True)
    for column in ["上报时间", "处置截止时间", "结案时间", "核查时间"]:
        issues[column] = pd.to_datetime(issues[column], format="%Y-%m-%d %H:%M:%S", errors="coerce")
    issues = issues.dropna(subset=["上报时间"]).drop_duplicates("案卷编号", keep="last")
    grids = gpd.read_file(folder / "grids.geojson").to_crs("EPSG:4545")
    streets = gpd.read_file(folder / "streets.shp", encoding="gb18030").to_crs("EPSG:4545")
    points = gpd.points_from_xy(issues["经度"], issues["纬度"], crs="EPSG:4326")
    points = gpd.GeoDataFrame(issues, geometry=points).to_crs("EPSG:4545")
    return points, grids[["网格编号", "geometry"]], streets[["路段编号", "geometry"]]


def read_boston(folder: Path) -> Layers:
    issues = pd.read_parquet(folder / "issues_311_official_2011H2.parquet")
    for column in ["open_dt", "target_dt", "closed_dt"]:
        issues[column] = pd.to_datetime(issues[column], errors="coerce")
    issues = issues.dropna(subset=["open_dt"]).drop_duplicates("case_enquiry_id", keep="last")
    grids = gpd.read_file(f"/vsigzip/{folder}/neighborhoods.geojson.gz").to_crs("EPSG:26986")
    grids["geometry"] = grids.make_valid()
    streets = gpd.read_file(f"/vsigzip/{folder}/street_segments_geometry_only.geojson.gz")
    streets = streets.to_crs("EPSG:26986")
    lon, lat = issues["longitude"].astype(float), issues["latitude"].astype(float)
    points = gpd.GeoDataFrame(issues, geometry=gpd.points_from_xy(lon, lat, crs="EPSG:4326"))
    points = points.to_crs("EPSG:26986")
    return points, grids[["neighborhood_id", "geometry"]], streets[["segment_id", "geometry"]]


def read_fixes(path: Path) -> pd.DataFrame:
    fixes = pd.read_csv(path)
    fixes["定位时间"] = pd.to_datetime(fixes["定位时间"], errors="coerce")
    return fixes.dropna().drop_duplicates(["车辆编号", "定位时间"], keep="last")


def place(
    points: gpd.GeoDataFrame, grids: gpd.GeoDataFrame, streets: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Each point with its grid and its nearest street; of several matches the first."""
    placed = gpd.sjoin(points, grids, how="left", predicate="intersects")
    placed = placed[~placed.index.duplicated()].drop(columns="index_right")
    placed = gpd.sjoin_nearest(placed, streets, how="left", distance_col="offset_m")
    return placed[~placed.index.duplicated()].drop(columns="index_right")


def main() -> None:
    city, folder, out, *more = sys.argv[1], *map(Path, sys.argv[2:])
    began = time.perf_counter()
    if city == "boston":
        points, grids, streets = read_boston(folder)
    else:
        points, grids, streets = read_county(folder, *(more if city == "county" else []))
    fixes = read_fixes(more[0]) if city == "fixes" else None
    read = time.perf_counter()
    placed = place(points, grids, streets)
    done = time.perf_counter()
    placed.to_parquet(out)
    if fixes is not None:
        fixes.to_parquet(out.with_suffix(".fixes.parquet"))
    seconds = {"read": read - began, "place": done - read, "write": time.perf_counter() - done}
    print(json.dumps({"seconds": seconds, "rows": len(placed)}))


if __name__ == "__main__":
    main()
