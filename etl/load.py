"""Run a recipe from files to a published build: extract, validate, transform, load, publish."""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from filelock import FileLock, Timeout

from data.builds import NoBuildError, current_build_id, open_alone
from data.catalog import TABLES, Table, digest
from data.engine import BuildWriter
from data.messages import DataError, Step, detail
from data.settings import settings
from data.standards import default_table
from etl.checked import entry_key, forget_checked, recall, remember
from etl.coverage import build_coverage
from etl.episodes import build_episodes
from etl.extract import RawFile, find_files, read_file
from etl.guard import read_guarded
from etl.layers import layer_rows
from etl.neighbours import along_segments, build_grid_neighbours, build_segment_neighbours
from etl.originals import forget, keep, lay_out, place
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
    build_visits,
    changes,
    check_place,
    doubtful_datum,
    join_datasets,
    known_names,
    mended,
    merge_files,
    no_records,
    note_unknown_segments,
    past_street,
    vanished,
    withdrawn_closings,
)
from etl.validate import Checked, check_file, effective_crs
from geo.assign import straight_parts
from geo.crs import LONLAT, transform_geometry

log = logging.getLogger(__name__)
LAID_OUT = "laid-out-"
Geometries = npt.NDArray[np.object_]
Tell = Callable[[Step], None]
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
    with _alone_in(store):
        return _build(recipe, store, tell, now or _local_now(recipe), read)


def remake(build_id: str, store: Path, tell: Tell = lambda _: None) -> LoadReport:
    """Make a published build again from the originals that were kept, under a new id.

    Also one that another version of this product has written. Raises NoBuildError, and DataError
    "lost_original" if an original is gone.
    """
    with closing(open_alone(build_id, store, any_version=True)) as engine:
        row = engine.select("build").iloc[0]
    recipe = Recipe.model_validate_json(row["recipe"])
    return extend(build_id, recipe, {}, store, tell, now=row["now"].to_pydatetime())


def extend(
    build_id: str,
    recipe: Recipe,
    new_files: dict[str, Path],
    store: Path,
    tell: Tell = lambda _: None,
    *,
    now: datetime | None = None,
) -> LoadReport:
    """Build a county from the originals of one of its builds and new files, and publish it.

    build_id   the build whose originals are taken; empty for a county that is new.
    recipe     as it is to be, the new files in it; its `root` does not matter.
    new_files  path below the root -> where the file lies now; none of the build's own.
    Raises NoBuildError, DataError ("overtaken" if files are added to a build that is no longer
    served); then nothing is published and the last build is served as before.
    """
    with _alone_in(store):
        if new_files and build_id and build_id != current_build_id(store):
            raise DataError("overtaken", build_id=build_id)
        for leftover in store.glob(f"{LAID_OUT}*"):  # of a load that was killed; we hold the lock
            shutil.rmtree(leftover, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=LAID_OUT, dir=store) as folder:
            root = Path(folder)
            if build_id:
                with closing(open_alone(build_id, store, any_version=True)) as engine:
                    files = engine.select("load_originals")
                try:
                    lay_out(files, store, root)
                except FileNotFoundError as error:
                    gone = error.filename
                    raise DataError("lost_original", build_id=build_id, detail=gone) from error
            for name, path in new_files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                place(path, root / name)
            laid_out = recipe.model_copy(update={"root": root})
            return _build(laid_out, store, tell, now or _local_now(recipe), read_guarded)


