"""Which build is served, and how the command line tells of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from data.builds import NoBuildError, builds, current_build_id, open_build
from data.messages import DataError
from data.settings import settings
from etl.__main__ import app
from etl.load import remake
from etl.publish import point_current, publish
from tests.conftest import ISSUES, County, issue_line

LINES = [issue_line(record) for record in ISSUES]


def run(county: County) -> tuple[int, str]:
    arguments = ["build", "--source", str(county.recipe), "--store", str(county.store)]
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "400"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_an_open_build_goes_on_showing_what_it_held(tiny_county: Callable[[], County]) -> None:
    county = tiny_county()
    old = county.build()
    county.platform(LINES[:4])
    new = county.build()
    assert new.build_id != old.build_id
    counts = [len(engine.query("select * from core_issue")) for engine in (old, new)]
    assert counts == [15, 8]


def test_an_older_build_can_be_served_again(tiny_county: Callable[[], County]) -> None:
    county = tiny_county()
    first, second = county.load().build_id, county.load().build_id
    assert current_build_id(county.store) == second
    point_current(first, county.store)
    assert county.served().build_id == first
    assert builds(county.store) == [first, second]


def test_a_build_that_does_not_exist_is_never_served(tiny_county: Callable[[], County]) -> None:
    county = tiny_county()
    build_id = county.load().build_id
    with pytest.raises(NoBuildError, match=build_id):
        point_current("elsewhere", county.store)
    assert current_build_id(county.store) == build_id
    with pytest.raises(NoBuildError):
        open_build("elsewhere", county.store)


def test_a_build_number_is_never_used_twice(tiny_county: Callable[[], County]) -> None:
    county = tiny_county()
    build_id = county.load().build_id
    again = county.store / "x.building"
    again.write_bytes(b"other content")
    with pytest.raises(FileExistsError):
        publish(again, build_id, county.store)
    assert len(county.served().query("select * from core_issue")) == 15


def test_a_build_that_was_not_closed_is_not_published(tmp_path: Path) -> None:
    (tmp_path / "x.building").write_bytes(b"")
    (tmp_path / "x.building.wal").write_bytes(b"")
    with pytest.raises(RuntimeError, match="write-ahead log"):
        publish(tmp_path / "x.building", "x", tmp_path)
    assert builds(tmp_path) == []


def test_what_a_killed_load_left_is_cleared_away(tiny_county: Callable[[], County]) -> None:
    county = tiny_county()
    county.load()
    for name in ("tiny-1.building", "tiny-1.building.wal", "CURRENT.new"):
        (county.store / name).write_bytes(b"half")
    county.load()
    left = {path.name for path in county.store.iterdir() if path.suffix != ".duckdb"}
    assert left == {"CURRENT", "load.lock", "originals", "checked"}


def test_a_store_without_a_build_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoBuildError, match="python -m etl"):
        current_build_id(tmp_path)
    (tmp_path / "CURRENT").write_text("tiny-1\n")
    with pytest.raises(NoBuildError, match="build again"):
        current_build_id(tmp_path)


def test_a_file_that_is_no_build_of_this_version_is_not_opened(
    tiny_county: Callable[[], County], monkeypatch: pytest.MonkeyPatch
) -> None:
    county = tiny_county()
    build_id = county.load().build_id
    monkeypatch.setattr("data.builds.digest", lambda: "of the next version")
    with pytest.raises(NoBuildError, match="etl remake"):
        open_build(build_id, county.store)


# --- the command line -----------------------------------------------------------------------------


def test_the_command_reports_what_it_read(tiny_county: Callable[[], County]) -> None:
    county = tiny_county()
    county.platform([LINES[0].replace("2025-03-01 08:00:00", "昨天"), *LINES[1:]])
    code, output = run(county)
    assert code == 0
    for text in ("小县", "platform.csv", "上报时间", "row 2", "昨天", current_build_id(county.store)):
        assert text in output


def test_the_command_says_an_error_in_both_languages_and_fails(
    tiny_county: Callable[[], County],
) -> None:
    county = tiny_county()
    (county.root / "grids.geojson").unlink()
    code, output = run(county)
    assert code == 1
    assert "请放入文件" in output
    assert "Put the file there" in output


@pytest.mark.parametrize("text", ["[/b]", "[/]", "[red]"])
@pytest.mark.parametrize("old", ["2025-03-01 08:00:00", "道路破损"])
def test_brackets_in_the_data_are_shown_as_they_are(
    tiny_county: Callable[[], County], text: str, old: str
) -> None:
    county = tiny_county()
    county.platform([line.replace(old, text) for line in LINES])
    code, output = run(county)
    assert code == 0
    assert text in output


def test_an_error_of_the_recipe_names_its_table(tiny_county: Callable[[], County]) -> None:
    county = tiny_county()
    county.edit("county.toml", "department = ", "departement = ")
    code, output = run(county)
    assert code == 1
    assert "[[core_issue]]" in output


def test_a_build_can_be_made_again_when_its_files_are_gone(
    tiny_county: Callable[[], County],
) -> None:
    county = tiny_county()
    county.load()
    first = county.served()
    tables = ("core_grid", "core_segment", "core_issue")
    before = {table: first.query(f"select * from {table}") for table in tables}
    shutil.rmtree(county.root)
    remake(first.build_id, county.store)
    again = county.served()
    assert again.build_id != first.build_id
    for table, frame in before.items():
        pd.testing.assert_frame_equal(again.query(f"select * from {table}"), frame)


def test_originals_are_kept_once_and_as_long_as_a_build_needs_them(
    tiny_county: Callable[[], County], monkeypatch: pytest.MonkeyPatch
) -> None:
    county = tiny_county()
    county.load()
    kept = {path.name for path in (county.store / "originals").glob("*/*")}
    county.load()
    assert {path.name for path in (county.store / "originals").glob("*/*")} == kept
    monkeypatch.setenv("CHUANGWEI_KEEP_BUILDS", "1")
    settings.cache_clear()
    try:
        county.edit("platform.csv", "县城管局", "县住建局", "gbk")
        county.load()
    finally:
        settings.cache_clear()
    names = {path.name for path in (county.store / "originals").glob("*/*")}
    assert len(names) == len(kept)
    assert len(names - kept) == 1


def test_a_lost_original_is_named(tiny_county: Callable[[], County]) -> None:
    county = tiny_county()
    county.load()
    next((county.store / "originals").glob("*/*")).unlink()
    with pytest.raises(DataError, match="lost an original"):
        remake(county.served().build_id, county.store)
