"""The contract: every table and column of a build, with type, unit and meaning.

DDL, validation of incoming files and the documentation are all read from here.
Times (`_at`) are local times of the county's one time zone, which `build.timezone` names.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Type = Literal["text", "float", "int", "bool", "time", "date", "blob"]
SQL_TYPE: dict[Type, str] = {
    "text": "varchar",
    "float": "double",
    "int": "bigint",
    "bool": "boolean",
    "time": "timestamp",
    "date": "date",
    "blob": "blob",
}


@dataclass(frozen=True)
class Column:
    """One column. `from_file`: a recipe may map a file's column to it; `required`: it must."""

    name: str
    type: Type
    meaning: str
    unit: str = ""
    required: bool = False
    from_file: bool = True


@dataclass(frozen=True)
class Table:
    """One table: its grain is one row per `key`; `own_key` where records of files have another one."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    geometry: Literal["", "polygon", "line", "point"] = ""
    own_key: tuple[str, ...] = ()

    def column(self, name: str) -> Column:
        """The column of that name. Raises KeyError."""
        return {column.name: column for column in self.columns}[name]

    @property
    def file_columns(self) -> tuple[Column, ...]:
        """The columns that come out of files."""
        return tuple(column for column in self.columns if column.from_file)

    @property
    def file_key(self) -> tuple[str, ...]:
        """The columns of a file that tell its records apart: the key before grids cut segments."""
        if self.own_key:
            return self.own_key
        own = tuple(name for name in self.key if self.column(name).from_file)
        return own or tuple(c.name for c in self.file_columns if c.required)

    def ddl(self) -> str:
        """The `create table` statement."""
        columns = ",\n    ".join(f"{c.name} {SQL_TYPE[c.type]}" for c in self.columns)
        return f"create table {self.name} (\n    {columns}\n)"


def _derived(name: str, type_: Type, meaning: str, unit: str = "") -> Column:
    return Column(name, type_, meaning, unit, from_file=False)


_PROVENANCE = (
    Column("is_verified", "bool", "whether somebody has read it in the source; false: 默认值"),
    Column("source", "text", "where the value comes from"),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "core_grid",
            "responsibility grids (责任网格)",
            (
                Column("grid_id", "text", "code of the grid", required=True),
                Column("grid_name", "text", "name of the grid"),
                Column("lead_unit", "text", "网格牵头单位"),
                Column("responsible_unit", "text", "责任单位"),
                Column("grid_head", "text", "网格长"),
                Column("valid_from", "date", "first day of the grid; null: always was"),
                Column("valid_to", "date", "last day, included; null: still is"),
                _derived("area_m2", "float", "area of the polygon", "m2"),
                _derived("lon", "float", "a point inside the grid, WGS84", "degree"),
                _derived("lat", "float", "a point inside the grid, WGS84", "degree"),
                _derived("geom", "blob", "polygon, WKB, compute CRS"),
            ),
            key=("grid_id",),
            geometry="polygon",
            own_key=("grid_id", "valid_from"),
        ),
        Table(
            "core_grid_version",
            "every border that a grid has had; core_grid holds the latest one in force",
            (
                _derived("grid_id", "text", "grid"),
                _derived("valid_from", "date", "first day; null: always was"),
                _derived("valid_to", "date", "last day, included; null: still is"),
                _derived("area_m2", "float", "area of the polygon", "m2"),
                _derived("geom", "blob", "polygon, WKB, compute CRS"),
            ),
            key=("grid_id", "valid_from"),
        ),
        Table(
            "core_border_fault",
            "where grids do not tile: areas that two hold (责任重叠) or none does (责任空白)",
            (
                _derived("fault_id", "int", "number: overlaps by grid ids, then gaps, largest first"),
                _derived("kind", "text", "overlap or gap"),
                _derived("grid_ids", "text", "grids that hold it or lie along it, comma-separated"),
                _derived("is_enclosed", "bool", "gap with grids all around it; null for an overlap"),
                _derived("area_m2", "float", "area", "m2"),
                _derived("width_m", "float", "diameter of the widest circle in it", "m"),
                _derived("lon", "float", "a point inside it, WGS84", "degree"),
                _derived("lat", "float", "a point inside it, WGS84", "degree"),
                _derived("geom", "blob", "polygon, WKB, compute CRS"),
            ),
            key=("fault_id",),
        ),
        Table(
            "core_segment",
            "street segments cut at grid borders: one row per segment and grid",
            (
                _derived("segment_id", "text", "source_segment_id, or with @grid_id where it is cut"),
                Column("source_segment_id", "text", "code of the segment in its file", required=True),
                Column("street_name", "text", "name of the street"),
                Column("road_class", "text", "code of standards/road_classes.csv"),
                Column("is_machine_sweepable", "bool", "whether a sweeping machine can reach it"),
                _derived("grid_id", "text", "the grid it lies in; null outside every grid"),
                _derived("length_m", "float", "length of this piece", "m"),
                _derived("geom", "blob", "line or multiline, WKB, compute CRS"),
            ),
            key=("segment_id",),
            geometry="line",
        ),
        Table(
            "core_issue",
            "problems recorded by inspectors, citizens and covert inspections",
            (
                Column("issue_id", "text", "number of the case in its system", required=True),
                Column("category", "text", "小类; 'unknown' where the file says nothing"),
                Column("category_class", "text", "十乱 class; the category itself where none is known"),
                Column("description", "text", "what was seen"),
                Column("address", "text", "where, in words"),
                Column("department", "text", "职能部门 that has to close it"),
                Column("channel", "text", "日检查, 暗访, 随手拍, 公众 …"),
                Column("inspection_id", "text", "inspection round in which it was found"),
                Column("reported_at", "time", "when it was recorded", required=True),
                Column("due_at", "time", "deadline (整改时限)"),
                Column("closed_at", "time", "整改完成; null while open"),
                Column("verified_at", "time", "核查销号"),
                Column("photo_before", "text", "整改前照片: file below the photo folder"),
                Column("photo_after", "text", "整改后照片: file below the photo folder"),
                Column("lon", "float", "WGS84; null where the record has no coordinates", "degree"),
                Column("lat", "float", "WGS84", "degree"),
                _derived("location", "text", "located, unlocated (no coordinates) or sink"),
                _derived("grid_id", "text", "the grid it lies in; null outside every grid"),
                _derived("segment_id", "text", "the nearest piece of street"),
                _derived("segment_offset_m", "float", "distance to that piece", "m"),
                _derived("place_id", "int", "its place (mart_place); null where it has none"),
                _derived("episode_id", "int", "its episode (mart_episode); null without a place"),
                _derived("episode_role", "text", "first, duplicate (重复上报) or reopened (返工)"),
                _derived("segment_along_m", "float", "metres along that piece", "m"),
            ),
            key=("issue_id",),
            geometry="point",
        ),
        Table(
            "core_issue_change",
            "what a later file said differently of an issue: the history of its states",
            (
                _derived("issue_id", "text", "issue"),
                _derived("file", "text", "file that brought the change"),
                _derived("column_name", "text", "column that changed"),
                _derived("before", "text", "value in the file before; null: none"),
                _derived("after", "text", "value in this file; null: none"),
            ),
            key=("issue_id", "file", "column_name"),
        ),
        Table(
            "core_category",
            "the county's own 小类 with their class, before those of standards/categories.csv",
            (
                Column("category", "text", "小类", required=True),
                Column("category_class", "text", "十乱 class", required=True),
                Column("aliases", "text", "other names, separated by ; or 、"),
            ),
            key=("category",),
        ),
        Table(
            "core_department",
            "departments (职能部门) and units by name",
            (
                Column("department", "text", "the name that screens show", required=True),
                Column("department_type", "text", "职能部门, 乡镇街道, 企业 …"),
                Column("aliases", "text", "other names, separated by ; or 、"),
                Column("head", "text", "who answers for it"),
                Column("phone", "text", "office telephone"),
            ),
            key=("department",),
        ),
        Table(
            "core_inspection",
            "inspection rounds",
            (
                Column("inspection_id", "text", "code of the round", required=True),
                Column("inspection_name", "text", "name of the round"),
                Column("inspection_type", "text", "县级暗访, 市级明查 …"),
                Column("first_date", "date", "first day", required=True),
                Column("last_date", "date", "last day, included", required=True),
                Column("organiser", "text", "who inspects"),
            ),
            key=("inspection_id",),
        ),
        Table(
            "core_shift",
            "cleaning roster: a shift on a segment on some weekdays in a season",
            (
                Column("source_segment_id", "text", "the segment swept", required=True),
                Column("shift_name", "text", "name of the shift", required=True),
                Column("cleaner", "text", "保洁单位"),
                Column("weekdays", "text", "digits 1 (Monday) to 7"),
                Column("start_time", "text", "HH:MM", required=True),
                Column("end_time", "text", "HH:MM; earlier than start_time: next day", required=True),
                Column("method", "text", "人工 or 机扫"),
                Column("valid_from", "date", "first day of the roster"),
                Column("valid_to", "date", "last day, included"),
            ),
            key=("source_segment_id", "shift_name", "weekdays", "start_time", "valid_from"),
        ),
        Table(
            "core_cleaning",
            "cleaning log: a pass or job on a segment",
            (
                Column("cleaning_id", "text", "number of the job in its system"),
                Column("source_segment_id", "text", "the segment cleaned", required=True),
                Column("started_at", "time", "begin, or the only time known", required=True),
                Column("ended_at", "time", "end"),
                Column("cleaner", "text", "保洁单位 or person"),
                Column("method", "text", "人工, 机扫, 冲洗, 收运 …"),
                Column("vehicle_id", "text", "machine"),
            ),
            key=("cleaning_id", "source_segment_id", "started_at", "method", "vehicle_id"),
        ),
        Table(
            "core_fix",
            "GPS fixes of cleaning machines and patrols",
            (
                Column("vehicle_id", "text", "machine or person", required=True),
                Column("fixed_at", "time", "when", required=True),
                Column("lon", "float", "WGS84", "degree", required=True),
                Column("lat", "float", "WGS84", "degree", required=True),
                Column("speed_kmh", "float", "speed where the device reports it", "km/h"),
            ),
            key=("vehicle_id", "fixed_at"),
            geometry="point",
        ),
        Table(
            "core_visit",
            "somebody looked at a place at a time: patrol logs, inspection tracks",
            (
                Column("visit_id", "text", "number of the visit in its system"),
                Column("visited_at", "time", "when", required=True),
                Column("visitor", "text", "who"),
                Column("source_segment_id", "text", "the segment looked at"),
                Column("site_id", "text", "the site looked at"),
                Column("lon", "float", "WGS84", "degree"),
                Column("lat", "float", "WGS84", "degree"),
                Column("inspection_id", "text", "inspection round"),
                Column("note", "text", "what was seen"),
                _derived("location", "text", "located, unlocated (no coordinates) or sink"),
                _derived("grid_id", "text", "the grid it lies in; null outside every grid"),
                _derived("segment_id", "text", "the nearest piece of street"),
                _derived("segment_offset_m", "float", "distance to that piece", "m"),
            ),
            key=("visit_id", "visited_at", "visitor", "source_segment_id", "site_id", "lon", "lat"),
            geometry="point",
        ),
        Table(
            "core_site",
            "candidate sample points (样本点)",
            (
                Column("site_id", "text", "code of the site", required=True),
                Column("site_name", "text", "name of the site"),
                Column("site_type", "text", "农贸市场, 公厕, 居民小区 …"),
                Column("address", "text", "where, in words"),
                Column("lon", "float", "WGS84", "degree"),
                Column("lat", "float", "WGS84", "degree"),
                _derived("location", "text", "located, unlocated (no coordinates) or sink"),
                _derived("grid_id", "text", "the grid it lies in; null outside every grid"),
            ),
            key=("site_id",),
            geometry="point",
        ),
        Table(
            "standard_item",
            "items of the standard by edition (2021: 7 aspects, 45 items)",
            (
                Column("edition", "text", "edition of the standard", required=True),
                Column("item_no", "text", "its number; 合计: how many there are", required=True),
                Column("aspect", "text", "方面"),
                Column("content", "text", "what it asks for; of 合计 the stated number of items"),
                Column("field_block", "text", "block of the field inspection that it belongs to"),
                *_PROVENANCE,
            ),
            key=("edition", "item_no"),
        ),
        Table(
            "standard_indicator",
            "numbers that the standard asks for, by edition and scope",
            (
                Column("edition", "text", "edition of the standard", required=True),
                Column("indicator", "text", "保洁时间, 绿化覆盖率 …", required=True),
                Column("scope", "text", "code of a road class, or in words; null: everywhere"),
                Column("comparison", "text", ">=, <= or =", required=True),
                Column("value", "float", "in `unit`", required=True),
                Column("unit", "text", "h, %, m2 …"),
                *_PROVENANCE,
            ),
            key=("edition", "indicator", "scope"),
        ),
        Table(
            "standard_quota",
            "least number of sample points by edition, site type and population",
            (
                Column("edition", "text", "edition of the standard", required=True),
                Column("block", "text", "block of the inspection", required=True),
                Column("site_type", "text", "农贸市场, 公厕 …; 合计 for the block", required=True),
                Column("population_from", "float", "of the built-up area, included", "10 000"),
                Column("population_to", "float", "not included; null: no limit", "10 000"),
                Column("quota", "float", "sample points at least", "sites", required=True),
                *_PROVENANCE,
            ),
            key=("edition", "block", "site_type", "population_from"),
        ),
        Table(
            "standard_weight",
            "points by edition, form and aspect",
            (
                Column("edition", "text", "edition of the standard", required=True),
                Column("form", "text", "form or part of the assessment", required=True),
                Column("aspect", "text", "aspect or block; 合计 for the form", required=True),
                Column("points", "float", "full mark", "points", required=True),
                *_PROVENANCE,
            ),
            key=("edition", "form", "aspect"),
        ),
        Table(
            "standard_deduction",
            "points lost for a find at a sample point, by form, part, site type and item",
            (
                Column("edition", "text", "edition of the standard", required=True),
                Column(
                    "form", "text", "form whose parts and points standard_weight holds", required=True
                ),
                Column("part", "text", "part of the form: an aspect of standard_weight", required=True),
                Column("site_type", "text", "农贸市场, 公厕, 主次干道 …", required=True),
                Column("item", "text", "十乱 class; 其他 for all that have no row", required=True),
                Column(
                    "points", "float", "lost for each point with that find", "points", required=True
                ),
                Column("cap", "float", "most that this row can lose; null: no limit", "points"),
                *_PROVENANCE,
            ),
            key=("edition", "form", "site_type", "item"),
        ),
        Table(
            "mart_grid_street",
            "length of street by grid and road class",
            (
                _derived("grid_id", "text", "grid"),
                _derived("road_class", "text", "code of standards/road_classes.csv"),
                _derived("length_m", "float", "length of street", "m"),
            ),
            key=("grid_id", "road_class"),
        ),
        Table(
            "mart_place",
            "places of issues: a piece of street, or a cluster of issues off the streets",
            (
                _derived("place_id", "int", "number in this build; another build numbers anew"),
                _derived("segment_id", "text", "the piece of street; null for a cluster"),
                _derived("lon", "float", "a point on it, WGS84", "degree"),
                _derived("lat", "float", "a point on it, WGS84", "degree"),
            ),
            key=("place_id",),
        ),
        Table(
            "mart_episode",
            "episodes: the issues that are one problem at one place, by place, category and start",
            (
                _derived("episode_id", "int", "number in this build"),
                _derived("place_id", "int", "where"),
                _derived("category_code", "int", "number of the category, for order"),
                _derived("category", "text", "小类"),
                _derived("category_class", "text", "十乱 class of its first issue"),
                _derived("department", "text", "of its first issue"),
                _derived("grid_id", "text", "of its first issue"),
                _derived("first_issue_id", "text", "its first issue"),
                _derived("started_at", "time", "first report"),
                _derived("closed_at", "time", "last closing; null while any issue is open"),
                _derived("verified_at", "time", "last verification"),
                _derived("issues", "int", "issues in it: 1 + duplicates + reopened", "issues"),
                _derived("duplicates", "int", "reported again while open", "issues"),
                _derived("reopened", "int", "reported again within a day of closing", "issues"),
                _derived("next_started_at", "time", "start of the next at its place and category"),
            ),
            key=("episode_id",),
        ),
        Table(
            "mart_day",
            "days that coverage can be told of: from the first to the last with data, before today",
            (
                _derived("on_date", "date", "the day"),
                _derived("weekday", "int", "1 (Monday) to 7"),
                _derived("has_roster", "bool", "whether the county's roster is in force"),
            ),
            key=("on_date",),
        ),
        Table(
            "mart_segment",
            "what coverage knows of each piece of street",
            (
                _derived("segment_id", "text", "piece of core_segment"),
                _derived("segment_no", "int", "its number in this build, for joins over many days"),
                _derived(
                    "roster_id", "int", "its weeks in mart_roster; null: the county has no roster"
                ),
                _derived(
                    "usual_source", "text", "source that swept most of it; 'any' where none ever did"
                ),
            ),
            key=("segment_id",),
        ),
        Table(
            "mart_roster",
            "weeks of the roster, a plan and no evidence; segments with the same shifts share them",
            (
                _derived("roster_id", "int", "number of the pattern of shifts"),
                _derived("first_date", "date", "first day"),
                _derived("last_date", "date", "last day, included"),
                _derived("weekday", "int", "1 (Monday) to 7"),
                _derived("hours", "float", "union of the shifts inside the duty window", "h"),
                _derived("machine_hours", "float", "the same of shifts with a machine", "h"),
                _derived(
                    "clock_hours",
                    "int",
                    "bit h: a shift that begins on the day is at work from h to h+1",
                ),
            ),
            key=("roster_id", "first_date", "weekday"),
        ),
        Table(
            "mart_cleaning_day",
            "a piece of street on a day with a pass: what logs and tracks give evidence of",
            (
                _derived("segment_no", "int", "piece of street, as in mart_segment"),
                _derived("on_date", "date", "the day"),
                _derived(
                    "grade", "text", "best evidence: A matched track, B log with both times, C log"
                ),
                _derived("passes", "int", "log rows and stretches of tracks that begin on the day"),
                _derived("hours", "float", "union of roster and passes inside the duty window", "h"),
                _derived("pass_hours", "float", "union of the passes alone", "h"),
                _derived("roster_hours", "float", "of the roster alone; null: none is in force", "h"),
                _derived("swept_m", "float", "union of the stretches swept", "m"),
                _derived("machine_m", "float", "union of those swept by a machine", "m"),
                _derived(
                    "clock_hours", "int", "bit h: a pass that begins on the day goes on from h to h+1"
                ),
                _derived("is_usual_seen", "bool", "whether its usual source has data of that day"),
            ),
            key=("segment_no", "on_date"),
        ),
        Table(
            "mart_source_day",
            "days of which a source has data (a device: of two places); on others its work is unknown",
            (
                _derived("source", "text", "gps:<vehicle_id>, log, or any for all of them together"),
                _derived("on_date", "date", "the day"),
                _derived("records", "int", "fixes or log rows"),
            ),
            key=("source", "on_date"),
        ),
        Table(
            "mart_track",
            "stretches of street that machines drove, from matched GPS tracks",
            (
                _derived("vehicle_id", "text", "machine"),
                _derived("segment_id", "text", "piece of core_segment"),
                _derived("entered_at", "time", "when"),
                _derived("left_at", "time", "when"),
                _derived("from_m", "float", "along the piece", "m"),
                _derived("to_m", "float", "along the piece, above from_m", "m"),
                _derived("is_work", "bool", "at work speed; else transit, which cleans nothing"),
            ),
        ),
        Table(
            "mart_coverage_rule",
            "one row: the settings that the coverage marts were made with",
            (
                _derived("duty_from", "float", "begin of the duty window, time of day", "h"),
                _derived("duty_to", "float", "its end", "h"),
                _derived("work_from_kmh", "float", "least work speed of machines", "km/h"),
                _derived("work_to_kmh", "float", "greatest work speed of machines", "km/h"),
                _derived(
                    "longest_pass_hours", "float", "a longer log entry has no believable end", "h"
                ),
            ),
        ),
        Table(
            "mart_grid_neighbour",
            "grids in force that share a border or a corner: each pair in both directions",
            (
                _derived("grid_id", "text", "grid"),
                _derived("neighbour_id", "text", "a grid that it touches"),
            ),
            key=("grid_id", "neighbour_id"),
        ),
        Table(
            "mart_segment_neighbour",
            "pieces of street that share an end: each pair in both directions",
            (
                _derived("segment_id", "text", "piece of street"),
                _derived("neighbour_id", "text", "a piece that meets it"),
            ),
            key=("segment_id", "neighbour_id"),
        ),
        Table(
            "load_file",
            "what was read from each file: rows_read = accepted + superseded + refused + set_aside",
            (
                _derived("table_name", "text", "table it was loaded into"),
                _derived("file", "text", "file name"),
                _derived("wanted", "text", "which records of it (`only`); empty: all of them"),
                _derived("sha256", "text", "digest of the file"),
                _derived("rows_read", "int", "records in the file"),
                _derived("accepted", "int", "records in the build"),
                _derived("superseded", "int", "records of which a later file holds a newer state"),
                _derived("refused", "int", "records refused, each with its reason in load_refused"),
                _derived("set_aside", "int", "records that the recipe leaves aside (`only`)"),
            ),
            key=("table_name", "file", "wanted"),
        ),
        Table(
            "load_original",
            "every file the build was made of, kept by content in the store",
            (
                _derived("file", "text", "path below the recipe's folder"),
                _derived("sha256", "text", "digest of its content"),
            ),
            key=("file",),
        ),
        Table(
            "load_refused",
            "every refused record, once for each of its faults",
            (
                _derived("table_name", "text", "table it was meant for"),
                _derived("file", "text", "file name"),
                _derived("wanted", "text", "which records of it (`only`), as in load_file"),
                _derived("row", "int", "row as a spreadsheet counts it: the header is row 1"),
                _derived("column_name", "text", "the file's own column name"),
                _derived("value", "text", "the offending value"),
                _derived("reason", "text", "code of data/messages.toml"),
                _derived("raw", "text", "the whole record as JSON"),
                _derived("is_mended", "bool", "whether a later file brought the record in order"),
            ),
        ),
        Table(
            "load_finding",
            "what is odd but was accepted, counted",
            (
                _derived("table_name", "text", "table"),
                _derived("finding", "text", "code of data/messages.toml"),
                _derived("count", "int", "records (or metres, as the message says)"),
                _derived("detail", "text", "where, by example"),
            ),
        ),
        Table(
            "load_history",
            "one row a load of this county, this one last: how its data got better or worse",
            (
                _derived("build_id", "text", "the build it made"),
                _derived("built_at", "time", "when, UTC"),
                _derived("rows_read", "int", "records in all files"),
                _derived("accepted", "int", "records in the build"),
                _derived("refused", "int", "records refused and not mended since"),
                _derived("odd", "int", "records with a finding; one may have several"),
                _derived("issues", "int", "issues in the build"),
                _derived("unlocated", "int", "issues without coordinates"),
                _derived("outside_grids", "int", "located issues outside every grid"),
                _derived("data_until", "date", "the day after the last recorded day"),
            ),
            key=("build_id",),
        ),
        Table(
            "layer",
            "what a map fetches: GeoJSON in WGS84, five decimals, gzip",
            (
                _derived("layer", "text", "grids, streets, water or borders"),
                _derived("body", "blob", "gzipped GeoJSON"),
            ),
            key=("layer",),
        ),
        Table(
            "build",
            "one row: what this build is",
            (
                _derived("build_id", "text", "name of the file without .duckdb"),
                _derived("catalog", "text", "digest of the catalog it was written with"),
                _derived("source", "text", "name of the recipe"),
                _derived("recipe", "text", "the recipe itself, JSON"),
                _derived("title", "text", "name of the place, for the screen"),
                _derived("note", "text", "what a reader of every page must know about this data"),
                _derived("timezone", "text", "of all times in the build"),
                _derived("compute_crs", "text", "of all geometry in the build, metres"),
                _derived("built_at", "time", "when, UTC"),
                _derived("now", "time", "the county's time that counted as now: nothing lies after it"),
                _derived("data_until", "date", "the day after the last recorded day"),
                _derived("west", "float", "extent of the grids, WGS84", "degree"),
                _derived("south", "float", "extent of the grids, WGS84", "degree"),
                _derived("east", "float", "extent of the grids, WGS84", "degree"),
                _derived("north", "float", "extent of the grids, WGS84", "degree"),
            ),
        ),
    )
}


@lru_cache(maxsize=1)
def digest() -> str:
    """Short digest of all tables: a build with another one was written by another version."""
    text = "".join(table.ddl() for table in TABLES.values())
    return hashlib.sha256(text.encode()).hexdigest()[:12]
