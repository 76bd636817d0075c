"""抽查模拟: what the inspectors' draw would score, where points are lost, what to repair first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from data.export import workbook_by
from data.messages import DataError
from data.plan import PlanSettings, Quota
from data.sample_entries import seen_points
from data.standards import threshold, thresholds
from data.views.mock_check import FoundTimes, found_times
from data.views.overview import Build
from data.views.rehearsal import PlanRehearsal, as_drawn
from data.views.site_lists import site_records
from pages.ui.charts_sample import repair_chart, spread_chart
from pages.ui.filters import choose, url_number, url_select, url_switch
from pages.ui.maps import Scene, clicked, draw_map
from pages.ui.read import read
from pages.ui.records import record_table
from pages.ui.sample_forecast import (
    band_text,
    chance_text,
    notes_text,
    rehearsal,
    score_digits,
)
from pages.ui.sampling import Plan
from pages.ui.sites import OUTSIDE, all_grids, place, reasons_text, risk_text, site_frame
from pages.ui.tables import XLSX, table
from pages.ui.text import plain

PARTS = {
    "part": "评分板块",
    "points": "满分",
    "score": "预计得分",
    "score_low": "5% 的轮次低于",
    "score_high": "5% 的轮次高于",
    "points_lost": "预计失分",
    "lost_share": "占全部失分（%）",
}
ROWS = {
    "part": "评分板块",
    "site_type": "点位类型",
    "item": "扣分项",
    "points": "每点扣分",
    "cap": "最多扣",
    "finds": "平均几个点有",
    "points_lost": "预计失分",
    "is_verified": "已核对原文",
}
TYPES = {
    "site_type": "点位类型",
    "candidates": "候选点位",
    "drawn": "抽查几个",
    "declared": "其中申报点",
    "risk": "平均风险（%）",
    "points_lost": "预计失分",
    "lost_share": "占全部失分（%）",
}
GRIDS = {
    "grid_name": "网格",
    "lead_unit": "牵头单位",
    "candidates": "可能被抽的点位",
    "points_lost": "预计失分",
    "lost_share": "占全部失分（%）",
}
LOSSES = {
    "": ("按板块", PARTS),
    "rows": ("按扣分项", ROWS),
    "types": ("按点位类型", TYPES),
    "grids": ("按网格和牵头单位", GRIDS),
}
MOST = int(threshold("repair_places"))
MOST_TIMES = 20.0
MANY_UNSEEN = 0.25  # of the points of a round: beyond it the forecast is a guess in good part
PLACE_COLOURS = {"first": "#bd0026", "repaired": "#0b6e99", "grid": "#ffffff"}
TWO_DIGITS = st.column_config.NumberColumn(format="%.2f")
ONE_DIGIT = st.column_config.NumberColumn(format="%.1f")


def show_rehearse(build: Build, plan: Plan | None) -> None:
    """The rehearsal of a plan under the inspectors' rule."""
    if plan is None:
        return  # the page says what to do
    (settings, times), declared = _rule(build, plan), tuple(plan.keys("declared"))
    try:
        with st.spinner("正在模拟 {:,.0f} 轮抽查……".format(threshold("rehearsal_rounds"))):
            found = rehearsal(build, settings, declared, risk_times=times)
    except DataError as error:
        st.error(plain(error.zh))
        return
    if not found.is_forecast:
        why = (
            "按这个规则抽到的点位，扣分细则里都扣不到分"
            if any(quota.quota for quota in settings.quotas)
            else "方案没有配额，一个点也不抽；请在“检查组怎么抽”里填，或改方案"
        )
        st.warning(f"现在什么也预测不了：{why}。")
        st.markdown("\n".join(f"- {plain(note)}" for note in notes_text(found)))
        return
    _answer(build, plan, settings, times, found)
    if plan.drawn_on:
        _compare(build, plan, settings, times, found)
    if url_switch("看什么", {"": "整改优先清单", "lost": "失分在哪里"}, "look"):
        _losses(found)
    else:
        _repairs(build, plan, settings, times, found, declared)
    _assumptions(found)


