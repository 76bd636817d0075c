"""候选点位 and 选申报点: from the frame to a final plan, its next version, its files and its paper."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from data import sample_entries
from data.builds import current_build_id, open_build
from data.plan import PlanSettings
from data.views.frame import sample_frame
from data.views.overview import build_info
from pages.ui.plan_files import plan_geojson, plan_workbook
from pages.ui.plan_print import plan_page
from pages.ui.plan_words import plan_review
from pages.ui.route_print import route_page
from pages.ui.sampling import kept_plan
from pages.ui.sites import site_name
from tests.conftest import County
from tests.pages.app import click, says, start, table_with, use_store
from tests.plans import POINTS, write_plan

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
EVIL = "**粗** [链接](http://evil.example) <script>alert(1)</script> `x` ${1}"


def opened(store: Path) -> AppTest:
    """The page with a draft, plan 1."""
    return start("sampling", part="choose", plan=str(write_plan(store, is_drawn=False)))


def declared(plan_id: int, county: str = "demo") -> list[str]:
    points = sample_entries.plan_points(county, plan_id)
    return list(points.loc[points["role"] == "declared", "site_key"])


def asked(plan_id: int) -> PlanSettings:
    plan = kept_plan("demo", plan_id)
    assert plan is not None
    return plan.settings


def pick(app: AppTest, site_key: str) -> AppTest:
    app.query_params["site"] = site_key
    return app.run()


def test_the_frame_counts_and_lists_what_the_view_says(store: Path) -> None:
    found = sample_frame(open_build(current_build_id(store), store))
    app = start("sampling", part="frame", order="unseen")
    values = {metric.label: metric.value for metric in app.metric}
    assert values["候选点位（个）"] == f"{len(found.frame):,}"
    assert values["90 天无人看过（个）"] == f"{found.frame['is_unseen'].sum():,}"
    shown = table_with(app, "为什么")
    assert len(shown) == min(100, len(found.frame))
    assert table_with(app, "来源")["点位（个）"].sum() == len(found.frame)
    app = start("sampling", part="frame", type="公厕", which="open")
    shown = table_with(app, "为什么")
    assert set(shown["类型"]) == {"公厕"}
    assert (shown["未整改（件）"] > 0).all()


def test_a_site_opens_with_the_records_that_it_counts(store: Path) -> None:
    found = sample_frame(open_build(current_build_id(store), store))
    for kind in ("site", "street"):
        site = found.frame[found.frame["kind"] == kind].nlargest(1, "issues_year").iloc[0]
        app = start("sampling", part="frame", site=site["site_key"])
        assert site_name(site.to_dict()) in [one.value.replace("\\", "") for one in app.subheader]
        assert f"的问题**（{site['issues_year']} 件）" in says(app)


def test_a_plan_needs_the_population_and_takes_the_standards_total(store: Path) -> None:
    app = start("sampling", part="choose")
    assert "请先填写建成区常住人口" in says(app)
    assert not [button for button in app.button if button.label.startswith("自动选点")]
    app.number_input(key="population_new").set_value(18.0).run()
    assert app.number_input(key="total_new_2021_18.0").value == 179


def test_points_are_pinned_left_out_and_swapped_at_once(store: Path) -> None:
    app = start("sampling", part="choose")
    app.number_input(key="population_new").set_value(18.0).run()
    app.number_input(key="total_new_2021_18.0").set_value(40).run()
    app = click(app, "自动选点")
    assert app.selectbox(key="sampling:plan").value == "1"
    assert sum(one.quota for one in asked(1).quotas) == 40
    before = declared(1)
    assert 10 < len(before) <= sum(one.declared for one in asked(1).quotas)
    app = click(pick(app, before[0]), "保留")
    assert kept_plan("demo", 1).pinned == (before[0],)  # type: ignore[union-attr]
    assert declared(1) == before
    app = click(pick(app, before[1]), "不选")
    plan = kept_plan("demo", 1)
    assert plan is not None
    assert plan.barred == (before[1],)
    left_out = declared(1)
    assert set(before) - set(left_out) == {before[1]}
    assert len(left_out) == len(before), "the next best takes its place, all others stay"
    app = click(pick(app, left_out[2]), "换成候选 2")
    swapped = declared(1)
    assert set(left_out) - set(swapped) == {left_out[2]}
    (into,) = set(swapped) - set(left_out)
    assert swapped.index(into) == left_out.index(left_out[2]), "it stands where the other stood"
    assert into in kept_plan("demo", 1).pinned  # type: ignore[union-attr]
    app.segmented_control(key="sampling:show").set_value("settings").run()
    app = click(app, "按这些设置重新自动选点")
    assert {before[0], into} <= set(declared(1)), "what is pinned stays"
    assert before[1] not in declared(1)
    app = click(pick(app, ""), next(b.label for b in app.button if b.key == f"unbar_{before[1]}"))
    assert kept_plan("demo", 1).barred == ()  # type: ignore[union-attr]


def test_a_final_plan_is_changed_by_its_next_version(store: Path) -> None:
    app = opened(store)
    app.text_area(key="final_note").set_value("覆盖各网格").run()
    app = click(app, "确认定稿")
    plan = kept_plan("demo", 1)
    assert plan is not None
    assert (plan.is_final, plan.note) == (True, "覆盖各网格")
    app = pick(app, plan.keys("declared")[0])
    assert "已定稿" in says(app)
    assert not [button for button in app.button if button.label in ("保留", "不选")]
    app = click(app, "新版本")
    second = kept_plan("demo", 2)
    assert second is not None
    assert (second.title, second.version, second.is_final) == (plan.title, 2, False)
    assert second.keys("declared") == plan.keys("declared")
    app = click(pick(app, second.keys("declared")[0]), "不选")
    app.segmented_control(key="sampling:show").set_value("compare").run()
    assert not app.exception, app.exception
    rows = table_with(app, "对比版").set_index("")
    assert rows.loc["其中两版都有（个）", "这一版"] == str(len(plan.points) - 1)
    assert rows.loc["状态", "对比版"] == "定稿"
    click(app, "确认删除")
    assert kept_plan("demo", 2) is None


@pytest.mark.parametrize(
    ("here", "elsewhere"),
    [*((one, "不选") for one in ("保留", "换成候选 1", "确认定稿", "确认删除")), ("不选", "确认删除")],
)
def test_what_another_window_did_is_not_undone_by_a_click(
    store: Path, here: str, elsewhere: str
) -> None:
    """Each button acts on the plan as it was seen; tests/data/test_sample_entries.py has every pair."""
    app = opened(store)
    keys = declared(1)
    app, other = pick(app, keys[1]), start("sampling", part="choose", plan="1", site=keys[0])
    click(other, elsewhere)
    now = sample_entries.plans("demo"), sample_entries.plan_points("demo", 1)
    click(app, here)
    assert "没有执行" in says(app)
    assert sample_entries.plans("demo").equals(now[0])
    assert sample_entries.plan_points("demo", 1).equals(now[1])


def test_the_plans_of_another_county_are_not_shown(store: Path) -> None:
    write_plan(store)
    plan = kept_plan("demo", 1)
    assert plan is not None
    other = sample_entries.add_plan(
        "other", "别县", plan.settings, plan.made_on, "other-1", plan.data_until, plan.points
    )
    app = start("sampling", part="choose", plan=str(other))
    assert app.selectbox(key="sampling:plan").value == ""
    assert kept_plan("demo", other) is None
    assert plan_page(current_build_id(store), {"plan": str(other)}) is None


def test_what_was_drawn_is_not_lost_by_a_click(store: Path) -> None:
    plan_id = write_plan(store)
    app = start("sampling", part="choose", plan=str(plan_id), site=declared(plan_id)[0])
    assert "抽签作废" in says(app)
    assert not [button for button in app.button if button.label == "确认删除"]
    assert not [button for button in app.button if button.label in ("保留", "不选")]


def test_the_next_version_of_a_drawn_plan_has_a_reason(store: Path) -> None:
    app = start("sampling", part="choose", plan=str(write_plan(store)))
    plan = kept_plan("demo", 1)
    assert plan is not None
    labels = [button.label for button in app.button]
    assert "新版本" not in labels, "no copy without a reason"
    assert next(button for button in app.button if button.label == "另做一版").disabled
    app.text_input(key="copy_title_1").set_value(plan.title).run()
    app = click(app, "确认另存")
    assert "要写明原因" in says(app)
    assert kept_plan("demo", 2) is None
    app.text_input(key="reason_1").set_value("两处点位拆迁").run()
    click(app, "另做一版")
    second = kept_plan("demo", 2)
    assert second is not None
    assert (second.title, second.version, second.drawn_on) == (plan.title, 2, None)
    assert "两处点位拆迁" in second.note


def test_older_data_is_said_and_a_final_plan_stays_as_it_was(store: Path) -> None:
    app = opened(store)
    plan = kept_plan("demo", 1)
    assert plan is not None
    sample_entries.change_plan(
        "demo", 1, plan.settings, (), (), "demo-older", plan.data_until - timedelta(days=7), plan.points
    )
    app = app.run()
    assert "这份草稿还是按旧数据选的" in says(app)
    app = click(app, "点位不变，只更新风险")
    assert declared(1) == plan.keys("declared")
    assert kept_plan("demo", 1).build_id == plan.build_id  # type: ignore[union-attr]
    sample_entries.change_plan(
        "demo", 1, plan.settings, (), (), "demo-older", plan.data_until, plan.points
    )
    sample_entries.finish_plan("demo", 1)
    for show in ("", "coverage", "route"):
        app = start("sampling", part="choose", plan="1", show=show)
        assert "保持当时的样子" in says(app)
        assert "当时的候选点位没有留存" in says(app)
        assert "没有选足" not in says(app)
    assert "当时的候选点位没有留存" in (plan_page(plan.build_id, {"plan": "1"}) or b"").decode()
    assert not [button for button in app.button if button.label == "按新数据重选"]


def test_the_files_and_the_paper_hold_the_plan(store: Path) -> None:
    write_plan(store, is_drawn=False)
    plan, build = kept_plan("demo", 1), build_info(open_build(current_build_id(store), store))
    assert plan is not None
    found = plan_review(build, plan)
    book = io.BytesIO(plan_workbook(build, plan, found))
    sheets = pd.read_excel(book, sheet_name=None, engine="calamine")
    assert set(sheets) == {"申报点", "配额", "网格覆盖", "提醒", "预计得分", "设置"}
    assert len(sheets["申报点"]) == len(found.points) > 0
    assert sheets["申报点"]["有利"].notna().any()
    assert sheets["配额"]["配额"].sum() == POINTS
    assert len(sheets["提醒"]) == len(found.cautions)
    assert "12" in sheets["设置"].set_index("项目").loc["建成区常住人口（万人）", "内容"]
    places = json.loads(plan_geojson(plan, found))
    assert set(places) == {"type", "features"}, "RFC 7946 knows no crs"
    assert len(places["features"]) == len(found.points)
    for one, row in zip(places["features"], found.points.itertuples(), strict=True):
        lon, lat = one["geometry"]["coordinates"]
        assert (lon, lat) == (round(row.lon, 6), round(row.lat, 6))
        assert build.west <= lon <= build.east
    paper = (plan_page(build.build_id, {"plan": "1"}) or b"").decode()
    for row in found.points.to_dict("records"):
        assert site_name(row) in paper
    assert "编制" in paper
    for nothing in ({}, {"plan": "9"}, {"plan": "x"}, {"plan": "9" * 5000}):
        assert plan_page(build.build_id, nothing) is None
    walk = (route_page(build.build_id, {"plan": "1", "teams": "2"}) or b"").decode()
    assert walk.count("<section>") == 2, "a team begins a page"
    assert walk.count("起点") == 2
    for row in found.points.to_dict("records"):
        assert site_name(row) in walk
    for nothing in ({"plan": "1"}, {"plan": "1", "teams": "0"}, {"plan": "9", "teams": "2"}):
        assert route_page(build.build_id, nothing) is None


def test_the_files_and_the_paper_of_a_drawn_plan_hold_what_decides_the_draw(store: Path) -> None:
    write_plan(store)
    plan, build = kept_plan("demo", 1), build_info(open_build(current_build_id(store), store))
    assert plan is not None
    book = io.BytesIO(plan_workbook(build, plan, plan_review(build, plan)))
    sheets = pd.read_excel(book, sheet_name=None, engine="calamine", dtype=str)
    said = sheets["设置"].set_index("项目")["内容"]
    assert said["种子"] == plan.settings.seed
    assert said["名单摘要（SHA-256）"] == plan.frame_digest
    assert said["结果摘要（SHA-256）"] == plan.draw_digest
    assert said["风险权重 λ（%）"] == "30"
    assert said["通过线"].startswith("满分的 80%")
    assert sheets["抽中点与备用点"]["入样概率"].str.endswith("%").all()
    paper = (plan_page(build.build_id, {"plan": "1"}) or b"").decode()
    for text in (plan.settings.seed, plan.frame_digest, plan.draw_digest, "入样概率"):
        assert text in paper


def test_text_of_files_and_of_people_stays_text(
    tiny_county: Callable[[], County], monkeypatch: pytest.MonkeyPatch
) -> None:
    county = tiny_county()
    county.edit("streets.geojson", "人民路", EVIL)
    county.load()
    use_store(county.store, monkeypatch)
    app = start("sampling", part="choose")
    app.number_input(key="population_new").set_value(5.0).run()
    next(one for one in app.text_input if one.label == "方案名称").set_value(EVIL).run()
    app = click(app, "自动选点")
    key = declared(1, "tiny")[0]
    for shown in (app, pick(app, key), start("sampling", part="frame", site=key)):
        for text in [*shown.markdown, *shown.subheader, *shown.caption, *shown.warning, *shown.info]:
            assert not re.search(r"(?<!\\)(<script|]\(http|\*\*粗)", str(text.value)), text.value
    walk = route_page(current_build_id(county.store), {"plan": "1", "teams": "1"}) or b""
    assert b"<script>alert" not in walk
    paper = (plan_page(current_build_id(county.store), {"plan": "1"}) or b"").decode()
    assert "<script>alert" not in paper
    assert "&lt;script&gt;alert(1)" in paper


def test_without_streets_and_sites_the_page_says_what_to_bring(
    tiny_county: Callable[[], County], monkeypatch: pytest.MonkeyPatch
) -> None:
    county = tiny_county()
    recipe = county.recipe.read_text("utf-8")
    streets = recipe.index("[[core_segment]]")
    county.recipe.write_text(recipe[:streets] + recipe[recipe.index("[[core_issue]]") :], "utf-8")
    county.load()
    use_store(county.store, monkeypatch)
    for part in ("frame", "choose"):
        assert "没有候选点位" in says(start("sampling", part=part))


def test_too_little_history_is_said(
    tiny_county: Callable[[], County], monkeypatch: pytest.MonkeyPatch
) -> None:
    county = tiny_county()
    county.load()
    use_store(county.store, monkeypatch)
    assert "历史记录太少" in says(start("sampling", part="frame"))
