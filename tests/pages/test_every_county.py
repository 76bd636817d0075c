"""Every page in every kind of county: no exception, and what it says is true."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
import shapely
from streamlit.testing.v1 import AppTest

from data.builds import current_build_id, open_build
from data.settings import ROOT
from etl.load import build
from etl.recipe import load_recipe
from pages.ui.registry import REGISTRY
from tests.bench.county import Size, write_county
from tests.conftest import County, collection, feature
from tests.pages.test_pages import start, use_store

CITIES = ROOT.parent / "shared" / "data"
PARTS = ["sampling?part=frame", "sampling?part=choose"]
PAGES = [*[entry.name for entry in REGISTRY], *PARTS]
WITH_FOOTER = [name for name in PAGES if name != "data_admin"]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def says(app: AppTest) -> str:
    """All text of a page."""
    parts = (
        "title",
        "subheader",
        "markdown",
        "caption",
        "info",
        "warning",
        "success",
        "metric",
        "html",
    )
    return "\n".join(str(element.value) for part in parts for element in app.get(part))


def assert_true(store: Path, page: str, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """Run the page; its footer must count what the build's own table holds."""
    use_store(store, monkeypatch)
    name, _, query = page.partition("?")
    app = start(name, period="all", **dict(parse_qsl(query)))
    title = next(entry.title for entry in REGISTRY if entry.name == name)
    assert app.title[0].value.startswith(title)
    assert not app.error
    text = says(app)
    assert not re.search(r"\b(nan|NaN|NaT|None|inf)\b", text), (
        "a value that is not known stands as code"
    )
    if page in WITH_FOOTER:
        counts = open_build(current_build_id(store), store).query(
            "select count(*) as issues, count(*) filter (location = 'unlocated') as unlocated "
            "from core_issue"
        )
        assert f"问题 {counts['issues'].item():,} 件" in text
        assert f"无坐标 {counts['unlocated'].item():,} 件" in text
    return app


@pytest.mark.parametrize("page", PAGES)
def test_demo(demo_store: Path, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_true(demo_store, page, monkeypatch)


@pytest.mark.real
@pytest.mark.skipif(not CITIES.is_dir(), reason="../shared/data is not here")
@pytest.mark.parametrize("city", ["chicago", "boston"])
@pytest.mark.parametrize("page", PAGES)
def test_real_city(
    city_store: Callable[[str], Path], city: str, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_true(city_store(city), page, monkeypatch)


@pytest.mark.parametrize("page", PAGES)
def test_no_issue(
    tiny_county: Callable[[], County], page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    county = tiny_county()
    recipe = county.recipe.read_text("utf-8")
    county.recipe.write_text(recipe[: recipe.index("[[core_issue]]")], "utf-8")
    county.load()
    assert_true(county.store, page, monkeypatch)


@pytest.mark.parametrize("page", PAGES)
def test_one_grid(
    tiny_county: Callable[[], County], page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    county = tiny_county()
    town = feature(shapely.box(0, 0, 1200, 1200), 网格编号="G1", 网格名称="全城", 牵头单位="城关镇")
    county.write("grids.geojson", collection([town]))
    county.load()
    assert_true(county.store, page, monkeypatch)


@pytest.fixture(scope="session")
def million_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic county of a million issues in a thousand grids."""
    store = tmp_path_factory.mktemp("million")
    build(load_recipe(str(write_county(Size()))), store)
    return store


@pytest.mark.parametrize("page", PAGES)
def test_a_million_issues(million_store: Path, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_true(million_store, page, monkeypatch)
