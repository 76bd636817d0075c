"""Maps of a plan's points: colours by type, a point with its words, grids by their count of points."""

from __future__ import annotations

import pandas as pd

from pages.ui.maps import Values
from pages.ui.sites import Site, map_point, risk_text

# The first seven are Okabe and Ito's: the colour-blind can tell them apart.
TYPE_COLOURS = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#f0e442", "#6b4c9a",
    "#8c564b", "#111827", "#9aa3af", "#7fc97f",
)  # fmt: skip
BARE, COVERED = "#f6d5cb", "#eef1f4"  # grids without and with a declared point, as a ground


def plan_point(site: Site, key: str, text: str) -> dict[str, object]:
    """A point of a plan as a map draws it; text: what is said before its type and its risk."""
    return map_point(site, key, f"{text}（{site['site_type']}）风险 {risk_text(site['risk'])}")


def grids_by_points(by_grid: pd.DataFrame) -> Values:
    """Grids under "0", "1", "2" or "3" (and more) declared points.

    by_grid  of `data.views.plan_review.Review`
    """
    return {
        row.grid_id: (str(min(row.points, 3)), f"申报点 {row.points} 个")
        for row in by_grid.itertuples()
    }
