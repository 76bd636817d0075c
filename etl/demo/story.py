"""What happened in the county from 2025-05-01 to 2026-10-31: grids, inspections, problems, crews.

The truth behind the records is the frame `grid_story` returns (one row a grid); tests may compare
what the product measures with it:

    kind          persistent | worsening | improving | unseen | ordinary | good
    level         rate of new problems against an ordinary grid, before the trend
    slackening    rise over the former level after an inspection (0.5 = half as many again), fading
    recovery_days time constant of the come-back after an inspection ends (7 = one week)
    rebound_30    chance that a closed problem is made to come back within 30 days; problems that
                  arise again by chance come on top, those nobody books fall out. Measured by
                  Kaplan-Meier over (segment, 小类), seed 42, scale 1: good 0.14, unseen 0.15,
                  improving 0.20, ordinary 0.23, worsening 0.35, persistent 0.38
    patrol        visits of the collectors against an ordinary grid

Times are local (UTC+8), without zone; day 0 is START.
"""

from itertools import count
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.stats import norm

from etl.demo.names import BRANCH_WORDS
from etl.demo.problems import ON_TIME, PROBLEMS, SITE_TYPES, Problem
from etl.demo.town import CENTRE, Town

START = pd.Timestamp("2025-05-01")
N_DAYS = 549  # the last day is 2026-10-31
ISSUES_AT_SCALE_1 = 30_000


class Kind(NamedTuple):
    """Character of a kind of grid; each grid varies by 15 % around it (fields: see module)."""

    grids_share: float
    level: float
    slackening: float
    recovery_days: float
    rebound_30: float
    patrol: float
    quarter: tuple[float, float] | None  # gathers here, metres from CENTRE; None = anywhere


KINDS = {
    "unseen": Kind(0.075, 1.0, 0.5, 20, 0.15, 0.1, (2100, 1500)),
    "persistent": Kind(0.15, 1.5, 0.7, 8, 0.23, 1.1, (-900, 620)),
    "worsening": Kind(0.1, 1.0, 0.8, 10, 0.18, 1.0, (900, -1300)),
    "improving": Kind(0.175, 1.4, 0.3, 25, 0.09, 1.2, (600, 350)),
    "ordinary": Kind(0.275, 0.95, 0.5, 18, 0.1, 1.0, None),
    "good": Kind(0.225, 0.6, 0.15, 35, 0.02, 1.15, None),
}
PICKY = (0.9, 0.2)  # small finds that an inspector, the office adds at each street, on average
VISITS_A_DAY = {"主干道": 0.95, "次干道": 0.75, "支路": 0.42, "背街小巷": 0.2}
PRONE = {"主干道": 1.5, "次干道": 1.25, "支路": 0.9, "背街小巷": 0.75}
INSPECTIONS = pd.DataFrame(
    [
        ("2025-06-16", "2025-06-20", "第一轮暗访", "县级暗访", "县创卫办", 0.35, 0.7),
        ("2025-08-11", "2025-08-15", "第二轮暗访", "县级暗访", "县创卫办", 0.35, 0.7),
        ("2025-09-22", "2025-09-26", "市爱卫办明查", "市级明查", "市爱卫办", 0.6, 0.85),
        ("2025-11-10", "2025-11-14", "第三轮暗访", "县级暗访", "县创卫办", 0.35, 0.7),
        ("2026-01-12", "2026-01-16", "春节前暗访", "县级暗访", "县创卫办", 0.4, 0.7),
        ("2026-03-23", "2026-03-27", "市级季度暗访", "市级暗访", "市爱卫办", 0.5, 0.75),
        ("2026-05-18", "2026-05-22", "专家模拟评估", "模拟评估", "第三方评估组", 0.6, 0.9),
        ("2026-07-06", "2026-07-10", "省级暗访", "省级暗访", "省爱卫办", 0.7, 0.8),
        ("2026-09-07", "2026-09-11", "市级复核明查", "市级明查", "市爱卫办", 0.55, 0.85),
        ("2026-10-12", "2026-10-16", "第六轮暗访", "县级暗访", "县创卫办", 0.35, 0.7),
    ],
    columns=["start", "end", "name", "kind", "organiser", "crackdown", "grids_share"],
)


