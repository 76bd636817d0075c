"""Every named query: documented, bound, portable, and one row per grain."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlglot

from data.engine import QUERIES, DuckDBEngine, query_text
from pages.ui.records import RECORD_COLUMNS
from tests.cleaning import worked_county

NAMES = sorted(path.stem for path in QUERIES.glob("*.sql"))
MARTS = sorted((Path(__file__).parents[2] / "etl" / "sql").glob("*.sql"))
PARAMS = {
    "since": "2000-01-01",
    "today": "2026-10-01",
    "lead_unit": "",
    "until": "2100-01-01",
    "category": "",
    "category_class": "",
    "year_since": "2000-01-01",
    "lately_since": "2000-01-01",
    "seen_since": "2000-01-01",
    "department": "",
    "close_by": "closed",
    "within_days": 30,
    "dated_by": "closing",
    "observed_until": "2100-01-01",
    "inspection_id": "1",
    "episode_id": 0,
    "at_least": 2,
    "metric": "reported",
    "near_m": 30,
    "row_limit": 1000,
    "step_m": 20,
    "least_m": 20,
    "stretch": 0,
    "step_lon": 0.001,
    "step_lat": 0.001,
    "part": "category",
    "layer": "grids",
    "edition": "2021",
    "swept_share": 0.8,
    "segment_id": "S1@G1",
    "west": -180.0,
    "south": -90.0,
    "east": 180.0,
    "north": 90.0,
    "part_key": "*",
    "day": "2025-03-04",  # a track of S1
}
OF_ONE_GRID = ("issues_by_street", "grid_shape", "newest_of_grid", "overdue_of_grid")
# Of a segment and a day that the tiny county knows of.
OF_WORK = ("last_swept", "cleaning_of_segment", "tracks_of_segment", "shifts_of_segment")
RECORDS = ("issue_records", "matrix_records", "records_in_box", "records_of_stretch", "segment_records")
RECORD = [
    *RECORD_COLUMNS, "photo_before", "photo_after", "grid_id", "location", "lon", "lat",
]  # fmt: skip


def header(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if line.startswith("--"))


def used_params(text: str) -> set[str]:
    return set(re.findall(r"\$(\w+)", text))


def a_grid(engine: DuckDBEngine) -> str:
    """The grid with the most issues."""
    rows = engine.select(
        "issues_by_grid", since="2000-01-01", until="2100-01-01", category_class="", department=""
    )
    return str(rows.sort_values("reported")["grid_id"].iloc[-1])


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> DuckDBEngine:
    """The tiny county with a log and tracks."""
    return worked_county(tmp_path_factory.mktemp("worked")).build()


def a_segment(engine: DuckDBEngine) -> str:
    """A piece of street with issues on it."""
    rows = engine.select(
        "issues_by_segment",
        since="2000-01-01",
        until="2100-01-01",
        category_class="",
        department="",
        near_m=30,
    )
    return str(rows.sort_values("reported")["segment_id"].iloc[-1])


@pytest.mark.parametrize("name", NAMES)
def test_header_states_grain_and_every_parameter(name: str) -> None:
    text = query_text(name)
    assert "-- grain:" in text
    named = header(text).partition("-- params:")[2]
    assert all(param in named for param in used_params(text))


@pytest.mark.parametrize("name", NAMES)
def test_runs_and_has_one_row_per_grain(
    name: str, demo_engine: DuckDBEngine, worked: DuckDBEngine
) -> None:
    text = query_text(name)
    engine = worked if name in OF_WORK else demo_engine
    episode = demo_engine.query("select place_id, category_code from mart_episode limit 1").iloc[0]
    params = PARAMS | {
        "place_id": int(episode["place_id"]),
        "category_code": int(episode["category_code"]),
        "grid_id": a_grid(demo_engine) if name in OF_ONE_GRID else "",
        "segment_id": PARAMS["segment_id"] if name in OF_WORK else a_segment(demo_engine),
        "issue_id": str(demo_engine.select("episode_issues", episode_id=0)["issue_id"].iloc[0]),
    }
    rows = engine.select(name, **{key: params[key] for key in used_params(text)})
    grain = text.partition("-- grain:")[2].splitlines()[0]
    columns = [word for word in re.findall(r"\w+", grain) if word in rows.columns]
    if "one row" in grain:
        assert len(rows) <= 1
    else:
        assert columns, f"{name}: the grain `{grain}` names no column"
        if name in ("border_faults", "visits_by_grid", "visits_by_place"):
            # The demo has none: tests/etl/test_build.py, tests/data/test_hotspot_views.py, test_frame
            return
        assert len(rows), f"{name}: no rows, so its grain is not tested"
        assert not rows.duplicated(columns).any()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dialect", ["spark", "trino", "postgres"])
def test_speaks_sql_that_other_engines_know(name: str, dialect: str) -> None:
    """The same text must run on a big engine (docs/adr/0006): it parses, and uses nothing of ours."""
    text = query_text(name)
    assert not re.search(r"\b(qualify|pivot|group by all|read_csv|read_parquet|list_\w+)\b", text, re.I)
    tree = sqlglot.parse_one(text, read="duckdb")
    again = sqlglot.transpile(text, read="duckdb", write=dialect, unsupported_level=None)[0]
    assert sqlglot.parse_one(again, read=dialect).key == tree.key


@pytest.mark.parametrize(
    ("name", "columns"),
    [*((name, RECORD) for name in RECORDS), ("inspection_finds", [*RECORD_COLUMNS])],
)
def test_records_are_alike_whatever_lists_them(name: str, columns: list[str]) -> None:
    """What a table shows of a record, what a map and photos need; a total where rows are cut off."""
    text = query_text(name)
    total = ["total"] if "$row_limit" in text else []
    assert sqlglot.parse_one(text, read="duckdb").named_selects == [*columns, *total]


@pytest.mark.parametrize("path", MARTS, ids=lambda path: path.stem)
def test_marts_state_grain_and_units(path: Path) -> None:
    text = path.read_text("utf-8")
    assert "-- grain:" in text
    assert "-- units:" in text
    assert sqlglot.parse_one(text, read="duckdb")
