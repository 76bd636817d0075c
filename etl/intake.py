"""Take in one file that a person brings: look at it, propose what it is, check it, load it.

The page 数据管理 goes this way step by step; nothing is used that the person has not confirmed. A load
is a process of its own (`python -m etl add`), so that a big file slows nobody who looks at the map.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pydantic import BaseModel, ConfigDict, ValidationError

from data.builds import NoBuildError, builds, current_build_id, open_alone
from data.catalog import TABLES, Table
from data.messages import DataError
from data.settings import ROOT
from data.standards import threshold
from etl.draft import compute_crs_of, look
from etl.extract import RawFile
from etl.guard import read_guarded
from etl.load import Tell, extend
from etl.propose import Proposal, propose_columns, propose_table
from etl.publish import point_current
from etl.recipe import DATASET_TABLES, Dataset, Recipe
from etl.transform import check_place, doubtful_datum
from etl.validate import Checked, check_file, degrees
from geo.crs import LONLAT, parse_crs, transform_xy
from geo.fit import CrsFit, crs_candidates, crs_fits

__all__ = ["CrsFit"]  # for the page

Geometries = npt.NDArray[np.object_]
FOLDER = "incoming"
KEPT_SECONDS = 86_400
READING = ("encoding", "delimiter", "sheet", "header_row")  # how a file is read, not what is in it
OF_REFUSED = ("行", "原因与办法")  # what the workbook of refused rows puts in front
SAMPLE = 2_000
MOST_SHEETS = 40  # each costs a process
LONGEST_NAME = 150  # bytes; disks take 255
SAYS_NOTHING = (".geojson", ".json", ".kml", ".kmz", ".gz")  # WGS84 by their rules, GCJ-02 in practice
DATE_ORDERS = r"^\s*\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}"


@dataclass
class Incoming:
    """A file as it came: how it is read, its headings, its first records and its shapes."""

    path: Path
    shape: dict[str, Any]  # format, encoding, delimiter, sheet, header_row: keys of a Dataset
    raw: RawFile

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.path.name

    @property
    def kind(self) -> str:
        """polygon, line, point or empty for a table."""
        if self.raw.geometry is None:
            return ""
        dimension = int(shapely.get_dimensions(self.raw.geometry).max(initial=-1))
        return ("point", "line", "polygon", "")[dimension]  # -1: not one shape

    @property
    def headers(self) -> list[str]:
        """Its headings without those that the workbook of refused rows adds."""
        return [str(name) for name in self.raw.source.columns if name not in OF_REFUSED]


def receive(name: str, content: bytes, store: Path) -> Path:
    """Put what a browser sent into the store's folder for incoming files, under a safe name."""
    _clear_old(store)
    folder = store / FOLDER / hashlib.sha256(content).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    safe = re.sub(r"[^\w.()（）-]+", "_", Path(name.replace("\\", "/")).name)
    while len(safe.encode()) > LONGEST_NAME:
        safe = safe[1:]
    path = folder / safe
    if not path.exists():  # a load may be reading it
        unfinished = folder / f"{time.time_ns()}.unfinished"
        unfinished.write_bytes(content)
        unfinished.replace(path)
    return path


def _clear_old(store: Path) -> None:
    for path in (store / FOLDER).glob("*"):
        if path.stat().st_mtime < time.time() - KEPT_SECONDS:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def look_at(path: Path, sheet: str = "") -> Incoming:
    """Read a file in a limited child process. Raises DataError."""
    raw, shape = look(path, sheet, read_guarded)
    return Incoming(path, shape, raw)


def all_sheets(path: Path) -> list[tuple[str, pd.DataFrame]]:
    """What stands in every sheet of a workbook, as text, under its name with that of the file.

    Each is read in a limited child process; sheets without records are left out. Raises DataError.
    """
    sheets = look_at(path).raw.sheets
    if len(sheets) > MOST_SHEETS:
        raise DataError("many_sheets", file=path.name, sheets=len(sheets), most=MOST_SHEETS)
    found = []
    for sheet in sheets:
        try:
            cells = look_at(path, sheet).raw.source
        except DataError as error:
            if error.code != "empty_file":
                raise
        else:
            found.append((f"{path.name}·{sheet}", cells))
    return found


