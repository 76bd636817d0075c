"""Writes the synthetic county as the files a county hands over.

grids.geojson, water.geojson, outline.geojson   WGS84, RFC 7946
streets.shp (.shx .dbf .prj .cpg)               EPSG:4545, east/north, attributes GBK
issues_platform.csv, shifts.csv, sites.csv      GBK, CRLF, coordinates WGS84
cleaning_log.csv, gps_fixes.csv                 likewise; gaps: etl/demo/sweeping.py
issues_ledger.xlsx, inspections.xlsx            real Excel dates, coordinates WGS84
demo/*.png                                      drawn photos of the last weeks (etl/demo/photos.py)

Dirt, exact counts at scale 1 (times scale below, at least 1 each); no row carries two kinds:

issues_platform.csv
    header          1  header row repeated inside the file
    identical      12  rows repeated as they are
    reclosed       25  case numbers repeated with a later 结案时间
    nowhere        60  rows without coordinates
    sink          420  rows of unknown address at the front desk of the 县政务服务中心
    outside        25  points 60 to 900 m outside every grid
    bad_date        8  上报时间 "2026-13-05 08:00:00", "待定" or "2025-02-30 09:15:00"
    far_future      3  上报时间 in 2206, not closed
    backwards      15  结案时间 before 上报时间
    blank          40  rows without 小类
    space         120  处置部门 with a trailing space
    full_width    150  地址描述 with full-width digits
issues_ledger.xlsx
    space          30  责任单位 with a trailing space
    full_width     40  点位 with full-width digits

The truth behind the records: `demo_truth` and the docstring of etl/demo/story.py.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
import xlsxwriter

from etl.demo import crews, photos, story, sweeping
from etl.demo.problems import PROBLEMS
from etl.demo.town import CENTRE, CRS, Town, draw_town

PLATFORM_DIRT = {
    "identical": 12, "reclosed": 25, "nowhere": 60, "sink": 420, "outside": 25, "bad_date": 8,
    "far_future": 3, "backwards": 15, "blank": 40, "space": 120, "full_width": 150,
}  # fmt: skip
LEDGER_DIRT = {"space": 30, "full_width": 40}
BAD_DATES = ("2026-13-05 08:00:00", "待定", "2025-02-30 09:15:00")
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
EXPORTED_AT = pd.Timestamp("2026-11-01")  # stamped into the files instead of today
SINK_M = (-130.0, 395.0)  # the front desk, metres from town.CENTRE
TO_LONLAT = pyproj.Transformer.from_crs(CRS, 4326, always_xy=True)


def write_demo(
    root: Path, *, seed: int = 42, scale: float = 1.0, photo_folder: Path | None = None
) -> None:
    """Write all files into `root`; `scale` 1 is 40 grids, 1,200 segments, 30,000 issues.

    photo_folder  folder of the photos; `root`/photos by default.
    """
    root.mkdir(parents=True, exist_ok=True)
    town = draw_town(_stream(seed, 0), scale)
    grid_story = story.grid_story(town.grids, _stream(seed, 1))
    places = story.sites(town, _stream(seed, 2), scale)
    issues = story.issues(town, grid_story, places, _stream(seed, 3), scale)
    issues = photos.photograph(issues, _stream(seed, 7), scale)
    photos.write_photos(issues, photo_folder or root / "photos", _stream(seed, 8))
    _write_ground(root, town)
    _write_streets(root / "streets.shp", town)
    platform = _soil_platform(_platform(issues, town), town, _stream(seed, 4), scale)
    _write_csv(root / "issues_platform.csv", platform)
    ledger = _soil_ledger(_ledger(issues, town), _stream(seed, 5), scale)
    _write_sheet(root / "issues_ledger.xlsx", "台账", ledger)
    _write_sheet(root / "inspections.xlsx", "检查轮次", _inspections())
    roster = crews.shifts(town, _stream(seed, 6))
    _write_csv(root / "shifts.csv", roster)
    chance = sweeping.care(town, grid_story)
    _write_csv(root / "cleaning_log.csv", sweeping.log(town, roster, chance, _stream(seed, 9)))
    _write_csv(root / "gps_fixes.csv", _fixes(sweeping.fixes(town, chance, _stream(seed, 10))))
    _write_csv(root / "sites.csv", _sites(places))


def demo_truth(*, seed: int = 42, scale: float = 1.0) -> pd.DataFrame:
    """The character of each grid that the files of this seed and scale were made from."""
    return story.grid_story(draw_town(_stream(seed, 0), scale).grids, _stream(seed, 1))


def _stream(seed: int, part: int) -> np.random.Generator:
    """One stream a part: a change in one part leaves the others as they were."""
    return np.random.default_rng([seed, part])


def _count(number: int, scale: float) -> int:
    return max(1, round(number * scale))


def _lonlat(x: pd.Series, y: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    lon, lat = TO_LONLAT.transform(x.to_numpy(), y.to_numpy())
    return np.round(lon, 6), np.round(lat, 6)


def _times(column: pd.Series) -> np.ndarray:
    text = column.dt.strftime("%Y-%m-%d %H:%M:%S").astype(object)
    return np.where(column.notna(), text, "")


def _units(issues: pd.DataFrame, town: Town) -> list[str]:
    """Line department of each issue; 街道办 is the office of the grid's own subdistrict."""
    near = town.grids["subdistrict"].to_numpy()[issues["grid"]]
    lines = [PROBLEMS[k].department for k in issues["problem"]]
    return [f"{place}办" if line == "街道办" else line
            for line, place in zip(lines, near, strict=True)]  # fmt: skip


