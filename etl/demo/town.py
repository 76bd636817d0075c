"""The ground of the synthetic county seat: river, streets, blocks and responsibility grids.

Every geometry here is in metres, EPSG:4545 (CGCS2000, 3-degree Gauss-Kruger, CM 108E), x = east.
Way of drawing: the river and the arterial roads are drawn by hand (they give the town its face);
the land between them is cut again and again into blocks, small in the old town and large outside;
grids are unions of blocks, so their borders follow streets and the river as real ones do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from scipy.interpolate import CubicSpline
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely.geometry import LineString, Point, Polygon
from shapely.ops import polygonize, split

from etl.demo import names

CRS = "EPSG:4545"
CENTRE = np.array(pyproj.Transformer.from_crs(4326, CRS, always_xy=True).transform(107.9, 34.4))
SNAP_M = 0.01  # every line is noded on this raster, so that neighbours share their vertices exactly
BANK_M = 85.0  # the embankment road runs this far from the middle of the river
WATER_M = 52.0  # half the width of the water

# Metres east and north of CENTRE.
OUTLINE = [(-2420, 180), (-2330, 620), (-1990, 1010), (-1730, 1060), (-1480, 1500), (-1010, 1560),
           (-840, 1830), (-230, 1790), (60, 1990), (560, 1900), (900, 1600), (1350, 1700),
           (1700, 1980), (2330, 1860), (2480, 1330), (2270, 1020), (2640, 760), (2700, 180),
           (2480, -330), (2660, -700), (2390, -980), (1850, -1010), (1640, -1560), (1240, -1710),
           (900, -2010), (180, -2060), (-320, -1760), (-860, -1850), (-1330, -1640),
           (-1880, -1560), (-2010, -1080), (-1900, -560), (-2290, -420)]  # fmt: skip
RIVER = [(-3700, 250), (-2800, -150), (-2000, -720), (-1250, -1010), (-620, -860), (-60, -480),
         (480, -400), (1000, -680), (1560, -1150), (2300, -1330), (3600, -900)]  # fmt: skip
ARTERIALS = [
    ("人民路", "主干道", [(-2900, 560), (-1700, 390), (-800, 300), (0, 280), (900, 335),
                       (1900, 240), (3000, 420)]),
    ("中山路", "主干道", [(110, 2200), (30, 1300), (0, 280), (-50, -450), (30, -1200),
                       (200, -2300)]),
    ("北环路", "主干道", [(-1560, 1090), (-800, 1370), (200, 1440), (1000, 1330), (1420, 1120)]),
    ("东环路", "主干道", [(1420, 1120), (1590, 300), (1500, -500), (1330, -1120), (1200, -1480)]),
    ("南环路", "主干道", [(1200, -1480), (400, -1660), (-600, -1590), (-1520, -1390)]),
    ("西环路", "主干道", [(-1520, -1390), (-1600, -700), (-1640, 300), (-1560, 1090)]),
    ("迎宾大道", "主干道", [(1560, -180), (2000, -290), (2450, -560), (3000, -740)]),
    ("工业大道", "主干道", [(1420, 1120), (1900, 1330), (2700, 1440)]),
    ("解放路", "次干道", [(-1640, 740), (-800, 810), (0, 800), (800, 860), (1510, 790)]),
    ("文昌路", "次干道", [(-1650, -170), (-760, -130), (-30, -120), (700, -60), (1570, -60)]),
    ("建设路", "次干道", [(-900, 2000), (-790, 1380), (-740, 800), (-690, 290), (-760, -130),
                       (-700, -830)]),
    ("新华路", "次干道", [(880, 1900), (760, 1370), (700, 850), (720, 330), (690, -100),
                       (770, -700), (690, -1570), (640, -2200)]),
    ("世纪大道", "次干道", [(-1560, -1180), (-1050, -1250), (-500, -1210), (30, -1130),
                        (720, -1100), (1350, -1090)]),
    ("新城大道", "次干道", [(1920, 2000), (1950, 1340), (2080, 700), (2060, 230), (2010, -300),
                       (2090, -800), (2120, -1300)]),
    ("学府路", "次干道", [(1510, 790), (2080, 660), (2800, 700)]),
    ("西关路", "次干道", [(-2170, 1200), (-2110, 470), (-2000, -100), (-1990, -800)]),
    ("北关街", "次干道", [(-1250, 1640), (-850, 1660), (60, 1700), (830, 1640)]),
    ("开发路", "次干道", [(1500, 2000), (1560, 1560), (1650, 1220), (2010, 940), (2500, 1050)]),
    ("云中路", "次干道", [(-1830, -1700), (-1530, -1390), (-1330, -1215)]),
]  # fmt: skip
BRIDGES = {"中山路", "东环路", "西环路", "新华路"}
# zone: (block size it is cut down to, parents above this give a 支路 and not a lane) in m2, bend
ZONES = {
    "old": (9_600, 68_000, 0.055),
    "middle": (30_000, 120_000, 0.02),
    "new": (50_000, 95_000, 0.012),
    "industrial": (95_000, 100_000, 0.0),
    "fringe": (74_000, 230_000, 0.07),
}
DEAD_END_CHANCE = {"old": 0.25, "middle": 0.1, "new": 0.04, "industrial": 0.05, "fringe": 0.5}
BORDER_STRENGTH = {  # how hard it is to give a border up
    "river": 60.0,
    "主干道": 3.2,
    "次干道": 2.2,
    "支路": 1.25,
    "背街小巷": 1.0,
    "bank": 0.05,
}


@dataclass(frozen=True)
class Town:
    """The county seat, EPSG:4545.

    grids     grid_id, grid_name, lead_unit, responsible_unit, chief, subdistrict, zone
    segments  segment_id, street, road_class, machine (bool), zone; noded at crossings
    """

    grids: gpd.GeoDataFrame
    segments: gpd.GeoDataFrame
    river: Polygon
    outline: Polygon


@dataclass(frozen=True)
class Street:
    """One named line before it is cut at its crossings."""

    name: str
    road_class: str
    line: LineString


def draw_town(rng: np.random.Generator, scale: float = 1.0) -> Town:
    """Draw the seat; `scale` < 1 keeps that share of its area, a window at the river."""
    zoom, middle = np.sqrt(scale), np.array([-500.0, -520.0])
    outline = _rough(Polygon(CENTRE + (np.array(OUTLINE) - middle) * zoom + middle), rng, 20 * zoom)
    centreline = shapely.intersection(_curve(RIVER), outline)
    streets = _arterials(outline)
    blocks = _faces([outline.exterior, centreline, *_lines(streets)])
    label = names.StreetNames(rng)
    streets += _cut_blocks(blocks, outline, streets, label, rng)
    borders = [outline.exterior, centreline, *_lines(streets), *_spurs(streets, centreline)]
    blocks = [face for face in _faces(borders) if outline.covers(face.representative_point())]
    grids = _merge_blocks(blocks, borders, streets, max(6, round(40 * scale)))
    streets += _dead_ends(blocks, outline, streets, label, rng)
    segments = _segments(streets, outline, rng)
    river = shapely.intersection(_curve(RIVER).buffer(WATER_M), outline)
    labelled = _label_grids(grids, outline, segments, rng)
    return Town(labelled, segments, river, shapely.coverage_union_all(grids))


def _curve(points: Sequence[tuple[float, float]]) -> LineString:
    """A smooth line through hand-drawn points, one vertex about every 45 m."""
    xy = np.array(points, dtype=float)
    run = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    steps = np.unique(np.concatenate([run, np.linspace(0, run[-1], int(run[-1] / 45))]))
    return LineString(CENTRE + CubicSpline(run, xy)(steps))


def _rough(polygon: Polygon, rng: np.random.Generator, size_m: float) -> Polygon:
    """The edge of a town follows field paths and walls: break its long sides."""
    ring = polygon.exterior
    at = np.arange(0, ring.length, 9 * size_m)
    xy = np.array([ring.interpolate(d).coords[0] for d in at])
    return Polygon(xy + rng.normal(0, size_m, xy.shape)).buffer(0)


def _lines(streets: Iterable[Street]) -> list[LineString]:
    return [street.line for street in streets]


def _faces(lines: list[LineString]) -> list[Polygon]:
    """Faces of the arrangement; neighbours share every vertex, so they tile exactly."""
    return list(polygonize(shapely.union_all(lines, grid_size=SNAP_M)))


def _arterials(outline: Polygon) -> list[Street]:
    bank = _curve(RIVER).buffer(BANK_M)
    drawn = [(name, road_class, _curve(points)) for name, road_class, points in ARTERIALS]
    drawn += [("河滨北路", "次干道", _curve(RIVER).offset_curve(BANK_M)),
              ("河滨南路", "次干道", _curve(RIVER).offset_curve(-BANK_M))]  # fmt: skip
    streets = []
    for name, road_class, line in drawn:
        inside = line.intersection(outline)
        if name not in BRIDGES and not name.startswith("河滨"):
            inside = inside.difference(bank)
        parts = shapely.get_parts(shapely.line_merge(inside))
        streets += [Street(name, road_class, part) for part in parts if part.length > 60]
    return streets


def _zone(point: Point, outline: Polygon) -> str:
    x, y = np.array(point.coords[0]) - CENTRE
    if (x / 830) ** 2 + ((y - 300) / 640) ** 2 < 1:
        return "old"
    if x > 1150 and y > 1000:
        return "industrial"
    if outline.exterior.distance(point) < 210 or (x < -1700 and y > -300):
        return "fringe"
    return "new" if x > 1500 or y < -950 else "middle"


def _cut_blocks(
    blocks: list[Polygon], outline: Polygon, streets: list[Street], label: names.StreetNames,
    rng: np.random.Generator,
) -> list[Street]:  # fmt: skip
    """Cut every block along its short axis until it has its zone's size; returns the cuts."""
    river = _curve(RIVER)
    cuts: list[Street] = []
    drawn = shapely.get_parts(shapely.union_all(_lines(streets), grid_size=SNAP_M))
    ends = [line.coords[k] for line in drawn for k in (0, -1)]
    todo = sorted((b for b in blocks if river.distance(b) > 1), key=lambda b: -b.area)
    while todo:
        block = todo.pop(0)
        size, branch_above, bend = ZONES[_zone(block.representative_point(), outline)]
        if block.area < size * rng.uniform(1.0, 2.1):
            continue
        for _ in range(6):
            line = _cut_line(block, ends, bend, rng)
            if line is None or not block.buffer(0.1).covers(line):
                continue
            pieces = list(split(block, _longer(line)).geoms)
            if len(pieces) == 2 and min(map(_roundness, pieces)) > 0.3:
                break
        else:
            continue
        road_class = "支路" if block.area > branch_above else "背街小巷"
        name = label.continued(line, road_class, cuts)
        if name is None:
            name = label.new(line, road_class, streets + cuts)
        cuts.append(Street(name, road_class, line))
        ends += [line.coords[0], line.coords[-1]]
        todo += pieces
    return cuts


