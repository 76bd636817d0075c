"""公开抽签: a list, a seed, a draw that is kept; no second draw but in a new version; a protocol."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from data import recompute_draw
from data.builds import current_build_id, open_build
from data.messages import DataError
from data.plan import PlanSettings, Quota
from data.sample_entries import (
    FRAMES,
    add_plan,
    change_plan,
    kept_frame,
    plan_points,
    plans,
    set_draw,
)
from data.views.draw import draw
from data.views.frame import SampleFrame, sample_frame
from data.views.overview import build_info
from pages.ui.draw_print import draw_page
from pages.ui.draw_result import command, is_same, kept_draw
from pages.ui.sampling import kept_plan
from tests.hostile import ALL
from tests.pages.test_every_county import says
from tests.pages.test_pages import start

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
DAY = date(2026, 11, 20)
SEED = "518204"
SETTINGS = PlanSettings(
    "2021",
    "现场评估·市容环境卫生",
    12.0,
    (Quota("主次干道", 8, 2, 2), Quota("背街小巷", 6, 2, 2), Quota("公厕", 3, 1, 1)),
    risk_weight=0.3,
    min_distance_m=50.0,
)


@pytest.fixture(scope="module")
def frame(demo_store: Path) -> SampleFrame:
    return sample_frame(open_build(current_build_id(demo_store), demo_store))


def a_plan(
    store: Path, frame: SampleFrame, settings: PlanSettings = SETTINGS, title: str = "迎检"
) -> int:
    """A draft whose declared points are the first ones of each type."""
    of_types = [
        frame.frame[frame.frame["site_type"] == quota.site_type].head(quota.declared)
        for quota in settings.quotas
    ]
    declared = pd.concat([frame.frame.head(0), *of_types])
    points = declared.assign(position=range(1, len(declared) + 1), reasons="[]")
    build_id = current_build_id(store)
    build = build_info(open_build(build_id, store))
    return add_plan(build.source, title, settings, DAY, build_id, build.data_until, points, store=store)


def press(app: AppTest, label: str) -> AppTest:
    next(one for one in app.button if one.label == label).click().run()
    assert not app.exception, app.exception
    return app


def in_url(app: AppTest, key: str) -> str:
    value: str | list[str] = app.query_params.get(key, "")
    return value if isinstance(value, str) else "".join(value)


def opened(plan_id: int) -> AppTest:
    return start("sampling", plan=str(plan_id), part="draw")


def drawn(plan_id: int, seed: str = SEED) -> AppTest:
    """The whole ceremony."""
    app = press(opened(plan_id), "固定名单并公布摘要")
    app.text_input(key=f"seed_{plan_id}").set_value(seed).run()
    return press(app, "抽签")


def test_the_ceremony_opens_step_by_step(store: Path, frame: SampleFrame) -> None:
    plan_id = a_plan(store, frame)
    app = opened(plan_id)
    assert app.text_input(key=f"seed_{plan_id}").disabled
    assert next(one for one in app.button if one.label == "抽签").disabled
    press(app, "固定名单并公布摘要")
    fixed = in_url(app, f"fixed_{plan_id}")
    content = kept_frame(fixed, store)
    assert content
    assert content.startswith(b'["draw frame"')
    assert "".join(f"<span>{fixed[n : n + 8]}</span>" for n in range(0, 64, 8)) in says(app)
    assert app.number_input[0].disabled, "what is fixed is not changed any more"
    assert next(one for one in app.button if one.label == "抽签").disabled, "no seed yet"
    press(app, "改动设置，重新固定")
    app.number_input[0].set_value(70).run()
    press(app, "固定名单并公布摘要")
    assert in_url(app, f"fixed_{plan_id}") not in ("", fixed)


def test_declared_points_keep_their_reasons(store: Path, frame: SampleFrame) -> None:
    plan_id = a_plan(store, frame)
    before = kept_plan("demo", plan_id)
    assert before
    drawn(plan_id)
    plan = kept_plan("demo", plan_id)
    assert plan
    assert set(plan.declared["reasons"]) == set(before.declared["reasons"]) == {"[]"}
    assert set(plan.others["reasons"]) != {"[]"}


def test_points_chosen_from_older_data_are_looked_at_first(store: Path, frame: SampleFrame) -> None:
    plan_id = a_plan(store, frame)
    plan = kept_plan("demo", plan_id)
    assert plan
    change_plan("demo", plan_id, SETTINGS, (), (), "demo-older", DAY, plan.points, store)
    app = opened(plan_id)
    assert any("按旧数据选的" in one.value for one in app.warning)
    assert not app.text_input


def test_a_list_that_another_window_changed_is_not_drawn(store: Path, frame: SampleFrame) -> None:
    plan_id = a_plan(store, frame)
    app = press(opened(plan_id), "固定名单并公布摘要")
    app.text_input(key=f"seed_{plan_id}").set_value(SEED).run()
    plan = kept_plan("demo", plan_id)
    assert plan
    change_plan(
        "demo", plan_id, SETTINGS, (), (), plan.build_id, plan.data_until, plan.points.head(3), store
    )
    press(app, "抽签")
    assert any("没有执行" in one.value for one in app.error)
    now = kept_plan("demo", plan_id)
    assert now
    assert (now.drawn_on, len(now.points)) == (None, 3)


def test_a_draw_is_kept_with_its_digests(store: Path, frame: SampleFrame) -> None:
    plan_id = a_plan(store, frame)
    app = drawn(plan_id)
    plan = kept_plan("demo", plan_id)
    assert plan
    expected = draw(frame.frame, replace(SETTINGS, seed=SEED), plan.keys("declared"))
    assert (plan.frame_digest, plan.draw_digest) == (expected.frame_digest, expected.draw_digest)
    assert plan.settings == replace(SETTINGS, seed=SEED)
    assert set(plan.keys("drawn")) == set(
        expected.points.loc[expected.points["role"] == "drawn", "site_key"]
    )
    text = says(app)
    assert "已核对" in text
    assert SEED in text
    frame_file = kept_frame(plan.frame_digest, store)
    assert frame_file
    result = recompute_draw.repeat_draw(frame_file.decode(), SEED)
    assert result.encode() == expected.result_file
    assert SEED in command(plan)


def test_there_is_no_second_draw_but_in_a_new_version(store: Path, frame: SampleFrame) -> None:
    plan_id = a_plan(store, frame)
    waiting = press(opened(plan_id), "固定名单并公布摘要")  # another window, one click before
    waiting.text_input(key=f"seed_{plan_id}").set_value("666666").run()
    app = drawn(plan_id)
    kept = plan_points("demo", plan_id, store)
    assert not [one for one in app.button if one.label == "抽签"]
    press(waiting, "抽签")
    assert waiting.error, "it says why nothing was drawn"
    assert plan_points("demo", plan_id, store).equals(kept)
    plan = kept_plan("demo", plan_id)
    assert plan
    with pytest.raises(DataError, match="drawn already"):
        set_draw("demo", plan_id, plan.settings, "b", DAY, "f", "d", DAY, kept, store)

    assert next(one for one in app.button if one.label == "另做一版").disabled, "no reason given"
    app.text_input(key=f"reason_{plan_id}").set_value("两处点位拆迁").run()
    press(app, "另做一版")
    rows = plans("demo", store).set_index("version")
    assert rows.loc[2, "seed"] == ""
    assert "两处点位拆迁" in rows.loc[2, "note"]
    assert rows.loc[1, "seed"] == SEED, "the first one stays"
    assert in_url(app, "plan") == str(rows.loc[2, "plan_id"])
    assert "第一步" in says(app)


def test_a_seed_that_a_shell_would_read_is_refused(store: Path, frame: SampleFrame) -> None:
    plan_id = a_plan(store, frame)
    app = press(opened(plan_id), "固定名单并公布摘要")
    for seed in ("$(id)", '1" & del', "%PATH%", "`1`", "1\\"):
        app.text_input(key=f"seed_{plan_id}").set_value(seed).run()
        assert app.error
        assert next(one for one in app.button if one.label == "抽签").disabled
    app.text_input(key=f"seed_{plan_id}").set_value("四 1 6，县城").run()
    assert not app.error
    assert not next(one for one in app.button if one.label == "抽签").disabled


def test_what_was_changed_afterwards_is_found_out(store: Path, frame: SampleFrame) -> None:
    plan_id = a_plan(store, frame)
    drawn(plan_id)
    plan = kept_plan("demo", plan_id)
    assert plan
    build = build_info(open_build(current_build_id(store), store))
    again = kept_draw(build, plan)
    assert again
    assert is_same(plan, again)
    moved = plan.points.copy()
    moved.loc[moved["role"] == "drawn", "position"] += 1
    assert not is_same(replace(plan, points=moved), again)
    assert not is_same(replace(plan, draw_digest="0" * 64), again)
    file = store / FRAMES / f"{plan.frame_digest}.csv.gz"
    file.write_bytes(file.read_bytes()[:-9])
    app = opened(plan_id)
    assert any("已被改动" in one.value for one in app.error)
    file.unlink()
    assert any("不在这台电脑上" in one.value for one in opened(plan_id).warning)


def test_an_address_names_no_file(store: Path, frame: SampleFrame) -> None:
    """What stands in the URL as a digest is a digest or nothing."""
    plan_id = a_plan(store, frame)
    for value in ("../../../etc/passwd", "<img src=x>", "0" * 63):
        app = start("sampling", plan=str(plan_id), part="draw", **{f"fixed_{plan_id}": value})
        assert app.text_input(key=f"seed_{plan_id}").disabled
    app = start("sampling", plan=str(plan_id), part="draw", **{f"fixed_{plan_id}": "0" * 64})
    assert any("不一致" in one.value for one in app.error)
    assert next(one for one in app.button if one.label == "抽签").disabled


def test_a_plan_of_nothing_and_no_plan_say_so(store: Path, frame: SampleFrame) -> None:
    plan_id = a_plan(store, frame, replace(SETTINGS, quotas=()))
    assert any("没有要抽的点" in one.value for one in opened(plan_id).warning)
    assert any("没有打开方案" in one.value for one in start("sampling", part="draw").info)


def test_the_protocol_keeps_text_as_text(store: Path, frame: SampleFrame) -> None:
    plan_id = a_plan(store, frame, title=ALL[0][:40])
    points = frame.frame.head(len(ALL)).assign(
        role="drawn", position=range(1, len(ALL) + 1), probability=0.5, reasons=json.dumps([])
    )
    for column in ("site_name", "address", "grid_name", "lead_unit"):
        points[column] = ALL
    settings = replace(SETTINGS, seed=ALL[0])
    build_id = current_build_id(store)
    assert draw_page(build_id, {"plan": str(plan_id)}) is None, "not drawn"
    set_draw("demo", plan_id, settings, build_id, DAY, "f" * 64, "d" * 64, DAY, points, store)
    page = draw_page(build_id, {"plan": str(plan_id)})
    assert page
    body = page.decode()
    for tag in ("<img", "<svg", "<b>", "<a "):
        assert tag not in body
    assert body.count("<script") == 1
    assert "ffffffff" in body
    for query in ({}, {"plan": ""}, {"plan": "x"}, {"plan": "99"}, {"plan": "9" * 30}):
        assert draw_page(build_id, query) is None


def test_points_far_apart_are_announced_as_the_plan_has_them(store: Path, frame: SampleFrame) -> None:
    plan_id = a_plan(store, frame, replace(SETTINGS, min_distance_m=3000.0))
    app = opened(plan_id)
    assert app.number_input(key=f"distance_{plan_id}_number").value == 3000
    press(app, "固定名单并公布摘要")
    content = kept_frame(in_url(app, f"fixed_{plan_id}"), store)
    assert content
    assert content.startswith(b'["draw frame",1,300000]')
