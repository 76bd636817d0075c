"""Imported and typed text stays text on every page, map, chart, dialog, on paper and in files."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin

import pytest
from playwright.sync_api import Locator, Page, expect

from data.export import FORMULA_STARTS
from pages.ui.text import WORD_JOINER
from tests.browser.conftest import MAP, serving, settle
from tests.hostile import (
    ADDRESSES,
    FORMULA,
    IMAGE,
    MARKDOWN,
    TAGS,
    TEMPLATE,
    HostileCounty,
    hostile_county,
)

if TYPE_CHECKING:
    from tests.browser.conftest import Window

pytestmark = pytest.mark.browser
VIEWS = [  # every part of every page that shows text of the county in its own way
    *["grid", "alike", "data_quality", "definitions", "data_admin", "coverage?period=all"],
    f"hotspots?period=all&category={quote(MARKDOWN)}",
    "hotspots?period=all&grid=G2&colour=trend",
    "hotspots?period=all&colour=density",
    "hotspots?period=all&colour=streets&segment=S3",
    "hotspots?part=compare&period=90d&grid=G1",
    "hotspots?period=all&part=matrix&grid=G1",
    "hotspots?period=all&part=matrix&matrix=category_class",
    "hotspots?period=all&part=border&pair=G1~G2",
    f"rebound?period=all&grid=G2&kind={quote(TAGS)}&category={quote(MARKDOWN)}",
    "rebound?period=all&part=rank",
    f"rebound?period=all&part=rank&rank_by=category&who={quote(TAGS)}",
    "rebound?period=all&part=rank&rank_by=department&all_rebounds=true",
    "rebound?period=all&part=slack",
    "rebound?period=all&part=repeat",
    f"rebound?period=all&part=calendar&round=I0{quote(IMAGE)}",
    "coverage?period=all&segment=S3",
    "coverage?period=all&part=grids",
    "coverage?period=all&part=route&lack=short",
    "coverage?period=all&part=route&lack=short&layout=print",
    f"grid?period=all&unit={quote(IMAGE)}",
    "grid?period=all&grid=G2",
    "grid?period=all&grid=G1",
    "sampling?plan=1&part=draw",
    "sampling?plan=1&part=rehearse&k=20",
    "sampling?plan=1&part=rehearse&look=lost&lost=rows",
    "sampling?plan=1&part=rehearse&look=lost&lost=grids",
    "sampling?part=mock",
    "sampling?part=mock&mock=1",
    "sampling?part=mock&mock=1&mock_view=files",
    "sampling?part=mock&mock=1&mock_view=result",
    "sampling?part=mock&mock=1&mock_view=result&lost=sites",
    "sampling?part=frame&order=issues",
    "sampling?part=choose&plan=2",
    "sampling?part=choose&plan=2&show=coverage",
    "sampling?part=choose&plan=2&show=route",
    "sampling?part=choose&plan=2&show=compare",
]
# What text may not become: something that runs, or that points away from this server.
FOREIGN = """() => [...document.querySelectorAll('a, img, svg[onload], [onerror], script:not([src])')]
    .filter(e => {
        const to = e.getAttribute('href') || e.getAttribute('xlink:href') || e.getAttribute('src');
        const isAway = to && !/^(data|blob):/.test(to)
            && new URL(to, document.baseURI).origin !== new URL(document.baseURI).origin;
        return isAway || e.hasAttribute('onload') || e.hasAttribute('onerror')
            || e.matches('img[src=x]') || (e.tagName === 'SCRIPT' && /hacked/.test(e.textContent));
    }).map(e => e.outerHTML.slice(0, 200))"""
TOOLTIPS = """() => Object.values(map_div._layers)
    .filter(group => group.eachLayer && group.getTooltip())
    .flatMap(group => group.getLayers().map(layer => group.getTooltip()._content(layer)))
    .map(shown => [shown.textContent, shown.querySelectorAll('img,a,b,svg,script').length])"""


def check(page: Page) -> None:
    """Nothing ran, nothing became a picture, a link or a script."""
    for frame in page.frames:
        assert frame.evaluate("window.hacked") is None
        assert frame.evaluate(FOREIGN) == []


def point_at_charts(page: Page) -> None:
    """Make charts say what they say of their points."""
    for chart in page.locator(".js-plotly-plot").all():
        chart.scroll_into_view_if_needed()
        for mark in chart.locator(".point path, path.point").all()[:3]:
            if box := mark.bounding_box():
                page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
                page.wait_for_timeout(60)
                assert chart.locator("a").count() == 0


def open_tooltips(page: Page) -> None:
    for handle in page.locator(MAP).element_handles():
        frame = handle.content_frame()
        assert frame
        found = frame.evaluate(TOOLTIPS)
        assert found
        assert all(elements == 0 for _, elements in found)


def save_tables(page: Page | Locator, seen: set[str]) -> None:
    """Get what a page, or a part of it, offers to save, once each, and look into it.

    From the address of the button: of some thousand presses the browser made nothing of one or two.
    """
    own_of_streamlit = page.get_by_role("button", name=re.compile("Download as CSV|下载 CSV"))
    assert own_of_streamlit.count() == 0, "it does not make formulas harmless"
    for folded in page.locator("details:not([open]) summary").all()[::-1]:
        folded.click()
    for button in page.locator('[data-testid=stLinkButton] a[href*="/save/"]:visible').all():
        link = button.get_attribute("href") or ""
        key = link.rpartition("/")[2]
        if key not in seen:
            seen.add(key)
            answer = button.page.request.get(urljoin(button.page.url, link))
            assert answer.ok, link
            name, content = answer.headers["content-disposition"], answer.body()
            assert name.startswith("attachment")
            if name.endswith(".csv"):
                is_harmless_csv(content.decode("utf-8-sig"))
            elif name.endswith(".geojson"):
                assert json.loads(content)["features"]
            elif name.endswith(".xlsx"):
                is_harmless_workbook(content)


def is_harmless_csv(text: str) -> None:
    for row in csv.reader(io.StringIO(text)):
        for cell in row:
            assert not cell.startswith(FORMULA_STARTS) or cell.lstrip("-+").replace(".", "").isdigit()


def is_harmless_workbook(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        for name in book.namelist():
            if name.startswith("xl/worksheets/"):
                content = book.read(name)
                assert b"<f>" not in content
                assert b"yperlink" not in content.replace(b"HYPERLINK", b"")


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> HostileCounty:
    return hostile_county(tmp_path_factory.mktemp("hostile"))


def test_imported_text_stays_text(window: Window, county: HostileCounty) -> None:
    page, seen = window.page, set[str]()
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    with serving(county.store) as address:
        for view in VIEWS:
            page.goto(f"{address}/{view}")
            settle(page)
            assert page.get_by_test_id("stException").count() == 0
            check(page)
            open_tooltips(page)
            point_at_charts(page)
            save_tables(page, seen)
            check(page)
        overview(page, address, seen)
        checklist(page, address, county.issue_id, seen)
        upload(page, address)
        paper(page, address)
        page.goto(f"{address}/stage?period=all&dwell=3600&scenes=cards&grids=G1,G2,G3,G4")
        for payload in (MARKDOWN, TAGS, IMAGE, FORMULA):
            expect(page.locator("#title")).to_contain_text(payload)
            check(page)
            page.keyboard.press("ArrowRight")
    assert len(seen) > 30, "tables are saved"


def overview(page: Page, address: str, seen: set[str]) -> None:
    """The first page with its popovers and its dialog."""
    page.goto(f"{address}/?period=all")
    settle(page)
    heading = page.get_by_test_id("stSidebar").get_by_text("<img src=x")
    assert (heading.text_content() or "").replace(WORD_JOINER, "").endswith(IMAGE + MARKDOWN)
    note = page.get_by_text("数据说明").text_content() or ""
    assert ADDRESSES in note.replace(WORD_JOINER, "")
    point_at_charts(page)
    for name in ("口径", "设定目标", "登记会议或通报", "添加承诺", "登记完成"):
        page.get_by_role("button", name=name).first.click()
        page.get_by_test_id("stPopoverBody").wait_for()
        check(page)
        page.keyboard.press("Escape")
    page.get_by_role("button", name="记录").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    settle(page)
    save_tables(page.get_by_role("dialog"), seen)
    check(page)


def checklist(page: Page, address: str, issue_id: str, seen: set[str]) -> None:
    """From an issue to a checklist with a name and a note that are code."""
    page.goto(f"{address}/alike?period=all&issue={quote(issue_id)}")
    settle(page)
    open_tooltips(page)
    page.get_by_label("清单名称").fill(MARKDOWN)
    page.keyboard.press("Enter")
    settle(page)
    check(page)
    page.get_by_role("button", name="生成排查清单").click()
    page.wait_for_url("**list=*")
    page.get_by_placeholder("备注").first.fill(TEMPLATE)
    page.keyboard.press("Enter")
    settle(page)
    check(page)
    save_tables(page, seen)


def upload(page: Page, address: str) -> None:
    """A file whose name, headings and values are code."""
    page.goto(f"{address}/data_admin")
    settle(page)
    lines = [
        ",".join(f'"{one}"' for one in row) for row in ([IMAGE, MARKDOWN, TEMPLATE], [ADDRESSES] * 3)
    ]
    name = MARKDOWN.replace("/", "") + ".csv"
    file = {"name": name, "mimeType": "text/csv", "buffer": "\n".join(lines).encode()}
    page.locator("input[type=file]").set_input_files([file])
    page.get_by_role("heading", name="列对应").wait_for()
    settle(page)
    check(page)


def paper(page: Page, address: str) -> None:
    """The pages to print: of the grid whose name is tags, of a plan whose title is Markdown."""
    page.goto(f"{address}/grid?period=all&grid=G2")
    link = page.get_by_role("link", name="打印").get_attribute("href") or ""
    page.goto(link if "://" in link else f"{address}{link}")
    expect(page.get_by_role("heading", level=1)).to_contain_text(TAGS)
    check(page)
    page.goto(f"{address}/sampling?plan=1&part=draw")
    link = page.get_by_role("link", name="打印抽签记录").get_attribute("href") or ""
    page.goto(link if "://" in link else f"{address}{link}")
    expect(page.get_by_text(MARKDOWN).first).to_be_visible()
    page.goto(f"{address}/sampling?part=choose&plan=3")
    link = page.get_by_role("link", name="打印答辩稿").get_attribute("href") or ""
    page.goto(link if "://" in link else f"{address}{link}")
    expect(page.get_by_role("heading", level=1)).to_contain_text(MARKDOWN)
    expect(page.get_by_text(ADDRESSES).first).to_be_visible()
    check(page)
    page.goto(f"{address}/sampling?part=mock&mock=1&mock_view=files")
    link = page.get_by_role("link", name="打印").first.get_attribute("href") or ""
    page.goto(link if "://" in link else f"{address}{link}")
    expect(page.get_by_text(IMAGE).first).to_be_visible()
    check(page)
