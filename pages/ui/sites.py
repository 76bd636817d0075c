"""Sites in words: how one is called, why its risk is what it is, what speaks for and against it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from data.engine import Engine
from data.filters import Filters
from data.standards import road_classes
from data.views.choose import LOWERS_RISK
from data.views.frame import SampleFrame, in_grids, sample_frame, street_point_of
from data.views.overview import Build, build_info, grids_in_force
from data.views.site_lists import frame_by_grid, frame_by_type, risk_edges, street_risk
from pages.ui.read import read, read_shared

Site = Mapping[Any, Any]  # one row of the frame, or a point of a plan
OUTSIDE = "网格之外"
NAMELESS = "无名道路"
UNSEEN = "很久无人看过"
AVERAGE = "与一般点位相近"  # a risk for which no reason stands out
REASONS = {
    "open": "有 {} 件问题未整改",
    "closed_days": "上一个问题{}才整改完，正容易反弹",
    "finds_90": "近 90 天有 {} 件问题",
    "finds_year": "近一年有 {} 件问题",
    "seen_days": "{}有过记录或巡查",
    "uncleaned_days": "已 {} 天没有清扫",
    "type_high": "同类点位出问题的比例偏高（{}）",
    "quiet_days": "近 90 天没有问题，{}有人看过",
    "fewer_finds": "近一年 {} 件问题，少于同类平均",
    "cleaned_days": "{}清扫过",
    "type_low": "同类点位出问题的比例偏低（{}）",
    "unseen_days": "{} 天没有人看过，情况不明",
    "never_seen": "从来没有人看过，情况不明",
    "pinned": "指定保留",
    "low_risk": "风险 {}，低于同类平均",
    "looked_days": "{}有人看过",
    "only_in_grid": "{}只有这一个点",
    "high_risk": "风险 {}，高于同类平均",
}
AGO = ("closed_days", "seen_days", "quiet_days", "cleaned_days", "looked_days")
SPEAKS_FOR = (*LOWERS_RISK, "pinned", "low_risk", "looked_days", "only_in_grid")


def site_frame(build: Build) -> SampleFrame:
    """All candidate sites; one object for all sessions, not to be changed."""
    return read_shared(sample_frame, build.build_id)


def candidates(build: Build) -> SampleFrame:
    """The sites that may be declared and drawn: those in grids."""
    return read_shared(_candidates, build.build_id, build)


def _candidates(_: Engine, build: Build) -> SampleFrame:
    return in_grids(site_frame(build))


@dataclass(frozen=True)
class FrameLists:
    """The frame by type and by grid, and the edges of its streets' bands (data.views.site_lists)."""

    by_type: pd.DataFrame
    by_grid: pd.DataFrame
    street_edges: tuple[float, ...]


def frame_lists(build: Build) -> FrameLists:
    """What is counted over the whole frame, once for a build."""
    return read(_frame_lists, build.build_id, build.build_id)


def _frame_lists(_: Engine, build_id: str) -> FrameLists:
    found = read_shared(sample_frame, build_id)
    edges = risk_edges(street_risk(found.frame), "highest_risk")
    grids = all_grids(read(build_info, build_id))
    return FrameLists(frame_by_type(found), frame_by_grid(found, grids), edges)


def all_grids(build: Build) -> pd.DataFrame:
    """The grids in force at the end of the data: grid_id, grid_name, lead_unit."""
    last = Filters(build.data_until - timedelta(days=1), build.data_until)
    return read(grids_in_force, build.build_id, last)


def every_day(build: Build) -> Filters:
    """All days of the data, for addresses of what has no period."""
    return Filters(build.first_date, build.period_until)


def site_name(site: Site) -> str:
    """How people call a site: its name, or the street with the grid, its piece and the point on that.

    The piece is called as in the county's own files: a street may have several in one grid.
    """
    if site["site_name"]:
        return str(site["site_name"])
    street = site["street_name"] or f"（{NAMELESS}）"
    point = street_point_of(str(site["site_key"]))
    if point is None:
        return f"（无名称）{site['address'] or site['site_type']}"
    segment_id, number = point
    return f"{street} · {site['grid_name'] or OUTSIDE}（{street_piece(segment_id)} 第 {number + 1} 点）"


def street_piece(segment_id: str) -> str:
    """What a piece of street is called in the county's own files."""
    return segment_id.partition("@")[0]  # the loader cuts pieces at grid borders: id@grid


def map_point(site: Site, key: str, text: str) -> dict[str, object]:
    """A site as a map draws it (pages/ui/maps.py); key: of its colour, text: what a pointer reads."""
    return {
        "id": site["site_key"],
        "lat": round(site["lat"], 5),
        "lon": round(site["lon"], 5),
        "key": key,
        "text": text,
    }


def where(site: Site) -> str:
    """What stands beside the name: the address, or the road class."""
    if site["address"]:
        return str(site["address"])
    return road_classes().get(str(site.get("road_class", "")), "")


def place(site: Site) -> str:
    """Latitude and longitude, WGS84."""
    return f"{site['lat']:.6f}, {site['lon']:.6f}"


def risk_text(risk: float) -> str:
    """0.123 -> 12.3%; small ones keep two digits; not known -> —."""
    if risk is None or math.isnan(risk):
        return "—"
    return f"{risk:.1%}" if risk >= 0.01 else f"{risk:.2%}"


def days_ago(days: float) -> str:
    """How long ago something was; NaN: never (seen) or unknown (cleaned) is the caller's word."""
    return "当天" if days < 1 else f"{days:.0f} 天前"


def reason_text(code: str, value: Any) -> str:
    """One reason of the frame or of the choice as a sentence."""
    if code in AGO:
        value = days_ago(float(value))
    elif code in ("type_high", "type_low"):
        value = f"{float(value) / 10:g}%"
    elif code in ("low_risk", "high_risk"):
        value = risk_text(float(value))
    return REASONS[code].format(value)


def reasons_text(reasons: Iterable[tuple[str, Any]]) -> str:
    """Reasons in one line."""
    return "；".join(reason_text(code, value) for code, value in reasons)


def pros_and_cons(reasons: Iterable[tuple[str, Any]]) -> tuple[str, str]:
    """What speaks for and against a point, each in one line."""
    told = list(reasons)
    is_quiet = any(code == "quiet_days" for code, _ in told)  # it says when somebody looked, too
    told = [pair for pair in told if pair[0] != "looked_days" or not is_quiet]
    pros = [pair for pair in told if pair[0] in SPEAKS_FOR]
    return reasons_text(pros), reasons_text([pair for pair in told if pair[0] not in SPEAKS_FOR])


def day_text(at: Any) -> str:
    """A day; nothing where there is none."""
    return "" if pd.isna(at) else f"{at:%Y-%m-%d}"


def swept_day(site: Site, until: date) -> str:
    """The day on which the street was last swept; empty where nobody knows."""
    days = site["days_since_cleaned"]
    return "" if math.isnan(days) else f"{until - timedelta(days=int(days)):%Y-%m-%d}"
