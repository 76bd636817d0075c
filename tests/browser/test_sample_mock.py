"""模拟评估 in a browser: filled in on a phone, printed by team."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from data import sample_entries
from tests.browser.conftest import serving, settle
from tests.browser.test_grid import PHONE, TOO_LOW, TOO_SMALL, TOO_WIDE
from tests.plans import copy_of, write_plan

if TYPE_CHECKING:
    from tests.browser.conftest import Window

pytestmark = pytest.mark.browser


def fits_a_phone(page: Page) -> None:
    """Nothing wider than the screen, nothing too small to read or to hit."""
    assert page.evaluate(TOO_WIDE, PHONE["width"]) == []
    low = page.evaluate(TOO_LOW)  # a finger hits a switch by its label, a day by its frame
    # The arrow of a select box opens it as the whole box does.
    kinds = ("date", "checkbox", "listbox")
    assert [one for one in low if not any(kind in one for kind in kinds)] == []
    assert page.evaluate(TOO_SMALL) == []


def make(page: Page, address: str, plan_id: int, teams: int = 1) -> None:
    """Make an inspection of the plan; it is open then."""
    page.goto(f"{address}/sampling?part=mock&plan={plan_id}")
    page.get_by_role("button", name="新建模拟评估或自查").click(timeout=60_000)
    page.get_by_label("分成几组").fill(str(teams))
    page.get_by_label("分成几组").press("Tab")
    settle(page)
    page.get_by_role("button", name="生成", exact=True).click()
    page.wait_for_url("**mock=1*")
    expect(page.get_by_text("已查 0").first).to_be_visible()
    settle(page)


def test_points_are_filled_in_on_a_phone(window: Window, demo_store: Path, tmp_path: Path) -> None:
    store = copy_of(demo_store, tmp_path / "store")
    plan_id = write_plan(store)
    page = window.page
    with serving(store) as address:
        make(page, address, plan_id, teams=2)
        page.set_viewport_size(PHONE)
        page.goto(f"{address}/sampling?part=mock&mock=1")
        expect(page.get_by_role("button", name="已查无问题").first).to_be_visible()
        settle(page)
        fits_a_phone(page)
        page.get_by_role("button", name="已查无问题").first.click()
        expect(page.get_by_text("已查：未发现问题")).to_be_visible()
        second = page.locator("[data-testid=stButtonGroup]").filter(has_text="−").nth(1)
        second.get_by_role("button").first.click()
        expect(page.get_by_text("已查：发现 1 项")).to_be_visible()
        expect(page.get_by_text("已查 2").first).to_be_visible()
        points = sample_entries.mock_points("demo", 1, store)
        items = sample_entries.mock_items("demo", 1, store)
        assert points["result"].tolist()[:3] == ["seen", "seen", ""]
        assert items.query("position == 2")["is_found"].sum() == 1

        for view in ("part=mock", "part=mock&mock=1&mock_view=result"):
            page.goto(f"{address}/sampling?{view}")
            settle(page)
            fits_a_phone(page)

        page.goto(f"{address}/sampling?part=mock&mock=1&mock_view=files")
        links = page.get_by_role("link", name="打印")
        expect(links).to_have_count(3)
        href = links.first.get_attribute("href") or ""
        page.goto(href if href.startswith("http") else f"{address}{href}")
        assert page.locator("article").count() == len(points)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        page.emulate_media(media="print")
        pdf = page.pdf(prefer_css_page_size=True)
        assert pdf.count(b"/Type /Page") - pdf.count(b"/Type /Pages") >= 2, "a team begins a page"
