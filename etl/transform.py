"""Checked records -> core tables: merged over files, placed in grids and on segments, classified."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from data.catalog import Table
from data.messages import DataError
from data.standards import UNKNOWN, categories, road_class_codes, threshold
from etl.recipe import Dataset, Recipe
from etl.validate import Checked
from geo.assign import StraightParts, assign_grids, nearest_segments
from geo.borders import gaps, overlaps, widths
from geo.crs import LONLAT, transform_geometry, transform_xy
from geo.fit import datum_fits
from geo.grid import cut_lines

Geometries = npt.NDArray[np.object_]


@dataclass
class Findings:
    """What is odd but was accepted: (table, code) -> count and an example."""

    rows: list[dict[str, object]] = field(default_factory=list)

    def add(self, table: str, finding: str, count: float, detail: str = "") -> None:
        """Note a finding unless its count is zero."""
        if round(count):
            self.rows.append(
                {"table_name": table, "finding": finding, "count": round(count), "detail": detail}
            )


@dataclass
class Merged:
    """One table's records over all its files; `used` counts the accepted ones of each file."""

    frame: pd.DataFrame
    geometry: Geometries | None
    used: list[int]


def no_records(table: Table) -> Merged:
    """An empty table: a county may bring its grids before its streets or issues."""
    kinds = {"time": "datetime64[us]", "date": "datetime64[us]", "float": "float64"}
    frame = pd.DataFrame(
        {c.name: pd.Series(dtype=kinds.get(c.type, "object")) for c in table.file_columns}
    )
    return Merged(frame, np.array([], dtype=object), [])


def merge_files(table: Table, parts: list[Checked]) -> Merged:
    """Records of one source's files, oldest first; of one key the last file's state stays."""
    if len(parts) == 1:
        return Merged(parts[0].frame.reset_index(drop=True), parts[0].geometry, [len(parts[0].frame)])
    frames = [part.frame.assign(file_number=n) for n, part in enumerate(parts)]
    frame = pd.concat(frames, ignore_index=True)
    geometry = (
        np.concatenate([part.geometry for part in parts if part.geometry is not None])
        if table.geometry in ("line", "polygon")
        else None
    )
    key = list(table.file_key)
    if table.geometry == "polygon":  # parts of one grid in one file are joined later
        last = frame.groupby(key, dropna=False)["file_number"].transform("max")
        stays = (frame["file_number"] == last).to_numpy()
    else:
        stays = ~frame.duplicated(key, keep="last").to_numpy()
    if table.geometry != "polygon":
        _keep_what_is_not_said(frame, key, parts)
    merged = frame[stays].reset_index(drop=True)
    used = np.bincount(merged["file_number"], minlength=len(parts)).tolist()
    return Merged(
        merged.drop(columns="file_number"), None if geometry is None else geometry[stays], used
    )


def _keep_what_is_not_said(frame: pd.DataFrame, key: list[str], parts: list[Checked]) -> None:
    """A column that a later file does not have at all keeps its value of before, record by record."""
    has = {column for part in parts for column in part.columns}
    for column in has.difference(key):
        lacks = np.array([column not in part.columns for part in parts])
        rows = lacks[frame["file_number"].to_numpy()]
        if rows.any():
            known = frame.groupby(key, dropna=False, sort=False)[column].ffill()
            frame.loc[rows, column] = known[rows]


def vanished(table: Table, before: Checked, later: list[Checked]) -> tuple[int, str]:
    """How many records of a file the next one should still have and none has, and examples.

    An export of everything has all of them, an export of a period those reported in that period. A
    file much smaller, or one that lacks more than half, is no later export of the same records.
    """
    if not later or (len(table.file_key) > 1 and table.geometry != "polygon"):
        return 0, ""
    after, key = later[0], table.file_key[0]
    expected = before.frame[key]
    if "reported_at" in before.frame and len(after.frame):
        times = after.frame["reported_at"]
        expected = expected[before.frame["reported_at"].between(times.min(), times.max())]
    gone = expected[~expected.isin(after.keys)].unique()
    if not 0 < len(gone) < 0.5 * len(expected) or len(after.frame) < 0.5 * len(before.frame):
        return 0, ""
    for part in later[1:]:
        gone = gone[~pd.Series(gone).isin(part.keys).to_numpy(bool)]
    return len(gone), f"{after.name}: {', '.join(sorted(gone)[:3])}"


