"""Read files as they are: every column as text, every record with its row, nothing judged yet."""

from __future__ import annotations

import codecs
import contextlib
import csv
import gzip
import hashlib
import io
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath
from string import Formatter
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
import pyogrio
import shapely
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from data.messages import DataError, detail
from etl.recipe import POINT_COLUMNS, Dataset

Geometries = npt.NDArray[np.object_]
Range = tuple[tuple[int, int], tuple[int, int]]  # row and column, from 0, of two corners
TEXT = pd.StringDtype("pyarrow")
SHAPEFILE_PARTS = {".shp", ".shx", ".dbf", ".prj", ".cpg"}
NO_FOLDER = "Document"
LOOKED_AT = 30  # rows among which the headings are
KEEPS_ASCII = ("utf-8", "gb18030", "gbk", "gb2312")  # no byte of 0x00, " or newline inside a character
PIECE = 1 << 15  # bytes decoded at once: what stays in the cache


@dataclass
class RawFile:
    """One file: `source` as it is, `frame` with our column names; the index is the row number.

    Every value is text or missing.
    Rows count as a spreadsheet does: the header is `header_row`, 1 as a rule, the first record below
    it. In a vector file, which has no header, the first record is row 1.
    """

    name: str  # below the recipe's folder, for messages
    source: pd.DataFrame
    sha256: str = ""
    frame: pd.DataFrame = field(default_factory=pd.DataFrame)
    headers: dict[str, str] = field(default_factory=dict)  # our column -> the file's column
    geometry: Geometries | None = None
    crs: str = ""
    malformed: dict[int, tuple[str, str]] = field(default_factory=dict)  # row -> (fault, the line)
    sheets: list[str] = field(default_factory=list)  # of a workbook; the layers of a vector file
    sheet: str = ""  # the one that was read, where there are any
    header_row: int = 1

    @property
    def rows_read(self) -> int:
        """Records in the file, malformed lines included."""
        return len(self.source) + len(self.malformed)


def find_files(dataset: Dataset, folder: Path) -> list[Path]:
    """The dataset's files, each pattern's matches in name order. Raises DataError if one has none."""
    found: list[Path] = []
    for pattern in dataset.files:
        named = folder / pattern  # brackets may belong to a name
        matches = [named] if named.is_file() else sorted(filter(Path.is_file, folder.glob(pattern)))
        if not matches:
            raise DataError("missing_file", pattern=pattern, folder=folder)
        found += [path for path in matches if path not in found]
    return found


def read_file(path: Path, dataset: Dataset, name: str) -> RawFile:
    """One file with the dataset's columns under our names; `name` is for messages. Raises DataError."""
    try:
        content = path.read_bytes()
    except OSError as error:  # on Windows: open in Excel
        raise DataError("unreadable_file", file=name, format="file", detail=error) from error
    if not content:
        raise DataError("empty_file", file=name)
    readers = {
        "csv": _read_csv,
        "xlsx": _read_xlsx,
        "parquet": _read_parquet,
        "vector": _read_vector,
    }
    with ThreadPoolExecutor(1) as beside:  # hashing lets Python go on
        digest = beside.submit(hashlib.sha256, content)
        raw = readers[dataset.format](path, name, content, dataset)
    if raw.rows_read == 0:
        raise DataError("empty_file", file=name)
    raw.sha256 = digest.result().hexdigest()
    found = list(map(str, raw.source.columns))
    raw.source.columns = _headings(found)
    raw.frame = _rename(raw.source, dataset, name, {n for n in found if found.count(n) > 1})
    raw.headers = dataset.columns
    return raw


def _rename(frame: pd.DataFrame, dataset: Dataset, file: str, repeated: set[str]) -> pd.DataFrame:
    """Our columns only; `"{PRE_DIR} {STREET}"` in a recipe joins columns of the file."""
    renamed = {}
    for ours, theirs in dataset.columns.items():
        needed = [name for _, name, _, _ in Formatter().parse(theirs) if name] or [theirs]
        for name in needed:
            if name not in frame.columns and name in repeated:
                raise DataError("repeated_column", file=file, column=name, field=ours)
            if name not in frame.columns:
                found = ", ".join(map(str, frame.columns))
                raise DataError("missing_column", file=file, column=name, field=ours, found=found)
        renamed[ours] = frame[theirs] if needed == [theirs] else _join(frame, theirs)
    return pd.DataFrame(renamed, index=frame.index)


