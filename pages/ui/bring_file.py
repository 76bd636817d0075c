"""The steps of bringing a file: look, say what it is, match columns, check, load.

Every step shows what the system thinks and why; the person decides. Nothing is loaded before 入库.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from pathlib import Path

import streamlit as st

from data.catalog import TABLES
from data.export import with_fault_texts, workbook_to_mend
from data.settings import settings
from data.standards import threshold
from data.templates import headings, templates
from etl import intake
from etl.intake import CheckResult, County, CrsFit, Incoming
from etl.propose import Proposal
from etl.recipe import Dataset, Recipe
from pages.ui.save import save_button
from pages.ui.text import TABLE_NAMES, crs_name, number, plain

TYPES = ["xlsx", "xls", "csv", "txt", "geojson", "json", "zip", "gpkg", "kml", "kmz", "fgb", "gz"]
KINDS = {"": "表格", "polygon": "面", "line": "线", "point": "点"}
FITS = {"times": "是时间", "numbers": "是数字", "different": "互不重复"}
DATE_ORDERS = {
    "ymd": "不含这类日期",
    "mdy": "月在前（4/12/2016 是 4 月 12 日）",
    "dmy": "日在前（4/12/2016 是 12 月 4 日）",
}
OF_EVENTS = ("core_issue", "core_cleaning", "core_fix", "core_visit")
SHOWN = 200


@st.cache_data(max_entries=4, show_spinner="正在读取文件…")
def _look_at(path: Path, sheet: str, digest: str) -> Incoming:
    return intake.look_at(path, sheet)


@st.cache_resource(max_entries=2, show_spinner=False)
def county_of(build_id: str) -> County:
    """The county of a build."""
    return intake.county_of(build_id, settings().store)


@st.cache_data(max_entries=4, show_spinner="正在逐条检查…")
def _check(key: str, _args: tuple[Incoming, str, Dataset, County, Recipe]) -> CheckResult:
    return intake.check(*_args)


def bring_file(county: County) -> None:
    """The whole road for one file; each step appears when the one before is decided."""
    incoming = _upload()
    if incoming is None:
        return
    if intake.was_loaded(incoming, county, settings().store):
        st.info("这个文件入过库。工作表和列对应都相同的话，再次入库不会有任何变化。")
    known = intake.known_dataset(incoming, county.recipe)
    table = _choose_table(incoming, county, known)
    before = known[1] if known and known[0] == table else None
    columns = _choose_columns(incoming, table, before)
    required = [c.name for c in TABLES[table].file_columns if c.required and c.name not in columns]
    order: str | None = "ymd"
    if intake.has_ambiguous_dates(incoming, columns, table):
        order = st.radio("日期写法", list(DATE_ORDERS), index=None, format_func=DATE_ORDERS.get)
    crs = _choose_crs(incoming, columns, county, before)
    if required:
        names = headings(table)
        st.warning(f"还缺必填列：{'、'.join(names[name] for name in required)}。请在上面选定。")
    if required or crs is None or order is None:
        return
    now = datetime.now()  # noqa: DTZ005 the server's own clock
    name = f"{now:%Y-%m-%d_%H%M%S}_{incoming.raw.sha256[:6]}/{incoming.name}"
    dataset = intake.dataset_of(incoming, name, columns, crs, order, before)
    if county.recipe is None:
        title = st.text_input("县名（显示在屏幕左上角）", placeholder="如：云河县")
        if not title:
            return
        start = intake.new_county(title, incoming, crs or incoming.raw.crs)
        recipe: Recipe | None = intake.with_file(start, table, dataset, None)
    else:
        recipe = _choose_relation(table, county.recipe, dataset, before)
    if recipe is not None:
        _check_and_load((incoming, table, dataset, county, recipe), name)


def _upload() -> Incoming | None:
    st.subheader("1　选择文件")
    sent = st.file_uploader(
        "Excel、CSV、GeoJSON、Shapefile（打成一个 zip）、GeoPackage、KML",
        type=TYPES,
        key=f"file_{st.session_state.get('loads', 0)}",
    )
    if sent is None:
        return None
    path = intake.receive(sent.name, sent.getvalue(), settings().store)
    incoming = _look_at(path, "", path.parent.name)
    if len(incoming.raw.sheets) > 1:
        sheets, first = incoming.raw.sheets, incoming.raw.sheet
        sheet = st.selectbox("工作表（图层）", sheets, index=sheets.index(first))
        if sheet != first:
            incoming = _look_at(path, sheet, path.parent.name)
    st.subheader("2　看一眼")
    encodings = {"gb18030": "，GBK 编码", "": "，UTF-8 编码"}
    encoding = encodings.get(incoming.shape.get("encoding", "none"), "")
    st.markdown(
        f"**{plain(incoming.name)}**：{KINDS[incoming.kind]}，"
        f"{incoming.raw.rows_read:,} 条{encoding}。前 8 条："
    )
    if incoming.raw.header_row > 1:
        st.caption(f"表头取自第 {incoming.raw.header_row} 行，以上各行不读。")
    st.dataframe(incoming.raw.source.head(8).rename_axis("行"), placeholder="")
    return incoming


def _choose_table(incoming: Incoming, county: County, known: tuple[str, Dataset] | None) -> str:
    st.subheader("3　这是什么")
    shape = incoming.kind if incoming.kind in ("polygon", "line") else ""
    tables = [n for n in TABLE_NAMES if TABLES[n].geometry in ((shape,) if shape else ("", "point"))]
    if county.recipe is None:
        if shape != "polygon":
            st.error("新建一个县要从责任网格（面）开始。请先上传网格文件。")
            st.stop()
        tables = ["core_grid"]
    proposed = known[0] if known else intake.proposed_table(incoming)
    chosen: str = st.selectbox(
        "数据内容", tables, index=tables.index(proposed), format_func=TABLE_NAMES.__getitem__
    )
    if known and chosen == known[0]:
        st.info(
            f"列名与“{plain(known[1].files[-1])}”相符，已套用上次确认的列对应与坐标系，请过目。",
            icon=":material/history:",
        )
    return chosen


def _choose_columns(incoming: Incoming, table: str, before: Dataset | None) -> dict[str, str]:
    st.subheader("4　列对应")
    st.caption("左边是系统的列，框里是文件的列。已按列名和内容给出建议和理由，请逐项核对。")
    proposals = {} if before else intake.proposed_columns(incoming, table)
    names = headings(table)
    notes = templates().query("table == @table").set_index("column")["note"]
    columns: dict[str, str] = {}
    for place, column in enumerate(TABLES[table].file_columns):
        if place % 3 == 0:
            row = st.columns(3)
        proposal = proposals.get(column.name)
        proposed = proposal.header if proposal else ""
        why = _reason(proposal) if proposal else ""
        if before and column.name in before.columns:
            proposed, why = before.columns[column.name], "上次确认"
        joined = [] if proposed in incoming.headers or not proposed else [proposed]
        options = ["", *incoming.headers, *joined]
        with row[place % 3]:
            header = st.selectbox(
                names[column.name] + ("（必填）" if column.required else ""),
                options,
                index=options.index(proposed),
                format_func=lambda option: option or "（文件中没有）",
                help=notes[column.name],
                key=f"column_{incoming.raw.sha256}_{incoming.shape.get('sheet')}_{table}_{column.name}",
            )
            st.caption(_under_column(incoming, header, why if header == proposed else ""))
        if header:
            columns[column.name] = header
    return columns


def _reason(proposal: Proposal) -> str:
    why = f"列名{'就是' if proposal.is_exact else '含'}“{proposal.alias}”"
    if proposal.kind == "empty":
        return f"{why}，但全空"
    return why if proposal.fit is None else f"{why}，{proposal.fit:.0%} {FITS[proposal.kind]}"


def _under_column(incoming: Incoming, header: str, why: str) -> str:
    texts = [plain(why)] if why else []
    if header in incoming.headers:
        values = incoming.raw.source[header].dropna()
        if len(values := values[values != ""]):
            texts.append(f"例：{plain(str(values.iloc[0])[:24])}")
    return "　".join(texts) or "　"


def _choose_crs(
    incoming: Incoming, columns: dict[str, str], county: County, before: Dataset | None
) -> str | None:
    """The coordinate system; None until it is decided, "" where the file has no coordinates."""
    if incoming.kind not in ("polygon", "line") and not {"lon", "lat"} <= columns.keys():
        return ""
    fits, own = intake.coordinate_evidence(incoming, columns, county)
    if not fits:
        typed: str = st.text_input("坐标系（从数值无法判断，请填 EPSG 代码，如 EPSG:4545）", own)
        return typed.strip() or None
    stated = (before.crs if before else "") or own
    crs = [fit.crs for fit in fits]
    least = int(threshold("min_datum_points"))
    has_evidence = len(fits) > 1 and fits[0].near_share == fits[0].near_share
    if has_evidence and fits[0].points < least:
        st.caption(f"只有 {fits[0].points} 个坐标，少于 {least} 个，下面的贴合程度只供参考。")
        has_evidence = False
    chosen: str | None = st.radio(
        "坐标系（请确认；拿不准时询问数据提供方）",
        crs,
        index=crs.index(stated) if stated in crs else None,
        format_func=lambda c: crs_name(c) + ("　← 最贴合" if has_evidence and c == crs[0] else ""),
        captions=[_evidence(fit) for fit in fits],
    )
    return chosen


def _evidence(fit: CrsFit) -> str:
    parts = [f"中心 {fit.lon:.4f}, {fit.lat:.4f}"]
    if fit.inside_share == fit.inside_share:
        parts.append(f"{fit.inside_share:.0%} 落在网格内")
    if fit.near_share == fit.near_share:
        parts.append(f"{fit.near_share:.0%} 在道路近旁，距最近道路中位数 {number(fit.median_m)} 米")
    return "；".join(parts)


def _choose_relation(
    table: str, recipe: Recipe, dataset: Dataset, before: Dataset | None
) -> Recipe | None:
    """The county's recipe with the file; None until it is decided how it relates to what is there."""
    there = recipe.datasets(table)
    if not there:
        return intake.with_file(recipe, table, dataset, None)
    options = {f"{n}": f"接着“{old.files[-1]}”：按编号更新，旧记录保留" for n, old in enumerate(there)}
    options["own"] = "另一个来源：编号互不相干"
    if table == "core_grid":
        options["from"] = "整套换新：旧网格到启用日前一天为止，以前的问题仍归旧网格"
    elif table not in OF_EVENTS:
        options["replace"] = "整套换新：旧文件不再使用"
    chosen = st.radio(
        "与已有数据的关系",
        list(options),
        index=there.index(before) if before else None,
        format_func=lambda option: plain(options[option]),
    )
    if chosen == "own":
        prefix = st.text_input("编号前缀（两个来源的编号可能相同时填写，如 TZ-）")
        return intake.with_file(recipe, table, dataset.model_copy(update={"id_prefix": prefix}), None)
    if chosen == "replace":
        return intake.replaced(recipe, table, dataset)
    if chosen == "from":
        day: date | None = st.date_input("新网格启用日", None, format="YYYY-MM-DD")
        return intake.new_grids_from(recipe, dataset, day) if day else None
    return intake.with_file(recipe, table, dataset, there[int(chosen)]) if chosen else None


