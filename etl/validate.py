"""Judge every record of a file: typed values out, every fault with its row, column, value, reason.

Nothing is repaired silently and nothing is lost: a record with a fault is refused as a whole, and all
its faults are noted. What is odd but possible is a finding (etl/transform.py), not a fault.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from data.catalog import Column, Table
from data.messages import DataError, Said
from data.standards import calendar, threshold
from etl.extract import RawFile
from etl.recipe import POINT_COLUMNS, Dataset
from etl.times import deadline, is_sentinel, parse_times
from geo.crs import LONLAT, is_old_datum, parse_crs, transform_geometry, transform_xy
from geo.datum import DATUMS
from geo.grid import repair_polygons

Geometries = npt.NDArray[np.object_]
TEXT = pd.StringDtype("pyarrow")
YES_NO = {"是": True, "否": False, "true": True, "false": False, "1": True, "0": False}
PAST = (
    "reported_at", "closed_at", "verified_at", "started_at", "ended_at", "fixed_at", "visited_at",
)  # fmt: skip
PERIODS = (("valid_from", "valid_to"), ("first_date", "last_date"), ("started_at", "ended_at"))
DIMENSION = {"point": 0, "line": 1, "polygon": 2}
DMS = (  # 107°54'30.5"E, N34°24′, 东经107度54分30秒
    r"^(?P<side>[NSEWnsew]|东经|西经|北纬|南纬)?\s*(?P<degrees>[0-9]{1,3})\s*[°度]\s*"
    r"(?P<minutes>[0-9]{1,2}(?:\.[0-9]+)?)\s*['′’分]\s*"
    r'(?:(?P<seconds>[0-9]{1,2}(?:\.[0-9]+)?)\s*(?:"|″|”|\'\'|秒)\s*)?(?P<end>[NSEWnsew])?$'
)
RUINED_ID = r"^[0-9](?:\.[0-9]+)?[Ee][+][0-9]{2}$"
FAULT_COLUMNS = ["row", "column_name", "value", "reason"]


@dataclass
class Checked:
    """The records of one file that passed, with times, numbers and geometry; and the faults.

    name       of the file, for messages; sha256 its digest; crs what it says of itself.
    rows_read  records in the file, of which the recipe leaves `set_aside` aside.
    frame      index is the row number; lon, lat in WGS84; geometry beside it in the compute CRS.
    faults     one row a fault: row, column_name, value, reason, raw (the record as JSON) and key (its
               first key column, null where it has none).
    keys       the first key column of every record, refused ones too.
    repaired   how many polygons were repaired.
    until      when another judgement could differ: the first time in it that lies in the future.
    columns    ours that the file has.
    wanted     which records the recipe wants, in words; empty: all of them.
    """

    name: str
    sha256: str
    crs: str
    rows_read: int
    set_aside: int
    frame: pd.DataFrame
    geometry: Geometries | None
    faults: pd.DataFrame
    keys: pd.Index
    repaired: int = 0
    until: pd.Timestamp | None = None
    columns: frozenset[str] = frozenset()
    wanted: str = ""

    @property
    def refused(self) -> int:
        """Records refused."""
        return int(self.faults["row"].nunique())


class _Faults:
    """Collects faults; `rows` are those refused so far."""

    def __init__(self, headers: dict[str, str]) -> None:
        self.headers = headers
        self.found: list[pd.DataFrame] = []

    def add(self, where: pd.Series[bool], column: str, values: pd.Series | str, reason: str) -> None:
        rows = where.index[where.to_numpy(bool)]
        if len(rows):
            value = values if isinstance(values, str) else values[rows].astype(TEXT).fillna("")
            name = self.headers.get(column, column)
            self.found.append(
                pd.DataFrame({"column_name": name, "value": value, "reason": reason}, index=rows)
            )

    @property
    def rows(self) -> pd.Index[int]:
        return pd.Index(sorted({row for fault in self.found for row in fault.index}))

    def table(self) -> pd.DataFrame:
        if not self.found:
            return pd.DataFrame(columns=FAULT_COLUMNS)
        return pd.concat(self.found).rename_axis("row").reset_index()


def check_file(
    raw: RawFile, dataset: Dataset, table: Table, *, compute_crs: str, timezone: str, now: datetime
) -> Checked:
    """Every record of a file, passed or refused.

    now     local time of the county; what lies after it cannot have been reported.
    Raises DataError where the file as a whole cannot be right: its CRS, its kind of geometry, a
    polygon that crosses itself, or not one usable record.
    """
    wanted = _wanted(raw, dataset)
    set_aside = int((~wanted).sum())
    if set_aside:
        raw = replace(
            raw,
            frame=raw.frame[wanted],
            geometry=None if raw.geometry is None else raw.geometry[wanted],
        )
    text = _clean_text(raw.frame, dataset, table)
    faults = _Faults(raw.headers)
    frame = pd.DataFrame(index=text.index)
    for column in table.file_columns:
        values = text.get(column.name, pd.Series(pd.NA, index=text.index, dtype=TEXT))
        if column.required:
            faults.add(values.isna(), column.name, "", "missing_value")
        frame[column.name] = _typed(values, column, dataset, timezone, faults)
    if "due_at" in text:
        _check_deadlines(frame, text["due_at"], faults)
    for name in table.file_key:
        if name in text:
            ruined = text[name].str.contains(RUINED_ID, regex=True).fillna(False)
            faults.add(ruined, name, text[name], "ruined_id")
    until = _check_order(frame, text, now, faults)
    if table.geometry == "point":
        _check_lonlat(raw, dataset, frame, text, faults)
    geometry, repaired = _check_geometry(raw, dataset, table, compute_crs, text, faults)
    _check_duplicates(frame, text, geometry, table, faults)
    _name_header_rows(text, raw.headers, table, faults)

    key = table.file_key[0]  # the prefix comes last: the checks look at what the file says
    frame[key] = dataset.id_prefix + frame[key]
    own_keys = text[key] if key in text else pd.Series(dtype=TEXT)
    keep = ~frame.index.isin(faults.rows)
    noted = _with_record(faults.table(), raw)
    checked = Checked(
        raw.name,
        raw.sha256,
        raw.crs,
        raw.rows_read,
        set_aside,
        frame[keep],
        None if geometry is None else geometry[keep],
        noted.assign(key=dataset.id_prefix + noted["row"].map(own_keys).astype(TEXT)),
        pd.Index(dataset.id_prefix + pd.Series(own_keys.dropna().unique(), dtype=TEXT)),
        repaired,
    )
    checked.until = until
    if checked.frame.empty and checked.refused:
        first = checked.faults.iloc[0]
        raise DataError(
            "no_rows",
            file=raw.name,
            refused=checked.refused,
            reason=Said("reason", first["reason"]),
            value=first["value"],
        )
    return checked


def _wanted(raw: RawFile, dataset: Dataset) -> npt.NDArray[np.bool_]:
    """Which records the recipe wants: those whose columns hold one of the listed values."""
    wanted = np.ones(len(raw.frame), dtype=bool)
    for column, values in dataset.only.items():
        if column not in raw.source:
            found = ", ".join(map(str, raw.source.columns))
            raise DataError("missing_column", file=raw.name, column=column, field="only", found=found)
        wanted &= raw.source[column].fillna("").isin(values).to_numpy(bool)
    return wanted


def _clean_text(frame: pd.DataFrame, dataset: Dataset, table: Table) -> pd.DataFrame:
    """Trimmed text, empty made missing; patterns, code fixes and defaults applied, in this order."""
    clean = {}
    for name in {**dict.fromkeys(frame.columns), **dataset.defaults}:
        if name in frame:
            trimmed = pc.utf8_trim_whitespace(pa.array(frame[name], type=pa.large_string()))
            values = pd.Series(trimmed, index=frame.index, dtype=TEXT)
            values = values.mask(values == "")
        else:
            values = pd.Series(pd.NA, index=frame.index, dtype=TEXT)
        if pattern := dataset.patterns.get(name):
            values = values.astype(object).str.extract(pattern, expand=False).astype(TEXT)
        if fixes := dataset.values.get(name):
            values = values.map(fixes).astype(TEXT).fillna(values)
        if default := dataset.defaults.get(name):
            values = values.fillna(default)
        clean[name] = values
    return pd.DataFrame(clean, index=frame.index)[
        [column.name for column in table.file_columns if column.name in clean]
    ]


def _typed(
    values: pd.Series[str], column: Column, dataset: Dataset, timezone: str, faults: _Faults
) -> pd.Series:
    if column.type == "text":
        return values

    def times(text: pd.Series) -> pd.Series:
        return parse_times(
            text,
            timezone,
            formats=tuple(dataset.time_formats),
            date_order=dataset.date_order,
            zone_of_values=dataset.time_zone,
        )

    parsers: dict[str, tuple[Callable[[pd.Series[str]], pd.Series], str]] = {
        "time": (times, "not_a_time"),
        "date": (times, "not_a_time"),
        "float": (degrees, "not_a_number"),
        "bool": (lambda v: v.str.lower().map(YES_NO).astype("boolean"), "not_yes_no"),
    }
    parse, reason = parsers[column.type]
    parsed = parse(values)
    if column.type in ("time", "date"):
        none = is_sentinel(parsed)
        values, parsed = values.mask(none), parsed.mask(none)
        if column.required:
            faults.add(none, column.name, "", "missing_value")
    if column.name != "due_at":  # may be a duration: _check_deadlines
        faults.add(values.notna() & parsed.isna(), column.name, values, reason)
    return parsed


def _check_deadlines(frame: pd.DataFrame, text: pd.Series, faults: _Faults) -> None:
    """Deadlines that are no dates: 3天, 5个工作日, 立行立改 count from the report."""
    left = text.notna() & frame["due_at"].isna() & frame["reported_at"].notna()
    if left.any():
        at_once = threshold("at_once_hours")
        due = [
            deadline(reported, words, calendar(), at_once)
            for reported, words in zip(frame.loc[left, "reported_at"], text[left], strict=True)
        ]
        frame.loc[left, "due_at"] = pd.to_datetime(pd.Series(due, index=text.index[left]))
    unread = text.notna() & frame["due_at"].isna() & frame["reported_at"].notna()
    faults.add(unread, "due_at", text, "not_a_deadline")


def _check_order(
    frame: pd.DataFrame, text: pd.DataFrame, now: datetime, faults: _Faults
) -> pd.Timestamp | None:
    """Periods end after they begin, what happened lies in the past; returns the next future time."""
    for first, last in PERIODS:
        if first in frame and last in frame:
            faults.add(frame[last] < frame[first], last, text.get(last, ""), "ends_before_start")
    future = []
    for name in PAST:
        if name in frame:
            is_future = frame[name] > now
            faults.add(is_future, name, text.get(name, ""), "future_time")
            future.append(frame.loc[is_future, name].min())
    return min((time for time in future if pd.notna(time)), default=None)


def degrees(values: pd.Series) -> pd.Series:
    """Numbers, and degrees-minutes-seconds in signs or Chinese words, as decimal degrees."""
    number = _plain_numbers(values)
    if number is not None:
        return number
    number = pd.to_numeric(values, errors="coerce").astype("float64")
    left = values.notna() & number.isna()
    if left.any():
        found = values[left].astype(object).str.extract(DMS)
        parts = found[["degrees", "minutes", "seconds"]].astype("float64").fillna(0)
        size = parts["degrees"] + parts["minutes"] / 60 + parts["seconds"] / 3600
        side = (found["side"].fillna("") + found["end"].fillna("")).str.upper()
        sign = side.isin(["S", "W", "南纬", "西经"]).map({True: -1.0, False: 1.0})
        number[left] = (sign * size).where(found["degrees"].notna())
    return number


def _plain_numbers(values: pd.Series) -> pd.Series | None:
    """The numbers where all values are plain ones: ten times as fast; None where one is not."""
    try:
        number = pc.cast(pa.array(values, type=pa.large_string()), pa.float64())
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return None
    if not pc.all(pc.is_finite(number)).as_py():
        return None
    return pd.Series(number.to_numpy(zero_copy_only=False), index=values.index)


def _check_lonlat(
    raw: RawFile, dataset: Dataset, frame: pd.DataFrame, text: pd.DataFrame, faults: _Faults
) -> None:
    """lon, lat in WGS84; (0, 0) is what some systems write for "unknown" and becomes missing."""
    is_layer = dataset.columns.get("lon") == POINT_COLUMNS[0]
    crs = _crs_of(raw, dataset) if is_layer else dataset.crs
    x, y = frame["lon"].to_numpy(float), frame["lat"].to_numpy(float)
    one_only = np.isnan(x) != np.isnan(y)
    for name in ("lon", "lat"):
        if name in text:
            faults.add(text[name].isna() & one_only, name, "", "missing_value")
    null_island = (x == 0) & (y == 0)
    x, y = np.where(null_island, np.nan, x), np.where(null_island, np.nan, y)
    if crs and parse_crs(crs).is_geographic:
        with np.errstate(invalid="ignore"):
            beyond = (np.abs(x) > 180) | (np.abs(y) > 90)
        if beyond.sum() > 0.5 * np.isfinite(x).sum():
            at = int(np.argmax(beyond))
            raise DataError("crs_range", file=raw.name, x=x[at], y=y[at], crs=crs)
        faults.add(pd.Series(beyond, index=frame.index), "lon", text.get("lon", ""), "not_lonlat")
        x, y = np.where(beyond, np.nan, x), np.where(beyond, np.nan, y)
    if crs:
        x, y = transform_xy(x, y, crs, LONLAT)
    frame["lon"], frame["lat"] = x, y


def _check_geometry(
    raw: RawFile,
    dataset: Dataset,
    table: Table,
    compute_crs: str,
    text: pd.DataFrame,
    faults: _Faults,
) -> tuple[Geometries | None, int]:
    """Lines and polygons in the compute CRS, and how many polygons were repaired."""
    if table.geometry not in ("line", "polygon"):
        return None, 0
    if raw.geometry is None:
        raise DataError(
            "wrong_geometry", file=raw.name, row=1, found="plain record", table=table.name,
            expected=table.geometry,
        )  # fmt: skip
    geometry = transform_geometry(raw.geometry, _crs_of(raw, dataset), compute_crs)
    index = text.index
    missing = shapely.is_missing(geometry) | shapely.is_empty(geometry)
    faults.add(pd.Series(missing, index=index), "geometry", "", "no_geometry")
    wrong = ~missing & (shapely.get_dimensions(geometry) != DIMENSION[table.geometry])
    if wrong.any():
        at = int(np.argmax(wrong))
        raise DataError(
            "wrong_geometry", file=raw.name, row=index[at], found=geometry[at].geom_type,
            table=table.name, expected=table.geometry,
        )  # fmt: skip
    if table.geometry == "line":
        no_length = ~missing & ~(shapely.length(geometry) > 0)
        faults.add(pd.Series(no_length, index=index), "geometry", "0 m", "zero_length")
        return geometry, 0
    invalid = ~missing & ~shapely.is_valid(geometry)
    if invalid.any() and not dataset.repair_invalid:
        at = int(np.argmax(invalid))
        raise DataError(
            "invalid_polygon", file=raw.name, row=index[at],
            grid_id=text.iloc[at].get("grid_id", "?"),
            detail=shapely.is_valid_reason(raw.geometry[at]),
        )  # fmt: skip
    geometry[invalid] = repair_polygons(geometry[invalid])
    flat = invalid & shapely.is_empty(geometry)
    faults.add(pd.Series(flat, index=index), "geometry", "0 m2", "no_geometry")
    return geometry, int(invalid.sum() - flat.sum())


def effective_crs(own: str, stated: str, file: str = "?") -> str:
    """The CRS that holds: the file's own, else the recipe's; but no file can say that it is GCJ-02.

    Nor what a county's offset from Xi'an 80 or Beijing 54 is. Raises DataError if nobody says it.
    """
    if stated in DATUMS:
        return stated
    if own and is_old_datum(own):
        if not stated or not parse_crs(stated).is_bound:
            raise DataError("old_datum", file=file, found=own)
        return stated
    return own or stated


def _agree(own: str, stated: str) -> bool:
    """Whether a file's CRS is the stated one; a shifted datum passes for any lon/lat."""
    if stated in DATUMS:
        return parse_crs(own).is_geographic
    if is_old_datum(own):  # the recipe knows its offset
        return parse_crs(own).is_projected == parse_crs(stated).is_projected
    return parse_crs(own) == parse_crs(stated)


