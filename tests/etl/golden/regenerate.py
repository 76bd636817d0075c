"""The golden county: small raw files with one of every trap, and the tables that they become.

    python -m tests.etl.golden.regenerate

writes `expected/` anew. Run it by hand after a wanted change, never in CI, and review the diff.

raw/grids.geojson         G4 drawn in two parts; G2 without a name
raw/streets.geojson       S1 crosses two grids, S2 lies on their border, S4 on the seam of G4, S5 leaves
                          the county, S10 is outside it, S7 has no class, S8 no length, S9 no shape
raw/platform_2025-03.csv  GBK; a header row, (0, 0), no coordinates, a sink point, outside every grid
                          (A07), 30 m from a street (A08), on a border (A11, A12), an impossible date, a
                          missing id, blank (A10), alias (A02) and unknown (A19) categories, closed too
                          early (A12), a copy (A13), closed again (A14), bad coordinates (A15 to A17), a
                          year 2206 (A18), a column too many (A20)
raw/platform_2025-04.csv  the next export: A21 has vanished, A13 is refused, A02 closed, B01, B02 new
raw/ledger.csv            UTF-8 with a byte-order mark, metres, other time formats, a cell of two lines
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from data.builds import current_build_id, open_build
from data.engine import DuckDBEngine
from etl.load import build
from etl.recipe import load_recipe

HERE = Path(__file__).parent
EXPECTED = HERE / "expected"
TABLES = (
    "core_grid",
    "core_segment",
    "core_issue",
    "core_issue_change",
    "mart_place",
    "mart_episode",
    "mart_grid_neighbour",
    "mart_segment_neighbour",
    "load_file",
    "load_refused",
    "load_finding",
)
DECIMALS = {
    "lon": 6,
    "lat": 6,
    "area_m2": 1,
    "length_m": 2,
    "segment_offset_m": 2,
    "segment_along_m": 2,
}


def build_golden(store: Path) -> DuckDBEngine:
    """The golden county, built into a store and opened."""
    build(load_recipe(str(HERE / "raw" / "golden.toml")), store)
    return open_build(current_build_id(store), store)


def table_text(engine: DuckDBEngine, table: str) -> str:
    """A table as CSV: sorted, fixed decimals, without geometry and digests."""
    frame = engine.query(f"select * from {table}").drop(columns=["geom", "sha256"], errors="ignore")
    for column in frame.columns.intersection(list(DECIMALS)):
        fixed = frame[column].map(f"{{:.{DECIMALS[column]}f}}".format)
        frame[column] = fixed.where(frame[column].notna())
    text = frame.astype(object).where(frame.notna(), "").astype(str)
    return text.sort_values(list(text.columns)).to_csv(index=False, lineterminator="\n")


def main() -> None:
    """Write the expected tables."""
    EXPECTED.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        engine = build_golden(Path(folder))
        for table in TABLES:
            (EXPECTED / f"{table}.csv").write_bytes(table_text(engine, table).encode())
        engine.close()


if __name__ == "__main__":
    main()
