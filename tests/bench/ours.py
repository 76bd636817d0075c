"""One build by etl.load, in its own process: python -m tests.bench.ours RECIPE STORE.

RECIPE is what `python -m etl build --source` takes. The last line of the output is JSON: seconds of
each step and the number of issues accepted.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import pairwise
from pathlib import Path

from etl.load import build
from etl.recipe import load_recipe


def main() -> None:
    source, store = sys.argv[1], Path(sys.argv[2])
    steps = []
    report = build(load_recipe(source), store, lambda step: steps.append((step, time.perf_counter())))
    steps.append(("", time.perf_counter()))
    seconds = {step: round(after - began, 2) for (step, began), (_, after) in pairwise(steps)}
    issues = report.files["table_name"] == "core_issue"
    print(json.dumps({"seconds": seconds, "rows": int(report.files.loc[issues, "accepted"].sum())}))


if __name__ == "__main__":
    main()