def _rule(build: Build, plan: Plan) -> tuple[PlanSettings, float]:
    """The inspectors' rule (of the plan, or as changed here) and how many times each risk counts."""
    settings = plan.settings
    quotas = pd.DataFrame(list(settings.quotas), columns=Quota._fields)
    count = f"抽查 {quotas['quota'].sum()} 个点，其中申报点 {quotas['declared'].sum()} 个"
    with st.expander(f"检查组怎么抽（方案：{count}）"):
        left, right = st.columns([2, 1], gap="large")
        with left:
            st.caption("默认与方案的配额相同；这里的改动只用于模拟，不改方案。")
            columns = {"site_type": "点位类型", "quota": "抽查几个", "declared": "其中申报点"}
            whole = st.column_config.NumberColumn(min_value=0, max_value=999, step=1, required=True)
            edited = st.data_editor(
                quotas[list(columns)].rename(columns=columns),
                hide_index=True,
                disabled=["点位类型"],
                column_config={"抽查几个": whole, "其中申报点": whole},
                key=f"rule_{plan.plan_id}",
                alt="检查组每类点位抽查几个",
            )
        with right:
            share = st.number_input(
                "通过线（占预测满分的 %）",
                min_value=1.0,
                max_value=100.0,
                value=100 * settings.pass_share,
                step=1.0,
                format="%.1f",
                key=f"pass_{plan.plan_id}",
            )
            default = thresholds()["pass_share"]
            if not default.is_verified and settings.pass_share == default.value:
                st.caption(f"{default.value:.0%} 是默认值，没有查到出处；请填县里接到的要求。")
            st.session_state.setdefault(f"times_{plan.plan_id}", 1.0)  # a button sets it too
            times = st.number_input(
                "风险按几倍算",
                min_value=0.1,
                max_value=MOST_TIMES,
                step=0.1,
                format="%.1f",
                key=f"times_{plan.plan_id}",
            )
    try:
        changed = replace(
            settings,
            quotas=tuple(Quota(*row) for row in edited.itertuples(index=False, name=None)),
            pass_share=round(share / 100, 4),
            seed="",
        )
    except ValueError:
        st.error("“其中申报点”不能多于“抽查几个”：先按方案的配额计算。")
        return settings, times
    return changed, times


def _times_text(last: FoundTimes | None) -> str:
    """What the last mock inspection says of the risks."""
    if last is None:
        return (
            "风险取自日常记录，检查人员看得更细，实际会更多。做过模拟评估（看过至少"
            f" {threshold('min_forecast_points'):g} 个点）后，这里会给出实际是预测的几倍。"
        )
    return (
        f"最近一次模拟评估“{plain(last.title)}”（{last.held_on:%Y-%m-%d}）看了 {last.points} 个点，"
        f"预测 {last.told:.1f} 个有问题，实际 {last.faulty} 个：是预测的 {last.times:.1f} 倍。"
        "检查比日常记录看得细，得分宜按这个倍数重算；看过的点越多，倍数越可靠。"
    )


def _answer(
    build: Build, plan: Plan, settings: PlanSettings, times: float, found: PlanRehearsal
) -> None:
    """Score, chance to pass and pass mark, how the rounds spread, and what must be known of it."""
    left, right = st.columns([1, 1.25], gap="large")
    with left:
        one, two, three = st.columns([1, 1.2, 0.9])
        with one, st.container(border=True):
            st.metric("预计得分", f"{found.score:.1f}", help=f"满分 {found.full:g} 分")
            st.caption(
                f"满分 {found.full:g}；九成的轮次在 {found.score_low:g} – {found.score_high:g} 分"
            )
        with two, st.container(border=True):
            st.metric("通过概率", chance_text(found.passes, found.rounds))
            st.caption(f"95% 区间 {band_text(found)}")
        with three, st.container(border=True):
            st.metric("通过线", f"{found.pass_score:g}")
            default = thresholds()["pass_share"]
            is_default = settings.pass_share == default.value and not default.is_verified
            st.caption(f"满分的 {100 * settings.pass_share:g}%{'（默认值）' if is_default else ''}")
        _levels(found)
        _doubts(build, plan, times, found)
        if found.not_forecast:
            st.warning(
                f"没有预测的板块：**{plain('、'.join(found.not_forecast))}**。"
                "抽到的点位在这些板块里扣不到分，得分和满分都不含它们。"
            )
        if not site_frame(build).model.is_fitted:
            st.warning("历史记录太少，分不出同类点位之间的好坏：各点的风险按同类平均计算。")
    with right:
        spread_chart(found, "rehearse_spread")