@contextmanager
def _alone_in(store: Path) -> Iterator[None]:
    """Hold the store's lock. Raises DataError if another load has it or the disk fails."""
    try:
        store.mkdir(parents=True, exist_ok=True)
        with FileLock(store / "load.lock", timeout=0):
            yield
    except Timeout as error:
        raise DataError("busy", store=store) from error
    except OSError as error:
        raise DataError("disk", store=store, detail=error) from error


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
    core_grids, shapes, grids = build_grids(merged_grids, recipe.compute_crs, now.date())
    findings.add("core_grid", "repaired_polygon", load.repaired)
    findings.add("core_grid", "joined_grid", len(merged_grids.frame) - len(grids.frame))
    load.polygons = shapes
    grid_ids, polygons = grids.today
    faults, fault_shapes = build_border_faults(grid_ids, polygons, recipe.compute_crs, findings)
    streets_read = load.read("core_segment")
    tell(Step("cutting"))
    segments, lines = build_segments(streets_read, grid_ids, polygons, findings)
    load.lines = straight_parts(lines)
    segment_key = (segments["segment_id"], load.lines)
    drawn = (segments["segment_id"], lines)
    tables = {
        "core_grid": core_grids,
        "core_grid_version": grids.frame,
        "core_border_fault": faults,
        "core_segment": segments,
        "mart_grid_street": past_street(core_grids, grids, streets_read, segments),
        "mart_grid_neighbour": build_grid_neighbours(grid_ids, polygons),
        "mart_segment_neighbour": build_segment_neighbours(*drawn),
    }
    for name in AS_THEY_ARE:
        tables[name] = load.read(name).frame
    for name, table in TABLES.items():
        if name.startswith("standard_") and tables[name].empty:
            tables[name] = default_table(table)
    issues_read = load.read("core_issue")
    tell(Step("placing"))
    names = known_names(tables["core_category"], tables["core_department"])
    issues = build_issues(issues_read, recipe, grids, segment_key, names, findings)
    issues["segment_along_m"] = along_segments(
        issues["x"].to_numpy(float), issues["y"].to_numpy(float), issues["segment_id"], drawn
    )
    tell(Step("joining"))
    tables["mart_place"], tables["mart_episode"] = build_episodes(issues, drawn, recipe.compute_crs)
    tables["core_issue"] = issues
    tables["core_issue_change"] = load.changes
    tables["core_site"] = build_sites(load.read("core_site"), recipe, grids, findings)
    tables["core_visit"] = build_visits(load.read("core_visit"), recipe, grids, segment_key, findings)
    for name in ("core_shift", "core_cleaning", "core_visit"):
        note_unknown_segments(name, tables[name], segments["source_segment_id"], findings)

    tell(Step("covering"))
    tables |= build_coverage(tables, lines, recipe, now, findings)

    tell(Step("drawing"))
    water = load.water()
    tables["layer"] = layer_rows(
        {
            "grids": (core_grids, shapes),
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
    tables["load_history"] = _history(tables, store)
    tell(Step("writing"))
    _write(tables, build_id, store)
    return LoadReport(
        build_id,
        recipe.title,
        tables["load_file"],
        tables["load_refused"],
        tables["load_finding"],
        time.monotonic() - began,
    )


AS_THEY_ARE = (
    "core_category", "core_department", "core_inspection", "core_shift", "core_cleaning", "core_fix",
    "standard_item", "standard_indicator", "standard_quota", "standard_weight",
    "standard_deduction",
)  # fmt: skip


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
        self.lines = straight_parts(np.array([], dtype=object))
        self.repaired = 0
        self.changes = pd.DataFrame(columns=["issue_id", "file", "column_name", "before", "after"])
        self._files: list[dict[str, object]] = []
        self._faults: list[pd.DataFrame] = []

    def read(self, name: str) -> Merged:
        """All datasets of a table, checked and merged; no records where the recipe has none."""
        table = TABLES[name]
        sources: list[list[Checked]] = []
        for dataset in self.recipe.datasets(name):
            files = find_files(dataset, self.recipe.root)
            parts = [self._check(table, dataset, path) for path in files]
            if dataset.updates and sources:
                sources[-1] += parts
            else:
                sources.append(parts)
        if not sources:
            return no_records(table)
        merged = []
        for parts in sources:
            merged.append(merge_files(table, parts))
            if name == "core_issue" and len(parts) > 1:
                found = changes(table, parts)
                self.findings.add(name, "closing_withdrawn", *withdrawn_closings(found))
                self.changes = pd.concat([self.changes, found], ignore_index=True)
            for number, (part, used) in enumerate(zip(parts, merged[-1].used, strict=True)):
                later = parts[number + 1 :]
                self.findings.add(name, "vanished", *vanished(table, part, later))
                self._note(name, part, used, mended(table, part.faults, later))
        return join_datasets(table, merged)

    def _check(self, table: Table, dataset: Dataset, path: Path) -> Checked:
        name = path.relative_to(self.recipe.root).as_posix()
        kept = keep(path, self.recipe.root, self.store)
        self.originals |= kept
        recipe = self.recipe
        key = entry_key(kept, dataset, table.name, recipe.compute_crs, recipe.timezone)
        part = recall(self.store, key, name, self.now)
        if part is None:
            self.tell(Step("reading", file=name))
            part = check_file(
                self._read_file(path, dataset, kept[name]),
                dataset,
                table,
                compute_crs=recipe.compute_crs,
                timezone=recipe.timezone,
                now=self.now,
            )
            remember(self.store, key, part, self.now)
        if len(self.polygons):
            check_place(part, dataset.crs, self.polygons, recipe.compute_crs)
        if len(self.lines) and "lon" in part.frame:
            doubt = doubtful_datum(part, dataset, self.polygons, self.lines, recipe.compute_crs)
            self.findings.add(table.name, "datum_doubtful", *doubt)
        self.repaired += part.repaired
        part.columns = frozenset({*dataset.columns, *dataset.defaults})
        part.wanted = "; ".join(
            f"{column}: {', '.join(value or '-' for value in values)}"
            for column, values in dataset.only.items()
        )
        return part

    def _read_file(self, path: Path, dataset: Dataset, kept: str) -> RawFile:
        """The file; the store must hold exactly what is read."""
        name = path.relative_to(self.recipe.root).as_posix()
        raw = self.reader(path, dataset, name)
        if kept != raw.sha256:
            changed = detail("changed")
            raise DataError("unreadable_file", file=name, format=dataset.format, detail=changed)
        return raw

    def _note(self, table: str, part: Checked, used: int, is_mended: pd.Series[bool]) -> None:
        self._files.append(
            {
                "table_name": table,
                "file": part.name,
                "wanted": part.wanted,
                "sha256": part.sha256,
                "rows_read": part.rows_read,
                "accepted": used,
                "superseded": len(part.frame) - used,
                "refused": part.refused,
                "set_aside": part.set_aside,
            }
        )
        faults = part.faults.assign(
            table_name=table, file=part.name, wanted=part.wanted, is_mended=is_mended
        )
        self._faults.append(faults)

    def water(self) -> Geometries:
        """Polygons of the water layer in the compute CRS; empty where the recipe has none."""
        shapes = []
        for dataset in self.recipe.water:
            for path in find_files(dataset, self.recipe.root):
                kept = keep(path, self.recipe.root, self.store)
                self.originals |= kept
                name = path.relative_to(self.recipe.root).as_posix()
                raw = self._read_file(path, dataset, kept[name])
                if raw.geometry is not None:
                    crs = effective_crs(raw.crs, dataset.crs, raw.name)
                    shapes.append(transform_geometry(raw.geometry, crs, self.recipe.compute_crs))
        water = np.concatenate(shapes) if shapes else np.array([], dtype=object)
        drawn: Geometries = water[~(shapely.is_missing(water) | shapely.is_empty(water))]
        return drawn

    def files(self) -> pd.DataFrame:
        """Rows of load_file."""
        return pd.DataFrame(self._files)

    def refused(self) -> pd.DataFrame:
        """Rows of load_refused."""
        return pd.concat(self._faults, ignore_index=True)


def _history(tables: dict[str, pd.DataFrame], store: Path) -> pd.DataFrame:
    """Rows of load_history: those of the build served now, if of the same county, and this one."""
    build_row, files, issues = tables["build"].iloc[0], tables["load_file"], tables["core_issue"]
    refused, findings = tables["load_refused"], tables["load_finding"]
    findings = findings[~findings["table_name"].isin(["core_grid", "core_segment"])]  # of shapes
    mended_records = refused[refused["is_mended"]].drop_duplicates(
        ["table_name", "file", "wanted", "row"]
    )
    own = pd.DataFrame(
        [
            {
                "build_id": build_row["build_id"],
                "built_at": build_row["built_at"],
                "rows_read": files["rows_read"].sum(),
                "accepted": files["accepted"].sum(),
                "refused": files["refused"].sum() - len(mended_records),
                "odd": findings["count"].sum(),
                "issues": len(issues),
                "unlocated": (issues["location"] == "unlocated").sum(),
                "outside_grids": ((issues["location"] == "located") & issues["grid_id"].isna()).sum(),
                "data_until": build_row["data_until"],
            }
        ]
    )
    try:
        with closing(open_alone(current_build_id(store), store)) as engine:
            before = engine.select("build").iloc[0]
            if (before["source"], before["title"]) != (build_row["source"], build_row["title"]):
                return own
            return pd.concat([engine.select("load_history"), own], ignore_index=True)
    except NoBuildError:  # the first, or one of another version of this product
        return own


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
        forget_checked(store)
    except OSError as error:  # the new build is served; old ones are only in the way
        log.warning("old builds in %s could not be deleted: %s", store, error)
