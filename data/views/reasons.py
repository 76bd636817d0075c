"""The worst grids, and what of each is furthest above the county: the reason in facts, not a score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.engine import Engine
from data.filters import Filters
from data.standards import threshold
from data.views.coverage import coverage_by_grid, coverage_headline
from data.views.hotspots import trend_classes
from data.views.overview import grid_density, worst_grids
from data.views.rebound import rebound_by

MOST_FACTS = 2


@dataclass(frozen=True)
class Worst:
    """The worst grids with their reasons.

    grids  columns of `worst_grids`, and trend_class of the last weeks ("" where it was not tested).
    facts  grid_id, fact (rebound_30, overdue_open, hours_owed), value of the grid, county (the same of
           the county), times (value over county), numerator, denominator; most telling first.
           rebound_30: 0..1, returns and closed problems; overdue_open: per km of street, issues and km;
           hours_owed: h a day on an average kilometre, km h and km days.
    """

    grids: pd.DataFrame
    facts: pd.DataFrame


def worst_with_reasons(engine: Engine, filters: Filters) -> Worst:
    """The five grids with the most issues per km, each with what else is worse than in the county.

    At most MOST_FACTS facts a grid: those where it lies fact_times above the county, the largest
    multiple first.
    What the county has no data of, or of which the grid has too little, is no fact.
    """
    county = filters.in_grid()
    worst = worst_grids(engine, county)
    trends = trend_classes(engine, county).frame
    tested = trends[trends["state"] == "tested"].set_index("grid_id")["trend_class"]
    worst["trend_class"] = worst["grid_id"].map(tested).fillna("")
    facts = pd.concat(
        [_rebound(engine, county), _overdue(engine, county), _owed(engine, county)], ignore_index=True
    )
    facts["times"] = facts["value"] / facts["county"].where(facts["county"] > 0)
    facts = facts[(facts["times"] >= threshold("fact_times")) & facts["grid_id"].isin(worst["grid_id"])]
    facts = facts.sort_values(["grid_id", "times", "fact"], ascending=[True, False, True])
    return Worst(worst, facts.groupby("grid_id").head(MOST_FACTS).reset_index(drop=True))


def _rebound(engine: Engine, county: Filters) -> pd.DataFrame:
    frame = rebound_by(engine, county, "grid")
    whole = rebound_by(engine, county, "county")["rebound_30"].iloc[0]
    return _facts(
        "rebound_30", frame["key"], frame["rebound_30"], whole, frame["rebounds"], frame["closed"]
    )


def _overdue(engine: Engine, county: Filters) -> pd.DataFrame:
    frame = grid_density(engine, county).frame
    parts = engine.select("flow_by_part", part="grid", **county.params)
    overdue = parts.set_index("part_key")["overdue_open"]
    number = frame["grid_id"].map(overdue).fillna(0)
    km = frame["street_km"]
    whole = number.sum() / km.sum() if km.sum() else np.nan
    per_km = (number / km).where(frame["state"] == "shown")
    return _facts("overdue_open", frame["grid_id"], per_km, whole, number, km)


def _owed(engine: Engine, county: Filters) -> pd.DataFrame:
    frame = coverage_by_grid(engine, county)
    whole = coverage_headline(engine, county)["owed_per_km"]
    owed = frame["owed_per_km"].where(frame["state"] == "shown")
    return _facts(
        "hours_owed", frame["grid_id"], owed, whole, frame["hours_owed"], frame["standard_km_days"]
    )


def _facts(
    fact: str, grid_id: object, value: object, county: float, numerator: object, denominator: object
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "grid_id": np.asarray(grid_id, dtype=object),
            "fact": fact,
            "value": np.asarray(value, dtype=float),
            "county": float(county),
            "numerator": np.asarray(numerator, dtype=float),
            "denominator": np.asarray(denominator, dtype=float),
        }
    )