def _doubts(build: Build, plan: Plan, times: float, found: PlanRehearsal) -> None:
    """What makes the forecast worth less: points nobody has looked at, risks counted several times."""
    unseen = next((note.number for note in found.notes if note.code == "unseen"), 0)
    if unseen > MANY_UNSEEN * found.drawn:
        st.warning(
            f"每轮抽到的 {found.drawn} 个点平均有 **{unseen} 个很久没有人看过**，"
            "风险只能按同类平均估计：这个预测很可能偏好。请先做一次模拟评估。"
        )
    if times != 1:
        st.info(f"各点风险按 {times:g} 倍计算（“检查组怎么抽”里可改）。")
        return
    last = found_times(seen_points(build.source))
    st.info(_times_text(last))
    if last is not None:
        least, most = 0.1, MOST_TIMES
        asked = min(max(round(last.times, 1), least), most)
        st.button(f"按 {asked:g} 倍重算", on_click=_count_times, args=(plan, asked))


def _count_times(plan: Plan, times: float) -> None:
    st.session_state[f"times_{plan.plan_id}"] = times


def _levels(found: PlanRehearsal) -> None:
    low, _, high = found.levels.itertuples()
    swing = threshold("risk_swing")
    at_low, at_high = (chance_text(one.passes, found.rounds) for one in (low, high))
    st.markdown(
        f"若各点风险整体比估计**低 {swing:.0%}**，通过概率为 **{at_low}**（预计 {low.score:.1f} 分）；"
        f"**高 {swing:.0%}**，为 **{at_high}**（{high.score:.1f} 分）。"
        "风险估计的误差远大于模拟的误差，请把这两头一起看。"
    )


def _compare(
    build: Build, plan: Plan, settings: PlanSettings, times: float, found: PlanRehearsal
) -> None:
    """The points of our own draw, visited exactly, beside a draw by the inspectors."""
    exact = rehearsal(build, *as_drawn(settings, plan.points), risk_times=times)
    if not exact.is_forecast:
        return
    names = ["检查组另抽", f"就查公开抽签抽中的点（{plan.drawn_on:%Y-%m-%d}）"]
    both = [found, exact]
    rows = pd.DataFrame(
        {
            "查哪些点": names,
            "点数": [one.drawn for one in both],
            "满分": [one.full for one in both],
            "预计得分": [one.score for one in both],
            "5% 的轮次低于": [one.score_low for one in both],
            "5% 的轮次高于": [one.score_high for one in both],
            "通过概率": [chance_text(one.passes, one.rounds) for one in both],
        }
    )
    st.markdown("**与公开抽签的点比**：检查组另抽，点和问题都凭运气；就查抽中的点，只有问题凭运气。")
    table(rows, "与公开抽签的点比", "rehearse_compare", config={"预计得分": ONE_DIGIT})


def _losses(found: PlanRehearsal) -> None:
    by = url_switch("按什么看", {code: name for code, (name, _) in LOSSES.items()}, "lost")
    name, columns = LOSSES[by]
    rows = getattr(found, by or "parts")
    rows = rows.sort_values("points_lost", ascending=False)[list(columns)]
    percents = [column for column in ("lost_share", "risk") if column in columns]
    rows[percents] *= 100
    if by == "grids":
        rows = rows.fillna({"grid_name": "", "lead_unit": ""}).replace({"grid_name": {"": OUTSIDE}})
    if by == "rows":
        rows["is_verified"] = rows["is_verified"].map({True: "是", False: "默认值"})
    config: dict[str, Any] = {
        columns[column]: TWO_DIGITS for column in ("score", "points_lost", "finds") if column in columns
    } | {columns[column]: ONE_DIGIT for column in percents}
    shown = rows.rename(columns=columns)
    table(shown, f"预计失分（{name}）", "rehearse_losses", config=config)
    if by == "rows":
        st.caption("同一行的扣分有上限，一个板块最多扣完该板块的分：板块扣满时，失分按比例摊到各行。")


