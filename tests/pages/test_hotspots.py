"""问题热点: its four parts show what the views say, links reproduce them, picks open records."""

from __future__ import annotations

import gzip
import json
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from data.builds import current_build_id, open_build
from data.engine import DuckDBEngine
from data.filters import Filters
from data.views import hotspots
from data.views.border_zone import border_zone
from data.views.matrix import ALL, matrix
from data.views.overview import build_info
from geo.trend import NO_PATTERN
from pages.ui.map_data import map_data
from pages.ui.records import POINTS_SHOWN
from pages.ui.spots import STREET_UNTESTED_NAMES, TREND_COLOURS, TREND_WORDS
from tests.pages.app import says, start

MAP = "hotspots_map"


@pytest.fixture
def engine(store: Path) -> DuckDBEngine:
    return open_build(current_build_id(store), store)


@pytest.fixture
def year(engine: DuckDBEngine) -> Filters:
    until = build_info(engine).period_until
    return Filters(until - timedelta(days=365), until)


def scenes(app: AppTest) -> list[str]:
    """What the maps of a page were told."""
    return [component.proto.json_args for component in app.get("component_instance")]


def frames(app: AppTest) -> list[pd.DataFrame]:
    return [table.value for table in app.dataframe]


@pytest.mark.parametrize("colour", ["", "gi", "trend", "density", "streets", "heat"])
def test_every_way_to_colour_has_a_legend_and_a_sentence(store: Path, colour: str) -> None:
    app = start("hotspots", period="365d", colour=colour)
    legend = [html.value for html in app.get("html") if "：" in html.value]
    assert any("background" in one for one in legend)
    if colour == "heat":
        assert "只供观看" in says(app)
    if colour in ("density", "streets", "heat"):
        assert f"/map/{current_build_id(store)}/" in scenes(app)[0]
        assert "件/" in "".join(legend) or colour == "streets"


def test_a_link_to_a_street_shows_its_number_and_records(
    store: Path, engine: DuckDBEngine, year: Filters
) -> None:
    streets = hotspots.street_density_map(engine, year).streets
    row = streets[streets["reported"].between(1, 100)].iloc[0]
    app = start("hotspots", period="365d", colour="density", segment=row["segment_id"])
    assert f"整段 {row['reported']} 件" in says(app)
    assert f"共 {row['reported']} 件" in says(app)
    records = hotspots.segment_records(engine, year, row["segment_id"])
    assert all(f'\\"id\\":\\"{one}\\"' in scenes(app)[0] for one in records["issue_id"])
    in_grid = start("hotspots", period="365d", colour="density", grid=row["grid_id"])
    (listed,) = [frame for frame in frames(in_grid) if "最密处（件/百米）" in frame]
    assert listed["网格"].nunique() == 1
    app.button[0].click().run()
    assert "segment" not in app.query_params


def test_a_click_on_a_street_chooses_it_and_another_grid_lets_go(
    store: Path, engine: DuckDBEngine, year: Filters
) -> None:
    row = hotspots.segment_hot_spots(engine, year).query("numerator > 0").iloc[0]
    app = start("hotspots", period="365d", colour="streets")
    app.session_state[MAP] = {
        "last_active_drawing": {"properties": {"segment_id": row["segment_id"]}},
        "last_object_clicked": {"lat": 34.4, "lng": 107.9},
    }
    app.run()
    assert app.query_params["segment"] == row["segment_id"]
    assert f"（共 {row['numerator']} 件" in says(app)
    app.selectbox(key="grid").set_value(row["grid_id"]).run()
    assert "segment" not in app.query_params


def test_a_click_on_a_point_opens_the_record(store: Path, engine: DuckDBEngine, year: Filters) -> None:
    row = hotspots.segment_hot_spots(engine, year).query("numerator > 0").iloc[0]
    record = hotspots.segment_records(engine, year, row["segment_id"]).iloc[0]
    app = start("hotspots", period="365d", colour="streets", segment=row["segment_id"])
    app.session_state[MAP] = {
        "last_active_drawing": {"properties": {"id": record["issue_id"]}},
        "last_object_clicked": {"lat": 34.4, "lng": 107.9},
    }
    app.run()
    assert f"上报时间：{record['reported_at']:%Y-%m-%d %H:%M}" in says(app)


def test_the_grids_to_act_on_come_in_order(engine: DuckDBEngine, year: Filters) -> None:
    trends = hotspots.trend_classes(engine, year).frame
    app = start("hotspots", period="365d", colour="trend")
    urgent = trends[trends["trend_class"].str.endswith("_hot") & (trends["state"] == "tested")]
    if urgent.empty:
        assert "没有成为热点" in says(app)
    else:
        order = [list(TREND_COLOURS).index(name) for name in urgent["trend_class"]]
        shown = [
            word.split("：")[0] for word in (TREND_WORDS[list(TREND_COLOURS)[n]] for n in sorted(order))
        ]
        assert frames(app)[0]["趋势"].tolist() == shown
    assert list(TREND_COLOURS)[:3] == ["new_hot", "intensifying_hot", "persistent_hot"]
    assert set(TREND_COLOURS) == set(TREND_WORDS) | {"untested"}
    assert NO_PATTERN in TREND_COLOURS


