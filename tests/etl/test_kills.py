"""Killed at any moment, a load leaves the last build served and the next load works.

200 kills: at every write, sync and rename of a load in turn, and the rest at random moments. A process
that has imported everything forks, builds in the child and kills it; the builds are opened here.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from data.builds import current_build_id
from data.engine import DuckDBEngine
from data.settings import ROOT
from tests.conftest import County, issue_line

KILLS = 200
DRIVER = '''
"""argv: recipe, store. Reads lines "step N" or "after SECONDS"; answers with how the child ended."""
import os, signal, sys, time
from pathlib import Path
import pyproj, shapely, pandas, data.engine, etl.publish
from etl.load import build
from etl.recipe import load_recipe

recipe, store = load_recipe(sys.argv[1]), Path(sys.argv[2])

def die_at(step):
    """Kill this process at the step-th write, sync or rename."""
    left = [step]
    def guarded(function):
        def call(*args, **kwargs):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)
        return call
    os.fsync = guarded(os.fsync)
    Path.rename, Path.replace = guarded(Path.rename), guarded(Path.replace)
    Path.write_text, Path.unlink = guarded(Path.write_text), guarded(Path.unlink)
    data.engine.BuildWriter.run = guarded(data.engine.BuildWriter.run)

for line in sys.stdin:
    kind, value = line.split()
    child = os.fork()
    if child == 0:
        if kind == "step":
            die_at(int(value))
        build(recipe, store)
        os._exit(0)
    if kind == "after":
        time.sleep(float(value))
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    print("killed" if os.WIFSIGNALED(status) else f"ended {os.WEXITSTATUS(status)}", flush=True)
'''


def issue_count(store: Path) -> int:
    """Issues of the build that is served, opened anew; and that build must be whole."""
    engine = DuckDBEngine(store / f"{current_build_id(store)}.duckdb")
    try:
        files = engine.query("select sum(accepted) n from load_file where table_name = 'core_issue'")
        count = engine.query("select count(*) n from core_issue")["n"].item()
        assert count == files["n"].item()
        assert len(engine.query("select * from layer")) == 5
        return int(count)
    finally:
        engine.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a forked process: not on Windows")
def test_two_hundred_kills(tiny_county: Callable[[], County]) -> None:
    county = tiny_county()
    county.load()
    lines = (county.root / "platform.csv").read_text("gbk").splitlines()[1:]
    before = issue_count(county.store)
    driver = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", DRIVER, str(county.recipe), str(county.store)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert driver.stdin
    assert driver.stdout

    def load(command: str) -> str:
        print(command, file=driver.stdin, flush=True)
        return driver.stdout.readline().strip()

    served, killed, step, steps_done = before, 0, 0, False
    try:
        for number in range(KILLS):
            # Each try brings one record more, so that a half-loaded build would show.
            new = issue_line((f"K{number:03}", "暴露垃圾", "2025-03-09 11:00:00", "", 500, 895))
            lines.append(new)
            county.platform(lines)
            step += 1
            end = load(f"step {step}") if not steps_done else load(f"after {0.004 * (number % 50):.3f}")
            steps_done = steps_done or end == "ended 0"
            killed += end == "killed"
            now = issue_count(county.store)
            assert now in (served, before + number + 1), f"{end}: {now} issues are served"
            served = now
        assert steps_done, "every write, sync and rename was reached"
        assert step > 20
        assert killed > 0.6 * KILLS
        assert load("step 1000000") == "ended 0"
    finally:
        driver.stdin.close()
        driver.wait(timeout=20)
        driver.stdout.close()
    assert issue_count(county.store) == before + KILLS
    assert not list(county.store.glob("*.building*"))
