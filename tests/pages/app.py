"""The app without a browser: its store, a page of it, a click, and what it says then."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from data.settings import settings

SHELL = Path(__file__).parents[2] / "pages" / "ui" / "shell.py"
TEXTS = (
    *("title", "subheader", "markdown", "caption", "html", "metric"),
    *("info", "success", "warning", "error"),
)


def use_store(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the app serve the builds of this folder, until the test ends."""
    monkeypatch.setenv("CHUANGWEI_STORE", str(folder))
    settings.cache_clear()
    return folder


def start(page: str = "overview", **query: str) -> AppTest:
    """A page opened by its address."""
    app = AppTest.from_file(str(SHELL), default_timeout=60)
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    if page != "overview":
        app.switch_page(f"../{page}.py")
        for key, value in query.items():
            app.query_params[key] = value
        app.run()
    assert not app.exception, app.exception
    return app


def click(app: AppTest, label: str) -> AppTest:
    """The page after a click on the first button whose label begins so."""
    next(button for button in app.button if button.label.startswith(label)).click().run()
    assert not app.exception, app.exception
    return app


def says(app: AppTest) -> str:
    """All text of the page outside of tables, charts and widgets, as it was written in Markdown."""
    return "\n".join(str(element.value) for kind in TEXTS for element in app.get(kind))


def table_with(app: AppTest, column: str) -> pd.DataFrame:
    """The first table of the page that has this column."""
    return next(one.value for one in app.dataframe if column in one.value)
