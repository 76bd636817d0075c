"""The workbook of a mock inspection: taken along, filled in, and read back row by row."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd
import xlsxwriter

from data.entries import TEXT
from data.export import SAFE
from data.messages import DataError
from data.sample_entries import PointResult
from data.views.rehearsal import OTHER

RESULTS: dict[PointResult, str] = {"seen": "已查", "unreachable": "无法检查"}
FOUND, NOT_FOUND, NO_ITEM = "有", "无", "—"  # NO_ITEM: not looked at in points of that type
NUMBER, RESULT, DAY, NOTE = "点位编号", "结果", "检查日期", "备注"
COLUMNS = {
    "mock_point_id": NUMBER,
    "position": "序号",
    "site_type": "类型",
    "name": "点位",
    "address": "地址",
    "lon": "经度",
    "lat": "纬度",
    "grid_name": "网格",
    "lead_unit": "牵头单位",
}
WIDTHS = {"点位": 34, "地址": 30, "网格": 18, "牵头单位": 16, NOTE: 24, DAY: 12, NUMBER: 9, "序号": 6}
OF_REFUSED = ("行", "原因与办法")  # what the workbook of refused rows puts in front
DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T].*)?")
REFUSED = ["file", "row", "column_name", "value", "reason", "raw"]

Mark = tuple[int, PointResult, tuple[str, ...], date, str]


def mock_workbook(points: pd.DataFrame, items: pd.DataFrame, first_day: date) -> bytes:
    """The points of an inspection to fill in, one sheet a team; what is known already stands in it.

    points, items  as `data.sample_entries` gives them, points with their name. Results lie on or after
                   first_day.
    """
    names = item_names(items)
    found = {
        (row.mock_point_id, row.item): row.is_found for row in items.itertuples()
    }  # not known: None or NaN
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True, **SAFE}) as book:
        for team, rows in points.groupby("team", sort=False):
            _team_sheet(book, f"第{team}组", rows, names, found, first_day)
    return stream.getvalue()


def item_names(items: pd.DataFrame) -> list[str]:
    """The items of an inspection, those of most points first, 其他 last."""
    return sorted(items["item"].value_counts().index, key=OTHER.__eq__)


def _team_sheet(
    book: Any,
    title: str,
    points: pd.DataFrame,
    names: list[str],
    found: dict[Any, Any],
    first_day: date,
) -> None:
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    none = book.add_format({"bg_color": "#d9d9d9", "align": "center"})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet(title)
    headings = [*COLUMNS.values(), *names, RESULT, DAY, NOTE]
    at = {heading: column for column, heading in enumerate(headings)}
    for heading, column in at.items():
        sheet.write_string(0, column, heading, bold)
        sheet.set_column(column, column, WIDTHS.get(heading, 10))
    for row, point in enumerate(points.to_dict("records"), start=1):
        told = point | {name: round(point[name], 6) for name in ("lon", "lat")}
        for ours, heading in COLUMNS.items():
            if ours in ("mock_point_id", "position", "lon", "lat"):
                sheet.write_number(row, at[heading], told[ours])
            else:
                sheet.write_string(row, at[heading], told[ours] or "")
        for name in names:
            is_found = found.get((point["mock_point_id"], name), NO_ITEM)
            if is_found == NO_ITEM:
                sheet.write_string(row, at[name], NO_ITEM, none)
            elif is_found == 1:
                sheet.write_string(row, at[name], FOUND)
        sheet.write_string(row, at[RESULT], RESULTS.get(point["result"], ""))
        if pd.notna(point["checked_on"]):
            sheet.write_datetime(row, at[DAY], point["checked_on"].to_pydatetime(), day)
        else:
            sheet.write_blank(row, at[DAY], None, day)
        sheet.write_string(row, at[NOTE], point["note"])
    last = len(points)
    choices = [(name, [FOUND, NOT_FOUND], "有这类问题填“有”；没有的不用填") for name in names]
    choices.append((RESULT, list(RESULTS.values()), "看过的填“已查”，进不去的填“无法检查”"))
    for heading, values, words in choices:
        rule: dict[str, Any] = {"validate": "list", "source": values, "input_message": words}
        sheet.data_validation(1, at[heading], last, at[heading], rule)
    rule = {"validate": "date", "criteria": ">=", "value": first_day, "input_message": "看的日期"}
    sheet.data_validation(1, at[DAY], last, at[DAY], rule)
    sheet.freeze_panes(1, at["点位"] + 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


@dataclass
class FileCheck:
    """What a filled workbook says.

    marks      points that were not marked, for `data.sample_entries.mark_points`
    conflicts  points that are marked differently: mark, and before and after in words
    same       points that are marked just so
    blank      rows that nobody filled in
    refused    rows for `data.sample_entries.keep_refused`: one a fault
    """

    marks: list[Mark] = field(default_factory=list)
    conflicts: list[tuple[Mark, str, str]] = field(default_factory=list)
    same: int = 0
    blank: int = 0
    refused: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=REFUSED))

    @property
    def refused_rows(self) -> int:
        """Rows with at least one fault."""
        return len(self.refused.drop_duplicates(["file", "row"]))


def check_rows(
    sheets: Iterable[tuple[str, pd.DataFrame]],
    points: pd.DataFrame,
    items: pd.DataFrame,
    first_day: date,
    last_day: date,
) -> FileCheck:
    """Judge every row of a filled workbook; rows in order are taken, the others are refused.

    sheets  name and cells as text or missing, as they stand; the index counts rows as a spreadsheet.
    points, items   as `data.sample_entries` gives them, points with the name that the workbook has.
    Days lie between the two, both included. Raises DataError if no sheet has the columns needed.
    """
    own = [(name, _text(cells)) for name, cells in sheets]
    own = [(name, cells) for name, cells in own if {NUMBER, RESULT, DAY} <= set(cells.columns)]
    if not own:
        raise DataError("mock_columns", columns="、".join((NUMBER, RESULT, DAY)))
    kept = {str(row["mock_point_id"]): row for row in points.to_dict("records")}
    looked = items.groupby("mock_point_id")["item"].agg(list).to_dict()
    before = items[items["is_found"] == 1].groupby("mock_point_id")["item"].agg(set).to_dict()
    check, faults = FileCheck(), []
    count = pd.concat([cells.loc[_is_filled(cells, items), NUMBER] for _, cells in own]).value_counts()
    for name, cells in own:
        faults += _unknown_columns(name, cells, items)
        is_filled = _is_filled(cells, items)
        check.blank += int((~is_filled).sum())
        for row, record in cells[is_filled].iterrows():
            said = {str(key): str(value) for key, value in record.items()}
            point = kept.get(said[NUMBER])
            own_items = [] if point is None else looked[point["mock_point_id"]]
            found = _faults(said, point, own_items, int(count[said[NUMBER]]), (first_day, last_day))
            raw = json.dumps(_without_added(said), ensure_ascii=False)
            faults += [(name, row, column, said.get(column, ""), code, raw) for column, code in found]
            if point is not None and not found:
                _take(check, said, point, own_items, before.get(point["mock_point_id"], set()))
    check.refused = pd.DataFrame(faults, columns=REFUSED)
    return check


def _text(cells: pd.DataFrame) -> pd.DataFrame:
    texts = cells.astype(object).where(cells.notna(), "").map(lambda value: str(value).strip())
    return texts.set_axis([str(name).strip() for name in cells.columns], axis="columns")


def _is_filled(cells: pd.DataFrame, items: pd.DataFrame) -> pd.Series:
    """Which rows somebody wrote a result into."""
    answers = [name for name in [*item_names(items), RESULT, DAY] if name in cells]
    return (~cells[answers].isin(["", NO_ITEM])).any(axis=1)


def _without_added(said: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in said.items() if key not in OF_REFUSED}


def _unknown_columns(
    name: str, cells: pd.DataFrame, items: pd.DataFrame
) -> list[tuple[str, Hashable, str, str, str, str]]:
    """Columns that are no item of the inspection and hold something: nobody reads them."""
    known = {*COLUMNS.values(), *item_names(items), RESULT, DAY, NOTE, *OF_REFUSED}
    faults = []
    for column in cells.columns:
        values = cells.loc[cells[column] != "", column]
        if column not in known and len(values):
            said = json.dumps({column: values.iloc[0]}, ensure_ascii=False)
            faults.append((name, values.index[0], column, values.iloc[0], "unknown_item", said))
    return faults


def _faults(
    said: dict[str, str],
    point: dict[Hashable, Any] | None,
    own_items: list[str],
    times: int,
    days: tuple[date, date],
) -> list[tuple[str, str]]:
    """What is wrong with a row: column and code of messages.toml."""
    faults = []
    if point is None:
        faults.append((NUMBER, "unknown_point"))
    elif said.get("点位", "") not in ("", str(point["name"]).strip()):
        faults.append(("点位", "other_point"))
    if times > 1:
        faults.append((NUMBER, "duplicate_point"))
    answers = {name: said[name] for name in own_items if name in said}
    faults += [(name, "missing_item") for name in own_items if name not in said]
    faults += [
        (name, "not_found_or_not")
        for name, value in answers.items()
        if value not in ("", FOUND, NOT_FOUND)
    ]
    result = said[RESULT]
    if not result:
        faults.append((RESULT, "missing_result"))
    elif result not in RESULTS.values():
        faults.append((RESULT, "unknown_result"))
    elif result == RESULTS["unreachable"]:
        faults += [(name, "found_unreachable") for name, value in answers.items() if value == FOUND]
    if not said[DAY]:
        faults.append((DAY, "missing_day"))
    elif (day := _day(said[DAY])) is None:
        faults.append((DAY, "not_a_day"))
    elif not days[0] <= day <= days[1]:
        faults.append((DAY, "day_out_of_range"))
    if len(said.get(NOTE, "")) > TEXT:
        faults.append((NOTE, "long_note"))
    return faults


def _day(text: str) -> date | None:
    """2026-03-02, 2026/3/2, 2026年3月2日, with or without a time of day; None for anything else."""
    if match := DATE.fullmatch(text):
        try:
            return date(*map(int, match.groups()))
        except ValueError:
            return None
    return None


def _take(
    check: FileCheck,
    said: dict[str, str],
    point: dict[Hashable, Any],
    own_items: list[str],
    before: set[str],
) -> None:
    """Put a row in order with the new marks, the same or the different ones."""
    result: PointResult = "seen" if said[RESULT] == RESULTS["seen"] else "unreachable"
    found = tuple(name for name in own_items if said[name] == FOUND)
    day = _day(said[DAY])
    assert day is not None  # noqa: S101 for the type checker
    mark: Mark = (int(point["mock_point_id"]), result, found, day, said.get(NOTE, ""))
    if point["result"] == "":
        check.marks.append(mark)
        return
    was = (point["result"], set(before), point["checked_on"].date(), point["note"])
    if was == (result, set(found), day, mark[4]):
        check.same += 1
    else:
        old = tuple(name for name in own_items if name in before)
        words = _words(point["result"], old, was[2], point["note"])
        check.conflicts.append((mark, words, _words(*mark[1:])))


def _words(result: PointResult, found: tuple[str, ...], day: date, note: str) -> str:
    finds = "、".join(found) or "未发现问题"
    seen = f"{RESULTS[result]}，{finds}" if result == "seen" else RESULTS[result]
    return f"{seen}（{day:%Y-%m-%d}）{note}"
