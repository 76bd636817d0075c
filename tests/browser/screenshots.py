"""python -m tests.browser.screenshots: take the pictures of the README and the user guide again.

Builds the demo county, Chicago and Boston into a temporary store, one after the other, and shoots
each page at 1920x1080.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from etl.demo import write_demo
from etl.load import build
from etl.recipe import load_recipe
from tests.browser.conftest import FLAGS, ROOT, executable, serving

IMAGES = ROOT / "docs" / "images"
SHOTS = {
    "overview": "/?period=90d",
    "hotspots": "/hotspots?period=90d",
    "data_quality": "/data_quality",
}


def shoot(page: Page, url: str, name: str) -> None:
    """One page, once its map and charts are drawn."""
    page.goto(url)
    page.get_by_text("数据截至").last.wait_for()
    for frame in page.frames[1:]:
        frame.wait_for_function("window.oneMap && window.oneMap.isReady()")
    page.wait_for_timeout(3000)  # the charts' own animation
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path)
    Image.open(path).convert("RGB").save(path, optimize=True)


def main() -> None:
    """All pictures."""
    IMAGES.mkdir(exist_ok=True)
    write_demo(ROOT / "data" / "raw" / "demo")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        window = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
        for source in ("chicago", "boston", "demo"):
            build(load_recipe(source), Path(folder))
            with serving(Path(folder)) as address:
                for page_name, path in SHOTS.items():
                    shoot(window.new_page(), address + path, f"{source}-{page_name}")
        browser.close()


if __name__ == "__main__":
    main()
