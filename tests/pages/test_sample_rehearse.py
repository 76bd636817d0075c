"""抽查模拟: the page says what the view says, and repairs on trial never lower the score."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from data.builds import current_build_id, open_build
from data.plan import Quota
from data.views.overview import build_info
from data.views.rehearsal import PlanRehearsal
from pages.ui.rehearse_rule import Rule, rehearsal
from pages.ui.rehearse_words import chance_text
from pages.ui.sampling import kept_plan
from tests.conftest import County
from tests.pages.app import says, start, table_with, use_store
from tests.pages.test_sample_draw import QUOTAS
from tests.plans import write_plan

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def found(store: Path, plan_id: int, *repaired: str) -> PlanRehearsal:
    plan = kept_plan("demo", plan_id)
    assert plan
    build = build_info(open_build(current_build_id(store), store))
    settings = replace(plan.settings, seed="")
    return rehearsal(build, Rule(settings, tuple(plan.keys("declared"))), tuple(sorted(repaired)))


def metric(app: AppTest, label: str) -> str:
    return next(str(one.value) for one in app.metric if one.label == label)


def test_the_page_says_what_the_view_says(store: Path) -> None:
    plan_id = write_plan(store, *QUOTAS, is_drawn=False)
    app = start("sampling", plan=str(plan_id), part="rehearse")
    view = found(store, plan_id)
    assert metric(app, "预计得分") == f"{view.score:.1f}"
    assert metric(app, "通过概率") == chance_text(view.passes, view.rounds)
    assert metric(app, "通过线") == f"{view.pass_score:g}"
    assert "默认值" in says(app)
    assert view.not_forecast
    assert any(all(part in one.value for part in view.not_forecast) for one in app.warning)
    for by in ("", "rows", "types", "grids"):
        app = start("sampling", plan=str(plan_id), part="rehearse", look="lost", lost=by)
        shown = table_with(app, "预计失分")
        assert shown["预计失分"].sum() == pytest.approx(view.full - view.score)


def test_ticked_repairs_never_lower_the_score(store: Path) -> None:
    plan_id = write_plan(store, *QUOTAS, is_drawn=False)
    app = start("sampling", plan=str(plan_id), part="rehearse")
    before = found(store, plan_id)
    score, ticked = before.score, list[str]()
    for place in before.repairs["place_key"].head(3):
        app.checkbox(key=f"repaired_{plan_id}_{place}").check().run()
        assert not app.exception
        ticked.append(place)
        after = found(store, plan_id, *ticked)
        assert after.score >= score
        assert after.passes >= before.passes
        score = after.score
        said = re.search(r"预计得分 \*\*([\d.]+) → ([\d.]+)\*\*", app.success[-1].value)
        assert said
        assert float(said[2]) == pytest.approx(after.score, abs=0.06)
    assert score == pytest.approx(before.repairs["score"].iloc[2])


def test_a_place_opens_with_its_records(store: Path) -> None:
    plan_id = write_plan(store, *QUOTAS, is_drawn=False)
    place = found(store, plan_id).repairs.iloc[0]
    app = start("sampling", plan=str(plan_id), part="rehearse", place=place["place_key"], k="3")
    text = says(app)
    assert "近一年的记录" in text
    assert f"{place['lat']:.6f}, {place['lon']:.6f}" in text
    assert len(table_with(app, "为什么")) == 3


def test_streets_without_names_are_told_apart(
    tiny_county: Callable[[], County], monkeypatch: pytest.MonkeyPatch
) -> None:
    county = tiny_county()
    recipe = county.recipe.read_text("utf-8").replace('street_name = "路名", ', "")
    county.recipe.write_text(recipe, "utf-8")
    county.load()
    plan_id = write_plan(use_store(county.store, monkeypatch))
    app = start("sampling", plan=str(plan_id), part="rehearse", k="20")
    places = table_with(app, "为什么")[["地点", "网格"]]
    assert len(places) > 1
    assert places["地点"].str.fullmatch(r"（无名道路 S\d）（\d+ 个点）").all()
    assert not places.duplicated().any(), "a street has one place a grid"


def test_a_drawn_plan_is_rehearsed_as_drawn_too(store: Path) -> None:
    plan_id = write_plan(store, *QUOTAS)
    app = start("sampling", plan=str(plan_id), part="rehearse")
    both = table_with(app, "点数")
    assert both["点数"].tolist() == [17, 17]
    assert both["满分"].nunique() == 1


def test_what_cannot_be_rehearsed_says_why(store: Path) -> None:
    assert any("没有打开方案" in one.value for one in start("sampling", part="rehearse").info)
    plan_id = write_plan(store, Quota("公厕", 0, 0))
    app = start("sampling", plan=str(plan_id), part="rehearse")
    assert any("什么也预测不了" in one.value for one in app.warning)
    plan_id = write_plan(store, *QUOTAS, edition="2099")
    app = start("sampling", plan=str(plan_id), part="rehearse")
    assert any("这个标准版本已不存在" in one.value for one in app.error)
