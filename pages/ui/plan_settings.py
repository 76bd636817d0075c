"""The settings of a plan: standard, population, quotas by type, distance."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from data.plan import PlanSettings, Quota
from data.sample_entries import plans
from data.settings import settings as app_settings
from data.standards import threshold
from data.views.choose import suggested_quotas
from data.views.overview import Build
from data.views.standards import form_parts, quotas_for, rehearsed_forms
from pages.ui.sampling import Plan, standard
from pages.ui.sites import candidates
from pages.ui.text import plain

ORIGINS = {"standard": "标准", "suggested": "建议值", "": "未要求"}
NUMBERS = {"配额": "quota", "申报点": "declared", "备用点": "spares"}


def choose_settings(build: Build, plan: Plan | None) -> PlanSettings | None:
    """The widgets of the settings, as the plan has them; None while something is missing or wrong."""
    of = plan.plan_id if plan else "new"  # another plan has widgets of its own
    old = plan.settings if plan else None
    first, second = st.columns([1.4, 1, 1]), st.columns(3)
    edition, form = _form(build, old, first[0], of)
    population = first[1].number_input(
        "建成区常住人口（万人）",
        min_value=0.0,
        value=old.population if old else _last_population(build),
        placeholder="请填写，如 18.5",
        key=f"population_{of}",
        help="标准按人口规定各类样本点的数量；随方案保存。",
    )
    if population is None:
        st.info("请先填写建成区常住人口：各类样本点的配额由标准按人口规定。")
        return None
    asked = quotas_for(standard(build, "standard_quota"), edition, population)
    stated = None if math.isnan(asked.total) else int(asked.total)
    kept_total = sum(quota.quota for quota in old.quotas) if old else None
    is_same = old is not None and (old.edition, old.population) == (edition, population)
    least = stated or int(asked.rows["quota"].sum()) or int(threshold("suggested_total"))
    total = first[2].number_input(
        "样本点总数",
        min_value=1,
        max_value=1000,
        value=kept_total if is_same and kept_total else least,
        key=f"total_{of}_{edition}_{population}",
        help=f"标准：至少 {stated} 个。" if stated else "所选标准没有规定总数，请自定。",
    )
    usual = _shares(old)
    share = second[0].number_input(
        "申报点占配额（%）", 0, 100, usual[0], 5, key=f"share_{of}",
        help="事先申报的比例，其余由检查组抽取。默认值，未经权威依据核实。",
    )  # fmt: skip
    spare = second[1].number_input(
        "备用点占配额（%）", 0, max(100, usual[1]), usual[1], 5, key=f"spare_{of}",
        help="抽签时另抽的替补。默认值，未经权威依据核实。",
    )  # fmt: skip
    distance = second[2].number_input(
        "同类点位最小距离（米）", 0, 5000,
        round(old.min_distance_m if old else threshold("min_point_distance_m")), 50,
        key=f"distance_{of}", help="同类的两个点不近于此；指定保留的点例外。默认值，未经权威依据核实。",
    )  # fmt: skip
    is_kept = is_same and total == kept_total and (share, spare) == usual
    suggested = suggested_quotas(
        candidates(build).frame, int(total), asked.rows, share / 100, spare / 100
    )
    origins = {one.quota.site_type: one.origin for one in suggested}
    quotas = list(old.quotas) if is_kept and old else [one.quota for one in suggested]
    key = f"quotas_{of}_{edition}_{population}_{total}_{share}_{spare}"
    edited = _edit(build, quotas, origins, key)
    if edited is None:
        return None
    return PlanSettings(
        edition,
        form,
        float(population),
        edited,
        old.risk_weight if old else 0.0,
        float(distance),
        old.pass_share if old else threshold("pass_share"),
    )


def _shares(old: PlanSettings | None) -> tuple[int, int]:
    """Percent of the quotas that are declared, and that are spare: of the plan, or as usual."""
    total = sum(quota.quota for quota in old.quotas) if old else 0
    if old is None or not total:
        return round(100 * threshold("declared_share")), round(100 * threshold("spare_share"))
    declared = sum(quota.declared for quota in old.quotas)
    spares = sum(quota.spares for quota in old.quotas)
    return round(100 * declared / total), round(100 * spares / total)


def _form(
    build: Build, old: PlanSettings | None, column: DeltaGenerator, of: int | str
) -> tuple[str, str]:
    """Edition and form: those whose deductions can be rehearsed first, the usual edition first.

    Those of the plan stay until others are chosen, though the standard has them no more.
    """
    weights, deductions = standard(build, "standard_weight"), standard(build, "standard_deduction")
    usual = app_settings().edition
    editions = sorted(weights["edition"].unique(), key=lambda edition: (edition != usual, edition))
    parts = {edition: form_parts(weights, deductions, edition) for edition in editions}
    forms = [(edition, form) for edition in editions for form in rehearsed_forms(parts[edition])]
    forms += [
        (edition, form)
        for edition in editions
        for form in parts[edition]["form"].unique()
        if (edition, form) not in forms
    ]
    asked = (old.edition, old.form) if old else forms[0]
    is_gone = asked not in forms
    if is_gone:
        forms.insert(0, asked)
    chosen: tuple[str, str] = column.selectbox(
        "标准版本与评分表",
        forms,
        forms.index(asked),
        format_func=lambda one: (
            f"{one[0]} 版　{one[1]}" + ("（已删除）" if is_gone and one == asked else "")
        ),
        key=f"form_{of}",
        help="决定配额、评分板块和扣分细则；在“标准与配额”中核对。",
    )
    return chosen


def _last_population(build: Build) -> float | None:
    """As it was typed in for the latest plan."""
    rows = plans(build.source)
    return None if rows.empty else PlanSettings.of_json(rows["settings"].iloc[0]).population


def _edit(
    build: Build, quotas: list[Quota], origins: dict[str, str], key: str
) -> tuple[Quota, ...] | None:
    """The quotas as a table to edit, with the types of the frame that none was asked of."""
    counts = candidates(build).frame["site_type"].value_counts()
    named = {quota.site_type for quota in quotas}
    rows = [*quotas, *(Quota(str(name), 0, 0) for name in counts.index if name not in named)]
    shown = pd.DataFrame(rows, columns=list(Quota._fields)).rename(
        columns={"site_type": "类型", **{column: name for name, column in NUMBERS.items()}}
    )
    shown.insert(1, "候选（个）", shown["类型"].map(counts).fillna(0).astype(int))
    shown["配额来自"] = [ORIGINS[origins.get(name, "")] for name in shown["类型"]]
    number = st.column_config.NumberColumn(min_value=0, max_value=1000, step=1, required=True)
    edited = st.data_editor(
        shown,
        hide_index=True,
        disabled=["类型", "候选（个）", "配额来自"],
        column_config=dict.fromkeys(NUMBERS, number),
        height=min(35 * (len(shown) + 1) + 3, 510),
        alt="各类样本点的配额",
        key=key,
    )
    kept = [
        Quota(row["类型"], *(int(row[name]) for name in NUMBERS)) for row in edited.to_dict("records")
    ]
    wrong = [quota.site_type for quota in kept if quota.declared > quota.quota]
    if wrong:
        st.error(f"申报点不能多于配额：{plain('、'.join(wrong))}。请改小申报点或加大配额。")
        return None
    st.caption(
        f"合计：配额 {sum(q.quota for q in kept)}，申报点 {sum(q.declared for q in kept)}，"
        f"备用点 {sum(q.spares for q in kept)}。双击数字可改。"
        "“标准”来自所选版本；“建议值”把其余名额按候选点位数的平方根分给其他类型，不是规定。"
    )
    return tuple(quota for quota in kept if quota.quota)
