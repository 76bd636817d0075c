"""The frame of candidate sample points as lists: by type, by grid, by street, in an order; records."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from data.engine import Engine
from data.filters import Filters
from data.standards import threshold
from data.views.frame import SampleFrame, listed_keys, segments_of, street_point_of
from data.views.site_risk import YEAR
from geo.bands import band_edges, band_of
from geo.crs import LONLAT, degrees_around, transform_xy

ORDERS = {  # of a list: columns, first ones first, and whether each ascends; ties as in the frame
    "": (["risk"], [False]),
    "safe": (["is_unseen", "risk"], [True, True]),
    "unseen": (["days_since_seen", "risk"], [False, False]),
    "issues": (["issues_year", "issues_90"], [False, False]),
    "uncleaned": (["days_since_cleaned", "risk"], [False, False]),
}
WHICH = ("", "unseen", "open", "outside")


def frame_by_type(found: SampleFrame) -> pd.DataFrame:
    """One row a site type, those of the county's list first, the most sites first.

    columns  site_type, kind, sites, unseen, with_open (sites with an open issue), outside (all grids),
             mean_risk, highest_risk.
    """
    rows = _summed(found.frame.groupby(["kind", "site_type"]))
    return rows.sort_values(["kind", "sites"], ascending=[True, False], ignore_index=True)


def frame_by_grid(found: SampleFrame, grids: pd.DataFrame) -> pd.DataFrame:
    """One row a grid: those without a site first, then those with the largest share of unseen sites.

    grids    as `data.views.overview.grids` returns them
    columns  grid_id, grid_name, lead_unit, sites, unseen, with_open, unseen_share, mean_risk,
             highest_risk (NaN without sites).
    """
    counts = _summed(found.frame.groupby("grid_id")).drop(columns="outside")
    rows = grids[["grid_id", "grid_name", "lead_unit"]].merge(counts, "left", on="grid_id")
    names = ["sites", "unseen", "with_open"]
    rows[names] = rows[names].fillna(0).astype(int)
    rows["unseen_share"] = rows["unseen"] / rows["sites"].where(rows["sites"] > 0)
    return rows.sort_values(
        ["unseen_share", "sites", "grid_id"],
        ascending=[False, True, True],
        na_position="first",
        ignore_index=True,
    )


def _summed(groups: pd.api.typing.DataFrameGroupBy) -> pd.DataFrame:
    return groups.agg(
        sites=("risk", "size"),
        unseen=("is_unseen", "sum"),
        with_open=("open_now", lambda counts: int((counts > 0).sum())),
        outside=("grid_id", lambda ids: int(ids.isna().sum())),
        mean_risk=("risk", "mean"),
        highest_risk=("risk", "max"),
    ).reset_index()


def chosen_sites(
    frame: pd.DataFrame, site_type: str = "", grid_id: str = "", which: str = ""
) -> pd.DataFrame:
    """The sites of a type and a grid ("": all); which: one of WHICH, "" all of them."""
    is_chosen = np.ones(len(frame), dtype=bool)
    if site_type:
        is_chosen &= (frame["site_type"] == site_type).to_numpy()
    if grid_id:
        is_chosen &= (frame["grid_id"] == grid_id).to_numpy()
    if which == "unseen":
        is_chosen &= frame["is_unseen"].to_numpy()
    elif which == "open":
        is_chosen &= (frame["open_now"] > 0).to_numpy()
    elif which == "outside":
        is_chosen &= frame["grid_id"].isna().to_numpy()
    return frame[is_chosen]


def in_order(sites: pd.DataFrame, order: str) -> pd.DataFrame:
    """The sites in one of ORDERS; never seen or cleaned comes before long ago."""
    columns, ascending = ORDERS[order]
    return sites.sort_values(
        columns, ascending=ascending, na_position="first", ignore_index=True, kind="stable"
    )


def street_risk(frame: pd.DataFrame, site_type: str = "") -> pd.DataFrame:
    """One row a piece of street with points: segment_id, points, unseen, highest_risk, mean_risk, band.

    The risks are of its points that somebody looked at (NaN: none), bands lie between `risk_edges`;
    "unseen" without any.
    """
    points = frame[frame["kind"] == "street"]
    points = points[points["site_type"] == site_type] if site_type else points
    seen = points["risk"].where(~points["is_unseen"])
    rows = pd.DataFrame({"seen": seen, "is_unseen": points["is_unseen"]})
    rows["segment_id"] = segments_of(points["site_key"])
    pieces = rows.groupby("segment_id").agg(
        points=("is_unseen", "size"),
        unseen=("is_unseen", "sum"),
        highest_risk=("seen", "max"),
        mean_risk=("seen", "mean"),
    )
    return _with_band(pieces.reset_index(), "highest_risk")


def grid_risk(sites: pd.DataFrame) -> pd.DataFrame:
    """One row a grid with sites: grid_id, sites, unseen, mean_risk (of those seen; NaN: none), band."""
    seen = sites["risk"].where(~sites["is_unseen"])
    rows = sites.assign(seen=seen).groupby("grid_id")
    grids = rows.agg(
        sites=("is_unseen", "size"), unseen=("is_unseen", "sum"), mean_risk=("seen", "mean")
    )
    return _with_band(grids.reset_index(), "mean_risk")


def site_bands(sites: pd.DataFrame, edges: tuple[float, ...]) -> list[str]:
    """The band of each site's risk between these edges, "unseen" where nobody looked."""
    bands = band_of(sites["risk"].to_numpy(float), np.array(edges)).astype(str)
    return np.where(sites["is_unseen"], "unseen", bands).tolist()  # type: ignore[no-any-return]


def _with_band(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    values = rows[column].to_numpy(float)
    bands = band_of(values, band_edges(values))
    return rows.assign(band=np.where(np.isfinite(values), bands.astype(str), "unseen"))


def risk_edges(rows: pd.DataFrame, column: str) -> tuple[float, ...]:
    """The inner edges of the bands of `street_risk` (highest_risk) or `grid_risk` (mean_risk)."""
    return tuple(band_edges(rows[column].to_numpy(float)).tolist())


def site_records(engine: Engine, site_key: str, until: date) -> pd.DataFrame:
    """The records that a site's `issues_year` counts (columns of a record), newest first.

    Of a street point those along its stretch, of a site of the list those within site_reach_m.
    """
    since = until - pd.Timedelta(days=YEAR)
    if point := street_point_of(site_key):
        segment_id, stretch = point
        return engine.select(
            "records_of_stretch",
            since=since,
            until=until,
            segment_id=segment_id,
            stretch=stretch,
            step_m=threshold("street_point_m"),
            near_m=threshold("near_segment_m"),
        )
    sites = engine.select("sample_sites")
    site = sites.set_index(listed_keys(sites["site_id"])).loc[site_key]
    reach = threshold("site_reach_m")
    lon_step, lat_step = degrees_around(reach, site["lat"])
    rows = engine.select(
        "records_in_box",
        west=site["lon"] - lon_step,
        east=site["lon"] + lon_step,
        south=site["lat"] - lat_step,
        north=site["lat"] + lat_step,
        **Filters(since, until).county_params,
    )
    crs = engine.select("build").iloc[0]["compute_crs"]
    lon, lat = (np.append(rows[name].to_numpy(float), site[name]) for name in ("lon", "lat"))
    x, y = transform_xy(lon, lat, LONLAT, crs)
    is_near = np.hypot(x[:-1] - x[-1], y[:-1] - y[-1]) <= reach
    return rows[is_near].reset_index(drop=True)
