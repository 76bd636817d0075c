"""数据管理: bring a file to the county, download templates, go back to an older build."""

from __future__ import annotations

from functools import partial

import streamlit as st

from data.builds import NoBuildError, current_build_id
from data.messages import DataError
from data.settings import settings
from data.templates import template_workbook
from etl import intake
from pages.ui.bring_file import bring_file, county_of
from pages.ui.filters import url_switch
from pages.ui.save import save_button
from pages.ui.text import TABLE_NAMES, plain

SECTIONS = {"bring": "上传入库", "templates": "模板下载", "builds": "历次版本"}


def bring() -> None:
    """A file for the county that is served, or the grids of a new one."""
    if loaded := st.session_state.pop("loaded", ""):
        st.success(f"入库完成，各页面已换成新版本 {loaded}。读入、拒收与蹊跷之处见“数据质量”页。")
    try:
        county = county_of(current_build_id())
    except NoBuildError:
        county = intake.NO_COUNTY
    if county.recipe is not None:
        st.markdown(f"当前数据：**{plain(county.recipe.title)}**")
        if st.toggle("不接着它，新建一个县"):
            county = intake.NO_COUNTY
    try:
        bring_file(county)
    except DataError as error:
        st.error(plain(error.zh))


def offer_templates() -> None:
    """A workbook for each table, that loads as it is."""
    st.markdown(
        "每个模板含“数据”（列名和两行示例，请删去后填写）与“说明”（各列怎么填、是否必填）两张表。"
    )
    table = st.selectbox("数据内容", list(TABLE_NAMES), format_func=TABLE_NAMES.__getitem__)
    if table in ("core_grid", "core_segment"):
        st.caption("网格和道路须用地图文件（GeoJSON、Shapefile、GeoPackage）上传，属性列名按此模板。")
    save_button(
        f"下载“{TABLE_NAMES[table]}”模板（Excel）",
        partial(template_workbook, table),
        f"模板_{TABLE_NAMES[table]}.xlsx",
        "template",
    )


def choose_build() -> None:
    """The builds that are kept; another one can be served again."""
    rows = intake.published(settings().store)
    st.dataframe(
        rows.assign(is_served=rows["is_served"].map({True: "使用中", False: ""})).set_axis(
            ["版本", "地方", "入库时间", "问题（件）", ""], axis="columns"
        ),
        hide_index=True,
    )
    others = rows.loc[~rows["is_served"], "build_id"].tolist()
    if not others:
        st.caption("没有别的版本。")
        return
    chosen = st.selectbox("换回旧版本（撤销最近一次入库）", others, index=None, placeholder="选择版本")
    if st.button("使用这个版本", disabled=chosen is None) and chosen:
        intake.serve(chosen, settings().store)
        st.rerun()


st.title("数据管理")
section = url_switch("做什么", SECTIONS, "section", default="bring")
if section == "bring":
    bring()
elif section == "templates":
    offer_templates()
else:
    choose_build()
