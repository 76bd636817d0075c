"""The choice of declared points on made frames: what is chosen and said of it, what is suggested."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from data.plan import PlanSettings, Quota
from data.views.choose import choose, compare, stand_in_list, suggested_quotas


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
    points = choose(FRAME, plan(("公厕", 4, 2), ("学校", 1, 1))).set_index("site_key")
    assert list(points.index) == ["p1", "p0", "p5"]
    assert points["position"].tolist() == [1, 2, 1]
    assert points.loc["p1", "reasons"] == [
        ("low_risk", 0.1), ("looked_days", 3.0), ("quiet_days", 120), ("type_high", 3),
    ]  # fmt: skip
    assert points.loc["p0", "reasons"] == [("low_risk", 0.2), ("looked_days", 3.0)]


def test_pinned_ones_stay_and_bad_ones_are_called_so() -> None:
    wanted = plan(("公厕", 6, 5), ("医院", 2, 1), ("学校", 1, 0))
    points = choose(FRAME, wanted, pinned=("p2", "p1", "p6", "gone")).set_index("site_key")
    assert list(points.index) == ["p1", "p2", "p0", "p4", "p3", "p6"]
    assert points.loc["p4", "reasons"] == [
        ("looked_days", 3.0), ("open", 2), ("high_risk", 0.9), ("finds_90", 4),
    ]  # fmt: skip
    assert points.loc["p3", "reasons"] == [("never_seen", 0)]
    assert ("only_in_grid", "网格G3") in points.loc["p6", "reasons"]
    assert choose(FRAME, wanted, barred=("p0",))["site_key"].tolist() == ["p1", "p4", "p3"]


@pytest.mark.parametrize("frame", [FRAME, FRAME.head(0)])
def test_a_plan_or_a_county_without_anything(frame: pd.DataFrame) -> None:
    assert choose(frame, plan()).empty
    points = choose(frame.head(0), plan(("公厕", 2, 1)))
    assert points.empty
    assert {"position", "reasons"} <= set(points)


def test_who_may_stand_in() -> None:
    settings = plan(("公厕", 4, 2))
    best = stand_in_list(FRAME, settings, ("p1", "p0"), (), "p1", 2)
    assert best["site_key"].tolist() == ["p2", "p4"]  # p3, never seen, comes last
    assert best["rank"].tolist() == [1, 2]
    assert best["away_m"].tolist() == [50, 3000]
    assert stand_in_list(FRAME, settings, ("p1", "p0"), ("p2",), "p0", 9)["site_key"].tolist() == [
        "p4", "p3",
    ]  # fmt: skip
    with pytest.raises(LookupError, match="p4"):
        stand_in_list(FRAME, settings, ("p1", "p0"), (), "p4", 2)


STANDARD = pd.DataFrame({"site_type": ["公厕", "机关", "公厕"], "quota": [3.0, 2.0, 1.0]})


def test_quotas_of_the_standard_and_suggested_ones() -> None:
    counts = {"公厕": 10, "学校": 100, "市场": 25, "医院": 1}
    frame = pd.DataFrame({"site_type": np.repeat(list(counts), list(counts.values()))})
    found = suggested_quotas(frame, 20, STANDARD, 0.5, 0.2)
    assert {one.quota.site_type: (one.quota.quota, one.origin) for one in found} == {
        "公厕": (4, "standard"), "机关": (2, "standard"),
        "学校": (9, "suggested"), "市场": (4, "suggested"), "医院": (1, "suggested"),
    }  # fmt: skip
    assert [one.quota.declared for one in found] == [2, 1, 5, 2, 1]
    assert [one.quota.spares for one in found] == [1, 1, 2, 1, 1]
    assert sum(one.quota.quota for one in suggested_quotas(frame, 999, STANDARD, 0.5, 0.2)) == 6 + 126
    assert sum(one.quota.quota for one in suggested_quotas(frame, 3, STANDARD, 0.5, 0.2)) == 6
    assert suggested_quotas(frame.head(0), 9, STANDARD.head(0), 0.5, 0.2) == []


def test_two_plans() -> None:
    one = choose(FRAME, plan(("公厕", 4, 2), ("学校", 1, 1)))
    other = choose(FRAME, plan(("公厕", 4, 2)), barred=("p0",))
    found = compare(one, other)
    assert found.only_a["site_key"].tolist() == ["p0", "p5"]
    assert found.only_b["site_key"].tolist() == ["p4"]
    assert found.both["site_key"].tolist() == ["p1"]
    assert found.by_type.set_index("site_type").loc["公厕"].tolist() == [2, 2, 1]
    assert found.grids.to_dict("list") == {"grid_id": ["G1", "G2"], "a": [2, 0], "b": [1, 1]}
    assert found.mean_risk_b == pytest.approx(0.5)
    assert np.isnan(compare(one, other.head(0)).mean_risk_b)
