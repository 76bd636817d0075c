"""Read files as they are: every column as text, every record with its row, nothing judged yet."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pyogrio
import shapely
from python_calamine import CalamineError, CalamineWorkbook

from data.messages import DataError
from etl.recipe import Dataset

Geometries = npt.NDArray[np.object_]


@dataclass
class RawFile:
    """One file: `source` as it is, `frame` with our column names; the index is the row number.

    Every value is text or missing.
    Rows count as a spreadsheet does: the header is row 1, the first record row 2. In a vector file,
    which has no header, the first record is row 1.
    """

    path: Path
    source: pd.DataFrame
    sha256: str = ""
    frame: pd.DataFrame = field(default_factory=pd.DataFrame)
    headers: dict[str, str] = field(default_factory=dict)  # our column -> the file's column
    geometry: Geometries | None = None
    crs: str = ""
    malformed: dict[int, str] = field(default_factory=dict)  # row -> what is wrong with the line

    @property
    def name(self) -> str:
        """The file's name, for messages."""
        return self.path.name

    @property
    def rows_read(self) -> int:
        """Records in the file, malformed lines included."""
        return len(self.source) + len(self.malformed)


def find_files(dataset: Dataset, folder: Path) -> list[Path]:
    """The dataset's files, each pattern's matches in name order. Raises DataError if one has none."""
    found: list[Path] = []
    for pattern in dataset.files:
        matches = sorted(path for path in folder.glob(pattern) if path.is_file())
        if not matches:
            raise DataError("missing_file", pattern=pattern, folder=folder)
        found += matches
    return found


def read_file(path: Path, dataset: Dataset) -> RawFile:
    """One file with the dataset's columns under our names. Raises DataError."""
    content = path.read_bytes()
    if not content:
        raise DataError("empty_file", file=path.name)
    readers = {
        "csv": _read_csv,
        "xlsx": _read_xlsx,
        "parquet": _read_parquet,
        "vector": _read_vector,
    }
    raw = readers[dataset.format](path, content, dataset)
    if raw.rows_read == 0:
        raise DataError("empty_file", file=path.name)
    raw.sha256 = hashlib.sha256(content).hexdigest()
    raw.frame = _rename(raw.source, dataset, raw.name)
    raw.headers = dataset.columns
    return raw


def _rename(frame: pd.DataFrame, dataset: Dataset, file: str) -> pd.DataFrame:
    """Our columns only; `"{PRE_DIR} {STREET}"` in a recipe joins columns of the file."""
    renamed = {}
    for ours, theirs in dataset.columns.items():
        needed = [name for _, name, _, _ in Formatter().parse(theirs) if name] or [theirs]
        for name in needed:
            if name not in frame.columns:
                found = ", ".join(map(str, frame.columns))
                raise DataError("missing_column", file=file, column=name, field=ours, found=found)
        renamed[ours] = frame[theirs] if needed == [theirs] else _join(frame, theirs)
    return pd.DataFrame(renamed, index=frame.index)


def _join(frame: pd.DataFrame, template: str) -> pd.Series[str]:
    joined = pd.Series("", index=frame.index, dtype="str")
    for literal, name, _, _ in Formatter().parse(template):
        joined = joined + literal + (frame[name].fillna("") if name else "")
    return joined.str.replace(r"\s+", " ", regex=True).str.strip()


def _unzip(path: Path, content: bytes) -> bytes:
    if path.suffix != ".gz":
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError) as error:
        raise DataError("unreadable_file", file=path.name, format="gzip", detail=error) from error


def _read_csv(path: Path, content: bytes, dataset: Dataset) -> RawFile:
    utf8 = _to_utf8(path, _unzip(path, content), dataset.encoding)
    malformed: dict[int, str] = {}
    try:
        table = _parse_csv(utf8)
    except pa.ArrowInvalid as error:
        if "CSV parser got out of sync" not in str(error) and "Expected" not in str(error):
            raise DataError("unreadable_file", file=path.name, format="csv", detail=error) from error
        table = _parse_csv(utf8, malformed)
    frame = _text_frame(table)
    rows = np.arange(2, 2 + len(frame) + len(malformed))
    frame.index = pd.Index(rows[~np.isin(rows, list(malformed))], name="row")
    return RawFile(path, frame, malformed=malformed)


