"""保洁覆盖 in a browser: the streets come by URL, a click opens one, the list can be put on paper."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Window, map_frame, wait_in

pytestmark = pytest.mark.browser
MIDDLE_OF_A_STREET = """() => {
  const map = Object.values(window).find((value) => value && value.getZoom && value.eachLayer);
  let at = null;
  map.eachLayer((layer) => {
    if (at || !layer.feature || !layer.feature.properties.segment_id) return;
    const [from, to] = layer.getLatLngs().flat();
    at = map.latLngToContainerPoint([(from.lat + to.lat) / 2, (from.lng + to.lng) / 2]);
  });
  return [at.x, at.y];
}"""


def test_a_click_on_a_street_shows_what_is_behind_it(window: Window, address: str) -> None:
    page = window.page
    page.goto(f"{address}/coverage?period=30d&streets=grade")
    page.get_by_text("欠账最多的路段").wait_for()
    frame = map_frame(page)
    wait_in(frame, "window.oneMap && window.oneMap.painted > 0")
    x, y = frame.evaluate(MIDDLE_OF_A_STREET)
    element = frame.frame_element()
    element.scroll_into_view_if_needed()
    box = element.bounding_box()
    assert box
    page.mouse.click(box["x"] + x, box["y"] + y)
    page.get_by_text("返回欠账最多的路段").wait_for()
    assert "segment=" in page.url


def test_the_list_on_paper_is_only_the_list(window: Window, address: str) -> None:
    page = window.page
    page.goto(f"{address}/coverage?period=30d&part=route&lack=short&layout=print")
    page.get_by_role("cell").first.wait_for()
    page.emulate_media(media="print")
    assert page.get_by_test_id("stTable").is_visible()
    assert not page.get_by_test_id("stSidebar").is_visible()
    assert not page.get_by_test_id("stMetric").first.is_visible()
