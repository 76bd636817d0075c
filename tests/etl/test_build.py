"""What must hold of every build, whatever the files were."""

from __future__ import annotations

import csv
import gzip
import json
import random
import socket
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from data.catalog import TABLES
from data.engine import DuckDBEngine
from data.filters import Filters
from data.messages import codes
from data.views import overview as views
from data.views.overview import layer_body
from tests.conftest import (
    GRIDS,
    ISSUES,
    County,
    NetworkError,
    collection,
    feature,
    issue_line,
)
from tests.etl.golden.regenerate import HERE, build_golden

WHOLE = Filters(pd.Timestamp("2000-01-01").date(), pd.Timestamp("2100-01-01").date())


@pytest.fixture(scope="module")
def golden_engine(tmp_path_factory: pytest.TempPathFactory) -> DuckDBEngine:
    return build_golden(tmp_path_factory.mktemp("golden"))


@pytest.fixture(params=["demo_engine", "golden_engine"])
def engine(request: pytest.FixtureRequest) -> DuckDBEngine:
    found: DuckDBEngine = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["demo", "golden"])
def source(request: pytest.FixtureRequest) -> tuple[DuckDBEngine, Path]:
    """A build and the folder of its files."""
    if request.param == "golden":
        return request.getfixturevalue("golden_engine"), HERE / "raw"
    return request.getfixturevalue("demo_engine"), request.getfixturevalue("demo_store").parent / "raw"


def table(engine: DuckDBEngine, name: str) -> pd.DataFrame:
    return engine.query(f"select * from {name}")


# --- counts ---------------------------------------------------------------------------------------


def test_every_record_read_is_accepted_superseded_or_refused(engine: DuckDBEngine) -> None:
    files = table(engine, "load_file")
    assert (files["rows_read"] == files["accepted"] + files["superseded"] + files["refused"]).all()
    part = ["table_name", "file", "wanted"]
    refused = table(engine, "load_refused").groupby(part)["row"].nunique()
    counted = files.set_index(part)["refused"]
    assert counted[counted > 0].to_dict() == refused.to_dict()


@pytest.mark.parametrize("name", ["core_issue", "core_site", "core_shift", "core_inspection"])
def test_every_accepted_record_stands_in_its_table(engine: DuckDBEngine, name: str) -> None:
    files = table(engine, "load_file").query("table_name == @name")
    assert files["accepted"].sum() == len(table(engine, name))


def test_joined_grids_and_cut_streets_account_for_every_accepted_record(engine: DuckDBEngine) -> None:
    accepted = table(engine, "load_file").groupby("table_name")["accepted"].sum()
    findings = table(engine, "load_finding").groupby("finding")["count"].sum()
    grids, segments = table(engine, "core_grid"), table(engine, "core_segment")
    assert len(grids) == accepted["core_grid"] - findings.get("joined_grid", 0)
    assert segments["source_segment_id"].nunique() == accepted["core_segment"]
    pieces = segments.groupby("source_segment_id").size()
    assert (pieces > 1).sum() == findings.get("cut_segment", 0)


def test_keys_are_unique_and_required_values_are_there(engine: DuckDBEngine) -> None:
    for name, entry in TABLES.items():
        frame = table(engine, name)
        if entry.key:
            assert not frame.duplicated(list(entry.key)).any(), name
        required = [column.name for column in entry.columns if column.required]
        assert frame[required].notna().all(axis=None), name


def test_every_reason_and_finding_has_a_sentence(engine: DuckDBEngine) -> None:
    assert set(table(engine, "load_refused")["reason"]) <= set(codes("reason"))
    assert set(table(engine, "load_finding")["finding"]) <= set(codes("finding"))


def test_every_issue_is_in_a_grid_outside_unlocated_or_a_sink(engine: DuckDBEngine) -> None:
    frame = views.grid_density(engine, WHOLE).frame
    info = views.build_info(engine)
    total = frame["reported"].sum() + info.outside_grids + info.unlocated + info.sink
    assert total == info.issues == len(table(engine, "core_issue"))


# --- against an independent count -----------------------------------------------------------------


