"""保洁覆盖: says what the views say and on what evidence, by link; survives a county without data."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from streamlit.testing.v1 import AppTest

from data.builds import current_build_id, open_build
from data.filters import Filters
from data.views import coverage as views
from data.views.overview import build_info
from pages.ui.map_data import map_data, map_data_url
from pages.ui.streets import CLEAN_NAMES, COLOURINGS, GRADE_LABELS
from tests.cleaning import worked_county
from tests.conftest import County
from tests.pages.app import says, start, use_store

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
MARCH = {"period": "custom", "since": "2025-03-01", "to": "2025-03-10"}
FILTERS = Filters(date(2025, 3, 1), date(2025, 3, 11))
PARTS = ["", "grids", "route", "hours", "days", "machines"]


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> County:
    county = worked_county(tmp_path_factory.mktemp("worked"))
    county.load()
    return county


@pytest.fixture
def county(worked: County, monkeypatch: pytest.MonkeyPatch) -> County:
    use_store(worked.store, monkeypatch)
    return worked


def scene(app: AppTest) -> dict[str, Any]:
    """What the page's only map was told to draw."""
    (component,) = app.get("component_instance")
    script = json.loads(component.proto.json_args)["feature_group"]
    text = script[script.index("oneMap.paint(") + len("oneMap.paint(") :]
    found: dict[str, Any] = json.JSONDecoder().raw_decode(text)[0]
    return found


def fetched(url: str) -> dict[str, list[str]]:
    """The answer to the address of a map's values."""
    address = urlparse(url)
    query = {key: value[0] for key, value in parse_qs(address.query).items()}
    _, _, build_id, name = address.path.split("/")
    body = map_data(build_id, name.removesuffix(".json"), query)
    assert body
    answer: dict[str, list[str]] = json.loads(gzip.decompress(body))
    return answer


def test_headline_is_what_the_view_says(county: County) -> None:
    app = start("coverage", **MARCH)
    row = views.coverage_headline(open_build(current_build_id(county.store), county.store), FILTERS)
    assert [metric.value for metric in app.metric] == [
        f"{row['coverage_share']:.1%}",
        f"{row['met_share']:.1%}",
        f"{row['hours_owed']:,.0f}",
        f"{row['swept_share']:.1%}",
        f"{row['mechanised_share']:.1%}",
    ]
    said = says(app)
    assert f"{row['covered_km_days']:,.1f} ÷ {row['standard_km_days']:,.1f} 公里·天" in said
    assert f"至少 {row['swept_lower_share']:.1%}" in said
    assert "排班 2025-03-01 至 2025-03-10" in said
    assert "仅按排班" not in said


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("grid", ["", "G1"])
def test_every_part_runs_by_link(county: County, part: str, grid: str) -> None:
    app = start("coverage", part=part, grid=grid, edition="2010 county", **MARCH)
    assert app.selectbox(key="coverage:edition").value == "2010 county"
    assert len(app.metric) == 5


def test_a_roster_alone_is_called_a_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    county = worked_county(tmp_path)
    recipe = county.recipe.read_text("utf-8")
    county.write("county.toml", recipe[: recipe.index("[[core_cleaning]]")])
    county.load()
    use_store(county.store, monkeypatch)
    app = start("coverage", **MARCH)
    assert "仅按排班，未见作业证据" in says(app)
    assert [metric.value for metric in app.metric][3:] == ["—", "—"]


@pytest.mark.parametrize("colouring", [code for code in COLOURINGS if code != "route"])
def test_the_map_gets_keys_that_have_a_colour(county: County, colouring: str) -> None:
    drawn = scene(start("coverage", streets=colouring, **MARCH))
    answer = fetched(drawn["values"])
    engine = open_build(current_build_id(county.store), county.store)
    assert set(answer) == set(views.coverage_by_segment(engine, FILTERS)["segment_id"])
    assert {key for key, _ in answer.values()} <= set(COLOURINGS[colouring].colours)
    assert all(text for _, text in answer.values())
    named = {colour for colour, _ in drawn["legend"]}
    assert {drawn["colours"][key] for key, _ in answer.values()} <= named


def test_a_street_of_the_link_shows_what_is_behind_a_day(county: County) -> None:
    app = start("coverage", segment="S1@G1", day="2025-03-04", **MARCH)
    said = says(app)
    assert "人民路" in said
    assert "2025-03-04 排班" in said
    assert "2025-03-04 作业台账" in said
    assert "2025-03-04 车辆轨迹" in said
    names = [list(frame.value.columns) for frame in app.dataframe]
    assert any("班次" in columns for columns in names)
    assert any("时速（公里）" in columns for columns in names)
    assert scene(app)["picked"] == "S1@G1"


def test_a_click_on_a_street_opens_it(county: County) -> None:
    app = start("coverage", **MARCH)
    app.session_state["coverage_map"] = {
        "last_active_drawing": {"properties": {"segment_id": "S3"}},
        "last_object_clicked": {"lat": 30.5, "lng": 111.2},
    }
    app.run()
    assert not app.exception
    assert any("北街" in element.value for element in app.subheader)


@pytest.mark.parametrize("lack", views.LACKS)
@pytest.mark.parametrize("layout", ["", "print"])
def test_the_list_is_in_the_order_of_the_walk(county: County, lack: str, layout: str) -> None:
    app = start("coverage", part="route", lack=lack, layout=layout, **MARCH)
    engine = open_build(current_build_id(county.store), county.store)
    walk = views.uncovered_route(engine, FILTERS, "", lack)
    if walk.empty:
        assert app.success
    elif layout:
        assert len(app.table[0].value) == len(walk)
    else:
        assert app.dataframe[0].value["路段编号"].tolist() == walk["segment_id"].tolist()
        assert set(fetched(scene(app)["values"])) == set(walk["segment_id"])


def test_a_period_without_data_is_not_shown_in_silence(county: County) -> None:
    engine = open_build(current_build_id(county.store), county.store)
    build = build_info(engine)
    asked = Filters(build.first_date, build.period_until)
    known = views.coverage_known(engine, asked.between(date(2026, 1, 1), date(2026, 1, 8)))
    assert not known.is_asked
    url = map_data_url("coverage_hours", build, known.filters, "2021")
    assert fetched(url), "the map shows the same days as the page"


def test_a_county_without_cleaning_data_is_told_what_to_bring(
    tiny_county: Callable[[], County], monkeypatch: pytest.MonkeyPatch
) -> None:
    county = tiny_county()
    county.load()
    use_store(county.store, monkeypatch)
    app = start("coverage")
    assert not app.metric
    assert "保洁班次" in app.info[0].value
    assert len(app.get("link_button")) == 3


@pytest.mark.parametrize("option", ["", "2021", "2021 bogus", "bogus"])
def test_an_address_of_no_walk_answers_nothing(county: County, option: str) -> None:
    query = {"since": "2026-01-01", "until": "2026-02-01", "option": option}
    assert map_data(current_build_id(county.store), "coverage_route", query) is None


def test_every_grade_and_state_has_its_word() -> None:
    assert set(GRADE_LABELS) == set(views.GRADES)
    assert set(CLEAN_NAMES) == {"clean", "quality", "lucky", "neglected", "unknown"}
    for one in COLOURINGS.values():
        assert set(one.names) <= set(one.colours)
