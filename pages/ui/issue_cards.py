"""Issues as cards: what, where, by when, by whom, in an order that says what to do first."""

from __future__ import annotations

from collections.abc import Hashable
from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from pages.ui.photos import STYLE as PHOTO_STYLE
from pages.ui.photos import pair_html
from pages.ui.text import class_name

Record = dict[Hashable, Any]  # one row of a frame
FIRST, MOST = 9, 30  # cards shown at once, and at most: more is a table's work
DUE_NAMES = {
    "overdue": "逾期",
    "due_today": "今天到期",
    "due_soon": "即将到期",
    "later": "未到期",
    "no_deadline": "无时限",
}
# Okabe and Ito's colours, which the colour-blind tell apart; each stands beside its word.
DUE_COLOURS = {
    "overdue": "#d55e00",
    "due_today": "#e69f00",
    "due_soon": "#e69f00",
    "later": "#56b4e9",
    "no_deadline": "#9aa3af",
    "came_back": "#cc79a7",
}
STYLE = """<style>
.cards {display: grid; gap: .6rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr))}
.cards article {border: 1px solid #d5dae1; border-left-width: 6px; border-radius: .4rem;
  padding: .5rem .7rem; line-height: 1.5; overflow-wrap: anywhere; background: #fff}
.cards header {display: flex; justify-content: space-between; gap: .5rem; flex-wrap: wrap}
.cards .small {color: #4b5563; font-size: .9rem}
</style>"""


def issue_cards(frame: pd.DataFrame, key: str, *, with_grid: bool = False) -> None:
    """The issues of `open_issues` or `came_back` as cards, in their order; the first of them at first.

    with_grid  whether each names its grid, where a list holds those of several
    """
    is_open = st.session_state.get(f"{key}_more", False)
    shown = frame.head(MOST if is_open else FIRST)
    cards = "".join(_card(issue, with_grid) for issue in shown.to_dict("records"))
    st.html(f'{STYLE}{PHOTO_STYLE}<div class="cards">{cards}</div>')
    rest = len(frame) - len(shown)
    if rest and not is_open:
        st.button(f"显示更多（还有 {rest} 件）", key=f"{key}_button", on_click=_show_more, args=(key,))
    elif rest:
        st.caption(f"另有 {rest} 件未在此列出，全部在 Excel 里。")


def _show_more(key: str) -> None:
    st.session_state[f"{key}_more"] = True


def due_words(issue: Record) -> str:
    """How the issue stands against its deadline."""
    if issue["state"] == "no_deadline":
        return f"无时限，已 {issue['days_open']} 天"
    days = int(issue["days_left"])
    if days < 0:
        return f"逾期 {-days} 天"
    return f"还剩 {days} 天" if days else "今天到期"


def back_words(issue: Record) -> str:
    """What it was before it came back, where it is a rebound."""
    if pd.isna(issue["closed_before_at"]):
        return ""
    return f"{minute(issue['closed_before_at'])} 整改完成，又出现"


def place_words(issue: Record) -> str:
    """Where it is: the address, or the street where there is none."""
    return issue["address"] or issue["street_name"] or "没有地址"


def minute(at: pd.Timestamp) -> str:
    """A time to the minute."""
    return "—" if pd.isna(at) else f"{at:%Y-%m-%d %H:%M}"


def _card(issue: Record, with_grid: bool) -> str:
    what = class_name(issue["category"])
    if issue["category_class"] != issue["category"]:
        what = f"{class_name(issue['category_class'])} · {what}"
    is_return = "is_open" in issue
    head = f"{issue['gap_days']:.0f} 天后反弹" if is_return else due_words(issue)
    colour = DUE_COLOURS["came_back" if is_return else issue["state"]]
    lines = [
        _line("地点", place_words(issue)),
        _line("处置部门", issue["department"]),
        _line("上报", minute(issue["reported_at"])),
        _line("时限", "没有时限" if pd.isna(issue["due_at"]) else minute(issue["due_at"])),
    ]
    if with_grid:
        lines.insert(0, _line("网格", issue["grid_name"]))
    if is_return:
        now = "未整改" if issue["is_open"] else f"{minute(issue['closed_at'])} 已整改"
        before = f"{minute(issue['reported_before_at'])} 上报，{minute(issue['closed_before_at'])} 整改"
        lines += [_line("上次", f"{before}（{issue['issue_id_before']}）"), _line("现在", now)]
    elif words := back_words(issue):
        lines.append(_line("反弹", words))
    return (
        f'<article style="border-left-color:{colour}"><header><strong>{head}</strong>'
        f'<span class="small">{escape(str(issue["issue_id"]))}</span></header>'
        f"<div><strong>{escape(what)}</strong></div>"
        f"<div>{escape(issue['description'] or '')}</div>{''.join(lines)}{_photos(issue)}</article>"
    )


def _photos(issue: Record) -> str:
    names = issue["photo_before"], issue["photo_after"]
    if any(isinstance(name, str) and name for name in names):
        return pair_html(*names, f"{issue['issue_id']} {place_words(issue)}")
    return '<div class="small">照片：无</div>'


def _line(name: str, text: object) -> str:
    said = "—" if pd.isna(text) else str(text)
    return f'<div class="small">{name}：{escape(said)}</div>'
