"""The protocol of a public draw on A4: what was fixed and drawn, who was there, how to check."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import pandas as pd

from data.messages import DataError
from data.plan import PlanSettings
from data.sample_entries import fixed_frames
from data.views.overview import Build, build_info
from pages.ui.draw_result import (
    SCRIPT,
    command,
    digest_groups,
    file_name,
    fixing_table,
    kept_draw,
    notices_text,
    point_table,
)
from pages.ui.paper import paper, paper_facts, paper_table
from pages.ui.read import read
from pages.ui.sampling import Plan, kept_plan
from pages.ui.text import last_day

HEADS = {
    "点位类型": 10, "怎么来的": 8, "序号": 5, "点位": 25, "地址": 16, "网格": 12, "牵头单位": 12,
    "入样概率": 7, "到场": 5,
}  # fmt: skip
FIXING_HEADS = {
    "固定时间": 17,
    "名单摘要（SHA-256）": 58,
    "风险权重": 8,
    "最小距离（米）": 10,
    "效力": 7,
}
SIGNED = ["单位", "姓名", "职务", "签名"]
SIGNERS = 8
STYLE = """
h1 {text-align: center; margin-bottom: 3mm} .list td, .list th {font-size: 8pt} .sign td {height: 9mm}
.digest {font: 600 11pt/1.5 monospace} .digest span {display: inline-block; margin-right: 3mm}
.seed {font-size: 14pt; font-weight: 600} code {font: 9pt monospace; overflow-wrap: anywhere}
ol {margin: 1mm 0}
"""


def draw_page(build_id: str, query: Mapping[str, str]) -> bytes | None:
    """The page at a `pages.ui.draw_result.draw_url`; None where there is no such drawn plan.

    Raises NoBuildError.
    """
    build = read(build_info, build_id)
    plan = kept_plan(build.source, query.get("plan", ""))
    return None if plan is None or plan.drawn_on is None else _page(build, plan)


def _page(build: Build, plan: Plan) -> bytes:
    settings = plan.settings
    fixings = fixed_frames(build.source, plan.plan_id)
    # A final plan may be drawn from newer data than its declared points were chosen from.
    data = plan if fixings.empty else fixings.iloc[-1]
    facts = [
        ("方案", plan.name),
        ("抽签日期", f"{plan.drawn_on:%Y-%m-%d}"),
        ("标准", f"{settings.edition} 版，{settings.form}"),
        ("数据", f"截至 {last_day(data.data_until)}，版本 {data.build_id}"),
        ("抽法", _method(settings)),
    ]
    quotas = pd.DataFrame(settings.quotas, columns=["点位类型", "抽查（个）", "其中申报点", "备用点"])
    for role, name in (("declared", "实有申报点"), ("drawn", "实抽"), ("spare", "实有备用点")):
        counts = plan.points.loc[plan.points["role"] == role, "site_type"].value_counts()
        quotas[name] = quotas["点位类型"].map(counts).fillna(0).astype(int)
    signers = pd.DataFrame("", range(SIGNERS), SIGNED)
    points = point_table(plan).assign(到场="")[list(HEADS)]
    note = f"<p>说明：{escape(plan.note)}</p>" if plan.note else ""
    body = (
        f"{paper_facts(facts)}{note}"
        f"<h2>一、名单（抽签前公布的摘要，SHA-256）</h2>{_digest(plan.frame_digest)}{_fixings(fixings)}"
        f"<h2>二、种子（当众产生）</h2><p class=seed>{escape(settings.seed)}</p>"
        f"<h2>三、结果摘要（SHA-256）</h2>{_digest(plan.draw_digest)}"
        f"<h2>四、配额与实际</h2>{paper_table(quotas)}{_notices(build, plan)}"
        f"<h2>五、在场人员</h2>{paper_table(signers, kind='sign')}"
        f"<h2>六、怎么核对</h2>{_how(plan)}"
        f"<h2>七、样本点（共 {len(points)} 个）</h2><p>备用点按序号依次顶替同类中到不了的点。</p>"
        f"{paper_table(points, HEADS, 'list')}"
    )
    foot = f"{build.title}　{plan.name}　{build.note}"
    return paper(f"{build.title}　样本点公开抽签记录", body, foot, STYLE)


def _method(settings: PlanSettings) -> str:
    weight, distance = settings.risk_weight, settings.min_distance_m
    chances = f"风险权重 {weight:.0%}" if weight else "同类各点机会相同"
    apart = f"同类的点相距不小于 {distance:g} 米" if distance else "不限点间距离"
    return f"申报点保留并计入配额，其余分类型用局部枢轴法抽取；{chances}；{apart}"


def _digest(digest: str) -> str:
    groups = "".join(f"<span>{escape(group)}</span>" for group in digest_groups(digest))
    return f"<p class=digest>{groups}</p>"


def _fixings(fixings: pd.DataFrame) -> str:
    """Every fixing of the list with its time; draws of before these were kept have none."""
    if fixings.empty:
        return ""
    said = f"<p>名单先后固定过 {len(fixings)} 次，只有最后一次有效：</p>"
    return said + paper_table(fixing_table(fixings), FIXING_HEADS, "list")


def _notices(build: Build, plan: Plan) -> str:
    """What the page says beside the draw, too, if its list is still there and whole."""
    try:
        again = kept_draw(build, plan)
    except DataError as error:
        return f"<p>{escape(error.zh)}</p>"
    said = [] if again is None else notices_text(build, again)
    return "".join(["<ul>", *(f"<li>{escape(line)}</li>" for line in said), "</ul>"]) if said else ""


def _how(plan: Plan) -> str:
    frame = escape(file_name("frame", plan.frame_digest))
    return (
        f"<ol><li>取得名单文件 {frame} 和独立核对程序 {escape(SCRIPT.name)}，放在同一个文件夹。</li>"
        f"<li>在这个文件夹里运行（Python 3.8 以上）：<code>{escape(command(plan))}</code></li>"
        "<li>屏幕上 frame 后面应当是上面的名单摘要，result 后面应当是结果摘要。</li></ol>"
    )
