"""A plan of sample points in words, for screen, file and paper: points, quotas, cautions, settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from data.standards import thresholds
from data.views.overview import Build
from data.views.plan_review import Caution, Review, review
from pages.ui.sampling import ROLES, Plan
from pages.ui.sites import OUTSIDE, all_grids, candidates, pros_and_cons, risk_text, site_name
from pages.ui.text import last_day, number

Texts = Iterable[dict[str, Any]]
CAUTIONS: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "no_type": (
        "候选点位中没有这些类型，请补充点位名单",
        lambda row: f"{row['site_type']}（应有 {row['quota']} 个）",
    ),
    "few_candidates": (
        "候选点位少于配额",
        lambda row: f"{row['site_type']}（配额 {row['quota']}，候选 {row['candidates']:.0f}）",
    ),
    "few_chosen": (
        "申报点没有选足（其余候选离得太近、被排除，或原来的点已不是候选）",
        lambda row: f"{row['site_type']}（应 {row['declared']}，选出 {row['chosen']}）",
    ),
    "few_declared": (
        "申报点少于应报数",
        lambda row: f"{row['site_type']}（应 {row['declared']}，现有 {row['chosen']}）",
    ),
    "many_pinned": (
        "申报点多于应报数",
        lambda row: f"{row['site_type']}（应 {row['declared']}，现有 {row['chosen']}）",
    ),
    "lost_pin": ("指定保留的点位不在方案里（已不是候选点位）", lambda row: row["site_key"]),
    "empty_grid": ("没有所列类型候选点位的网格", lambda row: row["grid_name"]),
    "uncovered_grid": (
        "没有申报点的网格（可更换点位，或加大配额）",
        lambda row: row["grid_name"],
    ),
    "unseen": ("很久无人看过、情况不明的申报点，请先派人去看，或更换", site_name),
    "open": ("有问题未整改的申报点，请先整改，或更换", site_name),
    "too_near": (
        "相距太近的同类申报点，可更换其一",
        lambda row: f"{site_name(row['one'])}与{site_name(row['other'])}（{row['near_m']:.0f} 米）",
    ),
}


def plan_review(build: Build, plan: Plan) -> Review:
    """What there is to say of the plan; with the frame it was chosen from only while that is served."""
    frame = candidates(build).frame if plan.build_id == build.build_id else None
    return review(plan.points, plan.settings, plan.pinned, all_grids(build), frame)


def older_text(build: Build, plan: Plan) -> str:
    """What cannot be said of a plan that was chosen from older data; "" of one of these data."""
    if plan.build_id == build.build_id:
        return ""
    return (
        f"方案是按截至 {last_day(plan.data_until)} 的数据选的，当时的候选点位没有留存："
        "不列候选数和同类平均风险，也不说申报点为什么少；覆盖按现在的网格计算，网格若有调整，与当时不同。"
    )


def caution_lines(cautions: Iterable[Caution]) -> list[tuple[str, list[str]]]:
    """What to know, one entry a kind: the heading, and of what it is true."""
    found: dict[str, list[str]] = {}
    for caution in cautions:
        found.setdefault(caution.code, []).append(CAUTIONS[caution.code][1](caution.values))
    return [(CAUTIONS[code][0], found[code]) for code in CAUTIONS if code in found]


def state_text(plan: Plan) -> str:
    """Draft or final, when it was made and from which data."""
    state = "定稿" if plan.is_final else "草稿"
    drawn = f"，{plan.drawn_on:%Y-%m-%d} 已抽签" if plan.drawn_on else ""
    return (
        f"{state}{drawn}　{plan.made_on:%Y-%m-%d} 制定　"
        f"依据截至 {last_day(plan.data_until)} 的数据（版本 {plan.build_id}）"
    )


def gone_points(build: Build, plan: Plan) -> pd.DataFrame:
    """The declared points that are no candidates in the data of today."""
    return plan.declared[~plan.declared["site_key"].isin(candidates(build).frame["site_key"])]


def lock_reason(build: Build, plan: Plan) -> str:
    """Why the points of a plan cannot be changed here; "" if they can."""
    if plan.is_final:
        return "已定稿，不能再改；要改请点“新版本”。"
    if plan.drawn_on:
        return "已按这一版公开抽签，改申报点会使抽签作废，所以不能再改；要改请点“新版本”。"
    if plan.build_id != build.build_id:
        return "数据已更新：请先选“按新数据重选”或“点位不变，只更新风险”。"
    return ""


def point_table(found: Review) -> pd.DataFrame:
    """The declared points under Chinese headings, one row a point in the order of the plan."""
    rows = found.points.to_dict("records")
    told = [pros_and_cons(row["reasons"]) for row in rows]
    return pd.DataFrame(
        {
            "序号": range(1, len(rows) + 1),
            "点位": [site_name(row) for row in rows],
            "类型": [row["site_type"] for row in rows],
            "网格": [row["grid_name"] or OUTSIDE for row in rows],
            "风险": [risk_text(row["risk"]) for row in rows],
            "有利": [pros for pros, _ in told],
            "不利": [cons for _, cons in told],
            "最近的同类点（米）": [row["near_m"] for row in rows],
            "牵头单位": [row["lead_unit"] for row in rows],
            "地址": [row["address"] for row in rows],
            "经度": [round(row["lon"], 6) for row in rows],
            "纬度": [round(row["lat"], 6) for row in rows],
        }
    )


def drawn_table(plan: Plan) -> pd.DataFrame:
    """The drawn and spare points under Chinese headings, one row a point."""
    rows = plan.others.to_dict("records")
    return pd.DataFrame(
        {
            "怎么来的": [ROLES[row["role"]] for row in rows],
            "序号": [row["position"] for row in rows],
            "点位": [site_name(row) for row in rows],
            "类型": [row["site_type"] for row in rows],
            "网格": [row["grid_name"] or OUTSIDE for row in rows],
            "入样概率": [risk_text(row["probability"]) for row in rows],
            "风险": [risk_text(row["risk"]) for row in rows],
            "牵头单位": [row["lead_unit"] for row in rows],
            "经度": [round(row["lon"], 6) for row in rows],
            "纬度": [round(row["lat"], 6) for row in rows],
        }
    )


def quota_table(found: Review) -> pd.DataFrame:
    """Quotas and what was chosen, one row a type."""
    rows = found.by_type
    table = pd.DataFrame(
        {
            "类型": rows["site_type"],
            "配额": rows["quota"],
            "应报": rows["declared"],
            "选出": rows["chosen"],
            "备用": rows["spares"],
            "候选（个）": rows["candidates"],
            "申报点平均风险": rows["mean_risk_chosen"].map(risk_text),
            "同类平均风险": rows["mean_risk"].map(risk_text),
        }
    )
    return table.dropna(axis="columns", how="all")


def grid_table(found: Review) -> pd.DataFrame:
    """How many points each grid has, those without first."""
    columns = {
        "grid_name": "网格",
        "lead_unit": "牵头单位",
        "points": "申报点（个）",
        "candidates": "候选（个）",
    }
    rows = found.by_grid[list(columns)].rename(columns=columns)
    return rows.dropna(axis="columns", how="all")


def settings_rows(plan: Plan) -> list[tuple[str, str]]:
    """The choices behind the plan: what and how much; of a drawn one all that decides the draw."""
    settings = plan.settings
    quota = sum(one.quota for one in settings.quotas)
    declared = sum(one.declared for one in settings.quotas)
    spares = sum(one.spares for one in settings.quotas)
    rows = [
        ("方案", plan.name),
        ("状态", state_text(plan)),
        ("标准版本", settings.edition),
        ("评分表", settings.form),
        ("建成区常住人口（万人）", f"{settings.population:g}"),
        ("样本点总数", f"{quota}（申报 {declared}，抽取 {quota - declared}，备用 {spares}）"),
        ("点位最小距离（米）", number(settings.min_distance_m)),
        ("指定保留（个）", str(len(plan.pinned))),
        ("指定不选（个）", str(len(plan.barred))),
        ("通过线", pass_text(settings.pass_share)),
    ]
    if plan.drawn_on:
        rows += [
            ("风险权重 λ（%）", f"{100 * settings.risk_weight:g}"),
            ("种子", settings.seed),
            ("名单摘要（SHA-256）", plan.frame_digest),
            ("结果摘要（SHA-256）", plan.draw_digest),
        ]
    return [*rows, ("定稿说明", plan.note)] if plan.note else rows


def pass_text(share: float) -> str:
    """The pass mark as a part of the full marks, and whether it is only the default."""
    return f"满分的 {100 * share:g}%{'（默认值）' if is_default_mark(share) else ''}"


def is_default_mark(share: float) -> bool:
    """Whether this pass mark is only our default, which nobody has found in a document."""
    default = thresholds()["pass_share"]
    return share == default.value and not default.is_verified


def coverage_sentence(found: Review) -> str:
    """How many points, grids and types the plan covers, and the mean risk against that of all."""
    covered = int((found.by_grid["points"] > 0).sum())
    outside = f"，网格之外 {found.outside} 个" if found.outside else ""
    if found.former:
        outside += f"，在已撤销的网格 {found.former} 个"
    mean = risk_text(float(found.points["risk"].mean()))
    return (
        f"申报点 {len(found.points)} 个，覆盖 {covered} / {len(found.by_grid)} 个网格{outside}，"
        f"平均风险 {mean}"
    )
