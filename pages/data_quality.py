"""数据质量: what the load read, accepted and refused, what is odd, and the refused rows to mend."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from data.export import refused_with_faults, refused_workbook
from data.messages import message
from data.views import border_faults, load_files, load_findings
from pages.ui.cards import footer
from pages.ui.read import current_build, read
from pages.ui.text import period

TABLE_NAMES = {
    "core_grid": "责任网格",
    "core_segment": "道路",
    "core_issue": "问题",
    "core_inspection": "检查轮次",
    "core_shift": "保洁班次",
    "core_site": "候选点位",
}
SHOWN = 500

build = current_build()
st.title("数据质量")
st.markdown(f"本版数据的问题记录起止：{period(build.first_date, build.data_until)}。")

files = read(load_files, build.build_id)
st.subheader("读了什么")
st.dataframe(
    files.assign(table_name=files["table_name"].map(TABLE_NAMES)).set_axis(
        ["内容", "文件", "读入", "接收", "被新版取代", "拒收"], axis="columns"
    ),
    hide_index=True,
)
st.caption("读入 = 接收 + 被新版取代 + 拒收。“被新版取代”指同一编号在较新的文件里有更新的状态。")

findings = read(load_findings, build.build_id)
st.subheader("已接收、但值得核对")
if findings.empty:
    st.success("没有发现蹊跷之处。")
else:
    st.dataframe(
        pd.DataFrame(
            {
                "内容": findings["table_name"].map(TABLE_NAMES),
                "数量": findings["records"],
                "情况": [message("finding", code, "zh") for code in findings["finding"]],
                "举例": findings["detail"],
            }
        ),
        hide_index=True,
    )

faults = read(border_faults, build.build_id)
st.subheader("交界地带：责任重叠与责任空白")
if faults.empty:
    st.success("网格之间没有重叠，也没有空白。")
else:
    st.dataframe(
        pd.DataFrame(
            {
                "类型": faults["kind"].map({"overlap": "责任重叠", "gap": "责任空白"}),
                "涉及网格": faults["grid_names"],
                "面积（平方米）": faults["area_m2"].round(),
                "最宽处（米）": faults["width_m"].round(1),
            }
        ),
        hide_index=True,
        height=250,
    )
    st.caption(
        "在总览和问题热点的地图右上角勾选“交界地带”可以看到位置。四面被围的湖面、机场也会列为空白。"
    )

refused = read(refused_with_faults, build.build_id)
st.subheader("被拒收的记录")
if refused.empty:
    st.success("没有拒收任何记录。")
else:
    st.download_button(
        "下载全部拒收记录（Excel，附原因与办法）",
        read(refused_workbook, build.build_id),
        file_name=f"拒收记录_{build.build_id}.xlsx",
        icon=":material/download:",
        on_click="ignore",
    )
    if len(refused) > SHOWN:
        st.caption(f"下表显示前 {SHOWN} 条，共 {len(refused):,} 条；下载的文件包含全部。")
    st.dataframe(
        refused.head(SHOWN)[["file", "row_number", "value", "fault", "raw"]].set_axis(
            ["文件", "行", "值", "原因与办法", "原记录"], axis="columns"
        ),
        hide_index=True,
        placeholder="",
    )
footer(build)
