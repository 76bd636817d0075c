"""GPS fixes of cleaning machines in the synthetic county, and a recipe that has them too.

    python -m tests.bench.fixes COUNT VEHICLES SEED ISSUES GRIDS SEGMENTS SEED

fixes-….csv     UTF-8: every vehicle drives along the streets, from one to the next that meets it, a fix
                every 10 s from 6:00 to 14:00, about 5 m beside the line
fixes-….toml    county.toml with these fixes
"""

from __future__ import annotations

import json
import sys
import zlib
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import shapely

from tests.bench.county import FIRST_DAY, TO_LONLAT, Size, write_county

Floats = npt.NDArray[np.float64]
INTERVAL_S, SHIFT_S, STARTS_S = 10, 8 * 3600, 6 * 3600
SPEED_MS = 4.2
RECIPE = """
[[core_fix]]
files = ["{name}"]
format = "csv"
crs = "EPSG:4326"
[core_fix.columns]
vehicle_id = "车辆编号"
fixed_at = "定位时间"
lon = "经度"
lat = "纬度"
speed_kmh = "速度"
"""


def write_fixes(size: Size, count: int, vehicles: int, seed: int) -> Path:
    """The recipe with fixes; files are written unless they are there."""
    county = write_county(size)
    version = f"{zlib.crc32(Path(__file__).read_bytes()):08x}"
    recipe = size.folder / f"fixes-{count}-{vehicles}-{seed}-{version}.toml"
    if recipe.exists():
        return recipe
    lines = gpd.read_file(size.folder / "streets.shp").geometry.to_numpy()
    each = count // vehicles
    drives = [_drive(lines, each, np.random.default_rng([seed, number])) for number in range(vehicles)]
    xy = np.concatenate(drives)
    lon, lat = TO_LONLAT.transform(*xy.T)
    number = np.repeat(np.arange(vehicles), each)
    times = np.tile(_times(each), vehicles)
    speed = np.random.default_rng([seed, vehicles]).normal(SPEED_MS * 3.6, 2, len(xy)).clip(0)
    table = pa.table(
        {
            "车辆编号": pd.Series([f"陕D{n:05d}" for n in range(vehicles)]).to_numpy(object)[number],
            "定位时间": pa.array(times).cast(pa.timestamp("s")),
            "经度": np.round(lon, 6),
            "纬度": np.round(lat, 6),
            "速度": np.round(speed, 1),
        }
    )
    pa.csv.write_csv(table, recipe.with_suffix(".csv"))
    text = county.read_text("utf-8") + RECIPE.format(name=recipe.with_suffix(".csv").name)
    recipe.write_text(text, "utf-8")  # last: the files are whole
    return recipe


def _drive(lines: npt.NDArray[np.object_], count: int, rng: np.random.Generator) -> Floats:
    """Places of one vehicle, shape (count, 2), metres: a random way through the network."""
    ends = shapely.get_coordinates(shapely.get_point(lines, [[0], [-1]])).reshape(2, -1, 2)
    _, node = np.unique(np.round(ends.reshape(-1, 2), 2), axis=0, return_inverse=True)
    node = node.reshape(2, -1)
    order = np.argsort(node.ravel(), kind="stable")  # every end by its node
    begins = np.searchsorted(node.ravel()[order], np.arange(node.max() + 2))
    length = shapely.length(lines)
    choices = rng.random(int(3 * count * SPEED_MS * INTERVAL_S / length.mean()) + 10)
    way, backward, total, at = [], [], 0.0, int(node[0, rng.integers(len(lines))])
    for choice in choices:
        begin, end = begins[at], begins[at + 1]
        far, line = divmod(int(order[begin + int(choice * (end - begin))]), len(lines))
        way.append(line)
        backward.append(far == 1)
        at = int(node[1 - far, line])
        total += length[line]
        if total > count * SPEED_MS * INTERVAL_S:
            break
    driven = np.arange(count) * SPEED_MS * INTERVAL_S
    until = np.cumsum(length[way])
    step = np.searchsorted(until, driven, side="right")
    along = driven - np.concatenate([[0], until])[step]
    line = np.array(way)[step]
    along = np.where(np.array(backward)[step], length[line] - along, along)
    places = shapely.get_coordinates(shapely.line_interpolate_point(lines[line], along))
    near: Floats = places + rng.normal(0, 5, places.shape)
    return near


def _times(count: int) -> npt.NDArray[np.datetime64]:
    """Fixes of one vehicle: whole shifts, day after day."""
    day, in_shift = np.divmod(np.arange(count) * INTERVAL_S, SHIFT_S)
    times: npt.NDArray[np.datetime64] = FIRST_DAY + day * 86_400 + STARTS_S + in_shift
    return times


if __name__ == "__main__":
    count, vehicles, seed, *county = map(int, sys.argv[1:])
    print(json.dumps({"recipe": str(write_fixes(Size(*county), count, vehicles, seed))}))
