"""公开抽签: the list is fixed, the seed called out, the points drawn; anybody can do it again."""

from __future__ import annotations

import html
import json
import math
import re
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from data.engine import Engine
from data.export import point_geojson
from data.messages import DataError
from data.plan import PlanSettings
from data.sample_entries import fix_frame, fixed_frames, kept_frame, set_draw
from data.views.draw import Announced, Evenness, PlanDraw, announce, draw
from data.views.overview import Build
from pages.ui.draw_result import (
    SCRIPT,
    command,
    digest_groups,
    draw_url,
    file_name,
    fixing_table,
    is_same,
    kept_draw,
    local_time,
    point_table,
)
from pages.ui.entry import kept, not_kept, today
from pages.ui.filters import choose, url_number
from pages.ui.maps import Scene, draw_map
from pages.ui.next_version import ask_next_version
from pages.ui.read import read
from pages.ui.records import POINTS_SHOWN
from pages.ui.sampling import ROLES, Plan
from pages.ui.sites import all_grids, candidates, map_point, site_frame, site_name
from pages.ui.tables import table
from pages.ui.text import plain

Fixing = Any  # a row of `fixed_frames`
# Such a seed stands unchanged in a command of any shell, and can be read out.
SEED = re.compile(r"[\w.,:，。：、-][\w .,:，。：、-]{0,58}")
BAD_SEED = "种子只用汉字、字母、数字、空格和 . , : - 这些符号，不以空格开头。"
ADVICE = (
    "种子由会场当众产生，例如请与会者掷骰子、从号码机里摇号，把得到的数字按顺序念出来，照样填在下面。"
    "不要由我们自己选：名单已经固定，谁也不知道这个种子会抽中谁，也就没有人能挑。"
)
OF_FINAL = (
    "这一版已定稿，可以公开抽签一次：只添抽中点和备用点，申报点、配额、备用点数和最小距离都随定稿，不再改。"
    "风险权重只管抽签，在这里定。候选名单用现在的数据。"
)
TYPES = {
    "site_type": "点位类型",
    "sites": "候选点位",
    "declared": "申报点",
    "drawn": "要抽",
    "spares": "备用点",
}
COLOURS = {"declared": "#0b6e99", "drawn": "#bd0026", "spare": "#fecc5c", "grid": "#ffffff"}
NOTICES = {
    "unknown_declared": "方案的申报点有 {count} 个不在候选名单里（数据已经换了版本），没有它们。",
    "no_quota": "{site_type}：没有配额，{count} 个申报点照样保留。",
    "more_declared": "{site_type}：申报点比配额多 {count} 个，不再抽。",
    "fewer_declared": "{site_type}：申报点比方案少 {count} 个，多抽这么多补足。",
    "short": "{site_type}：候选点位比配额少 {count} 个，全部抽中。",
    "few_spares": "{site_type}：备用点少 {count} 个（候选点位不够，或已顶替别的点）。",
    "skipped": "{site_type}：{count} 个抽中的点离已定的点太近，由备用点依次顶替。",
    "too_near": "{site_type}：{count} 个抽中的点离已定的点近，但没有更合适的备用点，予以保留。",
}
PASSED = {"skipped": "离已定的点太近，由备用点顶替", "too_near": "离已定的点近，没有更合适的，保留"}


def show_draw(build: Build, plan: Plan | None) -> None:
    """The draw of a plan: its ceremony while it is not drawn, or what was drawn and how to check it."""
    if plan is None:
        return  # the page says what to do
    if plan.drawn_on:
        _drawn(build, plan, plan.drawn_on)
    elif not plan.is_final and plan.build_id != build.build_id:
        st.warning(
            "数据已更新，这份草稿的申报点还是按旧数据选的：请先在“选申报点”里点“按新数据重选”"
            "或“点位不变，只更新风险”，再来抽签。"
        )
    else:
        _ceremony(build, plan)


