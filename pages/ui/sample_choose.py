"""选申报点: settings, the points with reasons, what they cover, the walk, versions side by side."""

from __future__ import annotations

from functools import partial
from typing import Any
from zlib import crc32

import pandas as pd
import streamlit as st

from data.standards import threshold
from data.views.choose import stand_in_list
from data.views.overview import Build
from data.views.plan_review import Review, route_of
from pages.ui.entry import kept, today
from pages.ui.filters import choose, url_switch
from pages.ui.map_data import MOST_TEAMS, map_data_url
from pages.ui.maps import Scene, clicked, draw_map
from pages.ui.next_version import ask_next_version
from pages.ui.plan_actions import (
    add,
    choose_again,
    copy_plan,
    exchange,
    finish,
    pin,
    refresh,
    remove,
    unbar,
)
from pages.ui.plan_compare import compare_part
from pages.ui.plan_files import plan_geojson, plan_workbook
from pages.ui.plan_print import plan_url
from pages.ui.plan_settings import choose_settings
from pages.ui.plan_words import (
    caution_lines,
    coverage_sentence,
    grid_table,
    plan_review,
    point_table,
    quota_table,
    state_text,
)
from pages.ui.read import read
from pages.ui.records import POINTS_SHOWN
from pages.ui.route_print import USUAL_TEAMS, declared_points, on_foot_text, route_url
from pages.ui.sampling import Plan, places_of
from pages.ui.sites import (
    OUTSIDE,
    Site,
    candidates,
    every_day,
    map_point,
    place,
    pros_and_cons,
    risk_text,
    site_frame,
    site_name,
)
from pages.ui.tables import XLSX, picked, table
from pages.ui.text import number, plain

MAP, TABLE = "plan_map", "plan_points"
STAND_INS = 5
NAMES_SHOWN = 6  # of a kind of caution on the screen; the files have all
# Okabe and Ito: the colour-blind can tell them apart.
WIDTHS = {
    name: st.column_config.TextColumn(width=width)
    for name, width in {"点位": 310, "不利": 180, "有利": 300}.items()
}
STATES = {
    "good": ("#56b4e9", "没有提醒"),
    "pinned": ("#0072b2", "指定保留"),
    "doubt": ("#d55e00", "有提醒"),
    "stand_in": ("#ffffff", "可换的候选"),
}
COUNTS = {"0": "#f1c0b3", "1": "#d1e5f0", "2": "#92c5de", "3": "#2166ac"}
SHOWS = {
    "": "点位",
    "coverage": "配额与覆盖",
    "route": "检查路线",
    "compare": "版本对比",
    "settings": "设置与重选",
}


def show_choose(build: Build, plan: Plan | None) -> None:
    """Choose the declared points of a new plan, or look after those of the open one."""
    if candidates(build).frame.empty and plan is None:
        st.info(
            "没有候选点位，无从选点：请在“数据管理”页入库道路（路网）或候选点位名单"
            "（农贸市场、公厕、小区等，附坐标）。"
        )
        return
    if plan is None:
        _new_plan(build)
        return
    found = plan_review(build, plan)
    _head(build, plan, found)
    show = url_switch("看什么", SHOWS, "show")
    if show == "settings":
        _settings(build, plan)
    elif show == "coverage":
        _coverage(build, found)
    elif show == "route":
        _route(build, plan)
    elif show == "compare":
        compare_part(build, plan)
    else:
        _points(build, plan, found)


def _new_plan(build: Build) -> None:
    settings = choose_settings(build, None)
    if settings is None:
        return
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    title = left.text_input("方案名称", f"{today():%Y年%m月}申报点方案", max_chars=100)
    # No callback: a click that comes together with a changed field takes what stands there now.
    if right.button("自动选点，存为新方案", type="primary", icon=":material/pin_drop:"):
        kept(add, build, title, settings)()
        st.rerun()
    st.caption(
        "自动选点：先取风险低、近来有人看过的点，尽量分到各网格，同类的点不近于最小距离；"
        "同样的数据和设置总是选出同样的点。选完可以逐个保留、不选或更换。"
    )


