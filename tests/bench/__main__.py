"""python -m tests.bench: measurements, run by hand on a quiet machine."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from filelock import FileLock

from tests.bench.build import BOSTON, compare
from tests.bench.coverage import measure
from tests.bench.measure import run

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
PACKAGES = ("duckdb", "shapely", "geopandas", "pandas", "pyarrow", "pyogrio", "numpy")


@app.callback()
def machine() -> None:
    """Measurements, run by hand on a quiet machine; each begins with what the machine is."""
    typer.echo(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}, Python {platform.python_version()}"
    )
    typer.echo(", ".join(f"{name} {version(name)}" for name in PACKAGES))


@app.command()
def build(
    rounds: Annotated[int, typer.Option(min=1, help="runs of each side")] = 7,
    issues: Annotated[int, typer.Option(min=1000, help="rows of issues.csv")] = 1_000_000,
    grids: Annotated[int, typer.Option(min=10, help="polygons")] = 1_000,
    segments: Annotated[int, typer.Option(min=100, help="lines before they are cut")] = 20_000,
    seed: Annotated[int, typer.Option(help="another seed, another county")] = 42,
    boston: Annotated[bool, typer.Option(help="also the real city, where its files are")] = True,
) -> None:
    """Whole build and placing alone, each against a plain geopandas script."""
    county = run("-m", "tests.bench.county", *map(str, (issues, grids, segments, seed))).said
    raw = Path(county["folder"])
    with FileLock(raw / "bench.lock", timeout=0):  # two at once would measure each other
        compare("county", county["recipe"], raw, raw / "county", rounds, typer.echo)
        if boston and BOSTON.is_dir():
            compare("boston", "boston", BOSTON, raw / "boston", rounds, typer.echo)


@app.command()
def coverage(
    segments: Annotated[int, typer.Option(min=200, help="pieces of street")] = 20_000,
    days: Annotated[int, typer.Option(min=1, help="days of the period, each with a log row")] = 90,
    rounds: Annotated[int, typer.Option(min=1, help="runs of each view")] = 9,
) -> None:
    """Coverage marts and views of a county whose every segment is logged on every day."""
    measure(segments, days, rounds, typer.echo)


if __name__ == "__main__":
    app()
