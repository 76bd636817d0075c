"""Checked records -> core tables: merged over files, placed in grids and on segments, classified."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from data.catalog import Table
from data.messages import DataError
from data.standards import UNKNOWN, categories, road_class_codes, threshold
from etl.recipe import Dataset, Recipe
from etl.validate import Checked
from geo.assign import assign_grids, nearest_segments
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


def merge_files(table: Table, parts: list[Checked], findings: Findings) -> Merged:
    """Records of one dataset's files, oldest first; of one key the last file's state stays."""
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
        last = frame.groupby(key)["file_number"].transform("max")
        stays = (frame["file_number"] == last).to_numpy()
    else:
        stays = ~frame.duplicated(key, keep="last").to_numpy()
    for before, after in pairwise(parts):
        gone = pd.Index(before.frame[key[0]]).difference(after.keys)
        if len(key) == 1 and len(gone) < 0.5 * len(before.keys):  # an export of the same records
            detail = f"{after.raw.name}: {', '.join(gone[:3])}"
            findings.add(table.name, "vanished", len(gone), detail)
    merged = frame[stays].reset_index(drop=True)
    used = np.bincount(merged["file_number"], minlength=len(parts)).tolist()
    return Merged(
        merged.drop(columns="file_number"), None if geometry is None else geometry[stays], used
    )


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


def build_grids(merged: Merged, compute_crs: str) -> tuple[pd.DataFrame, Geometries]:
    """core_grid ordered by grid_id, one row a grid (parts of one id joined), and its polygons."""
    assert merged.geometry is not None  # noqa: S101 for the type checker
    frame = merged.frame.reset_index(drop=True)
    ids = np.sort(frame["grid_id"].unique().astype(str))
    rows = frame.groupby("grid_id").first().loc[ids].reset_index()
    members = frame.groupby("grid_id").indices
    polygons = np.array(
        [
            merged.geometry[members[i][0]]
            if len(members[i]) == 1
            else shapely.union_all(merged.geometry[members[i]])
            for i in ids
        ],
        dtype=object,
    )
    rows["grid_name"] = rows["grid_name"].fillna(rows["grid_id"])
    rows["area_m2"] = shapely.area(polygons)
    label = transform_geometry(shapely.point_on_surface(polygons), compute_crs, LONLAT)
    rows["lon"], rows["lat"] = shapely.get_x(label), shapely.get_y(label)
    rows["geom"] = shapely.to_wkb(polygons)
    return rows, polygons


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
    grid_ids: pd.Series[str],
    polygons: Geometries,
) -> tuple[pd.DataFrame, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The records with `location` and `grid_id`, and x, y in metres (NaN where not located)."""
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
    placed = frame.assign(location=location, grid_id=_ids(grid_ids, assign_grids(x, y, polygons)))
    return placed, x, y


def build_issues(
    merged: Merged,
    recipe: Recipe,
    grids: tuple[pd.Series[str], Geometries],
    segments: tuple[pd.Series[str], Geometries],
    findings: Findings,
) -> pd.DataFrame:
    """core_issue: each record with its grid, nearest segment, offset in metres and class."""
    name = "core_issue"
    frame, x, y = place_points(merged.frame, recipe, recipe.core_issue, *grids)
    nearest, offset = (
        nearest_segments(x, y, segments[1])
        if len(segments[1])
        else (np.full(len(x), -1), np.full(len(x), np.nan))
    )
    frame["segment_id"], frame["segment_offset_m"] = _ids(segments[0], nearest), offset
    frame = _classify(frame, findings)

    is_located = frame["location"] == "located"
    findings.add(name, "unlocated", (frame["location"] == "unlocated").sum())
    findings.add(name, "sink", (frame["location"] == "sink").sum())
    findings.add(name, "outside_grids", (is_located & frame["grid_id"].isna()).sum())
    far = offset > threshold("near_segment_m")
    findings.add(name, "far_from_street", far.sum(), f"> {threshold('near_segment_m'):g} m")
    early = frame["closed_at"] < frame["reported_at"]
    findings.add(name, "closed_before_reported", early.sum(), _examples(frame, early, "issue_id"))
    for count, detail in _suspected_sinks(frame[is_located]):
        findings.add(name, "sink_suspected", count, detail)
    return frame


def _examples(frame: pd.DataFrame, where: pd.Series[bool], column: str) -> str:
    return ", ".join(frame.loc[where, column].head(3).astype(str))


def _suspected_sinks(located: pd.DataFrame) -> Iterator[tuple[int, str]]:
    """Exact coordinates that hold suspiciously many records."""
    gate = max(threshold("sink_point_count"), threshold("sink_point_share") * len(located))
    counts = located[["lon", "lat"]].round(7).value_counts().head(10)
    for (lon, lat), count in counts.items():
        if count >= gate:
            yield count, f"lon {lon}, lat {lat}"


def _classify(frame: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Category and class: names and aliases of standards/categories.csv, else as the file says."""
    known = categories().set_index("name")
    category = frame["category"].astype(object)
    own_class = frame["category_class"].astype(object)
    canonical = category.map(known["category"])
    by_table = category.map(known["category_class"])
    frame["category"] = canonical.fillna(category).fillna(UNKNOWN)
    frame["category_class"] = own_class.fillna(by_table).fillna(category).fillna(UNKNOWN)

    blank = category.isna()
    findings.add("core_issue", "unknown_category", blank.sum())
    own_names = ~blank & canonical.isna() & own_class.isna()
    detail = ", ".join(category[own_names].value_counts().index[:3].astype(str))
    findings.add("core_issue", "uncatalogued_category", own_names.sum(), detail)
    return frame


def build_sites(
    merged: Merged, recipe: Recipe, grids: tuple[pd.Series[str], Geometries], findings: Findings
) -> pd.DataFrame:
    """core_site: each candidate sample point with its grid."""
    frame, _, _ = place_points(merged.frame, recipe, recipe.core_site, *grids)
    outside = (frame["location"] == "located") & frame["grid_id"].isna()
    findings.add("core_site", "outside_grids", outside.sum(), _examples(frame, outside, "site_id"))
    findings.add("core_site", "unlocated", (frame["location"] == "unlocated").sum())
    return frame


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
    name, total = part.raw.name, len(x)
    if part.geometry is None:
        swapped = _count_inside(*transform_xy(lat[located], lon[located], LONLAT, compute_crs), extent)
        if swapped > inside:
            raise DataError("swapped_axes", file=name, inside=inside, total=total, swapped=swapped)
    raise DataError("crs_elsewhere", file=name, inside=inside, total=total, crs=crs or part.raw.crs)


def _count_inside(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], extent: npt.NDArray[np.float64]
) -> int:
    west, south, east, north = extent
    return int(((x >= west) & (x <= east) & (y >= south) & (y <= north)).sum())


def doubtful_datum(
    part: Checked, dataset: Dataset, polygons: Geometries, lines: Geometries, compute_crs: str
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
    return count, f"{part.raw.name}: {fits[0]}; {suspect}"