def changes(table: Table, parts: list[Checked]) -> pd.DataFrame:
    """What each file says differently from the file before: key, file, column_name, before, after."""
    key = table.file_key[0]
    columns = [key, "file", "column_name", "before", "after"]
    keys = pd.concat([part.frame[key] for part in parts], ignore_index=True)
    repeated = keys[keys.duplicated()].unique()
    states = [
        part.frame[part.frame[key].isin(repeated)].assign(file=part.name, part=number)
        for number, part in enumerate(parts)
    ]
    frame = pd.concat(states, ignore_index=True).sort_values(key, kind="stable", ignore_index=True)
    follows = frame[key].eq(frame[key].shift()).to_numpy(bool, na_value=False)
    found = [pd.DataFrame(columns=columns)]
    for column in table.file_columns:
        if column.name == key:
            continue
        says = np.array([column.name in part.columns for part in parts])[frame["part"].to_numpy()]
        value, before = frame[column.name], frame[column.name].shift()
        same = (value == before).fillna(False) | (value.isna() & before.isna())
        differs = follows & says & np.roll(says, 1) & ~same.to_numpy(bool, na_value=False)
        if differs.any():
            change = frame.loc[differs, [key, "file"]].assign(
                column_name=column.name, before=_texts(before[differs]), after=_texts(value[differs])
            )
            found.append(change)
    return pd.concat(found, ignore_index=True)


def _texts(values: pd.Series) -> pd.Series:
    return values.astype(str).where(values.notna(), None)


def withdrawn_closings(found: pd.DataFrame) -> tuple[int, str]:
    """How many issues a later file calls open that were closed before, and examples; see `changes`."""
    withdrawn = found[(found["column_name"] == "closed_at") & found["after"].isna()]
    return len(withdrawn), ", ".join(withdrawn.iloc[:3, 0].astype(str))


def mended(table: Table, faults: pd.DataFrame, later: list[Checked]) -> pd.Series[bool]:
    """Which refused records a later file of the same source has, in order: aligned with `faults`.

    Only by a key of one column: of a longer one a refused record may lack the very part that differs.
    """
    key = table.file_key[0]
    if not later or len(table.file_key) > 1:
        return pd.Series(False, index=faults.index)
    names = pd.concat([part.frame[key] for part in later])
    return faults["key"].notna() & faults["key"].isin(names.dropna())


def join_datasets(table: Table, merged: list[Merged]) -> Merged:
    """All datasets of a table. Raises DataError if two of them use the same key."""
    if len(merged) == 1:
        return merged[0]
    frame = pd.concat([part.frame for part in merged], ignore_index=True)
    key = list(table.file_key)
    owner = np.repeat(np.arange(len(merged)), [len(part.frame) for part in merged])
    owners = pd.Series(owner).groupby([frame[c] for c in key], dropna=False).nunique()
    if (owners > 1).any():
        twice = owners.index[owners > 1][0]
        shown = " / ".join(map(str, twice)) if isinstance(twice, tuple) else twice
        raise DataError("same_key", table=table.name, key=shown)
    geometries = [part.geometry for part in merged if part.geometry is not None]
    return Merged(
        frame,
        np.concatenate(geometries) if geometries else None,
        [count for part in merged for count in part.used],
    )


