"""The frame: every candidate sample point of the county, with what is known of it and its risk.

A site is one of the county's own list, or a street point: the middle of a stretch of street of at most
street_point_m. Risk is the chance that a problem is *recorded* at the site in the coming risk_days.
What it is not:
- not the chance that an inspector finds something. Who looks closer than the county's daily eyes finds
  more, of other kinds. It says where more is to be expected than elsewhere.
- not a sign of cleanliness. A place that nobody looks at has no records: it is unseen, to be shown grey
  and never as safe: its risk is not taken below the rate of its type, though somebody may have swept
  there. The model alone would call it the safest of all.
Definitions: docs/adr/0014-site-risk.md; statistics: geo/risk.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from data.engine import Engine
from data.standards import UNKNOWN, as_site_types, street_site_types, threshold
from data.views.overview import category_classes
from data.views.site_risk import (
    FEATURES,
    LONG_AGO,
    YEAR,
    History,
    Past,
    RiskModel,
    day_number,
    days_since_1970,
    reasons,
)
from geo.crs import LONLAT, degrees_around, transform_xy
from geo.near import pairs_within
from geo.risk import chances, contributions, shrunk_mix
from geo.street_points import street_points, stretch_counts

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

STREET_POINT = re.compile("(.+)#([0-9]+)", re.DOTALL)  # site_key of a street point


@dataclass(frozen=True)
class SampleFrame:
    """Every candidate sample point.

    frame    one row a site, index 0 .. n - 1, sites by id, then street points along each piece:
             site_key (`listed_keys`, or <segment_id>#<number>), kind (site, street), site_type;
             site_id, site_name, address ("" for street points); street_name, road_class,
             source_segment_id ("" for sites); grid_id (None outside the grids in force), grid_name,
             lead_unit, lon, lat, x_m, y_m (compute CRS); issues_year, issues_90 (recorded in 365 and 90
             days), open_now; last_find_at, last_closed_at, last_seen_at (days; NaT: never);
             days_since_seen, days_since_cleaned (days before the end of the data; NaN: never, unknown),
             is_unseen, risk (0..1), reasons.
    reasons  (code, value) pairs, most telling first, at most three. What raises risk: open (how many),
             closed_days (closed so many days ago, when such come back), finds_90, finds_year (issues
             of 90 days, of the year), seen_days (recorded or visited so many days ago),
             uncleaned_days, type_high (the rate of its type in 1000). What lowers it: quiet_days,
             fewer_finds (of the year, than the mean of its type), cleaned_days, type_low. unseen_days,
             never_seen (0): nobody looked, so risk is not taken below the rate of its type.
    classes, mix   mix[k, c] is the share of classes[c] in what is recorded at site k; rows sum to 1.
    model    how risk was made.
    until    the day after the last one of the data, from which days are counted.
    outside_grids, unlocated, left_out_m   sites in no grid in force (they are in the frame), sites of
             the list without coordinates and metres of street too short for a point (they are not).
    """

    frame: pd.DataFrame
    classes: list[str]
    mix: Floats
    model: RiskModel
    until: pd.Timestamp
    outside_grids: int
    unlocated: int
    left_out_m: float


def street_point_of(site_key: str) -> tuple[str, int] | None:
    """The segment_id of a street point and its number there, from 0; None for a site of the list."""
    found = STREET_POINT.fullmatch(site_key)
    return None if found is None else (found[1], int(found[2]))


def segments_of(site_keys: pd.Series) -> pd.Series:
    """The segment_id of each street point; missing for sites of the list."""
    points = (street_point_of(key) for key in site_keys)
    segments = [None if point is None else point[0] for point in points]
    return pd.Series(segments, site_keys.index, "str", "segment_id")


def listed_keys(site_ids: pd.Series) -> pd.Series:
    """The site_key of sites of the list: the id, with # after one that reads like a street point's key.

    No two ids get one key: what reads so with any number of # after it gets one more.
    """
    is_alike = site_ids.str.fullmatch(f"(?s){STREET_POINT.pattern}#*")
    return site_ids.where(~is_alike.astype(bool), site_ids + "#").rename("site_key")


def in_grids(sample: SampleFrame) -> SampleFrame:
    """Only the sites that a grid in force answers for: these alone are declared, drawn and rehearsed.

    What lies outside is nobody's to mend and not the area inspected: lists may go far beyond it.
    """
    is_inside = sample.frame["grid_id"].notna().to_numpy()
    if is_inside.all():  # no second copy of a large frame
        return sample
    frame = sample.frame[is_inside].reset_index(drop=True)
    return replace(sample, frame=frame, mix=sample.mix[is_inside])


def sample_frame(engine: Engine) -> SampleFrame:
    """All candidate sample points with their risk at the end of the data; see `SampleFrame`."""
    build = engine.select("build").iloc[0]
    until = pd.Timestamp(build["data_until"]).normalize()
    today = day_number(until)
    segments = engine.select("street_segments")
    frame, segment = _sites(engine, build["compute_crs"], segments, until)
    classes = category_classes(engine)
    history = _history(engine, build, frame, segment, segments, classes)
    type_no, types = pd.factorize(frame["site_type"])
    past = Past(
        engine, history, segments, segment, type_no.astype(np.int64), list(types),
        frame["grid_id"].notna().to_numpy(),
    )  # fmt: skip
    now = past.state(today)

    frame["issues_year"], frame["issues_90"], frame["open_now"] = now.finds_year, now.finds_90, now.open
    for name, days in (
        ("last_find_at", now.last_find),
        ("last_closed_at", now.last_closed),
        ("last_seen_at", now.last_seen),
    ):
        frame[name] = pd.to_datetime(pd.Series(days).where(days > LONG_AGO), unit="D")
    frame["days_since_seen"] = np.where(now.last_seen > LONG_AGO, today - now.last_seen, np.nan)
    frame["days_since_cleaned"] = today - now.last_swept
    frame["is_unseen"] = ~(frame["days_since_seen"] <= threshold("unseen_days"))

    model, fit = past.model()
    rate = model.type_rates["rate"].to_numpy(float)[type_no]
    is_raised = frame["is_unseen"].to_numpy()
    if fit is None:
        frame["risk"], added = rate, np.zeros((len(frame), len(FEATURES) + len(types)))
    else:
        x = past.features(now)
        risk, added = chances(fit, x), contributions(fit, x)
        is_raised = is_raised & (risk < rate)
        frame["risk"] = np.where(is_raised, rate, risk)
    frame["reasons"] = reasons(frame, now, model, added, is_raised)
    is_year = (history.reported < today) & (history.reported >= today - YEAR)
    cell = history.site[is_year] * len(classes) + history.class_no[is_year]
    counts = np.bincount(cell, history.issues[is_year], len(frame) * len(classes)).astype(float)
    mix = shrunk_mix(
        counts.reshape(len(frame), len(classes)), type_no, len(types), threshold("mix_prior")
    )
    short = segments["length_m"] < threshold("street_point_least_m")
    return SampleFrame(
        frame, classes, mix, model, until,
        outside_grids=int(frame["grid_id"].isna().sum()),
        unlocated=int(engine.select("unlocated_sites").iloc[0]["sites"]),
        left_out_m=float(segments.loc[short, "length_m"].sum()),
    )  # fmt: skip


def _sites(
    engine: Engine, crs: str, segments: pd.DataFrame, until: pd.Timestamp
) -> tuple[pd.DataFrame, Ints]:
    """The sites with place and grid, and the row in `segments` of each (-1 for those of the list)."""
    listed = engine.select("sample_sites")
    listed["site_type"] = as_site_types(listed["site_type"].fillna(UNKNOWN))
    x, y = transform_xy(listed["lon"].to_numpy(float), listed["lat"].to_numpy(float), LONLAT, crs)
    listed = listed.assign(site_key=listed_keys(listed["site_id"]), kind="site", x_m=x, y_m=y)

    lines = np.array(shapely.from_wkb([bytes(wkb) for wkb in segments["geom"]]), dtype=object)
    points = street_points(
        lines,
        segments["length_m"].to_numpy(float),
        threshold("street_point_m"),
        threshold("street_point_least_m"),
    )
    lon, lat = transform_xy(points.x, points.y, crs, LONLAT)
    along = segments.iloc[points.line].reset_index(drop=True)
    street = along[["street_name", "road_class", "source_segment_id", "grid_id"]].assign(
        site_key=along["segment_id"].astype(str) + "#" + points.number.astype(str).astype(object),
        kind="street",
        site_type=along["road_class"].map(street_site_types()),
        lon=lon, lat=lat, x_m=points.x, y_m=points.y,
    )  # fmt: skip
    parts = [part for part in (listed, street) if len(part)] or [street]
    frame = pd.concat(parts, ignore_index=True).reindex(columns=PLACE_COLUMNS)
    text = ["site_id", "site_name", "address", "street_name", "road_class", "source_segment_id"]
    frame[text] = frame[text].astype(object).fillna("")
    grids = engine.select("grids_in_force", until=until).set_index("grid_id")
    in_force = frame["grid_id"].isin(grids.index)
    frame["grid_id"] = frame["grid_id"].astype(object).where(in_force, None)
    for name in ("grid_name", "lead_unit"):
        frame[name] = frame["grid_id"].map(grids[name]).astype(object).fillna("")
    return frame, np.concatenate([np.full(len(frame) - len(points.line), -1), points.line])


PLACE_COLUMNS = [
    "site_key", "kind", "site_type", "site_id", "site_name", "address", "street_name", "road_class",
    "source_segment_id", "grid_id", "lon", "lat", "x_m", "y_m",
]  # fmt: skip


def _history(
    engine: Engine,
    build: pd.Series,
    frame: pd.DataFrame,
    segment: Ints,
    segments: pd.DataFrame,
    classes: list[str],
) -> History:
    """Issues at stretches of street (by the stored place along them) and near sites, and visits."""
    step_m, least_m = threshold("street_point_m"), threshold("street_point_least_m")
    along = engine.select(
        "stretch_issues", step_m=step_m, least_m=least_m, near_m=threshold("near_segment_m")
    )
    count = stretch_counts(segments["length_m"].to_numpy(float), step_m, least_m)
    listed = int((segment < 0).sum())
    first = np.zeros(int(segments["segment_no"].max() + 1) if len(segments) else 0, dtype=np.int64)
    first[segments["segment_no"]] = listed + np.cumsum(count) - count
    on_street = first[along["segment_no"]] + along["stretch"].to_numpy(np.int64)

    reach = threshold("site_reach_m")
    sites = frame[frame["kind"] == "site"]
    step_lon, step_lat = degrees_around(reach, float(np.abs(sites["lat"]).max()) if len(sites) else 0.0)
    close = engine.select("issues_near_sites", step_lat=step_lat, step_lon=step_lon)
    at = pd.Index(sites["site_id"]).get_indexer(close["site_id"])
    x, y = transform_xy(
        close["lon"].to_numpy(float), close["lat"].to_numpy(float), LONLAT, build["compute_crs"]
    )
    apart = np.hypot(x - frame["x_m"].to_numpy(float)[at], y - frame["y_m"].to_numpy(float)[at])
    close, at = close[apart <= reach].assign(issues=1), at[apart <= reach]

    records = pd.concat([along.assign(site=on_street), close.assign(site=at)], ignore_index=True)
    site, issues = (records[name].to_numpy(np.int64) for name in ("site", "issues"))
    class_no = pd.Index(classes).get_indexer(records["category_class"]).astype(np.int64)
    reported, closed, verified = (
        days_since_1970(records[name]) for name in ("reported_date", "closed_date", "verified_date")
    )
    looked_site, looked = _looks(engine, build["compute_crs"], frame, reach)
    return History(site, class_no, reported, closed, verified, issues, looked_site, looked)


def _looks(engine: Engine, crs: str, frame: pd.DataFrame, reach_m: float) -> tuple[Ints, Ints]:
    """Site and day of each visit: near its point, at the site it names, along the street it names."""
    visits = engine.select("visits_by_place")
    day = days_since_1970(visits["visited_date"])
    x, y = transform_xy(visits["lon"].to_numpy(float), visits["lat"].to_numpy(float), LONLAT, crs)
    near, site = pairs_within(x, y, frame["x_m"].to_numpy(float), frame["y_m"].to_numpy(float), reach_m)
    found = [(site, day[near])]
    number = pd.Series(frame.index, name="site")
    for name, kind, has_no_point in (
        ("site_id", "site", np.ones(len(visits), dtype=bool)),
        ("source_segment_id", "street", ~np.isfinite(x)),
    ):
        places = frame.loc[frame["kind"] == kind, [name]].assign(site=number)
        named = visits.loc[has_no_point & visits[name].notna(), [name]].assign(day=day[
            has_no_point & visits[name].notna().to_numpy()])  # fmt: skip
        pairs = named.merge(places, on=name)
        found.append((pairs["site"].to_numpy(np.int64), pairs["day"].to_numpy(np.int64)))
    return np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])
