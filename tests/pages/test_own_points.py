"""Points of the planner's own choice: declared or left out in 候选点位, kept when the data changes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from data import sample_entries
from data.builds import current_build_id, open_build
from data.views.frame import in_grids, sample_frame
from pages.ui.sampling import Plan, kept_plan
from pages.ui.sites import site_name
from tests.pages.app import click, says, start, table_with
from tests.pages.test_sample_plan import declared, opened
from tests.plans import write_plan

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def plan_of(plan_id: int = 1) -> Plan:
    plan = kept_plan("demo", plan_id)
    assert plan is not None
    return plan


def candidates(store: Path) -> pd.DataFrame:
    return in_grids(sample_frame(open_build(current_build_id(store), store))).frame


def worst_other(store: Path, site_type: str) -> str:
    """The riskiest candidate of a type that is not declared: no list of stand-ins has it."""
    rows = candidates(store)
    rows = rows[(rows["site_type"] == site_type) & ~rows["site_key"].isin(declared(1))]
    return str(rows.loc[rows["risk"].idxmax(), "site_key"])


def full_type() -> str:
    """A type that has all the points it should have."""
    counts = plan_of().declared["site_type"].value_counts()
    return next(
        quota.site_type
        for quota in plan_of().settings.quotas
        if quota.declared == counts.get(quota.site_type, 0) > 1
    )


def name_of(store: Path, key: str) -> str:
    rows = candidates(store).set_index("site_key", drop=False)
    return site_name(rows.loc[key].to_dict())


def card(key: str) -> AppTest:
    return start("sampling", part="frame", plan="1", site=key)


def text(app: AppTest) -> str:
    done = [str(one.value) for one in app.success]
    return "\n".join([says(app), *done]).replace("\\", "")


def has_button(app: AppTest, label: str) -> bool:
    return label in [button.label for button in app.button]


def test_any_candidate_can_be_declared_and_the_list_keeps_its_size(store: Path) -> None:
    write_plan(store, is_drawn=False)
    before, kind = plan_of(), full_type()
    own = worst_other(store, kind)
    app = card(own)
    assert "不是申报点" in text(app)
    app = click(app, "加入申报点并保留")
    after = plan_of()
    assert own in after.pinned
    of_kind = before.declared[before.declared["site_type"] == kind].sort_values("risk", kind="stable")
    worst = of_kind["site_key"].iloc[-1]
    assert set(before.keys("declared")) ^ set(after.keys("declared")) == {own, worst}
    assert f"{name_of(store, worst)}不再是申报点" in text(app)
    assert "申报点，保留" in text(app)
    click(app, "取消保留")
    assert own not in plan_of().pinned


def test_a_type_whose_points_all_stay_gets_one_more(store: Path) -> None:
    write_plan(store, is_drawn=False)
    plan, kind = plan_of(), full_type()
    own = worst_other(store, kind)
    of_kind = plan.declared.loc[plan.declared["site_type"] == kind, "site_key"]
    sample_entries.change_plan(
        "demo", 1, plan.settings, tuple(of_kind), (), plan.build_id, plan.data_until, plan.declared
    )
    app = click(card(own), "加入申报点并保留")
    assert set(declared(1)) == {*plan.keys("declared"), own}
    assert f"没有可换下的，现有 {len(of_kind) + 1} 个" in text(app)


def test_a_place_is_left_out_before_it_was_ever_chosen(store: Path) -> None:
    write_plan(store, is_drawn=False)
    before, other = declared(1), worst_other(store, full_type())
    app = click(card(other), "指定不选")
    assert plan_of().barred == (other,)
    assert declared(1) == before
    assert "指定不选" in text(app)
    app = click(app, "恢复为候选")
    assert plan_of().barred == ()
    app = click(click(app, "指定不选"), "加入申报点并保留")
    assert plan_of().barred == ()
    assert other in declared(1)


def test_a_declared_place_that_is_left_out_gives_way_by_name(store: Path) -> None:
    write_plan(store, is_drawn=False)
    before = declared(1)
    app = click(card(before[0]), "指定不选")
    (new,) = set(declared(1)) - set(before)
    assert f"{name_of(store, before[0])}不再是申报点，换成{name_of(store, new)}" in text(app)
    assert has_button(app, "恢复为候选"), "its card stays open"


def test_a_place_too_near_is_allowed_and_said(store: Path) -> None:
    write_plan(store, is_drawn=False)
    plan, rows = plan_of(), candidates(store)
    street = plan.declared[plan.declared["site_type"] == "背街小巷"].iloc[0]
    others = rows[(rows["site_type"] == "背街小巷") & ~rows["site_key"].isin(declared(1))]
    at = rows.set_index("site_key").loc[street["site_key"]]
    away = (others["x_m"] - at["x_m"]) ** 2 + (others["y_m"] - at["y_m"]) ** 2
    app = card(others.loc[away.idxmin(), "site_key"])
    assert "离最近的同类申报点" in text(app)
    assert has_button(app, "加入申报点并保留")


def test_the_list_of_candidates_marks_what_the_plan_declares(store: Path) -> None:
    write_plan(store, is_drawn=False)
    shown = table_with(start("sampling", part="frame", plan="1", type="公厕"), "为什么")
    counted = (plan_of().declared["site_type"] == "公厕").sum()
    assert shown["方案"].str.startswith("申报点").sum() == counted > 0
    assert "方案" not in table_with(start("sampling", part="frame", type="公厕"), "为什么")
    shown = table_with(start("sampling", part="frame", plan="1", which="plan"), "为什么")
    assert list(shown["方案"]) == ["申报点"] * len(declared(1))


def test_the_way_to_any_other_candidate_keeps_plan_and_type(store: Path) -> None:
    app = opened(store)
    point = plan_of().declared.iloc[0]
    app.query_params["site"] = point["site_key"]
    app = click(app.run(), "别的点也可以")
    assert app.selectbox(key="sampling:plan").value == "1"
    assert set(table_with(app, "为什么")["类型"]) == {point["site_type"]}


def test_the_plan_is_not_changed_where_it_may_not_be(store: Path) -> None:
    write_plan(store, is_drawn=False)
    sample_entries.finish_plan("demo", 1)
    app = card(worst_other(store, full_type()))
    assert "已定稿" in text(app)
    assert not has_button(app, "加入申报点并保留")
    assert not has_button(app, "指定不选")
    frame = sample_frame(open_build(current_build_id(store), store)).frame
    outside = frame.loc[frame["grid_id"].isna(), "site_key"]
    if len(outside):
        assert "网格之外" in text(card(outside.iloc[0]))


def test_new_risks_leave_the_points_and_name_those_that_are_gone(store: Path) -> None:
    app = opened(store)
    plan = plan_of()
    points = plan.declared.copy()
    points.loc[points.index[:2], "site_key"] = ["gone#1", "gone#2"]
    points.loc[points.index[:2], "site_name"] = ["拆了的市场", "关了的公厕"]
    sample_entries.change_plan(
        "demo", 1, plan.settings, (), (), "demo-older", plan.data_until - timedelta(days=7), points
    )
    app = click(app.run(), "点位不变，只更新风险")
    assert declared(1) == list(points["site_key"].iloc[2:])
    assert "有 2 个点已不是候选点位，不再是申报点：拆了的市场、关了的公厕" in text(app)
    assert plan_of().build_id == plan.build_id


def test_what_is_lacking_is_not_filled_by_another_click(store: Path) -> None:
    write_plan(store, is_drawn=False)
    plan = plan_of()
    few = plan.declared.groupby("site_type", sort=False).head(1)
    sample_entries.change_plan("demo", 1, plan.settings, (), (), plan.build_id, plan.data_until, few)
    own = worst_other(store, "背街小巷")
    click(card(own), "加入申报点并保留")
    assert set(declared(1)) == {*few["site_key"], own}
