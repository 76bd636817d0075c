"""Whatever comes in, one DataError with its remedy comes out and the last build is still served."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from filelock import FileLock

import etl.load
import etl.publish
from data.builds import builds, current_build_id
from data.messages import DataError
from data.settings import Settings
from geo.datum import wgs84_to_gcj02
from tests.conftest import (
    CRS,
    ISSUES,
    LEDGER,
    ORIGIN,
    PLATFORM,
    STREETS,
    County,
    collection,
    feature,
    issue_line,
    lonlat,
    write_ledger,
)

Spoil = Callable[[County], object]
LINES = [issue_line(record) for record in ISSUES]
REMEDY = re.compile(
    r"\b(Put|Export|Correct|Rename|Add|Mend|mend|Give|Wait|Name|Make|correct|set) [a-z`]"
)


@pytest.fixture
def county(tiny_county: Callable[[], County]) -> County:
    """The tiny county, built once: what happens next must leave that build alone."""
    county = tiny_county()
    county.load()
    return county


def files_of(store: Path) -> dict[str, bytes]:
    """What lies in a store; the lock may stay, and originals wait for the next load that succeeds."""
    return {p.name: p.read_bytes() for p in store.iterdir() if p.is_file() and p.name != "load.lock"}


def assert_refused(county: County, code: str, *named: str) -> DataError:
    """The next load ends with that error, says it in both languages and changes nothing."""
    before = files_of(county.store)
    with pytest.raises(DataError) as caught:
        county.load()
    error = caught.value
    assert error.code == code
    for name in named:
        assert name in str(error)
        assert name in error.zh
    assert REMEDY.search(str(error)), str(error)
    assert "请" in error.zh
    assert files_of(county.store) == before
    assert len(county.served().query("select * from core_issue")) == 15
    return error


def features(county: County, file: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads((county.root / file).read_text("utf-8"))["features"]
    return found


def grid(shape: shapely.Geometry | None, name: str = "G9") -> dict[str, object]:
    return feature(shape, 网格编号=name, 网格名称="第九网格", 牵头单位="城关镇")


def add_grid(shape: shapely.Geometry | None) -> Spoil:
    return lambda county: county.write(
        "grids.geojson", collection([*features(county, "grids.geojson"), grid(shape)])
    )


def zipped(change: Callable[[bytes], bytes]) -> Spoil:
    """The grids as a .gz whose bytes were changed."""

    def spoil(county: County) -> None:
        content = gzip.compress((county.root / "grids.geojson").read_bytes(), mtime=0)
        (county.root / "grids.geojson.gz").write_bytes(change(content))
        county.edit("county.toml", '"grids.geojson"', '"grids.geojson.gz"')

    return spoil


def recipe(old: str, new: str) -> Spoil:
    return lambda county: county.edit("county.toml", old, new)


def content(file: str, new: bytes) -> Spoil:
    return lambda county: (county.root / file).write_bytes(new)


def gone(file: str) -> Spoil:
    return lambda county: (county.root / file).unlink()


def platform(lines: list[str]) -> Spoil:
    return lambda county: county.platform(lines)


def ledger(*numbers: str, sheet: str = "台账") -> Spoil:
    rows: list[list[object]] = [
        [number, "暴露垃圾", "县住建局", "2025-03-01", "", *lonlat(100, 100)] for number in numbers
    ]
    return lambda county: write_ledger(county.root / "ledger.xlsx", rows, sheet)


def all_of(*spoils: Spoil) -> Spoil:
    return lambda county: [spoil(county) for spoil in spoils]


BOW_TIE = shapely.Polygon([(1300, 0), (1400, 100), (1400, 0), (1300, 100)])
FLAT = shapely.Polygon([(1300, 0), (1400, 100), (1300, 0)])
PLATFORM_CRS = 'encoding = "gb18030"\ncrs = "EPSG:4326"'
GRID_COLUMNS = '牵头单位" }'

GEOJSON_HEAD = (
    '"type": "FeatureCollection",'
    ' "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}'
)
CASES: dict[str, tuple[Spoil, str, tuple[str, ...]]] = {
    "missing folder": (
        lambda c: c.edit("county.toml", f"root = '{c.root}'", f"root = '{c.root / 'nowhere'}'"),
        "missing_folder", ("nowhere", "tiny", "root"),
    ),
    "missing file": (gone("grids.geojson"), "missing_file", ("grids.geojson", "files")),
    "pattern without a match": (
        recipe("platform.csv", "platform_*.csv"), "missing_file", ("platform_*.csv",),
    ),
    "missing column": (
        lambda c: c.edit("platform.csv", "上报时间", "登记时间", "gbk"),
        "missing_column", ("platform.csv", "上报时间", "登记时间", "reported_at"),
    ),
    "missing attribute of a layer": (
        lambda c: c.edit("grids.geojson", "网格编号", "编号"),
        "missing_column", ("grids.geojson", "网格编号"),
    ),
    "empty csv": (content("platform.csv", b""), "empty_file", ("platform.csv",)),
    "csv with a header only": (platform([]), "empty_file", ("platform.csv",)),
    "workbook with a header only": (ledger(), "empty_file", ("ledger.xlsx",)),
    "empty workbook": (content("ledger.xlsx", b""), "empty_file", ("ledger.xlsx",)),
    "empty layer": (content("streets.geojson", b""), "empty_file", ("streets.geojson",)),
    "layer without a feature": (
        lambda c: c.write("streets.geojson", collection([])), "empty_file", ("streets.geojson",),
    ),
    "csv of blank lines": (
        content("platform.csv", b"\r\n\r\n"), "unreadable_file", ("platform.csv", "csv"),
    ),
    "broken JSON": (
        lambda c: c.write("grids.geojson", (c.root / "grids.geojson").read_text("utf-8")[:700]),
        "unreadable_file", ("grids.geojson", "format"),
    ),
    "JSON that is no map": (
        content("grids.geojson", b'{"a": 1}'), "unreadable_file", ("grids.geojson",),
    ),
    "truncated gzip": (
        zipped(lambda b: b[: len(b) // 2]), "unreadable_file", ("grids.geojson.gz", "gzip"),
    ),
    "gzip with wrong bytes": (
        zipped(lambda b: b[:-12] + b"\0\0\0\0" + b[-8:]), "unreadable_file", ("grids.geojson.gz",),
    ),
    "gzip with a broken block": (
        zipped(lambda b: b[:10] + b"\xff" + b[11:]), "unreadable_file", ("grids.geojson.gz",),
    ),
    "not a gzip": (zipped(lambda _: b"hello"), "unreadable_file", ("grids.geojson.gz", "gzip")),
    "not a workbook": (
        content("ledger.xlsx", b"hello"), "unreadable_file", ("ledger.xlsx", "xlsx"),
    ),
    "truncated workbook": (
        lambda c: content("ledger.xlsx", (c.root / "ledger.xlsx").read_bytes()[:3000])(c),
        "unreadable_file", ("ledger.xlsx",),
    ),
    "unknown sheet": (ledger("T01", sheet="Sheet1"), "unreadable_file", ("ledger.xlsx", "台账")),
    "GBK text declared as UTF-8": (
        recipe('"gb18030"', '"utf-8"'), "wrong_encoding", ("platform.csv", "utf-8", "encoding"),
    ),
    "UTF-16 text declared as GBK": (
        lambda c: c.write("platform.csv", "\r\n".join([PLATFORM, *LINES]), "utf-16"),
        "wrong_encoding", ("platform.csv", "gb18030"),
    ),
    "unknown encoding": (recipe('"gb18030"', '"gbkk"'), "bad_recipe", ("county.toml", "gbkk")),
    "longitude and latitude swapped": (
        recipe('lon = "经度", lat = "纬度" }\n\n', 'lon = "纬度", lat = "经度" }\n\n'),
        "crs_range", ("platform.csv", "EPSG:4326"),
    ),
    "degrees declared as metres": (
        recipe(PLATFORM_CRS, PLATFORM_CRS.replace("4326", "4546")),
        "crs_elsewhere", ("platform.csv", "EPSG:4546"),
    ),
    "metres declared as degrees": (
        platform([f"A{n},暴露垃圾,,2025-03-01,,{519_000 + n},3375000" for n in range(9)]),
        "crs_range", ("platform.csv", "EPSG:4326"),
    ),
    "another county's issues": (
        platform([f"A{n},暴露垃圾,,2025-03-01,,{112.5 + n / 1e4},30.5" for n in range(9)]),
        "crs_elsewhere", ("platform.csv", "0"),
    ),
    "another county's streets": (
        lambda c: c.edit("streets.geojson", "[111.", "[112."), "crs_elsewhere", ("streets.geojson",),
    ),
    "grids with another CRS than the recipe says": (
        recipe(GRID_COLUMNS, GRID_COLUMNS + '\ncrs = "EPSG:4546"'),
        "crs_range", ("grids.geojson", "EPSG:4546"),
    ),
    "a file that names another CRS than the recipe": (
        lambda c: (
            recipe(GRID_COLUMNS, GRID_COLUMNS + '\ncrs = "EPSG:4546"')(c),
            c.edit("grids.geojson", '"type": "FeatureCollection"', GEOJSON_HEAD),
        ),
        "crs_differs", ("grids.geojson", "EPSG:4490", "EPSG:4546"),
    ),
    "grids in metres in a file that means degrees": (
        lambda c: c.edit("grids.geojson", "[111.", "[519111."),
        "crs_range", ("grids.geojson", "EPSG:4326"),
    ),
    "unknown CRS of the grids": (
        recipe(GRID_COLUMNS, GRID_COLUMNS + '\ncrs = "EPSG:999999"'),
        "bad_recipe", ("county.toml", "EPSG:999999"),
    ),
    "unknown CRS of the issues": (
        recipe(PLATFORM_CRS, PLATFORM_CRS.replace("4326", "999999")),
        "bad_recipe", ("county.toml", "EPSG:999999"),
    ),
    "a grid that crosses itself": (
        add_grid(BOW_TIE), "invalid_polygon", ("grids.geojson", "5", "G9", "repair_invalid"),
    ),
    "a grid without area": (add_grid(FLAT), "invalid_polygon", ("grids.geojson", "5", "G9")),
    "only grids without a shape": (
        lambda c: c.write("grids.geojson", collection([grid(None)])),
        "no_rows", ("grids.geojson",),
    ),
    "a line among the grids": (
        add_grid(shapely.LineString([(0, 0), (9, 9)])),
        "wrong_geometry", ("grids.geojson", "5", "LineString", "core_grid", "polygon"),
    ),
    "points for streets": (
        lambda c: c.write("streets.geojson", collection([
            feature(shapely.Point(9, 9), 路段编号="S1", 路名="", 道路等级="")])),
        "wrong_geometry", ("streets.geojson", "Point", "core_segment", "line"),
    ),
    "a table for grids": (
        recipe('files = ["grids.geojson"]\nformat = "vector"\ncolumns = { grid_id = "网格编号", '
               'grid_name = "网格名称", lead_unit = "牵头单位" }',
               'files = ["platform.csv"]\nformat = "csv"\nencoding = "gbk"\n'
               'columns = { grid_id = "案卷编号" }'),
        "wrong_geometry", ("platform.csv", "core_grid", "polygon"),
    ),
    "every record refused": (
        platform([line.replace("2025-", "2025-13-") for line in LINES]),
        "no_rows", ("platform.csv", "11", "2025-13-03-01 08:00:00"),
    ),
    "every line malformed": (
        platform(["a,b", "c,d,e"]), "no_rows", ("platform.csv", "2"),
    ),
    "the same id in two datasets": (
        ledger("T01", "A03"), "same_key", ("core_issue", "A03", "id_prefix"),
    ),
    "broken TOML": (recipe("[[core_issue]]", "[[core_issue"), "bad_recipe", ("county.toml",)),
    "recipe in GBK": (
        lambda c: c.recipe.write_bytes(c.recipe.read_bytes().decode().encode("gbk")),
        "bad_recipe", ("county.toml",),
    ),
    "unknown key in the recipe": (
        recipe('format = "csv"', 'format = "csv"\nencodign = "gbk"'),
        "bad_recipe", ("county.toml", "encodign"),
    ),
    "unknown column in the recipe": (
        recipe("department = ", "departement = "), "bad_recipe", ("county.toml", "departement"),
    ),
    "required mapping missing": (
        recipe('reported_at = "上报时间", ', ""), "bad_recipe", ("county.toml", "reported_at"),
    ),
    "table missing in the recipe": (
        recipe("[[core_grid]]", "[[core_site]]"), "bad_recipe", ("county.toml",),
    ),
    "lon without CRS": (
        recipe(PLATFORM_CRS, 'encoding = "gb18030"'), "bad_recipe", ("county.toml", "crs"),
    ),
    "compute CRS in degrees": (
        recipe("EPSG:4546", "EPSG:4490"), "bad_recipe", ("county.toml", "EPSG:4490"),
    ),
    "unknown compute CRS": (
        recipe("EPSG:4546", "EPSG:999999"), "bad_recipe", ("county.toml", "EPSG:999999"),
    ),
    "unknown time zone": (
        recipe("Asia/Shanghai", "Asia/Nowhere"), "bad_recipe", ("county.toml", "Asia/Nowhere"),
    ),
    "a dataset without files": (
        recipe('["ledger.xlsx"]', "[]"), "bad_recipe", ("county.toml", "files"),
    ),
    "an absolute path for a pattern": (
        recipe('["ledger.xlsx"]', '["/tmp/ledger.xlsx"]'), "bad_recipe", ("county.toml",),
    ),
    "a brace too many in a column": (
        recipe('category = "小类"', 'category = "{小类"'), "bad_recipe", ("county.toml",),
    ),
    "unknown recipe": (
        lambda c: c.recipe.unlink(), "unknown_source", ("county.toml", ".toml"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "case",
    list(CASES),
)
def test_a_bad_source_is_refused_and_the_last_build_stays(county: County, case: str) -> None:
    spoil, code, named = CASES[case]
    spoil(county)
    assert_refused(county, code, *named)


def test_why_the_first_record_was_refused_is_said_in_both_languages(county: County) -> None:
    platform([line.replace("2025-", "2025-13-") for line in LINES])(county)
    error = assert_refused(county, "no_rows")
    assert "not a date or time" in str(error)
    assert "不是可识别的日期时间" in error.zh
    assert "not_a_time" not in error.zh


def test_the_first_load_that_fails_leaves_an_empty_store(tiny_county: Callable[[], County]) -> None:
    county = tiny_county()
    (county.root / "streets.geojson").unlink()
    with pytest.raises(DataError, match=r"streets\.geojson"):
        county.load()
    assert files_of(county.store) == {}


# --- what is repaired or refused record by record -------------------------------------------------


def test_a_grid_that_crosses_itself_is_repaired_and_reported_on_request(county: County) -> None:
    add_grid(BOW_TIE)(county)
    county.edit("county.toml", GRID_COLUMNS, GRID_COLUMNS + "\nrepair_invalid = true")
    report = county.load()
    found = report.findings.set_index("finding")["count"]
    assert found["repaired_polygon"] == 1
    area = county.served().query("select area_m2 from core_grid where grid_id = 'G9'")
    assert area["area_m2"].item() == pytest.approx(5_000, rel=1e-3)


def test_a_grid_without_area_is_refused_even_where_grids_are_repaired(county: County) -> None:
    add_grid(FLAT)(county)
    county.edit("county.toml", GRID_COLUMNS, GRID_COLUMNS + "\nrepair_invalid = true")
    assert county.load().refused["reason"].tolist() == ["no_geometry"]


def refused_of(county: County) -> list[tuple[int, str, str]]:
    rows = county.load().refused[["row", "value", "reason"]]
    return list(rows.itertuples(index=False, name=None))


def test_ragged_lines_are_refused_by_their_row_and_the_rest_is_loaded(county: County) -> None:
    bad_time = LINES[4].replace("2025-03-04 10:00:00", "昨天")
    county.platform([*LINES[:3], LINES[3] + ",多", bad_time, "A,B", *LINES[5:]])
    assert refused_of(county) == [
        (5, "8 columns instead of 7", "malformed_row"),
        (6, "昨天", "not_a_time"),
        (7, "2 columns instead of 7", "malformed_row"),
    ]
    ids = county.served().query("select issue_id from core_issue where issue_id like 'A%'")
    assert set(ids["issue_id"]) == {line[:3] for line in LINES} - {"A04", "A05"}


def test_a_cell_of_two_lines_is_one_row(county: County) -> None:
    two_lines = LINES[0].replace("暴露垃圾", '"暴露\n垃圾"')
    county.platform([two_lines, LINES[1] + ",多", LINES[2].replace("2025-03-02", "今天"), *LINES[3:]])
    assert [(row, reason) for row, _, reason in refused_of(county)] == [
        (3, "malformed_row"),
        (4, "not_a_time"),
    ]


@pytest.mark.parametrize("more", [[], ["A,B"]])
def test_blank_lines_are_no_records_but_count_as_rows(county: County, more: list[str]) -> None:
    bad_time = LINES[3].replace("2025-03-03 09:30:00", "昨天")
    county.platform([*LINES[:3], "", bad_time, *LINES[4:], *more])
    assert refused_of(county)[0] == (6, "昨天", "not_a_time")


def test_a_lost_quote_does_not_swallow_the_records_below_it(county: County) -> None:
    county.platform([*LINES[:3], '"' + LINES[3], *LINES[4:]])
    try:
        report = county.load()
    except DataError:
        return  # refusing the file is as good
    assert report.files.set_index("file").loc["platform.csv", "rows_read"] >= 11


def test_two_datasets_may_share_ids_where_one_has_a_prefix(county: County) -> None:
    ledger("A03")(county)
    county.edit("county.toml", 'sheet = "台账"', 'sheet = "台账"\nid_prefix = "TZ-"')
    county.load()
    ids = set(county.served().query("select issue_id from core_issue")["issue_id"])
    assert {"A03", "TZ-A03"} <= ids


@pytest.mark.parametrize(
    "text",
    [
        "01-03-2025",
        "2025年3月1日",
        "2025/3/1 08:00",
    ],
)
def test_times_of_the_recipes_formats_are_read(county: County, text: str) -> None:
    county.platform([LINES[0].replace("2025-03-01 08:00:00", text), *LINES[1:]])
    formats = '["ISO8601", "%d-%m-%Y", "%Y年%m月%d日", "%Y/%m/%d %H:%M"]'
    county.edit("county.toml", PLATFORM_CRS, PLATFORM_CRS + f"\ntime_formats = {formats}")
    assert refused_of(county) == []
    day = county.served().query("select reported_at from core_issue where issue_id = 'A01'")
    assert f"{day['reported_at'].item():%Y-%m-%d}" == "2025-03-01"


@pytest.mark.parametrize("content", ["csv", "xlsx"])
def test_columns_that_nobody_maps_may_share_a_name(county: County, content: str) -> None:
    """A refused row is written with its whole record; the tests turn pandas' warning into an error."""
    if content == "csv":
        text = "\r\n".join([f"{PLATFORM},备注,备注", *(f"{line},甲,乙" for line in LINES)])
        county.write("platform.csv", text.replace("2025-03-05 11:00:00", "昨天"), "gbk")
    else:
        import xlsxwriter

        with xlsxwriter.Workbook(county.root / "ledger.xlsx") as book:
            page = book.add_worksheet("台账")
            head = "台账编号 问题小类 责任单位 检查时间 整改完成时间 经度 纬度 备注 备注"
            page.write_row(0, 0, head.split())
            page.write_row(1, 0, ["T1", "", "", "2025-03-01", "", *lonlat(1, 1), "甲", "乙"])
            page.write_row(2, 0, ["T2", "", "", "昨天", "", *lonlat(1, 1), "甲", "乙"])
    assert [value for _, value, _ in refused_of(county)] == ["昨天"]


