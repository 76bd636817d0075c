"""模拟评估 in a browser: filled in on a phone, printed by team, and names that are code stay text."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from data import sample_entries
from data.builds import current_build_id, open_build
from data.plan import Quota
from data.views.frame import sample_frame
from tests.browser.conftest import serving, settle
from tests.browser.test_grid import PHONE, TOO_LOW, TOO_SMALL, TOO_WIDE
from tests.browser.test_hostile import check, is_harmless_workbook, save_tables
from tests.hostile import hostile_county
from tests.pages.test_sample_mock import a_plan

if TYPE_CHECKING:
    from tests.browser.conftest import Window

pytestmark = pytest.mark.browser


def make(page: Page, address: str, plan_id: int, teams: int = 1) -> None:
    """Make an inspection of the plan; it is open then."""
    page.goto(f"{address}/sampling?part=mock&plan={plan_id}")
    page.get_by_role("button", name="新建模拟评估或自查").click(timeout=60_000)
    page.get_by_label("分成几组").fill(str(teams))
    page.get_by_label("分成几组").press("Tab")
    settle(page)
    page.get_by_role("button", name="生成", exact=True).click()
    page.wait_for_url("**mock=1*")
    expect(page.get_by_text("已查 0").first).to_be_visible(timeout=30_000)
    settle(page)


def test_points_are_filled_in_on_a_phone(window: Window, demo_store: Path, tmp_path: Path) -> None:
    typed = shutil.ignore_patterns("entries.sqlite*")
    store = Path(shutil.copytree(demo_store, tmp_path / "store", ignore=typed))
    plan_id = a_plan(store)
    page = window.page
    with serving(store) as address:
        make(page, address, plan_id, teams=2)
        page.set_viewport_size(PHONE)
        page.goto(f"{address}/sampling?part=mock&mock=1")
        expect(page.get_by_role("button", name="已查无问题").first).to_be_visible(timeout=30_000)
        settle(page)
        assert page.evaluate(TOO_WIDE, PHONE["width"]) == []
        low = page.evaluate(TOO_LOW)  # a finger hits a switch by its label, a day by its frame
        assert [one for one in low if "date" not in one and "checkbox" not in one] == []
        assert page.evaluate(TOO_SMALL) == []
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

        page.goto(f"{address}/sampling?part=mock&mock=1&mock_view=files")
        links = page.get_by_role("link", name="打印")
        expect(links).to_have_count(3, timeout=30_000)
        href = links.first.get_attribute("href") or ""
        page.goto(href if href.startswith("http") else f"{address}{href}")
        assert page.locator("article").count() == len(points)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        page.emulate_media(media="print")
        pdf = page.pdf(prefer_css_page_size=True)
        assert pdf.count(b"/Type /Page") - pdf.count(b"/Type /Pages") >= 2, "a team begins a page"


def test_names_that_are_code_stay_text(window: Window, tmp_path: Path) -> None:
    county = hostile_county(tmp_path / "hostile")
    frame = sample_frame(open_build(current_build_id(county.store), county.store)).frame
    plan_id = a_plan(county.store, *(Quota(name, 1, 1) for name in frame["site_type"].unique()))
    page, seen = window.page, set[str]()
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    with serving(county.store) as address:
        make(page, address, plan_id)
        for button in page.get_by_role("button", name="已查无问题").all()[:3]:
            button.click()
            settle(page)
        for view in ("", "&mock_view=result", "&mock_view=result&lost=sites"):
            page.goto(f"{address}/sampling?part=mock&mock=1{view}")
            expect(page.get_by_text("删除这次检查")).to_be_visible(timeout=30_000)
            settle(page)
            check(page)
            save_tables(page, seen)
        page.goto(f"{address}/sampling?part=mock&mock=1&mock_view=files")
        with page.expect_download() as saving:
            page.get_by_role("button", name="下载 Excel").click(timeout=30_000)
        is_harmless_workbook(saving.value.path())
        page.goto(f"{address}/print/{current_build_id(county.store)}/mock.html?mock=1")
        assert page.locator("article").count() == len(frame["site_type"].unique())
        check(page)
