"""What people type in is kept: history, several processes, kills, versions, rights, wrong input."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from data import entries
from data.entries import FILE, STATEMENTS, VERSION
from data.messages import DataError
from data.settings import ROOT

DAY, DUE = date(2026, 3, 2), date(2026, 3, 20)
WRITER = """
import sys
from datetime import date
from pathlib import Path
from data.entries import add_meeting
store, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for number in range(count):
    add_meeting("a", "meeting", date(2026, 3, 2), f"{name}-{number}", store=store)
    print(number, flush=True)
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def places(count: int) -> pd.DataFrame:
    """Places of a checklist, the last one off the streets and outside every grid."""
    return pd.DataFrame(
        {
            "grid_id": ["G1"] * (count - 1) + [None],
            "grid_name": ["一号网格"] * (count - 1) + [None],
            "lead_unit": ["城关镇"] * (count - 1) + [None],
            "source_segment_id": [f"S{n}" for n in range(count - 1)] + [None],
            "street_name": ["人民路"] * (count - 1) + [None],
            "address": "人民路1号",
            "lon": 111.0,
            "lat": 30.5,
            "category": "暴露垃圾",
            "reasons": "本地点以前有过 2 次",
        }
    )


def a_checklist(store: Path, count: int = 4) -> int:
    return entries.add_checklist("a", "排查", "A01", "暴露垃圾", DAY, DAY, places(count), store)


