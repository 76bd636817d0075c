"""Tables of counts: which cells hold more than their row and their column make likely."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def against_margins(counts: Floats) -> tuple[Floats, Floats]:
    """What each cell would hold if rows and columns had nothing to do with each other, and the gap.

    counts   shape (rows, columns), not negative.
    returns  expected = row total x column total / total, and the standardised residual
             (count - expected) / sqrt(expected (1 - row share) (1 - column share)), about standard
             normal where rows and columns are independent (Haberman 1973; Agresti 2013, 3.3.1).
             The residual is 0 where it cannot be told: an empty row or column, or one that holds all.
    """
    total = counts.sum()
    row, column = counts.sum(axis=1, keepdims=True), counts.sum(axis=0, keepdims=True)
    expected = row * column / total if total else np.zeros(counts.shape)
    spread = expected * (1 - row / max(total, 1)) * (1 - column / max(total, 1))
    is_open = spread > 0
    residual = np.where(is_open, counts - expected, 0.0) / np.sqrt(np.where(is_open, spread, 1.0))
    return expected, residual
