"""Taking in one file: what is proposed, what a second file of a shape does, old and new grids."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import shapely

from data.builds import current_build_id, open_build
from data.catalog import TABLES
from data.engine import DuckDBEngine
from data.export import refused_workbook
from etl import intake
from etl.originals import place
from etl.recipe import Dataset, Recipe
from etl.transform import mended
from geo.crs import transform_xy
from geo.fit import crs_candidates
from tests.conftest import ISSUES, PLATFORM, County, collection, feature, issue_line, lonlat

LINES = [issue_line(record) for record in ISSUES]


@pytest.fixture
def county(tiny_county: Callable[[], County]) -> County:
    built = tiny_county()
    built.load()
    return built


def look(county: County, name: str, content: bytes, sheet: str = "") -> intake.Incoming:
    return intake.look_at(intake.receive(name, content, county.store), sheet)


def there_now(county: County) -> intake.County:
    return intake.county_of(current_build_id(county.store), county.store)


def bring(county: County, incoming: intake.Incoming, recipe: Recipe, name: str) -> DuckDBEngine:
    """Load through the same door as the page."""
    build_id = current_build_id(county.store)
    plan = intake.Plan(
        build_id=build_id, recipe=recipe, new_files={name: incoming.path}, store=county.store
    )
    *steps, end = list(intake.load(plan))
    assert isinstance(end, intake.LoadEnd)
    assert end.build_id, end.error
    assert steps, "a person hears what happens"
    return open_build(end.build_id, county.store)


def next_export(county: County, lines: list[str], name: str = "next.csv") -> DuckDBEngine:
    """A new export of the platform in its usual shape."""
    incoming = look(county, name, "\r\n".join([PLATFORM, *lines]).encode("gb18030"))
    there = there_now(county)
    assert there.recipe is not None
    known = intake.known_dataset(incoming, there.recipe)
    assert known is not None, "its columns were confirmed before"
    table, dataset = known
    assert table == "core_issue"
    new = dataset.model_copy(update=incoming.shape | {"files": [f"up/{name}"]})
    recipe = intake.with_file(there.recipe, table, new, dataset)
    return bring(county, incoming, recipe, f"up/{name}")


def test_a_new_export_updates_by_number_and_keeps_history(county: County) -> None:
    changed = LINES[1].replace("2025-03-02 08:00:00,,", "2025-03-02 08:00:00,2025-03-09 10:00:00,")
    new = LINES[0].replace("A01", "A90")
    engine = next_export(county, [changed, new])
    issues = engine.query("select * from core_issue").set_index("issue_id")
    assert len(issues) == 16, "what the new export does not mention stays"
    assert issues.loc["A02", "closed_at"] == pd.Timestamp("2025-03-09 10:00")
    change = engine.query("select * from core_issue_change")
    assert change[["issue_id", "column_name", "after"]].to_numpy().tolist() == [
        ["A02", "closed_at", "2025-03-09 10:00:00"]
    ]
    assert change["before"].isna().all()
    history = engine.query("select * from load_history order by built_at")
    assert history["issues"].tolist() == [15, 16]


def test_the_same_file_again_is_noticed_and_changes_nothing(county: County) -> None:
    content = (county.root / "platform.csv").read_bytes()
    incoming = look(county, "again.csv", content)
    assert intake.was_loaded(incoming, there_now(county), county.store)
    before = county.served().query("select * from core_issue order by issue_id")
    engine = next_export(county, LINES)
    pd.testing.assert_frame_equal(engine.query("select * from core_issue order by issue_id"), before)
    assert engine.query("select * from core_issue_change").empty


def test_refused_rows_are_mended_in_their_workbook_and_loaded_again(county: County) -> None:
    bad = LINES[2].replace("A03", "A91").replace("2025-03-02 09:00:00", "2025-02-30 09:00:00")
    engine = next_export(county, [bad, LINES[0].replace("A01", "A92")])
    assert engine.query("select count(*) as n from load_refused").iloc[0]["n"] == 1
    book = refused_workbook(engine)
    mended = pd.read_excel(io.BytesIO(book), dtype=str, engine="calamine").assign(
        上报时间="2025-02-28 09:00:00"
    )
    path = county.store / "mended.xlsx"
    mended.to_excel(path, index=False, engine="xlsxwriter")
    incoming = look(county, "待改正.xlsx", path.read_bytes())
    there = there_now(county)
    assert there.recipe is not None
    known = intake.known_dataset(incoming, there.recipe)
    assert known is not None, "the two columns in front do not matter"
    new = known[1].model_copy(
        update={"encoding": "", "delimiter": ",", **incoming.shape, "files": ["up/mended.xlsx"]}
    )
    recipe = intake.with_file(there.recipe, "core_issue", new, known[1])
    engine = bring(county, incoming, recipe, "up/mended.xlsx")
    issues = engine.query("select * from core_issue").set_index("issue_id")
    assert issues.loc["A91", "reported_at"] == pd.Timestamp("2025-02-28 09:00")
    assert engine.query("select is_mended from load_refused")["is_mended"].tolist() == [True]
    assert refused_workbook(engine), "an empty workbook is a workbook"


def test_a_failed_load_says_why_and_changes_nothing(county: County) -> None:
    there = there_now(county)
    assert there.recipe is not None
    incoming = look(county, "next.csv", "\r\n".join([PLATFORM, LINES[0]]).encode("gb18030"))
    foreign = Dataset.model_validate(
        there.recipe.core_issue[0].model_dump() | {"files": ["up/next.csv"]}
    )
    recipe = intake.with_file(there.recipe, "core_issue", foreign, None)  # the same key twice
    plan = intake.Plan(
        build_id=there.build_id,
        recipe=recipe,
        new_files={"up/next.csv": incoming.path},
        store=county.store,
    )
    *_, end = intake.load(plan)
    assert isinstance(end, intake.LoadEnd)
    assert "A01" in end.error
    assert current_build_id(county.store) == there.build_id


def test_last_years_issues_belong_to_last_years_grids(county: County) -> None:
    """New grids from 6 March 2025: west and east instead of four squares."""
    halves = {"W": (0, 0, 700, 1200), "E": (700, 0, 1200, 1200)}
    shapes = [feature(shapely.box(*box), 网格编号=name, 网格名称=name) for name, box in halves.items()]
    incoming = look(county, "new.geojson", collection(shapes).encode())
    there = there_now(county)
    assert there.recipe is not None
    dataset = Dataset(
        files=["up/new.geojson"],
        format="vector",
        columns={"grid_id": "网格编号", "grid_name": "网格名称"},
        crs="EPSG:4326",
    )
    recipe = intake.new_grids_from(there.recipe, dataset, date(2025, 3, 6))
    engine = bring(county, incoming, recipe, "up/new.geojson")
    issues = engine.query("select issue_id, reported_at, grid_id from core_issue")
    is_old = issues["reported_at"] < "2025-03-06"
    assert set(issues.loc[is_old, "grid_id"].dropna()) <= {"G1", "G2", "G3", "G4"}
    assert set(issues.loc[~is_old, "grid_id"].dropna()) == {"W", "E"}
    before = county.served().query("select 1 as one")
    assert len(before) == 1
    grids = engine.query("select * from core_grid order by grid_id").set_index("grid_id")
    assert grids.loc["G1", "valid_to"] == pd.Timestamp("2025-03-05")
    assert grids.loc["W", "valid_from"] == pd.Timestamp("2025-03-06")
    assert engine.query("select count(*) as n from core_border_fault").iloc[0]["n"] == 0, (
        "old and new grids do not overlap in time"
    )
    street = engine.query("select grid_id, sum(length_m) as m from mart_grid_street group by grid_id")
    by_grid = street.set_index("grid_id")["m"]
    four, two = by_grid[["G1", "G2", "G3", "G4"]].sum(), by_grid[["W", "E"]].sum()
    assert four == pytest.approx(two), "the same streets, divided otherwise"


@pytest.mark.parametrize(
    ("crs", "expected"),
    [
        ("EPSG:4326", ["EPSG:4326", "GCJ-02", "BD-09"]),
        ("EPSG:4546", [f"EPSG:{code}" for code in range(4534, 4555)]),
        ("EPSG:4525", ["EPSG:4525"]),  # zone 37 before the easting
    ],
)
def test_coordinate_systems_by_the_look_of_the_numbers(crs: str, expected: list[str]) -> None:
    x, y = transform_xy(np.array([111.2]), np.array([30.5]), "EPSG:4326", crs)
    assert crs_candidates(x, y) == expected


def test_the_central_meridian_is_found_by_the_grids(county: County) -> None:
    """Six-digit eastings fit every zone by their numbers, but only one by the place."""
    points = [(300.0, 305.0), (800.0, 310.0), (900.0, 800.0)]
    lon, lat = np.array([lonlat(*point) for point in points]).T
    x, y = transform_xy(lon, lat, "EPSG:4326", "EPSG:4546")
    text = "编号,名称,X坐标,Y坐标\n" + "".join(
        f"{n},点{n},{a:.2f},{b:.2f}\n" for n, (a, b) in enumerate(zip(x, y, strict=True))
    )
    incoming = look(county, "sites.csv", text.encode())
    columns = {"lon": "X坐标", "lat": "Y坐标"}
    fits, _ = intake.coordinate_evidence(incoming, columns, there_now(county))
    assert (fits[0].crs, fits[0].inside_share) == ("EPSG:4546", 1.0)
    assert fits[1].inside_share == 0


def test_a_new_county_begins_with_its_grids(tmp_path: Path, county: County) -> None:
    content = (county.root / "grids.geojson").read_bytes()
    store = tmp_path / "new"
    incoming = intake.look_at(intake.receive("网格.geojson", content, store))
    assert intake.proposed_table(incoming) == "core_grid"
    columns = {f: p.header for f, p in intake.proposed_columns(incoming, "core_grid").items()}
    start = intake.new_county("新县", incoming, "EPSG:4326")
    dataset = Dataset(files=["up/网格.geojson"], format="vector", columns=columns, crs="EPSG:4326")
    recipe = intake.with_file(start, "core_grid", dataset, None)
    plan = intake.Plan(
        build_id="", recipe=recipe, new_files={"up/网格.geojson": incoming.path}, store=store
    )
    *_, end = intake.load(plan)
    assert isinstance(end, intake.LoadEnd)
    assert end.build_id, end.error
    assert len(open_build(end.build_id, store).query("select * from core_grid")) == 4


def test_an_upload_cannot_leave_its_folder(tmp_path: Path) -> None:
    for name in ("../../evil.csv", "..\\..\\evil.csv", "/etc/evil.csv", "a[1]*?.csv"):
        path = intake.receive(name, b"1", tmp_path)
        assert path.parent.parent == tmp_path / "incoming"
        assert not set(path.name) & set("[]*?/\\")


def test_who_loads_from_a_build_that_was_overtaken_is_told(county: County) -> None:
    """Two people look at the same build; the second must not undo the first one's load."""
    there = there_now(county)
    assert there.recipe is not None
    plans = []
    for number in (1, 2):
        line = LINES[0].replace("A01", f"P{number}")
        incoming = look(county, f"p{number}.csv", "\r\n".join([PLATFORM, line]).encode("gb18030"))
        known = intake.known_dataset(incoming, there.recipe)
        assert known is not None
        name = f"up/p{number}.csv"
        new = intake.dataset_of(
            incoming, name, known[1].columns, known[1].crs, known[1].date_order, known[1]
        )
        recipe = intake.with_file(there.recipe, "core_issue", new, known[1])
        files = {name: incoming.path}
        plans.append(
            intake.Plan(build_id=there.build_id, recipe=recipe, new_files=files, store=county.store)
        )
    ends = [list(intake.load(plan))[-1] for plan in plans]
    assert all(isinstance(end, intake.LoadEnd) for end in ends)
    assert ends[0].build_id == current_build_id(county.store)  # type: ignore[union-attr]
    assert "已被取代" in ends[1].error  # type: ignore[union-attr]


