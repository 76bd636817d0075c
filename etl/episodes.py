"""Issues -> places and episodes: what came back is decided once, at load, and read by every view."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from data.standards import threshold
from geo.crs import LONLAT, transform_xy
from geo.episode import DUPLICATE, FIRST, REOPENED, find_episodes
from geo.place import find_places
from geo.rebound import next_starts

Geometries = npt.NDArray[np.object_]
ROLES = {FIRST: "first", DUPLICATE: "duplicate", REOPENED: "reopened"}


def build_episodes(
    issues: pd.DataFrame, segments: tuple[pd.Series[str], Geometries], compute_crs: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """mart_place and mart_episode; the issues get their place_id, episode_id and episode_role.

    issues    core_issue with x, y in metres (NaN where not located), in any order.
    segments  ids and lines of core_segment, compute CRS.
    """
    ids, lines = segments
    index = pd.Index(ids).get_indexer(issues["segment_id"]).astype(np.int64)
    offset = issues["segment_offset_m"].to_numpy(float)
    near = threshold("near_segment_m")
    places = find_places(
        issues["x"].to_numpy(float),
        issues["y"].to_numpy(float),
        index,
        np.where(np.isnan(offset), np.inf, offset),
        near,
        threshold("cluster_m"),
    )
    category, names = pd.factorize(issues["category"], sort=True)
    found = find_episodes(
        places.place,
        category.astype(np.int64),
        _times(issues["reported_at"]),
        _times(issues["closed_at"]),
        _times(issues["verified_at"]),
        threshold("episode_merge_hours"),
    )
    issues["place_id"] = _numbers(places.place)
    issues["episode_id"] = _numbers(found.episode)
    issues["episode_role"] = pd.Series(found.role, index=issues.index).map(ROLES).astype(object)

    firsts = np.flatnonzero(found.role == FIRST)
    order = firsts[np.argsort(found.episode[firsts])]
    of_first = issues.iloc[order].reset_index(drop=True)
    episodes = pd.DataFrame(
        {
            "episode_id": np.arange(len(found.place)),
            "place_id": found.place,
            "category_code": found.category,
            "category": np.asarray(names, dtype=object)[found.category],
            "category_class": of_first["category_class"],
            "department": of_first["department"],
            "grid_id": of_first["grid_id"],
            "first_issue_id": of_first["issue_id"],
            "started_at": found.start,
            "closed_at": found.close,
            "verified_at": found.verified,
            "issues": found.n,
            "duplicates": found.duplicates,
            "reopened": found.reopened,
            "next_started_at": next_starts(found.place, found.category, found.start),
        }
    )
    return _place_table(places.segment, places.x, places.y, ids, lines, compute_crs), episodes


def _place_table(
    segment: npt.NDArray[np.int64],
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    ids: pd.Series[str],
    lines: Geometries,
    compute_crs: str,
) -> pd.DataFrame:
    on_street = segment >= 0
    middles = shapely.line_interpolate_point(
        shapely.get_geometry(lines[segment[on_street]], 0), 0.5, normalized=True
    )
    x, y = x.copy(), y.copy()
    x[on_street], y[on_street] = shapely.get_x(middles), shapely.get_y(middles)
    lon, lat = transform_xy(x, y, compute_crs, LONLAT)
    names = np.full(len(segment), None, dtype=object)
    names[on_street] = ids.to_numpy(object)[segment[on_street]]
    return pd.DataFrame(
        {"place_id": np.arange(len(segment)), "segment_id": names, "lon": lon, "lat": lat}
    )


def _times(column: pd.Series) -> npt.NDArray[np.datetime64]:
    times: npt.NDArray[np.datetime64] = column.to_numpy("datetime64[s]")
    return times


def _numbers(values: npt.NDArray[np.int64]) -> pd.Series:
    """Numbers with -1 as missing."""
    return pd.Series(values, dtype="Int64").mask(values < 0).array
