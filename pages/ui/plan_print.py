"""The defence sheet (答辩稿) of a plan on A4: points with reasons, coverage, cautions, signatures.

Long lists go on over pages under the same headings.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import pandas as pd

from data.standards import threshold
from data.views.overview import Build, build_info
from pages.ui.paper import paper, paper_facts, paper_table
from pages.ui.plan_forecast import forecast_rows
from pages.ui.plan_words import (
    caution_lines,
    coverage_sentence,
    drawn_table,
    grid_table,
    older_text,
    plan_review,
    point_table,
    quota_table,
    settings_rows,
)
from pages.ui.read import read
from pages.ui.sampling import Plan, kept_plan

WHERE = "纬度，经度"
POINTS = {
    "序号": 5, "点位": 20, "网格": 12, "牵头单位": 10, WHERE: 10, "风险": 6, "有利": 19, "不利": 18,
}  # fmt: skip
DRAWN = {"怎么来的": 10, "点位": 33, "类型": 15, "网格": 23, "入样概率": 10, "风险": 9}
SIGNED = ("编制", "审核", "批准", "日期")
STYLE = """
body {font-size: 9pt} h1 {text-align: center}
h3 {font-size: 9.5pt; margin: 2.5mm 0 .5mm; break-after: avoid}
th {background: #eee} dd {overflow-wrap: anywhere} ul {margin: 1mm 0; padding-left: 5mm}
.sign {display: grid; grid-template-columns: repeat(4, 1fr); gap: 4mm; margin-top: 10mm;
  break-inside: avoid}
.sign div {border-bottom: .3mm solid #000; padding-bottom: 9mm}
"""


def plan_url(build: Build, plan: Plan) -> str:
    """The address of the sheet of a plan."""
    return f"/print/{build.build_id}/plan.html?plan={plan.plan_id}"


def plan_page(build_id: str, query: Mapping[str, str]) -> bytes | None:
    """The sheet at a `plan_url`; None where the address says nothing that exists.

    Raises NoBuildError.
    """
    build = read(build_info, build_id)
    plan = kept_plan(build.source, query.get("plan", ""))
    return None if plan is None else _page(build, plan)


def _page(build: Build, plan: Plan) -> bytes:
    found = plan_review(build, plan)
    cautions = "".join(
        f"<li><b>{escape(heading)}</b>（{len(names)}）：{escape('、'.join(names))}</li>"
        for heading, names in caution_lines(found.cautions)
    )
    signs = "".join(f"<div>{name}：</div>" for name in SIGNED)
    risk = (
        f"风险：今后 {threshold('risk_days'):g} 天该处有问题被记录的可能性，由本县历史算出；"
        "无人看过的点位情况不明，不算好。选点规则：风险低、近来有人看过的在前，尽量分到各网格，"
        "同类的点不近于最小距离，指定保留的点一定在。"
    )
    note = f"{build.title}　版本 {plan.build_id}　{build.note}"
    body = (
        f"{paper_facts(settings_rows(plan))}<p><b>{escape(coverage_sentence(found))}</b></p>"
        f"<p>{escape(older_text(build, plan))}</p><p>{escape(risk)}</p>"
        f"<h2>提醒</h2><ul>{cautions or '<li>没有</li>'}</ul>"
        f"<h2>预计得分</h2>{paper_facts(forecast_rows(build, plan))}"
        f"<h2>配额与申报点</h2>{paper_table(quota_table(found))}"
        f"<h2>申报点及理由</h2>{_points(point_table(found))}"
        f"{_drawn(plan)}<h2>各网格申报点</h2>{paper_table(grid_table(found))}"
        f'<div class="sign">{signs}</div>'
    )
    return paper(f"{plan.name}　申报点答辩稿", body, note, STYLE)


def _points(points: pd.DataFrame) -> str:
    """One table a type, numbered through, with where each point is to be found."""
    at = [f"{row['纬度']:.5f}, {row['经度']:.5f}" for row in points.to_dict("records")]
    points = points.assign(**{WHERE: at})
    return "".join(
        f"<h3>{escape(str(name))}：{len(rows)} 个</h3>{paper_table(rows[list(POINTS)], POINTS)}"
        for name, rows in points.groupby("类型", sort=False)
    )


def _drawn(plan: Plan) -> str:
    if plan.others.empty:
        return ""
    return f"<h2>抽中点与备用点</h2>{paper_table(drawn_table(plan)[list(DRAWN)], DRAWN)}"
