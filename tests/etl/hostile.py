"""Files that harm whoever reads them without care. Each function writes one, small on disk."""

from __future__ import annotations

import gzip
import os
import sqlite3
import stat
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyogrio
import shapely

from etl.guard import Limits

SECRET = "TOP-SECRET-42"  # stands in a file beside each hostile one
MIB = 1 << 20
TIGHT = Limits(memory=3 << 29, wall=60)


Write = Callable[[Path], object]


@dataclass(frozen=True)
class Hostile:
    """A file, the recipe's format that it is read with, and a word of the refusal."""

    file: str
    write: Write
    format: str
    says: str = ""
    limits: Limits = field(default=TIGHT)


def late(make: Callable[[Path], Write]) -> Write:
    """What is too large to be kept, or needs to know its place, is made when it is written."""
    return lambda path: make(path)(path)


def text(content: str | bytes) -> Write:
    """That content as it is."""
    data = content if isinstance(content, bytes) else content.encode()
    return lambda path: path.write_bytes(data)


def archive(*entries: tuple[str, str | bytes], mode: int = 0) -> Write:
    """A zip of these entries; `mode` is of the first one, as Unix has it."""

    def write(path: Path) -> None:
        with warnings.catch_warnings(), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            warnings.simplefilter("ignore")  # of two entries of one name
            for number, (name, content) in enumerate(entries):
                entry = zipfile.ZipInfo(name)
                entry.filename = name  # as it is, also where the system would change it
                entry.external_attr = (mode if number == 0 else 0) << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                file.writestr(entry, content)

    return write


SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{}</worksheet>'
CELL = '<c r="{}" t="inlineStr"><is><t>{}</t></is></c>'
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORKBOOK = (
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    f'xmlns:r="{RELATIONS}"><sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>'
)
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def workbook(rows: str, *more: tuple[str, str | bytes], head: str = "", mode: int = 0) -> Write:
    """The smallest workbook with that sheet data."""
    relation = f'<Relationship Id="r1" Type="{RELATIONS}/{{}}" Target="{{}}"/>'
    relations = f'<Relationships xmlns="{PACKAGE}/relationships">{relation}</Relationships>'
    return archive(
        *more,
        ("[Content_Types].xml", f'<Types xmlns="{PACKAGE}/content-types"/>'),
        ("_rels/.rels", relations.format("officeDocument", "xl/workbook.xml")),
        ("xl/_rels/workbook.xml.rels", relations.format("worksheet", "worksheets/sheet1.xml")),
        (
            "xl/workbook.xml",
            WORKBOOK,
        ),
        ("xl/worksheets/sheet1.xml", head + SHEET.format(f"<sheetData>{rows}</sheetData>")),
        mode=mode,
    )


HEADER = '<row r="1">' + CELL.format("A1", "id") + "</row>"
FAR = HEADER + '<row r="1048576">' + CELL.format("XFD1048576", "x") + "</row>"
RECORD = HEADER + '<row r="2">' + CELL.format("A2", "{}") + "</row>"


LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a0 "lollollollol">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + "]>"
)


def kml(head: str, name: str) -> str:
    """A KML of one point."""
    return (
        f'<?xml version="1.0"?>{head}<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark>'
        f"<name>{name}</name><Point><coordinates>111,30</coordinates></Point>"
        "</Placemark></Document></kml>"
    )


