"""Run a recipe from files to a published build: extract, validate, transform, load, publish."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from filelock import FileLock, Timeout

from data.builds import open_alone
from data.catalog import TABLES, digest
from data.engine import BuildWriter
from data.messages import DataError
from data.settings import settings
from etl.extract import RawFile, find_files, read_file
from etl.guard import read_guarded
from etl.layers import layer_rows
from etl.originals import forget, keep, lay_out
from etl.publish import prune, publish
from etl.recipe import Dataset, Recipe
from etl.report import LoadReport
from etl.transform import (
    Findings,
    Merged,
    build_border_faults,
    build_grids,
    build_issues,
    build_segments,
    build_sites,
    check_place,
    doubtful_datum,
    join_datasets,
    merge_files,
    no_records,
)
from etl.validate import Checked, check_file
from geo.crs import LONLAT, transform_geometry

log = logging.getLogger(__name__)
Geometries = npt.NDArray[np.object_]
Tell = Callable[[str], None]
Read = Callable[[Path, Dataset, str], RawFile]


def build(
    recipe: Recipe,
    store: Path,
    tell: Tell = lambda _: None,
    *,
    now: datetime | None = None,
    read: Read = read_file,
) -> LoadReport:
    """Build the recipe's county and publish it in `store`; `tell` hears of each step.

    now   the county's local time after which nothing can have been reported; the clock's by default.
    read  how a file is read: `read_guarded` for files of unknown origin, half a second a file more.
    Raises DataError; then nothing is published and the last build is served as before.
    """
    try:
        store.mkdir(parents=True, exist_ok=True)
        with FileLock(store / "load.lock", timeout=0):
            return _build(recipe, store, tell, now or _local_now(recipe), read)
    except Timeout as error:
        raise DataError("busy", store=store) from error
    except OSError as error:
        raise DataError("disk", store=store, detail=error) from error


def remake(build_id: str, store: Path, tell: Tell = lambda _: None) -> LoadReport:
    """Make a published build again from the originals that were kept, under a new id.

    Raises NoBuildError, and DataError "lost_original" if an original is gone.
    """
    with closing(open_alone(build_id, store)) as engine:
        row = engine.select("build").iloc[0]
        files = engine.select("load_originals")
    with tempfile.TemporaryDirectory() as folder:
        try:
            lay_out(files, store, Path(folder))
        except FileNotFoundError as error:
            raise DataError("lost_original", build_id=build_id, detail=error.filename) from error
        recipe = Recipe.model_validate_json(row["recipe"]).model_copy(update={"root": Path(folder)})
        return build(recipe, store, tell, now=row["now"].to_pydatetime(), read=read_guarded)


def _local_now(recipe: Recipe) -> datetime:
    return datetime.now(ZoneInfo(recipe.timezone)).replace(tzinfo=None)


def _build(recipe: Recipe, store: Path, tell: Tell, now: datetime, read: Read) -> LoadReport:
    began = time.monotonic()
    build_id = f"{recipe.name}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
    if not recipe.root.is_dir():
        raise DataError("missing_folder", folder=recipe.root, source=recipe.name)

    findings = Findings()
    load = _Load(recipe, store, now, findings, tell, read)
    merged_grids = load.read("core_grid")
    grids, polygons = build_grids(merged_grids, recipe.compute_crs)
    findings.add("core_grid", "repaired_polygon", load.repaired)
    findings.add("core_grid", "joined_grid", len(merged_grids.frame) - len(grids))
    load.polygons = polygons
    faults, fault_shapes = build_border_faults(grids["grid_id"], polygons, recipe.compute_crs, findings)
    streets_read = load.read("core_segment")
    tell("cutting streets at grid borders")
    segments, lines = build_segments(streets_read, grids["grid_id"], polygons, findings)
    load.lines = lines
    issues_read = load.read("core_issue")
    tell("placing issues in grids and on streets")
    grid_key, segment_key = (grids["grid_id"], polygons), (segments["segment_id"], lines)
    issues = build_issues(issues_read, recipe, grid_key, segment_key, findings)
    tables = {
        "core_grid": grids,
        "core_border_fault": faults,
        "core_segment": segments,
        "core_issue": issues,
    }
    for name in ("core_inspection", "core_shift", "core_site"):
        if recipe.datasets(name):
            tables[name] = load.read(name).frame
    if "core_site" in tables:
        merged_sites = Merged(tables["core_site"], None, [])
        tables["core_site"] = build_sites(merged_sites, recipe, grid_key, findings)
    if "core_shift" in tables:
        known = set(segments["source_segment_id"])
        lost = ~tables["core_shift"]["source_segment_id"].isin(known)
        findings.add("core_shift", "unknown_segment", lost.sum())

    tell("drawing map layers")
    water = load.water()
    tables["layer"] = layer_rows(
        {
            "grids": (grids, polygons),
            "streets": (segments, lines),
            "water": (pd.DataFrame(index=range(len(water))), water),
            "borders": (faults, fault_shapes),
        },
        recipe.compute_crs,
    )
    tables["load_file"] = load.files()
    tables["load_original"] = pd.DataFrame(load.originals.items(), columns=["file", "sha256"])
    tables["load_refused"] = load.refused()
    tables["load_finding"] = pd.DataFrame(
        findings.rows, columns=["table_name", "finding", "count", "detail"]
    )
    tables["build"] = _build_row(build_id, recipe, issues, polygons, now)
    tell("writing the build")
    _write(tables, build_id, store)
    return LoadReport(
        build_id,
        recipe.title,
        tables["load_file"],
        tables["load_refused"],
        tables["load_finding"],
        time.monotonic() - began,
    )


class _Load:
    """Reads and checks the files of one recipe and remembers what each gave."""

    def __init__(
        self,
        recipe: Recipe,
        store: Path,
        now: datetime,
        findings: Findings,
        tell: Tell,
        read: Read,
    ) -> None:
        self.recipe, self.store, self.now = recipe, store, now
        self.findings, self.tell, self.reader = findings, tell, read
        self.originals: dict[str, str] = {}  # file -> sha256
        self.polygons: Geometries = np.array([], dtype=object)
        self.lines: Geometries = np.array([], dtype=object)
        self.repaired = 0
        self._files: list[dict[str, object]] = []
        self._faults: list[pd.DataFrame] = []

    def read(self, table: str) -> Merged:
        """All datasets of a table, checked and merged; no records where the recipe has none."""
        if not self.recipe.datasets(table):
            return no_records(TABLES[table])
        merged = []
        for dataset in self.recipe.datasets(table):
            files = find_files(dataset, self.recipe.root)
            parts = [self._check(table, dataset, path) for path in files]
            merged.append(merge_files(TABLES[table], parts, self.findings))
            for part, used in zip(parts, merged[-1].used, strict=True):
                self._note(table, part, used)
        return join_datasets(TABLES[table], merged)

    def _check(self, table: str, dataset: Dataset, path: Path) -> Checked:
        name = path.relative_to(self.recipe.root).as_posix()
        self.tell(f"reading {name}")
        raw = self._read_file(path, dataset, name)
        part = check_file(
            raw,
            dataset,
            TABLES[table],
            compute_crs=self.recipe.compute_crs,
            timezone=self.recipe.timezone,
            now=self.now,
        )
        if len(self.polygons):
            check_place(part, dataset.crs, self.polygons, self.recipe.compute_crs)
        if len(self.lines) and "lon" in part.frame:
            doubt = doubtful_datum(part, dataset, self.polygons, self.lines, self.recipe.compute_crs)
            self.findings.add(table, "datum_doubtful", *doubt)
        self.repaired += part.repaired
        return part

    def _read_file(self, path: Path, dataset: Dataset, name: str) -> RawFile:
        """The file, its original kept; the store must hold exactly what was read."""
        raw = self.reader(path, dataset, name)
        kept = keep(path, self.recipe.root, self.store)
        if kept[name] != raw.sha256:
            detail = "it was changed while it was read; try again"
            raise DataError("unreadable_file", file=name, format=dataset.format, detail=detail)
        self.originals |= kept
        return raw

    def _note(self, table: str, part: Checked, used: int) -> None:
        self._files.append(
            {
                "table_name": table,
                "file": part.raw.name,
                "sha256": part.raw.sha256,
                "rows_read": part.raw.rows_read,
                "accepted": used,
                "superseded": len(part.frame) - used,
                "refused": part.refused,
            }
        )
        self._faults.append(part.faults.assign(table_name=table, file=part.raw.name))

    def water(self) -> Geometries:
        """Polygons of the water layer in the compute CRS; empty where the recipe has none."""
        shapes = [
            transform_geometry(raw.geometry, raw.crs or dataset.crs, self.recipe.compute_crs)
            for dataset in self.recipe.water
            for path in find_files(dataset, self.recipe.root)
            for raw in [self._read_file(path, dataset, path.relative_to(self.recipe.root).as_posix())]
            if raw.geometry is not None
        ]
        water = np.concatenate(shapes) if shapes else np.array([], dtype=object)
        drawn: Geometries = water[~(shapely.is_missing(water) | shapely.is_empty(water))]
        return drawn

    def files(self) -> pd.DataFrame:
        """Rows of load_file."""
        return pd.DataFrame(self._files)

    def refused(self) -> pd.DataFrame:
        """Rows of load_refused."""
        return pd.concat(self._faults, ignore_index=True)


def _build_row(
    build_id: str, recipe: Recipe, issues: pd.DataFrame, polygons: Geometries, now: datetime
) -> pd.DataFrame:
    last_report = issues["reported_at"].max()
    last_day: date = now.date() if pd.isna(last_report) else last_report.date()
    box = transform_geometry(
        np.array([shapely.box(*shapely.total_bounds(polygons))]), recipe.compute_crs, LONLAT
    )
    west, south, east, north = shapely.total_bounds(box)
    return pd.DataFrame(
        [
            {
                "build_id": build_id,
                "catalog": digest(),
                "source": recipe.name,
                "recipe": recipe.model_dump_json(),
                "title": recipe.title,
                "note": recipe.note,
                "timezone": recipe.timezone,
                "compute_crs": recipe.compute_crs,
                "built_at": datetime.now(UTC).replace(tzinfo=None),
                "now": now,
                "data_until": min(last_day + timedelta(days=1), now.date()),
                "west": west,
                "south": south,
                "east": east,
                "north": north,
            }
        ]
    )


def _write(tables: dict[str, pd.DataFrame], build_id: str, store: Path) -> None:
    """Write a new file beside the builds, run the marts, publish it and prune old ones."""
    temporary = store / f"{build_id}.building"
    for leftover in store.glob("*.building*"):  # of a load that was killed; we hold the lock
        leftover.unlink()
    try:
        with BuildWriter(temporary) as writer:
            for name, frame in tables.items():
                writer.insert(name, frame)
            for mart in sorted((resources.files("etl") / "sql").iterdir(), key=lambda f: f.name):
                writer.run(mart.read_text("utf-8"))
        publish(temporary, build_id, store)
    except BaseException:
        for leftover in store.glob("*.building*"):
            leftover.unlink()
        raise
    try:
        prune(store, settings().keep_builds)
        forget(store)
    except OSError as error:  # the new build is served; old ones are only in the way
        log.warning("old builds in %s could not be deleted: %s", store, error)