def _repairs(
    build: Build,
    plan: Plan,
    settings: PlanSettings,
    times: float,
    found: PlanRehearsal,
    declared: tuple[str, ...],
) -> None:
    """The list of repairs, what they bring together, one place in full, and repairs on trial."""
    rows = found.repairs
    if rows.empty:
        st.success("模拟中没有一处失分，没有可整治的。")
        return
    narrow, wide = st.columns([1, 5], vertical_alignment="bottom", gap="large")
    with narrow:
        most = min(len(rows), url_number("先整治几处", (1, MOST), 5, "k"))
    with wide:
        st.markdown(f"#### {_together(found, most)}")
    if rows["is_by_points"].any():
        st.caption(_why_by_points(found))
    _repair_table(rows.head(most), score_digits(found))
    left, right = st.columns([1, 1.2], gap="large")
    with left:
        repair_chart(found, most, "rehearse_repairs")
    with right:
        ticked = _ticks(plan, rows)
        if ticked:
            with st.spinner("按假定已整改的地点重算……"):
                on_trial = rehearsal(build, settings, declared, ticked, risk_times=times)
                _trial(found, on_trial, len(ticked))
    _places(build, rows.head(most), ticked)


def _together(found: PlanRehearsal, most: int) -> str:
    last = found.repairs.iloc[most - 1]
    before, after = (chance_text(passes, found.rounds) for passes in (found.passes, last["passes"]))
    digits = score_digits(found)
    score = f"预计得分 {found.score:.{digits}f} → {last['score']:.{digits}f}"
    if found.repairs["is_by_points"].all():
        return f"再整治这 {most} 处，{score}"
    return f"再整治这 {most} 处，通过概率 {before} → {after}，{score}"


def _why_by_points(found: PlanRehearsal) -> str:
    if not found.repairs["is_by_points"].all():
        return "“按得分”的几处：轮到它们时通过概率已几乎不动，按预计得分排。"
    side = "已接近 100%" if found.pass_share > 0.5 else "接近 0"
    return f"通过概率{side}，单独整治哪一处都几乎不动它：清单按预计得分排。"


def _repair_table(rows: pd.DataFrame, digits: int) -> None:
    shown = pd.DataFrame(
        {
            "序号": range(1, len(rows) + 1),
            "地点": [_place_name(row) for row in rows.to_dict("records")],
            "类型": rows["site_type"],
            "网格": rows["grid_name"].where(rows["grid_name"] != "", OUTSIDE),
            "牵头单位": rows["lead_unit"],
            "风险": rows["risk"].map(risk_text),
            "单独整治：通过概率（百分点）": 100 * rows["pass_gain"],
            "单独整治：得分": rows["points_gain"],
            "累计通过概率（%）": 100 * rows["pass_share"],
            "累计预计得分": rows["score"],
            "为什么": rows["reasons"].map(reasons_text),
            "排序": rows["is_by_points"].map({True: "按得分", False: "按通过概率"}),
        }
    )
    scores = st.column_config.NumberColumn(format=f"%.{digits}f")
    config = {
        "单独整治：通过概率（百分点）": ONE_DIGIT,
        "单独整治：得分": st.column_config.NumberColumn(format=f"%.{digits + 1}f"),
        "累计通过概率（%）": ONE_DIGIT,
        "累计预计得分": scores,
    }
    if rows["is_by_points"].all():  # the chance to pass does not move: said above, once
        shown = shown.drop(columns=[name for name in shown if "通过概率" in name or name == "排序"])
    table(shown, "整改优先清单", "rehearse_repairs_table", config=config)
    st.download_button(
        "按牵头单位分表（Excel）",
        lambda: workbook_by(shown, "牵头单位", "整改优先清单"),
        "整改优先清单（分牵头单位）.xlsx",
        XLSX,
        icon=":material/table:",
        type="tertiary",
        on_click="ignore",
    )


def _place_name(row: dict[Any, Any]) -> str:
    """A place that is repaired at once: a site, or a street with how many points it has in the grid."""
    name = str(row["place_name"] or "（无名）")
    return name if row["kind"] == "site" else f"{name}（{row['sites']} 个点）"


