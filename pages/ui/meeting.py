"""上次会议以来: what was promised and done, and what happened since; forms to type it in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from data import entries
from data.filters import Filters
from data.messages import DataError
from data.metrics import metrics
from data.views.meeting import NUMBERS, promise_states, since_meeting
from data.views.overview import Build, grids
from pages.ui.filters import url_select
from pages.ui.grid import records
from pages.ui.read import read
from pages.ui.tables import table
from pages.ui.text import last_day, number, period, plain

KINDS = {"meeting": "会议", "bulletin": "通报"}
STATES = {"done": "已完成", "late": "逾期未完成", "open": "未到期"}
ANY_DAY = "day"
DAY = st.column_config.DateColumn(format="YYYY-MM-DD")


@st.fragment
def since_last_meeting(build: Build, filters: Filters) -> None:
    """Choose a meeting or a day; its promises, and what happened since, each with its records."""
    st.subheader("上次会议以来")
    entered = entries.meetings(build.source)
    held = entered[entered["kind"] == "meeting"]
    choice, second, third = st.columns([1.4, 0.8, 1.8], vertical_alignment="bottom")
    with choice:
        code = url_select("自哪次会议", _names(held), "since_meeting")
    with third if code == ANY_DAY else second:
        _meeting_form(build, entered)
    if code == ANY_DAY:
        with second:
            since = pd.Timestamp(
                st.date_input(
                    "自哪一天",
                    max(filters.since, build.first_date),
                    min_value=build.first_date,
                    max_value=build.data_until,
                    format="YYYY-MM-DD",
                    key="since_day",
                    bind="query-params",
                )
            )
    elif held.empty:
        st.info(
            "还没有登记会议。点“登记会议或通报”填写日期和名称，会上的承诺、会后的新增与反弹就列在这里；"
            "只想看某一天以来的变化，请选“另选日期”。"
        )
        return
    else:
        rows = held.set_index("meeting_id")
        meeting_id = int(code) if code else int(held["meeting_id"].iloc[0])
        since = rows.loc[meeting_id, "held_on"]
        _promises(build, meeting_id)
    if since >= pd.Timestamp(filters.until):
        st.info(f"数据只到 {last_day(filters.until)}，还没有 {since:%Y-%m-%d} 以来的数据。")
        return
    _happened(build, filters.between(since.date(), filters.until))


def _names(held: pd.DataFrame) -> dict[str, str]:
    """Codes of the choice: a meeting's id, "" the latest, or a day of one's own."""
    texts = [f"{row.held_on:%Y-%m-%d} {row.title}" for row in held.itertuples()]
    names = {"": f"最近一次：{texts[0]}" if texts else "（还没有登记会议）"}
    names |= {str(key): text for key, text in zip(held["meeting_id"], texts, strict=True)}
    return names | {ANY_DAY: "另选日期"}


def _save(write: Callable[..., Any], *args: Any) -> None:
    """Write what was typed in and show it, or say what is wrong with it."""
    try:
        write(*args)
    except DataError as error:
        st.error(plain(error.zh))
    else:
        st.rerun()


def _meeting_form(build: Build, entered: pd.DataFrame) -> None:
    with st.popover("登记会议或通报", icon=":material/event:"):
        with st.form("meeting", clear_on_submit=True, border=False, enter_to_submit=False):
            kind = st.selectbox(
                "是什么", list(KINDS), format_func=KINDS.__getitem__, key="meeting_kind"
            )
            held_on = st.date_input("日期", format="YYYY-MM-DD", key="meeting_day")
            title = st.text_input("名称", key="meeting_title")
            if st.form_submit_button("登记", key="meeting_save"):
                _save(entries.add_meeting, build.source, kind, held_on, title)
        texts = {
            row.meeting_id: f"{KINDS[row.kind]} {row.held_on:%Y-%m-%d} {row.title}"
            for row in entered.itertuples()
        }
        if texts:
            wrong = st.selectbox(
                "登记错了的",
                list(texts),
                index=None,
                format_func=texts.__getitem__,
                placeholder="选择要删除的一次",
                key="meeting_wrong",
            )
            if st.button("删除", disabled=wrong is None, key="meeting_remove"):
                _save(entries.remove_meeting, build.source, wrong)


def _promises(build: Build, meeting_id: int) -> None:
    """What was promised at the meeting, how far it is, and the forms that change it."""
    rows = entries.promises(build.source, meeting_id)
    states = promise_states(rows, pd.Timestamp(build.data_until))
    names = read(grids, build.build_id).set_index("grid_id")["grid_name"]
    counted = "，".join(f"{name} {(states == code).sum()}" for code, name in STATES.items())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**会上承诺 {len(rows)} 项**" + (f"：{counted}" if len(rows) else ""))
        with st.popover("添加承诺", icon=":material/add:"):
            _promise_form(build, meeting_id, names)
        if len(rows):
            with st.popover("登记完成", icon=":material/check:"):
                _finish_form(build, rows)
    if rows.empty:
        st.info("这次会议还没有登记承诺。点“添加承诺”填写谁、做什么、什么时候做完。")
        return
    shown = pd.DataFrame(
        {
            "状态": states.map(STATES),
            "谁负责": rows["responsible"],
            "承诺": rows["content"],
            "网格": rows["grid_id"].map(names).fillna(rows["grid_id"]).fillna("不限"),
            "期限": rows["due_on"],
            "完成日期": rows["done_on"],
            "说明": rows["done_note"],
        }
    )
    table(shown, "会上承诺", "promises", config={"期限": DAY, "完成日期": DAY})


def _promise_form(build: Build, meeting_id: int, names: pd.Series[str]) -> None:
    with st.form("promise", clear_on_submit=True, border=False, enter_to_submit=False):
        responsible = st.text_input("谁负责（单位或人）", key="promise_responsible")
        content = st.text_area("承诺做什么", key="promise_content")
        due_on = st.date_input("什么时候做完", format="YYYY-MM-DD", key="promise_due")
        grid_id = st.selectbox(
            "哪个网格",
            ["", *names.index],
            format_func=lambda key: f"{names[key]} · {key}" if key else "不限于一个网格",
            key="promise_grid",
        )
        if st.form_submit_button("添加", key="promise_save"):
            _save(entries.add_promise, build.source, meeting_id, responsible, content, due_on, grid_id)


def _finish_form(build: Build, rows: pd.DataFrame) -> None:
    texts = {row.promise_id: f"{row.responsible}：{row.content}" for row in rows.itertuples()}
    with st.form("finish", clear_on_submit=True, border=False, enter_to_submit=False):
        promise_id = st.selectbox(
            "哪项承诺", list(texts), format_func=texts.__getitem__, key="finish_promise"
        )
        done_on = st.date_input("完成日期", format="YYYY-MM-DD", key="finish_day")
        said = st.text_input("说明（做了什么、谁核实）", key="finish_note")
        with st.container(horizontal=True):
            is_done = st.form_submit_button("登记完成", key="finish_save")
            is_open = st.form_submit_button("撤销完成", key="finish_undo")
            is_gone = st.form_submit_button("删除承诺", key="finish_remove")
    if is_done:
        _save(entries.finish_promise, build.source, promise_id, done_on, said)
    elif is_open:
        _save(entries.finish_promise, build.source, promise_id, None, said)
    elif is_gone:
        _save(entries.remove_promise, build.source, promise_id)


def _happened(build: Build, filters: Filters) -> None:
    """What came in, was closed, came back and fell overdue since, by county and grid."""
    rows = read(since_meeting, build.build_id, filters)
    st.markdown(f"**{period(filters.since, filters.until)} 发生了什么**")
    if rows.empty:
        st.info("这段时间没有任何记录。请另选日期，或放宽左侧的问题大类和处置部门。")
        return
    has_due = rows["due"].sum() > 0
    values = {key: number(rows[key].sum()) for key in NUMBERS}
    if not has_due:
        values["late"] = "无时限"
    for column, key in zip(st.columns(len(NUMBERS)), NUMBERS, strict=True):
        metric = metrics()[key]
        column.metric(f"{metric.title}（{metric.unit}）", values[key], help=f"{metric.meaning}。")
    shown = pd.DataFrame(
        {
            "网格": rows["grid_name"].fillna("（不在任何网格）"),
            "牵头单位": rows["lead_unit"],
            **{metrics()[key].title: rows[key] for key in NUMBERS if key != "late" or has_due},
        }
    ).dropna(axis="columns", how="all")
    picked = table(shown, "各网格变化", "since_grids", height=250, select=True)
    asked = st.segmented_control(
        "看哪些记录（先在表中选一行，则只看该网格）",
        [key for key in NUMBERS if key != "late" or has_due],
        format_func=lambda key: metrics()[key].title,
        key="since_records",
    )
    if asked:
        grid_id = "" if picked is None or picked >= len(rows) else rows["grid_id"].iloc[picked]
        records(build, filters.in_grid(grid_id), asked, key="since_table")