def lock_reason(build: Build, plan: Plan) -> str:
    """Why the points of a plan cannot be changed here; "" if they can."""
    if plan.is_final:
        return "已定稿，不能再改；要改请点“新版本”。"
    if plan.drawn_on:
        return "已按这一版公开抽签，改申报点会使抽签作废，所以不能再改；要改请点“新版本”。"
    if plan.build_id != build.build_id:
        return "数据已更新：请先选“按新数据重选”或“点位不变，只更新风险”。"
    return ""


def _head(build: Build, plan: Plan, found: Review) -> None:
    """Title, state, what can be done with the plan as a whole, and what to know."""
    st.caption(
        f"**{plain(plan.name)}**　{plain(state_text(plan))}"
        + (f"　说明：{plain(plan.note)}" if plan.note else "")
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if not plan.is_final:
            with st.popover("定稿", icon=":material/lock:"):
                st.text_area("为什么这样选（写进答辩稿）", key="final_note", max_chars=1000)
                st.markdown("定稿后不能再改，要改须另出新版本。")
                st.button("确认定稿", on_click=kept(finish, build, plan, "final_note"), type="primary")
        if plan.drawn_on:
            with st.popover("新版本", icon=":material/content_copy:"):
                st.markdown("这一版已公开抽签：另做一版要写明原因，两版都留着。")
                ask_next_version(build, plan)
        else:
            st.button(
                "新版本",
                on_click=kept(copy_plan, build, plan),
                icon=":material/content_copy:",
                help="把这一版的点位和设置抄成下一版草稿，不含抽签结果",
            )
        with st.popover("另存为", icon=":material/save_as:"):
            key = f"copy_title_{plan.plan_id}"
            st.text_input("新方案名称", f"{plan.title}（另案）"[:100], max_chars=100, key=key)
            st.button("确认另存", on_click=kept(copy_plan, build, plan, key))
        _download(plan, found)
        st.link_button("打印答辩稿", plan_url(build, plan), icon=":material/print:")
        if not plan.drawn_on:
            with st.popover("删除", icon=":material/delete:"):
                st.markdown("这一版将不再显示（系统仍留有记录）。")
                st.button("确认删除", on_click=kept(remove, build, plan))
        st.markdown(f"**{coverage_sentence(found)}**")
    if plan.build_id != build.build_id:
        _older_data(build, plan)
    lines = [
        f"- **{heading}**（{len(names)}）：{plain('、'.join(names[:NAMES_SHOWN]))}"
        + ("……" if len(names) > NAMES_SHOWN else "")
        for heading, names in caution_lines(found.cautions)
    ]
    if lines:
        st.warning("\n".join(lines))


def _older_data(build: Build, plan: Plan) -> None:
    if plan.is_final:
        st.info("数据已有更新；定稿的点位、风险和理由都保持当时的样子。")
        return
    st.info("数据已有更新，这份草稿还是按旧数据选的。")
    if not plan.drawn_on:
        with st.container(horizontal=True):
            st.button("按新数据重选", on_click=kept(choose_again, build, plan, plan.settings))
            st.button("点位不变，只更新风险", on_click=kept(refresh, build, plan))


def _download(plan: Plan, found: Review) -> None:
    for name, icon, file, mime, content in (
        ("Excel", ":material/table:", "xlsx", XLSX, plan_workbook),
        ("GeoJSON", ":material/map:", "geojson", "application/geo+json", plan_geojson),
    ):
        st.download_button(
            name,
            partial(content, plan, found),
            f"{plan.name}.{file}",
            mime,
            key=f"plan_{file}",
            icon=icon,
            on_click="ignore",
            help=f"把这一版存成 {name} 文件",
        )


def _settings(build: Build, plan: Plan) -> None:
    """Other settings, and choosing again with them."""
    locked = lock_reason(build, plan)
    if locked and plan.build_id == build.build_id:
        st.info(locked)
    settings = choose_settings(build, plan)
    if settings and not (plan.is_final or plan.drawn_on):
        help_ = "指定保留的点不动，指定不选的点不选"
        if st.button("按这些设置重新自动选点", type="primary", help=help_):
            kept(choose_again, build, plan, settings)()
            st.rerun()


def _points(build: Build, plan: Plan, found: Review) -> None:
    """Table and map of the points, the picked one with its reasons and stand-ins."""
    if found.points.empty:
        st.info("这一版没有申报点：请到“设置与重选”检查配额和申报比例。")
        return
    locked = lock_reason(build, plan)
    keys = list(found.points["site_key"])
    stand_ins = pd.DataFrame()
    left, right = st.columns([2, 1], gap="medium")
    with left:
        columns = ["序号", "点位", "类型", "风险", "不利", "有利", "最近的同类点（米）", "网格"]
        shown = point_table(found)[columns]
        states = pd.Series([_state(row) for row in _rows(found.points)])
        shown.insert(4, "状态", [_state_text(row) for row in _rows(found.points)])
        spot = clicked(MAP, "id")
        if spot in keys and states[keys.index(spot)] != "doubt":
            choose("only", "")  # a point that the short list would not show
        only = url_switch(
            "申报点（点选一行或地图上的点，可保留、不选、更换）",
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


def _rows(points: pd.DataFrame) -> list[dict[Any, Any]]:
    rows: list[dict[Any, Any]] = points.to_dict("records")
    return rows


def _point_map(build: Build, found: Review, key: str, stand_ins: pd.DataFrame) -> None:
    """The points by state, or by type; grids by whether they have one."""
    types = list(found.by_type.loc[found.by_type["chosen"] > 0, "site_type"])
    by = url_switch("点的颜色", {"": "状态", "type": "类型"}, "colour")
    colours = {name: TYPE_COLOURS[n % len(TYPE_COLOURS)] for n, name in enumerate(types)}
    legend = [(colours[name], name) for name in types]
    key_of = _state if by == "" else lambda row: str(row["site_type"])
    points = [_point(row, key_of(row), site_name(row)) for row in _rows(found.points)]
    if by == "":
        colours = {code: colour for code, (colour, _) in STATES.items()}
        shown = {str(point["key"]) for point in points} | ({"stand_in"} if len(stand_ins) else set())
        legend = [STATES[code] for code in STATES if code in shown]
    points += [
        _point(row, "stand_in", f"候选 {row['rank']}：{site_name(row)}") for row in _rows(stand_ins)
    ]
    grids = {
        row.grid_id: (str(min(row.points, 3)), f"申报点 {row.points} 个")
        for row in found.by_grid.itertuples()
    }
    ground = {"0": "#fdf3f0", **dict.fromkeys("123", "#eef1f4")}
    scene = Scene(
        "申报点",
        colours | ground | {"stand_in": STATES["stand_in"][0]},
        [*legend, (ground["0"], "没有申报点的网格")],
        grids,
        points=points[:POINTS_SHOWN],
        picked=key,
    )
    draw_map(MAP, build, scene, height=286)


TYPE_COLOURS = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#f0e442", "#6b4c9a",
    "#8c564b", "#111827", "#9aa3af", "#7fc97f",
)  # fmt: skip


def _point(row: Site, key: str, text: str) -> dict[str, object]:
    return map_point(row, key, f"{text}（{row['site_type']}）风险 {risk_text(row['risk'])}")


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
                    is_pinned = row["is_pinned"]
                    st.button(
                        "取消保留" if is_pinned else "保留",
                        key=f"pin_{key}",
                        on_click=kept(pin, build, plan, key, not is_pinned),
                        icon=":material/keep_off:" if is_pinned else ":material/keep:",
                        help="重选时这个点一定在",
                    )
                    st.button(
                        "不选",
                        key=f"bar_{key}",
                        on_click=kept(exchange, build, plan, key, ""),
                        icon=":material/block:",
                        help="这个点不再选，换成下一个最好的；其余点不动",
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
                _stand_ins(build, plan, key, stand_ins)


def _stand_ins(build: Build, plan: Plan, key: str, stand_ins: pd.DataFrame) -> None:
    st.markdown("**可换的候选**（同类、不太近，风险低的在前）")
    if stand_ins.empty:
        st.info("没有别的候选：同类点位都太近、已选上或被指定不选。")
    for row in _rows(stand_ins):
        text, button = st.columns([4, 1], vertical_alignment="center")
        cons = pros_and_cons(row["reasons"])[1]
        text.markdown(
            f"{row['rank']}. **{plain(site_name(row))}**　风险 {risk_text(row['risk'])}　"
            f"离原点 {number(row['away_m'])} 米" + (f"　{plain(cons)}" if cons else "")
        )
        button.button(
            f"换成候选 {row['rank']}",
            key=f"swap_{key}_{row['rank']}",
            on_click=kept(exchange, build, plan, key, row["site_key"]),
        )


def _barred(build: Build, plan: Plan) -> None:
    rows = site_frame(build).frame
    rows = rows[rows["site_key"].isin(plan.barred)]
    names = {row["site_key"]: site_name(row) for row in _rows(rows)}
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.markdown("**指定不选的**（点一下恢复为候选）：")
        for site_key in plan.barred:
            st.button(
                plain(names.get(site_key, "已不是候选点位的一处")),
                key=f"unbar_{site_key}",
                icon=":material/undo:",
                on_click=kept(unbar, build, plan, site_key),
            )


def _coverage(build: Build, found: Review) -> None:
    """By type and by grid, with the map of the grids."""
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**各类型**")
        table(quota_table(found), "各类型配额与申报点", "plan_types", height=250)
        st.markdown("**各网格**（没有申报点的在前）")
        table(grid_table(found), "各网格申报点", "plan_grids", height=180)
    with right:
        names = {"0": "没有", "1": "1 个", "2": "2 个", "3": "3 个及以上"}
        grids = {
            row.grid_id: (str(min(row.points, 3)), f"申报点 {row.points} 个")
            for row in found.by_grid.itertuples()
        }
        points = [_point(row, "point", site_name(row)) for row in _rows(found.points)][:POINTS_SHOWN]
        legend = [(COUNTS[code], name) for code, name in names.items()]
        scene = Scene("各网格的申报点", COUNTS | {"point": "#111827"}, legend, grids, points=points)
        draw_map("plan_coverage_map", build, scene, height=480)


def _route(build: Build, plan: Plan) -> None:
    """A short walk over the points, cut into runs of about the same time, one a team."""
    points = declared_points(plan)
    if points is None:
        most, count = int(threshold("route_streets")), len(plan.keys("declared"))
        st.info(f"检查路线需要 1 至 {most} 个申报点，这一版有 {count} 个：请在“设置与重选”里改。")
        return
    asked, said, paper = st.columns([1, 5, 1.2], vertical_alignment="bottom")
    teams = int(asked.number_input("分几个组", 1, MOST_TEAMS, USUAL_TEAMS, key="plan_teams"))
    places = places_of(points)
    route = read(route_of, build.build_id, places, teams)
    said.markdown(
        f"共走 **{route.teams['km'].sum():.1f}** 公里；各组用时相加 "
        f"**{route.teams['hours'].sum():.1f}** 小时，最长的一组 "
        f"**{route.teams['hours'].max():.1f}** 小时，太长就加组（{on_foot_text()}）。"
    )
    paper.link_button(
        "打印路线（每组另起一页）", route_url(build, plan, teams), icon=":material/print:"
    )
    left, right = st.columns([1, 1.2], gap="medium")
    stops = route.stops.merge(points.drop(columns=["lon", "lat"]), on="site_key")
    with left:
        columns = {"team": "组", "stops": "点位（个）", "km": "路程（公里）", "hours": "用时（小时）"}
        shown = route.teams.rename(columns=columns).round(1)
        table(shown, "各组路线", "plan_route_teams")
        listed = pd.DataFrame(
            {
                "组": stops["team"],
                "第几站": stops["stop"],
                "点位": [site_name(row) for row in _rows(stops)],
                "类型": stops["site_type"],
                "从上一站步行（米）": stops["way_m"].round(),
            }
        )
        if stops["is_straight"].any():
            listed["按直线"] = stops["is_straight"].map({True: "是", False: ""})
        table(listed, "检查路线", "plan_route", height=250)
    with right:
        # Browsers keep what they have of an address: it names the points too.
        option = f"{plan.plan_id} {teams} {crc32(places.encode())}"
        colours = {str(n + 1): TYPE_COLOURS[n % len(TYPE_COLOURS)] for n in range(teams)}
        named = [
            _point(row, str(row["team"]), f"第 {row['team']} 组第 {row['stop']} 站：{site_name(row)}")
            for row in _rows(stops)
        ]
        scene = Scene(
            "检查路线",
            colours,
            [(colours[str(team)], f"第 {team} 组") for team in route.teams["team"]],
            shapes=map_data_url("plan_route", build, every_day(build), option),
            points=named,
        )
        draw_map("plan_route_map", build, scene, height=470)
