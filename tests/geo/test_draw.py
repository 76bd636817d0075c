"""The draw against its definition."""

from __future__ import annotations

import hashlib
import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.draw import (
    Draw,
    Floats,
    Ints,
    Stream,
    centimetres,
    draw_points,
    draw_sizes,
    inclusion_probabilities,
    local_pivotal,
)
from geo.evenness import random_draw_balance, voronoi_balance, voronoi_sums


def scattered(count: int, seed: int = 1, side_m: float = 5_000) -> Floats:
    """Points anywhere in a square, to the cm."""
    return np.random.default_rng(seed).integers(0, int(side_m * 100), (count, 2)) / 100


def drawn(xy_m: Floats, probability: Floats, seed: int | str) -> Ints:
    return local_pivotal(xy_m, probability, Stream(str(seed)))


def plain_local_pivotal(xy_m: Floats, probability: Floats, stream: Stream) -> list[int]:
    """LPM2 as it is written down, with a search through all units in every step."""
    cm = centimetres(xy_m).tolist()
    chance = probability.tolist()
    left = [unit for unit, p in enumerate(chance) if 0 < p < 1]
    while len(left) > 1:
        i = left[int(stream.next() * len(left))]
        j = min(
            (unit for unit in left if unit != i),
            key=lambda u: ((cm[u][0] - cm[i][0]) ** 2 + (cm[u][1] - cm[i][1]) ** 2, u),
        )
        p, q = chance[i], chance[j]
        if p + q < 1:
            chance[i], chance[j] = (0, p + q) if stream.next() * (p + q) < q else (p + q, 0)
        elif stream.next() * (2 - (p + q)) < 1 - q:
            chance[i], chance[j] = 1, p + q - 1
        else:
            chance[i], chance[j] = p + q - 1, 1
        for unit in (i, j):
            if chance[unit] in (0, 1):
                left[left.index(unit)] = left[-1]
                left.pop()
    if left:
        chance[left[0]] = int(stream.next() < chance[left[0]])
    return [unit for unit, p in enumerate(chance) if p == 1]


# random numbers


def test_stream_is_sha256_of_seed_and_counter() -> None:
    stream = Stream("样本-2026")
    for counter in range(3):
        digest = hashlib.sha256(f"样本-2026:{counter}".encode()).hexdigest()
        assert stream.next() == int(digest[:16], 16) // 2**11 / 2**53


def test_stream_is_even() -> None:
    stream = Stream("1")
    numbers = np.array([stream.next() for _ in range(20_000)])
    counts = np.bincount((numbers * 20).astype(int), minlength=20)
    assert ((counts - 1000) ** 2 / 1000).sum() < 43.8  # chi-squared, 19 degrees, p = .001
    assert numbers.min() >= 0
    assert numbers.max() < 1


def test_shuffling_is_fair() -> None:
    stream = Stream("2")
    orders = [tuple(stream.shuffled([7, 8, 9])) for _ in range(6_000)]
    assert len(set(orders)) == 6
    assert all(abs(orders.count(order) - 1000) < 4.5 * math.sqrt(1000 * 5 / 6) for order in set(orders))


# sizes and probabilities


def test_sizes_mix_equal_chances_and_risk() -> None:
    assert draw_sizes(np.array([0.0, 0.1, 0.2]), 0.5) == pytest.approx([0.5, 1, 1.5])
    assert draw_sizes(np.array([0.0, 0.1, 0.2]), 0).tolist() == [1, 1, 1]
    assert draw_sizes(np.zeros(3), 0.7).tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("risk", "weight"), [([0.1], 1.0), ([0.1], -0.1), ([-0.1], 0.5), ([math.nan], 0)]
)
def test_sizes_refuse_nonsense(risk: list[float], weight: float) -> None:
    with pytest.raises(ValueError, match="must"):
        draw_sizes(np.array(risk), weight)


