"""One A4 page of 我的网格 to hang up or hand out: the numbers of the screen, and what comes first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

import pandas as pd

from data.filters import Filters
from data.views.overview import Build, build_info, grid_density
from pages.ui.issue_cards import Record, due_words, place_words
from pages.ui.my_grid import CAME_BACK, GridDay, grid_day, numbers, street_state, who
from pages.ui.paper import paper, paper_table
from pages.ui.read import read
from pages.ui.text import CLEANING_OF_ALL, class_name, number, period, what

ROWS = 25  # what the page holds of all lists together
ISSUES = {"期限": 11, "编号": 20, "小类": 13, "地点": 21, "描述": 22, "处置部门": 13}
RETURNS = {"又出现": 8, "编号": 20, "小类": 14, "地点": 26, "上次整改": 32}
BORDERS = {"相邻网格": 30, "牵头单位": 30, "两侧的问题": 20, "未整改": 20}
STREETS = {"道路": 26, "保洁": 16, "覆盖欠账": 34, "最近清扫": 14, "问题": 10}
STYLE = """
@page {margin: 10mm}
body {font-size: 9pt; line-height: 1.35; width: 190mm; max-width: none; max-height: 276mm;
  overflow: hidden}
h1 {font-size: 15pt} h2 {font-size: 10.5pt; margin: 2.5mm 0 .5mm}
.numbers {display: grid; grid-template-columns: repeat(5, 1fr); gap: 2mm; margin-top: 2mm}
.numbers div {border: .3mm solid #000; padding: 1mm 1.5mm; font-size: 7.5pt; min-height: 19mm}
.numbers b {display: block; font-size: 11pt; white-space: nowrap}
th, td {border: 0; border-bottom: .2mm solid #999; padding: .3mm 1mm; height: 4.9mm;
  white-space: nowrap; overflow: hidden; text-overflow: ellipsis}
p {margin: .5mm 0} .more {text-align: right} footer {margin-top: 2mm; font-size: inherit}
@media screen and (max-width: 800px) {
  body {width: 100%; max-height: none; padding: 3mm; font-size: 14px}
  .numbers {grid-template-columns: 1fr 1fr} .numbers div, th, td {font-size: 14px}
  th, td {white-space: normal}}
"""


@dataclass(frozen=True)
class _List:
    """A list of the page. heads: name -> width in %; least: rows it may fill whatever the others do."""

    title: str
    unit: str
    heads: dict[str, int]
    least: int
    rows: list[list[str]]

    def html(self, most: int) -> str:
        """Title with the count, `most` rows, and how many are left out."""
        rows = pd.DataFrame(self.rows[:most], columns=list(self.heads))
        rest = len(self.rows) - most
        more = f'<p class="more">另有 {rest} {self.unit}，见 Excel</p>' if rest else ""
        table = paper_table(rows, self.heads) + more if self.rows else ""
        return f"<h2>{self.title}：{len(self.rows)} {self.unit}</h2>{table}"


def grid_url(build: Build, filters: Filters) -> str:
    """The address of the page to print for the chosen grid and period."""
    params = {name: str(value) for name, value in filters.params.items() if value}
    return f"/print/{build.build_id}/grid.html?{urlencode(params)}"


def grid_page(build_id: str, query: Mapping[str, str]) -> bytes | None:
    """The page at a `grid_url`; None where the address says nothing that exists.

    Raises NoBuildError.
    """
    build = read(build_info, build_id)
    try:
        filters = Filters.of(query)
    except (KeyError, ValueError):
        return None
    in_force = read(grid_density, build_id, filters.in_grid()).frame["grid_id"]
    if filters.grid_id not in set(in_force):
        return None
    return _page(grid_day(build, filters))


def _page(day: GridDay) -> bytes:
    build, people, filters = day.build, day.people, day.filters
    tops = "".join(
        f"<div>{escape(one.title)}<b>{escape(one.value)}</b>{escape(one.parts)}</div>"
        for one in numbers(day.standing)
    )
    when = f"今天：{build.data_until:%Y-%m-%d}　时段：{period(filters.since, filters.until)}"
    only = f"　只看：{what(filters)}；{CLEANING_OF_ALL}" if filters.is_narrowed else ""
    lists = [
        _List("逾期未整改", "件", ISSUES, 8, [_issue(row) for row in _records(day.overdue)]),
        _List("未到期与无时限", "件", ISSUES, 6, [_issue(row) for row in _records(day.not_overdue)]),
        _List(CAME_BACK, "件", RETURNS, 4, [_return(row) for row in _records(day.returns)]),
        _List("交界", "个相邻网格", BORDERS, 3, [_border(row) for row in _records(day.borders)]),
        _List("道路", "条", STREETS, 4, [_street(row) for row in _records(day.streets)]),
    ]
    note = f"{build.title}　版本 {build.build_id}　{build.note}"
    body = (
        f"<p>{escape(who(people))}</p><p>{escape(when + only)}</p>"
        f'<div class="numbers">{tops}</div>{_lists(lists)}'
    )
    return paper(f"{people['grid_name']}　今天要办", body, note, STYLE)


def _lists(lists: list[_List]) -> str:
    """The lists cut to what the page holds; room that one leaves over goes to the next that lacks."""
    spare = ROWS - sum(min(one.least, len(one.rows)) for one in lists)
    text = ""
    for one in lists:
        most = min(len(one.rows), one.least + spare)
        spare -= max(0, most - one.least)
        text += one.html(most)
    return text


def _records(frame: pd.DataFrame) -> list[Record]:
    rows: list[Record] = frame.to_dict("records")
    return rows


def _issue(row: Record) -> list[str]:
    what, place = class_name(row["category"]), place_words(row)
    said = [row["description"] or "", row["department"] or ""]
    return [due_words(row), row["issue_id"], what, place, *said]


def _return(row: Record) -> list[str]:
    now = "未整改" if row["is_open"] else "已整改"
    before = f"{row['closed_before_at']:%Y-%m-%d}，{row['gap_days']:.0f} 天后又出现，{now}"
    return [f"{row['reported_at']:%m-%d}", row["issue_id"], class_name(row["category"]),
            place_words(row), before]  # fmt: skip


def _border(row: Record) -> list[str]:
    unit = row["neighbour_unit"]
    counts = [f"{row['reported']} 件", f"{row['open_at_end']} 件"]
    return [row["neighbour_name"], unit if isinstance(unit, str) else "", *counts]


def _owed(row: Record) -> str:
    return f"{number(row['hours_owed'], 1)} / 应 {number(row['hours_required'], 1)} 公里·小时"


def _street(row: Record) -> list[str]:
    swept = row["last_swept"]
    return [
        row["street_name"] or "（无名道路）",
        street_state(row),
        "—" if pd.isna(row["hours_owed"]) else _owed(row),
        "" if pd.isna(swept) else f"{swept:%Y-%m-%d}",
        f"{row['reported']} 件",
    ]
