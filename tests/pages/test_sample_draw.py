"""公开抽签: a list, a seed, a draw that is kept; no second draw but in a new version; a protocol."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from data import recompute_draw
from data.builds import current_build_id, open_build
from data.messages import DataError
from data.plan import Quota
from data.sample_entries import (
    FRAMES,
    change_plan,
    finish_plan,
    fixed_frames,
    kept_frame,
    plan_points,
    plans,
    set_draw,
)
from data.views.draw import draw
from data.views.frame import sample_frame
from data.views.overview import build_info
from pages.ui.draw_print import draw_page
from pages.ui.draw_result import command, is_same, kept_draw, local_time
from pages.ui.sampling import Plan, kept_plan
from tests.hostile import ALL
from tests.pages.app import click, says, start
from tests.plans import write_plan

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
DAY = date(2026, 11, 20)
SEED = "518204"
QUOTAS = Quota("主次干道", 8, 2, 2), Quota("背街小巷", 6, 2, 2), Quota("公厕", 3, 1, 1)


def a_plan(store: Path, title: str = "迎检") -> int:
    """A draft that waits to be drawn."""
    return write_plan(store, *QUOTAS, is_drawn=False, title=title)


def kept(plan_id: int) -> Plan:
    plan = kept_plan("demo", plan_id)
    assert plan
    return plan


def in_url(app: AppTest, key: str) -> str:
    value: str | list[str] = app.query_params.get(key, "")
    return value if isinstance(value, str) else "".join(value)


def opened(plan_id: int) -> AppTest:
    return start("sampling", plan=str(plan_id), part="draw")


def start_with(plan_id: int, **choices: str) -> AppTest:
    """The ceremony at an address that asks for other settings."""
    return start(
        "sampling",
        plan=str(plan_id),
        part="draw",
        **{f"{name}_{plan_id}": value for name, value in choices.items()},
    )


def drawn(plan_id: int, seed: str = SEED) -> AppTest:
    """The whole ceremony."""
    app = click(opened(plan_id), "固定名单并公布摘要")
    seed_field(app).set_value(seed).run()
    return click(app, "抽签")


def seed_field(app: AppTest) -> Any:
    return next(one for one in app.text_input if one.label == "种子")


def fixed_digests(plan_id: int, store: Path) -> list[str]:
    return list(fixed_frames("demo", plan_id, store)["frame_digest"])


def is_ready(app: AppTest) -> bool:
    """Whether the last step is open."""
    return not next(one for one in app.button if one.label == "抽签").disabled


def fixed_again(app: AppTest, weight: int) -> AppTest:
    click(app, "改动设置，重新固定")
    app.number_input[0].set_value(weight).run()
    return click(app, "固定名单并公布摘要")


def test_the_ceremony_opens_step_by_step(store: Path) -> None:
    plan_id = a_plan(store)
    app = opened(plan_id)
    assert seed_field(app).disabled
    assert not is_ready(app)
    click(app, "固定名单并公布摘要")
    (fixed,) = fixed_digests(plan_id, store)
    content = kept_frame(fixed, store)
    assert content
    assert content.startswith(b'["draw frame"')
    assert "".join(f"<span>{fixed[n : n + 8]}</span>" for n in range(0, 64, 8)) in says(app)
    assert app.number_input[0].disabled, "what is fixed is not changed any more"
    assert not is_ready(app), "no seed yet"
    fixed_again(app, 70)
    assert len(set(fixed_digests(plan_id, store))) == 2


def test_a_seed_known_before_the_list_was_fixed_is_gone(store: Path) -> None:
    app = click(opened(a_plan(store)), "固定名单并公布摘要")
    seed_field(app).set_value(SEED).run()
    assert is_ready(app)
    fixed_again(app, 70)
    assert (seed_field(app).value, is_ready(app)) == ("", False)
    click(click(app, "改动设置，重新固定"), "固定名单并公布摘要")
    assert (seed_field(app).value, is_ready(app)) == ("", False), "nor with the same list"


def test_every_fixing_is_shown_and_the_last_one_survives_a_reload(store: Path) -> None:
    plan_id = a_plan(store)
    app = click(opened(plan_id), "固定名单并公布摘要")
    assert " 固定<" in says(app), "when"
    app = fixed_again(app, 70)
    digests = fixed_digests(plan_id, store)
    for now in (app, opened(plan_id), start_with(plan_id, weight="10", distance="7")):
        shown = now.dataframe[1].value
        assert shown["名单摘要（SHA-256）"].tolist() == digests
        assert shown["效力"].tolist() == ["作废", "有效"]
        assert [one.value for one in now.number_input] == [70, 50], "as the list was fixed"
        assert not now.error
        seed_field(now).set_value(SEED).run()
        assert is_ready(now)


def test_settings_that_were_opened_again_may_be_left_as_fixed(store: Path) -> None:
    plan_id = a_plan(store)
    app = click(click(opened(plan_id), "固定名单并公布摘要"), "改动设置，重新固定")
    app.number_input[0].set_value(70).run()
    assert seed_field(app).disabled
    click(app, "不改了")
    assert (app.number_input[0].value, app.number_input[0].disabled) == (30, True)
    assert not seed_field(app).disabled
    assert len(fixed_digests(plan_id, store)) == 1


def test_a_list_fixed_anew_elsewhere_is_not_drawn_with_the_old_digest(store: Path) -> None:
    plan_id = a_plan(store)
    app = click(opened(plan_id), "固定名单并公布摘要")
    seed_field(app).set_value(SEED).run()
    fixed_again(opened(plan_id), 70)
    click(app, "抽签")
    assert any("重新固定过" in one.value for one in app.error)
    assert seed_field(app).value == ""
    plan = kept(plan_id)
    assert plan.drawn_on is None


def test_the_protocol_tells_every_fixing(store: Path) -> None:
    plan_id = a_plan(store)
    app = fixed_again(click(opened(plan_id), "固定名单并公布摘要"), 70)
    seed_field(app).set_value(SEED).run()
    click(app, "抽签")
    assert app.dataframe[0].value["效力"].tolist() == ["作废", "有效"]
    page = draw_page(current_build_id(store), {"plan": str(plan_id)})
    assert page
    rows = fixed_frames("demo", plan_id, store)
    states = ("作废", "有效")
    for moment, state, digest in zip(rows["fixed_at"], states, rows["frame_digest"], strict=True):
        assert f"<td>{local_time(moment)}</td><td>{state}</td><td>{digest}</td>" in page.decode()


def test_the_protocol_says_what_is_odd_as_the_page_does(store: Path) -> None:
    plan_id = write_plan(store, Quota("公厕", 3, 1, 400), is_drawn=False)
    app = drawn(plan_id)
    page = draw_page(current_build_id(store), {"plan": str(plan_id)})
    assert page
    short = next(line for line in says(app).splitlines() if "备用点少" in line)
    assert short.removeprefix("- ").replace("\\", "") in page.decode()


def test_declared_points_keep_the_numbers_that_people_know(store: Path) -> None:
    plan_id = a_plan(store)
    plan = kept(plan_id)
    turned = plan.points.iloc[::-1].assign(position=range(1, len(plan.points) + 1))
    of_build = plan.build_id, plan.data_until
    change_plan("demo", plan_id, plan.settings, (), (), *of_build, turned, store)
    before = plan_points("demo", plan_id, store)
    assert before["site_key"].tolist() != sorted(before["site_key"])
    app = drawn(plan_id)
    after = plan_points("demo", plan_id, store)
    columns = ["site_type", "position", "site_key"]
    assert after.loc[after["role"] == "declared", columns].equals(before[columns])
    assert "已核对" in says(app)


def test_declared_points_keep_their_reasons(store: Path) -> None:
    plan_id = a_plan(store)
    before = kept(plan_id)
    drawn(plan_id)
    plan = kept(plan_id)
    reasons = before.declared.set_index("site_key")["reasons"]
    assert plan.declared.set_index("site_key")["reasons"].to_dict() == reasons.to_dict()
    assert set(plan.others["reasons"]) - set(reasons)


def test_points_chosen_from_older_data_are_looked_at_first(store: Path) -> None:
    plan_id = a_plan(store)
    plan = kept(plan_id)
    change_plan("demo", plan_id, plan.settings, (), (), "demo-older", DAY, plan.points, store)
    app = opened(plan_id)
    assert any("按旧数据选的" in one.value for one in app.warning)
    assert not app.text_input


def a_final_plan(store: Path, points: pd.DataFrame | None = None) -> int:
    """Chosen from older data, as it is when the list was signed first."""
    plan_id = a_plan(store)
    plan = kept(plan_id)
    declared = plan.points if points is None else points
    change_plan("demo", plan_id, plan.settings, (), (), "demo-older", DAY, declared, store)
    finish_plan("demo", plan_id, "常务会通过", store)
    return plan_id


def test_a_final_plan_is_drawn_in_public_once(store: Path) -> None:
    plan_id = a_final_plan(store)
    before = kept(plan_id)
    app = start_with(plan_id, distance="7")
    assert any("可以公开抽签一次" in one.value for one in app.info)
    assert [one.disabled for one in app.number_input] == [False, True]
    app.number_input[0].set_value(60).run()
    click(app, "固定名单并公布摘要")
    seed_field(app).set_value(SEED).run()
    click(app, "抽签")
    assert "已核对" in says(app)
    plan = kept(plan_id)
    assert plan.settings == replace(before.settings, risk_weight=0.6, seed=SEED)
    assert (plan.is_final, plan.build_id) == (True, "demo-older")
    declared = plan.declared.drop(columns="probability")
    assert declared.equals(before.declared.drop(columns="probability"))
    assert plan.declared["probability"].isna().all()
    assert len(plan.keys("drawn")) == 12
    page = draw_page(current_build_id(store), {"plan": str(plan_id)})
    assert page
    assert f"版本 {current_build_id(store)}" in page.decode(), "the data that the list is of"


def test_a_final_plan_with_a_point_that_is_gone_is_not_drawn(store: Path) -> None:
    frame = sample_frame(open_build(current_build_id(store), store)).frame
    declared = frame.head(1).assign(
        site_key="gone", site_name="拆了的公厕", position=1, role="declared", reasons="[]"
    )
    app = opened(a_final_plan(store, declared))
    assert any("拆了的公厕" in one.value for one in app.warning)
    assert not app.text_input


def test_a_list_that_another_window_changed_is_not_drawn(store: Path) -> None:
    plan_id = a_plan(store)
    app = click(opened(plan_id), "固定名单并公布摘要")
    seed_field(app).set_value(SEED).run()
    plan = kept(plan_id)
    change_plan(
        "demo", plan_id, plan.settings, (), (), plan.build_id, plan.data_until, plan.points.head(3),
        store,
    )  # fmt: skip
    click(app, "抽签")
    assert any("没有执行" in one.value for one in app.error)
    now = kept(plan_id)
    assert (now.drawn_on, len(now.points)) == (None, 3)


def test_a_draw_is_kept_with_its_digests(store: Path) -> None:
    plan_id = a_plan(store)
    settings = replace(kept(plan_id).settings, seed=SEED)
    app = drawn(plan_id)
    plan = kept(plan_id)
    frame = sample_frame(open_build(current_build_id(store), store)).frame
    expected = draw(frame, settings, plan.keys("declared"))
    assert (plan.frame_digest, plan.draw_digest) == (expected.frame_digest, expected.draw_digest)
    assert plan.settings == settings
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


def test_there_is_no_second_draw_but_in_a_new_version(store: Path) -> None:
    plan_id = a_plan(store)
    waiting = click(opened(plan_id), "固定名单并公布摘要")  # another window, one click before
    seed_field(waiting).set_value("666666").run()
    app = opened(plan_id)
    seed_field(app).set_value(SEED).run()
    click(app, "抽签")
    points = plan_points("demo", plan_id, store)
    assert not [one for one in app.button if one.label == "抽签"]
    click(waiting, "抽签")
    assert waiting.error, "it says why nothing was drawn"
    assert plan_points("demo", plan_id, store).equals(points)
    plan = kept(plan_id)
    with pytest.raises(DataError, match="drawn already"):
        set_draw("demo", plan_id, plan.settings, "b", DAY, "f", "d", DAY, points, store)

    assert next(one for one in app.button if one.label == "另做一版").disabled, "no reason given"
    app.text_input(key=f"reason_{plan_id}").set_value("两处点位拆迁").run()
    click(app, "另做一版")
    rows = plans("demo", store).set_index("version")
    assert rows.loc[2, "seed"] == ""
    assert "两处点位拆迁" in rows.loc[2, "note"]
    assert rows.loc[1, "seed"] == SEED, "the first one stays"
    assert in_url(app, "plan") == str(rows.loc[2, "plan_id"])
    assert "第一步" in says(app)


def test_a_seed_that_a_shell_would_read_is_refused(store: Path) -> None:
    plan_id = a_plan(store)
    app = click(opened(plan_id), "固定名单并公布摘要")
    for seed in ("$(id)", '1" & del', "%PATH%", "`1`", "1\\"):
        seed_field(app).set_value(seed).run()
        assert app.error
        assert next(one for one in app.button if one.label == "抽签").disabled
    seed_field(app).set_value("四 1 6，县城").run()
    assert not app.error
    assert not next(one for one in app.button if one.label == "抽签").disabled


def test_what_was_changed_afterwards_is_found_out(store: Path) -> None:
    plan_id = a_plan(store)
    drawn(plan_id)
    plan = kept(plan_id)
    build = build_info(open_build(current_build_id(store), store))
    again = kept_draw(build, plan)
    assert again
    assert is_same(plan, again)
    moved = plan.points.copy()
    moved.loc[moved["role"] == "drawn", "position"] += 1
    assert not is_same(replace(plan, points=moved), again)
    assert not is_same(replace(plan, draw_digest="0" * 64), again)
    lost = plan.points[plan.points["site_key"] != plan.keys("declared")[0]]
    assert not is_same(replace(plan, points=lost), again)
    file = store / FRAMES / f"{plan.frame_digest}.csv.gz"
    file.write_bytes(file.read_bytes()[:-9])
    app = opened(plan_id)
    assert any("已被改动" in one.value for one in app.error)
    file.unlink()
    assert any("不在这台电脑上" in one.value for one in opened(plan_id).warning)


def test_a_list_that_is_another_by_now_is_not_drawn(store: Path) -> None:
    plan_id = a_plan(store)
    click(opened(plan_id), "固定名单并公布摘要")
    plan = kept(plan_id)
    fewer = plan.points.head(3)
    change_plan("demo", plan_id, plan.settings, (), (), plan.build_id, plan.data_until, fewer, store)
    app = opened(plan_id)
    assert any("不一致" in one.value for one in app.error)
    assert seed_field(app).disabled
    assert not is_ready(app)


def test_a_plan_of_nothing_and_no_plan_say_so(store: Path) -> None:
    plan_id = write_plan(store, Quota("公厕", 0, 0), is_drawn=False)
    assert any("没有要抽的点" in one.value for one in opened(plan_id).warning)
    assert any("没有打开方案" in one.value for one in start("sampling", part="draw").info)


def test_the_protocol_keeps_text_as_text(store: Path) -> None:
    plan_id = a_plan(store, title=ALL[0][:40])
    build_id = current_build_id(store)
    frame = sample_frame(open_build(build_id, store)).frame
    others = frame[~frame["site_key"].isin(kept(plan_id).keys("declared"))]
    points = others.head(len(ALL)).assign(
        role="drawn", position=range(1, len(ALL) + 1), probability=0.5, reasons=json.dumps([])
    )
    for column in ("site_name", "address", "grid_name", "lead_unit"):
        points[column] = ALL
    settings = replace(kept(plan_id).settings, seed=ALL[0])
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


def test_points_far_apart_are_announced_as_the_plan_has_them(store: Path) -> None:
    plan_id = a_plan(store)
    plan = kept(plan_id)
    far = replace(plan.settings, min_distance_m=3000.0)
    change_plan("demo", plan_id, far, (), (), plan.build_id, plan.data_until, plan.points, store)
    app = opened(plan_id)
    assert app.number_input(key=f"distance_{plan_id}_number").value == 3000
    click(app, "固定名单并公布摘要")
    assert fixed_frames("demo", plan_id, store)["min_distance_m"].tolist() == [3000]
