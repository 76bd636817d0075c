"""Which builds there are and which one is current.

A build is one immutable file `<build_id>.duckdb`; `CURRENT` holds the id of the one that is served.
A file name is never used twice: a process that has a build open would go on seeing the old content.
"""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import Path

from data.catalog import digest
from data.engine import DuckDBEngine
from data.settings import settings


class NoBuildError(LookupError):
    """The store holds no published build."""


def current_build_id(store: Path | None = None) -> str:
    """The id of the build that is served. Raises NoBuildError."""
    folder = store or settings().store
    try:
        build_id = _read_patiently(folder / "CURRENT").strip()
    except FileNotFoundError as error:
        msg = f"no build in {folder}: run `python -m etl demo` or `python -m etl build`."
        raise NoBuildError(msg) from error
    if not (folder / f"{build_id}.duckdb").exists():
        msg = f"{folder / 'CURRENT'} names {build_id}, which is missing: build again."
        raise NoBuildError(msg)
    return build_id


def _read_patiently(path: Path) -> str:
    """Windows refuses a read in the instant of a replace: try for a tenth of a second."""
    for _ in range(10):
        try:
            return path.read_text("utf-8")
        except PermissionError:
            time.sleep(0.01)
    return path.read_text("utf-8")


@lru_cache(maxsize=3)
def open_build(build_id: str, store: Path | None = None) -> DuckDBEngine:
    """The build, open for reading and shared by the process. Raises NoBuildError."""
    return open_alone(build_id, store)


def open_alone(build_id: str, store: Path | None = None, *, any_version: bool = False) -> DuckDBEngine:
    """The build, open for reading by the caller, who closes it.

    any_version  only its recipe and its list of originals are asked for: every version has them.
    Raises NoBuildError if there is none of that name, or if another version of this product wrote it.
    """
    path = (store or settings().store) / f"{build_id}.duckdb"
    if not path.is_file():
        msg = f"no build {build_id} in {path.parent}."
        raise NoBuildError(msg)
    engine = DuckDBEngine(path)
    if not any_version and engine.catalog_digest() != digest():
        engine.close()
        msg = (
            f"{path.name} was written by another version of this product: "
            f"`python -m etl remake {build_id}` makes it again."
        )
        raise NoBuildError(msg)
    return engine


def builds(store: Path | None = None) -> list[str]:
    """The ids of all published builds, oldest first: an id ends with the time it was built."""
    ids = (path.stem for path in (store or settings().store).glob("*.duckdb"))
    return sorted(ids, key=lambda build_id: build_id.rpartition("-")[2])
