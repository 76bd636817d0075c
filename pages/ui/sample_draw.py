"""公开抽签: the ceremony or, after it, what was drawn and how anybody can check it."""

from __future__ import annotations

import math
from datetime import date

import pandas as pd
import streamlit as st

from data.export import point_geojson
from data.messages import DataError
from data.sample_entries import fixed_frames
from data.views.draw import Evenness, Figure, PlanDraw
from data.views.overview import Build
from pages.ui.draw_ceremony import show_ceremony
from pages.ui.draw_result import (
    SCRIPT,
    command,
    digest_html,
    draw_url,
    evenness_of,
    file_name,
    is_same,
    kept_draw,
    local_time,
    notices_text,
    point_table,
    show_fixings,
)
from pages.ui.maps import Scene, draw_map
from pages.ui.next_version import ask_next_version
from pages.ui.records import POINTS_SHOWN
from pages.ui.sampling import ROLES, Plan
from pages.ui.save import save_button
from pages.ui.sites import all_grids, map_point, site_name
from pages.ui.tables import table
from pages.ui.text import plain

COLOURS = {"declared": "#0b6e99", "drawn": "#bd0026", "spare": "#fecc5c", "grid": "#ffffff"}


def show_draw(build: Build, plan: Plan | None) -> None:
    """The draw of a plan: its ceremony while it is not drawn, or what was drawn and how to check it."""
    if plan is None:
        return  # the page says what to do
    if plan.drawn_on:
        _drawn(build, plan, plan.drawn_on)
    elif not plan.is_final and plan.build_id != build.build_id:
        st.warning(
            "数据已更新，这份草稿的申报点还是按旧数据选的：请先在“选申报点”里点“按新数据重选”"
            "或“点位不变，只更新风险”，再来抽签。"
        )
    else:
        show_ceremony(build, plan)


def _drawn(build: Build, plan: Plan, drawn_on: date) -> None:
    """What was drawn, then, as it takes a while, whether it comes again and how even it is."""
    left, right = st.columns([1, 1], gap="large")
    with left:
        counts = plan.points["role"].value_counts()
        said = "　".join(f"{name} **{counts.get(role, 0)}** 个" for role, name in ROLES.items())
        asked = sum(quota.spares for quota in plan.settings.quotas)
        lacking = max(asked - counts.get("spare", 0), 0)
        why = f"（方案要 {asked} 个，少 {lacking} 个的原因见下面的“说明”）" if lacking else ""
        st.markdown(f"{drawn_on:%Y-%m-%d} 抽签：{said}{why}")
        st.markdown(f"#### 种子　{plain(plan.settings.seed)}")
        fixings = fixed_frames(build.source, plan.plan_id)
        when = "" if fixings.empty else f"　{local_time(fixings['fixed_at'].iloc[-1])} 固定"
        st.html(digest_html(f"名单摘要（SHA-256）{when}", plan.frame_digest))
        st.html(digest_html("结果摘要（SHA-256）", plan.draw_digest))
        show_fixings(fixings)
        checked = st.container()
    with right:
        _map(build, plan)
    shown = point_table(plan)
    table(shown, f"抽签结果 {plan.name}", "draw_points", height=420)
    save_button(
        "GeoJSON",
        lambda: point_geojson(shown.assign(lon=plan.points["lon"], lat=plan.points["lat"])),
        f"抽签结果 {plan.name}.geojson",
        "draw_geojson",
        icon=":material/map:",
        type="tertiary",
        help="在 QGIS 等软件里打开",
    )
    _verify(plan)
    _new_version(build, plan)
    with checked:
        _drawn_again(build, plan)


def _drawn_again(build: Build, plan: Plan) -> None:
    fault, again = "", None
    try:
        with st.spinner("正在用名单和种子重算核对……"):
            again = kept_draw(build, plan)
    except DataError as error:
        fault = error.zh
    _check(plan, again, fault)
    _downloads(build, plan, again)
    if again is not None:
        even = st.container()  # above the notices, but it takes longer
        _notices(build, again)
        with even, st.spinner("正在与简单随机抽签比较……"):
            _evenness(evenness_of(build, again))


