"""Bands of a map's scale: few, rounded, and fixed by the values they sort."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def band_edges(values: Floats, bands: int = 5) -> Floats:
    """Inner edges that sort the values into at most `bands` about equally filled bands.

    values   shape (n,), not negative; NaN is ignored.
    returns  shape (k,), k < bands, ascending, two significant digits; empty where all are equal.
    """
    known = values[np.isfinite(values)]
    if known.size == 0 or known.min() == known.max():
        return np.empty(0)
    quantiles = np.quantile(known, np.arange(1, bands) / bands)
    edges = np.unique([float(f"{edge:.2g}") for edge in quantiles])
    inner: Floats = edges[(edges > known.min()) & (edges <= known.max())]
    return inner


def log_edges(values: Floats, bands: int = 5) -> Floats:
    """Inner edges of bands of equal ratio between the least and the largest value, for skewed counts.

    values   shape (n,), above zero; NaN is ignored.
    returns  shape (k,), k < bands, ascending, two significant digits; empty where all are equal.
    """
    known = values[np.isfinite(values)]
    if known.size == 0 or known.min() == known.max():
        return np.empty(0)
    between = np.geomspace(known.min(), known.max(), bands + 1)[1:-1]
    edges = np.unique([float(f"{edge:.2g}") for edge in between])
    inner: Floats = edges[(edges > known.min()) & (edges <= known.max())]
    return inner


def band_of(values: Floats, edges: Floats) -> Ints:
    """Number of the band of each value, 0 the lowest; an edge belongs to the band above; NaN: -1."""
    band = np.searchsorted(edges, values, side="right")
    return np.where(np.isfinite(values), band, -1).astype(np.int64)