def test_a_mapped_column_that_stands_twice_is_refused(county: County) -> None:
    lines = "\r\n".join([f"{PLATFORM},小类", *(f"{line},甲" for line in LINES)])
    county.write("platform.csv", lines, "gbk")
    with pytest.raises(DataError, match=r"platform\.csv.*小类"):
        county.load()


def test_a_list_in_a_column_that_nobody_maps_does_no_harm(county: County) -> None:
    number, category, reported = LEDGER[0][:3]
    lon, lat = lonlat(*LEDGER[0][4:])
    record = {"台账编号": number, "问题小类": category, "责任单位": "", "检查时间": reported}
    record |= {"整改完成时间": "", "经度": str(lon), "纬度": str(lat)}
    frame = pd.DataFrame([record]).assign(照片=[["a.jpg", "b.jpg"]])
    frame.to_parquet(county.root / "ledger.parquet")
    county.edit("county.toml", '"ledger.xlsx"', '"ledger.parquet"')
    county.edit("county.toml", 'format = "xlsx"\nsheet = "台账"', 'format = "parquet"')
    assert refused_of(county) == []


def test_a_shapefile_says_its_encoding_itself(county: County) -> None:
    frame = gpd.GeoDataFrame(
        [(name, street, road_class) for name, (street, road_class, _) in STREETS.items()],
        columns=["路段编号", "路名", "道路等级"],
        geometry=[shapely.LineString(np.add(line, ORIGIN)) for _, _, line in STREETS.values()],
        crs=CRS,
    )
    frame.to_file(county.root / "streets.shp", engine="pyogrio", encoding="GBK")
    assert (county.root / "streets.cpg").read_text() == "GBK"
    county.edit("county.toml", '"streets.geojson"', '"streets.shp"')
    names = county.build().query("select distinct street_name from core_segment")["street_name"]
    assert set(names) == {street for street, _, _ in STREETS.values()}


