"""交界地带: issues so near to another grid that each side may pass them to the other (推诿扯皮)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from data.engine import Engine
from data.filters import Filters
from data.standards import threshold
from geo.bands import band_edges, band_of
from geo.borders import borders_between, near_others
from geo.crs import LONLAT, transform_geometry, transform_xy

PAIR = ["grid_id", "other_id"]


@dataclass(frozen=True)
class BorderZone:
    """Issues of a period within border_zone_m of a grid that is not their own.

    pairs   one row a pair of grids with such issues, most first: grid_id, other_id (grid_id first in
            the order of ids), grid_name, other_name, lead_unit, other_unit, reported, open_at_end (not
            closed at the end of the period), band (0 lowest); an issue at a corner is in several pairs
    near    one row an issue and pair: issue_id, grid_id, other_id, lon, lat, is_open
    lines   the common border of each pair in lon/lat, in the order of `pairs`
    edges   of the bands, issues
    issues, open_issues   near a border, each once;  inside, open_inside: the others with a place
    """

    pairs: pd.DataFrame
    near: pd.DataFrame
    lines: npt.NDArray[np.object_]
    edges: tuple[float, ...]
    issues: int
    open_issues: int
    inside: int
    open_inside: int

    @property
    def share(self) -> float:
        """Of the issues with a place, those near a border; NaN where there are none."""
        return _share(self.issues, self.issues + self.inside)

    @property
    def open_share(self) -> float:
        """Of those near a border, the open ones; NaN where they are fewer than min_due."""
        return _share(self.open_issues, self.issues)

    @property
    def open_inside_share(self) -> float:
        """Of the others, the open ones; NaN where they are fewer than min_due."""
        return _share(self.open_inside, self.inside)


def _share(part: int, whole: int) -> float:
    return part / whole if whole >= threshold("min_due") else np.nan


def border_zone(engine: Engine, filters: Filters) -> BorderZone:
    """The issues between grids; with filters.grid_id the pairs of that grid only, the counts of all.

    Grids are those in force on the last day of the period; issues of grids given up before are left
    out. An issue in no grid counts where it lies near two, as one of that pair.
    """
    crs = str(engine.select("build").iloc[0]["compute_crs"])
    grids = engine.select("grids_in_force", until=filters.until)
    shapes = np.array(shapely.from_wkb([bytes(one) for one in grids["geom"]]), dtype=object)
    issues = engine.select("located_issues", **filters.county_params)
    own = pd.Index(grids["grid_id"]).get_indexer(pd.Index(issues["grid_id"]))
    known = (own >= 0) | issues["grid_id"].isna().to_numpy()
    issues, own = issues[known].reset_index(drop=True), own[known]
    x, y = transform_xy(issues["lon"].to_numpy(float), issues["lat"].to_numpy(float), LONLAT, crs)
    issue, grid = near_others(shapes, own, x, y, threshold("border_zone_m"))
    issue, first, second = _pairs(issue, grid, own)
    ids = grids["grid_id"].to_numpy(object)
    near = issues.drop(columns="grid_id").iloc[issue]
    near = near.assign(grid_id=ids[first], other_id=ids[second]).reset_index(drop=True)
    at_border = issues.iloc[np.unique(issue)]
    if filters.grid_id:
        near = near[near[PAIR].eq(filters.grid_id).any(axis=1)].reset_index(drop=True)
    pairs = (
        near.groupby(PAIR, as_index=False)
        .agg(reported=("issue_id", "size"), open_at_end=("is_open", "sum"))
        .sort_values(["reported", *PAIR], ascending=[False, True, True], ignore_index=True)
    )
    edges = band_edges(pairs["reported"].to_numpy(float))
    named = grids.set_index("grid_id")
    pairs = pairs.assign(
        grid_name=pairs["grid_id"].map(named["grid_name"]),
        other_name=pairs["other_id"].map(named["grid_name"]),
        lead_unit=pairs["grid_id"].map(named["lead_unit"]),
        other_unit=pairs["other_id"].map(named["lead_unit"]),
        band=band_of(pairs["reported"].to_numpy(float), edges),
    )
    one, other = (named.index.get_indexer(pairs[column]) for column in PAIR)
    lines = borders_between(shapes, one, other, threshold("border_zone_m"))
    return BorderZone(
        pairs,
        near,
        transform_geometry(lines, crs, LONLAT),
        tuple(edges.tolist()),
        len(at_border),
        int(at_border["is_open"].sum()),
        len(issues) - len(at_border),
        int(issues["is_open"].sum() - at_border["is_open"].sum()),
    )


def border_records(engine: Engine, filters: Filters, grid_id: str, other_id: str) -> pd.DataFrame:
    """The records between two grids (columns of `issue_records`), newest first."""
    near = border_zone(engine, filters).near
    near = near[(near["grid_id"] == grid_id) & (near["other_id"] == other_id)]
    box = {
        "west": near["lon"].min(),
        "east": near["lon"].max(),
        "south": near["lat"].min(),
        "north": near["lat"].max(),
    }
    if near.empty:
        box = dict.fromkeys(box, 0.0)
    rows = engine.select("records_in_box", **box, **filters.county_params)
    return rows[rows["issue_id"].isin(near["issue_id"])].reset_index(drop=True)


def _pairs(
    issue: npt.NDArray[np.int64], grid: npt.NDArray[np.int64], own: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Issue, first and second grid: its own with each it is near to; in none, all it is near to."""
    placed = own[issue] >= 0
    both = pd.DataFrame({"issue": issue[~placed], "grid": grid[~placed]})
    met = both.merge(both, on="issue", suffixes=("", "_other")).query("grid < grid_other")
    of = np.concatenate([issue[placed], met["issue"].to_numpy()])
    one = np.concatenate([own[issue[placed]], met["grid"].to_numpy()])
    other = np.concatenate([grid[placed], met["grid_other"].to_numpy()])
    return of, np.minimum(one, other), np.maximum(one, other)