def _ceremony(build: Build, plan: Plan) -> None:
    """Three steps, each closed until the one before is done."""
    st.subheader("第一步　固定候选名单")
    if plan.is_final:
        st.info(OF_FINAL)
    if lost := _lost(build, plan):
        st.warning(
            f"有 {len(lost)} 个申报点不在现在的候选名单里（数据已经换了版本），抽签会另抽点补足，"
            f"所以不能抽：{plain('、'.join(lost))}。请在“选申报点”里点“新版本”，换掉它们再来抽签。"
        )
        return
    fixings = fixed_frames(build.source, plan.plan_id)
    last = None if fixings.empty else fixings.iloc[-1]
    # None while nothing is fixed, or the settings are open again.
    fixed = None if last is None or st.session_state.get(_reopened(last)) else last
    left, right = st.columns([1, 1.4], gap="large")
    with left:
        settings = _settings(_begun(plan, last, fixed), is_fixed=fixed is not None)
    declared = tuple(plan.keys("declared"))
    with st.spinner("正在整理候选名单……"):
        said = read(_announce, build.build_id, build, replace(settings, seed=""), declared)
    with right:
        st.dataframe(
            said.types.rename(columns=TYPES),
            hide_index=True,
            height="content",
            alt="各类点位各有多少、要抽多少",
        )
    if not said.types["drawn"].sum():
        st.warning("没有要抽的点：方案没有配额、配额都由申报点占满，或者候选点位里没有这些类型。")
        return
    is_fixed = fixed is not None and fixed["frame_digest"] == said.frame_digest
    if outside := site_frame(build).outside_grids:
        st.caption(f"另有 {outside:,} 个点位在网格之外：没有网格负责，不列入名单。")
    if fixed is None:
        _to_fix(build, plan, settings, said, last)
    else:
        _fixed(fixed, said)
    _fixings(fixings)
    st.subheader("第二步　公布种子")
    st.markdown(ADVICE)
    # The field is the fixing's own: what was typed before the list was fixed is not there any more.
    seed_key = f"seed_{plan.plan_id}_{0 if fixed is None else fixed['fixed_frame_id']}"
    seed = st.text_input(
        "种子",
        key=seed_key,
        disabled=not is_fixed,
        placeholder="" if is_fixed else "先固定名单",
        max_chars=60,
    ).strip()
    if seed and not _is_good(seed):
        st.error(BAD_SEED)
    st.subheader("第三步　抽签")
    st.markdown(
        "抽一次就定下来，这一版不能再抽，申报点也不能再改。要换种子，只能另做一版，两版都留着。"
    )
    st.button(
        "抽签",
        type="primary",
        icon=":material/casino:",
        disabled=not (is_fixed and _is_good(seed)),
        on_click=kept(_draw, build, plan, settings, said.frame_digest, seed_key),
    )


def _is_good(seed: str) -> bool:
    return SEED.fullmatch(seed) is not None


def _announce(_: Engine, build: Build, settings: PlanSettings, declared: tuple[str, ...]) -> Announced:
    return announce(candidates(build).frame, settings, list(declared))


def _settings(plan: Plan, *, is_fixed: bool) -> PlanSettings:
    """How it is drawn; it stands in the list that is fixed, so it is chosen before."""
    own = plan.settings
    number = plan.plan_id
    weight = url_number(
        "风险权重 λ（%，0–70）",
        (0, 70),
        round(100 * own.risk_weight),
        f"weight_{number}",
        disabled=is_fixed,
    )
    st.caption(
        "0：同一类的点机会相同。"
        if not weight
        else f"{weight}：风险是同类平均两倍的点，机会是平均点的 {1 + weight / 100:.2g} 倍；"
        f"风险最低的点也保留平均点 {100 - weight}% 的机会。"
    )
    distance = url_number(
        "点与点最小距离（米，0–2000）",
        (0, 2000),
        round(own.min_distance_m),
        f"distance_{number}",
        disabled=is_fixed or plan.is_final,
    )
    st.caption("同类中抽中的点离已定的点更近时，由备用点依次顶替；没有合适的，保留原来的点。")
    st.caption("备用点各类几个，见右表。" + ("" if plan.is_final else "在“选申报点”的设置里改。"))
    distance_m = own.min_distance_m if plan.is_final else float(distance)
    return replace(own, risk_weight=weight / 100, min_distance_m=distance_m)


