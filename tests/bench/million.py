"""A million issues and five million GPS fixes in one build, and the plain script beside it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from tests.bench.measure import Run, Tell, alternate, ratio, run, save, spread, steps

PLAIN = Path(__file__).with_name("plain.py")
HEADER = "| issues and fixes | build | plain script | plain / build |\n| --- | ---: | ---: | ---: |"


def compare(county: str, fixes: str, work: Path, rounds: int, tell: Tell) -> None:
    """Measure builds from nothing, files read in the limited child as the product does.

    county  recipe without fixes, whose folder the plain script takes; fixes the recipe with them.
    """
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)

    def build() -> Run:
        shutil.rmtree(work / "store", ignore_errors=True)
        return run("-m", "tests.bench.ours", fixes, work / "store", "guarded")

    folder = Path(county).parent
    csv = Path(fixes).with_suffix(".csv")
    runs = alternate(
        rounds,
        {
            "build": build,
            "plain": lambda: run(PLAIN, "fixes", folder, work / "plain.parquet", csv),
        },
        lambda line: tell(f"million: {line}"),
    )
    save(work, {}, runs)
    rows = [
        _row("wall s", runs, lambda done: done.wall_s),
        _row("CPU s", runs, lambda done: done.cpu_s),
        _row("peak of one process, MiB", runs, lambda done: done.peak_mib, 0),
        _row("peak over all processes, MiB", runs, lambda done: done.sum_mib, 0),
    ]
    tell("\n" + "\n".join([HEADER, *rows]))
    said = {side: done[0].said for side, done in runs.items()}
    tell(f"\nrows: {said['build']['tables']}, plain: {said['plain']['rows']}")
    children = [done.child_mib for done in runs["build"]]
    tell(f"peak of the child that reads, MiB: {spread(children, 0)}")
    tell(f"median seconds of each step: {steps(runs['build'])}")


def _row(title: str, runs: dict[str, list[Run]], value: Callable[[Run], float], digits: int = 2) -> str:
    build, plain = ([value(done) for done in runs[side]] for side in ("build", "plain"))
    return f"| {title} | {spread(build, digits)} | {spread(plain, digits)} | {ratio(plain, build)} |"
