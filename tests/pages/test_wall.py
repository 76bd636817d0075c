"""The wall's answer: numbers are those of the views, the address is read kindly, nothing is faked."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import shapely

from data.builds import current_build_id, open_build
from data.engine import DuckDBEngine
from data.entries import add_meeting, set_target
from data.filters import Filters
from data.views.coverage import coverage_by_grid, coverage_headline
from data.views.headline import headline, period_before
from data.views.hotspots import grid_hot_spots
from data.views.overview import build_info, departments, grid_density, grids, worst_grids
from data.views.rebound import rebound_by, rebound_ranks
from data.views.wall import worst_items
from pages.ui.slides import share_band
from pages.ui.slides_hotspots import SPOT_COLOURS
from pages.ui.slides_rebound import _limits
from pages.ui.spots import CLASS_NAMES
from pages.ui.wall import COMPOSE, SCENES, chosen, needed_px, stage_answer, type_px
from tests.conftest import County, collection, feature
from tests.pages.app import start, use_store


@pytest.fixture
def engine(store: Path) -> DuckDBEngine:
    return open_build(current_build_id(store), store)


def slides(**query: str) -> dict[str, Any]:
    """First slide by code of the scene."""
    answer = stage_answer(query)
    json.dumps(answer, allow_nan=False)
    return {slide["code"]: slide for slide in reversed(answer["slides"])}


def test_every_slide_keeps_to_its_budget(engine: DuckDBEngine) -> None:
    answer = stage_answer({"period": "365d"})
    assert list(dict.fromkeys(slide["scene"] for slide in answer["slides"])) == list(SCENES.values())
    assert answer["left_out"] == []
    for slide in answer["slides"]:
        assert 1 <= len(slide["numbers"]) <= 4
        assert len(slide["rows"]) <= 5
        assert slide["sentence"].count("。") <= 2
        assert set(slide["picture"]["fill"].values()) <= set(slide["picture"]["colours"])


def test_numbers_are_those_of_the_views(engine: DuckDBEngine) -> None:
    build = build_info(engine)
    filters = Filters(build.period_until - timedelta(days=365), build.period_until)
    shown = slides(period="365d")
    numbers = headline(engine, filters, filters.previous).frame["value"].tolist()
    assert [n["value"] for n in shown["overview"]["numbers"]] == [
        f"{numbers[0]:,.1f}", *(f"{100 * share:,.1f}" for share in numbers[1:]),
    ]  # fmt: skip
    worst = worst_grids(engine, filters)
    assert [(row["name"], row["value"]) for row in shown["overview"]["rows"]] == [
        (row.grid_name, f"{row.issues_per_km:,.1f}") for row in worst.itertuples()
    ]
    density = grid_density(engine, filters).frame
    assert shown["overview"]["picture"]["fill"] == {
        row.grid_id: str(row.band) if row.state == "shown" else "unknown"
        for row in density.itertuples()
    }
    spots = grid_hot_spots(engine, filters)
    assert shown["hotspots"]["numbers"][0]["value"] == str(int((spots["spot_class"] >= 1).sum()))
    county = rebound_by(engine, filters, "county").iloc[0]
    assert shown["rebound"]["numbers"][0]["value"] == f"{100 * county['rebound_30']:.1f}"
    ranks = rebound_ranks(engine, filters).query("rank > 0").head(5)
    assert [row["value"] for row in shown["rebound"]["rows"]] == [
        f"{share:.0%}" for share in ranks["rebound_30"]
    ]
    coverage = coverage_headline(engine, filters)
    assert shown["coverage"]["numbers"][0]["value"] == f"{100 * coverage['coverage_share']:.1f}"
    owed = coverage_by_grid(engine, filters).query("owed_per_km > 0").head(5)
    assert [row["name"] for row in shown["coverage"]["rows"]] == owed["grid_name"].tolist()
    assert "仅排班" in shown["coverage"]["sentence"]
    card = shown["cards"]
    assert card["title"] == worst["grid_name"].iloc[0]
    chosen_grid = Filters(filters.since, filters.until, "", worst["grid_id"].iloc[0])
    items = worst_items(engine, chosen_grid)
    assert [row["name"] for row in card["rows"]] == items["category"].tolist()
    assert all(row["photos"] == [] for row in card["rows"])


def test_the_address_is_read_kindly(engine: DuckDBEngine) -> None:
    build = build_info(engine)
    grid_id = worst_grids(engine, Filters(build.first_date, build.period_until))["grid_id"].iloc[0]
    query = {
        "scenes": "cards,ranking,overview,cards,<b>",
        "dwell": "soon",
        "screen": "-3",
        "dist": "nan",
        "period": "never",
        "category": "没有这类",
        "grids": f"nowhere,{grid_id}",
    }
    choice = chosen(query, build)
    assert choice.scenes == ("cards", "overview")
    assert (choice.dwell, choice.type_px) == (15, 52)
    assert choice.filters == Filters(build.period_until - timedelta(days=90), build.period_until)
    assert choice.grid_ids == (grid_id,)
    assert [slide["code"] for slide in stage_answer(query)["slides"]] == ["cards", "overview"]
    assert chosen({"scenes": "nonsense"}, build).scenes == tuple(SCENES)
    assert set(COMPOSE) | {"cards"} == set(SCENES)


def test_a_department_is_carried_to_every_slide(engine: DuckDBEngine) -> None:
    build, department = build_info(engine), departments(engine)[0]
    query = {"period": "365d", "department": department}
    filters = chosen(query, build).filters
    assert filters.department == department
    shown = slides(**query)
    worst = worst_grids(engine, filters)
    assert [row["name"] for row in shown["overview"]["rows"]] == worst["grid_name"].tolist()
    assert all(department in shown[code]["what"] for code in ("overview", "hotspots", "rebound"))
    assert shown["cards"]["rows_title"].endswith(f"　{department}")
    assert all(department in row["notes"][1] for row in shown["cards"]["rows"])
    assert chosen({"department": "没有这个部门"}, build).filters.department == ""


def test_a_target_for_all_issues_does_not_judge_one_department(
    engine: DuckDBEngine, store: Path
) -> None:
    for metric in ("rebound_30", "coverage_share"):
        set_target("demo", metric, 20, date(2026, 1, 1), "县爱卫办", store)
    labels = [number["label"] for number in slides(scenes="overview")["overview"]["numbers"]]
    assert ["目标" in label for label in labels] == [False, True, False, True]
    query = {"scenes": "overview", "department": departments(engine)[0]}
    labels = [number["label"] for number in slides(**query)["overview"]["numbers"]]
    assert ["目标" in label for label in labels] == [False, False, False, True]


@pytest.mark.parametrize(
    ("since", "to", "is_taken"),
    [("2026-09-01", "2026-09-10", True), ("2026-09-10", "2026-09-01", False), ("x", "", False)],
)
def test_a_custom_period_is_taken_where_it_makes_sense(
    engine: DuckDBEngine, since: str, to: str, is_taken: bool
) -> None:
    build = build_info(engine)
    filters = chosen({"period": "custom", "since": since, "to": to}, build).filters
    assert (str(filters.since) == since) == is_taken
    assert filters.days == (10 if is_taken else 90)


@pytest.mark.parametrize(("screen", "pixels"), [(65, 69), (86, 52), (100, 45)])
def test_type_is_as_high_as_the_distance_asks(screen: float, pixels: int) -> None:
    """16 arc-minutes at 10 m are 46.5 mm."""
    assert round(needed_px(screen, 10)) == pixels
    assert type_px(screen, 10) == pixels
    assert 28 <= type_px(400, 1) < type_px(20, 100)


def test_a_county_of_nothing_but_grids_says_why_each_scene_is_missing(
    tiny_county: Callable[[], County], monkeypatch: pytest.MonkeyPatch
) -> None:
    county = tiny_county()
    recipe = county.recipe.read_text("utf-8")
    county.recipe.write_text(recipe[: recipe.index("[[core_segment]]")], "utf-8")
    county.load()
    use_store(county.store, monkeypatch)
    answer = stage_answer({})
    assert answer["slides"] == []
    assert [one["title"] for one in answer["left_out"]] == list(SCENES.values())
    assert all(one["reason"].endswith("。") for one in answer["left_out"])


def test_one_grid_alone_has_an_overview_and_a_card(
    tiny_county: Callable[[], County], monkeypatch: pytest.MonkeyPatch
) -> None:
    county = tiny_county()
    whole = feature(shapely.box(0, 0, 1200, 1200), 网格编号="G1", 网格名称="网格1", 牵头单位="城关镇")
    county.write("grids.geojson", collection([whole]))
    county.load()
    use_store(county.store, monkeypatch)
    answer = stage_answer({"period": "all"})
    assert [slide["code"] for slide in answer["slides"]] == ["overview", "cards"]
    assert {one["title"] for one in answer["left_out"]} == {"热点", "反弹", "保洁"}


def test_a_rebound_of_nothing_has_no_band_and_says_so() -> None:
    row = {"lower_30": math.nan, "upper_30": math.nan}
    assert share_band(row) == "无区间"
    assert _limits(**{key.removesuffix("_30"): limit for key, limit in row.items()}) == ("—", "")
    assert share_band({"lower_30": 0.19, "upper_30": 0.47}) == "95% 区间 19%–47%"


def test_one_comparison_on_the_overview_and_it_is_named(engine: DuckDBEngine, store: Path) -> None:
    shown = slides(scenes="overview")["overview"]
    assert shown["sentence"].startswith("比上一时段：")
    day = build_info(engine).period_until - timedelta(days=40)
    add_meeting("demo", "bulletin", day, "通报", store=store)
    shown = slides(scenes="overview")["overview"]
    filters = chosen({}, build_info(engine)).filters
    before = grid_density(engine, period_before(filters, day)).frame.set_index("grid_name")
    assert shown["sentence"].startswith("比上次通报：")
    assert all("上次通报" in number["note"] for number in shown["numbers"])
    for row in shown["rows"]:
        earlier = before.loc[row["name"], "issues_per_km"]
        assert row["notes"][0].endswith(f"上次通报 {earlier:.1f}")


def test_cleaning_says_that_it_knows_no_departments(engine: DuckDBEngine) -> None:
    assert "不分" not in slides(scenes="coverage")["coverage"]["what"]
    query = {"scenes": "coverage", "department": departments(engine)[0]}
    assert "保洁数字不分大类和部门" in slides(**query)["coverage"]["what"]


def test_what_the_wall_shows_stands_in_the_address(engine: DuckDBEngine) -> None:
    grid_id = grids(engine)["grid_id"].iloc[0]
    app = start("wall", scenes="cards,overview", grids=grid_id, dwell="30", dist="x")
    assert app.multiselect(key="scenes_list").value == ["cards", "overview"]
    assert app.multiselect(key="grids_list").value == [grid_id]
    assert app.number_input(key="dwell_number").value == 30
    assert app.number_input(key="dist_number").value == 10
    app.multiselect(key="scenes_list").set_value(["hotspots"]).run()
    app.number_input(key="screen_number").set_value(65).run()
    asked = dict(app.query_params)
    assert (asked["scenes"], asked["screen"], asked["dwell"]) == ("hotspots", "65", "30")
    assert "dist" not in asked


def test_every_class_of_hot_spots_has_a_colour_and_a_word() -> None:
    assert set(SPOT_COLOURS) == set(CLASS_NAMES)