def start_writer(store: Path, name: str, count: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", WRITER, str(store), name, str(count)]
    return subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_nothing_typed_in_is_empty_and_leaves_no_file(store: Path) -> None:
    assert entries.meetings("a", store).empty
    assert entries.checklists("a", store).empty
    assert not store.exists()


def test_meetings_and_promises_of_a_county(store: Path) -> None:
    first = entries.add_meeting("a", "meeting", DAY, " 第一次会议 ", store=store)
    entries.add_meeting("b", "bulletin", DAY, "别的县", store=store)
    (meeting,) = entries.meetings("a", store).to_dict("records")
    assert meeting == {
        "meeting_id": first,
        "kind": "meeting",
        "held_on": pd.Timestamp(DAY),
        "title": "第一次会议",
        "note": "",
    }
    late = entries.add_promise("a", first, "张三", "整治马路市场", DUE, "G1", store)
    soon = entries.add_promise("a", first, "李四", "清理小广告", DAY, store=store)
    entries.finish_promise("a", soon, DUE, "已清理", store)
    rows = entries.promises("a", first, store)
    assert list(rows["promise_id"]) == [soon, late]
    assert list(rows["done_on"].isna()) == [False, True]
    assert list(rows["grid_id"].fillna("")) == ["", "G1"]
    entries.finish_promise("a", soon, None, store=store)
    assert entries.promises("a", store=store)["done_on"].isna().all()
    assert entries.promises("b", store=store).empty


def test_one_target_a_metric_and_all_of_them_in_the_history(store: Path) -> None:
    for value in (2.0, 1.5):
        entries.set_target("a", "issues_per_km", value, DAY, "县创卫办 2026 年方案", store)
    (target,) = entries.targets("a", store).to_dict("records")
    assert target["value"] == 1.5
    history = entries.changes("target", 1, store)
    assert [json.loads(row)["value"] for row in history["after"]] == [2.0, 1.5]
    assert history["before"].isna().tolist() == [True, False]
    entries.remove_target("a", "issues_per_km", store)
    assert entries.targets("a", store).empty
    last = entries.changes("target", 1, store).iloc[-1]
    assert json.loads(last["before"])["source"] == "县创卫办 2026 年方案"
    assert pd.isna(last["after"])


def test_a_checklist_counts_what_was_checked_and_found(store: Path) -> None:
    number = a_checklist(store)
    items = entries.checklist_items("a", number, store)
    assert list(items["position"]) == [1, 2, 3, 4]
    assert items["result"].eq("").all()
    for item, result in zip(items["item_id"], ("clean", "found", "unreachable"), strict=False):
        entries.mark_item("a", item, result, DAY, "看过", store)
    (row,) = entries.checklists("a", store).to_dict("records")
    assert (row["items"], row["checked"], row["found"], row["unreachable"]) == (4, 2, 1, 1)
    grids = entries.checklist_grids("a", number, store)
    assert list(grids["items"]) == [3, 1]
    assert list(grids["checked"]) == [2, 0]
    entries.mark_item("a", items["item_id"][0], "", None, store=store)
    assert entries.checklists("a", store)["checked"].item() == 1
    entries.remove_checklist("a", number, store)
    assert entries.checklists("a", store).empty
    kept = entries.changes("checklist_item", int(items["item_id"][1]), store)
    assert json.loads(kept["before"].iloc[-1])["result"] == "found", "the history outlives the list"


def test_every_table_keeps_every_change_and_the_history_is_final(store: Path) -> None:
    """Through whatever door: a change made by hand with another program is kept too."""
    a_checklist(store)
    with closing(sqlite3.connect(store / FILE)) as other:
        names = {
            name for (name,) in other.execute("select name from sqlite_master where type = 'table'")
        }
        for table in names - {"change", "sqlite_sequence"}:
            columns = [row[1] for row in other.execute(f"pragma table_info({table})")]
            for event in ("added", "changed", "removed"):
                (text,) = other.execute(
                    "select sql from sqlite_master where name = ?", [f"{table}_{event}"]
                ).fetchone()
                assert all(f"'{column}', " in text for column in columns)
        other.execute("update checklist_item set note = 'by hand' where item_id = 1")
        for statement in ("delete from change", "update change set after = null"):
            with pytest.raises(sqlite3.IntegrityError, match="history"):
                other.execute(statement)
        other.commit()
    last = entries.changes("checklist_item", 1, store).iloc[-1]
    assert json.loads(last["before"])["note"] == ""
    assert json.loads(last["after"])["note"] == "by hand"


def test_it_survives_several_processes_that_begin_and_write_at_once(store: Path) -> None:
    """The file does not exist: they create it, make its tables and write, all at the same time."""
    writers = [start_writer(store, f"w{n}", 25) for n in range(4)]
    assert [writer.wait(timeout=120) for writer in writers] == [0] * 4
    for writer in writers:
        writer.communicate()
    assert len(set(entries.meetings("a", store)["title"])) == 100
    with closing(sqlite3.connect(store / FILE)) as other:
        assert other.execute("pragma journal_mode").fetchone() == ("wal",)
        assert other.execute("select count(*) from change").fetchone() == (100,)


def test_what_was_committed_survives_a_kill(store: Path) -> None:
    """A writer is killed in full run; every row it reported is there, and the next one can write."""
    said = 0
    for number in range(3):
        writer = start_writer(store, f"k{number}", 100_000)
        assert writer.stdout is not None
        for line in writer.stdout:
            if int(line) == 5:
                break
        writer.kill()
        rest, _ = writer.communicate()
        said += 6 + len(rest.split())
    titles = entries.meetings("a", store)["title"]
    assert said <= len(titles) <= said + 3, "at most one more each: committed, but not yet said"
    entries.add_meeting("a", "meeting", DAY, "之后", store=store)
    with closing(sqlite3.connect(store / FILE)) as other:
        assert other.execute("pragma integrity_check").fetchone() == ("ok",)
        (history,) = other.execute("select count(*) from change").fetchone()
        assert history == len(titles) + 1


def test_all_of_a_checklist_or_nothing(store: Path) -> None:
    wrong = places(4).assign(lon=[111.0, 111.0, None, 111.0])
    with pytest.raises(DataError, match="contradicts"):
        entries.add_checklist("a", "排查", "A01", "暴露垃圾", DAY, DAY, wrong, store)
    assert entries.checklists("a", store).empty
    assert entries.changes("checklist_item", 1, store).empty


def test_a_file_of_a_newer_program_is_left_alone(store: Path) -> None:
    entries.add_meeting("a", "meeting", DAY, "会议", store=store)
    with closing(sqlite3.connect(store / FILE)) as other:
        other.execute(f"pragma user_version = {VERSION + 1}")
    for act in (
        lambda: entries.meetings("a", store),
        lambda: entries.add_meeting("a", "meeting", DAY, "会议", store=store),
    ):
        with pytest.raises(DataError, match=f"version {VERSION + 1}") as caught:
            act()
        assert "新版软件" in caught.value.zh


def test_a_file_of_an_older_program_is_brought_forward(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is lost, and what was added since is in the history too."""
    with monkeypatch.context() as older:
        older.setattr(entries, "VERSION", 1)
        entries.add_meeting("a", "meeting", DAY, "会议", store=store)
    number = a_checklist(store)
    assert entries.meetings("a", store)["title"].item() == "会议"
    assert entries.checklist_items("a", number, store)["address"].iloc[0] == "人民路1号"
    assert json.loads(entries.changes("checklist_item", 1, store)["after"].item())["address"]
    with closing(sqlite3.connect(store / FILE)) as other:
        assert other.execute("pragma user_version").fetchone() == (VERSION,)


def test_each_version_has_its_schema() -> None:
    schemas = {path.stem for path in STATEMENTS.glob("schema_*.sql")}
    assert schemas == {f"schema_{number}" for number in range(1, VERSION + 1)}


@pytest.fixture
def read_only(store: Path) -> Iterator[Path]:
    """A store with a meeting that the process may read but not write, root or not."""
    if not hasattr(os, "geteuid"):
        pytest.skip("Windows keeps folders writable")
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to others
        path = Path(folder)
        entries.add_meeting("a", "meeting", DAY, "会议", store=path)
        (path / FILE).chmod(0o444)
        path.chmod(0o555)
        me = os.geteuid()
        if me == 0:
            os.seteuid(65534)
        yield path
        os.seteuid(me)
        path.chmod(0o755)


def test_a_store_that_may_not_be_written_says_so(read_only: Path) -> None:
    with pytest.raises(DataError, match="may not be written") as caught:
        entries.add_meeting("a", "meeting", DAY, "会议", store=read_only)
    assert "请检查权限" in caught.value.zh
    assert entries.meetings("a", read_only / "empty").empty, "a store without entries can be read"


def test_a_file_that_is_none_of_ours_says_so(store: Path) -> None:
    store.mkdir()
    (store / FILE).write_bytes(b"no database" * 100)
    with pytest.raises(DataError, match="damaged") as caught:
        entries.meetings("a", store)
    assert "备份" in caught.value.zh


def test_a_writer_that_never_ends_is_reported(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries.add_meeting("a", "meeting", DAY, "会议", store=store)
    monkeypatch.setattr(entries, "WAIT_S", 0.05)
    with closing(sqlite3.connect(store / FILE, isolation_level=None)) as other:
        other.execute("begin immediate")
        assert len(entries.meetings("a", store)) == 1, "readers do not wait"
        with pytest.raises(DataError, match="too long"):
            entries.add_meeting("a", "meeting", DAY, "会议", store=store)
        other.rollback()


def test_wrong_input_is_refused_with_a_sentence(store: Path) -> None:
    meeting = entries.add_meeting("a", "meeting", DAY, "会议", store=store)
    item = int(entries.checklist_items("a", a_checklist(store), store)["item_id"][0])
    refused = [
        lambda: entries.add_meeting("a", "meeting", DAY, "  ", store=store),
        lambda: entries.add_meeting("a", "meeting", DAY, "长" * 201, store=store),
        lambda: entries.add_meeting("", "meeting", DAY, "会议", store=store),
        lambda: entries.add_meeting("a", "party", DAY, "会议", store=store),  # type: ignore[arg-type]
        lambda: entries.add_meeting("a", "meeting", date(226, 3, 2), "会议", store=store),
        lambda: entries.add_promise("b", meeting, "张三", "别县的会议", DUE, store=store),
        lambda: entries.add_promise("a", 999, "张三", "没有的会议", DUE, store=store),
        lambda: entries.finish_promise("a", 999, DAY, store=store),
        lambda: entries.set_target("a", "no_metric", 1.0, DAY, "某人", store),
        lambda: entries.set_target("a", "reported", float("nan"), DAY, "某人", store),
        lambda: entries.set_target("a", "reported", 1.0, DAY, "", store),
        lambda: entries.mark_item("a", item, "found", None, store=store),
        lambda: entries.mark_item("a", item, "", DAY, store=store),
        lambda: entries.mark_item("b", item, "found", DAY, store=store),
        lambda: entries.add_checklist("a", "空", "A01", "暴露垃圾", DAY, DAY, places(2)[:0], store),
    ]
    for act in refused:
        with pytest.raises(DataError) as caught:
            act()
        assert caught.value.zh
    entries.add_promise("a", meeting, "张三", "有的会议", DUE, store=store)
    with pytest.raises(DataError, match="contradicts"):
        entries.remove_meeting("a", meeting, store)


@pytest.mark.parametrize("text", ["'); drop table meeting; --", '{"a": [1]}', "<script>", "🧹\n\t=1+1"])
def test_text_stays_text(store: Path, text: str) -> None:
    number = entries.add_meeting("a", "meeting", DAY, "会议", text, store)
    assert entries.meetings("a", store)["note"].item() == text
    assert json.loads(entries.changes("meeting", number, store)["after"].item())["note"] == text
