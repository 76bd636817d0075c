"""How long pages take in a real browser, what they cost the server and how much travels.

Cold: a server that has run no page yet and a browser without a cache, from the address to the last map
and chart drawn. A rerun: the same choice made before; server CPU and bytes are those of a bare session
(viewers.py), which runs the whole page: a click in a map runs less.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

from playwright.sync_api import Browser, Page, sync_playwright

from data.builds import current_build_id, open_build
from pages.ui.registry import REGISTRY
from tests.bench.viewers import rerun_often, watch
from tests.browser.conftest import FLAGS, MAP, executable, serving
from tests.plans import copy_of, write_mock, write_plan

ROUNDS = 5
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
WITH_A_MAP_OF_GRIDS = ("overview", "hotspots")
PARTS = {  # of pages that show one part at a time, as their URL says; {grid} and {issue} are filled in
    "overview": ("", "grid={grid}"),
    "hotspots": (
        "", "grid={grid}", "colour=gi", "colour=trend", "colour=density", "colour=streets",
        "colour=heat", "part=compare", "part=matrix", "part=border",
    ),
    "rebound": ("", "part=rank", "part=slack", "part=repeat", "part=calendar"),
    "coverage": ("", "part=grids", "part=route", "part=hours", "part=days", "part=machines"),
    "grid": ("", "grid={grid}"),
    "alike": ("", "issue={issue}"),
    "sampling": (
        "", "part=frame", "part=frame&shade=grids", "part=choose",
        *(f"plan=1&part=choose&show={show}" for show in ("", "coverage", "route", "settings")),
        "plan=1&part=choose&show=compare&with=2", "plan=1&part=draw", "plan=2&part=draw",
        "plan=1&part=rehearse", "plan=1&part=rehearse&look=lost", "plan=1&part=mock",
        *(f"part=mock&mock=1&mock_view={view}" for view in ("", "files", "result")),
    ),
}  # fmt: skip
RERUNS = 20
TABLE = """| page | cold first paint, s | server CPU of a rerun, ms | a rerun on the wire, kB |
|---|---:|---:|---:|"""
CHARTS_DRAWN = """() => [...document.querySelectorAll('.stPlotlyChart')]
    .every(chart => chart.querySelector('.main-svg'))"""
Tell = Callable[[str], None]


def measure_pages(
    built: Path, tell: Tell, *, sessions: int = 30, minutes: float = 1.5, rounds: int = 3
) -> None:
    """Every part of every page; filter change and click in the browser; then many viewers at once.

    built  a store; what is measured is a copy of it with a plan drawn, one not, and an inspection.
    The result is Markdown for docs/performance.md.
    """
    store = copy_of(built, Path(mkdtemp(dir=built.parent)) / "store")
    write_mock(store, write_plan(store), seen=12)
    write_plan(store, is_drawn=False)
    cases = [(entry.name, query) for entry in REGISTRY for query in _queries(store, entry.name)]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        colds = [
            _median(lambda: _cold(browser, store, f"{name}?{query}"), rounds)  # noqa: B023
            for name, query in cases
        ]
        with serving(store) as address:
            warm = [(name, _warm(browser, store, address, name)) for name in WITH_A_MAP_OF_GRIDS]
        browser.close()
    tell(TABLE)
    with serving(store) as address:
        server = _server_of(address)
        for (name, query), cold in zip(cases, colds, strict=True):
            rerun = rerun_often(address, name, query, RERUNS, lambda: _cpu_s(server))
            tell(
                f"| {name} {query} | {cold:.2f} | {1000 * rerun.cpu_s:.0f} | "
                f"{rerun.wire_bytes / 1000:.0f} |"
            )
        tell(f"\nThe server after all of these: {_memory(server) / 2**20:.0f} MiB.\n")
    tell("| page | filter to new picture, s | of a choice new to the server, s | click to detail, s |")
    tell("|---|---:|---:|---:|")
    for name, figures in warm:
        tell(f"| {name} | " + " | ".join(f"{figure:.2f}" for figure in figures) + " |")
    with serving(store) as address:
        server = _server_of(address)
        before = _memory(server)
        load = watch(address, "overview", sessions, think_s=5, minutes=minutes)
        each = (_memory(server) - before) / sessions / 2**20
        tell(
            f"\n{load.sessions} viewers thinking 5 s: p50 {load.p50_s:.2f} s, p95 {load.p95_s:.2f} s, "
            f"{load.reruns} reruns, {load.median_bytes / 1000:.0f} kB each, {each:.1f} MiB a session, "
            "what the first visit loads included."
        )


def _queries(store: Path, name: str) -> list[str]:
    """The queries of a page's parts, with the grid that has most issues and the latest issue."""
    engine = open_build(current_build_id(store), store)
    grid = engine.query(
        "select grid_id from core_issue where grid_id is not null "
        "group by grid_id order by count(*) desc, grid_id limit 1"
    ).iloc[0, 0]
    issue = engine.query(
        "select issue_id from core_issue where place_id is not null and category <> 'unknown' "
        "order by reported_at desc, issue_id limit 1"
    ).iloc[0, 0]
    return [query.format(grid=grid, issue=issue) for query in PARTS.get(name, ("",))]