def _check(plan: Plan, again: PlanDraw | None, fault: str) -> None:
    if fault:
        st.error(plain(fault))
    elif again is None:
        st.warning("名单文件不在这台电脑上，不能重算核对。有人下载过它的话，可以用独立程序核对。")
    elif is_same(plan, again):
        st.success("已核对：名单文件与摘要一致；用名单和种子重算，抽中的点和结果摘要都与保存的一致。")
    else:
        st.error("核对不符：用名单和种子重算的结果与保存的不一样。请不要使用这份结果，并查明原因。")


def _downloads(build: Build, plan: Plan, again: PlanDraw | None) -> None:
    with st.container(horizontal=True):
        st.link_button("打印抽签记录", draw_url(build, plan), icon=":material/print:")
        if again is not None:
            for name, kind, digest, content in (
                ("名单文件", "frame", plan.frame_digest, again.frame_file),
                ("结果文件", "result", plan.draw_digest, again.result_file),
            ):
                save_button(name, content, file_name(kind, digest), f"draw_{kind}")
        save_button("独立核对程序", SCRIPT.read_bytes, SCRIPT.name, "draw_script")


def _evenness(found: Evenness) -> None:
    """How the points spread, beside simple random draws of as many."""
    st.markdown(f"**铺开得匀不匀**：{_spread(found.spatial_balance)}")
    figures = ("B（越小越匀）", found.spatial_balance), ("均匀度损失", found.evenness_loss)
    rows = pd.DataFrame(
        [
            (name, *(f"{value:.3f}" for value in figure))
            for name, figure in figures
            if not math.isnan(figure.value)
        ],
        columns=["指标", "这次抽签", "简单随机抽签平均", "其中 5% 低于", "其中 5% 高于"],
    )
    if len(rows):
        st.dataframe(rows, hide_index=True, alt="这次抽签与简单随机抽签的均匀程度")


def _spread(balance: Figure) -> str:
    if math.isnan(balance.value):
        return "没有点，不比较。"
    if balance.value < balance.random_low:
        than = "比九成五以上的简单随机抽签都匀"
    elif balance.value < balance.random_mean:
        than = "比多数简单随机抽签匀"
    elif balance.value <= balance.random_high:
        than = "与简单随机抽签差不多"
    else:
        than = "不如简单随机抽签匀（申报点集中，或配额太少）"
    return f"每个点周围分到的候选点位大致一样多就是匀；这次{than}。"


def _notices(build: Build, again: PlanDraw) -> None:
    if said := notices_text(build, again):
        with st.expander(f"说明（{len(again.notices)} 条）"):
            st.markdown("\n".join(f"- {plain(line)}" for line in said))


def _map(build: Build, plan: Plan) -> None:
    shown = plan.points.head(POINTS_SHOWN)
    points = [
        map_point(
            row,
            row["role"],
            f"{ROLES[row['role']]} {row['site_type']} {row['position']}：{site_name(row)}",
        )
        for row in shown.to_dict("records")
    ]
    legend = [(COLOURS[role], name) for role, name in ROLES.items()]
    grids = dict.fromkeys(all_grids(build)["grid_id"], ("grid", ""))
    scene = Scene(f"{plan.name}的样本点", COLOURS, legend, grids, points=points)
    draw_map("draw_map", build, scene, height=620)
    if len(plan.points) > len(shown):
        st.caption(f"图上是前 {len(shown)} 个点，另有 {len(plan.points) - len(shown)} 个见表。")


def _verify(plan: Plan) -> None:
    with st.expander("别人怎么核对"):
        st.markdown(
            "1. 下载名单文件、结果文件和独立核对程序，放在同一个文件夹里。"
            "程序不依赖本系统，只要电脑上有 Python 3.8 以上。\n"
            "2. 在这个文件夹里运行下面这一行。\n"
            "3. 屏幕上 frame 后面应当是名单摘要，result 后面应当是结果摘要；"
            "生成的文件与下载的结果文件一字不差。"
        )
        st.code(command(plan), language=None)


def _new_version(build: Build, plan: Plan) -> None:
    """Another seed needs another version, and a reason that stays with it."""
    with st.expander("要重抽：另做一版"):
        st.markdown(
            "抽过的签不能重抽，否则就能挑一个“好”种子。确有原因（名单有误、点位关停）时另做一版："
            "申报点和设置照抄，种子重新公布；这一版和它的结果一直留着。"
        )
        ask_next_version(build, plan)
