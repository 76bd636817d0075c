"""The wall in a real browser: it fits, it turns, it outlives the server, and it stays text."""

from __future__ import annotations

import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from data.builds import current_build_id
from pages.ui.wall import SCENES
from tests.browser.conftest import free_port, serving
from tests.hostile import HOSTILE

if TYPE_CHECKING:
    from tests.browser.conftest import Window
    from tests.conftest import County

pytestmark = pytest.mark.browser
SMALLEST_PX, GUTTER_PX = 28, 24

# Of every line of visible text: its font size and its box in pixels of the stage, and whether it is cut
# off. A box is as high as the characters: what a font reserves above and below them is empty.
TEXTS = """() => {
  const stage = document.getElementById("stage");
  const scale = stage.getBoundingClientRect().width / 1920;
  const origin = stage.getBoundingClientRect();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const node = walker.currentNode, owner = node.parentElement;
    if (!node.nodeValue.trim() || !owner.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    let clip = owner;
    while (clip !== stage && getComputedStyle(clip).overflow !== "hidden") clip = clip.parentElement;
    const edge = clip.getBoundingClientRect();
    const px = parseFloat(getComputedStyle(owner).fontSize);
    for (const box of range.getClientRects()) {
      const middle = (box.top + box.bottom) / 2;
      const top = middle - px * scale / 2, bottom = middle + px * scale / 2;
      found.push({
        text: node.nodeValue, px,
        left: (box.left - origin.left) / scale, right: (box.right - origin.left) / scale,
        top: (top - origin.top) / scale, bottom: (bottom - origin.top) / scale,
        isCut: box.left < edge.left - 1 || box.right > edge.right + 1
          || top < edge.top - 1 || bottom > edge.bottom + 1,
      });
    }
  }
  const root = document.documentElement;
  return { texts: found, scrolls: root.scrollHeight > innerHeight || root.scrollWidth > innerWidth };
}"""


def open_stage(page: Page, address: str, query: str) -> None:
    page.goto(f"{address}/stage?{query}")
    expect(page.locator("#steps .is-on")).to_be_visible()


def check_slide(page: Page) -> None:
    """Nothing scrolls, nothing is cut, nothing is in the gutter, nothing is small."""
    seen = page.evaluate(TEXTS)
    assert not seen["scrolls"]
    assert len(seen["texts"]) > 10
    for one in seen["texts"]:
        assert one["px"] >= SMALLEST_PX, one
        assert not one["isCut"], one
        assert one["left"] >= GUTTER_PX - 1, one
        assert one["right"] <= 1920 - GUTTER_PX + 1, one
        assert one["top"] >= GUTTER_PX - 1, one
        assert one["bottom"] <= 1080 - GUTTER_PX + 1, one


@pytest.mark.parametrize(
    ("width", "height", "query"),
    [(1920, 1080, ""), (3840, 2160, ""), (1920, 1080, "&screen=65"), (1280, 1024, "&screen=50")],
)
def test_every_slide_fits_and_can_be_read(
    window: Window, address: str, width: int, height: int, query: str
) -> None:
    page = window.page
    page.set_viewport_size({"width": width, "height": height})
    open_stage(page, address, f"dwell=3600{query}")
    assert page.locator("#steps span").all_inner_texts() == list(SCENES.values())
    first = page.locator("#title").inner_text()
    for _ in range(30):
        check_slide(page)
        assert 1 <= page.locator(".row").count() <= 5 or page.locator("#list").is_hidden()
        assert page.locator(".number").count() <= 4
        page.keyboard.press("ArrowRight")
        if page.locator("#title").inner_text() == first:
            break
    else:
        pytest.fail("the round has no end")


def test_it_turns_by_itself_and_by_keys(window: Window, address: str) -> None:
    page = window.page
    title, state = page.locator("#title"), page.locator("#state")
    open_stage(page, address, "dwell=1&scenes=coverage,overview,nonsense")
    for name in ("保洁", "总览", "保洁"):
        expect(title).to_have_text(name)
    page.keyboard.press("PageDown")
    held = title.inner_text()
    expect(state).to_contain_text("已停住")
    page.wait_for_timeout(1500)
    expect(title).to_have_text(held)
    page.keyboard.press("PageUp")
    expect(title).not_to_have_text(held)
    page.keyboard.press("Escape")
    expect(state).to_have_text("")
    expect(title).to_have_text(held)
    open_stage(page, address, "dwell=3600&scenes=overview,cards")
    page.keyboard.press("2")
    expect(page.locator("#steps .is-on")).to_contain_text("点名卡 1/")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#steps .is-on")).to_contain_text("点名卡 2/")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(title).to_have_text("总览")