def _headings(found: list[str]) -> list[str]:
    """Names that can be told apart: two 备注 become 备注.1 and 备注.2, a blank in third place 列3."""
    texts = [name if name.strip() else f"列{at}" for at, name in enumerate(found, start=1)]
    count, taken = Counter(texts), set(texts)
    seen: Counter[str] = Counter()
    names = []
    for name in texts:
        unique = name
        while count[name] > 1 and unique in taken:
            seen[name] += 1
            unique = f"{name}.{seen[name]}"
        taken.add(unique)
        names.append(unique)
    return names


def header_row(rows: Iterable[list[str]]) -> int:
    """The row of the headings, 1 the first: it has two texts at least and fills most of the columns.

    0 where there is none, as on a cover. A title stands in one cell, or in cells that are merged.
    """
    filled = [[cell for cell in row if cell.strip()] for row in islice(rows, LOOKED_AT)]
    width = max(map(len, filled), default=0)
    fits = (len(set(row)) > 1 and len(row) > width / 2 for row in filled)
    return next((at for at, is_fit in enumerate(fits, start=1) if is_fit), 0)


def _join(frame: pd.DataFrame, template: str) -> pd.Series[str]:
    joined = pd.Series("", index=frame.index, dtype="str")
    for literal, name, _, _ in Formatter().parse(template):
        joined = joined + literal + (frame[name].fillna("") if name else "")
    return joined.str.replace(r"\s+", " ", regex=True).str.strip()


def unzip(path: Path, name: str, content: bytes) -> bytes:
    """The content of a .gz, of another file its own. Raises DataError."""
    if path.suffix != ".gz":
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError("unreadable_file", file=name, format="gzip", detail=error) from error


def _read_csv(path: Path, name: str, content: bytes, dataset: Dataset) -> RawFile:
    content = unzip(path, name, content)
    encoding = codecs.lookup(dataset.encoding or "utf-8").name
    if encoding not in KEEPS_ASCII:
        content, encoding = _to_utf8(name, content, encoding), "utf-8"
    if b"\n" not in content:  # as old Macs end a line
        content = content.replace(b"\r", b"\n")
    header = dataset.header_row or _header_of_text(content, encoding, dataset.delimiter)
    if header > 1:
        content, encoding = _to_utf8(name, content, encoding), "utf-8"
        content = content[_end_of_row(content, header - 1) :]
    malformed: dict[int, tuple[str, str]] = {}
    table = _parse_sound_csv(content, encoding, dataset.delimiter)
    if table is None:
        table = _parse_any_csv(name, content, encoding, dataset.delimiter, malformed)
    if b'"' in content or malformed:
        row = _lost_quote(table, dataset.delimiter, malformed)
        if row is not None:
            fault = detail("open_quote", row=row + header - 1)
            raise DataError("unreadable_file", file=name, format="csv", detail=fault)
    frame = _text_frame(table)
    malformed = {row + header - 1: line for row, line in malformed.items()}
    rows = np.arange(header + 1, header + 1 + len(frame) + len(malformed))
    if malformed:
        rows = rows[~np.isin(rows, list(malformed))]
    frame.index = pd.Index(rows, name="row")
    return RawFile(name, _without_blank_rows(frame), malformed=malformed, header_row=header)


def _header_of_text(content: bytes, encoding: str, delimiter: str) -> int:
    text = content[: 2 * PIECE].removeprefix(codecs.BOM_UTF8).decode(encoding, "replace")
    with contextlib.suppress(csv.Error):  # the reader will say what is wrong
        return header_row(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)) or 1
    return 1


def _end_of_row(content: bytes, row: int) -> int:
    """Where a row of the text ends; a cell in quotes may hold ends of lines."""
    begin = end = 0
    while row and end < len(content):
        end = content.find(b"\n", end) + 1 or len(content)
        if content.count(b'"', begin, end) % 2 == 0:
            begin, row = end, row - 1
    return end