def _longer(line: LineString, by_m: float = 0.5) -> LineString:
    """A line that surely passes the edge it was drawn to; rounding leaves the ends just short."""
    xy = np.array(line.coords)
    xy[0] += by_m * (xy[0] - xy[1]) / np.hypot(*(xy[0] - xy[1]))
    xy[-1] += by_m * (xy[-1] - xy[-2]) / np.hypot(*(xy[-1] - xy[-2]))
    return LineString(xy)


def _spurs(streets: list[Street], centreline: LineString) -> list[LineString]:
    """Carry streets that end at the embankment on to mid-river, as borders without a street."""
    tips = [Point(street.line.coords[k]) for street in streets for k in (0, -1)]
    return [
        shapely.shortest_line(tip, centreline)
        for tip in tips
        if abs(centreline.distance(tip) - BANK_M) < 1.0
    ]


def _roundness(polygon: Polygon) -> float:
    return float(4 * np.pi * polygon.area / polygon.length**2)


def _cut_line(
    block: Polygon, ends: list[tuple[float, float]], bend: float, rng: np.random.Generator
) -> LineString | None:
    """A slightly curved line across the block; meets an existing corner where one is near."""
    corners = np.array(shapely.oriented_envelope(block).exterior.coords)
    sides = np.diff(corners, axis=0)[:2]
    long, short = sides if np.hypot(*sides[0]) > np.hypot(*sides[1]) else sides[::-1]
    angle = rng.normal(0, 0.06 + 2 * bend)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = corners[0] + sides.sum(axis=0) / 2 + long * rng.uniform(-0.13, 0.13)
    ray = LineString([middle - turn @ short, middle + turn @ short]).intersection(block)
    if ray.geom_type != "LineString" or ray.is_empty:
        return None
    a, b = (_snap_to_corner(np.array(end), ends, block) for end in (ray.coords[0], ray.coords[-1]))
    length = float(np.hypot(*(b - a)))
    t = np.linspace(0, 1, max(4, int(length / 40) + 1))[:, None]
    across = np.array([a[1] - b[1], b[0] - a[0]])
    wave = rng.normal(0, bend) * np.sin(np.pi * t) + rng.normal(0, bend / 3) * np.sin(2 * np.pi * t)
    return LineString(a + t * (b - a) + wave * across)


