"""Rehearse the inspector's draw (抽查模拟): many rounds of points drawn and of finds made there.

Points, caps and scores are counted in whole thousandths of a point. Sums of them are exact in any
order, so a score that just reaches the pass mark passes, and what `repairs` adds up step by step equals
a rehearsal run again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.random import PCG64, Generator, SeedSequence
from scipy.special import ndtri

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ROUNDS_AT_ONCE = 1_000  # and
CELLS_AT_ONCE = 2**25  # to bound memory
TWO_SIGMA = 2.0


@dataclass(frozen=True)
class Rules:
    """What finds cost: J rows of P parts.

    points       shape (J,), lost for each point that has this find, to a thousandth.
    cap          shape (J,), most that the row can lose; infinite for no cap.
    part         shape (J,), 0 to P - 1.
    part_points  shape (P,), full marks of each part, which is also the most that it can lose.
    """

    points: Floats
    cap: Floats
    part: Ints
    part_points: Floats

    def __post_init__(self) -> None:
        if not len(self.points) == len(self.cap) == len(self.part):
            msg = "`points`, `cap` and `part` must have a value for each row"
            raise ValueError(msg)
        numbers = np.concatenate([self.points, self.cap, self.part_points])
        if np.isnan(numbers).any() or (numbers < 0).any() or np.isinf(self.points).any():
            msg = "points and caps must be numbers that are not negative"
            raise ValueError(msg)
        if len(self.part) and not 0 <= min(self.part) <= max(self.part) < len(self.part_points):
            msg = "`part` must count from 0 within `part_points`"
            raise ValueError(msg)

    @property
    def full(self) -> float:
        """Full marks of all parts."""
        return float(self.part_points.sum())

    def pass_score(self, share: float) -> float:
        """The points that pass, a share of full marks, to a thousandth."""
        return round(share * self.full, 3)

    def row_loss(self, finds: npt.ArrayLike) -> Floats:
        """Thousandths lost by row, before the part's cap; finds and result of shape (..., J)."""
        lost: Floats = np.minimum(np.asarray(finds) * _thousandths(self.points), _thousandths(self.cap))
        return lost

    def by_part(self, by_row: Floats) -> Floats:
        """Sums of shape (..., P) of what has shape (..., J)."""
        is_of = self.part[:, None] == np.arange(len(self.part_points))
        sums: Floats = by_row @ is_of.astype(float)
        return sums

    def part_loss(self, by_part: Floats) -> Floats:
        """Thousandths lost by part, its cap applied; shape (..., P) both."""
        return np.minimum(by_part, _thousandths(self.part_points))


def score(finds: npt.ArrayLike, rules: Rules) -> Floats:
    """Points of each part, shape (..., P): the one way in which anything here is scored.

    finds  shape (..., J), points with that find by row.
    """
    lost = rules.part_loss(rules.by_part(rules.row_loss(finds)))
    return (_thousandths(rules.part_points) - lost) / 1000


def total(part_score: Floats) -> Floats:
    """Points in all, shape (...), of those by part, shape (..., P); exact: thousandths are summed."""
    points: Floats = np.rint(1000 * part_score).sum(axis=-1) / 1000
    return points


@dataclass(frozen=True)
class Rehearsal:
    """R rounds of n drawn points; the F finds of all rounds stand in `find_…`, by round.

    score       (R,) points.
    part_score  (R, P) points.
    row_loss    (J,) mean points lost by row; where a part is capped its rows share what it loses.
    site_loss   (N,) mean points lost by site: the points of a row in a round, shared by those that have
                its find. Both sum to full marks less the mean score.
    drawn       (R, n) sites, stratum after stratum.
    finds       (R, J) points with that find.
    """

    score: Floats
    part_score: Floats
    row_loss: Floats
    site_loss: Floats
    drawn: npt.NDArray[np.int32]
    finds: Ints
    find_round: npt.NDArray[np.int32]
    find_site: npt.NDArray[np.int32]
    find_row: npt.NDArray[np.int32]
    rules: Rules

    def is_passed(self, pass_score: float) -> Bools:
        """Which rounds reach the pass mark, given in points to a thousandth."""
        passed: Bools = np.rint(1000 * self.score) >= np.rint(1000 * pass_score)
        return passed


