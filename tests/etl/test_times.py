"""Dates, times and deadlines in the shapes that county files hold."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.standards import Calendar, calendar
from etl.times import DateOrder, deadline, is_sentinel, parse_duration, parse_times

ZONE = "Asia/Shanghai"
moments = st.datetimes(pd.Timestamp(1971, 1, 2), pd.Timestamp(2098, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0)
)


def parse(text: str, date_order: DateOrder = "ymd", zone: str = "") -> str:
    values = pd.Series([text], dtype=pd.StringDtype("pyarrow"))
    parsed = parse_times(values, ZONE, date_order=date_order, zone_of_values=zone)
    return "" if parsed.isna().item() else f"{parsed.item():%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-05 07:54:00", "2026-03-05 07:54:00"),
        ("2026-03-05T07:54:00.250", "2026-03-05 07:54:00"),
        ("2026-3-5 7:54", "2026-03-05 07:54:00"),
        ("2026/3/5 7:54:09", "2026-03-05 07:54:09"),
        ("2026.03.05", "2026-03-05 00:00:00"),
        ("2024年3月5日", "2024-03-05 00:00:00"),
        ("2024年3月5日 8时30分", "2024-03-05 08:30:00"),
        ("2024年3月5日下午3:07", "2024-03-05 15:07:00"),
        ("2024年3月5日上午 8时", "2024-03-05 08:00:00"),
        ("二〇二四年三月十五日", "2024-03-15 00:00:00"),
        ("二○二四年十二月二十一日", "2024-12-21 00:00:00"),
        ("20240305", "2024-03-05 00:00:00"),
        ("20240305075409", "2024-03-05 07:54:09"),
        ("45356", "2024-03-05 00:00:00"),  # Excel serial
        ("45356.5", "2024-03-05 12:00:00"),
        ("1709596800", "2024-03-05 08:00:00"),  # epoch seconds, midnight UTC
        ("1709596800000", "2024-03-05 08:00:00"),
        ("2024-03-05T00:00:00Z", "2024-03-05 08:00:00"),
        ("2024-03-05 00:00:00+09:00", "2024-03-04 23:00:00"),
        ("2024-02-30", ""),
        ("2026-13-05 08:00:00", ""),
        ("2024-03-05 25:00", ""),
        ("待定", ""),
        ("2024", ""),
        ("3月5日", ""),  # no year
        ("0001-01-01 00:00:00", ""),
        ("05/03/2024", ""),  # day and month cannot be told apart: refused unless the recipe says
    ],
)
def test_shapes(text: str, expected: str) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("4/12/2016 7:54", "mdy", "2016-04-12 07:54:00"),  # Syracuse
        ("4/12/2016 7:54", "dmy", "2016-12-04 07:54:00"),
        ("12/31/2017 11:59:58 PM", "mdy", "2017-12-31 23:59:58"),  # Los Angeles
        ("01/05/2018 12:00:00 AM", "mdy", "2018-01-05 00:00:00"),
        ("1/1/20 0:05", "mdy", "2020-01-01 00:05:00"),
        ("31/12/2017", "mdy", ""),
        ("2017-12-31", "mdy", "2017-12-31 00:00:00"),
    ],
)
def test_order_of_day_and_month_is_the_recipes(text: str, order: DateOrder, expected: str) -> None:
    assert parse(text, order) == expected


@given(moments)
def test_there_and_back_in_every_shape(moment: pd.Timestamp) -> None:
    expected = f"{moment:%Y-%m-%d %H:%M:%S}"
    for shape in (
        "%Y-%m-%d %H:%M:%S",
        "%Y/%m/%d %H:%M:%S",
        "%Y年%m月%d日 %H时%M分%S秒",
        "%Y%m%d%H%M%S",
    ):
        assert parse(moment.strftime(shape)) == expected
    assert parse(moment.strftime("%m/%d/%Y %I:%M:%S %p"), "mdy") == expected
    serial = (moment - pd.Timestamp("1899-12-30")) / pd.Timedelta(days=1)
    if 20_000 <= serial < 80_000:
        assert parse(f"{serial:.10f}") == expected
    utc = pd.Timestamp(moment, tz=ZONE)
    assert parse(f"{utc.timestamp() * 1000:.0f}".zfill(13)) in (expected, "")  # before 2001: too short


def test_a_log_in_utc_is_read_in_the_countys_time() -> None:
    assert parse("2024-03-05 16:30:00", zone="UTC") == "2024-03-06 00:30:00"
    assert parse("2024-03-05 16:30:00+08:00", zone="UTC") == "2024-03-05 16:30:00"


def test_the_first_second_of_an_epoch_means_none() -> None:
    values = pd.Series(["1970-01-01", "1970-01-01 00:00:01"], dtype=pd.StringDtype("pyarrow"))
    assert is_sentinel(parse_times(values, ZONE)).tolist() == [True, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3天", (3, "天")), ("5个工作日", (5, "工作日")), ("五个工作日内", (5, "工作日")),
        ("4工作时", (4, "工作时")), ("24小时", (24, "小时")), ("十五日", (15, "日")),
        ("两周", (2, "周")), ("1个月", (1, "月")), ("立行立改", (0, "立行立改")),
        ("立即整改到位", (0, "立行立改")), ("尽快", None), ("2026-03-05", None), ("", None),
    ],
)  # fmt: skip
def test_durations(text: str, expected: tuple[float, str] | None) -> None:
    assert parse_duration(text) == expected


NATIONAL_DAY = Calendar(
    frozenset(date(2025, 10, day) for day in range(1, 9)),
    frozenset([date(2025, 9, 28), date(2025, 10, 11)]),
)


@pytest.mark.parametrize(
    ("reported", "text", "due"),
    [
        # Tuesday 30 September 2025; 1 to 8 October off; Saturday 11 October is worked for it
        ("2025-09-30 15:00", "1个工作日", "2025-10-10 00:00"),
        ("2025-09-30 15:00", "3个工作日", "2025-10-12 00:00"),
        ("2025-09-26 15:00", "1个工作日", "2025-09-29 00:00"),  # Friday -> Sunday 28, worked
        ("2025-09-30 15:00", "3天", "2025-10-04 00:00"),
        ("2025-09-30 15:00", "24小时", "2025-10-01 15:00"),
        ("2025-09-30 15:00", "4工作时", "2025-10-09 11:00"),
        ("2025-09-30 07:00", "4工作时", "2025-09-30 13:00"),
        ("2025-09-30 15:00", "立行立改", "2025-10-01 15:00"),
        ("2025-09-30 15:00", "1周", "2025-10-08 00:00"),
    ],
)
def test_deadlines_by_hand(reported: str, text: str, due: str) -> None:
    found = deadline(pd.Timestamp(reported), text, NATIONAL_DAY, at_once_hours=24)
    assert found == pd.Timestamp(due)


@given(moments, st.integers(0, 30), st.sampled_from(["天", "个工作日", "小时", "工作时"]))
def test_more_time_is_never_an_earlier_deadline(moment: pd.Timestamp, count: int, unit: str) -> None:
    start = pd.Timestamp(moment)
    shorter, longer = (deadline(start, f"{n}{unit}", NATIONAL_DAY, 24) for n in (count, count + 1))
    assert shorter is not None
    assert longer is not None
    assert start <= shorter <= longer


def test_the_calendar_is_a_calendar() -> None:
    """No day is both, make-up days are weekends, and each year has the days off the law gives."""
    days = calendar()
    assert not days.holidays & days.workdays
    assert all(day.weekday() >= 5 for day in days.workdays)
    for year in {day.year for day in days.holidays}:
        first = date(year, 1, 1)
        worked = sum(days.is_worked(first + timedelta(days=n)) for n in range(365))
        assert 246 <= worked <= 252
