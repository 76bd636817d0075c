"""Which sample points to declare (申报点) and why, who could stand in, and how many of each type.

`frame` is that of data.views.frame: one row a candidate. Pages word the codes of reasons.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.plan import PlanSettings, Quota
from data.standards import threshold
from geo.choose import Candidates, choose_points, split_total, stand_ins

Ints = npt.NDArray[np.int64]

# Reasons of the frame; all others raise the risk.
LOWERS_RISK = ("quiet_days", "fewer_finds", "cleaned_days", "type_low")


def choose(
    frame: pd.DataFrame,
    settings: PlanSettings,
    pinned: tuple[str, ...] = (),
    barred: tuple[str, ...] = (),
) -> pd.DataFrame:
    """Choose the declared points of a plan; the same arguments give the same points.

    pinned, barred  site_keys that are in, or out, whatever else speaks for it; pinned ones first.
    returns         one row a point, in the order of the plan's types and of choosing: the frame's
                    columns, position (1 first, within the type) and reasons, (code, value) pairs: what
                    speaks for the point, then what speaks against it. Beside the codes of the frame,
                    for: low_risk (its risk, below its type's mean), looked_days, only_in_grid
                    (grid_name); against: never_seen (0), unseen_days, open, high_risk.
    """
    quotas = _quotas_with_pins(frame, settings, pinned)
    types = [quota.site_type for quota in quotas]
    rows = frame[frame["site_type"].isin(types)].reset_index(drop=True)
    chosen = choose_points(
        _candidates(rows, types, pinned, barred),
        np.array([quota.declared for quota in quotas], dtype=np.int64),
        settings.min_distance_m,
        threshold("grid_point_risk"),
    )
    points = rows.iloc[chosen].reset_index(drop=True)
    points["position"] = points.groupby("site_type").cumcount() + 1
    return points.assign(reasons=_reasons(points, rows.groupby("site_type")["risk"].mean()))


def stand_in_list(
    frame: pd.DataFrame,
    settings: PlanSettings,
    points: tuple[str, ...],
    barred: tuple[str, ...],
    out: str,
    most: int,
) -> pd.DataFrame:
    """The best places of its type to take the place of one point, far enough from all other points.

    points   site_keys of the chosen, `out` among them.
    returns  at most `most` rows of the frame, best first, with rank (1 first) and away_m (metres from
             the point that would go).
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
    place = rows.loc[rows["site_key"] == out, ["x_m", "y_m"]].iloc[0]
    found = rows.iloc[best].assign(rank=np.arange(1, len(best) + 1)).reset_index(drop=True)
    away_m = np.hypot(found["x_m"] - place["x_m"], found["y_m"] - place["y_m"])
    return found.assign(away_m=away_m)


@dataclass(frozen=True)
class Suggestion:
    """A quota to begin with, and its origin: standard, or suggested (by the count of places)."""

    quota: Quota
    origin: str


def suggested_quotas(
    frame: pd.DataFrame,
    total: int,
    quotas: pd.DataFrame,
    declared_share: float,
    spare_share: float,
) -> list[Suggestion]:
    """How many points of each type, the types of the standard first.

    total   points in all, as the standard or the county states it.
    quotas  what the standard asks for (rows of `data.views.standards.quotas_for`): site_type, quota. A
            type in several blocks has their sum; types that the frame lacks are kept.
    What the standard leaves of the total is split over the other types of the frame in proportion to
    the square root of their places, at least least_of_type each or all there are. Together they are the
    total, unless the standard's types alone exceed it or there are not enough places. declared_share of
    each quota is declared, spare_share (rounded up) is spare.
    """
    named = quotas.groupby("site_type", sort=False)["quota"].sum()
    places = frame[~frame["site_type"].isin(named.index)]["site_type"].value_counts().sort_index()
    count = places.to_numpy(np.int64)
    least = np.minimum(int(threshold("least_of_type")), count)
    parts = split_total(max(0, total - int(named.sum())), np.sqrt(count), least, count)
    rest = pd.Series(parts, index=places.index).sort_values(ascending=False, kind="stable")
    shares = declared_share, spare_share
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


def _reasons(points: pd.DataFrame, mean_risk: pd.Series) -> pd.Series:
    """What speaks for and against each point; mean_risk: by site type."""
    is_alone = ~points["grid_id"].duplicated(keep=False) & points["grid_id"].notna()
    mean = points["site_type"].map(mean_risk)
    told = []
    for point in points.assign(mean_risk=mean, is_alone=is_alone).to_dict("records"):
        risk, days, is_unseen = point["risk"], point["days_since_seen"], point["is_unseen"]
        facts = [  # is it for, code, value, does it hold
            (True, "low_risk", risk, risk < point["mean_risk"] and not is_unseen),
            (True, "looked_days", _whole(days), not is_unseen),
            (True, "only_in_grid", point["grid_name"], point["is_alone"]),
            (False, "never_seen", 0, is_unseen and np.isnan(days)),
            (False, "unseen_days", _whole(days), is_unseen and not np.isnan(days)),
            (False, "open", point["open_now"], point["open_now"] > 0),
            (False, "high_risk", risk, risk > point["mean_risk"]),
        ]
        codes = {code for _, code, _, _ in facts}
        facts += [(c in LOWERS_RISK, c, value, True) for c, value in point["reasons"] if c not in codes]
        facts.sort(key=lambda fact: not fact[0])
        told.append([(code, value) for _, code, value, holds in facts if holds])
    return pd.Series(told, index=points.index, dtype=object)


def _whole(days: float) -> int:
    return 0 if np.isnan(days) else int(days)


def _suggestion(
    site_type: object, number: float, origin: str, declared_share: float, spare_share: float
) -> Suggestion:
    quota = int(number)
    declared = int(np.floor(quota * declared_share + 0.5))
    spares = int(np.ceil(quota * spare_share))
    return Suggestion(Quota(str(site_type), quota, declared, spares), origin)