def test_probabilities_are_capped_until_none_is_above_one() -> None:
    """10 takes 1; of the 2 left 5 would get 10/9, so it takes 1 too; 1 is shared by 1, 1, 2."""
    assert inclusion_probabilities(np.array([10.0, 5, 1, 1, 2]), 3) == pytest.approx(
        [1, 1, 0.25, 0.25, 0.5]
    )


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=40), st.data())
def test_probabilities_sum_to_n_and_keep_the_order_of_sizes(
    sizes: list[float], data: st.DataObject
) -> None:
    n = data.draw(st.integers(0, len(sizes)))
    size = np.array(sizes)
    probability = inclusion_probabilities(size, n)
    assert probability.sum() == pytest.approx(n)
    assert ((probability >= 0) & (probability <= 1)).all()
    free = probability < 1
    assert probability[free] / size[free] == pytest.approx(
        (probability[free] / size[free])[:1].repeat(free.sum())
    )


@pytest.mark.parametrize(("size", "n"), [([1.0], 2), ([1.0], -1), ([0.0, 1], 1), ([math.inf], 1)])
def test_probabilities_refuse_nonsense(size: list[float], n: int) -> None:
    with pytest.raises(ValueError, match=r"cannot draw|must"):
        inclusion_probabilities(np.array(size), n)


# local pivotal method

LATTICE = st.lists(
    st.tuples(
        st.integers(0, 4), st.integers(0, 4), st.sampled_from([0.0, 0.2, 0.25, 1 / 3, 0.5, 0.9, 1])
    ),
    min_size=1,
    max_size=60,
)


@settings(deadline=None)
@given(LATTICE, st.integers(0, 99))
def test_fast_search_draws_what_the_plain_one_draws(
    units: list[tuple[int, int, float]], seed: int
) -> None:
    """On a lattice with many at one place nearly every search ends in a tie."""
    xy, p = np.array([unit[:2] for unit in units], dtype=float), np.array([unit[2] for unit in units])
    assert drawn(xy, p, seed).tolist() == plain_local_pivotal(xy, p, Stream(str(seed)))


@pytest.mark.parametrize("count", [50, 700])
def test_fast_search_draws_what_the_plain_one_draws_anywhere(count: int) -> None:
    for seed in range(4):
        xy, p = scattered(count, seed), np.full(count, 0.13)
        assert drawn(xy, p, seed).tolist() == plain_local_pivotal(xy, p, Stream(str(seed)))


def test_a_ring_around_a_point_is_one_tie() -> None:
    """24 points of whole metres, all 65 m from the middle: more than a list of neighbours holds."""
    ring = [(x, y) for x in range(-65, 66) for y in range(-65, 66) if x * x + y * y == 65 * 65]
    xy = np.array([*ring, (0, 0)], dtype=float)
    assert len(xy) > 20
    for seed in range(20):
        p = np.full(len(xy), 0.25)
        assert drawn(xy, p, seed).tolist() == plain_local_pivotal(xy, p, Stream(str(seed)))


@pytest.mark.parametrize("is_equal", [True, False])
def test_sample_size_is_exact_and_probabilities_are_met(is_equal: bool) -> None:
    xy, n, rounds = scattered(60), 15, 3_000
    size = np.ones(60) if is_equal else np.random.default_rng(3).gamma(2, 1, 60) + 0.1
    p = inclusion_probabilities(size, n)
    counts, stream = np.zeros(60), Stream("met")
    for _ in range(rounds):
        sample = local_pivotal(xy, p, stream)
        assert len(sample) == n
        counts[sample] += 1
    sure = p == 1
    assert (counts[sure] == rounds).all()
    z = (counts - rounds * p)[~sure] / np.sqrt(rounds * p * (1 - p))[~sure]
    assert np.abs(z).max() < 4.5
    assert (z**2).mean() < 1.6


def test_the_same_seed_gives_the_same_sample() -> None:
    """Written down once: must never change, or a published draw could not be repeated."""
    xy = np.array([(37 * k % 101, 53 * k % 97) for k in range(100)], dtype=float)
    assert drawn(xy, np.full(100, 0.08), "20261122").tolist() == GOLDEN_SAMPLE


