"""Read files of unknown origin in a child process with limits, so that none harms this process.

On Windows only the time limit holds: its limits are job objects, which Python does not offer.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

import pandas as pd
import pyarrow as pa
import pyogrio
import shapely

from data.messages import DataError, Said, detail
from data.settings import ROOT
from etl.extract import RawFile, read_file
from etl.recipe import Dataset

if sys.platform != "win32":
    import resource

log = logging.getLogger(__name__)
MIB, GIB = 1 << 20, 1 << 30
DRIVERS = {"GeoJSON", "ESRI Shapefile", "GPKG", "KML", "LIBKML", "FlatGeobuf"}
ALL_DRIVERS = set(pyogrio.list_drivers())
NESTED = {".zip", ".kmz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".tar"}
UNZIPPED_BY_READER = ("xlsx", "vector")
KEPT_VARIABLES = ("PATH", "SYSTEMROOT", "SYSTEMDRIVE", "LD_LIBRARY_PATH", "LANG", "TZ")
OUT_OF_MEMORY = re.compile(r"MemoryError|bad_alloc|memory allocation of|out of memory", re.IGNORECASE)
# pyogrio would import geopandas, which takes most of a second and is not needed to read
CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
sys.modules["geopandas"] = None
from etl.guard import child, os
child(sys.argv[2])
os._exit(0)  # all is written: a thread of a library that is still at work can spoil nothing any more
"""


@dataclass(frozen=True)
class Limits:
    """What reading one file may take; bytes and seconds."""

    memory: int = 4 * GIB
    cpu: int = 300
    wall: float = 600
    output: int = 4 * GIB
    malformed: int = 64 * MIB  # the lines of a CSV that are handed back as they stand
    unzipped: int = GIB
    ratio: int = 200  # unzipped to zipped
    ratio_from: int = 64 * MIB  # below it blank columns of an honest table may pack that well
    entries: int = 10_000


def read_guarded(path: Path, dataset: Dataset, name: str, limits: Limits | None = None) -> RawFile:
    """What `read_file` gives, read in a child process. Raises its DataErrors and `unsafe_file`."""
    limits = limits or Limits()
    try:
        is_file = stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        raise DataError("unreadable_file", file=name, format="file", detail=error) from error
    if not is_file:  # reading a pipe or a device may never end
        fault = detail("no_regular_file")
        raise DataError("unreadable_file", file=name, format="file", detail=fault)
    with tempfile.TemporaryDirectory(prefix="chuangwei-read-") as created:
        folder = Path(created)
        job = {
            "path": str(path.resolve()),
            "dataset": dataset.model_dump(),
            "name": name,
            "limits": asdict(limits),
        }
        (folder / "job.json").write_text(json.dumps(job), "utf-8")
        if stopped := _run_child(folder, limits):
            if dataset.format == "xlsx" and stopped.code in ("crashed", "memory"):
                stopped = detail("far_cell", fault=stopped)
            raise _unsafe(name, stopped)
        report = json.loads((folder / "report.json").read_text("utf-8"), object_hook=_from_json)
        if "error" in report:
            raise DataError(report["error"], **report["facts"])
        return _take_over(folder, report, dataset, name)


def _unsafe(name: str, fault: Said) -> DataError:
    return DataError("unsafe_file", file=name, detail=fault)


def _to_json(value: object) -> object:
    return {"said": [value.kind, value.code, value.facts]} if isinstance(value, Said) else str(value)


def _from_json(value: dict[str, Any]) -> object:
    return Said(*value["said"]) if value.keys() == {"said"} else value


def _run_child(folder: Path, limits: Limits) -> Said | None:
    """Run the child on the job in `folder`; what stopped it, None if it has reported."""
    environment = {key: os.environ[key] for key in KEPT_VARIABLES if key in os.environ} | {
        "GDAL_SKIP": ",".join(sorted(ALL_DRIVERS - DRIVERS)),
        "PROJ_NETWORK": "OFF",
        "OPENBLAS_NUM_THREADS": "1",
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder)),
    }
    command = [sys.executable, "-I", "-c", CHILD, str(ROOT), str(folder)]
    with (folder / "stderr").open("wb") as stderr:
        try:
            code = subprocess.run(
                command,
                check=False,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                timeout=limits.wall,
            ).returncode
        except subprocess.TimeoutExpired:
            return detail("wall_time", limit=f"{limits.wall:g}")
    report = folder / "report.json"
    if code == 0 and report.exists():
        is_long = report.stat().st_size > limits.malformed
        return detail("malformed_lines", limit=_size(limits.malformed)) if is_long else None
    if shutil.disk_usage(folder).free < MIB:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder.parent))
    with (folder / "stderr").open("rb") as stderr:
        stderr.seek(max(0, stderr.seek(0, os.SEEK_END) - 4000))
        said = stderr.read().decode("utf-8", "replace").strip()
    log.warning("child that read a file ended with %s: %s", code, said)
    return _fault(code, said, limits)


def _size(count: int) -> str:
    return f"{count / GIB:g} GiB" if count >= GIB else f"{count / MIB:g} MiB"


