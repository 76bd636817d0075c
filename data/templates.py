"""Template workbooks: what a county's file of a table should look like, with examples and notes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pandas as pd

from data.catalog import TABLES
from data.export import workbook

TABLE = Path(__file__).with_name("templates.csv")


@lru_cache(maxsize=1)
def templates() -> pd.DataFrame:
    """One row a column of a table: table, column, heading, note, example_1, example_2."""
    return pd.read_csv(TABLE, dtype=str, keep_default_na=False)


def headings(table: str) -> dict[str, str]:
    """Chinese heading by column, in the catalog's order."""
    rows = templates().query("table == @table").set_index("column")["heading"]
    return {column.name: rows[column.name] for column in TABLES[table].file_columns}


def template_workbook(table: str) -> bytes:
    """An .xlsx file that loads as it is: sheet 数据 with two example rows, sheet 说明 with the notes.

    A grid's or street's shape comes from a map file: its attributes are named as the headings.
    """
    rows = templates().query("table == @table").set_index("column")
    rows = rows.loc[[column.name for column in TABLES[table].file_columns]]
    data = pd.DataFrame(
        [rows["example_1"].to_list(), rows["example_2"].to_list()], columns=rows["heading"].to_list()
    )
    required = {column.name for column in TABLES[table].file_columns if column.required}
    notes = pd.DataFrame(
        {
            "列": rows["heading"].to_numpy(),
            "必填": ["必填" if name in required else "" for name in rows.index],
            "说明": rows["note"].to_numpy(),
        }
    )
    return workbook({"数据": data, "说明": notes})