def _parse_sound_csv(content: bytes, encoding: str, delimiter: str) -> pa.Table | None:
    """The table of a file that has nothing wrong in it; None where a slower reader must say what is.

    Arrow parses one piece while the next is decoded; UTF-8 it takes as it is, and it checks it.
    """
    if encoding not in KEEPS_ASCII or b"\0" in content:
        return None
    content = content.removeprefix(codecs.BOM_UTF8) if encoding == "utf-8" else content
    has_quotes = b'"' in content
    first_line = content[: content.find(b"\n") + 1 or len(content)]
    try:
        header = first_line if encoding == "utf-8" else first_line.decode(encoding).encode()
        source = content if encoding == "utf-8" else pa.PythonFile(_Utf8(content, encoding), mode="r")
        return _parse_csv(source, header, delimiter, has_quotes=has_quotes)
    except (pa.ArrowInvalid, UnicodeDecodeError):
        return None


def _parse_any_csv(
    name: str, content: bytes, encoding: str, delimiter: str, malformed: dict[int, tuple[str, str]]
) -> pa.Table:
    """The table of any file; bad lines go to `malformed`. Raises DataError."""
    utf8 = _to_utf8(name, content, encoding)
    if b"\0" in utf8:
        raise DataError("unreadable_file", file=name, format="csv", detail=detail("no_text"))
    header = utf8[: utf8.find(b"\n") + 1 or len(utf8)]
    has_quotes = b'"' in utf8
    try:
        try:
            return _parse_csv(utf8, header, delimiter, has_quotes=has_quotes)
        except pa.ArrowInvalid:
            return _parse_csv(utf8, header, delimiter, malformed, has_quotes=has_quotes)
    except pa.ArrowInvalid as error:
        raise DataError("unreadable_file", file=name, format="csv", detail=error) from error


class _Utf8(io.RawIOBase):
    """Text of another encoding as UTF-8, decoded strictly and only when it is asked for."""

    def __init__(self, content: bytes, encoding: str) -> None:
        self._content, self._encoding = content, encoding
        self._at = 0  # of `content`; a piece ends with a line, hence with a character
        self._left = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes; none at the end."""
        pieces, length = [self._left], len(self._left)
        while self._at < len(self._content) and (size < 0 or length < size):
            end = self._content.find(b"\n", self._at + PIECE) + 1 or len(self._content)
            piece = self._decoded(self._content[self._at : end]).encode()
            pieces.append(piece)
            length, self._at = length + len(piece), end
        text = b"".join(pieces)
        size = length if size < 0 else size
        self._left = text[size:]
        return text[:size]

    def _decoded(self, piece: bytes) -> str:
        """GB18030 without its rare characters is GBK, whose decoder is a fifth faster."""
        if self._encoding == "gb18030":
            with contextlib.suppress(UnicodeDecodeError):
                return piece.decode("gbk")
        return piece.decode(self._encoding)


def _without_blank_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Blank lines are no records, but the rows below keep their numbers."""
    is_empty = (frame.iloc[:, 0] == "").to_numpy(bool, na_value=False)
    if not is_empty.any():
        return frame
    maybe = frame[is_empty]
    blank = maybe.index[(maybe == "").all(axis=1)]
    return frame.drop(index=blank) if len(blank) else frame


def _to_utf8(name: str, content: bytes, encoding: str) -> bytes:
    """The text as UTF-8 without a byte-order mark; strict, so that a wrong encoding is noticed."""
    try:
        if codecs.lookup(encoding).name == "utf-8":
            content.decode("utf-8")
            return content.removeprefix(codecs.BOM_UTF8)
        return content.decode(encoding).encode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            "wrong_encoding",
            file=name,
            encoding=encoding,
            byte=hex(content[error.start]),
            position=error.start,
        ) from error


