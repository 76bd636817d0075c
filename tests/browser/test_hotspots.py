"""问题热点 in a browser: a street opens its records, two maps move together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import MAP, map_frame, map_frames, wait_in

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
    wait_in(frame, f"window.oneMap.painted && ({A_STREET})()")
    at = frame.evaluate(A_STREET)
    page.locator(MAP).click(position={"x": at["x"], "y": at["y"]})
    page.wait_for_url(re.compile("segment="))
    expect(page.get_by_text("这段路的记录")).to_be_visible()


def test_two_periods_show_the_same_place(window: Window, address: str) -> None:
    page = window.page
    page.goto(f"{address}/hotspots?part=compare")
    expect(page.locator(MAP)).to_have_count(2)
    left, right = map_frames(page)
    left.evaluate("map_div.setZoom(map_div.getZoom() + 1, {animate: false})")
    zoom = left.evaluate("map_div.getZoom()")
    wait_in(right, f"map_div.getZoom() === {zoom}")
