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
from tests.pages.app import says, start, use_store
from tests.plans import copy_of, write_mock, write_plan

CITIES = ROOT.parent / "shared" / "data"
PARTS = [f"sampling?part={part}" for part in ("frame", "choose", "mock")]  # others need a plan
PAGES = [*[entry.name for entry in REGISTRY], *PARTS]
WITH_A_PLAN = [  # plan 1 is drawn, plan 2 is not; inspection 1 is filled in by half, 2 not at all
    *["plan=1", "plan=1&part=frame", "plan=1&part=choose", "plan=1&part=choose&show=coverage"],
    *["plan=1&part=choose&show=route", "plan=1&part=choose&show=compare&with=2", "plan=1&part=draw"],
    *["plan=1&part=rehearse", "plan=1&part=rehearse&look=lost&lost=grids", "plan=1&part=mock"],
    *["part=mock&mock=1", "part=mock&mock=1&mock_view=files", "part=mock&mock=1&mock_view=result"],
    *["part=mock&mock=2", "part=mock&mock=2&mock_view=result"],
    *["plan=2&part=choose", "plan=2&part=choose&show=settings", "plan=2&part=draw"],
]
WITH_FOOTER = [name for name in PAGES if name != "data_admin"]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def assert_true(store: Path, page: str, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """Run the page; its footer must count what the build's own table holds."""
    use_store(store, monkeypatch)
    name, _, query = page.partition("?")
    app = start(name, period="all", **dict(parse_qsl(query)))
    assert_says_true(app, store, page)
    return app


def assert_says_true(app: AppTest, store: Path, page: str) -> None:
    """What the page that is open says; its name may have a query."""
    name = page.partition("?")[0]
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


def assert_true_with_a_plan(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All parts of 样本点 with plans and inspections of this county; the store is written to."""
    drawn = write_plan(store)
    write_plan(store, is_drawn=False)
    write_mock(store, drawn, seen=12)
    write_mock(store, drawn)
    use_store(store, monkeypatch)
    app = start("sampling", plan="1")
    for query in WITH_A_PLAN:
        app.query_params.clear()
        app.query_params.update(parse_qsl(query))
        app.run()
        assert not app.exception, (query, app.exception)
        assert_says_true(app, store, "sampling")


def test_demo_with_a_plan(demo_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_true_with_a_plan(copy_of(demo_store, tmp_path / "store"), monkeypatch)


@pytest.mark.real
@pytest.mark.skipif(not CITIES.is_dir(), reason="../shared/data is not here")
@pytest.mark.parametrize("city", ["chicago", "boston"])
def test_real_city_with_a_plan(
    city_store: Callable[[str], Path], city: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_true_with_a_plan(copy_of(city_store(city), tmp_path / "store"), monkeypatch)


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


@pytest.fixture
def without_issues(tiny_county: Callable[[], County]) -> Path:
    county = tiny_county()
    recipe = county.recipe.read_text("utf-8")
    county.recipe.write_text(recipe[: recipe.index("[[core_issue]]")], "utf-8")
    county.load()
    return county.store


@pytest.fixture
def one_grid(tiny_county: Callable[[], County]) -> Path:
    county = tiny_county()
    town = feature(shapely.box(0, 0, 1200, 1200), 网格编号="G1", 网格名称="全城", 牵头单位="城关镇")
    county.write("grids.geojson", collection([town]))
    county.load()
    return county.store


@pytest.mark.parametrize("page", PAGES)
def test_no_issue(without_issues: Path, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_true(without_issues, page, monkeypatch)


def test_no_issue_with_a_plan(without_issues: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_true_with_a_plan(without_issues, monkeypatch)


@pytest.mark.parametrize("page", PAGES)
def test_one_grid(one_grid: Path, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_true(one_grid, page, monkeypatch)


def test_one_grid_with_a_plan(one_grid: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_true_with_a_plan(one_grid, monkeypatch)


@pytest.fixture(scope="session")
def million_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic county of a million issues in a thousand grids."""
    store = tmp_path_factory.mktemp("million")
    build(load_recipe(str(write_county(Size()))), store)
    return store


@pytest.mark.parametrize("page", PAGES)
def test_a_million_issues(million_store: Path, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_true(million_store, page, monkeypatch)