def grids_by_hand(engine: DuckDBEngine) -> pd.Series:
    """Grid of each located issue by shapely, one polygon after the other; missing outside."""
    issues, grids = table(engine, "core_issue"), table(engine, "core_grid").sort_values("grid_id")
    crs = engine.query("select compute_crs from build")["compute_crs"].item()
    to_metres = pyproj.Transformer.from_crs(4326, crs, always_xy=True)
    located = issues["location"] == "located"
    x, y = to_metres.transform(issues.loc[located, "lon"], issues.loc[located, "lat"])
    points = shapely.points(x, y)
    found = pd.Series(None, index=issues["issue_id"], dtype=object)
    for grid_id, geom in zip(grids["grid_id"], grids["geom"], strict=True):
        inside = shapely.intersects(shapely.from_wkb(bytes(geom)), points)
        ids = issues.loc[located, "issue_id"][inside]
        found[ids[found[ids].isna().to_numpy()]] = grid_id
    return found


def test_issues_lie_in_the_grid_that_shapely_finds(engine: DuckDBEngine) -> None:
    stored = table(engine, "core_issue").set_index("issue_id")["grid_id"]
    by_hand = grids_by_hand(engine)
    assert stored.dropna().to_dict() == by_hand.dropna().to_dict()


def test_issues_hang_on_the_segment_that_shapely_finds(engine: DuckDBEngine) -> None:
    issues = table(engine, "core_issue").query("location == 'located'").head(400)
    segments = table(engine, "core_segment")
    crs = engine.query("select compute_crs from build")["compute_crs"].item()
    to_metres = pyproj.Transformer.from_crs(4326, crs, always_xy=True)
    points = shapely.points(*to_metres.transform(issues["lon"], issues["lat"]))
    lines = shapely.from_wkb([bytes(geom) for geom in segments["geom"]])
    every = shapely.distance(points[:, None], lines[None, :])
    assert issues["segment_offset_m"].to_numpy() == pytest.approx(every.min(axis=1), abs=1e-6)
    row = segments.reset_index().set_index("segment_id")["index"]
    chosen = every[np.arange(len(points)), row[issues["segment_id"]]]
    assert chosen == pytest.approx(every.min(axis=1), abs=3e-6)


