"""A seeded synthetic county of any size, written as raw files with a recipe beside them.

county.toml     the recipe (etl/recipe.py)
grids.geojson   WGS84: Voronoi cells with rough borders that neighbours share vertex for vertex
streets.shp     EPSG:4545: a connected, jittered network; it does not follow the borders, so that about
                a third of the segments must be cut
issues.csv      GBK, CRLF, in time order, coordinates WGS84; near streets, some streets much fuller
                than others; of the rows 0.5 % lie outside every grid, 0.2 % have no coordinates,
                0.1 % repeat an earlier row and 0.01 % have a time that is none
"""

from __future__ import annotations

import json
import tempfile
import zlib
from dataclasses import astuple, dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import scipy.sparse as sp
import shapely
from scipy.spatial import Voronoi

from etl.demo.problems import PROBLEMS, Problem

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Geometries = npt.NDArray[np.object_]
Times = npt.NDArray[np.datetime64]

CRS = "EPSG:4545"
CENTRE = np.array([491_000.0, 3_808_000.0])
GRID_SIDE_M = 500.0  # a grid is about a quarter of a square kilometre
BORDER_STEP_M = 31.0  # gives about 64 vertices a grid
OUTSIDE, UNLOCATED, REPEATED, NO_TIME = 0.005, 0.002, 0.001, 0.0001  # shares of the rows
FIRST_DAY, DAYS = np.datetime64("2024-01-01T00:00:00"), 730
TO_LONLAT = pyproj.Transformer.from_crs(CRS, 4326, always_xy=True)
RECIPE = """\
name = "bench"
title = "测速县（程序生成）"
root = "{root}"
timezone = "Asia/Shanghai"
compute_crs = "EPSG:4545"

[[core_grid]]
files = ["grids.geojson"]
format = "vector"
columns = {{ grid_id = "网格编号", grid_name = "网格名称", lead_unit = "牵头单位", responsible_unit = "责任单位", grid_head = "网格长" }}

[[core_segment]]
files = ["streets.shp"]
format = "vector"
encoding = "gb18030"
crs = "EPSG:4545"
columns = {{ source_segment_id = "路段编号", street_name = "路名", road_class = "道路等级", is_machine_sweepable = "机扫" }}

[[core_issue]]
files = ["issues.csv"]
format = "csv"
encoding = "gb18030"
crs = "EPSG:4326"
[core_issue.columns]
issue_id = "案卷编号"
category = "小类"
description = "问题描述"
address = "地址描述"
department = "处置部门"
channel = "来源"
reported_at = "上报时间"
due_at = "处置截止时间"
closed_at = "结案时间"
verified_at = "核查时间"
lon = "经度"
lat = "纬度"
"""  # noqa: E501


@dataclass(frozen=True)
class Size:
    """How large the county is; equal sizes and seeds give equal files."""

    issues: int = 1_000_000
    grids: int = 1_000
    segments: int = 20_000
    seed: int = 42

    @property
    def folder(self) -> Path:
        """Where the files are kept between runs, until this module changes."""
        version = f"{zlib.crc32(Path(__file__).read_bytes()):08x}"
        name = "-".join([*map(str, astuple(self)), version])
        return Path(tempfile.gettempdir()) / "chuangwei-bench" / name


def write_county(size: Size) -> Path:
    """The county's recipe; its files are written unless they are there."""
    recipe = size.folder / "county.toml"
    if recipe.exists():
        return recipe
    size.folder.mkdir(parents=True, exist_ok=True)
    cells = _grids(size, np.random.default_rng([size.seed, 0]))
    outline = shapely.coverage_union_all(cells)
    lines = _streets(size, outline, np.random.default_rng([size.seed, 1]))
    _write_grids(size.folder / "grids.geojson", cells)
    names = _write_streets(size.folder / "streets.shp", lines)
    issues = _issues(size, lines, names, outline, np.random.default_rng([size.seed, 2]))
    issues.to_csv(size.folder / "issues.csv", index=False, encoding="gbk", lineterminator="\r\n")
    recipe.write_text(RECIPE.format(root=size.folder.as_posix()), "utf-8")  # last: the files are whole
    return recipe


