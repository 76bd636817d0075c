from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geo.bands import band_edges, band_of

values = st.lists(st.floats(0, 1e6, allow_subnormal=False), max_size=80).map(np.array)


@given(values, st.integers(2, 7))
def test_edges_are_few_rounded_and_inside_the_values(known: np.ndarray, bands: int) -> None:
    edges = band_edges(known, bands)
    assert len(edges) < bands
    assert (np.diff(edges) > 0).all()
    assert all(edge == float(f"{edge:.2g}") for edge in edges)
    assert all(known.min() < edge <= known.max() for edge in edges)


@given(values, st.integers(2, 7))
def test_a_higher_value_is_never_in_a_lower_band_and_no_end_is_empty(
    known: np.ndarray, bands: int
) -> None:
    edges = band_edges(known, bands)
    band = band_of(np.sort(known), edges)
    assert (np.diff(band) >= 0).all()
    if len(known):
        assert band[0] == 0
        assert band[-1] == len(edges)


def test_distinct_values_fill_the_bands_equally() -> None:
    known = np.arange(1, 101, dtype=float)
    edges = band_edges(known)
    assert np.bincount(band_of(known, edges)).tolist() == [20, 20, 19, 20, 21]


def test_equal_values_make_one_band() -> None:
    assert len(band_edges(np.array([3.0, 3.0, np.nan]))) == 0
    assert band_of(np.array([3.0, np.nan]), np.empty(0)).tolist() == [0, -1]
    assert len(band_edges(np.array([np.nan]))) == 0


def test_an_edge_belongs_to_the_band_above() -> None:
    assert band_of(np.array([1.9, 2.0, 2.1]), np.array([2.0])).tolist() == [0, 1, 1]
