"""The public draw (公开抽签) of a plan: who is drawn, how even that is, and files to repeat it with.

Whatever decides the draw is written into the frame file first and read back from it, so the file and
the seed are all that anybody needs (`data/recompute_draw.py` repeats it without this program). Its
digest is announced before the seed is known: nobody can choose a frame to fit a seed, nor the reverse.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.plan import Note, PlanSettings
from geo.draw import CM_PER_M, Draw, draw_points, draw_sizes, point_probabilities
from geo.evenness import evenness_loss, random_draw_balance, voronoi_balance, voronoi_sums

VERSION = 1
RANDOM_DRAWS = 200
RANDOM_SEED = 20_250_101  # any number does; always the same one, so that the same plan says the same
ROLES = ("declared", "drawn", "spare", "skipped", "too_near")

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Figure(NamedTuple):
    """A figure of the draw, and of simple random draws of as many points of each type."""

    value: float
    random_mean: float
    random_low: float  # 5 % of them are below
    random_high: float  # 5 % are above


class Evenness(NamedTuple):
    """How evenly declared and drawn points lie within types; see the metrics of the same names."""

    spatial_balance: Figure
    evenness_loss: Figure


@dataclass(frozen=True)
class PlanDraw:
    """One draw.

    points  one row a point of the plan, by role and site type: the frame's columns, role (declared,
            drawn, spare), position (1, 2 … within role and site type; spares are to be taken in this
            order, declared ones go by key, whatever their numbers in the plan) and probability (of
            being drawn before distances were looked at; declared 1).
    skipped likewise, role skipped (a spare has its place) and too_near (kept for want of a better one)
    notices about site types, by code:
        unknown_declared: declared keys that are no site of the frame (no site type)
        no_quota: declared sites of a type that the plan has no quota for; they are kept
        more_declared: so many more declared than the quota; none is drawn
        fewer_declared: so many fewer declared than the plan has; more are drawn instead
        short: so many fewer sites than the quota; all are taken
        few_spares: so many fewer spares than the plan has, or taken as substitutes
        skipped: drawn, but too near to another; a spare has its place
        too_near: drawn and too near to another, but no spare was any better
    frame_file, frame_digest    what is announced before the seed.
    result_file, draw_digest    what is announced after it.
    """

    points: pd.DataFrame
    skipped: pd.DataFrame
    notices: tuple[Note, ...]
    frame_file: bytes
    frame_digest: str
    result_file: bytes
    draw_digest: str


def frame_file(frame: pd.DataFrame, settings: PlanSettings, declared: list[str]) -> bytes:
    """What is drawn from and how, as text: UTF-8, one JSON list a line.

    frame     columns of `data.views.frame`, of which site_key, site_type, x_m, y_m and risk count.
    declared  site keys; those that are not in the frame are left out.

        ["draw frame",1,minimum distance in cm]
        ["stratum",site type,quota,spares]                     by name
        ["site",key,site type,x in cm,y in cm,"size",declared] by key; 1 or 0

    Only types that the plan has a quota, spares or a declared site for. The same plan gives the same
    text, whatever the order of the frame. Raises ValueError if a key comes twice.
    """
    if frame["site_key"].duplicated().any():
        msg = f"site_key {frame['site_key'][frame['site_key'].duplicated()].iloc[0]!r} comes twice."
        raise ValueError(msg)
    is_declared = frame["site_key"].isin(declared)
    asked = {one.site_type for one in settings.quotas if one.quota or one.spares}
    strata = sorted(asked | set(frame.loc[is_declared, "site_type"]))
    sites = frame.assign(is_declared=is_declared.astype(int))[frame["site_type"].isin(strata)]
    sites = sites.sort_values("site_key")
    sizes = sites.groupby("site_type")["risk"].transform(
        lambda risk: draw_sizes(risk.to_numpy(float), settings.risk_weight)
    )
    cm = np.rint(sites[["x_m", "y_m"]].to_numpy(float) * CM_PER_M).astype(np.int64)
    lines: list[list[object]] = [["draw frame", VERSION, round(settings.min_distance_m * CM_PER_M)]]
    for name in strata:
        quota = settings.quota(name)
        lines.append(["stratum", name, quota.quota, quota.spares])
    columns = zip(
        sites["site_key"], sites["site_type"], *cm.T.tolist(), sizes, sites["is_declared"], strict=True
    )
    lines += [["site", key, kind, x, y, f"{size:.6f}", mark] for key, kind, x, y, size, mark in columns]
    return _text(lines)


class Drawable(NamedTuple):
    """A frame file, read back: what `geo.draw.draw_points` takes."""

    keys: list[str]
    strata: list[str]
    xy_m: Floats
    stratum: Ints
    size: Floats
    quota: Ints
    spares: Ints
    is_declared: Bools
    min_distance_m: float


def read_frame_file(content: bytes) -> Drawable:
    """The numbers of a frame file."""
    head, *lines = [json.loads(line) for line in content.decode("utf-8").split("\n") if line]
    strata = [line[1:] for line in lines if line[0] == "stratum"]
    names = [name for name, _, _ in strata]
    sites = [line[1:] for line in lines if line[0] == "site"]
    return Drawable(
        [site[0] for site in sites],
        names,
        np.array([site[2:4] for site in sites], dtype=float).reshape(-1, 2) / CM_PER_M,
        np.array([names.index(site[1]) for site in sites], dtype=np.int64),
        np.array([float(site[4]) for site in sites]),
        np.array([quota for _, quota, _ in strata], dtype=np.int64),
        np.array([spares for _, _, spares in strata], dtype=np.int64),
        np.array([site[5] == 1 for site in sites], dtype=bool),
        head[2] / CM_PER_M,
    )


class Announced(NamedTuple):
    """What is announced before the seed.

    types   site_type, sites, declared, drawn (how many will be, if sites suffice), spares
    """

    frame_file: bytes
    frame_digest: str
    types: pd.DataFrame


def announce(frame: pd.DataFrame, settings: PlanSettings, declared: list[str]) -> Announced:
    """The frame file of a plan with its digest and its numbers; arguments as `draw` takes them."""
    content = frame_file(frame, settings, declared)
    read = read_frame_file(content)
    sites = np.bincount(read.stratum, minlength=len(read.strata))
    told = np.bincount(read.stratum[read.is_declared], minlength=len(read.strata))
    drawn = np.minimum(np.maximum(read.quota - told, 0), sites - told)
    types = pd.DataFrame(
        {
            "site_type": read.strata,
            "sites": sites,
            "declared": told,
            "drawn": drawn,
            "spares": np.minimum(read.spares, sites - told - drawn),
        }
    )
    return Announced(content, hashlib.sha256(content).hexdigest(), types)


def draw(frame: pd.DataFrame, settings: PlanSettings, declared: list[str]) -> PlanDraw:
    """The draw of a plan with its seed.

    frame     columns of `data.views.frame`.
    declared  site keys of the declared points.
    Raises ValueError if there is no seed or a key comes twice.
    """
    found = redraw(frame_file(frame, settings, declared), settings, declared)
    points, skipped = (
        places.drop(columns="site_type").merge(frame, "left", "site_key", validate="one_to_one")
        for places in (found.points, found.skipped)
    )
    return replace(found, points=points, skipped=skipped)


def redraw(announced: bytes, settings: PlanSettings, declared: list[str]) -> PlanDraw:
    """The draw from a frame file as it was announced, whatever the county's data says by now.

    Of the settings only the seed decides; with the declared keys they serve the notices. Points have no
    columns of the frame but site_type and site_key.
    Raises ValueError if there is no seed.
    """
    if not settings.seed:
        msg = "a draw needs a seed."
        raise ValueError(msg)
    digest = hashlib.sha256(announced).hexdigest()
    drawable = read_frame_file(announced)
    drawn = draw_points(*drawable[2:], settings.seed)
    places = _places(drawable, drawn)
    lines = places[["role", "site_type", "position", "site_key"]].to_numpy(object).tolist()
    result = _text([["draw result", VERSION, digest, settings.seed], *lines])
    is_point = places["role"].isin(("declared", "drawn", "spare"))
    columns = ["role", "position", "probability", "site_type", "site_key"]
    return PlanDraw(
        places.loc[is_point, columns].reset_index(drop=True),
        places.loc[~is_point, columns].reset_index(drop=True),
        tuple(_notices(drawable, settings, declared, places)),
        announced,
        digest,
        result,
        hashlib.sha256(result).hexdigest(),
    )


def _places(drawable: Drawable, drawn: Draw) -> pd.DataFrame:
    """One row a site declared or drawn: role, site_type, position, site_key, probability."""
    declared = np.flatnonzero(drawable.is_declared)
    declared = declared[np.argsort(drawable.stratum[declared], kind="stable")]
    of_role = (declared, drawn.drawn, drawn.spare, drawn.skipped, drawn.too_near)
    number = np.concatenate(of_role)
    places = pd.DataFrame(
        {
            "role": np.repeat(ROLES, [len(one) for one in of_role]),
            "site_type": np.array(drawable.strata, dtype=object)[drawable.stratum[number]],
            "site_key": np.array(drawable.keys, dtype=object)[number],
            "probability": drawn.probability[number],
        }
    )
    places["position"] = places.groupby(["role", "site_type"]).cumcount() + 1
    return places


def evenness(announced: bytes, drawn: Collection[str]) -> Evenness:
    """How even a draw is beside `RANDOM_DRAWS` simple random draws: longer work than the draw itself.

    announced  the frame file; drawn: site keys of the points with role drawn.
    """
    sites = read_frame_file(announced)
    probability = point_probabilities(sites.stratum, sites.size, sites.quota, sites.is_declared)
    sample = np.flatnonzero(sites.is_declared | np.isin(sites.keys, list(drawn)))
    sums = voronoi_sums(sites.xy_m, probability, sample, sites.stratum)
    others = random_draw_balance(
        sites.xy_m, sites.stratum, sites.quota, sites.is_declared, RANDOM_DRAWS,
        np.random.default_rng(RANDOM_SEED),
    )  # fmt: skip
    balance, loss = (
        Figure(value, float(random.mean()), *np.quantile(random, [0.05, 0.95]).tolist())
        for value, random in zip((voronoi_balance(sums), evenness_loss(sums)), others, strict=True)
    )
    return Evenness(balance, loss)


def _notices(
    drawable: Drawable, settings: PlanSettings, declared: list[str], places: pd.DataFrame
) -> list[Note]:
    unknown = len(set(declared) - set(places.loc[places["role"] == "declared", "site_key"]))
    notices = [Note("unknown_declared", "", unknown)]
    counts = places.groupby(["site_type", "role"]).size()
    planned = {one.site_type for one in settings.quotas}
    for name in drawable.strata:
        quota = settings.quota(name)
        there, drawn, spare, skipped, too_near = (int(counts.get((name, role), 0)) for role in ROLES)
        notices += [
            Note("no_quota", name, 0 if name in planned else there),
            Note("more_declared", name, there - quota.quota if name in planned else 0),
            Note("fewer_declared", name, quota.declared - there),
            Note("short", name, quota.quota - there - drawn),
            Note("few_spares", name, quota.spares - spare),
            Note("skipped", name, skipped),
            Note("too_near", name, too_near),
        ]
    return [notice for notice in notices if notice.number > 0]


def _text(lines: list[list[object]]) -> bytes:
    """JSON lists, one a line, always written the same way."""
    written = (json.dumps(line, ensure_ascii=False, separators=(",", ":")) for line in lines)
    return "".join(f"{line}\n" for line in written).encode()
