"""What to repair first: the list, what it brings, the places on the map, repairs on trial."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from data.export import workbook_by
from data.standards import threshold
from data.views.frame import street_point_of
from data.views.overview import Build
from data.views.rehearsal import PlanRehearsal
from data.views.site_lists import site_records
from pages.ui.charts_rehearsal import repair_chart
from pages.ui.filters import choose, url_number, url_select
from pages.ui.maps import Scene, clicked, draw_map
from pages.ui.read import read
from pages.ui.records import record_table
from pages.ui.rehearse_rule import Rule, rehearsal
from pages.ui.rehearse_words import chance_text, score_digits
from pages.ui.sampling import Plan
from pages.ui.save import save_button
from pages.ui.sites import (
    NAMELESS,
    OUTSIDE,
    all_grids,
    place,
    reasons_text,
    risk_text,
    street_piece,
)
from pages.ui.tables import table
from pages.ui.text import plain

MOST = int(threshold("repair_places"))
PLACE_COLOURS = {"first": "#bd0026", "repaired": "#0b6e99", "grid": "#ffffff"}
ONE_DIGIT = st.column_config.NumberColumn(format="%.1f")


def show_repairs(build: Build, plan: Plan, rule: Rule, found: PlanRehearsal) -> None:
    """The list of repairs, what they bring together, one place in full, and repairs on trial."""
    rows = found.repairs
    if rows.empty:
        st.success("模拟中没有一处失分，没有可整治的。")
        return
    narrow, wide = st.columns([1, 5], vertical_alignment="bottom", gap="large")
    with narrow:
        most = min(len(rows), url_number("先整治几处", (1, MOST), 5, "k"))
    with wide:
        st.markdown(f"#### {_together(found, most)}")
    if rows["is_by_points"].any():
        st.caption(_why_by_points(found))
    _repair_table(rows.head(most), score_digits(found))
    left, right = st.columns([1, 1.2], gap="large")
    with left:
        names = [_bare_name(row) for row in rows.to_dict("records")]
        repair_chart(found, most, names, "rehearse_repairs")
    with right:
        ticked = _ticks(plan, rows)
        if ticked:
            with st.spinner("按假定已整改的地点重算……"):
                on_trial = rehearsal(build, rule, ticked)
                _trial(found, on_trial, len(ticked))
    _places(build, rows.head(most), ticked)


def _together(found: PlanRehearsal, most: int) -> str:
    last = found.repairs.iloc[most - 1]
    before, after = (chance_text(passes, found.rounds) for passes in (found.passes, last["passes"]))
    digits = score_digits(found)
    score = f"预计得分 {found.score:.{digits}f} → {last['score']:.{digits}f}"
    if found.repairs["is_by_points"].all():
        return f"再整治这 {most} 处，{score}"
    return f"再整治这 {most} 处，通过概率 {before} → {after}，{score}"


def _why_by_points(found: PlanRehearsal) -> str:
    if not found.repairs["is_by_points"].all():
        return "“按得分”的几处：轮到它们时通过概率已几乎不动，按预计得分排。"
    side = "已接近 100%" if found.pass_share > 0.5 else "接近 0"
    return f"通过概率{side}，单独整治哪一处都几乎不动它：清单按预计得分排。"


def _repair_table(rows: pd.DataFrame, digits: int) -> None:
    shown = pd.DataFrame(
        {
            "序号": range(1, len(rows) + 1),
            "地点": [_place_name(row) for row in rows.to_dict("records")],
            "类型": rows["site_type"],
            "网格": rows["grid_name"].where(rows["grid_name"] != "", OUTSIDE),
            "牵头单位": rows["lead_unit"],
            "风险": rows["risk"].map(risk_text),
            "单独整治：通过概率（百分点）": 100 * rows["pass_gain"],
            "单独整治：得分": rows["points_gain"],
            "累计通过概率（%）": 100 * rows["pass_share"],
            "累计预计得分": rows["score"],
            "为什么": rows["reasons"].map(reasons_text),
            "排序": rows["is_by_points"].map({True: "按得分", False: "按通过概率"}),
        }
    )
    scores = st.column_config.NumberColumn(format=f"%.{digits}f")
    config = {
        "单独整治：通过概率（百分点）": ONE_DIGIT,
        "单独整治：得分": st.column_config.NumberColumn(format=f"%.{digits + 1}f"),
        "累计通过概率（%）": ONE_DIGIT,
        "累计预计得分": scores,
    }
    if rows["is_by_points"].all():  # the chance to pass does not move: said above, once
        shown = shown.drop(columns=[name for name in shown if "通过概率" in name or name == "排序"])
    table(shown, "整改优先清单", "rehearse_repairs_table", config=config)
    save_button(
        "按牵头单位分表（Excel）",
        lambda: workbook_by(shown, "牵头单位", "整改优先清单"),
        "整改优先清单（分牵头单位）.xlsx",
        "rehearse_repairs_by_unit",
        icon=":material/table:",
        type="tertiary",
    )


def _place_name(row: dict[Any, Any]) -> str:
    """A place that is repaired at once: a site, or a street with how many points it has in the grid."""
    name = _bare_name(row)
    return name if row["kind"] == "site" else f"{name}（{row['sites']} 个点）"


def _bare_name(row: dict[Any, Any]) -> str:
    """A street without a name is told from the others by its piece, which is the place."""
    if row["place_name"]:
        return str(row["place_name"])
    point = street_point_of(str(row["site_key"]))
    return "（无名）" if point is None else f"（{NAMELESS} {street_piece(point[0])}）"


def _ticks(plan: Plan, rows: pd.DataFrame) -> tuple[str, ...]:
    """Places that the planner takes for repaired."""
    ticked = []
    with st.container(border=True):
        st.markdown("**假定已整改**：勾选几处，看新的得分")
        columns = st.columns(3)
        for position, row in enumerate(rows.to_dict("records")):
            key = f"repaired_{plan.plan_id}_{row['place_key']}"
            with columns[3 * position // len(rows)]:  # down, then on, as the tab key goes
                if st.checkbox(plain(f"{position + 1}. {_place_name(row)}"), key=key):
                    ticked.append(row["place_key"])
    return tuple(sorted(ticked))


def _trial(before: PlanRehearsal, after: PlanRehearsal, count: int) -> None:
    digits, gain = score_digits(before), after.score - before.score
    points = 100 * (after.pass_share - before.pass_share)
    st.success(
        f"假定这 {count} 处已整改：预计得分 **{before.score:.{digits}f} → "
        f"{after.score:.{digits}f}**（+{gain:.{digits}f}），"
        f"通过概率 **{chance_text(before.passes, before.rounds)} → "
        f"{chance_text(after.passes, after.rounds)}**（+{points:.1f} 个百分点）。"
        "同样的抽取、同样的运气，只是这几处不再出问题。"
    )


def _places(build: Build, rows: pd.DataFrame, ticked: tuple[str, ...]) -> None:
    """The places on the map, and one of them with its records."""
    if key := clicked("rehearse_map", "id"):
        choose("place", key)
    names = {
        row["place_key"]: f"{position}. {_place_name(row)}"
        for position, row in enumerate(rows.to_dict("records"), start=1)
    }
    left, right = st.columns([1.25, 1], gap="large")
    with right:
        place_key = url_select("看哪一处", {"": "（点地图，或在这里选）"} | names, "place")
        if place_key:
            _place(build, rows.set_index("place_key").loc[place_key].to_dict())
    with left:
        points: list[dict[str, object]] = [
            {
                "id": row["place_key"],
                "lat": round(row["lat"], 5),
                "lon": round(row["lon"], 5),
                "key": "repaired" if row["place_key"] in ticked else "first",
                "text": names[row["place_key"]],
            }
            for row in rows.to_dict("records")
        ]
        legend = [(PLACE_COLOURS["first"], "优先整改"), (PLACE_COLOURS["repaired"], "假定已整改")]
        grids = dict.fromkeys(all_grids(build)["grid_id"], ("grid", ""))
        scene = Scene("整改优先的地点", PLACE_COLOURS, legend, grids, points=points, picked=place_key)
        draw_map("rehearse_map", build, scene, height=420)


def _place(build: Build, row: dict[Any, Any]) -> None:
    """One place: where it is, why, and the records of its riskiest point."""
    who = f"{plain(row['grid_name'] or OUTSIDE)}　{plain(row['lead_unit'])}"
    st.markdown(
        f"**{plain(_place_name(row))}**　{who}  \n{plain(reasons_text(row['reasons']))}  \n"
        f"坐标（纬度，经度）：{place(row)}"
    )
    records = read(site_records, build.build_id, row["site_key"], build.data_until)
    which = "" if row["kind"] == "site" else "风险最高的一点"
    st.markdown(f"**{which}近一年的记录：{len(records)} 件**")
    if len(records):
        table(record_table(records), "地点的记录", "rehearse_records", height=230)
