"""Two versions of a plan side by side: what they share, what they cover, how far the walk is."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from data.sample_entries import plans
from data.views.choose import Comparison, compare
from data.views.overview import Build
from pages.ui.filters import url_select
from pages.ui.maps import Scene, draw_map
from pages.ui.plan_map import BARE, COVERED
from pages.ui.plan_walk import walk
from pages.ui.records import POINTS_SHOWN
from pages.ui.sampling import Plan, kept_plan, plan_name
from pages.ui.sites import OUTSIDE, all_grids, map_point, risk_text, site_name
from pages.ui.tables import table
from pages.ui.text import last_day, plain

SIDES = {
    "both": ("#6b7280", "两版都有"),
    "only_a": ("#0072b2", "只在这一版"),
    "only_b": ("#d55e00", "只在对比版"),
}


def compare_part(build: Build, plan: Plan) -> None:
    """Choose another version and lay it beside this one."""
    rows = plans(build.source)
    others = rows[rows["plan_id"] != plan.plan_id]
    if others.empty:
        st.info("只有这一版，没有可比的：点“新版本”或“另存为”后再来对比。")
        return
    names = {str(row.plan_id): plan_name(row.title, row.version) for row in others.itertuples()}
    first = next(iter(names))
    other = kept_plan(build.source, url_select("与哪一版对比", names, "with", default=first))
    if other is None:
        st.info("对比的那一版刚被删除，请另选。")
        return
    found = compare(plan.declared, other.declared)
    left, right = st.columns([1.1, 1], gap="medium")
    with left:
        _numbers(build, plan, other, found)
        by_type = found.by_type.rename(
            columns={"site_type": "类型", "a": "这一版", "b": "对比版", "both": "两版都有"}
        )
        st.markdown("**各类型（个）**")
        table(by_type, "两版各类型申报点", "compare_types", height=250)
    with right:
        _map(build, found)
    for name, rows in (("only_a", found.only_a), ("only_b", found.only_b)):
        with st.expander(f"{SIDES[name][1]}的 {len(rows)} 个"):
            shown = pd.DataFrame(
                {
                    "点位": [site_name(row) for row in rows.to_dict("records")],
                    "类型": rows["site_type"].to_numpy(),
                    "网格": [grid or OUTSIDE for grid in rows["grid_name"]],
                    "风险": [risk_text(risk) for risk in rows["risk"]],
                }
            )
            table(shown, f"{SIDES[name][1]}的申报点", f"compare_{name}")


def _numbers(build: Build, plan: Plan, other: Plan, found: Comparison) -> None:
    """The two versions in the same rows."""
    every = len(all_grids(build))
    rows = [
        ("申报点（个）", *(str(len(one.declared)) for one in (plan, other))),
        ("其中两版都有（个）", *[str(len(found.both))] * 2),
        (
            f"覆盖网格（共 {every} 个）",
            *(str(int((found.grids[side] > 0).sum())) for side in ("a", "b")),
        ),
        ("平均风险", risk_text(found.mean_risk_a), risk_text(found.mean_risk_b)),
        ("检查路线（公里，一个组）", *(_km(build, one) for one in (plan, other))),
        ("状态", *("定稿" if one.is_final else "草稿" for one in (plan, other))),
        ("数据截至", *(last_day(one.data_until) for one in (plan, other))),
    ]
    st.markdown(f"**{plain(plan.name)}** 与 **{plain(other.name)}**")
    table(pd.DataFrame(rows, columns=["", "这一版", "对比版"]), "两版对比", "compare_numbers")
    if plan.data_until != other.data_until:
        st.caption("两版依据的数据不同，风险不是同一天算的。")


def _km(build: Build, plan: Plan) -> str:
    route = walk(build, plan.declared, 1)
    return "—" if route is None else f"{route.teams['km'].sum():.1f}"


def _map(build: Build, found: Comparison) -> None:
    points = [
        map_point(row, side, f"{SIDES[side][1]}：{site_name(row)}（{row['site_type']}）")
        for side, rows in (("both", found.both), ("only_a", found.only_a), ("only_b", found.only_b))
        for row in rows.to_dict("records")
    ]
    colours = {code: colour for code, (colour, _) in SIDES.items()}
    grids = {
        row.grid_id: ("ground", f"这一版 {row.a} 个，对比版 {row.b} 个")
        for row in found.grids.itertuples()
    }
    ground = {row.grid_id: ("none", "两版都没有申报点") for row in all_grids(build).itertuples()}
    scene = Scene(
        "两版的申报点",
        colours | {"ground": COVERED, "none": BARE},
        [*SIDES.values(), (BARE, "两版都没有申报点的网格")],
        ground | grids,
        points=points[:POINTS_SHOWN],
    )
    draw_map("plan_compare_map", build, scene, height=520)
