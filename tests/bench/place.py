"""Placing alone, each side in its own process, on the arrays of one build.

    python -m tests.bench.place arrays STORE FOLDER    write points, polygons and lines of the build
    python -m tests.bench.place ours FOLDER            geo.assign
    python -m tests.bench.place plain FOLDER           geopandas: sjoin and sjoin_nearest
    python -m tests.bench.place check FOLDER           whether both gave the same answers

The last line of the output is JSON. Making the GeoDataFrames is not counted.
"""

from __future__ import annotations

import json
import pickle
import sys
import time
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from data.builds import current_build_id, open_build
from geo.assign import assign_grids, nearest_segments
from geo.crs import LONLAT, transform_xy

Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]

BORDER_M = 1e-6  # nearer to a border than this a point may lie on either side of it


def arrays(store: str, folder: str) -> dict[str, float]:
    """Located points in metres, grids and the cut segments, in the order of their ids."""
    build = open_build(current_build_id(Path(store)), Path(store))
    crs = build.query("select compute_crs from build").iloc[0, 0]
    points = build.query("select lon, lat from core_issue where location = 'located' order by issue_id")
    x, y = transform_xy(points["lon"].to_numpy(), points["lat"].to_numpy(), LONLAT, crs)
    grids = build.query("select geom from core_grid order by grid_id")["geom"]
    lines = build.query("select geom from core_segment order by segment_id")["geom"]
    polygons, pieces = (shapely.from_wkb([*map(bytes, wkb)]) for wkb in (grids, lines))
    Path(folder).mkdir(exist_ok=True)
    (Path(folder) / "arrays.pickle").write_bytes(pickle.dumps((x, y, polygons, pieces)))
    return {"points": len(x), "grids": len(grids), "lines": len(lines)}


def _read(folder: str) -> tuple[Floats, Floats, Geometries, Geometries]:
    x, y, polygons, lines = pickle.loads((Path(folder) / "arrays.pickle").read_bytes())
    return x, y, polygons, lines


def ours(folder: str) -> dict[str, float]:
    x, y, polygons, lines = _read(folder)
    began = time.perf_counter()
    grid = assign_grids(x, y, polygons)
    middle = time.perf_counter()
    line, metres = nearest_segments(x, y, lines)
    ended = time.perf_counter()
    np.savez(Path(folder) / "ours.npz", grid=grid, line=line, metres=metres)
    return {"grid_s": middle - began, "segment_s": ended - middle, "both_s": ended - began}


def plain(folder: str) -> dict[str, float]:
    x, y, polygons, lines = _read(folder)
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y))
    grids, streets = gpd.GeoDataFrame(geometry=polygons), gpd.GeoDataFrame(geometry=lines)
    began = time.perf_counter()
    in_grid = gpd.sjoin(points, grids, how="left", predicate="intersects")
    in_grid = in_grid[~in_grid.index.duplicated()]
    middle = time.perf_counter()
    near = gpd.sjoin_nearest(points, streets, how="left", distance_col="metres")
    near = near[~near.index.duplicated()]
    ended = time.perf_counter()
    grid = in_grid["index_right"].fillna(-1).astype(int)
    line, metres = near["index_right"], near["metres"]
    np.savez(Path(folder) / "plain.npz", grid=grid, line=line, metres=metres)
    return {"grid_s": middle - began, "segment_s": ended - middle, "both_s": ended - began}


def check(folder: str) -> dict[str, float]:
    """Counts of points on which the sides differ, and the largest difference in distance, metres.

    other_grid   points in another grid that are farther than BORDER_M from every border.
    other_line   points on another line: of several equally near ones geopandas takes any.
    """
    x, y, polygons, _ = _read(folder)
    a, b = (np.load(Path(folder) / f"{side}.npz") for side in ("ours", "plain"))
    differs = np.flatnonzero(a["grid"] != b["grid"])
    borders = shapely.STRtree(shapely.boundary(polygons))
    points = shapely.points(x[differs], y[differs])
    on_border = np.unique(borders.query(points, predicate="dwithin", distance=BORDER_M)[0])
    return {
        "points": len(x),
        "on_a_border": len(on_border),
        "other_grid": len(differs) - len(on_border),
        "other_line": int((a["line"] != b["line"]).sum()),
        "largest_difference_m": float(np.abs(a["metres"] - b["metres"]).max()),
    }


if __name__ == "__main__":
    steps: dict[str, Callable[..., dict[str, float]]] = {
        "arrays": arrays, "ours": ours, "plain": plain, "check": check,
    }  # fmt: skip
    print(json.dumps(steps[sys.argv[1]](*sys.argv[2:])))
