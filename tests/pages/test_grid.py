"""我的网格: choosing it, what to do in order, the same numbers on screen, paper and in Excel."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from data.builds import current_build_id, open_build
from data.export import workbook
from data.filters import Filters
from data.views import todo
from data.views.overview import Build, build_info
from data.views.rebound import rebound_by
from pages.ui.grid_print import grid_page, grid_url
from pages.ui.issue_cards import DUE_COLOURS, DUE_NAMES, FIRST
from pages.ui.my_grid import grid_day, numbers, sheets
from tests.conftest import County
from tests.pages.app import start, use_store

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def a_build(folder: Path) -> Build:
    return build_info(open_build(current_build_id(folder), folder))


def last_90_days(build: Build, grid_id: str = "") -> Filters:
    """What the page shows where nothing is chosen."""
    return Filters(build.period_until - timedelta(days=90), build.period_until, grid_id=grid_id)


@pytest.fixture
def busiest(store: Path) -> str:
    """The grid with most open issues."""
    engine = open_build(current_build_id(store), store)
    frame = todo.standings(engine, last_90_days(a_build(store)))
    return str(frame.sort_values("open")["grid_id"].iloc[-1])


def html(app: AppTest) -> str:
    return "".join(element.value for element in app.get("html"))


def text(page: str) -> str:
    return re.sub(r"<[^>]*>", " ", page)


def test_without_a_grid_a_unit_then_a_grid_is_chosen(store: Path) -> None:
    app = start("grid")
    assert app.title[0].value == "我的网格"
    units = [button for button in app.button if "个网格" in button.label]
    assert len(units) == app.selectbox(key="grid:unit").options.__len__() - 1
    units[0].click().run()
    unit = app.selectbox(key="grid:unit").value
    assert app.query_params["unit"] == unit
    assert unit in app.title[0].value
    next(button for button in app.button if "逾期" in button.label).click().run()
    assert app.query_params["grid"] == app.selectbox(key="grid").value
    assert not app.exception


def test_a_unit_offers_its_own_grids_only(store: Path) -> None:
    engine = open_build(current_build_id(store), store)
    frame = todo.standings(engine, last_90_days(a_build(store)))
    unit = frame["lead_unit"].mode()[0]
    app = start("grid", unit=unit)
    own = frame[frame["lead_unit"] == unit]
    assert len(app.selectbox(key="grid").options) == len(own) + 1
    assert f"{own['overdue'].sum():,} 件" in html(app)


def test_an_unknown_grid_in_a_link_leads_to_the_choice(store: Path) -> None:
    assert start("grid", grid="no-such-grid").title[0].value == "我的网格"


def test_what_to_do_stands_in_order(store: Path, busiest: str) -> None:
    engine = open_build(current_build_id(store), store)
    filters = last_90_days(a_build(store), busiest)
    app = start("grid", grid=busiest)
    issues, returns = todo.open_issues(engine, filters), todo.came_back(engine, filters)
    overdue = issues[issues["state"] == "overdue"]
    rest = issues[issues["state"] != "overdue"]
    heads = [one.value for one in app.subheader]
    assert heads[:3] == [
        f"逾期未整改　{len(overdue)} 件",
        f"未到期与无时限　{len(rest)} 件",
        f"近 30 天反弹　{len(returns)} 件",
    ]
    expected = pd.concat([frame["issue_id"].head(FIRST) for frame in (overdue, rest, returns)])
    assert re.findall(r'class="small">([\w-]+)</span></header>', html(app)) == expected.tolist()
    days = [int(one) for one in re.findall(r"<strong>逾期 (\d+) 天", html(app))]
    assert days == sorted(days, reverse=True)


def test_screen_paper_and_workbook_hold_the_same_numbers(store: Path, busiest: str) -> None:
    build = a_build(store)
    filters = last_90_days(build, busiest)
    day = grid_day(build, filters)
    shown = [(one.title, one.value, one.parts) for one in numbers(day.standing)]
    tiles = re.findall(
        r"<div>([^<]+)<strong>([^<]+)</strong>([^<]+)</div>", html(start("grid", grid=busiest))
    )
    assert tiles == shown
    query = {name: str(value) for name, value in filters.params.items()}
    page = grid_page(build.build_id, query).decode()
    assert re.findall(r"<div>([^<]*)<b>([^<]*)</b>([^<]*)</div>", page) == shown
    for title, frame, unit in (
        ("逾期未整改", day.overdue, "件"),
        ("未到期与无时限", day.not_overdue, "件"),
        ("近 30 天反弹", day.returns, "件"),
        ("道路", day.streets, "条"),
        ("交界", day.borders, "个相邻网格"),
    ):
        assert f"<h2>{title}：{len(frame)} {unit}</h2>" in page
    book = pd.read_excel(io.BytesIO(workbook(sheets(day))), sheet_name=None, engine="calamine")
    assert book["总表"]["屏幕所示"].tolist() == [value for _, value, _ in shown]
    assert book["总表"]["说明"].tolist() == [parts for *_, parts in shown]
    sizes = {name: len(sheet) for name, sheet in book.items()}
    assert sizes["逾期"] == len(day.overdue) == day.standing["overdue"]
    assert sizes["未整改"] == len(day.issues) == day.standing["open"]
    assert sizes["反弹"] == len(day.returns)
    assert sizes["道路"] == len(day.streets)
    assert book["交界"]["交界问题（件）"].tolist() == day.borders["reported"].tolist()


def test_paper_says_what_it_leaves_out(store: Path, busiest: str) -> None:
    build = a_build(store)
    day = grid_day(build, last_90_days(build, busiest))
    page = grid_page(build.build_id, {k: str(v) for k, v in day.filters.params.items()}).decode()
    lists = page.split("<h2>")[1:]
    for one in lists:
        count = int(re.match(r"[^：]*：(\d+)", one).group(1))  # type: ignore[union-attr]
        left_out = re.search(r"另有 (\d+) ", one)
        rows = max(0, one.count("<tr>") - 1)
        assert rows + (int(left_out.group(1)) if left_out else 0) == count
    assert grid_url(build, day.filters).startswith(f"/print/{build.build_id}/grid.html?")


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"since": "2026-01-01"},
        {"since": "x", "until": "y"},
        {"since": "2026-01-01", "until": "2026-02-01", "grid_id": "none"},
    ],
)
def test_an_address_of_nothing_is_no_page(store: Path, query: dict[str, str]) -> None:
    assert grid_page(current_build_id(store), query) is None


def test_every_number_opens_its_records(store: Path, busiest: str) -> None:
    build = a_build(store)
    day = grid_day(build, last_90_days(build, busiest))
    app = start("grid", grid=busiest)
    tables = len(app.dataframe)
    sizes = {}
    for metric in ("overdue_open", "on_time_share", "issues_per_km", "rebound_30", "hours_owed"):
        app.button_group(key="my_grid_number").set_value(metric).run()
        assert not app.exception
        assert len(app.dataframe) == tables + 1
        sizes[metric] = len(app.dataframe[0].value)
    assert sizes["overdue_open"] == len(day.overdue)
    rebounds = rebound_by(open_build(build.build_id, store), day.filters, "county").iloc[0]
    assert sizes["rebound_30"] == min(500, rebounds["rebounds_30"])
    assert sizes["on_time_share"] == min(500, day.standing["due"])
    assert sizes["issues_per_km"] == min(500, day.standing["reported"])


def test_more_cards_are_shown_when_asked_for(store: Path, busiest: str) -> None:
    app = start("grid", grid=busiest)
    before = html(app).count("<article")
    more = [button for button in app.button if button.label.startswith("显示更多")]
    assert more, "the busiest grid has more than the first cards"
    more[0].click().run()
    assert html(app).count("<article") > before


def test_a_county_without_deadlines_says_so(
    tiny_county: Callable[[], County], monkeypatch: pytest.MonkeyPatch
) -> None:
    county = tiny_county()
    county.load()
    use_store(county.store, monkeypatch)
    app = start("grid", grid="G1", period="all")
    assert "没有时限，不判逾期" in text(html(app))
    assert any("没有排班" in info.value for info in app.info)


def test_imported_words_stay_words_on_cards_and_paper(
    tiny_county: Callable[[], County], monkeypatch: pytest.MonkeyPatch
) -> None:
    county = tiny_county()
    county.edit("platform.csv", "暴露垃圾", "<img src=x onerror=alert(1)>", "gbk")
    county.edit("grids.geojson", '"网格1"', '"<script>alert(1)</script>"')
    county.load()
    use_store(county.store, monkeypatch)
    build = a_build(county.store)
    pages = [html(start("grid", grid=f"G{number}", period="all")) for number in (1, 2)]
    for number in (1, 2):
        query = {"since": "2025-01-01", "until": "2026-01-01", "grid_id": f"G{number}"}
        pages.append(grid_page(build.build_id, query).decode())
    for page in pages:
        assert "<img src=x" not in page
        assert "<script>alert" not in page
    assert any("&lt;img src=x" in page for page in pages)


def test_every_state_has_its_word_and_colour() -> None:
    source = Path(todo.__file__).read_text("utf-8")
    assert set(DUE_NAMES) == {"overdue", "due_today", "due_soon", "later", "no_deadline"}
    assert all(f'"{state}"' in source for state in DUE_NAMES)
    assert set(DUE_COLOURS) == {*DUE_NAMES, "came_back"}
