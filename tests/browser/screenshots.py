"""python -m tests.browser.screenshots: take the pictures of the README and the user guide again.

Builds the demo county, Chicago and Boston into a temporary store, one after the other, and shoots
each page at 1920x1080.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import xlsxwriter
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from data.builds import current_build_id, open_build
from data.plan import PlanSettings, Quota
from data.settings import settings
from data.views.frame import sample_frame
from etl.demo import write_demo
from etl.load import build
from etl.recipe import load_recipe
from pages.ui.wall import SCENES
from tests.browser.conftest import FLAGS, MAP, ROOT, executable, serving
from tests.pages.test_sample_draw import a_plan

IMAGES = ROOT / "docs" / "images"
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
    "frame": "/sampling?part=frame",
}
DRAW = PlanSettings(
    "2021",
    "现场评估·市容环境卫生",
    12.0,
    (
        *(Quota(name, 16, 6, 4) for name in ("主次干道", "背街小巷", "公厕", "居民小区", "五小门店")),
        *(Quota(name, 8, 3, 2) for name in ("农贸市场", "学校", "社区", "建筑工地", "公园广场")),
    ),
    risk_weight=0.3,
    min_distance_m=100.0,
)
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
            frame.wait_for_function("window.oneMap && window.oneMap.isReady()")
    page.wait_for_timeout(3000)  # the charts' own animation
    _save(page, name)


def _save(page: Page, name: str) -> None:
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


def shoot_draw(page: Page, address: str, store: Path) -> None:
    """The public draw of a plan before and after its last step, and its rehearsal."""
    plan_id = a_plan(store, sample_frame(open_build(current_build_id(store), store)), DRAW)
    page.goto(f"{address}/sampling?plan={plan_id}&part=draw")
    page.get_by_role("button", name="固定名单并公布摘要").click()
    page.wait_for_url("**fixed_*")
    seed = page.get_by_role("textbox", name="种子")
    seed.fill("518204")
    seed.press("Enter")
    page.wait_for_timeout(3000)
    _save(page, "demo-draw-list")
    page.get_by_role("button", name="抽签", exact=True).click()
    page.get_by_text("已核对").wait_for()
    page.wait_for_timeout(3000)
    _save(page, "demo-draw")
    shoot(page, f"{address}/sampling?plan={plan_id}&part=rehearse", "demo-rehearse")


def shoot_plan(page: Page, address: str) -> None:
    """A plan of declared points: its points with one picked, its coverage and its walk."""
    page.goto(f"{address}/sampling?part=choose")
    page.get_by_role("spinbutton", name="建成区常住人口").fill("18")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="自动选点").click()
    page.get_by_role("button", name="新版本").wait_for()
    page.wait_for_timeout(3000)
    at = page.get_by_test_id("stDataFrame").first.bounding_box()
    assert at
    page.mouse.click(at["x"] + 18, at["y"] + 54)
    page.get_by_role("button", name="换成候选 1").wait_for()
    for name, show in (("choose", ""), ("plan-coverage", "配额与覆盖"), ("plan-route", "检查路线")):
        if show:
            page.get_by_role("radio", name=show).click()
        page.wait_for_timeout(4000)
        _save(page, f"demo-{name}")


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
                    shoot_draw(window.new_page(), address, Path(folder))
                    shoot_plan(window.new_page(), address)
                    shoot_upload(window.new_page(), address, Path(folder))
        browser.close()


if __name__ == "__main__":
    main()