def _crs_of(raw: RawFile, dataset: Dataset) -> str:
    """The file's own CRS or the recipe's; both must agree, and coordinates must be possible in it."""
    own, stated = raw.crs, dataset.crs
    if not own and not stated:
        raise DataError("no_crs", file=raw.name)
    crs = effective_crs(own, stated, raw.name)
    if own and stated and not _agree(own, stated):
        raise DataError("crs_differs", file=raw.name, found=own, expected=stated)
    west, south, east, north = shapely.total_bounds(raw.geometry)
    if np.isnan(west):  # not one shape: each record will be refused
        return crs
    are_degrees = west >= -180 and east <= 180 and south >= -90 and north <= 90
    if parse_crs(crs).is_geographic != are_degrees:
        raise DataError("crs_range", file=raw.name, x=east, y=north, crs=crs)
    return crs


def _check_duplicates(
    frame: pd.DataFrame,
    text: pd.DataFrame,
    geometry: Geometries | None,
    table: Table,
    faults: _Faults,
) -> None:
    """Of several records with one key the latest state stays: later closed, then lower in the file.

    Polygons are excepted: a grid may be drawn in several parts (etl/transform.py joins them).
    """
    if table.geometry == "polygon":
        return
    key = list(table.file_key)
    sound = frame[~frame.index.isin(faults.rows)]
    repeated = sound[sound.duplicated(key, keep=False)]
    if repeated.empty:
        return
    order = [c for c in ("closed_at", "verified_at") if c in frame]
    latest_last = repeated.sort_values([*key, *order], kind="stable", na_position="first")
    older = latest_last.index[latest_last.duplicated(key, keep="last")]
    copies = text.loc[repeated.index]
    if geometry is not None:  # two streets of one name are not one street twice
        shapes = geometry[frame.index.get_indexer(repeated.index)]
        copies = copies.assign(geometry=shapely.to_wkb(shapes))
    is_copy = copies.duplicated(keep="last") | copies.duplicated(keep="first")
    refused = pd.Series(frame.index.isin(older), index=frame.index)
    equal = pd.Series(frame.index.isin(is_copy.index[is_copy]), index=frame.index)
    shown = next(name for name in key if name in text)
    faults.add(refused & equal, shown, text[shown], "duplicate_row")
    faults.add(refused & ~equal, shown, text[shown], "duplicate_id")


