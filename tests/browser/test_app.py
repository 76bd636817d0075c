"""What only a browser can tell: the map is drawn, clicks work, the place is kept, nothing leaks."""

from __future__ import annotations

import shutil
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Frame, Page, expect

from data.builds import builds, current_build_id, open_build
from data.views.overview import build_info, grids
from etl.publish import publish
from tests.browser.conftest import MAP, map_frame, serving

if TYPE_CHECKING:
    from tests.browser.conftest import Window

pytestmark = pytest.mark.browser


COLOURS = """() => Object.fromEntries(Object.values(map_div._layers)
    .filter(l => l.feature && l.feature.properties.grid_id)
    .map(l => [l.feature.properties.grid_id, l.options.fillColor]))"""


def click_at(page: Page, frame: Frame, lat: float, lon: float) -> None:
    """Click the place, wherever the map draws it now."""
    at = frame.evaluate("place => map_div.latLngToContainerPoint(place)", [lat, lon])
    page.locator(MAP).click(position={"x": at["x"], "y": at["y"]})


def test_map_shows_every_grid_and_a_click_opens_one(
    window: Window, address: str, demo_store: Path
) -> None:
    engine = open_build(current_build_id(demo_store), demo_store)
    rows = engine.query("select grid_id, grid_name, lat, lon from core_grid")
    page = window.page
    page.goto(address)
    frame = map_frame(page)
    assert set(frame.evaluate(COLOURS)) == set(rows["grid_id"])
    for row in rows.head(3).itertuples():
        click_at(page, frame, row.lat, row.lon)
        expect(page.get_by_role("heading", name=row.grid_name)).to_be_visible()
        page.wait_for_url(f"**grid={row.grid_id}*")


def test_zoom_is_kept_when_the_data_changes(window: Window, address: str) -> None:
    page = window.page
    page.goto(address)
    frame = map_frame(page)
    frame.evaluate("window.isSame = true; map_div.setZoom(map_div.getZoom() + 1.5, {animate: false})")
    zoom = frame.evaluate("map_div.getZoom()")
    legend = page.get_by_text("每公里问题数（件/公里）：").last
    before = legend.inner_text()
    page.get_by_role("combobox", name="问题大类").click()
    page.get_by_role("option", name="乱停乱放").click()
    page.wait_for_url("**category=*")
    expect(legend).not_to_have_text(before)
    assert frame.evaluate("window.isSame"), "the frame was replaced"
    assert frame.evaluate("map_div.getZoom()") == zoom


def test_cold_deep_link_works_and_cannot_skip_the_frame(window: Window, demo_store: Path) -> None:
    """The first request of a fresh server is a page below the root: ADR 0001."""
    grid = grids(open_build(current_build_id(demo_store), demo_store)).iloc[0]
    with serving(demo_store) as fresh:
        page = window.page
        page.goto(f"{fresh}/hotspots?period=30d&category=乱停乱放&grid={grid['grid_id']}")
        expect(page.get_by_role("heading", name="创卫一张图")).to_be_visible()
        expect(page.get_by_role("link", name="总览")).to_be_visible()
        expect(page.get_by_role("heading", name="问题热点")).to_contain_text("乱停乱放")
        expect(page.get_by_role("heading", name=grid["grid_name"])).to_be_visible()
        map_frame(page)
        assert "period=30d" in page.url


def test_the_first_page_has_a_name_too(window: Window, address: str) -> None:
    window.page.goto(f"{address}/overview?period=30d")
    expect(window.page.get_by_role("combobox", name="时段")).to_have_value("近 30 天")
    expect(window.page.get_by_text("没有这个页面")).to_have_count(0)


def test_menu_keeps_filters_and_back_button_returns(window: Window, address: str) -> None:
    page = window.page
    page.goto(f"{address}/?period=30d")
    map_frame(page)
    page.get_by_role("link", name="问题热点").click()
    expect(page.get_by_role("heading", name="问题热点")).to_be_visible()
    map_frame(page)
    assert page.url.endswith("/hotspots?period=30d")
    page.go_back()
    expect(page.get_by_role("heading", name="总览")).to_be_visible()
    expect(page.get_by_role("combobox", name="时段")).to_have_value("近 30 天")


def test_a_new_build_shows_up_in_a_running_app(
    window: Window, demo_store: Path, tmp_path: Path
) -> None:
    """Published under its own name while the app runs: the next look shows it (ADR 0003)."""
    first = current_build_id(demo_store)
    for name in ("CURRENT", f"{first}.duckdb"):
        shutil.copy(demo_store / name, tmp_path / name)
    with serving(tmp_path) as fresh:
        page = window.page
        page.goto(fresh)
        expect(page.get_by_text(f"版本 {first}")).to_be_visible()
        shutil.copy(tmp_path / f"{first}.duckdb", tmp_path / "next.building")
        publish(tmp_path / "next.building", "zz-next", tmp_path)
        assert builds(tmp_path)[-1] == "zz-next"
        page.reload()
        expect(page.get_by_text("版本 zz-next")).to_be_visible()
        map_frame(page)


def test_layers_are_served_once_and_headers_are_set(address: str, demo_store: Path) -> None:
    build_id = current_build_id(demo_store)
    with urllib.request.urlopen(f"{address}/layers/{build_id}/grids.json") as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "immutable" in answer.headers["Cache-Control"]
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    for path in (f"layers/{build_id}/nothing.json", "layers/no-such-build/grids.json"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{address}/{path}")
    with urllib.request.urlopen(
        urllib.request.Request(address, headers={"Accept": "text/html"})
    ) as answer:
        assert '<html lang="zh-CN"' in answer.read().decode()


def test_footer_counts_are_those_of_the_build(window: Window, address: str, demo_store: Path) -> None:
    build = build_info(open_build(current_build_id(demo_store), demo_store))
    window.page.goto(address)
    footer = window.page.get_by_text("数据截至").last
    expect(footer).to_contain_text(f"问题 {build.issues:,} 件")
    expect(footer).to_contain_text(f"拒收 {build.refused:,} 条")
    expect(footer).to_contain_text(f"网格外 {build.outside_grids:,} 件")


def test_photos_are_served_and_their_neighbours_are_not(address: str) -> None:
    with urllib.request.urlopen(f"{address}/photos/demo/003_before.png") as answer:
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers.get_all("X-Content-Type-Options") == ["nosniff"]
        assert answer.read(4) == b"\x89PNG"
    for name in ("../sites.csv", "%2e%2e/sites.csv", "..%2fsites.csv", "..%5csites.csv", "no.png"):
        with pytest.raises(urllib.error.HTTPError, match=r"40[04]"):
            urllib.request.urlopen(f"{address}/photos/{name}")
