"""抽查模拟: what the inspectors' draw would cost, and which repairs help most."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.plan import Note, PlanSettings, Quota
from data.standards import threshold
from data.views.frame import SampleFrame, segments_of
from geo.rehearsal import Rehearsal, Rules, rehearse, repairs
from geo.share import wilson_interval

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

OTHER = "其他"  # the item of all classes that no other item of the site type names
SEED = 2021  # not the public draw's: two plans differ by what they are, not by their luck
BAND = (0.05, 0.95)
BIN_WIDTHS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)  # points
MOST_BINS = 60
PLACE = (
    "place_name", "kind", "site_type", "grid_id", "grid_name", "lead_unit",
    "site_key", "lon", "lat", "reasons",
)  # fmt: skip


@dataclass(frozen=True)
class PlanRehearsal:
    """What a plan's inspection would score; `is_forecast` False: no part can be, see `notes`.

    notes         what a reader must know, by code:
        no_candidates    points that a type of the plan asks for, which has no site in the frame
        few_candidates   points of a type that its sites do not suffice for
        few_declared     declared points of a type that are not chosen yet: more are drawn at random
        no_rows          points of a type that no row of the edition scores: a visit costs nothing
        no_part_points   rows of a part whose full marks the edition does not give, left out
        unrecorded_rows  rows whose classes were never recorded in the county: no find is ever made
        unverified_rows  rows in use whose points nobody has checked against the standard
        unknown_risk     sites whose risk is not known: they count at their type's mean
        unseen           points of a round, on average, that nobody has looked at lately
        unknown_declared, unknown_repaired   keys of the plan that the frame does not have (any more)
    not_forecast  parts in which no site that may be drawn can lose points: no row of its type costs
                  any, or none of what the row counts was ever recorded; in no number here
    rounds, drawn         rounds rehearsed, points drawn in each
    full, pass_score      points: full marks of the parts forecast, and the part of them that passes
    score, score_low, score_high   points: mean and 5 to 95 %
    correlation   of the luck of points of one street; beyond it they count as independent, so the band
                  is narrower than life
    passes, pass_share, pass_lower, pass_upper   rounds that pass, their share and its 95 % interval:
                  that of the number of rounds, not of what is unknown of the risks
    levels  risk_factor, score, passes, pass_share: the same rounds if every risk were `risk_swing`
            lower, as it is, and as much higher: what an error of all risks together does
    spread  score_from, score_to, rounds, is_passed: rounds by score; a bin ends at the pass mark
    parts   part, points, score, score_low, score_high, points_lost, lost_share (of all points lost)
    rows    part, site_type, item, points, cap, is_verified, finds (mean points with this find in a
            round), points_lost
    types   site_type, candidates, declared, drawn (of a round), risk (mean), points_lost, lost_share
    grids   grid_id, grid_name, lead_unit (None outside), candidates, points_lost, lost_share
    sites   as the frame: site_key, place_key, is_declared, is_repaired, draw_share (chance to be
            drawn), risk (as used), points_lost
    repairs in order, each given those above; the order is chosen on other rounds than those that are
            counted, so that luck does not flatter it: place_key, place_name, kind, site_type, grid_id,
            grid_name, lead_unit, site_key, lon, lat and reasons (of its riskiest site), sites, risk
            (mean), pass_gain (share, that place alone), points_gain (alone), passes, pass_share,
            pass_lower, pass_upper, score (with all down to this one), is_by_points (no place moved
            P(pass) by more than the luck of the rounds: taken for points alone)
    """

    notes: tuple[Note, ...]
    not_forecast: tuple[str, ...]
    correlation: float
    rounds: int = 0
    drawn: int = 0
    full: float = np.nan
    pass_score: float = np.nan
    score: float = np.nan
    score_low: float = np.nan
    score_high: float = np.nan
    passes: int = 0
    pass_share: float = np.nan
    pass_lower: float = np.nan
    pass_upper: float = np.nan
    levels: pd.DataFrame = field(default_factory=pd.DataFrame)
    spread: pd.DataFrame = field(default_factory=pd.DataFrame)
    parts: pd.DataFrame = field(default_factory=pd.DataFrame)
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    types: pd.DataFrame = field(default_factory=pd.DataFrame)
    grids: pd.DataFrame = field(default_factory=pd.DataFrame)
    sites: pd.DataFrame = field(default_factory=pd.DataFrame)
    repairs: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def is_forecast(self) -> bool:
        """Whether there is any part to forecast."""
        return self.rounds > 0


def as_drawn(settings: PlanSettings, points: pd.DataFrame) -> tuple[PlanSettings, tuple[str, ...]]:
    """The rule under which exactly the points of a draw are visited, and what is declared for it.

    points  of a plan: role, site_key, site_type; spares are left out.
    """
    visited = points[points["role"] != "spare"]
    counts = visited["site_type"].value_counts(sort=False)
    quotas = tuple(Quota(str(name), int(count), int(count)) for name, count in counts.items())
    return replace(settings, quotas=quotas), tuple(visited["site_key"])


def place_keys(frame: pd.DataFrame) -> pd.Series:
    """Key of the place that is repaired at once with each site; it outlives a build.

    A site is its own place; street points are one place by street and grid, of a street without a name
    by its segment.
    frame  site_key, street_name, grid_id: of a frame, or points of a plan.
    """
    segment = segments_of(frame["site_key"])
    street = frame["street_name"].where(frame["street_name"].fillna("") != "", "#" + segment)
    in_grid = frame["grid_id"].fillna("") + "|" + street
    return frame["site_key"].where(segment.isna(), in_grid).rename("place_key")


def street_groups(frame: pd.DataFrame) -> Ints:
    """Points of one street in one grid have one number and share their luck; -1: no street point."""
    place = pd.factorize(place_keys(frame))[0]
    return np.where(segments_of(frame["site_key"]).notna(), place, -1)


def rehearse_plan(
    sample: SampleFrame,
    deductions: pd.DataFrame,
    part_points: Mapping[str, float],
    settings: PlanSettings,
    declared: Collection[str],
    repaired: Collection[str] = (),
    risk_times: float = 1,
) -> PlanRehearsal:
    """Rehearse the inspection of a plan.

    deductions, part_points  of `data.views.standards.form_scoring`; an empty cap is none.
    settings     of quotas and pass_share; from each type `declared` of the quota are visited among its
                 declared sites, the others are drawn among the rest.
    declared     site keys. repaired: place keys (`place_keys`) at which no find is made any more.
    risk_times   every risk counts this many times (at most 1): what a mock inspection found of what was
                 forecast for its points.
    """
    case = _case(sample, deductions, part_points, settings, declared, repaired, risk_times)
    if not case.parts:
        return PlanRehearsal(case.notes, case.not_forecast, case.correlation)
    run, swing = case.run(), threshold("risk_swing")
    pass_score = case.rules.pass_score(settings.pass_share)
    rounds = len(run.score)
    passes = int(run.is_passed(pass_score).sum())
    lower, upper = wilson_interval(np.array([passes]), np.array([rounds]))
    low, high = np.quantile(run.score, BAND)
    sites = case.sites.assign(points_lost=run.site_loss)
    levels = {1 - swing: case.run(1 - swing), 1: run, 1 + swing: case.run(1 + swing)}
    other = case.run(seed=SEED + 1)
    return PlanRehearsal(
        notes=case.notes,
        not_forecast=case.not_forecast,
        correlation=case.correlation,
        rounds=rounds,
        drawn=run.drawn.shape[1],
        full=case.rules.full,
        pass_score=pass_score,
        score=float(run.score.mean()),
        score_low=float(low),
        score_high=float(high),
        passes=passes,
        pass_share=passes / rounds,
        pass_lower=float(lower[0]),
        pass_upper=float(upper[0]),
        levels=_level_table(levels, pass_score),
        spread=_spread_table(run.score, pass_score),
        parts=_part_table(run, case.parts),
        rows=case.rows.assign(finds=run.finds.mean(axis=0), points_lost=run.row_loss),
        types=_with_share(_type_table(case.types, sample.frame, sites)),
        grids=_with_share(_grid_table(sample.frame, sites)),
        sites=sites,
        repairs=_repair_table(sample.frame, sites, run, other, pass_score),
    )


@dataclass(frozen=True)
class _Case:
    """What is known of a plan's inspection before the first round of it.

    parts   those that are forecast; rules, rows: of them. The others are not_forecast.
    types   site_type, candidates, declared, drawn (of a round)
    sites   as the frame: site_key, place_key, is_declared, is_repaired, draw_share, risk
    stratum, draws, codes, share, group   what `geo.rehearsal.rehearse` takes; share: of a site's mix
    """

    notes: tuple[Note, ...]
    parts: list[str]
    not_forecast: tuple[str, ...]
    correlation: float
    rules: Rules
    rows: pd.DataFrame
    types: pd.DataFrame
    sites: pd.DataFrame
    stratum: Ints
    draws: Ints
    codes: Ints
    share: Floats
    group: Ints

    def run(self, factor: float = 1, seed: int = SEED) -> Rehearsal:
        """All rounds, every risk counted `factor` times."""
        chance = find_chances(np.minimum(factor * self.sites["risk"], 1), self.share)
        return rehearse(
            self.stratum,
            self.draws,
            self.codes,
            chance,
            self.rules,
            int(threshold("rehearsal_rounds")),
            seed,
            self.sites["is_repaired"].to_numpy(),
            self.group,
            self.correlation,
        )


def _case(
    sample: SampleFrame,
    deductions: pd.DataFrame,
    part_points: Mapping[str, float],
    settings: PlanSettings,
    declared: Collection[str],
    repaired: Collection[str],
    risk_times: float,
) -> _Case:
    frame = sample.frame
    place_key = place_keys(frame)
    is_declared = frame["site_key"].isin(declared).to_numpy()
    notes = _unknown("unknown_declared", declared, frame["site_key"])
    notes += _unknown("unknown_repaired", repaired, place_key)
    stratum, draws, types = _strata(frame, settings.quotas, is_declared, notes)
    rows = _rows(deductions, part_points, types, notes)
    codes, share = item_shares(frame["site_type"], sample.classes, sample.mix, rows)
    is_recorded = np.bincount(codes[codes >= 0], share[codes >= 0], len(rows)) > 0
    unrecorded = int((costs(rows) & ~is_recorded).sum())
    notes += [Note("unrecorded_rows", "", unrecorded)] if unrecorded else []
    can_lose = set(rows.loc[costs(rows) & is_recorded, "part"])
    parts = [part for part, points in part_points.items() if points > 0 and part in can_lose]
    is_told = rows["part"].isin(parts).to_numpy()
    codes = np.where((codes >= 0) & is_told[codes], (np.cumsum(is_told) - 1)[codes], -1)
    rows = rows[is_told].reset_index(drop=True)
    drawn = np.append(draws, 0)[stratum]
    of_risk: list[Note] = []
    risk = (risk_times * _risk(frame, drawn > 0, of_risk)).clip(upper=1)
    draw_share = np.where(drawn > 0, drawn / np.bincount(stratum + 1)[stratum + 1], 0.0)
    unseen = round(float(draw_share[frame["is_unseen"].to_numpy(bool)].sum()))
    of_risk += [Note("unseen", "", unseen)] if unseen else []
    sites = frame[["site_key"]].assign(
        place_key=place_key,
        is_declared=is_declared,
        is_repaired=place_key.isin(repaired),
        draw_share=draw_share,
        risk=risk,
    )
    return _Case(
        notes=tuple(notes + of_risk if parts else notes),
        parts=parts,
        not_forecast=tuple(part for part in part_points if part not in parts),
        correlation=threshold("street_correlation"),
        rules=scoring_rules(rows, {part: part_points[part] for part in parts}),
        rows=rows,
        types=types,
        sites=sites,
        stratum=stratum,
        draws=draws,
        codes=codes,
        share=share,
        group=street_groups(frame),
    )


def _unknown(code: str, named: Collection[str], known: pd.Series) -> list[Note]:
    missing = len(set(named) - set(known))
    return [Note(code, "", missing)] if missing else []


def _strata(
    frame: pd.DataFrame, quotas: tuple[Quota, ...], is_declared: Bools, notes: list[Note]
) -> tuple[Ints, Ints, pd.DataFrame]:
    """Stratum of each site (-1: never drawn), draws by stratum, and the types that are drawn."""
    stratum = np.full(len(frame), -1)
    draws: list[int] = []
    types = []
    for quota in quotas:
        is_type = (frame["site_type"] == quota.site_type).to_numpy()
        told, rest = np.flatnonzero(is_type & is_declared), np.flatnonzero(is_type & ~is_declared)
        if quota.quota and not is_type.any():
            notes.append(Note("no_candidates", quota.site_type, quota.quota))
        if not quota.quota or not is_type.any():
            continue
        from_told = min(max(quota.declared, quota.quota - len(rest)), len(told))
        from_rest = min(quota.quota - from_told, len(rest))
        if quota.declared > len(told):
            notes.append(Note("few_declared", quota.site_type, quota.declared - len(told)))
        if from_told + from_rest < quota.quota:
            lacking = quota.quota - from_told - from_rest
            notes.append(Note("few_candidates", quota.site_type, lacking))
        for members, count in ((told, from_told), (rest, from_rest)):
            stratum[members] = len(draws)
            draws.append(count)
        types.append((quota.site_type, len(told) + len(rest), from_told, from_told + from_rest))
    columns = ["site_type", "candidates", "declared", "drawn"]
    return stratum, np.array(draws, int), pd.DataFrame(types, columns=columns)


def _rows(
    deductions: pd.DataFrame, part_points: Mapping[str, float], types: pd.DataFrame, notes: list[Note]
) -> pd.DataFrame:
    """Rows of the types that are drawn and of parts with full marks."""
    rows = deductions[deductions["site_type"].isin(types["site_type"])]
    has_points = rows["part"].isin(list(part_points))
    for part, count in rows.loc[~has_points, "part"].value_counts().items():
        notes.append(Note("no_part_points", part, int(count)))
    rows = rows[has_points].reset_index(drop=True)
    for site_type, drawn in types[["site_type", "drawn"]].itertuples(index=False):
        if site_type not in set(rows["site_type"]):
            notes.append(Note("no_rows", site_type, drawn))
    unverified = int((~rows["is_verified"].astype(bool)).sum())
    if unverified:
        notes.append(Note("unverified_rows", "", unverified))
    return rows[["part", "site_type", "item", "points", "cap", "is_verified"]]


def _risk(frame: pd.DataFrame, may_be_drawn: Bools, notes: list[Note]) -> pd.Series:
    """Risk of each site; where it is not known its type's mean, else the frame's.

    Raises ValueError if there are sites and none has a risk.
    """
    risk = frame["risk"]
    if len(risk) and risk.isna().all():
        msg = "no site of the frame has a risk"
        raise ValueError(msg)
    unknown = frame.loc[risk.isna() & may_be_drawn, "site_type"].value_counts()
    notes += [Note("unknown_risk", site_type, int(n)) for site_type, n in unknown.items()]
    mean = risk.groupby(frame["site_type"]).transform("mean").fillna(risk.mean())
    return risk.fillna(mean)


def costs(rows: pd.DataFrame) -> pd.Series:
    """Whether finds in each row of `standard_deduction` cost points at all."""
    return (rows["points"] > 0) & (rows["cap"].isna() | (rows["cap"] > 0))


def scoring_rules(rows: pd.DataFrame, part_points: Mapping[str, float]) -> Rules:
    """What finds cost in rows (part, points, cap: missing is none) of these parts, in their order."""
    parts = list(part_points)
    return Rules(
        rows["points"].to_numpy(float),
        rows["cap"].astype(float).fillna(np.inf).to_numpy(float),
        rows["part"].map(parts.index).to_numpy(int),
        np.array(list(part_points.values()), float),
    )


def item_shares(
    site_type: pd.Series, classes: list[str], mix: Floats, rows: pd.DataFrame
) -> tuple[Ints, Floats]:
    """Rows that count for each site (-1 fills up), and the share of its mix in each: shape (N, W).

    classes, mix  of a `SampleFrame`, mix of shape (N, len(classes)); rows: site_type, item.
    """
    width = int(rows["site_type"].value_counts().max()) if len(rows) else 0
    codes = np.full((len(site_type), width), -1)
    share = np.zeros((len(site_type), width))
    by_class = pd.DataFrame(mix, columns=classes)
    for name, own in rows.groupby("site_type", sort=False):
        members = np.flatnonzero(site_type == name)
        of_type = by_class.iloc[members]
        named = [item for item in own["item"] if item != OTHER]
        rest = of_type.drop(columns=named, errors="ignore").sum(axis=1)
        of_items = of_type.assign(**{OTHER: rest}).reindex(columns=own["item"], fill_value=0.0)
        codes[members, : len(own)] = own.index
        share[members, : len(own)] = of_items
    return codes, share


def find_chances(risk: pd.Series, share: Floats) -> Floats:
    """The chance q of each site split over its items: 1 - (1 - q)^m, m the item's share of its mix."""
    chance: Floats = 1 - (1 - risk.to_numpy(float)[:, None]) ** share
    return chance


