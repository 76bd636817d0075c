"""What is said of tables of the standard: faults, findings, and which rows nobody has verified."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import streamlit as st

from data.catalog import TABLES
from data.templates import headings
from data.views.standard_checks import Fault
from pages.ui.text import TABLE_NAMES, plain

UNVERIFIED, VERIFIED = "默认值（未核实）", "已核实"
WIDTHS = {  # of columns whose texts are long, in pixels
    "content": 480, "source": 520, "form": 240, "block": 180, "part": 260, "aspect": 200,
    "site_type": 210,
}  # fmt: skip
REMEDIES = {
    "no_rows": "表里没有任何行。填至少一行；不想再用这张表，请用“恢复默认”。",
    "empty": "{column}必填，现在是空的。请填写，或删掉这一行。",
    "not_number": "{column}“{value}”不是数字。只填数字，不带单位。",
    "negative": "{column}“{value}”是负数。请改成 0 或正数。",
    "not_whole": "{column}“{value}”不是整数。点位数请填整数。",
    "twice": "与第 {other} 行重复（{key}都一样）。请删掉一行，或改成不同的内容。",
    "band_empty": "{column}“{value}”不大于人口下限“{other}”。请改大上限；不封顶就留空。",
    "band_overlap": "人口下限“{value}”落在第 {other} 行的人口档里。请让这一档从上一档的上限开始。",
    "band_hole": "人口 {other} 万没有配额。请让这一档从上一档的上限开始，或补上缺的一档。",
    "unknown_form": "{column}“{value}”不在“评分权重”表里。请改成：{other}；或先到那张表里添加。",
    "unknown_part": "{column}“{value}”不是该评分表的板块。请改成：{other}；或先到“评分权重”表里添加。",
    "low_cap": "{column}“{value}”比每处扣分“{other}”还小。请改大上限；不封顶就留空。",
    "no_source": "勾选了“是否核实”，却没有来源。请写明文件名称和页码，或取消勾选。",
}
VERDICTS = {
    "match": "对得上", "short": "对不上", "over": "对不上", "unlisted": "缺明细", "unstated": "缺合计",
    "doubled": "请核对", "orphan": "对不上",
}  # fmt: skip
ADVICE = {
    "match": "",
    "short": "还差 {difference}：对照原表补录缺的行；行都齐了就核对各行数值和合计",
    "over": "多出 {difference}：对照原表删去重复的行，核对各行数值和合计",
    "unlisted": "只有合计、没有明细：对照原表逐行补录；补录前按合计使用，明细由本产品建议",
    "unstated": "没有“合计”行，无从核对：对照原表补一行“合计”",
    "doubled": "原件列了两行，都算才等于合计（只算一行为 {summed}）；配额只取一行。对照原件，重复就删",
    "orphan": "“评分权重”表里没有这个板块，{summed} 行扣分细则不起作用：改板块名，或补上权重",
}

ITEM_ADVICE = {
    "short": "还差 {difference} 项：对照原文补录；只录了大类标题的，换成逐项的条目",
    "unlisted": "只写明 {stated} 项、一项也没有录入：对照原文补录",
    "unstated": "没有写明共几项，无从核对：对照原文补一行，编号写“合计”，条目内容写项数",
}


def in_words(rows: pd.DataFrame, table: str) -> pd.DataFrame:
    """Rows of a table with Chinese headings; whether they were verified stands in words.

    rows  of `in_force`.
    """
    names = headings(table) | {"is_edited": "本县修改"}
    shown = rows.assign(is_verified=rows["is_verified"].map({True: VERIFIED, False: UNVERIFIED}))
    if "content" in shown:
        shown["content"] = shown["content"].fillna("内容待补")
    if "is_edited" in shown:
        shown["is_edited"] = shown["is_edited"].map({True: "本县修改", False: ""})
    return shown.rename(columns=names)


def wide(table: str) -> dict[str, Any]:
    """Column configuration that gives long texts room."""
    names = headings(table)
    return {
        names[column]: st.column_config.TextColumn(width=width)
        for column, width in WIDTHS.items()
        if column in names
    }


def fault_sentence(fault: Fault, table: str) -> str:
    """What is wrong where, and what to do about it, as Markdown."""
    names = headings(table)
    sentence = REMEDIES[fault.code].format(
        column=f"“{names[fault.column]}”" if fault.column else "",
        value=plain(fault.value),
        other=plain(fault.other),
        key="、".join(names[name] for name in TABLES[table].key if name != "edition"),
    )
    return f"第 {fault.row} 行：{sentence}" if fault.row else sentence


def band_name(low: float, high: float) -> str:
    """A population band: 50–200, 200 以上; nothing where there is only one."""
    if math.isnan(low) or (low == 0 and math.isnan(high)):
        return ""
    return f"{low:g} 以上" if math.isnan(high) else f"{low:g}–{high:g}"


def finding_table(findings: pd.DataFrame) -> pd.DataFrame:
    """The findings of an edition for the screen, one row each."""
    return pd.DataFrame(
        [
            {
                "结论": VERDICTS[row.kind],
                "表": TABLE_NAMES[row.table_name],
                "哪一块": row.subject,
                "人口（万人）": band_name(row.population_from, row.population_to),
                "写明": row.stated,
                "逐项相加": row.summed,
                "差": row.difference,
                "怎么办": _advice(row),
                "写明的依据": row.source,
            }
            for row in findings.itertuples()
        ]
    )


def _advice(finding: Any) -> str:
    own = ITEM_ADVICE if finding.table_name == "standard_item" else {}
    return own.get(finding.kind, ADVICE[finding.kind]).format(
        difference=f"{abs(finding.difference):g}",
        stated=f"{finding.stated:g}",
        summed=f"{finding.summed:g}",
    )


def quota_sentence(findings: pd.DataFrame, edition: str) -> str:
    """How many sample points the edition asks for and how many its rows make up, by population."""
    texts = []
    for row in findings[
        findings["table_name"].eq("standard_quota") & findings["subject"].eq("合计")
    ].itertuples():
        band = band_name(row.population_from, row.population_to)
        asked = "没有写明总数" if math.isnan(row.stated) else f"要求至少 **{row.stated:g}** 个点"
        rest = (
            ""
            if math.isnan(row.difference)
            else ("，对得上" if row.difference == 0 else f"，差 **{row.difference:g}** 个")
        )
        texts.append(
            f"{f'人口（万人）{band}：' if band else ''}{asked}，已录入的合计 {row.summed:g} 个{rest}"
        )
    return f"{plain(edition)} 版：" + "；".join(texts) + "。" if texts else ""