def rehearse(
    stratum: Ints,
    draws: Ints,
    rows: Ints,
    chance: Floats,
    rules: Rules,
    rounds: int,
    seed: int,
    is_repaired: Bools | None = None,
    group: Ints | None = None,
    correlation: float = 0.0,
) -> Rehearsal:
    """Draw, find and score `rounds` times.

    stratum      shape (N,), 0 to H - 1; -1 is never drawn.
    draws        shape (H,), how many sites of each stratum are drawn in a round, each at most once.
    rows         shape (N, W), rows of the rules that a site can lose in, each once; -1 fills up.
    chance       shape (N, W), of a find if the site is visited.
    is_repaired  shape (N,): no find is made there. Draws and luck stay what they are without.
    group        shape (N,), sites that share their luck in a round (the same broom); -1: shares none.
    correlation  of the luck within a group, 0 to 1: a Gaussian copula, so chances stay what they are.
    Without correlation finds are independent between points and between rows.
    Raises ValueError if shapes or numbers do not fit.
    """
    _check(stratum, draws, rows, chance, len(rules.points), correlation)
    drawing, finding, shaking = (Generator(PCG64(child)) for child in SeedSequence(seed).spawn(3))
    drawn = draw_rounds(stratum, draws, rounds, drawing)
    limit = ndtri(np.where(rows >= 0, chance, 0.0)).astype(np.float32)
    if is_repaired is not None:
        limit[is_repaired] = -np.inf
    group = np.full(len(stratum), -1) if group is None else group
    weight = np.where(group >= 0, correlation, 0.0).astype(np.float32)
    found = []
    for first in range(0, rounds, ROUNDS_AT_ONCE):
        sites = drawn[first : first + ROUNDS_AT_ONCE]
        luck = finding.standard_normal((*sites.shape, rows.shape[1]), dtype=np.float32)
        if weight.any():
            shared = shaking.standard_normal((len(sites), group.max() + 1), dtype=np.float32)
            shared = np.take_along_axis(shared, np.maximum(group[sites], 0), axis=1)
            luck *= np.sqrt(1 - weight)[sites][..., None]
            luck += (np.sqrt(weight)[sites] * shared)[..., None]
        at_round, at_draw, at_row = np.nonzero(luck < limit[sites])
        at_site = sites[at_round, at_draw]
        found.append([first + at_round, at_site, rows[at_site, at_row]])
    find_round, find_site, find_row = (
        np.concatenate([part[of] for part in found]).astype(np.int32) for of in range(3)
    )
    shape = rounds, len(rules.points)
    finds = np.bincount(
        find_round * np.int64(shape[1]) + find_row, minlength=shape[0] * shape[1]
    ).reshape(shape)
    row_loss = paid(finds, rules)
    by_find = row_loss / np.maximum(finds, 1)
    site_loss = np.bincount(find_site, by_find[find_round, find_row], len(stratum)) / rounds
    part_score = score(finds, rules)
    return Rehearsal(
        score=total(part_score),
        part_score=part_score,
        row_loss=row_loss.mean(axis=0),
        site_loss=site_loss,
        drawn=drawn,
        finds=finds,
        find_round=find_round,
        find_site=find_site,
        find_row=find_row,
        rules=rules,
    )


