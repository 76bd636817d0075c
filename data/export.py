"""Workbooks and CSV files for people: text stays text, whatever it begins with."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable
from pathlib import PurePosixPath

import pandas as pd
import xlsxwriter

from data.engine import Engine
from data.messages import message
from data.views.overview import refused_rows

SAFE = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
WIDEST = 60
SHEET_NAME = 31  # characters that Excel allows
RESULT_NAMES = {"": "未查", "clean": "未发现", "found": "发现", "unreachable": "无法检查"}
CHECKLIST_COLUMNS = {
    "position": "序号",
    "grid_name": "网格",
    "lead_unit": "牵头单位",
    "street_name": "道路",
    "address": "地址（例）",
    "lon": "经度",
    "lat": "纬度",
    "category": "查什么",
    "reasons": "为什么查这里",
    "result": "结果",
    "checked_on": "排查日期",
    "note": "备注",
}


def workbook(sheets: dict[str, pd.DataFrame]) -> bytes:
    """An .xlsx file, one sheet a frame: bold headings, widths that fit, a filter, first row frozen."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True, **SAFE}) as book:
        bold = book.add_format({"bold": True})
        for name, frame in sheets.items():
            sheet = book.add_worksheet(_allowed(name))
            for column, heading in enumerate(frame.columns):
                texts = [_text(value) for value in frame[heading]]
                is_number = pd.api.types.is_numeric_dtype(frame[heading])
                sheet.write_string(0, column, str(heading), bold)
                for row, (text, value) in enumerate(zip(texts, frame[heading], strict=True), start=1):
                    if is_number and text:
                        sheet.write_number(row, column, value)
                    else:
                        sheet.write_string(row, column, text)
                sheet.set_column(column, column, _width([str(heading), *texts]))
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, len(frame), max(0, len(frame.columns) - 1))
    return stream.getvalue()


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """A CSV file that Excel opens as UTF-8; a text that begins like a formula gets a ' in front.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    columns = {str(heading): [_cell(value) for value in frame[heading]] for heading in frame.columns}
    safe = pd.DataFrame(columns).rename(columns=_cell)
    text: str = safe.to_csv(index=False, lineterminator="\r\n")
    return text.encode("utf-8-sig")


def _cell(value: object) -> str:
    text = _text(value)
    is_formula = isinstance(value, str) and text.startswith(FORMULA_STARTS)
    return f"'{text}" if is_formula else text


def _text(value: object) -> str:
    """A value as a cell shows it: nothing for what is not known, times to the minute."""
    if pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M}"
    return str(value)


def _width(texts: Iterable[str]) -> float:
    """Columns of a cell; a Chinese character takes two."""
    return min(WIDEST, 2 + max(len(text.encode("gbk", "replace")) for text in texts))


def with_fault_texts(refused: pd.DataFrame) -> pd.DataFrame:
    """Refused records with `fault`, the Chinese sentence that says what is wrong and what to do.

    refused  file, row_number, column_name, value, reason, raw: once for each fault of a record.
    """
    faults = [
        f"{column}：{message('reason', code, 'zh')}" if column else message("reason", code, "zh")
        for column, code in zip(refused["column_name"], refused["reason"], strict=True)
    ]
    return refused.assign(fault=faults)


def refused_with_faults(engine: Engine) -> pd.DataFrame:
    """The refused records of a build with their faults in words."""
    return with_fault_texts(refused_rows(engine))


def refused_workbook(engine: Engine) -> bytes:
    """The refused records of a build that no later file has mended, to be mended and loaded again."""
    refused = refused_with_faults(engine)
    return workbook_to_mend(refused[~refused["is_mended"]])


def workbook_to_mend(refused: pd.DataFrame) -> bytes:
    """Records as they stood in their files, one sheet a file, with their faults in front.

    refused  as `with_fault_texts` gives it.
    """
    sheets: dict[str, pd.DataFrame] = {}
    for number, (file, rows) in enumerate(refused.groupby("file", sort=False), start=1):
        told = rows.drop_duplicates(["row_number", "fault"])  # a file may be read for two datasets
        faults = told.groupby("row_number", sort=False)["fault"].agg("；".join)
        raw = rows.drop_duplicates("row_number").set_index("row_number")["raw"]
        records = pd.DataFrame([_record(text) for text in raw], index=raw.index)
        front = pd.DataFrame({"行": faults.index, "原因与办法": faults.to_numpy()}, index=faults.index)
        name = _sheet_name(number, PurePosixPath(str(file)).name)
        sheets[name] = pd.concat([front, records], axis=1)
    return workbook(sheets)


def checklist_workbook(items: pd.DataFrame) -> bytes:
    """A checklist to take along or to file, one sheet a grid.

    items  as `data.entries.checklist_items` gives them.
    """
    told = items.assign(
        result=items["result"].map(RESULT_NAMES),
        checked_on=items["checked_on"].dt.strftime("%Y-%m-%d"),
        lon=items["lon"].map("{:.6f}".format),
        lat=items["lat"].map("{:.6f}".format),
    )
    sheets = {
        _sheet_name(number, str(rows["grid_name"].iloc[0])): rows[list(CHECKLIST_COLUMNS)].rename(
            columns=CHECKLIST_COLUMNS
        )
        for number, (_, rows) in enumerate(told.groupby("grid_id", sort=False, dropna=False), start=1)
    }
    return workbook(sheets)


def workbook_by(rows: pd.DataFrame, column: str, name: str) -> bytes:
    """All rows on a sheet called `name`, and those of each value of a column on one of its own."""
    groups = rows.groupby(column, sort=False, dropna=False)
    parts = {
        _sheet_name(number, "（无）" if pd.isna(value) or value == "" else str(value)): part
        for number, (value, part) in enumerate(groups, start=1)
    }
    return workbook({name: rows} | parts)


def point_geojson(rows: pd.DataFrame) -> bytes:
    """GeoJSON of points: lon, lat (WGS84), the other columns as they read as properties."""
    named = rows.drop(columns=["lon", "lat"]).map(lambda value: None if pd.isna(value) else value)
    features = [
        {
            "type": "Feature",
            "properties": properties,
            "geometry": {"type": "Point", "coordinates": [round(lon, 6), round(lat, 6)]},
        }
        for properties, lon, lat in zip(named.to_dict("records"), rows["lon"], rows["lat"], strict=True)
    ]
    collection = {"type": "FeatureCollection", "features": features}
    return json.dumps(collection, ensure_ascii=False).encode()


def _sheet_name(number: int, name: str) -> str:
    """A name that no other sheet has."""
    return _allowed(f"{number}-{name}")


def _allowed(name: str) -> str:
    """The name as Excel allows it for a sheet."""
    return re.sub(r"[\[\]:*?/\\']", "_", name)[:SHEET_NAME]


def _record(raw: str) -> dict[str, str]:
    try:
        record: dict[str, str] = json.loads(raw)
    except json.JSONDecodeError:
        record = {"原始行": raw}
    return record
