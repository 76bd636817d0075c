"""反弹趋势: the numbers are those of the views, every part says what is missing, links reproduce."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from data.builds import current_build_id, open_build
from data.engine import DuckDBEngine
from data.filters import Filters
from data.views import inspections, overview, rebound
from geo.inspection import InspectionEffect
from pages.ui.rebounds import (
    NO_CONTROL,
    change,
    effect_sentence,
    rank_band,
    rebound_sentence,
    trend_sentence,
)
from pages.ui.tables import picked
from pages.ui.text import class_name
from tests.conftest import County
from tests.pages.app import says, start, use_store

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
PARTS = ["", "rank", "slack", "repeat", "calendar"]


@pytest.fixture
def engine(store: Path) -> DuckDBEngine:
    return open_build(current_build_id(store), store)


def whole(engine: DuckDBEngine) -> Filters:
    build = overview.build_info(engine)
    return Filters(build.first_date, build.period_until)


def charts(app: AppTest) -> list[dict[str, Any]]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def columns(app: AppTest, name: str) -> list[pd.DataFrame]:
    """The tables that have a column of this name."""
    return [table.value for table in app.dataframe if name in table.value.columns]


@pytest.mark.parametrize("part", PARTS)
def test_every_part_shows_something(store: Path, part: str) -> None:
    app = start("rebound", part=part, period="all")
    assert charts(app) or app.get("component_instance")
    assert not app.info or "数据说明" in app.info[0].value


@pytest.mark.parametrize("part", PARTS)
def test_every_part_says_what_is_missing(
    part: str, tiny_county: Callable[[], County], monkeypatch: pytest.MonkeyPatch
) -> None:
    county = tiny_county()
    recipe = county.recipe.read_text("utf-8")
    county.recipe.write_text(recipe[: recipe.index("[[core_segment]]")], "utf-8")
    county.load()
    use_store(county.store, monkeypatch)
    app = start("rebound", part=part)
    assert "没有" in app.info[0].value
    assert not charts(app)


def test_the_headline_is_the_views(engine: DuckDBEngine) -> None:
    (row,) = rebound.rebound_by(engine, whole(engine), "county").to_dict("records")
    app = start("rebound", period="all")
    assert [metric.value for metric in app.metric] == [
        f"{row[f'rebound_{day}']:.1%}" for day in rebound.DAYS
    ]
    assert f"**{row['closed']:,}** 处问题，14 天内有 **{row['rebound_14']:.1%}**" in says(app)
    assert f"{row['rebounds_30']:,} 处 · 第 30 日仍在观察 {row['at_risk_30']:,} 处" in says(app)


def test_grid_class_and_category_are_laid_over_the_county(engine: DuckDBEngine) -> None:
    found = rebound.rebound_by(engine, whole(engine), "grid").iloc[0]
    app = start("rebound", period="all", grid=found["key"], kind="店外经营", category="乱扔乱倒")
    names = [trace["name"] for trace in charts(app)[0]["data"] if "name" in trace]
    assert names[:3] == ["全县", "全县 · 乱扔乱倒", "全县 · 店外经营"]
    too_few = f"{found['name']} · 乱扔乱倒：时段内没有足够" in says(app)
    assert names[3:] == [f"{found['name']} · 乱扔乱倒"] or too_few


def test_times_of_closing_and_of_verification_differ(engine: DuckDBEngine) -> None:
    (row,) = rebound.rebound_by(engine, whole(engine), "county", "verified").to_dict("records")
    app = start("rebound", period="all", close_by="verified")
    assert f"核查销号的 **{row['closed']:,}** 处" in says(app)


def test_months_not_over_for_long_enough_are_named(store: Path) -> None:
    app = start("rebound", step="month")
    assert "2026-10 整改的还没有都观察满 30 天" in says(app)
    assert "2026-10" not in str(charts(app)[1]["data"][0]["customdata"])


def test_the_ranking_counts_and_the_rest_is_too_few(engine: DuckDBEngine) -> None:
    frame = rebound.rebound_ranks(engine, whole(engine), "category", "closed", 14)
    app = start("rebound", part="rank", rank_by="category", days="14", period="all")
    ranked, few = columns(app, "14日内反弹")
    is_shown = frame["is_shown_14"]
    assert ranked["14日内反弹"].tolist() == frame.loc[is_shown, "rebounds_14"].tolist()
    assert ranked["第14日仍在观察"].min() >= 20
    assert sorted(few["小类"]) == sorted(frame.loc[~is_shown, "key"].map(class_name))
    assert ranked["名次区间"].str.startswith("第").all()


def test_a_row_of_the_ranking_opens_as_many_records_as_it_counts(engine: DuckDBEngine) -> None:
    frame = rebound.rebound_ranks(engine, whole(engine), "department")
    row = frame.iloc[0]
    app = start("rebound", part="rank", rank_by="department", period="all", who=row["key"])
    (records,) = columns(app, "相隔（天）")
    assert len(records) == row["rebounds_30"]
    assert set(records["处置部门"]) == {row["key"]}
    pair = records["前一件"].iloc[0]
    app = start("rebound", part="rank", rank_by="department", period="all", who=row["key"], pair=pair)
    first, second = columns(app, "角色")
    assert first["编号"].iloc[0] == pair
    shown = [frame.proto.alt for frame in app.dataframe]
    assert f"案卷{pair}" in shown, "not the episode's number, which changes with every build"
    assert second["编号"].iloc[0] == records["后一件"].iloc[0]


def test_each_inspection_is_a_line(engine: DuckDBEngine) -> None:
    found = rebound.slackening(engine, whole(engine))
    app = start("rebound", part="slack", round="3")
    lines = charts(app)[0]["data"]
    assert len(lines) == found.inspections["is_shown"].sum() + 1
    assert [line["name"] for line in lines if line.get("showlegend") is not False] == [
        "市爱卫办明查", "全部轮次合计",
    ]  # fmt: skip
    assert effect_sentence(found) in says(app)
    assert found.effect is not None
    assert (NO_CONTROL in says(app)) == (not found.effect.has_uninspected)


def test_a_repeat_place_opens_its_history(engine: DuckDBEngine) -> None:
    places = rebound.repeat_places(engine, whole(engine))
    place = places.iloc[0]
    code = f"{place['lon']:.5f},{place['lat']:.5f},{place['category']}"
    app = start("rebound", part="repeat", period="all", place=code)
    assert f"共 **{len(places):,}** 处反复点位" in says(app)
    (history,) = columns(app, "首次上报")
    assert len(history) >= place["episodes"]
    (component,) = app.get("component_instance")
    assert f"{place['lon']:.5f}" in component.proto.json_args, "the point is on the map"
    first = history["首件编号"].iloc[0]
    app = start("rebound", part="repeat", period="all", place=code, episode=first)
    assert columns(app, "角色")[0]["编号"].iloc[0] == first


def test_an_inspection_opens_its_finds(engine: DuckDBEngine) -> None:
    rounds = inspections.inspections(engine, whole(engine)).set_index("inspection_id")
    app = start("rebound", part="calendar", round="10")
    assert columns(app, "发现（件）")[0]["发现（件）"].tolist() == rounds["found"].tolist()[::-1]
    assert len(columns(app, "编号")[0]) == min(500, rounds.loc["10", "found"])
    drawn = [x for trace in charts(app)[0]["data"][1:] for x in trace["customdata"]]
    assert len(drawn) == (rounds["last_date"] - rounds["first_date"]).dt.days.sum() + len(rounds)


def test_a_link_to_nothing_opens_nothing(store: Path) -> None:
    app = start("rebound", part="calendar", round="no-such-round")
    assert not columns(app, "编号")
    assert "round" not in app.query_params


def test_a_picked_row_stands_in_the_url_until_something_else_is_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url: dict[str, str] = {"key": "b"}
    state: dict[str, object] = {}
    for module in ("tables", "filters"):
        monkeypatch.setattr(f"pages.ui.{module}.st.query_params", url)
        monkeypatch.setattr(f"pages.ui.{module}.st.session_state", state)
    codes = ["a", "b", "c"]

    def pick(*rows: int) -> None:
        state["rows"] = {"selection": {"rows": list(rows)}}

    assert picked("key", "rows", codes) == "b", "a link picks"
    pick(2)
    assert picked("key", "rows", codes) == url["key"] == "c"
    assert picked("key", "other", codes) == "c", "another table does not answer for this one"
    assert picked("key", "rows", codes, "a") == url["key"] == "a", "a click counts beside the old row"
    assert picked("key", "rows", codes) == "a", "and stays"
    pick()
    assert picked("key", "rows", codes) == "", "the row was given up"
    assert "key" not in url
    pick(1)
    assert picked("key", "rows", codes) == "b"
    del state["rows"]
    assert picked("key", "rows", ["b", "d"]) == "b", "a table drawn anew keeps what was picked"
    assert picked("key", "rows", ["d"]) == ""


def effect(rise: float, band: tuple[float, float]) -> InspectionEffect:
    same = (0.9, 1.1)
    return InspectionEffect(rise, band, 1.0, same, 1.0, same, 1.2, 30, 20)


def test_sentences_say_when_nothing_can_be_seen() -> None:
    assert "看不出变化" in change(1.2, (0.9, 1.6), "之前")
    assert change(1.2, (1.1, 1.3), "之前") == "比之前**多 20%**（95% 区间 10%–30%）"
    assert change(0.7, (0.6, 0.8), "之前") == "比之前**少 30%**（95% 区间 20%–40%）"
    nothing = pd.DataFrame()
    for found, words in (
        (effect(1.3, (1.1, 1.5)), "比检查期间**多 30%**"),
        (effect(1.3, (0.8, 1.9)), "与检查期间相比**看不出变化**"),
        (effect(math.nan, (math.nan, math.nan)), "估计不出"),
        (None, "估计不出"),
    ):
        assert words in effect_sentence(rebound.Slackening(nothing, nothing, found, nothing))


def test_two_months_are_compared_by_their_bands() -> None:
    months = pd.DataFrame(
        {
            "since": pd.to_datetime(["2026-01-01", "2026-02-01", "2026-03-01"]),
            "is_complete": [True, True, False],
            "is_shown_30": True,
            "rebound_30": [0.3, 0.1, 0.5],
            "lower_30": [0.25, 0.05, 0.4],
            "upper_30": [0.35, 0.15, 0.6],
        }
    )
    said = trend_sentence(months, "month")
    assert "变少了" in said
    assert "2026-03 整改的还没有都观察满" in said
    assert "看不出变化" in trend_sentence(months.assign(lower_30=0.0, upper_30=0.5), "month")
    assert "变多了" in trend_sentence(
        months.iloc[:2].assign(rebound_30=[0.1, 0.3], lower_30=[0, 0.25], upper_30=[0.2, 0.4]), "month"
    )
    no_band = months.assign(rebound_30=0.0, lower_30=math.nan, upper_30=math.nan)
    assert "有重叠" not in trend_sentence(no_band, "month")
    assert "没有区间的一段不能判断" in trend_sentence(no_band, "month")
    assert "不足两段" in trend_sentence(months.iloc[:1], "month")


def test_words_of_small_numbers() -> None:
    assert rank_band(3, 7) == "第3–7名"
    assert rank_band(2, 2) == "第2名"
    assert rank_band(0, 0) == ""
    few = {"closed": 9, "is_shown_14": False, "at_risk_14": 3}
    assert "样本太少：第 14 日仍在观察的只有 3 处，少于 20 处" in rebound_sentence(few, "closed")


@pytest.mark.parametrize("part", PARTS)
def test_the_period_of_a_day_breaks_nothing(engine: DuckDBEngine, part: str) -> None:
    day = overview.build_info(engine).period_until - timedelta(days=1)
    app = start("rebound", part=part, period="custom", since=f"{day}", to=f"{day}")
    assert app.title[0].value.startswith("反弹趋势")


def test_the_curves_of_a_department_are_not_called_the_county(engine: DuckDBEngine) -> None:
    department = overview.departments(engine)[0]
    curves = charts(start("rebound", period="all", department=department))[0]["data"]
    names = {curve["name"] for curve in curves if curve.get("name")}
    assert f"全县 · {department}" in names
    assert "全县" not in names