def _phrases(issues: pd.DataFrame) -> list[str]:
    """One of the problem's sentences, varied by where and when it was seen."""
    minute = issues["reported_at"].dt.minute + issues["reported_at"].dt.day
    kinds = [PROBLEMS[k].phrases for k in issues["problem"]]
    return [phrases[m % len(phrases)] for phrases, m in zip(kinds, minute, strict=True)]


def _platform(issues: pd.DataFrame, town: Town) -> pd.DataFrame:
    rows = issues[~issues["ledger"]].reset_index(drop=True)
    day = rows["reported_at"].dt.strftime("%Y%m%d")
    number = rows.groupby(day).cumcount() + 1
    lon, lat = _lonlat(rows["x"], rows["y"])
    said = pd.Series(_phrases(rows))
    ending = np.array(["。", "，请尽快处理。", "。", "，群众反映多次。"])
    citizen = rows["source"].isin(["公众举报", "12345热线", "随手拍"])
    polite = np.where(citizen, ending[rows.index % 4], "。")
    return pd.DataFrame(
        {
            "案卷编号": day + "610399" + number.astype(str).str.zfill(5),
            "大类": [PROBLEMS[k].platform_class for k in rows["problem"]],
            "小类": [PROBLEMS[k].name for k in rows["problem"]],
            "问题描述": rows["address"] + "，" + said + polite,
            "地址描述": "云河县" + rows["address"],
            "经度": [f"{v:.6f}" for v in lon],
            "纬度": [f"{v:.6f}" for v in lat],
            "上报时间": _times(rows["reported_at"]),
            "来源": rows["source"],
            "处置部门": _units(rows, town),
            "处置截止时间": _times(rows["due_at"]),
            "结案时间": _times(rows["closed_at"]),
            "核查时间": _times(rows["verified_at"]),
            "处置前": rows["photo_before"],
            "处置后": rows["photo_after"],
        }
    ).astype(object)


def _ledger(issues: pd.DataFrame, town: Town) -> pd.DataFrame:
    rows = issues[issues["ledger"]].reset_index(drop=True)
    lon, lat = _lonlat(rows["x"], rows["y"])
    year = rows["reported_at"].dt.year.astype(str)
    number = (rows.groupby(year).cumcount() + 1).astype(str).str.zfill(5)
    return pd.DataFrame(
        {
            "台账编号": "TZ" + year + "-" + number,
            "检查轮次": [k + 1 if k >= 0 else "" for k in rows["inspection"]],
            "检查时间": rows["reported_at"],
            "点位": rows["address"],
            "十乱类型": [PROBLEMS[k].ten_class for k in rows["problem"]],
            "问题小类": [PROBLEMS[k].name for k in rows["problem"]],
            "存在问题": _phrases(rows),
            "责任单位": _units(rows, town),
            # A ledger limit is a day: the work has to be done by the end of office hours.
            "整改时限": rows["due_at"].dt.normalize() + pd.Timedelta(hours=18),
            "整改完成时间": rows["closed_at"],
            "销号时间": rows["verified_at"],
            "检查方式": rows["source"],
            "经度": lon,
            "纬度": lat,
            "整改前照片": rows["photo_before"].str.replace("/", "\\"),
            "整改后照片": rows["photo_after"].str.replace("/", "\\"),
        }
    ).astype(object)