def _snap_to_corner(end: np.ndarray, ends: list[tuple[float, float]], block: Polygon) -> np.ndarray:
    """Opposite lanes that miss each other by a few metres are one crossing in a real town."""
    if not ends:
        return end
    gaps = np.hypot(*(np.array(ends) - end).T)
    nearest = int(gaps.argmin())
    on_edge = block.exterior.distance(Point(ends[nearest])) < 0.05
    return np.array(ends[nearest]) if gaps[nearest] < 38 and on_edge else end


def _dead_ends(
    blocks: list[Polygon], outline: Polygon, streets: list[Street], label: names.StreetNames,
    rng: np.random.Generator,
) -> list[Street]:  # fmt: skip
    """Blind lanes from the street into the middle of a block."""
    river, taken = _curve(RIVER), shapely.STRtree(_lines(streets))
    lines = shapely.get_parts(shapely.union_all(_lines(streets), grid_size=SNAP_M))
    corners = shapely.MultiPoint([line.coords[k] for line in lines for k in (0, -1)])
    lanes = []
    for block in blocks:
        chance = DEAD_END_CHANCE[_zone(block.representative_point(), outline)]
        for _ in range(2 if chance > 0.7 and block.area > 60_000 else 1):
            if rng.random() > chance or river.distance(block) < 1:
                continue
            mouth = block.exterior.interpolate(rng.uniform(), normalized=True)
            street = streets[int(taken.nearest(mouth))]
            start = np.array(mouth.coords[0])
            way = np.array(block.representative_point().coords[0]) - start
            side = np.array([-way[1], way[0]]) * rng.normal(0, 0.08)
            lane = LineString([start, start + way * 0.35 + side, start + way * rng.uniform(0.65, 1)])
            corner = corners.distance(mouth)
            if (
                corner > 16
                and street.line.distance(mouth) < 0.05
                and lane.length > 35
                and block.contains(lane.interpolate(0.5, normalized=True))
                and block.exterior.distance(Point(lane.coords[-1])) > 15
            ):
                lanes.append(Street(label.lane_of(street.name), "背街小巷", lane))
    return lanes


