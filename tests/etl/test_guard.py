"""A hostile file ends in one DataError and harms nothing; an honest one reads as without the guard."""

from __future__ import annotations

import dataclasses
import gzip
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import etl.extract
import etl.guard
from data.messages import DataError
from etl.extract import RawFile, read_file
from etl.guard import Limits, read_guarded
from etl.recipe import Dataset
from tests.conftest import write_ledger
from tests.etl.hostile import CORPUS, SECRET, Hostile, kml

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and /proc are Linux's")


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files; after each test nothing lies in it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def dataset(format_: str, columns: dict[str, str] | None = None, **more: str) -> Dataset:
    columns = columns or {"issue_id": "id"}
    return Dataset.model_validate({"files": ["x"], "format": format_, "columns": columns} | more)


def children() -> set[str]:
    tasks = Path("/proc/self/task").iterdir()
    return {child for task in tasks for child in (task / "children").read_text().split()}


def peak_mib() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=case.file) for case in CORPUS],
)
def test_hostile_file_is_refused(case: Hostile, tmp_path: Path, temporary: Path) -> None:
    (tmp_path / "secret.csv").write_text(f"id,x\n{SECRET},1\n")
    path = tmp_path / case.file
    case.write(path)
    before = children()
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    start = peak_mib()
    began = time.monotonic()
    with pytest.raises(DataError) as caught:
        read_guarded(path, dataset(case.format), f"county/{case.file}", case.limits)
    assert f"county/{case.file}" in str(caught.value)
    assert f"county/{case.file}" in caught.value.zh
    assert case.says in str(caught.value)
    assert SECRET not in str(caught.value)
    assert "gave up" not in str(caught.value), (
        "a fault of ours: the reader should have said what is wrong"
    )
    assert peak_mib() - start < 40
    assert time.monotonic() - began < 20
    assert children() == before
    assert not list(temporary.iterdir())


def write_csv(folder: Path) -> Path:
    text = '编号,备注,备注,路\n1,甲,乙,人民路\n\n2,,x,\n3,多,列,了,吧\n4,"a\nb",,解放路\n'
    (folder / "a.csv").write_bytes(text.encode("gb18030"))
    return folder / "a.csv"


def write_gz(folder: Path) -> Path:
    (folder / "a.csv.gz").write_bytes(gzip.compress("\ufeff编号,路\n1,x\n2,y\n".encode()))
    return folder / "a.csv.gz"


def write_xlsx(folder: Path) -> Path:
    write_ledger(
        folder / "a.xlsx", [["T1", "垃圾", "局", "2025-03-01", 3.5, 111, 30], [""] * 7, ["T2"]]
    )
    return folder / "a.xlsx"


def write_parquet(folder: Path) -> Path:
    pd.DataFrame({"编号": [1, 2], "路": ["x", None], "l": [[1], [2]]}).to_parquet(folder / "a.parquet")
    return folder / "a.parquet"


def places(crs: int = 4326) -> gpd.GeoDataFrame:
    shapes = [shapely.Point(111, 30), None, shapely.Point(111, 30, 5)]
    return gpd.GeoDataFrame({"编号": ["甲", "乙", None], "n": [1.5, None, 3]}, geometry=shapes, crs=crs)


def write_geojson(folder: Path) -> Path:
    places().to_file(folder / "a.geojson")
    return folder / "a.geojson"


def write_shapefile(folder: Path) -> Path:
    places(4546).to_file(folder / "街道.shp", encoding="GBK")
    return folder / "街道.shp"


def write_kml(folder: Path) -> Path:
    (folder / "a.kml").write_text(kml("", "人民路"), "utf-8")
    return folder / "a.kml"


def write_geopackage(folder: Path) -> Path:
    places(4546).to_file(folder / "a.gpkg", layer="网格")
    return folder / "a.gpkg"


def zipped(prefix: str, *, with_encoding: bool = True) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        write_shapefile(folder)
        with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for part in folder.glob("街道.*"):
                if with_encoding or part.suffix != ".cpg":
                    archive.write(part, prefix + part.name)
        return folder / "a.zip"

    return write


