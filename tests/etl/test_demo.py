from datetime import timedelta
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from PIL import Image
from python_calamine import CalamineWorkbook

from data.engine import DuckDBEngine
from data.filters import Filters
from data.views.coverage import coverage_by_grid
from etl.demo import demo_truth, write_demo
from etl.demo.files import BAD_DATES, LEDGER_DIRT, PLATFORM_DIRT
from etl.demo.photos import N_LOST
from etl.demo.sweeping import BROKEN, N_DAYS, NO_LOG, SWEEPERS, WRITES_BOTH, WRITES_START

SCALE = 0.05
METRES = "EPSG:4545"
PLATFORM = (
    "案卷编号 大类 小类 问题描述 地址描述 经度 纬度 上报时间 来源 "
    "处置部门 处置截止时间 结案时间 核查时间 处置前 处置后"
)  # fmt: skip
LEDGER = (
    "台账编号 检查轮次 检查时间 点位 十乱类型 问题小类 存在问题 责任单位 整改时限 整改完成时间 "
    "销号时间 检查方式 经度 纬度 整改前照片 整改后照片"
)
LOG = "作业编号 路段编号 作业开始时间 作业结束时间 保洁单位 作业方式"
SHIFTS = "路段编号 班次 保洁单位 星期 开始时间 结束时间 作业方式 生效日期 失效日期"


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("county")
    write_demo(root, scale=SCALE)
    return root


@pytest.fixture(scope="module")
def platform(county: Path) -> pd.DataFrame:
    """Rows of the platform's export without the repeated header."""
    rows = pd.read_csv(county / "issues_platform.csv", encoding="gbk", dtype=str, keep_default_na=False)
    assert list(rows.columns) == PLATFORM.split()
    is_header = rows["案卷编号"] == "案卷编号"
    assert is_header.sum() == 1
    return rows[~is_header]


@pytest.fixture(scope="module")
def ledger(county: Path) -> pd.DataFrame:
    book = CalamineWorkbook.from_path(county / "issues_ledger.xlsx")
    header, *rows = book.get_sheet_by_name("台账").to_python()
    assert header == LEDGER.split()
    return pd.DataFrame(rows, columns=header)


@pytest.fixture(scope="module")
def grids(county: Path) -> gpd.GeoDataFrame:
    return gpd.read_file(county / "grids.geojson")


@pytest.fixture(scope="module")
def streets(county: Path) -> gpd.GeoDataFrame:
    return gpd.read_file(county / "streets.shp")


def expected(kind: str) -> int:
    return max(1, round(PLATFORM_DIRT[kind] * SCALE))


def points(rows: pd.DataFrame) -> gpd.GeoDataFrame:
    known = rows[rows["经度"] != ""]
    at = gpd.points_from_xy(known["经度"].astype(float), known["纬度"].astype(float))
    return gpd.GeoDataFrame(known, geometry=at, crs=4326)


def test_same_seed_writes_the_same_bytes(county: Path, tmp_path: Path) -> None:
    write_demo(tmp_path, scale=SCALE)
    names, again = (
        sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
        for root in (county, tmp_path)
    )
    assert names == again
    assert [n for n in names if (county / n).read_bytes() != (tmp_path / n).read_bytes()] == []


def test_other_seed_writes_another_county(county: Path, tmp_path: Path) -> None:
    write_demo(tmp_path, seed=7, scale=SCALE)
    for name in ("grids.geojson", "streets.shp", "issues_platform.csv", "issues_ledger.xlsx"):
        assert (county / name).read_bytes() != (tmp_path / name).read_bytes()


def test_grids_tile_the_outline(county: Path, grids: gpd.GeoDataFrame) -> None:
    assert list(grids.columns[:5]) == ["网格编号", "网格名称", "牵头单位", "责任单位", "网格长"]
    assert grids["网格编号"].str.fullmatch(r"\d{15}").all()
    assert grids["网格编号"].is_unique
    assert grids["网格名称"].is_unique
    assert set(grids.geom_type) == {"Polygon"}
    plane = grids.to_crs(METRES).geometry
    assert shapely.coverage_is_valid(plane.to_numpy())
    outline = gpd.read_file(county / "outline.geojson").to_crs(METRES).geometry[0]
    assert plane.area.sum() == pytest.approx(outline.area, abs=1.0)
    assert shapely.symmetric_difference(plane.union_all(), outline).area < 1.0


