"""The definition of every number by key; see metrics.toml."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Metric(BaseModel):
    """One number: its words, and the view of data/views/ that computes it.

    target_days  of a number that grows with the period: its target is for so many days.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    unit: str
    meaning: str
    numerator: str
    denominator: str
    better: Literal["low", "high", "none"]
    view: str
    source: str
    min_denominator: str = ""
    target_days: int = 0


@lru_cache(maxsize=1)
def metrics() -> dict[str, Metric]:
    """All metrics by key. Raises pydantic.ValidationError if the file is wrong."""
    text = Path(__file__).with_name("metrics.toml").read_text("utf-8")
    return {key: Metric(**entry) for key, entry in tomllib.loads(text).items()}
