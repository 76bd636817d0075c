"""Boston and Chicago as their READMEs describe them (../shared/data)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from data.builds import current_build_id, open_build
from data.engine import DuckDBEngine
from data.settings import ROOT
from etl.load import build
from etl.recipe import load_recipe

CITIES = ROOT.parent / "shared" / "data"
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not CITIES.is_dir(), reason="../shared/data is not here"),
]


def city(name: str, tmp_path_factory: pytest.TempPathFactory) -> DuckDBEngine:
    store = tmp_path_factory.mktemp(name)
    build(load_recipe(name), store)
    return open_build(current_build_id(store), store)


@pytest.fixture(scope="module")
def chicago(tmp_path_factory: pytest.TempPathFactory) -> DuckDBEngine:
    return city("chicago", tmp_path_factory)


@pytest.fixture(scope="module")
def boston(tmp_path_factory: pytest.TempPathFactory) -> DuckDBEngine:
    return city("boston", tmp_path_factory)


def files(engine: DuckDBEngine) -> pd.DataFrame:
    return engine.query("select * from load_file").set_index("file")


def refused(engine: DuckDBEngine) -> pd.Series:
    """Number of refused rows by file and reason."""
    return engine.query(
        "select file, reason, count(distinct row) as n from load_refused group by file, reason"
    ).set_index(["file", "reason"])["n"]


def findings(engine: DuckDBEngine) -> pd.Series:
    return engine.query("select finding, count from load_finding").set_index("finding")["count"]


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
    assert findings(chicago)["unlocated"] == 24
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


def test_los_angeles_reads_three_date_formats(tmp_path_factory: pytest.TempPathFactory) -> None:
    """README, by excerpt: 1,753 / 1,102 / 5 / 11 without place, 12 / 13 / 23 / 0 closed before opened.

    The fifth file holds the records of the fourth in another format.
    """
    engine = city("los_angeles", tmp_path_factory)
    issues = engine.query("select * from core_issue")
    assert len(issues) == 39_999
    assert findings(engine)["unlocated"] == (issues["location"] == "unlocated").sum() == 2_871
    assert findings(engine)["closed_before_reported"] == 12 + 13 + 23
    assert files(engine).loc["myla311_2020_test_requests.csv.gz", "superseded"] == 10_000
    years = issues["reported_at"].dt.year.value_counts()
    assert years[2020] == 10_000
    assert set(years.index) == {2017, 2018, 2020}
    assert issues["reported_at"].dt.hour.nunique() == 24, "AM and PM are told apart"


def test_syracuse_exchanges_its_axes(tmp_path_factory: pytest.TempPathFactory) -> None:
    """README: 7,538 rows, 3 duplicates, 99.8 % in neighbourhoods, 99.1 % within 30 m after un-swapping
    (streets here are all of them; the README's figure counts a buffer of the centre lines)."""
    engine = city("syracuse", tmp_path_factory)
    assert files(engine).loc["pothole_fills_2016.csv", "refused"] == 3
    issues = engine.query("select * from core_issue")
    assert len(issues) == 7_535
    assert issues["grid_id"].notna().mean() == pytest.approx(0.998, abs=0.001)
    assert (issues["segment_offset_m"] <= 30).mean() == pytest.approx(0.991, abs=0.002)
    assert issues["reported_at"].min() == pd.Timestamp("2016-04-12 07:54")
    classes = engine.query(
        "select road_class, count(distinct source_segment_id) n from core_segment group by 1"
    )
    assert classes.set_index("road_class")["n"].to_dict() == {
        "branch": 3_934, "main": 1_866, "lane": 723 + 38, "expressway": 264,
    }  # fmt: skip


def test_yiyang_places_every_site(tmp_path_factory: pytest.TempPathFactory) -> None:
    """README: 100 % of the points fall inside the townships."""
    engine = city("yiyang", tmp_path_factory)
    sites = engine.query("select * from core_site")
    assert len(sites) == 200
    assert sites["grid_id"].notna().all()


def test_syracuse_ploughs_are_matched(tmp_path_factory: pytest.TempPathFactory) -> None:
    """545,125 fixes, 2,047 of them twice; matched kilometres are 0.97 of the odometer's in the median
    (docs/findings.md), and the depot's street is the one with most passes.
    """
    engine = city("syracuse", tmp_path_factory)
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
