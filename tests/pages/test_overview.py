"""总览: cards against targets, what is typed in, and what it says where there is too little data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from data import entries
from data.builds import current_build_id, open_build
from data.filters import Filters
from data.metrics import metrics
from data.views.headline import Progress, headline, headline_metrics, progress
from data.views.meeting import since_meeting
from data.views.overview import Build, build_info, issue_records
from data.views.reasons import worst_with_reasons
from geo.change import RateChange
from pages.ui.progress import progress_sentence
from pages.ui.text import number
from tests.conftest import County
from tests.pages.app import says, start, use_store

COUNTY = "demo"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def of(store: Path) -> Build:
    return build_info(open_build(current_build_id(store), store))


def last_days(store: Path, days: int) -> Filters:
    until = of(store).period_until
    return Filters(until - timedelta(days=days), until)


def test_cards_show_the_view_with_both_parts(store: Path) -> None:
    engine = open_build(current_build_id(store), store)
    filters = last_days(store, 365)
    frame = headline(engine, filters, filters.previous).frame.set_index("metric")
    app = start(period="365d")
    cards = {metric.label: metric.value for metric in app.metric[:4]}
    assert cards == {
        "每公里问题数（件/公里）": number(frame.loc["issues_per_km", "value"], 1),
        "30日反弹率": f"{frame.loc['rebound_30', 'value']:.1%}",
        "按期结案率": f"{frame.loc['on_time_share', 'value']:.1%}",
        "保洁时长达标率": f"{frame.loc['coverage_share', 'value']:.1%}",
    }
    row = frame.loc["issues_per_km"]
    assert f"{number(row['numerator'])} 件 ÷ {number(row['denominator'], 1)} 公里" in says(app)
    assert f"{frame.loc['coverage_share', 'evidence_share']:.0%} 有作业证据" in says(app)
    before_the_log = start(period="custom", since="2025-06-01", to="2025-07-31")
    assert "仅排班，没有作业证据" in says(before_the_log)
    assert says(app).count("未设目标") == 4
    assert all("较上一时段" in metric.delta for metric in app.metric[:4])


def test_too_few_and_less_than_a_year_are_said(store: Path) -> None:
    app = start(period="7d")
    rebound = app.metric[1]
    assert (rebound.label, rebound.value) == ("30日反弹率", "样本太少")
    assert "请选更长的时段" in says(app)
    build = of(store)
    early = start(period="custom", since=f"{build.first_date}", to="2025-07-31")
    assert says(early).count("去年同期 数据不足一年") == 4
    assert [metric.delta for metric in early.metric[:4]] == ["较上一时段：数据不足"] * 4


def test_setting_and_removing_a_target(store: Path) -> None:
    app = start(period="365d")
    app.number_input(key="target_on_time_share_value").set_value(99.5)
    app.text_input(key="target_on_time_share_source").set_value("县爱卫办")
    app.button(key="target_on_time_share_save").click().run()
    assert not app.exception
    said = entries.targets(COUNTY, store).iloc[0]
    assert (said["metric"], said["value"], said["source"]) == ("on_time_share", 99.5, "县爱卫办")
    assert "目标 ≥ 99.5%，:red[**未达到**]" in says(app)
    assert "县爱卫办" in says(app)
    app.button(key="target_on_time_share_remove").click().run()
    assert entries.targets(COUNTY, store).empty
    assert says(app).count("未设目标") == 4


def test_a_target_without_a_source_is_refused_in_words(store: Path) -> None:
    app = start()
    app.number_input(key="target_rebound_30_value").set_value(20)
    app.button(key="target_rebound_30_save").click().run()
    assert app.error
    assert entries.targets(COUNTY, store).empty


def test_a_target_per_km_is_for_thirty_days(store: Path) -> None:
    entries.set_target(COUNTY, "issues_per_km", 0.1, date(2026, 1, 1), "县爱卫办", store)
    assert "目标 ≤ 0.3，" in says(start(period="90d"))
    assert "每 30 天" in says(start(period="90d"))


def test_a_target_is_not_held_against_one_class(store: Path) -> None:
    entries.set_target(COUNTY, "issues_per_km", 0.1, date(2026, 1, 1), "县爱卫办", store)
    said = says(start(category="乱摆摊点"))
    assert "（对全部问题）" in said
    assert "未达到" not in said
    assert "不分大类和部门" in said


def test_the_change_is_since_the_last_bulletin(store: Path) -> None:
    bulletin = of(store).period_until - timedelta(days=20)
    entries.add_meeting(COUNTY, "bulletin", bulletin, "第九期", store=store)
    engine = open_build(current_build_id(store), store)
    filters = last_days(store, 90)
    before = filters.between(bulletin - timedelta(days=90), bulletin)
    row = headline(engine, filters, before).frame.iloc[0]
    app = start(period="90d")
    assert app.metric[0].delta == f"{row['value'] - row['before']:+,.1f}　较 {bulletin:%Y-%m-%d} 通报"


def test_a_meeting_its_promises_and_what_was_done(store: Path) -> None:
    app = start()
    assert "还没有登记会议" in says(app)
    app.text_input(key="meeting_title").set_value("十月调度会")
    app.date_input(key="meeting_day").set_value(of(store).period_until - timedelta(days=30))
    app.button(key="meeting_save").click().run()
    assert not app.exception
    assert "还没有登记承诺" in says(app)
    app.text_input(key="promise_responsible").set_value("县水利局")
    app.text_area(key="promise_content").set_value("清理河岸垃圾")
    app.date_input(key="promise_due").set_value(of(store).period_until - timedelta(days=9))
    app.button(key="promise_save").click().run()
    assert "**会上承诺 1 项**：已完成 0，逾期未完成 1，未到期 0" in says(app)
    app.date_input(key="finish_day").set_value(of(store).period_until - timedelta(days=10))
    app.text_input(key="finish_note").set_value("暗访组复核通过")
    app.button(key="finish_save").click().run()
    assert "：已完成 1，逾期未完成 0，未到期 0" in says(app)
    (kept,) = entries.promises(COUNTY, store=store).itertuples()
    assert (kept.responsible, kept.done_note) == ("县水利局", "暗访组复核通过")
    shown = next(frame.value for frame in app.dataframe if "承诺" in frame.value.columns)
    assert shown["状态"].tolist() == ["已完成"]
    app.button(key="finish_undo").click().run()
    assert entries.promises(COUNTY, store=store)["done_on"].isna().all()
    app.button(key="finish_remove").click().run()
    assert entries.promises(COUNTY, store=store).empty
    app.selectbox(key="meeting_wrong").set_value(
        int(entries.meetings(COUNTY, store)["meeting_id"].iloc[0])
    )
    app.run()
    app.button(key="meeting_remove").click().run()
    assert entries.meetings(COUNTY, store).empty


def test_since_a_day_in_the_link_with_the_records_behind_each_number(store: Path) -> None:
    engine = open_build(current_build_id(store), store)
    filters = last_days(store, 45)
    rows = since_meeting(engine, filters)
    app = start(since_meeting="day", since_day=f"{filters.since}")
    numbers = [rows[key].sum() for key in ("reported", "closed", "came_back", "late")]
    assert [metric.value for metric in app.metric[4:]] == [number(value) for value in numbers]
    for key in ("reported", "closed", "late"):
        app.segmented_control(key="since_records").set_value(key).run()
        assert not app.exception
        listed = app.dataframe[-1].value
        assert len(listed) == len(issue_records(engine, filters, key)), key
    app.segmented_control(key="since_records").set_value("came_back").run()
    assert len(app.dataframe[-1].value) == rows["came_back"].sum()


def test_a_meeting_after_the_data_says_so(store: Path) -> None:
    entries.add_meeting(COUNTY, "meeting", date(2030, 1, 1), "以后的会", store=store)
    assert "还没有 2030-01-01 以来的数据" in says(start())


def test_every_card_opens_its_records(store: Path) -> None:
    engine = open_build(current_build_id(store), store)
    for key in headline_metrics(engine):
        app = start(period="365d")
        app.button(key=f"records_{key}").click().run()
        assert not app.exception, key
        assert f"**{metrics()[key].title}**" in says(app)
        assert len(app.dataframe[0].value), key


def test_worst_grids_name_who_answers_and_why(store: Path) -> None:
    engine = open_build(current_build_id(store), store)
    worst = worst_with_reasons(engine, last_days(store, 365))
    said = [m.value.replace("\\", "") for m in start(period="365d").markdown]
    for row in worst.grids.itertuples():
        (sentence,) = [text for text in said if text.startswith(f"**{row.rank}. {row.grid_name}**")]
        assert f"（{row.lead_unit}）" in sentence
        assert sentence.count("；") >= len(worst.facts.query("grid_id == @row.grid_id"))
    assert len(worst.facts), "the demo county tells reasons"


def test_the_sentence_since_the_inspection_is_the_view(store: Path) -> None:
    engine = open_build(current_build_id(store), store)
    found = progress(engine, last_days(store, 90))
    said = says(start())
    assert f"检查后 {found.days} 天日常新增 {found.after} 件" in said
    assert f"{found.name}（" in said.replace("\\", "")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (RateChange(1.5, 1.2, 1.8), "**多了 50%**"),
        (RateChange(0.75, 0.6, 0.9), "**少了 25%**"),
        (RateChange(1.1, 0.8, 1.3), "没有明显变化"),
        (None, "还看不出"),
    ],
)
def test_the_verdict_follows_the_band(change: RateChange | None, words: str) -> None:
    day = date(2026, 10, 1)
    assert words in progress_sentence(Progress("暗访", day, day, 14, 100, 110, change))


def test_a_county_without_deadlines_cleaning_or_inspections(
    tiny_county: Callable[[], County], monkeypatch: pytest.MonkeyPatch
) -> None:
    county = tiny_county()
    county.load()
    use_store(county.store, monkeypatch)
    app = start(period="all", since_meeting="day", since_day="2025-03-02")
    values = [metric.value for metric in app.metric]
    assert values[1:] == ["样本太少", "10", "样本太少", "13", "3", "0", "无时限"]
    said = says(app)
    assert "数据里没有整改时限" in said
    assert "没有这段日子的保洁排班或作业记录" in said
    assert "此前没有检查轮次的记录" in said
    assert "时段内没有检查轮次的记录" in said
