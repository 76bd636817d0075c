"""模拟评估: what is looked at in the points of a plan, what was told of them, what they then scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.standards import threshold
from data.views.frame import SampleFrame
from data.views.rehearsal import (
    BAND,
    OTHER,
    SEED,
    costs,
    find_chances,
    item_shares,
    scoring_rules,
    street_groups,
)
from geo.rehearsal import Rehearsal, Rules, paid, rehearse, score, total

Ints = npt.NDArray[np.int64]

UNSCORED = ""  # the part of what is looked at and costs nothing
ROW = ["part", "site_type", "item"]


@dataclass(frozen=True)
class MockDraft:
    """An inspection that can be kept with `data.sample_entries.add_mock`.

    points    in the order given: team, role, the place, chance (of a find; NaN: not in the frame any
              more), probability
    items     site_key, site_type, part ("" where it costs nothing), item, points, cap, chance
    forecast  of `forecast`
    """

    points: pd.DataFrame
    items: pd.DataFrame
    forecast: dict[str, Any]


def mock_draft(
    sample: SampleFrame,
    stops: pd.DataFrame,
    deductions: pd.DataFrame,
    part_points: Mapping[str, float],
    pass_share: float,
) -> MockDraft:
    """What is looked at in each point, with the chance of each find, and the forecast of all.

    stops        points of a plan in the order of their route: team, role, the place, probability.
    deductions, part_points  of `data.views.standards.form_scoring`; an empty cap is none. Rows of other
                 parts are left out.
    A point of a type without rows has one item 其他 that costs nothing; so do items without points, or
    with a cap of 0.
    """
    rows = deductions.loc[deductions["part"].isin(list(part_points)), [*ROW, "points", "cap"]]
    types = stops["site_type"].unique()
    bare = [name for name in types if name not in set(rows["site_type"])]
    unscored = pd.DataFrame(
        {"part": UNSCORED, "site_type": bare, "item": OTHER, "points": 0.0, "cap": np.nan}
    )
    rows["part"] = rows["part"].where(costs(rows), UNSCORED)
    rows = pd.concat([rows[rows["site_type"].isin(types)], unscored], ignore_index=True)
    at = pd.Index(sample.frame["site_key"]).get_indexer(stops["site_key"])
    known = stops[at >= 0].reset_index(drop=True)
    risk = sample.frame["risk"].iloc[at[at >= 0]].reset_index(drop=True)
    codes, share = item_shares(known["site_type"], sample.classes, sample.mix[at[at >= 0]], rows)
    chance = find_chances(risk, share)
    point, place = np.nonzero(codes >= 0)
    chances = pd.DataFrame(
        {
            "site_key": known["site_key"].to_numpy()[point],
            "item": rows["item"].to_numpy()[codes[point, place]],
            "chance": chance[point, place],
        }
    )
    items = stops[["site_key", "site_type"]].merge(rows, on="site_type")
    items = items.merge(chances, on=["site_key", "item"], how="left")
    missed = (1 - items["chance"]).groupby(items["site_key"]).prod(min_count=1)
    points = stops.assign(chance=1 - stops["site_key"].map(missed))
    return MockDraft(points, items, forecast(points, items, part_points, pass_share))


def forecast(
    points: pd.DataFrame, items: pd.DataFrame, part_points: Mapping[str, float], pass_share: float
) -> dict[str, Any]:
    """What the rehearsal says if exactly these points are inspected, as plain numbers for JSON.

    points, items  as `MockDraft` or `data.sample_entries` have them; points whose chances are not known
                   count in `unknown` only.
    returns        points, unknown; full, pass_score, score, score_low, score_high (5 to 95 %),
                   pass_share (of the rounds that pass); finds, finds_low, finds_high (points with a
                   find); parts: part, points, score, score_low, score_high; part_points (of every part
                   of the items, known or not).
    """
    told = {part: float(part_points[part]) for part in part_points if part in set(items["part"])}
    is_known = points["chance"].notna()
    known = points[is_known].reset_index(drop=True)
    own = items[items["site_key"].isin(known["site_key"])]
    found: dict[str, Any] = {
        "points": len(known), "unknown": int((~is_known).sum()), "part_points": told,
    }  # fmt: skip
    if known.empty:
        return found
    rules, row, parts = mock_rules(own, told)
    run = _run(known, own.assign(row=row), rules)
    low, high = np.quantile(run.part_score, BAND, axis=0)
    by_part = zip(parts, rules.part_points, run.part_score.mean(axis=0), low, high, strict=True)
    finds = _faulty_points(run, len(known))
    pass_score = rules.pass_score(pass_share)
    return found | {
        "full": rules.full,
        "pass_score": pass_score,
        "pass_share": float(run.is_passed(pass_score).mean()),
        **_band("score", run.score),
        **_band("finds", finds),
        "parts": [
            dict(zip(("part", "points", "score", "score_low", "score_high"), one, strict=True))
            for one in by_part
            if one[0] != UNSCORED
        ],
    }


def mock_rules(items: pd.DataFrame, part_points: Mapping[str, float]) -> tuple[Rules, Ints, list[str]]:
    """Rules of scoring for items, the row of each item in them, and the parts in their order."""
    parts = [part for part in [*part_points, UNSCORED] if part in set(items["part"])]
    by_row = items.groupby(ROW, sort=False)
    rows = by_row[["points", "cap"]].first().reset_index()
    rules = scoring_rules(rows, {part: part_points.get(part, 0.0) for part in parts})
    return rules, by_row.ngroup().to_numpy(np.int64), parts


def _run(points: pd.DataFrame, items: pd.DataFrame, rules: Rules) -> Rehearsal:
    """Rounds in which every point is visited."""
    number = pd.Index(points["site_key"]).get_indexer(items["site_key"])
    place = items.groupby("site_key", sort=False).cumcount().to_numpy()
    shape = len(points), int(place.max()) + 1
    rows, chance = np.full(shape, -1), np.zeros(shape)
    rows[number, place] = items["row"]
    chance[number, place] = items["chance"]
    return rehearse(
        np.zeros(len(points), np.int64),
        np.array([len(points)]),
        rows,
        chance,
        rules,
        rounds=int(threshold("rehearsal_rounds")),
        seed=SEED,
        group=street_groups(points),
        correlation=threshold("street_correlation"),
    )


def _faulty_points(run: Rehearsal, points: int) -> Ints:
    """How many points have a find, by round."""
    pairs = np.unique(run.find_round * np.int64(points) + run.find_site)
    return np.bincount(pairs // points, minlength=len(run.score))


def _band(name: str, values: npt.NDArray[Any]) -> dict[str, float]:
    low, high = np.quantile(values, BAND)
    return {name: float(values.mean()), f"{name}_low": float(low), f"{name}_high": float(high)}


@dataclass(frozen=True)
class MockResult:
    """What an inspection scored, of the points that were seen alone.

    points, seen, unreachable, missing   points in all, by result; missing: not reported yet
    unscored      seen points of a type whose finds cost nothing
    faulty        seen points with any find
    full, score   points; full marks of the parts that a seen point can lose in
    pass_score    points
    parts   part, points (full marks), seen (points that can lose in it), finds, points_lost, score
    rows    part, site_type, item, points, cap, seen, finds, points_lost; costliest first
    grids   grid_id, grid_name, lead_unit, points, seen, faulty, points_lost; costliest first
    units   lead_unit, points, seen, faulty, points_lost
    sites   the points with found (items, in words joined by 、), is_faulty, points_lost
    Points lost of a row are shared by the points that have its find; where a part is capped its rows
    share what it loses. Each table adds up to full - score.
    """

    points: int
    seen: int
    unreachable: int
    missing: int
    unscored: int
    faulty: int
    full: float
    score: float
    pass_score: float
    parts: pd.DataFrame
    rows: pd.DataFrame
    grids: pd.DataFrame
    units: pd.DataFrame
    sites: pd.DataFrame


def mock_result(
    points: pd.DataFrame, items: pd.DataFrame, part_points: Mapping[str, float], pass_share: float
) -> MockResult:
    """Score an inspection. points, items: of `data.sample_entries`; part_points: of its forecast."""
    is_seen = points["result"] == "seen"
    own = items[items["site_key"].isin(points.loc[is_seen, "site_key"])].reset_index(drop=True)
    rules, row, parts = mock_rules(own, part_points)
    is_found = own["is_found"].fillna(0).astype(bool).to_numpy()
    finds = np.bincount(row[is_found], minlength=len(rules.points))
    part_score = score(finds, rules)
    lost_by_row = paid(finds, rules)
    own = own.assign(
        row=row,
        is_hit=is_found,
        points_lost=np.where(is_found, (lost_by_row / np.maximum(finds, 1))[row], 0.0),
    )
    faulty = set(own.loc[own["is_hit"], "site_key"])
    lost = own.groupby("site_key")["points_lost"].sum()
    words = own[own["is_hit"]].groupby("site_key")["item"].agg("、".join)
    sites = points.assign(
        found=points["site_key"].map(words.to_dict()).astype(object).fillna(""),
        is_seen=is_seen,
        is_faulty=points["site_key"].isin(faulty),
        points_lost=points["site_key"].map(lost).fillna(0.0),
    )
    scored = set(own.loc[own["part"] != UNSCORED, "site_key"])
    counts = {"seen": ("site_key", "nunique"), "finds": ("is_hit", "sum")}
    by_part = own.groupby("part").agg(**counts).reindex(parts).reset_index()
    by_part = by_part.assign(points=rules.part_points, score=part_score)
    by_part["points_lost"] = by_part["points"] - by_part["score"]
    rows = own.groupby("row", sort=True).agg(
        **{name: (name, "first") for name in [*ROW, "points", "cap"]}, **counts
    )
    return MockResult(
        points=len(points),
        seen=int(is_seen.sum()),
        unreachable=int((points["result"] == "unreachable").sum()),
        missing=int((points["result"] == "").sum()),
        unscored=int(is_seen.sum()) - len(scored),
        faulty=len(faulty),
        full=rules.full,
        score=float(total(part_score)),
        pass_score=rules.pass_score(pass_share),
        parts=by_part[by_part["part"] != UNSCORED].reset_index(drop=True),
        rows=rows.assign(points_lost=lost_by_row).sort_values(
            ["points_lost", "finds"], ascending=False, kind="stable", ignore_index=True
        ),
        grids=_by(sites, ["grid_id", "grid_name", "lead_unit"]),
        units=_by(sites, ["lead_unit"]),
        sites=sites,
    )


def _by(sites: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    return (
        sites.groupby(names, dropna=False)
        .agg(
            points=("site_key", "size"),
            seen=("is_seen", "sum"),
            faulty=("is_faulty", "sum"),
            points_lost=("points_lost", "sum"),
        )
        .reset_index()
        .sort_values(["points_lost", "faulty", *names], ascending=[False, False, *[True] * len(names)])
        .reset_index(drop=True)
    )
