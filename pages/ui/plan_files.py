"""A plan of sample points as files: a workbook to file and GeoJSON for a GIS."""

from __future__ import annotations

import pandas as pd

from data.export import point_geojson, workbook
from data.views.overview import Build
from data.views.plan_review import Review
from pages.ui.plan_forecast import forecast_rows
from pages.ui.plan_words import (
    caution_lines,
    coverage_sentence,
    drawn_table,
    grid_table,
    point_table,
    quota_table,
    settings_rows,
)
from pages.ui.sampling import ROLES, Plan


def plan_workbook(build: Build, plan: Plan, found: Review) -> bytes:
    """The declared points with reasons, what was drawn, quotas, grids, cautions, forecast, settings."""
    cautions = [(heading, name) for heading, names in caution_lines(found.cautions) for name in names]
    drawn = drawn_table(plan)
    sheets = {
        "申报点": point_table(found),
        **({"抽中点与备用点": drawn} if len(drawn) else {}),
        "配额": quota_table(found),
        "网格覆盖": grid_table(found),
        "提醒": pd.DataFrame(cautions, columns=["提醒", "哪些"]),
        "预计得分": pd.DataFrame(forecast_rows(build, plan), columns=["项目", "内容"]),
        "设置": pd.DataFrame(
            [*settings_rows(plan), ("覆盖", coverage_sentence(found))], columns=["项目", "内容"]
        ),
    }
    return workbook(sheets)


def plan_geojson(plan: Plan, found: Review) -> bytes:
    """All points of the plan as GeoJSON (RFC 7946: WGS84, longitude first), six decimals."""
    declared = point_table(found)
    declared.insert(0, "怎么来的", ROLES["declared"])
    points = pd.concat([declared, drawn_table(plan)]).rename(columns={"经度": "lon", "纬度": "lat"})
    return point_geojson(points)