@pytest.mark.parametrize("text", ["2025", "0001-01-01 00:00:00"])
def test_a_bare_number_or_a_year_without_issues_is_no_time(county: County, text: str) -> None:
    county.platform([LINES[0].replace("2025-03-01 08:00:00", text), *LINES[1:]])
    assert [(row, value) for row, value, _ in refused_of(county)] == [(2, text)]


def test_a_header_row_in_a_table_of_text_is_refused(county: County) -> None:
    county.write(
        "shifts.csv", "路段,班次,起,止\nS1,早,05:00,08:00\n路段,班次,起,止\nS2,早,05:00,08:00\n"
    )
    shifts = """
[[core_shift]]
files = ["shifts.csv"]
format = "csv"
columns = { source_segment_id = "路段", shift_name = "班次", start_time = "起", end_time = "止" }
"""
    county.recipe.write_text(county.recipe.read_text("utf-8") + shifts, "utf-8")
    assert [(row, reason) for row, _, reason in refused_of(county)] == [(3, "header_row")]


def test_files_of_one_name_in_two_folders_are_told_apart(county: County) -> None:
    for year in ("2024", "2025"):
        (county.root / year).mkdir()
        lines = [PLATFORM, *(f"{year}{line}" for line in LINES)]
        county.write(f"{year}/platform.csv", "\r\n".join(lines), "gbk")
    county.edit("county.toml", '"platform.csv"', '"*/platform.csv"')
    assert not county.load().files.duplicated(["table_name", "file"]).any()