def _level_table(runs: Mapping[float, Rehearsal], pass_score: float) -> pd.DataFrame:
    passed = [run.is_passed(pass_score) for run in runs.values()]
    return pd.DataFrame(
        {
            "risk_factor": list(runs),
            "score": [run.score.mean() for run in runs.values()],
            "passes": [int(is_passed.sum()) for is_passed in passed],
            "pass_share": [is_passed.mean() for is_passed in passed],
        }
    )


def _spread_table(score: Floats, pass_score: float) -> pd.DataFrame:
    """Rounds by score, in bins counted up and down from the pass mark."""
    above = np.rint(1000 * score).astype(int) - round(1000 * pass_score)
    most = BIN_WIDTHS[-1]
    width = next((w for w in BIN_WIDTHS if np.ptp(above) <= 1000 * w * MOST_BINS), most)
    number = np.floor_divide(above, round(1000 * width))
    bins = np.arange(number.min(), number.max() + 1)
    return pd.DataFrame(
        {
            "score_from": pass_score + bins * width,
            "score_to": pass_score + (bins + 1) * width,
            "rounds": np.bincount(number - number.min()),
            "is_passed": bins >= 0,
        }
    )


def _part_table(run: Rehearsal, parts: list[str]) -> pd.DataFrame:
    low, high = np.quantile(run.part_score, BAND, axis=0)
    score = run.part_score.mean(axis=0)
    return _with_share(
        pd.DataFrame(
            {
                "part": parts,
                "points": run.rules.part_points,
                "score": score,
                "score_low": low,
                "score_high": high,
                "points_lost": run.rules.part_points - score,
            }
        )
    )


