"""No view has a serious accessibility fault that axe-core can find; https://github.com/dequelabs/axe-core.

What axe cannot see is tested beside it: all controls can be reached by keyboard, maps have a name.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Frame, Page, expect

from data.builds import current_build_id, open_build
from data.sample_entries import mock_points, plan_points
from pages.ui.registry import REGISTRY
from pages.ui.sites import site_name
from tests.browser.conftest import MAP, settle

if TYPE_CHECKING:
    from tests.browser.conftest import Window

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
WIDE = [
    *[entry.name for entry in REGISTRY],
    "hotspots?colour=gi",
    "hotspots?colour=density",
    "hotspots?part=compare&period=30d",
    "hotspots?part=matrix",
    "hotspots?part=border",
    "rebound?part=rank",
    "rebound?part=slack",
    "rebound?part=repeat&period=all",
    "rebound?part=calendar",
    "coverage?part=grids",
    "coverage?part=route&lack=short",
    "coverage?part=route&lack=short&layout=print",
    "coverage?part=hours",
    "coverage?part=days",
    "coverage?part=machines",
    "coverage?segment={segment}",
    "grid?grid={grid}",
    "alike?period=all&issue={issue}",
    "definitions?definitions=standards",
    "data_admin?section=builds",
    "sampling?part=frame",
    "sampling?part=choose",
]
NARROW = ["overview", "grid", "grid?grid={grid}"]
PLANNED = [  # with the plan and the inspections of `planned_store`
    "sampling?plan=1&part=choose",
    "sampling?plan=1&part=choose&show=route",
    "sampling?plan=1&part=draw",
    "sampling?plan=1&part=rehearse",
    "sampling?plan=1&part=mock",
    "sampling?part=mock&mock=1",
    "sampling?part=mock&mock=1&mock_view=files",
    "sampling?part=mock&mock=1&mock_view=result",
    "sampling?part=mock&mock=2",
]
PAPER = [
    "plan.html?plan=1",
    "route.html?plan=1&teams=2",
    "draw.html?plan=1",
    "mock.html?mock=1",
    "mock.html?mock=1&team=2",
]
A4_WIDTH = 794  # CSS pixels of 210 mm
# Text that lies beyond the right edge of the paper or of a box that cuts it off.
CUT_OFF = """width => [...document.querySelectorAll('body *')]
    .filter(e => e.getClientRects().length && (e.getBoundingClientRect().right > width + 1
        || (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== 'visible')))
    .map(e => e.outerHTML.slice(0, 160))"""
# What a person may operate by keyboard in the page, but for what belongs to a table or a chart. A group
# of switches is one stop; so is a select box, whose arrow is for the mouse.
CONTROLS = """() => [
        ...document.querySelectorAll('button, a[href], input, textarea, [role=radiogroup]')
    ].filter(one => !one.matches('button[aria-haspopup=listbox]'))
    .filter(one => one.checkVisibility({checkOpacity: true, checkVisibilityCSS: true}))
    .filter(one => !one.disabled && one.type !== 'file' && !one.closest('[role=dialog]'))
    .filter(one => !one.closest('[data-testid=stElementToolbar], .js-plotly-plot, [hidden], [inert]'))
    .filter(one => one.getAttribute('role') === 'radiogroup' || !one.closest('[role=radiogroup]'))
    .map((one, number) => { one.dataset.stop = number; return one.outerHTML.slice(0, 160); })"""
FOCUSED = """() => {
    const one = document.activeElement.closest('[data-stop]');
    return one ? Number(one.dataset.stop) : -1;
}"""


@pytest.fixture(scope="module")
def ids(demo_store: Path) -> dict[str, str]:
    """A grid, a piece of street in it and an issue of it."""
    found = open_build(current_build_id(demo_store), demo_store).query(
        "select grid_id as grid, min(segment_id) as segment, min(issue_id) as issue from core_issue "
        "where grid_id is not null and category <> 'unknown' group by grid_id order by 1 limit 1"
    )
    return {str(key): str(value) for key, value in found.iloc[0].items()}


def faults(shown: Page | Frame) -> list[tuple[Any, ...]]:
    """What axe finds serious or worse."""
    return [
        (fault["impact"], fault["id"], [node["html"][:200] for node in fault["nodes"]])
        for fault in Axe().run(shown).response["violations"]  # type: ignore[arg-type]
        if fault["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("view", [*WIDE, *[f"{view} on a phone" for view in NARROW]])
def test_no_serious_fault(window: Window, address: str, ids: dict[str, str], view: str) -> None:
    page = window.page
    path = view.removesuffix(" on a phone")
    if path != view:
        page.set_viewport_size(PHONE)
    page.goto(f"{address}/{path.format(**ids)}")
    settle(page)
    assert faults(page) == []
    for handle in page.locator(MAP).element_handles():
        frame = handle.content_frame()
        assert frame
        assert faults(frame) == []


@pytest.mark.parametrize("view", [*PLANNED, "sampling?part=mock&mock=1 on a phone"])
def test_no_serious_fault_with_a_plan(window: Window, planned_address: str, view: str) -> None:
    test_no_serious_fault(window, planned_address, {}, view)


@pytest.mark.parametrize("sheet", PAPER)
def test_paper_has_no_serious_fault_and_fits_a4(
    window: Window, planned_address: str, planned_store: Path, sheet: str
) -> None:
    page = window.page
    page.add_init_script("window.print = () => {}")
    page.goto(f"{planned_address}/print/{current_build_id(planned_store)}/{sheet}")
    assert faults(page) == []
    page.emulate_media(media="print")
    page.set_viewport_size({"width": A4_WIDTH, "height": 1123})
    assert page.evaluate(CUT_OFF, A4_WIDTH) == []
    pdf = page.pdf(prefer_css_page_size=True)
    width, height = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)[0]
    assert (round(float(width)), round(float(height))) == (595, 842), "A4, upright, in points"


@pytest.mark.parametrize("sheet", ["plan", "draw", "mock"])
def test_paper_loses_no_point(
    window: Window, planned_address: str, planned_store: Path, sheet: str
) -> None:
    if sheet == "mock":
        names = mock_points("demo", 1, planned_store)
    else:
        names = plan_points("demo", 1, planned_store)
    if sheet == "plan":
        names = names[names["role"] == "declared"]
    page = window.page
    page.add_init_script("window.print = () => {}")
    number = f"{'mock' if sheet == 'mock' else 'plan'}=1"
    page.goto(f"{planned_address}/print/{current_build_id(planned_store)}/{sheet}.html?{number}")
    page.emulate_media(media="print")
    shown = page.locator("body").inner_text()
    lost = [name for name in map(site_name, names.to_dict("records")) if name not in shown]
    assert lost == []


def test_no_serious_fault_in_a_checklist(window: Window, address: str, ids: dict[str, str]) -> None:
    page = window.page
    page.goto(f"{address}/alike?period=all&issue={ids['issue']}")
    page.get_by_role("button", name="生成排查清单").click(timeout=30_000)
    page.wait_for_url("**list=*")
    page.get_by_placeholder("备注").first.wait_for()
    settle(page)
    assert faults(page) == []


def test_no_serious_fault_on_the_wall_and_on_paper(
    window: Window, address: str, ids: dict[str, str]
) -> None:
    page = window.page
    page.goto(f"{address}/grid?grid={ids['grid']}")
    paper = page.get_by_role("link", name="打印").get_attribute("href")
    page.goto(f"{address}/stage?dwell=3600")
    steps = page.locator("#steps span")
    steps.first.wait_for()
    for _ in range(steps.count()):
        assert faults(page) == []
        page.keyboard.press("ArrowRight")
    page.goto(f"{address}{paper}" if paper and paper.startswith("/") else str(paper))
    assert faults(page) == []


@pytest.mark.parametrize("view", ["overview", "grid", "grid?grid={grid}"])
def test_every_control_is_reached_by_tab(
    window: Window, address: str, ids: dict[str, str], view: str
) -> None:
    page = window.page
    page.goto(f"{address}/{view.format(**ids)}")
    settle(page)
    controls = page.evaluate(CONTROLS)
    reached = set()
    for _ in range(3 * len(controls)):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(FOCUSED))
    assert [one for number, one in enumerate(controls) if number not in reached] == []


def test_a_map_has_a_name_for_those_who_cannot_see_it(window: Window, address: str) -> None:
    window.page.goto(f"{address}/overview")
    expect(window.page.locator(MAP)).to_be_visible()
    expect(window.page.get_by_title("streamlit_folium")).to_have_count(0)