@given(st.integers(-4_000_000, 4_000_000), st.integers(-4_000_000, 4_000_000))
@settings(max_examples=20, deadline=None)
def test_moving_the_map_changes_nothing(east_m: int, north_m: int) -> None:
    xy, p = scattered(80), np.full(80, 0.1)
    assert drawn(xy + np.array([east_m, north_m]), p, 5).tolist() == drawn(xy, p, 5).tolist()


def test_large_frames_and_crowded_places_are_drawn() -> None:
    assert len(drawn(scattered(50_000, side_m=50_000), np.full(50_000, 0.01), 1)) == 500
    assert len(drawn(np.repeat(scattered(20), 1_000, axis=0), np.full(20_000, 0.01), 1)) == 200


def test_nothing_and_everything() -> None:
    assert drawn(np.empty((0, 2)), np.empty(0), 1).tolist() == []
    assert drawn(scattered(3), np.ones(3), 1).tolist() == [0, 1, 2]
    assert drawn(scattered(3), np.zeros(3), 1).tolist() == []


@pytest.mark.parametrize(
    ("xy", "p"),
    [
        ([(0, 0)], [0.5, 0.5]),
        ([(0, 0)], [1.5]),
        ([(0, 0)], [math.nan]),
        ([(math.nan, 0), (0, 0)], [0.5, 0.5]),
        ([(0, 0), (3e7, 0)], [0.5, 0.5]),
    ],
)
def test_local_pivotal_refuses_nonsense(xy: list[tuple[float, float]], p: list[float]) -> None:
    with pytest.raises(ValueError, match=r"must|probabilities|metres"):
        drawn(np.array(xy), np.array(p), 1)


# the whole draw


class Frame(NamedTuple):
    """What `draw_points` takes, but for the distance and the seed."""

    xy_m: Floats
    stratum: Ints
    size: Floats
    quota: Ints
    spares: Ints
    is_declared: np.ndarray


def frame(count: int = 300, seed: int = 1) -> Frame:
    random = np.random.default_rng(seed)
    return Frame(
        scattered(count, seed),
        random.choice(4, count, p=[0.5, 0.3, 0.18, 0.02]).astype(np.int64),
        random.uniform(0.3, 3, count),
        np.array([20, 10, 5, 30]),
        np.array([4, 3, 0, 2]),
        random.random(count) < 0.02,
    )


def near_pairs(one: Frame, kept: Ints, distance_m: float) -> int:
    """Pairs of one stratum nearer than the distance."""
    xy, code = one.xy_m[kept], one.stratum[kept]
    away = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    return int(np.triu((away < distance_m - 1e-6) & (code[:, None] == code[None]), 1).sum())


def kept_of(one: Frame, draw: Draw) -> Ints:
    return np.concatenate([np.flatnonzero(one.is_declared), draw.drawn])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("distance_m", [0, 150])
def test_quotas_are_met_in_every_stratum(seed: int, distance_m: float) -> None:
    one = frame(seed=seed)
    draw = draw_points(*one, distance_m, str(seed))
    there = np.bincount(one.stratum, minlength=4)
    declared = np.bincount(one.stratum[one.is_declared], minlength=4)
    kept = np.bincount(one.stratum[kept_of(one, draw)], minlength=4)
    assert kept.tolist() == np.minimum(np.maximum(one.quota, declared), there).tolist()
    used = np.bincount(one.stratum[draw.skipped], minlength=4)
    spare = np.bincount(one.stratum[draw.spare], minlength=4)
    assert (spare + used).tolist() == np.minimum(one.spares, there - kept).tolist()
    everyone = np.concatenate([kept_of(one, draw), draw.spare, draw.skipped])
    assert len(np.unique(everyone)) == len(everyone)
    assert (draw.probability[one.is_declared] == 1).all()
    assert (np.diff(one.stratum[draw.drawn]) >= 0).all()
    expected = np.bincount(one.stratum, draw.probability, 4)
    assert expected == pytest.approx(kept)


