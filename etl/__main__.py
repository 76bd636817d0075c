"""python -m etl: build a county from its files, look at the builds, choose the one that is served."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from data.builds import NoBuildError, builds, current_build_id
from data.messages import DataError
from data.settings import ROOT, settings
from etl.extract import read_file
from etl.guard import read_guarded
from etl.intake import Plan
from etl.load import Tell
from etl.load import build as build_county
from etl.load import remake as remake_build
from etl.publish import point_current
from etl.recipe import DATASET_TABLES, load_recipe, recipe_names
from etl.report import LoadReport

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
console = Console()
errors = Console(stderr=True, soft_wrap=True)
Store = Annotated[Path | None, typer.Option(help="folder of the builds")]


def _say(error: DataError) -> None:
    """One message, for whoever sits there and for the log."""
    errors.print(f"错误：{error.zh}", style="red", markup=False, highlight=False)
    errors.print(f"error: {error}", style="red", markup=False, highlight=False)


def _run(make: Callable[[Path, Tell], LoadReport], store: Path | None) -> None:
    """Build with a progress bar; end with the load report, or with one message and exit code 1."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    try:
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task("reading the recipe")
            report = make(
                store or settings().store, lambda step: progress.update(task, description=step)
            )
    except DataError as error:
        _say(error)
        raise typer.Exit(1) from error
    except NoBuildError as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(1) from error
    report.show(console)


@app.command()
def build(
    source: Annotated[str, typer.Option(help="name of a recipe in etl/sources, or a .toml file")],
    store: Store = None,
    *,
    trusted: Annotated[bool, typer.Option(help="read files without a limited child process")] = False,
) -> None:
    """Build a county from its files and publish it; the running app shows it at once."""
    read = read_file if trusted else read_guarded
    _run(lambda folder, tell: build_county(load_recipe(source), folder, tell, read=read), store)


@app.command()
def remake(build_id: str, store: Store = None) -> None:
    """Make a published build again from the originals that the store has kept."""
    _run(lambda folder, tell: remake_build(build_id, folder, tell), store)


@app.command()
def demo(
    store: Store = None,
    seed: Annotated[int, typer.Option(help="another seed, another county")] = 42,
) -> None:
    """Write the files of the synthetic county to data/raw/demo and the photos' folder, and build it."""
    from etl.demo import write_demo  # noqa: PLC0415 only this command needs it

    with console.status("writing the files of the demo county"):
        write_demo(ROOT / "data" / "raw" / "demo", seed=seed, photo_folder=settings().photos)
    _run(lambda folder, tell: build_county(load_recipe("demo"), folder, tell), store)


@app.command()
def draft(
    files: Annotated[list[Path], typer.Argument(help="files of one folder", exists=True)],
    out: Annotated[Path, typer.Option(help="the recipe to write")] = Path("county.toml"),
) -> None:
    """Draft a recipe: what each column probably is, and why, for you to check."""
    from etl.draft import draft_recipe  # noqa: PLC0415 only this command needs it

    try:
        text = draft_recipe(files, out.stem)
    except DataError as error:
        _say(error)
        raise typer.Exit(1) from error
    out.write_text(text, "utf-8")
    console.print(text, markup=False, highlight=False, soft_wrap=True)
    console.print(f"written to {out}: check every line", markup=False)


@app.command()
def add(
    plan: Annotated[Path, typer.Argument(help="what the page 数据管理 has written", exists=True)],
) -> None:
    """Load new files into the county that is served; says each step as a line of JSON."""

    def say(**facts: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # nobody listens any more: the load goes on
            print(json.dumps(facts), flush=True)

    try:
        build_id = Plan.model_validate_json(plan.read_text("utf-8")).run(lambda step: say(step=step.zh))
    except DataError as error:
        errors.print(f"error: {error}", markup=False)
        say(error=error.zh)
        raise typer.Exit(1) from error
    say(build_id=build_id)


@app.command()
def template(
    table: Annotated[str, typer.Argument(help="a table of docs/data-formats.md, such as core_issue")],
    out: Annotated[Path | None, typer.Option(help="the workbook to write")] = None,
) -> None:
    """Write a template workbook: headings, examples and notes for the files of a table."""
    if table not in DATASET_TABLES:
        errors.print(f"no table {table}; there are: {', '.join(DATASET_TABLES)}", markup=False)
        raise typer.Exit(1)
    from data.templates import template_workbook  # noqa: PLC0415 only this command needs it

    path = out or Path(f"{table}.xlsx")
    path.write_bytes(template_workbook(table))
    console.print(f"written to {path}", markup=False)


@app.command()
def sources() -> None:
    """List the recipes."""
    for name in recipe_names():
        recipe = load_recipe(name)
        console.print(f"{name:12} {recipe.title}  {recipe.root}", markup=False)


@app.command("builds")
def list_builds(store: Store = None) -> None:
    """List the published builds; the one that is served is marked."""
    folder = store or settings().store
    try:
        current = current_build_id(folder)
    except NoBuildError as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(1) from error
    for build_id in builds(folder):
        console.print(f"{'*' if build_id == current else ' '} {build_id}")


@app.command()
def serve(build_id: str, store: Store = None) -> None:
    """Serve an older build again (an undo of the last load)."""
    try:
        point_current(build_id, store or settings().store)
    except NoBuildError as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(1) from error
    console.print(f"serving {build_id}")


if __name__ == "__main__":
    app()
