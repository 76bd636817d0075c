"""Originals kept by content: any build can be made again after its files have changed or gone."""

from __future__ import annotations

import glob
import hashlib
import logging
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pandas as pd

from data.builds import NoBuildError, builds, open_alone
from data.messages import DataError

log = logging.getLogger(__name__)

FOLDER = "originals"
OF_SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")


def parts_of(path: Path) -> Iterator[Path]:
    """The file, and what belongs to a Shapefile beside it."""
    yield path
    if path.suffix.lower() == ".shp":
        for part in sorted(path.parent.glob(f"{glob.escape(path.stem)}.*")):
            if part != path and part.suffix.lower() in OF_SHAPEFILE:
                yield part


def keep(path: Path, root: Path, store: Path) -> dict[str, str]:
    """Copy a source file and its parts to the store, each content once; their sha256 by file.

    Raises DataError "unreadable_file".
    """
    kept = {}
    for part in parts_of(path):
        try:
            digest = _sha256(part)
        except OSError as error:  # on Windows: open in Excel
            name = part.relative_to(root).as_posix()
            raise DataError("unreadable_file", file=name, format="file", detail=error) from error
        kept_at = _kept_at(store, digest)
        if not kept_at.exists():
            kept_at.parent.mkdir(parents=True, exist_ok=True)
            unfinished = kept_at.with_name(f"{digest}.unfinished")
            shutil.copyfile(part, unfinished)
            unfinished.replace(kept_at)
        kept[part.relative_to(root).as_posix()] = digest
    return kept


def lay_out(files: pd.DataFrame, store: Path, folder: Path) -> None:
    """Put the originals back under their names below `folder`. Raises FileNotFoundError."""
    for row in files.itertuples():
        target = folder / row.file
        target.parent.mkdir(parents=True, exist_ok=True)
        place(_kept_at(store, row.sha256), target)


def place(source: Path, target: Path) -> None:
    """Make a file appear under another name: by a link where the disk has them, else by a copy.

    Raises FileNotFoundError, and FileExistsError rather than write into an original through its link.
    """
    try:
        target.hardlink_to(source)
    except (FileNotFoundError, FileExistsError):
        raise
    except OSError:
        shutil.copyfile(source, target)


def forget(store: Path) -> int:
    """Delete originals that no build in the store was made of; returns how many.

    A build of another version of this product may need any of them: then all stay.
    """
    needed: set[str] = set()
    try:
        for build_id in builds(store):
            with closing(open_alone(build_id, store)) as engine:
                needed |= set(engine.select("load_originals")["sha256"])
    except NoBuildError as error:
        log.info("all originals stay: %s", error)
        return 0
    gone = [path for path in (store / FOLDER).glob("*/*") if path.name not in needed]
    for path in gone:
        path.unlink()
    return len(gone)


def _kept_at(store: Path, digest: str) -> Path:
    return store / FOLDER / digest[:2] / digest


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