def _grids(size: Size, rng: np.random.Generator) -> Geometries:
    """Voronoi cells of a jittered lattice: those nearest to the centre of a longish county."""
    half = int(np.sqrt(size.grids)) + 3
    lattice = np.stack(np.meshgrid(*2 * [np.arange(-half, half + 1.0)]), -1).reshape(-1, 2)
    seeds = (lattice + rng.uniform(-0.38, 0.38, lattice.shape)) * GRID_SIDE_M
    inner = np.argsort(np.hypot(seeds[:, 0] / 1.3, seeds[:, 1] * 1.3))[: size.grids]
    diagram = Voronoi(seeds)
    is_inner = np.isin(diagram.ridge_points, inner).any(axis=1)
    ends = diagram.vertices[np.array(diagram.ridge_vertices)[is_inner]] + CENTRE
    borders = [_rough(start, end, rng) for start, end in ends]
    cells = shapely.get_parts(shapely.polygonize(borders))
    tree = shapely.STRtree(cells)
    point, cell = tree.query(shapely.points(seeds[inner] + CENTRE), predicate="within")
    if len(cells) != size.grids or len(np.unique(cell)) != size.grids:
        msg = f"borders of seed {size.seed} cross each other: take another seed."
        raise ValueError(msg)
    ordered: Geometries = cells[cell[np.argsort(point)]]
    return ordered


def _rough(start: Floats, end: Floats, rng: np.random.Generator) -> shapely.LineString:
    """A border as it is drawn by hand: bent, with a vertex about every BORDER_STEP_M."""
    along = end - start
    length = float(np.hypot(*along))
    at = np.linspace(0, 1, max(2, 1 + round(length / BORDER_STEP_M)))
    off = 4 * at * (1 - at) * (rng.normal(0, 0.04) * length + rng.uniform(-5, 5, len(at)))
    across = np.array([-along[1], along[0]]) / length
    return shapely.LineString(start + at[:, None] * along + off[:, None] * across)


def _streets(size: Size, outline: shapely.Geometry, rng: np.random.Generator) -> Geometries:
    """Lines between neighbours of a jittered lattice; a random tree keeps the network connected."""
    step = np.sqrt(2 * outline.area / size.segments) * 0.94
    west, south, east, north = outline.bounds
    grid = np.stack(np.meshgrid(np.arange(west, east, step), np.arange(south, north, step)), -1)
    nodes = grid + rng.uniform(-0.3, 0.3, grid.shape) * step
    shapely.prepare(outline)
    inside = shapely.contains_xy(outline, nodes[..., 0], nodes[..., 1])
    number = np.arange(inside.size).reshape(inside.shape)
    pairs = np.concatenate(
        [
            np.stack([number[:, :-1], number[:, 1:]], -1)[inside[:, :-1] & inside[:, 1:]],
            np.stack([number[:-1], number[1:]], -1)[inside[:-1] & inside[1:]],
        ]
    )
    graph = sp.coo_array((rng.uniform(1, 2, len(pairs)), pairs.T), shape=(inside.size, inside.size))
    tree = sp.csgraph.minimum_spanning_tree(graph.tocsr()).tocoo()
    in_tree = np.isin(pairs @ [inside.size, 1], tree.coords[0] * inside.size + tree.coords[1])
    spare = rng.permutation(np.flatnonzero(~in_tree))[: size.segments - in_tree.sum()]
    chosen = pairs[np.sort(np.concatenate([np.flatnonzero(in_tree), spare]))]
    if len(chosen) != size.segments:
        msg = f"the lattice gave {len(chosen)} segments instead of {size.segments}."
        raise ValueError(msg)
    start, end = nodes.reshape(-1, 2)[chosen.T]
    at = np.linspace(0, 1, 6)[:, None]
    wobble = rng.normal(0, 0.02 * step, (len(chosen), 6, 2)) * (at * (1 - at) * 4)
    lines: Geometries = shapely.linestrings(start[:, None] + at * (end - start)[:, None] + wobble)
    return lines


def _write_grids(path: Path, cells: Geometries) -> None:
    """Seven decimals are a centimetre; shared vertices stay shared because they round alike."""
    lonlat = shapely.transform(
        cells, lambda xy: np.round(np.column_stack(TO_LONLAT.transform(*xy.T)), 7)
    )
    features = [
        {
            "type": "Feature",
            "properties": {
                "网格编号": f"610399{number:04d}",
                "网格名称": f"第{number}网格",
                "牵头单位": f"县直第{number % 60}单位",
                "责任单位": f"第{number % 12}街道办",
                "网格长": f"网格长{number}",
            },
            "geometry": shapely.geometry.mapping(cell),
        }
        for number, cell in enumerate(lonlat, start=1)
    ]
    collection = {"type": "FeatureCollection", "features": features}
    path.write_text(json.dumps(collection, ensure_ascii=False), "utf-8")