def _soil_platform(
    platform: pd.DataFrame, town: Town, rng: np.random.Generator, scale: float
) -> pd.DataFrame:
    """Put in the dirt that the module docstring lists."""
    number = {kind: _count(n, scale) for kind, n in PLATFORM_DIRT.items()}
    reported = platform["上报时间"]
    verified = platform["核查时间"] != ""
    wants = {  # the choosy kinds first
        "far_future": reported.str.startswith("2026"),
        "reclosed": verified & (platform["核查时间"] < "2026-10-01"),
        "backwards": verified,
        "sink": platform["来源"].isin(["公众举报", "12345热线"]),
    }
    free = np.ones(len(platform), dtype=bool)
    rows: dict[str, np.ndarray] = {}
    for kind in [*wants, *(kind for kind in number if kind not in wants)]:
        fit = np.flatnonzero(free & wants.get(kind, pd.Series(free)).to_numpy())
        rows[kind] = np.sort(rng.choice(fit, number[kind], replace=False))
        free[rows[kind]] = False

    def put(kind: str, column: str, values: Any) -> None:
        _put(platform, column, rows[kind], values)

    def shifted(kind: str, column: str, hours: np.ndarray) -> np.ndarray:
        moved = pd.to_datetime(platform[column].iloc[rows[kind]]) + pd.to_timedelta(hours, unit="h")
        return _times(moved.dt.floor("min"))

    lon, lat = _lonlat(*(pd.Series([at]) for at in _sink(town)))
    put("sink", "经度", f"{lon[0]:.6f}")
    put("sink", "纬度", f"{lat[0]:.6f}")
    unknown = ["县政务服务中心窗口代录，地址不详", "来电人未说明具体位置", "不详"]
    put("sink", "地址描述", rng.choice(unknown, number["sink"]))
    put("nowhere", "经度", "")
    put("nowhere", "纬度", "")
    far = _outside(town, number["outside"], rng)
    lon, lat = _lonlat(pd.Series(far[:, 0]), pd.Series(far[:, 1]))
    put("outside", "经度", [f"{v:.6f}" for v in lon])
    put("outside", "纬度", [f"{v:.6f}" for v in lat])
    put("bad_date", "上报时间", [BAD_DATES[k % 3] for k in range(number["bad_date"])])
    put("far_future", "上报时间", "2206" + reported.iloc[rows["far_future"]].str[4:])
    put("far_future", "结案时间", "")
    put("far_future", "核查时间", "")
    before = -rng.uniform(1, 60, number["backwards"])
    put("backwards", "结案时间", shifted("backwards", "上报时间", before))
    put("blank", "小类", "")
    platform = _soil_columns(platform, {"处置部门": rows["space"], "地址描述": rows["full_width"]})
    again = platform.iloc[rows["reclosed"]].copy()
    later = rng.uniform(20, 200, len(again))
    again["结案时间"], again["核查时间"] = (
        shifted("reclosed", "结案时间", later), shifted("reclosed", "核查时间", later))  # fmt: skip
    header = pd.DataFrame([platform.columns], columns=platform.columns)
    middle = len(platform) // 3
    return pd.concat(
        [platform[:middle], header, platform[middle:], again, platform.iloc[rows["identical"]]],
        ignore_index=True,
    )


def _put(table: pd.DataFrame, column: str, rows: np.ndarray, values: Any) -> None:
    changed = table[column].to_numpy(dtype=object, copy=True)
    changed[rows] = values
    table[column] = changed


def _soil_ledger(ledger: pd.DataFrame, rng: np.random.Generator, scale: float) -> pd.DataFrame:
    numbers = [_count(LEDGER_DIRT[kind], scale) for kind in ("space", "full_width")]
    rows = rng.choice(len(ledger), sum(numbers), replace=False)
    return _soil_columns(ledger, {"责任单位": rows[: numbers[0]], "点位": rows[numbers[0] :]})


def _soil_columns(table: pd.DataFrame, rows: dict[str, np.ndarray]) -> pd.DataFrame:
    """A trailing space in the first column, full-width digits in the second."""
    (spaced, at), (widened, wide) = rows.items()
    table = table.copy()
    _put(table, spaced, at, [f"{v} " for v in table[spaced].iloc[at]])
    # A text without digits gets a house number, so that the count holds.
    numbered = [v if any(c.isdigit() for c in v) else f"{v}12号" for v in table[widened].iloc[wide]]
    _put(table, widened, wide, [v.translate(FULL_WIDTH) for v in numbered])
    return table


def _sink(town: Town) -> tuple[float, float]:
    """The front desk; in a small county that does not reach so far, a point in its midst."""
    desk = shapely.Point(CENTRE + SINK_M)
    point = desk if town.outline.covers(desk) else town.grids.geometry.iloc[0].representative_point()
    return point.x, point.y


