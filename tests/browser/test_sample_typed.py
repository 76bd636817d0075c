"""A button pressed straight from a field takes what stands in that field, not what stood there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, expect

from data.plan import PlanSettings
from data.sample_entries import fixed_frames, kept_frame, plans
from tests.browser.conftest import serving, settle
from tests.plans import copy_of, write_plan

if TYPE_CHECKING:
    from tests.browser.conftest import Window

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def own_store(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo county with a plan that is not drawn and one that is."""
    store = copy_of(demo_store, tmp_path_factory.mktemp("typed") / "store")
    write_plan(store, is_drawn=False)
    write_plan(store)
    return store


@pytest.fixture(scope="module")
def own_address(own_store: Path) -> Iterator[str]:
    with serving(own_store) as url:
        yield url


def type_and_press(page: Page, role: Any, field: str, text: str, button: str) -> None:
    """Fill the field and click, without leaving the field first."""
    page.get_by_role(role, name=field).fill(text)
    page.get_by_role("button", name=button, exact=True).click()


def latest(store: Path) -> Any:
    return plans("demo", store).sort_values("plan_id").iloc[-1]


def test_a_new_plan(window: Window, own_address: str, own_store: Path) -> None:
    page = window.page
    page.goto(f"{own_address}/sampling?part=choose")
    expect(page.get_by_role("button", name="自动选点，存为新方案")).to_be_visible()
    settle(page)
    page.get_by_role("spinbutton", name="点位最小距离").fill("450")
    type_and_press(page, "textbox", "方案名称", "刚打的名称", "自动选点，存为新方案")
    page.wait_for_url("**plan=*")
    expect(page.get_by_text("刚打的名称 第 1 版").first).to_be_visible()
    made = latest(own_store)
    assert made["title"] == "刚打的名称"
    assert PlanSettings.of_json(made["settings"]).min_distance_m == 450

    page.get_by_role("radio", name="设置与重选").click()
    page.wait_for_url("**show=settings*")
    settle(page)
    type_and_press(page, "spinbutton", "点位最小距离", "350", "按这些设置重新自动选点")
    page.wait_for_url(lambda url: "show=" not in url)
    expect(page.get_by_role("radio", name="点位", exact=True)).to_be_checked()
    assert PlanSettings.of_json(latest(own_store)["settings"]).min_distance_m == 350

    page.get_by_role("button", name="另存为").click()
    type_and_press(page, "textbox", "新方案名称", "另一个名称", "确认另存")
    expect(page.get_by_text("另一个名称 第 1 版").first).to_be_visible()
    assert latest(own_store)["title"] == "另一个名称"

    page.get_by_role("button", name="定稿").click()
    type_and_press(page, "textbox", "为什么这样选", "刚打的说明", "确认定稿")
    expect(page.get_by_text("说明：刚打的说明")).to_be_visible()


def test_a_quota(window: Window, own_address: str, own_store: Path) -> None:
    page = window.page
    page.goto(f"{own_address}/sampling?part=choose&plan=1&show=settings")
    expect(page.get_by_text("双击数字可改")).to_be_visible()
    settle(page)
    before = PlanSettings.of_json(plans("demo", own_store).set_index("plan_id").loc[1, "settings"])
    first = before.quotas[0]
    editor = page.locator(".dvn-scroller").first
    box = editor.bounding_box()
    assert box
    editor.dblclick(position={"x": 0.42 * box["width"], "y": 52})  # third of six columns, first row
    page.locator(".gdg-input").fill(str(first.quota + 1))
    page.get_by_role("button", name="按这些设置重新自动选点").click()
    page.wait_for_url(lambda url: "show=" not in url)
    after = PlanSettings.of_json(plans("demo", own_store).set_index("plan_id").loc[1, "settings"])
    assert after.quotas[0].quota == first.quota + 1


def test_the_draw(window: Window, own_address: str, own_store: Path) -> None:
    page = window.page
    page.goto(f"{own_address}/sampling?part=draw&plan=1")
    expect(page.get_by_role("button", name="固定名单并公布摘要")).to_be_visible()
    settle(page)
    type_and_press(page, "spinbutton", "点与点最小距离", "333", "固定名单并公布摘要")
    expect(page.get_by_role("textbox", name="种子")).to_be_enabled()
    settle(page)
    (digest,) = fixed_frames("demo", 1, own_store)["frame_digest"]
    assert (kept_frame(digest, own_store) or b"").splitlines()[0].endswith(b"33300]")
    expect(page.get_by_text("与公布的摘要不一致")).to_have_count(0)
    seed = page.get_by_role("textbox", name="种子")
    seed.fill("1 2 3")
    seed.press("Enter")
    expect(page.get_by_role("button", name="抽签", exact=True)).to_be_enabled()
    settle(page)
    type_and_press(page, "textbox", "种子", "4 5 6", "抽签")
    expect(page.get_by_text("已核对")).to_be_visible()
    drawn = plans("demo", own_store).set_index("plan_id").loc[1]
    assert PlanSettings.of_json(drawn["settings"]).seed == "456", "spaces do not count"

    page.get_by_text("要重抽：另做一版").click()
    reason = page.get_by_role("textbox", name="为什么要另做一版")
    reason.fill("名单有误")
    reason.press("Enter")
    expect(page.get_by_role("button", name="另做一版", exact=True)).to_be_enabled()
    settle(page)
    type_and_press(page, "textbox", "为什么要另做一版", "点位关停", "另做一版")
    page.wait_for_url(lambda url: "plan=1&" not in f"{url}&")
    assert latest(own_store)["note"].endswith("：点位关停")


def test_a_copied_edition(window: Window, own_address: str) -> None:
    page = window.page
    page.goto(f"{own_address}/sampling")
    page.get_by_role("button", name="复制为新版本").click(timeout=30_000)
    page.get_by_role("textbox", name="新版本的名称").fill("2021 本县")
    type_and_press(page, "textbox", "谁建的、依据什么", "张三", "复制")
    page.wait_for_url("**edition=*")
    expect(page.get_by_role("combobox", name="标准版本")).to_have_value("2021 本县")


def test_a_new_inspection(window: Window, own_address: str) -> None:
    page = window.page
    page.goto(f"{own_address}/sampling?part=mock&plan=2")
    page.get_by_role("button", name="新建模拟评估或自查").click(timeout=30_000)
    page.get_by_role("textbox", name="检查人员").fill("张三")
    type_and_press(page, "spinbutton", "分成几组", "3", "生成")
    page.wait_for_url("**mock=1*")
    expect(page.get_by_text("检查人员：张三")).to_be_visible()
    page.get_by_role("combobox", name="组").click()
    expect(page.get_by_role("option", name="第 3 组")).to_be_visible()