def virtual(path: Path) -> None:
    """A GDAL VRT, whatever its name says: it makes GDAL read any other file."""
    path.write_text(
        '<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>'
        f"{path.with_name('secret.csv')}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    )


def virtual_table(path: Path) -> None:
    """A GeoPackage whose only layer is a window on another file."""
    point = np.array([shapely.to_wkb(shapely.Point(111, 30))], dtype=object)
    ids = [np.array(["1"], dtype=object)]
    pyogrio.raw.write(path, point, ids, ["id"], layer="a", geometry_type="Point", crs="EPSG:4326")
    with sqlite3.connect(path) as base:
        base.execute("delete from gpkg_contents")
        base.execute("delete from gpkg_geometry_columns")
        base.execute("pragma writable_schema = 1")
        made = f"CREATE VIRTUAL TABLE v USING VirtualOGR('{path.with_name('secret.csv')}')"
        base.execute("insert into sqlite_master values ('table', 'v', 'v', 0, ?)", [made])
        base.execute(
            "insert into gpkg_contents (table_name, data_type, identifier) "
            "values ('v', 'attributes', 'v')"
        )
    base.close()


def feature(x: str = "111", properties: str = "{}") -> str:
    """A GeoJSON of one point."""
    return (
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": '
        f'{properties}, "geometry": {{"type": "Point", "coordinates": [{x}, 30]}}}}]}}'
    )


def gzip_bomb(path: Path) -> None:
    """4 GiB in 4 MB."""
    path.write_bytes(gzip.compress(b"id\n" + b"0" * (64 * MIB)) * 64)


def truncated(write: Write) -> Write:
    """The first half of a file."""

    def cut(path: Path) -> None:
        write(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return cut


def lying(path: Path) -> None:
    """A bomb whose directory says that its sheet has 1,000 bytes."""
    rows = HEADER + f'<row r="2">{" " * (200 * MIB)}</row>'
    workbook(rows)(path)
    with zipfile.ZipFile(path) as file:
        size = file.getinfo("xl/worksheets/sheet1.xml").file_size
    said, wrong = size.to_bytes(4, "little"), (1000).to_bytes(4, "little")
    data = path.read_bytes()
    assert said in data
    path.write_bytes(data.replace(said, wrong))


def pipe(path: Path) -> None:
    """A pipe that nobody fills (Windows has none)."""
    os.mkfifo(path)


def no_end(path: Path) -> None:
    """A Shapefile whose attributes come out of a pipe that nobody fills."""
    point = np.array([shapely.to_wkb(shapely.Point(111, 30))], dtype=object)
    ids = [np.array(["1"], dtype=object)]
    pyogrio.raw.write(path, point, ids, ["id"], geometry_type="Point", crs="EPSG:4326")
    path.with_suffix(".dbf").unlink()
    pipe(path.with_suffix(".dbf"))


def parts(size: int = 0) -> list[tuple[str, str | bytes]]:
    """Names of a Shapefile's parts, with zeros as content."""
    return [(f"街道.{part}", b"\0" * size) for part in ("shp", "shx", "dbf")]


def xxe(path: Path) -> str:
    """An XML entity that reads the secret beside a file."""
    return f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{path.with_name("secret.csv")}">]>'


CLIMBING = ["../../x", "/etc/x", "xl\\..\\..\\x", "C:\\x", "\\\\host\\x"]
LINK = stat.S_IFLNK | 0o777
NESTED = 1_000_000
CORPUS = [
    Hostile("bomb.xlsx", late(lambda _: workbook(HEADER + " " * (100 * MIB))), "xlsx", "200 times"),
    Hostile("bomb.zip", late(lambda _: archive(*parts(40 * MIB))), "vector", "200 times"),
    Hostile("bomb.kmz", late(lambda _: archive(("a.kml", " " * (100 * MIB)))), "vector", "200 times"),
    Hostile("large.zip", archive(*parts(MIB)), "vector", "larger than 1 MiB", Limits(unzipped=MIB)),
    Hostile("lying.xlsx", lying, "xlsx"),
    Hostile("many.zip", archive(*((str(n), b"") for n in range(10_001))), "vector", "10000 entries"),
    *(
        Hostile(f"climb{number}.xlsx", workbook(HEADER, (name, "x")), "xlsx", "outside")
        for number, name in enumerate(CLIMBING)
    ),
    Hostile("link.zip", archive(("x.shp", "secret.csv"), mode=LINK), "vector", "link"),
    Hostile("nested.zip", archive(("inner.ZIP", b"PK")), "vector", "another archive"),
    Hostile("twice.xlsx", workbook(HEADER, ("a", "1"), ("a", "2")), "xlsx", "same name"),
    Hostile("xxe.kml", late(lambda path: text(kml(xxe(path), "&e;"))), "vector"),
    Hostile("xxe.xlsx", late(lambda path: workbook(RECORD.format("&e;"), head=xxe(path))), "xlsx"),
    Hostile("laughs.kml", text(kml(LAUGHS, "&a9;")), "vector"),
    Hostile("laughs.xlsx", workbook(RECORD.format("&a9;"), head=LAUGHS), "xlsx"),
    Hostile("vrt.geojson", virtual, "vector"),
    Hostile("vrt.kml", virtual, "vector"),
    Hostile("vrt.gpkg", virtual, "vector"),
    Hostile("table.gpkg", virtual_table, "vector"),
    Hostile("far.xlsx", workbook(FAR), "xlsx", "a cell far"),
    Hostile("pdf.xlsx", text(b"%PDF-1.7\n%\xe2\xe3\n1 0 obj\n"), "xlsx"),
    Hostile("html.xlsx", text("<html><table><tr><td>id</td></tr></table></html>"), "xlsx"),
    Hostile("csv.xlsx", text("id,x\n1,2\n"), "xlsx"),
    Hostile("exe.xlsx", text(b"MZ\x90\0" + bytes(range(256)) * 40), "xlsx"),
    Hostile("ole.xlsx", text(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 4096), "xlsx"),
    Hostile("half.xlsx", truncated(workbook(HEADER)), "xlsx"),
    Hostile("half.zip", truncated(archive(*parts(100))), "vector"),
    Hostile("half.csv.gz", truncated(lambda path: path.write_bytes(gzip.compress(b"id\n1\n"))), "csv"),
    Hostile("deep.geojson", text(feature(properties='{"a":' * 9999 + "1" + "}" * 9999)), "vector"),
    Hostile("arrays.geojson", text("[" * NESTED + "]" * NESTED), "vector"),
    Hostile("rings.geojson", text(feature(x="[" * NESTED + "]" * NESTED)), "vector"),
    Hostile("huge.geojson", text(feature(x="1e400")), "vector"),
    Hostile("bomb.csv.gz", gzip_bomb, "csv", "memory"),
    Hostile("bomb.geojson.gz", gzip_bomb, "vector", "memory"),
    Hostile("slow.csv.gz", gzip_bomb, "csv", "processor time", Limits(cpu=1)),
    Hostile("nul.csv", text(b"id,x\n1,a\0b\n"), "csv"),
    Hostile("line.csv", late(lambda _: text("id,x\n1," + "x" * (50 * MIB))), "csv"),
    Hostile("commas.csv", late(lambda _: text("id,x\n" + "," * (50 * MIB))), "csv"),
    Hostile("bad.csv", text("id,x\n" + "1,2,3\n" * 100_000), "csv", "lines", Limits(malformed=MIB)),
    Hostile("much.csv", text("id,x\n" + "1,2\n" * 100_000), "csv", "1 MiB", Limits(output=MIB)),
    Hostile("utf16.csv", text("id,x\n1,甲\n".encode("utf-16")), "csv"),
    Hostile("bytes.csv", text(bytes(range(256)) * 100), "csv"),
    Hostile("folder.csv", lambda path: path.mkdir(), "csv", "no regular file"),
    Hostile("pipe.csv", pipe, "csv", "no regular file"),
    Hostile("endless.csv", lambda path: path.symlink_to("/dev/zero"), "csv", "no regular file"),
    Hostile("pipe.shp", no_end, "vector", "more than 2 s", Limits(wall=2)),
    Hostile("csv.geojson", text("id,x\n1,2\n"), "vector"),
    Hostile("geojson.csv", text(feature()), "csv"),
    Hostile("workbook.csv", workbook(HEADER), "csv"),
    Hostile("text.parquet", text("id,x\n1,2\n"), "parquet"),
    Hostile("cut.parquet", text(b"PAR1" + b"\xff" * 100 + b"PAR1"), "parquet"),
]
