"""标准与配额: a correction shows wherever it is read, a wrong one is refused, all can be undone."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

from data import sample_entries
from data.catalog import TABLES
from data.standards import default_table
from tests.pages.app import says, start, table_with

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
EVIL = "**粗** [链接](http://evil.example) <script>alert(1)</script> $x$"


def opened(table: str, edition: str = "2021") -> AppTest:
    """The page with that table open for changes."""
    app = start("sampling", standard=table, edition=edition)
    app.toggle(key="standard_editing").set_value(True).run()
    assert not app.exception
    return app


def save(app: AppTest, note: str, **edits: Any) -> AppTest:
    """Type into the table and save: `AppTest` has no editor, so its state is sent as a browser would.

    edits  edited_rows by position, added_rows, deleted_rows.
    """
    editor = next(e for e in app.dataframe if "standard_editor" in e.proto.id)
    app.text_input(key="standard_note").set_value(note)
    app.button(key="standard_save").click()
    states = app._tree.get_widget_states()
    typed = {"edited_rows": {}, "added_rows": [], "deleted_rows": []} | edits
    states.widgets.append(WidgetState(id=editor.proto.id, string_value=json.dumps(typed)))
    app._run(states)
    assert not app.exception, app.exception
    return app


def kept(store: Path, table: str, edition: str = "2021") -> pd.DataFrame | None:
    """The rows that were saved in place of the build's."""
    edits = sample_entries.standard_edits("demo", store)
    own = edits[(edits["table_name"] == table) & (edits["edition"] == edition)]
    return None if own.empty else pd.DataFrame(json.loads(own.iloc[0]["content"]))


def test_says_what_does_not_add_up_and_what_can_be_rehearsed(store: Path) -> None:
    app = start("sampling")
    said = says(app)
    assert "要求至少 **179** 个点，已录入的合计 0 个，差 **179** 个" in said
    assert "可以抽查模拟：现场评估·市容环境卫生（市容市貌 42 分" in said
    found = table_with(app, "结论").set_index("哪一块")
    assert found.loc["现场评估", ["结论", "写明", "逐项相加", "差"]].tolist() == [
        "对不上",
        600,
        180,
        420,
    ]
    app = start("sampling", edition="2014")
    items = table_with(app, "结论").set_index("表").loc["标准条目"]
    assert items[["结论", "写明", "逐项相加"]].tolist() == ["对不上", 196, 9]
    assert items["怎么办"].startswith("还差 187 项：对照原文补录")
    said = says(app)
    assert "人口（万人）0–50：要求至少 **161** 个点，已录入的合计 80 个，差 **81** 个" in said
    assert "没有扣分细则、不预测：病媒生物防制 100 分" in said


@pytest.mark.parametrize(
    "table", ["standard_quota", "standard_weight", "standard_deduction", "standard_item"]
)
@pytest.mark.parametrize("edition", ["2021", "2014"])
def test_every_table_says_in_words_what_nobody_verified(store: Path, table: str, edition: str) -> None:
    rows = default_table(TABLES[table]).query("edition == @edition")
    frame = table_with(start("sampling", standard=table, edition=edition), "是否核实")
    assert len(frame) == len(rows)
    if table == "standard_item":
        assert (frame["条目内容"] == "内容待补").sum() == rows["content"].isna().sum()
    assert (frame["是否核实"] == "默认值（未核实）").sum() == (~rows["is_verified"].astype(bool)).sum()


def test_a_correction_shows_here_and_on_the_definitions(store: Path) -> None:
    app = opened("standard_quota")
    added = {
        "block": "市容环境卫生",
        "site_type": "公厕",
        "quota": 20,
        "is_verified": True,
        "source": "省表",
    }
    save(app, "张三，省评价表", added_rows=[added])
    assert "已保存样本点配额（2021 版）2 行" in says(app)
    assert "已录入的合计 20 个，差 **159** 个" in says(app)
    assert "张三，省评价表" in says(app)
    rows = kept(store, "standard_quota")
    assert rows is not None
    assert rows["quota"].tolist() == [179, 20]
    assert rows["edition"].tolist() == ["2021", "2021"]
    definitions = start("definitions", definitions="standards", standard="standard_quota")
    frame = table_with(definitions, "点位类型").query("标准版本 == '2021'")
    assert frame["最少样本量"].tolist() == [179, 20]
    assert frame["是否核实"].tolist() == ["默认值（未核实）", "已核实"]
    assert set(frame["本县修改"]) == {"本县修改"}


