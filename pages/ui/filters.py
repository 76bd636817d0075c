"""The choices that stand in the URL: the filters all pages share, and the switches of one page."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import streamlit as st

from data.filters import Filters
from data.views.overview import Build, category_classes, departments
from pages.ui.read import read
from pages.ui.text import class_name

DAYS = {"7d": 7, "30d": 30, "90d": 90, "365d": 365}
PERIODS = {
    "7d": "近 7 天",
    "30d": "近 30 天",
    "90d": "近 90 天",
    "365d": "近一年",
    "all": "全部",
    "custom": "自定起止日期",
}
SHARED = {"period": "90d", "category": "", "department": "", "grid": ""}  # what links carry


def kept_as(key: str) -> str:
    """The name in the session of a choice: but for the shared ones, each page remembers its own."""
    return key if key in SHARED else f"{st.session_state.get('page', '')}:{key}"


def choose(key: str, code: str) -> None:
    """Choose for the person, before the widget of that choice is drawn."""
    st.session_state[kept_as(key)] = code


def chosen_params() -> dict[str, str]:
    """The shared choices that differ from the default, as a link to another page carries them."""
    chosen = {}
    for key, default in SHARED.items():
        value = st.session_state.get(key, st.query_params.get(key, default))
        if value != default:
            chosen[key] = value
    if chosen.get("period") == "custom":
        for key in ("since", "to"):
            if value := st.session_state.get(key, st.query_params.get(key)):
                chosen[key] = str(value)
    return chosen


def asked_code(key: str, default: str = "") -> str:
    """The code that the URL asks for, or that was chosen before; it may be of nothing there is."""
    kept, in_url = kept_as(key), st.query_params.get(key, default)
    # Going to another page by the menu empties the URL; that is no wish to see everything again.
    is_emptied = key not in st.query_params and st.session_state.get("has_page_changed", False)
    if in_url != st.session_state.get(f"{kept}_in_url") and not is_emptied:
        st.session_state[kept] = in_url  # a link, or the browser's back button
    return str(st.session_state.get(kept, default))


def url_select(
    label: str, names: dict[str, str], key: str, help_: str = "", *, default: str = ""
) -> str:
    """A select box whose choice stands in the URL as a short code and is there when one comes back.

    names  code -> what people read. Streamlit's own `bind="query-params"` writes the label into the
           URL, so a link would break when a grid is renamed.
    default  what an empty URL means; the shared filters have theirs in SHARED.
    """
    return _in_url(st.selectbox, label, names, key, help_, default)


def url_switch(
    label: str, names: dict[str, str], key: str, help_: str = "", *, default: str = ""
) -> str:
    """`url_select` for two to five choices that all stand on the screen."""
    return _in_url(_segments, label, names, key, help_, default)


def _segments(*args: Any, **kwargs: Any) -> str:
    return str(st.segmented_control(*args, required=True, **kwargs))


def url_value(key: str, new: str | None = None) -> str:
    """A choice made on a map or in a table, kept in the URL as `url_select` does; `new` replaces it."""
    value = asked_code(key) if new is None else new
    choose(key, value)
    _put_into_url(key, value, "")
    return value


def url_list(label: str, names: dict[str, str], key: str) -> list[str]:
    """Several choices, in the order in which they were made, kept as `url_select` keeps one."""
    shown = f"{key}_list"  # the widget's own key: it holds a list, the choice is text

    def keep() -> None:
        choose(key, ",".join(st.session_state[shown]))

    st.session_state[shown] = [code for code in asked_code(key).split(",") if code in names]
    chosen = st.multiselect(
        label, list(names), format_func=names.__getitem__, key=shown, on_change=keep
    )
    url_value(key, ",".join(chosen))
    return chosen


def url_number(
    label: str, limits: tuple[int, int], default: int, key: str, *, disabled: bool = False
) -> int:
    """A whole number, kept as `url_select` keeps a choice; what is none or out of limits is default.

    A default out of limits is the nearest of them: Streamlit would show and return the lower one.
    """
    shown = f"{key}_number"
    default = min(max(default, limits[0]), limits[1])

    def keep() -> None:
        choose(key, str(st.session_state[shown]))

    asked = asked_code(key, str(default))
    is_whole = asked.isdecimal() and limits[0] <= int(asked) <= limits[1]
    st.session_state[shown] = int(asked) if is_whole else default
    chosen = st.number_input(label, *limits, key=shown, on_change=keep, disabled=disabled)
    choose(key, str(chosen))
    _put_into_url(key, str(chosen), str(default))
    return chosen


def _in_url(widget: Any, label: str, names: dict[str, str], key: str, help_: str, default: str) -> str:
    default = SHARED.get(key, default)
    asked = asked_code(key, default)
    choose(key, asked if asked in names else default)
    chosen: str = widget(
        label,
        list(names),
        format_func=names.__getitem__,
        key=kept_as(key),
        help=help_ or None,
        persist_state="session",
    )
    _put_into_url(key, chosen, default)
    return chosen


def _put_into_url(key: str, chosen: str, default: str) -> None:
    if chosen != st.query_params.get(key, default):
        if chosen == default:
            del st.query_params[key]
        else:
            st.query_params[key] = chosen
    st.session_state[f"{kept_as(key)}_in_url"] = chosen


def choose_filters(build: Build) -> Filters:
    """Draw the shared filters and return the choice; filters.grid_id is left to the page."""
    classes = read(category_classes, build.build_id)
    owners = read(departments, build.build_id)
    with st.sidebar:
        st.subheader("筛选")
        chosen = url_select("时段", PERIODS, "period", "最近的时段都以“数据截至”的前一日为终点。")
        since, until = _period(chosen, build)
        category_class = url_select(
            "问题大类", {"": "全部"} | {name: class_name(name) for name in classes}, "category"
        )
        department = ""
        if owners:
            names = {"": "全部"} | {name: name for name in owners}
            department = url_select("处置部门", names, "department")
    return Filters(since, until, category_class, department=department)


def rolling_period(chosen: str, build: Build) -> tuple[date, date]:
    """The period of a code that is not custom: it ends where the data is complete."""
    if chosen == "all":
        return build.first_date, build.period_until
    return build.period_until - timedelta(days=DAYS[chosen]), build.period_until


def _period(chosen: str, build: Build) -> tuple[date, date]:
    if chosen != "custom":
        return rolling_period(chosen, build)
    last_day = build.period_until - timedelta(days=1)
    a_month = max(build.period_until - timedelta(days=30), build.first_date)
    since = _day("从", "since", a_month, build)
    last = _day("到（含）", "to", last_day, build)
    if since > last:
        st.warning("开始日期晚于结束日期，已按只看结束那一天处理。")
        since = last
    return since, last + timedelta(days=1)


def _day(label: str, key: str, default: date, build: Build) -> date:
    """A day within the data, in the URL."""
    day: date = st.date_input(
        label,
        default,
        min_value=build.first_date,
        max_value=build.period_until - timedelta(days=1),
        format="YYYY-MM-DD",
        key=key,
        bind="query-params",
    )
    return day
