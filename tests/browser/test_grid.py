"""我的网格 in a browser: on a phone, on paper, and the map that goes to the grid when asked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect

from data.builds import current_build_id, open_build
from data.filters import Filters
from data.views.overview import build_info, grids
from data.views.todo import grid_bounds, standings
from tests.browser.conftest import map_frame, wait_in

if TYPE_CHECKING:
    from tests.browser.conftest import Window

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
TOO_WIDE = """width => [...document.querySelectorAll('[data-testid=stMain] *')]
    .filter(e => !e.closest('[data-testid=stDataFrame], .js-plotly-plot'))  // they scroll inside
    .filter(e => e.getBoundingClientRect().width > 0 && e.getBoundingClientRect().right > width + 1)
    .map(e => e.outerHTML.slice(0, 120))"""
TOO_LOW = """() => [...document.querySelectorAll('[data-testid=stMain] :is(button, a, input)')]
    .filter(e => e.offsetHeight > 0 && e.offsetHeight < 44)
    .filter(e => !e.closest('[data-testid=stElementToolbar], .js-plotly-plot'))
    .map(e => e.outerHTML.slice(0, 120))"""
TOO_SMALL = """() => [...document.querySelectorAll('[data-testid=stMain] *')]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
    .filter(e => e.getBoundingClientRect().width > 0 && parseFloat(getComputedStyle(e).fontSize) < 14)
    .map(e => e.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def grid_id(demo_store: Path) -> str:
    """The grid with most open issues."""
    engine = open_build(current_build_id(demo_store), demo_store)
    build = build_info(engine)
    frame = standings(engine, Filters(build.first_date, build.period_until))
    return str(frame.sort_values("open")["grid_id"].iloc[-1])


def whole(page: Page) -> None:
    """Wait until everything of a grid's page is drawn."""
    expect(page.get_by_text("数据截至").last).to_be_visible()
    map_frame(page)
    page.locator(".js-plotly-plot .legend").nth(1).wait_for(timeout=30_000)


@pytest.mark.parametrize("query", ["", "?unit={unit}", "?grid={grid_id}"])
def test_a_phone_shows_everything_within_its_width(
    window: Window, address: str, demo_store: Path, grid_id: str, query: str
) -> None:
    unit = grids(open_build(current_build_id(demo_store), demo_store))["lead_unit"].mode()[0]
    page = window.page
    page.set_viewport_size(PHONE)
    page.goto(f"{address}/grid{query.format(unit=unit, grid_id=grid_id)}")
    if "grid=" in query:
        whole(page)
    else:
        expect(page.get_by_role("button", name="逾期").first).to_be_visible()
    expect(page.get_by_role("combobox", name="网格")).to_be_visible()
    assert page.evaluate(TOO_WIDE, PHONE["width"]) == []
    assert page.evaluate(TOO_LOW) == []
    assert page.evaluate(TOO_SMALL) == []
    expect(page.get_by_test_id("stSidebar")).not_to_be_in_viewport()


def test_a_grid_is_found_by_tapping_on_a_phone(window: Window, address: str) -> None:
    page = window.page
    page.set_viewport_size(PHONE)
    page.goto(f"{address}/grid")
    page.get_by_role("button", name="个网格").first.click(timeout=30_000)
    page.wait_for_url("**unit=*")
    expect(page.get_by_role("heading", name="今天要办")).to_be_visible()
    page.get_by_role("button", name="逾期").first.click()
    page.wait_for_url("**grid=*")
    expect(page.get_by_role("heading", name="逾期未整改")).to_be_visible()


def test_paper_is_one_a4_page_with_the_numbers_of_the_screen(
    window: Window, chromium: Browser, address: str, grid_id: str
) -> None:
    page = window.page
    page.goto(f"{address}/grid?grid={grid_id}")
    whole(page)
    shown = page.locator(".numbers strong").all_inner_texts()
    link = page.get_by_role("link", name="打印").get_attribute("href")
    page.goto(f"{address}{link}" if link and link.startswith("/") else str(link))
    assert page.locator(".numbers b").all_inner_texts() == shown
    pdf = page.pdf(prefer_css_page_size=True)
    assert pdf.count(b"/Type /Page") - pdf.count(b"/Type /Pages") == 1
    width, height = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)[0]
    assert (round(float(width)), round(float(height))) == (595, 842), "A4, upright, in points"
    page.emulate_media(media="print")
    content, room = page.evaluate("[document.body.scrollHeight, document.body.clientHeight]")
    assert content <= room, "nothing is cut off at the foot"


def test_the_map_begins_at_the_grid_and_returns_to_it_only_when_asked(
    window: Window, address: str, demo_store: Path, grid_id: str
) -> None:
    engine = open_build(current_build_id(demo_store), demo_store)
    south, west, north, east = grid_bounds(engine, grid_id)
    page = window.page
    page.goto(f"{address}/grid?grid={grid_id}")
    frame = map_frame(page)
    inside = "([s, w, n, e]) => map_div.getBounds().contains([[s, w], [n, e]])"
    assert frame.evaluate(inside, [south, west, north, east])
    first = frame.evaluate("map_div.getZoom()")
    frame.evaluate("map_div.setZoom(map_div.getZoom() - 2, {animate: false})")
    page.get_by_role("button", name="定位到本网格").click()
    wait_in(frame, "zoom => map_div.getZoom() === zoom", first)
    frame.evaluate("map_div.setZoom(map_div.getZoom() - 1, {animate: false})")
    mine = frame.evaluate("map_div.getZoom()")
    painted = frame.evaluate("oneMap.painted")
    page.get_by_role("button", name="显示更多").first.click()
    wait_in(frame, "count => oneMap.painted >= count", painted)
    page.wait_for_timeout(1000)  # a rerun that would zoom has had its time
    assert frame.evaluate("map_div.getZoom()") == mine, "the reader's place is kept"