def _check_and_load(args: tuple[Incoming, str, Dataset, County, Recipe], name: str) -> None:
    incoming, table, dataset, county, recipe = args
    st.subheader("5　检查")
    choices = dataset.model_dump_json(exclude={"files"})
    result = _check(f"{incoming.raw.sha256} {county.build_id} {table} {choices}", args)
    places = st.columns(3)
    places[0].metric("读入", f"{result.rows_read:,}", border=True)
    places[1].metric("可接收", f"{result.accepted:,}", border=True)
    places[2].metric("将拒收", f"{result.refused:,}", border=True)
    if result.doubts:
        st.warning(f"坐标系可疑：{plain(result.doubts)}")
    if result.refused:
        faults = with_fault_texts(result.faults.assign(file=incoming.name))
        st.dataframe(
            faults.head(SHOWN)[["row_number", "value", "fault"]].set_axis(
                ["行", "值", "原因与办法"], axis="columns"
            ),
            hide_index=True,
        )
        save_button(
            "下载将被拒收的记录（Excel，改好后再上传）",
            partial(workbook_to_mend, faults),
            f"待改正_{incoming.path.stem}.xlsx",
            "to_mend",
        )
    st.subheader("6　入库")
    st.caption("可接收的记录入库；将拒收的连同原因留在“数据质量”页，改好后再上传即可补录。")
    if st.button("入库", type="primary", icon=":material/database:"):
        files = {name: incoming.path}
        _load(
            intake.Plan(
                build_id=county.build_id, recipe=recipe, new_files=files, store=settings().store
            )
        )


def _load(plan: intake.Plan) -> None:
    """Run the load beside the app and say each step; then begin anew with the new build."""
    with st.status("正在入库…", expanded=True) as status:
        for said in intake.load(plan):
            if isinstance(said, intake.LoadEnd):
                end = said
            else:
                status.update(label=f"正在入库：{said}")
        if end.build_id:
            status.update(label="入库完成", state="complete")
        else:
            status.update(label="入库没有完成，原有数据照常使用", state="error")
    if end.build_id:
        st.session_state["loaded"] = end.build_id
        st.session_state["loads"] = st.session_state.get("loads", 0) + 1
        st.rerun()
    st.error(
        plain(end.error) or "入库进程意外中止，原有数据不受影响。请重试；如仍失败，请查看服务器日志。"
    )
