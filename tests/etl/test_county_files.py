"""Files as counties have them: titles above the headings, layers, silent encodings, old datums."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
import xlsxwriter

from data.messages import DataError
from etl.draft import draft_recipe, look
from etl.extract import RawFile, find_files, header_row, read_file
from etl.guard import read_guarded
from etl.recipe import Dataset
from etl.validate import effective_crs
from tests.conftest import ISSUES, LEDGER, PLATFORM, County, issue_line, lonlat

HEADINGS = ["台账编号", "问题小类", "责任单位", "检查时间", "整改完成时间", "经度", "纬度"]
SEVEN = "+proj=tmerc +lon_0=111 +x_0=500000 +a=6378140 +b=6356755.288 +towgs84=1,2,3,4,5,6,7 +units=m"
PLACEMARK = "<Placemark><name>{}</name><Point><coordinates>111,30</coordinates></Point></Placemark>"


def load(path: Path, format_: str, columns: dict[str, str], **more: Any) -> RawFile:
    facts = {"files": [path.name], "format": format_, "columns": columns} | more
    return read_file(path, Dataset.model_validate(facts), path.name)


def write_book(path: Path, sheets: dict[str, list[list[object]]], merged: str = "") -> Path:
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
            for cells in merged.split():
                text, place = cells.split("=")
                sheet.merge_range(place, text, book.add_format())
    return path


def write_kml(path: Path, folders: dict[str, list[str]], loose: list[str] | None = None) -> Path:
    body = "".join(PLACEMARK.format(n) for n in loose or []) + "".join(
        f"<Folder><name>{name}</name>{''.join(PLACEMARK.format(n) for n in names)}</Folder>"
        for name, names in folders.items()
    )
    head = '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2">'
    text = f"{head}<Document>{body}</Document></kml>"
    if path.suffix == ".kmz":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("doc.kml", text)
    else:
        path.write_text(text, "utf-8")
    return path


def write_layer(path: Path, names: list[str], heading: str = "网格编号", **more: Any) -> Path:
    shapes = [shapely.to_wkb(shapely.box(519_000 + n, 3_375_000, 519_600 + n, 3_376_000))
              for n in range(len(names))]  # fmt: skip
    options = {"geometry_type": "Polygon", "crs": "EPSG:4546"} | more
    wkb = None if options["geometry_type"] is None else np.array(shapes, object)
    pyogrio.raw.write(path, wkb, [np.array(names, object)], [heading], **options)
    return path


# --- layers and sheets ----------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["kml", "kmz", "gpkg"])
def test_of_several_layers_none_is_lost_silently(tmp_path: Path, suffix: str) -> None:
    path, columns = tmp_path / f"a.{suffix}", {"issue_id": "编号" if suffix == "gpkg" else "Name"}
    if suffix == "gpkg":
        for layer, names in {"空": [], "一": ["G1"], "二": ["G2", "G3"]}.items():
            write_layer(path, names, "编号", layer=layer, driver="GPKG", append=layer != "空")
    else:
        write_kml(path, {"空": [], "一": ["G1"], "二": ["G2", "G3"]})
    raw, shape = look(path, read=read_guarded)
    assert raw.sheets == ["空", "一", "二"]
    assert (raw.sheet, shape["sheet"], raw.rows_read) == ("一", "一", 1), "a look shows what there is"
    assert look(path, "二")[0].rows_read == 2
    with pytest.raises(DataError, match="空, 一, 二") as caught:
        load(path, "vector", columns)
    assert caught.value.code == "several_layers"
    assert load(path, "vector", columns, sheet="二").frame["issue_id"].tolist() == ["G2", "G3"]


def test_a_layer_alone_needs_no_name(tmp_path: Path) -> None:
    raw = load(write_kml(tmp_path / "a.kml", {"一": ["G1"]}), "vector", {"issue_id": "Name"})
    assert (raw.rows_read, raw.sheets) == (1, ["一"])


@pytest.mark.parametrize("suffix", ["kml", "kmz"])
def test_what_lies_in_no_folder_can_be_named_too(tmp_path: Path, suffix: str) -> None:
    path = write_kml(tmp_path / f"a.{suffix}", {"一": ["G1"]}, ["G2"])
    assert look(path)[0].sheets == ["Document", "一"]
    raw = load(path, "vector", {"issue_id": "Name"}, sheet="Document")
    assert raw.frame["issue_id"].tolist() == ["G2"]
    with pytest.raises(DataError, match="二"):
        load(path, "vector", {"issue_id": "Name"}, sheet="二")


def test_a_geopackage_may_hold_a_plain_table(tmp_path: Path) -> None:
    path = write_layer(
        tmp_path / "a.gpkg", ["城管局"], "部门", geometry_type=None, crs=None, driver="GPKG"
    )
    raw, _ = look(path, read=read_guarded)
    assert raw.geometry is None
    assert raw.source["部门"].tolist() == ["城管局"]


def test_a_look_leafs_past_the_cover_and_a_load_does_not(tmp_path: Path) -> None:
    table = [["编号", "类别"], ["1", "垃圾"]]
    for cover in ([], [["二〇二五年台账"]]):
        path = write_book(tmp_path / "a.xlsx", {"封面": cover, "台账": table})
        raw, shape = look(path, read=read_guarded)
        assert raw.source["编号"].tolist() == ["1"]
        assert shape == {"format": "xlsx", "sheet": "台账", "header_row": 1}
        with pytest.raises(DataError):
            load(path, "xlsx", {"issue_id": "编号"})
    assert 'sheet = "台账"' in draft_recipe([path], "a")


# --- the row of the headings ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["a", "b"], ["1", "2"]], 1),
        ([["标题", "", ""], ["a", "b", "c"], ["1", "2", "3"]], 2),
        ([["标题", "标题", "标题"], ["a", "b", "c"]], 2),  # a merged cell, filled by another program
        ([[], ["", ""], ["填报：张三", "", "", "日期", ""], ["a", "b", "c", "d", "e"]], 4),
        ([["a"], ["1"]], 0),
        ([], 0),
    ],
)
def test_the_row_of_the_headings_is_proposed(rows: list[list[str]], expected: int) -> None:
    assert header_row(rows) == expected


def test_a_title_above_the_headings_of_a_workbook(tmp_path: Path) -> None:
    rows: list[list[object]] = [[], ["台账"], ["编号", "类别", "时间"], ["1", "垃圾", "x"], [], ["2"]]
    path = write_book(tmp_path / "a.xlsx", {"台账": rows}, "2025年3月问题台账=A2:C2")
    raw, shape = look(path, read=read_guarded)
    assert shape["header_row"] == raw.header_row == 3
    assert raw.source.index.tolist() == [4, 6], "rows as the spreadsheet counts them"
    assert "header_row = 3" in draft_recipe([path], "a")
    raw = load(path, "xlsx", {"issue_id": "编号"}, header_row=3)
    assert raw.frame["issue_id"].to_dict() == {4: "1", 6: "2"}
    with pytest.raises(DataError):
        load(path, "xlsx", {"issue_id": "编号"}, header_row=7)


def test_a_header_of_two_rows(tmp_path: Path) -> None:
    """Lone headings are merged downwards, 位置 stands above two."""
    rows: list[list[object]] = [["台账"], [], ["", "", "经度", "纬度"], ["1", "垃圾", "111", "30"]]
    merged = "台账=A1:D1 编号=A2:A3 类别=B2:B3 位置=C2:D2"
    raw, shape = look(write_book(tmp_path / "a.xlsx", {"s": rows}, merged))
    assert shape["header_row"] == 3
    assert raw.source.columns.tolist() == ["编号", "类别", "经度", "纬度"]
    assert raw.source.loc[4].tolist() == ["1", "垃圾", "111", "30"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_title_above_the_headings_of_a_text(tmp_path: Path, encoding: str, end: str) -> None:
    lines = ["2025年3月", "", "编号\t类别\t路", "1\t垃圾\t东", "2\t多\t列\t了", "", "3\t垃圾\t西", ""]
    path = tmp_path / "a.txt"
    path.write_bytes(end.join(lines).encode(encoding))
    raw, shape = look(path, read=read_guarded)
    assert (shape["delimiter"], shape["header_row"]) == ("\t", 3)
    assert raw.source["编号"].to_dict() == {4: "1", 7: "3"}
    assert list(raw.malformed) == [5]
    again = load(path, "csv", {"issue_id": "编号"}, **{k: v for k, v in shape.items() if k != "format"})
    assert again.source.equals(raw.source)


def test_a_title_of_two_lines_is_one_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes('"某县\n台账",,\n编号,类别,路\n1,x,y\n'.encode())
    raw, shape = look(path)
    assert (shape["header_row"], raw.source.index.tolist()) == (2, [3])


def test_a_wrong_byte_keeps_its_place_below_a_title(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("台账\n编号,路\n".encode() + b"1,\xff\n")
    with pytest.raises(DataError) as caught:
        load(path, "csv", {"issue_id": "编号"}, header_row=2)
    assert caught.value.facts["position"] == len("台账\n编号,路\n".encode()) + 2


def test_a_fault_below_a_title_has_the_row_of_the_spreadsheet(
    tiny_county: Callable[[], County],
) -> None:
    county = tiny_county()
    rows = [[n, a, "县住建局", rep, cl, *lonlat(x, y)] for n, a, rep, cl, x, y in LEDGER]
    rows[1][3] = "昨天"
    write_book(county.root / "ledger.xlsx", {"台账": [["标题"], [], HEADINGS, *rows]})
    county.edit("county.toml", 'sheet = "台账"', 'sheet = "台账"\nheader_row = 3')
    lines = [issue_line(ISSUES[0]).replace("2025-03-01 08:00:00", "前天")]
    county.write("platform.csv", "\r\n".join(["标题", PLATFORM, *lines, lines[0] + ",多"]), "gbk")
    county.edit("county.toml", 'encoding = "gb18030"', 'encoding = "gb18030"\nheader_row = 2')
    with pytest.raises(DataError, match="前天"):
        county.load()
    lines.append(lines[0].replace("前天", "2025-03-01").replace("A01", "A99"))
    county.write("platform.csv", "\r\n".join(["标题", PLATFORM, *lines]), "gbk")
    refused = county.load().refused
    assert refused[["file", "row"]].to_numpy().tolist() == [["platform.csv", 3], ["ledger.xlsx", 5]]


# --- headings -------------------------------------------------------------------------------------


def test_headings_that_are_equal_or_blank_can_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("编号,备注,,备注,\n1,a,b,c,d\n".encode())
    raw, _ = look(path)
    assert raw.source.columns.tolist() == ["编号", "备注.1", "列3", "备注.2", "列5"]
    columns = {"issue_id": "编号", "description": "{备注.1} {列3}", "address": "备注.2"}
    for read in (read_file, read_guarded):
        frame = read(path, Dataset(files=["a"], format="csv", columns=columns), "a").frame
        assert frame.iloc[0].tolist() == ["1", "a b", "c"]
    with pytest.raises(DataError, match=r"备注\.1") as caught:
        load(path, "csv", {"issue_id": "备注"})
    assert caught.value.code == "repeated_column"


# --- Shapefiles -----------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # GDAL cuts headings at 10 bytes
@pytest.mark.parametrize("encoding", ["GBK", "UTF-8"])
@pytest.mark.parametrize(("heading", "cut"), [("网格", ""), ("责任单位名称", "责任单")])
def test_a_shapefile_that_does_not_say_its_encoding(
    tmp_path: Path, encoding: str, heading: str, cut: str
) -> None:
    names = ["城关镇一号网格", "二号", "G3", "联通"]
    path = write_layer(tmp_path / "网格[2025].shp", names, heading, encoding=encoding)
    assert look(path)[0].source.iloc[:, 0].tolist() == names, "by its .cpg"
    path.with_suffix(".cpg").unlink()
    raw, _ = look(path, read=read_guarded)
    assert raw.source.iloc[:, 0].tolist() == names
    assert raw.source.columns[0].startswith(cut or heading)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for part in tmp_path.iterdir():
            archive.write(part, part.name)
    (tmp_path / "a.zip").write_bytes(packed.getvalue())
    assert look(tmp_path / "a.zip")[0].source.equals(raw.source)


def test_a_shapefile_in_neither_encoding_is_refused(tmp_path: Path) -> None:
    path = write_layer(tmp_path / "a.shp", ["Café"], "name", encoding="ISO-8859-1")
    path.with_suffix(".cpg").unlink(missing_ok=True)
    with pytest.raises(DataError) as caught:
        look(path)
    assert caught.value.code == "wrong_encoding"


def test_a_file_with_brackets_in_its_name_is_found(tmp_path: Path) -> None:
    path = write_layer(tmp_path / "g[2025].shp", ["G1"], "gid")
    dataset = Dataset(files=["g[2025].shp"], format="vector", columns={"grid_id": "gid"})
    assert find_files(dataset, tmp_path) == [path]


# --- Xi'an 80 and Beijing 54 ----------------------------------------------------------------------


@pytest.mark.parametrize("crs", ["EPSG:2383", "EPSG:2436"])
def test_a_shapefile_in_an_old_datum_is_refused_with_the_reason(
    tiny_county: Callable[[], County], crs: str
) -> None:
    county = tiny_county()
    write_layer(county.root / "grids.shp", ["G1"], "gid", crs=crs)
    county.edit("county.toml", '"grids.geojson"', '"grids.shp"')
    county.edit("county.toml", 'grid_id = "网格编号", grid_name = "网格名称", lead_unit = "牵头单位" }',
                'grid_id = "gid" }')  # fmt: skip
    with pytest.raises(DataError, match=r"grids\.shp.*seven parameters") as caught:
        county.load()
    assert caught.value.code == "old_datum"
    assert "七参数" in caught.value.zh


def test_the_seven_parameters_of_the_county_make_it_usable() -> None:
    assert effective_crs("EPSG:2383", SEVEN) == SEVEN
    with pytest.raises(DataError):
        effective_crs("EPSG:2383", "EPSG:4546")
