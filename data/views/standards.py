"""The standard as it counts in a county: the build's rows, or those that people put in their place."""

from __future__ import annotations

import json
from typing import NamedTuple

import numpy as np
import pandas as pd

from data.catalog import TABLES
from data.engine import Engine
from data.standards import as_site_types

# Site type, aspect or item_no of a row that states what the others of its block, form or edition add
# up to.
TOTAL = "合计"
DOUBLED = "（原件重复行）"  # ends the site type of a row that the source prints a second time
EDITABLE = ("standard_quota", "standard_weight", "standard_deduction", "standard_item")


def standard_table(engine: Engine, table: str) -> pd.DataFrame:
    """The rows of a table of the standard (`standard_…` of the catalog) in the build."""
    return engine.select(table)


def in_force(rows: pd.DataFrame, edits: pd.DataFrame, table: str) -> pd.DataFrame:
    """The rows of a table with corrected editions in place of the build's, and is_edited.

    is_verified is True or False in every row.
    rows   of `standard_table`; edits: of `data.sample_entries.standard_edits`.
    """
    columns = [column.name for column in TABLES[table].file_columns]
    kept = rows[columns].assign(is_edited=False)
    for edit in edits[edits["table_name"] == table].itertuples():
        corrected = pd.DataFrame(json.loads(str(edit.content)), columns=columns)
        others = kept[kept["edition"] != edit.edition]
        kept = pd.concat([others, corrected.assign(is_edited=True)], ignore_index=True)
    floats = [column.name for column in TABLES[table].file_columns if column.type == "float"]
    kept = kept.assign(is_verified=verified(kept)).astype(dict.fromkeys(floats, float))
    return kept.reset_index(drop=True)


def verified(rows: pd.DataFrame) -> pd.Series:
    """Whether somebody has read each row in its source: nothing said is no."""
    return rows["is_verified"].astype("boolean").fillna(value=False).astype(bool)


def edition_rows(rows: pd.DataFrame, table: str, edition: str) -> pd.DataFrame:
    """The rows of one edition without its name, numbered from 1.

    rows  of `in_force`.
    """
    columns = [column.name for column in TABLES[table].file_columns if column.name != "edition"]
    own = rows.loc[rows["edition"] == edition, columns]
    return own.set_axis(pd.RangeIndex(1, len(own) + 1))


def form_parts(weights: pd.DataFrame, deductions: pd.DataFrame, edition: str) -> pd.DataFrame:
    """The parts of each form of an edition, and whether finds can cost points there.

    weights, deductions  rows of standard_weight and standard_deduction (`in_force`)
    columns  form, part, points (full mark), rows (of standard_deduction), is_form_rehearsed: some part
             of the form has such rows. Forms that can be rehearsed come first, parts by their points.
    """
    own = weights[(weights["edition"] == edition) & (weights["aspect"] != TOTAL)]
    counted = deductions[deductions["edition"] == edition].groupby(["form", "part"]).size()
    parts = own[["form", "aspect", "points"]].rename(columns={"aspect": "part"})
    keys = pd.MultiIndex.from_frame(parts[["form", "part"]])
    parts = parts.assign(rows=counted.reindex(keys, fill_value=0).to_numpy(np.int64))
    parts["is_form_rehearsed"] = parts.groupby("form")["rows"].transform("sum") > 0
    order = ["is_form_rehearsed", "form", "points", "part"]
    return parts.sort_values(order, ascending=[False, True, False, True]).reset_index(drop=True)


def rehearsed_forms(parts: pd.DataFrame) -> list[str]:
    """The forms of `form_parts` that can be rehearsed."""
    return list(parts.loc[parts["is_form_rehearsed"], "form"].unique())


def form_deductions(deductions: pd.DataFrame, edition: str, form: str) -> pd.DataFrame:
    """The rows of standard_deduction (`in_force`) of one form, site types named as in the frame."""
    is_own = (deductions["edition"] == edition) & (deductions["form"] == form)
    own = deductions[is_own].reset_index(drop=True)
    return own.assign(site_type=as_site_types(own["site_type"]))


class EditionQuotas(NamedTuple):
    """total: points at least, NaN where the edition states none; rows: block, site_type, quota."""

    total: float
    rows: pd.DataFrame


def quotas_for(quotas: pd.DataFrame, edition: str, population: float) -> EditionQuotas:
    """What an edition asks for in a built-up area of that population (10 000 people).

    quotas  rows of standard_quota (`in_force`). Totals of blocks and what the source prints a second
            time are not among the rows, and site types have the names that the frame has.
    """
    own = quotas[
        (quotas["edition"] == edition)
        & (quotas["population_from"].fillna(0) <= population)
        & (quotas["population_to"].fillna(np.inf) > population)
    ]
    is_total = own["site_type"] == TOTAL
    total = own.loc[is_total & (own["block"] == TOTAL), "quota"]
    is_doubled = own["site_type"].str.endswith(DOUBLED)
    kept = own.loc[~is_total & ~is_doubled, ["block", "site_type", "quota"]]
    rows = kept.reset_index(drop=True)
    rows["site_type"] = as_site_types(rows["site_type"])
    return EditionQuotas(float(total.iloc[0]) if len(total) else np.nan, rows)
