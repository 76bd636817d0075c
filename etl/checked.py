"""Checked files kept by content: a load judges only what is new, with the same result.

Nothing depends on it: an entry that is missing, old or damaged is made again from the file.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import time
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.feather
import shapely

from data.settings import ROOT
from etl.recipe import Dataset
from etl.validate import Checked

log = logging.getLogger(__name__)
FOLDER = "checked"
KEPT_DAYS = 30
JUDGES = ("etl/*.py", "geo/*.py", "data/catalog.py", "data/standards.py", "data/standards/*.csv",
          "requirements.txt")  # fmt: skip
OF_NO_VALUE = {"files", "sink_points", "updates"}  # keys of a dataset that change no record
SHAPE = "geometry_wkb"


def entry_key(
    parts: dict[str, str], dataset: Dataset, table: str, compute_crs: str, timezone: str
) -> str:
    """What the judgement of a file depends on, as one digest; `parts` is its sha256 by part."""
    facts = [
        sorted(parts.values()),
        dataset.model_dump(mode="json", exclude=OF_NO_VALUE),
        table,
        compute_crs,
        timezone,
        _version(),
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


@lru_cache(maxsize=1)
def _version() -> str:
    """Digest of everything that judges."""
    digest = hashlib.sha256()
    for pattern in JUDGES:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def recall(store: Path, key: str, name: str, now: datetime) -> Checked | None:
    """The checked file of that key, or None. What lay in the future once may have come to pass."""
    folder = store / FOLDER / key
    try:
        facts = json.loads((folder / "facts.json").read_text("utf-8"))
        until = facts["until"]
        if now.isoformat() < facts["now"] or (until and now.isoformat() >= until):
            return None
        frame = _read(folder / "frame").set_index("row")
        faults = _read(folder / "faults")
        keys = _read(folder / "keys")["key"]
        (folder / "facts.json").touch()
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError) as error:  # pa.ArrowInvalid is a ValueError
        log.warning("checked file %s is damaged and is made again: %s", key, error)
        return None
    geometry = None
    if SHAPE in frame:
        geometry = shapely.from_wkb(frame.pop(SHAPE).to_numpy(object))
    return Checked(
        name,
        facts["sha256"],
        facts["crs"],
        facts["rows_read"],
        facts["set_aside"],
        frame,
        geometry,
        faults,
        pd.Index(keys),
        facts["repaired"],
    )


def remember(store: Path, key: str, part: Checked, now: datetime) -> None:
    """Keep a checked file. A full disk is no reason to fail: the load goes on without."""
    folder = store / FOLDER / key
    unfinished = store / FOLDER / f"{key}.unfinished"
    facts = {
        "sha256": part.sha256,
        "crs": part.crs,
        "rows_read": part.rows_read,
        "set_aside": part.set_aside,
        "repaired": part.repaired,
        "now": now.isoformat(),
        "until": part.until.isoformat() if part.until is not None else "",
    }
    frame = part.frame.rename_axis("row").reset_index()
    if part.geometry is not None:
        frame[SHAPE] = pd.Series(shapely.to_wkb(part.geometry), dtype=object)
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        _write(frame, unfinished / "frame")
        _write(part.faults, unfinished / "faults")
        _write(pd.DataFrame({"key": part.keys}), unfinished / "keys")
        (unfinished / "facts.json").write_text(json.dumps(facts), "utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.rename(folder)
    except OSError as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        log.warning("the checked file could not be kept: %s", error)


def forget_checked(store: Path) -> None:
    """Delete what no load has used for a month, and what a killed load has left."""
    gone = time.time() - KEPT_DAYS * 86_400
    for folder in (store / FOLDER).glob("*"):
        facts = folder / "facts.json"
        if not facts.exists() or facts.stat().st_mtime < gone:
            shutil.rmtree(folder, ignore_errors=True)


def _write(frame: pd.DataFrame, path: Path) -> None:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    pa.feather.write_feather(table, path, compression="lz4")


def _read(path: Path) -> pd.DataFrame:
    """The frame with the types it was written with; text stays Arrow text."""
    table = pa.feather.read_table(path)
    return table.to_pandas(types_mapper={pa.string(): pd.StringDtype("pyarrow")}.get)
