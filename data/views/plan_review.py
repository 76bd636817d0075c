"""What there is to say of a kept plan from its points alone, so that a final one always reads the same.

Where the frame that it was chosen from is at hand, the numbers of candidates are said too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from data.plan import PlanSettings, Quota
from data.sample_entries import PLACE_COLUMNS
from geo.near import metres_apart

UNSEEN_CODES = ("never_seen", "unseen_days")


@dataclass(frozen=True)
class Caution:
    """What somebody should know of the plan; pages word the codes.

    no_type            of a type of the plan (a row of `Review.by_type`) the frame has no place
    few_candidates     it has fewer places than points wanted
    few_chosen         fewer are declared than wanted, though there are more candidates
    few_declared       fewer are declared than wanted, and the candidates are not known
    many_pinned        more are declared than wanted
    lost_pin           site_key: pinned, but not among the points
    empty_grid         a row of `Review.by_grid`: no candidate of the plan's types
    uncovered_grid     the same: none chosen
    unseen, open       a row of `Review.points`
    too_near           one, other (rows of `Review.points`), near_m
    """

    code: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Review:
    """A plan as people look at it.

    points    the declared ones as they are kept, reasons as pairs of code and value (of those that are
              pinned, "pinned" first), and is_pinned, is_unseen, has_open, near_m (metres to the
              nearest one of its type; NaN: alone), is_near (that is less than the plan asks for).
    by_type   site_type, quota, declared, spares, chosen, mean_risk_chosen; candidates and mean_risk of
              all of the type (NaN: not known).
    by_grid   every grid: grid_id, grid_name, lead_unit, points, candidates of the plan's types (NaN:
              not known).
    cautions  in the order of `Caution`; no_type, few_candidates, few_chosen, empty_grid only with
              candidates known.
    outside   points in no grid
    former    points in a grid that is not in force any more
    """

    points: pd.DataFrame
    by_type: pd.DataFrame
    by_grid: pd.DataFrame
    cautions: tuple[Caution, ...]
    outside: int
    former: int


def points_to_keep(points: pd.DataFrame, order: tuple[str, ...] = ()) -> pd.DataFrame:
    """The points that `data.views.choose.choose` chose as `data.sample_entries` keeps them.

    order  site keys in the order that people know them by; others come after, as they were chosen.
    """
    reasons = [json.dumps(pairs, default=float) for pairs in points["reasons"]]
    kept = points[["position", *PLACE_COLUMNS, "risk"]]
    kept = kept.assign(reasons=pd.Series(reasons, index=kept.index, dtype=object))
    known = {key: number for number, key in enumerate(order)}
    place = kept["site_key"].map(known).fillna(len(known)).astype(int)
    kept = kept.assign(place=place).sort_values(["place", "position"], ignore_index=True)
    return kept.assign(position=kept.groupby("site_type").cumcount() + 1).drop(columns="place")


def review(
    points: pd.DataFrame,
    settings: PlanSettings,
    pinned: tuple[str, ...],
    grids: pd.DataFrame,
    frame: pd.DataFrame | None = None,
) -> Review:
    """Look at the declared points of a plan.

    points  of `data.sample_entries.plan_points`; others than declared ones are left out.
    grids   in force: grid_id, grid_name, lead_unit
    frame   of data.views.frame, if the points were chosen from it
    """
    shown = points[points["role"] == "declared"].reset_index(drop=True)
    apart = metres_apart(shown["lon"].to_numpy(float), shown["lat"].to_numpy(float))
    kind = shown["site_type"].to_numpy()  # the least distance holds within a type
    apart[kind[:, None] != kind] = np.inf
    near_m = np.round(apart.min(axis=1, initial=np.inf))
    reasons = [
        [("pinned", 0)] * (key in pinned) + [(str(code), value) for code, value in json.loads(text)]
        for key, text in zip(shown["site_key"], shown["reasons"], strict=True)
    ]
    codes = [{code for code, _ in told} for told in reasons]
    shown = shown.assign(
        reasons=pd.Series(reasons, dtype=object),
        is_pinned=shown["site_key"].isin(pinned),
        is_unseen=[not found.isdisjoint(UNSEEN_CODES) for found in codes],
        has_open=["open" in found for found in codes],
        is_near=near_m < settings.min_distance_m,
        near_m=np.where(np.isfinite(near_m), near_m, np.nan),
    )
    by_type = _by_type(shown, settings, frame)
    by_grid = _by_grid(shown, grids, set(by_type["site_type"]), frame)
    lost = [key for key in pinned if key not in set(shown["site_key"])]
    cautions = [
        *_of_types(by_type),
        *(Caution("lost_pin", {"site_key": key}) for key in lost),
        *_of_grids(by_grid),
        *(Caution("unseen", row) for row in shown[shown["is_unseen"]].to_dict("records")),
        *(Caution("open", row) for row in shown[shown["has_open"]].to_dict("records")),
        *_of_pairs(shown, apart, settings.min_distance_m),
    ]
    in_grid = shown["grid_id"].dropna()
    former = int((~in_grid.isin(grids["grid_id"])).sum())
    return Review(shown, by_type, by_grid, tuple(cautions), len(shown) - len(in_grid), former)


def _by_type(points: pd.DataFrame, settings: PlanSettings, frame: pd.DataFrame | None) -> pd.DataFrame:
    named = [quota.site_type for quota in settings.quotas]
    others = [Quota(name, 0, 0) for name in points["site_type"].unique() if name not in named]
    rows = pd.DataFrame([*settings.quotas, *others], columns=list(Quota._fields))
    chosen = points.groupby("site_type")["risk"]
    rows["chosen"] = rows["site_type"].map(chosen.size()).fillna(0).astype(int)
    rows["mean_risk_chosen"] = rows["site_type"].map(chosen.mean()).astype(float)
    rows["candidates"], rows["mean_risk"] = np.nan, np.nan
    if frame is not None:
        of_type = frame.groupby("site_type")["risk"]
        rows["candidates"] = rows["site_type"].map(of_type.size()).fillna(0).astype(float)
        rows["mean_risk"] = rows["site_type"].map(of_type.mean()).astype(float)
    return rows


def _by_grid(
    points: pd.DataFrame, grids: pd.DataFrame, types: set[str], frame: pd.DataFrame | None
) -> pd.DataFrame:
    rows = grids[["grid_id", "grid_name", "lead_unit"]]
    counts = points.groupby("grid_id").size()
    candidates = np.nan
    if frame is not None:
        of_plan = frame[frame["site_type"].isin(types)]
        candidates = rows["grid_id"].map(of_plan.groupby("grid_id").size()).fillna(0).astype(float)
    rows = rows.assign(points=rows["grid_id"].map(counts).fillna(0).astype(int), candidates=candidates)
    return rows.sort_values(["points", "grid_id"], ignore_index=True)


def _of_types(by_type: pd.DataFrame) -> list[Caution]:
    found = []
    for row in by_type.to_dict("records"):
        if row["candidates"] == 0 and row["quota"]:
            found.append(Caution("no_type", row))
        elif row["candidates"] < row["quota"]:
            found.append(Caution("few_candidates", row))
        if np.isnan(row["candidates"]) and row["chosen"] < row["declared"]:
            found.append(Caution("few_declared", row))
        elif row["chosen"] < min(row["declared"], row["candidates"]):
            found.append(Caution("few_chosen", row))
        if row["chosen"] > row["declared"]:
            found.append(Caution("many_pinned", row))
    return sorted(found, key=lambda caution: TYPE_CODES.index(caution.code))


TYPE_CODES = ("no_type", "few_candidates", "few_chosen", "few_declared", "many_pinned")


def _of_grids(by_grid: pd.DataFrame) -> list[Caution]:
    bare = by_grid[by_grid["points"] == 0].to_dict("records")
    empty = [Caution("empty_grid", row) for row in bare if row["candidates"] == 0]
    return empty + [Caution("uncovered_grid", row) for row in bare if row["candidates"] != 0]


def _of_pairs(points: pd.DataFrame, apart: Any, least_m: float) -> list[Caution]:
    rows = points.to_dict("records")
    is_near = np.round(apart) < least_m
    pairs = np.argwhere(np.triu(is_near, k=1))
    return [
        Caution("too_near", {"one": rows[one], "other": rows[other], "near_m": apart[one, other]})
        for one, other in pairs
    ]
