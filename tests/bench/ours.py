"""One build by etl.load, in its own process: python -m tests.bench.ours RECIPE STORE [guarded].

RECIPE is what `python -m etl build --source` takes; `guarded` reads files in a limited child, as that
does. Says each step as a line of JSON when it begins; the last line has the seconds of each step, the
number of issues accepted and the rows of every table.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import pairwise
from pathlib import Path

from etl.extract import read_file
from etl.guard import read_guarded
from etl.load import build
from etl.recipe import load_recipe


def main() -> None:
    source, store, *guarded = sys.argv[1:]
    begun = []

    def tell(step: str) -> None:
        begun.append((step, time.perf_counter()))
        print(json.dumps({"step": step}), flush=True)

    read = read_guarded if guarded else read_file
    report = build(load_recipe(source), Path(store), tell, read=read)
    begun.append(("", time.perf_counter()))
    seconds = {step: round(after - began, 2) for (step, began), (_, after) in pairwise(begun)}
    accepted = report.files.groupby("table_name")["accepted"].sum().to_dict()
    print(json.dumps({"seconds": seconds, "rows": accepted["core_issue"], "tables": accepted}))


if __name__ == "__main__":
    main()
