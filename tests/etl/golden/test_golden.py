from __future__ import annotations

from pathlib import Path

import pytest

from data.engine import DuckDBEngine
from tests.etl.golden.regenerate import EXPECTED, HERE, TABLES, build_golden, table_text


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> DuckDBEngine:
    return build_golden(tmp_path_factory.mktemp("golden"))


@pytest.mark.parametrize("table", TABLES)
def test_the_golden_files_become_the_reviewed_tables(golden: DuckDBEngine, table: str) -> None:
    expected = (EXPECTED / f"{table}.csv").read_text("utf-8")
    assert table_text(golden, table).splitlines() == expected.splitlines()


def test_every_expected_table_is_compared() -> None:
    assert sorted(path.stem for path in EXPECTED.iterdir()) == sorted(TABLES)


def test_the_golden_county_stays_small() -> None:
    files = [path for folder in ("raw", "expected") for path in Path(HERE / folder).iterdir()]
    assert sum(path.stat().st_size for path in files) < 50_000
