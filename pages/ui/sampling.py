"""What the parts of 样本点 share: the standard in force and the plan that is open."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

import pandas as pd

from data.plan import PlanSettings
from data.sample_entries import plan_points, plans, standard_edits
from data.views.overview import Build
from data.views.standards import form_deductions, form_parts, in_force, standard_table
from pages.ui.filters import url_select
from pages.ui.read import read

ROLES = {"declared": "申报点", "drawn": "抽中点", "spare": "备用点"}


@dataclass(frozen=True)
class Plan:
    """A version of a plan as it is kept.

    points    as `data.sample_entries.plan_points` gives them; pinned, barred: site keys.
    revision  which state of it this is: a click changes what was seen, or nothing
    """

    plan_id: int
    revision: int
    title: str
    version: int
    is_final: bool
    made_on: date
    build_id: str
    data_until: date
    settings: PlanSettings
    pinned: tuple[str, ...]
    barred: tuple[str, ...]
    frame_digest: str
    draw_digest: str
    drawn_on: date | None
    note: str
    points: pd.DataFrame

    @property
    def name(self) -> str:
        """The title with the version."""
        return plan_name(self.title, self.version)

    @property
    def declared(self) -> pd.DataFrame:
        """The declared ones of its points."""
        return self.points[self.points["role"] == "declared"]

    @property
    def others(self) -> pd.DataFrame:
        """The drawn and spare ones of its points."""
        return self.points[self.points["role"] != "declared"]

    def keys(self, role: str) -> list[str]:
        """Site keys of the points of a role (ROLES), in order."""
        return list(self.points.loc[self.points["role"] == role, "site_key"])


def plan_name(title: str, version: int) -> str:
    """How people call a version of a plan."""
    return f"{title} 第 {version} 版"


def standard(build: Build, table: str) -> pd.DataFrame:
    """A table of the standard as it counts in this county, corrected editions included."""
    return in_force(read(standard_table, build.build_id, table), standard_edits(build.source), table)


def scoring(build: Build, settings: PlanSettings) -> tuple[pd.DataFrame, dict[str, float]]:
    """The deductions of a plan's form, and full marks by part of that form."""
    rows = deductions(build, settings.edition, settings.form)
    parts = form_parts(standard(build, "standard_weight"), rows, settings.edition)
    own = parts[parts["form"] == settings.form]
    return rows, dict(zip(own["part"], own["points"], strict=True))


def lost_standard(build: Build, settings: PlanSettings) -> str:
    """Say that the standard has the plan's edition or form no more; "" if it has them."""
    rows, part_points = scoring(build, settings)
    if len(rows) or part_points:
        return ""
    return (
        f"这个标准版本已不存在：{settings.edition} 版 {settings.form}。"
        "请在“选申报点”的“设置与重选”里另选，或在“标准与配额”里恢复。"
    )


def deductions(build: Build, edition: str, form: str) -> pd.DataFrame:
    """The deductions of a form, site types named as in the frame."""
    return form_deductions(standard(build, "standard_deduction"), edition, form)


def choose_plan(build: Build) -> Plan | None:
    """The select box of the plans; None while there is none or a new one is wanted."""
    rows = plans(build.source)
    names = {"": "新方案"} | {
        str(row.plan_id): plan_name(row.title, row.version)
        + ("（定稿）" if row.is_final else "（草稿）")
        + (" · 已抽签" if pd.notna(row.drawn_on) else "")
        for row in rows.itertuples()
    }
    chosen = url_select("样本点方案", names, "plan")
    return kept_plan(build.source, chosen)


def kept_plan(county: str, plan_id: int | str) -> Plan | None:
    """A version of a plan; None if there is none of that number, or it is no number."""
    rows = plans(county)
    rows = rows[rows["plan_id"].astype(str) == str(plan_id)]
    if rows.empty:
        return None
    row = rows.iloc[0]
    number = int(row["plan_id"])
    return Plan(
        number,
        int(row["revision"]),
        row["title"],
        int(row["version"]),
        bool(row["is_final"]),
        row["made_on"].date(),
        row["build_id"],
        row["data_until"].date(),
        PlanSettings.of_json(row["settings"]),
        tuple(json.loads(row["pinned"])),
        tuple(json.loads(row["barred"])),
        row["frame_digest"],
        row["draw_digest"],
        None if pd.isna(row["drawn_on"]) else row["drawn_on"].date(),
        row["note"],
        plan_points(county, number),
    )