def _outside(town: Town, number: int, rng: np.random.Generator) -> np.ndarray:
    """Points 60 to 900 m outside the built-up area, shape (number, 2)."""
    west, south, east, north = town.outline.bounds
    low, high = np.array([west, south]) - 600, np.array([east, north]) + 600
    tries = rng.uniform(low, high, (400 + 40 * number, 2))
    gap = shapely.distance(shapely.points(tries), town.outline)
    return np.asarray(tries[(gap > 60) & (gap < 900)][:number])


def _inspections() -> pd.DataFrame:
    rounds = story.INSPECTIONS
    return pd.DataFrame(
        {
            "轮次": range(1, len(rounds) + 1),
            "名称": rounds["name"],
            "类型": rounds["kind"],
            "开始日期": pd.to_datetime(rounds["start"]),
            "结束日期": pd.to_datetime(rounds["end"]),
            "组织单位": rounds["organiser"],
        }
    ).astype(object)


def _sites(places: gpd.GeoDataFrame) -> pd.DataFrame:
    lon, lat = _lonlat(places.geometry.x, places.geometry.y)
    return pd.DataFrame(
        {
            "点位编号": [f"DW{k:04d}" for k in range(1, len(places) + 1)],
            "点位名称": places["name"],
            "类型": places["site_type"],
            "经度": [f"{v:.6f}" for v in lon],
            "纬度": [f"{v:.6f}" for v in lat],
            "地址": places["address"],
        }
    )


def _fixes(fixes: pd.DataFrame) -> pd.DataFrame:
    lon, lat = _lonlat(fixes["x"], fixes["y"])
    return pd.DataFrame(
        {
            "车牌号": fixes["vehicle"],
            "定位时间": _times(fixes["at"]),
            "经度": lon,
            "纬度": lat,
            "速度": fixes["kmh"].astype(int),
        }
    )


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    table.to_csv(path, index=False, encoding="gbk", lineterminator="\r\n")


def _write_sheet(path: Path, sheet: str, table: pd.DataFrame) -> None:
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": EXPORTED_AT.to_pydatetime()})
        dated = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        page = book.add_worksheet(sheet)
        page.write_row(0, 0, table.columns, book.add_format({"bold": True}))
        for row, values in enumerate(table.itertuples(index=False), start=1):
            for column, value in enumerate(values):
                if isinstance(value, pd.Timestamp):
                    page.write_datetime(row, column, value.to_pydatetime(), dated)
                elif not pd.isna(value):
                    page.write(row, column, value)


def _write_ground(root: Path, town: Town) -> None:
    labels = ["grid_id", "grid_name", "lead_unit", "responsible_unit", "chief"]
    titles = ["网格编号", "网格名称", "牵头单位", "责任单位", "网格长"]
    grids = town.grids[labels].set_axis(titles, axis=1)
    _write_geojson(root / "grids.geojson", town.grids.geometry, grids.to_dict("records"))
    _write_geojson(root / "water.geojson", [town.river], [{"名称": "云河", "类型": "河流"}])
    _write_geojson(root / "outline.geojson", [town.outline], [{"名称": "云河县建成区"}])


def _write_geojson(path: Path, shapes: Iterable[Any], properties: list[dict[Any, Any]]) -> None:
    """Seven decimals are a centimetre; shared vertices stay shared because they round alike."""
    features = []
    for shape, labels in zip(shapes, properties, strict=True):
        lonlat = shapely.transform(
            shape, lambda xy: np.round(np.column_stack(TO_LONLAT.transform(*xy.T)), 7)
        )
        geometry = shapely.geometry.mapping(shapely.orient_polygons(lonlat))
        features.append({"type": "Feature", "properties": labels, "geometry": geometry})
    collection = {"type": "FeatureCollection", "features": features}
    path.write_text(json.dumps(collection, ensure_ascii=False), encoding="utf-8")


def _write_streets(path: Path, town: Town) -> None:
    streets = gpd.GeoDataFrame(
        {
            "路段编号": town.segments["segment_id"],
            "路名": town.segments["street"],
            "道路等级": town.segments["road_class"],
            "机扫": town.segments["machine"].map({True: "是", False: "否"}),
        },
        geometry=shapely.set_precision(town.segments.geometry.to_numpy(), 0.001),
        crs=CRS,
    )
    stamp = EXPORTED_AT.strftime("%Y-%m-%d")
    streets.to_file(path, engine="pyogrio", encoding="GBK", DBF_DATE_LAST_UPDATE=stamp)
