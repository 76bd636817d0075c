"""A real server and Debian's Chromium; whatever is not on this machine is blocked and counted."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Frame, Page, Route, expect, sync_playwright

from data.settings import settings
from tests.plans import copy_of, write_mock, write_plan

ROOT = Path(__file__).parents[2]
expect.set_options(timeout=30_000)  # of 5 s otherwise: short on a busy machine
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def serving(store: Path, port: int = 0, log: Path | None = None) -> Iterator[str]:
    """The app on that port (0: a free one), with the builds of `store` and any photos beside it.

    log  file for what the server says; without one it is kept for a failure to start
    """
    beside = store.parent / "raw" / "photos"
    photos = beside if beside.is_dir() else settings().photos
    port = port or free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    with log.open("wb") if log else nullcontext(subprocess.PIPE) as said:
        process = subprocess.Popen(
            [*command, "--server.address=127.0.0.1", "--server.headless=true"],
            cwd=ROOT,
            env={**os.environ, "CHUANGWEI_STORE": str(store), "CHUANGWEI_PHOTOS": str(photos)},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, process)
        yield address
    finally:
        process.terminate()
        process.communicate(timeout=20)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            pytest.fail(f"the server ended: {process.communicate()[0].decode()}")
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    process.kill()
    pytest.fail(f"the server did not answer in 30 s: {process.communicate()[0].decode()}")


def executable() -> str:
    """The browser to drive. Fails the test where there is none."""
    found = os.environ.get("CHUANGWEI_CHROMIUM") or shutil.which("chromium")
    if not found:
        pytest.fail("no Chromium: `python run.py test` installs it, or set CHUANGWEI_CHROMIUM")
    return found


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        yield browser
        browser.close()


MAP = 'iframe[title="地图"]'
IS_DONE = """() => {
    const app = document.querySelector("[data-testid=stApp]");
    return app && app.dataset.testScriptState === "notRunning"
        && document.querySelector("[data-testid=stSidebar] h3")
        && !document.querySelector("[data-testid=stSkeleton]")
        && !document.querySelector(".stPlotlyChart:not(:has(.main-svg))");
}"""


def settle(page: Page) -> None:
    """Wait until the script has ended and every map and chart is drawn."""
    page.wait_for_function(IS_DONE, timeout=30_000)
    map_frames(page)


def map_frames(page: Page) -> list[Frame]:
    """The frames of the maps that are on the page now, painted."""
    frames = []
    for handle in page.locator(MAP).element_handles():
        frame = handle.content_frame()
        assert frame
        wait_in(frame, "window.oneMap && window.oneMap.painted")
        frames.append(frame)
    return frames


def map_frame(page: Page) -> Frame:
    """The frame of the page's first map, once there is one and it is painted."""
    page.locator(MAP).first.wait_for(timeout=30_000)
    return map_frames(page)[0]


def wait_in(frame: Frame, expression: str, argument: object = None) -> None:
    """Wait until the expression is true in a frame.

    Asked every 100 ms: the default, once per drawn picture, stopped for good in 2 of 40 frames that
    were loaded on a busy machine, though the map was painted.
    """
    frame.wait_for_function(expression, arg=argument, timeout=30_000, polling=100)


class Window:
    """One page of its own, at full HD, that notes every request to anywhere but this machine."""

    def __init__(self, browser: Browser) -> None:
        self.context = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
        self.page: Page = self.context.new_page()
        self.outside: list[str] = []
        self.page.route("**/*", self._gate)

    def _gate(self, route: Route) -> None:
        url = route.request.url
        if url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            route.continue_()
        else:
            self.outside.append(url)
            route.abort()


@pytest.fixture
def window(chromium: Browser) -> Iterator[Window]:
    opened = Window(chromium)
    yield opened
    opened.context.close()
    assert opened.outside == [], "something left the machine"


@pytest.fixture(scope="module")
def planned_store(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo with plan 1, drawn, and its inspections: 1 filled in by half, 2 not at all."""
    store = copy_of(demo_store, tmp_path_factory.mktemp("planned") / "store")
    plan_id = write_plan(store)
    write_mock(store, plan_id, seen=12)
    write_mock(store, plan_id)
    return store


@pytest.fixture(scope="module")
def planned_address(planned_store: Path) -> Iterator[str]:
    with serving(planned_store) as url:
        yield url


@pytest.fixture(scope="module")
def address(demo_store: Path) -> Iterator[str]:
    with serving(demo_store) as url:
        yield url
