"""python -m tests.browser.screenshots: take the pictures of the README and the user guide again.

Builds the demo county, Chicago and Boston into a temporary store, one after the other, and shoots
each page at 1920x1080.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

import xlsxwriter
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from data.settings import settings
from etl.demo import write_demo
from etl.load import build
from etl.recipe import load_recipe
from pages.ui.wall import SCENES
from tests.browser.conftest import FLAGS, MAP, ROOT, executable, serving, settle, wait_in

IMAGES = ROOT / "docs" / "images"
DOCUMENTS = (ROOT / "README.md", ROOT / "docs" / "user-guide.zh.md")
OF_CITIES = ("overview", "hotspots")  # the pages of which the real cities have pictures
A_GRID = "610399001002001"  # of the demo county
SHOTS = {
    "overview": "/?period=90d",
    "hotspots": "/hotspots?period=90d",
    "hot_spots": "/hotspots?period=90d&colour=gi",
    "coverage": "/coverage?period=30d",
    "coverage-route": "/coverage?period=30d&part=route&lack=unswept",
    "rebound": "/rebound?period=365d",
    "slackening": "/rebound?part=slack",
    "hotspots_streets": "/hotspots?period=90d&colour=density",
    "hotspots_compare": "/hotspots?period=90d&part=compare",
    "hotspots_matrix": "/hotspots?period=90d&part=matrix",
    "hotspots_border": "/hotspots?period=90d&part=border",
    "data_quality": "/data_quality",
    "definitions": "/definitions",
    "wall": "/wall?period=90d",
    "grid": f"/grid?period=90d&grid={A_GRID}",
    "rank": "/rebound?period=365d&part=rank",
    "repeat": "/rebound?period=90d&part=repeat",
}
# What a stranger walks through of 样本点: the county's people in ten thousands.
WALKS = {"demo": "18.5", "chicago": "270"}
FOUND = (0, 6, 11)  # points of the mock inspection with a find, of those that are filled in
FILLED = 20
STAGE_NAMES = {title: code for code, title in SCENES.items()}
LEDGER_HEAD = ["台账编号", "问题小类", "责任单位", "检查时间", "整改时限", "存在问题", "经度", "纬度"]
LEDGER = [
    ["DC-001", "店外经营", "县城管局", "2026-03-01 09:10", "3天", "占道摆摊", 107.9054, 34.3971],
    [
        "DC-002",
        "暴露垃圾",
        "县环卫中心",
        "2026年3月2日下午3:07",
        "立行立改",
        "垃圾满溢",
        107.9157,
        34.4052,
    ],
    ["DC-003", "街面秩序-机动车乱停放", "县交警大队", "2026/3/3 7:54", "5个工作日", "", 107.91, 34.4],
    ["DC-004", "非法小广告", "县城管局", "2026-02-30 10:00", "3天", "墙面", 107.906, 34.401],
    ["DC-005", "乱堆物料", "城关街道办", "2026-03-05", "改天", "沙石占道", 107.907, 34.402],
]


def shoot(page: Page, url: str, name: str) -> None:
    """One page, once its map and charts are drawn."""
    page.goto(url)
    page.get_by_text("数据截至").last.wait_for()
    for element in page.locator(MAP).element_handles():
        if frame := element.content_frame():
            wait_in(frame, "window.oneMap && window.oneMap.isReady()")
    page.wait_for_timeout(3000)  # the charts' own animation
    _save(page, name)


def _save(page: Page, name: str) -> None:
    """Keep what the page shows, if a document shows it."""
    if not any(f"{name}.png" in document.read_text("utf-8") for document in DOCUMENTS):
        return
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path)
    Image.open(path).convert("RGB").save(path, optimize=True)


def shoot_stage(page: Page, address: str, source: str) -> None:
    """Every slide of the wall at full HD (of the cards the first), the first one at 4K too."""
    page.goto(f"{address}/stage?dwell=3600&period=90d")
    page.locator("#steps span").first.wait_for()
    for _ in range(page.locator("#steps span").count()):
        page.wait_for_timeout(1000)
        scene = page.locator("#steps .is-on").inner_text().split(" ")[0]
        page.keyboard.press("Escape")  # takes the mark of the held slide away
        page.wait_for_timeout(300)
        _save(page, f"{source}-stage-{STAGE_NAMES[scene]}")
        page.keyboard.press("ArrowRight")
    page.keyboard.press("1")
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 3840, "height": 2160})
    page.wait_for_timeout(1000)
    _save(page, f"{source}-stage-4k")


def shoot_upload(page: Page, address: str, folder: Path) -> None:
    """The upload road up to the load, with a ledger of which two rows will be refused."""
    ledger = folder / "三月督查台账.xlsx"
    with xlsxwriter.Workbook(ledger) as book:
        sheet = book.add_worksheet("台账")
        for number, row in enumerate([LEDGER_HEAD, *LEDGER]):
            sheet.write_row(number, 0, row)
    page.set_viewport_size({"width": 1500, "height": 1500})
    page.goto(f"{address}/data_admin")
    page.locator("input[type=file]").set_input_files(ledger)
    page.get_by_text("WGS84 / CGCS2000 经纬度").click()
    page.get_by_text("另一个来源").click()
    page.get_by_text("将拒收", exact=True).wait_for()
    page.wait_for_timeout(2000)
    for part, heading in (("match", "1　选择文件"), ("check", "与已有数据的关系")):
        page.get_by_text(heading).evaluate("element => element.scrollIntoView({block: 'start'})")
        page.wait_for_timeout(500)
        _save(page, f"demo-data_admin-{part}")


def shoot_phone(page: Page, url: str) -> None:
    """我的网格 on a phone: the first screen and the cards below it."""
    page.set_viewport_size({"width": 390, "height": 844})
    shoot(page, url, "demo-grid-phone")
    page.get_by_role("heading", name="逾期未整改").first.evaluate(
        "element => element.scrollIntoView({block: 'start'})"
    )
    page.wait_for_timeout(1000)
    _save(page, "demo-grid-phone-cards")


def shoot_alike(page: Page, address: str) -> None:
    """From the newest find of an inspection to its checklist, with a few places marked."""
    page.goto(f"{address}/alike")
    page.get_by_role("combobox", name="问题", exact=False).last.click()
    page.get_by_role("option", name="【检查】").first.click()
    page.get_by_role("button", name="生成排查清单").wait_for()
    page.wait_for_timeout(3000)
    _save(page, "demo-alike")
    page.get_by_role("button", name="生成排查清单").click()
    page.get_by_text("下载 Excel").wait_for()
    for number in range(12):
        page.get_by_role(
            "radio", name="发现" if number % 4 == 0 else "未发现", exact=True
        ).first.click()
        page.wait_for_timeout(1000)
    page.set_viewport_size({"width": 1200, "height": 900})
    page.wait_for_timeout(1000)
    _save(page, "demo-checklist")


def shoot_walk(page: Page, address: str, source: str, population: str) -> None:
    """样本点 from the quotas to the result of a mock inspection, as the user guide walks through it."""
    page.goto(f"{address}/sampling?part=frame")
    page.get_by_text("数据截至").last.wait_for()
    _save_top(page, f"{source}-frame")
    _press(page, "radio", "选申报点")
    page.get_by_role("spinbutton", name="建成区常住人口").fill(population)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="自动选点").wait_for()
    _save_top(page, f"{source}-plan-settings")
    _press(page, "button", "自动选点，存为新方案")
    page.wait_for_url("**plan=*")
    page.wait_for_timeout(2000)
    settle(page)
    _walk_points(page, address, source)
    _walk_draw(page, source)
    _walk_inspection(page, source)


def _walk_points(page: Page, address: str, source: str) -> None:
    """A point that needs care where there is one, what is covered, the walk, both papers."""
    if source == "demo":
        page.get_by_role("radio", name="有提醒的").click()
        page.wait_for_timeout(1000)
    at = page.get_by_test_id("stDataFrame").first.bounding_box()
    assert at
    page.mouse.click(at["x"] + 18, at["y"] + 54)
    page.get_by_role("button", name="换成候选 1").wait_for()
    _save_top(page, f"{source}-choose")
    for show, name in (("配额与覆盖", "plan-coverage"), ("检查路线", "plan-route")):
        _press(page, "radio", show)
        _save_top(page, f"{source}-{name}")
    for link, name in (("打印路线", "route-paper"), ("打印答辩稿", "plan-paper")):
        href = page.get_by_role("link", name=link).get_attribute("href") or ""
        paper = page.context.new_page()
        paper.add_init_script("window.print = () => {}")
        paper.set_viewport_size({"width": 800, "height": 1130})  # as A4 is
        paper.goto(href if "://" in href else f"{address}{href}")
        _save(paper, f"{source}-{name}")
        paper.close()


def _walk_draw(page: Page, source: str) -> None:
    """The public draw before and after its last step, and its rehearsal."""
    _press(page, "radio", "公开抽签")
    _press(page, "button", "固定名单并公布摘要")
    seed = page.get_by_role("textbox", name="种子")
    seed.fill("518204")
    seed.press("Enter")
    _save_top(page, f"{source}-draw-list")
    _press(page, "button", "抽签")
    page.get_by_text("已核对").wait_for()
    _save_top(page, f"{source}-draw")
    _press(page, "radio", "抽查模拟")
    _save_top(page, f"{source}-rehearse")


def _walk_inspection(page: Page, source: str) -> None:
    """A mock inspection, filled in in part, its result, and the rehearsal that takes it in."""
    _press(page, "radio", "模拟评估")
    _press(page, "button", "新建模拟评估或自查")
    _press(page, "button", "生成")
    page.wait_for_url("**mock=*")
    settle(page)
    for number in range(FILLED):
        if number in FOUND:
            items = page.locator("[data-testid=stButtonGroup]").filter(has_text="−").nth(number)
            items.get_by_role("button").first.click()
        else:
            page.get_by_role("button", name="已查无问题").nth(number).click()
        page.wait_for_timeout(500)
        settle(page)
    _save_top(page, f"{source}-mock")
    _press(page, "radio", "结果")
    _save_top(page, f"{source}-mock-result")
    _press(page, "button", "回到抽查模拟，按这次查出的重算")
    page.get_by_role("button", name="倍重算").click()
    page.wait_for_timeout(1000)
    _save_top(page, f"{source}-rehearse-times")


def _press(page: Page, role: Literal["button", "radio"], name: str) -> None:
    page.get_by_role(role, name=name, exact=True).first.click()
    page.wait_for_timeout(500)
    settle(page)


def _save_top(page: Page, name: str) -> None:
    """The first screen of a page, once all of it is drawn."""
    page.mouse.move(5, 5)  # what the mouse is over has other colours
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 0)")
    page.wait_for_timeout(2500)
    settle(page)
    _save(page, name)


def main() -> None:
    """All pictures."""
    IMAGES.mkdir(exist_ok=True)
    write_demo(ROOT / "data" / "raw" / "demo", photo_folder=settings().photos)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        window = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
        window.set_default_timeout(120_000)
        for source in ("demo", "chicago", "boston"):
            build(load_recipe(source), Path(folder))
            with serving(Path(folder)) as address:
                for page_name, path in SHOTS.items():
                    if source == "demo" or page_name in OF_CITIES:
                        shoot(window.new_page(), address + path, f"{source}-{page_name}")
                if source == "demo":
                    shoot_stage(window.new_page(), address, source)
                    shoot_phone(window.new_page(), address + SHOTS["grid"])
                    shoot_alike(window.new_page(), address)
                    shoot_upload(window.new_page(), address, Path(folder))
                if source in WALKS:
                    shoot_walk(window.new_page(), address, source, WALKS[source])
        browser.close()


if __name__ == "__main__":
    main()
