"""Every page runs through the frame, says something true, and asks for no foreign asset."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from data.builds import current_build_id, open_build
from data.engine import DuckDBEngine
from data.export import csv_bytes, refused_workbook, workbook
from data.filters import Filters
from data.settings import settings
from data.views import hotspots
from data.views import overview as views
from geo.trend import NO_PATTERN
from pages.ui.registry import REGISTRY
from pages.ui.spots import CLASS_COLOURS, CLASS_NAMES, TREND_WORDS, UNTESTED_NAMES, spot_sentence
from tests.conftest import County
from tests.pages.app import start, use_store

PAGES = [entry.name for entry in REGISTRY]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.mark.parametrize("page", PAGES)
def test_page_runs_under_its_title(store: Path, page: str) -> None:
    title = next(entry.title for entry in REGISTRY if entry.name == page)
    assert start(page).title[0].value.startswith(title)


@pytest.mark.parametrize("page", ["overview", "hotspots"])
def test_map_assets_are_ours(store: Path, page: str) -> None:
    app = start(page)
    (component,) = app.get("component_instance")
    arguments = json.loads(component.proto.json_args)
    links = [*arguments["js_links"], *arguments["css_links"]]
    assert links
    assert all(link.startswith("/") for link in links)
    assert "://" not in json.dumps(arguments)


def test_link_reproduces_the_view(store: Path) -> None:
    engine = open_build(current_build_id(store), store)
    grid = views.grids(engine).iloc[0]
    app = start("hotspots", period="30d", category="乱停乱放", grid=grid["grid_id"])
    assert "乱停乱放" in app.title[0].value
    assert grid["grid_name"] in [text.value.replace("\\", "") for text in app.subheader]
    assert app.sidebar.selectbox(key="period").value == "30d"


def test_unknown_codes_in_a_link_fall_back(store: Path) -> None:
    app = start("hotspots", period="nonsense", category="没有这类", grid="no-such-grid")
    assert app.sidebar.selectbox(key="period").value == "90d"
    assert app.selectbox(key="grid").value == ""


def test_filters_are_kept_from_page_to_page(store: Path) -> None:
    app = start()
    app.sidebar.selectbox(key="period").set_value("30d").run()
    before = app.title[0].value.split("\u3000", 1)[1]
    app.switch_page("../hotspots.py").run()
    assert not app.exception
    assert app.title[0].value.endswith(before)


def test_each_page_remembers_its_own_choices(store: Path) -> None:
    app = start("hotspots", part="matrix")
    app.query_params.clear()  # as the menu does
    app.switch_page("../rebound.py").run()
    assert app.segmented_control(key="rebound:part").value == ""
    app.segmented_control(key="rebound:part").set_value("calendar").run()
    app.query_params.clear()
    app.switch_page("../hotspots.py").run()
    assert app.segmented_control(key="hotspots:part").value == "matrix"
    assert app.query_params["part"] == "matrix"
    app.query_params.clear()
    app.switch_page("../rebound.py").run()
    assert app.segmented_control(key="rebound:part").value == "calendar"
    assert not app.exception


def test_a_click_on_the_map_opens_the_grid(store: Path) -> None:
    grid = views.grids(open_build(current_build_id(store), store)).iloc[1]
    app = start()
    app.session_state["overview_map"] = {
        "last_active_drawing": {"properties": {"grid_id": grid["grid_id"]}},
        "last_object_clicked": {"lat": 34.4, "lng": 107.9},
    }
    app.run()
    assert app.selectbox(key="grid").value == grid["grid_id"]
    app.selectbox(key="grid").set_value("").run()
    assert app.selectbox(key="grid").value == "", "an answered click does not come back"


def test_custom_period_with_dates_the_wrong_way_round(store: Path) -> None:
    app = start(period="custom", since="2026-09-20", to="2026-09-10")
    assert app.warning
    assert "2026-09-10 至 2026-09-10" in app.title[0].value


def test_without_a_build_the_page_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_store(tmp_path, monkeypatch)
    app = start()
    assert "还没有可用的数据" in app.title[0].value
    assert "python -m etl demo" in app.markdown[0].value


def test_the_screen_speaks_chinese(store: Path) -> None:
    """Labels, titles and notes hold no English words but units, formats and build ids."""
    app = start()
    texts = [e.value for e in (*app.title, *app.subheader, *app.metric, *app.markdown)]
    texts += [e.label for e in (*app.metric, *app.selectbox)]
    for text in texts:
        assert not re.search(r"[A-Za-z]{4,}", str(text)), text


@pytest.mark.parametrize("page", PAGES)
def test_a_county_of_nothing_but_grids_says_so(
    page: str, tiny_county: Callable[[], County], monkeypatch: pytest.MonkeyPatch
) -> None:
    county = tiny_county()
    recipe = county.recipe.read_text("utf-8")
    county.recipe.write_text(recipe[: recipe.index("[[core_segment]]")], "utf-8")
    county.load()
    use_store(county.store, monkeypatch)
    app = start(page)
    is_about_issues = page not in ("data_admin", "definitions", "sampling")  # of its first part
    assert app.info or app.success or not is_about_issues, "an empty page says why it is empty"
    if page == "overview":
        assert [metric.value for metric in app.metric] == ["无数据", "样本太少", "0", "样本太少"]


def test_refused_rows_come_back_as_they_stood_with_the_reason(
    demo_engine: DuckDBEngine, demo_store: Path
) -> None:
    """The workbook holds every refused record of every file, the faults in front of its columns."""
    content = refused_workbook(demo_engine)
    sheets = pd.read_excel(io.BytesIO(content), sheet_name=None, dtype=str, engine="calamine")
    assert sum(len(sheet) for sheet in sheets.values()) == views.build_info(demo_engine).refused
    (platform,) = [sheet for name, sheet in sheets.items() if "platform" in name]
    assert list(platform.columns[:2]) == ["行", "原因与办法"]
    source = (demo_store.parent / "raw" / "issues_platform.csv").read_text("gb18030").split("\n")
    for record in platform.to_dict("records"):
        assert str(record["案卷编号"]) in source[int(record["行"]) - 1]


def test_a_formula_in_a_record_stays_text() -> None:
    frame = pd.DataFrame({"问题": ['=HYPERLINK("http://evil.example")', "+1", "http://evil.example"]})
    names = zipfile.ZipFile(io.BytesIO(workbook({"一": frame})))
    sheet = names.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet.lower()


def test_a_formula_in_a_csv_file_stays_text() -> None:
    frame = pd.DataFrame({"=1+1": ["=HYPERLINK(1)", "@x", "-3", None], "件": [-1, 2, 3, 4]})
    text = csv_bytes(frame).decode("utf-8-sig").splitlines()
    assert text == ["'=1+1,件", "'=HYPERLINK(1),-1", "'@x,2", "'-3,3", ",4"]


def test_a_sheet_may_be_called_after_an_imported_number() -> None:
    frame = pd.DataFrame({"a": [1]})
    (name,) = pd.ExcelFile(io.BytesIO(workbook({"案卷2026/11[3]" + "9" * 40: frame}))).sheet_names
    assert str(name).startswith("案卷2026_11_3_9")


def test_numbers_are_numbers_in_a_workbook() -> None:
    frame = pd.DataFrame({"件": [1.5, None], "编号": ["2026010112345678", "x"]})
    back = pd.read_excel(io.BytesIO(workbook({"一": frame})), engine="calamine")
    assert back["件"].tolist()[0] == 1.5
    assert back["编号"].tolist() == ["2026010112345678", "x"]


def test_hot_spots_colour_the_map_and_say_the_trend(store: Path) -> None:
    engine = open_build(current_build_id(store), store)
    until = views.build_info(engine).period_until
    spots = hotspots.grid_hot_spots(engine, Filters(until - timedelta(days=365), until))
    grid_id = spots["grid_id"].iloc[0]
    app = start("hotspots", period="365d", colour="gi", grid=grid_id)
    (component,) = app.get("component_instance")
    assert CLASS_COLOURS["untested"] in component.proto.json_args
    assert any("未检验" in html.value for html in app.get("html"))
    text = [markdown.value for markdown in app.markdown]
    assert any(spot_sentence(spots, grid_id) in one for one in text)
    assert any(one.startswith("**趋势**：") for one in text)


def test_every_state_class_and_trend_has_its_word() -> None:
    """What the views can say, the page can."""
    source = Path(hotspots.__file__).read_text("utf-8")
    for state in ("unseen", "no_street", "short_street", "few_visits", "no_neighbours", "few_weeks"):
        assert f'"{state}"' in source
        assert "未检验" in UNTESTED_NAMES[state]
    assert set(CLASS_NAMES) == set(CLASS_COLOURS) == {*map(str, range(-3, 4)), "untested"}
    patterns = ["intensifying", "diminishing", "persistent", "oscillating", "new", "consecutive"]
    names = {
        f"{pattern}_{end}"
        for pattern in [*patterns, "sporadic", "historical"]
        for end in ("hot", "cold")
    }
    assert set(TREND_WORDS) == names | {NO_PATTERN}


def test_a_pair_of_photos_says_what_is_missing(
    demo_store: Path, demo_engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHUANGWEI_PHOTOS", str(demo_store.parent / "raw" / "photos"))
    settings.cache_clear()
    rows = demo_engine.query("select photo_before, photo_after from core_issue order by reported_at")
    both = rows.dropna().iloc[-1]

    def page(before: object, after: object) -> None:
        from pages.ui.photos import photo_pair

        photo_pair(before, after, "<b>人民路</b>")

    def shown(before: object, after: object) -> str:
        app = AppTest.from_function(page, args=(before, after)).run()
        assert not app.exception
        return str(app.get("html")[0].proto.body)

    pair = shown(both["photo_before"], both["photo_after"])
    assert pair.count("<img") == pair.count('loading="lazy"') == 2
    assert 'src="/photos/demo/' in pair
    assert 'alt="&lt;b&gt;人民路&lt;/b&gt; 整改前"' in pair
    assert shown(None, float("nan")).count("无照片") == 2
    missing = shown("../<img src=x onerror=alert(1)>.png", " ")
    assert "照片文件缺失：../&lt;img" in missing
    assert "<img" not in missing


def test_records_do_not_show_names_of_photos(store: Path) -> None:
    tables = [table.value for table in start().dataframe]
    assert not any("photo" in str(column) for table in tables for column in table.columns)


@pytest.mark.parametrize("page", ["overview", "hotspots", "rebound"])
def test_the_title_names_the_department(store: Path, page: str) -> None:
    department = views.departments(open_build(current_build_id(store), store))[0]
    assert f"　{department}　" in start(page, department=department).title[0].value
    assert "　全部问题　" in start(page).title[0].value
