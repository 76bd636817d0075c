"""The comparison: a build against the plain geopandas script, and placing alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from data.settings import ROOT
from tests.bench.measure import Run, Tell, alternate, ratio, run, spread

PLAIN = Path(__file__).with_name("plain.py")
BOSTON = ROOT.parent / "shared" / "data" / "boston"
HEADER = "| what | build | plain script | plain / build |\n| --- | ---: | ---: | ---: |"
Sides = dict[str, list[Run]]


def compare(city: str, source: str, raw: Path, work: Path, rounds: int, tell: Tell) -> None:
    """Measure one county: whole build, then placing on the arrays of that build; tell the result.

    city    what plain.py calls it.
    source  recipe name or .toml of the build; `raw`, the folder of its files.
    work    folder for what is written, emptied first; all runs end in its results.json.
    """
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    store, table, arrays = work / "store", work / "plain.parquet", work / "arrays"

    def build() -> Run:
        shutil.rmtree(store, ignore_errors=True)  # it keeps checked files, which are not read again
        return run("-m", "tests.bench.ours", source, store)

    whole = alternate(
        rounds,
        {
            "build": build,
            "plain": lambda: run(PLAIN, city, raw, table),
        },
        lambda line: tell(f"{city}, whole: {line}"),
    )
    place = ("-m", "tests.bench.place")
    size = run(*place, "arrays", store, arrays).said
    placing = alternate(
        rounds,
        {
            "build": lambda: run(*place, "ours", arrays),
            "plain": lambda: run(*place, "plain", arrays),
        },
        lambda line: tell(f"{city}, placing: {line}"),
    )
    check = run(*place, "check", arrays).said
    results = {
        "size": size,
        "whole": _plain_data(whole),
        "placing": _plain_data(placing),
        "check": check,
    }
    (work / "results.json").write_text(json.dumps(results, ensure_ascii=False, indent=1), "utf-8")
    tell("\n" + "\n".join([f"{city} {size}", HEADER, *_whole_rows(whole), *_placing_rows(placing)]))
    rows = {side: runs[0].said["rows"] for side, runs in whole.items()}
    tell(f"\nissues in the result: {rows}\nagreement: {check}\nmedian seconds of each step:")
    for side, runs in whole.items():
        for step in runs[0].said["seconds"]:
            tell(f"  {side}: {step}: {spread([done.said['seconds'][step] for done in runs])}")


def _plain_data(sides: Sides) -> dict[str, list[dict[str, object]]]:
    return {side: [vars(done) for done in runs] for side, runs in sides.items()}


def _whole_rows(sides: Sides) -> list[str]:
    return [
        _row("whole, wall s", sides, lambda done: done.wall_s),
        _row("whole, CPU s", sides, lambda done: done.cpu_s),
        _row("whole, peak of one process, MiB", sides, lambda done: done.peak_mib, 0),
        _row("whole, peak over all processes, MiB", sides, lambda done: done.sum_mib, 0),
    ]


def _placing_rows(sides: Sides) -> list[str]:
    return [
        _row("placing, both s", sides, lambda done: done.said["both_s"]),
        _row("placing, grid s", sides, lambda done: done.said["grid_s"]),
        _row("placing, nearest segment s", sides, lambda done: done.said["segment_s"]),
        _row("placing, peak MiB", sides, lambda done: done.peak_mib, 0),
    ]


def _row(title: str, sides: Sides, value: Callable[[Run], float], digits: int = 2) -> str:
    build, plain = ([value(done) for done in sides[side]] for side in ("build", "plain"))
    return f"| {title} | {spread(build, digits)} | {spread(plain, digits)} | {ratio(plain, build)} |"
