"""Run a command in a fresh process and say what it took."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from data.settings import ROOT

Tell = Callable[[str], None]
PAGE = resource.getpagesize()
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
BUSY = 0.15  # cores that others may use during a run; beyond it the run is repeated
TRIES = 6


@dataclass(frozen=True)
class Run:
    """One finished process.

    wall_s    from start to exit, imports included.
    cpu_s     user and system time of it and its children.
    peak_mib  largest resident set of any one process (ru_maxrss).
    sum_mib   largest sum of resident sets over it and its children, sampled every 20 ms; pages that
              several have mapped count for each.
    child_mib largest resident set of any one child, sampled too.
    others    cores that the rest of the machine used meanwhile.
    said      the JSON of its last line.
    lines     seconds after the start, and the line that it wrote then.
    """

    wall_s: float
    cpu_s: float
    peak_mib: float
    sum_mib: float
    others: float
    child_mib: float = 0
    said: dict[str, Any] = field(default_factory=dict)
    lines: list[tuple[float, str]] = field(default_factory=list)


def run(*command: str | Path) -> Run:
    """Run Python with these arguments. Raises CalledProcessError.

    This process stays small: on Linux ru_maxrss of a child starts at what its parent held.
    """
    busy, began = _busy_s(), time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, *map(str, command)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    sums = [0, 0]
    watch = threading.Thread(target=_watch, args=(child.pid, sums))
    watch.start()
    assert child.stdout
    lines = [(time.perf_counter() - began, line) for line in child.stdout]
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    watch.join()
    if child.returncode:
        raise subprocess.CalledProcessError(
            child.returncode, child.args, "".join(line for _, line in lines)
        )
    cpu = usage.ru_utime + usage.ru_stime
    return Run(
        wall,
        cpu,
        usage.ru_maxrss / 1024,
        sums[0] * PAGE / 2**20,
        max(0.0, _busy_s() - busy - cpu) / wall,
        sums[1] * PAGE / 2**20,
        json.loads(lines[-1][1]) if lines else {},
        lines,
    )


def alternate(
    rounds: int, sides: dict[str, Callable[[], Run]], tell: Callable[[str], None]
) -> dict[str, list[Run]]:
    """A B A B …: `rounds` quiet runs of each side, after one of each that only warms the caches."""
    runs: dict[str, list[Run]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, start in sides.items():
            done = _quiet(start, tell)
            tell(
                f"{name} {number or 'warm-up'}: {done.wall_s:.2f} s, {done.peak_mib:.0f} MiB, "
                f"others {done.others:.2f} cores, {done.said}"
            )
            if number:
                runs[name].append(done)
    return runs


def _quiet(start: Callable[[], Run], tell: Callable[[str], None]) -> Run:
    for attempt in range(1, TRIES + 1):
        _wait_for_quiet()
        done = start()
        if done.others <= BUSY or attempt == TRIES:
            break
        tell(f"others used {done.others:.2f} cores: again")
    return done


def _wait_for_quiet() -> None:
    """Return once the machine has rested for two seconds, or after a minute."""
    for _ in range(30):
        busy = _busy_s()
        time.sleep(2)
        if _busy_s() - busy < 2 * BUSY:
            break


def save(work: Path, facts: dict[str, Any], sides: dict[str, list[Run]]) -> None:
    """Keep all runs in results.json of the work folder."""
    runs = {side: [vars(done) for done in runs] for side, runs in sides.items()}
    text = json.dumps(facts | {"runs": runs}, ensure_ascii=False, indent=1)
    (work / "results.json").write_text(text, "utf-8")


def steps(runs: list[Run]) -> dict[str, float]:
    """Median seconds of each step of a load that says {"step": …} as one begins; first "starting"."""
    taken: dict[str, list[float]] = {}
    for done in runs:
        said = [(at, json.loads(line).get("step", "")) for at, line in done.lines]
        marks = [(0.0, "starting"), *((at, step) for at, step in said if step), (done.wall_s, "")]
        for (began, step), (ended, _) in pairwise(marks):
            taken.setdefault(step, []).append(ended - began)
    return {step: round(statistics.median(seconds), 2) for step, seconds in taken.items()}


def spread(values: list[float], digits: int = 2) -> str:
    """Median (least to most)."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def ratio(plain: list[float], ours: list[float]) -> str:
    """Median of the plain script over ours: above 1 ours takes less."""
    return f"{statistics.median(plain) / statistics.median(ours):.2f}"


def _busy_s() -> float:
    """CPU seconds that the machine has worked since it started (steal included, idle and wait not)."""
    user, nice, system, _idle, _wait, irq, soft, steal, *_ = (
        Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    )
    return sum(map(int, (user, nice, system, irq, soft, steal))) / TICKS_PER_S


def _watch(leader: int, sums: list[int]) -> None:
    """Keep in `sums` the most resident pages of the leader and its descendants, and of one of these."""
    while pids := _tree(leader):
        leading, *below = map(_pages, pids)
        sums[:] = max(sums[0], leading + sum(below)), max(sums[1], *below, 0)
        time.sleep(0.02)


def _tree(pid: int) -> list[int]:
    """The process and its descendants; empty once it has ended."""
    try:
        threads = [task / "children" for task in Path(f"/proc/{pid}/task").iterdir()]
        if Path(f"/proc/{pid}/statm").read_text().startswith("0 "):
            return []
        children = [int(child) for thread in threads for child in thread.read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [pid, *(below for child in children for below in _tree(child))]


def _pages(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0
