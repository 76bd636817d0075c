"""A file that was checked before is not read again, and the build is the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from etl.extract import RawFile, read_file
from etl.load import build
from etl.recipe import Dataset, load_recipe
from tests.conftest import ISSUES, County, issue_line

NOON, LATER, AFTER = (datetime(2026, 1, day, 12) for day in (1, 2, 20))  # noqa: DTZ001 local


def load(county: County, now: datetime) -> tuple[list[str], int]:
    """Names of the files that were read, and how many records were refused."""
    read: list[str] = []

    def noted(path: Path, dataset: Dataset, name: str) -> RawFile:
        read.append(name)
        return read_file(path, dataset, name)

    report = build(load_recipe(str(county.recipe)), county.store, now=now, read=noted)
    return read, int(report.files["refused"].sum())


def test_only_what_is_new_is_read(tiny_county: Callable[[], County]) -> None:
    county = tiny_county()
    assert len(load(county, NOON)[0]) == 4
    first = county.served().query("select * from core_issue order by issue_id")
    assert load(county, LATER)[0] == []
    again = county.served().query("select * from core_issue order by issue_id")
    assert again.equals(first)
    county.platform([issue_line(ISSUES[0])])
    assert load(county, LATER)[0] == ["platform.csv"]


def test_another_recipe_judges_anew(tiny_county: Callable[[], County]) -> None:
    county = tiny_county()
    load(county, NOON)
    county.edit("county.toml", 'department = "处置部门", ', "")
    assert load(county, NOON)[0] == ["platform.csv"]


def test_what_lay_in_the_future_is_judged_again_when_it_has_come(
    tiny_county: Callable[[], County],
) -> None:
    county = tiny_county()
    soon = issue_line(("A99", "暴露垃圾", "2026-01-10 08:00:00", "", 200, 305))
    county.platform([*map(issue_line, ISSUES), soon])
    assert load(county, NOON)[1] == 1
    assert load(county, LATER) == ([], 1)
    assert load(county, AFTER) == (["platform.csv"], 0)


def test_a_damaged_entry_is_made_again(tiny_county: Callable[[], County]) -> None:
    county = tiny_county()
    load(county, NOON)
    for entry in (county.store / "checked").glob("*/frame"):
        entry.write_bytes(b"broken")
    assert len(load(county, NOON)[0]) == 4
    assert len(county.served().query("select * from core_issue")) == 15