def _merge_blocks(
    blocks: list[Polygon], borders: list[LineString], streets: list[Street], n_grids: int
) -> list[Polygon]:
    """Merge neighbouring blocks, cheapest first, until `n_grids` are left.

    Cheap: small against the size wanted there, round, and the border lost is only a lane.
    The river is never given up as a border.
    """
    classes = [
        "主干道",
        "river",
        *("bank" if s.name.startswith("河滨") else s.road_class for s in streets),
    ]
    classes += ["背街小巷"] * (len(borders) - len(classes))
    sides: dict[Any, list[int]] = {}
    for i, block in enumerate(blocks):
        for ring in (block.exterior, *block.interiors):
            for pair in pairwise(ring.coords):
                sides.setdefault(tuple(sorted(pair)), []).append(i)
    edges = [pair for pair, pair_sides in sides.items() if len(pair_sides) == 2]
    middles = shapely.points(np.array(edges).mean(axis=1))
    nearest = shapely.STRtree(borders).nearest(middles)
    shared: dict[int, dict[int, tuple[float, float]]] = {i: {} for i in range(len(blocks))}
    for pair, line in zip(edges, nearest, strict=True):
        edge_m = float(np.hypot(*np.subtract(*pair)))
        strength = BORDER_STRENGTH[classes[int(line)]]
        for i, j in (sides[pair], sides[pair][::-1]):
            length, weight = shared[i].get(j, (0.0, 0.0))
            shared[i][j] = (length + edge_m, weight + edge_m * strength)
    area = {i: block.area for i, block in enumerate(blocks)}
    around = {i: block.length for i, block in enumerate(blocks)}
    from_centre = [np.hypot(*(np.array(b.centroid.coords[0]) - CENTRE)) for b in blocks]
    wanted = {i: 60_000 + 320 * r for i, r in enumerate(from_centre)}
    members = {i: [i] for i in area}

    def cost(i: int, j: int) -> float:
        length, weight = shared[i][j]
        both, edge = area[i] + area[j], around[i] + around[j] - 2 * length
        share = both / (area[i] * wanted[i] + area[j] * wanted[j]) * both
        return float(share * (edge**2 / (4 * np.pi * both)) ** 0.7 * weight / length)

    costs = {(i, j): cost(i, j) for i in shared for j in shared[i] if i < j}
    while len(area) > n_grids:
        i, j = min(costs, key=costs.__getitem__)
        around[i] += around[j] - 2 * shared[i][j][0]
        wanted[i] = (area[i] * wanted[i] + area[j] * wanted[j]) / (area[i] + area[j])
        area[i] += area.pop(j)
        members[i] += members.pop(j)
        for k, (length, weight) in shared.pop(j).items():
            del costs[min(j, k), max(j, k)]
            if k != i:
                old = shared[i].get(k, (0.0, 0.0))
                shared[i][k] = shared[k][i] = (old[0] + length, old[1] + weight)
            del shared[k][j]
        costs.update({(min(i, k), max(i, k)): cost(i, k) for k in shared[i]})
    return [shapely.coverage_union_all([blocks[k] for k in group]) for group in members.values()]


