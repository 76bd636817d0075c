"""The protocol of a public draw on A4: what was fixed and drawn, who was there, how to check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from data.plan import PlanSettings
from data.views.overview import Build, build_info
from pages.ui.draw_result import SCRIPT, command, digest_groups, file_name, point_table
from pages.ui.read import read
from pages.ui.sampling import Plan, kept_plan
from pages.ui.text import last_day

HEADS = {
    "点位类型": 10, "怎么来的": 8, "序号": 5, "点位": 25, "地址": 16, "网格": 12, "牵头单位": 12,
    "入样概率": 7, "到场": 5,
}  # fmt: skip
SIGNERS = 8
STYLE = """
@page {size: A4 portrait; margin: 12mm}
* {box-sizing: border-box}
body {font: 9.5pt/1.45 "Microsoft YaHei", "Noto Sans CJK SC", "PingFang SC", sans-serif; color: #000;
  background: #fff; width: 186mm; margin: 0 auto}
h1 {font-size: 17pt; text-align: center; margin: 0 0 3mm} h2 {font-size: 11.5pt; margin: 5mm 0 1mm}
table {border-collapse: collapse; width: 100%; table-layout: fixed} thead {display: table-header-group}
tr {break-inside: avoid}
th, td {border: .2mm solid #666; text-align: left; padding: .6mm 1mm; overflow-wrap: anywhere}
.list td, .list th {font-size: 8pt} .sign td {height: 9mm} .facts td:first-child {width: 22mm}
.digest {font: 600 11pt/1.5 monospace} .digest span {display: inline-block; margin-right: 3mm}
.seed {font-size: 14pt; font-weight: 600} code {font: 9pt monospace; overflow-wrap: anywhere}
p, ol {margin: 1mm 0} footer {margin-top: 5mm; border-top: .3mm solid #000; font-size: 8pt}
button {font-size: 12pt; margin: 4mm 0} @media print {button {display: none}}
"""


def print_page(build_id: str, query: Mapping[str, str]) -> bytes | None:
    """The page at `pages.ui.draw_result.print_url`; None where there is no such drawn plan.

    Raises NoBuildError.
    """
    build = read(build_info, build_id)
    plan = kept_plan(build.source, query.get("plan", ""))
    return None if plan is None or plan.drawn_on is None else _page(build, plan).encode()


def _page(build: Build, plan: Plan) -> str:
    settings = plan.settings
    title = escape(f"{build.title}　样本点公开抽签记录")
    facts = [
        ("方案", plan.name),
        ("抽签日期", f"{plan.drawn_on:%Y-%m-%d}"),
        ("标准", f"{settings.edition} 版，{settings.form}"),
        ("数据", f"截至 {last_day(plan.data_until)}，版本 {plan.build_id}"),
        ("抽法", _method(settings)),
    ]
    quotas = [
        [one.site_type, str(one.quota), str(one.declared), str(one.spares)] for one in settings.quotas
    ]
    points = point_table(plan).assign(到场="")[list(HEADS)].astype(str)
    note = f"<p>说明：{escape(plan.note)}</p>" if plan.note else ""
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>'
        f'<button onclick="print()">打印</button><h1>{title}</h1>'
        f"{_table([], facts, 'facts')}{note}"
        f"<h2>一、名单（抽签前公布的摘要，SHA-256）</h2>{_digest(plan.frame_digest)}"
        f"<h2>二、种子（当众产生）</h2><p class=seed>{escape(settings.seed)}</p>"
        f"<h2>三、结果摘要（SHA-256）</h2>{_digest(plan.draw_digest)}"
        f"<h2>四、配额</h2>{_table(['点位类型', '抽查（个）', '其中申报点', '备用点'], quotas)}"
        f"<h2>五、在场人员</h2>{_table(['单位', '姓名', '职务', '签名'], [[''] * 4] * SIGNERS, 'sign')}"
        f"<h2>六、怎么核对</h2>{_how(plan)}"
        f"<h2>七、样本点（共 {len(points)} 个）</h2>"
        f"<p>备用点按序号依次顶替同类中到不了的点。</p>{_points(points.to_numpy().tolist())}"
        f"<footer>{escape(f'{build.title}　{plan.name}　{build.note}')}</footer></body></html>"
    )


def _method(settings: PlanSettings) -> str:
    weight, distance = settings.risk_weight, settings.min_distance_m
    chances = f"风险权重 {weight:.0%}" if weight else "同类各点机会相同"
    apart = f"点间距离不小于 {distance:g} 米" if distance else "不限点间距离"
    return f"申报点保留并计入配额，其余分类型用局部枢轴法抽取；{chances}；{apart}"


def _digest(digest: str) -> str:
    groups = "".join(f"<span>{escape(group)}</span>" for group in digest_groups(digest))
    return f"<p class=digest>{groups}</p>"


def _how(plan: Plan) -> str:
    frame = escape(file_name("frame", plan.frame_digest))
    return (
        f"<ol><li>取得名单文件 {frame} 和独立核对程序 {escape(SCRIPT.name)}，放在同一个文件夹。</li>"
        f"<li>在这个文件夹里运行（Python 3.8 以上）：<code>{escape(command(plan))}</code></li>"
        "<li>屏幕上 frame 后面应当是上面的名单摘要，result 后面应当是结果摘要。</li></ol>"
    )


def _points(rows: list[list[str]]) -> str:
    widths = "".join(f'<th style="width:{width}%">{name}</th>' for name, width in HEADS.items())
    return f"<table class=list><thead><tr>{widths}</tr></thead><tbody>{_rows(rows)}</tbody></table>"


def _table(heads: list[str], rows: Iterable[Iterable[str]], kind: str = "") -> str:
    head = "".join(f"<th>{name}</th>" for name in heads)
    return f'<table class="{kind}"><thead><tr>{head}</tr></thead><tbody>{_rows(rows)}</tbody></table>'


def _rows(rows: Iterable[Iterable[str]]) -> str:
    return "".join(f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in row)}</tr>" for row in rows)
