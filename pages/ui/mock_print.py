"""The points of a mock inspection on paper, A4: a block each in walking order, boxes to tick."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import urlencode

import pandas as pd

from data.sample_entries import mock_items, mock_points, mocks
from data.views.inspection_route import metres_on_foot
from data.views.mock import UNSCORED
from data.views.overview import Build, build_info
from pages.ui.paper import paper
from pages.ui.read import fetch, read
from pages.ui.sites import OUTSIDE, place, site_name

LINE = "＿" * 6
STYLE = """
@page {margin: 10mm} body {max-width: 190mm} h2 {font-size: 11.5pt; margin-top: 3mm}
section + section {break-before: page}
article {border: .3mm solid #000; padding: 1.5mm 2mm; margin-bottom: 1.5mm; break-inside: avoid}
h3 {font-size: 10.5pt; margin: 0} p {margin: .4mm 0; overflow-wrap: anywhere}
ul {list-style: none; margin: .8mm 0; padding: 0; display: flex; flex-wrap: wrap; gap: .5mm 5mm}
li::before {content: "☐ "; font-size: 12pt}
.result {gap: 6mm; align-items: baseline; border-top: .2mm dashed #666; padding-top: .8mm}
.note {flex: 1; white-space: nowrap; overflow: hidden} .note::before {content: none}
@media screen and (max-width: 800px) {
  body {padding: 3mm; font-size: 15px} h3 {font-size: 16px} li {min-height: 32px}
  .result {flex-wrap: wrap} .note {white-space: normal}}
"""


def mock_url(build: Build, mock_id: int, team: int = 0) -> str:
    """The address of the page to print, of one team or (0) of all."""
    params = {"mock": mock_id} | ({"team": team} if team else {})
    return f"/print/{build.build_id}/mock.html?{urlencode(params)}"


def mock_page(build_id: str, query: Mapping[str, str]) -> bytes | None:
    """The page at a `mock_url`; None where the address says nothing that exists.

    Raises NoBuildError.
    """
    build = read(build_info, build_id)
    mock, team = query.get("mock", ""), query.get("team", "0")
    rows = mocks(build.source)
    row = rows[rows["mock_id"].astype(str) == mock]
    if row.empty or not team.isdecimal():
        return None
    points = mock_points(build.source, int(mock))
    points = points.assign(way_m=fetch(metres_on_foot, build_id, points))
    if int(team):
        points = points[points["team"] == int(team)]
    if points.empty:
        return None
    return _page(build, row.iloc[0], points, mock_items(build.source, int(mock)))


def _page(build: Build, row: pd.Series, points: pd.DataFrame, items: pd.DataFrame) -> bytes:
    people = f"　检查人员：{row['inspectors']}" if row["inspectors"] else ""
    when = escape(f"{row['held_on']:%Y-%m-%d} 开始{people}")
    by_point = dict(list(items.groupby("mock_point_id")))
    teams = "".join(_team(team, rows, by_point) for team, rows in points.groupby("team", sort=False))
    note = f"{build.title}　版本 {build.build_id}　标准：{row['edition']} 版 {row['form']}"
    how = "有问题的项打勾；看完在“已查”或“无法检查”处打勾，写明日期。步行距离从上一个点算起。"
    return paper(str(row["title"]), f"<p>{when}</p><p>{how}</p>{teams}", note, STYLE)


def _team(team: Any, points: pd.DataFrame, by_point: dict[Any, pd.DataFrame]) -> str:
    walked = points["way_m"].sum() / 1000
    blocks = "".join(
        _point(point, by_point[point["mock_point_id"]]) for point in points.to_dict("records")
    )
    return (
        f"<section><h2>第 {team} 组：{len(points)} 个点，步行 {walked:.1f} 公里</h2>{blocks}</section>"
    )


def _point(point: dict[Any, Any], items: pd.DataFrame) -> str:
    way = f"　步行 {point['way_m']:.0f} 米" if point["way_m"] else ""
    where = [point["site_type"], point["grid_name"] or OUTSIDE, point["lead_unit"], point["address"]]
    whose = "　".join(text for text in where if text)
    boxes = "".join(f"<li>{escape(item)}</li>" for item in items["item"])
    scored = "" if (items["part"] != UNSCORED).any() else "（只看不计分）"
    return (
        f"<article><h3>{point['position']}. {escape(site_name(point))}{scored}</h3>"
        f"<p>{escape(whose)}</p>"
        f"<p>编号 {point['mock_point_id']}　坐标（纬度，经度）：{place(point)}{way}</p>"
        f'<ul>{boxes}</ul><ul class="result"><li>已查</li><li>无法检查</li>'
        f'<li class="note">日期：{LINE}　备注：{LINE * 3}</li></ul></article>'
    )
