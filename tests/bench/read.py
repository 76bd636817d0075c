"""Reading the county's issues.csv: each side in its own process, or all of them compared.

    python -m tests.bench.read file RECIPE        etl.extract.read_file
    python -m tests.bench.read guarded RECIPE     etl.guard.read_guarded: the same in a limited child
    python -m tests.bench.read duckdb TEXT        DuckDB's read_csv of the same text in UTF-8, to Arrow
    python -m tests.bench.read pandas TEXT        the same to a DataFrame with text as Arrow text

The last line of the output is JSON: seconds of reading alone, without starting Python, and the rows.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.measure import Run, Tell, alternate, ratio, run, save, spread

HEADER = (
    "| issues.csv | seconds | peak MiB, all processes | duckdb / it |\n| --- | ---: | ---: | ---: |"
)
SIDES = {
    "file": "read_file, GBK",
    "file_utf8": "read_file, UTF-8",
    "guarded": "read_guarded, GBK",
    "duckdb": "DuckDB to Arrow, UTF-8",
    "pandas": "DuckDB to pandas with Arrow text, UTF-8",
}


def compare(county: str, work: Path, rounds: int, tell: Tell) -> None:
    """Measure every side on the county's issues and tell the result; all runs end in results.json."""
    work.mkdir(parents=True, exist_ok=True)
    folder = Path(county).parent
    text = folder / "issues-utf8.csv"
    if not text.exists():
        unfinished = text.with_suffix(".unfinished")
        unfinished.write_bytes((folder / "issues.csv").read_bytes().decode("gbk").encode())
        unfinished.replace(text)
    this = ("-m", "tests.bench.read")
    runs = alternate(
        rounds,
        {
            "file": lambda: run(*this, "file", county),
            "file_utf8": lambda: run(*this, "file_utf8", county),
            "guarded": lambda: run(*this, "guarded", county),
            "duckdb": lambda: run(*this, "duckdb", text),
            "pandas": lambda: run(*this, "pandas", text),
        },
        lambda line: tell(f"read: {line}"),
    )
    size = {path.name: path.stat().st_size for path in (folder / "issues.csv", text)}
    save(work, {"size": size}, runs)
    rows = {side: done[0].said["rows"] for side, done in runs.items()}
    tell("\n" + "\n".join([f"{size}, rows {rows}", HEADER, *(_row(side, runs) for side in SIDES)]))


def _row(side: str, runs: dict[str, list[Run]]) -> str:
    own, theirs = ([done.said["seconds"] for done in runs[name]] for name in (side, "duckdb"))
    peak = spread([done.sum_mib for done in runs[side]], 0)
    return f"| {SIDES[side]} | {spread(own)} | {peak} | {ratio(theirs, own)} |"


def _ours(recipe: str, how: str) -> Callable[[], int]:
    from etl.extract import read_file
    from etl.guard import read_guarded
    from etl.recipe import load_recipe

    county = load_recipe(recipe)
    dataset, path = county.core_issue[0], county.root / "issues.csv"
    if how == "file_utf8":
        dataset, path = dataset.model_copy(update={"encoding": ""}), county.root / "issues-utf8.csv"
    read = read_guarded if how == "guarded" else read_file
    return lambda: read(path, dataset, path.name).rows_read


def _duckdb(text: str, how: str) -> Callable[[], int]:
    import duckdb
    import pandas as pd
    import pyarrow as pa

    connection = duckdb.connect()
    words = pd.StringDtype("pyarrow")
    types = {pa.string(): words, pa.large_string(): words, pa.string_view(): words}

    def read() -> int:
        table = connection.read_csv(text, all_varchar=True).to_arrow_table()
        return len(table if how == "duckdb" else table.to_pandas(types_mapper=types.get))

    return read


def main() -> None:
    how, path = sys.argv[1:]
    read = _duckdb(path, how) if how in ("duckdb", "pandas") else _ours(path, how)
    began = time.perf_counter()
    rows = read()
    print(json.dumps({"seconds": time.perf_counter() - began, "rows": rows}))


if __name__ == "__main__":
    main()