def _median(run: Callable[[], float], rounds: int) -> float:
    return statistics.median(run() for _ in range(rounds))


def _cold(browser: Browser, store: Path, path: str) -> float:
    with serving(store) as address:
        context = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
        page = context.new_page()
        began = time.perf_counter()
        page.goto(f"{address}/{path}")
        _drawn(page)
        took = time.perf_counter() - began
        context.close()
    return took


def _drawn(page: Page) -> None:
    """Wait until the script has ended and every map and chart is drawn."""
    last = page.get_by_text("历次版本" if "/data_admin" in page.url else "数据截至").last
    last.wait_for(timeout=60_000)
    page.get_by_test_id("stSkeleton").first.wait_for(state="detached")  # what is loaded on demand
    for frame in page.query_selector_all(MAP):
        inside = frame.content_frame()
        assert inside
        inside.wait_for_load_state()
        inside.wait_for_function("window.oneMap && window.oneMap.painted > 0")
    page.wait_for_function(CHARTS_DRAWN)


def _warm(browser: Browser, store: Path, address: str, name: str) -> tuple[float, float, float]:
    """Seconds from a filter to the new picture, of a choice new to the server, from click to detail."""
    engine = open_build(current_build_id(store), store)
    grids = engine.query("select grid_id, grid_name, lat, lon from core_grid order by grid_id")
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
    page = context.new_page()
    page.goto(f"{address}/{name}")
    _drawn(page)
    frame = page.locator(MAP).first.element_handle().content_frame()  # type: ignore[union-attr]
    assert frame
    frame.wait_for_function("window.oneMap && window.oneMap.painted > 0")
    filters = []
    for option in ["近 30 天", "近一年", "近 90 天"] * (1 + ROUNDS):
        painted = frame.evaluate("window.oneMap.painted")
        page.get_by_role("combobox", name="时段").click()
        began = time.perf_counter()
        page.get_by_role("option", name=option).click()
        page.get_by_role("listbox").wait_for(state="detached")
        frame.wait_for_function(f"window.oneMap.painted > {painted}")
        filters.append(time.perf_counter() - began)
        page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')")
    clicks = []
    for row in grids.head(1 + ROUNDS).itertuples():
        at = frame.evaluate("place => map_div.latLngToContainerPoint(place)", [row.lat, row.lon])
        began = time.perf_counter()
        page.locator(MAP).first.click(position={"x": at["x"], "y": at["y"]})
        page.wait_for_url(f"**grid={row.grid_id}*")
        page.get_by_role("heading", name=str(row.grid_name)).wait_for()
        clicks.append(time.perf_counter() - began)
    context.close()
    new, known = filters[:2], filters[3:]  # 近 90 天 was on the screen before the first choice
    return statistics.median(known), statistics.median(new), statistics.median(clicks[1:])


def _server_of(address: str) -> int:
    """Process id of the server that listens there."""
    port = f":{int(address.rsplit(':', 1)[1]):04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]]
    inode = next(row[9] for row in rows if row[1].endswith(port) and row[3] == "0A")
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(link.readlink()) == f"socket:[{inode}]":
                return int(link.parts[2])
        except OSError:
            continue  # a process or file that has gone meanwhile
    msg = f"no process listens at {address}"
    raise LookupError(msg)


def _cpu_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def _memory(process: int) -> int:
    """Resident bytes."""
    return int(Path(f"/proc/{process}/statm").read_text("ascii").split()[1]) * PAGE_BYTES