def draw_rounds(stratum: Ints, draws: Ints, rounds: int, random: Generator) -> npt.NDArray[np.int32]:
    """Sites drawn without replacement, shape (rounds, sum of draws), stratum after stratum.

    Every set of draws[h] sites of stratum h is equally likely.
    """
    drawn = np.empty((rounds, int(draws.sum())), np.int32)
    begin = 0
    for code, count in enumerate(draws.tolist()):
        members = np.flatnonzero(stratum == code)
        lines = max(1, CELLS_AT_ONCE // max(1, len(members)))
        for first in range(0, rounds, lines):
            part = drawn[first : first + lines, begin : begin + count]
            part[:] = members[_subsets(len(members), count, len(part), random)]
        begin += count
    return drawn


def _subsets(size: int, count: int, rounds: int, random: Generator) -> Ints:
    """`count` different numbers below `size`, by round: Floyd's algorithm, all rounds at once."""
    chosen = np.empty((rounds, count), np.int64)
    is_taken = np.zeros((rounds, size), np.bool_)
    lines = np.arange(rounds)
    for step, last in enumerate(range(size - count, size)):
        pick = random.integers(0, last, rounds, endpoint=True)
        pick[is_taken[lines, pick]] = last
        is_taken[lines, pick] = True
        chosen[:, step] = pick
    return chosen


@dataclass(frozen=True)
class Repairs:
    """Places in the order in which repairing them helps most, each given those before it.

    order          (k,) place codes; shorter than asked for where nothing more can be gained.
    is_by_points   (k,) whether no place moved P(pass) by more than the luck of the rounds, so that it
                   was taken for expected points alone.
    passes_after   (k,) rounds that pass with the first 1, 2, … k repaired.
    points_after   (k,) mean score with them.
    passes_alone   (L,) rounds that pass more with that place alone repaired, by place code.
    points_alone   (L,) mean points more with it alone.
    """

    order: Ints
    is_by_points: Bools
    passes_after: Ints
    points_after: Floats
    passes_alone: Ints
    points_alone: Floats


def repairs(
    rehearsal: Rehearsal, place: Ints, pass_score: float, most: int, order: Ints | None = None
) -> Repairs:
    """Which places to repair first: greedy, on the same rounds, exactly as if rehearsed again.

    place  shape (N,), code from 0 of the place that is repaired at once with the site; -1: none is.
    most   places to name.
    order  of the places, if it is known: chosen on rounds of their own, the places that these rounds
           happen to favour do not look better than they are (docs/adr/0013-rehearsal.md).
    A place is taken for the rounds that it makes pass. Those that make no fewer pass than the best one
    but for the luck of the rounds (`TWO_SIGMA` of a count) go by mean points, then by the lowest code.
    After a repair only rounds in which that place had finds are looked at again.
    """
    rules, finds = rehearsal.rules, rehearsal.finds.copy()
    rounds, count = len(finds), int(place.max(initial=-1)) + 1
    goal = np.rint(1000 * pass_score)
    entry, pair = _pairs(rehearsal, place, count)
    total = np.rint(1000 * rehearsal.score)
    gain = np.zeros(len(pair.place))
    is_touched = np.ones(rounds, np.bool_)
    known = None if order is None else order[:most].tolist()
    taken: list[int] = []
    by_points, passes_after, points_after = [], [], []
    while True:
        _look_again(is_touched, entry, pair, finds, rules, gain)
        flips = np.bincount(
            pair.place[(total[pair.round] < goal) & (total[pair.round] + gain >= goal)],
            minlength=count,
        )
        points = np.bincount(pair.place, gain, count)
        if not taken:
            passes_alone, points_alone = flips, points / (1000 * rounds)
        if len(taken) == (most if known is None else len(known)) or not (known or points.any()):
            break
        least = flips.max(initial=0) - TWO_SIGMA * np.sqrt(flips.max(initial=0))
        best = known[len(taken)] if known else int(np.argmax(np.where(flips >= least, points, -1)))
        is_own = pair.place == best
        is_touched = np.zeros(rounds, np.bool_)
        is_touched[pair.round[is_own]] = True
        total[pair.round[is_own]] += gain[is_own]
        repaired = is_own[entry.pair]
        finds[pair.round[entry.pair[repaired]], entry.row[repaired]] -= entry.count[repaired]
        entry.count[repaired] = 0
        taken.append(best)
        by_points.append(least <= 0)
        passes_after.append(int((total >= goal).sum()))
        points_after.append(float((total / 1000).mean()))
    return Repairs(
        np.array(taken, np.int64),
        np.array(by_points, np.bool_),
        np.array(passes_after, np.int64),
        np.array(points_after, float),
        passes_alone,
        points_alone,
    )


@dataclass(frozen=True)
class _Entries:
    """How many finds of a row a place has in a round: pair (of round and place), row, count."""

    pair: Ints
    row: Ints
    count: Ints


@dataclass(frozen=True)
class _PlaceRounds:
    round: Ints
    place: Ints


def _pairs(rehearsal: Rehearsal, place: Ints, places: int) -> tuple[_Entries, _PlaceRounds]:
    rows = rehearsal.finds.shape[1]
    at = place[rehearsal.find_site]
    key = (rehearsal.find_round * np.int64(places) + at) * rows + rehearsal.find_row
    key, count = np.unique(key[at >= 0], return_counts=True)
    pair, row = np.divmod(key, max(1, rows))
    is_first = np.diff(pair, prepend=-1) > 0
    of_round, of_place = np.divmod(pair[is_first], max(1, places))
    return _Entries(np.cumsum(is_first) - 1, row, count), _PlaceRounds(of_round, of_place)


def _look_again(
    is_touched: Bools,
    entry: _Entries,
    pair: _PlaceRounds,
    finds: Ints,
    rules: Rules,
    gain: Floats,
) -> None:
    """Write into `gain` the thousandths that repairing gives, for each pair of a touched round."""
    parts = len(rules.part_points)
    is_pair = is_touched[pair.round]
    number = np.cumsum(is_pair) - 1
    is_entry = is_pair[entry.pair]
    own, row, count = entry.pair[is_entry], entry.row[is_entry], entry.count[is_entry]
    now = finds[pair.round[own], row]
    points, cap = _thousandths(rules.points)[row], _thousandths(rules.cap)[row]
    saved = np.minimum(cap, now * points) - np.minimum(cap, (now - count) * points)
    by_part = np.bincount(
        number[own] * parts + rules.part[row], saved, int(is_pair.sum()) * parts
    ).reshape(-1, parts)
    in_touched = np.cumsum(is_touched) - 1
    lost = rules.by_part(rules.row_loss(finds[is_touched]))[in_touched[pair.round[is_pair]]]
    gain[is_pair] = (rules.part_loss(lost) - rules.part_loss(lost - by_part)).sum(axis=1)


def paid(finds: Ints, rules: Rules) -> Floats:
    """Points lost by row, less where the part's cap holds; finds and result of shape (..., J)."""
    by_row = rules.row_loss(finds)
    by_part = rules.by_part(by_row)
    kept = np.divide(rules.part_loss(by_part), by_part, out=np.ones_like(by_part), where=by_part > 0)
    lost: Floats = by_row * kept[..., rules.part] / 1000
    return lost


def _thousandths(points: Floats) -> Floats:
    whole: Floats = np.rint(1000 * np.asarray(points, dtype=float))
    return whole


def _check(
    stratum: Ints, draws: Ints, rows: Ints, chance: Floats, count: int, correlation: float
) -> None:
    if rows.shape != chance.shape or len(rows) != len(stratum):
        msg = "`rows` and `chance` must have one line for each site"
        raise ValueError(msg)
    has = np.bincount(stratum[stratum >= 0], minlength=len(draws))
    if len(has) > len(draws) or (draws < 0).any() or (draws > has).any():
        msg = "`draws` must name each stratum, and no more sites than it has"
        raise ValueError(msg)
    if not 0 <= correlation <= 1:
        msg = "`correlation` must lie between 0 and 1"
        raise ValueError(msg)
    used = np.sort(rows, axis=1)
    if rows.size and (rows.max() >= count or ((np.diff(used, axis=1) == 0) & (used[:, 1:] >= 0)).any()):
        msg = "`rows` must hold rows of the rules, each once for a site"
        raise ValueError(msg)
    known = chance[rows >= 0]
    if not ((known >= 0) & (known <= 1)).all():
        msg = "`chance` must lie between 0 and 1"
        raise ValueError(msg)