def test_a_name_that_is_taken_never_writes_into_an_original(county: County, tmp_path: Path) -> None:
    original = tmp_path / "original"
    original.write_text("kept")
    target = tmp_path / "target"
    place(original, target)
    with pytest.raises(FileExistsError):
        place(county.root / "platform.csv", target)
    assert original.read_text() == "kept"


def test_grids_may_be_replaced_again_and_again(county: County) -> None:
    there = there_now(county)
    assert there.recipe is not None
    box = feature(shapely.box(0, 0, 1200, 1200), 网格编号="ALL", 网格名称="全城")
    incoming = look(county, "one.geojson", collection([box]).encode())
    recipe = there.recipe
    before: Dataset | None = None
    for number, day in enumerate((date(2025, 3, 4), date(2025, 3, 8))):
        columns = {"grid_id": "网格编号", "grid_name": "网格名称"}
        dataset = intake.dataset_of(
            incoming, f"up/{number}.geojson", columns, "EPSG:4326", "ymd", before
        )
        recipe = intake.new_grids_from(recipe, dataset, day)
        before = recipe.core_grid[-1]
    periods = [(d.defaults.get("valid_from"), d.defaults.get("valid_to")) for d in recipe.core_grid]
    assert periods == [
        (None, "2025-03-03"), ("2025-03-04", "2025-03-07"), ("2025-03-08", None),
    ]  # fmt: skip


