"""Corrected standards, plans and mock inspections are kept, versions stay as they were."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@given(
    st.lists(
        st.tuples(st.text(min_size=1), st.integers(0, 9), st.integers(0, 9), st.integers(0, 3)),
        unique_by=lambda row: row[0],
    ),
    st.floats(0, 0.7),
)
def test_settings_survive_json(rows: list[tuple[str, int, int, int]], weight: float) -> None:
    quotas = tuple(Quota(name, a + b, a, spares) for name, a, b, spares in rows)
    settings = PlanSettings("2021", "表", 3.5, quotas, weight, 100.0, 0.8, "种子")
    assert PlanSettings.of_json(settings.to_json()) == settings


def test_a_type_has_one_quota() -> None:
    with pytest.raises(ValueError, match="two quotas"):
        PlanSettings("2021", "表", 3.5, (Quota("公厕", 2, 1), Quota("公厕", 1, 0)))


def test_versions_of_a_plan_and_what_is_final_stays(store: Path) -> None:
    first = a_plan(store, "P1", "P2")
    drawn = pd.concat([points("P1"), points("P3", role="drawn"), points("P4", role="spare")])
    sample_entries.set_draw("a", first, SETTINGS, "b-1", DAY, "f" * 64, "d" * 64, DAY, drawn, store)
    sample_entries.finish_plan("a", first, "县政府常务会通过", store)
    second = a_plan(store, "P1")
    rows = sample_entries.plans("a", store).set_index("plan_id")
    assert rows["version"].to_dict() == {second: 2, first: 1}
    assert rows.loc[first, ["declared", "drawn", "spares"]].tolist() == [2, 1, 1]
    assert PlanSettings.of_json(rows.loc[first, "settings"]) == SETTINGS
    kept = sample_entries.plan_points("a", first, store)
    assert kept["site_key"].tolist() == ["P1", "P2", "P3", "P4"]
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
    assert sample_entries.plans("a", store)["plan_id"].tolist() == [second, first]


def test_a_drawn_version_is_not_deleted_a_final_one_may_be(store: Path) -> None:
    drawn, final = a_plan(store, "P1"), a_plan(store, "P1")
    chosen = points("P3", role="drawn")
    sample_entries.set_draw("a", drawn, SETTINGS, "b-1", DAY, "f", "d", DAY, chosen, store)
    sample_entries.finish_plan("a", final, "", store)
    with pytest.raises(DataError, match="drawn in public is kept"):
        sample_entries.remove_plan("a", drawn, store)
    with (
        closing(sqlite3.connect(store / entries.FILE)) as other,
        pytest.raises(sqlite3.IntegrityError, match="not deleted"),
    ):
        other.execute("delete from sample_plan")
    sample_entries.remove_plan("a", final, store)
    assert sample_entries.plans("a", store)["plan_id"].tolist() == [drawn]
    assert not sample_entries.plan_points("a", drawn, store).empty
    assert sample_entries.plan_points("a", final, store).empty


def test_every_fixing_of_a_list_is_kept_with_its_time(store: Path) -> None:
    plan = a_plan(store, "P1")
    weighted = replace(SETTINGS, risk_weight=0.5, min_distance_m=80.0)
    sample_entries.fix_frame("a", plan, SETTINGS, "b-1", DAY, b"one", store)
    sample_entries.fix_frame("a", plan, weighted, "b-2", DAY, b"two", store)
    rows = sample_entries.fixed_frames("a", plan, store)
    contents = [sample_entries.kept_frame(digest, store) for digest in rows["frame_digest"]]
    assert contents == [b"one", b"two"]
    assert rows["build_id"].tolist() == ["b-1", "b-2"]
    assert rows.loc[1, ["risk_weight", "min_distance_m"]].tolist() == [0.5, 80.0]
    assert rows["fixed_at"].is_monotonic_increasing
    assert abs(pd.Timestamp.now("UTC") - rows["fixed_at"][1]) < pd.Timedelta("1min")
    assert sample_entries.fixed_frames("b", plan, store).empty
    with closing(sqlite3.connect(store / entries.FILE)) as other:
        for statement in ("delete from fixed_frame", "update fixed_frame set fixed_at = '2020'"):
            with pytest.raises(sqlite3.IntegrityError, match="what was fixed"):
                other.execute(statement)
    sample_entries.remove_plan("a", plan, store)
    assert len(sample_entries.fixed_frames("a", plan, store)) == 2


def test_only_the_list_that_was_fixed_last_is_drawn(store: Path) -> None:
    plan = a_plan(store, "P1")
    for content in (b"one", b"two"):
        sample_entries.fix_frame("a", plan, SETTINGS, "b-1", DAY, content, store)
    first, last = sample_entries.fixed_frames("a", plan, store)["frame_digest"]

    def draw(digest: str) -> None:
        drawn = points("P3", role="drawn")
        sample_entries.set_draw("a", plan, SETTINGS, "b-1", DAY, digest, "d", DAY, drawn, store)

    with pytest.raises(DataError, match="fixed anew"):
        draw(first)
    assert sample_entries.plans("a", store)["drawn_on"].isna().all()
    draw(last)
    with pytest.raises(DataError, match="drawn already"):
        sample_entries.fix_frame("a", plan, SETTINGS, "b-1", DAY, b"three", store)
    assert len(sample_entries.fixed_frames("a", plan, store)) == 2


def test_a_draw_leaves_the_declared_points_as_they_were(store: Path) -> None:
    plan = a_plan(store, "P2", "P1")
    before = sample_entries.plan_points("a", plan, store)
    assert before["site_key"].tolist() == ["P2", "P1"]
    by_key = points("P1", "P2").assign(risk=0.9, probability=1.0)
    drawn = pd.concat([by_key, points("P3", role="drawn")])
    sample_entries.set_draw("a", plan, SETTINGS, "b-1", DAY, "f", "d", DAY, drawn, store)
    after = sample_entries.plan_points("a", plan, store)
    assert (
        after[after["role"] == "declared"]
        .drop(columns="probability")
        .equals(before.drop(columns="probability"))
    )
    assert after["probability"].isna().tolist() == [True, True, False]


def draw_of_final(store: Path, plan: int, **change: Any) -> None:
    """The draw of a final plan; change: of what is told."""
    fields: dict[str, Any] = {
        "settings": SETTINGS, "build_id": "b-1", "data_until": DAY, "frame_digest": "f",
        "draw_digest": "d", "drawn_on": DAY,
        "points": pd.concat([points("P3", role="drawn"), points("P4", role="spare")]),
    }  # fmt: skip
    sample_entries.set_draw("a", plan, store=store, **(fields | change))


def test_a_final_plan_is_drawn_once_and_nothing_else_of_it_changes(store: Path) -> None:
    plan = a_plan(store, "P1", "P2")
    sample_entries.finish_plan("a", plan, "县政府常务会通过", store)
    before = sample_entries.plans("a", store).iloc[0]
    declared = sample_entries.plan_points("a", plan, store)
    draw_of_final(store, plan, settings=replace(SETTINGS, risk_weight=0.4, seed="7 7"))
    after = sample_entries.plans("a", store).iloc[0]
    changed = {name for name in before.index if not before[[name]].equals(after[[name]])}
    assert changed == {
        "settings", "seed", "frame_digest", "draw_digest", "drawn_on", "revision", "drawn", "spares"
    }  # fmt: skip
    kept = sample_entries.plan_points("a", plan, store)
    assert kept.head(2).drop(columns="probability").equals(declared.drop(columns="probability"))
    assert kept["role"].tolist() == ["declared", "declared", "drawn", "spare"]
    with pytest.raises(DataError, match="drawn already"):
        draw_of_final(store, plan)
    assert sample_entries.plan_points("a", plan, store).equals(kept)


@pytest.mark.parametrize(
    "change",
    [
        {"settings": replace(SETTINGS, quotas=(Quota("公厕", 3, 1, 1),))},
        {"settings": replace(SETTINGS, quotas=(Quota("公厕", 3, 2, 2),))},
        {"settings": replace(SETTINGS, min_distance_m=10.0)},
        {"build_id": "b-2"},
        {"data_until": date(2026, 3, 9)},
    ],
)
def test_a_draw_that_changes_more_of_a_final_plan_is_refused(
    store: Path, change: dict[str, Any]
) -> None:
    plan = a_plan(store, "P1")
    sample_entries.finish_plan("a", plan, "", store)
    with pytest.raises(DataError, match="final plan does not change"):
        draw_of_final(store, plan, **change)
    assert sample_entries.plans("a", store)["drawn_on"].isna().all()
    assert sample_entries.plan_points("a", plan, store)["site_key"].tolist() == ["P1"]


@pytest.mark.parametrize(
    "statement",
    [
        "update sample_plan set note = 'x'",
        "update sample_plan set drawn_on = '2026-01-01', draw_digest = 'x', pinned = '[1]'",
        "update sample_plan set is_final = 0, drawn_on = '2026-01-01', draw_digest = 'x'",
        "update sample_point set role = 'drawn'",
        "delete from sample_point",
        """insert into sample_point (county, plan_id, role, position, site_key, site_type, lon, lat)
        values ('a', 1, 'declared', 9, 'P9', '公厕', 1, 1)""",
    ],
)
def test_no_statement_gets_past_a_final_plan(store: Path, statement: str) -> None:
    sample_entries.finish_plan("a", a_plan(store, "P1"), "", store)
    with (
        closing(sqlite3.connect(store / entries.FILE)) as other,
        pytest.raises(sqlite3.IntegrityError, match="final plan does not change"),
    ):
        other.execute(statement)


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


def test_days_of_results_start_with_the_first_that_was_kept(store: Path) -> None:
    mock = a_mock(store)
    early, late = DAY - timedelta(days=3), DAY + timedelta(days=3)
    points = sample_entries.mock_points("a", mock, store)
    assert sample_entries.checking_days(DAY, points, early) == (early, early)
    assert sample_entries.checking_days(DAY, points, late) == (DAY, late)
    one = int(points["mock_point_id"][0])
    sample_entries.mark_result("a", one, "seen", early, ("", ()), store)
    points = sample_entries.mock_points("a", mock, store)
    assert sample_entries.checking_days(DAY, points, late) == (early, late)


def found(store: Path, mock: int) -> list[list[str]]:
    """The finds of each point."""
    items = sample_entries.mock_items("a", mock, store)
    hits = items[items["is_found"] == 1].groupby("position")["item"].agg(list)
    return [sorted(hits.get(position, [])) for position in (1, 2)]


def test_two_people_at_one_point_do_not_wipe_each_others_finds(store: Path) -> None:
    mock = a_mock(store)
    one = int(sample_entries.mock_points("a", mock, store)["mock_point_id"][0])
    later = DAY + timedelta(days=1)
    sample_entries.mark_finds("a", one, ["乱扔乱倒"], [], DAY, "", store)
    sample_entries.mark_finds("a", one, ["其他"], [], later, "", store)
    assert found(store, mock) == [["乱扔乱倒", "其他"], []]
    sample_entries.mark_finds("a", one, [], ["乱扔乱倒"], later, "seen", store)
    assert found(store, mock) == [["其他"], []]
    row = sample_entries.mock_points("a", mock, store).iloc[0]
    assert (row["result"], row["checked_on"].date()) == ("seen", DAY), "the first day stays"


@pytest.mark.parametrize("result", ["seen", "unreachable", ""])
def test_a_result_that_does_not_know_what_is_kept_is_refused(
    store: Path, result: sample_entries.PointResult
) -> None:
    mock = a_mock(store)
    one = int(sample_entries.mock_points("a", mock, store)["mock_point_id"][0])
    sample_entries.mark_finds("a", one, ["其他"], [], DAY, "", store)
    for shown in ((), ("乱扔乱倒",)):
        with pytest.raises(DataError, match="marked elsewhere"):
            sample_entries.mark_result("a", one, result, DAY, ("seen", shown), store)
    with pytest.raises(DataError, match="marked elsewhere"):
        sample_entries.mark_result("a", one, result, DAY, ("", ()), store)
    assert found(store, mock) == [["其他"], []]
    sample_entries.mark_result("a", one, result, DAY, ("seen", ("其他",)), store)
    sample_entries.mark_result("a", one, result, DAY, ("seen", ("其他",)), store)  # as it shall be
    assert found(store, mock) == [[], []]
    assert sample_entries.mock_points("a", mock, store)["result"][0] == result


def test_finds_are_not_added_where_nobody_could_get_or_that_were_taken_back(store: Path) -> None:
    mock = a_mock(store)
    one = int(sample_entries.mock_points("a", mock, store)["mock_point_id"][0])
    sample_entries.mark_result("a", one, "unreachable", DAY, ("", ()), store)
    with pytest.raises(DataError, match="marked elsewhere"):
        sample_entries.mark_finds("a", one, ["其他"], [], DAY, "", store)
    sample_entries.mark_finds("a", one, ["其他"], [], DAY, "unreachable", store)
    sample_entries.mark_result("a", one, "", DAY, ("seen", ("其他",)), store)
    with pytest.raises(DataError, match="marked elsewhere"):
        sample_entries.mark_finds("a", one, [], ["其他"], DAY, "seen", store)


def test_a_note_keeps_result_and_finds_and_does_not_replace_another(store: Path) -> None:
    mock = a_mock(store)
    one = int(sample_entries.mock_points("a", mock, store)["mock_point_id"][0])
    sample_entries.mark_finds("a", one, ["其他"], [], DAY, "", store)
    sample_entries.note_point("a", one, "有积水", "", store)
    with pytest.raises(DataError, match="marked elsewhere"):
        sample_entries.note_point("a", one, "大门锁着", "", store)
    row = sample_entries.mock_points("a", mock, store).iloc[0]
    assert (row["result"], row["note"]) == ("seen", "有积水")
    assert found(store, mock) == [["其他"], []]
    with pytest.raises(DataError, match="not there"):
        sample_entries.note_point("a", 99, "x", "", store)


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