def _lost(build: Build, plan: Plan) -> list[str]:
    """Declared points that are no candidates any more, by name."""
    gone = plan.declared[~plan.declared["site_key"].isin(candidates(build).frame["site_key"])]
    return [site_name(row) for row in gone.to_dict("records")]


def _begun(plan: Plan, last: Fixing | None, fixed: Fixing | None) -> Plan:
    """The plan with what its list was fixed with last: to begin from or, while fixed, to stay with."""
    own = plan.settings
    if last is not None:
        distance = own.min_distance_m if plan.is_final else float(last["min_distance_m"])
        own = replace(own, risk_weight=float(last["risk_weight"]), min_distance_m=distance)
    if fixed is not None:
        _hold(f"weight_{plan.plan_id}", round(100 * own.risk_weight))
    if fixed is not None or plan.is_final:
        _hold(f"distance_{plan.plan_id}", round(own.min_distance_m))
    return replace(plan, settings=own)


def _hold(key: str, value: int) -> None:
    """What cannot be chosen (any more) is this, whatever the address says."""
    choose(key, str(value))
    st.query_params.pop(key, None)


def _to_fix(
    build: Build, plan: Plan, settings: PlanSettings, said: Announced, last: Fixing | None
) -> None:
    """Fix the list, or go back to the one that was fixed last."""
    st.markdown(
        "名单、配额、权重和距离都写在名单文件里。固定之后当众公布它的摘要（SHA-256），再产生种子。"
    )
    with st.container(horizontal=True):
        # No callback: a click that comes together with a changed field takes what stands there now.
        if st.button("固定名单并公布摘要", type="primary", icon=":material/lock:"):
            kept(_fix, build, plan, settings, said.frame_file)()
            st.rerun()
        if last is not None:
            st.button("不改了", on_click=_reopen, args=(last, False), type="tertiary")


def _fixed(fixed: Fixing, said: Announced) -> None:
    """What was fixed: its digest large enough to be read out, the time, the file."""
    digest = fixed["frame_digest"]
    if digest != said.frame_digest:
        st.error("现在的名单与公布的摘要不一致（数据或设置已经变了）：请重新固定并公布。")
    st.html(_digest_html(f"名单摘要（SHA-256）　{local_time(fixed['fixed_at'])} 固定", digest))
    with st.container(horizontal=True):
        st.download_button(
            "下载名单文件",
            lambda: kept_frame(digest) or b"",
            file_name("frame", digest),
            "text/plain",
            icon=":material/download:",
            on_click="ignore",
            help="任何人都可以在种子产生之前存一份；改动一个字，摘要就完全不同",
        )
        st.button("改动设置，重新固定", on_click=_reopen, args=(fixed, True), type="tertiary")


def _fix(build: Build, plan: Plan, settings: PlanSettings, content: bytes) -> None:
    fix_frame(
        build.source, plan.plan_id, settings, build.build_id, build.data_until, content,
        revision=plan.revision,
    )  # fmt: skip


def _reopened(fixing: Fixing) -> str:
    """Where the session keeps that the settings are open again after this fixing."""
    return f"reopened_{fixing['fixed_frame_id']}"


def _reopen(fixing: Fixing, is_open: bool) -> None:
    st.session_state[_reopened(fixing)] = is_open


def _fixings(fixings: pd.DataFrame) -> None:
    """Every fixing, when there is more than the one that stands large above."""
    if len(fixings) > 1:
        st.markdown(f"名单先后固定过 {len(fixings)} 次，只有最后一次有效：")
        st.dataframe(
            fixing_table(fixings), hide_index=True, height="content", alt="名单每次固定的时间和摘要"
        )


