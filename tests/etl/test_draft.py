"""Columns are recognised by name and content, and the draft of a recipe builds once it is checked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from data.catalog import TABLES
from data.settings import ROOT
from etl.__main__ import app
from etl.draft import draft_recipe
from etl.load import build
from etl.propose import normal_name, propose_columns, propose_table
from etl.recipe import load_recipe
from tests.conftest import County

HEADERS = ROOT.parent / "shared" / "data" / "china_mix" / "cn_export_headers.csv"


def proposed(columns: dict[str, list[str]], table: str = "core_issue") -> dict[str, str]:
    frame = pd.DataFrame(columns, dtype=pd.StringDtype("pyarrow"))
    return {p.field: p.header for p in propose_columns(frame, TABLES[table])}


def test_headings_differ_in_width_blanks_and_units() -> None:
    assert normal_name(" 经度（WGS84） ") == normal_name("经度") == "经度"
    assert normal_name("ＩＤ_号") == "id号"


def test_content_decides_between_two_like_names() -> None:
    found = proposed(
        {"整改时限": ["3天", "5个工作日"], "整改时间": ["2026-03-05", "2026-03-06"], "序号": ["1", "2"]}
    )
    assert found["due_at"] == "整改时限"
    assert found["closed_at"] == "整改时间"
    wrong = proposed({"上报时间": ["张三", "李四"], "发现时间": ["2026-03-05", "2026-03-06"]})
    assert wrong["reported_at"] == "发现时间", "names of people are no times"


def test_no_column_is_used_twice_and_nothing_is_forced() -> None:
    found = proposed({"责任单位": ["县城管局"], "备注": ["无"]})
    assert found == {"department": "责任单位"}


@pytest.mark.real
@pytest.mark.skipif(not HEADERS.exists(), reason="../shared/data is not here")
def test_headings_of_a_real_platform() -> None:
    """cn_export_headers.csv: the export of the 数字城管 platform that most cities run."""
    headers = pd.read_csv(HEADERS, encoding="utf-8-sig")
    names = headers.loc[headers["export_family"].str.startswith("egova"), "chinese_header"]
    columns = {name.split("/")[0].split(" ")[0]: [""] for name in names}
    found = proposed(columns)
    assert found["issue_id"] in ("任务号", "案件标识")
    assert {key: found[key] for key in ("reported_at", "category", "department", "description")} == {
        "reported_at": "上报时间",
        "category": "小类",
        "department": "处置部门",
        "description": "问题描述",
    }
    assert found["due_at"] == "处置截止时间"
    assert found["closed_at"] == "结案时间"
    assert found["verified_at"] == "核查时间"
    assert found["lon"] == "x坐标"
    assert found["lat"] == "y坐标"


def test_the_table_is_told_by_its_columns(demo_store: Path) -> None:
    raw = demo_store.parent / "raw"
    for file, table in (
        ("issues_platform.csv", "core_issue"), ("shifts.csv", "core_shift"), ("sites.csv", "core_site"),
        ("cleaning_log.csv", "core_cleaning"), ("gps_fixes.csv", "core_fix"),
    ):  # fmt: skip
        frame = pd.read_csv(raw / file, encoding="gb18030", dtype=pd.StringDtype("pyarrow"))
        assert propose_table(frame) == table


def test_a_checked_draft_builds_what_the_recipe_builds(demo_store: Path, tmp_path: Path) -> None:
    """Its counts are those of the recipe written by hand; it only lacks what no file can tell."""
    raw = demo_store.parent / "raw"
    names = "grids.geojson streets.shp issues_platform.csv issues_ledger.xlsx inspections.xlsx"
    names += " shifts.csv cleaning_log.csv gps_fixes.csv sites.csv"
    text = draft_recipe([raw / name for name in names.split()], "mine")
    assert 'compute_crs = "EPSG:4545"' in text
    assert "REQUIRED" not in text
    (tmp_path / "mine.toml").write_text(text, "utf-8")
    drafted = build(load_recipe(str(tmp_path / "mine.toml")), tmp_path / "store")
    by_hand = build(load_recipe("demo").model_copy(update={"root": raw}), tmp_path / "store2")
    columns = ["file", "rows_read", "accepted", "refused"]
    pd.testing.assert_frame_equal(drafted.files[columns], by_hand.files[columns])


def test_the_command_writes_the_recipe_and_says_what_is_missing(
    tiny_county: Callable[[], County], tmp_path: Path
) -> None:
    county = tiny_county()
    county.edit("platform.csv", "上报时间", "日期甲", "gbk")
    out = tmp_path / "tiny.toml"
    files = [str(county.root / name) for name in ("grids.geojson", "streets.geojson", "platform.csv")]
    result = CliRunner().invoke(app, ["draft", *files, "--out", str(out)])
    assert result.exit_code == 0
    assert 'reported_at = ""  # REQUIRED, not found' in out.read_text("utf-8")
    assert "# not used: 日期甲" in out.read_text("utf-8")
