"""定义: every number, threshold and column of this product, read from the files that define them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from data.catalog import TABLES
from data.metrics import Metric, metrics
from data.standards import thresholds
from data.templates import headings, templates
from data.views.overview import standard_table
from pages.ui.cards import footer
from pages.ui.read import current_build, read
from pages.ui.text import TABLE_NAMES, number

BETTER = {"low": "越低越好", "high": "越高越好", "none": ""}
UNITS = {
    "m": "米", "m2": "平方米", "km": "公里", "km/h": "公里/小时", "h": "小时", "s": "秒", "days": "日",
    "weeks": "周", "issues": "件", "episodes": "件", "points": "个", "draws": "次", "visits": "次",
    "share": "比例", "sd": "倍标准差",
}  # fmt: skip
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
section = st.segmented_control(
    "看什么", ["指标", "阈值", "标准", "数据字典"], default="指标", required=True
)
if section == "指标":
    st.table(metric_table().set_index("指标"))
elif section == "阈值":
    st.caption("没有权威文件规定的数值均为默认值，可在 data/standards/thresholds.csv 中修改。")
    st.table(threshold_table().set_index("阈值"))
elif section == "标准":
    names = [name for name in TABLE_NAMES if name.startswith("standard_")]
    table = st.selectbox("哪一张表", names, format_func=TABLE_NAMES.__getitem__)
    rows = read(standard_table, build.build_id, table)
    unverified = int((~rows["is_verified"].fillna(value=False).astype(bool)).sum())
    st.caption(
        f"共 {number(len(rows))} 条，其中 {number(unverified)} 条未对照原文核实，按默认值使用。"
        "本县有更准的版本时，在“数据管理”页按模板上传即可替换。"
    )
    st.dataframe(rows.rename(columns=headings(table)), hide_index=True, height=560, placeholder="")
else:
    table = st.selectbox("哪一类数据", list(TABLE_NAMES), format_func=TABLE_NAMES.__getitem__)
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
