"""Whether chances that were told beforehand fit what then happened, taken together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def count_chances(chance: Floats) -> Floats:
    """Chance of 0, 1 … n hits of n independent trials, each with its own chance; shape (n + 1,).

    The Poisson binomial distribution, exactly, one trial after the other.
    """
    chances = np.ones(1)
    for one in chance.tolist():
        chances = np.append(chances * (1 - one), 0.0) + np.append(0.0, chances * one)
    return chances


def forecast_test(chance: Floats, hits: int) -> float:
    """How likely so many hits, or as unlikely ones to either side, are if the chances are right.

    chance   shape (n,), of independent trials; where neighbours share their luck the true value is
             larger.
    returns  two-sided p: twice the smaller tail, at most 1. Raises ValueError if hits are not 0 to n.
    """
    if not 0 <= hits <= len(chance):
        msg = f"{hits} hits of {len(chance)} trials"
        raise ValueError(msg)
    chances = count_chances(chance)
    tails = chances[: hits + 1].sum(), chances[hits:].sum()
    return float(min(1.0, 2 * min(tails)))