def test_a_record_that_the_latest_file_has_but_was_refused_has_not_vanished(county: County) -> None:
    county.platform(LINES)
    broken = [LINES[0].replace("2025-03-01 08:00:00", "昨天"), *LINES[1:]]
    county.write("platform_2.csv", "\r\n".join([PLATFORM, *broken]), "gbk")
    county.edit("county.toml", '"platform.csv"', '"platform.csv", "platform_2.csv"')
    assert "vanished" not in set(county.load().findings["finding"])


def test_a_vanished_record_is_kept_and_named_by_its_number(county: County) -> None:
    county.write("platform_2.csv", "\r\n".join([PLATFORM, LINES[0], *LINES[2:]]), "gbk")
    county.edit("county.toml", '"platform.csv"', '"platform.csv", "platform_2.csv"')
    found = county.load().findings.set_index("finding").loc["vanished"]
    assert (found["count"], found["detail"]) == (1, "platform_2.csv: A02")
    assert len(county.served().query("select * from core_issue")) == 15


def test_a_lake_without_a_shape_does_not_break_the_map_layer(county: County) -> None:
    lakes = [feature(None, 名称="无"), feature(shapely.box(10, 10, 50, 50), 名称="湖")]
    county.write("water.geojson", collection(lakes))
    water = '\n[[water]]\nfiles = ["water.geojson"]\nformat = "vector"\ncolumns = {}\n'
    county.recipe.write_text(county.recipe.read_text("utf-8") + water, "utf-8")
    body = county.build().query("select body from layer where layer = 'water'")["body"].item()
    layer = json.loads(gzip.decompress(bytes(body)))
    assert [f["geometry"]["type"] for f in layer["features"]] == ["Polygon"]


