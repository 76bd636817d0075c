"""举一反三 in words: one issue, why a place is on its list and what speaks against it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from data.standards import road_classes, thresholds
from data.views.alike import Hindsight, episodes_at_place, issue_place
from data.views.overview import Build
from pages.ui.maps import Scene, draw_map
from pages.ui.read import read
from pages.ui.tables import table
from pages.ui.text import class_name, plain

OFF_STREET = "离路地点"
POINT_COLOURS = {"again": "#bd0026", "new": "#fecc5c", "issue": "#0b6e99", "grid": "#ffffff"}


def place_type(road_class: str) -> str:
    """What kind of place: the road class, or off the streets."""
    return road_classes()[road_class] if road_class else OFF_STREET


def place_name(row: Any) -> str:
    """The street of a place, or where it lies, with an address that was noted there."""
    unnamed = OFF_STREET if pd.isna(row.source_segment_id) else f"无名道路（{row.source_segment_id}）"
    return f"{row.street_name or unnamed}{f'（如 {row.address}）' if row.address else ''}"


def reasons(row: Any, issue: pd.Series) -> str:
    """Why the place is where it is on the list, in one line for the checklist."""
    year = f"近{thresholds()['alike_days'].value:g}天"
    said = []
    if row.times:
        said.append(f"{year}有过 {row.times} 次，最近 {row.last_started_at:%Y-%m-%d}")
    elif row.times_ever:
        said.append(f"以前有过 {row.times_ever} 次，最近 {row.last_started_at:%Y-%m-%d}")
    if row.records:
        said.append(f"{year}各类记录 {row.records} 件")
    return "；".join([*said, *_further(row, issue)])


def _further(row: Any, issue: pd.Series) -> list[str]:
    """What speaks for the place beside its counts."""
    said = []
    if row.is_repeat:
        said.append(f"反复点位（近{thresholds()['repeat_days'].value:g}天 {row.lately} 次）")
    if row.is_same_road:
        said.append(f"同为{place_type(row.road_class)}")
    if row.is_near_site:
        said.append(f"附近同样有{issue['site_types']}")
    if not row.seen:
        said.append("问题发现以来没有任何记录")
    return said


def doubts(row: Any, issue: pd.Series) -> str:
    """What speaks against finding it there."""
    said = []
    if not row.times_ever:
        said.append("从未有过这类问题")
    elif not row.lately:
        said.append(f"近{thresholds()['repeat_days'].value:g}天没有出现")
    if row.seen and not row.last_started_at > issue["reported_at"]:
        said.append(f"问题发现以来有 {row.seen} 次记录，都没有报这类问题")
    return "；".join(said)


def issue_label(row: Any) -> str:
    """An issue in the list to choose from."""
    address = row.address if isinstance(row.address, str) else ""
    mark = "【检查】" if row.is_inspected else ""
    return f"{mark}{row.reported_at:%m-%d} {class_name(row.category)} {address}（{row.issue_id}）"


def issue_card(build: Build, issue_id: str) -> None:
    """What the issue is, where it lies and what there has been at its place."""
    issue = read(issue_place, build.build_id, issue_id).iloc[0]
    st.subheader(f"{plain(class_name(issue['category']))}　{plain(issue['issue_id'])}")
    found = " · ".join(
        plain(issue[column]) for column in ("channel", "inspection_name") if pd.notna(issue[column])
    )
    state = "未整改" if pd.isna(issue["closed_at"]) else f"{issue['closed_at']:%Y-%m-%d %H:%M} 整改完成"
    lines = [
        f"{issue['reported_at']:%Y-%m-%d %H:%M} 上报（{found or '来源不详'}），{state}",
        *(plain(issue[column]) for column in ("address", "description") if pd.notna(issue[column])),
        _place_line(issue),
    ]
    st.markdown("  \n".join(lines))
    history = read(episodes_at_place, build.build_id, issue_id)
    same = history[history["category"] == issue["category"]]
    st.markdown(f"**此处的历史**：这类问题 {len(same)} 次，各类共 {len(history)} 次")
    shown = pd.DataFrame(
        {
            "小类": history["category"].map(class_name),
            "首次上报": history["started_at"],
            "整改完成": history["closed_at"],
            "件数": history["issues"],
        }
    )
    table(shown, "此处的历史", "alike_history", height=180)


def _place_line(issue: pd.Series) -> str:
    if pd.isna(issue["place_id"]):
        return "没有可用的坐标：可以按类别查找，不能按地点类型筛选。"
    grid = plain(issue["grid_name"]) if pd.notna(issue["grid_name"]) else "网格之外"
    kind = place_type(str(issue["road_class"]))
    street = f"{plain(issue['street_name'])}（{kind}）" if issue["street_name"] else kind
    sites = f"；附近有{plain(issue['site_types'])}" if issue["site_types"] else ""
    return f"{grid}，{street}{sites}"


def hindsight_sentence(found: Hindsight) -> str:
    """What the same list would have found, against all candidates."""
    if not found.listed:
        return "没有可以回看的地点。"
    return (
        f"假如 {found.since:%Y-%m-%d} 就按同样的方法列出前 {found.listed} 处，"
        f"到 {found.until:%Y-%m-%d} 前有 **{found.hits}** 处又有这类问题上报"
        f"（{found.hits / found.listed:.0%}）；"
        f"全部 {found.places:,} 处候选中有 {found.place_hits:,} 处"
        f"（{found.place_hits / found.places:.1%}），随意抽查大致就是这个比例。"
    )


def candidate_table(candidates: pd.DataFrame, issue: pd.Series, name: str, key: str) -> None:
    """The list as people read it."""
    rows = list(candidates.itertuples())
    shown = pd.DataFrame(
        {
            "序号": candidates["rank"],
            "网格": candidates["grid_name"],
            "牵头单位": candidates["lead_unit"],
            "地点": [place_name(row) for row in rows],
            "类型": [place_type(row.road_class) for row in rows],
            f"近{thresholds()['alike_days'].value:g}天（次）": candidates["times"],
            "最近一次": candidates["last_started_at"],
            "各类记录（件）": candidates["records"],
            "还有": ["；".join(_further(row, issue)) for row in rows],
            "不利的一面": [doubts(row, issue) for row in rows],
        }
    )
    days = st.column_config.DateColumn(format="YYYY-MM-DD")
    table(shown, name, key, config={"最近一次": days})


def grid_list(listed: pd.DataFrame) -> None:
    """How many places of the list each grid has to check."""
    frame = listed[listed["places"] > 0]
    columns = {
        "grid_name": "网格",
        "lead_unit": "牵头单位",
        "places": "清单上（处）",
        "again": "其中以前有过（处）",
    }
    table(frame[list(columns)].rename(columns=columns), "各网格要查几处", "alike_grids")


def place_map(
    key: str, build: Build, issue: pd.Series, places: pd.DataFrame, listed: pd.DataFrame
) -> None:
    """The places of the list as points, the issue among them; how many there are in each grid."""
    points = [
        {
            "id": row.place_key,
            "lat": row.lat,
            "lon": row.lon,
            "key": "again" if row.times else "new",
            "text": f"{row.rank}. {place_name(row)}：{reasons(row, issue)}",
        }
        for row in places.itertuples()
    ]
    if pd.notna(issue["lon"]):
        here = {"id": "issue", "lat": issue["lat"], "lon": issue["lon"], "key": "issue"}
        points.append(here | {"text": f"问题 {issue['issue_id']}"})
    counts = {row.grid_id: ("grid", f"清单上 {row.places} 处") for row in listed.itertuples()}
    year = f"近{thresholds()['alike_days'].value:g}天"
    legend = [
        (POINT_COLOURS["again"], f"{year}有过"),
        (POINT_COLOURS["new"], f"{year}没有过"),
        (POINT_COLOURS["issue"], "从这个问题出发"),
    ]
    scene = Scene("清单上的地点", POINT_COLOURS, legend, grids=counts, points=points, picked="issue")
    draw_map(key, build, scene, height=430)