def test_grids_and_classes_add_up_to_the_issues_of_a_period(engine: DuckDBEngine) -> None:
    issues = table(engine, "core_issue")
    middle = issues["reported_at"].sort_values().iloc[len(issues) // 2].date()
    last = (issues["reported_at"].max() + pd.Timedelta(days=1)).date()
    filters = Filters(middle, last)
    in_period = issues[
        (issues["reported_at"] >= pd.Timestamp(middle)) & (issues["reported_at"] < pd.Timestamp(last))
    ]
    counts = engine.select("issues_by_grid_class", since=middle, until=last, department="")
    expected = in_period.groupby(["grid_id", "category_class"], dropna=False).size()
    found = counts.set_index(["grid_id", "category_class"])["reported"]
    key = ["grid_id", "category_class"]
    pd.testing.assert_series_equal(
        found.reset_index().fillna("").set_index(key)["reported"].sort_index(),
        expected.rename("reported").reset_index().fillna("").set_index(key)["reported"].sort_index(),
        check_dtype=False,
    )
    density = views.grid_density(engine, filters).frame.set_index("grid_id")["reported"]
    per_grid = in_period["grid_id"].value_counts()
    assert density.to_dict() == per_grid.reindex(density.index, fill_value=0).to_dict()
    for name in in_period["category_class"].unique():
        one = views.grid_density(engine, Filters(middle, last, category_class=name)).frame
        of_class = in_period["category_class"] == name
        assert one["reported"].sum() == (of_class & in_period["grid_id"].notna()).sum()


def test_street_length_is_kept_and_shared_out(source: tuple[DuckDBEngine, Path]) -> None:
    engine, _ = source
    segments = table(engine, "core_segment")
    lines = shapely.from_wkb([bytes(geom) for geom in segments["geom"]])
    assert segments["length_m"].to_numpy() == pytest.approx(shapely.length(lines))
    outside = segments.loc[segments["grid_id"].isna(), "length_m"].sum()
    inside = table(engine, "mart_grid_street")["length_m"].sum()
    assert inside + outside == pytest.approx(segments["length_m"].sum())
    polygons = table(engine, "core_grid").set_index("grid_id")["geom"].map(bytes).map(shapely.from_wkb)
    for grid_id, line in zip(segments["grid_id"], lines, strict=True):
        if isinstance(grid_id, str):
            assert shapely.buffer(polygons[grid_id], 0.001).covers(line)


# --- refused rows ---------------------------------------------------------------------------------


def lines_of(path: Path) -> list[list[str]] | None:
    """A CSV file as a spreadsheet shows it; None for other files."""
    if path.suffix != ".csv":
        return None
    content = path.read_bytes()
    encoding = "utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "gbk"
    with path.open(encoding=encoding, newline="") as handle:
        return list(csv.reader(handle))


def test_a_refused_row_points_at_its_line_in_the_file(source: tuple[DuckDBEngine, Path]) -> None:
    engine, folder = source
    refused = table(engine, "load_refused")
    assert len(refused) >= 5
    for fault in refused.itertuples():
        lines = lines_of(folder / fault.file)
        if lines is None:
            continue
        header, line = lines[0], lines[fault.row - 1]
        if fault.reason == "malformed_row":
            assert fault.value == f"{len(line)} columns instead of {len(header)}"
            continue
        assert line[header.index(fault.column_name)].strip() == fault.value
        assert json.loads(fault.raw) == dict(zip(header, line, strict=True))


def test_a_refused_feature_points_at_its_place_in_the_layer(golden_engine: DuckDBEngine) -> None:
    refused = table(golden_engine, "load_refused").query("file == 'streets.geojson'")
    features = json.loads((HERE / "raw" / "streets.geojson").read_text("utf-8"))["features"]
    assert len(refused) == 2
    for fault in refused.itertuples():
        assert json.loads(fault.raw) == features[fault.row - 1]["properties"]


def test_a_refused_row_of_a_workbook_points_at_its_row(tiny_county: Callable[[], County]) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    county = tiny_county()
    book = openpyxl.load_workbook(county.root / "ledger.xlsx")
    sheet = book["台账"]
    sheet.insert_rows(3)  # a blank row shifts what follows
    sheet["D5"] = "昨天"
    book.save(county.root / "ledger.xlsx")
    refused = county.load().refused
    assert refused[["file", "row", "column_name", "value", "reason"]].values.tolist() == [
        ["ledger.xlsx", 5, "检查时间", "昨天", "not_a_time"]
    ]


# --- the same again -------------------------------------------------------------------------------


def core(engine: DuckDBEngine) -> dict[str, pd.DataFrame]:
    return {
        name: table(engine, name).assign(**{
            column.name: lambda frame, blob=column.name: frame[blob].map(bytes)
            for column in TABLES[name].columns
            if column.type == "blob"
        })
        for name in TABLES
        if name not in {"build", "load_history"}
    }  # fmt: skip


def assert_equal(one: dict[str, pd.DataFrame], other: dict[str, pd.DataFrame]) -> None:
    assert one.keys() == other.keys()
    for name, frame in one.items():
        pd.testing.assert_frame_equal(frame, other[name], obj=name)


def test_the_same_files_give_the_same_tables(tmp_path: Path, golden_engine: DuckDBEngine) -> None:
    assert_equal(core(build_golden(tmp_path)), core(golden_engine))


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows has no tzset")
def test_the_machines_time_zone_does_not_matter(
    tmp_path: Path, golden_engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Pacific/Kiritimati")
        time.tzset()
        again = core(build_golden(tmp_path))
    time.tzset()
    assert_equal(again, core(golden_engine))


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_records_does_not_matter(
    tiny_county: Callable[[], County], build: Callable[[County], DuckDBEngine], seed: int
) -> None:
    shuffled, straight = tiny_county(), tiny_county()
    lines = [issue_line(record) for record in ISSUES]
    random.Random(seed).shuffle(lines)
    shuffled.platform(lines)
    for name in ("grids.geojson", "streets.geojson"):
        layer = json.loads((shuffled.root / name).read_text("utf-8"))
        random.Random(seed).shuffle(layer["features"])
        shuffled.write(name, json.dumps(layer, ensure_ascii=False))
    one, other = build(shuffled), build(straight)
    for name in ("core_grid", "core_segment", "core_issue", "mart_grid_street", "load_finding"):
        key = list(TABLES[name].key or ["table_name", "finding"])
        frames = [core(engine)[name].sort_values(key, ignore_index=True) for engine in (one, other)]
        pd.testing.assert_frame_equal(*frames, obj=name)


def test_a_map_layer_is_geojson_around_the_county(engine: DuckDBEngine) -> None:
    import gzip

    box = engine.query("select west, south, east, north from build").iloc[0]
    for name in ("grids", "streets"):
        body = views.layer_body(engine, name)
        assert body is not None
        layer = shapely.from_geojson(gzip.decompress(body).decode())
        west, south, _, _ = shapely.total_bounds(layer)
        assert west == pytest.approx(box["west"], abs=0.02)
        assert south == pytest.approx(box["south"], abs=0.02)


# --- the guard ------------------------------------------------------------------------------------


def test_tests_do_not_reach_the_network() -> None:
    with pytest.raises(NetworkError), socket.socket() as plug:
        plug.connect(("192.0.2.1", 80))
    with pytest.raises(NetworkError):
        socket.create_connection(("example.org", 80), timeout=1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=1).close()


def test_overlaps_and_gaps_between_grids_are_measured_and_drawn(
    tiny_county: Callable[[], County],
) -> None:
    """G2 begins 6 m further east: a gap of 6 m x 600 m; G4 begins 30 m further west: an overlap."""
    county = tiny_county()
    boxes = GRIDS | {"G2": (606, 0, 1200, 600), "G4": (570, 600, 1200, 1200)}
    shapes = {name: shapely.box(*box) for name, box in boxes.items()}
    drawn = [feature(shape, 网格编号=n, 网格名称=n, 牵头单位="镇") for n, shape in shapes.items()]
    county.write("grids.geojson", collection(drawn))
    report = county.load()
    faults = county.served().select("border_faults").set_index("kind")
    assert faults.loc["overlap", "grid_ids"] == "G3,G4"
    assert faults.loc["overlap", "area_m2"] == pytest.approx(30 * 600, rel=1e-3)
    assert faults.loc["overlap", "width_m"] == pytest.approx(30, abs=0.1)
    assert faults.loc["gap", "area_m2"] == pytest.approx(6 * 600, rel=1e-2)
    assert faults.loc["gap", "grid_ids"].startswith("G1,G2")
    found = report.findings.set_index("finding")["count"]
    assert found["grid_overlap"] == found["grid_gap"] == 1
    layer = json.loads(gzip.decompress(layer_body(county.served(), "borders") or b""))
    assert {f["properties"]["kind"] for f in layer["features"]} == set(faults.index)


def test_one_file_may_feed_two_datasets(tiny_county: Callable[[], County]) -> None:
    """A file with two kinds of records in it is read twice, and each reading is accounted for."""
    county = tiny_county()
    block = """
[[core_cleaning]]
files = ["log.csv"]
format = "csv"
only = {{ "类型" = ["{kind}", "全部"] }}
columns = {{ source_segment_id = "路段", started_at = "{kind}时间" }}
defaults = {{ method = "{kind}" }}
"""
    with county.recipe.open("a", encoding="utf-8") as recipe:
        recipe.write(block.format(kind="清扫") + block.format(kind="冲洗"))
    lines = [
        "路段,类型,清扫时间,冲洗时间", "S1,全部,2025-03-01 05:00,2025-03-01 06:00",
        "S2,清扫,2025-03-01 05:00,", "S2,清扫,2025-03-01 05:00,", "S3,冲洗,,2025-03-01 05:00",
        "S4,全部,,",
    ]  # fmt: skip
    county.write("log.csv", "\n".join(lines) + "\n")
    engine = county.build()
    files = table(engine, "load_file").set_index("wanted")
    counts = ["rows_read", "accepted", "refused", "set_aside"]
    assert files.loc["类型: 清扫, 全部", counts].tolist() == [5, 2, 2, 1]
    assert files.loc["类型: 冲洗, 全部", counts].tolist() == [5, 2, 1, 2]
    assert table(engine, "core_cleaning").groupby("method").size().to_dict() == {"清扫": 2, "冲洗": 2}
    refused = table(engine, "load_refused").groupby("wanted")["row"].unique()
    assert [sorted(rows) for rows in refused] == [[6], [3, 6]]
    keys = engine.select("load_files")[["table_name", "file", "wanted"]]
    assert not keys.duplicated().any()