def test_streets_are_one_network(streets: gpd.GeoDataFrame) -> None:
    assert list(streets.columns) == ["路段编号", "路名", "道路等级", "机扫", "geometry"]
    assert streets.crs.to_epsg() == 4545
    assert streets["路段编号"].is_unique
    assert set(streets["道路等级"]) == {"主干道", "次干道", "支路", "背街小巷"}
    assert set(streets["机扫"]) == {"是", "否"}
    # Touching at ends only: noding adds no piece, and the whole hangs together.
    noded = shapely.node(shapely.multilinestrings(streets.geometry.to_list()))
    assert len(noded.geoms) == len(streets)
    assert shapely.union_all(streets.geometry.buffer(0.01).to_numpy()).geom_type == "Polygon"
    assert streets.total_bounds[0] == pytest.approx(490_000, abs=4_000)  # east comes first


def test_small_files(county: Path, streets: gpd.GeoDataFrame) -> None:
    assert (county / "streets.cpg").read_text() == "GBK"
    shifts = pd.read_csv(county / "shifts.csv", encoding="gbk", dtype=str)
    assert list(shifts.columns) == SHIFTS.split()
    assert set(shifts["路段编号"]) <= set(streets["路段编号"])
    for name in ("开始时间", "结束时间"):
        assert shifts[name].str.fullmatch(r"\d\d:\d\d").all()
    sites = pd.read_csv(county / "sites.csv", encoding="gbk", dtype=str)
    assert list(sites.columns) == ["点位编号", "点位名称", "类型", "经度", "纬度", "地址"]
    assert sites["点位编号"].is_unique
    rounds = CalamineWorkbook.from_path(county / "inspections.xlsx").get_sheet_by_index(0).to_python()
    assert rounds[0] == ["轮次", "名称", "类型", "开始日期", "结束日期", "组织单位"]
    assert [int(row[0]) for row in rounds[1:]] == list(range(1, 11))
    assert gpd.read_file(county / "water.geojson")["名称"].tolist() == ["云河"]


def test_issue_total(platform: pd.DataFrame, ledger: pd.DataFrame) -> None:
    assert len(platform) + len(ledger) == pytest.approx(30_000 * SCALE, rel=0.1)


def test_dirt_of_keys_and_gaps(platform: pd.DataFrame) -> None:
    assert platform["案卷编号"].str.fullmatch(r"\d{19}").all()
    assert platform.duplicated().sum() == expected("identical")
    repeated = platform["案卷编号"].duplicated().sum()
    assert repeated == expected("identical") + expected("reclosed")
    twice = platform.drop_duplicates().sort_index()
    closed = twice[twice["案卷编号"].duplicated(keep=False)].groupby("案卷编号")["结案时间"]
    assert (closed.last() > closed.first()).all()
    assert (platform["经度"] == "").sum() == expected("nowhere")
    assert (platform["小类"] == "").sum() == expected("blank")
    assert platform["处置部门"].str.endswith(" ").sum() == expected("space")
    assert platform["地址描述"].str.contains("[０-９]").sum() == expected("full_width")


def test_dirt_of_places(platform: pd.DataFrame, ledger: pd.DataFrame, grids: gpd.GeoDataFrame) -> None:
    assert platform.groupby(["经度", "纬度"]).size().drop(("", "")).max() == expected("sink")
    town = grids.union_all()
    assert (~points(platform).within(town)).sum() == expected("outside")
    assert points(ledger).within(town).all()


def test_dirt_of_times(platform: pd.DataFrame) -> None:
    reported, closed, verified = (
        pd.to_datetime(platform[name], format="%Y-%m-%d %H:%M:%S", errors="coerce")
        for name in ("上报时间", "结案时间", "核查时间")
    )
    assert platform["上报时间"].isin(BAD_DATES).sum() == expected("bad_date")
    assert reported.isna().sum() == expected("bad_date")
    assert (reported > "2200").sum() == expected("far_future")
    assert (closed < reported).sum() == expected("backwards")
    assert not (verified < closed).any()
    real = reported[reported < "2200"]
    assert real.min() >= pd.Timestamp("2025-05-01")
    assert real.max() < pd.Timestamp("2026-11-01")
    assert closed.isna().mean() == pytest.approx(0.05, abs=0.03)


