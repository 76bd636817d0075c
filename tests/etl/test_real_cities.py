"""The real places as their READMEs describe them (../shared/data); see docs/real-data.md."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import shapely

from data.builds import current_build_id, open_build
from data.engine import DuckDBEngine
from data.settings import ROOT
from etl.extract import read_file
from etl.load import build
from etl.recipe import DATASET_TABLES, Dataset, Recipe, load_recipe, recipe_names
from geo.assign import assign_grids, nearest_segments
from geo.crs import LONLAT, transform_xy

CITIES = ROOT.parent / "shared" / "data"
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not CITIES.is_dir(), reason="../shared/data is not here"),
]


@pytest.fixture(scope="module")
def chicago(city_store: Callable[[str], Path]) -> DuckDBEngine:
    return served(city_store("chicago"))


@pytest.fixture(scope="module")
def boston(city_store: Callable[[str], Path]) -> DuckDBEngine:
    return served(city_store("boston"))


def served(store: Path) -> DuckDBEngine:
    return open_build(current_build_id(store), store)


def files(engine: DuckDBEngine) -> pd.DataFrame:
    return engine.query("select * from load_file").set_index("file")


def refused(engine: DuckDBEngine) -> pd.Series:
    """Number of refused rows by file and reason."""
    return engine.query(
        "select file, reason, count(distinct row) as n from load_refused group by file, reason"
    ).set_index(["file", "reason"])["n"]


def findings(engine: DuckDBEngine, table: str = "%") -> pd.Series:
    sql = "select finding, count from load_finding where table_name like $table"
    return engine.query(sql, {"table": table}).set_index("finding")["count"]


def counts(engine: DuckDBEngine) -> dict[tuple[str, str], tuple[int, ...]]:
    """(file, records wanted) -> read, accepted, superseded, refused, set aside."""
    columns = "file, wanted, rows_read, accepted, superseded, refused, set_aside"
    rows = engine.query(f"select {columns} from load_file").itertuples(index=False)
    return {(file, wanted): tuple(map(int, numbers)) for file, wanted, *numbers in rows}


def shapes(engine: DuckDBEngine, table: str) -> npt.NDArray[np.object_]:
    return shapely.from_wkb(engine.query(f"select geom from {table}")["geom"].map(bytes).to_numpy())


def kilometres(engine: DuckDBEngine) -> float:
    return float(shapely.length(shapes(engine, "core_segment")).sum() / 1000)


def offsets(engine: DuckDBEngine, fixes: pd.DataFrame) -> tuple[float, npt.NDArray[np.float64]]:
    """Share of the fixes that lie in a grid, and their distance to the nearest street."""
    crs = engine.query("select compute_crs from build")["compute_crs"].item()
    x, y = transform_xy(fixes["lon"].to_numpy(), fixes["lat"].to_numpy(), LONLAT, crs)
    _, offset = nearest_segments(x, y, shapes(engine, "core_segment"))
    return float((assign_grids(x, y, shapes(engine, "core_grid")) >= 0).mean()), offset


def located(engine: DuckDBEngine) -> pd.DataFrame:
    return engine.query("select * from core_issue where location = 'located'")


OLDER, NEWER = (f"sanitation_complaints_snapshot_{month}.csv.gz" for month in ("2014-11", "2015-01"))


def test_chicago_reads_every_row(chicago: DuckDBEngine) -> None:
    read = files(chicago)["rows_read"]
    assert read[OLDER] == 72_847
    assert read[NEWER] == 74_401
    assert read["police_beats.geojson.gz"] == 277
    assert read["major_streets.geojson.gz"] == 16_065


def test_chicago_refuses_the_header_row_and_repeated_numbers(chicago: DuckDBEngine) -> None:
    found = refused(chicago)
    assert found[OLDER, "header_row"] == 1
    assert (NEWER, "header_row") not in found
    for file in (OLDER, NEWER):
        repeated = found.get((file, "duplicate_row"), 0) + found.get((file, "duplicate_id"), 0)
        assert 373 <= repeated <= 375
    last = chicago.query("select max(row) as row from load_refused where reason = 'header_row'")
    assert last["row"].item() == 72_848  # the last line; the header itself is row 1


def test_chicago_supersedes_the_common_ids(chicago: DuckDBEngine) -> None:
    read = files(chicago)
    assert read.loc[OLDER, "superseded"] == 72_473
    # The one "vanished" number of the README is the header row's.
    assert read.loc[OLDER, "accepted"] == 0
    assert "vanished" not in findings(chicago)
    assert read.loc[NEWER, "accepted"] == 72_473 + 1_553


def test_chicago_places_its_issues_in_beats(chicago: DuckDBEngine) -> None:
    assert findings(chicago, "core_issue")["unlocated"] == 24
    assert located(chicago)["grid_id"].notna().mean() == pytest.approx(0.9981, abs=5e-5)
    assert len(chicago.query("select * from core_grid")) == 277 - findings(chicago)["joined_grid"]


def test_chicago_measures_the_way_to_the_next_major_street(chicago: DuckDBEngine) -> None:
    offset = located(chicago)["segment_offset_m"]
    assert offset.median() == pytest.approx(101, abs=1.5)
    assert (offset <= 30).mean() == pytest.approx(0.28, abs=0.006)
    assert (offset <= 100).mean() == pytest.approx(0.46, abs=0.046)
    km = chicago.query("select sum(length_m) / 1000 as km from core_segment")["km"].item()
    assert km == pytest.approx(1_894, rel=0.002)


def test_chicago_closes_before_opening_never(chicago: DuckDBEngine) -> None:
    issues = located(chicago)
    assert not (issues["closed_at"] < issues["reported_at"]).any()
    assert issues["closed_at"].isna().mean() == pytest.approx(0.0046, abs=0.0006)
    assert "closed_before_reported" not in findings(chicago)


def test_chicago_takes_the_fixes_that_say_who_and_when(chicago: DuckDBEngine) -> None:
    """README: 2,633 posts, 1,708 of them different, of 147 ploughs; 34,143 rows of 161 ploughs.

    Its 18,871 different rows are mostly without plough and time.
    """
    found = counts(chicago)
    assert found["plow_gps_polls_2015-12-02.parquet", ""] == (2_633, 1_708, 0, 925, 0)
    assert found["plow_gps_dec2016.parquet", ""] == (34_143, 5_420, 0, 28_723, 0)
    path = CITIES / "chicago" / "plow_gps_dec2016.parquet"
    raw = pd.read_parquet(path)
    assert raw["asset_id"].isna().sum() == raw["timestamp_local"].isna().sum() == 28_723
    assert len(raw.drop_duplicates(["asset_id", "timestamp_local", "lon", "lat"])) == 18_871
    fixes = chicago.query("select * from core_fix")
    by_year = fixes.groupby(fixes["fixed_at"].dt.year)
    assert by_year["vehicle_id"].nunique().to_dict() == {2015: 147, 2016: 161}
    assert fixes["vehicle_id"].str.fullmatch("S[0-9]+").all()
    polls = by_year.get_group(2015)
    assert polls["fixed_at"].min().hour == 7, "local time: the posts say -06:00"
    _, offset = offsets(chicago, polls)
    assert np.median(offset) == pytest.approx(9, abs=0.5)
    assert (offset <= 30).mean() == pytest.approx(0.63, abs=0.005)


def test_chicago_places_its_schools_and_the_health_facilities_of_its_county(
    chicago: DuckDBEngine,
) -> None:
    found = counts(chicago)
    assert found["site_public_schools_2011.csv", ""] == (566, 566, 0, 0, 0)
    health = found["site_health_facilities_metro.csv.gz", "COUNTY: Cook, -"]
    assert health == (7_143, 3_872, 0, 68, 3_203)
    sites = chicago.query(
        "select site_type, location, grid_id is not null as inside, count(*) n from core_site"
        " group by all"
    )
    assert sites.set_index(["site_type", "location", "inside"])["n"].to_dict() == {
        ("学校", "located", True): 566,
        ("医疗机构", "located", True): 1_506,
        ("医疗机构", "located", False): 2_359,
        ("医疗机构", "unlocated", False): 7,
    }


def test_boston_reads_every_row(boston: DuckDBEngine) -> None:
    read = files(boston)["rows_read"]
    assert read["issues_311_official_2011H2.parquet"] == 58_251
    assert read["street_segments_geometry_only.geojson.gz"] == 17_388
    assert read["neighborhoods.geojson.gz"] == 26
    assert len(boston.query("select * from core_issue")) == 58_251


def test_boston_keeps_the_sink_off_the_map(boston: DuckDBEngine) -> None:
    assert findings(boston)["sink"] == 4_775
    assert "sink_suspected" not in findings(boston) or findings(boston)["sink_suspected"].max() < 4_775


def test_boston_repairs_one_polygon_and_refuses_streets_without_shape(boston: DuckDBEngine) -> None:
    assert findings(boston)["repaired_polygon"] == 1
    found = refused(boston)
    assert found.to_dict() == {("street_segments_geometry_only.geojson.gz", "no_geometry"): 4}
    km = boston.query("select sum(length_m) / 1000 as km from core_segment")["km"].item()
    assert km == pytest.approx(1_311, rel=0.002)


def test_boston_places_its_issues(boston: DuckDBEngine) -> None:
    issues = located(boston)
    in_grids = issues["grid_id"].notna()
    # The README counts the sink, which lies in a neighbourhood and near a street.
    assert (in_grids.sum() + 4_775) / 58_251 == pytest.approx(0.9997, abs=5e-5)
    near = issues["segment_offset_m"] <= 30
    assert near.mean() == pytest.approx(0.966, abs=0.005)
    assert np.median(issues["segment_offset_m"]) == pytest.approx(15, abs=1.5)


def test_boston_knows_its_due_times(boston: DuckDBEngine) -> None:
    issues = boston.query("select * from core_issue")
    assert issues["due_at"].isna().mean() == pytest.approx(0.189, abs=0.0006)
    assert (issues["closed_at"] > issues["due_at"]).sum() == 8_230
    assert issues["closed_at"].isna().mean() == pytest.approx(0.063, abs=0.0006)
    assert issues["reported_at"].min() >= pd.Timestamp("2011-07-01")
    assert issues["reported_at"].max() < pd.Timestamp("2012-01-01")


def test_los_angeles_reads_three_date_formats(city_store: Callable[[str], Path]) -> None:
    """README, by excerpt: 1,753 / 1,102 / 5 / 11 without place, 12 / 13 / 23 / 0 closed before opened.

    The fifth file holds the records of the fourth in another format.
    """
    engine = served(city_store("los_angeles"))
    issues = engine.query("select * from core_issue")
    assert len(issues) == 39_999
    assert findings(engine)["unlocated"] == (issues["location"] == "unlocated").sum() == 2_871
    assert findings(engine)["closed_before_reported"] == 12 + 13 + 23
    assert files(engine).loc["myla311_2020_test_requests.csv.gz", "superseded"] == 10_000
    years = issues["reported_at"].dt.year.value_counts()
    assert years[2020] == 10_000
    assert set(years.index) == {2017, 2018, 2020}
    assert issues["reported_at"].dt.hour.nunique() == 24, "AM and PM are told apart"


def test_syracuse_exchanges_its_axes(city_store: Callable[[str], Path]) -> None:
    """README: 7,538 rows, 3 duplicates, 99.8 % in neighbourhoods, 99.1 % within 30 m after un-swapping
    (streets here are all of them; the README's figure counts a buffer of the centre lines)."""
    engine = served(city_store("syracuse"))
    assert files(engine).loc["pothole_fills_2016.csv", "refused"] == 3
    issues = engine.query("select * from core_issue")
    assert len(issues) == 7_535
    assert issues["grid_id"].notna().mean() == pytest.approx(0.998, abs=0.001)
    assert (issues["segment_offset_m"] <= 30).mean() == pytest.approx(0.991, abs=0.002)
    assert issues["reported_at"].min() == pd.Timestamp("2016-04-12 07:54")
    assert counts(engine)["plow_gps_2020_2021.parquet", ""] == (545_125, 543_078, 0, 2_047, 0)
    fixes = engine.query("select * from core_fix")
    assert fixes["vehicle_id"].nunique() == 51
    utc = fixes["fixed_at"].dt.tz_localize("America/New_York", ambiguous="NaT").dt.tz_convert("UTC")
    assert utc.dt.date.nunique() == 69
    assert f"{utc.min():%Y-%m-%d}" == "2020-02-18"
    inside, offset = offsets(engine, fixes.iloc[::20])
    assert inside == pytest.approx(0.975, abs=0.002)
    assert np.median(offset) == pytest.approx(6.6, abs=0.6)
    assert (offset <= 30).mean() == pytest.approx(0.71, abs=0.01)
    assert (offset <= 100).mean() == pytest.approx(0.97, abs=0.005)
    classes = engine.query(
        "select road_class, count(distinct source_segment_id) n from core_segment group by 1"
    )
    assert classes.set_index("road_class")["n"].to_dict() == {
        "branch": 3_934, "main": 1_866, "lane": 723 + 38, "expressway": 264,
    }  # fmt: skip


def test_yiyang_places_every_site(city_store: Callable[[str], Path]) -> None:
    """README: 100 % of the points fall inside the townships."""
    engine = served(city_store("yiyang"))
    sites = engine.query("select * from core_site")
    assert len(sites) == 200
    assert sites["grid_id"].notna().all()


def test_syracuse_winter_knows_each_service_once(city_store: Callable[[str], Path]) -> None:
    """README: 24,283 services on 4,499 segments, 17,633 rows of snapshots in epoch milliseconds.

    All services of the snapshots stand in the events; 529 segments had none yet, 100 rows repeat one.
    """
    engine = served(city_store("syracuse_winter"))
    found = counts(engine)
    assert found["plow_route_segments_2025.geojson.gz", ""] == (5_018, 5_018, 0, 0, 0)
    assert found["plow_segment_snapshots_2025_12.parquet", ""] == (17_633, 0, 17_004, 629, 0)
    assert found["plow_service_events_2025_26.parquet", ""] == (24_283, 24_283, 0, 0, 0)
    assert refused(engine).to_dict() == {
        ("plow_segment_snapshots_2025_12.parquet", "missing_value"): 529,
        ("plow_segment_snapshots_2025_12.parquet", "duplicate_row"): 100,
    }
    cleaning = engine.query("select * from core_cleaning")
    assert cleaning["source_segment_id"].nunique() == 4_499
    assert "unknown_segment" not in findings(engine), "100 % join"
    local = cleaning["started_at"]
    assert local.min() == pd.Timestamp("2025-10-27 12:37:45"), "16:37:45 UTC, in summer time"
    assert local.max() == pd.Timestamp("2025-12-28 08:15:49"), "13:15:49 UTC, in winter"


def test_boston_open311_closes_what_is_closed(city_store: Callable[[str], Path]) -> None:
    engine = served(city_store("boston_open311"))
    found = counts(engine)
    file = "issues_open311_2011_2020.parquet"
    assert found[file, "status: open"] == (320_770, 31_252, 0, 0, 289_518)
    assert found[file, "status: closed"] == (320_770, 289_518, 0, 0, 31_252)
    issues = engine.query("select * from core_issue")
    assert len(issues) == 320_770
    assert issues["closed_at"].isna().mean() == pytest.approx(0.097, abs=0.0006)
    assert findings(engine)["closed_before_reported"] == 12
    assert issues["grid_id"].notna().mean() == pytest.approx(0.979, abs=0.0006)
    assert (issues["segment_offset_m"] <= 30).mean() == pytest.approx(0.953, abs=0.001)
    assert issues["reported_at"].min() == pd.Timestamp("2008-10-06 11:25:57")
    local = issues["reported_at"].dt.tz_localize("America/New_York", ambiguous=True)
    years = local.dt.tz_convert("UTC").dt.year.value_counts()  # as the README counts
    assert (years[2017], years[2018]) == (71_292, 69_883)
    assert (issues["category"] == "废弃车辆").sum() == 29_556


def test_philadelphia_loads_both_kinds_of_visits(city_store: Callable[[str], Path]) -> None:
    """README: 909,781 visits for rubbish, 397,933 for recyclables, 552,817 for both.

    Of the 3,854 rows that repeat another these are 765, 1,739 and 1,350; and 8 visits for rubbish
    stand in a row of another status too.
    """
    engine = served(city_store("philadelphia"))
    found = counts(engine)
    file = "sanitation_visits_2021_2023.parquet"
    rubbish, recyclables, both, rows = 909_781, 397_933, 552_817, 1_860_531
    copies = {"收运-垃圾": 765 + 1_350 + 8, "收运-可回收物": 1_739 + 1_350}
    assert rubbish + recyclables + both == rows
    for wanted, taken, aside, method in (
        ("RUBBISH", rubbish, recyclables, "收运-垃圾"),
        ("RECYCLE", recyclables, rubbish, "收运-可回收物"),
    ):
        repeated = copies[method]
        expected = (rows, taken + both - repeated, 0, repeated, aside)
        assert found[file, f"visited_status: {wanted}, BOTH"] == expected
    log = engine.query(
        "select method, count(*) n, min(started_at) first, max(started_at) last,"
        " median(hour(started_at)) as hour from core_cleaning group by method"
    ).set_index("method")
    assert log["n"].to_dict() == {"收运-垃圾": 1_460_475, "收运-可回收物": 947_661}
    assert log["first"].min() == pd.Timestamp("2021-08-23 07:27:22"), "11:27:22 UTC"
    assert log.loc["收运-垃圾", "last"] == pd.Timestamp("2023-05-05 19:25:30"), "23:25:30 UTC"
    assert log["hour"].between(7, 16).all()
    assert found["visited_segments.geojson.gz", ""] == (35_699, 35_699, 0, 0, 0)
    assert kilometres(engine) == pytest.approx(3_577, rel=0.001)
    assert "unknown_segment" not in findings(engine)
    sites = engine.query(
        "select split_part(site_id, '-', 1) as kind, count(*) n from core_site group by 1"
    )
    assert sites.set_index("kind")["n"].to_dict() == {"市场": 62, "学校": 567, "市政": 2_698}
    assert findings(engine)["outside_grids"] == 22


def test_san_francisco_rosters_every_side(city_store: Callable[[str], Path]) -> None:
    engine = served(city_store("san_francisco"))
    found = counts(engine)
    assert found["analysis_neighborhoods.geojson.gz", ""] == (41, 41, 0, 0, 0)
    assert found["street_sweeping_segments.geojson.gz", ""] == (11_545, 11_545, 0, 0, 0)
    assert found["street_sweeping_sides.csv.gz", ""] == (21_727, 21_727, 0, 0, 0)
    assert kilometres(engine) == pytest.approx(1_373, rel=0.001)
    assert "unknown_segment" not in findings(engine)
    shifts = engine.query("select * from core_shift")
    assert set(shifts["weekdays"]) == set("1234567")
    assert shifts["start_time"].str.fullmatch("[0-2][0-9]:00").all()
    assert (shifts["end_time"] > shifts["start_time"]).all()
    every = shifts["shift_name"].str.extract(r"每(\d+)天")[0].value_counts()
    assert every[["7", "14", "21"]].tolist() == [11_359, 8_224, 1_191]


def test_cambridge_takes_its_sites_from_points(city_store: Callable[[str], Path]) -> None:
    """README: 14 districts (of 10 letters), 2,643 lines, 990 barrels, 54 assets (one twice).

    The districts leave out parks and the golf course: 118 sites lie outside.
    """
    engine = served(city_store("cambridge"))
    assert counts(engine) == {
        ("street_sweeping_districts.geojson.gz", ""): (14, 14, 0, 0, 0),
        ("street_centerlines.geojson.gz", ""): (2_643, 2_643, 0, 0, 0),
        ("litter_barrels.geojson.gz", ""): (990, 990, 0, 0, 0),
        ("community_assets.geojson.gz", ""): (54, 53, 0, 1, 0),
    }
    assert len(engine.query("select * from core_grid")) == 10
    sites = engine.query("select * from core_site")
    assert (sites["location"] == "located").all()
    assert sites["lon"].between(-71.158, -71.075).all()
    assert sites["lat"].between(42.354, 42.401).all()
    outside = sites[sites["grid_id"].isna()]
    assert len(outside) == 118
    assert outside["address"].isin(["PARK", "GOLF", "FRESH POND"]).sum() == 57 + 8 + 5


def test_chinese_places_load_whole(city_store: Callable[[str], Path]) -> None:
    wannian = served(city_store("wannian"))
    assert counts(wannian) == {("wannian_townships.geojson", ""): (12, 12, 0, 0, 0)}
    assert findings(wannian).empty

    tainan = served(city_store("tainan"))
    assert counts(tainan) == {
        ("tainan_villages.geojson.gz", ""): (752, 752, 0, 0, 0),
        ("tainan_narrow_lanes.geojson.gz", ""): (1_525, 1_525, 0, 0, 0),
        ("tainan_night_markets.geojson", ""): (40, 40, 0, 0, 0),
    }
    assert findings(tainan)["repaired_polygon"] == 1
    lost = tainan.query("select site_id from core_site where grid_id is null")["site_id"].tolist()
    assert lost == ["東區仁和夜市"], "in a slit of 15 cm between two villages"

    shenzhen = served(city_store("shenzhen"))
    roads = counts(shenzhen)["shenzhen_futian_osm_roads.geojson.gz", "reversed: False, [ false, true ]"]
    assert roads == (4_009, 2_621, 0, 0, 1_388)
    classes = shenzhen.query("select road_class, count(*) n from core_segment group by 1")
    assert classes.set_index("road_class")["n"].to_dict() == {
        "expressway": 72, "main": 304, "secondary": 255, "branch": 918, "lane": 1_072,
    }  # fmt: skip
    names = shenzhen.query("select street_name from core_segment where street_name is not null")
    assert not names["street_name"].str.contains(r"[\[']", regex=True).any()


def test_shanghai_needs_both_of_its_datums(city_store: Callable[[str], Path]) -> None:
    """With borders in GCJ-02 and points in WGS84 every place lies in the district that it names."""
    engine = served(city_store("shanghai"))
    found = counts(engine)
    borders = found["counties_shangrao_shenzhen_shanghai.geojson.gz", "city: 上海市"]
    assert borders == (37, 16, 0, 0, 21)
    assert {file: numbers for (file, _), numbers in found.items() if "poi" in file} == {
        "shanghai_poi_school.csv.gz": (6_151, 2_933, 3_214, 4, 0),
        "shanghai_poi_primary_school.csv.gz": (931, 930, 0, 1, 0),
        "shanghai_poi_kindergarten.csv.gz": (2_284, 2_284, 0, 0, 0),
        "shanghai_poi_hospital.csv.gz": (7_513, 7_511, 0, 2, 0),
        "shanghai_poi_food.csv.gz": (14_398, 14_397, 0, 1, 0),
    }
    assert "outside_grids" not in findings(engine)
    sites = engine.query("select site_id, grid_name from core_site join core_grid using (grid_id)")
    food = pd.read_csv(CITIES / "china_mix" / "shanghai_poi_food.csv.gz")
    named = food.assign(site_id=food["name"] + " " + food["address"]).merge(sites, on="site_id")
    assert len(named) == 14_398
    assert (named["adname"] == named["grid_name"]).mean() > 0.9999


# --- alternatives ---------------------------------------------------------------------------------

US, CHINA = "EPSG:5070", "EPSG:4548"
POLYGONS = [  # file, key, polygons, keys, of which invalid, metres, crs
    ("boston/census_tracts.geojson.gz", ".region_id", 168, 168, 0, US, ""),
    ("boston/zip_codes.geojson.gz", "ZIP5", 43, 37, 0, US, ""),
    ("cambridge_ma/neighborhoods.geojson.gz", "N_HOOD", 13, 13, 0, US, ""),
    ("chicago/census_tracts.geojson.gz", "census_tract", 789, 789, 0, US, ""),
    ("chicago/community_areas.geojson.gz", "area_numbe", 77, 77, 0, US, ""),
    ("chicago/neighborhoods.geojson.gz", "pri_neigh", 98, 98, 0, US, ""),
    ("chicago/wards_2015_2023.geojson.gz", "ward", 50, 50, 0, US, ""),
    ("chicago/wards_2023.geojson.gz", "ward", 50, 50, 0, US, ""),
    ("los_angeles/neighborhood_councils_certified.geojson.gz", "nc_id", 99, 99, 0, US, ""),
    ("philadelphia/neighborhoods_zillow.geojson.gz", "ZillowName", 158, 158, 0, US, ""),
    ("philadelphia/police_districts.geojson.gz", "DIST_NUMC", 22, 22, 0, US, ""),
    ("philadelphia/zip_codes.geojson.gz", "CODE", 48, 48, 0, US, ""),
    ("san_francisco/neighborhoods.geojson.gz", "NeighborhoodName", 117, 117, 0, US, ""),
    ("syracuse/census_tracts.geojson.gz", "GEOID10", 55, 55, 1, US, ""),
    ("syracuse/block_groups.geojson.gz", "GEOID10", 380, 380, 0, US, ""),
    ("china_mix/counties_shangrao_shenzhen_shanghai.geojson.gz", "adcode", 37, 37, 0, CHINA, "GCJ-02"),
    ("china_mix/wannian_county.geojson", "adcode", 1, 1, 0, CHINA, ""),
    ("china_mix/yiyang_county.geojson", "adcode", 1, 1, 0, CHINA, "GCJ-02"),
]
LINES = [  # file, key, lines, kilometres (README), grids
    (
        "boston/intersection_segments.geojson.gz", "id", 8_574, None,
        "boston/zip_codes.geojson.gz", "ZIP5",
    ),
    (
        "philadelphia/street_centerline_geometry_only.geojson.gz", "fid", 40_856, 4_568,
        "philadelphia/zip_codes.geojson.gz", "CODE",
    ),
]  # fmt: skip


def alternative(store: Path, crs: str, **tables: dict[str, object]) -> DuckDBEngine:
    recipe = {"name": "alternative", "title": "", "root": CITIES, "timezone": "UTC", "compute_crs": crs}
    blocks = {table: [{"format": "vector", **block}] for table, block in tables.items()}
    build(Recipe.model_validate(recipe | blocks), store)
    return open_build(current_build_id(store), store)


@pytest.mark.parametrize(("file", "key", "rows", "keys", "invalid", "metres", "crs"), POLYGONS)
def test_other_polygons_load_as_grids(
    file: str, key: str, rows: int, keys: int, invalid: int, metres: str, crs: str, tmp_path: Path
) -> None:
    grids = {"files": [file], "columns": {"grid_id": key}, "crs": crs, "repair_invalid": True}
    engine = alternative(tmp_path, metres, core_grid=grids)
    assert counts(engine) == {(file, ""): (rows, rows, 0, 0, 0)}
    assert len(engine.query("select * from core_grid")) == keys
    found = findings(engine)
    assert found.get("repaired_polygon", 0) == invalid
    assert found.get("joined_grid", 0) == rows - keys


@pytest.mark.parametrize(("file", "key", "rows", "km", "grids", "grid_key"), LINES)
def test_other_lines_load_as_streets(
    file: str, key: str, rows: int, km: float | None, grids: str, grid_key: str, tmp_path: Path
) -> None:
    engine = alternative(
        tmp_path,
        "EPSG:32618",
        core_grid={"files": [grids], "columns": {"grid_id": grid_key}},
        core_segment={"files": [file], "columns": {"source_segment_id": key}},
    )
    assert counts(engine)[file, ""] == (rows, rows, 0, 0, 0)
    if km:
        assert kilometres(engine) == pytest.approx(km, rel=0.001)


def test_los_angeles_excerpts_fit_both_sets_of_councils(tmp_path: Path) -> None:
    """README, of each excerpt: 98.2 to 98.7 % inside councils, 15 to 60 points in two of them."""
    recipe = load_recipe("los_angeles")
    for name, key in (("2020", "OBJECTID"), ("certified", "nc_id")):
        grids = {
            "files": [f"neighborhood_councils_{name}.geojson.gz"],
            "format": "vector",
            "columns": {"grid_id": key},
        }
        whole = recipe.model_dump() | {"core_grid": [grids]}
        build(Recipe.model_validate(whole), tmp_path)
        engine = open_build(current_build_id(tmp_path), tmp_path)
        issues = located(engine)
        inside = issues["grid_id"].notna().groupby(issues["reported_at"].dt.date).mean()
        assert issues["grid_id"].notna().mean() == pytest.approx(0.985, abs=0.003), name
        assert inside.min() > 0.97, name


def test_every_file_is_loaded_or_it_is_said_why_not() -> None:
    """docs/real-data.md names what no recipe loads; POLYGONS and LINES are the alternatives."""
    document = (ROOT / "docs" / "real-data.md").read_text("utf-8")
    loaded = {file for file, *_ in [*POLYGONS, *LINES]}
    for recipe in map(load_recipe, recipe_names()):
        datasets = [d for table in DATASET_TABLES for d in recipe.datasets(table)]
        loaded |= {f"{recipe.root.name}/{file}" for dataset in datasets for file in dataset.files}
        assert f"| `{recipe.name}` |" in document or recipe.name == "demo"
    said = document.partition("## Not loaded")[2]
    for path in CITIES.glob("*/*"):
        name = path.relative_to(CITIES).as_posix()
        is_loaded = any(fnmatch(name, pattern) for pattern in loaded)
        is_said = path.name in said or f"{path.parent.name}/*" in said or path.name == "README.md"
        assert is_loaded != is_said, name


@pytest.mark.parametrize(
    ("place", "file", "share"),
    [
        ("chicago", "community_areas", 0.9976),
        ("chicago", "wards_2015_2023", 0.9977),
        ("chicago", "census_tracts", 0.984),
        ("boston", "census_tracts", 0.9938),
        ("boston", "zip_codes", 0.9998),
    ],
)
def test_issues_lie_in_the_other_polygons_too(
    place: str, file: str, share: float, request: pytest.FixtureRequest
) -> None:
    """Shares of the READMEs; Boston's count the sink, which lies in a grid."""
    issues = request.getfixturevalue(place).query("select * from core_issue where lon is not null")
    data = Dataset.model_validate({"files": [file], "format": "vector", "columns": {}})
    polygons = read_file(CITIES / place / f"{file}.geojson.gz", data, file).geometry
    assert polygons is not None
    inside = assign_grids(issues["lon"].to_numpy(), issues["lat"].to_numpy(), polygons) >= 0
    assert inside.mean() == pytest.approx(share, abs=0.0006)


def test_syracuse_ploughs_are_matched(city_store: Callable[[str], Path]) -> None:
    """545,125 fixes, 2,047 of them twice; matched kilometres are 0.97 of the odometer's in the median
    (docs/findings.md), and the depot's street is the one with most passes.
    """
    engine = served(city_store("syracuse"))
    assert files(engine).loc["plow_gps_2020_2021.parquet", "accepted"] == 543_078
    driven = engine.query("select sum(to_m - from_m) / 1000 km from mart_track")["km"][0]
    assert driven == pytest.approx(42_783, rel=0.01)
    days = engine.query(
        "select segment_no, sum(passes) as passes, count(*) as n, max(pass_hours) as hours "
        "from mart_cleaning_day group by 1 order by passes desc"
    )
    most = engine.query(
        f"select street_name from core_segment join mart_segment using (segment_id) "
        f"where segment_no = {days['segment_no'][0]}"
    )
    assert most["street_name"][0] == "CANAL ST"
    assert days["n"].max() <= 72
    assert days["hours"].max() < 18
