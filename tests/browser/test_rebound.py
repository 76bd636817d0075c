"""反弹趋势 in a browser: a point on the map and a row of the table open the history of a place."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser.conftest import map_frame, wait_in
from tests.browser.test_app import click_at

if TYPE_CHECKING:
    from tests.browser.conftest import Window

pytestmark = pytest.mark.browser
POINTS = """() => Object.values(map_div._layers)
    .filter(l => l.feature && l.feature.geometry.type === "Point")
    .map(l => [l.getLatLng().lat, l.getLatLng().lng])"""


def chosen(url: str, key: str) -> str:
    return parse_qs(urlsplit(url).query).get(key, [""])[0]


def test_points_and_rows_open_the_history_of_a_place(window: Window, address: str) -> None:
    page = window.page
    page.goto(f"{address}/rebound?part=repeat&period=all")
    frame = map_frame(page)
    wait_in(frame, f"({POINTS})().length > 0")
    lat, lon = frame.evaluate(POINTS)[-1]  # drawn last, on top
    click_at(page, frame, lat, lon)
    page.get_by_text("历次问题").first.wait_for()
    assert chosen(page.url, "place").startswith(f"{lon:.5f},{lat:.5f}")

    box = page.locator('[data-testid="stDataFrame"]').first.bounding_box()
    assert box
    page.mouse.click(box["x"] + 15, box["y"] + 35 + 35 * 2 + 17)  # the box before the third row
    page.wait_for_url(lambda url: not chosen(url, "place").startswith(f"{lon:.5f},{lat:.5f}"))
    assert chosen(page.url, "place")
