"""python -m tests.bench: measurements, run by hand on a quiet machine."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from filelock import FileLock

from tests.bench import increment as daily
from tests.bench import million as fixes_too
from tests.bench import read as reading
from tests.bench import rehearsal as rehearsing
from tests.bench import sampling as drawing
from tests.bench.build import BOSTON, compare
from tests.bench.coverage import measure
from tests.bench.measure import run
from tests.bench.pages import measure_pages

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
Rounds = Annotated[int, typer.Option(min=1, help="runs of each side")]
Issues = Annotated[int, typer.Option(min=1000, help="rows of issues.csv")]
GRIDS, SEGMENTS, SEED = 1_000, 20_000, 42  # of the county that all commands but `build` use
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
    rounds: Rounds = 7,
    issues: Issues = 1_000_000,
    grids: Annotated[int, typer.Option(min=10, help="polygons")] = GRIDS,
    segments: Annotated[int, typer.Option(min=100, help="lines before they are cut")] = SEGMENTS,
    seed: Annotated[int, typer.Option(help="another seed, another county")] = SEED,
    boston: Annotated[bool, typer.Option(help="also the real city, where its files are")] = True,
) -> None:
    """Whole build and placing alone, each against a plain geopandas script."""
    county = _county(issues, grids, segments, seed)
    raw = Path(county["folder"])
    with FileLock(raw / "bench.lock", timeout=0):  # two at once would measure each other
        compare("county", county["recipe"], raw, raw / "county", rounds, typer.echo)
        if boston and BOSTON.is_dir():
            compare("boston", "boston", BOSTON, raw / "boston", rounds, typer.echo)


def _county(issues: int, grids: int = GRIDS, segments: int = SEGMENTS, seed: int = SEED) -> Any:
    return run("-m", "tests.bench.county", *map(str, (issues, grids, segments, seed))).said


@app.command()
def read(rounds: Rounds = 7, issues: Issues = 1_000_000) -> None:
    """Reading the county's issues (GBK CSV) against DuckDB reading the same text in UTF-8."""
    county = _county(issues)
    raw = Path(county["folder"])
    with FileLock(raw / "bench.lock", timeout=0):
        reading.compare(county["recipe"], raw / "read", rounds, typer.echo)


@app.command()
def increment(rounds: Rounds = 5, issues: Issues = 1_000_000) -> None:
    """A daily file of 2,000 issues: added, all built anew, and the plain script."""
    county = _county(issues)
    raw = Path(county["folder"])
    with FileLock(raw / "bench.lock", timeout=0):
        daily.compare(county["recipe"], raw / "increment", rounds, typer.echo)


@app.command()
def million(
    rounds: Rounds = 3,
    issues: Issues = 1_000_000,
    fixes: Annotated[int, typer.Option(min=1000, help="GPS fixes")] = 5_000_000,
    vehicles: Annotated[int, typer.Option(min=1, help="vehicles that send them")] = 50,
) -> None:
    """Issues and GPS fixes in one build from nothing, against the plain script."""
    county = _county(issues)
    raw = Path(county["folder"])
    sizes = (fixes, vehicles, SEED, issues, GRIDS, SEGMENTS, SEED)
    recipe = run("-m", "tests.bench.fixes", *map(str, sizes)).said["recipe"]
    with FileLock(raw / "bench.lock", timeout=0):
        fixes_too.compare(county["recipe"], recipe, raw / "million", rounds, typer.echo)


@app.command()
def coverage(
    segments: Annotated[int, typer.Option(min=200, help="pieces of street")] = 20_000,
    days: Annotated[int, typer.Option(min=1, help="days of the period, each with a log row")] = 90,
    rounds: Annotated[int, typer.Option(min=1, help="runs of each view")] = 9,
) -> None:
    """Coverage marts and views of a county whose every segment is logged on every day."""
    measure(segments, days, rounds, typer.echo)


@app.command()
def rehearsal(rounds: Rounds = 3) -> None:
    """10,000 rounds of 200 points out of 20,000, against loops of numpy and pandas."""
    rehearsing.compare(rounds, typer.echo)


@app.command()
def sampling(rounds: Rounds = 5) -> None:
    """A draw of 500 of 100,000 sites against the same method written plainly, and what it gains."""
    drawing.compare(rounds, typer.echo)


@app.command()
def pages(
    store: Annotated[Path, typer.Argument(help="a store with a build, e.g. of `python -m etl demo`")],
    sessions: Annotated[int, typer.Option(min=2, help="people looking at once")] = 30,
    minutes: Annotated[float, typer.Option(min=0.1, help="for so long")] = 1.5,
    rounds: Annotated[int, typer.Option(min=1, help="cold starts of each part of a page")] = 3,
) -> None:
    """Every page in a real browser, then many viewers of one page at once."""
    measure_pages(store, typer.echo, sessions=sessions, minutes=minutes, rounds=rounds)


if __name__ == "__main__":
    app()