@dataclass
class Grids:
    """Every border that grids have had: `frame` is core_grid_version by grid_id and period.

    polygons  beside the frame, compute CRS; is_in_force: today.
    """

    frame: pd.DataFrame
    polygons: Geometries
    is_in_force: npt.NDArray[np.bool_]

    @property
    def today(self) -> tuple[pd.Series[str], Geometries]:
        """Ids and polygons of the borders in force, by grid id."""
        ids = self.frame.loc[self.is_in_force, "grid_id"].reset_index(drop=True)
        return ids, self.polygons[self.is_in_force]

    def on(self, day: date) -> tuple[pd.Series[str], Geometries]:
        """Ids and polygons of the borders that held on that day, by grid id."""
        held = _held(self.frame, pd.Timestamp(day))
        return self.frame.loc[held, "grid_id"].reset_index(drop=True), self.polygons[held]

    def place(
        self,
        x: npt.NDArray[np.float64],
        y: npt.NDArray[np.float64],
        at: pd.Series | None = None,
    ) -> pd.Series[str]:
        """The grid each point lay in at that time (today by default); missing outside every grid."""
        starts = pd.concat([self.frame["valid_from"], self.frame["valid_to"] + pd.Timedelta(days=1)])
        starts = starts.dropna().drop_duplicates().sort_values()
        if at is None or starts.empty:
            ids, polygons = self.today
            return _ids(ids, assign_grids(x, y, polygons))
        placed = pd.Series(pd.NA, index=range(len(x)), dtype=object)
        times = at.to_numpy("datetime64[us]")
        epochs = np.searchsorted(starts.to_numpy("datetime64[us]"), times, "right")
        for epoch in np.unique(epochs):
            day = starts.iloc[epoch - 1] if epoch else starts.iloc[0] - pd.Timedelta(days=1)
            ids, polygons = self.on(day)
            rows = np.flatnonzero(epochs == epoch)
            if len(polygons):
                placed.iloc[rows] = _ids(ids, assign_grids(x[rows], y[rows], polygons)).to_numpy()
        return placed


def _held(versions: pd.DataFrame, day: pd.Timestamp) -> npt.NDArray[np.bool_]:
    begun = versions["valid_from"].isna() | (versions["valid_from"] <= day)
    lasts = versions["valid_to"].isna() | (versions["valid_to"] >= day)
    held: npt.NDArray[np.bool_] = (begun & lasts).to_numpy(bool)
    return held


def build_grids(
    merged: Merged, compute_crs: str, today: date
) -> tuple[pd.DataFrame, Geometries, Grids]:
    """core_grid ordered by grid_id, its polygons, and all borders that the grids have had.

    Parts of one id and period are joined. A border ends where the grid's next one begins. core_grid has
    the border in force, else the last one; its valid_from and valid_to are those of the grid.
    Raises DataError "grid_periods" if two borders of one grid hold on the same day.
    """
    assert merged.geometry is not None  # noqa: S101 for the type checker
    key = ["grid_id", "valid_from", "valid_to"]
    frame = merged.frame.reset_index(drop=True)
    groups = frame.groupby(key, dropna=False, sort=False).ngroup().to_numpy()
    firsts = np.flatnonzero(~pd.Series(groups).duplicated().to_numpy())
    joined = [_union(merged.geometry[groups == group]) for group in range(len(firsts))]
    versions = frame.iloc[firsts].reset_index(drop=True)
    filled = frame.groupby(groups).first()  # a name may stand on another part than the first
    versions[filled.columns.difference(key)] = filled[filled.columns.difference(key)].to_numpy()
    order = versions.sort_values(["grid_id", "valid_from"], na_position="first", kind="stable").index
    versions = versions.loc[order].reset_index(drop=True)
    polygons = np.array([joined[i] for i in order], dtype=object)

    same = versions["grid_id"].eq(versions["grid_id"].shift(-1))
    next_from = versions["valid_from"].shift(-1).where(same)
    last_day = next_from - pd.Timedelta(days=1)
    versions["valid_to"] = versions["valid_to"].fillna(last_day)
    clash = same & (next_from.isna() | (versions["valid_to"] >= next_from))
    clash |= versions["valid_to"] < versions["valid_from"]
    if clash.any():
        raise DataError("grid_periods", grid_id=versions.loc[clash, "grid_id"].iloc[0])
    versions["area_m2"] = shapely.area(polygons)
    versions["geom"] = shapely.to_wkb(polygons)
    in_force = _held(versions, pd.Timestamp(today))
    if not in_force.any():
        raise DataError("no_grid_in_force", today=today)

    begun = versions["valid_from"].isna() | (versions["valid_from"] <= pd.Timestamp(today))
    shown = pd.Series(np.where(in_force, 2, begun.to_numpy(int)), index=versions.index)
    by_grid = versions.assign(shown=shown).sort_values(["grid_id", "shown"], kind="stable")
    chosen = by_grid.drop_duplicates("grid_id", keep="last").index.sort_values()
    spans = versions.groupby("grid_id")
    rows = versions.loc[chosen].reset_index(drop=True)
    rows["grid_name"] = rows["grid_name"].fillna(rows["grid_id"])
    rows["valid_from"] = _unless_missing(spans["valid_from"], "min")
    rows["valid_to"] = _unless_missing(spans["valid_to"], "max")
    label = transform_geometry(shapely.point_on_surface(polygons[chosen]), compute_crs, LONLAT)
    rows["lon"], rows["lat"] = shapely.get_x(label), shapely.get_y(label)
    return rows, polygons[chosen], Grids(versions, polygons, in_force)