def _write_streets(path: Path, lines: Geometries) -> pd.Series[str]:
    """Writes the segments and returns the street name of each."""
    number = np.arange(len(lines))
    names = pd.Series("第" + pd.Series(number // 12).astype(str) + "路")
    classes = np.array(["主干道", "次干道", "支路", "背街小巷", "背街小巷"])[number // 12 % 5]
    streets = gpd.GeoDataFrame(
        {
            "路段编号": "LD" + pd.Series(number).astype(str).str.zfill(6),
            "路名": names,
            "道路等级": classes,
            "机扫": np.where(classes == "背街小巷", "否", "是"),
        },
        geometry=shapely.set_precision(lines, 0.001),
        crs=CRS,
    )
    streets.to_file(path, engine="pyogrio", encoding="GBK")
    return names


def _issues(
    size: Size,
    lines: Geometries,
    names: pd.Series[str],
    outline: shapely.Geometry,
    rng: np.random.Generator,
) -> pd.DataFrame:
    fresh = size.issues - round(REPEATED * size.issues)
    weight = rng.lognormal(0, 1.2, len(lines)) * shapely.length(lines)
    on = rng.choice(len(lines), fresh, p=weight / weight.sum())
    lon, lat = _coordinates(lines[on], outline, rng)

    reported = np.sort(FIRST_DAY + rng.integers(0, DAYS * 86_400, fresh).astype("timedelta64[s]"))
    kind = rng.choice(len(PROBLEMS), fresh, p=_shares([p.weight for p in PROBLEMS]))
    limit = np.array([p.limit_hours for p in PROBLEMS])[kind]
    due = reported + _hours(limit)
    closed = reported + _hours(limit * rng.lognormal(-0.7, 0.8, fresh))
    verified = closed + _hours(rng.uniform(0.5, 48, fresh))
    closed[rng.random(fresh) < 0.06] = np.datetime64("NaT")
    verified[np.isnat(closed) | (rng.random(fresh) < 0.03)] = np.datetime64("NaT")

    day = pd.Series(np.datetime_as_string(reported, unit="D")).str.replace("-", "")
    number = (day.groupby(day).cumcount() + 1).astype(str).str.zfill(5)
    address = "云河县" + names.iloc[on].reset_index(drop=True)
    address += pd.Series(rng.integers(1, 400, fresh)).astype(str) + "号"
    said = [p.phrases[n % len(p.phrases)] for p, n in zip(_of(PROBLEMS, kind), on, strict=True)]
    rows = pd.DataFrame(
        {
            "案卷编号": day + "610399" + number,
            "大类": [p.platform_class for p in _of(PROBLEMS, kind)],
            "小类": [p.name for p in _of(PROBLEMS, kind)],
            "问题描述": address + "，" + pd.Series(said) + "。",
            "地址描述": address,
            "经度": lon,
            "纬度": lat,
            "上报时间": _text(reported),
            "来源": np.array(["日常巡查", "公众举报", "12345热线", "随手拍"])[on % 4],
            "处置部门": [p.department for p in _of(PROBLEMS, kind)],
            "处置截止时间": _text(due),
            "结案时间": _text(closed),
            "核查时间": _text(verified),
        }
    )
    rows.loc[rng.choice(fresh, round(NO_TIME * size.issues), replace=False), "上报时间"] = "待定"
    again = rng.choice(fresh, size.issues - fresh, replace=False)
    return pd.concat([rows, rows.iloc[again]], ignore_index=True)


def _coordinates(
    on: Geometries, outline: shapely.Geometry, rng: np.random.Generator
) -> tuple[pd.Series[str], pd.Series[str]]:
    """Six decimals, as text: a point about 8 m off each line, some outside, some missing."""
    count = len(on)
    spots = shapely.line_interpolate_point(on, rng.random(count), normalized=True)
    xy = shapely.get_coordinates(spots) + rng.normal(0, 8, (count, 2))
    west, south, east, north = outline.bounds
    shapely.prepare(outline)
    tries = rng.uniform([west - 900, south - 900], [east + 900, north + 900], (count // 10 + 1000, 2))
    free = tries[~shapely.contains_xy(outline, tries[:, 0], tries[:, 1])]
    far = rng.choice(count, round(OUTSIDE * count), replace=False)
    xy[far] = free[: len(far)]
    unknown = rng.choice(count, round(UNLOCATED * count), replace=False)
    lon, lat = (pd.Series([f"{v:.6f}" for v in values]) for values in TO_LONLAT.transform(*xy.T))
    lon[unknown] = lat[unknown] = ""
    return lon, lat


def _of(choices: list[Problem], index: Ints) -> list[Problem]:
    return [choices[k] for k in index.tolist()]


def _shares(weights: list[float]) -> Floats:
    return np.array(weights) / sum(weights)


def _hours(hours: Floats) -> npt.NDArray[np.timedelta64]:
    return (hours * 3600).astype("timedelta64[s]")


def _text(times: Times) -> pd.Series[str]:
    """2026-03-05 07:54:00, empty where missing."""
    return pd.Series(np.datetime_as_string(times, unit="s")).replace("NaT", "").str.replace("T", " ")


if __name__ == "__main__":
    import sys

    wanted = Size(*map(int, sys.argv[1:]))
    print(json.dumps({"recipe": str(write_county(wanted)), "folder": str(wanted.folder)}))
