"""The settings of a plan."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.plan import MOST_DISTANCE_M, MOST_RISK_WEIGHT, PlanSettings, Quota


@given(
    st.lists(
        st.tuples(st.text(min_size=1), st.integers(0, 9), st.integers(0, 9), st.integers(0, 3)),
        unique_by=lambda row: row[0],
    ),
    st.floats(0, MOST_RISK_WEIGHT),
)
def test_settings_survive_json(rows: list[tuple[str, int, int, int]], weight: float) -> None:
    quotas = tuple(Quota(name, a + b, a, spares) for name, a, b, spares in rows)
    settings = PlanSettings("2021", "表", 3.5, quotas, weight, 100.0, 0.8, "种子")
    assert PlanSettings.of_json(settings.to_json()) == settings


def test_a_type_has_one_quota() -> None:
    with pytest.raises(ValueError, match="two quotas"):
        PlanSettings("2021", "表", 3.5, (Quota("公厕", 2, 1), Quota("公厕", 1, 0)))


@pytest.mark.parametrize(
    ("name", "most"), [("risk_weight", MOST_RISK_WEIGHT), ("min_distance_m", MOST_DISTANCE_M)]
)
def test_numbers_have_limits(name: str, most: float) -> None:
    settings = PlanSettings("2021", "表", 3.5, ())
    for value in (0.0, most):
        assert getattr(replace(settings, **{name: value}), name) == value
    for value in (-0.01, most + 0.01, float("nan")):
        with pytest.raises(ValueError, match=name):
            replace(settings, **{name: value})