def _unless_missing(groups: Any, how: str) -> Any:
    """The first or last date of each group; none where one border of the grid has none."""
    return groups.agg(how).where(groups.count() == groups.size()).to_numpy()


def _union(parts: Geometries) -> shapely.Geometry:
    return parts[0] if len(parts) == 1 else shapely.union_all(parts)


def past_street(
    frame: pd.DataFrame, grids: Grids, streets: Merged, segments: pd.DataFrame
) -> pd.DataFrame:
    """mart_grid_street of grids that are no longer in force: their street on their last day.

    frame  core_grid; streets whole, as they were read; segments core_segment, for the road classes.
    """
    found = [pd.DataFrame(columns=["grid_id", "road_class", "length_m"])]
    assert streets.geometry is not None  # noqa: S101 for the type checker
    classes = segments.drop_duplicates("source_segment_id").set_index("source_segment_id")["road_class"]
    road_class = streets.frame["source_segment_id"].map(classes).to_numpy(object)
    ended = frame[~frame["grid_id"].isin(grids.today[0])]
    for last_day, gone in ended.groupby("valid_to"):
        ids, polygons = grids.on(last_day)
        line, grid, pieces = cut_lines(streets.geometry, polygons)
        cut = pd.DataFrame(
            {
                "grid_id": _ids(ids, grid).to_numpy(),
                "road_class": road_class[line],
                "length_m": shapely.length(pieces),
            }
        )
        lengths = cut.groupby(["grid_id", "road_class"], as_index=False)["length_m"].sum()
        found.append(lengths[lengths["grid_id"].isin(gone["grid_id"])])
    return pd.concat(found, ignore_index=True)


