"""Which grid is mine: chosen by lead unit and name, kept in the URL; and a unit's grids together."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from data.filters import Filters
from data.views.overview import Build
from data.views.todo import came_back, open_issues, unit_totals
from pages.ui.filters import choose, url_select
from pages.ui.issue_cards import issue_cards
from pages.ui.my_grid import CAME_BACK, Number, on_time, overdue, owed
from pages.ui.read import read
from pages.ui.text import number, plain

ABREAST = 4  # buttons on a wide screen


def choose_my_grid(frame: pd.DataFrame) -> tuple[str, str]:
    """The chosen lead unit and grid, each "" where none is; frame: of `standings`."""
    units = sorted(frame["lead_unit"].dropna().unique())
    left, right = st.columns(2)
    unit = ""
    if units:
        with left:
            unit = url_select("牵头单位", {"": "全部单位"} | {name: name for name in units}, "unit")
    own = frame[frame["lead_unit"] == unit] if unit else frame
    none = "本单位全部网格" if unit else "请选择（可输入名称查找）"
    names = {"": none} | {row.grid_id: f"{row.grid_name} · {row.grid_id}" for row in own.itertuples()}
    with right if units else left:
        grid_id = url_select("网格", names, "grid")
    return unit, grid_id


def _go_to(unit: str, grid_id: str) -> None:
    choose("unit", unit)
    choose("grid", grid_id)


def choose_unit(frame: pd.DataFrame) -> None:
    """All lead units, or all grids where none is known, each a button with what is open."""
    st.markdown("**您是哪个单位、哪个网格？** 选好后网址会记住，收藏它，下次打开就是您的网格。")
    if not frame["open"].any():
        st.info("数据中没有未整改的问题。")
    totals = unit_totals(frame)
    if totals.empty:
        st.caption("数据没有牵头单位，请直接选网格。")
        grid_buttons(frame, "")
        return
    rows = [
        (f"**{plain(row.lead_unit)}**　{row.grids} 个网格  \n{_open(row)}", (row.lead_unit, ""))
        for row in totals.itertuples()
    ]
    _buttons(rows)


def grid_buttons(frame: pd.DataFrame, unit: str) -> None:
    """Grids as buttons, each with what is open in it."""
    _buttons(
        [
            (f"**{plain(row.grid_name)}**  \n{_open(row)}", (unit, row.grid_id))
            for row in frame.itertuples()
        ]
    )


def _open(row: Any) -> str:
    is_told = row.open_with_due or not row.open  # nothing is overdue that has no deadline
    return f"未整改 {number(row.open)} 件" + (f"，逾期 {number(row.overdue)} 件" if is_told else "")


def _buttons(rows: list[tuple[str, tuple[str, str]]]) -> None:
    for start in range(0, len(rows), ABREAST):
        line = rows[start : start + ABREAST]
        for column, (label, target) in zip(st.columns(ABREAST), line, strict=False):
            column.button(label, key=f"go_{target}", on_click=_go_to, args=target, width="stretch")


def unit_numbers(frame: pd.DataFrame, unit: str) -> list[Number]:
    """What adds up over the grids of a unit."""
    totals = unit_totals(frame).set_index("lead_unit").loc[unit]
    return [overdue(totals), on_time(totals), owed(totals)]


def unit_lists(build: Build, filters: Filters, unit: str) -> None:
    """What a unit must do today, over all its grids."""
    issues = read(open_issues, build.build_id, filters, unit)
    returns = read(came_back, build.build_id, filters, unit)
    st.subheader(f"今天要办　{len(issues)} 件")
    if issues.empty:
        st.info("没有未整改的问题。")
    else:
        issue_cards(issues, "unit_open", with_grid=True)
    st.subheader(f"{CAME_BACK}　{len(returns)} 件")
    if returns.empty:
        st.info(f"没有{CAME_BACK}的问题。")
    else:
        issue_cards(returns, "unit_back", with_grid=True)