def _parse_csv(
    utf8: bytes | pa.PythonFile,
    header: bytes,
    delimiter: str,
    malformed: dict[int, tuple[str, str]] | None = None,
    *,
    has_quotes: bool,
) -> pa.Table:
    """All columns as text; bad lines are noted in `malformed`, or raise ArrowInvalid without it.

    Arrow tells the number of a bad line only when it reads in one thread.
    """

    def note(row: pa.csv.InvalidRow) -> str:
        assert malformed is not None  # noqa: S101 for the type checker
        fault = f"{row.actual_columns} columns instead of {row.expected_columns}"
        malformed[row.number] = (fault, row.text)
        return "skip"

    only_header = pa.csv.ParseOptions(delimiter=delimiter)
    names = pa.csv.read_csv(pa.py_buffer(header), parse_options=only_header).column_names
    return pa.csv.read_csv(
        pa.py_buffer(utf8) if isinstance(utf8, bytes) else utf8,
        read_options=pa.csv.ReadOptions(use_threads=malformed is None, block_size=1 << 24),
        parse_options=pa.csv.ParseOptions(
            delimiter=delimiter,
            newlines_in_values=has_quotes,
            ignore_empty_lines=False,
            invalid_row_handler=None if malformed is None else note,
        ),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False
        ),
    )


def _lost_quote(table: pa.Table, delimiter: str, malformed: dict[int, tuple[str, str]]) -> int | None:
    """A row whose cell has swallowed whole lines below it, because its quote was never closed."""
    for row, (_, line) in malformed.items():
        if "\n" in line:
            return row
    for column in table.columns:
        long = pc.match_substring(column, "\n")
        if pc.any(long).as_py():
            for row, cell in enumerate(column.to_pylist()):
                lines = cell.split("\n")[1:]
                if any(line.count(delimiter) >= table.num_columns - 1 > 0 for line in lines):
                    return row + 2
    return None


def _read_parquet(_path: Path, name: str, content: bytes, _dataset: Dataset) -> RawFile:
    try:
        table = pa.parquet.read_table(pa.py_buffer(content))
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError("unreadable_file", file=name, format="parquet", detail=error) from error
    simple = [
        column
        for column in table.schema
        if not pa.types.is_nested(column.type) and not pa.types.is_binary(column.type)
    ]  # lists and pictures have no text form
    text = pa.table({c.name: table[c.name].cast(pa.string()) for c in simple})
    frame = _text_frame(text)
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="row")
    return RawFile(name, frame)


def _text_frame(table: pa.Table) -> pd.DataFrame:
    """Arrow text columns as they are: pandas' own `str` would copy a million strings."""
    text = pd.StringDtype("pyarrow")
    return table.to_pandas(types_mapper={pa.string(): text, pa.large_string(): text}.get)


def _read_xlsx(_path: Path, name: str, content: bytes, dataset: Dataset) -> RawFile:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheet, cells = _table_of(book, dataset)
        merged = sheet.merged_cell_ranges or []
    except (CalamineError, ValueError) as error:
        raise DataError("unreadable_file", file=name, format="xlsx", detail=error) from error
    header = dataset.header_row or _below_merged(header_row(cells), merged) or 1
    if len(cells) < header:
        raise DataError("empty_file", file=name)
    headings = _with_merged(cells, header, merged)
    frame = pd.DataFrame(cells[header:], columns=headings, dtype=pd.StringDtype("pyarrow"))
    frame.index = pd.RangeIndex(header + 1, len(cells) + 1, name="row")
    source = _without_blank_rows(frame)
    return RawFile(name, source, sheets=book.sheet_names, sheet=sheet.name, header_row=header)


def _table_of(book: CalamineWorkbook, dataset: Dataset) -> tuple[CalamineSheet, list[list[str]]]:
    """The sheet that is read and its cells: the first, but a look leafs past covers."""
    names = [dataset.sheet] if dataset.sheet else book.sheet_names
    tables = []
    for name in names if dataset.is_look else names[:1]:
        sheet = book.get_sheet_by_name(name)
        rows = sheet.to_python(skip_empty_area=False)
        tables.append((sheet, [[_cell_text(cell) for cell in row] for row in rows]))
        if header_row(tables[-1][1]):
            return tables[-1]
    return tables[0]


def _below_merged(row: int, merged: list[Range]) -> int:
    """The last row of a header of several rows, whose lone headings are merged downwards."""
    return max([last + 1 for (first, _), (last, _) in merged if first == row - 1], default=row)


