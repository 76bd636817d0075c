"""The declared points of a plan: table, map, and the picked one with its reasons and stand-ins."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from data.views.choose import stand_in_list
from data.views.overview import Build
from data.views.plan_review import Review
from pages.ui.entry import kept
from pages.ui.filters import choose, url_switch
from pages.ui.maps import Scene, clicked, draw_map
from pages.ui.plan_actions import bar, swap, unbar
from pages.ui.plan_map import BARE, COVERED, TYPE_COLOURS, grids_by_points, plan_point
from pages.ui.plan_site import open_frame, pin_button
from pages.ui.plan_words import point_table
from pages.ui.records import POINTS_SHOWN
from pages.ui.sampling import Plan
from pages.ui.sites import (
    OUTSIDE,
    Site,
    candidates,
    place,
    pros_and_cons,
    risk_text,
    site_frame,
    site_name,
)
from pages.ui.tables import picked, table
from pages.ui.text import number, plain

MAP, TABLE = "plan_map", "plan_points"
STAND_INS = 5
WIDTHS = {
    name: st.column_config.TextColumn(width=width)
    for name, width in {"点位": 310, "不利": 180, "有利": 300}.items()
}
# Okabe and Ito's: the colour-blind can tell them apart.
STATES = {
    "good": ("#56b4e9", "没有提醒"),
    "pinned": ("#0072b2", "指定保留"),
    "doubt": ("#d55e00", "有提醒"),
    "stand_in": ("#ffffff", "可换的候选"),
}


def show_points(build: Build, plan: Plan, found: Review, locked: str) -> None:
    """Table and map of the points, the picked one with its reasons and stand-ins.

    locked  why the points cannot be changed; "" if they can
    """
    if found.points.empty:
        st.info("这一版没有申报点：请到“设置与重选”检查配额和申报比例。")
        return
    keys = list(found.points["site_key"])
    stand_ins = pd.DataFrame()
    left, right = st.columns([2, 1], gap="medium")
    with left:
        columns = ["序号", "点位", "类型", "风险", "不利", "有利", "最近的同类点（米）", "网格"]
        shown = point_table(found)[columns]
        states = pd.Series([_state(row) for row in found.points.to_dict("records")])
        shown.insert(4, "状态", [_state_text(row) for row in found.points.to_dict("records")])
        spot = clicked(MAP, "id")
        if spot in keys and states[keys.index(spot)] != "doubt":
            choose("only", "")  # a point that the short list would not show
        only = url_switch(
            "申报点" if locked else "申报点（点选一行或地图上的点，可保留、不选、更换）",
            {"": f"全部（{len(shown)}）", "doubt": f"有提醒的（{(states == 'doubt').sum()}）"},
            "only",
        )
        if only:
            shown = shown[states == only].reset_index(drop=True)
        key = picked("site", TABLE, [keys[number - 1] for number in shown["序号"]], spot)
        table(shown, "申报点", TABLE, height=250, select=True, config=WIDTHS)
    if key and not locked:
        stand_ins = stand_in_list(
            candidates(build).frame, plan.settings, tuple(keys), plan.barred, key, STAND_INS
        )
    with right:
        _point_map(build, found, key, stand_ins)
    if locked and key:
        st.info(locked)
    if key:
        _card(build, plan, found, key, stand_ins, is_open=not locked)
    if plan.barred and not locked:
        _barred(build, plan)


def _state(row: Site) -> str:
    if row["is_unseen"] or row["has_open"] or row["is_near"]:
        return "doubt"
    return "pinned" if row["is_pinned"] else "good"


def _state_text(row: Site) -> str:
    words = STATES[_state(row)][1]
    return f"指定保留，{words}" if row["is_pinned"] and _state(row) == "doubt" else words


def _point_map(build: Build, found: Review, key: str, stand_ins: pd.DataFrame) -> None:
    """The points by state, or by type; grids by whether they have one."""
    types = list(found.by_type.loc[found.by_type["chosen"] > 0, "site_type"])
    by = url_switch("点的颜色", {"": "状态", "type": "类型"}, "colour")
    colours = {name: TYPE_COLOURS[n % len(TYPE_COLOURS)] for n, name in enumerate(types)}
    legend = [(colours[name], name) for name in types]
    key_of = _state if by == "" else lambda row: str(row["site_type"])
    points = [plan_point(row, key_of(row), site_name(row)) for row in found.points.to_dict("records")]
    if by == "":
        colours = {code: colour for code, (colour, _) in STATES.items()}
        shown = {str(point["key"]) for point in points} | ({"stand_in"} if len(stand_ins) else set())
        legend = [STATES[code] for code in STATES if code in shown]
    points += [
        plan_point(row, "stand_in", f"候选 {row['rank']}：{site_name(row)}")
        for row in stand_ins.to_dict("records")
    ]
    ground = {"0": BARE, **dict.fromkeys("123", COVERED)}
    scene = Scene(
        "申报点",
        colours | ground | {"stand_in": STATES["stand_in"][0]},
        [*legend, (BARE, "没有申报点的网格")],
        grids_by_points(found.by_grid),
        points=points[:POINTS_SHOWN],
        picked=key,
    )
    draw_map(MAP, build, scene, height=286)


def _card(
    build: Build, plan: Plan, found: Review, key: str, stand_ins: pd.DataFrame, *, is_open: bool
) -> None:
    """One point: for and against, to keep or to leave out, and who could take its place."""
    row = found.points[found.points["site_key"] == key].iloc[0].to_dict()
    pros, cons = pros_and_cons(row["reasons"])
    with st.container(border=True):
        left, right = st.columns([1, 1.6], gap="medium")
        with left:
            st.markdown(f"#### {plain(site_name(row))}")
            if is_open:
                with st.container(horizontal=True, gap="small"):
                    pin_button(build, plan, key)
                    st.button(
                        "不选",
                        key=f"bar_{key}",
                        on_click=kept(bar, build, plan, key),
                        icon=":material/block:",
                        help="这个点不再选，由自动选点补一个同类的；其余点不动",
                    )
            whose = (row["site_type"], row["grid_name"] or OUTSIDE, row["lead_unit"])
            lines = [
                plain("　".join(whose)),
                f"坐标（纬度，经度）：{place(row)}",
                f"风险 **{risk_text(row['risk'])}**",
                f"有利：{plain(pros) or '—'}",
                f"不利：{plain(cons) or '—'}",
            ]
            st.markdown("  \n".join(lines))
        with right:
            if is_open:
                _stand_ins(build, plan, key, row["site_type"], stand_ins)


def _stand_ins(build: Build, plan: Plan, key: str, site_type: str, stand_ins: pd.DataFrame) -> None:
    st.markdown(
        "**可换的候选**（同类、不太近；有人看过、风险低、能多顾到一个网格的在前，请看清理由再换）"
    )
    if stand_ins.empty:
        st.info("没有别的候选：同类点位都太近、已选上或被指定不选。")
    for row in stand_ins.to_dict("records"):
        text, button = st.columns([4, 1], vertical_alignment="center")
        cons = pros_and_cons(row["reasons"])[1]
        text.markdown(
            f"{row['rank']}. **{plain(site_name(row))}**　风险 {risk_text(row['risk'])}　"
            f"离原点 {number(row['away_m'])} 米" + (f"　{plain(cons)}" if cons else "")
        )
        button.button(
            f"换成候选 {row['rank']}",
            key=f"swap_{key}_{row['rank']}",
            on_click=kept(swap, build, plan, key, row["site_key"]),
        )
    st.button(
        "别的点也可以：在“候选点位”里加入",
        key="to_frame",
        on_click=open_frame,
        args=(site_type,),
        type="tertiary",
        icon=":material/arrow_forward:",
        help="打开这一类的全部候选点位，选一个，点“加入申报点并保留”",
    )


def _barred(build: Build, plan: Plan) -> None:
    rows = site_frame(build).frame
    rows = rows[rows["site_key"].isin(plan.barred)]
    names = {row["site_key"]: site_name(row) for row in rows.to_dict("records")}
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.markdown("**指定不选的**（点一下恢复为候选）：")
        for site_key in plan.barred:
            st.button(
                plain(names.get(site_key, "已不是候选点位的一处")),
                key=f"unbar_{site_key}",
                icon=":material/undo:",
                on_click=kept(unbar, build, plan, site_key),
            )