def build_border_faults(
    grid_ids: pd.Series[str], polygons: Geometries, compute_crs: str, findings: Findings
) -> tuple[pd.DataFrame, Geometries]:
    """core_border_fault: overlaps and gaps of the grids, and their shapes."""
    least = threshold("border_fault_m2")
    first, second, shared = overlaps(polygons, least)
    empty = gaps(polygons, threshold("border_gap_width_m"), least)
    shapes = np.concatenate([shared, empty.shapes])
    ids = grid_ids.to_numpy(str)
    members = [*np.stack([first, second], axis=1), *empty.neighbours]
    label = transform_geometry(shapely.point_on_surface(shapes), compute_crs, LONLAT)
    enclosed = [None] * len(shared) + empty.is_enclosed.tolist()
    frame = pd.DataFrame(
        {
            "fault_id": np.arange(1, len(shapes) + 1),
            "kind": np.repeat(["overlap", "gap"], [len(shared), len(empty.shapes)]),
            "grid_ids": [",".join(ids[member]) for member in members],
            "is_enclosed": pd.array(enclosed, dtype="boolean"),
            "area_m2": shapely.area(shapes),
            "width_m": widths(shapes),
            "lon": shapely.get_x(label),
            "lat": shapely.get_y(label),
            "geom": shapely.to_wkb(shapes),
        }
    )
    for kind, finding in (("overlap", "grid_overlap"), ("gap", "grid_gap")):
        found = frame[frame["kind"] == kind]
        largest = found.nlargest(1, "area_m2")
        detail = "".join(f"{row.grid_ids}: {row.area_m2:.0f} m2" for row in largest.itertuples())
        findings.add("core_grid", finding, len(found), detail)
    return frame, shapes


def build_segments(
    merged: Merged, grid_ids: pd.Series[str], polygons: Geometries, findings: Findings
) -> tuple[pd.DataFrame, Geometries]:
    """core_segment ordered by segment_id, cut at grid borders, and its lines."""
    assert merged.geometry is not None  # noqa: S101 for the type checker
    line, grid, pieces = cut_lines(merged.geometry, polygons)
    frame = merged.frame.iloc[line].reset_index(drop=True)
    frame["grid_id"] = _ids(grid_ids, grid)
    is_cut = np.bincount(line)[line] > 1
    suffix = np.where(is_cut, "@" + frame["grid_id"].fillna("").astype(str), "")
    frame["segment_id"] = frame["source_segment_id"].astype(str) + suffix
    frame["road_class"] = frame["road_class"].map(road_class_codes()).fillna(UNKNOWN)
    frame["length_m"] = shapely.length(pieces)
    frame["geom"] = shapely.to_wkb(pieces)

    name = "core_segment"
    unclassed = frame.loc[frame["road_class"] == UNKNOWN, "source_segment_id"]
    findings.add(name, "unknown_road_class", unclassed.nunique())
    findings.add(name, "cut_segment", len(np.unique(line[is_cut])))
    findings.add(name, "street_outside_m", frame.loc[frame["grid_id"].isna(), "length_m"].sum())
    order = np.argsort(frame["segment_id"].to_numpy(str), kind="stable")
    return frame.iloc[order].reset_index(drop=True), pieces[order]


def _ids(ids: pd.Series[str], index: npt.NDArray[np.int64]) -> pd.Series[str]:
    """The id at each index; missing at -1."""
    if ids.empty:
        return pd.Series([None] * len(index), dtype=object)
    chosen = ids.iloc[np.maximum(index, 0)].reset_index(drop=True)
    return chosen.mask(index < 0)