def _with_merged(cells: list[list[str]], header: int, merged: list[Range]) -> list[str]:
    """The headings, blank ones as they stand above in a cell merged down to them."""
    headings = list(cells[header - 1])
    for (top, left), (bottom, _) in merged:
        if top < header - 1 <= bottom and left < len(headings):
            headings[left] = headings[left] or cells[top][left]
    return headings


def _cell_text(cell: object) -> str:
    """A cell as a person reads it: whole numbers without .0, times in ISO form.

    A number has 15 digits in Excel: a longer one has lost its end, and is written so that it shows.
    """
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell)) if abs(cell) < 1e15 else f"{cell:.14E}"
    return str(cell).strip()


def _read_vector(path: Path, name: str, content: bytes, dataset: Dataset) -> RawFile:
    """GeoJSON, KML and FlatGeobuf (also gzipped) from memory; a Shapefile and a GeoPackage by path."""
    text = unzip(path, name, content)
    is_geojson = text.removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"{"
    with tempfile.TemporaryDirectory() as folder:
        if path.suffix.lower() == ".zip":
            path = _unpack_shapefile(name, content, Path(folder))
        is_shapefile = path.suffix.lower() == ".shp"
        by_path = is_shapefile or path.suffix.lower() == ".gpkg"
        source = path if by_path else io.BytesIO(text)
        layers: list[str] = []
        layer: int | str = dataset.sheet or 0
        try:
            if not is_shapefile and not is_geojson:
                layers, layer = _layers(name, source, dataset)
            encoding = dataset.encoding if is_shapefile else ""
            meta, wkb, texts = _read_layer(name, source, layer, encoding, may_guess=is_shapefile)
        except DataError:  # which is a ValueError too
            raise
        except (
            pyogrio.errors.DataSourceError,
            pyogrio.errors.DataLayerError,
            pyogrio.errors.FeatureError,
            pyogrio.errors.CRSError,
            UnicodeError,
            ValueError,
        ) as error:
            raise DataError("unreadable_file", file=name, format="vector", detail=error) from error
    fields, *columns = texts
    series = [pd.Series(column, dtype=TEXT) for column in columns]
    frame = (
        pd.concat(series, axis=1)
        if series
        else pd.DataFrame(index=range(0 if wkb is None else len(wkb)))
    )
    frame.columns = pd.Index(fields)
    shapes = None if wkb is None else shapely.from_wkb(wkb)  # a GeoPackage may hold plain tables
    if shapes is not None:
        frame = pd.concat([frame, _point_columns(shapes)], axis=1)
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="row")
    # GDAL calls every GeoJSON without a `crs` member WGS84; older ones in metres have none either.
    is_said = not is_geojson or b'"crs"' in text[:4096]
    crs = (meta["crs"] or "") if is_said or not dataset.crs else ""
    sheet = layers[layer] if layers and isinstance(layer, int) else ""
    return RawFile(name, frame, geometry=shapes, crs=crs, sheets=layers, sheet=sheet)


def _layers(name: str, source: Path | io.BytesIO, dataset: Dataset) -> tuple[list[str], int | str]:
    """The layers, and the number of the one to read: for a look the first that holds anything."""
    layers = [str(layer) for layer in pyogrio.list_layers(source)[:, 0]]
    # what lies in no folder of a KML is named after its file, which has another name each time
    layers = [NO_FOLDER if layer.startswith("pyogrio_") else layer for layer in layers]
    if dataset.sheet or len(layers) == 1:
        return layers, layers.index(dataset.sheet) if dataset.sheet in layers else dataset.sheet or 0
    if not dataset.is_look:
        raise DataError("several_layers", file=name, layers=", ".join(layers))
    for layer in range(len(layers)):
        if pyogrio.read_info(source, layer=layer, force_feature_count=True)["features"]:
            return layers, layer
    return layers, 0