def _name_header_rows(
    text: pd.DataFrame, headers: dict[str, str], table: Table, faults: _Faults
) -> None:
    """A row that repeats the header is called so, instead of listing each of its faults.

    It is looked for among the refused rows, and where the key is the key's heading: in a table of
    nothing but text a header row has no other fault.
    """
    key = next(name for name in table.file_key if name in text)
    suspects = text.index[(text[key] == headers.get(key, key)).fillna(False)]
    refused = text.loc[faults.rows.union(suspects)]
    same = pd.DataFrame(
        {
            name: values.str.replace(r"[\W_]+", "", regex=True).str.lower()
            == _letters(headers.get(name, name))
            for name, values in refused.items()
        }
    )
    is_header = same.fillna(False).sum(axis=1) > 0.5 * refused.notna().sum(axis=1)
    rows = refused.index[is_header]
    faults.found = [fault[~fault.index.isin(rows)] for fault in faults.found]
    first_column = str(text.columns[0])
    faults.add(is_header, first_column, text[first_column], "header_row")


def _letters(value: str) -> str:
    return re.sub(r"[\W_]+", "", value).lower()


def _with_record(faults: pd.DataFrame, raw: RawFile) -> pd.DataFrame:
    """Faults with the raw record beside them; malformed lines included."""
    malformed = pd.DataFrame(
        [(row, "", fault, "malformed_row", line) for row, (fault, line) in raw.malformed.items()],
        columns=[*FAULT_COLUMNS, "raw"],
    )
    rows = faults["row"].unique()
    records = dict(zip(rows, raw.source.loc[rows].to_dict("records"), strict=True))
    text = {
        row: json.dumps({k: v for k, v in record.items() if pd.notna(v)}, ensure_ascii=False)
        for row, record in records.items()
    }
    known = faults.assign(raw=faults["row"].map(text).astype(TEXT))
    return pd.concat([known, malformed]).sort_values("row", ignore_index=True)