def test_a_row_is_changed_and_one_is_taken_out(store: Path) -> None:
    app = opened("standard_weight")
    save(app, "李四", edited_rows={"5": {"points": 41.5}}, deleted_rows=[10])
    rows = kept(store, "standard_weight")
    assert rows is not None
    form = rows[rows["form"] == "现场评估·市容环境卫生"]
    assert form["points"].tolist() == [41.5, 38, 33, 31, 18]
    found = table_with(app, "结论").set_index("哪一块")
    assert found.loc["现场评估·市容环境卫生", "差"] == 18.5
    assert (
        found.loc["现场评估·市容环境卫生 · 园林绿化", "结论"] == "对不上"
    )  # its deductions are left over


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ({"edited_rows": {"0": {"points": -1}}}, "第 1 行：“每处扣分”“\\-1”是负数。请改成 0 或正数。"),
        ({"edited_rows": {"1": {"points": None}}}, "第 2 行：“每处扣分”必填，现在是空的。"),
        ({"edited_rows": {"2": {"cap": 0.1}}}, "第 3 行：“扣分上限”“0\\.1”比每处扣分“"),
        ({"edited_rows": {"3": {"part": "没有"}}}, "第 4 行：“评分板块”“没有”不是该评分表的板块。"),
        ({"edited_rows": {"4": {"is_verified": True, "source": ""}}}, "第 5 行：勾选了“是否核实”，"),
        ({"added_rows": [{"form": EVIL}]}, "第 80 行：“评分表”“\\*\\*粗\\*\\*"),
        ({"deleted_rows": list(range(79))}, "表里没有任何行"),
    ],
)  # fmt: skip
def test_a_wrong_table_is_refused_and_stays_in_the_editor(
    store: Path, edits: dict[str, Any], said: str
) -> None:
    app = opened("standard_deduction")
    save(app, "王五", **edits)
    assert said in says(app)
    assert kept(store, "standard_deduction") is None
    typed = app.session_state["standard_editor:standard_deduction:2021:0"]
    assert {name: len(typed[name]) for name in edits} == {name: len(edits[name]) for name in edits}


def test_nobody_saves_without_saying_who_says_so(store: Path) -> None:
    app = opened("standard_weight")
    save(app, "  ", edited_rows={"5": {"points": 41}})
    assert "请写明谁改的、依据什么" in says(app)
    assert kept(store, "standard_weight") is None


def test_a_table_that_somebody_else_changed_is_not_overwritten(store: Path) -> None:
    app = opened("standard_weight")
    rows = default_table(TABLES["standard_weight"]).query("edition == '2021'")
    sample_entries.save_standard(
        "demo", "standard_weight", "2021", rows, date(2026, 3, 2), "别人", store
    )
    save(app, "张三", edited_rows={"5": {"points": 41}})
    assert "刚被别人改过" in says(app)
    own = kept(store, "standard_weight")
    assert own is not None
    assert 41 not in own["points"].tolist()


def test_what_was_corrected_can_be_undone_and_is_remembered(store: Path) -> None:
    app = opened("standard_weight")
    save(app, f"张三 {EVIL}", edited_rows={"5": {"points": 40}})
    app.toggle(key="standard_editing").set_value(False).run()
    assert table_with(app, "分值")["分值"].tolist()[5] == 40
    assert "**粗**" not in says(app)
    app.button(key="standard_restore").click().run()
    assert table_with(app, "分值")["分值"].tolist()[5] == 42
    assert kept(store, "standard_weight") is None
    history = table_with(app, "做了什么")
    assert history["做了什么"].tolist() == ["恢复默认或删除", "保存整张表"]
    assert history["谁改的、依据什么"].tolist() == ["", f"张三 {EVIL}"]


def test_a_new_edition_is_a_copy_and_can_be_taken_away(store: Path) -> None:
    app = start("sampling", edition="2021")
    app.text_input(key="standard_copy_name").set_value("2021 本省")
    app.text_input(key="standard_copy_note").set_value("张三")
    app.button(key="standard_copy_save").click().run()
    assert not app.exception
    assert app.selectbox(key="sampling:edition").value == "2021 本省"
    copied = kept(store, "standard_deduction", "2021 本省")
    assert copied is not None
    assert copied["edition"].unique().tolist() == ["2021 本省"]
    assert "差 **179** 个" in says(app)
    app.text_input(key="standard_copy_name").set_value("2014")
    app.button(key="standard_copy_save").click().run()
    assert "已经有“2014”这个版本" in says(app)
    for table in ("standard_quota", "standard_weight", "standard_deduction", "standard_item"):
        app.segmented_control(key="sampling:standard").set_value(table).run()
        app.button(key="standard_restore").click().run()
        assert not app.exception
    assert sample_entries.standard_edits("demo", store).empty
    assert app.selectbox(key="sampling:edition").value == "2021"
