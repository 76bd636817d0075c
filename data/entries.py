"""What people type in: `entries.sqlite` beside the builds.

Here meetings, promises, targets and checklists; standards, plans of sample points and mock inspections
are in data/sample_entries.py.

Builds are made anew and deleted; this file stays. Its tables are data/entries/schema_*.sql, one file a
version; every change is kept in the table `change` by triggers. Rows belong to a county, the name of
its recipe (`Build.source`). Each call opens the file, does one transaction and closes it: several
processes may read and write at once, and a killed one leaves what it had committed.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from data.messages import DataError, detail
from data.metrics import metrics
from data.settings import settings

MeetingKind = Literal["meeting", "bulletin"]
Result = Literal["", "clean", "found", "unreachable"]
FILE = "entries.sqlite"
STATEMENTS = Path(__file__).with_name("entries")
VERSION = 4  # of the schema; a new one is a new file schema_<version>.sql
PLACE_COLUMNS = [
    "grid_id", "grid_name", "lead_unit", "source_segment_id", "street_name", "address", "lon", "lat",
    "category", "reasons",
]  # fmt: skip
WAIT_S = 20.0  # for another process that is writing
LINE, TEXT = 200, 2000  # most characters of a title and of a text
FIRST_YEAR, LAST_YEAR = 2000, 2100
FAULTS = {
    sqlite3.SQLITE_READONLY: "entries_readonly",
    sqlite3.SQLITE_PERM: "entries_readonly",
    sqlite3.SQLITE_CANTOPEN: "entries_readonly",
    sqlite3.SQLITE_BUSY: "entries_busy",
    sqlite3.SQLITE_LOCKED: "entries_busy",
    sqlite3.SQLITE_FULL: "entries_full",
    sqlite3.SQLITE_IOERR: "entries_full",
    sqlite3.SQLITE_CORRUPT: "entries_broken",
    sqlite3.SQLITE_NOTADB: "entries_broken",
}

Connection = sqlite3.Connection
sqlite3.register_adapter(np.int64, int)  # ids come back out of frames; SQLite would store their bytes


def meetings(county: str, store: Path | None = None) -> pd.DataFrame:
    """Meetings and bulletins, latest first: meeting_id, kind, held_on, title, note."""
    return select("meetings", store, county=county)


def add_meeting(
    county: str,
    kind: MeetingKind,
    held_on: date,
    title: str,
    note: str = "",
    store: Path | None = None,
) -> int:
    """A new meeting (会议) or bulletin (通报); returns its meeting_id."""
    return write("add_meeting", store, county=county, **_meeting(kind, held_on, title, note))


def remove_meeting(county: str, meeting_id: int, store: Path | None = None) -> None:
    """Take a meeting without promises away; the history keeps it."""
    write("remove_meeting", store, county=county, meeting_id=meeting_id)


def promises(county: str, meeting_id: int | None = None, store: Path | None = None) -> pd.DataFrame:
    """What was promised at a meeting (None: at all), by the day it falls due.

    columns  promise_id, meeting_id, grid_id (null: not of one grid), responsible, content, due_on,
             done_on (NaT: not done), done_note.
    """
    return select("promises", store, county=county, meeting_id=meeting_id)


def add_promise(
    county: str,
    meeting_id: int,
    responsible: str,
    content: str,
    due_on: date,
    grid_id: str | None = None,
    store: Path | None = None,
) -> int:
    """A new promise of that meeting; returns its promise_id."""
    said = _promise(responsible, content, due_on, grid_id)
    return write("add_promise", store, county=county, meeting_id=meeting_id, **said)


def finish_promise(
    county: str, promise_id: int, done_on: date | None, note: str = "", store: Path | None = None
) -> None:
    """The promise was kept on that day; None: it was not after all."""
    done = {
        "done_on": None if done_on is None else checked_day(done_on),
        "done_note": checked_text("field_note", note, TEXT, least=0),
    }
    write("finish_promise", store, county=county, promise_id=promise_id, **done)


def remove_promise(county: str, promise_id: int, store: Path | None = None) -> None:
    """Take a promise away; the history keeps it."""
    write("remove_promise", store, county=county, promise_id=promise_id)


def targets(county: str, store: Path | None = None) -> pd.DataFrame:
    """The targets in force: metric (key of metrics.toml), value (in its unit), set_on, source."""
    return select("targets", store, county=county)


def set_target(
    county: str, metric: str, value: float, set_on: date, source: str, store: Path | None = None
) -> None:
    """Set or replace the target of a metric. source: who says so."""
    if metric not in metrics():
        raise DataError("entry_metric", metric=metric)
    if not math.isfinite(value):
        raise DataError("entry_value", value=value)
    said = {
        "value": float(value),
        "set_on": checked_day(set_on),
        "source": checked_text("field_source", source),
    }
    write("set_target", store, county=county, metric=metric, **said)


def remove_target(county: str, metric: str, store: Path | None = None) -> None:
    """The metric has no target any more; the history keeps the last one."""
    write("remove_target", store, county=county, metric=metric)


def checklists(county: str, store: Path | None = None) -> pd.DataFrame:
    """Checklists, latest first, with how far they are.

    columns  checklist_id, title, issue_id, category, made_on, data_until, items (places on it), checked
             (looked at: clean or found), found, unreachable.
    """
    return select("checklists", store, county=county)


def checklist_grids(county: str, checklist_id: int, store: Path | None = None) -> pd.DataFrame:
    """How far a checklist is, by grid.

    columns  grid_id, grid_name, lead_unit, items, checked, found, unreachable, as in `checklists`.
    """
    return select("checklist_grids", store, county=county, checklist_id=checklist_id)


def checklist_items(county: str, checklist_id: int, store: Path | None = None) -> pd.DataFrame:
    """The places of a checklist, likeliest first.

    columns  item_id, position (1 first), grid_id, grid_name, lead_unit, source_segment_id (null: off
             the streets), street_name, address, lon, lat, category, reasons, result, checked_on
             (NaT: not looked at), note.
    """
    return select("checklist_items", store, county=county, checklist_id=checklist_id)


def add_checklist(
    county: str,
    title: str,
    issue_id: str,
    category: str,
    made_on: date,
    data_until: date,
    places: pd.DataFrame,
    store: Path | None = None,
) -> int:
    """A new checklist of these places, all or nothing; returns its checklist_id.

    places  in the order to look at them: grid_id, grid_name, lead_unit, source_segment_id, street_name,
            address, lon, lat, category, reasons; missing texts may be None.
    """
    if places.empty:
        raise DataError("entry_no_places")
    said = {
        "county": checked_text("field_county", county),
        "title": checked_text("field_title", title),
        "issue_id": issue_id,
        "category": category,
        "made_on": checked_day(made_on),
        "data_until": checked_day(data_until),
    }
    kept = places[PLACE_COLUMNS].astype(object)
    rows = kept.where(kept.notna(), None).to_dict("records")
    with transaction(store, is_writing=True) as entries:
        checklist_id = int(entries.execute(statement("add_checklist"), said).lastrowid or 0)
        for position, row in enumerate(rows, start=1):
            item = row | {"county": said["county"], "checklist_id": checklist_id, "position": position}
            for name in ("grid_name", "lead_unit", "street_name", "address"):
                item[name] = item[name] or ""
            entries.execute(statement("add_checklist_item"), item)
    return checklist_id


def mark_item(
    county: str,
    item_id: int,
    result: Result,
    checked_on: date | None,
    note: str = "",
    store: Path | None = None,
) -> None:
    """What somebody saw at a place of a checklist and when; result "" with None takes it back."""
    if (result == "") != (checked_on is None):
        raise DataError("entry_result")
    said = {
        "result": result,
        "checked_on": None if checked_on is None else checked_day(checked_on),
        "note": checked_text("field_note", note, TEXT, least=0),
    }
    write("mark_item", store, county=county, item_id=item_id, **said)


def remove_checklist(county: str, checklist_id: int, store: Path | None = None) -> None:
    """Take a checklist with its items away; the history keeps them."""
    write("remove_checklist", store, county=county, checklist_id=checklist_id)


def changes(table: str, row_id: int, store: Path | None = None) -> pd.DataFrame:
    """The history of a row, oldest first: change_id, changed_at (UTC), before, after (JSON or null)."""
    return select("changes", store, table_name=table, row_id=row_id)


def _meeting(kind: MeetingKind, held_on: date, title: str, note: str) -> dict[str, object]:
    return {
        "kind": kind,
        "held_on": checked_day(held_on),
        "title": checked_text("field_title", title),
        "note": checked_text("field_note", note, TEXT, least=0),
    }


def _promise(responsible: str, content: str, due_on: date, grid_id: str | None) -> dict[str, object]:
    return {
        "responsible": checked_text("field_responsible", responsible),
        "content": checked_text("field_content", content, TEXT),
        "due_on": checked_day(due_on),
        "grid_id": grid_id or None,
    }


def checked_text(field: str, text: str, most: int = LINE, *, least: int = 1) -> str:
    """The text without blanks around it. Raises DataError if it is too short or too long."""
    text = text.strip()
    if not least <= len(text) <= most:
        raise DataError("entry_text", field=detail(field), count=len(text), least=least, most=most)
    return text


def checked_day(day: date) -> str:
    """The day as ISO text. Raises DataError if its year is a slip of the pen."""
    if not FIRST_YEAR <= day.year < LAST_YEAR:
        raise DataError("entry_day", day=day, first=FIRST_YEAR, last=LAST_YEAR - 1)
    return f"{day:%Y-%m-%d}"


def select(name: str, store: Path | None, **params: object) -> pd.DataFrame:
    """The rows of data/entries/<name>.sql; columns that end in _on are days."""
    with transaction(store, is_writing=False) as entries:
        cursor = entries.execute(statement(name), params)
        columns = [column for column, *_ in cursor.description]
        frame = pd.DataFrame(cursor.fetchall(), columns=columns)
    days = [column for column in columns if column.endswith("_on") or column == "data_until"]
    return frame.assign(**{column: pd.to_datetime(frame[column]) for column in days})


def write(name: str, store: Path | None, *, county: str, **params: Any) -> int:
    """Run a statement on one row; returns the id of a new one. Raises DataError if there is no row."""
    county = checked_text("field_county", county)
    with transaction(store, is_writing=True) as entries:
        cursor = entries.execute(statement(name), params | {"county": county})
        if cursor.rowcount != 1:
            raise DataError("entry_gone")
        return int(cursor.lastrowid or 0)


@lru_cache(maxsize=64)
def statement(name: str) -> str:
    """The text of data/entries/<name>.sql."""
    return (STATEMENTS / f"{name}.sql").read_text("utf-8")


@contextmanager
def transaction(store: Path | None, *, is_writing: bool) -> Iterator[sqlite3.Connection]:
    """The file, open for one transaction. Raises DataError that says what a person can do."""
    path = (store or settings().store) / FILE
    try:
        if is_writing:
            path.parent.mkdir(parents=True, exist_ok=True)
        # Before anything is typed in, a reader gets empty tables and leaves the store as it is.
        where = path if is_writing or path.exists() else ":memory:"
        with closing(sqlite3.connect(where, timeout=WAIT_S, isolation_level=None)) as entries:
            entries.execute("pragma foreign_keys = on")
            entries.execute("pragma synchronous = full")  # a commit survives a power cut
            _migrate(entries, path)
            entries.execute("begin immediate" if is_writing else "begin")
            try:
                yield entries
            except BaseException:
                entries.rollback()
                raise
            entries.commit()
    except sqlite3.IntegrityError as error:
        raise DataError("entry_refused", detail=error) from error
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte: the kind of fault
        if code not in FAULTS:
            raise
        raise DataError("entries_fault", file=path, detail=detail(FAULTS[code])) from error
    except OSError as error:
        raise DataError("entries_fault", file=path, detail=detail("entries_readonly")) from error


def _migrate(entries: sqlite3.Connection, path: Path) -> None:
    """Bring the file to the newest schema, in one transaction a version."""
    found = _version(entries)
    if found == VERSION:
        return
    if found > VERSION:
        raise DataError("entries_version", file=path, found=found, known=VERSION)
    _use_wal(entries)
    entries.execute("begin immediate")
    try:
        # Asked again: another process may have done it while this one waited.
        for version in range(_version(entries) + 1, VERSION + 1):
            _run(entries, statement(f"schema_{version}"))
            entries.execute(f"pragma user_version = {version}")
        for table in entries.execute(statement("tables")).fetchall():
            _run(entries, _history(entries, *table))
    except BaseException:
        entries.rollback()
        raise
    entries.commit()


def _version(entries: sqlite3.Connection) -> int:
    return int(entries.execute("pragma user_version").fetchone()[0])


def _use_wal(entries: sqlite3.Connection) -> None:
    """Readers and a writer do not wait for each other. SQLite does not wait for this change itself."""
    until = time.monotonic() + WAIT_S
    while True:
        try:
            entries.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def _history(entries: sqlite3.Connection, table: str) -> str:
    columns = [row[1] for row in entries.execute(f"pragma table_info({table})")]
    new, old = (", ".join(f"'{name}', {row}.{name}" for name in columns) for row in ("new", "old"))
    return statement("history").format(table=table, new=new, old=old)


def _run(entries: sqlite3.Connection, script: str) -> None:
    """Run a script inside the open transaction: `executescript` would commit it first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            entries.execute(statement)
            statement = ""