# --- the store ------------------------------------------------------------------------------------


def test_a_second_load_at_the_same_time_is_told_to_wait(county: County) -> None:
    with FileLock(county.store / "load.lock"):
        assert_refused(county, "busy", str(county.store))
    county.load()


def test_a_store_that_cannot_be_made_is_a_disk_error(tiny_county: Callable[[], County]) -> None:
    county = tiny_county()
    county.store.write_text("a file where the folder should be")
    with pytest.raises(DataError) as caught:
        county.load()
    assert caught.value.code == "disk"


def test_a_full_disk_is_a_disk_error(county: County) -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        assert_refused(county, "disk", str(county.store))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    county.load()


def test_a_source_that_another_program_holds_is_named(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Excel on Windows locks the workbook it shows."""
    open_file = Path.open

    def locked(path: Path, *args: Any, **kwargs: Any) -> Any:
        if path.name == "ledger.xlsx":
            raise PermissionError(13, "Permission denied", str(path))
        return open_file(path, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", locked)
        with pytest.raises(DataError, match=r"ledger\.xlsx") as caught:
            county.load()
    assert caught.value.code == "unreadable_file"


FAULTS = [OSError(28, "No space left on device"), RuntimeError("killed")]
STEPS = [  # (what fails, at which call)
    (etl.load, "publish", 1),
    (etl.publish, "_sync", 1),
    (Path, "rename", 1),
    (etl.publish, "_sync_folder", 1),
    (etl.publish, "point_current", 1),
    (Path, "write_text", 1),
    (etl.publish, "_sync", 2),
    (Path, "replace", 1),
]
AFTER = [(etl.publish, "_sync_folder", 2), (etl.load, "prune", 1), (Path, "unlink", 1)]


def fail_at(patch: pytest.MonkeyPatch, where: object, name: str, call: int, fault: Exception) -> None:
    """Let the nth call of a function raise."""
    original, calls = getattr(where, name), []

    def failing(*args: object, **kwargs: object) -> object:
        calls.append(name)
        if len(calls) == call:
            raise fault
        return original(*args, **kwargs)

    patch.setattr(where, name, failing)


@pytest.mark.parametrize("fault", FAULTS, ids=["disk", "crash"])
@pytest.mark.parametrize(("where", "name", "call"), STEPS, ids=[f"{s[1]}{s[2]}" for s in STEPS])
def test_a_publication_that_breaks_off_leaves_the_old_build_and_the_next_load_works(
    county: County,
    monkeypatch: pytest.MonkeyPatch,
    where: object,
    name: str,
    call: int,
    fault: Exception,
) -> None:
    old = current_build_id(county.store)
    with monkeypatch.context() as patch:
        fail_at(patch, where, name, call, fault)
        with pytest.raises((DataError, RuntimeError)) as caught:
            county.load()
    if isinstance(fault, OSError):
        assert isinstance(caught.value, DataError)
        assert caught.value.code == "disk"
    assert current_build_id(county.store) == old
    assert len(county.served().query("select * from core_issue")) == 15
    assert county.load().build_id == current_build_id(county.store) != old
    left = {p.suffix for p in county.store.iterdir()} - {".duckdb", ".lock", ""}
    assert left == set()


@pytest.mark.parametrize(("where", "name", "call"), AFTER, ids=[f"{s[1]}{s[2]}" for s in AFTER])
def test_a_fault_after_the_swap_is_not_told_as_a_failed_load(
    county: County, monkeypatch: pytest.MonkeyPatch, where: object, name: str, call: int
) -> None:
    old = current_build_id(county.store)
    monkeypatch.setattr("etl.load.settings", partial(Settings, keep_builds=1))
    with monkeypatch.context() as patch:
        fail_at(patch, where, name, call, OSError(5, "Input/output error"))
        county.load()
    assert current_build_id(county.store) != old


def test_old_builds_are_pruned_and_the_newest_stay(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.load.settings", partial(Settings, keep_builds=2))
    ids = [county.load().build_id for _ in range(3)]
    assert builds(county.store) == ids[1:]
    assert current_build_id(county.store) == ids[-1]


def test_the_newest_builds_stay_whatever_their_recipe_is_called(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.load.settings", partial(Settings, keep_builds=2))
    county.load()
    county.edit("county.toml", 'name = "tiny"', 'name = "another"')
    ids = [county.load().build_id for _ in range(2)]
    assert set(builds(county.store)) == set(ids)


# --- coordinates ----------------------------------------------------------------------------------


def test_exchanged_lon_and_lat_are_told_apart_from_a_wrong_crs(county: County) -> None:
    county.edit("county.toml", 'lon = "经度", lat = "纬度" }', 'lon = "纬度", lat = "经度" }')
    with pytest.raises(DataError) as caught:
        county.load()
    assert caught.value.code in ("swapped_axes", "crs_range")


@pytest.mark.parametrize("crs", ["EPSG:2362", "EPSG:4610", "EPSG:4214"])
def test_xian_80_and_beijing_54_are_refused_with_the_reason(county: County, crs: str) -> None:
    county.edit("county.toml", GRID_COLUMNS, GRID_COLUMNS + f'\ncrs = "{crs}"')
    with pytest.raises(DataError, match="seven parameters"):
        county.load()


def test_gcj02_points_are_brought_home(county: County) -> None:
    """The same county with its platform's points shifted to GCJ-02 and declared so."""
    before = county.build().query("select issue_id, lon, lat from core_issue order by issue_id")
    lines = []
    for line in LINES:
        *head, lon, lat = line.split(",")
        x, y = wgs84_to_gcj02(np.array([float(lon)]), np.array([float(lat)]))
        lines.append(",".join([*head, f"{x[0]:.7f}", f"{y[0]:.7f}"]))
    county.platform(lines)
    county.edit("county.toml", PLATFORM_CRS, PLATFORM_CRS.replace("EPSG:4326", "GCJ-02"))
    after = county.build().query("select issue_id, lon, lat from core_issue order by issue_id")
    np.testing.assert_allclose(after[["lon", "lat"]], before[["lon", "lat"]], atol=2e-7)


@pytest.mark.parametrize("says", ["EPSG::4326", "EPSG::4490"])
def test_gcj02_shapes_are_brought_home_whatever_their_file_says(county: County, says: str) -> None:
    """No file format has a name for GCJ-02: a Shapefile or GeoJSON of it says WGS84 or CGCS2000."""
    before = county.build().query("select grid_id, lon, lat from core_grid order by grid_id")
    layer = json.loads((county.root / "grids.geojson").read_text("utf-8"))
    layer["crs"] = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:{says}"}}
    for drawn in layer["features"]:
        drawn["geometry"]["coordinates"] = [
            np.column_stack(wgs84_to_gcj02(*np.array(ring).T)).tolist()
            for ring in drawn["geometry"]["coordinates"]
        ]
    county.write("grids.geojson", json.dumps(layer, ensure_ascii=False))
    county.edit("county.toml", GRID_COLUMNS, GRID_COLUMNS + '\ncrs = "GCJ-02"')
    after = county.build().query("select grid_id, lon, lat from core_grid order by grid_id")
    np.testing.assert_allclose(after[["lon", "lat"]], before[["lon", "lat"]], atol=2e-6)


def test_gcj02_is_no_name_for_a_file_in_metres(county: County) -> None:
    layer = json.loads((county.root / "grids.geojson").read_text("utf-8"))
    layer["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4546"}}
    county.write("grids.geojson", json.dumps(layer, ensure_ascii=False))
    county.edit("county.toml", GRID_COLUMNS, GRID_COLUMNS + '\ncrs = "GCJ-02"')
    with pytest.raises(DataError) as caught:
        county.load()
    assert caught.value.code == "crs_differs"