def test_it_outlives_an_empty_store_a_stop_and_a_night(
    window: Window, demo_store: Path, tmp_path: Path
) -> None:
    """Nobody touches the screen: no data, first data, server gone, server back, a reload."""
    page, port = window.page, free_port()
    state = page.locator("#state")
    page.clock.install()
    with serving(tmp_path, port) as address:
        page.goto(f"{address}/stage?dwell=3600")
        expect(page.locator("#message")).to_contain_text("还没有可用的数据")
        with pytest.raises(urllib.error.HTTPError, match="503"):
            urllib.request.urlopen(f"{address}/stage/data.json")
        build_id = current_build_id(demo_store)
        shutil.copy(demo_store / f"{build_id}.duckdb", tmp_path)
        shutil.copy(demo_store / "CURRENT", tmp_path)
        page.clock.fast_forward(6_000)
        expect(page.locator("#title")).to_have_text("总览")
        expect(page.locator("#message")).to_be_hidden()
        numbers = page.locator("#numbers").inner_text()
    page.clock.fast_forward(21_000)
    expect(state).to_contain_text("数据连接中断，显示")
    expect(page.locator("#numbers")).to_have_text(numbers, use_inner_text=True)
    with serving(tmp_path, port):
        page.clock.fast_forward(6_000)
        expect(state).to_have_text("")
        page.evaluate("window.isBeforeTheNight = true")
        page.keyboard.press("3")
        title = page.locator("#title").inner_text()
        page.clock.fast_forward(61_000)
        page.clock.fast_forward(3_700_000)
        expect(page.locator("#title")).not_to_have_text(title)
        expect(page.locator("#steps .is-on")).to_be_visible()
        page.wait_for_function("window.isBeforeTheNight === undefined", polling=100)  # loaded anew
        check_slide(page)


def test_an_unchanged_answer_is_not_sent_again(address: str) -> None:
    url = f"{address}/stage/data.json?scenes=overview"
    with urllib.request.urlopen(url) as answer:
        tag = answer.headers["ETag"]
        assert len(json.load(answer)["slides"]) == 1
    with pytest.raises(urllib.error.HTTPError, match="304"):
        urllib.request.urlopen(urllib.request.Request(url, headers={"If-None-Match": tag}))
    with urllib.request.urlopen(f"{address}/stage") as answer:
        page = answer.read().decode()
        assert "unsafe-eval" not in answer.headers.get_all("Content-Security-Policy")[0]
    assert "zh.js" not in page, "imported text is not translated"


def test_the_page_shows_the_wall_small_and_gives_the_link(window: Window, address: str) -> None:
    page = window.page
    page.goto(f"{address}/wall?period=30d")
    small = page.frame_locator('iframe[title="大屏预览"]')
    expect(small.locator("#title")).to_have_text("总览")
    link = page.get_by_role("link", name="在新标签页打开")
    expect(link).to_have_attribute("href", "/stage?period=30d")
    expect(page.get_by_text(f"{address}/stage?period=30d")).to_be_visible()


def test_imported_text_stays_text(window: Window, tiny_county: Callable[[], County]) -> None:
    """Names of grids, units and categories that are code: nothing runs, nothing is fetched."""
    county = tiny_county()
    for number, payload in enumerate(HOSTILE, start=1):
        county.edit("grids.geojson", f'"网格{number}"', json.dumps(payload))
    county.edit("grids.geojson", '"城关镇"', json.dumps(HOSTILE[1]))
    county.edit("platform.csv", "暴露垃圾", HOSTILE[0], "gbk")
    county.load()
    page = window.page
    with serving(county.store) as address:
        open_stage(page, address, "period=all&dwell=3600&scenes=overview,cards&grids=G1,G2,G3,G4")
        expect(page.get_by_text(HOSTILE[1]).first).to_be_visible()
        for payload in HOSTILE:
            page.keyboard.press("ArrowRight")
            expect(page.locator("#title")).to_have_text(payload)
        assert page.evaluate("window.hacked") is None
        assert page.evaluate("parent.hacked") is None
