"""A recipe says what a county's files are: names, formats, CRS, columns and code fixes, as data."""

from __future__ import annotations

import codecs
import re
import tomllib
from pathlib import Path
from string import Formatter
from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from data.catalog import TABLES
from data.messages import DataError
from data.settings import ROOT
from geo.crs import is_metric, is_old_datum

SOURCES = Path(__file__).parent / "sources"
POINT_COLUMNS = ("geometry.x", "geometry.y")  # the columns that a layer of points has besides its own
Format = Literal["csv", "xlsx", "parquet", "vector"]


def _checked_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        msg = f"`{name}` is not a time zone such as Asia/Shanghai"
        raise ValueError(msg) from error
    return name


class Dataset(BaseModel):
    """Files of one shape that go into one table. Later files hold newer states of the same key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: list[str] = Field(min_length=1, description="names or patterns below `root`, oldest first")
    format: Format = Field(description="vector: whatever GDAL reads as GeoJSON or Shapefile")
    columns: dict[str, str] = Field(description="our column -> the file's column")
    encoding: str = Field("", description="of text; empty: UTF-8 for CSV, .cpg for a Shapefile")
    crs: str = Field("", description="of the coordinates; a vector file may say it itself")
    sheet: str = Field("", description="of a workbook, empty: the first; or the layer of a vector file")
    header_row: int = Field(
        1, ge=0, description="row of the headings in a workbook or CSV; 0: it is looked for"
    )
    delimiter: str = Field(",", min_length=1, max_length=1, description="of CSV text")
    time_formats: list[str] = Field([], description="strptime formats, tried before all shapes")
    date_order: Literal["ymd", "mdy", "dmy"] = Field(
        "ymd", description="of dates whose year does not come first, such as 4/12/2016"
    )
    time_zone: str = Field("", description="of times without offset, if not that of the recipe")
    values: dict[str, dict[str, str]] = Field(
        {}, description="code fixes: our column -> (value in the file -> value we use)"
    )
    patterns: dict[str, str] = Field(
        {}, description="our column -> regular expression whose one group is the value in the cell"
    )
    id_prefix: str = Field("", description="put before keys that another system also uses")
    only: dict[str, list[str]] = Field(
        {}, description="records wanted: the file's column -> values; others are left aside"
    )
    updates: bool = Field(
        False, description="records are newer states of those of the dataset above, by key"
    )
    defaults: dict[str, str] = Field({}, description="our column -> value where the file has none")
    repair_invalid: bool = Field(
        False,
        description="polygons that cross themselves are repaired and reported, not refused",
    )
    sink_points: list[tuple[float, float]] = Field(
        [], description="[lon, lat] that stand for unknown addresses in this source"
    )

    @field_validator("files")
    @classmethod
    def _files_are_below_root(cls, value: list[str]) -> list[str]:
        if outside := [f for f in value if Path(f).is_absolute() or ".." in Path(f).parts]:
            msg = f"{outside} must be names below `root`"
            raise ValueError(msg)
        return value

    @field_validator("encoding")
    @classmethod
    def _encoding_exists(cls, value: str) -> str:
        try:
            codecs.lookup(value or "utf-8")
        except LookupError as error:
            raise ValueError(str(error)) from error
        return value

    @field_validator("crs")
    @classmethod
    def _crs_exists(cls, value: str) -> str:
        if value and is_old_datum(value):
            msg = (
                f"`{value}` is Xi'an 80 or Beijing 54: its offset is the county's own. Give a PROJ "
                "string with the seven parameters (+towgs84=…), or have the file exported in CGCS2000"
            )
            raise ValueError(msg)
        return value

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        return value and _checked_zone(value)

    @field_validator("columns")
    @classmethod
    def _templates_are_whole(cls, value: dict[str, str]) -> dict[str, str]:
        for template in value.values():
            list(Formatter().parse(template))
        return value

    @field_validator("patterns")
    @classmethod
    def _patterns_have_one_group(cls, value: dict[str, str]) -> dict[str, str]:
        for pattern in value.values():
            try:
                groups = re.compile(pattern).groups
            except re.error as error:
                msg = f"`{pattern}` is not a regular expression: {error}"
                raise ValueError(msg) from error
            if groups != 1:
                msg = f"`{pattern}` must have one group, in ( ), that is the value"
                raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _coordinates_have_a_crs(self) -> Self:
        of_shapes = self.columns.get("lon") == POINT_COLUMNS[0]  # whose file may say its CRS itself
        if "lon" in self.columns and not self.crs and not of_shapes:
            msg = "`crs` is needed where lon and lat are columns"
            raise ValueError(msg)
        return self

    @property
    def is_look(self) -> bool:
        """Whether a file is only looked at: nothing is said yet of what it holds, nothing is loaded."""
        return not self.columns and not self.header_row


class Recipe(BaseModel):
    """One county or city."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str = Field(description="name of the place on the screen")
    root: Path = Field(description="folder of the files; relative to the project's folder")
    timezone: str = Field(description="of all times in the files, e.g. Asia/Shanghai")
    note: str = Field("", description="what a reader of every page must know about this data")
    compute_crs: str = Field(description="metres; geometry is stored and measured in it")
    work_kmh: tuple[float, float] | None = Field(
        None, description="work speed of its machines, if not that of standards/thresholds.csv"
    )
    core_grid: list[Dataset] = Field(min_length=1)
    core_segment: list[Dataset] = []
    core_issue: list[Dataset] = []
    core_category: list[Dataset] = []
    core_department: list[Dataset] = []
    core_inspection: list[Dataset] = []
    core_shift: list[Dataset] = []
    core_cleaning: list[Dataset] = []
    core_fix: list[Dataset] = []
    core_visit: list[Dataset] = []
    core_site: list[Dataset] = []
    standard_item: list[Dataset] = []
    standard_indicator: list[Dataset] = []
    standard_quota: list[Dataset] = []
    standard_weight: list[Dataset] = []
    standard_deduction: list[Dataset] = []
    water: list[Dataset] = Field([], description="polygons drawn under the grids")

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        return _checked_zone(value)

    @field_validator("compute_crs")
    @classmethod
    def _crs_is_metric(cls, value: str) -> str:
        if not is_metric(value):
            msg = f"`{value}` is not a coordinate system in metres"
            raise ValueError(msg)
        return value

    @field_validator("work_kmh")
    @classmethod
    def _speeds_rise(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value and not 0 <= value[0] < value[1]:
            msg = f"`work_kmh` is {list(value)}: it must be the least and the greatest work speed"
            raise ValueError(msg)
        return value

    @field_validator("root")
    @classmethod
    def _root_is_absolute(cls, value: Path) -> Path:
        return value if value.is_absolute() else (ROOT / value).resolve()

    @model_validator(mode="after")
    def _columns_exist(self) -> Self:
        for table in (name for name in TABLES if name in type(self).model_fields):
            known = {column.name for column in TABLES[table].file_columns}
            required = {column.name for column in TABLES[table].file_columns if column.required}
            for dataset in self.datasets(table):
                named = {*dataset.columns, *dataset.values, *dataset.patterns, *dataset.defaults}
                if unknown := named - known:
                    msg = f"[[{table}]] names {sorted(unknown)}; {table} has {sorted(known)}"
                    raise ValueError(msg)
                if missing := required - {*dataset.columns, *dataset.defaults}:
                    msg = f"[[{table}]] {dataset.files} maps no column to {sorted(missing)}"
                    raise ValueError(msg)
        return self

    def datasets(self, table: str) -> list[Dataset]:
        """The datasets that go into a table."""
        datasets: list[Dataset] = getattr(self, table)
        return datasets


DATASET_TABLES = tuple(name for name in TABLES if name in Recipe.model_fields)


def recipe_names() -> list[str]:
    """The recipes that come with the product."""
    return sorted(path.stem for path in SOURCES.glob("*.toml"))


def load_recipe(source: str) -> Recipe:
    """The recipe of that name, or in that .toml file. Raises DataError with what is wrong in it."""
    path = Path(source) if source.endswith(".toml") else SOURCES / f"{source}.toml"
    if not path.exists():
        raise DataError("unknown_source", source=source, known=", ".join(recipe_names()))
    try:
        return Recipe.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError("bad_recipe", file=path.name, detail=str(error)) from error
    except ValidationError as error:
        detail = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']) or 'recipe'}: {fault['msg']}"
            for fault in error.errors()
        )
        raise DataError("bad_recipe", file=path.name, detail=detail) from error
