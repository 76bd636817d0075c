"""举一反三: the link, the list that is kept, marks, the workbook, and text that stays text."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from data import entries
from data.builds import current_build_id, open_build
from data.export import checklist_workbook
from data.views import alike
from tests.conftest import County
from tests.pages.app import click, says, start, use_store

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
EVIL = "**粗** [链接](http://evil.example) <script>alert(1)</script> `x` ${1}"


def an_issue(store: Path) -> str:
    """The newest find of an inspection."""
    rows = open_build(current_build_id(store), store).query(
        "select issue_id from core_issue where inspection_id is not null and place_id is not null "
        "and category <> 'unknown' order by reported_at desc limit 1"
    )
    return str(rows["issue_id"].item())


def test_a_link_reproduces_the_search(store: Path) -> None:
    number = an_issue(store)
    app = start("alike", issue=number, level="category_class", where="road", which="new", count="20")
    codes = {
        key: app.selectbox(key=f"alike:{key}").value
        for key in ("issue", "level", "where", "which", "count")
    }
    assert codes == {
        "issue": number, "level": "category_class", "where": "road", "which": "new", "count": "20",
    }  # fmt: skip
    engine = open_build(current_build_id(store), store)
    found = alike.alike_places(engine, number, "category_class", "road", "new")
    seen = alike.hindsight(engine, number, "category_class", "road", "new", "20")
    assert f"候选 **{found.of_candidates:,}** 处" in says(app)
    assert f"前有 **{seen.hits}** 处" in says(app)
    (table,) = [frame.value for frame in app.dataframe if "不利的一面" in frame.value][:1]
    listed = min(20, len(found.candidates))
    assert listed
    assert table["序号"].tolist() == list(range(1, listed + 1))


def test_an_issue_is_found_by_its_number(store: Path) -> None:
    app = start("alike")
    assert app.info, "without an issue the page says what to do"
    app.text_input(key="issue_number").set_value(f" {an_issue(store)} ").run()
    assert app.selectbox(key="alike:issue").value == an_issue(store)
    app.text_input(key="issue_number").set_value("no such number").run()
    assert "no such number" in app.warning[0].value
    assert app.selectbox(key="alike:issue").value == ""


def test_a_list_is_kept_marked_and_counted(store: Path) -> None:
    number = an_issue(store)
    app = click(start("alike", issue=number, count="20"), "生成排查清单")
    assert app.selectbox(key="alike:list").value == "1"
    items = entries.checklist_items("demo", 1, store)
    listed = alike.alike_places(open_build(current_build_id(store), store), number).candidates.head(20)
    assert list(items["source_segment_id"].fillna("")) == list(listed["source_segment_id"].fillna(""))
    assert items["reasons"].str.len().gt(0).all()
    assert "排查 **0** 处" in says(app)
    assert "样本太少" in says(app)
    for result in ["found", "unreachable", *["clean"] * 9]:
        app.button_group[0].set_value(result).run()
        assert not app.exception, app.exception
    progress = entries.checklists("demo", store).iloc[0]
    assert (progress["checked"], progress["found"], progress["unreachable"]) == (10, 1, 1)
    assert "命中率 10%，95% 区间" in says(app)
    app.text_input[0].set_value("墙角").run()
    item = entries.checklist_items("demo", 1, store).iloc[11]
    assert (item["note"], item["result"]) == ("墙角", "")
    app.button_group[0].set_value("found").run()
    item = entries.checklist_items("demo", 1, store).iloc[11]
    assert (item["note"], item["result"]) == ("墙角", "found"), "a mark keeps the note"


def test_a_mark_can_be_taken_back_and_a_list_removed(store: Path) -> None:
    app = click(start("alike", issue=an_issue(store), count="20"), "生成排查清单")
    app.button_group[0].set_value("found").run()
    app.toggle[0].set_value(False).run()
    app.button_group[0].set_value(None).run()
    assert not app.exception, app.exception
    assert entries.checklist_items("demo", 1, store)["result"].eq("").all()
    click(app, "确认删除")
    assert entries.checklists("demo", store).empty
    assert app.selectbox(key="alike:list").value == ""


def test_a_store_that_cannot_be_written_says_so(store: Path) -> None:
    (store / entries.FILE).mkdir()
    app = AppTest.from_file(str(Path("pages/ui/shell.py").resolve()), default_timeout=60).run()
    app.switch_page("../alike.py").run()
    assert not app.exception
    assert "本次没有改动任何内容" in app.error[0].value


def test_the_workbook_has_a_sheet_a_grid(store: Path) -> None:
    click(start("alike", issue=an_issue(store), count="40"), "生成排查清单")
    items = entries.checklist_items("demo", 1, store)
    sheets = pd.read_excel(
        io.BytesIO(checklist_workbook(items)), sheet_name=None, dtype=str, engine="calamine"
    )
    assert len(sheets) == items["grid_id"].nunique()
    assert sum(len(sheet) for sheet in sheets.values()) == 40
    for sheet in sheets.values():
        assert sheet["网格"].nunique() == 1
        assert (sheet["结果"] == "未查").all()


def test_text_of_files_and_of_people_stays_text(
    tiny_county: Callable[[], County], monkeypatch: pytest.MonkeyPatch
) -> None:
    county = tiny_county()
    county.edit("platform.csv", "暴露垃圾", EVIL, "gbk")
    county.edit("streets.geojson", "人民路", EVIL)
    county.load()
    use_store(county.store, monkeypatch)
    app = start("alike", issue="A02", period="all")
    app.text_input[1].set_value(EVIL).run()
    app = click(app, "生成排查清单")
    app.text_input[0].set_value(EVIL).run()
    app.toggle[0].set_value(False).run()
    assert entries.checklists("tiny", county.store)["title"].item() == EVIL
    for text in [*app.markdown, *app.subheader, *app.caption, *app.title]:
        assert not re.search(r"(?<!\\)(<script|]\(http|\*\*粗)", str(text.value)), text.value
