"""The defence sheet (答辩稿) of a plan on A4: points with reasons, coverage, cautions, signatures.

A page of its own that prints itself, as that of a grid (pages/ui/grid_print.py); long lists go on over
pages under the same headings.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import pandas as pd

from data.standards import threshold
from data.views.overview import Build, build_info
from pages.ui.plan_words import (
    caution_lines,
    coverage_sentence,
    grid_table,
    plan_review,
    point_table,
    quota_table,
    settings_rows,
)
from pages.ui.read import read
from pages.ui.sampling import ROLES, Plan, kept_plan
from pages.ui.sites import OUTSIDE, risk_text, site_name

WHERE = "纬度，经度"
POINTS = {
    "序号": 5, "点位": 20, "网格": 12, "牵头单位": 10, WHERE: 10, "风险": 6, "有利": 19, "不利": 18,
}  # fmt: skip
DRAWN = {"角色": 10, "点位": 36, "类型": 16, "网格": 26, "风险": 12}
SIGNED = ("编制", "审核", "批准", "日期")
STYLE = """
@page {size: A4 portrait; margin: 12mm}
* {box-sizing: border-box}
body {font: 9pt/1.4 "Microsoft YaHei", "Noto Sans CJK SC", "PingFang SC", sans-serif; color: #000;
  background: #fff; width: 186mm; margin: 0 auto}
h1 {font-size: 16pt; margin: 0 0 1mm; text-align: center} h2 {font-size: 11pt; margin: 4mm 0 1mm;
  break-after: avoid}
h3 {font-size: 9.5pt; margin: 2.5mm 0 .5mm; break-after: avoid}
table {border-collapse: collapse; width: 100%; table-layout: fixed}
thead {display: table-header-group} tr {break-inside: avoid}
th, td {border: .2mm solid #777; text-align: left; padding: .6mm 1mm; overflow-wrap: anywhere}
th {background: #eee} ul {margin: 1mm 0; padding-left: 5mm} p {margin: 1mm 0}
dl {display: grid; grid-template-columns: 38mm 1fr; margin: 1mm 0} dt, dd {margin: 0}
.sign {display: grid; grid-template-columns: repeat(4, 1fr); gap: 4mm; margin-top: 10mm;
  break-inside: avoid}
.sign div {border-bottom: .3mm solid #000; padding-bottom: 9mm}
footer {margin-top: 4mm; border-top: .3mm solid #000; font-size: 8pt}
button {font-size: 12pt; margin: 4mm 0} @media print {button {display: none}}
"""


def plan_url(build: Build, plan: Plan) -> str:
    """The address of the sheet of a plan."""
    return f"/print/{build.build_id}/plan.html?plan={plan.plan_id}"


def plan_page(build_id: str, query: Mapping[str, str]) -> bytes | None:
    """The sheet at a `plan_url`; None where the address says nothing that exists.

    Raises NoBuildError.
    """
    build = read(build_info, build_id)
    asked = query.get("plan", "")
    plan = kept_plan(build.source, int(asked)) if asked.isdecimal() else None
    return None if plan is None else _page(build, plan).encode()


def _page(build: Build, plan: Plan) -> str:
    found = plan_review(build, plan)
    title = escape(f"{plan.name}　申报点答辩稿")
    settings = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(said)}</dd>" for name, said in settings_rows(plan)
    )
    cautions = "".join(
        f"<li><b>{escape(heading)}</b>（{len(names)}）：{escape('、'.join(names))}</li>"
        for heading, names in caution_lines(found.cautions)
    )
    signs = "".join(f"<div>{name}：</div>" for name in SIGNED)
    risk = (
        f"风险：今后 {threshold('risk_days'):g} 天该处有问题被记录的可能性，由本县历史算出；"
        "无人看过的点位情况不明，不算好。选点规则：风险低、近来有人看过的在前，尽量分到各网格，"
        "点与点不近于最小距离，指定保留的点一定在。"
    )
    note = f"{build.title}　版本 {plan.build_id}　{build.note}"
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>'
        f'<button onclick="print()">打印</button><h1>{title}</h1><dl>{settings}</dl>'
        f"<p><b>{escape(coverage_sentence(found))}</b></p><p>{escape(risk)}</p>"
        f"<h2>提醒</h2><ul>{cautions or '<li>没有</li>'}</ul>"
        f"<h2>配额与申报点</h2>{paper_table(quota_table(found))}"
        f"<h2>申报点及理由</h2>{_points(point_table(found))}"
        f"{_drawn(plan)}<h2>各网格申报点</h2>{paper_table(grid_table(found))}"
        f'<div class="sign">{signs}</div><footer>{escape(note)}</footer>'
        "<script>addEventListener('load', () => print())</script></body></html>"
    )


def _points(points: pd.DataFrame) -> str:
    """One table a type, numbered through, with where each point is to be found."""
    at = [f"{row['纬度']:.5f}, {row['经度']:.5f}" for row in points.to_dict("records")]
    points = points.assign(**{WHERE: at})
    return "".join(
        f"<h3>{escape(str(name))}：{len(rows)} 个</h3>{paper_table(rows[list(POINTS)], POINTS)}"
        for name, rows in points.groupby("类型", sort=False)
    )


def _drawn(plan: Plan) -> str:
    rows = plan.points[plan.points["role"] != "declared"].to_dict("records")
    if not rows:
        return ""
    shown = pd.DataFrame(
        [
            (ROLES[row["role"]], site_name(row), row["site_type"], row["grid_name"] or OUTSIDE,
             risk_text(row["risk"]))
            for row in rows
        ],
        columns=list(DRAWN),
    )  # fmt: skip
    return f"<h2>抽中点与备用点</h2>{paper_table(shown, DRAWN)}"


def paper_table(frame: pd.DataFrame, widths: dict[str, int] | None = None) -> str:
    """A table whose head stands on every page; widths in % by heading."""
    width = {name: f' style="width:{share}%"' for name, share in (widths or {}).items()}
    head = "".join(f"<th{width.get(name, '')}>{escape(str(name))}</th>" for name in frame.columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(_text(value))}</td>' for value in row)}</tr>"
        for row in frame.itertuples(index=False)
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _text(value: object) -> str:
    if value is None or pd.isna(value):
        return ""
    return f"{value:.0f}" if isinstance(value, float) else str(value)
