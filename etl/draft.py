"""Draft a recipe for files that nobody has described yet."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import shapely

from data.catalog import TABLES
from etl.extract import RawFile, read_file, unzip
from etl.propose import Proposal, propose_columns, propose_table
from etl.recipe import POINT_COLUMNS, Dataset
from geo.crs import parse_crs

FORMATS = {".csv": "csv", ".txt": "csv", ".xlsx": "xlsx", ".xls": "xlsx", ".parquet": "parquet"}
HEAD = """# Drafted from the files' headings and values. Check every line, then:
# python -m etl build --source {name}.toml
name = "{name}"
title = "某某县"
root = "{root}"
timezone = "Asia/Shanghai"
compute_crs = "{crs}"  # metres: {why}
"""
LONLAT_HINT = 'crs = "EPSG:4326"  # or "GCJ-02" (phones, 高德, 腾讯) or "BD-09" (百度): ask who made it'


def draft_recipe(paths: list[Path], name: str) -> str:
    """The text of a recipe for these files, which lie in one folder. Raises DataError."""
    files = [look(path) for path in paths]
    crs, why = _compute_crs([raw for raw, _ in files])
    root = paths[0].parent.resolve().as_posix()
    head = HEAD.format(name=name, root=root, crs=crs, why=why)
    return "\n".join([head, *(_block(raw, shape) for raw, shape in files)])


def look(
    path: Path, sheet: str = "", read: Callable[[Path, Dataset, str], RawFile] = read_file
) -> tuple[RawFile, dict[str, Any]]:
    """The file as it is, and how it was read: keys of a Dataset. Raises DataError.

    sheet  of a workbook or a vector file; empty: the first that holds a table.
    """
    shape = file_shape(path)
    asked = {"files": [path.name], "columns": {}, "sheet": sheet, "header_row": 0}
    raw = read(path, Dataset.model_validate(asked | shape), path.name)
    if len(raw.sheets) > 1:
        shape["sheet"] = raw.sheet
    return raw, shape | {"header_row": raw.header_row}


def file_shape(path: Path) -> dict[str, Any]:
    """How to read a file, by its name and its text: keys of a Dataset."""
    shape = {"format": FORMATS.get(_suffix(path), "vector")}
    return shape | (_text_shape(path) if shape["format"] == "csv" else {})


def _compute_crs(files: list[RawFile]) -> tuple[str, str]:
    """The zone in metres that the first shapes in degrees lie in: CGCS2000 in China, else UTM."""
    for raw in files:
        if raw.geometry is not None and raw.crs and parse_crs(raw.crs).is_geographic:
            west, south, east, north = shapely.total_bounds(raw.geometry)
            return compute_crs_of((west + east) / 2, (south + north) / 2)
    return "EPSG:0000", "the county's zone, from EPSG:4534 (75 E) to EPSG:4554 (135 E)"


def compute_crs_of(lon: float, lat: float) -> tuple[str, str]:
    """The zone in metres for a place, and its name: CGCS2000 3-degree in China, else UTM."""
    if 73.5 <= lon <= 136.5 and 3 <= lat <= 54:
        zone = round(lon / 3)
        return f"EPSG:{4534 + zone - 25}", f"CGCS2000, central meridian {3 * zone} E"
    return f"EPSG:{(32600 if lat > 0 else 32700) + int((lon + 180) // 6) + 1}", "UTM zone"


def _block(raw: RawFile, shape: dict[str, Any]) -> str:
    table = propose_table(raw.source, has_shapes=_shapes(raw))
    proposals = propose_columns(raw.source, TABLES[table])
    mapped = {proposal.field: proposal for proposal in proposals}
    columns = TABLES[table].file_columns
    missing = [c for c in columns if c.required and c.name not in mapped]
    used = {proposal.header for proposal in proposals}
    unused = [str(header) for header in raw.source.columns if header not in used]
    lines = [
        f"[[{table}]]",
        f'files = ["{raw.name}"]',
        *(
            f"{key} = {json.dumps(value, ensure_ascii=False)}"
            for key, value in shape.items()
            if value and (key, value) != ("header_row", 1)
        ),
        *([LONLAT_HINT] if "lon" in mapped and not (_is_layer(mapped) and raw.crs) else []),
        f"[{table}.columns]",
        *(f"{p.field} = {json.dumps(p.header, ensure_ascii=False)}  # {p.reason}" for p in proposals),
        *(f'{column.name} = ""  # REQUIRED, not found: {column.meaning}' for column in missing),
        *([f"# not used: {', '.join(unused)}"] if unused else []),
    ]
    return "\n".join(lines) + "\n"


def _suffix(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    return suffixes[-1] if suffixes else ""


def _is_layer(mapped: dict[str, Proposal]) -> bool:
    """Whether the coordinates are those of a layer of points, whose file says its CRS."""
    return mapped["lon"].header == POINT_COLUMNS[0]


def _shapes(raw: RawFile) -> str:
    """The kind of shapes; points are columns, and nothing to tell a table by."""
    if raw.geometry is None:
        return ""
    dimension = int(pd.Series(shapely.get_dimensions(raw.geometry)).max())
    return {1: "line", 2: "polygon"}.get(dimension, "")


def _text_shape(path: Path) -> dict[str, str]:
    """Encoding and separator: UTF-8 if it is, else GB18030; what the first line with any has most of.

    Excel saves "Unicode text" as UTF-16, with a mark in front.
    """
    content = unzip(path, path.name, path.read_bytes())
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text, encoding = content.decode("utf-16", errors="replace"), "utf-16"
    else:
        try:
            text, encoding = content.decode("utf-8"), ""
        except UnicodeDecodeError:
            text, encoding = content.decode("gb18030", errors="replace"), "gb18030"
    lines = re.split(r"[\r\n]+", text[:100_000])
    counts = ({mark: line.count(mark) for mark in ",\t;|"} for line in lines)
    most = next((count for count in counts if any(count.values())), {",": 1})
    return {"encoding": encoding, "delimiter": max(most, key=most.__getitem__)}
