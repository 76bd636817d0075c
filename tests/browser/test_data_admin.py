"""The whole upload road in a browser: a bad ledger, its refused rows mended, and loaded again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from data.builds import builds, current_build_id, open_build
from tests.browser.conftest import Window, serving
from tests.plans import copy_of

HEAD = ["台账编号", "问题小类", "责任单位", "检查时间", "整改时限", "存在问题"]
ROWS = [
    ["DC-001", "店外经营", "县城管局", "2026-03-01 09:10", "3天", "摆摊"],
    ["DC-002", "暴露垃圾", "县环卫中心", "2026年3月2日下午3:07", "立行立改", ""],
    ["DC-003", "非法小广告", "县城管局", "2026-02-30 10:00", "3天", ""],
    ["DC-004", "乱堆物料", "城关街道办", "2026-03-05", "改天", ""],
]
LOADED = "入库完成，各页面已换成新版本"
pytestmark = pytest.mark.browser


@pytest.fixture
def own_store(demo_store: Path, tmp_path: Path) -> Path:
    """The demo county in a store of this test's own."""
    return copy_of(demo_store, tmp_path / "store")


@pytest.fixture
def address(own_store: Path) -> Iterator[str]:
    with serving(own_store) as url:
        yield url


def refuses(page: Page, count: int) -> None:
    card = page.get_by_test_id("stMetric").filter(has_text="将拒收")
    expect(card).to_contain_text(str(count))


def load(page: Page) -> None:
    page.get_by_role("button", name="入库", exact=True).last.click()
    expect(page.get_by_text(LOADED)).to_be_visible(timeout=60_000)


def test_a_bad_ledger_is_loaded_mended_and_loaded_again(
    own_store: Path, address: str, window: Window, tmp_path: Path
) -> None:
    page, ledger = window.page, tmp_path / "三月督查台账.xlsx"
    places = open_build(current_build_id(own_store), own_store).query(
        "select cast(lon as varchar) as 经度, cast(lat as varchar) as 纬度 from core_grid limit 4"
    )
    pd.DataFrame(ROWS, columns=HEAD).join(places).to_excel(ledger, index=False, engine="xlsxwriter")
    page.goto(f"{address}/data_admin")
    page.locator("input[type=file]").set_input_files(ledger)
    expect(page.get_by_text("列名就是“检查时间”")).to_be_visible()
    page.get_by_text("WGS84 / CGCS2000 经纬度").click()
    page.get_by_text("另一个来源").click()
    expect(page.get_by_test_id("stMetric").filter(has_text="将拒收")).to_contain_text(
        "2", timeout=30_000
    )
    load(page)
    engine = open_build(current_build_id(own_store), own_store)
    own = "select * from core_issue where issue_id like 'DC-%' order by issue_id"
    assert engine.query(own)["issue_id"].tolist() == ["DC-001", "DC-002"]

    page.get_by_role("link", name="数据质量").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="下载全部拒收记录").click()
    refused = pd.read_excel(download.value.path(), sheet_name=None, dtype=str, engine="calamine")
    (sheet,) = [rows for name, rows in refused.items() if "三月督查台账" in name]
    assert sheet["原因与办法"].str.len().min() > 10
    mended = tmp_path / "已改正.xlsx"
    sheet.assign(检查时间="2026-03-03 10:00", 整改时限="3天").to_excel(
        mended, index=False, engine="xlsxwriter"
    )

    page.get_by_role("link", name="数据管理").click()
    page.locator("input[type=file]").set_input_files(mended)
    expect(page.get_by_text("已套用上次确认的列对应与坐标系")).to_be_visible()
    expect(page.get_by_test_id("stMetric").filter(has_text="将拒收")).to_contain_text(
        "0", timeout=30_000
    )
    load(page)
    engine = open_build(current_build_id(own_store), own_store)
    assert len(engine.query(own)) == 4
    assert engine.query(own)["due_at"].notna().all()
    mended_rows = engine.query("select * from load_refused where file like '%三月督查台账%'")
    assert mended_rows["is_mended"].all()

    page.get_by_text("历次版本").click()
    page.get_by_role("combobox").first.click()
    page.get_by_role("option").last.click()
    page.get_by_role("button", name="使用这个版本").click()
    expect(page.get_by_text("使用这个版本")).to_be_visible()
    page.wait_for_timeout(1000)
    assert current_build_id(own_store) == builds(own_store)[0], "the load is undone"


def test_a_file_that_is_no_table_is_refused_with_a_message(address: str, window: Window) -> None:
    page = window.page
    page.goto(f"{address}/data_admin")
    bomb = {"name": "台账.xlsx", "mimeType": "application/octet-stream", "buffer": b"PK\x03\x04 no"}
    page.locator("input[type=file]").set_input_files(bomb)  # type: ignore[arg-type]
    expect(page.get_by_text("台账.xlsx 不能按 xlsx 读取")).to_be_visible()
    page.get_by_role("link", name="总览").click()
    expect(page.get_by_text("数据截至")).to_be_visible()