def test_an_id_that_excel_has_cut_is_refused_with_the_remedy(county: County) -> None:
    county.platform([LINES[0].replace("A01", "2.02505E+18"), *LINES[1:]])
    assert refused_of(county) == [(2, "2.02505E+18", "ruined_id")]


def test_a_prefix_hides_no_fault_of_the_id_it_stands_before(county: County) -> None:
    county.edit("county.toml", PLATFORM_CRS, PLATFORM_CRS + '\nid_prefix = "P-"')
    county.platform([LINES[0].replace("A01", "2.02505E+18"), PLATFORM, *LINES[1:]])
    assert refused_of(county) == [
        (2, "2.02505E+18", "ruined_id"),
        (3, "案卷编号", "header_row"),
    ]
    ids = county.served().query("select issue_id from core_issue where issue_id like 'P-%'")
    assert len(ids) == len(LINES) - 1


def test_a_long_number_in_a_workbook_has_lost_its_end(county: County) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(county.root / "ledger.xlsx") as book:
        page = book.add_worksheet("台账")
        page.write_row(
            0, 0, ["台账编号", "问题小类", "责任单位", "检查时间", "整改完成时间", "经度", "纬度"]
        )
        page.write_row(1, 0, [2025050461039900001, "", "", "2025-03-01", "", *lonlat(1, 1)])
        page.write_row(2, 0, [123456789012345, "", "", "2025-03-01", "", *lonlat(1, 1)])
    assert [(row, reason) for row, _, reason in refused_of(county)] == [(2, "ruined_id")]


def test_deadlines_in_words_count_from_the_report(county: County) -> None:
    words = {"A01": "3天", "A02": "立行立改", "A03": "2025-03-09", "A04": "看情况"}
    county.write(
        "platform.csv",
        "\r\n".join([PLATFORM + ",整改时限", *(f"{line},{words.get(line[:3], '')}" for line in LINES)]),
        "gbk",
    )
    county.edit("county.toml", 'closed_at = "结案时间"', 'closed_at = "结案时间", due_at = "整改时限"')
    assert refused_of(county) == [(5, "看情况", "not_a_deadline")]
    due = county.served().query("select issue_id, due_at from core_issue where due_at is not null")
    assert {k: f"{v:%m-%d %H:%M}" for k, v in due.itertuples(index=False)} == {
        "A01": "03-05 00:00",
        "A02": "03-03 08:00",
        "A03": "03-09 00:00",
    }
