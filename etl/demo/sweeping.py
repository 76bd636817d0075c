"""Evidence of cleaning in the last 60 days: a log of two companies, and four sweepers with GPS.

What is in it, by design:

    A  the sweepers of 云河洁净 drive the main and secondary roads every morning from about 5:00
    B  县环卫中心一队 writes when it began and ended on a segment
    C  惠民保洁 writes only when it came
    D  县环卫中心二队 keeps no log: its streets have the roster only

The story agrees with etl/demo/story.py: in grids of the kind unseen there is no log and the
sweepers pass by; in persistent ones half of the work is not done; in worsening ones hardly any since
2026-09-12; in improving ones it fills up. Gaps of a real county: on the holiday of 2026-10-01 to
2026-10-03 nobody kept the log, the device of sweeper 云扫03 was broken from 2026-10-10 to 2026-10-19,
devices are silent on some days and for some minutes, and each sweeper stays parked, its device on, on
one Sunday (a load finds these four days).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from etl.demo.crews import COMPANIES
from etl.demo.town import Town

FIRST, N_DAYS = pd.Timestamp("2026-09-02"), 60  # the last day is 2026-10-31
WRITES_BOTH, WRITES_START = COMPANIES[0], COMPANIES[3]
NO_LOG = pd.date_range("2026-10-01", "2026-10-03")
SWEEPERS = ("云扫01", "云扫02", "云扫03", "云扫04")
SWEPT_CLASSES = ("主干道", "次干道")
BROKEN = ("云扫03", pd.date_range("2026-10-10", "2026-10-19"))
SILENT_SHARE = 0.04  # of the days of a sweeper
FIX_EVERY_S = 20
FIX_M = 4.0  # standard deviation of a fix, metres
WORK_KMH, TRANSIT_KMH = 8.0, 28.0

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class _Round(NamedTuple):
    """A sweeper's way through its streets and back, one row a straight piece of it."""

    x: Floats  # of its ends: one more than there are pieces
    y: Floats
    metres: Floats
    segment: Ints  # row in town.segments
    is_own: npt.NDArray[np.bool_]  # to be swept, not only driven


def care(town: Town, story: pd.DataFrame) -> Floats:
    """Chance that work on a segment is done on a day, shape (segment, N_DAYS)."""
    middles = shapely.line_interpolate_point(town.segments.geometry.to_numpy(), 0.5, normalized=True)
    grid = shapely.STRtree(town.grids.geometry.to_numpy()).nearest(middles)
    day = np.arange(N_DAYS)
    by_kind = {
        "good": np.full(N_DAYS, 0.98),
        "ordinary": np.full(N_DAYS, 0.93),
        "improving": np.interp(day, [0, N_DAYS], [0.75, 0.99]),
        "persistent": np.full(N_DAYS, 0.5),
        "worsening": np.where(day < 10, 0.9, 0.25),
        "unseen": np.zeros(N_DAYS),
    }
    return np.stack([by_kind[kind] for kind in story["kind"].to_numpy()[grid]])


def log(town: Town, roster: pd.DataFrame, chance: Floats, rng: np.random.Generator) -> pd.DataFrame:
    """The log (作业台账) with the companies' own column names, in order of time."""
    early = roster[roster["班次"] == "早班"].drop_duplicates("路段编号").set_index("路段编号")
    early = early[early["保洁单位"].isin([WRITES_BOTH, WRITES_START])]
    row_of = pd.Series(np.arange(len(town.segments)), index=town.segments["segment_id"])
    row = row_of.loc[early.index].to_numpy()
    done = rng.random((len(row), N_DAYS)) < chance[row]
    done[:, (NO_LOG - FIRST).days] = False
    which, day = np.nonzero(done)
    metres = town.segments.geometry.length.to_numpy()[row][which]
    opens = pd.to_timedelta(early["开始时间"] + ":00").to_numpy()[which]
    minutes = rng.uniform(5, 210, len(which)).round()
    lasts = (10 + metres / 10 + rng.uniform(0, 20, len(which))).round()
    start = FIRST + pd.to_timedelta(day, unit="D") + opens + pd.to_timedelta(minutes, unit="min")
    end = (start + pd.to_timedelta(lasts, unit="min")).strftime("%Y-%m-%d %H:%M").to_numpy(object)
    company = early["保洁单位"].to_numpy()[which]
    rows = pd.DataFrame(
        {
            "路段编号": early.index.to_numpy()[which],
            "作业开始时间": start.strftime("%Y-%m-%d %H:%M"),
            "作业结束时间": np.where(company == WRITES_BOTH, end, ""),
            "保洁单位": company,
            "作业方式": "人工",
        }
    ).sort_values(["作业开始时间", "路段编号"], ignore_index=True)
    date = rows["作业开始时间"].str[:10].str.replace("-", "")
    number = rows.groupby(date).cumcount() + 1
    rows.insert(0, "作业编号", "ZY" + date + number.astype(str).str.zfill(4))
    return rows