@dataclass
class County:
    """The county that a file is brought to: its recipe, its build, its grids and streets."""

    recipe: Recipe | None
    build_id: str
    polygons: Geometries
    lines: Geometries


NO_COUNTY = County(None, "", np.array([], dtype=object), np.array([], dtype=object))


def county_of(build_id: str, store: Path) -> County:
    """The county of a build. Raises NoBuildError."""
    with closing(open_alone(build_id, store)) as engine:
        recipe = Recipe.model_validate_json(engine.select("build").iloc[0]["recipe"])
        shapes = engine.select("shapes")
    wkb = shapes["geom"].map(bytes).to_numpy(object)
    is_grid = (shapes["kind"] == "grid").to_numpy(bool)
    return County(recipe, build_id, shapely.from_wkb(wkb[is_grid]), shapely.from_wkb(wkb[~is_grid]))


def new_county(title: str, incoming: Incoming, crs: str) -> Recipe:
    """The recipe of a county that begins with this file of grids. Raises DataError."""
    x, y = _xy_of_shapes(incoming.raw)
    lon, lat = transform_xy(x, y, crs, LONLAT)
    compute_crs, _ = compute_crs_of(float(np.nanmedian(lon)), float(np.nanmedian(lat)))
    return Recipe.model_construct(
        name="county", title=title, root=ROOT, timezone="Asia/Shanghai", compute_crs=compute_crs,
        core_grid=[],
    )  # fmt: skip


def known_dataset(incoming: Incoming, recipe: Recipe | None) -> tuple[str, Dataset] | None:
    """The dataset of the county whose columns this file has all of: its mapping was confirmed before.

    Of several the one with the most columns, then the latest.
    """
    found: tuple[int, str, Dataset] | None = None
    is_shaped = incoming.kind in ("polygon", "line")
    for table in DATASET_TABLES:
        fits_kind = (TABLES[table].geometry in ("polygon", "line")) == is_shaped
        for dataset in recipe.datasets(table) if recipe and fits_kind else []:
            used = {name for text in dataset.columns.values() for name in headings_of(text)}
            is_best = found is None or len(used) >= found[0]
            if used <= set(incoming.headers) and len(used) > 1 and is_best:
                found = len(used), table, dataset
    return found and found[1:]


def headings_of(text: str) -> list[str]:
    """The file's columns that a column of ours is made of: one, or those of a template."""
    return re.findall(r"{([^{}]+)}", text) or [text]


def proposed_table(incoming: Incoming) -> str:
    """The table that the file probably belongs to."""
    shapes = incoming.kind if incoming.kind in ("polygon", "line") else ""
    return propose_table(incoming.raw.source, has_shapes=shapes)


def proposed_columns(incoming: Incoming, table: str) -> dict[str, Proposal]:
    """The column of the file that each of our columns probably is."""
    frame = incoming.raw.source[incoming.headers]
    return {proposal.field: proposal for proposal in propose_columns(frame, TABLES[table])}


def has_ambiguous_dates(incoming: Incoming, columns: dict[str, str], table: str) -> bool:
    """Whether a time column holds dates whose year does not come first, such as 4/12/2016."""
    times = [c.name for c in TABLES[table].file_columns if c.type in ("time", "date")]
    for name in times:
        if columns.get(name) in incoming.headers:
            text = incoming.raw.source[columns[name]].dropna().astype(str).head(SAMPLE)
            if text.str.match(DATE_ORDERS).any():
                return True
    return False


