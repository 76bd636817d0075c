"""模拟评估 on paper and in Excel: files to take along, and the filled workbook that comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from data.export import with_fault_texts, workbook_to_mend
from data.messages import DataError
from data.mock_workbook import FileCheck, check_rows, mock_workbook
from data.sample_entries import checking_days, keep_refused, mark_points, refused_results
from data.settings import settings
from data.views.overview import Build
from etl import intake
from pages.ui.entry import not_kept, today
from pages.ui.mock_print import mock_url
from pages.ui.save import save_button
from pages.ui.tables import table
from pages.ui.text import plain


@st.cache_data(max_entries=4, show_spinner="正在读取文件…")
def _sheets(path: str, digest: str) -> list[tuple[str, pd.DataFrame]]:
    return intake.all_sheets(Path(path))


def show_files(build: Build, row: pd.Series, points: pd.DataFrame, items: pd.DataFrame) -> None:
    """Workbook and printable page, then the way back."""
    st.markdown("##### 带走")
    days = checking_days(row["held_on"].date(), points, today())
    teams = [int(team) for team in points["team"].unique()]
    with st.container(horizontal=True, gap="small"):
        save_button(
            "下载 Excel（每组一张表）",
            lambda: mock_workbook(points, items, days[0]),
            f"检查表{row['mock_id']}.xlsx",
            "mock_excel",
        )
        for team in [0, *teams] if len(teams) > 1 else [0]:
            name = f"打印第 {team} 组" if team else "打印（A4）"
            st.link_button(name, mock_url(build, int(row["mock_id"]), team), icon=":material/print:")
    st.caption(
        "Excel 里有问题的项填“有”，结果填“已查”或“无法检查”，并填日期；没有发现问题的项可以不填。"
        "请不要改动“点位编号”和表头。"
    )
    st.markdown("##### 导入填好的 Excel")
    _bring(build, row, points, items)
    _refused(build, row)


def _bring(build: Build, row: pd.Series, points: pd.DataFrame, items: pd.DataFrame) -> None:
    done = st.session_state.pop("mock_brought", "")
    if done:
        st.success(done)
    uploads = st.session_state.get("mock_uploads", 0)
    sent = st.file_uploader("填好的 Excel", type=["xlsx"], key=f"mock_file_{row['mock_id']}_{uploads}")
    if sent is None:
        return
    try:
        path = intake.receive(sent.name, sent.getvalue(), settings().store)
        sheets = _sheets(str(path), path.parent.name)
        check = check_rows(
            sheets, points, items, *checking_days(row["held_on"].date(), points, today())
        )
    except DataError as error:
        st.error(plain(error.zh))
        return
    counts = {
        "可以导入": len(check.marks),
        "与已填的不同": len(check.conflicts),
        "与已填的相同": check.same,
        "将拒收（行）": check.refused_rows,
        "没有填（行）": check.blank,
    }
    for column, (name, count) in zip(st.columns(len(counts)), counts.items(), strict=True):
        column.metric(name, count, border=True)
    takes_file = bool(check.conflicts) and _conflicts(check, points)
    _faults(check)
    if (check.marks or check.conflicts or check.refused_rows) and st.button("导入", type="primary"):
        _take(build.source, row, check, takes_file)
        st.rerun()


def _conflicts(check: FileCheck, points: pd.DataFrame) -> bool:
    """Show points that are marked differently; whether the file is to count."""
    by_number = {point["mock_point_id"]: point for point in points.to_dict("records")}
    shown = [
        (by_number[mark[0]]["position"], by_number[mark[0]]["name"], before, after)
        for mark, before, after in check.conflicts
    ]
    st.warning("这些点位已经填过，与文件不一样：")
    frame = pd.DataFrame(shown, columns=["序号", "点位", "现在是", "文件里是"])
    table(frame, "与已填不同的点位", "mock_conflicts")
    return st.checkbox("以文件为准，改掉已填的", value=False)


def _faults(check: FileCheck) -> None:
    if check.refused.empty:
        return
    faults = with_fault_texts(check.refused.rename(columns={"row": "row_number"}))
    names = {"file": "文件", "row_number": "行", "value": "值", "fault": "原因与办法"}
    st.markdown("将拒收的行（其余照常导入）：")
    table(faults[list(names)].rename(columns=names), "将拒收的行", "mock_faults")


def _take(county: str, row: pd.Series, check: FileCheck, takes_file: bool) -> None:
    """Keep the rows in order, and the refused ones with their reasons."""
    marks = [*check.marks, *(mark for mark, _, _ in check.conflicts if takes_file)]
    mock_id = int(row["mock_id"])
    try:
        mark_points(county, marks)
        known = refused_results(county, mock_id)[list(check.refused.columns)].astype(str)
        told = set(known.itertuples(index=False, name=None))
        is_new = [
            fault not in told for fault in check.refused.astype(str).itertuples(index=False, name=None)
        ]
        keep_refused(county, mock_id, check.refused[is_new])
    except DataError as error:
        not_kept(error.zh)
        return
    st.session_state["mock_uploads"] = st.session_state.get("mock_uploads", 0) + 1
    left = 0 if takes_file else len(check.conflicts)
    st.session_state["mock_brought"] = (
        f"已导入 {len(marks)} 个点；拒收 {check.refused_rows} 行"
        + (f"；{left} 个点与已填的不同，没有改动" if left else "")
        + "。"
    )


def _refused(build: Build, row: pd.Series) -> None:
    """Rows refused so far, to be mended."""
    refused: Any = refused_results(build.source, int(row["mock_id"]))
    if refused.empty:
        return
    faults = with_fault_texts(refused.rename(columns={"row": "row_number"}))
    names = {
        "file": "文件", "row_number": "行", "value": "值", "fault": "原因与办法", "is_mended": "已改正",
    }  # fmt: skip
    left = faults[~faults["is_mended"]]
    rows, rest = (len(one.drop_duplicates(["file", "row_number"])) for one in (faults, left))
    with st.expander(f"以前拒收的 {rows} 行，{rest} 行还没有改正"):
        table(faults[list(names)].rename(columns=names), "拒收的行", "mock_refused")
        if not rest:
            return
        save_button(
            "下载还没有改正的行（Excel，改好后再导入）",
            lambda: workbook_to_mend(left.drop(columns="is_mended")),
            f"待改正_检查表{row['mock_id']}.xlsx",
            "mock_to_mend",
        )
