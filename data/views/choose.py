"""Which sample points to declare (申报点) and why, what they cover, and how many of each type.

`frame` is that of data.views.frame: one row a candidate. Pages word the codes of reasons and cautions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.engine import Engine
from data.plan import PlanSettings, Quota
from data.standards import threshold
from geo.choose import Candidates, choose_points, split_total, stand_ins

Ints = npt.NDArray[np.int64]

GRID = ["grid_id", "grid_name", "lead_unit"]
NAME = ["site_key", "site_name", "street_name"]  # points on streets have no site_name
LOWERS_RISK = ("quiet_days", "cleaned_days", "type_low")  # reasons of the frame; all others raise it


@dataclass(frozen=True)
class Caution:
    """What somebody should know before the points are declared.

    code     values
    no_type            site_type, quota: the frame has no place of the type
    few_candidates     site_type, quota, have: fewer places than points wanted
    few_chosen         site_type, declared, chosen: the others stand too near, or are barred
    many_pinned        site_type, declared, chosen: more pinned than are declared
    lost_pin           site_key: pinned, but no longer in the frame
    empty_grid         grid_id, grid_name, lead_unit: no candidate of the plan's types
    uncovered_grid     the same: candidates, but none chosen
    unseen             site_key, site_name, street_name, days_since_seen (NaN: never)
    open               site_key, site_name, street_name, open_now
    too_near           site_key, site_name, street_name, other_key, other_name, other_street, near_m
    """

    code: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Choice:
    """The points to declare.

    points      one row a point, in the order of the plan's types and of choosing: the frame's columns,
                position (1 first, within the type), is_pinned, near_key and near_m (the nearest other
                point), reasons_for and reasons_against: lists of (code, value), the frame's `reasons`
                and for: pinned (0), low_risk (its risk, below its type's mean), looked_days,
                only_in_grid (grid_name); against: never_seen (0), unseen_days, open, high_risk.
    candidates  one row a place of the plan's types: site_key, site_type, site_name, street_name,
                grid_id, grid_name, risk, is_unseen, rank (within the type), why (geo.choose.Chosen),
                near_key, near_m.
    by_grid     every grid: grid_id, grid_name, lead_unit, candidates, points; bare ones first.
    by_type     every type of the plan: site_type, quota, declared, candidates (barred ones left out),
                chosen, mean_risk_chosen, mean_risk (of all places of the type; NaN: none).
    cautions    in the order of Caution's table
    """

    points: pd.DataFrame
    candidates: pd.DataFrame
    by_grid: pd.DataFrame
    by_type: pd.DataFrame
    cautions: tuple[Caution, ...]


def choose(
    frame: pd.DataFrame,
    settings: PlanSettings,
    pinned: tuple[str, ...] = (),
    barred: tuple[str, ...] = (),
    all_grids: pd.DataFrame | None = None,
) -> Choice:
    """Choose the declared points of a plan; the same arguments give the same points.

    pinned, barred  site_keys that are in, or out, whatever else speaks for it; pinned ones first.
    all_grids       as `data.views.overview.grids` returns them; left out: those of the frame.
    """
    quotas = _quotas_with_pins(frame, settings, pinned)
    types = [quota.site_type for quota in quotas]
    rows = frame[frame["site_type"].isin(types)].reset_index(drop=True)
    found = choose_points(
        _candidates(rows, types, pinned, barred),
        np.array([quota.declared for quota in quotas], dtype=np.int64),
        settings.min_distance_m,
        threshold("grid_point_risk"),
    )
    near_key = pd.Series(found.near).map(rows["site_key"])
    shown = ["site_type", *NAME, "grid_id", "grid_name", "risk", "is_unseen"]
    candidates = rows[shown].assign(
        rank=found.rank, why=found.why, near_key=near_key, near_m=found.near_m
    )
    by_type = _by_type(candidates, quotas)
    points = rows.assign(
        position=found.rank, is_pinned=found.why == "pinned", near_key=near_key, near_m=found.near_m
    ).iloc[found.point]
    points = _with_reasons(points.reset_index(drop=True), by_type)
    by_grid = _by_grid(candidates, frame if all_grids is None else all_grids)
    known = set(frame["site_key"])
    cautions = [
        *_type_cautions(by_type),
        *(Caution("lost_pin", {"site_key": k}) for k in pinned if k not in known),
        *_grid_cautions(by_grid),
        *_point_cautions(points),
        *_near_cautions(rows, found.too_near),
    ]
    candidates["order"] = candidates["site_type"].map({one: n for n, one in enumerate(types)})
    candidates = candidates.sort_values(["order", "rank"], ignore_index=True).drop(columns="order")
    return Choice(points, candidates, by_grid, by_type, tuple(cautions))


def swap_candidates(
    frame: pd.DataFrame,
    settings: PlanSettings,
    points: tuple[str, ...],
    barred: tuple[str, ...],
    out: str,
    most: int,
) -> pd.DataFrame:
    """The best places of its type to take the place of one point, far enough from all other points.

    points   site_keys of the chosen, `out` among them.
    returns  at most `most` rows of the frame, best first, with rank (1 first).
    Raises LookupError if `out` is not among the points or not in the frame.
    """
    if out not in points or out not in set(frame["site_key"]):
        msg = f"{out!r} is not among the points of the plan."
        raise LookupError(msg)
    rows = frame.reset_index(drop=True)
    types = sorted(rows["site_type"].unique())
    number = np.flatnonzero(rows["site_key"].isin(points)).astype(np.int64)
    best = stand_ins(
        _candidates(rows, types, (), barred),
        number,
        int(np.flatnonzero(rows["site_key"] == out)[0]),
        settings.min_distance_m,
        threshold("grid_point_risk"),
    )[:most]
    return rows.iloc[best].assign(rank=np.arange(1, len(best) + 1)).reset_index(drop=True)


@dataclass(frozen=True)
class Suggestion:
    """A quota to begin with, and its origin: standard, or suggested (by the count of places)."""

    quota: Quota
    origin: str


def standard_quotas(engine: Engine, edition: str, population: float) -> pd.DataFrame:
    """What an edition asks of a built-up area with that many people (in 10 000), as it is printed.

    columns  those of the table standard_quota. The row with block 合计 is the total of all points; a
             site_type may stand in several blocks.
    """
    rows = engine.select("standard_quota")
    from_, to = rows["population_from"].fillna(0), rows["population_to"].fillna(np.inf)
    is_of = (rows["edition"] == edition) & (from_ <= population) & (population < to)
    return rows[is_of].reset_index(drop=True)


def suggested_quotas(
    frame: pd.DataFrame,
    total: int,
    quotas: pd.DataFrame,
    declared_share: float | None = None,
    spare_share: float | None = None,
) -> list[Suggestion]:
    """How many points of each type, the types of the standard first.

    total   points in all, as the standard or the county states it.
    quotas  rows of the table standard_quota of one edition and population: site_type, quota. A type in
            several blocks has their sum; types that the frame lacks are kept, 合计 is not a type.
    What the standard leaves of the total is split over the other types of the frame in proportion to
    the square root of their places, at least least_of_type each or all there are. Together they are the
    total, unless the standard's types alone exceed it or there are not enough places. declared_share of
    each quota is declared, spare_share (rounded up) is spare; left out: the thresholds of these names.
    """
    named = quotas[quotas["site_type"] != "合计"].groupby("site_type", sort=False)["quota"].sum()
    places = frame[~frame["site_type"].isin(named.index)]["site_type"].value_counts().sort_index()
    count = places.to_numpy(np.int64)
    least = np.minimum(int(threshold("least_of_type")), count)
    parts = split_total(max(0, total - int(named.sum())), np.sqrt(count), least, count)
    rest = pd.Series(parts, index=places.index).sort_values(ascending=False, kind="stable")
    shares = (
        threshold("declared_share") if declared_share is None else declared_share,
        threshold("spare_share") if spare_share is None else spare_share,
    )
    return [_suggestion(name, number, "standard", *shares) for name, number in named.items()] + [
        _suggestion(name, number, "suggested", *shares) for name, number in rest.items() if number > 0
    ]


@dataclass(frozen=True)
class Comparison:
    """What two plans' points share.

    only_a, only_b, both  rows of the points (both: as they stand in a)
    by_type               site_type, a, b, both: points
    grids                 grid_id, a, b: points; every grid that either covers
    mean_risk_a, mean_risk_b  NaN without points
    """

    only_a: pd.DataFrame
    only_b: pd.DataFrame
    both: pd.DataFrame
    by_type: pd.DataFrame
    grids: pd.DataFrame
    mean_risk_a: float
    mean_risk_b: float


def compare(points_a: pd.DataFrame, points_b: pd.DataFrame) -> Comparison:
    """Compare the points of two plans; columns needed: site_key, site_type, grid_id, risk."""
    is_shared_a = points_a["site_key"].isin(points_b["site_key"])
    is_shared_b = points_b["site_key"].isin(points_a["site_key"])
    both = points_a[is_shared_a]
    sides = {"a": points_a, "b": points_b}
    by_type = {n: side.groupby("site_type").size() for n, side in (sides | {"both": both}).items()}
    by_grid = {n: side.groupby("grid_id").size() for n, side in sides.items()}
    return Comparison(
        points_a[~is_shared_a].reset_index(drop=True),
        points_b[~is_shared_b].reset_index(drop=True),
        both.reset_index(drop=True),
        pd.DataFrame(by_type).fillna(0).astype(int).rename_axis("site_type").reset_index(),
        pd.DataFrame(by_grid).fillna(0).astype(int).rename_axis("grid_id").reset_index(),
        float(points_a["risk"].mean()),
        float(points_b["risk"].mean()),
    )


def _quotas_with_pins(
    frame: pd.DataFrame, settings: PlanSettings, pinned: tuple[str, ...]
) -> list[Quota]:
    """The plan's quotas, and one of 0 for each other type that something pinned is of."""
    named = {quota.site_type for quota in settings.quotas}
    others = set(frame.loc[frame["site_key"].isin(pinned), "site_type"]) - named
    return [*settings.quotas, *(Quota(name, 0, 0) for name in sorted(others))]


def _candidates(
    rows: pd.DataFrame, types: list[str], pinned: tuple[str, ...], barred: tuple[str, ...]
) -> Candidates:
    return Candidates(
        key=rows["site_key"].to_numpy(object),
        xy_m=rows[["x_m", "y_m"]].to_numpy(float),
        stratum=pd.Index(types).get_indexer(pd.Index(rows["site_type"])).astype(np.int64),
        grid=pd.factorize(rows["grid_id"], sort=True)[0].astype(np.int64),
        risk=rows["risk"].to_numpy(float),
        is_unseen=rows["is_unseen"].to_numpy(bool),
        is_pinned=rows["site_key"].isin(pinned).to_numpy(bool),
        is_barred=rows["site_key"].isin(barred).to_numpy(bool),
    )


def _by_type(candidates: pd.DataFrame, quotas: list[Quota]) -> pd.DataFrame:
    is_chosen = candidates["why"].isin(["pinned", "chosen"])
    of_type = candidates.groupby("site_type")
    named = pd.DataFrame([quota[:3] for quota in quotas], columns=["site_type", "quota", "declared"])
    open_to_choice = candidates[candidates["why"] != "barred"].groupby("site_type").size()
    chosen = candidates[is_chosen].groupby("site_type")["risk"]
    name = named["site_type"]
    return named.assign(
        candidates=name.map(open_to_choice).fillna(0).astype(int),
        chosen=name.map(chosen.size()).fillna(0).astype(int),
        mean_risk_chosen=name.map(chosen.mean()).astype(float),
        mean_risk=name.map(of_type["risk"].mean()).astype(float),
    )


def _by_grid(candidates: pd.DataFrame, all_grids: pd.DataFrame) -> pd.DataFrame:
    grids = all_grids[GRID].dropna(subset="grid_id").drop_duplicates("grid_id")
    is_chosen = candidates["why"].isin(["pinned", "chosen"])
    counts = {
        "candidates": candidates[candidates["why"] != "barred"].groupby("grid_id").size(),
        "points": candidates[is_chosen].groupby("grid_id").size(),
    }
    for name, count in counts.items():
        grids = grids.assign(**{name: grids["grid_id"].map(count).fillna(0).astype(int)})
    return grids.sort_values(["points", "grid_id"], ignore_index=True)


def _with_reasons(points: pd.DataFrame, by_type: pd.DataFrame) -> pd.DataFrame:
    """The points with reasons_for and reasons_against."""
    mean_risk = points["site_type"].map(by_type.set_index("site_type")["mean_risk"])
    is_alone = ~points["grid_id"].duplicated(keep=False) & points["grid_id"].notna()
    sides: tuple[list[object], list[object]] = ([], [])  # against, for
    for point in points.assign(mean_risk=mean_risk, is_alone=is_alone).to_dict("records"):
        risk, days, is_unseen = point["risk"], point["days_since_seen"], point["is_unseen"]
        facts = [  # is it for, code, value, does it hold
            (True, "pinned", 0, point["is_pinned"]),
            (True, "low_risk", risk, risk < point["mean_risk"] and not is_unseen),
            (True, "looked_days", days, not is_unseen),
            (True, "only_in_grid", point["grid_name"], point["is_alone"]),
            (False, "never_seen", 0, is_unseen and np.isnan(days)),
            (False, "unseen_days", days, is_unseen and not np.isnan(days)),
            (False, "open", point["open_now"], point["open_now"] > 0),
            (False, "high_risk", risk, risk > point["mean_risk"]),
        ]
        told = {code for _, code, _, _ in facts}
        facts += [(c in LOWERS_RISK, c, value, True) for c, value in point["reasons"] if c not in told]
        for number, side in enumerate(sides):
            side.append([(c, value) for is_for, c, value, holds in facts if holds and is_for == number])
    against, for_ = sides
    return points.assign(
        reasons_for=pd.Series(for_, dtype=object), reasons_against=pd.Series(against, dtype=object)
    )


def _type_cautions(by_type: pd.DataFrame) -> list[Caution]:
    found = []
    for row in by_type.to_dict("records"):
        name, have = {"site_type": row["site_type"]}, row["candidates"]
        counts = name | {"declared": row["declared"], "chosen": row["chosen"]}
        if np.isnan(row["mean_risk"]):
            if row["quota"] > 0:
                found.append(Caution("no_type", name | {"quota": row["quota"]}))
        elif have < row["quota"]:
            found.append(Caution("few_candidates", name | {"quota": row["quota"], "have": have}))
        if min(row["declared"], have) > row["chosen"]:
            found.append(Caution("few_chosen", counts))
        if row["chosen"] > row["declared"]:
            found.append(Caution("many_pinned", counts))
    order = ["no_type", "few_candidates", "few_chosen", "many_pinned"]
    return sorted(found, key=lambda caution: order.index(caution.code))


def _grid_cautions(by_grid: pd.DataFrame) -> list[Caution]:
    bare = by_grid[by_grid["points"] == 0]
    empty, uncovered = bare[bare["candidates"] == 0], bare[bare["candidates"] > 0]
    return [
        Caution(code, values)
        for code, rows in (("empty_grid", empty), ("uncovered_grid", uncovered))
        for values in rows[GRID].to_dict("records")
    ]


def _point_cautions(points: pd.DataFrame) -> list[Caution]:
    unseen = points.loc[points["is_unseen"].astype(bool), [*NAME, "days_since_seen"]]
    still_open = points.loc[points["open_now"] > 0, [*NAME, "open_now"]]
    return [
        Caution(code, values)
        for code, rows in (("unseen", unseen), ("open", still_open))
        for values in rows.to_dict("records")
    ]


def _near_cautions(rows: pd.DataFrame, pairs: Ints) -> list[Caution]:
    one, other = rows.iloc[pairs[:, 0]], rows.iloc[pairs[:, 1]].reset_index(drop=True)
    values = one[NAME].reset_index(drop=True)
    values[["other_key", "other_name", "other_street"]] = other[NAME]
    values["near_m"] = np.hypot(
        one["x_m"].to_numpy() - other["x_m"], one["y_m"].to_numpy() - other["y_m"]
    )
    return [Caution("too_near", row) for row in values.to_dict("records")]


def _suggestion(
    site_type: object, number: float, origin: str, declared_share: float, spare_share: float
) -> Suggestion:
    quota = int(number)
    declared = int(np.floor(quota * declared_share + 0.5))
    spares = int(np.ceil(quota * spare_share))
    return Suggestion(Quota(str(site_type), quota, declared, spares), origin)