def _to_utf8(path: Path, content: bytes, encoding: str) -> bytes:
    """The text as UTF-8 without a byte-order mark; strict, so that a wrong encoding is noticed."""
    try:
        if codecs.lookup(encoding).name == "utf-8":
            content.decode("utf-8")
            return content.removeprefix(codecs.BOM_UTF8)
        return content.decode(encoding).encode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            "wrong_encoding",
            file=path.name,
            encoding=encoding,
            byte=hex(content[error.start]),
            position=error.start,
        ) from error


def _parse_csv(utf8: bytes, malformed: dict[int, str] | None = None) -> pa.Table:
    """All columns as text. Arrow tells the number of a bad line only when it reads in one thread."""

    def note(row: pa.csv.InvalidRow) -> str:
        assert malformed is not None  # noqa: S101 for the type checker
        malformed[row.number] = f"{row.actual_columns} columns instead of {row.expected_columns}"
        return "skip"

    names = pa.csv.open_csv(
        io.BytesIO(utf8),
        parse_options=pa.csv.ParseOptions(invalid_row_handler=lambda _: "skip"),
    ).schema.names
    return pa.csv.read_csv(
        pa.py_buffer(utf8),
        read_options=pa.csv.ReadOptions(use_threads=malformed is None, block_size=1 << 24),
        parse_options=pa.csv.ParseOptions(
            newlines_in_values=b'"' in utf8,
            invalid_row_handler=note if malformed is not None else None,
        ),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    )


def _read_parquet(path: Path, content: bytes, _dataset: Dataset) -> RawFile:
    try:
        table = pa.parquet.read_table(pa.py_buffer(content))
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError("unreadable_file", file=path.name, format="parquet", detail=error) from error
    text = pa.table({name: table[name].cast(pa.string()) for name in table.column_names})
    frame = _text_frame(text)
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="row")
    return RawFile(path, frame)


def _text_frame(table: pa.Table) -> pd.DataFrame:
    """Arrow text columns as they are: pandas' own `str` would copy a million strings."""
    return table.to_pandas(types_mapper={pa.string(): pd.StringDtype("pyarrow")}.get)


def _read_xlsx(path: Path, content: bytes, dataset: Dataset) -> RawFile:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheet = book.get_sheet_by_name(dataset.sheet) if dataset.sheet else book.get_sheet_by_index(0)
        cells = sheet.to_python(skip_empty_area=False)
    except (CalamineError, ValueError) as error:
        raise DataError("unreadable_file", file=path.name, format="xlsx", detail=error) from error
    if not cells:
        raise DataError("empty_file", file=path.name)
    header, *records = [[_cell_text(cell) for cell in line] for line in cells]
    frame = pd.DataFrame(records, columns=header, dtype=pd.StringDtype("pyarrow"))
    frame.index = pd.RangeIndex(2, len(frame) + 2, name="row")
    return RawFile(path, frame[(frame != "").any(axis=1)])


def _cell_text(cell: object) -> str:
    """A cell as a person reads it: whole numbers without .0, times in ISO form."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _read_vector(path: Path, content: bytes, dataset: Dataset) -> RawFile:
    """GeoJSON (also gzipped) from memory; a Shapefile by path, as its parts lie beside it."""
    source = path if path.suffix == ".shp" else io.BytesIO(_unzip(path, content))
    options = {"encoding": dataset.encoding} if path.suffix == ".shp" and dataset.encoding else {}
    try:
        meta, _, wkb, values = pyogrio.raw.read(source, **options)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, UnicodeError) as error:
        raise DataError("unreadable_file", file=path.name, format="vector", detail=error) from error
    columns = {
        name: pd.Series([_attribute_text(v) for v in column], dtype=pd.StringDtype("pyarrow"))
        for name, column in zip(meta["fields"], values, strict=True)
    }
    frame = pd.DataFrame(columns, index=range(len(wkb)))
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="row")
    return RawFile(path, frame, geometry=shapely.from_wkb(wkb), crs=meta["crs"] or "")


def _attribute_text(value: object) -> str | None:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    return _cell_text(float(value) if isinstance(value, np.floating) else value)