PATROL_SOURCES = ["采集员上报", "视频巡查", "领导批示", "部门批转"]
COLLECTOR, OFFICE, CITIZEN = -1, -2, -3  # who looked; 0 and above is the row in INSPECTIONS
NEVER_CLOSED = 0.048
# Handling time is log-normal with this mean of log(time / limit) and a deviation of 0.8.
SLOWNESS = {name: -0.8 * float(norm.ppf(share)) for name, share in ON_TIME.items()}

Array = np.ndarray[Any, np.dtype[Any]]
Found = tuple[int, float, int, float, float]  # spot, reported, who, closed (inf = open), due: days


def _day(date: str) -> int:
    return int((pd.Timestamp(date) - START).days)


def grid_story(grids: gpd.GeoDataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The hidden character of each grid, one row in the order of `grids` (columns: see module)."""
    at = np.column_stack([grids.geometry.centroid.x, grids.geometry.centroid.y]) - CENTRE
    at /= np.abs(at).max() / 2000  # a small county has its quarters closer together
    free, kind = list(range(len(grids))), np.full(len(grids), "", dtype=object)
    for name, character in KINDS.items():
        quarter = character.quarter
        far = np.hypot(*(at - quarter).T) if quarter else rng.random(len(grids))
        number = max(1, round(character.grids_share * len(grids)))
        chosen = sorted(free, key=far.__getitem__)[:number]
        kind[chosen] = name
        free = [i for i in free if i not in chosen]
    kind[free] = "ordinary"
    story = pd.DataFrame({"grid_id": grids["grid_id"].to_numpy(), "kind": kind})
    columns = list(Kind._fields[1:-1])
    story[columns] = [KINDS[k][1:-1] for k in kind]
    story[columns] *= rng.uniform(0.85, 1.15, (len(story), len(columns)))
    return story


def inspected_grids(story: pd.DataFrame, rng: np.random.Generator) -> Array:
    """bool (inspection, grid): each round looks at a part of the grids, the bad ones rather."""
    lot = rng.random((len(INSPECTIONS), len(story))) / story["level"].to_numpy() ** 0.5
    lot[:, story["kind"] == "unseen"] += 0.6
    number = np.maximum(1, np.round(INSPECTIONS["grids_share"].to_numpy() * len(story)))
    return np.asarray(lot.argsort(axis=1).argsort(axis=1) < number[:, None])


def pressure(story: pd.DataFrame, inspected: Array) -> Array:
    """Factor on new problems from trend and inspections, shape (grid, day)."""
    day = np.arange(N_DAYS)
    factor = np.ones((len(story), N_DAYS))
    factor[story["kind"] == "improving"] *= np.interp(day, [0, 180, 420], [1.25, 1.0, 0.45])
    fresh = np.interp(day, [0, N_DAYS - 90, N_DAYS - 50], [0.8, 0.9, 2.6])
    factor[story["kind"] == "worsening"] *= fresh
    slack = story["slackening"].to_numpy()[:, None]
    recovery = story["recovery_days"].to_numpy()[:, None]
    for i, row in enumerate(INSPECTIONS.to_dict("records")):
        first, last = _day(row["start"]), _day(row["end"])
        run_up = np.clip((day - first + 12) / 10, 0, 1) * (day <= last)
        after = np.clip(day - last, 0, None)
        gone = np.exp(-after / recovery)
        back = slack * (1 - gone) * np.exp(-after / 40)
        effect = 1 - row["crackdown"] * np.where(day <= last, run_up, gone) + back * (day > last)
        factor *= np.where(inspected[i][:, None], effect, 1.0)
    return factor


def season(problem: Problem) -> Array:
    """Factor by day: season of the problem and weekend, shape (N_DAYS,)."""
    dates = START + pd.to_timedelta(np.arange(N_DAYS), unit="D")
    summer = np.cos((dates.day_of_year.to_numpy() - 205) / 365 * 2 * np.pi)
    factor = {
        "summer": 1 + 0.55 * summer,
        "winter": np.where(summer < -0.3, 2.4, 0.5),
        "rain": 1 + 0.5 * np.cos((dates.day_of_year.to_numpy() - 250) / 365 * 2 * np.pi),
    }.get(problem.season, np.ones(N_DAYS))
    weekend = dates.day_of_week.to_numpy() >= 5
    return np.asarray(factor * np.where(weekend, 1.2 if problem.ten_class == "乱摆摊点" else 0.9, 1))


def sites(town: Town, rng: np.random.Generator, scale: float) -> gpd.GeoDataFrame:
    """Candidate sample points: name, site_type, address, geometry (EPSG:4545)."""
    rows = []
    lines = town.segments.geometry.to_numpy()
    busy = town.segments["road_class"].isin(["主干道", "次干道", "支路"]).to_numpy()
    old = town.segments["zone"].isin(["old", "middle"]).to_numpy()
    used: set[str] = set()
    for site_type, (number, tag, patterns) in SITE_TYPES.items():
        weight = shapely.length(lines) * np.where(busy, 1.0, 0.5) * np.where(old, 1.5, 1.0)
        if tag == "site":
            weight = np.where(old, 0.4, 1.5) * shapely.length(lines)
        for k in rng.choice(len(lines), max(1, round(number * scale)), p=weight / weight.sum()):
            point = beside(lines[k], rng.uniform(0.15, 0.85), rng.choice([-1, 1]) * rng.uniform(14, 32))
            street = town.segments["street"].iloc[k]
            pattern = str(rng.choice(patterns.split()))
            name = pattern.format(street if tag == "" else rng.choice(BRANCH_WORDS))
            for n in count(2):
                if name not in used:
                    break
                name = pattern.format(f"{street}{n}号" if tag == "" else rng.choice(BRANCH_WORDS))
            used.add(name)
            inside = point if town.outline.covers(point) else lines[k].interpolate(0.5, normalized=True)
            rows.append((name, site_type, f"云河县{street}{rng.integers(1, 260)}号", inside))
    return gpd.GeoDataFrame(
        rows, columns=["name", "site_type", "address", "geometry"], crs=town.grids.crs
    )


def beside(line: shapely.LineString, share: float, offset_m: float) -> shapely.Point:
    """Point at `share` of the line, `offset_m` to its left (negative: right)."""
    at = shapely.line_interpolate_point(line, share, normalized=True)
    ahead = shapely.line_interpolate_point(line, min(share + 0.02, 1), normalized=True)
    way = np.array([ahead.x - at.x, ahead.y - at.y])
    way /= np.hypot(*way)
    return shapely.Point(at.x - way[1] * offset_m, at.y + way[0] * offset_m)


def place_tags(town: Town, places: gpd.GeoDataFrame) -> list[set[str]]:
    """What is near each segment: site tags within 90 m (markets 130 m), class, zone, river."""
    tags = [{zone} for zone in town.segments["zone"]]
    tree = shapely.STRtree(town.segments.geometry.to_numpy())
    for site_type, point in zip(places["site_type"], places.geometry, strict=True):
        reach = 130 if site_type == "农贸市场" else 90
        for k in tree.query(point, predicate="dwithin", distance=reach):
            tags[k].add(SITE_TYPES[site_type][1])
    for k, (name, line) in enumerate(
        zip(town.segments["road_class"], town.segments.geometry, strict=True)
    ):
        tags[k] |= {"主干道": {"main"}, "次干道": {"main"}, "背街小巷": {"lane"}}.get(name, set())
        if line.distance(town.river) < 60:
            tags[k].add("river")
    return tags


def issues(
    town: Town,
    story: pd.DataFrame,
    places: gpd.GeoDataFrame,
    rng: np.random.Generator,
    scale: float,
) -> pd.DataFrame:
    """All records of the 18 months, platform and ledger together, in order of reported_at.

    Columns: problem (index in PROBLEMS), segment (row in town.segments), x, y (m, EPSG:4545),
    grid (row in town.grids), ledger (bool), source, inspection (row in INSPECTIONS or -1),
    reported_at, due_at, closed_at, verified_at (NaT = not yet), address.
    """
    inspected = inspected_grids(story, rng)
    factor = pressure(story, inspected)
    spots = _spots(town, story, places, rng)
    looks = _looks(town, story, inspected, spots, rng)
    life = _Life(spots, story, factor, np.stack([season(problem) for problem in PROBLEMS]), looks)
    # Come-backs and losses make the total hard to foresee: try a rate, then correct it.
    wanted, state = ISSUES_AT_SCALE_1 * scale, rng.bit_generator.state
    rate = wanted / N_DAYS / spots["rate"].sum()
    for _ in range(4):
        rng.bit_generator.state = state
        found = life.run(rate, rng)
        if abs(len(found) / wanted - 1) < 0.02:
            break
        rate *= wanted / len(found)
    return _records(found, spots, town, places, rng)


def _spots(
    town: Town, story: pd.DataFrame, places: gpd.GeoDataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Where one kind of problem can arise: segment, problem, share, offset_m, grid, rate."""
    by_class: dict[str, list[int]] = {}
    for k, problem in enumerate(PROBLEMS):
        by_class.setdefault(problem.ten_class, []).append(k)
    rows = []
    grid_tree = shapely.STRtree(town.grids.geometry.to_numpy())
    level = story["level"].to_numpy()
    for k, (tags, line, road_class) in enumerate(
        zip(
            place_tags(town, places),
            town.segments.geometry,
            town.segments["road_class"],
            strict=True,
        )
    ):
        prone = rng.gamma(2.0) / 2 * PRONE[road_class] * (line.length / 130) ** 0.5
        weight = np.array([
            np.prod([p.weight, *(f for tag, f in p.where.items() if tag in tags)]) for p in PROBLEMS
        ])  # fmt: skip
        for members in by_class.values():
            share = weight[members] / weight[members].sum()
            number = min(len(members), 1 + int(rng.random() < 0.7))
            for j in rng.choice(members, number, replace=False, p=share):
                along, offset = rng.uniform(0.18, 0.82), rng.choice([-1, 1]) * rng.uniform(2.5, 6)
                point = beside(line, along, offset)
                hit = grid_tree.query(point, predicate="within")
                grid = int(hit[0]) if len(hit) else int(grid_tree.nearest(point))
                rate = prone * weight[j] ** 0.6 * level[grid] / number * rng.gamma(2.5)
                rows.append((k, int(j), along, offset, grid, rate))
    columns = ["segment", "problem", "along", "offset_m", "grid", "rate"]
    return pd.DataFrame(rows, columns=columns)


def _looks(
    town: Town, story: pd.DataFrame, inspected: Array, spots: pd.DataFrame,
    rng: np.random.Generator,
) -> list[tuple[Array, Array]]:  # fmt: skip
    """Per segment, the days with fraction when somebody looked, sorted, and who it was."""
    weekday = (START + pd.to_timedelta(np.arange(N_DAYS), unit="D")).day_of_week.to_numpy()
    open_share = np.where(weekday == 6, 0.25, np.where(weekday == 5, 0.6, 1.0))
    main_grid = spots.groupby("segment")["grid"].agg(lambda g: g.mode()[0]).to_numpy()
    looks = []
    for grid, road_class in zip(main_grid, town.segments["road_class"], strict=True):
        share = VISITS_A_DAY[road_class] * story["patrol"].iloc[grid] * rng.uniform(0.5, 1.2)
        days = np.flatnonzero(rng.random(N_DAYS) < share * open_share)
        hour = rng.uniform(8, 17.5) + rng.normal(0, 0.5, len(days))  # each street has its turn
        office = np.flatnonzero(rng.random(N_DAYS) < 0.006 * open_share)
        rounds = [
            (i, _day(row["start"]) + rng.integers(0, 5))
            for i, row in enumerate(INSPECTIONS.to_dict("records"))
            if inspected[i, grid] and rng.random() < 0.62
        ]
        when = np.concatenate([
            days + hour / 24, office + rng.uniform(9, 17, len(office)) / 24,
            [day + rng.uniform(8.5, 18) / 24 for _, day in rounds],
        ])  # fmt: skip
        who = np.concatenate(
            [np.full(len(days), COLLECTOR), np.full(len(office), OFFICE), [i for i, _ in rounds]]
        )
        order = when.argsort()
        looks.append((when[order], who[order].astype(int)))
    return looks


class _Life:
    """Lets problems arise, be seen, closed and come back at every spot."""

    def __init__(
        self, spots: pd.DataFrame, story: pd.DataFrame, factor: Array, seasons: Array,
        looks: list[tuple[Array, Array]],
    ) -> None:  # fmt: skip
        self.spots, self.factor, self.seasons, self.looks = spots, factor, seasons, looks
        self.part = (spots["rate"] / spots.groupby("segment")["rate"].transform("sum")).to_numpy()
        self.rebound = story["rebound_30"].to_numpy()
        self.citizen_days = 24 / np.minimum(1, story["patrol"].to_numpy()) ** 0.6
        self.clocks: dict[tuple[int, int], Array] = {}

    def run(self, rate: float, rng: np.random.Generator) -> list[Found]:
        """All finds of all spots, the spots' own rates multiplied by `rate`."""
        found: list[Found] = []
        spot: Any
        for spot in self.spots.itertuples():
            found += self._spot(spot, float(rate * spot.rate), rng)
        return found

    def _spot(self, spot: Any, rate: float, rng: np.random.Generator) -> list[Found]:
        grid, kind, (when, who) = spot.grid, PROBLEMS[spot.problem], self.looks[spot.segment]
        comes_back = min(0.85, self.rebound[grid] * (1.25 if kind.limit_hours <= 12 else 0.85))
        # Inspectors write down small things that nobody else would book.
        picky = np.select([who >= 0, who == OFFICE], PICKY) * self.part[spot.Index]
        strict = when[rng.random(len(who)) < picky]
        found: list[Found] = []
        day, last = -1.0, 0.0
        while True:
            if day < last:  # no come-back under way: the next arises by itself or is picked on
                day = self._onset(grid, spot.problem, last, rng.exponential() / rate)
                later = strict[strict > last + 0.05]
                day = min(day, float(later[0]) - 0.01) if len(later) else day
            if day >= N_DAYS:
                return found
            last = gone = day + rng.exponential(14.0)  # left alone, most vanish by themselves
            seen, looker = self._seen(day, gone, spot, rng)
            if seen >= min(gone, N_DAYS):
                continue
            is_ledger = looker not in (COLLECTOR, CITIZEN)
            limit = max(24.0, kind.limit_hours) if is_ledger else kind.limit_hours
            took = max(limit / 24 * np.exp(SLOWNESS[kind.department] + 0.8 * rng.normal()), 0.02)
            if rng.random() < NEVER_CLOSED:
                found.append((spot.Index, seen, looker, np.inf, seen + limit / 24))
                last = seen + 75
                continue
            last = _awake(seen + took, rng)
            found.append((spot.Index, seen, looker, last, seen + limit / 24))
            heat = self.factor[grid, int(last)] if last < N_DAYS else 1.0
            if rng.random() < comes_back * np.clip(heat, 0.6, 1.3):
                day = last + 0.4 + min(rng.gamma(1.5, 5.5), 26)

    def _onset(self, grid: int, problem: int, day: float, wait: float) -> float:
        """The day when the factor of this grid and problem, summed from `day`, reaches `wait`."""
        days = np.arange(N_DAYS + 1)
        if (grid, problem) not in self.clocks:
            total = np.cumsum(self.factor[grid] * self.seasons[problem])
            self.clocks[grid, problem] = np.concatenate([[0], total])
        total = self.clocks[grid, problem]
        target = np.interp(day, days, total) + wait
        return float(np.interp(target, total, days)) if target < total[-1] else np.inf

    def _seen(self, day: float, gone: float, spot: Any, rng: np.random.Generator) -> tuple[float, int]:
        """When and by whom a problem that arose on `day` is booked: a look, else a citizen."""
        when, who = self.looks[spot.segment]
        told = day + rng.exponential(self.citizen_days[spot.grid])
        for k in range(int(np.searchsorted(when, day)), len(when)):
            if when[k] > min(told, gone):
                break
            if rng.random() < (0.92 if who[k] >= 0 else 0.75):
                return float(when[k]), int(who[k])
        usual = 20.3 if PROBLEMS[spot.problem].hours == "evening" else 15.5
        hour = np.clip(rng.normal(usual, 2.2), 6.5, 22.9)
        return max(day + 0.01, int(told) + hour / 24), CITIZEN


def _awake(day: float, rng: np.random.Generator) -> float:
    """Nobody closes or checks a case between 23:00 and 6:30: move it into the morning."""
    hour = day % 1 * 24
    if 6.5 <= hour < 23:
        return day
    return float(int(day + 1 / 24) + rng.uniform(6.5, 9.0) / 24)


def _records(
    found: list[Found], spots: pd.DataFrame, town: Town,
    places: gpd.GeoDataFrame, rng: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """Turn finds into records with a place, an address and times rounded to the minute."""
    frame = pd.DataFrame(found, columns=["spot", "reported", "who", "closed", "due"])
    frame = frame.sort_values(["reported", "spot"], kind="stable").reset_index(drop=True)
    frame = frame.join(spots, on="spot").drop(columns="rate")
    n = len(frame)
    frame["inspection"] = frame["who"].clip(lower=-1)
    frame["ledger"] = ~frame["who"].isin([COLLECTOR, CITIZEN])
    wait = np.where(frame["ledger"], rng.uniform(12, 90, n), np.exp(rng.normal(1.8, 0.9, n))) / 24
    never = rng.random(n) < 0.04
    frame["verified"] = [
        np.inf if lost or np.isinf(day) else _awake(day, rng)
        for lost, day in zip(never, frame["closed"] + wait, strict=True)
    ]
    for column, end in (
        ("reported", N_DAYS),
        ("due", np.inf),
        ("closed", N_DAYS),
        ("verified", N_DAYS),
    ):
        known = frame[column].where(frame[column] < end)  # what comes later is not known yet
        frame[f"{column}_at"] = (START + pd.to_timedelta(known, unit="D")).dt.floor("min")
    citizen = rng.choice(["公众举报", "12345热线", "随手拍"], n, p=[0.35, 0.35, 0.3])
    patrol = rng.choice(PATROL_SOURCES, n, p=[0.93, 0.045, 0.01, 0.015])
    kinds = INSPECTIONS["kind"].to_numpy()[frame["inspection"].clip(lower=0)]
    visit = ["明查" if "明查" in k or "评估" in k else "暗访" for k in kinds]
    who = frame["who"].to_numpy()
    frame["source"] = np.select(
        [who >= 0, who == OFFICE, who == CITIZEN], [visit, "日检查", citizen], default=patrol
    )
    lines = town.segments.geometry.to_numpy()
    along = frame["along"].to_numpy() + rng.normal(0, 3, n) / shapely.length(lines)[frame["segment"]]
    offset = frame["offset_m"].to_numpy() + rng.normal(0, 0.5, n)
    points = [
        beside(lines[k], float(a), float(o))
        for k, a, o in zip(frame["segment"], np.clip(along, 0.05, 0.95), offset, strict=True)
    ]
    inside = shapely.covers(town.outline.buffer(-0.5), points)
    points = [
        p if ok else shapely.line_interpolate_point(lines[k], 0.5, normalized=True)
        for p, ok, k in zip(points, inside, frame["segment"], strict=True)
    ]
    frame["address"] = _addresses(points, town.segments["street"].iloc[frame["segment"]], places, rng)
    frame["x"], frame["y"] = shapely.get_x(points), shapely.get_y(points)
    return frame


def _addresses(
    points: list[shapely.Point], streets: pd.Series, places: gpd.GeoDataFrame,
    rng: np.random.Generator,
) -> list[str]:  # fmt: skip
    """How a collector would say where it is: by a known place near by, a number or a side."""
    n, names = len(points), places["name"].to_numpy()
    tree = shapely.STRtree(places.geometry.to_numpy())
    (_, site), gap = tree.query_nearest(points, return_distance=True, all_matches=False)
    way, number, metres = rng.random(n), rng.integers(1, 300, n), rng.integers(1, 9, n) * 10
    side = rng.choice(["东侧", "西侧", "南侧", "北侧"], n)
    return [
        f"{street}{names[site[k]]}{side[k]}{metres[k]}米"
        if gap[k] < 70 and way[k] < 0.45
        else f"{street}{number[k]}号门前"
        if way[k] < 0.8
        else f"{street}{side[k]}人行道"
        for k, street in enumerate(streets)
    ]
