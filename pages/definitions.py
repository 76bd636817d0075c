"""定义: every number, threshold and column of this product, read from the files that define them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from data.catalog import TABLES
from data.metrics import Metric, metrics
from data.sample_entries import standard_edits
from data.standards import thresholds
from data.templates import templates
from data.views.standards import in_force, standard_table
from pages.ui.cards import footer
from pages.ui.filters import url_select, url_switch
from pages.ui.read import current_build, read
from pages.ui.standard_words import in_words, wide
from pages.ui.text import TABLE_NAMES, UNITS, number

BETTER = {"low": "越低越好", "high": "越高越好", "none": ""}
SECTIONS = {"": "指标", "thresholds": "阈值", "standards": "标准", "dictionary": "数据字典"}
UNVERIFIED = "默认值，未经权威依据核实"


def least_denominator(metric: Metric) -> str:
    """The threshold below which a number is not shown, with its value."""
    if not metric.min_denominator:
        return ""
    least = thresholds()[metric.min_denominator]
    return f"{least.title}：{least.value:g} {UNITS[least.unit]}"


def metric_table() -> pd.DataFrame:
    """One row a metric."""
    return pd.DataFrame(
        [
            {
                "指标": metric.title,
                "单位": metric.unit,
                "含义": metric.meaning,
                "分子": metric.numerator,
                "分母": metric.denominator or "（不是比率）",
                "方向": BETTER[metric.better],
                "样本下限": least_denominator(metric),
                "依据": metric.source,
            }
            for metric in metrics().values()
        ]
    )


def threshold_table() -> pd.DataFrame:
    """One row a threshold."""
    return pd.DataFrame(
        [
            {
                "阈值": one.title,
                "值": f"{one.value:g}",
                "单位": UNITS[one.unit],
                "依据": one.source if one.is_verified else UNVERIFIED,
            }
            for one in thresholds().values()
        ]
    )


build = current_build()
st.title("定义")
st.markdown("屏幕、导出和文书里的每个数字都只有一个定义，都出自下面的表；表由系统的定义文件自动生成。")
section = url_switch("看什么", SECTIONS, "definitions")
if section == "":
    st.table(metric_table().set_index("指标"))
elif section == "thresholds":
    st.caption("没有权威文件规定的数值均为默认值，可在 data/standards/thresholds.csv 中修改。")
    st.table(threshold_table().set_index("阈值"))
elif section == "standards":
    names = {code: name for code, name in TABLE_NAMES.items() if code.startswith("standard_")}
    table = url_select("哪一张表", names, "standard", default="standard_item")
    rows = in_force(read(standard_table, build.build_id, table), standard_edits(build.source), table)
    unverified = int((~rows["is_verified"]).sum())
    st.caption(
        f"共 {number(len(rows))} 条，其中 {number(unverified)} 条未对照原文核实，按默认值使用。"
        "本县有更准的版本时，在“数据管理”页按模板上传，或在“样本点”页直接修改。"
    )
    shown = in_words(rows, table)
    st.dataframe(
        shown,
        hide_index=True,
        height=560,
        placeholder="",
        column_config=wide(table),
        alt=TABLE_NAMES[table],
    )
else:
    table = url_select("哪一类数据", TABLE_NAMES, "table", default="core_grid")
    required = {column.name for column in TABLES[table].file_columns if column.required}
    rows = templates().query("table == @table")
    st.dataframe(
        pd.DataFrame(
            {
                "列": rows["heading"],
                "必填": ["必填" if name in required else "" for name in rows["column"]],
                "说明": rows["note"],
                "例": rows["example_1"],
            }
        ),
        hide_index=True,
    )
footer(build)
