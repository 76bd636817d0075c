"""Inspection rounds: when they were and what they found."""

from __future__ import annotations

import pandas as pd

from data.engine import Engine
from data.filters import Filters
from data.views.overview import ROWS_SHOWN


def inspections(engine: Engine, filters: Filters) -> pd.DataFrame:
    """All inspections, whatever the period of filters, in the order of their days.

    columns  inspection_id, inspection_name, inspection_type, organiser, first_date, last_date
             (included), found (issues), grids (with a find); class, department and grid of filters
             apply to these two.
    """
    return engine.select("inspections", **_params(filters))


def inspection_finds(
    engine: Engine, filters: Filters, inspection_id: str, most: int = ROWS_SHOWN
) -> pd.DataFrame:
    """The records behind `found`, in order; total: how many there are."""
    return engine.select(
        "inspection_finds", inspection_id=inspection_id, row_limit=most, **_params(filters)
    )


def _params(filters: Filters) -> dict[str, object]:
    return {
        "category_class": filters.category_class,
        "department": filters.department,
        "grid_id": filters.grid_id,
    }
