"""The rehearsal of a plan, on a small frame made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data.plan import Note, PlanSettings, Quota
from data.views.frame import SampleFrame
from data.views.rehearsal import PlanRehearsal, as_drawn, place_keys, rehearse_plan
from tests.frames import PARTS, made_frame

ROUNDS = 4_000


@pytest.fixture(autouse=True)
def _few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    from data.standards import threshold

    values = {"rehearsal_rounds": ROUNDS}
    monkeypatch.setattr("data.views.rehearsal.threshold", lambda key: values.get(key, threshold(key)))


def sample() -> SampleFrame:
    """Ten points on each of three streets (one without a name) in two grids, and six toilets."""
    streets = [
        {
            "site_key": f"S{segment}#{number}",
            "kind": "street",
            "site_type": "主次干道",
            "site_name": None,
            "street_name": ["人民路", "人民路", None][segment],
            "source_segment_id": f"S{segment}",
            "grid_id": ["G1", "G2", "G2"][segment],
            "is_unseen": segment == 2,
            "risk": [0.1, 0.6, 0.3][segment],
        }
        for segment in range(3)
        for number in range(10)
    ]
    toilets = [
        {
            "site_key": f"T{number}",
            "kind": "site",
            "site_type": "公厕",
            "site_name": f"公厕{number}",
            "street_name": None,
            "source_segment_id": None,
            "grid_id": None if number == 5 else "G1",
            "is_unseen": False,
            "risk": np.nan if number == 4 else 0.2,
        }
        for number in range(6)
    ]
    frame = pd.DataFrame(streets + toilets)
    frame["grid_name"] = frame["grid_id"].map({"G1": "一网格", "G2": "二网格"})
    frame["lead_unit"] = frame["grid_id"].map({"G1": "住建局", "G2": "城管局"})
    frame["lon"], frame["lat"] = 111 + frame.index / 1000, 30.5
    frame["reasons"] = [[("finds_90", number)] for number in frame.index]
    return made_frame(frame)


def deductions(*extra: tuple[Any, ...]) -> pd.DataFrame:
    rows = [
        ("市容市貌", "主次干道", "乱停乱放", 1.0, 5.0, True),
        ("市容市貌", "主次干道", "其他", 0.5, 3.0, False),
        ("公厕", "公厕", "其他", 2.0, 6.0, False),
        ("园林绿化", "公园广场", "其他", 1.0, 6.0, False),
        *extra,
    ]
    columns = ["part", "site_type", "item", "points", "cap", "is_verified"]
    return pd.DataFrame(rows, columns=columns).assign(edition="2021", source="made")


def plan(*quotas: tuple[str, int, int], pass_share: float = 0.9) -> PlanSettings:
    return PlanSettings(
        edition="2021",
        form="",
        population=10,
        quotas=tuple(Quota(*quota) for quota in quotas),
        pass_share=pass_share,
    )


def run(
    *quotas: tuple[str, int, int],
    rows: pd.DataFrame | None = None,
    declared: list[str] | None = None,
    repaired: list[str] | None = None,
    pass_share: float = 0.9,
    risk_times: float = 1,
) -> PlanRehearsal:
    return rehearse_plan(
        sample(),
        deductions() if rows is None else rows,
        PARTS,
        plan(*(quotas or (("主次干道", 8, 0), ("公厕", 2, 0))), pass_share=pass_share),
        declared or [],
        repaired or [],
        risk_times,
    )


def codes(found: PlanRehearsal) -> dict[tuple[str, str], int]:
    return {(note.code, note.subject): note.number for note in found.notes}


def test_places_are_sites_and_streets_within_a_grid() -> None:
    keys = place_keys(sample().frame)
    assert keys.unique().tolist() == ["G1|人民路", "G2|人民路", "G2|#S2", *(f"T{n}" for n in range(6))]


def test_full_marks_are_those_of_the_parts_that_can_lose() -> None:
    found = run()
    assert found.full == 42 + 18
    assert found.not_forecast == ("园林绿化",)
    assert found.pass_score == 54
    assert (found.rounds, found.drawn) == (ROUNDS, 10)
    assert found.passes == pytest.approx(found.pass_share * ROUNDS)
    assert found.pass_lower < found.pass_share < found.pass_upper
    assert found.score_low < found.score < found.score_high < found.full


def test_every_table_adds_up_to_the_points_lost() -> None:
    found = run(declared=["S1#0", "T0"])
    lost = found.full - found.score
    for name in ("parts", "rows", "types", "grids", "sites"):
        assert getattr(found, name)["points_lost"].sum() == pytest.approx(lost), name
    for name in ("parts", "types", "grids"):
        assert getattr(found, name)["lost_share"].sum() == pytest.approx(1), name
    assert found.grids["candidates"].sum() == (found.sites["draw_share"] > 0).sum() == 34
    assert found.grids.loc[found.grids["grid_id"].isna(), "candidates"].tolist() == [1]


def test_a_site_loses_by_chance_of_the_draw_and_of_the_find() -> None:
    """Without a cap that holds: draw share x chance of the item x points."""
    rows = deductions().assign(cap=np.nan)
    found = run(rows=rows)
    street = found.sites.iloc[:30]
    risk = sample().frame["risk"].to_numpy()[:30]
    expected = 8 / 30 * (1 * (1 - (1 - risk) ** 0.5) + 0.5 * (1 - (1 - risk) ** 0.5))
    assert street["points_lost"].sum() == pytest.approx(expected.sum(), rel=0.03)
    toilets = found.sites.iloc[30:]
    assert toilets["points_lost"].sum() == pytest.approx(2 * 0.2 * 2, rel=0.05)
    finds = found.rows.set_index("item")["finds"]
    assert finds["乱停乱放"] == pytest.approx(8 * (1 - (1 - risk) ** 0.5).mean(), rel=0.03)


def test_other_takes_the_classes_that_no_item_names() -> None:
    """Where nothing is named it has the whole chance, also of a class that is called so itself."""
    one = sample()
    named_so = replace(one, classes=["乱停乱放", "其他", "乱贴乱画"])
    settings = plan(("公厕", 6, 0), ("主次干道", 30, 0))
    found = rehearse_plan(named_so, deductions(), PARTS, settings, [])
    finds = found.rows.set_index(["site_type", "item"])["finds"]
    assert finds["公厕", "其他"] == pytest.approx(6 * 0.2, rel=0.05)
    risk = one.frame["risk"].to_numpy()[:30]
    assert finds["主次干道", "其他"] == pytest.approx((1 - (1 - risk) ** 0.5).sum(), rel=0.03)


def test_declared_points_are_visited_and_the_others_drawn_among_the_rest() -> None:
    found = run(("主次干道", 8, 2), declared=["S0#0", "S1#3", "S1#4"])
    sites = found.sites.set_index("site_key")
    assert sites.loc[["S0#0", "S1#3", "S1#4"], "draw_share"].tolist() == pytest.approx([2 / 3] * 3)
    assert sites.loc["S2#1", "draw_share"] == pytest.approx(6 / 27)
    assert sites.loc["T0", "draw_share"] == 0
    assert sites.loc["T0", "points_lost"] == 0
    assert sites["draw_share"].sum() == pytest.approx(8)
    assert found.types.loc[0, ["candidates", "declared", "drawn"]].tolist() == [30, 2, 8]
    assert found.not_forecast == ("公厕", "园林绿化")


def test_what_is_missing_is_said() -> None:
    rows = deductions(("没有的部分", "公厕", "乱贴乱画", 1.0, 2.0, True))
    found = run(
        ("主次干道", 40, 5), ("公厕", 2, 0), ("学校", 3, 0), ("医院", 0, 0),
        rows=rows, declared=["S0#0", "gone"], repaired=["gone", "T0"],
    )  # fmt: skip
    assert codes(found) == {
        ("unknown_declared", ""): 1,
        ("unknown_repaired", ""): 1,
        ("few_declared", "主次干道"): 4,
        ("few_candidates", "主次干道"): 10,
        ("no_candidates", "学校"): 3,
        ("no_part_points", "没有的部分"): 1,
        ("unseen", ""): 10,
        ("unverified_rows", ""): 2,
        ("unknown_risk", "公厕"): 1,
    }
    assert found.drawn == 32
    assert found.sites["risk"].iloc[34] == pytest.approx(0.2)  # the other toilets'


def test_a_type_without_rows_costs_nothing_and_is_named() -> None:
    rows = deductions().query("site_type != '公厕'")
    assert codes(run(rows=rows))["no_rows", "公厕"] == 2


@pytest.mark.parametrize(
    ("quota", "notes"),
    [(("学校", 3, 0), {Note("no_candidates", "学校", 3)}), (("公厕", 0, 0), set())],
)
def test_nothing_to_forecast_is_no_pass(quota: tuple[str, int, int], notes: set[Note]) -> None:
    found = run(quota)
    assert not found.is_forecast
    assert np.isnan(found.pass_share)
    assert found.not_forecast == tuple(PARTS)
    assert {note for note in found.notes if note.subject} == notes


def test_repairs_are_what_the_plan_with_them_repaired_gives() -> None:
    before = run(pass_share=0.93)
    assert 0.2 < before.pass_share < 0.8
    first = before.repairs.iloc[0]
    assert first["place_key"] == "G2|人民路"
    assert (first["place_name"], first["lead_unit"], first["sites"]) == ("人民路", "城管局", 10)
    assert first["risk"] == pytest.approx(0.6)
    assert not first["is_by_points"]
    unnamed = before.repairs.set_index("place_key").loc["G2|#S2"]
    assert unnamed["place_name"] is None or pd.isna(unnamed["place_name"])
    for k in (1, 3):
        repaired = before.repairs["place_key"].head(k).tolist()
        after = run(pass_share=0.93, repaired=repaired)
        assert after.passes == before.repairs["passes"].iloc[k - 1]
        assert after.score == before.repairs["score"].iloc[k - 1]
        assert after.sites.loc[after.sites["is_repaired"], "points_lost"].sum() == 0
        assert not set(repaired) & set(after.repairs["place_key"])
    assert first["pass_gain"] == pytest.approx(first["pass_share"] - before.pass_share)
    assert (before.repairs["pass_lower"] < before.repairs["pass_share"]).all()


def test_the_level_of_all_risks_moves_the_chance_to_pass() -> None:
    found = run(pass_share=0.93)
    levels = found.levels
    assert levels["risk_factor"].tolist() == pytest.approx([0.8, 1, 1.2])
    assert levels.loc[1, ["score", "passes"]].tolist() == [found.score, found.passes]
    assert levels["score"].is_monotonic_decreasing
    assert levels["passes"].is_monotonic_decreasing
    assert levels["passes"].nunique() == 3


def test_every_risk_may_count_several_times() -> None:
    """What `levels` says of risks 20 % higher is what they give; no chance is above 1."""
    higher = run(pass_share=0.93, risk_times=1.2)
    assert higher.score == pytest.approx(run(pass_share=0.93).levels["score"].iloc[2])
    assert run(risk_times=100).sites["risk"].max() == 1


def test_a_part_that_nothing_can_cost_points_in_is_not_forecast() -> None:
    for row in (
        ("园林绿化", "公厕", "乱停乱放", 0.0, 6.0, True),  # costs nothing
        ("园林绿化", "公厕", "乱停乱放", 1.0, 0.0, True),
        ("园林绿化", "公厕", "乱搭乱建", 1.0, 6.0, True),  # the county has no record of such
    ):
        found = run(rows=deductions(row))
        assert (found.full, found.not_forecast) == (42 + 18, ("园林绿化",))
        assert "园林绿化" not in set(found.rows["part"])
        assert (("unrecorded_rows", "") in codes(found)) == (row[2] == "乱搭乱建")
        # What the row names is none of 其他, whether it costs points or not.
        toilets = found.rows.set_index("site_type").loc["公厕"]
        plain = run().rows.set_index("site_type").loc["公厕"]
        assert (toilets["finds"] < plain["finds"]) == (row[2] == "乱停乱放")
    every = deductions().assign(points=0.0)
    assert not run(rows=every).is_forecast


def test_without_a_site_nothing_is_forecast() -> None:
    none = made_frame(sample().frame.head(0))
    found = rehearse_plan(none, deductions(), PARTS, plan(("公厕", 2, 0)), [])
    assert not found.is_forecast
    assert codes(found) == {("no_candidates", "公厕"): 2}


def test_no_risk_at_all_is_refused() -> None:
    one = sample()
    blank = replace(one, frame=one.frame.assign(risk=np.nan))
    with pytest.raises(ValueError, match="risk"):
        rehearse_plan(blank, deductions(), PARTS, plan(("公厕", 2, 0)), [])


def test_the_spread_counts_every_round_on_its_side_of_the_pass_mark() -> None:
    found = run()
    spread = found.spread
    assert spread["rounds"].sum() == ROUNDS
    assert spread.loc[spread["is_passed"], "rounds"].sum() == found.passes
    assert spread.loc[spread["is_passed"], "score_from"].min() == found.pass_score
    assert (spread["score_to"] - spread["score_from"]).round(9).nunique() == 1


def test_a_place_to_repair_stands_where_its_riskiest_point_is() -> None:
    found, frame = run(), sample().frame.set_index("site_key")
    first = found.repairs.iloc[0]
    assert found.sites.set_index("site_key").at[first["site_key"], "place_key"] == first["place_key"]
    assert first["lon"] == frame.at[first["site_key"], "lon"]
    of_place = found.sites[found.sites["place_key"] == first["place_key"]]
    assert len(of_place) == first["sites"]
    assert frame.at[first["site_key"], "risk"] == of_place["risk"].max()


def test_the_points_of_a_draw_are_all_visited() -> None:
    points = pd.DataFrame(
        [
            ("declared", "S0#0", "主次干道"),
            ("drawn", "S1#3", "主次干道"),
            ("drawn", "T2", "公厕"),
            ("spare", "T1", "公厕"),
        ],
        columns=["role", "site_key", "site_type"],
    )
    settings, visited = as_drawn(plan(("主次干道", 8, 0)), points)
    assert visited == ("S0#0", "S1#3", "T2")
    found = rehearse_plan(sample(), deductions(), PARTS, settings, visited)
    sites = found.sites[found.sites["draw_share"] > 0]
    assert sites["site_key"].tolist() == ["S0#0", "S1#3", "T2"]
    assert (sites["draw_share"] == 1).all()
