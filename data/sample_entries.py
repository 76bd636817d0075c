"""What people decide about sample points: corrected standards, plans, mock inspections.

Kept in `entries.sqlite` with everything else that is typed in (data/entries.py). A final plan never
changes but for one draw: its next version is a new row. The frame files of public draws lie beside it
by their digest.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Literal, NamedTuple

import pandas as pd

from data.catalog import TABLES
from data.entries import (
    TEXT,
    Connection,
    checked_day,
    checked_text,
    select,
    statement,
    transaction,
    write,
)
from data.messages import DataError
from data.plan import PlanSettings
from data.settings import settings as app_settings

MockKind = Literal["mock", "self"]
PointResult = Literal["", "seen", "unreachable"]
FRAMES = "frames"  # folder of frame files in the store
PLACE_COLUMNS = ["site_key", "site_type", "site_name", "address", "street_name", "grid_id", "grid_name",
                 "lead_unit", "lon", "lat"]  # fmt: skip
POINT_COLUMNS = ["role", "position", *PLACE_COLUMNS, "risk", "probability", "reasons"]
TEXTS = ("site_name", "address", "street_name", "grid_name", "lead_unit")


def standard_edits(county: str, store: Path | None = None) -> pd.DataFrame:
    """Which tables of the standard the county corrected: table_name, edition, content, saved_on, note.

    content  JSON list of all rows of that table and edition, with the catalog's columns.
    """
    return select("standard_edits", store, county=county)


def standard_history(county: str, table: str, edition: str, store: Path | None = None) -> pd.DataFrame:
    """When that table was corrected in that edition, latest first.

    columns  change_id, changed_at (UTC), is_restored, saved_on (NaT: restored), note, rows_kept.
    """
    rows = select("standard_history", store, county=county, table_name=table, edition=edition)
    changed_at = pd.to_datetime(rows["changed_at"], utc=True)
    return rows.assign(changed_at=changed_at, is_restored=rows["is_restored"].astype(bool))


def save_standard(
    county: str,
    table: str,
    edition: str,
    rows: pd.DataFrame,
    saved_on: date,
    note: str = "",
    store: Path | None = None,
) -> None:
    """These rows take the place of a table of the standard in one edition; the build stays as it is.

    rows  columns of the catalog; those checks that need its meaning are the caller's.
    """
    save_edition(county, edition, {table: rows}, saved_on, note, store)


def save_edition(
    county: str,
    edition: str,
    tables: Mapping[str, pd.DataFrame],
    saved_on: date,
    note: str = "",
    store: Path | None = None,
) -> None:
    """`save_standard` of several tables, all or nothing."""
    said = {
        "county": checked_text("field_county", county),
        "edition": checked_text("field_edition", edition),
        "saved_on": checked_day(saved_on),
        "note": checked_text("field_note", note, TEXT, least=0),
    }
    with transaction(store, is_writing=True) as entries:
        for table, rows in tables.items():
            columns = [column.name for column in TABLES[table].file_columns]
            content = rows[columns].to_json(orient="records", force_ascii=False, double_precision=10)
            entries.execute(
                statement("save_standard"), said | {"table_name": table, "content": content}
            )


def restore_standard(county: str, table: str, edition: str, store: Path | None = None) -> None:
    """The rows of the build count again; the history keeps the corrected ones."""
    write("restore_standard", store, county=county, table_name=table, edition=edition)


def plans(county: str, store: Path | None = None) -> pd.DataFrame:
    """Plans of sample points, latest first.

    columns  plan_id, title, version, is_final, made_on, build_id, data_until, settings (JSON), pinned,
             barred (JSON lists of site keys), seed, frame_digest, draw_digest, drawn_on (NaT: not
             drawn), note; revision: counts up with every change; declared, drawn, spares: points.
    """
    return select("plans", store, county=county)


def plan_points(county: str, plan_id: int, store: Path | None = None) -> pd.DataFrame:
    """The points of a plan: role (declared, drawn, spare), position, the place, risk, probability,
    reasons (JSON).
    """
    return select("plan_points", store, county=county, plan_id=plan_id)


def add_plan(
    county: str,
    title: str,
    settings: PlanSettings,
    made_on: date,
    build_id: str,
    data_until: date,
    points: pd.DataFrame,
    note: str = "",
    *,
    pinned: Iterable[str] = (),
    barred: Iterable[str] = (),
    store: Path | None = None,
) -> int:
    """A new plan, or the next version of the plan of that title; returns its plan_id.

    points  declared ones: position, the place, risk, reasons (JSON).
    """
    said = {
        "county": checked_text("field_county", county),
        "title": checked_text("field_title", title),
        "made_on": checked_day(made_on),
        "build_id": build_id,
        "data_until": checked_day(data_until),
        "settings": settings.to_json(),
        "note": checked_text("field_note", note, TEXT, least=0),
    }
    with transaction(store, is_writing=True) as entries:
        said["version"] = entries.execute(statement("next_version"), said).fetchone()[0]
        plan_id = int(entries.execute(statement("add_plan"), said).lastrowid or 0)
        _change(entries, county, plan_id, settings, pinned, barred, build_id, data_until, points)
    return plan_id


def change_plan(
    county: str,
    plan_id: int,
    settings: PlanSettings,
    pinned: Iterable[str],
    barred: Iterable[str],
    build_id: str,
    data_until: date,
    points: pd.DataFrame,
    store: Path | None = None,
    *,
    revision: int | None = None,
) -> None:
    """Other declared points or settings for a draft.

    revision  the plan as it was seen, here and below; with None it may have changed since.
    Raises DataError if the plan is another by now, final, drawn or gone.
    """
    with transaction(store, is_writing=True) as entries:
        _as_seen(entries, plan_id, revision)
        _change(entries, county, plan_id, settings, pinned, barred, build_id, data_until, points)


def _change(
    entries: Connection,
    county: str,
    plan_id: int,
    settings: PlanSettings,
    pinned: Iterable[str],
    barred: Iterable[str],
    build_id: str,
    data_until: date,
    points: pd.DataFrame,
) -> None:
    said = {
        "county": county,
        "plan_id": plan_id,
        "settings": settings.to_json(),
        "pinned": json.dumps(sorted(pinned), ensure_ascii=False),
        "barred": json.dumps(sorted(barred), ensure_ascii=False),
        "build_id": build_id,
        "data_until": checked_day(data_until),
    }
    _one(entries, "change_plan", said, "plan_changed")
    _put_points(entries, county, plan_id, points.assign(role="declared", probability=None))


def _put_points(entries: Connection, county: str, plan_id: int, points: pd.DataFrame) -> None:
    """Only what differs is written: the history keeps every row that is."""
    of = {"county": county, "plan_id": plan_id}
    wanted = {row["site_key"]: row for row in _records(points[POINT_COLUMNS])}
    if len(wanted) != len(points):
        msg = "a site is in the plan twice."
        raise ValueError(msg)
    found = entries.execute(statement("plan_points"), of)
    names = [column[0] for column in found.description]
    there = {}
    for values in found.fetchall():
        row = dict(zip(names, values, strict=True))
        there[row["site_key"]] = {name: row[name] for name in POINT_COLUMNS}
    for key, row in there.items():
        if row != wanted.get(key):
            _one(entries, "remove_plan_point", of | {"site_key": key})
    for key, row in wanted.items():
        if row != there.get(key):
            _one(entries, "add_plan_point", row | of)


def fix_frame(
    county: str,
    plan_id: int,
    settings: PlanSettings,
    build_id: str,
    data_until: date,
    content: bytes,
    store: Path | None = None,
    *,
    revision: int | None = None,
) -> None:
    """Fix the list of a plan's draw: the frame file `content` is in force from now on, and kept.

    settings              with the risk_weight and min_distance_m that the list was made with
    build_id, data_until  of the data that the list came from
    Raises DataError if the plan is another by now, drawn or gone.
    """
    said = {
        "county": county,
        "plan_id": plan_id,
        "frame_digest": keep_frame(content, store),
        "build_id": build_id,
        "data_until": checked_day(data_until),
        "risk_weight": settings.risk_weight,
        "min_distance_m": settings.min_distance_m,
    }
    with transaction(store, is_writing=True) as entries:
        _as_seen(entries, plan_id, revision)
        _one(entries, "fix_frame", said, "plan_drawn")


def fixed_frames(county: str, plan_id: int, store: Path | None = None) -> pd.DataFrame:
    """Each time the list of a plan's draw was fixed, oldest first; the last one is in force.

    columns  fixed_frame_id, fixed_at (UTC), frame_digest, build_id, data_until, risk_weight,
             min_distance_m.
    """
    rows = select("fixed_frames", store, county=county, plan_id=plan_id)
    return rows.assign(fixed_at=pd.to_datetime(rows["fixed_at"], utc=True))


def set_draw(
    county: str,
    plan_id: int,
    settings: PlanSettings,
    build_id: str,
    data_until: date,
    frame_digest: str,
    draw_digest: str,
    drawn_on: date,
    points: pd.DataFrame,
    store: Path | None = None,
    *,
    revision: int | None = None,
) -> None:
    """The draw of a plan (settings.seed is its seed) adds its drawn and spare points.

    A final plan is drawn once too, if all else of it stays: build_id, data_until, and of the settings
    all but risk_weight and seed.

    points  of the draw; declared ones among them are passed over: the plan's stay as people know them.

    Raises DataError if the plan is another by now, drawn already or gone, if another list was fixed
    last, or if more of a final plan would change.
    """
    said = {
        "county": county,
        "plan_id": plan_id,
        "settings": settings.to_json(),
        "build_id": build_id,
        "data_until": checked_day(data_until),
        "seed": checked_text("field_seed", settings.seed),
        "frame_digest": frame_digest,
        "draw_digest": draw_digest,
        "drawn_on": checked_day(drawn_on),
    }
    with transaction(store, is_writing=True) as entries:
        _as_seen(entries, plan_id, revision)
        if _is_drawn(entries, said):
            raise DataError("plan_drawn")
        in_force = entries.execute(statement("frame_in_force"), said).fetchone()
        if in_force not in (None, (frame_digest,)):
            raise DataError("frame_fixed_anew")
        added = points.loc[points["role"] != "declared", POINT_COLUMNS]
        for row in _records(added):  # before it is drawn: nothing is added to a drawn and final plan
            _one(entries, "add_plan_point", row | {"county": county, "plan_id": plan_id})
        _one(entries, "set_draw", said, "plan_drawn")


def finish_plan(
    county: str,
    plan_id: int,
    note: str = "",
    store: Path | None = None,
    *,
    revision: int | None = None,
) -> None:
    """The plan is final: from now on it does not change, but for one draw. note: why it is defended.

    Raises DataError if the plan is another by now, final already or gone.
    """
    note = checked_text("field_note", note, TEXT, least=0)
    with transaction(store, is_writing=True) as entries:
        _as_seen(entries, plan_id, revision)
        _one(entries, "finish_plan", {"county": county, "plan_id": plan_id, "note": note})


def remove_plan(
    county: str, plan_id: int, store: Path | None = None, *, revision: int | None = None
) -> None:
    """Take a version of a plan away; the history keeps it.

    Raises DataError if the plan is another by now, drawn or gone.
    """
    of = {"county": county, "plan_id": plan_id}
    with transaction(store, is_writing=True) as entries:
        _as_seen(entries, plan_id, revision)
        if _is_drawn(entries, of):
            raise DataError("drawn_plan_stays")
        _one(entries, "remove_plan", of)


def _as_seen(entries: Connection, plan_id: int, revision: int | None) -> None:
    now = entries.execute(statement("plan_revision"), {"plan_id": plan_id}).fetchone()[0]
    if revision not in (None, now):
        raise DataError("plan_changed")


def _is_drawn(entries: Connection, of: Mapping[str, object]) -> bool:
    return entries.execute(statement("drawn_on"), of).fetchone() not in (None, (None,))


def keep_frame(content: bytes, store: Path | None = None) -> str:
    """Keep the frame file of a draw so that anybody can repeat it; returns its SHA-256."""
    digest = hashlib.sha256(content).hexdigest()
    path = _frame_path(digest, store)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        part = path.with_suffix(".part")
        part.write_bytes(gzip.compress(content, mtime=0))
        part.replace(path)
    return digest


def kept_frame(digest: str, store: Path | None = None) -> bytes | None:
    """The frame file of that SHA-256; None if it is not there. Raises DataError if it was changed."""
    path = _frame_path(digest, store)
    if not path.exists():
        return None
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise DataError("frame_changed", file=path) from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise DataError("frame_changed", file=path)
    return content


def _frame_path(digest: str, store: Path | None) -> Path:
    return (store or app_settings().store) / FRAMES / f"{digest}.csv.gz"


def mocks(county: str, store: Path | None = None) -> pd.DataFrame:
    """Mock inspections (模拟评估) and self-checks (自查), latest first.

    columns  mock_id, kind, title, held_on, inspectors, plan_id (null: removed), edition, form,
             pass_share, forecast (JSON), points, seen, unreachable.
    """
    return select("mocks", store, county=county)


def mock_points(county: str, mock_id: int, store: Path | None = None) -> pd.DataFrame:
    """The points of an inspection in the order of its route.

    columns  mock_point_id, team, position, role, the place, chance (of a find, forecast), probability,
             result ('' not looked at, seen, unreachable), checked_on, note.
    """
    return select("mock_points", store, county=county, mock_id=mock_id)


def mock_items(county: str, mock_id: int, store: Path | None = None) -> pd.DataFrame:
    """What is looked at in the points of an inspection.

    columns  mock_item_id, mock_point_id, part, item, points, cap, chance, is_found (null: not looked
             at); position, site_key, site_type, grid_id of the point.
    """
    return select("mock_items", store, county=county, mock_id=mock_id)


def seen_points(county: str, store: Path | None = None) -> pd.DataFrame:
    """Every point that was looked at, of all inspections and self-checks of the county.

    columns  mock_point_id, mock_id, kind, title, held_on, role, the place, chance (of a find, told
             beforehand), checked_on, is_faulty (1: any find).
    """
    return select("seen_points", store, county=county)


def add_mock(
    county: str,
    kind: MockKind,
    title: str,
    held_on: date,
    inspectors: str,
    plan_id: int | None,
    settings: PlanSettings,
    forecast: dict[str, object],
    points: pd.DataFrame,
    items: pd.DataFrame,
    store: Path | None = None,
) -> int:
    """A new inspection, all or nothing; returns its mock_id.

    points    in the order of the route: team, role, the place, chance, probability.
    items     site_key, part, item, points, cap, chance: what is looked at in each point.
    forecast  what the rehearsal says of exactly these points, kept for the comparison.
    """
    if points.empty:
        raise DataError("entry_no_points")
    said = {
        "county": checked_text("field_county", county),
        "kind": kind,
        "title": checked_text("field_title", title),
        "held_on": checked_day(held_on),
        "inspectors": checked_text("field_inspectors", inspectors, least=0),
        "plan_id": plan_id,
        "edition": settings.edition,
        "form": settings.form,
        "pass_share": settings.pass_share,
        "forecast": json.dumps(forecast, ensure_ascii=False, allow_nan=False),
    }
    with transaction(store, is_writing=True) as entries:
        mock_id = int(entries.execute(statement("add_mock"), said).lastrowid or 0)
        ids = {}
        columns = ["team", "role", *PLACE_COLUMNS, "chance", "probability"]
        for position, row in enumerate(_records(points[columns]), start=1):
            point = row | {"county": county, "mock_id": mock_id, "position": position}
            ids[row["site_key"]] = entries.execute(statement("add_mock_point"), point).lastrowid
        for row in _records(items[["site_key", "part", "item", "points", "cap", "chance"]]):
            item = row | {"county": county, "mock_point_id": ids[row["site_key"]]}
            entries.execute(statement("add_mock_item"), item)
    return mock_id


def checking_days(held_on: date, points: pd.DataFrame, today: date) -> tuple[date, date]:
    """The first and last day on which a point may be seen, typed in or brought back in a file.

    points  of `mock_points`. Whoever starts before the day that was planned may say so, and a file
            may repeat it later.
    """
    kept = points["checked_on"].dropna().dt.date
    return min([held_on, today, *kept]), today


def mark_points(
    county: str,
    marks: Sequence[tuple[int, PointResult, Iterable[str], date | None, str]],
    store: Path | None = None,
) -> None:
    """What was seen at points, all or nothing.

    marks  mock_point_id, result, the items found, the day, a note; result '' with None takes it back.
    Raises DataError if a result has no day, or if a point is gone.
    """
    with transaction(store, is_writing=True) as entries:
        for mark in marks:
            _mark(entries, county, *mark)


def mark_finds(
    county: str,
    mock_point_id: int,
    added: Collection[str],
    removed: Collection[str],
    checked_on: date,
    shown: PointResult,
    store: Path | None = None,
) -> None:
    """Add finds to a point and take finds away; all others stay as they are kept, whoever marked them.

    checked_on  counts where the point had no result; its first day stays.
    shown       the result that the point had when the finds were touched.
    Raises DataError if somebody else took its result back since, or could not get there.
    """
    with transaction(store, is_writing=True) as entries:
        now = _point_now(entries, county, mock_point_id)
        if now.result not in ("seen", shown):
            raise DataError("mock_point_changed")
        found = (now.found | set(added)) - set(removed)
        _mark(entries, county, mock_point_id, "seen", found, now.checked_on or checked_on, now.note)


def mark_result(
    county: str,
    mock_point_id: int,
    result: PointResult,
    checked_on: date,
    shown: tuple[PointResult, Collection[str]],
    store: Path | None = None,
) -> None:
    """What came of a point, without finds: those it had are taken back.

    checked_on  as for `mark_finds`
    shown       result and finds that the point had when this was decided.
    Raises DataError if the point is another by now, unless it is just as it shall be.
    """
    with transaction(store, is_writing=True) as entries:
        now = _point_now(entries, county, mock_point_id)
        if (now.result, now.found) not in ((shown[0], set(shown[1])), (result, set())):
            raise DataError("mock_point_changed")
        day = (now.checked_on or checked_on) if result else None
        _mark(entries, county, mock_point_id, result, (), day, now.note)


def note_point(
    county: str, mock_point_id: int, note: str, shown: str, store: Path | None = None
) -> None:
    """The note of a point. shown: its note before. Raises DataError if it is another by now."""
    with transaction(store, is_writing=True) as entries:
        now = _point_now(entries, county, mock_point_id)
        if now.note not in (shown, note.strip()):
            raise DataError("mock_point_changed")
        _mark(entries, county, mock_point_id, now.result, now.found, now.checked_on, note)


class _PointNow(NamedTuple):
    result: PointResult
    checked_on: date | None
    note: str
    found: set[str]


def _point_now(entries: Connection, county: str, mock_point_id: int) -> _PointNow:
    """The point as it is kept. Raises DataError if it is gone."""
    of = {"county": county, "mock_point_id": mock_point_id}
    row = entries.execute(statement("mock_point_now"), of).fetchone()
    if row is None:
        raise DataError("entry_gone")
    result, checked_on, note, found = row
    day = None if checked_on is None else date.fromisoformat(checked_on)
    return _PointNow(result, day, note, set(json.loads(found)))


def _mark(
    entries: Connection,
    county: str,
    mock_point_id: int,
    result: PointResult,
    found: Iterable[str],
    checked_on: date | None,
    note: str,
) -> None:
    if (result == "") != (checked_on is None):
        raise DataError("entry_result")
    said = {
        "county": county,
        "mock_point_id": mock_point_id,
        "result": result,
        "checked_on": None if checked_on is None else checked_day(checked_on),
        "note": checked_text("field_note", note, TEXT, least=0),
        "is_seen": int(result == "seen"),
        "found": json.dumps(sorted(found), ensure_ascii=False),
    }
    _one(entries, "mark_mock_point", said)
    entries.execute(statement("mark_mock_items"), said)


def keep_refused(county: str, mock_id: int, rows: pd.DataFrame, store: Path | None = None) -> None:
    """Keep rows of a result file that could not be taken over.

    rows  file, row, column_name, value, reason (code of messages.toml), raw (JSON).
    """
    with transaction(store, is_writing=True) as entries:
        for row in _records(rows):
            _one(entries, "add_mock_refused", row | {"county": county, "mock_id": mock_id})


def refused_results(county: str, mock_id: int, store: Path | None = None) -> pd.DataFrame:
    """Rows of result files that could not be taken over, latest first.

    columns  those of `keep_refused`; is_mended: its point was marked since and has a result.
    """
    rows = select("mock_refused", store, county=county, mock_id=mock_id)
    return rows.assign(is_mended=rows["is_mended"].astype(bool))


def remove_mock(county: str, mock_id: int, store: Path | None = None) -> None:
    """Take an inspection with its results away; the history keeps them."""
    write("remove_mock", store, county=county, mock_id=mock_id)


def _one(entries: Connection, name: str, said: dict[str, object], fault: str = "entry_gone") -> None:
    if entries.execute(statement(name), said).rowcount != 1:
        raise DataError(fault)


def _records(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Rows for SQLite: missing texts empty, other missing values null."""
    rows = frame.astype(object).to_dict("records")
    return [{name: _value(name, value) for name, value in row.items()} for row in rows]


def _value(name: str, value: object) -> object:
    is_missing = value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))
    if is_missing:
        return "" if name in TEXTS else None
    return value