def test_points_keep_their_distance_where_spares_allow() -> None:
    skipped = 0
    for seed in range(10):
        one = frame(seed=seed)._replace(spares=np.array([9, 9, 9, 0]))
        draw = draw_points(*one, 250, str(seed))
        skipped += len(draw.skipped)
        in_time = np.setdiff1d(kept_of(one, draw), draw.too_near)
        declared = np.flatnonzero(one.is_declared)
        assert near_pairs(one, in_time, 250) == near_pairs(one, declared, 250)
        for unit in draw.too_near:
            others = np.setdiff1d(kept_of(one, draw), [unit])
            assert near_pairs(one, np.append(others, unit), 250) > near_pairs(one, others, 250)
    assert skipped


def test_a_spare_takes_the_place_of_what_is_too_near() -> None:
    """Both of 0 and 1 m are drawn only if the declared one at 2 m does not forbid it."""
    xy = np.array([(2, 0), (0, 0), (1, 0), (900, 0), (950, 0)], dtype=float)
    one = Frame(xy, np.zeros(5, int), np.ones(5), np.array([3]), np.array([2]), np.arange(5) == 0)
    for seed in range(20):
        draw = draw_points(*one, 10, str(seed))
        assert not {1, 2} & set(draw.drawn.tolist()) or len(draw.too_near)
        assert len(draw.drawn) == 2
    none_left = draw_points(*one._replace(spares=np.array([0])), 5_000, "1")
    assert len(none_left.drawn) == len(none_left.too_near) == 2


def test_the_whole_draw_is_written_down() -> None:
    """Must never change, or a published draw could not be repeated."""
    k = np.arange(120)
    xy = np.stack([37 * k % 101, 53 * k % 97], axis=1) * 10.0
    draw = draw_points(
        xy, k % 3, 1 + k % 5 / 4, np.array([5, 4, 3]), np.array([2, 1, 0]), k % 40 == 7, 330, "12345"
    )
    assert {
        field: value.tolist() for field, value in draw._asdict().items() if field != "probability"
    } == (GOLDEN_DRAW)


def test_more_declared_than_the_quota_are_all_kept() -> None:
    one = frame()._replace(is_declared=np.ones(300, bool))
    draw = draw_points(*one, 0, "1")
    assert len(draw.drawn) == len(draw.spare) == 0
    assert (draw.probability == 1).all()


@pytest.mark.parametrize(
    ("change", "distance_m"),
    [
        ({"size": np.ones(3)}, 0),
        ({"size": np.zeros(300)}, 0),
        ({"stratum": np.full(300, 4)}, 0),
        ({"quota": np.array([1, 1, 1])}, 0),
        ({"spares": np.array([1, 1, 1, -1])}, 0),
        ({"xy_m": np.full((300, 2), np.nan)}, 0),
        ({}, -1),
        ({}, math.nan),
    ],
)
def test_the_draw_refuses_nonsense(change: dict[str, np.ndarray], distance_m: float) -> None:
    with pytest.raises(ValueError, match=r"must|numbers of spares"):
        draw_points(*frame()._replace(**change), distance_m, "1")


def test_the_draw_is_more_even_than_a_random_one() -> None:
    one = frame(2_000)
    draw = draw_points(*one, 0, "1")
    mine = voronoi_balance(voronoi_sums(one.xy_m, draw.probability, kept_of(one, draw), one.stratum))
    random = np.random.default_rng(0)
    balance, loss = random_draw_balance(one.xy_m, one.stratum, one.quota, one.is_declared, 50, random)
    assert mine < balance.min()
    assert balance.shape == loss.shape == (50,)
    assert ((loss > 0) & (loss < 1)).all()


GOLDEN_SAMPLE = [3, 39, 42, 49, 77, 79, 91, 92]
GOLDEN_DRAW: dict[str, list[int]] = {
    "drawn": [3, 39, 99, 114, 64, 103, 82, 44, 92],
    "spare": [54, 34],
    "skipped": [12],
    "too_near": [99, 114, 64],
}
