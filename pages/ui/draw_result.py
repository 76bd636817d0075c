"""A kept draw: its points as people read them, its files, and whether it is what it was.

It needs no map, so the protocol's route can use it: a component that is imported before the server
runs is not served.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from data import recompute_draw
from data.engine import Engine
from data.plan import PlanSettings
from data.sample_entries import kept_frame
from data.views.draw import Evenness, PlanDraw, evenness, redraw
from data.views.overview import Build
from pages.ui.read import read
from pages.ui.sampling import ROLES, Plan
from pages.ui.sites import OUTSIDE, candidates, place, risk_text, site_name

SCRIPT = Path(recompute_draw.__file__)
NOTICES = {
    "unknown_declared": "方案的申报点有 {number} 个不在候选名单里（数据已经换了版本），没有它们。",
    "no_quota": "{subject}：没有配额，{number} 个申报点照样保留。",
    "more_declared": "{subject}：申报点比配额多 {number} 个，不再抽。",
    "fewer_declared": "{subject}：申报点比方案少 {number} 个，多抽这么多补足。",
    "short": "{subject}：候选点位比配额少 {number} 个，全部抽中。",
    "few_spares": "{subject}：备用点少 {number} 个（候选点位不够，或已顶替别的点）。",
    "skipped": "{subject}：{number} 个抽中的点离已定的点太近，由备用点依次顶替。",
    "too_near": "{subject}：{number} 个抽中的点离已定的点近，但没有更合适的备用点，予以保留。",
}
PASSED = {"skipped": "离已定的点太近，由备用点顶替", "too_near": "离已定的点近，没有更合适的，保留"}


def digest_groups(digest: str) -> list[str]:
    """A digest as it is read out: groups of eight."""
    return re.findall(".{8}", digest)


def file_name(kind: str, digest: str) -> str:
    """The name of a file of a draw, the same at every download; ASCII, for it stands in a command."""
    return f"{kind}-{digest[:8]}.txt"


def command(plan: Plan) -> str:
    """What repeats the draw with the downloaded files."""
    names = file_name("frame", plan.frame_digest), file_name("again", plan.draw_digest)
    return f'python {SCRIPT.name} {names[0]} "{plan.settings.seed}" {names[1]}'


def draw_url(build: Build, plan: Plan) -> str:
    """The address of the protocol to print (pages/ui/draw_print.py)."""
    return f"/print/{build.build_id}/draw.html?plan={plan.plan_id}"


def _kept(_: Engine, digest: str, settings: PlanSettings, declared: tuple[str, ...]) -> PlanDraw | None:
    content = kept_frame(digest)
    return None if content is None else redraw(content, settings, list(declared))


def kept_draw(build: Build, plan: Plan) -> PlanDraw | None:
    """The draw of a plan made again from its frame file; None if that is gone.

    Raises DataError if the file was changed.
    """
    if kept_frame(plan.frame_digest) is None:
        return None
    declared = tuple(plan.keys("declared"))
    return read(_kept, build.build_id, plan.frame_digest, plan.settings, declared)


def _evenness(_: Engine, announced: bytes, drawn: tuple[str, ...]) -> Evenness:
    return evenness(announced, drawn)


def evenness_of(build: Build, again: PlanDraw) -> Evenness:
    """How even a draw is, computed once."""
    drawn = tuple(again.points.loc[again.points["role"] == "drawn", "site_key"])
    return read(_evenness, build.build_id, again.frame_file, drawn)


def is_same(plan: Plan, again: PlanDraw) -> bool:
    """Whether the plan's points and digest are those of the draw made again.

    The order of drawn and spare points counts; declared ones have the numbers of the plan.
    """
    columns = ["role", "site_type", "position", "site_key"]
    kept, found = (
        set(
            rows[columns]
            .assign(position=rows["position"].where(rows["role"] != "declared", 0))
            .itertuples(index=False, name=None)
        )
        for rows in (plan.points, again.points)
    )
    return kept == found and plan.draw_digest == again.draw_digest


def notices_text(build: Build, again: PlanDraw) -> list[str]:
    """What is odd about a draw, one sentence each, then the points that were too near to others."""
    said = [NOTICES[one.code].format(subject=one.subject, number=one.number) for one in again.notices]
    near = again.skipped.merge(candidates(build).frame, "left", ["site_key", "site_type"])
    near = near[near["lon"].notna()]
    return said + [
        f"{row['site_type']} {site_name(row)}：{PASSED[row['role']]}" for row in near.to_dict("records")
    ]


def local_time(moment: pd.Timestamp) -> str:
    """A moment (UTC) as the clock of this computer's place showed it."""
    return f"{moment.tz_convert(datetime.now().astimezone().tzinfo):%Y-%m-%d %H:%M:%S}"


def fixing_table(fixings: pd.DataFrame) -> pd.DataFrame:
    """The rows of `data.sample_entries.fixed_frames` as people read them; the last is in force."""
    return pd.DataFrame(
        {
            "固定时间": [local_time(moment) for moment in fixings["fixed_at"]],
            "效力": ["作废"] * (len(fixings) - 1) + ["有效"],
            "名单摘要（SHA-256）": fixings["frame_digest"],
            "风险权重": [f"{weight:.0%}" for weight in fixings["risk_weight"]],
            "最小距离（米）": [f"{metres:g}" for metres in fixings["min_distance_m"]],
        }
    )


def point_table(plan: Plan) -> pd.DataFrame:
    """The points as people read them, type by type: declared, drawn, spare."""
    points = plan.points.sort_values("site_type", kind="stable")
    rows = points.to_dict("records")
    return pd.DataFrame(
        {
            "点位类型": points["site_type"],
            "怎么来的": points["role"].map(ROLES),
            "序号": points["position"],
            "点位": [site_name(row) for row in rows],
            "地址": points["address"],
            "网格": [row["grid_name"] or OUTSIDE for row in rows],
            "牵头单位": points["lead_unit"],
            "坐标（纬度，经度）": [place(row) for row in rows],
            "入样概率": [_chance(row) for row in rows],
            "风险": [risk_text(row["risk"]) for row in rows],
        }
    )


def _chance(row: Mapping[Any, Any]) -> str:
    """The chance to be drawn; that of a spare is of being drawn at first."""
    if row["role"] == "declared":
        return "申报"
    return "—" if pd.isna(row["probability"]) else risk_text(row["probability"])


def digest_html(name: str, digest: str) -> str:
    """A digest under its name, in large groups that can be read out."""
    groups = "".join(f"<span>{html.escape(group)}</span>" for group in digest_groups(digest))
    style = (
        "display:flex;flex-wrap:wrap;gap:.2em .9em;font:600 clamp(1.2rem,1.75vw,2.6rem)/1.4 monospace"
    )
    return f'<div style="font-size:1rem">{name}</div><div style="{style}">{groups}</div>'


def show_fixings(fixings: pd.DataFrame) -> None:
    """Every fixing, when there is more than the one that stands large above."""
    if len(fixings) > 1:
        st.markdown(f"名单先后固定过 {len(fixings)} 次，只有最后一次有效：")
        st.dataframe(
            fixing_table(fixings), hide_index=True, height="content", alt="名单每次固定的时间和摘要"
        )
