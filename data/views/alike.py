"""举一反三: from one issue to the places where its kind is likely, and how well such lists have hit.

The order is simple on purpose: how often the kind came up at a place in the last year, then how many
records of any kind there are. docs/findings.md has what was tried and measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from data.engine import Engine
from data.filters import Filters
from data.standards import threshold
from data.views.overview import build_info
from geo.crs import LONLAT, transform_xy
from geo.near import is_near
from geo.share import wilson_interval

Level = Literal["category", "category_class"]
Where = Literal["", "road", "site"]  # everywhere, the same road class, near a site of the same type
Which = Literal["", "new", "unseen"]  # all, never of this kind before, no look since the issue
CHOICES = 200
LONGEST = 250  # places of a list, so that a county of 100 000 places stays small in the cache
BEST_FIRST = ["times", "records", "last_started_at", "place_key"]


def issue_choices(engine: Engine, filters: Filters, issue_id: str) -> pd.DataFrame:
    """Issues to begin from: found by inspections first, then the newest, CHOICES at most.

    issue_id  of one that is listed first in any case, if there is one of that number.
    columns   issue_id, reported_at, category, address, is_inspected.
    """
    return engine.select("issue_choices", issue_id=issue_id, row_limit=CHOICES, **filters.params)


def issue_place(engine: Engine, issue_id: str) -> pd.DataFrame:
    """The issue with its place, in one row; none if there is no issue of that number.

    columns  those of data/queries/issue_place.sql, and site_types: types of the sites near it, with 、.
    """
    rows = engine.select("issue_place", issue_id=issue_id)
    if rows.empty:
        return rows.assign(site_types="")
    return rows.assign(site_types="、".join(_site_types(engine, rows.iloc[0])))


def episodes_at_place(engine: Engine, issue_id: str) -> pd.DataFrame:
    """Episodes at the issue's place, latest first: category, started_at, closed_at, issues."""
    return engine.select("episodes_at_place", issue_id=issue_id)


@dataclass(frozen=True)
class AlikePlaces:
    """Where an issue's kind is likely.

    candidates  the first LONGEST, in the order to look at them: rank (1 first), place_key, place_id
                (null: not one issue), source_segment_id, street_name, road_class ("" off the
                streets), address (one noted there), grid_id, grid_name, lead_unit, lon, lat, times
                (episodes of the kind in alike_days), lately (in repeat_days), times_ever,
                last_started_at, records (of any kind in alike_days), seen (records and visits since
                the issue), is_same_road, is_near_site, is_repeat.
    known       the same columns: places where the kind is open now, so nothing to find.
    places      all places in grids that fit `where`; of_candidates and of_known: how many are such.
    """

    candidates: pd.DataFrame
    known: pd.DataFrame
    places: int
    of_candidates: int
    of_known: int


def alike_places(
    engine: Engine, issue_id: str, level: Level = "category", where: Where = "", which: Which = ""
) -> AlikePlaces:
    """Where an issue's kind is likely, by all of the data. Raises LookupError without the issue."""
    until = pd.Timestamp(build_info(engine).data_until)
    candidates, known, places = _alike(engine, _issue(engine, issue_id), level, where, which, until)
    return AlikePlaces(
        candidates.head(LONGEST), known.head(LONGEST), places, len(candidates), len(known)
    )


@dataclass(frozen=True)
class Hindsight:
    """How the same search of `since` would have done until `until`, by the records of those days.

    listed, hits        the first places of the list, and those of them where the kind came up.
    places, place_hits  all candidates, and those of them: what places drawn at random would give.
    """

    since: pd.Timestamp
    until: pd.Timestamp
    listed: int
    hits: int
    places: int
    place_hits: int


def hindsight(
    engine: Engine,
    issue_id: str,
    level: Level = "category",
    where: Where = "",
    which: Which = "",
    count: str = "40",
    until: str = "",
) -> Hindsight:
    """Rank with what was known alike_hindsight_days before `until`, and count what came up since.

    count  places on the list. until  ISO day; empty: the end of the complete data.
    The issue gives kind, type of place and its age, as if it had been found that much earlier.
    Raises LookupError without the issue.
    """
    issue = _issue(engine, issue_id)
    end = pd.Timestamp(until or build_info(engine).period_until)
    since = end - timedelta(days=threshold("alike_hindsight_days"))
    candidates, _, _ = _alike(engine, issue, level, where, which, since)
    hits = engine.select("alike_hits", since=since, until=end, **_kind(issue, level))["place_id"]
    is_hit = candidates["place_id"].isin(hits)
    listed = is_hit.head(int(count))
    return Hindsight(since, end, len(listed), int(listed.sum()), len(is_hit), int(is_hit.sum()))


def with_hit_shares(progress: pd.DataFrame) -> pd.DataFrame:
    """Rows of `checklists` or `checklist_grids` with hit_share (found of checked) and its interval.

    hit_share, lower, upper (95 %) are NaN where fewer than min_checked places were checked.
    """
    checked = progress["checked"].to_numpy(float)
    found = progress["found"].to_numpy(float)
    lower, upper = wilson_interval(found, checked)
    enough = checked >= max(1, threshold("min_checked"))
    share = np.divide(found, checked, out=np.full(len(found), np.nan), where=checked > 0)
    return progress.assign(
        hit_share=np.where(enough, share, np.nan),
        lower=np.where(enough, lower, np.nan),
        upper=np.where(enough, upper, np.nan),
    )