def _draw(build: Build, plan: Plan, settings: PlanSettings, digest: str, seed_key: str) -> None:
    """Draw and keep it (a click's callback), with the seed as it stands: the click may come with it."""
    seed = st.session_state[seed_key].strip()
    if not _is_good(seed):
        not_kept(f"没有抽签：{BAD_SEED}")
        return
    settings = replace(settings, seed=seed)
    found = draw(candidates(build).frame, settings, plan.keys("declared"))
    points = found.points.assign(
        reasons=[json.dumps(reasons, ensure_ascii=False) for reasons in found.points["reasons"]]
    )
    if found.frame_digest != digest:
        not_kept("名单在公布之后变了，没有抽签：请重新固定并公布。")
        return
    set_draw(
        build.source, plan.plan_id, settings, plan.build_id, plan.data_until, found.frame_digest,
        found.draw_digest, today(), points, revision=plan.revision,
    )  # fmt: skip


def _digest_html(name: str, digest: str) -> str:
    groups = "".join(f"<span>{html.escape(group)}</span>" for group in digest_groups(digest))
    style = (
        "display:flex;flex-wrap:wrap;gap:.2em .9em;font:600 clamp(1.2rem,1.75vw,2.6rem)/1.4 monospace"
    )
    return f'<div style="font-size:1rem">{name}</div><div style="{style}">{groups}</div>'


def _drawn(build: Build, plan: Plan, drawn_on: date) -> None:
    """What was drawn, then, as it takes a while, whether it comes again and how even it is."""
    left, right = st.columns([1, 1], gap="large")
    with left:
        counts = plan.points["role"].value_counts()
        said = "　".join(f"{name} **{counts.get(role, 0)}** 个" for role, name in ROLES.items())
        asked = sum(quota.spares for quota in plan.settings.quotas)
        lacking = max(asked - counts.get("spare", 0), 0)
        why = f"（方案要 {asked} 个，少 {lacking} 个的原因见下面的“说明”）" if lacking else ""
        st.markdown(f"{drawn_on:%Y-%m-%d} 抽签：{said}{why}")
        st.markdown(f"#### 种子　{plain(plan.settings.seed)}")
        fixings = fixed_frames(build.source, plan.plan_id)
        when = "" if fixings.empty else f"　{local_time(fixings['fixed_at'].iloc[-1])} 固定"
        st.html(_digest_html(f"名单摘要（SHA-256）{when}", plan.frame_digest))
        st.html(_digest_html("结果摘要（SHA-256）", plan.draw_digest))
        _fixings(fixings)
        checked = st.container()
    with right:
        _map(build, plan)
    shown = point_table(plan)
    table(shown, f"抽签结果 {plan.name}", "draw_points", height=420)
    st.download_button(
        "GeoJSON",
        lambda: point_geojson(shown.assign(lon=plan.points["lon"], lat=plan.points["lat"])),
        f"抽签结果 {plan.name}.geojson",
        "application/geo+json",
        icon=":material/map:",
        type="tertiary",
        on_click="ignore",
        help="在 QGIS 等软件里打开",
    )
    _verify(plan)
    _new_version(build, plan)
    with checked:
        _drawn_again(build, plan)


def _drawn_again(build: Build, plan: Plan) -> None:
    fault, again = "", None
    try:
        with st.spinner("正在用名单和种子重算核对……"):
            again = kept_draw(build, plan)
    except DataError as error:
        fault = error.zh
    _check(plan, again, fault)
    _downloads(build, plan, again)
    if again is not None:
        _evenness(again)
        _notices(build, again)


def _check(plan: Plan, again: PlanDraw | None, fault: str) -> None:
    if fault:
        st.error(plain(fault))
    elif again is None:
        st.warning("名单文件不在这台电脑上，不能重算核对。有人下载过它的话，可以用独立程序核对。")
    elif is_same(plan, again):
        st.success("已核对：名单文件与摘要一致；用名单和种子重算，抽中的点和结果摘要都与保存的一致。")
    else:
        st.error("核对不符：用名单和种子重算的结果与保存的不一样。请不要使用这份结果，并查明原因。")


