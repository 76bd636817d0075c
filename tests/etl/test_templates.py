"""Every template workbook loads by itself: its headings are found and its examples are sound."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from data.catalog import TABLES
from data.templates import headings, template_workbook, templates
from etl.extract import read_file
from etl.propose import propose_columns, propose_table
from etl.recipe import DATASET_TABLES, Dataset
from etl.validate import check_file

SHAPED = {name for name in DATASET_TABLES if TABLES[name].geometry in ("polygon", "line")}


@pytest.mark.parametrize("name", sorted(set(DATASET_TABLES) - SHAPED))
def test_a_template_loads_as_it_is(name: str, tmp_path: Path) -> None:
    table = TABLES[name]
    path = tmp_path / "template.xlsx"
    path.write_bytes(template_workbook(name))
    shape = {"files": [path.name], "format": "xlsx", "sheet": "数据"}
    raw = read_file(path, Dataset.model_validate(shape | {"columns": {}}), path.name)
    assert propose_table(raw.source) == name
    columns = {proposal.field: proposal.header for proposal in propose_columns(raw.source, table)}
    assert columns == headings(name), "every column is found under its heading"
    dataset = Dataset.model_validate(shape | {"columns": columns, "crs": "EPSG:4326"})
    checked = check_file(
        read_file(path, dataset, path.name),
        dataset,
        table,
        compute_crs="EPSG:4545",
        timezone="Asia/Shanghai",
        now=datetime(2026, 1, 1),  # noqa: DTZ001 local time of the county
    )
    assert checked.faults.empty
    assert len(checked.frame) == 2


def test_every_file_column_has_a_heading_and_a_note() -> None:
    rows = templates()
    assert set(rows["table"]) == set(DATASET_TABLES)
    assert (rows["note"] != "").all()
    for name in DATASET_TABLES:
        assert set(rows.query("table == @name")["column"]) == set(headings(name))