def test_a_file_with_fewer_columns_takes_nothing_away(county: County) -> None:
    """Only number, time and closing: category, department and place of before stay."""
    there = there_now(county)
    assert there.recipe is not None
    text = "案卷编号,上报时间,结案时间\nA02,2025-03-02 08:00:00,2025-03-09 10:00:00\n"
    incoming = look(county, "short.csv", text.encode())
    columns = {"issue_id": "案卷编号", "reported_at": "上报时间", "closed_at": "结案时间"}
    dataset = intake.dataset_of(incoming, "up/short.csv", columns, "", "ymd", None)
    recipe = intake.with_file(there.recipe, "core_issue", dataset, there.recipe.core_issue[0])
    engine = bring(county, incoming, recipe, "up/short.csv")
    row = engine.query("select * from core_issue where issue_id = 'A02'").iloc[0]
    assert row["closed_at"] == pd.Timestamp("2025-03-09 10:00")
    assert (row["category"], row["grid_id"], row["department"]) == ("暴露垃圾", "G1", "县城管局")
    changed = engine.query("select column_name from core_issue_change")["column_name"].tolist()
    assert changed == ["closed_at"]


def test_an_older_export_that_opens_closed_issues_is_noticed(county: County) -> None:
    opened = LINES[0].replace("2025-03-01 12:00:00", "")
    engine = next_export(county, [opened, *LINES[1:]])
    found = engine.query("select * from load_finding").set_index("finding")
    assert found.loc["closing_withdrawn", "detail"] == "A01"


def test_a_refused_fix_is_not_mended_by_another_fix_of_the_vehicle() -> None:
    faults = pd.DataFrame({"key": ["V1", None]})
    later = [SimpleNamespace(frame=pd.DataFrame({"vehicle_id": ["V1"]}))]
    assert not mended(TABLES["core_fix"], faults, later).any()  # type: ignore[arg-type]


def test_a_load_goes_on_when_nobody_listens(county: County) -> None:
    line = LINES[0].replace("A01", "P9")
    incoming = look(county, "p9.csv", "\r\n".join([PLATFORM, line]).encode("gb18030"))
    there = there_now(county)
    assert there.recipe is not None
    known = intake.known_dataset(incoming, there.recipe)
    assert known is not None
    new = intake.dataset_of(incoming, "up/p9.csv", known[1].columns, known[1].crs, "ymd", known[1])
    plan = intake.Plan(
        build_id=there.build_id,
        recipe=intake.with_file(there.recipe, "core_issue", new, known[1]),
        new_files={"up/p9.csv": incoming.path},
        store=county.store,
    )
    steps = intake.load(plan)
    next(steps)
    steps.close()  # type: ignore[attr-defined]
    assert current_build_id(county.store) != there.build_id
