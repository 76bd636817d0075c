"""问题热点 in a browser: a street opens its records, two maps move together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Frame, expect

from tests.browser.conftest import MAP
from tests.browser.test_app import map_frame

if TYPE_CHECKING:
    from tests.browser.conftest import Window

pytestmark = pytest.mark.browser
A_STREET = """() => {
    const street = Object.values(map_div._layers)
        .find(l => l.feature && l.feature.properties.segment_id && l.options.stroke);
    return map_div.latLngToContainerPoint(street.getCenter());
}"""


def test_a_click_on_a_street_opens_its_records(window: Window, address: str) -> None:
    page = window.page
    page.goto(f"{address}/hotspots?period=365d&colour=density")
    frame = map_frame(page)
    frame.wait_for_function(f"window.oneMap.painted && ({A_STREET})()")
    at = frame.evaluate(A_STREET)
    page.locator(MAP).click(position={"x": at["x"], "y": at["y"]})
    page.wait_for_url(re.compile("segment="))
    expect(page.get_by_text("这段路的记录")).to_be_visible()


def test_two_periods_show_the_same_place(window: Window, address: str) -> None:
    page = window.page
    page.goto(f"{address}/hotspots?part=compare")
    frames: list[Frame] = []
    expect(page.locator(MAP)).to_have_count(2, timeout=30_000)
    for handle in page.locator(MAP).element_handles():
        frame = handle.content_frame()
        assert frame
        frame.wait_for_function("window.oneMap && window.oneMap.painted", timeout=30_000)
        frames.append(frame)
    frames[0].evaluate("map_div.setZoom(map_div.getZoom() + 1, {animate: false})")
    zoom = frames[0].evaluate("map_div.getZoom()")
    frames[1].wait_for_function(f"map_div.getZoom() === {zoom}")