def listed_grids(places: pd.DataFrame, all_grids: pd.DataFrame) -> pd.DataFrame:
    """How the places of a list lie in the grids, most first; every grid.

    places     rows of `alike_places`.  all_grids  as `data.views.overview.grids` returns them.
    columns    grid_id, grid_name, lead_unit, places, again (those that had the kind before).
    """
    counts = places.assign(again=places["times_ever"] > 0).groupby("grid_id")["again"]
    frame = all_grids[["grid_id", "grid_name", "lead_unit"]].copy()
    frame["places"] = frame["grid_id"].map(counts.size()).fillna(0).astype(int)
    frame["again"] = frame["grid_id"].map(counts.sum()).fillna(0).astype(int)
    return frame.sort_values(["places", "grid_id"], ascending=[False, True], ignore_index=True)


def _issue(engine: Engine, issue_id: str) -> pd.Series:
    rows = engine.select("issue_place", issue_id=issue_id)
    if rows.empty:
        msg = f"there is no issue {issue_id} in build {engine.build_id}."
        raise LookupError(msg)
    return rows.iloc[0]


def _kind(issue: pd.Series, level: Level) -> dict[str, str]:
    return {"category": "", "category_class": ""} | {level: str(issue[level])}


def _alike(
    engine: Engine, issue: pd.Series, level: Level, where: Where, which: Which, until: pd.Timestamp
) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """All candidates and all known places as of a time, and how many places there are."""
    age = pd.Timestamp(build_info(engine).data_until) - issue["reported_at"]
    frame = engine.select(
        "alike_places",
        until=until,
        year_since=until - timedelta(days=threshold("alike_days")),
        lately_since=until - timedelta(days=threshold("repeat_days")),
        seen_since=until - age,
        near_m=threshold("near_segment_m"),
        **_kind(issue, level),
    )
    counts = ["times", "lately", "times_ever", "records", "seen"]
    frame = frame.astype(dict.fromkeys(counts, int))
    frame = frame[frame["place_id"].isna() | (frame["place_id"] != issue["place_id"])]
    frame["is_repeat"] = frame["lately"] >= threshold("repeat_episodes")
    frame["is_same_road"] = (frame["road_class"] == issue["road_class"]) & (
        issue["road_class"] != "unknown"
    )
    frame = _with_points(engine, frame, _site_types(engine, issue))
    if where:
        frame = frame[frame["is_same_road" if where == "road" else "is_near_site"]]
    ordered = frame.sort_values(BEST_FIRST, ascending=[False, False, False, True], ignore_index=True)
    candidates = ordered[~ordered["is_open"]]
    if which == "new":
        candidates = candidates[candidates["times_ever"] == 0]
    if which == "unseen":
        candidates = candidates[candidates["seen"] == 0]
    candidates = candidates.reset_index(drop=True)
    candidates.insert(0, "rank", np.arange(1, len(candidates) + 1))
    known = ordered[ordered["is_open"]].reset_index(drop=True)
    known.insert(0, "rank", np.arange(1, len(known) + 1))
    return candidates, known, len(ordered)


def _with_points(engine: Engine, frame: pd.DataFrame, site_types: list[str]) -> pd.DataFrame:
    """The frame with a point for every street, and is_near_site; without the shapes."""
    shapes = _shapes(engine, frame)
    crs = engine.select("build").iloc[0]["compute_crs"]
    lines = shapely.get_type_id(shapes) != shapely.GeometryType.POINT
    middles = shapes.copy()
    middles[lines] = shapely.line_interpolate_point(
        shapely.get_geometry(shapes[lines], 0), 0.5, normalized=True
    )
    lon, lat = transform_xy(shapely.get_x(middles), shapely.get_y(middles), crs, LONLAT)
    sites = engine.select("sites")
    sites = sites[sites["site_type"].isin(site_types)]
    near = is_near(shapes, _points(sites, crs), threshold("near_site_m"))
    return frame.drop(columns="geom").assign(lon=lon, lat=lat, is_near_site=near)


def _shapes(engine: Engine, frame: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Streets as lines, clusters as points; compute CRS."""
    crs = engine.select("build").iloc[0]["compute_crs"]
    is_street = frame["geom"].notna().to_numpy()
    shapes = np.empty(len(frame), dtype=object)
    shapes[is_street] = shapely.from_wkb([bytes(wkb) for wkb in frame.loc[is_street, "geom"]])
    shapes[~is_street] = _points(frame[~is_street], crs)
    return shapes


def _points(frame: pd.DataFrame, crs: str) -> npt.NDArray[np.object_]:
    x, y = transform_xy(frame["lon"].to_numpy(float), frame["lat"].to_numpy(float), LONLAT, crs)
    points: npt.NDArray[np.object_] = shapely.points(x, y)
    return points


def _site_types(engine: Engine, issue: pd.Series) -> list[str]:
    """Types of the sites within near_site_m of the issue."""
    sites = engine.select("sites")
    if sites.empty or pd.isna(issue["lon"]):
        return []
    crs = engine.select("build").iloc[0]["compute_crs"]
    here = _points(issue.to_frame().T, crs)
    near = is_near(_points(sites, crs), here, threshold("near_site_m"))
    return sorted(set(sites.loc[near, "site_type"]))