def _segments(streets: list[Street], outline: Polygon, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Cut all streets at their crossings; keep the one network that hangs together."""
    pieces = shapely.get_parts(shapely.union_all(_lines(streets), grid_size=SNAP_M))
    for _ in range(2):  # the second time removes what a lost blind end left behind
        pieces = _join_crossings(pieces)
    middles = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    owner = shapely.STRtree(_lines(streets)).nearest(middles)
    frame = gpd.GeoDataFrame(
        {
            "street": [streets[k].name for k in owner],
            "road_class": [streets[k].road_class for k in owner],
            "zone": [_zone(middle, outline) for middle in middles],
        },
        geometry=pieces,
        crs=CRS,
    )
    chance = frame["road_class"].map({"主干道": 1.0, "次干道": 0.97, "支路": 0.6, "背街小巷": 0.06})
    frame["machine"] = rng.random(len(frame)) < chance
    at = frame.geometry.centroid
    frame = frame.iloc[np.lexsort([at.y, at.x, frame["street"], -chance])].reset_index(drop=True)
    frame.insert(0, "segment_id", [f"YH{k:05d}" for k in range(1, len(frame) + 1)])
    return frame


def _join_crossings(pieces: np.ndarray, short_m: float = 12.0) -> np.ndarray:
    """One network: crossings closer than `short_m` become one, blind stubs and islands go."""
    at = [shapely.get_coordinates(shapely.get_point(pieces, k)) for k in (0, -1)]
    nodes, index = np.unique(np.round(np.stack(at, axis=1), 2).reshape(-1, 2), axis=0,
                             return_inverse=True)  # fmt: skip
    a, b = index.reshape(-1, 2).T
    degree = np.bincount(index.ravel())
    is_short = shapely.length(pieces) < short_m
    joined = is_short & (np.minimum(degree[a], degree[b]) > 1)
    cluster = _components(a[joined], b[joined], len(nodes))
    _, first = np.unique(cluster, return_index=True)
    island = _components(a, b, len(nodes))
    keep = ~is_short & (island[a] == np.bincount(island).argmax())
    moved = []
    for k in np.flatnonzero(keep):
        xy = shapely.get_coordinates(pieces[k])
        xy[0], xy[-1] = nodes[first[cluster[a[k]]]], nodes[first[cluster[b[k]]]]
        moved.append(LineString(xy))
    return np.array(moved)


def _components(a: np.ndarray, b: np.ndarray, n: int) -> np.ndarray:
    graph = coo_array((np.ones(len(a)), (a, b)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1])


def _label_grids(
    grids: list[Polygon], outline: Polygon, segments: gpd.GeoDataFrame, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """Number grids from north-west to south-east in each subdistrict; give them their people."""
    river_xy = np.array(_curve(RIVER).coords) - CENTRE
    at = [np.array(grid.representative_point().coords[0]) - CENTRE for grid in grids]

    def subdistrict(x: float, y: float) -> int:
        if y < np.interp(x, *river_xy.T):
            return 2
        return 3 if x > 1350 else 4 if x < -1150 else 1

    where = np.array([subdistrict(*xy) for xy in at])
    order = np.lexsort((np.array([xy[0] - xy[1] for xy in at]), where))
    rows: list[dict[str, Any]] = []
    used: set[str] = set()
    number = {town: count(1) for town in names.SUBDISTRICTS}
    inside = segments.geometry.interpolate(0.5, normalized=True)
    for k in order:
        town, seq = int(where[k]), next(number[int(where[k])])
        inner = segments[inside.within(grids[k].buffer(-5)) & (segments["road_class"] != "背街小巷")]
        longest = inner.geometry.length.groupby(inner["street"]).sum()
        own = longest.idxmax() if len(longest) and longest.max() > 250 else ""
        named = bool(own) and own not in used and rng.random() < 0.5
        used.add(own)
        place = names.SUBDISTRICTS[town]
        community = names.COMMUNITIES[(town * 5 + (seq - 1) // 3) % len(names.COMMUNITIES)]
        rows.append(
            {
                "grid_id": f"610399{town:03d}{(seq - 1) // 3 + 1:03d}{(seq - 1) % 3 + 1:03d}",
                "grid_name": f"{own}网格" if named else f"{place}第{seq:02d}网格",
                "lead_unit": names.LEAD_UNITS[len(rows) * 7 % len(names.LEAD_UNITS)],
                "responsible_unit": f"{place}{community}社区",
                "chief": names.person(rng),
                "subdistrict": place,
                "zone": _zone(grids[k].representative_point(), outline),
                "geometry": grids[k],
            }
        )  # fmt: skip
    return gpd.GeoDataFrame(rows, crs=CRS)
