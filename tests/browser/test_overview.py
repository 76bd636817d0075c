"""总览 as a meeting sees it: one calm first screen, and records over the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import MAP, map_frame

if TYPE_CHECKING:
    from tests.browser.conftest import Window

pytestmark = pytest.mark.browser


def test_cards_map_and_worst_grids_fit_the_first_screen(window: Window, address: str) -> None:
    page = window.page
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto(f"{address}/?period=365d")
    map_frame(page)
    last_reason = page.get_by_text("是全县的").last
    for part in (page.get_by_test_id("stMetric").first, page.locator(MAP), last_reason):
        box = part.bounding_box()
        assert box
        assert box["y"] + box["height"] <= 1080


def test_records_open_over_the_page(window: Window, address: str) -> None:
    page = window.page
    page.goto(f"{address}/?period=365d")
    map_frame(page)
    page.get_by_role("button", name="记录", exact=True).nth(1).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("时段内整改、后来又出现的问题")).to_be_visible()
    expect(dialog.get_by_role("link", name="Excel")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