def fixes(town: Town, chance: Floats, rng: np.random.Generator) -> pd.DataFrame:
    """GPS fixes: vehicle, at (local), x, y (m, EPSG:4545), kmh; ordered by vehicle and time."""
    parts = []
    weekday = (FIRST.day_of_week + np.arange(N_DAYS)) % 7
    sundays = rng.choice(np.flatnonzero(weekday == 6), len(SWEEPERS), replace=False)
    for vehicle, way, sunday in zip(SWEEPERS, _rounds(town), sundays, strict=True):
        days = np.flatnonzero(rng.random(N_DAYS) >= SILENT_SHARE)
        if not len(way.metres):  # a small county has no such street in this quarter
            continue
        if vehicle == BROKEN[0]:
            days = np.setdiff1d(days, (BROKEN[1] - FIRST).days)
        for day in days.tolist():
            if day == sunday:
                seconds = np.arange(5 * 3600.0, 7 * 3600, 300)
                at = np.full(len(seconds), way.x[0]), np.full(len(seconds), way.y[0])
                parts.append(_fixes(vehicle, day, seconds, *at, np.zeros(len(seconds))))
            else:
                parts.append(_drive(vehicle, way, day, chance, rng))
    return pd.concat(parts, ignore_index=True)


def _drive(
    vehicle: str, way: _Round, day: int, chance: Floats, rng: np.random.Generator
) -> pd.DataFrame:
    """One morning: what is not swept today is only driven through."""
    is_done = rng.random(len(chance)) < chance[:, day]
    kmh = np.where(way.is_own & is_done[way.segment], rng.normal(WORK_KMH, 0.6), TRANSIT_KMH)
    left = 5 * 3600 + rng.normal(0, 600) + np.append(0, np.cumsum(way.metres / (kmh / 3.6)))
    seconds = np.arange(left[0], left[-1], FIX_EVERY_S).round()
    silent = rng.uniform(seconds[0], seconds[-1])  # the device loses the network for a while
    seconds = seconds[(seconds < silent) | (seconds > silent + rng.exponential(240))]
    x, y = (np.interp(seconds, left, v) + rng.normal(0, FIX_M, len(seconds)) for v in (way.x, way.y))
    now = kmh[np.clip(np.searchsorted(left, seconds, side="right") - 1, 0, len(kmh) - 1)]
    return _fixes(vehicle, day, seconds, x, y, np.round(now + rng.normal(0, 0.7, len(now))))


def _fixes(vehicle: str, day: int, seconds: Floats, x: Floats, y: Floats, kmh: Floats) -> pd.DataFrame:
    at = FIRST + pd.Timedelta(days=day) + pd.to_timedelta(seconds, unit="s")
    return pd.DataFrame({"vehicle": vehicle, "at": at, "x": x, "y": y, "kmh": kmh})


def _rounds(town: Town) -> list[_Round]:
    """A round for each sweeper through the roads of its quarter, always on to the nearest next one."""
    lines = town.segments.geometry.to_numpy()
    ends = np.stack([shapely.get_coordinates(shapely.get_point(lines, k)) for k in (0, -1)], axis=1)
    node = np.unique(ends.round(2).reshape(-1, 2), axis=0, return_inverse=True)[1].reshape(-1, 2)
    metres, count = shapely.length(lines), node.max() + 1
    best: dict[tuple[int, int], int] = {}  # the shortest segment between two crossings
    for k in np.argsort(-metres, kind="stable"):
        best[node[k, 0], node[k, 1]] = best[node[k, 1], node[k, 0]] = int(k)
    a, b = np.array(list(best)).T
    way_m = csr_array((metres[list(best.values())], (a, b)), shape=(count, count))
    far, before = dijkstra(way_m, return_predecessors=True)
    segments = town.segments
    swept = (segments["road_class"].isin(SWEPT_CLASSES) & segments["machine"]).to_numpy()
    swept = swept & (node[:, 0] != node[:, 1])
    x, y = shapely.get_coordinates(shapely.centroid(lines)).T
    quarter = 2 * (y < np.median(y[swept])) + (x < np.median(x[swept]))
    return [
        _round(np.flatnonzero(swept & (quarter == k)), node, lines, best, far, before)
        for k in range(len(SWEEPERS))
    ]


def _round(
    own: Ints, node: Ints, lines: npt.NDArray[np.object_], best: dict[tuple[int, int], int],
    far: Floats, before: Ints,
) -> _Round:  # fmt: skip
    todo, hops = dict.fromkeys(own.tolist()), list[tuple[int, int, bool]]()
    here = int(node[own[0], 0]) if len(own) else 0
    while todo:
        left = np.array(list(todo))
        row, side = np.unravel_index(far[here, node[left]].argmin(), (len(left), 2))
        goal = at = int(node[left[row], side])
        chain: list[tuple[int, int]] = []
        while at != here:
            chain.append((int(before[here, at]), at))
            at = chain[-1][0]
        steps = [(best[a, b], a) for a, b in reversed(chain)] + [(int(left[row]), goal)]
        for segment, start in steps:
            hops.append((segment, start, segment in todo))
            todo.pop(segment, None)
        last = int(left[row])
        here = int(node[last, 1 - side])
    xy, segments, is_own = [np.empty((0, 2))], list[int](), list[bool]()
    for segment, start, is_work in hops:
        points = shapely.get_coordinates(lines[segment])
        points = points if node[segment, 0] == start else points[::-1]
        xy.append(points if len(xy) == 1 else points[1:])
        segments += [segment] * (len(points) - 1)
        is_own += [is_work] * (len(points) - 1)
    x, y = np.concatenate(xy).T
    lengths = np.hypot(np.diff(x), np.diff(y))
    return _Round(x, y, lengths, np.array(segments, dtype=int), np.array(is_own, dtype=bool))
