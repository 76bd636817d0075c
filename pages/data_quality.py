"""数据质量: what the load read, accepted and refused, what is odd, and the refused rows to mend."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from data.export import refused_with_faults, refused_workbook
from data.messages import message
from data.views.overview import border_faults, load_files, load_findings, load_history
from pages.ui.cards import footer
from pages.ui.charts import load_history_chart
from pages.ui.read import current_build, read
from pages.ui.save import save_button
from pages.ui.text import TABLE_NAMES, period

SHOWN = 500

build = current_build()
st.title("数据质量")
st.markdown(f"本版数据的问题记录起止：{period(build.first_date, build.data_until)}。")

files = read(load_files, build.build_id)
st.subheader("读了什么")
st.dataframe(
    files.assign(table_name=files["table_name"].map(TABLE_NAMES)).set_axis(
        ["内容", "文件", "只取", "读入", "接收", "被新版取代", "拒收", "未取用"], axis="columns"
    ),
    hide_index=True,
)
st.caption(
    "读入 = 接收 + 被新版取代 + 拒收 + 未取用。“被新版取代”指同一编号在较新的文件里有更新的状态；"
    "“未取用”指配方注明不需要的记录。"
)

history = read(load_history, build.build_id)
if len(history) > 1:
    st.subheader("历次入库")
    load_history_chart(history, "load_history")
    st.caption(
        "每次入库一个点：拒收（扣除后来已改正的）、值得核对（一条记录可能有几处）各占读入记录的百分比。"
    )

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
    save_button(
        "下载全部拒收记录（Excel，附原因与办法）",
        partial(read, refused_workbook, build.build_id),
        f"拒收记录_{build.build_id}.xlsx",
        "refused_excel",
    )
    st.caption("改好后在“数据管理”页上传同一工作簿即可补录，前两列不必删除。")
    if len(refused) > SHOWN:
        st.caption(f"下表显示前 {SHOWN} 条，共 {len(refused):,} 条；下载的文件包含全部。")
    st.dataframe(
        refused.head(SHOWN)[["file", "row_number", "value", "fault", "is_mended", "raw"]].set_axis(
            ["文件", "行", "值", "原因与办法", "已改正", "原记录"], axis="columns"
        ),
        hide_index=True,
        placeholder="",
    )
footer(build)
