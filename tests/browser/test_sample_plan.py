"""样本点 in a browser: risk of all streets on the map, a plan made by clicks, its sheet on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from data.builds import current_build_id, open_build
from data.sample_entries import plan_points, plans, remove_plan
from data.views.frame import sample_frame
from data.views.site_lists import street_risk
from geo.near import metres_apart
from pages.ui.sites import site_name
from tests.browser.conftest import map_frame, settle, wait_in
from tests.browser.test_accessibility import faults

if TYPE_CHECKING:
    from tests.browser.conftest import Window

pytestmark = pytest.mark.browser
SHOWS = {
    "coverage": "配额与覆盖",
    "route": "检查路线",
    "compare": "版本对比",
    "settings": "设置与重选",
}
SEGMENTS = """() => Object.values(map_div._layers)
    .filter(l => l.feature && l.feature.properties.segment_id && l.options.stroke).length"""
POINTS = """() => Object.values(map_div._layers)
    .filter(l => l.feature && l.feature.geometry.type === "Point").length"""
PLACE = """id => {
    const layer = Object.values(map_div._layers)
        .find(l => l.feature && l.feature.properties.id === id);
    return map_div.latLngToContainerPoint(layer.getLatLng());
}"""


@pytest.fixture
def no_plans(demo_store: Path) -> Iterator[Path]:
    """The demo's store; plans made in it go away again."""
    yield demo_store
    for plan_id in plans("demo", demo_store)["plan_id"]:
        remove_plan("demo", int(plan_id), demo_store)


def click_point(page: Page, site_key: str) -> None:
    at = map_frame(page).evaluate(PLACE, site_key)
    page.locator('iframe[title="地图"]').click(position={"x": at["x"], "y": at["y"]})


def test_the_map_shows_the_risk_of_every_street(window: Window, address: str, demo_store: Path) -> None:
    found = sample_frame(open_build(current_build_id(demo_store), demo_store))
    page = window.page
    page.goto(f"{address}/sampling?part=frame")
    settle(page)
    frame = map_frame(page)
    wait_in(frame, f"({SEGMENTS})() === {len(street_risk(found.frame))}")
    assert frame.evaluate(POINTS) == min(100, len(found.frame))
    few = found.frame[found.frame["site_type"] == "公厕"]  # so that no point hides another
    page.goto(f"{address}/sampling?part=frame&type=公厕")
    settle(page)
    wait_in(map_frame(page), f"({POINTS})() === {len(few)}")
    site = few.iloc[0].to_dict()
    click_point(page, site["site_key"])
    expect(page.get_by_role("heading", name=site_name(site))).to_be_visible()
    expect(page.get_by_text(f"的问题（{site['issues_year']} 件）")).to_be_visible()


def test_the_map_zooms_to_a_chosen_grid(window: Window, address: str, demo_store: Path) -> None:
    found = sample_frame(open_build(current_build_id(demo_store), demo_store))
    grid_id = found.frame["grid_id"].dropna().iloc[0]
    page = window.page
    page.goto(f"{address}/sampling?part=frame")
    settle(page)
    whole = map_frame(page).evaluate("map_div.getZoom()")
    page.goto(f"{address}/sampling?part=frame&grid={grid_id}")
    settle(page)
    wait_in(map_frame(page), "whole => map_div.getZoom() > whole", whole)


def test_a_plan_is_made_by_clicks_and_printed(window: Window, address: str, no_plans: Path) -> None:
    page = window.page
    page.set_viewport_size({"width": 1920, "height": 1500})  # the whole page: nothing scrolls away
    page.goto(f"{address}/sampling?part=choose")
    page.get_by_role("spinbutton", name="建成区常住人口").fill("18", timeout=30_000)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="自动选点").click()
    page.wait_for_url("**plan=*")
    settle(page)
    before = plan_points("demo", int(plans("demo", no_plans)["plan_id"].iloc[0]), no_plans)
    # A point that no other one hides, of a type with many candidates.
    apart = metres_apart(before["lon"].to_numpy(float), before["lat"].to_numpy(float)).min(axis=1)
    out = before.loc[pd.Series(apart).where(before["site_type"] == "背街小巷").idxmax(), "site_key"]
    click_point(page, out)
    page.get_by_role("button", name="换成候选 1").click(timeout=30_000)
    expect(page.get_by_text("指定保留").first).to_be_visible()
    settle(page)
    after = plan_points("demo", int(plans("demo", no_plans)["plan_id"].iloc[0]), no_plans)
    assert set(before["site_key"]) - set(after["site_key"]) == {out}
    assert len(after) == len(before)
    assert faults(page) == []
    for code in ("coverage", "route", "compare", "settings"):
        page.get_by_role("radio", name=SHOWS[code], exact=True).click()
        page.mouse.move(5, 5)  # what the mouse is over has other colours
        page.wait_for_url(f"**show={code}*")
        settle(page)
        assert page.get_by_test_id("stException").count() == 0
        assert faults(page) == []
    link = page.get_by_role("link", name="打印答辩稿").get_attribute("href") or ""
    page.add_init_script("window.print = () => {}")
    page.goto(link if "://" in link else f"{address}{link}")
    assert faults(page) == []
    pdf = page.pdf(prefer_css_page_size=True)
    pages = pdf.count(b"/Type /Page") - pdf.count(b"/Type /Pages")
    assert pages > 1
    width, height = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)[0]
    assert (round(float(width)), round(float(height))) == (595, 842)
    heads = page.locator("thead").evaluate_all("all => all.map(one => getComputedStyle(one).display)")
    assert set(heads) == {"table-header-group"}, "headings stand on every page"