def _type_table(types: pd.DataFrame, frame: pd.DataFrame, sites: pd.DataFrame) -> pd.DataFrame:
    by_type = sites.groupby(frame["site_type"]).agg(
        risk=("risk", "mean"), points_lost=("points_lost", "sum")
    )
    return types.merge(by_type, on="site_type")


def _grid_table(frame: pd.DataFrame, sites: pd.DataFrame) -> pd.DataFrame:
    by = ["grid_id", "grid_name", "lead_unit"]
    is_drawn = sites["draw_share"] > 0
    return (
        frame.loc[is_drawn, by]
        .assign(points_lost=sites["points_lost"])
        .groupby(by, dropna=False)["points_lost"]
        .agg(candidates="size", points_lost="sum")
        .reset_index()
        .sort_values(["points_lost", "grid_id"], ascending=[False, True], ignore_index=True)
    )


def _with_share(table: pd.DataFrame) -> pd.DataFrame:
    """The table and lost_share, of all points lost; NaN where none are."""
    whole = table["points_lost"].sum()
    return table.assign(lost_share=table["points_lost"] / (whole if whole else np.nan))


def _repair_table(
    frame: pd.DataFrame,
    sites: pd.DataFrame,
    run: Rehearsal,
    other: Rehearsal,
    pass_score: float,
) -> pd.DataFrame:
    """Chosen on the rounds of `other`, judged on those of `run`."""
    place, keys = pd.factorize(sites["place_key"])
    most = int(threshold("repair_places"))
    chosen = repairs(other, place, pass_score, most)
    found = repairs(run, place, pass_score, most, chosen.order)
    passes, rounds = found.passes_after.astype(float), np.full(len(found.order), float(len(run.score)))
    lower, upper = wilson_interval(passes, rounds)
    used_risk = sites["risk"]
    mine = np.isin(place, found.order)
    of_place = used_risk[mine].groupby(place[mine])
    riskiest = frame.loc[of_place.idxmax().reindex(found.order)].reset_index(drop=True)
    names = riskiest["site_name"].where(riskiest["kind"] == "site", riskiest["street_name"])
    places = riskiest.assign(place_name=names)[list(PLACE)].assign(
        sites=of_place.size().reindex(found.order).to_numpy(),
        risk=of_place.mean().reindex(found.order).to_numpy(),
    )
    return places.assign(
        place_key=keys[found.order],
        pass_gain=found.passes_alone[found.order] / len(run.score),
        points_gain=found.points_alone[found.order],
        passes=found.passes_after,
        pass_share=passes / rounds,
        pass_lower=lower,
        pass_upper=upper,
        score=found.points_after,
        is_by_points=chosen.is_by_points,
    )
