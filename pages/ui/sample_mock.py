"""模拟评估: making an inspection of a plan's points, the list of them, and the one that is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from data.messages import DataError
from data.sample_entries import (
    MockKind,
    add_mock,
    mock_items,
    mock_points,
    mocks,
    remove_mock,
    seen_points,
)
from data.views.mock import mock_draft
from data.views.mock_check import self_agreement
from data.views.overview import Build
from pages.ui.entry import kept, not_kept, today
from pages.ui.filters import choose, url_select, url_switch
from pages.ui.grid_today import PAGE_STYLE
from pages.ui.plan_walk import MOST_POINTS, MOST_TEAMS, USUAL_TEAMS, walk
from pages.ui.sample_mock_check import show_agreement
from pages.ui.sample_mock_file import show_files
from pages.ui.sample_mock_fill import show_points
from pages.ui.sample_mock_result import show_result
from pages.ui.sampling import Plan, kept_plan, lost_standard, scoring
from pages.ui.sites import site_frame, site_name
from pages.ui.tables import table
from pages.ui.text import plain

KINDS: dict[str, str] = {"mock": "模拟评估", "self": "自查"}
KIND_HELP = "模拟评估由创卫办组织人员去看；自查由责任单位自己看同样的点位"
TYPED = ("kind", "day", "people", "teams", "spares")


@dataclass(frozen=True)
class Wanted:
    """What is chosen for a new inspection."""

    kind: MockKind
    title: str
    held_on: date
    inspectors: str
    teams: int
    roles: list[str]


def show_mock(build: Build, plan: Plan | None) -> None:
    """The inspections there are, one of them open; a new one from the plan that is open."""
    st.html(PAGE_STYLE)
    rows = mocks(build.source)
    names = {"": "全部检查"} | {
        str(row.mock_id): f"{KINDS[row.kind]} · {row.title} · {row.held_on:%Y-%m-%d}"
        for row in rows.itertuples()
    }
    chosen = url_select("打开哪一次", names, "mock")
    if chosen:
        _open(build, rows[rows["mock_id"] == int(chosen)].iloc[0])
        return
    _make(build, plan)
    _overview(build, rows)


def _make(build: Build, plan: Plan | None) -> None:
    with st.popover("新建模拟评估或自查", icon=":material/add:"):
        if plan is None or plan.points.empty:
            st.info("请先在页面左上方打开一个已选好点位的方案。")
            return
        if lost := lost_standard(build, plan.settings):
            st.error(plain(lost))
            return
        counts = plan.points["role"].value_counts()
        drawn, spares = int(counts.get("drawn", 0)), int(counts.get("spare", 0))
        st.markdown(
            f"方案：**{plain(plan.name)}**，申报点 {counts.get('declared', 0)} 个、抽中点 {drawn} 个、"
            f"备用点 {spares} 个"
        )
        if not drawn:
            st.caption("方案还没有抽签：只检查申报点。")
        kind: Any = st.segmented_control(
            "性质",
            list(KINDS),
            format_func=KINDS.__getitem__,
            default="mock",
            required=True,
            help=KIND_HELP,
            key="mock_new_kind",
        )
        key = f"mock_new_title_{plan.plan_id}_{kind}"
        st.text_input("名称", f"{plan.title}（{KINDS[kind]}）"[:200], max_chars=200, key=key)
        st.date_input("开始日期", today(), format="YYYY-MM-DD", key="mock_new_day")
        people = "如：张三、李四"
        st.text_input("检查人员", max_chars=200, placeholder=people, key="mock_new_people")
        st.number_input("分成几组", 1, MOST_TEAMS, USUAL_TEAMS, key="mock_new_teams")
        st.toggle("备用点也去看", value=False, disabled=not spares, key="mock_new_spares")
        st.button("生成", type="primary", on_click=kept(_keep_new, build, plan, key))


def _wanted(title_key: str) -> Wanted:
    """As it stands now: a click may come together with the field that it leaves."""
    typed: Any = {name: st.session_state[f"mock_new_{name}"] for name in TYPED}
    return Wanted(
        typed["kind"],
        st.session_state[title_key],
        typed["day"],
        typed["people"],
        int(typed["teams"]),
        ["declared", "drawn", *(["spare"] if typed["spares"] else [])],
    )


def _keep_new(build: Build, plan: Plan, title_key: str) -> None:
    """Keep the new inspection (a click's callback) and open it."""
    now = kept_plan(build.source, plan.plan_id)
    if now is None or now.revision != plan.revision:
        raise DataError("plan_changed")
    wanted = _wanted(title_key)
    points = plan.points[plan.points["role"].isin(wanted.roles)]
    route = walk(build, points, wanted.teams)
    if route is None:
        not_kept(f"一次最多检查 {MOST_POINTS} 个点，方案有 {len(points)} 个。")
        return
    deductions, part_points = scoring(build, plan.settings)
    draft = mock_draft(
        site_frame(build),
        route.stops,
        deductions,
        part_points,
        plan.settings.pass_share,
    )
    mock_id = add_mock(
        build.source,
        wanted.kind,
        wanted.title,
        wanted.held_on,
        wanted.inspectors,
        plan.plan_id,
        plan.settings,
        draft.forecast,
        draft.points,
        draft.items,
    )
    choose("mock", str(mock_id))


def _overview(build: Build, rows: pd.DataFrame) -> None:
    if rows.empty:
        st.info(
            "还没有模拟评估或自查：先打开一个方案，再点上面的“新建”。"
            "生成后可带走 Excel 或打印表，也可在手机上逐点填报。"
        )
        return
    shown = pd.DataFrame(
        {
            "性质": rows["kind"].map(KINDS),
            "名称": rows["title"],
            "开始日期": rows["held_on"].dt.strftime("%Y-%m-%d"),
            "检查人员": rows["inspectors"],
            "点位": rows["points"],
            "已查": rows["seen"],
            "无法检查": rows["unreachable"],
            "未报": rows["points"] - rows["seen"] - rows["unreachable"],
        }
    )
    picked = table(shown, "模拟评估与自查", "mocks", select=True)
    if picked is not None:
        number = str(rows["mock_id"].iloc[picked])
        st.button(f"打开：{plain(rows['title'].iloc[picked])}", on_click=choose, args=("mock", number))
    show_agreement(self_agreement(seen_points(build.source)))


def _open(build: Build, row: Any) -> None:
    points = mock_points(build.source, row["mock_id"])
    points = points.assign(name=[site_name(point) for point in points.to_dict("records")])
    items = mock_items(build.source, row["mock_id"])
    st.subheader(plain(row["title"]))
    people = f"　检查人员：{plain(row['inspectors'])}" if row["inspectors"] else ""
    st.caption(
        f"{KINDS[row['kind']]}，{row['held_on']:%Y-%m-%d} 开始{people}　"
        f"标准：{plain(row['edition'])} 版 {plain(row['form'])}"
    )
    missing = row["points"] - row["seen"] - row["unreachable"]
    st.progress(
        (row["seen"] + row["unreachable"]) / row["points"],
        f"共 {row['points']} 点，已查 **{row['seen']}**，无法检查 {row['unreachable']}，未报 {missing}",
    )
    names = {"": "填报", "files": "带走与导入", "result": "结果"}
    view = url_switch("看什么", names, "mock_view")
    parts = {"": show_points, "files": show_files, "result": show_result}
    parts[view](build, row, points, items)
    with st.popover("删除这次检查", icon=":material/delete:"):
        st.markdown("这次检查和已填的结果将不再显示（系统仍留有记录）。")
        st.button("确认删除", on_click=kept(_remove, build.source, int(row["mock_id"])))


def _remove(county: str, mock_id: int) -> None:
    remove_mock(county, mock_id)
    choose("mock", "")
