"""Counts against their margins: what independence expects, and how far a cell is from it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.stats import contingency

from geo.bands import band_of, log_edges
from geo.contingency import against_margins

tables = arrays.arrays(
    np.int64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.integers(0, 40)
)


def test_a_published_table() -> None:
    """Agresti, Introduction to Categorical Data Analysis, table 2.5 (gender by party)."""
    counts = np.array([[762.0, 327, 468], [484, 239, 477]])
    expected, residual = against_margins(counts)
    np.testing.assert_allclose(expected[0], [703.7, 319.6, 533.7], atol=0.05)
    np.testing.assert_allclose(residual[0], [4.50, 0.70, -5.32], atol=0.01)
    np.testing.assert_allclose(residual[1], -residual[0])


@given(tables)
def test_expected_has_the_margins_of_the_counts(counts: np.ndarray) -> None:
    expected, residual = against_margins(counts.astype(float))
    for axis in (0, 1):
        np.testing.assert_allclose(expected.sum(axis), counts.sum(axis))
    if counts.sum():
        np.testing.assert_allclose(expected, contingency.expected_freq(counts))
    assert np.isfinite(residual).all()


def test_one_column_stands_out_nowhere() -> None:
    assert (against_margins(np.array([[5.0], [100], [0]]))[1] == 0).all()


def test_by_chance_about_one_cell_in_740_passes_three() -> None:
    random = np.random.default_rng(3)
    row, column = random.dirichlet(np.full(40, 5)), random.dirichlet(np.full(10, 5))
    chances = np.outer(row, column).ravel()
    counts = random.multinomial(9000, chances, size=50).reshape(-1, 40, 10).astype(float)
    passed = [(against_margins(table)[1] > 3).mean() for table in counts]
    assert np.mean(passed) == pytest.approx(1 / 740, abs=1 / 740)


def test_edges_of_equal_ratio_are_rounded_and_sort_all_values() -> None:
    values = np.array([1.0, 2, 10, 100, 1000, np.nan])
    edges = log_edges(values)
    np.testing.assert_allclose(edges, [4.0, 16, 63, 250])
    assert band_of(values, edges).tolist() == [0, 0, 1, 3, 4, -1]
    assert not len(log_edges(np.array([3.0, 3.0])))
