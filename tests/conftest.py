"""What all tests share: a pinned clock zone, no network, a small raw county and a demo build."""

from __future__ import annotations

import gc
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

# Neither the county's zone nor UTC: whatever reads the machine's zone instead of the recipe's shows.
os.environ["TZ"] = "America/New_York"
if hasattr(time, "tzset"):
    time.tzset()
os.environ["PROJ_NETWORK"] = "OFF"

import numpy as np
import pyproj
import pytest
import shapely
import xlsxwriter
from hypothesis import HealthCheck, settings

from data.builds import current_build_id, open_build
from data.engine import DuckDBEngine
from etl.load import build as build_county
from etl.recipe import load_recipe
from etl.report import LoadReport

settings.register_profile(
    "project",
    deadline=None,  # two shared cores
    derandomize=True,  # the same examples everywhere; explore with --hypothesis-profile=default
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("project")

CRS = "EPSG:4546"  # CGCS2000 3-degree Gauss-Kruger, central meridian 111 E
ORIGIN = (519_000.0, 3_375_000.0)  # south-west corner of the tiny county
TO_LONLAT = pyproj.Transformer.from_crs(CRS, 4326, always_xy=True)

RECIPE = """\
name = "tiny"
title = "小县"
root = '{root}'
timezone = "Asia/Shanghai"
compute_crs = "EPSG:4546"

[[core_grid]]
files = ["grids.geojson"]
format = "vector"
columns = {{ grid_id = "网格编号", grid_name = "网格名称", lead_unit = "牵头单位" }}

[[core_segment]]
files = ["streets.geojson"]
format = "vector"
columns = {{ source_segment_id = "路段编号", street_name = "路名", road_class = "道路等级" }}

[[core_issue]]
files = ["platform.csv"]
format = "csv"
encoding = "gb18030"
crs = "EPSG:4326"
columns = {{ issue_id = "案卷编号", category = "小类", department = "处置部门", \
reported_at = "上报时间", closed_at = "结案时间", lon = "经度", lat = "纬度" }}

[[core_issue]]
files = ["ledger.xlsx"]
format = "xlsx"
sheet = "台账"
crs = "EPSG:4326"
columns = {{ issue_id = "台账编号", category = "问题小类", department = "责任单位", \
reported_at = "检查时间", closed_at = "整改完成时间", lon = "经度", lat = "纬度" }}
"""

# name -> west, south, east, north in metres from ORIGIN: four squares that share their borders
GRIDS = {
    "G1": (0, 0, 600, 600),
    "G2": (600, 0, 1200, 600),
    "G3": (0, 600, 600, 1200),
    "G4": (600, 600, 1200, 1200),
}
STREETS = {
    "S1": ("人民路", "主干道", [(100, 300), (1100, 300)]),  # crosses G1 and G2
    "S2": ("界路", "支路", [(600, 50), (600, 550)]),  # lies on the border of G1 and G2
    "S3": ("北街", "次干道", [(50, 900), (580, 900)]),  # in G3
    "S4": ("东街", "支路", [(900, 650), (900, 1150)]),  # in G4
    "S5": ("出城路", "主干道", [(700, 1100), (1500, 1100)]),  # leaves G4 and the county
    "S6": ("小巷", "小巷", [(100, 100), (400, 100), (400, 250)]),  # in G1
}
PLATFORM = "案卷编号,小类,处置部门,上报时间,结案时间,经度,纬度"
# id, category, reported, closed, x, y in metres from ORIGIN
ISSUES: list[tuple[str, str, str, str, float, float]] = [
    ("A01", "暴露垃圾", "2025-03-01 08:00:00", "2025-03-01 12:00:00", 200, 305),
    ("A02", "暴露垃圾", "2025-03-02 08:00:00", "", 300, 290),
    ("A03", "店外经营", "2025-03-02 09:00:00", "2025-03-05 08:00:00", 800, 310),
    ("A04", "店外经营", "2025-03-03 09:30:00", "2025-03-04 08:00:00", 1000, 295),
    ("A05", "非法小广告", "2025-03-04 10:00:00", "", 100, 905),
    ("A06", "道路破损", "2025-03-05 11:00:00", "", 905, 800),
    ("A07", "道路破损", "2025-03-06 11:00:00", "", 895, 1000),
    ("A08", "暴露垃圾", "2025-03-07 11:00:00", "", 300, 105),
    ("A09", "机动车乱停放", "2025-03-08 11:00:00", "", 395, 200),
    ("A10", "机动车乱停放", "2025-03-09 11:00:00", "", 500, 895),
    ("A11", "占道经营", "2025-03-10 11:00:00", "", 600.5, 400),
]
LEDGER: list[tuple[str, str, str, str, float, float]] = [
    ("T01", "暴露垃圾", "2025-03-04 15:00:00", "", 210, 300),
    ("T02", "道路破损", "2025-03-05 15:00:00", "2025-03-06 15:00:00", 700, 305),
    ("T03", "占道经营", "2025-03-06 15:00:00", "", 1150, 1105),
    ("T04", "占道经营", "2025-03-11 15:00:00", "", 900, 700),
]


def lonlat(x: float, y: float) -> tuple[float, float]:
    """WGS84 of a place given in metres from the tiny county's corner, to a centimetre."""
    lon, lat = TO_LONLAT.transform(ORIGIN[0] + x, ORIGIN[1] + y)
    return round(lon, 7), round(lat, 7)


def feature(shape: shapely.Geometry | None, **properties: str) -> dict[str, Any]:
    """A GeoJSON feature of a shape given in metres from the tiny county's corner."""
    geometry = None
    if shape is not None:
        moved = shapely.transform(shape, lambda xy: np.array([lonlat(*point) for point in xy]))
        geometry = json.loads(shapely.to_geojson(moved))
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(features: list[dict[str, Any]]) -> str:
    """A GeoJSON file."""
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def issue_line(record: tuple[str, str, str, str, float, float]) -> str:
    """A line of the platform's export."""
    number, category, reported, closed, x, y = record
    lon, lat = lonlat(x, y)
    return f"{number},{category},县城管局,{reported},{closed},{lon:.7f},{lat:.7f}"


def write_ledger(path: Path, rows: list[list[object]], sheet: str = "台账") -> None:
    """A workbook with the ledger's header and these rows."""
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet(sheet)
        head = ["台账编号", "问题小类", "责任单位", "检查时间", "整改完成时间", "经度", "纬度"]
        for number, row in enumerate([head, *rows]):
            page.write_row(number, 0, row)


@dataclass
class County:
    """A raw county on disk, that a test may spoil, and the store that it is built into."""

    root: Path
    store: Path

    @property
    def recipe(self) -> Path:
        """The recipe's file."""
        return self.root / "county.toml"

    def edit(self, file: str, old: str, new: str, encoding: str = "utf-8") -> None:
        """Replace text that must be there."""
        path = self.root / file
        text = path.read_bytes().decode(encoding)
        assert old in text
        path.write_bytes(text.replace(old, new).encode(encoding))

    def write(self, file: str, content: str, encoding: str = "utf-8") -> None:
        """Write a text file as it is."""
        (self.root / file).write_bytes(content.encode(encoding))

    def platform(self, lines: list[str]) -> None:
        """Write the platform's export with these lines under its header."""
        self.write("platform.csv", "\r\n".join([PLATFORM, *lines]) + "\r\n", "gbk")

    def load(self) -> LoadReport:
        """Load the files into the store."""
        return build_county(load_recipe(str(self.recipe)), self.store)

    def build(self) -> DuckDBEngine:
        """Load the files into the store and open what is served then."""
        self.load()
        return self.served()

    def served(self) -> DuckDBEngine:
        """The build that is served."""
        return open_build(current_build_id(self.store), self.store)


def write_tiny_county(folder: Path) -> County:
    """Four grids, six streets and fifteen issues as GeoJSON, GBK text and a workbook, with a recipe."""
    county = County(folder / "raw", folder / "store")
    county.root.mkdir(parents=True)
    grids = [
        feature(shapely.box(*box), 网格编号=name, 网格名称=f"网格{name[1]}", 牵头单位="城关镇")
        for name, box in GRIDS.items()
    ]
    streets = [
        feature(shapely.LineString(line), 路段编号=name, 路名=street, 道路等级=road_class)
        for name, (street, road_class, line) in STREETS.items()
    ]
    county.write("grids.geojson", collection(grids))
    county.write("streets.geojson", collection(streets))
    county.platform([issue_line(record) for record in ISSUES])
    write_ledger(
        county.root / "ledger.xlsx",
        [[n, c, "县住建局", rep, cl, *lonlat(x, y)] for n, c, rep, cl, x, y in LEDGER],
    )
    county.write("county.toml", RECIPE.format(root=county.root))
    return county


@pytest.fixture
def tiny_county(tmp_path: Path) -> Callable[[], County]:
    """A function that writes the tiny county below tmp_path, each time into a new folder."""
    written: list[County] = []

    def write() -> County:
        written.append(write_tiny_county(tmp_path / f"county{len(written)}"))
        return written[-1]

    return write


@pytest.fixture
def build() -> Callable[[County], DuckDBEngine]:
    """A function that builds a county into its own store and opens what is served then."""
    return County.build


@pytest.fixture(scope="session")
def demo_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the demo county at a twentieth of its size."""
    from etl.demo import write_demo

    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder / "raw", scale=0.05)
    recipe = load_recipe("demo").model_copy(update={"root": folder / "raw"})
    build_county(recipe, folder / "store")
    return folder / "store"


@pytest.fixture(scope="session")
def city_store(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function that builds a real city by the name of its recipe, once, and returns its store."""

    @cache
    def built(name: str) -> Path:
        folder = tmp_path_factory.mktemp(name)
        build_county(load_recipe(name), folder)
        return folder

    return built


@pytest.fixture(autouse=True, scope="session")
def _close_builds() -> Iterator[None]:
    """Let go of the builds that data.builds keeps open, before the interpreter ends."""
    yield
    open_build.cache_clear()
    gc.collect()


@pytest.fixture(scope="session")
def demo_engine(demo_store: Path) -> DuckDBEngine:
    """The demo county, open for reading."""
    return open_build(current_build_id(demo_store), demo_store)


class NetworkError(RuntimeError):
    """A test reached for the network."""


def _is_local(address: object) -> bool:
    if not isinstance(address, tuple):  # a Unix socket's path
        return True
    host = str(address[0])
    return host in {"", "localhost", "::1", "0.0.0.0"} or host.startswith("127.")


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Sockets of Python reach loopback only.

    It cannot catch what opens sockets in C (GDAL, PROJ, Arrow, DuckDB; PROJ_NETWORK is off above),
    nor child processes (browsers, servers), nor code that took `_socket.socket` itself.
    """
    connect, connect_ex, lookup = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guard(address: object) -> None:
        if not _is_local(address):
            msg = f"a test may not use the network: {address}"
            raise NetworkError(msg)

    def guarded_connect(self: socket.socket, address: Any) -> None:
        guard(address)
        return connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        guard(address)
        return connect_ex(self, address)

    def guarded_lookup(host: Any, *args: Any, **kwargs: Any) -> Any:
        guard((host.decode() if isinstance(host, bytes) else host or "",))
        return lookup(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket, "getaddrinfo", guarded_lookup)
        yield


def pytest_unconfigure() -> None:
    """Close the builds that tests opened: DuckDB complains of connections left at exit."""
    open_build.cache_clear()
