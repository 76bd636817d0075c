"""候选点位: how many sites there are, where the risk is, what nobody has looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zlib import crc32

import pandas as pd
import streamlit as st

from data.standards import threshold
from data.views.frame import SampleFrame, segments_of
from data.views.overview import Build
from data.views.site_lists import (
    chosen_sites,
    grid_risk,
    in_order,
    risk_edges,
    site_bands,
    site_records,
)
from data.views.site_risk import RiskModel
from data.views.todo import grid_bounds
from pages.ui.charts_calibration import calibration_chart
from pages.ui.filters import choose, url_select, url_switch
from pages.ui.map_data import map_data_url
from pages.ui.maps import (
    BAND_COLOURS,
    GROUND_COLOURS,
    Scene,
    clicked,
    draw_map,
    edge_items,
)
from pages.ui.plan_site import site_in_plan, states_in_plan
from pages.ui.read import read
from pages.ui.records import record_table
from pages.ui.sampling import Plan
from pages.ui.sites import (
    AVERAGE,
    OUTSIDE,
    UNSEEN,
    FrameLists,
    Site,
    day_text,
    every_day,
    frame_lists,
    map_point,
    place,
    reasons_text,
    risk_text,
    site_frame,
    site_name,
    swept_day,
    where,
)
from pages.ui.tables import picked, table
from pages.ui.text import number, percent, plain

MAP, TABLE = "sites_map", "sites"
PALE = "#c9ced6"  # grey for the unseen, quiet enough where nearly all streets are
ROWS = 100  # of the table: further ones are in its Excel
WHICH_NAMES = {
    "": "全部",
    "unseen": "无人看过的",
    "open": "有未整改问题的",
    "outside": "网格之外的",
}
ORDER_NAMES = {
    "": "风险从高到低",
    "safe": "风险从低到高",
    "unseen": "最久无人看过",
    "issues": "近一年问题最多",
    "uncleaned": "最久没有清扫",
}


@dataclass(frozen=True)
class _Chosen:
    site_type: str
    grid_id: str
    shade: str
    sites: pd.DataFrame
    listed: pd.DataFrame


def show_frame(build: Build, plan: Plan | None) -> None:
    """Counts, what risk is, the map, the sites in an order, and lists by type and by grid.

    plan  the open one: its points are marked, and any site can be declared in it.
    """
    found = site_frame(build)
    if found.frame.empty:
        st.info(
            "没有候选点位：既没有道路，也没有点位名单。请在“数据管理”页入库道路（路网）或候选点位"
            "（农贸市场、公厕、小区等，附坐标），模板可在该页下载。"
        )
        return
    lists = frame_lists(build)
    _counts(found, lists.by_grid)
    _about_risk(found.model)
    chosen = _choose(found, lists, plan)
    left, right = st.columns([1.25, 1], gap="medium")
    with left:
        site_key = _asked_site(chosen.listed)
        _list(chosen.listed, build, plan)
    with right:
        _map(build, chosen, site_key)
    if site_key:
        _card(build, found, site_key, plan)
    _lists(found, lists)


def _counts(found: SampleFrame, by_grid: pd.DataFrame) -> None:
    """The frame in five numbers."""
    frame = found.frame
    of_list = int((frame["kind"] == "site").sum())
    unseen = int(frame["is_unseen"].sum())
    bare = int((by_grid["sites"] == 0).sum())
    left_out = [f"网格之外 {found.outside_grids:,} 个"]
    if found.unlocated:
        left_out.append(f"名单中无坐标、未列入 {found.unlocated:,} 个")
    parts = [
        ("候选点位（个）", number(len(frame)), f"名单 {of_list:,} · 道路点 {len(frame) - of_list:,}"),
        (
            f"{threshold('unseen_days'):g} 天无人看过（个）",
            number(unseen),
            f"占 {unseen / len(frame):.0%}：情况不明，不算好",
        ),
        ("有未整改问题（个）", number((frame["open_now"] > 0).sum()), "申报前先整改"),
        ("没有候选点位的网格（个）", number(bare), f"共 {len(by_grid):,} 个网格"),
        ("网格之外（个）", number(found.outside_grids), "；".join(left_out[1:]) or "不列入选点和抽签"),
    ]
    for column, (label, value, note) in zip(st.columns(len(parts)), parts, strict=True):
        with column, st.container(border=True, gap="xsmall"):
            st.metric(label, value)
            st.caption(note)


def _about_risk(model: RiskModel) -> None:
    """What risk is and is not, and how well it held."""
    days = f"{threshold('risk_days'):g}"
    st.markdown(
        f"**风险**：今后 {days} 天该处有问题**被记录**的可能性，由本县自己的历史算出。"
        "检查人员看得更细，实际会比这多；它只说明哪里比别处更容易出问题。"
        "无人看过的点位没有记录，不等于干净：一律标灰，风险不低于同类平均。"
    )
    if not model.is_fitted:
        st.warning(
            f"历史记录太少（可学习的 {model.events} 处次，至少要 {threshold('min_risk_events'):g}）："
            "没有逐点的风险，每个点位的风险就是同类点位的平均比例，不能用来分高下。"
        )
        return
    with st.expander("风险准不准：拿没有学过的日期检验"):
        left, right = st.columns([1, 1], gap="medium")
        with left:
            calibration_chart(
                model.calibration, "calibration", "风险检验",
                told="预计", came="实际", fault="出问题", unit="点位次",
            )  # fmt: skip
        with right:
            held_out = model.snapshots[model.snapshots["is_held_out"]]
            st.markdown(
                f"模型从 {len(model.snapshots) - len(held_out)} 个过去的日期学习，"
                f"再到最近 {len(held_out)} 个没有学过的日期（"
                f"{'、'.join(day_text(day) for day in sorted(held_out['past_date']))}）上检验："
                f"说是 p% 的点位，{days} 天内是不是真有 p% 出了问题。"
            )
            st.markdown(
                f"- 误差（Brier，越小越好）**{model.brier:.4f}**，"
                f"只按类型平均去猜是 {model.brier_base:.4f}；\n"
                f"- 一个出了问题、一个没有，模型把前者排在前面的比例 **{model.ranking:.0%}**"
                "（瞎猜 50%）。"
            )
            bins = model.calibration
            table(
                pd.DataFrame(
                    {
                        "预计": bins["predicted"].map(risk_text),
                        "实际": bins["observed"].map(risk_text),
                        "出问题（次）": bins["hits"],
                        "点位（次）": bins["trials"],
                        "95% 区间": [
                            f"{risk_text(row.lower)} 至 {risk_text(row.upper)}"
                            for row in bins.itertuples()
                        ],
                    }
                ),
                "风险检验",
                "calibration_rows",
                height=246,
            )


def _choose(found: SampleFrame, lists: FrameLists, plan: Plan | None) -> _Chosen:
    """The filters of this part; a click on a grid chooses it."""
    names = {"": "全部类型"} | {
        row.site_type: f"{row.site_type}（{row.sites:,}）" for row in lists.by_type.itertuples()
    }
    grids = {"": "全县"} | {
        row.grid_id: f"{row.grid_name} · {row.grid_id}"
        for row in lists.by_grid.sort_values("grid_name").itertuples()
    }
    if (grid_id := clicked(MAP, "grid_id")) in grids and grid_id:
        choose("grid", grid_id)
    columns = st.columns([0.8, 0.8, 0.8, 1.9, 0.7], vertical_alignment="bottom")
    with columns[0]:
        site_type = url_select("类型", names, "type")
    with columns[1]:
        grid_id = url_select("网格（也可在地图上点选）", grids, "grid")
    with columns[2]:
        order = url_select("排列", ORDER_NAMES, "order")
    with columns[3]:
        in_plan = {"plan": "方案申报的"} if plan else {}
        which = url_switch("哪些点位", WHICH_NAMES | in_plan, "which")
    with columns[4]:
        shade = url_switch("地图着色", {"": "路段", "grids": "网格"}, "shade")
    if plan and which == "plan":
        declared = found.frame[found.frame["site_key"].isin(plan.keys("declared"))]
        sites = chosen_sites(declared, site_type, grid_id, "")
    else:
        sites = chosen_sites(found.frame, site_type, grid_id, which)
    return _Chosen(site_type, grid_id, shade, sites, in_order(sites, order))


def _asked_site(listed: pd.DataFrame) -> str:
    """The site picked in the table, on the map (of a piece of street its riskiest), or by the URL."""
    new = clicked(MAP, "id")
    if segment_id := clicked(MAP, "segment_id"):
        of_piece = listed[segments_of(listed["site_key"]) == segment_id]
        new = "" if of_piece.empty else str(of_piece.loc[of_piece["risk"].idxmax(), "site_key"])
    return picked("site", TABLE, list(listed["site_key"]), new)


def _list(listed: pd.DataFrame, build: Build, plan: Plan | None) -> None:
    """The first sites of the list; all of them go into the files."""
    shown = f"前 {ROWS} 个，" if len(listed) > ROWS else ""
    st.markdown(f"**点位**（{shown}共 {len(listed):,} 个，点选一行看详情）")
    if listed.empty:
        st.info("没有符合条件的点位。请换一个类型、网格，或看全部点位。")
        return
    table(
        _site_table(listed.head(ROWS), build, plan),
        "候选点位",
        TABLE,
        height=420,
        select=True,
        export=lambda: _site_table(listed, build, plan),
        config={"方案": st.column_config.TextColumn(width=110)} if plan else None,
    )


def _site_table(sites: pd.DataFrame, build: Build, plan: Plan | None) -> pd.DataFrame:
    """Sites under Chinese headings; with what they are in the open plan."""
    rows = sites.to_dict("records")
    shown = pd.DataFrame(
        {
            "点位": [site_name(row) for row in rows],
            "类型": sites["site_type"].to_numpy(),
            "网格": [row["grid_name"] or OUTSIDE for row in rows],
            "风险": [risk_text(row["risk"]) for row in rows],
            "为什么": [reasons_text(row["reasons"]) for row in rows],
            "近一年问题（件）": sites["issues_year"].to_numpy(),
            "未整改（件）": sites["open_now"].to_numpy(),
            "最近问题": [day_text(row["last_find_at"]) for row in rows],
            "最近有人看过": [day_text(row["last_seen_at"]) or "从未" for row in rows],
            "最近清扫": [swept_day(row, build.data_until) for row in rows],
            "牵头单位": [row["lead_unit"] for row in rows],
            "地址": [where(row) for row in rows],
            "经度": sites["lon"].round(6).to_numpy(),
            "纬度": sites["lat"].round(6).to_numpy(),
        }
    )
    if plan:
        shown.insert(1, "方案", states_in_plan(plan, sites["site_key"]))
    return shown


def _map(build: Build, chosen: _Chosen, site_key: str) -> None:
    """Streets by their riskiest point or grids by their mean; the rows of the table as points."""
    grids, listed = grid_risk(chosen.sites), chosen.listed
    if chosen.shade == "grids" or not (chosen.sites["kind"] == "street").any():
        edges = risk_edges(grids, "mean_risk")
        title, values = "网格内点位的平均风险", ""
        shown = {row.grid_id: (row.band, _grid_text(row)) for row in grids.itertuples()}
    else:
        edges = frame_lists(build).street_edges
        title, values = "路段上最高的点位风险", map_data_url("site_risk", build, every_day(build))
        shown = {row.grid_id: ("ground", _grid_text(row)) for row in grids.itertuples()}
    first = listed[(listed.index < ROWS) | (listed["site_key"] == site_key)]
    points = [
        map_point(row, band, f"{site_name(row)}：{_risk_of(row)}")
        for row, band in zip(first.to_dict("records"), site_bands(first, edges), strict=True)
    ]
    legend = [*edge_items([100 * edge for edge in edges], "%"), (PALE, UNSEEN)]
    colours = BAND_COLOURS | GROUND_COLOURS | {"unseen": PALE}
    scene = Scene(
        title, colours, legend, shown, chosen.grid_id, values, points=points, picked=site_key,
        fit=_bounds(build, chosen.grid_id), fit_request=crc32(chosen.grid_id.encode()),
    )  # fmt: skip
    draw_map(MAP, build, scene, height=430)
    if not chosen.shade and not values:
        st.caption("这些点位不在路段上，地图按网格着色。")
    if len(listed) > ROWS:
        st.caption(f"圆点是表中的前 {ROWS} 个点位，共 {len(listed):,} 个；路段和网格按全部点位着色。")


def _bounds(build: Build, grid_id: str) -> tuple[float, float, float, float]:
    """South, west, north, east of the chosen grid, or of the county."""
    if grid_id:
        return read(grid_bounds, build.build_id, grid_id)
    return build.south, build.west, build.north, build.east


def _grid_text(row: Any) -> str:
    return f"候选点位 {row.sites:,} 个，无人看过 {row.unseen:,} 个，平均风险 {risk_text(row.mean_risk)}"


def _risk_of(site: Site) -> str:
    return UNSEEN if site["is_unseen"] else f"风险 {risk_text(site['risk'])}"


def _card(build: Build, found: SampleFrame, site_key: str, plan: Plan | None) -> None:
    """One site: what it is, its risk with the reasons, and the records that it rests on."""
    site = found.frame[found.frame["site_key"] == site_key].iloc[0].to_dict()
    with st.container(border=True):
        left, right = st.columns([1, 2], gap="medium")
        with left:
            st.subheader(plain(site_name(site)))
            grid = " · ".join(plain(site[name]) for name in ("grid_name", "lead_unit") if site[name])
            cleaned = swept_day(site, build.data_until)
            seen = day_text(site["last_seen_at"])
            why = plain(reasons_text(site["reasons"]) or AVERAGE)
            lines = [
                f"{plain(site['site_type'])}　{plain(where(site))}",
                grid or OUTSIDE,
                f"坐标（纬度，经度）：{place(site)}",
                f"风险 **{risk_text(site['risk'])}**：{why}",
                f"最近有人看过：{seen or '从来没有'}　最近清扫：{cleaned or '不详'}",
            ]
            st.markdown("  \n".join(lines))
            if site["is_unseen"]:
                st.warning("很久没有人看过：请先派人去看，再决定是否申报。")
            if plan:
                site_in_plan(build, plan, site)
        with right:
            near = f"点位 {threshold('site_reach_m'):g} 米以内"
            where_ = "这一段路上" if site["kind"] == "street" else near
            rows = read(site_records, build.build_id, site_key, build.data_until)
            st.markdown(f"**近一年{where_}的问题**（{len(rows)} 件）")
            if rows.empty:
                st.info("近一年没有记录。")
            else:
                table(record_table(rows), "点位的问题记录", "site_records", height=230)


def _lists(found: SampleFrame, lists: FrameLists) -> None:
    """Types and grids, those of no site or unseen ones first."""
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**各类型**")
        rows = lists.by_type
        shown = pd.DataFrame(
            {
                "类型": rows["site_type"],
                "来源": rows["kind"].map({"site": "点位名单", "street": "道路点"}),
                "点位（个）": rows["sites"],
                "无人看过": rows["unseen"],
                "有未整改": rows["with_open"],
                "网格之外": rows["outside"],
                "平均风险": rows["mean_risk"].map(risk_text),
                "最高风险": rows["highest_risk"].map(risk_text),
            }
        )
        table(shown, "候选点位各类型", "sites_by_type")
        st.caption(
            f"道路点：每段不超过 {threshold('street_point_m'):g} 米取中点；"
            f"不足 {threshold('street_point_least_m'):g} 米的短路段不取"
            f"（共 {found.left_out_m / 1000:.1f} 公里）。"
        )
    with right:
        by_grid = lists.by_grid
        bare = int((by_grid["sites"] == 0).sum())
        order = f"没有候选点位的 {bare} 个在前，其后按" if bare else ""
        st.markdown(f"**各网格**（{order}无人看过的比例从高到低）")
        shown = pd.DataFrame(
            {
                "网格": by_grid["grid_name"],
                "牵头单位": by_grid["lead_unit"],
                "点位（个）": by_grid["sites"],
                "无人看过": by_grid["unseen"],
                "无人看过（占）": [percent(share, 0) for share in by_grid["unseen_share"]],
                "有未整改": by_grid["with_open"],
                "平均风险": by_grid["mean_risk"].map(risk_text),
            }
        ).dropna(axis="columns", how="all")
        table(shown.head(ROWS), "候选点位各网格", "sites_by_grid", height=388, export=lambda: shown)
