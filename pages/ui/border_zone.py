"""问题热点 · 交界地带: issues that two grids may pass to each other, by pair of grids."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from data.filters import Filters
from data.standards import thresholds
from data.views.border_zone import BorderZone, border_records, border_zone
from data.views.overview import Build, border_faults, grid_density
from pages.ui.filters import url_value
from pages.ui.grid import choose_grid
from pages.ui.map_data import map_data_url
from pages.ui.maps import BAND_COLOURS, GROUND_COLOURS, Scene, draw_map, edge_items, ground
from pages.ui.read import read
from pages.ui.records import chosen_record, record_list, with_points
from pages.ui.tables import just_picked, table
from pages.ui.text import STATE_NAMES, TOO_FEW, percent, plain

MAP, LIST, RECORDS = "border_map", "border_pairs", "border_records"


@st.fragment
def border_zone_part(build: Build, filters: Filters) -> None:
    """The borders with most issues along them, on the map and as a list, and the records of a pair."""
    zone_m = thresholds()["border_zone_m"]
    mark = "" if zone_m.is_verified else "（默认值）"
    st.caption(
        f"离另一网格不到 {zone_m.value:g} 米{mark}的问题，两边都可能说是对方的。"
        "这里按两两网格列出，供牵头部门一次明确责任，防止**推诿扯皮**；"
        "网格边界常沿道路中线，所以占比可能很高。"
    )
    left, right = st.columns([1.2, 1], gap="medium")
    with right:
        grid_id = choose_grid(MAP, build)
        zone = read(border_zone, build.build_id, filters.in_grid(grid_id))
        row = just_picked(LIST)
        picked = None
        if row is not None and row < len(zone.pairs):
            picked = "~".join(zone.pairs.loc[row, ["grid_id", "other_id"]])
        pair = url_value("pair", picked)
        one, _, other = pair.partition("~")
        is_pair = ((zone.pairs["grid_id"] == one) & (zone.pairs["other_id"] == other)).any()
        _shares(zone)
        _pairs(zone)
        if is_pair and st.button("取消选择", icon=":material/close:"):
            url_value("pair", "")
            st.rerun(scope="fragment")
    rows = pd.DataFrame()
    issue_id = ""
    if is_pair:
        rows = read(border_records, build.build_id, filters, one, other)
        issue_id = chosen_record(rows, RECORDS, MAP)
    with left:
        scene = Scene(
            "交界地带的问题（件）",
            GROUND_COLOURS | BAND_COLOURS,
            [*edge_items(zone.edges), (GROUND_COLOURS["unseen"], STATE_NAMES["unseen"])],
            ground(read(grid_density, build.build_id, filters)),
            grid_id,
            shapes=map_data_url("border_zone", build, filters.in_grid(grid_id)),
        )
        if is_pair:
            scene = with_points(replace(scene, selected=grid_id), rows, issue_id)
        draw_map(MAP, build, scene, height=600)
        faults = "右上角勾选“交界地带”，可叠加责任重叠与责任空白。"
        has_faults = len(read(border_faults, build.build_id))
        st.caption(f"线的颜色是沿这条界线的问题件数。{faults if has_faults else ''}")
    if is_pair:
        names = zone.pairs.set_index(["grid_id", "other_id"]).loc[(one, other)]
        title = f"{plain(names['grid_name'])} 与 {plain(names['other_name'])} 之间的记录"
        record_list(rows, issue_id, RECORDS, title=title)
    else:
        st.info("在右侧的表里点选一对网格，看它们之间的记录。")
    _faults(build)


def _shares(zone: BorderZone) -> None:
    """How much lies near borders, and whether it stays open longer."""
    located = zone.issues + zone.inside
    if not located:
        st.info("时段内没有带坐标的问题。请换一个时段、问题大类或处置部门。")
        return
    near, still_open, open_inside = (
        percent(share, unknown=TOO_FEW)
        for share in (zone.share, zone.open_share, zone.open_inside_share)
    )
    st.markdown(
        f"全县交界地带 **{zone.issues:,}** 件，占有坐标的 {located:,} 件的 **{near}**。"
        f"其中到时段末还没整改的：交界地带 **{still_open}**"
        f"（{zone.open_issues:,} ÷ {zone.issues:,} 件），"
        f"其余 **{open_inside}**"
        f"（{zone.open_inside:,} ÷ {zone.inside:,} 件）。"
    )


def _pairs(zone: BorderZone) -> None:
    """The pairs of grids, most issues first."""
    st.markdown("**两两网格之间**（点选一行看记录）")
    if zone.pairs.empty:
        st.info("没有落在两个网格交界处的问题。")
        return
    pairs = zone.pairs
    shown = pd.DataFrame(
        {
            "网格": pairs["grid_name"],
            "相邻网格": pairs["other_name"],
            "问题（件）": pairs["reported"],
            "未整改（件）": pairs["open_at_end"],
            "牵头单位": pairs["lead_unit"],
            "相邻网格牵头单位": pairs["other_unit"],
        }
    )
    table(shown.dropna(axis="columns", how="all"), "交界地带", LIST, select=True)
    st.caption("拐角处的一件问题会列进几对网格，所以各行相加大于合计。")


def _faults(build: Build) -> None:
    """Where borders overlap or leave gaps: faults of the map of duties itself."""
    st.subheader("责任重叠与责任空白")
    faults = read(border_faults, build.build_id)
    if faults.empty:
        st.success("网格之间没有重叠，也没有空白。")
        return
    shown = pd.DataFrame(
        {
            "类型": faults["kind"].map({"overlap": "责任重叠", "gap": "责任空白"}),
            "涉及网格": faults["grid_names"],
            "面积（平方米）": faults["area_m2"].round(),
            "最宽处（米）": faults["width_m"].round(1),
        }
    )
    table(shown, "责任重叠与空白", "border_faults")
