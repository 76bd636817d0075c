"""No page has a serious accessibility fault that axe-core can find; https://github.com/dequelabs/axe-core."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from pages.ui.registry import REGISTRY

if TYPE_CHECKING:
    from tests.browser.conftest import Window

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("page", [entry.name for entry in REGISTRY])
def test_no_serious_fault(window: Window, address: str, page: str) -> None:
    window.page.goto(f"{address}/{page}")
    window.page.get_by_role("heading", level=1).wait_for(timeout=30_000)
    window.page.get_by_test_id("stStatusWidget").wait_for(state="detached")  # the script has ended
    window.page.wait_for_timeout(1500)  # charts and maps draw themselves
    found = Axe().run(window.page)
    faults = [
        (fault["impact"], fault["id"], [node["html"][:200] for node in fault["nodes"]])
        for fault in found.response["violations"]
        if fault["impact"] in ("serious", "critical")
    ]
    assert not faults