def coordinate_evidence(
    incoming: Incoming, columns: dict[str, str], county: County
) -> tuple[list[CrsFit], str]:
    """The coordinate systems that the file can be in, best first, and what it says of itself.

    Against the county's grids and streets where it has them; empty where there is nothing to say.
    """
    if incoming.kind in ("polygon", "line"):
        x, y = _xy_of_shapes(incoming.raw)
    elif {"lon", "lat"} <= columns.keys():
        x, y = (
            degrees(incoming.raw.source[columns[name]].astype("string[pyarrow]").str.strip())
            .replace(0, np.nan)
            .to_numpy(float)
            for name in ("lon", "lat")
        )
    else:
        return [], ""
    candidates = crs_candidates(x, y)
    own = "" if incoming.path.suffix.lower() in SAYS_NOTHING else incoming.raw.crs
    if own and LONLAT not in candidates and parse_crs(own).is_geographic:
        own = ""  # it calls itself degrees and holds metres
    if own and not any(parse_crs(own) == parse_crs(candidate) for candidate in candidates):
        candidates = [own, *candidates]
    compute_crs = county.recipe.compute_crs if county.recipe else "EPSG:4326"
    polygons, lines = county.polygons, county.lines
    near_m = threshold("near_segment_m")
    return crs_fits(x, y, candidates, polygons, lines, compute_crs, near_m), own


def _xy_of_shapes(raw: RawFile) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    points = shapely.point_on_surface(raw.geometry)
    return shapely.get_x(points), shapely.get_y(points)


@dataclass
class CheckResult:
    """What a load would do with the file."""

    rows_read: int
    accepted: int
    refused: int
    faults: pd.DataFrame
    doubts: str  # evidence that the coordinates are in another datum


def check(
    incoming: Incoming, table: str, dataset: Dataset, county: County, recipe: Recipe
) -> CheckResult:
    """Judge every record of the file as a load would. Raises DataError if the whole cannot be right."""
    part = _checked(incoming, TABLES[table], dataset, recipe)
    doubts = ""
    if len(county.polygons) and table != "core_grid":
        check_place(part, dataset.crs, county.polygons, recipe.compute_crs)
    if len(county.lines) and "lon" in part.frame:
        _, doubts = doubtful_datum(part, dataset, county.polygons, county.lines, recipe.compute_crs)
    faults = part.faults.rename(columns={"row": "row_number"})
    return CheckResult(part.rows_read, len(part.frame), part.refused, faults, doubts)


def _checked(incoming: Incoming, table: Table, dataset: Dataset, recipe: Recipe) -> Checked:
    now = datetime.now(ZoneInfo(recipe.timezone)).replace(tzinfo=None)
    raw = read_guarded(incoming.path, dataset, incoming.name)
    crs, zone = recipe.compute_crs, recipe.timezone
    return check_file(raw, dataset, table, compute_crs=crs, timezone=zone, now=now)


def was_loaded(incoming: Incoming, county: County, store: Path) -> bool:
    """Whether a file of this very content is in the served build, perhaps another sheet of it."""
    if not county.build_id:
        return False
    with closing(open_alone(county.build_id, store)) as engine:
        return incoming.raw.sha256 in set(engine.select("load_originals")["sha256"])


def dataset_of(
    incoming: Incoming,
    name: str,
    columns: dict[str, str],
    crs: str,
    date_order: str,
    before: Dataset | None,
) -> Dataset:
    """The dataset that a person's choices describe.

    name    path below the county's folder; crs "" where the file has no coordinates.
    before  the dataset whose mapping was taken over: its code fixes and defaults stay, its period not.
    Raises DataError.
    """
    kept = before.model_dump(exclude={"format", *READING, "id_prefix", "updates"}) if before else {}
    defaults = kept.get("defaults", {})
    chosen = {
        "files": [name],
        "columns": columns,
        "crs": crs,
        "date_order": date_order,
        "defaults": {key: defaults[key] for key in defaults if key not in ("valid_from", "valid_to")},
    }
    try:
        return Dataset.model_validate(kept | incoming.shape | chosen)
    except ValidationError as error:
        raise _bad(error) from error