def _fault(code: int, said: str, limits: Limits) -> Said:
    signals = {int(member): member.name for member in signal.Signals}
    name = signals.get(-code, "")
    if name == "SIGXCPU":
        return detail("processor_time", limit=limits.cpu)
    if name == "SIGXFSZ":
        return detail("output", limit=_size(limits.output))
    if OUT_OF_MEMORY.search(said):
        return detail("memory", limit=_size(limits.memory))
    if code == 1:
        return detail("gave_up", said=said.splitlines()[-1][:300] if said else "?")
    return detail("crashed", how=name or f"exit code {code}")


def _take_over(folder: Path, report: dict[str, Any], dataset: Dataset, name: str) -> RawFile:
    source = _read_table(folder / "source.arrow").to_pandas()
    joined = _read_table(folder / "joined.arrow").to_pandas()
    wkb = _read_table(folder / "geometry.arrow") if report["has_geometry"] else None
    columns = {
        ours: joined[ours] if ours in joined else source[theirs]
        for ours, theirs in dataset.columns.items()
    }
    return RawFile(
        name,
        source,
        sha256=report["sha256"],
        frame=pd.DataFrame(columns, index=source.index),
        headers=report["headers"],
        geometry=None if wkb is None else shapely.from_wkb(wkb["wkb"].to_numpy()),
        crs=report["crs"],
        sheets=report["sheets"],
        sheet=report["sheet"],
        header_row=report["header_row"],
        malformed={row: (fault, line) for row, fault, line in report["malformed"]},
    )


def _read_table(path: Path) -> pa.Table:
    """A table of the child, checked, as it may have been taken over by the file that it read.

    The mapping outlives the file; Windows cannot delete a mapped one.
    """
    content = pa.py_buffer(path.read_bytes()) if os.name == "nt" else pa.memory_map(str(path))
    table = pa.ipc.open_file(content).read_all()
    table.validate(full=True)
    return table


def child(job_folder: str) -> None:
    """The child's whole work: read what job.json asks for, write tables and report.json beside it."""
    folder = Path(job_folder)
    job = json.loads((folder / "job.json").read_text("utf-8"))
    limits = Limits(**job["limits"])
    _limit_myself(limits)
    path, name, dataset = Path(job["path"]), job["name"], Dataset(**job["dataset"])
    report: dict[str, Any]
    try:
        if dataset.format in UNZIPPED_BY_READER and zipfile.is_zipfile(path):
            _check_zip(path, name, limits)
        report = _hand_over(folder, read_file(path, dataset, name), dataset)
    except DataError as error:
        report = {"error": error.code, "facts": error.facts}
    (folder / "report.part").write_text(json.dumps(report, default=_to_json), "utf-8")
    (folder / "report.part").replace(folder / "report.json")


def _limit_myself(limits: Limits) -> None:
    if unwanted := set(pyogrio.list_drivers()) - DRIVERS:
        msg = f"GDAL still has the drivers {sorted(unwanted)}"
        raise RuntimeError(msg)
    if sys.platform == "win32":
        return
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    for kind, value in (
        (resource.RLIMIT_CPU, limits.cpu),
        (resource.RLIMIT_FSIZE, limits.output),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, limits.memory),
    ):
        _, hard = resource.getrlimit(kind)
        soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
        with contextlib.suppress(ValueError):  # macOS has no RLIMIT_AS
            resource.setrlimit(kind, (soft, hard))


def _check_zip(path: Path, name: str, limits: Limits) -> None:
    """Refuse an archive by its directory. Here and not in the parent: the directory may be the bomb."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise DataError("unreadable_file", file=name, format="zip", detail=error) from error
    total = sum(entry.file_size for entry in entries)
    if len(entries) > limits.entries:
        raise _unsafe(name, detail("entries", limit=limits.entries))
    if total > limits.unzipped:
        raise _unsafe(name, detail("unzipped", limit=_size(limits.unzipped)))
    if total > limits.ratio_from and total > limits.ratio * path.stat().st_size:
        raise _unsafe(name, detail("ratio", limit=limits.ratio))
    if len({entry.filename for entry in entries}) < len(entries):
        raise _unsafe(name, detail("same_name"))
    for entry in entries:
        inner = PureWindowsPath(entry.orig_filename)  # it takes / and \ and drives
        if inner.drive or inner.root or ".." in inner.parts:
            raise _unsafe(name, detail("outside", entry=str(inner)))
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise _unsafe(name, detail("link", entry=str(inner)))
        if inner.suffix.lower() in NESTED:
            raise _unsafe(name, detail("nested", entry=str(inner)))


def _hand_over(folder: Path, raw: RawFile, dataset: Dataset) -> dict[str, Any]:
    """Write the tables of `raw` and return what is left of it. `source` has no joined columns."""
    joined = [ours for ours, theirs in dataset.columns.items() if "{" in theirs]
    _write_table(pa.Table.from_pandas(raw.source), folder / "source.arrow")
    _write_table(pa.Table.from_pandas(raw.frame[joined]), folder / "joined.arrow")
    if raw.geometry is not None:
        wkb = pa.table({"wkb": pa.array(shapely.to_wkb(raw.geometry), pa.large_binary())})
        _write_table(wkb, folder / "geometry.arrow")
    return {
        "sha256": raw.sha256,
        "crs": raw.crs,
        "sheets": raw.sheets,
        "sheet": raw.sheet,
        "header_row": raw.header_row,
        "headers": raw.headers,
        "has_geometry": raw.geometry is not None,
        "malformed": [[row, *said] for row, said in raw.malformed.items()],
    }


def _write_table(table: pa.Table, path: Path) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