KEY = {"issue_id": "编号"}
HONEST = {
    "csv": (write_csv, dataset("csv", {**KEY, "address": "{路} ({编号})"}, encoding="gb18030")),
    "csv.gz": (write_gz, dataset("csv", KEY)),
    "xlsx": (write_xlsx, dataset("xlsx", {"issue_id": "台账编号"}, sheet="台账")),
    "parquet": (write_parquet, dataset("parquet", KEY)),
    "geojson": (write_geojson, dataset("vector", KEY)),
    "shapefile": (write_shapefile, dataset("vector", KEY)),
    "kml": (write_kml, dataset("vector", {"grid_name": "Name"})),
    "zip": (zipped(""), dataset("vector", KEY)),
}
NEW = {  # these need etl/extract.py to read a GeoPackage by its path and to unpack a Shapefile
    "gpkg": (write_geopackage, dataset("vector", KEY, sheet="网格")),
    "zip, a folder deep": (zipped("导出/"), dataset("vector", KEY)),
    "zip, no .cpg": (zipped("导出/", with_encoding=False), dataset("vector", KEY, encoding="gb18030")),
}


def assert_same(one: RawFile, other: RawFile) -> None:
    for field in dataclasses.fields(RawFile):
        ours, theirs = getattr(one, field.name), getattr(other, field.name)
        if isinstance(theirs, pd.DataFrame):
            pd.testing.assert_frame_equal(ours, theirs, check_exact=True, check_index_type="exact")
            assert ours.dtypes.equals(theirs.dtypes)
            assert ours.index.name == theirs.index.name
        elif field.name == "geometry" and theirs is not None:
            assert shapely.to_wkb(ours).tolist() == shapely.to_wkb(theirs).tolist()
        else:
            assert ours == theirs, field.name


@pytest.mark.parametrize(
    ("write", "data"),
    [pytest.param(*both, id=name) for name, both in HONEST.items()]
    + [pytest.param(*both, id=name) for name, both in NEW.items()],
)
def test_honest_file_reads_as_without_the_guard(
    write: Callable[[Path], Path], data: Dataset, tmp_path: Path, temporary: Path
) -> None:
    path = write(tmp_path)
    expected = read_file(path, data, "a")
    assert expected.rows_read
    assert_same(read_guarded(path, data, "a"), expected)
    assert not list(temporary.iterdir())


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "empty_file"), (b"id,x\n", "empty_file"), (b"a,b\n1,2\n", "missing_column"),
     (b"id,id\n1,2\n", "repeated_column"), (b"id\n\xff\n", "wrong_encoding")],
)  # fmt: skip
def test_error_of_the_child_arrives_as_it_is(content: bytes, code: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as expected:
        read_file(path, dataset("csv"), "a.csv")
    with pytest.raises(DataError) as caught:
        read_guarded(path, dataset("csv"), "a.csv")
    assert caught.value.code == expected.value.code == code
    assert caught.value.facts == {key: str(v) if isinstance(v, Exception) else v
                                  for key, v in expected.value.facts.items()}  # fmt: skip
    assert str(caught.value) == str(expected.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.csv") as caught:
        read_guarded(tmp_path / "gone.csv", dataset("csv"), "gone.csv")
    assert caught.value.code == "unreadable_file"


def test_child_with_all_drivers_reads_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(etl.guard, "ALL_DRIVERS", etl.guard.DRIVERS)
    with pytest.raises(DataError, match="GDAL still has the drivers"):
        read_guarded(write_geojson(tmp_path), dataset("vector", KEY), "a.geojson")


def test_full_disk_is_not_blamed_on_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 0}))
    with pytest.raises(OSError, match="No space left"):
        read_guarded(write_csv(tmp_path), HONEST["csv"][1], "a.csv", Limits(output=1))


def test_refusal_has_its_own_code(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_guarded(write_csv(tmp_path), HONEST["csv"][1], "a.csv", Limits(output=100))
    assert caught.value.code == "unsafe_file"


def test_what_went_wrong_is_said_in_the_readers_language(tmp_path: Path) -> None:
    """Of the child too: a detail crosses the process as a code, not as an English sentence."""
    path = write_csv(tmp_path)
    path.write_bytes('编号,路\n1,"x\n2,y\n3,z\n'.encode("gb18030"))
    with pytest.raises(DataError, match="a quotation mark is never closed, near row 2") as caught:
        read_guarded(path, HONEST["csv"][1], "a.csv")
    assert "第 2 行附近的引号没有闭合" in caught.value.zh
    with pytest.raises(DataError, match=r"more than 0\.01 s") as caught:
        read_guarded(path, HONEST["csv"][1], "a.csv", Limits(wall=0.01))
    assert "读取时间超过 0.01 秒" in caught.value.zh
    fault = etl.guard.detail("far_cell", fault=etl.guard.detail("crashed", how="SIGABRT"))
    assert etl.guard._unsafe("a.xlsx", fault).zh.count("（SIGABRT），可能有单元格") == 1
