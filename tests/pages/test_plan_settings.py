"""The settings of a kept plan as the page shows them: its own shares, its own standard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from data import sample_entries
from data.plan import PlanSettings
from pages.ui.sampling import kept_plan
from tests.pages.app import click, says, start
from tests.pages.test_sample_plan import asked
from tests.plans import write_plan

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def change(settings: PlanSettings) -> None:
    plan = kept_plan("demo", 1)
    assert plan is not None
    sample_entries.change_plan(
        "demo", 1, settings, (), (), plan.build_id, plan.data_until, plan.declared
    )


def lose_the_edition() -> None:
    change(replace(asked(1), edition="1999"))


def test_the_shares_are_those_of_the_plan(store: Path) -> None:
    write_plan(store, is_drawn=False)
    quotas = tuple(one._replace(quota=10, declared=2, spares=3) for one in asked(1).quotas if one.quota)
    change(replace(asked(1), quotas=quotas))
    app = start("sampling", part="choose", plan="1", show="settings")
    assert app.number_input(key="share_1").value == 20
    assert app.number_input(key="spare_1").value == 30
    click(app, "按这些设置重新自动选点")
    assert asked(1).quotas == quotas


def test_a_plan_keeps_an_edition_that_is_gone(store: Path) -> None:
    write_plan(store, is_drawn=False)
    lose_the_edition()
    before = asked(1)
    app = start("sampling", part="choose", plan="1", show="settings")
    box = app.selectbox(key="form_1")
    assert box.value == ("1999", before.form)
    assert box.options[0].endswith("（已删除）")
    click(app, "按这些设置重新自动选点")
    assert asked(1) == before
    app = start("sampling", part="choose", plan="1", show="settings")
    app.selectbox(key="form_1").select(("2021", before.form)).run()
    click(app, "按这些设置重新自动选点")
    assert asked(1).edition == "2021"


@pytest.mark.parametrize("part", ["rehearse", "mock"])
def test_what_needs_the_standard_says_that_it_is_gone(store: Path, part: str) -> None:
    write_plan(store, is_drawn=False)
    lose_the_edition()
    app = start("sampling", part=part, plan="1")
    assert "这个标准版本已不存在：1999 版" in says(app)
    assert "扣分细则里都扣不到分" not in says(app)
