"""A page that breaks says in Chinese what to do, and the log says in English what happened."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest
from playwright.sync_api import expect

from data.builds import current_build_id
from tests.browser.conftest import serving, settle

if TYPE_CHECKING:
    from tests.browser.conftest import Window

pytestmark = pytest.mark.browser


def test_an_unexpected_error_says_what_to_do(window: Window, demo_store: Path, tmp_path: Path) -> None:
    """A build without a table that pages read: a fault that no page foresees."""
    build_id = current_build_id(demo_store)
    for name in ("CURRENT", f"{build_id}.duckdb"):
        shutil.copy(demo_store / name, tmp_path / name)
    with duckdb.connect(str(tmp_path / f"{build_id}.duckdb")) as build:
        build.execute("drop table mart_grid_street")
    page, log = window.page, tmp_path / "server.log"
    with serving(tmp_path, log=log) as address:
        for view in ("overview", "hotspots", "grid"):
            page.goto(f"{address}/{view}")
            settle(page)
            expect(page.get_by_text("系统出错，这一部分暂时不能显示").first).to_be_visible()
            expect(page.get_by_test_id("stException")).to_have_count(0)
            expect(page.get_by_role("link", name="数据管理")).to_be_visible()
            assert "mart_grid_street" not in page.inner_text("body"), "no detail for the reader"
    said = log.read_text("utf-8")
    assert "Traceback" in said
    assert "mart_grid_street" in said


def test_no_build_says_what_to_do(window: Window, tmp_path: Path) -> None:
    with serving(tmp_path) as address:
        window.page.goto(f"{address}/hotspots")
        expect(window.page.get_by_role("heading", name="还没有可用的数据")).to_be_visible(
            timeout=30_000
        )
        expect(window.page.get_by_text("上传责任网格")).to_be_visible()
