"""Thresholds and vocabularies as data: read from `standards/*.csv`, never literals in code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

import pandas as pd

from data.catalog import Table

FOLDER = Path(__file__).parent / "standards"
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Threshold:
    """One number that somebody decided: unverified ones are shown as 默认值."""

    key: str
    value: float
    unit: str
    is_verified: bool
    source: str
    meaning: str
    title: str  # Chinese


def _read(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / f"{name}.csv", dtype=str, keep_default_na=False)


@lru_cache(maxsize=1)
def thresholds() -> dict[str, Threshold]:
    """All thresholds by key."""
    return {
        row.key: Threshold(
            key=row.key,
            value=float(row.value),
            unit=row.unit,
            is_verified=row.is_verified == "true",
            source=row.source,
            meaning=row.meaning,
            title=row.title,
        )
        for row in _read("thresholds").itertuples()
    }


def threshold(key: str) -> float:
    """The value of a threshold, in the unit that `thresholds.csv` states. Raises KeyError."""
    return thresholds()[key].value


@lru_cache(maxsize=1)
def road_classes() -> dict[str, str]:
    """Chinese title by road class code, from the widest class to the narrowest, unknown last."""
    return {row.road_class: row.title for row in _read("road_classes").itertuples()}


@lru_cache(maxsize=1)
def road_class_codes() -> dict[str, str]:
    """Road class code by any of its names: code, title or alias."""
    return {
        name: row.road_class
        for row in _read("road_classes").itertuples()
        for name in [row.road_class, row.title, *row.aliases.split(";")]
        if name
    }


@lru_cache(maxsize=1)
def site_types() -> dict[str, str]:
    """Canonical site type by any of its names; a type that is not here keeps its own name."""
    return {
        name: row.site_type
        for row in _read("site_types").itertuples()
        for name in [row.site_type, *row.aliases.split(";")]
        if name
    }


def as_site_types(names: pd.Series) -> pd.Series:
    """The canonical site types of names as a file or a standard has them."""
    known = site_types()
    return names.map(lambda name: known.get(name, name))


@lru_cache(maxsize=1)
def street_site_types() -> dict[str, str]:
    """Site type of the points along a street, by its road class."""
    return {
        road_class: row.site_type
        for row in _read("site_types").itertuples()
        for road_class in row.road_classes.split(";")
        if road_class
    }


@lru_cache(maxsize=1)
def categories() -> pd.DataFrame:
    """Names of 小类 (name, category, category_class): one row a name, aliases included."""
    table = _read("categories")
    names = table["category"] + ";" + table["aliases"]
    return (
        table.assign(name=names.str.split(";"))
        .explode("name")
        .query("name != ''")[["name", "category", "category_class"]]
        .reset_index(drop=True)
    )


@dataclass(frozen=True)
class Method:
    """What a way of cleaning does to a street."""

    is_sweeping: bool
    is_machine: bool


@lru_cache(maxsize=1)
def cleaning_methods() -> dict[str, Method]:
    """What logs and rosters call the ways of cleaning, by name and alias."""
    return {
        name: Method(row.is_sweeping == "true", row.is_machine == "true")
        for row in _read("cleaning_methods").itertuples()
        for name in [row.method, *row.aliases.split(";")]
        if name
    }


@dataclass(frozen=True)
class Calendar:
    """Days that are not worked though it is Monday to Friday, and the other way round (调休)."""

    holidays: frozenset[date]
    workdays: frozenset[date]

    def is_worked(self, day: date) -> bool:
        """Whether offices work on that day."""
        return day in self.workdays or (day.weekday() < 5 and day not in self.holidays)

    def add_days(self, day: date, count: int) -> date:
        """The `count`-th working day after `day`; `day` itself does not count."""
        while count > 0:
            day += timedelta(days=1)
            count -= self.is_worked(day)
        return day


@lru_cache(maxsize=1)
def calendar() -> Calendar:
    """The national calendar of holidays and make-up working days."""
    days = _read("holidays")
    kinds = {
        kind: frozenset(date.fromisoformat(day) for day in days.loc[days["kind"] == kind, "date"])
        for kind in ("holiday", "workday")
    }
    return Calendar(kinds["holiday"], kinds["workday"])


def default_table(table: Table) -> pd.DataFrame:
    """The rows of `standards/<table>s.csv`, typed: what counts until a county brings its own."""
    frame = _read(f"{table.name}s").replace("", None)
    for column in table.file_columns:
        if column.type == "float":
            frame[column.name] = frame[column.name].astype(float)
        if column.type == "bool":
            frame[column.name] = frame[column.name].map({"true": True, "false": False})
    return frame


@lru_cache(maxsize=16)
def aliases(table: str) -> dict[str, list[str]]:
    """Headings under which files hold the columns of a table, the most usual first."""
    rows = _read("aliases").query("table == @table")
    names: dict[str, list[str]] = {}
    for row in rows.itertuples():
        names.setdefault(row.field, []).extend(row.alias.split(";"))
    return names
