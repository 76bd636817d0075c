"""The choice of declared points on made frames: what is chosen and said of it, what is suggested."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from data.engine import DuckDBEngine
from data.plan import PlanSettings, Quota
from data.views.choose import (
    Choice,
    choose,
    compare,
    standard_quotas,
    suggested_quotas,
    swap_candidates,
)


def made_frame(*rows: dict[str, Any]) -> pd.DataFrame:
    """A frame with one row for each dict; what a row leaves out is harmless."""
    usual = {
        "kind": "site", "site_type": "公厕", "street_name": "人民路", "grid_id": "G1",
        "lead_unit": "城管局", "issues_90": 0, "open_now": 0, "days_since_seen": 3.0,
        "is_unseen": False, "risk": 0.1, "y_m": 0.0, "reasons": [],
    }  # fmt: skip
    frame = pd.DataFrame([usual | {"x_m": 1000.0 * n} | row for n, row in enumerate(rows)])
    keys = [f"p{n}" for n in range(len(frame))]
    return frame.assign(
        site_key=keys, site_name=[f"点{key}" for key in keys], grid_name="网格" + frame["grid_id"]
    )


def plan(*quotas: tuple[str, int, int], distance: float = 100) -> PlanSettings:
    return PlanSettings(
        "2021", "现场评估", 20, tuple(Quota(*quota) for quota in quotas), min_distance_m=distance
    )


def said(choice: Choice, code: str) -> list[dict[str, Any]]:
    return [caution.values for caution in choice.cautions if caution.code == code]


FRAME = made_frame(
    {"risk": 0.2},
    {"risk": 0.1, "reasons": [("quiet_days", 120), ("type_high", 3)]},
    {"risk": 0.15, "x_m": 1050.0},
    {"risk": 0.05, "is_unseen": True, "days_since_seen": np.nan, "grid_id": "G2"},
    {"risk": 0.9, "grid_id": "G2", "open_now": 2, "reasons": [("open", 2), ("finds_90", 4)]},
    {"site_type": "学校", "grid_id": None},
    {"site_type": "市场", "grid_id": "G3"},
)


def test_points_of_low_risk_are_chosen_and_the_reasons_said() -> None:
    choice = choose(FRAME, plan(("公厕", 4, 2), ("学校", 1, 1)))
    points = choice.points.set_index("site_key")
    assert list(points.index) == ["p1", "p0", "p5"]
    assert points["position"].tolist() == [1, 2, 1]
    assert points.loc["p1", "reasons_for"] == [
        ("low_risk", 0.1), ("looked_days", 3.0), ("quiet_days", 120),
    ]  # fmt: skip
    assert points.loc["p1", "reasons_against"] == [("type_high", 3)]
    assert points.loc["p0", "near_key"] == "p1"
    passed = choice.candidates.set_index("site_key")
    assert passed["why"].to_dict() == {
        "p1": "chosen", "p0": "chosen", "p4": "risk", "p3": "unseen", "p2": "near", "p5": "chosen",
    }  # fmt: skip
    assert passed.loc["p2", ["near_key", "near_m", "rank"]].tolist() == ["p1", 50, 5]


def test_what_the_points_cover() -> None:
    choice = choose(FRAME, plan(("公厕", 4, 2), ("学校", 1, 1)), barred=("p4",))
    assert choice.by_grid.drop(columns=["grid_name", "lead_unit"]).to_dict("list") == {
        "grid_id": ["G2", "G3", "G1"], "candidates": [1, 0, 3], "points": [0, 0, 2],
    }  # fmt: skip
    toilets = choice.by_type.iloc[0]
    assert toilets[["quota", "declared", "candidates", "chosen"]].tolist() == [4, 2, 4, 2]
    assert toilets["mean_risk_chosen"] == pytest.approx(0.15)
    assert toilets["mean_risk"] == pytest.approx((0.2 + 0.1 + 0.15 + 0.05 + 0.9) / 5)
    known = pd.DataFrame({"grid_id": ["G9"], "grid_name": ["九"], "lead_unit": ["住建局"]})
    empty = choose(FRAME, plan(("公厕", 4, 2)), all_grids=known)
    assert said(empty, "empty_grid") == known.to_dict("records")


def test_what_to_beware_of() -> None:
    wanted = plan(("公厕", 6, 5), ("医院", 2, 1), ("学校", 1, 0))
    choice = choose(FRAME, wanted, pinned=("p2", "p1", "p6", "gone"))
    assert said(choice, "no_type") == [{"site_type": "医院", "quota": 2}]
    assert said(choice, "few_candidates") == [{"site_type": "公厕", "quota": 6, "have": 5}]
    assert said(choice, "few_chosen") == []
    assert said(choice, "many_pinned") == [{"site_type": "市场", "declared": 0, "chosen": 1}]
    assert said(choice, "lost_pin") == [{"site_key": "gone"}]
    assert [row["grid_id"] for row in said(choice, "empty_grid")] == []
    (unseen,) = said(choice, "unseen")
    assert (unseen["site_key"], np.isnan(unseen["days_since_seen"])) == ("p3", True)
    assert said(choice, "open") == [
        {"site_key": "p4", "site_name": "点p4", "street_name": "人民路", "open_now": 2}
    ]
    assert [(row["site_key"], row["other_key"], row["near_m"]) for row in said(choice, "too_near")] == [
        ("p1", "p2", 50)
    ]
    points = choice.points.set_index("site_key")
    assert points.loc["p4", "reasons_against"] == [("open", 2), ("high_risk", 0.9), ("finds_90", 4)]
    assert points.loc["p3", "reasons_against"] == [("never_seen", 0)]
    assert points.loc["p6", "reasons_for"][0] == ("pinned", 0)
    fewer = choose(FRAME, plan(("公厕", 5, 5)))
    assert said(fewer, "few_chosen") == [{"site_type": "公厕", "declared": 5, "chosen": 4}]


def test_a_grid_with_candidates_only() -> None:
    choice = choose(FRAME, plan(("公厕", 2, 1)))
    assert [row["grid_id"] for row in said(choice, "uncovered_grid")] == ["G2"]
    assert [row["grid_id"] for row in said(choice, "empty_grid")] == ["G3"]


@pytest.mark.parametrize("frame", [FRAME, FRAME.head(0)])
def test_a_plan_or_a_county_without_anything(frame: pd.DataFrame) -> None:
    nothing = choose(frame, plan())
    assert len(nothing.points) == len(nothing.candidates) == len(nothing.by_type) == 0
    choice = choose(frame.head(0), plan(("公厕", 2, 1)))
    assert said(choice, "no_type") == [{"site_type": "公厕", "quota": 2}]
    assert {"position", "reasons_for", "near_m"} <= set(choice.points)


def test_who_may_stand_in() -> None:
    settings = plan(("公厕", 4, 2))
    best = swap_candidates(FRAME, settings, ("p1", "p0"), (), "p1", 2)
    assert best["site_key"].tolist() == ["p2", "p4"]  # p3, never seen, comes last
    assert best["rank"].tolist() == [1, 2]
    assert swap_candidates(FRAME, settings, ("p1", "p0"), ("p2",), "p0", 9)["site_key"].tolist() == [
        "p4", "p3",
    ]  # fmt: skip
    with pytest.raises(LookupError, match="p4"):
        swap_candidates(FRAME, settings, ("p1", "p0"), (), "p4", 2)


STANDARD = pd.DataFrame({"site_type": ["合计", "公厕", "机关", "公厕"], "quota": [30.0, 3.0, 2.0, 1.0]})


def test_quotas_of_the_standard_and_suggested_ones() -> None:
    counts = {"公厕": 10, "学校": 100, "市场": 25, "医院": 1}
    frame = pd.DataFrame({"site_type": np.repeat(list(counts), list(counts.values()))})
    found = suggested_quotas(frame, 20, STANDARD)
    assert {one.quota.site_type: (one.quota.quota, one.origin) for one in found} == {
        "公厕": (4, "standard"), "机关": (2, "standard"),
        "学校": (9, "suggested"), "市场": (4, "suggested"), "医院": (1, "suggested"),
    }  # fmt: skip
    assert [one.quota.declared for one in found] == [2, 1, 5, 2, 1]
    assert [one.quota.spares for one in found] == [1, 1, 2, 1, 1]
    assert sum(one.quota.quota for one in suggested_quotas(frame, 999, STANDARD)) == 6 + 126
    assert sum(one.quota.quota for one in suggested_quotas(frame, 3, STANDARD)) == 6
    assert suggested_quotas(frame.head(0), 9, STANDARD.head(0)) == []


@pytest.mark.parametrize(
    ("edition", "population", "total"),
    [("2014", 20, 161), ("2014", 50, 215), ("2014", 900, 267), ("2021", 20, 179)],
)
def test_the_standard_by_population(
    demo_engine: DuckDBEngine, edition: str, population: float, total: int
) -> None:
    rows = standard_quotas(demo_engine, edition, population)
    assert rows.loc[rows["block"] == "合计", "quota"].tolist() == [total]
    assert not rows.duplicated(["block", "site_type"]).any()


def test_two_plans() -> None:
    one = choose(FRAME, plan(("公厕", 4, 2), ("学校", 1, 1))).points
    other = choose(FRAME, plan(("公厕", 4, 2)), barred=("p0",)).points
    found = compare(one, other)
    assert found.only_a["site_key"].tolist() == ["p0", "p5"]
    assert found.only_b["site_key"].tolist() == ["p4"]
    assert found.both["site_key"].tolist() == ["p1"]
    assert found.by_type.set_index("site_type").loc["公厕"].tolist() == [2, 2, 1]
    assert found.grids.to_dict("list") == {"grid_id": ["G1", "G2"], "a": [2, 0], "b": [1, 1]}
    assert found.mean_risk_b == pytest.approx(0.5)
    assert np.isnan(compare(one, other.head(0)).mean_risk_b)