def _downloads(build: Build, plan: Plan, again: PlanDraw | None) -> None:
    with st.container(horizontal=True):
        st.link_button("打印抽签记录", draw_url(build, plan), icon=":material/print:")
        if again is not None:
            for name, kind, digest, content in (
                ("名单文件", "frame", plan.frame_digest, again.frame_file),
                ("结果文件", "result", plan.draw_digest, again.result_file),
            ):
                st.download_button(
                    name,
                    content,
                    file_name(kind, digest),
                    "text/plain",
                    icon=":material/download:",
                    on_click="ignore",
                )
        st.download_button(
            "独立核对程序",
            SCRIPT.read_bytes(),
            SCRIPT.name,
            "text/x-python",
            icon=":material/download:",
            on_click="ignore",
        )


def _evenness(again: PlanDraw) -> None:
    """How the points spread, beside simple random draws of as many."""
    st.markdown(f"**铺开得匀不匀**：{_spread(again.balance)}")
    rows = pd.DataFrame(
        [
            (name, *(f"{value:.3f}" for value in figure))
            for name, figure in (("B（越小越匀）", again.balance), ("均匀度损失", again.loss))
            if not math.isnan(figure.value)
        ],
        columns=["指标", "这次抽签", "简单随机抽签平均", "其中 5% 低于", "其中 5% 高于"],
    )
    if len(rows):
        st.dataframe(rows, hide_index=True, alt="这次抽签与简单随机抽签的均匀程度")


def _spread(balance: Evenness) -> str:
    if math.isnan(balance.value):
        return "没有点，不比较。"
    if balance.value < balance.random_low:
        than = "比九成五以上的简单随机抽签都匀"
    elif balance.value < balance.random_mean:
        than = "比多数简单随机抽签匀"
    elif balance.value <= balance.random_high:
        than = "与简单随机抽签差不多"
    else:
        than = "不如简单随机抽签匀（申报点集中，或配额太少）"
    return f"每个点周围分到的候选点位大致一样多就是匀；这次{than}。"


def _notices(build: Build, again: PlanDraw) -> None:
    if again.notices:
        with st.expander(f"说明（{len(again.notices)} 条）"):
            for notice in again.notices:
                said = NOTICES[notice.code].format(site_type=notice.site_type, count=notice.count)
                st.markdown(f"- {plain(said)}")
            skipped = again.skipped.merge(candidates(build).frame, "left", ["site_key", "site_type"])
            for row in skipped[skipped["lon"].notna()].to_dict("records"):
                name = plain(f"{row['site_type']} {site_name(row)}")
                st.markdown(f"- {name}：{PASSED[row['role']]}")


def _map(build: Build, plan: Plan) -> None:
    shown = plan.points.head(POINTS_SHOWN)
    points = [
        map_point(
            row,
            row["role"],
            f"{ROLES[row['role']]} {row['site_type']} {row['position']}：{site_name(row)}",
        )
        for row in shown.to_dict("records")
    ]
    legend = [(COLOURS[role], name) for role, name in ROLES.items()]
    grids = dict.fromkeys(all_grids(build)["grid_id"], ("grid", ""))
    scene = Scene(f"{plan.name}的样本点", COLOURS, legend, grids, points=points)
    draw_map("draw_map", build, scene, height=620)
    if len(plan.points) > len(shown):
        st.caption(f"图上是前 {len(shown)} 个点，另有 {len(plan.points) - len(shown)} 个见表。")


def _verify(plan: Plan) -> None:
    with st.expander("别人怎么核对"):
        st.markdown(
            "1. 下载名单文件、结果文件和独立核对程序，放在同一个文件夹里。"
            "程序不依赖本系统，只要电脑上有 Python 3.8 以上。\n"
            "2. 在这个文件夹里运行下面这一行。\n"
            "3. 屏幕上 frame 后面应当是名单摘要，result 后面应当是结果摘要；"
            "生成的文件与下载的结果文件一字不差。"
        )
        st.code(command(plan), language=None)


def _new_version(build: Build, plan: Plan) -> None:
    """Another seed needs another version, and a reason that stays with it."""
    with st.expander("要重抽：另做一版"):
        st.markdown(
            "抽过的签不能重抽，否则就能挑一个“好”种子。确有原因（名单有误、点位关停）时另做一版："
            "申报点和设置照抄，种子重新公布；这一版和它的结果一直留着。"
        )
        ask_next_version(build, plan)
