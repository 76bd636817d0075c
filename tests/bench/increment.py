"""A day's file for a county of many issues: added to a build, built all anew, and the plain script.

    python -m tests.bench.increment prepare RECIPE WORK    base store, the day's file and the plan
    python -m tests.bench.increment check STORE STORE      whether two stores serve the same tables

The last line of the output is JSON. What is measured is `python -m etl add`, as the page starts it.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench.measure import Run, Tell, alternate, ratio, run, save, spread, steps

PLAIN = Path(__file__).with_name("plain.py")
DAY, NEW, CHANGED = "day.csv", 1_000, 1_000
HEADER = (
    "| a day of 2,000 rows | add | all anew | plain script | anew / add | plain / add |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: |"
)
OF_THE_LOAD = ("build", "load_history")  # tables that say when and under which id


def compare(county: str, work: Path, rounds: int, tell: Tell) -> None:
    """Measure a day's load in a fresh copy of one base store; tell the result.

    Copies are hard links, since builds, originals and checked files are never changed in place.
    """
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    this, folder = ("-m", "tests.bench.increment"), Path(county).parent
    size = run(*this, "prepare", county, work).said

    def add(side: str) -> Run:
        store = work / side
        shutil.rmtree(store, ignore_errors=True)
        shutil.copytree(work / "base", store, copy_function=os.link)
        if side == "anew":
            shutil.rmtree(store / "checked")
        plan = json.loads((work / "plan.json").read_text("utf-8"))
        path = work / f"plan-{side}.json"
        path.write_text(json.dumps(plan | {"store": str(store)}, ensure_ascii=False), "utf-8")
        return run("-m", "etl", "add", path)

    runs = alternate(
        rounds,
        {
            "add": lambda: add("add"),
            "anew": lambda: add("anew"),
            "plain": lambda: run(PLAIN, "county", folder, work / "plain.parquet", work / DAY),
        },
        lambda line: tell(f"increment: {line}"),
    )
    check = run(*this, "check", work / "add", work / "anew").said
    save(work, {"size": size, "check": check}, runs)
    rows = [
        _row("wall s", runs, lambda done: done.wall_s),
        _row("CPU s", runs, lambda done: done.cpu_s),
        _row("peak of one process, MiB", runs, lambda done: done.peak_mib, 0),
        _row("peak over all processes, MiB", runs, lambda done: done.sum_mib, 0),
    ]
    tell("\n" + "\n".join([f"{size}", HEADER, *rows]))
    tell(f"\nissues of the plain script: {runs['plain'][0].said['rows']}\nadd and anew: {check}")
    for side in ("add", "anew"):
        tell(f"median seconds of each step, {side}: {steps(runs[side])}")


def _row(title: str, runs: dict[str, list[Run]], value: Callable[[Run], float], digits: int = 2) -> str:
    add, anew, plain = ([value(done) for done in runs[side]] for side in ("add", "anew", "plain"))
    spreads = " | ".join(spread(values, digits) for values in (add, anew, plain))
    return f"| {title} | {spreads} | {ratio(anew, add)} | {ratio(plain, add)} |"


def prepare(county: str, work: str) -> dict[str, object]:
    import pandas as pd

    from etl.guard import read_guarded
    from etl.intake import Plan, with_file
    from etl.load import build
    from etl.recipe import load_recipe

    recipe, store, day = load_recipe(county), Path(work) / "base", Path(work) / DAY
    base = build(recipe, store, read=read_guarded)
    issues = pd.read_csv(recipe.root / "issues.csv", encoding="gbk", dtype=str)
    sound = issues[issues["上报时间"].str.startswith("20")].drop_duplicates("案卷编号")
    sound = sound[sound["结案时间"].notna()].sample(NEW + CHANGED, random_state=42)
    new, changed = sound[:NEW].copy(), sound[NEW:].copy()
    new["案卷编号"] = [f"20260101610399{number:05d}" for number in range(1, NEW + 1)]
    for column in ("上报时间", "处置截止时间", "结案时间", "核查时间"):
        new[column] = _later(new[column], pd.Timedelta(days=90))
    changed["结案时间"] = _later(changed["结案时间"], pd.Timedelta(hours=1))
    both = pd.concat([new, changed])
    both.to_csv(day, index=False, encoding="gbk", lineterminator="\r\n")
    known = recipe.core_issue[-1]
    plan = Plan(
        build_id=base.build_id,
        recipe=with_file(recipe, "core_issue", known.model_copy(update={"files": [DAY]}), known),
        new_files={DAY: day},
        store=store,
    )
    (Path(work) / "plan.json").write_text(plan.model_dump_json(), "utf-8")
    return {"base_rows": len(issues), "day_rows": len(both)}


def _later(times: pd.Series, by: pd.Timedelta) -> pd.Series:  # noqa: F821 pandas is imported late
    import pandas as pd

    return (pd.to_datetime(times) + by).dt.strftime("%Y-%m-%d %H:%M:%S")


def check(one: str, other: str) -> dict[str, object]:
    """Counts of both builds, and the tables in which they differ."""
    import duckdb

    from data.builds import current_build_id
    from data.catalog import TABLES

    connection = duckdb.connect()
    for name, store in (("one", Path(one)), ("other", Path(other))):
        path = store / f"{current_build_id(store)}.duckdb"
        connection.execute(f"attach '{path}' as {name} (read_only)")
    differ = [
        table
        for table in TABLES
        if table not in OF_THE_LOAD
        and connection.execute(
            f"select count(*) from ((select * from one.{table} except all select * from other.{table})"
            f" union all (select * from other.{table} except all select * from one.{table}))"
        ).fetchone()
        != (0,)
    ]
    counts = {
        table: connection.execute(f"select count(*) from one.{table}").fetchone()[0]
        for table in ("core_issue", "core_issue_change")
    }
    return counts | {"tables_that_differ": differ}


if __name__ == "__main__":
    jobs: dict[str, Callable[..., dict[str, object]]] = {"prepare": prepare, "check": check}
    print(json.dumps(jobs[sys.argv[1]](*sys.argv[2:])))