def place_points(
    frame: pd.DataFrame,
    recipe: Recipe,
    datasets: list[Dataset],
    grids: Grids,
    at: pd.Series | None = None,
) -> tuple[pd.DataFrame, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The records with `location` and `grid_id`, and x, y in metres (NaN where not located).

    at  when each was there: it lies in the grid of that day; today by default.
    """
    lon, lat = frame["lon"].to_numpy(float), frame["lat"].to_numpy(float)
    location = np.where(np.isfinite(lon), "located", "unlocated").astype(object)
    for sink_lon, sink_lat in [point for dataset in datasets for point in dataset.sink_points]:
        location[(np.abs(lon - sink_lon) < 1e-7) & (np.abs(lat - sink_lat) < 1e-7)] = "sink"
    is_located = location == "located"
    x, y = transform_xy(
        np.where(is_located, lon, np.nan),
        np.where(is_located, lat, np.nan),
        LONLAT,
        recipe.compute_crs,
    )
    grid_ids = grids.place(x, y, at).set_axis(frame.index)
    return frame.assign(location=location, grid_id=grid_ids), x, y


def build_issues(
    merged: Merged,
    recipe: Recipe,
    grids: Grids,
    segments: tuple[pd.Series[str], StraightParts],
    names: Names,
    findings: Findings,
) -> pd.DataFrame:
    """core_issue: each record with its grid, nearest segment, offset in metres and class."""
    name = "core_issue"
    frame, x, y = place_points(
        merged.frame, recipe, recipe.core_issue, grids, merged.frame["reported_at"]
    )
    frame["segment_id"], frame["segment_offset_m"] = _nearest(x, y, segments)
    frame["x"], frame["y"] = x, y  # for what comes next; not stored
    frame = _classify(frame, names.categories, findings)
    if len(names.departments):
        known = frame["department"].map(names.departments).astype(object)
        unknown = frame["department"].notna() & known.isna()
        detail = ", ".join(frame.loc[unknown, "department"].value_counts().index[:3].astype(str))
        findings.add(name, "unknown_department", unknown.sum(), detail)
        frame["department"] = known.fillna(frame["department"])

    is_located = frame["location"] == "located"
    findings.add(name, "unlocated", (frame["location"] == "unlocated").sum())
    findings.add(name, "sink", (frame["location"] == "sink").sum())
    findings.add(name, "outside_grids", (is_located & frame["grid_id"].isna()).sum())
    far = frame["segment_offset_m"] > threshold("near_segment_m")
    findings.add(name, "far_from_street", far.sum(), f"> {threshold('near_segment_m'):g} m")
    early = frame["closed_at"] < frame["reported_at"]
    findings.add(name, "closed_before_reported", early.sum(), _examples(frame, early, "issue_id"))
    for count, detail in _suspected_sinks(frame[is_located]):
        findings.add(name, "sink_suspected", count, detail)
    findings.add(name, "bulk_closing", *_bulk_closings(frame["closed_at"]))
    near = near_duplicates(frame, x, y)
    findings.add(name, "near_duplicate", near.sum(), _examples(frame, near, "issue_id"))
    return frame


def _nearest(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    segments: tuple[pd.Series[str], StraightParts],
) -> tuple[Any, npt.NDArray[np.float64]]:
    """Id of and distance to the nearest segment of each point."""
    ids, lines = segments
    if not len(lines):
        return _ids(ids, np.full(len(x), -1)).to_numpy(), np.full(len(x), np.nan)
    nearest, offset = nearest_segments(x, y, lines)
    return _ids(ids, nearest).to_numpy(), offset


def _examples(frame: pd.DataFrame, where: pd.Series[bool], column: str) -> str:
    return ", ".join(frame.loc[where, column].head(3).astype(str))


def _suspected_sinks(located: pd.DataFrame) -> Iterator[tuple[int, str]]:
    """Exact coordinates that hold suspiciously many records."""
    gate = max(threshold("sink_point_count"), threshold("sink_point_share") * len(located))
    counts = located[["lon", "lat"]].round(7).value_counts().head(10)
    for (lon, lat), count in counts.items():
        if count >= gate:
            yield count, f"lon {lon}, lat {lat}"


def _bulk_closings(closed_at: pd.Series) -> tuple[int, str]:
    """Records closed in one go: runs of closings a few seconds apart, and the longest run.

    A midnight is a date without time: many of them say nothing.
    """
    times = closed_at.dropna()
    times = times[times != times.dt.normalize()].sort_values()
    run = (times.diff() > pd.Timedelta(seconds=threshold("bulk_closing_gap_s"))).cumsum()
    sizes = times.groupby(run).transform("size")
    bulk = times[sizes >= threshold("bulk_closing_count")]
    if bulk.empty:
        return 0, ""
    return len(bulk), f"{times[sizes.idxmax()]}: {sizes.max()}"


def near_duplicates(
    frame: pd.DataFrame, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> pd.Series[bool]:
    """Records that have another of their category within 30 m and 24 h (both thresholds).

    x, y  shape (n,), metres; NaN has no place and no duplicate.
    """
    metres, hours = threshold("duplicate_m"), threshold("duplicate_hours")
    located = np.flatnonzero(np.isfinite(x))
    found = np.zeros(len(frame), dtype=bool)
    if len(located) > 1:
        reported = frame["reported_at"].to_numpy("datetime64[s]").astype(np.int64)[located]
        category, _ = pd.factorize(frame["category"].to_numpy(object)[located])
        own = np.column_stack([x[located] / metres, y[located] / metres, reported / (3600 * hours)])
        own[:, 2] += category * (np.ptp(own[:, 2]) + 2)  # categories far apart in "time"
        _, other = cKDTree(own).query(own, k=[2], p=np.inf, distance_upper_bound=1 + 1e-9, workers=2)
        other = other[:, 0]
        has = other < len(own)
        flat = np.hypot(*(own[has, :2] - own[other[has], :2]).T)
        found[located[has]] = flat <= 1
    return pd.Series(found, index=frame.index)


@dataclass
class Names:
    """Names and aliases that the county's files use.

    categories   name -> category, category_class; departments name -> department.
    """

    categories: pd.DataFrame
    departments: dict[str, str]


def known_names(own_categories: pd.DataFrame, departments: pd.DataFrame) -> Names:
    """The county's own categories before those of the product, and its departments, by every name."""
    own = own_categories.assign(
        aliases=own_categories["category"] + ";" + own_categories["aliases"].fillna("")
    )
    own = _by_alias(own)[["name", "category", "category_class"]]
    both = pd.concat([own, categories()]).drop_duplicates("name").set_index("name")
    units = _by_alias(
        departments.assign(aliases=departments["department"] + ";" + departments["aliases"].fillna(""))
    ).drop_duplicates("name")
    return Names(both, dict(zip(units["name"], units["department"], strict=True)))


def _by_alias(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a name, from `aliases` that ; 、 or ， separate."""
    names = frame["aliases"].astype(object).str.split(r"\s*[;；、，,]\s*", regex=True)
    return frame.assign(name=names).explode("name").query("name != ''")


def _classify(frame: pd.DataFrame, known: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Category and class: names and aliases that are known, else as the file says.

    Exports write both levels into one cell, 街面秩序-占道经营: then the last part is the 小类.
    """
    codes, found = pd.factorize(frame["category"])  # a hundred names stand for a million records
    values = pd.Series(found, dtype=object)
    last_part = values.str.split(r"\s*[-–—/\\>＞|:：]+\s*", regex=True).str[-1]
    name = values.where(values.isin(known.index), last_part.where(last_part.isin(known.index), values))
    canonical = name.map(known["category"]).astype(object)
    by_table = name.map(known["category_class"]).astype(object)
    own_class = frame["category_class"].astype(object)
    frame["category"] = _of_code(canonical.fillna(name), codes, frame.index).fillna(UNKNOWN)
    of_name = _of_code(by_table.fillna(name), codes, frame.index)
    frame["category_class"] = own_class.fillna(of_name).fillna(UNKNOWN)

    blank = pd.Series(codes < 0, index=frame.index)
    findings.add("core_issue", "unknown_category", blank.sum())
    own_names = ~blank & _of_code(canonical, codes, frame.index).isna() & own_class.isna()
    used = _of_code(name, codes[own_names], frame.index[own_names])
    detail = ", ".join(used.value_counts().index[:3].astype(str))
    findings.add("core_issue", "uncatalogued_category", own_names.sum(), detail)
    return frame


def _of_code(values: pd.Series, codes: npt.NDArray[np.int64], index: pd.Index) -> pd.Series:
    """The value at each code; missing at -1."""
    return pd.Series([*values, None], dtype=object).take(codes).set_axis(index)


def build_sites(merged: Merged, recipe: Recipe, grids: Grids, findings: Findings) -> pd.DataFrame:
    """core_site: each candidate sample point with its grid."""
    frame, _, _ = place_points(merged.frame, recipe, recipe.core_site, grids)
    _note_unplaced("core_site", frame, "site_id", findings)
    return frame


def build_visits(
    merged: Merged,
    recipe: Recipe,
    grids: Grids,
    segments: tuple[pd.Series[str], StraightParts],
    findings: Findings,
) -> pd.DataFrame:
    """core_visit: each visit with its grid and nearest segment where it has coordinates."""
    frame, x, y = place_points(
        merged.frame, recipe, recipe.core_visit, grids, merged.frame["visited_at"]
    )
    frame["segment_id"], frame["segment_offset_m"] = _nearest(x, y, segments)
    named = frame["source_segment_id"].notna() | frame["site_id"].notna()
    _note_unplaced("core_visit", frame[~named], "visited_at", findings)
    return frame


def _note_unplaced(table: str, frame: pd.DataFrame, key: str, findings: Findings) -> None:
    outside = (frame["location"] == "located") & frame["grid_id"].isna()
    findings.add(table, "outside_grids", outside.sum(), _examples(frame, outside, key))
    findings.add(table, "unlocated", (frame["location"] == "unlocated").sum())


def note_unknown_segments(
    table: str, frame: pd.DataFrame, known: pd.Series[str], findings: Findings
) -> None:
    """Count the records on a segment that no street file has."""
    lost = frame["source_segment_id"].notna() & ~frame["source_segment_id"].isin(set(known))
    findings.add(table, "unknown_segment", lost.sum(), _examples(frame, lost, "source_segment_id"))


def check_place(part: Checked, crs: str, polygons: Geometries, compute_crs: str) -> None:
    """Refuse a file whose records mostly lie elsewhere: its coordinates are not what it says.

    Raises DataError "crs_elsewhere". The gate is `min_inside_share` of the grids' extent.
    """
    if part.geometry is not None:
        bounds = shapely.bounds(part.geometry)
        x, y = (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2
    elif "lon" in part.frame:
        lon, lat = part.frame["lon"].to_numpy(float), part.frame["lat"].to_numpy(float)
        located = np.isfinite(lon)
        x, y = transform_xy(lon[located], lat[located], LONLAT, compute_crs)
    else:
        return
    extent = shapely.total_bounds(polygons)
    inside = _count_inside(x, y, extent)
    if not len(x) or inside >= threshold("min_inside_share") * len(x):
        return
    name, total = part.name, len(x)
    if part.geometry is None:
        swapped = _count_inside(*transform_xy(lat[located], lon[located], LONLAT, compute_crs), extent)
        if swapped > inside:
            raise DataError("swapped_axes", file=name, inside=inside, total=total, swapped=swapped)
    raise DataError("crs_elsewhere", file=name, inside=inside, total=total, crs=crs or part.crs)


def _count_inside(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], extent: npt.NDArray[np.float64]
) -> int:
    west, south, east, north = extent
    return int(((x >= west) & (x <= east) & (y >= south) & (y <= north)).sum())


def doubtful_datum(
    part: Checked,
    dataset: Dataset,
    polygons: Geometries,
    lines: Geometries | StraightParts,
    compute_crs: str,
) -> tuple[int, str]:
    """How many of a file's points fit the streets only in another datum, and the evidence; or 0, ""."""
    fits = datum_fits(
        part.frame["lon"].to_numpy(float),
        part.frame["lat"].to_numpy(float),
        dataset.crs,
        polygons,
        lines,
        compute_crs,
        threshold("near_segment_m"),
    )
    suspect = max(fits, key=lambda fit: fit.only_here, default=None)
    if suspect is None or suspect.only_here < threshold("datum_only_here"):
        return 0, ""
    count = round(suspect.only_here * part.frame["lon"].notna().sum())
    return count, f"{part.name}: {fits[0]}; {suspect}"