def _ticks(plan: Plan, rows: pd.DataFrame) -> tuple[str, ...]:
    """Places that the planner takes for repaired."""
    ticked = []
    with st.container(border=True):
        st.markdown("**假定已整改**：勾选几处，看新的得分")
        columns = st.columns(3)
        for position, row in enumerate(rows.to_dict("records")):
            key = f"repaired_{plan.plan_id}_{row['place_key']}"
            with columns[3 * position // len(rows)]:  # down, then on, as the tab key goes
                if st.checkbox(plain(f"{position + 1}. {_place_name(row)}"), key=key):
                    ticked.append(row["place_key"])
    return tuple(sorted(ticked))


def _trial(before: PlanRehearsal, after: PlanRehearsal, count: int) -> None:
    digits, gain = score_digits(before), after.score - before.score
    points = 100 * (after.pass_share - before.pass_share)
    st.success(
        f"假定这 {count} 处已整改：预计得分 **{before.score:.{digits}f} → "
        f"{after.score:.{digits}f}**（+{gain:.{digits}f}），"
        f"通过概率 **{chance_text(before.passes, before.rounds)} → "
        f"{chance_text(after.passes, after.rounds)}**（+{points:.1f} 个百分点）。"
        "同样的抽取、同样的运气，只是这几处不再出问题。"
    )


def _places(build: Build, rows: pd.DataFrame, ticked: tuple[str, ...]) -> None:
    """The places on the map, and one of them with its records."""
    if key := clicked("rehearse_map", "id"):
        choose("place", key)
    names = {
        row["place_key"]: f"{position}. {_place_name(row)}"
        for position, row in enumerate(rows.to_dict("records"), start=1)
    }
    left, right = st.columns([1.25, 1], gap="large")
    with right:
        place_key = url_select("看哪一处", {"": "（点地图，或在这里选）"} | names, "place")
        if place_key:
            _place(build, rows.set_index("place_key").loc[place_key].to_dict())
    with left:
        points: list[dict[str, object]] = [
            {
                "id": row["place_key"],
                "lat": round(row["lat"], 5),
                "lon": round(row["lon"], 5),
                "key": "repaired" if row["place_key"] in ticked else "first",
                "text": names[row["place_key"]],
            }
            for row in rows.to_dict("records")
        ]
        legend = [(PLACE_COLOURS["first"], "优先整改"), (PLACE_COLOURS["repaired"], "假定已整改")]
        grids = dict.fromkeys(all_grids(build)["grid_id"], ("grid", ""))
        scene = Scene("整改优先的地点", PLACE_COLOURS, legend, grids, points=points, picked=place_key)
        draw_map("rehearse_map", build, scene, height=420)


def _place(build: Build, row: dict[Any, Any]) -> None:
    """One place: where it is, why, and the records of its riskiest point."""
    who = f"{plain(row['grid_name'] or OUTSIDE)}　{plain(row['lead_unit'])}"
    st.markdown(
        f"**{plain(_place_name(row))}**　{who}  \n{plain(reasons_text(row['reasons']))}  \n"
        f"坐标（纬度，经度）：{place(row)}"
    )
    records = read(site_records, build.build_id, row["site_key"], build.data_until)
    which = "" if row["kind"] == "site" else "风险最高的一点"
    st.markdown(f"**{which}近一年的记录：{len(records)} 件**")
    if len(records):
        table(record_table(records), "地点的记录", "rehearse_records", height=230)


def _assumptions(found: PlanRehearsal) -> None:
    with st.expander("这样模拟假定了什么"):
        notes = "".join(f"\n- {plain(note)}" for note in notes_text(found))
        alike = (
            "同一条街的各点互不影响"
            if not found.correlation
            else f"同一条街的各点一起变好变坏（相关系数 {found.correlation:g}，默认值）"
        )
        st.markdown(
            f"- 每一轮都按上面的规则重新抽点，共 {found.rounds:,} 轮，每轮 {found.drawn} 个；"
            "同类里每个点机会相同。\n"
            f"- 每个点出问题的机会取自日常记录：今后 {threshold('risk_days'):g} 天里**有问题被记录**"
            "的可能，不等于检查组一定会扣分；检查组看得更细时，实际得分更低。没有人去看的地方，记录少不代表干净。\n"
            f"- {alike}，各项问题也互不影响；真实情况往往一起变差，实际的波动比这里大。\n"
            "- 扣分按“标准与配额”里的扣分细则，凡标默认值的都没有核对过原文。\n"
            "- “整治到位”是检查当天该处不扣分，是能提高的上限；同一网格内的同一条街算一处。" + notes
        )
