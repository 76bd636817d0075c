"""The standard as it counts in a county: the build's rows, or those that people put in their place."""

from __future__ import annotations

import json

import pandas as pd

from data.catalog import TABLES
from data.engine import Engine


def standard_table(engine: Engine, table: str) -> pd.DataFrame:
    """The rows of a table of the standard (`standard_…` of the catalog) in the build."""
    return engine.select(table)


def in_force(rows: pd.DataFrame, edits: pd.DataFrame, table: str) -> pd.DataFrame:
    """The rows of a table with corrected editions in place of the build's, and is_edited.

    rows   of `standard_table`; edits: of `data.sample_entries.standard_edits`.
    """
    columns = [column.name for column in TABLES[table].file_columns]
    kept = rows[columns].assign(is_edited=False)
    for edit in edits[edits["table_name"] == table].itertuples():
        corrected = pd.DataFrame(json.loads(str(edit.content)), columns=columns)
        others = kept[kept["edition"] != edit.edition]
        kept = pd.concat([others, corrected.assign(is_edited=True)], ignore_index=True)
    floats = [column.name for column in TABLES[table].file_columns if column.type == "float"]
    return kept.astype(dict.fromkeys(floats, float)).reset_index(drop=True)
