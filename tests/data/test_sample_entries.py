"""Corrected standards, plans and mock inspections are kept, versions stay as they were."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from data import entries, sample_entries
from data.catalog import TABLES
from data.messages import DataError
from data.plan import PlanSettings, Quota
from data.standards import default_table

DAY = date(2026, 3, 2)
SETTINGS = PlanSettings(
    "2021", "现场评估·市容环境卫生", 12.5, (Quota("公厕", 3, 2, 1),), seed="20260302"
)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def points(*keys: str, role: str = "declared") -> pd.DataFrame:
    """Points of a plan; the last one lies outside every grid and has no risk."""
    last = len(keys) - 1
    return pd.DataFrame(
        {
            "role": role,
            "position": range(1, len(keys) + 1),
            "site_key": keys,
            "site_type": "公厕",
            "site_name": [f"{key} 公厕" for key in keys],
            "address": None,
            "street_name": None,
            "grid_id": [None if n == last else "G1" for n in range(len(keys))],
            "grid_name": [None if n == last else "一号网格" for n in range(len(keys))],
            "lead_unit": "城关镇",
            "lon": 109.5,
            "lat": 36.5,
            "risk": [float("nan") if n == last else 0.25 for n in range(len(keys))],
            "probability": 0.5,
            "reasons": "[]",
            "team": 1,
            "chance": 0.25,
        }
    )


def a_plan(store: Path, *keys: str) -> int:
    return sample_entries.add_plan("a", "迎检", SETTINGS, DAY, "b-1", DAY, points(*keys), store=store)


def a_mock(store: Path) -> int:
    items = pd.DataFrame(
        [
            {"site_key": key, "part": "公厕", "item": item, "points": 1.5, "cap": 18.0, "chance": 0.1}
            for key in ("P1", "P2")
            for item in ("乱扔乱倒", "其他")
        ]
    )
    forecast: dict[str, object] = {"mean": 15.0}
    return sample_entries.add_mock(
        "a", "mock", "模拟", DAY, "张三", None, SETTINGS, forecast, points("P1", "P2"), items, store
    )


def test_versions_of_a_plan_and_what_is_final_stays(store: Path) -> None:
    first = a_plan(store, "P1", "P2")
    drawn = pd.concat([points("P1"), points("P3", role="drawn"), points("P4", role="spare")])
    sample_entries.set_draw("a", first, SETTINGS, "b-1", DAY, "f" * 64, "d" * 64, DAY, drawn, store)
    sample_entries.finish_plan("a", first, "县政府常务会通过", store)
    second = a_plan(store, "P1")
    rows = sample_entries.plans("a", store).set_index("plan_id")
    assert rows["version"].to_dict() == {second: 2, first: 1}
    assert rows.loc[first, ["declared", "drawn", "spares"]].tolist() == [1, 1, 1]
    assert PlanSettings.of_json(rows.loc[first, "settings"]) == SETTINGS
    kept = sample_entries.plan_points("a", first, store)
    assert kept["site_key"].tolist() == ["P1", "P3", "P4"]
    for change in (
        lambda: sample_entries.change_plan("a", first, SETTINGS, [], [], "b", DAY, points("P9"), store),
        lambda: sample_entries.set_draw(
            "a", first, SETTINGS, "b", DAY, "f", "d", DAY, points("P9", role="drawn"), store
        ),
        lambda: sample_entries.finish_plan("a", first, "", store),
    ):
        with pytest.raises(DataError, match=r"final|drawn already"):
            change()
    assert sample_entries.plan_points("a", first, store).equals(kept)
    sample_entries.remove_plan("a", first, store)
    assert sample_entries.plan_points("a", first, store).empty
    assert sample_entries.plans("a", store)["plan_id"].tolist() == [second]


def test_what_is_drawn_is_not_drawn_again(store: Path) -> None:
    plan = a_plan(store, "P1")
    drawn = pd.concat([points("P1"), points("P3", role="drawn")])
    sample_entries.set_draw("a", plan, SETTINGS, "b-1", DAY, "f", "d", DAY, drawn, store)
    kept = sample_entries.plan_points("a", plan, store)
    other = pd.concat([points("P1"), points("P4", role="drawn")])
    with pytest.raises(DataError, match="drawn already"):
        sample_entries.set_draw("a", plan, SETTINGS, "b-1", DAY, "f", "e", DAY, other, store)
    with pytest.raises(DataError, match="drawn"):
        sample_entries.change_plan("a", plan, SETTINGS, ["P1"], [], "b-2", DAY, points("P1"), store)
    row = sample_entries.plans("a", store).iloc[0]
    assert (row["seed"], row["draw_digest"], row["build_id"]) == (SETTINGS.seed, "d", "b-1")
    assert sample_entries.plan_points("a", plan, store).equals(kept)
    assert kept["site_key"].tolist() == ["P1", "P3"]


def test_other_declared_points_are_of_a_draft_that_is_not_drawn(store: Path) -> None:
    plan = a_plan(store, "P1", "P2")
    sample_entries.change_plan("a", plan, SETTINGS, ["P1"], ["P7"], "b-2", DAY, points("P1"), store)
    row = sample_entries.plans("a", store).iloc[0]
    assert row["build_id"] == "b-2"
    assert json.loads(row["pinned"]) == ["P1"]
    assert json.loads(row["barred"]) == ["P7"]
    assert sample_entries.plan_points("a", plan, store)["site_key"].tolist() == ["P1"]
    with pytest.raises(DataError):
        sample_entries.change_plan("b", plan, SETTINGS, [], [], "b", DAY, points("P1"), store)
    drawn = pd.concat([points("P1"), points("P3", role="drawn")])
    sample_entries.set_draw("a", plan, SETTINGS, "b-1", DAY, "f", "d", DAY, drawn, store)
    with pytest.raises(DataError, match="drawn"):
        sample_entries.change_plan("a", plan, SETTINGS, [], [], "b-3", DAY, points("P2"), store)
    assert sample_entries.plans("a", store).iloc[0]["draw_digest"] == "d"
    assert sample_entries.plan_points("a", plan, store)["site_key"].tolist() == ["P1", "P3"]


@pytest.mark.parametrize("do", ["change", "draw", "finish", "remove"])
@pytest.mark.parametrize("before", ["change", "draw", "finish", "remove"])
def test_a_plan_that_is_another_by_now_stays_as_it_is(store: Path, before: str, do: str) -> None:
    plan = a_plan(store, "P1")
    seen = int(sample_entries.plans("a", store).iloc[0]["revision"])
    drawn = pd.concat([points("P2"), points("P3", role="drawn")])

    def act(what: str, revision: int) -> None:
        of = {"store": store, "revision": revision}
        if what == "change":
            sample_entries.change_plan("a", plan, SETTINGS, [], [], "b", DAY, points("P2"), **of)
        elif what == "draw":
            sample_entries.set_draw("a", plan, SETTINGS, "b", DAY, "f", "d", DAY, drawn, **of)
        elif what == "finish":
            sample_entries.finish_plan("a", plan, "x", **of)
        else:
            sample_entries.remove_plan("a", plan, **of)

    act(before, seen)
    rows, kept = sample_entries.plans("a", store), sample_entries.plan_points("a", plan, store)
    with pytest.raises(DataError, match="changed, made final, drawn or removed"):
        act(do, seen)
    assert sample_entries.plans("a", store).equals(rows)
    assert sample_entries.plan_points("a", plan, store).equals(kept)


def test_the_number_of_a_removed_version_is_not_given_again(store: Path) -> None:
    a_plan(store, "P1")
    sample_entries.remove_plan("a", a_plan(store, "P1"), store)
    a_plan(store, "P1")
    assert sample_entries.plans("a", store)["version"].tolist() == [3, 1]


def test_the_history_of_a_plan_grows_by_what_changed(store: Path) -> None:
    keys = [f"P{n}" for n in range(200)]
    plan = a_plan(store, *keys)

    def written() -> int:
        with closing(sqlite3.connect(store / entries.FILE)) as other:
            count = "select count(*) from change where table_name = 'sample_point'"
            return int(other.execute(count).fetchone()[0])

    def change(rows: pd.DataFrame) -> None:
        sample_entries.change_plan("a", plan, SETTINGS, ["P3"], [], "b-1", DAY, rows, store)

    assert written() == 200
    change(sample_entries.plan_points("a", plan, store))
    assert written() == 200
    other = points(*keys)
    other.loc[5, ["site_key", "site_name"]] = ["P900", "P900 公厕"]
    change(other)
    assert written() == 202
    kept = sample_entries.plan_points("a", plan, store)["site_key"].tolist()
    assert kept == list(other["site_key"])
    with pytest.raises(ValueError, match="twice"):
        change(points("P1", "P1"))


def test_a_mock_inspection_is_marked_all_or_nothing(store: Path) -> None:
    mock = a_mock(store)
    one, two = sample_entries.mock_points("a", mock, store)["mock_point_id"]
    with pytest.raises(DataError):
        sample_entries.mark_points(
            "a", [(one, "seen", ["其他"], DAY, ""), (99, "seen", [], DAY, "")], store
        )
    assert sample_entries.mock_items("a", mock, store)["is_found"].isna().all()
    sample_entries.mark_points(
        "a", [(one, "seen", ["其他"], DAY, "有积水"), (two, "unreachable", [], DAY, "封路")], store
    )
    items = sample_entries.mock_items("a", mock, store)
    assert items["is_found"].fillna(-1).tolist() == [0, 1, -1, -1]
    row = sample_entries.mocks("a", store).iloc[0]
    assert row[["points", "seen", "unreachable"]].tolist() == [2, 1, 1]
    sample_entries.mark_points("a", [(one, "", [], None, "")], store)
    assert sample_entries.mock_items("a", mock, store)["is_found"].isna().all()
    with pytest.raises(DataError, match="day"):
        sample_entries.mark_points("a", [(one, "seen", [], None, "")], store)


def test_refused_results_are_kept(store: Path) -> None:
    mock = a_mock(store)
    refused = pd.DataFrame(
        {
            "file": "结果.xlsx",
            "row": [3],
            "column_name": "结果",
            "value": "？",
            "reason": "x",
            "raw": "{}",
        }
    )
    sample_entries.keep_refused("a", mock, refused, store)
    assert sample_entries.refused_results("a", mock, store)["value"].tolist() == ["？"]


def test_a_corrected_standard_and_back(store: Path) -> None:
    rows = default_table(TABLES["standard_deduction"]).query("edition == '2021'")
    for points_lost in (1.0, 2.5):
        sample_entries.save_standard(
            "a", "standard_deduction", "2021", rows.assign(points=points_lost), DAY, "省表", store
        )
    (edit,) = sample_entries.standard_edits("a", store).to_dict("records")
    kept = pd.DataFrame(json.loads(edit["content"]))
    assert kept["points"].eq(2.5).all()
    assert len(kept) == len(rows)
    sample_entries.restore_standard("a", "standard_deduction", "2021", store)
    assert sample_entries.standard_edits("a", store).empty
    history = sample_entries.standard_history("a", "standard_deduction", "2021", store)
    assert history["is_restored"].tolist() == [True, False, False]
    assert history["rows_kept"].tolist() == [0, len(rows), len(rows)]
    assert history["note"].tolist() == ["", "省表", "省表"]
    assert history["changed_at"].is_monotonic_decreasing
    for county, table in (("b", "standard_deduction"), ("a", "standard_weight")):
        assert sample_entries.standard_history(county, table, "2021", store).empty


def test_a_whole_edition_is_saved_or_none_of_it(store: Path) -> None:
    tables = {name: default_table(TABLES[name]) for name in ("standard_quota", "standard_weight")}
    sample_entries.save_edition("a", "本省", tables, DAY, "省表", store)
    edits = sample_entries.standard_edits("a", store)
    assert edits["table_name"].tolist() == ["standard_quota", "standard_weight"]
    with pytest.raises(KeyError):
        sample_entries.save_edition(
            "b", "本省", tables | {"standard_none": tables["standard_quota"]}, DAY, "", store
        )
    assert sample_entries.standard_edits("b", store).empty


def test_a_frame_file_is_known_by_its_digest(store: Path) -> None:
    digest = sample_entries.keep_frame("点位,公厕\n".encode(), store)
    assert sample_entries.kept_frame(digest, store) == "点位,公厕\n".encode()
    assert sample_entries.kept_frame("0" * 64, store) is None
    path = next((store / sample_entries.FRAMES).iterdir())
    path.write_bytes(path.read_bytes()[:-9] + b"\0" * 9)
    with pytest.raises(DataError, match="frame"):
        sample_entries.kept_frame(digest, store)


def test_an_older_file_gets_the_new_tables(store: Path) -> None:
    """Version 2 with a meeting in it: nothing is lost and the new tables keep their history too."""
    store.mkdir()
    with closing(sqlite3.connect(store / entries.FILE)) as old:
        for version in (1, 2):
            old.executescript((entries.STATEMENTS / f"schema_{version}.sql").read_text("utf-8"))
        old.execute(
            "insert into meeting (county, kind, held_on, title) "
            "values ('a', 'meeting', '2026-03-02', '会')"
        )
        old.execute("pragma user_version = 2")
        old.commit()
    plan = a_plan(store, "P1")
    assert entries.meetings("a", store)["title"].tolist() == ["会"]
    assert len(entries.changes("sample_plan", plan, store)) == 2
