"""The workbook of a mock inspection comes back as it was filled in; what is wrong is refused."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from data import sample_entries
from data.export import with_fault_texts, workbook_to_mend
from data.messages import DataError
from data.mock_workbook import DAY, NOTE, NUMBER, RESULT, FileCheck, check_rows, mock_workbook
from data.plan import PlanSettings
from etl import intake
from pages.ui.sites import site_name
from tests.hostile import ALL, FORMULA, IMAGE

HELD = date(2026, 3, 2)
LAST = date(2026, 3, 20)
SETTINGS = PlanSettings("2021", "", 10, ())


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def make(store: Path, names: list[str]) -> int:
    """Points of two teams, the odd ones toilets, the others streets."""
    keys = [f"P{n}" if n % 2 else f"S{n}#{n}" for n in range(len(names))]
    types = ["公厕" if n % 2 else "主次干道" for n in range(len(names))]
    points = pd.DataFrame(
        {
            "site_key": keys, "site_type": types, "site_name": names, "address": names,
            "street_name": names, "grid_id": None, "grid_name": names, "lead_unit": names,
            "lon": 109.5, "lat": 36.5, "team": [1 + (2 * n >= len(names)) for n in range(len(names))],
            "role": "drawn", "chance": 0.2, "probability": 0.5,
        }
    )  # fmt: skip
    of_type = {"公厕": ["其他"], "主次干道": ["乱停乱放", "其他"]}
    items = pd.DataFrame(
        [
            {
                "site_key": key,
                "part": "市容市貌",
                "item": item,
                "points": 1.0,
                "cap": 5.0,
                "chance": 0.1,
            }
            for key, kind in zip(keys, types, strict=True)
            for item in of_type[kind]
        ]
    )
    return sample_entries.add_mock(
        "a", "mock", "模拟", HELD, "", None, SETTINGS, {}, points, items, store
    )


def kept(store: Path, mock_id: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    points = sample_entries.mock_points("a", mock_id, store)
    names = [site_name(point) for point in points.to_dict("records")]
    return points.assign(name=names), sample_entries.mock_items("a", mock_id, store)


def filled(store: Path, mock_id: int, cells: dict[tuple[int, str], Any]) -> bytes:
    """The workbook with values put into cells, by position of the point and heading."""
    book = openpyxl.load_workbook(io.BytesIO(mock_workbook(*kept(store, mock_id), HELD)))
    for sheet in book:
        at = {str(cell.value): cell.column for cell in sheet[1]}
        for row in range(2, sheet.max_row + 1):
            position = sheet.cell(row, at["序号"]).value
            for (wanted, heading), value in cells.items():
                if wanted == position:
                    sheet.cell(row, at[heading]).value = value
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def checked(store: Path, mock_id: int, content: bytes) -> FileCheck:
    """As the page reads it."""
    path = intake.receive("结果.xlsx", content, store)
    sheets = intake.all_sheets(path)
    return check_rows(sheets, *kept(store, mock_id), HELD, LAST)


def test_a_filled_workbook_comes_back(store: Path) -> None:
    mock_id = make(store, ["人民路", "一号公厕", "北街", "二号公厕"])
    content = filled(
        store,
        mock_id,
        {
            (1, "乱停乱放"): "有", (1, "其他"): "无", (1, RESULT): "已查", (1, DAY): HELD,
            (2, RESULT): "已查", (2, DAY): "2026/3/4", (2, NOTE): "很干净",
            (3, RESULT): "无法检查", (3, DAY): "2026年3月5日",
        },
    )  # fmt: skip
    check = checked(store, mock_id, content)
    assert (len(check.marks), check.blank, check.same, check.refused_rows) == (3, 1, 0, 0)
    sample_entries.mark_points("a", check.marks, store)
    points, items = kept(store, mock_id)
    assert points["result"].tolist() == ["seen", "seen", "unreachable", ""]
    assert points["checked_on"].dt.strftime("%m-%d").tolist()[:3] == ["03-02", "03-04", "03-05"]
    assert points["note"].tolist()[1] == "很干净"
    assert items["is_found"].tolist()[:3] == [1, 0, 0]
    assert items["is_found"].isna().tolist() == [False] * 3 + [True] * 3

    again = checked(store, mock_id, mock_workbook(points, items, HELD))
    assert (again.same, again.marks, again.conflicts, again.refused_rows) == (3, [], [], 0)
    other = filled(store, mock_id, {(2, "其他"): "有"})
    check = checked(store, mock_id, other)
    ((mark, before, after),) = check.conflicts
    assert mark[2] == ("其他",)
    assert before == "已查，未发现问题（2026-03-04）很干净"
    assert after == "已查，其他（2026-03-04）很干净"
    assert check.same == 2


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ({NUMBER: 999}, NUMBER, "unknown_point"),
        ({NUMBER: FORMULA}, NUMBER, "unknown_point"),
        ({"点位": "别处"}, "点位", "other_point"),
        ({"其他": "是"}, "其他", "not_found_or_not"),
        ({RESULT: None}, RESULT, "missing_result"),
        ({RESULT: "看过"}, RESULT, "unknown_result"),
        ({RESULT: "无法检查", "其他": "有"}, "其他", "found_unreachable"),
        ({DAY: None}, DAY, "missing_day"),
        ({DAY: "昨天"}, DAY, "not_a_day"),
        ({DAY: "2026-02-30"}, DAY, "not_a_day"),
        ({DAY: "46083"}, DAY, "not_a_day"),
        ({DAY: HELD - timedelta(1)}, DAY, "day_out_of_range"),
        ({DAY: LAST + timedelta(1)}, DAY, "day_out_of_range"),
        ({NOTE: "长" * 2001}, NOTE, "long_note"),
    ],
)
def test_a_wrong_row_is_refused_with_its_reason(
    store: Path, cells: dict[str, Any], column: str, reason: str
) -> None:
    mock_id = make(store, ["人民路", "一号公厕"])
    good = {(position, RESULT): "已查" for position in (1, 2)}
    good |= {(position, DAY): HELD for position in (1, 2)}
    wrong = {(2, heading): value for heading, value in cells.items()}
    check = checked(store, mock_id, filled(store, mock_id, {**good, **wrong}))
    assert len(check.marks) == 1, "the row in order is taken"
    row = check.refused.iloc[0]
    assert (len(check.refused), row["column_name"], row["reason"], row["row"]) == (1, column, reason, 2)
    assert row["file"].endswith("第2组")
    assert json.loads(row["raw"])["类型"] == "公厕"
    sample_entries.keep_refused("a", mock_id, check.refused, store)
    refused = sample_entries.refused_results("a", mock_id, store)
    assert with_fault_texts(refused)["fault"].str.contains("请").all()


def mended(store: Path, mock_id: int) -> dict[str, bool]:
    """Refused rows by reason."""
    rows = sample_entries.refused_results("a", mock_id, store)
    return dict(zip(rows["reason"], rows["is_mended"], strict=True))


def test_a_refused_row_is_mended_once_its_point_is_brought_back_in_order(store: Path) -> None:
    mock_id = make(store, ["人民路", "一号公厕", "二号公厕"])
    marked = {(position, RESULT): "已查" for position in (1, 2, 3)}
    good = marked | {(position, DAY): HELD for position in (1, 2, 3)}
    first = checked(
        store, mock_id, filled(store, mock_id, {**good, (1, DAY): "昨天", (2, "点位"): "x"})
    )
    sample_entries.mark_points("a", first.marks, store)
    sample_entries.keep_refused("a", mock_id, first.refused, store)
    assert mended(store, mock_id) == {"not_a_day": False, "other_point": False}
    second = checked(store, mock_id, filled(store, mock_id, good))
    sample_entries.mark_points("a", second.marks, store)
    # The row with the name of another place may have been another point's.
    assert mended(store, mock_id) == {"not_a_day": True, "other_point": False}
    again = first.refused.query("reason == 'not_a_day'").assign(reason="missing_day")
    sample_entries.keep_refused("a", mock_id, again, store)
    assert not mended(store, mock_id)["missing_day"], "refused after its point was marked"
    number = int(kept(store, mock_id)[0]["mock_point_id"][0])
    sample_entries.mark_points("a", [(number, "", [], None, "")], store)
    assert not mended(store, mock_id)["not_a_day"], "its result was taken back"


def test_points_twice_and_columns_of_ones_own(store: Path) -> None:
    mock_id = make(store, ["人民路", "一号公厕", "北街", "二号公厕"])
    book = openpyxl.load_workbook(
        io.BytesIO(filled(store, mock_id, {(n, RESULT): "已查" for n in (1, 2, 3)} | {
            (n, DAY): HELD for n in (1, 2, 3)}))
    )  # fmt: skip
    first = book["第1组"]
    at = {str(cell.value): cell.column for cell in first[1]}
    first.cell(1, first.max_column + 1).value = "乱养家禽"
    first.cell(3, first.max_column).value = "有"
    first.append([first.cell(2, column).value for column in range(1, first.max_column + 1)])
    second = book["第2组"]
    second.delete_cols({str(cell.value): cell.column for cell in second[1]}["乱停乱放"])
    book.create_sheet("说明")["A1"] = "组员自己写的"
    check = checked(store, mock_id, saved(book))
    found = set(zip(check.refused["row"], check.refused["column_name"], check.refused["reason"],
                    strict=True))  # fmt: skip
    assert found == {
        (2, NUMBER, "duplicate_point"), (4, NUMBER, "duplicate_point"),
        (3, "乱养家禽", "unknown_item"), (2, "乱停乱放", "missing_item"),
    }  # fmt: skip
    assert len(check.marks) == 1
    assert at[NUMBER] == 1


@pytest.mark.parametrize("content", [b"", b"no workbook", b"PK\x03\x04 broken"])
def test_what_is_no_workbook_is_refused(store: Path, content: bytes) -> None:
    mock_id = make(store, ["人民路", "一号公厕"])
    with pytest.raises(DataError):
        checked(store, mock_id, content)


def test_another_workbook_is_refused_as_a_whole(store: Path) -> None:
    mock_id = make(store, ["人民路", "一号公厕"])
    book = openpyxl.Workbook()
    book.active.append(["编号", "结果"])
    book.active.append([1, "已查"])
    with pytest.raises(DataError, match="点位编号"):
        checked(store, mock_id, saved(book))


def test_a_bomb_is_not_unpacked(store: Path) -> None:
    mock_id = make(store, ["人民路", "一号公厕"])
    stream = io.BytesIO(mock_workbook(*kept(store, mock_id), HELD))
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/bomb.xml", b"\0" * (200 << 20))
    with pytest.raises(DataError) as caught:
        checked(store, mock_id, stream.getvalue())
    assert caught.value.code == "unsafe_file"


def test_hostile_names_stay_text(store: Path) -> None:
    mock_id = make(store, ALL)
    content = mock_workbook(*kept(store, mock_id), HELD)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [archive.read(name) for name in archive.namelist() if "worksheets/" in name]
    assert all(b"<f>" not in sheet and b"<hyperlink" not in sheet for sheet in sheets)
    book = openpyxl.load_workbook(io.BytesIO(content))
    shown = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row]
    assert FORMULA in shown
    assert IMAGE in shown
    marks = {(n + 1, RESULT): "已查" for n in range(len(ALL))}
    marks |= {(n + 1, DAY): HELD for n in range(len(ALL))}
    check = checked(store, mock_id, filled(store, mock_id, marks))
    assert (len(check.marks), check.refused_rows) == (len(ALL), 0)


def test_refused_rows_are_mended_and_brought_again(store: Path) -> None:
    mock_id = make(store, ["人民路", "一号公厕"])
    cells = {(n, heading): value for n in (1, 2) for heading, value in ((RESULT, "已查"), (DAY, HELD))}
    check = checked(store, mock_id, filled(store, mock_id, cells | {(2, "其他"): "是"}))
    sample_entries.keep_refused("a", mock_id, check.refused, store)
    refused = sample_entries.refused_results("a", mock_id, store).rename(columns={"row": "row_number"})
    book = openpyxl.load_workbook(io.BytesIO(workbook_to_mend(with_fault_texts(refused))))
    (sheet,) = book
    at = {str(cell.value): cell.column for cell in sheet[1]}
    assert "只能填" in str(sheet.cell(2, at["原因与办法"]).value)
    sheet.cell(2, at["其他"]).value = "有"
    again = checked(store, mock_id, saved(book))
    assert again.refused.empty
    assert [(mark[1], mark[2]) for mark in again.marks] == [("seen", ("其他",))]
