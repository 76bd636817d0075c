"""Repeat a public draw: python recompute_draw.py FRAME SEED [RESULT]

For whoever wants to check a draw without the program that made it. Needs Python 3.8 or later and
nothing else. FRAME is the file whose SHA-256 was announced before the draw, SEED the number or text
agreed on afterwards. Prints SHA-256 of frame and result; writes the result to RESULT if it is named.

FRAME holds one JSON list a line:

    ["draw frame", 1, minimum distance in cm]
    ["stratum", name, quota, spares]                       in the order in which they are drawn
    ["site", key, stratum, x in cm, y in cm, size, 1 if declared else 0]

How the draw goes, stratum after stratum:

1. Declared sites are kept and counted in the quota. The chances of the others are proportional to
   their size and sum to what is left of the quota; who would get more than 1 gets 1.
2. Until all are decided: one site by lot and the nearest undecided one play for their chances
   (local pivotal method; Grafström, Lundström & Schelin 2012). Who ends with 1 is drawn.
3. Those drawn are shuffled. Spares are drawn in the same way from those left, and shuffled.
4. In that order: who lies nearer than the minimum distance to one kept before gives way to the next
   spare that does not, if there is one.

Random numbers are the first 53 bits of the SHA-256 of "SEED:0", "SEED:1", …, one after the other.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from bisect import bisect_left
from pathlib import Path


class Lots:
    """The stream of random numbers."""

    def __init__(self, seed: str) -> None:
        self.seed = seed
        self.used = 0

    def number(self) -> float:
        """The next number, at least 0 and below 1."""
        digest = hashlib.sha256(f"{self.seed}:{self.used}".encode()).hexdigest()
        self.used += 1
        return (int(digest[:14], 16) // 8) / 2**53  # 14 hexadecimal digits are 56 bits

    def below(self, count: int) -> int:
        """The next number as one of 0 … count - 1."""
        return int(self.number() * count)

    def shuffle(self, sites: list[int]) -> None:
        """Put the sites in an order by lot."""
        for last in range(len(sites) - 1, 0, -1):
            other = self.below(last + 1)
            sites[last], sites[other] = sites[other], sites[last]


class Frame:
    """What the frame file says; a site is its number among the lines of sites, from 0."""

    def __init__(self, text: str) -> None:
        lines = [json.loads(line) for line in text.split("\n") if line]
        if lines[0][:2] != ["draw frame", 1]:
            msg = "not a frame file of version 1."
            raise ValueError(msg)
        self.distance: int = lines[0][2]
        self.strata = [line[1:] for line in lines if line[0] == "stratum"]
        sites = [line[1:] for line in lines if line[0] == "site"]
        self.key: list[str] = [site[0] for site in sites]
        self.stratum: list[str] = [site[1] for site in sites]
        self.at: list[tuple[int, int]] = [(site[2], site[3]) for site in sites]
        self.size = [float(site[4]) for site in sites]
        self.is_declared = [site[5] == 1 for site in sites]

    def square(self, one: int, other: int) -> int:
        """The squared distance of two sites, cm²."""
        (x, y), (u, v) = self.at[one], self.at[other]
        return (x - u) ** 2 + (y - v) ** 2

    def is_near(self, site: int, kept: list[int]) -> bool:
        """Whether the site lies nearer than the minimum distance to one of those kept."""
        return any(self.square(site, other) < self.distance**2 for other in kept)


def chances(frame: Frame, sites: list[int], count: int) -> dict[int, float]:
    """Chances proportional to size that sum to `count`, none above 1."""
    chance, rest = {}, sites
    while rest:
        left = count - (len(sites) - len(rest))
        total = math.fsum(frame.size[site] for site in rest)
        share = {site: left * frame.size[site] / total for site in rest}
        sure = [site for site in rest if share[site] >= 1]
        chance.update(dict.fromkeys(sure, 1.0) if sure else share)
        rest = [site for site in rest if share[site] < 1] if sure else []
    return chance


def nearest(frame: Frame, site: int, ordered: list[tuple[int, int]]) -> int:
    """The nearest other site, of several the lowest number; `ordered` holds (x, site), rising.

    East and west of the site, until x alone is farther away than the nearest found.
    """
    x = frame.at[site][0]
    here = bisect_left(ordered, (x, site))
    best = None
    for step in (1, -1):
        place = here + step
        while 0 <= place < len(ordered):
            u, other = ordered[place]
            if best is not None and (u - x) ** 2 > best[0]:
                break
            found = (frame.square(site, other), other)
            if best is None or found < best:
                best = found
            place += step
    assert best is not None  # noqa: S101 — never asked about the only one left
    return best[1]


def spread_sample(frame: Frame, sites: list[int], count: int, lots: Lots) -> list[int]:
    """Draw so many of the sites by the local pivotal method, then put them in an order by lot."""
    chance = chances(frame, sites, count)
    undecided = [site for site in sites if 0 < chance[site] < 1]
    ordered = sorted((frame.at[site][0], site) for site in undecided)
    while len(undecided) > 1:
        place = lots.below(len(undecided))
        one = undecided[place]
        other = nearest(frame, one, ordered)
        p, q = chance[one], chance[other]
        both = p + q
        if both < 1:
            one_loses = lots.number() * both < q
            chance[one], chance[other] = (0.0, both) if one_loses else (both, 0.0)
        else:
            one_wins = lots.number() * (2 - both) < 1 - q
            chance[one], chance[other] = (1.0, both - 1) if one_wins else (both - 1, 1.0)
        for site in (one, other):
            if chance[site] in (0, 1):
                undecided[undecided.index(site)] = undecided[-1]  # the last one fills the hole
                undecided.pop()
                del ordered[bisect_left(ordered, (frame.at[site][0], site))]
    for site in undecided:  # at most one, whose chance is 0 or 1 but for rounding
        chance[site] = 1.0 if lots.number() < chance[site] else 0.0
    drawn = [site for site in sites if chance[site] == 1]
    lots.shuffle(drawn)
    return drawn


def repeat_draw(frame_text: str, seed: str) -> str:
    """The result file that belongs to a frame file and a seed."""
    frame, lots = Frame(frame_text), Lots(seed)
    result: dict[str, list[int]] = {
        "declared": [],
        "drawn": [],
        "spare": [],
        "skipped": [],
        "too_near": [],
    }
    for name, quota, spares in frame.strata:
        mine = [site for site, stratum in enumerate(frame.stratum) if stratum == name]
        kept = [site for site in mine if frame.is_declared[site]]
        free = [site for site in mine if not frame.is_declared[site]]
        result["declared"] += kept
        declared = len(kept)
        drawn = spread_sample(frame, free, min(max(0, quota - declared), len(free)), lots)
        left = sorted(set(free) - set(drawn))
        waiting = spread_sample(frame, left, min(spares, len(left)), lots)
        for site in drawn:
            if not frame.is_near(site, kept):
                kept.append(site)
                continue
            fitting = [spare for spare in waiting if not frame.is_near(spare, kept)]
            if fitting:
                waiting.remove(fitting[0])
                kept.append(fitting[0])
                result["skipped"].append(site)
            else:
                kept.append(site)
                result["too_near"].append(site)
        result["drawn"] += kept[declared:]
        result["spare"] += waiting
    digest = hashlib.sha256(frame_text.encode()).hexdigest()
    lines: list[list[object]] = [["draw result", 1, digest, seed]]
    for role, sites in result.items():
        position: dict[str, int] = {}
        for site in sites:
            stratum = frame.stratum[site]
            position[stratum] = position.get(stratum, 0) + 1
            lines.append([role, stratum, position[stratum], frame.key[site]])
    return "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)


def main(arguments: list[str]) -> None:
    """Repeat the draw named on the command line."""
    if len(arguments) not in (2, 3):
        sys.exit(__doc__)
    text = Path(arguments[0]).read_bytes().decode("utf-8")
    result = repeat_draw(text, arguments[1])
    print("frame ", hashlib.sha256(text.encode()).hexdigest())
    print("result", hashlib.sha256(result.encode()).hexdigest())
    if len(arguments) == 3:
        Path(arguments[2]).write_bytes(result.encode())


if __name__ == "__main__":
    main(sys.argv[1:])
