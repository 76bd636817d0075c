"""The one door to DuckDB: everything else speaks of builds, named queries and tables."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import duckdb
import pandas as pd

from data.catalog import TABLES
from data.settings import settings

log = logging.getLogger(__name__)
QUERIES = Path(__file__).parent / "queries"


class QueryError(ValueError):
    """A query failed; the message carries its name and the engine's words."""


class Engine(Protocol):
    """What views need of a database."""

    build_id: str

    def select(self, name: str, **params: object) -> pd.DataFrame:
        """The rows of the named query `data/queries/<name>.sql`."""
        ...


@lru_cache(maxsize=256)
def query_text(name: str) -> str:
    """The text of a named query. Raises FileNotFoundError."""
    return (QUERIES / f"{name}.sql").read_text("utf-8")


def _config(*, read_only: bool) -> dict[str, Any]:
    config: dict[str, Any] = {
        "memory_limit": settings().memory_limit,
        "threads": settings().threads,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
    }
    if read_only:
        # Queries are ours, but a build holds other people's text: no file or network from SQL.
        config |= {"enable_external_access": False, "lock_configuration": True}
    return config


class DuckDBEngine:
    """One build, open for reading. Safe to share between threads: each query takes a cursor."""

    def __init__(self, path: Path) -> None:
        self.build_id = path.stem
        self._path = path
        self._opening = Lock()
        self._connection = self._open()

    def _open(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(self._path.as_posix(), read_only=True, config=_config(read_only=True))

    def select(self, name: str, **params: object) -> pd.DataFrame:
        """The rows of the named query. Raises QueryError with the query's name."""
        return self.query(query_text(name), params, name=name)

    def query(
        self, sql: str, params: Mapping[str, object] | None = None, *, name: str = "query"
    ) -> pd.DataFrame:
        """The rows of a statement with bound $params; tests use it as an independent reader.

        After a fatal error an engine is dead for everybody (DuckDB refuses all further work): it is
        opened anew and asked once more.
        """
        connection = self._connection
        try:
            return self._ask(connection, sql, params)
        except duckdb.FatalException as error:
            log.warning(
                "%s on build %s: the engine died and is reopened: %s", name, self.build_id, error
            )
            self._reopen(connection)
        except duckdb.Error as error:
            raise self._failed(name, error) from error
        try:
            return self._ask(self._connection, sql, params)
        except duckdb.Error as error:
            raise self._failed(name, error) from error

    def _ask(
        self, connection: duckdb.DuckDBPyConnection, sql: str, params: Mapping[str, object] | None
    ) -> pd.DataFrame:
        with connection.cursor() as cursor:
            return cursor.execute(sql, dict(params or {})).df()

    def _failed(self, name: str, error: duckdb.Error) -> QueryError:
        return QueryError(f"{name} on build {self.build_id}: {error}")

    def _reopen(self, dead: duckdb.DuckDBPyConnection) -> None:
        with self._opening:
            if self._connection is dead:  # the first of those who noticed
                dead.close()
                self._connection = self._open()

    def catalog_digest(self) -> str:
        """Digest of the catalog that the build was written with; "" before there was one."""
        try:
            return str(self.query("select catalog from build").iloc[0]["catalog"])
        except QueryError:
            return ""

    def close(self) -> None:
        """Release the file."""
        self._connection.close()


class BuildWriter:
    """A new build file, written by one process and closed before anybody else sees it."""

    def __init__(self, path: Path) -> None:
        try:
            self._connection = duckdb.connect(path.as_posix(), config=_config(read_only=False))
        except duckdb.IOException as error:
            raise OSError(str(error)) from error
        for table in TABLES.values():
            self.run(table.ddl())

    def __enter__(self) -> BuildWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Checkpoint and close: no write-ahead log may stay beside a finished build."""
        try:
            if kind is None:
                self.run("checkpoint")
        finally:
            self._connection.close()

    def insert(self, table: str, frame: pd.DataFrame) -> None:
        """Append the frame's columns of the catalog, by name; columns it lacks become null."""
        columns = [c.name for c in TABLES[table].columns if c.name in frame.columns]
        names = ", ".join(columns)
        self._connection.register("incoming", frame[columns])
        self.run(f"insert into {table} ({names}) select {names} from incoming")  # noqa: S608 names come from the catalog
        self._connection.unregister("incoming")

    def run(self, sql: str) -> None:
        """Run a statement of `etl/sql`. Raises OSError if the disk is full or cannot be written."""
        try:
            self._connection.execute(sql)
        except (duckdb.IOException, duckdb.FatalException, duckdb.OutOfMemoryException) as error:
            raise OSError(str(error)) from error
