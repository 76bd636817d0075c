"""Whether what was told of a mock inspection held, and whether self-checks see what inspections see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.engine import Engine
from data.standards import threshold
from data.views.mock import forecast, mock_result
from geo.crs import LONLAT, transform_xy
from geo.forecast import forecast_test
from geo.risk import brier_score, calibration
from geo.sampling import weighted_mean
from geo.share import t95, wilson_interval

Floats = npt.NDArray[np.float64]
Verdict = Literal["few", "honest", "optimistic", "pessimistic"]
BINS = 5


@dataclass(frozen=True)
class MockCheck:
    """An inspection against its forecast, over the points that were seen and had a chance told.

    points, unknown   such points; seen points without a chance
    told              of `data.views.mock.forecast`, of exactly these points
    score             what they scored
    faulty            points with a find
    p_value           how likely so many or as unlikely a number is if the chances are right
    verdict           few (points, to judge), honest (no sign of the contrary), optimistic (more was
                      found than told), pessimistic (less)
    parts     part, points (full marks), told, told_low, told_high (5 to 95 %), score
    bins      predicted, observed, hits, trials, lower, upper, is_too_few; as `geo.risk.calibration`
    brier, brier_base   of the chances; of the mean of what was found, told to every point (NaN where
                        all points are alike: who knows that beforehand is never wrong)
    """

    points: int
    unknown: int
    told: dict[str, Any]
    score: float
    faulty: int
    p_value: float
    verdict: Verdict
    parts: pd.DataFrame
    bins: pd.DataFrame
    brier: float
    brier_base: float


def mock_check(
    points: pd.DataFrame, items: pd.DataFrame, part_points: Mapping[str, float], pass_share: float
) -> MockCheck | None:
    """Compare an inspection with its forecast; None while no point with a chance was seen.

    points, items  of `data.sample_entries`; part_points: of the forecast that is kept with it.
    The forecast is made anew for the points seen, from the chances that were kept.
    """
    is_seen = points["result"] == "seen"
    seen = points[is_seen & points["chance"].notna()].reset_index(drop=True)
    if seen.empty:
        return None
    own = items[items["site_key"].isin(seen["site_key"])].reset_index(drop=True)
    result = mock_result(seen, own, part_points, pass_share)
    hit = result.sites["is_faulty"].to_numpy(bool)
    chance = seen["chance"].to_numpy(float)
    p_value = forecast_test(chance, int(hit.sum()))
    bins = calibration(chance, hit, BINS)
    told = forecast(seen, own, part_points, pass_share)
    names = {"score": "told", "score_low": "told_low", "score_high": "told_high"}
    columns = ["part", "points", "score", "score_low", "score_high"]
    parts = pd.DataFrame(told["parts"], columns=columns).rename(columns=names)
    return MockCheck(
        points=len(seen),
        unknown=int(is_seen.sum()) - len(seen),
        told=told,
        score=result.score,
        faulty=int(hit.sum()),
        p_value=p_value,
        verdict=_verdict(chance, hit, p_value),
        parts=parts.merge(result.parts[["part", "score"]], on="part"),
        bins=bins.assign(is_too_few=bins["trials"] < threshold("min_checked")),
        brier=brier_score(chance, hit),
        brier_base=np.nan if hit.all() or not hit.any() else float(hit.var()),
    )


def _verdict(chance: Floats, hit: npt.NDArray[np.bool_], p_value: float) -> Verdict:
    if len(hit) < threshold("min_forecast_points"):
        return "few"
    if p_value >= threshold("forecast_level"):
        return "honest"
    return "optimistic" if hit.sum() > chance.sum() else "pessimistic"


class FoundTimes(NamedTuple):
    """What the last mock inspection found, against what was told of the points it saw.

    declared  of the points; told: points expected to have a find; lower, upper: of `times`, 95 %
    """

    title: str
    held_on: date
    points: int
    declared: int
    faulty: int
    told: float
    lower: float
    upper: float

    @property
    def times(self) -> float:
        """How many times as many points had a find as was told."""
        return self.faulty / self.told


def found_times(seen: pd.DataFrame) -> FoundTimes | None:
    """Of the last mock inspection that saw at least `min_forecast_points` points whose chance was told.

    seen  of `data.sample_entries.seen_points`
    Of its drawn points alone where they are that many: declared ones are chosen for a low estimate,
    so part of it is luck, and more of them have a find than of others with the same estimate.
    The interval is Wilson's for the share of faulty points, over the mean chance told. A sum of
    independent trials with unequal chances varies less than one with equal chances (Hoeffding 1956,
    Ann. Math. Stat. 27), so it is rather too wide than too narrow.
    """
    told = seen[(seen["kind"] == "mock") & seen["chance"].notna()]
    least = threshold("min_forecast_points")
    points = told.groupby("mock_id")["site_key"].transform("size")
    enough = told[points >= least].sort_values(["held_on", "mock_id"])
    if enough.empty:
        return None
    last = enough[enough["mock_id"] == enough["mock_id"].iloc[-1]]
    drawn = last[last["role"] == "drawn"]
    if len(drawn) >= least:
        last = drawn
    expected = float(last["chance"].sum())
    if not expected:
        return None
    row, n = last.iloc[0], len(last)
    faulty = int(last["is_faulty"].sum())
    limits = wilson_interval(np.array([faulty]), np.array([n]))
    lower, upper = (float(limit[0]) * n / expected for limit in limits)
    declared = int((last["role"] == "declared").sum())
    held_on = row["held_on"].date()
    return FoundTimes(str(row["title"]), held_on, n, declared, faulty, expected, lower, upper)


@dataclass(frozen=True)
class FaultyShare:
    """Share of faulty points among all candidates that might have been drawn, weighted back.

    share, lower, upper   95 %; NaN where fewer than `min_checked` drawn points were seen
    drawn, declared       points seen that it rests on
    plain                 share of the points seen, not weighted
    unseen                points not seen that others of their role and type stand for
    left_out              role, site_type: nobody saw one of these points, so the share is without them
    is_census             all there are were seen: lower and upper are the share itself
    """

    share: float
    lower: float
    upper: float
    drawn: int
    declared: int
    plain: float
    unseen: int
    left_out: list[tuple[str, str]]
    is_census: bool


def faulty_share(engine: Engine, sites: pd.DataFrame) -> FaultyShare | None:
    """Weight the finds back by how likely each point was to be seen; None without drawn points.

    sites  of `MockResult`. Spares are left out, for they were visited for another reason than the
           draw's.
    A drawn point counts 1 / probability, a declared one stands for itself; both count points / seen
    times as much where not all points of their role and type were seen. That is unbiased if those are
    like the ones that were seen. The interval is Student's with the points by lot less one, for it
    covers less than told with few of them (10: 92 %, 20: 95 % in simulation). Where they are all alike
    it is Wilson's for them, at Kish's effective size.
    """
    is_declared = sites["role"] == "declared"
    is_drawn = (sites["role"] == "drawn") & sites["probability"].notna()
    planned = sites[is_declared | is_drawn]
    stratum = planned.groupby(["role", "site_type"])["is_seen"]
    planned = planned.assign(seen_share=stratum.transform("mean").astype(float))
    own = planned[planned["is_seen"]]
    drawn = own[own["role"] == "drawn"]
    if drawn.empty:
        return None
    left_out = planned.loc[planned["seen_share"] == 0, ["role", "site_type"]].drop_duplicates()
    known = (planned["seen_share"] > 0).sum()
    faulty = own["is_faulty"].to_numpy(float)
    plain = float(faulty.mean())
    share, lower, upper, is_census = np.nan, np.nan, np.nan, False
    if len(drawn) >= threshold("min_checked"):
        crs = engine.select("build").iloc[0]["compute_crs"]
        xy = transform_xy(own["lon"].to_numpy(float), own["lat"].to_numpy(float), LONLAT, crs)
        probability = own["probability"].where(own["role"] == "drawn", 1.0).to_numpy(float)
        chance = probability * own["seen_share"].to_numpy(float)
        share, error = weighted_mean(faulty, chance, np.column_stack(xy))
        lower, upper = _share_limits(faulty, chance, share, error)
        is_census = bool((chance == 1).all())
    return FaultyShare(
        share,
        lower,
        upper,
        drawn=len(drawn),
        declared=len(own) - len(drawn),
        plain=plain,
        unseen=int(known) - len(own),
        left_out=list(left_out.itertuples(index=False, name=None)),
        is_census=is_census,
    )


def _share_limits(faulty: Floats, chance: Floats, share: float, error: float) -> tuple[float, float]:
    by_lot = chance < 1
    if not by_lot.any():
        return share, share
    weight, hits = 1 / chance, faulty[by_lot]
    if (hits != hits[0]).any():
        half = t95(int(by_lot.sum()) - 1) * error
        return max(share - half, 0.0), min(share + half, 1.0)
    # That nothing varies in the sample is no proof that nothing does.
    lot = weight[by_lot]
    size = lot.sum() ** 2 / (lot**2).sum()
    limits = wilson_interval(hits[:1] * size, np.array([size]))
    sure = (weight * faulty)[~by_lot].sum()
    lower, upper = ((sure + lot.sum() * limit[0]) / weight.sum() for limit in limits)
    return float(lower), float(upper)


@dataclass(frozen=True)
class SelfAgreement:
    """Points that a mock inspection saw no more than `self_check_days` after their own unit had.

    pairs   one row a point seen by the inspection: mock_point_id, title, the place, lead_unit,
            checked_on, self_on (of the last self-check before), is_faulty, is_self_faulty
    total   one row, units: a row a lead_unit, most pairs first. Columns: pairs, agreed, agreed_share,
            agreed_lower, agreed_upper (Wilson, 95 %); self_clean (the unit found nothing), missed (of
            these the inspection found something), missed_share, missed_lower, missed_upper. Shares are
            NaN where fewer than `min_checked` points are behind them.
    """

    pairs: pd.DataFrame
    total: pd.DataFrame
    units: pd.DataFrame


def self_agreement(seen: pd.DataFrame) -> SelfAgreement:
    """Do units find what inspections find? seen: of `data.sample_entries.seen_points`.

    A self-check after the inspection may know its outcome, so only those before it or on its day count.
    """
    own = seen.assign(checked_on=pd.to_datetime(seen["checked_on"]))
    own = own.sort_values(["checked_on", "mock_point_id"])  # of two on one day the later made counts
    own["is_faulty"] = own["is_faulty"].astype(bool)
    theirs = own.loc[own["kind"] == "self", ["site_key", "checked_on", "is_faulty"]]
    theirs = theirs.assign(self_on=theirs["checked_on"])
    pairs = pd.merge_asof(
        own[own["kind"] == "mock"],
        theirs.rename(columns={"is_faulty": "is_self_faulty"}),
        on="checked_on",
        by="site_key",
        tolerance=pd.Timedelta(days=threshold("self_check_days")),
    )
    pairs = pairs.dropna(subset="self_on").reset_index(drop=True)
    pairs["is_self_faulty"] = pairs["is_self_faulty"].astype(bool)
    pairs["is_agreed"] = pairs["is_faulty"] == pairs["is_self_faulty"]
    pairs["is_self_clean"] = ~pairs["is_self_faulty"]
    pairs["is_missed"] = pairs["is_self_clean"] & pairs["is_faulty"]
    units = _agreement(pairs.groupby("lead_unit")).sort_values(
        ["pairs", "lead_unit"], ascending=[False, True], ignore_index=True
    )
    return SelfAgreement(pairs, _agreement(pairs.groupby(lambda _: "")), units)


def _agreement(groups: Any) -> pd.DataFrame:
    found = groups.agg(
        pairs=("site_key", "size"),
        agreed=("is_agreed", "sum"),
        self_clean=("is_self_clean", "sum"),
        missed=("is_missed", "sum"),
    ).reset_index(names="lead_unit")
    for name, hits, trials in (("agreed", "agreed", "pairs"), ("missed", "missed", "self_clean")):
        k, n = found[hits].to_numpy(float), found[trials].to_numpy(float)
        lower, upper = wilson_interval(k, n)
        is_enough = n >= threshold("min_checked")
        found[f"{name}_share"] = np.where(is_enough, k / np.maximum(n, 1), np.nan)
        found[f"{name}_lower"] = np.where(is_enough, lower, np.nan)
        found[f"{name}_upper"] = np.where(is_enough, upper, np.nan)
    return found