def with_file(recipe: Recipe, table: str, dataset: Dataset, after: Dataset | None) -> Recipe:
    """The county's recipe with a new dataset.

    after  the dataset that the file continues, in its key space: joined to its last files if they are
           read the same way, else placed below them as an update; None: a source of its own.
    Raises DataError.
    """
    datasets = recipe.datasets(table)
    if after is None:
        return _with(recipe, table, [*datasets, dataset])
    end = datasets.index(after) + 1
    while end < len(datasets) and datasets[end].updates:
        end += 1
    last = datasets[end - 1]
    same = {"files": dataset.files, "id_prefix": after.id_prefix, "updates": last.updates}
    dataset = dataset.model_copy(update=same)
    if last.model_copy(update={"files": dataset.files}) == dataset:
        joined = last.model_copy(update={"files": [*last.files, *dataset.files]})
        return _with(recipe, table, [*datasets[: end - 1], joined, *datasets[end:]])
    update = dataset.model_copy(update={"updates": True})
    return _with(recipe, table, [*datasets[:end], update, *datasets[end:]])


def replaced(recipe: Recipe, table: str, dataset: Dataset) -> Recipe:
    """The county's recipe with this dataset instead of all that the table had. Raises DataError."""
    return _with(recipe, table, [dataset])


def new_grids_from(recipe: Recipe, dataset: Dataset, day: date) -> Recipe:
    """The county's recipe with grids that hold from that day; those of before end the day before.

    Raises DataError.
    """
    last_day = (day - timedelta(days=1)).isoformat()
    before = [
        old.model_copy(update={"defaults": {"valid_to": last_day} | old.defaults})
        for old in recipe.core_grid
    ]
    begins = dataset.defaults | {"valid_from": day.isoformat()}
    return _with(recipe, "core_grid", [*before, dataset.model_copy(update={"defaults": begins})])


def _with(recipe: Recipe, table: str, datasets: list[Dataset]) -> Recipe:
    try:
        return Recipe.model_validate(recipe.model_dump() | {table: datasets})
    except ValidationError as error:
        raise _bad(error) from error


def _bad(error: ValidationError) -> DataError:
    detail = "; ".join(fault["msg"] for fault in error.errors())
    return DataError("bad_recipe", file="数据管理", detail=detail)


class Plan(BaseModel):
    """What `python -m etl add` does: the recipe as it is to be, and where its new files lie."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    build_id: str
    recipe: Recipe
    new_files: dict[str, Path]
    store: Path

    def run(self, tell: Tell) -> str:
        """Build and publish; returns the id of the build. Raises DataError, NoBuildError."""
        report = extend(self.build_id, self.recipe, self.new_files, self.store, tell)
        return report.build_id


@dataclass
class LoadEnd:
    """How a load ended: the build, or what went wrong in Chinese; neither if its process died."""

    build_id: str = ""
    error: str = ""


def load(plan: Plan) -> Iterator[str | LoadEnd]:
    """Run a plan in a process of its own; yields each step and at last a LoadEnd."""
    folder = plan.store / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"plan-{time.time_ns()}.json"
    path.write_text(plan.model_dump_json(), "utf-8")
    end = LoadEnd()
    try:
        command = [sys.executable, "-m", "etl", "add", str(path)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8") as process:
            assert process.stdout is not None  # noqa: S101 for the type checker
            for line in process.stdout:
                said = json.loads(line)
                if "step" in said:
                    yield said["step"]
                else:
                    end = LoadEnd(**said)
    finally:
        path.unlink(missing_ok=True)
    yield end


def published(store: Path) -> pd.DataFrame:
    """The builds that can be served, newest first: build_id, title, built_at, issues, is_served.

    built_at is in the time of each county.
    """
    try:
        served = current_build_id(store)
    except NoBuildError:
        served = ""
    rows = []
    for build_id in reversed(builds(store)):
        try:
            with closing(open_alone(build_id, store)) as engine:
                row = engine.select("build").iloc[0]
                issues = int(engine.select("unplaced").iloc[0]["issues"])
        except NoBuildError:  # of another version of this product
            continue
        built_at = row["built_at"].tz_localize("UTC").tz_convert(row["timezone"]).tz_localize(None)
        rows.append((build_id, row["title"], built_at, issues, build_id == served))
    return pd.DataFrame(rows, columns=["build_id", "title", "built_at", "issues", "is_served"])


def serve(build_id: str, store: Path) -> None:
    """Serve an older build again. Raises NoBuildError."""
    point_current(build_id, store)
