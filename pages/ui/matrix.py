"""问题热点 · 条块矩阵: grids against departments or classes, and the records of a cell."""

from __future__ import annotations

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler  # type: ignore[import-untyped]

from data.filters import Filters
from data.standards import thresholds
from data.views.matrix import ALL, Matrix, matrix, matrix_records
from data.views.overview import EVERY_ROW, Build, departments
from pages.ui.filters import choose, url_select, url_switch
from pages.ui.grid import choose_grid
from pages.ui.maps import BANDS
from pages.ui.read import fetch, read
from pages.ui.records import chosen_record, record_list
from pages.ui.tables import downloads, just_picked, table
from pages.ui.text import TOO_FEW, class_name, number, percent, plain

CELLS, LIST, RECORDS = "matrix_cells", "matrix_high", "matrix_records"
PARTS = {"department": "网格 × 处置部门", "category_class": "网格 × 问题大类"}
MEASURES = {
    "reported": "新增（件）",
    "per_km": "每公里新增（件）",
    "open_at_end": "期末未整改（件）",
    "on_time_share": "按期结案率",
}
UNNAMED = "unnamed"  # code in the URL of the column of records that name no department
CELLS_SHOWN = 600  # a message holds no more; the exported table is whole
GREY = "#d5d8de"


@st.fragment
def matrix_part(build: Build, filters: Filters) -> None:
    """The matrix, the cells that stand out and the records of the chosen cell."""
    owners = read(departments, build.build_id)
    left, right = st.columns([1, 1.3])
    with left:
        part = url_switch(
            "矩阵",
            PARTS,
            "matrix",
            default="department" if len(owners) > 1 else "category_class",
        )
    with right:
        measure = url_switch("看什么数", MEASURES, "measure", default="reported")
    found = read(matrix, build.build_id, filters, part, measure)
    names = {_code(key): _label(key) for key in found.value.columns.drop(ALL)}
    shown = found.value.index[: CELLS_SHOWN // max(len(names), 1)].drop(ALL, errors="ignore")
    if found.value.drop(index=ALL)[ALL].fillna(0).eq(0).all() or not names:
        st.info(_nothing(measure))
        return
    if len(names) == 1:
        st.info(f"只有一列（{plain(*names.values())}），分不出条与块。请换一种矩阵。")
    _take_picks(found, shown, names)
    st.caption(_rule(filters, part, measure))
    table_of, side = st.columns([2.6, 1], gap="medium")
    with side:
        grid_id = choose_grid("matrix_map", build, has_map=False)
        label = "矩阵的列：处置部门" if part == "department" else "矩阵的列：大类"
        column = url_select(label, {"": "合计"} | names, "column")
        key = "" if column == UNNAMED else column or ALL
        row = grid_id if grid_id in found.value.index else ALL
        if grid_id and row == ALL:
            st.info("所选网格在时段内没有启用，不在矩阵里；这里是全部网格。")
        _sentence(found, row, key, measure)
        _high(found, measure)
    with table_of:
        _matrix_table(found, shown, measure)
        if found.ended:
            st.caption(f"另有 {found.ended:,} 件在时段内已停用的网格里，不在此表。")
    of_row = filters.in_grid("" if row == ALL else row)
    asked = (matrix_records, build.build_id, of_row, part, measure, key)
    rows = read(*asked)
    title = f"{_grid_name(found, row)} × {plain(_label(key))} 的记录"
    issue_id = chosen_record(rows, RECORDS)
    record_list(rows, issue_id, RECORDS, title=title, every=lambda: fetch(*asked, EVERY_ROW))


def _take_picks(found: Matrix, shown: pd.Index, names: dict[str, str]) -> None:
    """A picked cell, or a row of the list, chooses its grid and its column."""
    codes = {label: code for code, label in names.items()}
    if cell := just_picked(CELLS, "cells"):
        row, label = cell
        rows = [ALL, *shown]
        grid_id = rows[row] if row < len(rows) else ALL
        choose("grid", "" if grid_id == ALL else grid_id)
        choose("column", codes.get(label, ""))
    high = _high_cells(found)
    if (row := just_picked(LIST)) is not None and row < len(high):
        choose("grid", high[row][0])
        choose("column", _code(high[row][1]))


def _code(key: str) -> str:
    return key or UNNAMED


def _label(key: str) -> str:
    return {"": "（未注明）", ALL: "合计"}.get(key, class_name(key))


def _grid_name(found: Matrix, row: str) -> str:
    return "全部网格" if row == ALL else plain(found.grids.at[row, "grid_name"])


def _nothing(measure: str) -> str:
    if measure == "on_time_share":
        return "没有可算的按期结案率：数据没有整改时限，或到期的问题太少。请换一个数或时段。"
    return "时段内没有落在网格里的问题。请换一个时段、问题大类或处置部门。"


def _rule(filters: Filters, part: str, measure: str) -> str:
    """How to read the table."""
    text = "整行都高是**块**（这个网格）的问题，整列都高是**条**（这个部门或行业）的问题。"
    if measure == "on_time_share":
        text += "分母是到期应结的件数，太少的格子留空（灰）。红为低。"
    else:
        residual, least = thresholds()["matrix_residual"], thresholds()["matrix_expected"]
        text += (
            "▲ 为突出的格子：比“行合计 × 列合计 ÷ 总计”推算的应有件数"
            f"高出 {residual.value:g} 倍标准差以上"
            f"（应有不足 {least.value:g} 件的不判断；均为默认值）。"
        )
    if part == "department" and measure != "on_time_share":
        text += "只在部分网格履职的部门（如街道办）会自然突出。"
    if part == "department" and filters.department:
        text += "此表列出全部部门，不受左侧“处置部门”限制。"
    if part == "category_class" and filters.category_class:
        text += "此表列出全部大类，不受左侧“问题大类”限制。"
    return text + "点选一格看它的记录；也可用右侧两个选择框。"


def _text(value: float, measure: str) -> str:
    if measure == "on_time_share":
        return percent(value, unknown=TOO_FEW)
    return number(value, 1 if measure == "per_km" else 0)


def _sentence(found: Matrix, row: str, key: str, measure: str) -> None:
    """The chosen cell with its parts, and what its row and column make likely."""
    numerator, denominator = found.numerator.at[row, key], found.denominator.at[row, key]
    whole = "" if pd.isna(denominator) else (
        f"（{number(numerator)} 件 ÷ {number(denominator, 2)} 公里）"
        if measure == "per_km"
        else f"（{number(numerator)} ÷ {number(denominator)} 件）"
    )  # fmt: skip
    st.markdown(f"**{_grid_name(found, row)} × {plain(_label(key))}**")
    text = f"{MEASURES[measure]}：**{_text(found.value.at[row, key], measure)}**{whole}。"
    if ALL not in (row, key) and measure != "on_time_share":
        text += (
            f"按行列合计应有 {number(found.expected.at[row, key], 1)} 件，实有 "
            f"{number(found.count.at[row, key])} 件，相差 {found.residual.at[row, key]:+.1f} 倍标准差"
            f"{'，**突出**' if found.is_high.at[row, key] else ''}。"
        )
    st.markdown(text)


def _high_cells(found: Matrix) -> list[tuple[str, str]]:
    """Grid and column of the cells that stand out, farthest first."""
    far = found.residual.where(found.is_high).stack().dropna().sort_values(ascending=False)
    return [(str(grid_id), str(key)) for grid_id, key in far.index]


def _high(found: Matrix, measure: str) -> None:
    """The cells that stand out as a list."""
    if measure == "on_time_share":
        return
    cells = _high_cells(found)
    st.markdown(f"**突出的格子**（{len(cells)} 个）")
    if not cells:
        st.info("没有突出的格子：各网格的构成与全县大体一样，轻重看行合计与列合计。")
        return
    shown = pd.DataFrame(
        {
            "网格": [found.grids.at[grid_id, "grid_name"] for grid_id, _ in cells],
            "条线": [_label(key) for _, key in cells],
            "件": [found.count.at[cell] for cell in cells],
            "应有": [found.expected.at[cell] for cell in cells],
        }
    )
    one = st.column_config.NumberColumn(format="%.1f")
    table(shown, "突出的格子", LIST, config={"应有": one}, select=True)


def _matrix_table(found: Matrix, shown: pd.Index, measure: str) -> None:
    """The heat table: the totals, which do not scroll away, then the worst grids first."""
    names = found.grids["grid_name"].to_dict() | {ALL: "合计"}
    labels = {key: _label(key) for key in (ALL, *found.band.columns)}
    whole = found.value.loc[[ALL, *found.grids.index], list(labels)].rename(columns=labels)
    whole.insert(0, "网格", whole.index.map(names))
    values = whole.loc[[ALL, *shown]].reset_index(drop=True)
    styler = _styled(values, found, list(shown), measure)
    st.dataframe(
        styler,
        hide_index=True,
        height=620,
        key=CELLS,
        on_select="rerun",
        selection_mode="single-cell",
        column_config={
            "网格": st.column_config.TextColumn(pinned=True),
            "合计": st.column_config.Column(pinned=True),
        },
        alt="条块矩阵",
        placeholder="",
    )
    downloads(lambda: whole.reset_index(drop=True), f"条块矩阵 {MEASURES[measure]}", "matrix")
    if len(shown) < len(found.grids):
        st.caption(f"列出前 {len(shown)} 个网格，共 {len(found.grids)} 个；导出的表包含全部。")


def _styled(values: pd.DataFrame, found: Matrix, shown: list[str], measure: str) -> Styler:
    """Colours by band, grey where there is no value, ▲ where a cell stands out."""
    shades = BANDS if measure != "on_time_share" else BANDS[::-1]
    inner = dict(zip(values.columns[2:], found.band.columns, strict=True))
    colours = pd.DataFrame("", values.index, values.columns)
    for column, key in inner.items():
        pairs = zip(found.band.loc[shown, key], values[column].iloc[1:], strict=True)
        colours[column] = ["", *(_css(band, value, shades, measure) for band, value in pairs)]
    colours.iloc[0] = colours["合计"] = "font-weight: bold"
    styler = values.style.apply(lambda _: colours, axis=None)
    styler.format(lambda value: _text(value, measure), subset=list(values.columns[1:]), na_rep="")
    high = found.is_high.loc[shown]
    for column, key in inner.items():
        if high[key].any():
            rows = values.index[1:][high[key]]
            styler.format(
                lambda value: f"{_text(value, measure)} ▲", subset=pd.IndexSlice[rows, [column]]
            )
    return styler


def _css(band: int, value: float, shades: tuple[str, ...], measure: str) -> str:
    if band < 0:
        return f"background-color: {GREY}"
    if value == 0 and measure != "on_time_share":
        return ""
    text = "; color: #ffffff" if shades[band] in BANDS[3:] else ""
    return f"background-color: {shades[band]}{text}"
