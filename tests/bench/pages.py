"""How long pages take in a real browser, what they cost the server and how much travels.

Medians over ROUNDS. Cold: a server that has run no page yet and a browser without a cache, from the
address to the last map and chart drawn. Warm: the same choice made before by somebody else.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from data.builds import current_build_id, open_build
from pages.ui.registry import REGISTRY
from tests.bench.viewers import watch
from tests.browser.conftest import FLAGS, MAP, executable, serving

ROUNDS = 5
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
WITH_A_MAP_OF_GRIDS = ("overview", "hotspots")
CHARTS_DRAWN = """() => [...document.querySelectorAll('.stPlotlyChart')]
    .every(chart => chart.querySelector('.main-svg'))"""
Tell = Callable[[str], None]


def measure_pages(store: Path, tell: Tell, *, sessions: int = 30, minutes: float = 1.5) -> None:
    """Every page cold; filter change, click, server CPU and bytes; then many viewers at once."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        tell("page: cold first paint, s")
        for entry in REGISTRY:
            tell(f"  {entry.name}: {_median(lambda: _cold(browser, store, entry.name)):.2f}")  # noqa: B023
        with serving(store) as address:
            for name in WITH_A_MAP_OF_GRIDS:
                tell(f"{name}, warm: " + _warm(browser, store, address, name))
        browser.close()
    with serving(store) as address:
        server = _server_of(address)
        before = _memory(server)
        load = watch(address, "overview", sessions, think_s=5, minutes=minutes)
        each = (_memory(server) - before) / sessions / 2**20
        tell(
            f"{load.sessions} viewers thinking 5 s: p50 {load.p50_s:.2f} s, p95 {load.p95_s:.2f} s, "
            f"{load.reruns} reruns, {load.median_bytes / 1000:.0f} kB each, {each:.1f} MiB a session"
        )


def _median(run: Callable[[], float], rounds: int = 3) -> float:
    return statistics.median(run() for _ in range(rounds))


def _cold(browser: Browser, store: Path, page_name: str) -> float:
    with serving(store) as address:
        context = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
        page = context.new_page()
        began = time.perf_counter()
        page.goto(f"{address}/{page_name}")
        _drawn(page)
        took = time.perf_counter() - began
        context.close()
    return took


def _drawn(page: Page) -> None:
    """Wait until the script has ended and every map and chart is drawn."""
    last = page.get_by_text("历次版本" if page.url.endswith("/data_admin") else "数据截至").last
    last.wait_for(timeout=60_000)
    for frame in page.query_selector_all(MAP):
        inside = frame.content_frame()
        assert inside
        inside.wait_for_load_state()
        inside.wait_for_function("window.oneMap && window.oneMap.painted > 0")
    page.wait_for_function(CHARTS_DRAWN)


def _warm(browser: Browser, store: Path, address: str, name: str) -> str:
    """Filter change to new picture, grid click to detail, server CPU and bytes of a rerun."""
    engine = open_build(current_build_id(store), store)
    grids = engine.query("select grid_id, grid_name, lat, lon from core_grid order by grid_id")
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
    page = context.new_page()
    received: list[int] = []
    page.on("websocket", lambda ws: ws.on("framereceived", lambda data: received.append(len(data))))
    page.goto(f"{address}/{name}")
    _drawn(page)
    frame = page.locator(MAP).first.element_handle().content_frame()  # type: ignore[union-attr]
    assert frame
    server, filters, cpu, sizes = _server_of(address), [], [], []
    for option in ["近 30 天", "近一年", "近 90 天"] * (1 + ROUNDS):
        painted = frame.evaluate("window.oneMap.painted")
        used, received[:] = _cpu_s(server), []
        page.get_by_role("combobox", name="时段").click()
        began = time.perf_counter()
        page.get_by_role("option", name=option).click()
        page.get_by_role("listbox").wait_for(state="detached")
        frame.wait_for_function(f"window.oneMap.painted > {painted}")
        filters.append(time.perf_counter() - began)
        page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')")
        cpu.append(_cpu_s(server) - used)
        sizes.append(sum(received))
    clicks = []
    for row in grids.head(1 + ROUNDS).itertuples():
        at = frame.evaluate("place => map_div.latLngToContainerPoint(place)", [row.lat, row.lon])
        began = time.perf_counter()
        page.locator(MAP).first.click(position={"x": at["x"], "y": at["y"]})
        page.wait_for_url(f"**grid={row.grid_id}*")
        page.get_by_role("heading", name=str(row.grid_name)).wait_for()
        clicks.append(time.perf_counter() - began)
    context.close()
    known = slice(3, None)  # the first three choices were new to the server
    return (
        f"filter to new picture {statistics.median(filters[known]):.2f} s "
        f"(first time {statistics.median(filters[:3]):.2f}), "
        f"grid click to detail {statistics.median(clicks[1:]):.2f} s, "
        f"server CPU a rerun {1000 * statistics.median(cpu[known]):.0f} ms, "
        f"{statistics.median(sizes[known]) / 1000:.0f} kB a rerun"
    )


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