def _read_layer(
    name: str, source: Path | io.BytesIO, layer: int | str, encoding: str, *, may_guess: bool
) -> tuple[dict[str, Any], list[bytes] | None, list[list[str | None]]]:
    """What GDAL says of a layer, its shapes, and its texts: the headings first, then each column.

    may_guess  it is a Shapefile: one whose encoding nobody states, or states wrongly, is tried out.
    """
    may_guess = may_guess and not encoding
    is_silent = may_guess and isinstance(source, Path) and not _has_part(source, ".cpg")
    try:
        meta, _, wkb, values = pyogrio.raw.read(source, layer=layer, encoding=encoding or None)
        is_bytes = is_silent and meta["encoding"] == "ISO-8859-1"  # what GDAL takes the unknown for
    except UnicodeDecodeError:
        if not may_guess:
            raise
        meta, _, wkb, values = pyogrio.raw.read(source, layer=layer, encoding="ISO-8859-1")
        is_bytes = True
    texts = [list(meta["fields"]), *([_attribute_text(v) for v in column] for column in values)]
    return meta, wkb, _of_unsaid_encoding(name, texts) if is_bytes else texts


def _has_part(path: Path, suffix: str) -> bool:
    """Whether a Shapefile has that part beside it. Not by a pattern: its name may hold brackets."""
    return any(p.stem == path.stem and p.suffix.lower() == suffix for p in path.parent.iterdir())


def _of_unsaid_encoding(name: str, texts: list[list[str | None]]) -> list[list[str | None]]:
    """Texts of a Shapefile that were read byte for byte: as UTF-8 if all can be that, else GB18030.

    A heading has 10 bytes at most, a value those of its column: the last character may be cut.
    """
    for encoding in ("utf-8", "gb18030"):
        try:
            return [[text and _decoded(text, encoding) for text in column] for column in texts]
        except UnicodeDecodeError as error:
            fault = error
    byte = hex(fault.object[fault.start])
    raise DataError("wrong_encoding", file=name, encoding=encoding, byte=byte, position=fault.start)


def _decoded(text: str, encoding: str) -> str:
    if text.isascii():
        return text
    content = text.encode("latin-1")
    return codecs.getincrementaldecoder(encoding)().decode(content, final=len(content) < 10)


def _point_columns(shapes: Geometries) -> pd.DataFrame:
    """Coordinates of a layer of points as columns, which a recipe may map; of other layers none."""
    points = shapely.get_geometry(shapes, 0)  # a MultiPoint of one is a point
    is_point = shapely.get_dimensions(shapes) == 0
    is_one = is_point & (shapely.get_num_geometries(shapes) <= 1)
    if not is_one.any() or not (is_one | shapely.is_missing(shapes)).all():
        return pd.DataFrame(index=range(len(shapes)))
    values = shapely.get_x(points), shapely.get_y(points)
    text = [pd.Series([_attribute_text(v) for v in axis], dtype=TEXT) for axis in values]
    return pd.DataFrame(dict(zip(POINT_COLUMNS, text, strict=True)))


def _unpack_shapefile(name: str, content: bytes, folder: Path) -> Path:
    """The one Shapefile of an archive, in whatever folder of it; macOS adds ._ files of its own."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = {
                entry: PurePosixPath(entry.filename)
                for entry in archive.infolist()
                if not PurePosixPath(entry.filename).name.startswith("._")
            }
            stems = [part.with_suffix("") for part in parts.values() if part.suffix.lower() == ".shp"]
            if len(stems) != 1:
                fault = detail("shapefiles", count=len(stems))
                raise DataError("unreadable_file", file=name, format="zip", detail=fault)
            for entry, part in parts.items():
                if part.with_suffix("") == stems[0] and part.suffix.lower() in SHAPEFILE_PARTS:
                    (folder / f"part{part.suffix.lower()}").write_bytes(archive.read(entry))
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError) as error:
        raise DataError("unreadable_file", file=name, format="zip", detail=error) from error
    return folder / "part.shp"


def _attribute_text(value: object) -> str | None:
    """An attribute as text; a list, as GeoJSON may hold, with ; between its values."""
    if isinstance(value, np.ndarray):
        return ";".join(str(part) for part in value)
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, np.datetime64) and np.isnat(value):  # a date field that is empty here
        return None
    return _cell_text(float(value) if isinstance(value, np.floating) else value)
