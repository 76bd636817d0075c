"""条块矩阵 against pandas over the core table: cells, totals, what stands out, and the records."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.stats import contingency

from data.engine import DuckDBEngine
from data.filters import Filters
from data.standards import threshold
from data.views.matrix import ALL, matrix, matrix_records

PERIOD = Filters(date(2025, 11, 1), date(2026, 11, 1))
MEASURES = ("reported", "per_km", "open_at_end", "on_time_share")


@pytest.fixture(scope="module")
def issues(demo_engine: DuckDBEngine) -> pd.DataFrame:
    frame = demo_engine.query("select * from core_issue where grid_id is not null")
    return frame.assign(department=frame["department"].fillna(""))


def counted(issues: pd.DataFrame, measure: str) -> pd.DataFrame:
    """The issues that a cell counts, each with what it adds to the numerator."""
    since, until = pd.Timestamp(PERIOD.since), pd.Timestamp(PERIOD.until)
    if measure == "open_at_end":
        rows = issues[(issues["reported_at"] < until) & ~(issues["closed_at"] < until)]
    elif measure == "on_time_share":
        rows = issues[
            (issues["reported_at"] < until) & (issues["due_at"] >= since) & (issues["due_at"] < until)
        ]
        return rows.assign(adds=rows["closed_at"] <= rows["due_at"])
    else:
        rows = issues[(issues["reported_at"] >= since) & (issues["reported_at"] < until)]
    return rows.assign(adds=True)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("part", ["department", "category_class"])
def test_cells_and_totals_are_what_pandas_counts(
    demo_engine: DuckDBEngine, issues: pd.DataFrame, part: str, measure: str
) -> None:
    found = matrix(demo_engine, PERIOD, part, measure)
    rows = counted(issues, measure)
    size = pd.crosstab(rows["grid_id"], rows[part], margins=True, margins_name=ALL)
    adds = pd.crosstab(
        rows["grid_id"], rows[part], rows["adds"], aggfunc="sum", margins=True, margins_name=ALL
    )
    same = {"index": found.count.index, "columns": found.count.columns}
    size, adds = (table.reindex(**same).fillna(0).astype(float) for table in (size, adds))
    np.testing.assert_array_equal(found.count, size)
    np.testing.assert_array_equal(found.numerator, adds)
    value = adds
    if measure == "per_km":
        km = found.grids["street_km"].reindex(value.index)
        km[ALL] = found.grids["street_km"].sum()
        value = value.div(km.where(km >= threshold("min_street_km")), axis=0)
    elif measure == "on_time_share":
        value = adds / size.where(size >= threshold("min_due"))
    np.testing.assert_allclose(found.value, value)
    inner = size.drop(index=ALL, columns=ALL)
    np.testing.assert_allclose(found.expected, contingency.expected_freq(inner), atol=1e-9)


def test_what_stands_out_is_far_above_and_not_small(demo_engine: DuckDBEngine) -> None:
    found = matrix(demo_engine, PERIOD, "department", "reported")
    assert found.is_high.to_numpy().any()
    high = found.is_high.to_numpy()
    assert (found.residual.to_numpy()[high] > threshold("matrix_residual")).all()
    assert (found.expected.to_numpy()[high] >= threshold("matrix_expected")).all()
    assert not matrix(demo_engine, PERIOD, "department", "on_time_share").is_high.to_numpy().any()


@pytest.mark.parametrize("measure", MEASURES)
def test_the_records_of_a_cell_are_as_many_as_it_says(demo_engine: DuckDBEngine, measure: str) -> None:
    for part in ("department", "category_class"):
        found = matrix(demo_engine, PERIOD, part, measure)
        cells = [(grid, key) for grid in found.count.index[:4] for key in found.count.columns[:3]]
        for grid_id, key in [*cells, (ALL, found.count.columns[-2])]:
            chosen = PERIOD.in_grid("" if grid_id == ALL else grid_id)
            rows = matrix_records(demo_engine, chosen, part, measure, key)
            assert len(rows) == min(found.count.at[grid_id, key], 500)


def test_the_filter_of_the_columns_does_not_empty_them(demo_engine: DuckDBEngine) -> None:
    one = Filters(PERIOD.since, PERIOD.until, department="县城管局")
    whole = matrix(demo_engine, PERIOD, "department", "reported")
    pd.testing.assert_frame_equal(matrix(demo_engine, one, "department", "reported").count, whole.count)
    by_class = matrix(demo_engine, one, "category_class", "reported")
    assert by_class.count.at[ALL, ALL] == whole.count.at[ALL, "县城管局"]


def test_a_grid_that_nobody_looked_at_has_no_value(demo_engine: DuckDBEngine) -> None:
    day = Filters(date(2026, 10, 1), date(2026, 10, 2))
    found = matrix(demo_engine, day, "category_class", "reported")
    unseen = found.grids.index[found.grids["seen"] == 0]
    assert len(unseen)
    assert found.value.loc[unseen].isna().all().all()


def test_a_period_without_issues_is_an_empty_matrix(demo_engine: DuckDBEngine) -> None:
    long_ago = Filters(date(2000, 1, 1), date(2000, 2, 1))
    for measure in MEASURES:
        found = matrix(demo_engine, long_ago, "department", measure)
        assert list(found.count.columns) == [ALL]
        assert found.count.to_numpy().sum() == 0
