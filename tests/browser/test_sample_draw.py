"""The public draw as a meeting follows it, and as somebody else checks it with the files alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from data.sample_entries import plans
from tests.browser.conftest import serving, settle
from tests.browser.test_accessibility import faults
from tests.plans import copy_of, write_plan

if TYPE_CHECKING:
    from tests.browser.conftest import Window

pytestmark = pytest.mark.browser
SEED = "四162"


@pytest.fixture(scope="module")
def own_store(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo county with two plans, none of them drawn."""
    store = copy_of(demo_store, tmp_path_factory.mktemp("draw") / "store")
    write_plan(store, is_drawn=False)
    write_plan(store, is_drawn=False)
    return store


@pytest.fixture(scope="module")
def own_address(own_store: Path) -> Iterator[str]:
    with serving(own_store) as url:
        yield url


def save(page: Page, name: str, folder: Path) -> Path:
    """Press a button that saves a file."""
    with page.expect_download() as saving:
        page.get_by_role("link", name=name).click()
    path = folder / saving.value.suggested_filename
    saving.value.save_as(path)
    return path


def test_the_ceremony_and_its_repetition_elsewhere(
    window: Window, own_address: str, own_store: Path, tmp_path: Path
) -> None:
    page = window.page
    page.goto(f"{own_address}/sampling?plan=1&part=draw")
    settle(page)
    assert faults(page) == []
    expect(page.get_by_role("textbox", name="种子")).to_be_disabled()
    page.get_by_role("button", name="固定名单并公布摘要").click()
    expect(page.get_by_role("textbox", name="种子")).to_be_enabled()
    settle(page)
    announced = save(page, "下载名单文件", tmp_path)
    page.reload()  # what was announced is kept
    settle(page)
    box = page.get_by_role("textbox", name="种子")
    box.fill(SEED)
    box.press("Enter")
    draw = page.get_by_role("button", name="抽签", exact=True)
    expect(draw).to_be_enabled()
    draw.click()
    expect(page.get_by_text("已核对")).to_be_visible()
    settle(page)
    assert faults(page) == []
    expect(page.get_by_role("button", name="抽签", exact=True)).to_have_count(0)

    row = plans("demo", own_store).set_index("plan_id").loc[1]
    kept = save(page, "名单文件", tmp_path)
    assert kept == announced
    result = save(page, "结果文件", tmp_path)
    script = save(page, "独立核对程序", tmp_path)
    page.get_by_text("别人怎么核对").click()
    code = page.get_by_test_id("stCode").locator("code")
    expect(code).to_be_visible()
    program, *names = (code.inner_text().strip()).split('"')
    assert program.split() == ["python", script.name, announced.name]
    assert names[0] == SEED
    again = tmp_path / names[1].strip()
    said = subprocess.run(
        [sys.executable, "-I", script.name, announced.name, names[0], again.name],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert said == ["frame", row["frame_digest"], "result", row["draw_digest"]]
    assert again.read_bytes() == result.read_bytes()

    link = page.get_by_role("link", name="打印抽签记录").get_attribute("href") or ""
    page.goto(link if "://" in link else f"{own_address}{link}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("样本点公开抽签记录")
    expect(page.get_by_text(SEED, exact=True)).to_be_visible()
    for digest in (row["frame_digest"], row["draw_digest"]):
        expect(page.get_by_text(digest[:8], exact=True)).to_be_visible()


@pytest.mark.parametrize(
    ("view", "switches"),
    [
        ("&k=12", ["抽查模拟", "整改优先清单"]),
        ("&look=lost&lost=grids", ["失分在哪里", "按网格和牵头单位"]),
    ],
)
def test_a_rehearsal_opens_from_its_address(
    window: Window, own_address: str, view: str, switches: list[str]
) -> None:
    page = window.page
    page.goto(f"{own_address}/sampling?plan=2&part=rehearse{view}")
    expect(page.get_by_text("通过概率").first).to_be_visible()
    settle(page)
    for name in switches:
        expect(page.get_by_role("radio", name=name, exact=True, checked=True)).to_be_visible()
    assert faults(page) == []
    assert view.removeprefix("&") in page.url


def test_ticking_a_repair_says_what_it_brings(window: Window, own_address: str) -> None:
    page = window.page
    page.goto(f"{own_address}/sampling?plan=2&part=rehearse")
    settle(page)
    page.get_by_test_id("stCheckbox").first.click()
    expect(page.get_by_text("假定这 1 处已整改")).to_be_visible()
