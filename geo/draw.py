"""The draw of sample points: chosen by lot, spread over the map, the same again for the same seed.

Everything that decides who is drawn is exact: random numbers are SHA-256, distances are whole
numbers (cm squared), and floats only meet + - * / and comparisons, whose results IEEE 754 fixes. Sums
are `math.fsum`, which no order of adding can change. So a draw can be repeated on any machine.
"""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_left
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CM_PER_M = 100
LARGEST_EXTENT_CM = 2_000_000_000  # beyond it a squared distance leaves 63 bits
NEIGHBOURS = 6  # of each place in one go; more only where all of these are gone
ROUNDING = 2**40  # cKDTree's distances are wrong by less than one part of this many


class Stream:
    """Random numbers that anybody can compute again: SHA-256 of "seed:0", "seed:1", …"""

    def __init__(self, seed: str) -> None:
        """`seed` is any text, e.g. a number called out in the meeting."""
        self._seed = seed
        self._counter = 0

    def next(self) -> float:
        """The next number in [0, 1): the first 53 bits of the digest, over 2**53."""
        digest = hashlib.sha256(f"{self._seed}:{self._counter}".encode()).digest()
        self._counter += 1
        return (int.from_bytes(digest[:7], "big") >> 3) / 2**53

    def below(self, count: int) -> int:
        """The next number among 0 … count - 1."""
        return int(self.next() * count)

    def shuffled(self, numbers: list[int]) -> list[int]:
        """The numbers in an order by lot (Fisher & Yates, from the last place down)."""
        order = list(numbers)
        for last in range(len(order) - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order


class Draw(NamedTuple):
    """Numbers of sites, by stratum and then by their order in it; none of them is declared."""

    drawn: Ints  # with the spares that took the place of skipped ones
    spare: Ints  # to be taken in this order
    probability: Floats  # (N,), of being drawn before distances are looked at; declared 1
    skipped: Ints  # drawn, but nearer than the minimum distance to one kept: replaced by a spare
    too_near: Ints  # drawn and as near, but no spare kept the distance either: kept


def draw_sizes(risk: Floats, weight: float) -> Floats:
    """What the chance to be drawn is proportional to: (1 - weight) + weight * risk / mean risk.

    risk     shape (N,), at least 0.
    weight   0 (equal chances) to less than 1: the safest site keeps 1 - weight of the mean size.
    returns  shape (N,), mean 1; all 1 where there is no risk at all.
    Raises ValueError if a risk is negative or not finite, or the weight is out of its range.
    """
    if not 0 <= weight < 1:
        msg = f"`weight` must be at least 0 and less than 1, not {weight}."
        raise ValueError(msg)
    if not np.isfinite(risk).all() or (risk < 0).any():
        msg = "`risk` must be finite and not negative."
        raise ValueError(msg)
    total = math.fsum(risk)
    if total == 0:
        return np.ones(len(risk))
    return (1 - weight) + weight * risk / (total / len(risk))


def inclusion_probabilities(size: Floats, n: int) -> Floats:
    """Chances proportional to size that sum to n; who would get more than 1 gets 1, the rest share.

    size     shape (N,), positive.
    n        how many are drawn, 0 to N.
    returns  shape (N,).
    Source: Tillé 2006, Sampling Algorithms, 2.10.
    Raises ValueError if a size is not positive and finite, or n is out of its range.
    """
    if not 0 <= n <= len(size):
        msg = f"cannot draw {n} of {len(size)}."
        raise ValueError(msg)
    if not np.isfinite(size).all() or (size <= 0).any():
        msg = "`size` must be positive and finite."
        raise ValueError(msg)
    probability = np.ones(len(size))
    rest = np.arange(len(size))
    while len(rest):
        left = n - (len(size) - len(rest))
        share = left * size[rest] / math.fsum(size[rest])
        is_sure = share >= 1
        if not is_sure.any():
            probability[rest] = share
            break
        rest = rest[~is_sure]
    return probability


def point_probabilities(stratum: Ints, size: Floats, quota: Ints, is_declared: Bools) -> Floats:
    """The chance of each site to be drawn before distances are looked at, shape (N,); declared 1.

    stratum  shape (N,), 0 … H - 1; size: shape (N,), positive; quota: shape (H,); is_declared: (N,).
    """
    probability = is_declared.astype(float)
    for code in range(len(quota)):
        free = np.flatnonzero((stratum == code) & ~is_declared)
        declared = int(np.count_nonzero((stratum == code) & is_declared))
        wanted = max(0, int(quota[code]) - declared)
        probability[free] = inclusion_probabilities(size[free], min(wanted, len(free)))
    return probability


def local_pivotal(xy_m: Floats, probability: Floats, stream: Stream) -> Ints:
    """A sample that is spread over the map: neighbours seldom are drawn together.

    A unit by lot and the nearest of those undecided play for their probabilities: one wins what both
    have, up to 1, or one loses all. Each keeps its probability on average, and their sum stays.

    xy_m         shape (N, 2), metres; rounded to cm. Of equally near ones the lowest number plays.
    probability  shape (N,), 0 to 1. The size of the sample is
                 their sum; if that is no whole number, one of the two around it.
    returns      shape (n,), numbers, rising.
    Source: Grafström, Lundström & Schelin 2012, Biometrics 68, LPM2.
    Raises ValueError if shapes differ or a probability lies outside 0 … 1.
    """
    if len(xy_m) != len(probability):
        msg = f"{len(xy_m)} points, but {len(probability)} probabilities."
        raise ValueError(msg)
    if not ((probability >= 0) & (probability <= 1)).all():
        msg = "`probability` must lie between 0 and 1."
        raise ValueError(msg)
    chance: list[float] = probability.tolist()
    undecided = [unit for unit, p in enumerate(chance) if 0 < p < 1]
    place = {unit: number for number, unit in enumerate(undecided)}
    nearest = _Nearest(centimetres(xy_m), undecided)

    while len(undecided) > 1:
        one = undecided[stream.below(len(undecided))]
        other = nearest.to(one)
        p, q = chance[one], chance[other]
        both = p + q
        if both < 1:
            one_loses = stream.next() * both < q
            chance[one], chance[other] = (0.0, both) if one_loses else (both, 0.0)
        else:
            one_wins = stream.next() * (2 - both) < 1 - q
            chance[one], chance[other] = (1.0, both - 1) if one_wins else (both - 1, 1.0)
        for unit in (one, other):
            if chance[unit] in (0, 1):
                nearest.remove(unit)
                hole, last = place.pop(unit), undecided.pop()
                if last != unit:
                    undecided[hole], place[last] = last, hole
    for unit in undecided:  # the last one: 0 or 1 but for rounding, if the sum is a whole number
        chance[unit] = float(stream.next() < chance[unit])
    return np.flatnonzero(np.array(chance) == 1)


def draw_points(
    xy_m: Floats,
    stratum: Ints,
    size: Floats,
    quota: Ints,
    spares: Ints,
    is_declared: Bools,
    min_distance_m: float,
    seed: str,
) -> Draw:
    """The whole draw, stratum after stratum with one stream of random numbers.

    Declared sites are kept and counted in the quota; if they are more, none is drawn, and if a stratum
    has too few sites, all are. The others are
    drawn by `local_pivotal` and put in an order by lot; spares are drawn likewise from those left.
    In that order each site drawn has to keep the distance to those of its stratum kept before, the
    declared ones first; else the next spare that keeps it takes its place.

    xy_m            shape (N, 2), metres, rounded to cm.
    stratum         shape (N,), 0 … H - 1.
    size            shape (N,), positive, see `draw_sizes`; only ratios within a stratum count.
    quota, spares   shape (H,).
    is_declared     shape (N,).
    min_distance_m  0: any distance; rounded to cm.
    seed            of the `Stream`.
    Raises ValueError if shapes differ, a stratum has no quota, a number is negative, a size is not
    positive or a coordinate is not finite.
    """
    _check(xy_m, stratum, size, quota, spares, is_declared, min_distance_m)
    stream = Stream(seed)
    cm = centimetres(xy_m)
    nearer_than = round(min_distance_m * CM_PER_M) ** 2
    probability = point_probabilities(stratum, size, quota, is_declared)
    drawn: list[int] = []
    spare: list[int] = []
    skipped: list[int] = []
    too_near: list[int] = []

    for code in range(len(quota)):
        declared = np.flatnonzero((stratum == code) & is_declared)
        free = np.flatnonzero((stratum == code) & ~is_declared)
        mine = free[local_pivotal(xy_m[free], probability[free], stream)]
        order = stream.shuffled(mine.tolist())

        left = np.setdiff1d(free, mine)
        chance = inclusion_probabilities(size[left], min(int(spares[code]), len(left)))
        waiting = stream.shuffled(left[local_pivotal(xy_m[left], chance, stream)].tolist())

        kept = declared.tolist()
        for unit in order:
            taken = unit
            if _is_near(cm, unit, kept, nearer_than):
                fits = (one for one in waiting if not _is_near(cm, one, kept, nearer_than))
                taken = next(fits, unit)
                if taken == unit:
                    too_near.append(unit)
                else:
                    waiting.remove(taken)
                    skipped.append(unit)
            kept.append(taken)
        drawn += kept[len(declared) :]
        spare += waiting
    return Draw(_ints(drawn), _ints(spare), probability, _ints(skipped), _ints(too_near))


def centimetres(xy_m: Floats) -> Ints:
    """Whole centimetres from the south-west corner of all points.

    Raises ValueError if a coordinate is not finite or the points spread over 20,000 km.
    """
    xy_m = np.asarray(xy_m, dtype=float).reshape(-1, 2)
    if not np.isfinite(xy_m).all():
        msg = "`xy_m` must be finite."
        raise ValueError(msg)
    cm = np.rint(xy_m * CM_PER_M)
    cm -= cm.min(axis=0, initial=np.inf) if len(cm) else 0
    if cm.max(initial=0) > LARGEST_EXTENT_CM:
        msg = "`xy_m` spreads over more than 20,000 km; is it in metres?"
        raise ValueError(msg)
    return cm.astype(np.int64)


class _Nearest:
    """The nearest of those left, while they become fewer.

    Units at one and the same place (to the cm) are 0 apart; that needs no search, and a thousand shops
    of one market cost nothing. Between places a k-d tree gives everyone a short list at once. It is
    made anew when half of its places are gone, so all lists together cost no more than two trees.
    """

    def __init__(self, cm: Ints, units: list[int]) -> None:
        xy = cm[units]
        places, of_unit = np.unique(xy[:, 0] << 32 | xy[:, 1], return_inverse=True)
        self._xy = np.stack([places >> 32, places & 0xFFFFFFFF], axis=1)
        self._at: dict[int, int] = dict(zip(units, of_unit.tolist(), strict=True))
        self._units: list[list[int]] = [[] for _ in places]  # at each place, rising
        for unit, place in self._at.items():
            self._units[place].append(unit)
        self._left = len(places)
        self._plant()

    def remove(self, unit: int) -> None:
        """The unit is decided."""
        units = self._units[self._at[unit]]
        del units[bisect_left(units, unit)]
        if not units:
            self._left -= 1
            if self._left * 2 < len(self._planted):
                self._plant()

    def to(self, unit: int) -> int:
        """Who is nearest to a unit, of several the lowest number; there must be another one."""
        place = self._at[unit]
        units = self._units[place]
        if len(units) > 1:
            return units[int(units[0] == unit)]
        found, count = self._among(*self._lists.row(self._row[place])), NEIGHBOURS
        while found < 0:
            count *= 4
            found = self._among(*self._list(np.array([place]), count).row(0))
        return found

    def _among(self, places: list[int], squares: list[int]) -> int:
        """The nearest unit of a list of places, nearest first; -1 if none of them is left."""
        found, limit = -1, 0
        for place, square in zip(places, squares, strict=True):
            if found >= 0 and square > limit:
                break
            units = self._units[place]
            if units and (found < 0 or units[0] < found):
                found, limit = units[0], square
        return found

    def _plant(self) -> None:
        self._planted = np.array([p for p, units in enumerate(self._units) if units], dtype=np.int64)
        if len(self._planted) > 1:
            self._row = {place: row for row, place in enumerate(self._planted.tolist())}
            self._tree = cKDTree(self._xy[self._planted])
            self._lists = self._list(self._planted, NEIGHBOURS)

    def _list(self, places: Ints, count: int) -> _Lists:
        """The nearest other places of each, with squared distances in cm².

        A place as far as the last found may have equals that were not found, so it is left out.
        """
        count = min(count, len(self._planted) - 1)
        _, found = self._tree.query(
            self._xy[places], k=np.arange(2, count + 2)
        )  # 1 is the place itself
        near = self._planted[found]
        squares = ((self._xy[near] - self._xy[places][:, None]) ** 2).sum(axis=2)
        known = np.full(len(places), count)
        if count < len(self._planted) - 1:
            last = squares.max(axis=1, keepdims=True)
            known = (squares < last - last // ROUNDING).sum(axis=1)
        order = np.argsort(squares, axis=1, kind="stable")
        near, squares = (np.take_along_axis(one, order, axis=1) for one in (near, squares))
        return _Lists(near.ravel().tolist(), squares.ravel().tolist(), known.tolist(), count)


class _Lists(NamedTuple):
    """Rows of one length, end to end: a list for each row would keep the garbage collector busy."""

    places: list[int]
    squares: list[int]
    known: list[int]  # of each row, how many of it count
    width: int

    def row(self, number: int) -> tuple[list[int], list[int]]:
        start = number * self.width
        end = start + self.known[number]
        return self.places[start:end], self.squares[start:end]


def _ints(numbers: list[int]) -> Ints:
    return np.array(numbers, dtype=np.int64)


def _is_near(cm: Ints, unit: int, kept: list[int], squared: int) -> bool:
    """Whether a unit is nearer to one kept than the distance of that square, in cm²."""
    return bool((((cm[kept] - cm[unit]) ** 2).sum(axis=1) < squared).any())


def _check(
    xy_m: Floats,
    stratum: Ints,
    size: Floats,
    quota: Ints,
    spares: Ints,
    is_declared: Bools,
    min_distance_m: float,
) -> None:
    """Raises ValueError for what `draw_points` does not take."""
    if not len(xy_m) == len(stratum) == len(size) == len(is_declared):
        msg = "`xy_m`, `stratum`, `size` and `is_declared` must be equally long."
        raise ValueError(msg)
    if len(quota) != len(spares):
        msg = f"{len(quota)} quotas, but {len(spares)} numbers of spares."
        raise ValueError(msg)
    if len(stratum) and not 0 <= stratum.min() <= stratum.max() < len(quota):
        msg = f"`stratum` must lie between 0 and {len(quota) - 1}, one for each quota."
        raise ValueError(msg)
    if (quota < 0).any() or (spares < 0).any():
        msg = "`quota` and `spares` must not be negative."
        raise ValueError(msg)
    if not 0 <= min_distance_m < LARGEST_EXTENT_CM / CM_PER_M:
        msg = f"`min_distance_m` must be a distance in metres, not {min_distance_m}."
        raise ValueError(msg)
