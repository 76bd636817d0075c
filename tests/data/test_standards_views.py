"""Tables of the standard: wrong rows, sums that do not add up, forms that can be rehearsed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xlsxwriter

from data.catalog import TABLES
from data.engine import DuckDBEngine
from data.standards import default_table, site_types
from data.templates import headings
from data.views.standard_checks import standard_faults, standard_findings, typed_rows
from data.views.standards import (
    DOUBLED,
    EDITABLE,
    TOTAL,
    edition_rows,
    form_deductions,
    form_parts,
    in_force,
    quotas_for,
    rehearsed_forms,
    standard_table,
)
from tests.conftest import County

SHIPPED = {name: default_table(TABLES[name]) for name in EDITABLE}
FORM = "评分表"
NO_EDITS = pd.DataFrame(columns=["table_name"])


def made(table: str, *rows: dict[str, Any]) -> pd.DataFrame:
    """Rows of one edition, numbered from 1; what a row leaves out is harmless."""
    usual: dict[str, dict[str, Any]] = {
        "standard_quota": {"block": "市容", "site_type": "公厕", "quota": 3.0},
        "standard_weight": {"form": FORM, "aspect": "公厕", "points": 18.0},
        "standard_deduction": {
            "form": FORM, "part": "公厕", "site_type": "公厕", "item": "其他", "points": 1.0,
            "cap": 5.0,
        },
        "standard_item": {"item_no": "1", "content": "内容"},
    }  # fmt: skip
    columns = [column.name for column in TABLES[table].file_columns if column.name != "edition"]
    said = [usual[table] | {"is_verified": False, "source": "省表"} | row for row in rows]
    index = pd.RangeIndex(1, len(rows) + 1)
    return pd.DataFrame(said, columns=columns, index=index).astype(object)


def codes(table: str, *rows: dict[str, Any]) -> list[tuple[int, str, str, str]]:
    """Row, column, code and what it collides with of each fault."""
    weights = made("standard_weight", {}, {"aspect": "园林", "points": 9.0}, {"aspect": TOTAL})
    faults = standard_faults(table, typed_rows(table, made(table, *rows)), weights)
    return [(fault.row, fault.column, fault.code, fault.other) for fault in faults]


@pytest.mark.parametrize("table", EDITABLE)
def test_what_ships_may_be_saved_as_it_is(table: str) -> None:
    for edition in SHIPPED[table]["edition"].unique():
        rows, weights = (
            edition_rows(SHIPPED[name], name, edition) for name in (table, "standard_weight")
        )
        typed = typed_rows(table, rows)
        assert standard_faults(table, typed, weights) == []
        assert len(typed) == len(rows)
        assert SHIPPED[table]["source"].notna().all()


@pytest.mark.parametrize(
    ("table", "row", "expected"),
    [
        ("standard_quota", {"site_type": "  "}, ("site_type", "empty", "")),
        ("standard_quota", {"quota": None}, ("quota", "empty", "")),
        ("standard_quota", {"quota": np.nan}, ("quota", "empty", "")),
        ("standard_quota", {"quota": 2.5}, ("quota", "not_whole", "")),
        ("standard_quota", {"quota": -1}, ("quota", "negative", "")),
        ("standard_quota", {"quota": "三个"}, ("quota", "not_number", "")),
        ("standard_quota", {"quota": float("inf")}, ("quota", "not_number", "")),
        ("standard_quota", {"population_from": 50.0, "population_to": 50.0},
         ("population_to", "band_empty", "50")),
        ("standard_weight", {"points": -0.5}, ("points", "negative", "")),
        ("standard_deduction", {"cap": 0.5}, ("cap", "low_cap", "1")),
        ("standard_deduction", {"part": "绿化"}, ("part", "unknown_part", "公厕、园林")),
        ("standard_deduction", {"part": TOTAL}, ("part", "unknown_part", "公厕、园林")),
        ("standard_deduction", {"form": "别表"}, ("form", "unknown_form", FORM)),
        ("standard_item", {"is_verified": True, "source": " "}, ("source", "no_source", "")),
    ],
)  # fmt: skip
def test_one_wrong_cell(table: str, row: dict[str, Any], expected: tuple[str, str, str]) -> None:
    right = {"item_no": "9", "site_type": "医院", "aspect": "医院"}
    assert codes(table, right, row) == [(2, *expected)]


def test_harmless_rows() -> None:
    assert codes("standard_quota", {"population_from": None, "population_to": None, "quota": 0}) == []
    assert codes("standard_deduction", {"cap": None}, {"site_type": "学校", "cap": 1.0}) == []
    assert codes("standard_item", {"content": None, "is_verified": None, "source": None}) == []


def test_rows_that_say_the_same_twice() -> None:
    twice = [(2, "population_from", "twice", "1")]
    assert codes("standard_quota", {}, {"population_from": 0.0}) == twice
    assert codes("standard_deduction", {}, {"part": "园林"}) == [(2, "item", "twice", "1")]
    named = {"site_type": "医院"}, {"site_type": "医疗机构"}
    assert codes("standard_deduction", *named) == [(2, "item", "twice", "1")]
    assert codes("standard_item", {}, {}, {}) == [
        (2, "item_no", "twice", "1"),
        (3, "item_no", "twice", "1"),
    ]


@pytest.mark.parametrize(
    ("bands", "expected"),
    [
        ([(0, 50), (50, 200), (200, None)], []),
        ([(200, None), (0, 50), (50, 200)], []),  # in any order
        ([(None, 50), (50, None)], []),
        ([(0, 50), (40, None)], [(2, "population_from", "band_overlap", "1")]),
        ([(0, None), (50, 200)], [(2, "population_from", "band_overlap", "1")]),
        (
            [(0, None), (50, 60), (70, 80)],
            [(row, "population_from", "band_overlap", "1") for row in (2, 3)],
        ),
        ([(0, 50), (60, 200), (200, None)], [(2, "population_from", "band_hole", "50–60")]),
    ],
)
def test_population_bands(bands: list[tuple[Any, Any]], expected: list[Any]) -> None:
    rows = [{"population_from": low, "population_to": high} for low, high in bands]
    assert codes("standard_quota", *rows) == expected
    # Another type has its own bands.
    other = [*rows, {"site_type": "学校", "population_from": 45.0, "population_to": 46.0}]
    assert codes("standard_quota", *other) == expected


def test_blank_lines_of_an_editor_are_no_rows_and_blanks_are_cut() -> None:
    empty = {"block": None, "site_type": "", "quota": np.nan, "is_verified": None, "source": None}
    typed = typed_rows("standard_quota", made("standard_quota", {}, empty, {"site_type": " 学校 "}))
    assert list(typed.index) == [1, 3]
    assert typed["site_type"].tolist() == ["公厕", "学校"]
    assert typed["is_verified"].tolist() == [False, False]
    assert codes("standard_quota", empty) == [(0, "", "no_rows", "")]


def findings(edition: str, **rows: pd.DataFrame) -> dict[str, list[tuple[Any, ...]]]:
    """Findings by subject: kind, stated, summed, difference by band, the lowest first."""
    tables = {name: in_force(SHIPPED[name], NO_EDITS, name) for name in SHIPPED} | {
        name: frame.assign(edition=edition) for name, frame in rows.items()
    }
    found: dict[str, list[tuple[Any, ...]]] = {}
    for row in standard_findings(tables, edition).sort_values("population_from").itertuples():
        said = (row.kind, row.stated, row.summed, row.difference)
        found.setdefault(f"{row.table_name} {row.subject}", []).append(said)
    return found


def test_2021_as_published_leaves_out_the_split_by_type_and_420_points() -> None:
    assert findings("2021") == {
        "standard_quota 合计": [("unlisted", 179, 0, 179)],
        "standard_weight 国家卫生城市评价（千分制）": [("match", 1000, 1000, 0)],
        "standard_weight 现场评估": [("short", 600, 180, 420)],
        "standard_weight 现场评估·市容环境卫生": [("match", 180, 180, 0)],
        "standard_item 合计": [("match", 45, 45, 0)],
    }


def test_2014_as_published() -> None:
    """What no source lists is 53, 67, 84 and 81, 113, 141; doubled rows make the blocks right."""
    found = findings("2014")
    assert [found["standard_quota 市容环境卫生"], found["standard_quota 合计"]] == [
        [("short", 61, 8, 53), ("short", 79, 12, 67), ("short", 99, 15, 84)],
        [("short", 161, 80, 81), ("short", 215, 102, 113), ("short", 267, 126, 141)],
    ]
    assert {row[0] for row in found["standard_quota 爱国卫生组织管理"]} == {"match"}
    assert {row[0] for row in found["standard_quota 健康教育和健康促进"]} == {"match"}
    assert found["standard_quota 爱国卫生组织管理 · 市爱卫办"] == [
        ("doubled", 7, 6, 1), ("doubled", 10, 9, 1), ("doubled", 13, 12, 1),
    ]  # fmt: skip
    assert len(found["standard_quota 健康教育和健康促进 · 健康教育机构"]) == 3
    # 50+70+230+100+120+110+100+50+50+70+50: the city form adds up to what it says.
    assert found["standard_weight 国家卫生城市暗访评价表"] == [("match", 1000, 1000, 0)]
    assert found["standard_weight 国家卫生县城（乡镇）暗访评分表"] == [("match", 1000, 1000, 0)]
    # Of 196 items only the titles of 9 classes are known.
    assert found["standard_item 合计"] == [("short", 196, 9, 187)]
    assert len(found) == 9


def test_what_does_not_add_up_comes_first() -> None:
    tables = {name: SHIPPED[name].assign(is_edited=False) for name in SHIPPED}
    kinds = standard_findings(tables, "2014")["kind"].tolist()
    assert kinds == ["short"] * 7 + ["doubled"] * 6 + ["match"] * 8
    assert standard_findings(tables, "没有这一版").empty


def test_too_many_none_stated_and_rows_without_a_part() -> None:
    quotas = made(
        "standard_quota",
        {"site_type": TOTAL, "quota": 4.0},
        {"quota": 3.0, "population_to": 50.0},
        {"quota": 9.0, "population_from": 50.0},
        {"block": "其他板块", "site_type": f"学校{DOUBLED}", "quota": 2.0},
    )
    weights = made("standard_weight", {}, {"form": "别表", "aspect": TOTAL, "points": 7.0})
    deductions = made("standard_deduction", {}, {"part": "绿化"}, {"part": "绿化", "item": "乱贴乱画"})
    own = {"standard_quota": quotas, "standard_weight": weights, "standard_deduction": deductions}
    found = findings("某省", **own, standard_item=made("standard_item", {}, {"item_no": "2"}))
    nan = pytest.approx(np.nan, nan_ok=True)
    assert found == {
        "standard_quota 市容": [("short", 4, 3, 1), ("over", 4, 9, -5)],
        "standard_quota 合计": [("unstated", nan, 6, nan), ("unstated", nan, 6, nan)],
        f"standard_weight {FORM}": [("unstated", nan, 18, nan)],
        "standard_weight 别表": [("unlisted", 7, 0, 7)],
        f"standard_deduction {FORM} · 绿化": [("orphan", nan, 2, nan)],
        "standard_item 合计": [("unstated", nan, 2, nan)],
    }


def test_a_stated_number_of_items_is_a_whole_number_and_is_no_item() -> None:
    total = {"item_no": TOTAL, "content": "2"}
    assert codes("standard_item", {}, {"item_no": "2"}, total) == []
    for value, code in ((None, "empty"), ("两项", "not_number"), ("2.5", "not_whole")):
        assert codes("standard_item", {}, total | {"content": value}) == [(2, "content", code, "")]
    alone = made("standard_item", total)
    assert findings("某省", standard_item=alone) == {"standard_item 合计": [("unlisted", 2, 0, 2)]}
    over = made("standard_item", *({"item_no": str(n)} for n in range(3)), total)
    assert findings("某省", standard_item=over) == {"standard_item 合计": [("over", 2, 3, -1)]}


def test_forms_that_can_be_rehearsed() -> None:
    weights, deductions = SHIPPED["standard_weight"], SHIPPED["standard_deduction"]
    parts = form_parts(weights, deductions, "2021")
    assert rehearsed_forms(parts) == ["现场评估·市容环境卫生"]
    own = parts[parts["form"] == "现场评估·市容环境卫生"].set_index("part")
    assert own["points"].tolist() == [42, 38, 33, 31, 18, 18]
    assert own["rows"].sum() == (deductions["edition"] == "2021").sum()
    parts = form_parts(weights, deductions, "2014")
    assert rehearsed_forms(parts) == ["国家卫生县城（乡镇）暗访评分表"]
    own = parts[parts["form"] == "国家卫生县城（乡镇）暗访评分表"].set_index("part")
    assert own["points"].sum() == 1000
    assert own.index[own["rows"] == 0].tolist() == [
        "病媒生物防制", "食品安全", "传染病防制", "健康教育与创卫宣传", "综合评价", "群众满意率",
    ]  # fmt: skip
    assert TOTAL not in set(parts["part"])


@pytest.mark.parametrize(
    ("edition", "population", "total", "types"),
    [("2014", 12, 161, 16), ("2014", 50, 215, 16), ("2014", 900, 267, 16), ("2021", 12, 179, 0)],
)
def test_quotas_of_a_population(edition: str, population: float, total: int, types: int) -> None:
    quotas = quotas_for(SHIPPED["standard_quota"], edition, population)
    assert set(quotas.rows["site_type"]) & set(site_types()) <= set(site_types().values())
    assert quotas.total == total
    assert len(quotas.rows) == types
    assert not quotas.rows["site_type"].str.endswith(DOUBLED).any()
    assert np.isnan(quotas_for(SHIPPED["standard_quota"], "没有这一版", 12).total)


def test_a_build_carries_what_ships(demo_engine: DuckDBEngine) -> None:
    for name in EDITABLE:
        assert len(standard_table(demo_engine, name)) == len(SHIPPED[name])


def test_a_filled_in_template_takes_the_place_of_what_ships(tiny_county: Callable[[], County]) -> None:
    """As Excel keeps it: the edition and the points are numbers."""
    county = tiny_county()
    names = headings("standard_deduction")
    with xlsxwriter.Workbook(county.root / "扣分.xlsx") as book:
        sheet = book.add_worksheet("数据")
        sheet.write_row(0, 0, list(names.values()))
        sheet.write_row(1, 0, [2021, FORM, "公厕", "公厕", "其他", 1.5, 18, "是", "省表"])
        sheet.write_row(2, 0, [2021, FORM, "公厕", "公厕", "乱贴乱画", 0.5, "", "", ""])
        sheet.write_row(3, 0, [2021, FORM, "公厕", "公厕", "乱停乱放", "两分", "", "", ""])
    columns = ", ".join(f'{column} = "{heading}"' for column, heading in names.items())
    county.write(
        "county.toml",
        county.recipe.read_text("utf-8") + '\n[[standard_deduction]]\nfiles = ["扣分.xlsx"]\n'
        f'format = "xlsx"\nsheet = "数据"\ncolumns = {{ {columns} }}\n',
    )
    engine = county.build()
    rows = edition_rows(
        in_force(standard_table(engine, "standard_deduction"), NO_EDITS, "standard_deduction"),
        "standard_deduction",
        "2021",
    )
    assert rows["points"].tolist() == [0.5, 1.5]
    assert rows["is_verified"].tolist() == [False, True]
    assert len(engine.select("refused_rows")) == 1
    assert len(standard_table(engine, "standard_weight")) == len(SHIPPED["standard_weight"])


def test_deductions_name_types_as_the_frame_does() -> None:
    rows = pd.DataFrame(
        {"edition": "本省", "form": [FORM, FORM, "别的"], "site_type": ["集贸市场", "岛", "公厕"]}
    )
    own = form_deductions(rows, "本省", FORM)
    assert own["site_type"].tolist() == ["农贸市场", "岛"]
