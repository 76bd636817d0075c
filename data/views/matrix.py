"""条块矩阵: grids (块) against departments or classes (条): is a problem the place's or the trade's?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from data.engine import Engine
from data.filters import Filters
from data.standards import threshold
from data.views.overview import ROWS_SHOWN
from geo.bands import band_edges, band_of, log_edges
from geo.contingency import against_margins

ALL = "*"  # key of the totals: no grid, department or class is called so


@dataclass(frozen=True)
class Matrix:
    """Grids in rows, departments or classes in columns, the totals in the last of each, named ALL.

    grids      grid_name, lead_unit, street_km, seen by grid_id, in the order of the rows
    value      what the measure says; NaN where it says nothing (unseen, too little street, few due)
    numerator, denominator   of the value; the denominator is NaN where the measure is a count
    count      what a cell is judged by: issues reported, or open
    expected, residual   of the count against its row and column (geo.contingency), without the totals
    is_high    cells that stand out: residual above matrix_residual, expected at least matrix_expected
    ended      issues counted (as in `count`) in grids not in force in the period
    band, edges   of the values without the totals (0 lowest, -1 none)
    """

    grids: pd.DataFrame
    value: pd.DataFrame
    numerator: pd.DataFrame
    denominator: pd.DataFrame
    count: pd.DataFrame
    expected: pd.DataFrame
    residual: pd.DataFrame
    is_high: pd.DataFrame
    band: pd.DataFrame
    edges: tuple[float, ...]
    ended: int


def matrix(engine: Engine, filters: Filters, part: str, measure: str) -> Matrix:
    """The matrix of a period; filters.grid_id and the filter that the columns stand for are ignored.

    part     department ('' = the record names none) or category_class
    measure  reported; per_km: reported by km of street; open_at_end; on_time_share: of issues due
    Rows are by the total of the measure, worst first, columns by what they count, most first.
    """
    params = _free(filters, part).county_params
    cells = engine.select("matrix_cells", part=part, **params)
    grids = engine.select("issues_by_grid", **params).set_index("grid_id")
    grids = grids[["grid_name", "lead_unit", "street_km", "seen"]]
    is_in_force = cells["grid_id"].isin(grids.index)
    ended, cells = cells[~is_in_force], cells[is_in_force]

    def with_totals(column: str) -> pd.DataFrame:
        table = cells.pivot_table(index="grid_id", columns="part_key", values=column, aggfunc="sum")
        table = table.reindex(grids.index).fillna(0).astype(float)
        table = table[table.sum().sort_values(ascending=False, kind="stable").index]
        table[ALL] = table.sum(axis=1)
        table.loc[ALL] = table.sum()
        return table

    counted = {"open_at_end": "open_at_end", "on_time_share": "due"}.get(measure, "reported")
    count = with_totals(counted)
    numerator, denominator = count, count * np.nan
    value = numerator
    if measure == "per_km":
        km = pd.concat([grids["street_km"], pd.Series({ALL: grids["street_km"].sum()})])
        denominator = denominator.apply(lambda column: column.fillna(km))
        value = numerator / denominator.where(denominator >= threshold("min_street_km"))
    elif measure == "on_time_share":
        numerator, denominator = with_totals("on_time")[count.columns], count
        value = numerator / denominator.where(denominator >= threshold("min_due"))
    if counted == "reported":
        unseen = pd.Series(value.index.isin(grids.index[grids["seen"] == 0]), value.index)
        value = value.apply(lambda column: column.mask(unseen))
    totals = value[ALL].drop(ALL)
    order = totals.sort_values(ascending=measure == "on_time_share", kind="stable").index
    rows = [*order, ALL]
    inner = count.loc[order].drop(columns=ALL)
    expected, residual = (
        pd.DataFrame(one, inner.index, inner.columns) for one in against_margins(inner.to_numpy())
    )
    is_high = (residual > threshold("matrix_residual")) & (expected >= threshold("matrix_expected"))
    told = value.loc[order].drop(columns=ALL)
    find_edges = band_edges if measure == "on_time_share" else log_edges
    edges = find_edges(told.where(told > 0).to_numpy(float))
    return Matrix(
        grids.loc[order],
        value.loc[rows],
        numerator.loc[rows],
        denominator.loc[rows],
        count.loc[rows],
        expected,
        residual,
        # Shares of deadlines kept are no counts: a large cell is not a bad one.
        is_high & (measure != "on_time_share"),
        pd.DataFrame(band_of(told.to_numpy(float), edges), told.index, told.columns),
        tuple(edges.tolist()),
        int(ended[counted].sum()),
    )


def matrix_records(
    engine: Engine,
    filters: Filters,
    part: str,
    measure: str,
    part_key: str,
    most: int = ROWS_SHOWN,
) -> pd.DataFrame:
    """The records that a cell counts (its denominator where it is a share), newest first.

    filters.grid_id "" and part_key ALL stand for the totals. total: how many there are.
    """
    metric = {"open_at_end": "open_at_end", "on_time_share": "due"}.get(measure, "reported")
    params = _free(filters, part).params
    return engine.select(
        "matrix_records", part=part, part_key=part_key, metric=metric, row_limit=most, **params
    )


def _free(filters: Filters, part: str) -> Filters:
    """The filters without the one that the columns of the matrix stand for."""
    return (
        replace(filters, department="") if part == "department" else replace(filters, category_class="")
    )
