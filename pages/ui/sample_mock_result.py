"""模拟评估, its result: the score, where points were lost, and how it stands to what was told."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import streamlit as st

from data.mock_workbook import RESULTS
from data.views.mock import MockResult, mock_result
from data.views.mock_check import faulty_share
from data.views.overview import Build
from pages.ui.filters import choose, url_switch
from pages.ui.read import fetch
from pages.ui.sample_mock_check import read_check, show_check, show_share
from pages.ui.sampling import ROLES, deductions
from pages.ui.sites import OUTSIDE, risk_text
from pages.ui.tables import table
from pages.ui.text import number

LOST = {"": "按扣分项", "grids": "按网格", "units": "按牵头单位", "sites": "逐点"}


def show_result(build: Build, row: pd.Series, points: pd.DataFrame, items: pd.DataFrame) -> None:
    """Score, losses, forecast and the county."""
    planned = json.loads(row["forecast"])
    result = mock_result(points, items, planned["part_points"], row["pass_share"])
    if not result.seen:
        st.info("还没有填报结果：在“填报”里逐点填写，或在“带走与导入”里导入填好的 Excel。")
        return
    _answer(result)
    if not deductions(build, row["edition"], row["form"])["is_verified"].all():
        st.caption("扣分细则有默认值，没有核对过原文；可在“标准与配额”里改，改后新建的检查才按新的算。")
    st.button(
        "回到抽查模拟，按这次查出的重算",
        on_click=choose,
        args=("part", "rehearse"),
        icon=":material/arrow_forward:",
    )
    _parts(result)
    _losses(result, items)
    show_check(read_check(points, items, planned["part_points"], float(row["pass_share"])), planned)
    show_share(fetch(faulty_share, build.build_id, result.sites))


def _answer(result: MockResult) -> None:
    columns = st.columns(4)
    score = f"{number(result.score, 1)} / {number(result.full)}" if result.full else "不计分"
    columns[0].metric("得分 / 已查部分满分", score, border=True)
    columns[1].metric("有问题的点 / 已查", f"{result.faulty} / {result.seen}", border=True)
    columns[2].metric("无法检查", result.unreachable, border=True)
    columns[3].metric("未报", result.missing, border=True)
    if result.full:
        passed = "达到" if result.score >= result.pass_score else "没有达到"
        st.markdown(f"按已查的点位，**{passed}**通过线 {number(result.pass_score, 1)} 分。")
        st.caption("看的点越多，扣分的机会越多：点位比正式检查少时，得分会偏高。")
    if left := result.missing + result.unreachable:
        st.warning(
            f"还有 {left} 个点没有结果（未报 {result.missing}，无法检查 {result.unreachable}），"
            "不得分也不扣分：补齐以前，得分只说明已查的点。"
        )
    if result.unscored:
        st.caption(f"其中 {result.unscored} 个点的类型没有扣分细则，只看不计分。")


def _parts(result: MockResult) -> None:
    if result.parts.empty:
        return
    rows = result.parts
    shown = pd.DataFrame(
        {
            "评分板块": rows["part"],
            "满分": rows["points"],
            "得分": rows["score"],
            "失分": rows["points_lost"],
            "能扣分的已查点": rows["seen"],
            "查出（项次）": rows["finds"],
        }
    )
    table(shown, "各板块得分", "mock_parts", config=_digits("满分", "得分", "失分"))


def _digits(*names: str) -> dict[str, Any]:
    return {name: st.column_config.NumberColumn(format="%.1f") for name in names}


def _losses(result: MockResult, items: pd.DataFrame) -> None:
    st.markdown("##### 失分在哪里")
    by = url_switch("分法", LOST, "lost")
    if by == "sites":
        _sites(result.sites, "逐点结果")
        return
    if by:
        frame = result.grids if by == "grids" else result.units
        own = {"网格": frame["grid_name"].replace("", OUTSIDE)} if by == "grids" else {}
        shown = pd.DataFrame(
            {
                **own,
                "牵头单位": frame["lead_unit"].replace("", "（没有牵头单位）"),
                "点位": frame["points"],
                "已查": frame["seen"],
                "有问题": frame["faulty"],
                "失分": frame["points_lost"],
            }
        )
        picked = table(shown, f"失分{LOST[by]}", f"mock_{by}", config=_digits("失分"), select=True)
        if picked is not None:
            names = ["grid_id", "lead_unit"] if by == "grids" else ["lead_unit"]
            chosen = frame.iloc[[picked]][names]
            _sites(result.sites.merge(chosen, on=names), "这一行背后的点位")
        return
    rows = result.rows
    shown = pd.DataFrame(
        {
            "扣分项": rows["item"],
            "点位类型": rows["site_type"],
            "评分板块": rows["part"].replace("", "（不计分）"),
            "已查点": rows["seen"],
            "查出": rows["finds"],
            "每点扣": rows["points"],
            "最多扣": rows["cap"],
            "失分": rows["points_lost"],
        }
    )
    picked = table(
        shown, "失分按扣分项", "mock_rows", config=_digits("每点扣", "最多扣", "失分"), select=True
    )
    if picked is not None:
        row = rows.iloc[picked]
        is_it = (items["item"] == row["item"]) & (items["site_type"] == row["site_type"])
        keys = items.loc[is_it & (items["is_found"] == 1), "site_key"]
        _sites(result.sites[result.sites["site_key"].isin(keys)], "查出这一项的点位")


def _sites(sites: pd.DataFrame, name: str) -> None:
    """The records behind a number."""
    shown = pd.DataFrame(
        {
            "序号": sites["position"],
            "点位": sites["name"],
            "类型": sites["site_type"],
            "怎么来的": sites["role"].map(ROLES),
            "网格": sites["grid_name"].replace("", OUTSIDE),
            "牵头单位": sites["lead_unit"],
            "结果": sites["result"].map({"": "未报"} | RESULTS),
            "检查日期": sites["checked_on"].dt.strftime("%Y-%m-%d"),
            "查出": sites["found"],
            "失分": sites["points_lost"],
            "预测可能性": sites["chance"].map(risk_text),
            "备注": sites["note"],
        }
    )
    st.caption(f"{name}：{len(shown)} 个")
    table(shown, name, "mock_sites", config=_digits("失分"))
