"""模拟评估 from a plan to its result: made, filled in, brought back from Excel, removed."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from data import sample_entries
from data.builds import current_build_id, open_build
from data.mock_workbook import DAY, NUMBER, RESULT, mock_workbook
from data.plan import Quota
from data.views.frame import sample_frame
from data.views.mock import mock_result
from pages.ui.entry import today
from pages.ui.mock_print import mock_page
from pages.ui.sites import site_name
from tests.hostile import ALL, hostile_county
from tests.pages.app import click, says, start, use_store
from tests.plans import write_plan

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


QUOTAS = Quota("背街小巷", 6, 2), Quota("主次干道", 4, 2, 1), Quota("公厕", 2, 1)


def made(store: Path, *quotas: Quota) -> AppTest:
    """The page after an inspection was made of a plan."""
    app = start("sampling", part="mock", plan=str(write_plan(store, *(quotas or QUOTAS))))
    assert "还没有模拟评估" in says(app)
    app.number_input(key="mock_new_teams").set_value(1).run()
    return click(app, "生成")


def kept(store: Path) -> tuple[pd.Series, pd.DataFrame, pd.DataFrame]:
    row = sample_entries.mocks("demo", store).iloc[0]
    number = int(row["mock_id"])
    points = sample_entries.mock_points("demo", number, store)
    names = [site_name(point) for point in points.to_dict("records")]
    return row, points.assign(name=names), sample_entries.mock_items("demo", number, store)


def test_without_a_plan_it_says_what_to_do(store: Path) -> None:
    app = start("sampling", part="mock")
    assert not app.exception
    assert "请先在页面左上方打开" in says(app)


def test_made_from_the_plan_and_filled_in(store: Path) -> None:
    app = made(store)
    row, points, items = kept(store)
    assert (len(points), row["pass_share"]) == (12, 0.8)
    assert points["role"].isin(["declared", "drawn"]).all()
    told = json.loads(row["forecast"])
    assert told["points"] == 12
    assert told["finds"] == pytest.approx(points["chance"].sum(), abs=0.1)
    assert app.selectbox(key="sampling:mock").value == str(row["mock_id"])
    assert "未报 12" in app.get("progress")[0].proto.text

    app.button_group(key=f"mock_found_{points['mock_point_id'][0]}").set_value(["其他"]).run()
    first = f"mock_%s_{points['mock_point_id'][0]}"
    assert app.button(key=first % "seen").disabled, "no tap takes all finds back"
    assert app.button(key=first % "unreachable").disabled
    app.button_group(key=first % "found").set_value([]).run()
    assert kept(store)[1]["result"].tolist()[:2] == ["seen", ""]
    assert (kept(store)[2].query("position == 1")["is_found"] == 0).all()
    app.button_group(key=f"mock_found_{points['mock_point_id'][0]}").set_value(["其他"]).run()
    second = int(points["mock_point_id"][1])
    app.text_input(key=f"mock_note_{second}").set_value("大门锁着").run()
    app.button(key=f"mock_unreachable_{second}").click().run()
    assert not app.exception
    _, points, items = kept(store)
    assert points["result"].tolist()[:3] == ["seen", "unreachable", ""]
    assert points["note"][1] == "大门锁着"
    assert items.query("position == 1 and is_found == 1")["item"].tolist() == ["其他"]
    assert "已查 **1**，无法检查 1，未报 10" in app.get("progress")[0].proto.text
    app.button(key=f"mock_undo_{second}").click().run()
    assert kept(store)[1]["result"][1] == ""
    assert kept(store)[1]["note"][1] == "大门锁着"


def test_what_another_phone_marked_stays(store: Path) -> None:
    app = made(store)
    looked = kept(store)[2].groupby("mock_point_id")["item"].agg(list)
    one = int(looked.str.len().idxmax())
    first, *_, last = looked[one]
    sample_entries.mark_finds("demo", one, [first], [], today(), "", store)
    app.button(key=f"mock_unreachable_{one}").click().run()
    assert any("刚由别处记了" in one.value for one in app.error)
    assert kept(store)[2].query("is_found == 1")["item"].tolist() == [first]
    assert app.button_group(key=f"mock_found_{one}").value == [first], "redrawn as it is kept"
    sample_entries.mark_finds("demo", one, [], [first], today(), "seen", store)
    app.button_group(key=f"mock_found_{one}").set_value([first, last]).run()
    assert kept(store)[2].query("is_found == 1")["item"].tolist() == [last], "only what it added"


def mark_all(store: Path, random: np.random.Generator) -> None:
    """Results as likely as they were told."""
    _, points, items = kept(store)
    hit = items[random.random(len(items)) < items["chance"]]
    found = hit.groupby("mock_point_id")["item"].agg(list).to_dict()
    marks = [
        (int(number), "seen", found.get(number, []), today(), "") for number in points["mock_point_id"]
    ]
    sample_entries.mark_points("demo", marks, store)  # type: ignore[arg-type]


def test_the_result_is_that_of_the_view(store: Path) -> None:
    made(store, Quota("背街小巷", 20, 4), Quota("公厕", 6, 2), Quota("学校", 3, 0))
    mark_all(store, np.random.default_rng(3))
    row, points, items = kept(store)
    app = start("sampling", part="mock", mock=str(row["mock_id"]), mock_view="result")
    assert not app.exception, app.exception
    result = mock_result(points, items, json.loads(row["forecast"])["part_points"], 0.8)
    assert app.metric[0].value == f"{result.score:,.1f} / {result.full:,.0f}"
    assert app.metric[1].value == f"{result.faulty} / {len(points)}"
    assert "在预测范围之内" in says(app)
    assert "没有看出偏差" in says(app)
    assert "有问题的约占" in says(app)
    for by in ("grids", "units", "sites"):
        app.button_group(key="sampling:lost").set_value(by).run()
        assert not app.exception, app.exception


def test_the_county_is_told_without_the_types_that_nobody_saw(store: Path) -> None:
    made(store, Quota("背街小巷", 20, 4), Quota("公厕", 6, 2))
    mark_all(store, np.random.default_rng(3))
    row, points, _ = kept(store)
    is_gone = (points["site_type"] == "公厕") & (points["role"] == "drawn")
    is_gone |= points.index == points.index[points["site_type"] == "背街小巷"][0]
    marks = [(int(one), "unreachable", [], today(), "") for one in points["mock_point_id"][is_gone]]
    sample_entries.mark_points("demo", marks, store)  # type: ignore[arg-type]
    said = says(start("sampling", part="mock", mock=str(row["mock_id"]), mock_view="result"))
    assert "还有 1 个点未报或无法检查，由来历（申报或抽中）和类型相同的已查点代表" in said
    assert "没有计入：公厕（抽中点），一个也没有看到" in said


def test_a_partial_result_says_what_is_missing(store: Path) -> None:
    made(store)
    row, points, _ = kept(store)
    sample_entries.mark_points(
        "demo", [(int(points["mock_point_id"][0]), "seen", [], today(), "")], store
    )
    app = start("sampling", part="mock", mock=str(row["mock_id"]), mock_view="result")
    assert not app.exception, app.exception
    assert "还有 11 个点没有结果" in says(app)
    assert "点位太少，不判断" in says(app)


def test_a_filled_workbook_is_brought_back(store: Path) -> None:
    made(store)
    row, points, items = kept(store)
    book = openpyxl.load_workbook(io.BytesIO(mock_workbook(points, items, row["held_on"].date())))
    sheet = book["第1组"]
    at = {str(cell.value): cell.column for cell in sheet[1]}
    for line in range(2, sheet.max_row + 1):
        sheet.cell(line, at[RESULT]).value = "已查"
        sheet.cell(line, at[DAY]).value = today()
    sheet.cell(2, at["其他"]).value = "有"
    sheet.cell(3, at[NUMBER]).value = 999
    sheet.cell(4, at[DAY]).value = today() + timedelta(days=1)
    stream = io.BytesIO()
    book.save(stream)
    sample_entries.mark_points(
        "demo", [(int(points["mock_point_id"][0]), "unreachable", [], today(), "")], store
    )
    app = start("sampling", part="mock", mock=str(row["mock_id"]), mock_view="files")
    app.file_uploader[0].upload("结果.xlsx", stream.getvalue()).run()
    assert not app.exception, app.exception
    assert [metric.value for metric in app.metric] == ["9", "1", "0", "2", "0"]
    click(app, "导入")
    assert "已导入 9 个点；拒收 2 行；1 个点与已填的不同，没有改动" in says(app)
    _, points, _ = kept(store)
    assert (points["result"] == "seen").sum() == 9
    assert points["result"][0] == "unreachable"
    refused = sample_entries.refused_results("demo", int(row["mock_id"]), store)
    assert set(refused["reason"]) == {"unknown_point", "day_out_of_range"}

    assert [one.label for one in app.expander if "拒收" in one.label] == [
        "以前拒收的 2 行，2 行还没有改正"
    ]
    late = int(points["mock_point_id"][2])
    assert points["result"][2] == ""
    sample_entries.mark_points("demo", [(late, "seen", [], today(), "")], store)
    app.run()
    assert [one.label for one in app.expander if "拒收" in one.label] == [
        "以前拒收的 2 行，1 行还没有改正"
    ]
    sample_entries.mark_points("demo", [(late, "", [], None, "")], store)

    app.file_uploader[0].upload("结果.xlsx", stream.getvalue()).run()
    assert [metric.value for metric in app.metric] == ["0", "1", "9", "2", "0"]
    app.checkbox[0].check().run()
    click(app, "导入")
    _, points, items = kept(store)
    assert points["result"][0] == "seen"
    assert items.query("position == 1 and is_found == 1")["item"].tolist() == ["其他"]
    again = sample_entries.refused_results("demo", int(row["mock_id"]), store)
    assert len(again) == len(refused), "the same fault is kept once"


def test_a_day_that_can_be_typed_can_be_brought_back(store: Path) -> None:
    """The inspection was planned for tomorrow; somebody went today."""
    app = start("sampling", part="mock", plan=str(write_plan(store, *QUOTAS)))
    app.date_input(key="mock_new_day").set_value(today() + timedelta(days=1)).run()
    click(app, "生成")
    row, points, items = kept(store)
    typed = next(one for one in app.date_input if one.label == "检查日期")
    assert (typed.min, typed.max) == (today(), today())
    book = openpyxl.load_workbook(io.BytesIO(mock_workbook(points, items, today())))
    sheet = book["第1组"]
    at = {str(cell.value): cell.column for cell in sheet[1]}
    sheet.cell(2, at[RESULT]).value = "已查"
    sheet.cell(2, at[DAY]).value = today()
    stream = io.BytesIO()
    book.save(stream)
    app = start("sampling", part="mock", mock=str(row["mock_id"]), mock_view="files")
    app.file_uploader[0].upload("结果.xlsx", stream.getvalue()).run()
    assert [metric.value for metric in app.metric] == ["1", "0", "0", "0", "11"]


def test_a_broken_file_is_refused_with_a_sentence(store: Path) -> None:
    made(store)
    number = str(kept(store)[0]["mock_id"])
    app = start("sampling", part="mock", mock=number, mock_view="files")
    app.file_uploader[0].upload("坏.xlsx", b"PK\x03\x04 nothing").run()
    assert not app.exception, app.exception
    assert app.error
    assert "坏" in app.error[0].value


def test_an_inspection_is_of_the_plan_as_it_was_seen(store: Path) -> None:
    plan_id = write_plan(store, *QUOTAS)
    app = start("sampling", part="mock", plan=str(plan_id))
    sample_entries.finish_plan("demo", plan_id, "", store)
    click(app, "生成")
    assert any("没有执行" in one.value for one in app.error)
    assert sample_entries.mocks("demo", store).empty


def test_what_another_window_removed_is_said(store: Path) -> None:
    app = made(store)
    row, points, _ = kept(store)
    sample_entries.remove_mock("demo", int(row["mock_id"]), store)
    app.button(key=f"mock_seen_{points['mock_point_id'][0]}").click().run()
    assert not app.exception, app.exception
    assert any("已不存在" in one.value for one in app.error)


def test_lists_and_removal(store: Path) -> None:
    app = made(store)
    number = str(kept(store)[0]["mock_id"])
    listed = start("sampling", part="mock")
    (frame,) = [table.value for table in listed.dataframe if "检查人员" in table.value]
    assert frame["点位"].tolist() == [12]
    click(app, "确认删除")
    assert sample_entries.mocks("demo", store).empty
    assert start("sampling", part="mock", mock=number).selectbox(key="sampling:mock").value == ""


def test_self_checks_and_inspections_of_a_plan_are_compared(store: Path) -> None:
    app = start("sampling", part="mock", plan=str(write_plan(store, *QUOTAS)))
    click(app, "生成")
    mark_all(store, np.random.default_rng(1))
    choice = start("sampling", part="mock", plan="1")
    next(group for group in choice.button_group if group.label == "性质").set_value("self").run()
    click(choice, "生成")
    assert sample_entries.mocks("demo", store)["kind"].tolist() == ["self", "mock"]
    mark_all(store, np.random.default_rng(2))
    seen = says(start("sampling", part="mock"))
    assert "又经模拟评估的 12 个点" in seen


def test_the_printed_page_has_each_team_and_each_item(store: Path) -> None:
    made(store)
    row, points, items = kept(store)
    build_id = current_build_id(store)
    page = (mock_page(build_id, {"mock": str(row["mock_id"])}) or b"").decode()
    assert page.count("<article>") == len(points)
    assert page.count("<li>") == len(items) + 2 * len(points)
    assert re.search(r"步行 \d+ 米", page)
    assert mock_page(build_id, {"mock": "99"}) is None
    assert mock_page(build_id, {"mock": str(row["mock_id"]), "team": "7"}) is None
    assert mock_page(build_id, {"mock": str(row["mock_id"]), "team": "x"}) is None


def test_names_that_are_code_stay_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    county = hostile_county(tmp_path / "hostile")
    use_store(county.store, monkeypatch)
    engine = open_build(current_build_id(county.store), county.store)
    frame = sample_frame(engine).frame
    types = frame["site_type"].unique()
    plan_id = write_plan(county.store, *(Quota(name, 1, 1) for name in types))
    app = click(start("sampling", part="mock", plan=str(plan_id)), "生成")
    shown = says(app)
    assert not any(name in shown for name in ALL if "<" in name or "](" in name)
    page = (mock_page(current_build_id(county.store), {"mock": "1"}) or b"").decode()
    assert page
    assert not any(name in page for name in ALL if "<" in name)