def test_every_state_of_a_street_has_its_words() -> None:
    source = Path(hotspots.__file__).read_text("utf-8")
    for state in STREET_UNTESTED_NAMES:
        assert f'"{state}"' in source


@pytest.mark.parametrize("compare", ["before", "year", "other"])
def test_two_periods_move_together_on_one_scale(
    store: Path, engine: DuckDBEngine, compare: str
) -> None:
    until = build_info(engine).period_until
    now = Filters(until - timedelta(days=90), until)
    query = {"compare": compare, "part": "compare"}
    if compare == "other":
        query["compare_since"] = "2026-02-02"
    app = start("hotspots", **query)
    other = {
        "before": now.previous, "year": now.year_before, "other": now.starting(date(2026, 2, 2))
    }[compare]  # fmt: skip
    both = hotspots.compare_hot_spots(engine, now, other)
    assert [scene.count('\\"sync\\":\\"compare\\"') for scene in scenes(app)] == [1, 1]
    assert f"{other.since} 至 {other.until - timedelta(days=1)}" in says(app)
    (changes,) = [frame for frame in frames(app) if "变化（件/公里）" in frame]
    assert changes["网格"].tolist() == both.frame["grid_name"].tolist()
    for label, end in (("本时段", ""), ("对比时段", "_before")):
        assert changes[f"{label}（件）"].tolist() == both.frame[f"numerator{end}"].tolist()
        assert changes[f"{label}（公里）"].tolist() == both.frame[f"denominator{end}"].tolist()


@pytest.mark.parametrize("compare", ["before", "year", "other"])
def test_a_period_that_the_data_does_not_reach_is_said_so(store: Path, compare: str) -> None:
    app = start("hotspots", part="compare", compare=compare, period="all")
    assert "请选短一些的时段" in says(app) or "请在左侧选短一些的时段" in says(app)
    assert not scenes(app)


def test_a_cell_of_the_matrix_by_link_and_by_pick(
    store: Path, engine: DuckDBEngine, year: Filters
) -> None:
    found = matrix(engine, year, "department", "reported")
    grid_id, key = found.count.index[0], found.count.columns[1]
    query = {"part": "matrix", "period": "365d"}
    app = start("hotspots", **query, grid=grid_id, column=key)
    count = int(found.count.at[grid_id, key])
    assert f"新增（件）：**{count:,}**" in says(app)
    assert f"共 {count:,} 件" in says(app)
    assert "最新 500 件，共" in says(start("hotspots", **query)), "the county has more than are listed"
    picked = start("hotspots", **query)
    picked.session_state["matrix_cells"] = {
        "selection": {"rows": [], "columns": [], "cells": [(1, key)]}
    }
    picked.run()
    assert picked.selectbox(key="grid").value == grid_id
    assert picked.selectbox(key="hotspots:column").value == key
    (cells,) = [frame for frame in frames(app) if "合计" in frame]
    assert cells["合计"].iloc[0] == found.value.at[ALL, ALL]


@pytest.mark.parametrize("measure", ["per_km", "open_at_end", "on_time_share"])
@pytest.mark.parametrize("kind", ["department", "category_class"])
def test_every_matrix_is_drawn(store: Path, kind: str, measure: str) -> None:
    app = start("hotspots", part="matrix", matrix=kind, measure=measure, period="365d")
    assert "的记录**" in says(app)


def test_borders_by_pair_with_records(store: Path, engine: DuckDBEngine, year: Filters) -> None:
    zone = border_zone(engine, year)
    first = zone.pairs.iloc[0]
    pair = f"{first['grid_id']}~{first['other_id']}"
    app = start("hotspots", part="border", period="365d", pair=pair)
    assert f"**{zone.issues:,}** 件" in says(app)
    assert "推诿扯皮" in says(app)
    assert f"共 {first['reported']} 件" in says(app)
    assert ('\\"id\\"' in scenes(app)[0]) == (first["reported"] <= POINTS_SHOWN)
    assert "取消选择" not in [b.label for b in start("hotspots", part="border", pair="a~b").button]


def test_what_a_map_fetches_is_what_the_views_say(engine: DuckDBEngine, year: Filters) -> None:
    def fetched(name: str) -> dict[str, list[object]]:
        query = {"since": str(year.since), "until": str(year.until)}
        body = map_data(engine.build_id, name, query)
        assert body is not None
        answer: dict[str, list[object]] = json.loads(gzip.decompress(body))
        return answer

    spots = hotspots.segment_hot_spots(engine, year)
    told = fetched("street_spots")
    assert set(spots.loc[spots["numerator"] > 0, "segment_id"]) <= set(told)
    assert len(fetched("heat")["features"]) == len(hotspots.heat_bands(engine, year).shapes)
    assert len(fetched("border_zone")["features"]) == len(border_zone(engine, year).pairs)
    streets = hotspots.street_density_map(engine, year).streets
    assert set(fetched("street_density_texts")) == set(streets["segment_id"])