def test_ledger(ledger: pd.DataFrame, platform: pd.DataFrame) -> None:
    assert ledger["台账编号"].is_unique
    assert set(ledger["检查方式"]) == {"暗访", "明查", "日检查"}
    of_round = ledger["检查轮次"] != ""
    assert (of_round == (ledger["检查方式"] != "日检查")).all()
    assert of_round.mean() > 0.6
    assert ledger["责任单位"].str.endswith(" ").sum() == max(1, round(LEDGER_DIRT["space"] * SCALE))
    assert len(platform) > 2 * len(ledger)


def test_the_log_has_both_times_or_the_first(county: Path, streets: gpd.GeoDataFrame) -> None:
    log = pd.read_csv(county / "cleaning_log.csv", encoding="gbk", dtype=str, keep_default_na=False)
    assert list(log.columns) == LOG.split()
    assert log["作业编号"].is_unique
    assert set(log["路段编号"]) <= set(streets["路段编号"])
    by_company = log["作业结束时间"].ne("").groupby(log["保洁单位"]).agg(["min", "max"])
    assert by_company.loc[WRITES_BOTH].all()
    assert not by_company.loc[WRITES_START].any()
    start, end = (pd.to_datetime(log[f"作业{when}时间"]) for when in ("开始", "结束"))
    assert ((end > start) | end.isna()).all()
    assert not start.dt.normalize().isin(NO_LOG).any()
    assert start.between("2026-09-02", "2026-11-01").all()


def test_sweepers_send_fixes_but_for_their_gaps(county: Path) -> None:
    fixes = pd.read_csv(county / "gps_fixes.csv", encoding="gbk", parse_dates=["定位时间"])
    assert list(fixes.columns) == ["车牌号", "定位时间", "经度", "纬度", "速度"]
    assert 1 < fixes["车牌号"].nunique() <= len(SWEEPERS)
    assert not fixes.duplicated(["车牌号", "定位时间"]).any()
    assert fixes["定位时间"].between("2026-09-02", "2026-11-01").all()
    vehicle, days = BROKEN
    assert not (fixes["车牌号"].eq(vehicle) & fixes["定位时间"].dt.normalize().isin(days)).any()
    assert fixes["速度"].between(0, 35).all()
    own_days = fixes.groupby("车牌号")["定位时间"].agg(lambda at: at.dt.date.nunique())
    assert own_days.between(40, N_DAYS).all()


def test_evidence_of_every_grade_agrees_with_the_story(demo_engine: DuckDBEngine) -> None:
    whole = Filters(NO_LOG[0].date() - timedelta(days=29), NO_LOG[0].date() + timedelta(days=31))
    grids = coverage_by_grid(demo_engine, whole)
    assert (grids[["a_km_days", "b_km_days", "c_km_days", "d_km_days"]].sum() > 0).all()
    assert (grids["none_km_days"] > 0).any(), "streets without roster and evidence"
    kind = demo_truth(scale=SCALE).set_index("grid_id")["kind"]
    swept = grids["swept_km_days"].groupby(grids["grid_id"].map(kind)).sum()
    seen = grids["seen_km_days"].groupby(grids["grid_id"].map(kind)).sum()
    share = swept / seen
    assert share["unseen"] < share["ordinary"]
    assert share["worsening"] < share["ordinary"]


def test_photos_are_named_and_drawn(county: Path, platform: pd.DataFrame, ledger: pd.DataFrame) -> None:
    named = [
        *zip(platform["处置前"], platform["处置后"], platform["结案时间"], strict=True),
        *zip(ledger["整改前照片"], ledger["整改后照片"], ledger["整改完成时间"], strict=True),
    ]
    pairs = {(b.replace("\\", "/"), a.replace("\\", "/")) for b, a, _ in named if b}
    before, after = ({names[k] for names in pairs} - {""} for k in (0, 1))
    drawn = {path.relative_to(county / "photos").as_posix() for path in county.rglob("*.png")}
    assert drawn <= before | after
    assert len(before - drawn) == N_LOST
    assert 0 < len(after) < len(before)
    assert all(closed for _, a, closed in named if a)
    for name in drawn:
        with Image.open(county / "photos" / name) as picture:
            assert picture.size == (640, 480)


def test_truth_has_a_row_a_grid(grids: gpd.GeoDataFrame) -> None:
    truth = demo_truth(scale=SCALE)
    assert set(truth["grid_id"]) == set(grids["网格编号"])
    assert truth["rebound_30"].between(0, 1).all()
