"""Make a finished build file the one that is served, and delete old ones."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

from data.builds import NoBuildError, builds, current_build_id

log = logging.getLogger(__name__)


def publish(temporary: Path, build_id: str, store: Path) -> Path:
    """Make a finished build the current one: sync, rename, sync, point CURRENT at it.

    temporary  a closed build file in the same file system as the store.
    Raises FileExistsError if the id was used before, RuntimeError if a write-ahead log is left.
    """
    final = store / f"{build_id}.duckdb"
    if final.exists():
        msg = f"build {build_id} exists already in {store}."
        raise FileExistsError(msg)
    if temporary.with_name(temporary.name + ".wal").exists():
        msg = f"{temporary} was not closed cleanly: a write-ahead log lies beside it."
        raise RuntimeError(msg)
    _sync(temporary)
    temporary.rename(final)
    _sync_folder(store)
    point_current(build_id, store)
    return final


def point_current(build_id: str, store: Path) -> None:
    """Serve that build from the next request on. Raises NoBuildError if it does not exist."""
    if not (store / f"{build_id}.duckdb").exists():
        msg = f"no build {build_id} in {store}; there are: {', '.join(builds(store)) or 'none'}."
        raise NoBuildError(msg)
    pointer = store / "CURRENT.new"
    pointer.write_text(build_id + "\n", "utf-8")
    _sync(pointer)
    for attempt in range(50):
        try:
            pointer.replace(store / "CURRENT")
            break
        except PermissionError:  # Windows: somebody reads CURRENT in this instant
            if attempt == 49:
                raise
            time.sleep(0.02)
    try:
        _sync_folder(store)
    except OSError as error:  # the build is served already; only a power cut could undo it
        log.warning("%s could not be synced: %s", store, error)


def prune(store: Path, keep: int) -> list[str]:
    """Delete all but the newest `keep` builds; the current one always stays. Returns the deleted."""
    current = current_build_id(store)
    old = [build_id for build_id in builds(store)[:-keep] if build_id != current]
    deleted = []
    for build_id in old:
        try:
            (store / f"{build_id}.duckdb").unlink()
            deleted.append(build_id)
        except OSError as error:  # Windows: a running app has it open; the next publish tries again
            log.info("build %s stays for now: %s", build_id, error)
    return deleted


def _sync(path: Path) -> None:
    with path.open("rb+") as handle:
        os.fsync(handle.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows has no handle for a folder; NTFS logs the rename itself
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
