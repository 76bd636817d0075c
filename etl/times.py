"""Dates, times and deadlines in every shape that county files hold.

A shape is tried on what the shapes before it have left; what no shape fits stays missing and is
refused by the caller with its value. The order of day and month cannot be told from 4/12/2016, so a
file whose dates have it must say which it is (`date_order` of the recipe).
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Literal

import numpy as np
import pandas as pd

from data.standards import Calendar

DateOrder = Literal["ymd", "mdy", "dmy"]

FULL_DATE = len("20260305")
EARLIEST = pd.Timestamp("1900-01-01")
SENTINELS = (pd.Timestamp("1970-01-01"), pd.Timestamp("1900-01-01"))
EXCEL_DAY_ZERO = pd.Timestamp("1899-12-30")
CLOCK = (
    r"(?:[\sT]*(?P<half>上午|下午|晚上|凌晨|[AaPp][Mm])?\s*(?P<hour>\d{1,2})"
    r"(?:[:时点](?P<minute>\d{1,2})?(?:[:分](?P<second>\d{1,2})?(?:\.\d+)?秒?)?)?分?"
    r"\s*(?P<late>[AaPp][Mm])?)?"
)
YEAR_FIRST = rf"^(?P<year>\d{{4}})[-/.年](?P<month>\d{{1,2}})[-/.月](?P<day>\d{{1,2}})日?{CLOCK}$"
ALL_DIGITS = (
    r"^(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})"
    r"(?:(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?)?$"
)
MONTH_DAY = r"(?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"
DAY_MONTH = r"(?P<day>\d{1,2})[-/.](?P<month>\d{1,2})"
YEAR_LAST = rf"[-/.](?P<year>\d{{2}}|\d{{4}}),?{CLOCK}$"
SHAPES: dict[DateOrder, tuple[str, ...]] = {
    "ymd": (YEAR_FIRST, ALL_DIGITS),
    "mdy": (YEAR_FIRST, ALL_DIGITS, "^" + MONTH_DAY + YEAR_LAST),
    "dmy": (YEAR_FIRST, ALL_DIGITS, "^" + DAY_MONTH + YEAR_LAST),
}
CHINESE_DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")
MAY_HAVE_OFFSET = ":[^:]*[Z+-]"  # of every offset; Arrow finds it, for \s pandas asks Python a value
IS_OFFSET = r":[0-9]{2}(?:\.[0-9]+)?\s?(?:Z|[+-][0-9]{2}:?[0-9]{2})$"


def parse_times(
    values: pd.Series,
    timezone: str,
    *,
    formats: tuple[str, ...] = (),
    date_order: DateOrder = "ymd",
    zone_of_values: str = "",
) -> pd.Series:
    """Local times of `timezone` without zone; missing where no shape fits.

    values          text or missing, shape (n,).
    formats         strptime formats of the recipe, tried before all shapes.
    date_order      for dates whose year does not come first.
    zone_of_values  the zone that times without offset are in, where it is not `timezone` (a log in
                    UTC, say); times with an offset, and epochs, always say themselves.
    """
    parsed = pd.Series(pd.NaT, index=values.index, dtype="datetime64[us]")
    absolute = pd.Series(False, index=values.index)
    left = values.notna()

    def take(found: pd.Series, *, is_absolute: bool = False) -> None:
        nonlocal left
        hit = found.index[found.notna()]
        parsed[hit] = found[hit].astype(parsed.dtype)
        absolute[hit] = is_absolute
        left = left & parsed.isna()

    with_offset = left & values.str.contains(MAY_HAVE_OFFSET, regex=True).fillna(False)
    if with_offset.any():
        sure = values.where(with_offset).str.contains(IS_OFFSET, regex=True)
        with_offset = with_offset & sure.fillna(False).astype(bool)
    if with_offset.any():
        utc = pd.to_datetime(values[with_offset], format="ISO8601", errors="coerce", utc=True)
        take(utc.dt.tz_convert(timezone).dt.tz_localize(None), is_absolute=True)
    for form in formats:
        if left.any():
            take(pd.to_datetime(values[left], format=form, errors="coerce"))
    if left.any():
        text = values[left]  # the quick way for nearly every value of nearly every file
        take(pd.to_datetime(text.where(text.str.len() >= FULL_DATE), format="ISO8601", errors="coerce"))
    if left.any():
        take(_by_number(values[left], timezone), is_absolute=True)
    for shape in SHAPES[date_order]:
        if left.any():
            take(_by_shape(values[left], shape))
    if left.any():
        take(_by_shape(_in_digits(values[left]), YEAR_FIRST))
    if zone_of_values and zone_of_values != timezone:
        naive = parsed.notna() & ~absolute
        parsed[naive] = (
            parsed[naive]
            .dt.tz_localize(zone_of_values, ambiguous="NaT", nonexistent="NaT")
            .dt.tz_convert(timezone)
            .dt.tz_localize(None)
        )
    return parsed.where(parsed >= EARLIEST)


def is_sentinel(times: pd.Series) -> pd.Series:
    """Whether a time is what systems write for "none": the first second of an epoch."""
    return times.isin(SENTINELS)


def _by_number(values: pd.Series, timezone: str) -> pd.Series:
    """Excel serials (20000 to 80000: years 1954 to 2119), epoch seconds and milliseconds."""
    number = pd.to_numeric(values, errors="coerce").astype("float64")
    excel = number.where((number >= 20_000) & (number < 80_000))
    days = EXCEL_DAY_ZERO + pd.to_timedelta((excel * 86_400).round(), unit="s")
    digits = values.str.len()
    seconds = number.where((digits == 10) & (number > 1e9)).fillna(
        number.where((digits == 13) & (number > 1e12)) / 1000
    )
    epoch = pd.to_datetime(seconds.round(3), unit="s", errors="coerce", utc=True)
    local = epoch.dt.tz_convert(timezone).dt.tz_localize(None)
    return days.astype("datetime64[us]").fillna(local.astype("datetime64[us]"))


def _by_shape(values: pd.Series, shape: str) -> pd.Series:
    """Times of the values that match a pattern with named groups; others missing."""
    found = values.astype(object).str.extract(re.compile(shape))
    parts = {}
    for name in ("year", "month", "day", "hour", "minute", "second"):
        part = found[name] if name in found else pd.Series(np.nan, index=values.index)
        parts[name] = pd.to_numeric(part, errors="coerce").astype("float64")
    parts["year"] = parts["year"].where(parts["year"] >= 100, parts["year"] + 2000)
    for name in ("hour", "minute", "second"):
        parts[name] = parts[name].fillna(0)
    half = pd.Series("", index=values.index, dtype=object)
    for name in ("half", "late"):
        if name in found:
            half = half + found[name].fillna("").str.lower()
    hour = parts["hour"]
    is_afternoon = half.isin(["下午", "晚上", "pm"]) & (hour < 12)
    is_midnight = half.isin(["凌晨", "am"]) & (hour == 12)
    parts["hour"] = (hour + 12 * is_afternoon).mask(is_midnight, 0)
    is_clock = (parts["hour"] < 24) & (parts["minute"] < 60) & (parts["second"] < 60)
    return pd.to_datetime(pd.DataFrame(parts), errors="coerce").where(is_clock)


def _in_digits(values: pd.Series) -> pd.Series:
    """二〇二四年三月十五日 -> 2024年3月15日."""

    def tens(match: re.Match[str]) -> str:
        before, after = match.group(1), match.group(2)
        return f"{before or 1}{after or 0}"

    digits = values.astype(object).map(lambda text: text.translate(CHINESE_DIGITS))
    return digits.map(lambda text: re.sub(r"(\d?)十(\d?)", tens, text)).astype(values.dtype)


DURATION = re.compile(
    r"^(?P<count>\d+(?:\.\d+)?|[一二两三四五六七八九十]+)\s*个?\s*"
    r"(?P<unit>工作日|工作时|工作小时|自然日|日历日|天|日|小时|时|周|星期|个?月|分钟)(?:内|之内|以内)?$"
)
AT_ONCE = ("立行立改", "立即整改", "即知即改", "立整立改", "当场整改", "即时")
WORKDAY_HOURS = (9, 17)


def parse_duration(text: str) -> tuple[float, str] | None:
    """("3天") -> (3, "天"); None where the text is no duration. 立行立改 is (0, "立行立改")."""
    text = text.strip()
    if text.startswith(AT_ONCE):
        return 0.0, "立行立改"
    match = DURATION.match(text)
    if not match:
        return None
    count = match["count"]
    if not count[0].isdigit():
        count = _count(count)
    return float(count), match["unit"].removeprefix("个")


def _count(text: str) -> str:
    """十五 -> 15, 两 -> 2."""
    text = text.replace("两", "二").translate(CHINESE_DIGITS)
    return re.sub(r"(\d?)十(\d?)", lambda m: f"{m[1] or 1}{m[2] or 0}", text)


def deadline(
    reported_at: pd.Timestamp, text: str, calendar: Calendar, at_once_hours: float
) -> pd.Timestamp | None:
    """When a deadline given as a duration from the report falls due; None if it is no duration.

    Hours and weeks run through; a day or working day ends at 24:00 of the day it falls on; working
    hours run 8 a day from 9:00 (setting of the product until a county's own hours are known).
    """
    duration = parse_duration(text)
    if duration is None:
        return None
    count, unit = duration
    if unit == "立行立改":
        return reported_at + pd.Timedelta(hours=at_once_hours)
    if unit in ("小时", "时"):
        return reported_at + pd.Timedelta(hours=count)
    if unit == "分钟":
        return reported_at + pd.Timedelta(minutes=count)
    if unit in ("工作时", "工作小时"):
        return _add_working_hours(reported_at, count, calendar)
    if unit == "工作日":
        last = calendar.add_days(reported_at.date(), int(np.ceil(count)))
    else:
        days = {"周": 7, "星期": 7, "月": 30}.get(unit, 1) * count
        last = reported_at.date() + timedelta(days=int(np.ceil(days)))
    return pd.Timestamp(last) + pd.Timedelta(days=1)


def _add_working_hours(start: pd.Timestamp, hours: float, calendar: Calendar) -> pd.Timestamp:
    opens, closes = WORKDAY_HOURS
    left = pd.Timedelta(hours=hours)
    now = start
    while True:
        day = pd.Timestamp(now.date())
        begin = max(now, day + pd.Timedelta(hours=opens))
        end = day + pd.Timedelta(hours=closes)
        if calendar.is_worked(day.date()) and begin < end:
            if left <= end - begin:
                return begin + left
            left -= end - begin
        now = day + pd.Timedelta(days=1)
