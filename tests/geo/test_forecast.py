"""Chances of counts against all outcomes, one by one."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from geo.forecast import count_chances, forecast_test


def test_chances_of_counts_are_those_of_all_outcomes() -> None:
    chance = np.array([0.1, 0.5, 0.8])
    by_hand = np.zeros(4)
    for outcome in product([0, 1], repeat=3):
        hit = np.array(outcome)
        by_hand[hit.sum()] += np.prod(np.where(hit == 1, chance, 1 - chance))
    assert count_chances(chance).tolist() == pytest.approx(by_hand.tolist())
    assert forecast_test(chance, 0) == pytest.approx(2 * by_hand[0])
    assert forecast_test(np.empty(0), 0) == 1
    with pytest.raises(ValueError, match="4 hits"):
        forecast_test(chance, 4)
