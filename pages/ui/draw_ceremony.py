"""The ceremony of the draw: the list is fixed, the seed called out, the points drawn."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from data.engine import Engine
from data.plan import MOST_DISTANCE_M, MOST_RISK_WEIGHT, PlanSettings
from data.sample_entries import fix_frame, fixed_frames, kept_frame, set_draw
from data.views.draw import Announced, announce, draw
from data.views.overview import Build
from pages.ui.draw_result import digest_html, file_name, local_time, show_fixings
from pages.ui.entry import kept, not_kept, today
from pages.ui.filters import choose, url_number
from pages.ui.plan_words import gone_points
from pages.ui.read import read
from pages.ui.sampling import Plan
from pages.ui.save import save_button
from pages.ui.sites import candidates, site_frame, site_name
from pages.ui.text import plain

Fixing = Any  # a row of `fixed_frames`
# Such a seed stands unchanged in a command of any shell, and can be read out.
SEED = re.compile(r"[\w.,:，。：、-]{1,60}")
BAD_SEED = "种子只用汉字、字母、数字和 . , : - 这些符号（空格不算）。"
MOST_WEIGHT = round(100 * MOST_RISK_WEIGHT)
ADVICE = (
    "种子由会场当众产生，例如请与会者掷骰子、从号码机里摇号，把得到的数字按顺序念出来，照样填在下面（空格不算）。"
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


def show_ceremony(build: Build, plan: Plan) -> None:
    """Three steps, each closed until the one before is done."""
    st.subheader("第一步　固定候选名单")
    if plan.is_final:
        st.info(OF_FINAL)
    if lost := [site_name(row) for row in gone_points(build, plan).to_dict("records")]:
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
    show_fixings(fixings)
    st.subheader("第二步　公布种子")
    st.markdown(ADVICE)
    # The field is the fixing's own: what was typed before the list was fixed is not there any more.
    seed_key = f"seed_{plan.plan_id}_{0 if fixed is None else fixed['fixed_frame_id']}"
    typed = st.text_input(
        "种子",
        key=seed_key,
        disabled=not is_fixed,
        placeholder="" if is_fixed else "先固定名单",
        max_chars=60,
    )
    seed = _without_spaces(typed)
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


def _without_spaces(typed: str) -> str:
    """A seed as it counts: nobody hears or sees how many spaces somebody typed."""
    return "".join(typed.split())


def _is_good(seed: str) -> bool:
    return SEED.fullmatch(seed) is not None


def _announce(_: Engine, build: Build, settings: PlanSettings, declared: tuple[str, ...]) -> Announced:
    return announce(candidates(build).frame, settings, list(declared))


def _settings(plan: Plan, *, is_fixed: bool) -> PlanSettings:
    """How it is drawn; it stands in the list that is fixed, so it is chosen before."""
    own = plan.settings
    number = plan.plan_id
    weight = url_number(
        f"风险权重 λ（%，0–{MOST_WEIGHT}）",
        (0, MOST_WEIGHT),
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
        f"点与点最小距离（米，0–{MOST_DISTANCE_M}）",
        (0, MOST_DISTANCE_M),
        round(own.min_distance_m),
        f"distance_{number}",
        disabled=is_fixed or plan.is_final,
    )
    st.caption("同类中抽中的点离已定的点更近时，由备用点依次顶替；没有合适的，保留原来的点。")
    st.caption("备用点各类几个，见右表。" + ("" if plan.is_final else "在“选申报点”的设置里改。"))
    distance_m = own.min_distance_m if plan.is_final else float(distance)
    return replace(own, risk_weight=weight / 100, min_distance_m=distance_m)


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
    st.html(digest_html(f"名单摘要（SHA-256）　{local_time(fixed['fixed_at'])} 固定", digest))
    with st.container(horizontal=True):
        save_button(
            "下载名单文件",
            partial(kept_frame, digest),
            file_name("frame", digest),
            "fixed_frame",
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


def _draw(build: Build, plan: Plan, settings: PlanSettings, digest: str, seed_key: str) -> None:
    """Draw and keep it (a click's callback), with the seed as it stands: the click may come with it."""
    seed = _without_spaces(st.session_state[seed_key])
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
