"""The forecast of a plan in its files and on its paper: the numbers of the page."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st

from data.builds import current_build_id, open_build
from data.views.overview import Build, build_info
from pages.ui import rehearse_rule
from pages.ui.plan_files import plan_workbook
from pages.ui.plan_forecast import forecast_rows
from pages.ui.plan_print import plan_page
from pages.ui.plan_words import plan_review
from pages.ui.sampling import Plan, kept_plan
from tests.pages.app import says, start
from tests.plans import write_mock, write_plan

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def opened(store: Path) -> tuple[Build, Plan]:
    plan_id = write_plan(store, is_drawn=False)
    build, plan = build_info(open_build(current_build_id(store), store)), kept_plan("demo", plan_id)
    assert plan is not None
    return build, plan


def test_paper_and_workbook_say_what_the_page_says(store: Path) -> None:
    build, plan = opened(store)
    app = start("sampling", part="rehearse", plan=str(plan.plan_id))
    shown = {metric.label: metric.value for metric in app.metric}
    rows = dict(forecast_rows(build, plan))
    assert rows["预计得分"].startswith(f"{shown['预计得分']}（满分 ")
    assert rows["通过概率"].startswith(shown["通过概率"])
    assert rows["通过线"].startswith(f"{shown['通过线']} 分")
    page = "\n".join(str(one.value) for one in app.markdown).replace("**", "")
    assert rows["风险估计偏了会怎样"] in page
    paper = (plan_page(build.build_id, {"plan": str(plan.plan_id)}) or b"").decode()
    book = io.BytesIO(plan_workbook(build, plan, plan_review(build, plan)))
    sheet = pd.read_excel(book, sheet_name="预计得分", engine="calamine")
    for name, said in rows.items():
        assert name in paper
        assert said in set(sheet["内容"])


def test_the_page_and_the_paper_share_one_rehearsal(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, plan = opened(store)
    st.cache_data.clear()
    start("sampling", part="rehearse", plan=str(plan.plan_id))

    def not_again(*_: object) -> None:
        pytest.fail("rehearsed again")

    monkeypatch.setattr(rehearse_rule, "rehearse_plan", not_again)
    assert dict(forecast_rows(build, plan))["预计得分"]


def test_a_plan_of_a_lost_standard_says_so(store: Path) -> None:
    build, plan = opened(store)
    lost = replace(plan, settings=replace(plan.settings, edition="1999"))
    ((name, said),) = forecast_rows(build, lost)
    assert name == "预计得分"
    assert "这个标准版本已不存在" in said
    nothing = replace(plan, settings=replace(plan.settings, quotas=()))
    assert "什么也预测不了" in dict(forecast_rows(build, nothing))["预计得分"]


def test_the_paper_does_not_hide_what_the_last_inspection_found(store: Path) -> None:
    plan_id = write_plan(store)
    write_mock(store, plan_id, seen=22)
    app = start("sampling", part="rehearse", plan=str(plan_id))
    button = next(one for one in app.button if one.label.endswith("倍重算"))
    told = next(one.value for one in app.info if "最近一次模拟评估" in one.value)
    button.click().run()
    shown = {metric.label: metric.value for metric in app.metric}
    plan = kept_plan("demo", plan_id)
    assert plan is not None
    build = build_info(open_build(current_build_id(store), store))
    rows = dict(forecast_rows(build, plan))
    assert rows["最近一次模拟评估"] == told
    times = button.label.removeprefix("按 ").removesuffix(" 倍重算")
    assert rows[f"风险按 {times} 倍算"].startswith(f"预计得分 {shown['预计得分']}（")


def test_quotas_that_cannot_be_leave_the_pass_mark(store: Path) -> None:
    plan_id = write_plan(store, is_drawn=False)
    plan = kept_plan("demo", plan_id)
    assert plan is not None
    key = f"rule_{plan_id}"
    app = start("sampling", part="rehearse", plan=str(plan_id))
    app.session_state[key] = {"edited_rows": {0: {"抽查几个": 0}}, "added_rows": [], "deleted_rows": []}
    app.number_input(key=f"pass_{plan_id}").set_value(90.0).run()
    wrong = plan.settings.quotas[0].site_type
    assert any(one.value.startswith(f"{wrong}：") for one in app.error)
    assert "满分的 90%" in says(app)
