"""标准与配额: what the standard asks of sample points, by edition; checked, and corrected by people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from data.catalog import TABLES
from data.messages import DataError
from data.sample_entries import (
    restore_standard,
    save_edition,
    save_standard,
    standard_edits,
    standard_history,
)
from data.settings import settings
from data.templates import headings
from data.views.overview import Build
from data.views.standard_checks import standard_faults, standard_findings, typed_rows
from data.views.standards import EDITABLE, TOTAL, edition_rows, form_parts, in_force, standard_table
from pages.ui.entry import kept, not_kept, today
from pages.ui.filters import choose, url_select, url_switch
from pages.ui.read import read
from pages.ui.sampling import Plan
from pages.ui.standard_words import (
    UNVERIFIED,
    WIDTHS,
    fault_sentence,
    finding_table,
    in_words,
    quota_sentence,
    wide,
)
from pages.ui.tables import table
from pages.ui.text import TABLE_NAMES, plain

FAULTS_SHOWN = 12
EDITOR_HEIGHT = 480
Tables = Mapping[str, pd.DataFrame]


def show_standards(build: Build, _: Plan | None) -> None:
    """The checks of an edition, what of it can be rehearsed, and one table to read or correct."""
    edits = standard_edits(build.source)
    tables = {
        name: in_force(read(standard_table, build.build_id, name), edits, name) for name in EDITABLE
    }
    names = sorted({edition for rows in tables.values() for edition in rows["edition"]}, reverse=True)
    left, right = st.columns([1, 2.6], vertical_alignment="bottom")
    with left:
        usual = settings().edition
        default = usual if usual in names else names[0]
        edition = url_select("标准版本", {name: name for name in names}, "edition", default=default)
    with right, st.container(horizontal=True, gap="small"):
        _copy(build, tables, edition, names)
    if said := st.session_state.pop("standard_done", ""):
        st.success(plain(said))
    _findings(tables, edition)
    _rehearsed(tables, edition)
    _one_table(build, tables, edition, edits)


def _findings(tables: Tables, edition: str) -> None:
    st.subheader("核对")
    findings = standard_findings(tables, edition)
    if findings.empty:
        st.info("这个版本还没有配额和权重，没有可以核对的合计。请在下面的表里录入，或按模板上传。")
        return
    odd = int((findings["kind"] != "match").sum())
    verdict = (
        f"核对 {len(findings)} 处合计，{odd} 处要看。"
        if odd
        else f"核对 {len(findings)} 处合计，都对得上。"
    )
    st.markdown(f"{verdict}{quota_sentence(findings, edition)}")
    config: dict[str, Any] = {
        "怎么办": st.column_config.TextColumn(width=560),
        "写明的依据": st.column_config.TextColumn(width=520),
    }
    table(finding_table(findings), f"{edition} 版核对", "standard_findings", config=config)


def _rehearsed(tables: Tables, edition: str) -> None:
    """Which forms have deductions, so that 抽查模拟 can forecast them."""
    parts = form_parts(tables["standard_weight"], tables["standard_deduction"], edition)
    ready = parts[parts["is_form_rehearsed"]]
    if ready.empty:
        st.info("这个版本没有扣分细则，不能用来抽查模拟。请在“扣分细则”表里录入。")
    for form, rows in ready.groupby("form", sort=False):
        can = [f"{row.part} {row.points:g} 分" for row in rows[rows["rows"] > 0].itertuples()]
        cannot = [f"{row.part} {row.points:g} 分" for row in rows[rows["rows"] == 0].itertuples()]
        rest = f"；没有扣分细则、不预测：{'、'.join(cannot)}" if cannot else ""
        st.markdown(plain(f"可以抽查模拟：{form}（{'、'.join(can)}{rest}）。"))


def _one_table(build: Build, tables: Tables, edition: str, edits: pd.DataFrame) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        titles = {code: TABLE_NAMES[code] for code in EDITABLE}
        name = url_switch("哪一张表", titles, "standard", default=EDITABLE[0])
        is_editing = st.toggle("修改这张表", key="standard_editing")
        mine = edits[(edits["table_name"] == name) & (edits["edition"] == edition)]
        if len(mine):
            _restore(build, name, edition)
    rows = edition_rows(tables[name], name, edition)
    weights = edition_rows(tables["standard_weight"], "standard_weight", edition)
    unverified = int((~rows["is_verified"]).sum())
    st.caption(
        plain(
            f"{edition} 版共 {len(rows)} 行，其中 {unverified} 行未对照原文核实，标为“{UNVERIFIED}”。"
        )
        + "".join(
            plain(f"本县已于 {one.saved_on:%Y-%m-%d} 修改（{one.note}），以下是修改后的。")
            for one in mine.itertuples()
        )
    )
    if is_editing:
        _editor(build, name, edition, rows, weights)
    else:
        if len(rows):
            _show_faults(name, standard_faults(name, rows, weights), "这张表有错，用它算出的结果不可靠")
        title = f"{TABLE_NAMES[name]} {edition}"
        height = EDITOR_HEIGHT if len(rows) > 10 else None
        table(in_words(rows, name), title, "standard_rows", config=wide(name), height=height)
    _history(build, name, edition)


def _show_faults(name: str, faults: list[Any], what: str) -> None:
    if not faults:
        return
    lines = [f"- {fault_sentence(fault, name)}" for fault in faults[:FAULTS_SHOWN]]
    more = [f"- 还有 {len(faults) - FAULTS_SHOWN} 处"] if len(faults) > FAULTS_SHOWN else []
    st.error("\n".join([f"{what}，共 {len(faults)} 处：", *lines, *more]))


def _editor(build: Build, name: str, edition: str, rows: pd.DataFrame, weights: pd.DataFrame) -> None:
    """The table to type in; saved as a whole, or not at all."""
    opened = f"standard_opened:{name}:{edition}"
    latest = len(standard_history(build.source, name, edition))
    is_stale = st.session_state.get(opened, latest) != latest
    st.session_state[opened] = latest
    answer = st.container()  # above the table: below it nobody would see it
    with st.form("standard_form", border=False, enter_to_submit=False):
        edited = st.data_editor(
            rows,
            num_rows="dynamic",
            height=EDITOR_HEIGHT,
            column_config=_columns(name, weights),
            hide_index=False,
            placeholder="",
            alt=f"修改{TABLE_NAMES[name]}",
            key=f"standard_editor:{name}:{edition}:{latest}",
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            note = st.text_input(
                "谁改的、依据什么（必填）",
                placeholder="如：张三，省评价表 2024 版第 5 页",
                key="standard_note",
            )
            is_saved = st.form_submit_button("保存整张表", key="standard_save", type="primary")
    st.caption(
        "在表尾空行里添加；勾选行首后按 Delete 删除。保存前的修改只在这张表里，换表或换版本会丢失。"
    )
    if is_saved and is_stale:
        answer.error("这张表刚被别人改过，你的修改没有保存。下面是最新的内容，请在它上面重新修改。")
    elif is_saved:
        with answer:
            _save(build, name, edition, typed_rows(name, edited), weights, note)


def _save(
    build: Build, name: str, edition: str, typed: pd.DataFrame, weights: pd.DataFrame, note: str
) -> None:
    """Keep the table, or say why not; what was typed stays in the editor then."""
    faults = standard_faults(name, typed, weights)
    _show_faults(name, faults, "没有保存，请先改正")
    if not note.strip():
        st.error("没有保存：请写明谁改的、依据什么。")
    elif not faults:
        try:
            save_standard(build.source, name, edition, typed.assign(edition=edition), today(), note)
        except DataError as error:
            st.error(plain(error.zh))
        else:
            done = f"已保存{TABLE_NAMES[name]}（{edition} 版）{len(typed)} 行。"
            st.session_state["standard_done"] = done
            st.rerun()


def _columns(name: str, weights: pd.DataFrame) -> dict[str, Any]:
    """Headings and inputs of the editor."""
    named = headings(name)
    config: dict[str, Any] = {"_index": st.column_config.NumberColumn("行")}
    for column in TABLES[name].file_columns:
        label, width = named.get(column.name, ""), WIDTHS.get(column.name)
        if column.type == "float":
            config[column.name] = st.column_config.NumberColumn(label)
        elif column.type == "bool":
            config[column.name] = st.column_config.CheckboxColumn(label, default=False)
        else:
            config[column.name] = st.column_config.TextColumn(label, width=width)
    if name == "standard_deduction":
        parts = weights[weights["aspect"] != TOTAL]
        for key, choices in (("form", parts["form"]), ("part", parts["aspect"])):
            config[key] = st.column_config.SelectboxColumn(
                named[key], options=list(choices.unique()), width=WIDTHS[key]
            )
    return config


def _copy(build: Build, tables: Tables, edition: str, names: list[str]) -> None:
    with st.popover("复制为新版本", icon=":material/content_copy:"):
        st.markdown(f"把 {plain(edition)} 版的四张表复制成一个新版本，再改成本省或本县的。")
        with st.form("standard_copy", border=False, enter_to_submit=False):
            st.text_input("新版本的名称", placeholder="如：2021 本省", key="standard_copy_name")
            st.text_input("谁建的、依据什么（必填）", key="standard_copy_note")
            st.form_submit_button(
                "复制",
                key="standard_copy_save",
                on_click=kept(_keep_copy, build, tables, edition, names),
            )


def _keep_copy(build: Build, tables: Tables, edition: str, names: list[str]) -> None:
    new = st.session_state["standard_copy_name"].strip()
    note = st.session_state["standard_copy_note"].strip()
    if not new or not note:
        not_kept("没有复制：新版本的名称和依据都要填。")
        return
    if new in {*names, *standard_edits(build.source)["edition"]}:  # another window may have made it
        not_kept(f"没有复制：已经有“{new}”这个版本，请换一个名称。")
        return
    rows = {
        name: edition_rows(tables[name], name, edition).assign(edition=new)
        for name in EDITABLE
        if (tables[name]["edition"] == edition).any()
    }
    save_edition(build.source, new, rows, today(), note)
    choose("edition", new)
    st.session_state["standard_done"] = f"已把 {edition} 版复制为“{new}”，现在可以修改。"


def _restore(build: Build, name: str, edition: str) -> None:
    is_own = edition not in set(read(standard_table, build.build_id, name)["edition"])
    label = "删除这张表" if is_own else "恢复默认"
    with st.popover(label, icon=":material/restore:"):
        st.markdown(
            "这个版本是本县自己建的：删除后，这张表在这个版本里不再有行（修改记录仍保留）。"
            if is_own
            else "本县对这张表的修改不再生效，改用导入数据里的或产品自带的行（修改记录仍保留）。"
        )
        st.button(
            f"确认{label}", on_click=kept(_restored, build, name, edition), key="standard_restore"
        )


def _restored(build: Build, name: str, edition: str) -> None:
    restore_standard(build.source, name, edition)
    st.session_state["standard_done"] = f"{TABLE_NAMES[name]}（{edition} 版）本县的修改已不再生效。"


def _history(build: Build, name: str, edition: str) -> None:
    rows = standard_history(build.source, name, edition)
    if rows.empty:
        return
    with st.expander(f"修改记录（{len(rows)} 次）"):
        zone = datetime.now().astimezone().tzinfo
        shown = pd.DataFrame(
            {
                "时间": rows["changed_at"].dt.tz_convert(zone).dt.tz_localize(None),
                "做了什么": rows["is_restored"].map({True: "恢复默认或删除", False: "保存整张表"}),
                "行数": rows["rows_kept"],
                "谁改的、依据什么": rows["note"],
            }
        )
        table(shown, "修改记录", "standard_history")
