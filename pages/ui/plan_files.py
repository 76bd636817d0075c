"""A plan of sample points as files: a workbook to file and GeoJSON for a GIS."""

from __future__ import annotations

import pandas as pd

from data.export import point_geojson, workbook
from data.views.plan_review import Review
from pages.ui.plan_words import (
    caution_lines,
    coverage_sentence,
    grid_table,
    point_table,
    quota_table,
    settings_rows,
)
from pages.ui.sampling import ROLES, Plan
from pages.ui.sites import risk_text, site_name


def plan_workbook(plan: Plan, found: Review) -> bytes:
    """The declared points with reasons, what was drawn, quotas, grids, cautions and settings."""
    cautions = [(heading, name) for heading, names in caution_lines(found.cautions) for name in names]
    drawn = _drawn(plan)
    sheets = {
        "申报点": point_table(found),
        **({"抽中点与备用点": drawn} if len(drawn) else {}),
        "配额": quota_table(found),
        "网格覆盖": grid_table(found),
        "提醒": pd.DataFrame(cautions, columns=["提醒", "哪些"]),
        "设置": pd.DataFrame(
            [*settings_rows(plan), ("覆盖", coverage_sentence(found))], columns=["项目", "内容"]
        ),
    }
    return workbook(sheets)


def _drawn(plan: Plan) -> pd.DataFrame:
    rows = plan.points[plan.points["role"] != "declared"].to_dict("records")
    return pd.DataFrame(
        {
            "角色": [ROLES[row["role"]] for row in rows],
            "序号": [row["position"] for row in rows],
            "点位": [site_name(row) for row in rows],
            "类型": [row["site_type"] for row in rows],
            "网格": [row["grid_name"] for row in rows],
            "风险": [risk_text(row["risk"]) for row in rows],
            "牵头单位": [row["lead_unit"] for row in rows],
            "经度": [round(row["lon"], 6) for row in rows],
            "纬度": [round(row["lat"], 6) for row in rows],
        }
    )


def plan_geojson(plan: Plan, found: Review) -> bytes:
    """All points of the plan as GeoJSON (RFC 7946: WGS84, longitude first), six decimals."""
    declared = point_table(found)
    declared.insert(0, "角色", ROLES["declared"])
    parts = [rows for rows in (declared, _drawn(plan)) if len(rows)] or [declared]
    return point_geojson(pd.concat(parts).rename(columns={"经度": "lon", "纬度": "lat"}))
