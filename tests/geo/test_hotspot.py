from __future__ import annotations

import warnings
from itertools import combinations, permutations

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.stats import binom, kstest, norm

from geo.hotspot import (
    LEVELS,
    corrected,
    draws_needed,
    gi_star,
    hot_spots,
    is_normal,
    permutation_tails,
    two_sided,
)
from geo.neighbours import touching_grids

Floats = npt.NDArray[np.float64]


def lattice(columns: int, rows: int) -> csr_array:
    """Square grids that touch like queens."""
    x, y = np.meshgrid(np.arange(columns), np.arange(rows))
    return touching_grids(shapely.box(x, y, x + 1, y + 1).ravel(), 0)


def within(points: Floats, metres: float) -> csr_array:
    """Points at most so far apart."""
    apart = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    return csr_array(((apart <= metres) & (apart > 0)).astype(float))


def tails(values: Floats, touches: csr_array, draws: int, seed: int = 0) -> tuple[Floats, Floats]:
    random = np.random.default_rng(seed)
    return permutation_tails(values, touches @ values, np.diff(touches.indptr), draws, random)


SIX = within(np.array([(10, 10), (20, 10), (40, 10), (15, 20), (30, 20), (30, 30)]), 15)
SIX_VALUES = np.array([2, 3, 3.2, 5, 8, 7])
NINE = lattice(3, 3)
values = st.lists(st.integers(0, 50).map(lambda n: n / 3), min_size=9, max_size=9).map(np.array)


# --- Gi* -------------------------------------------------------------------------------------------


def test_the_six_points_of_esda() -> None:
    """esda, documentation of `G_Local(star=True, transform="B")` and its test_star_binary."""
    published = [-1.39727626, -0.28917762, 0.65064964, -0.28917762, 1.23452088, 2.02424331]
    assert gi_star(SIX_VALUES, SIX) == pytest.approx(published, abs=1e-8)


def test_over_all_permutations_the_mean_is_0_and_the_variance_1() -> None:
    """Ord & Getis 1995: Gi* is standardised by its moments under random permutation."""
    z = np.array([gi_star(np.array(order), SIX) for order in permutations(SIX_VALUES)])
    assert z.mean(axis=0) == pytest.approx(np.zeros(6), abs=1e-12)
    assert z.var(axis=0) == pytest.approx(np.ones(6))


@pytest.mark.parametrize(("side", "critical"), [(7, 3.083), (10, 3.289)])
def test_the_largest_of_many_stays_below_the_published_critical_value(
    side: int, critical: float
) -> None:
    """Ord & Getis 1995, as quoted by spdep (localG): 3.083 for 50 and 3.289 for 100 tests at 95 %.

    The values hold for independent tests; neighbours share values, so fewer than 5 % pass them.
    """
    touches, random = lattice(side, side), np.random.default_rng(7)
    largest = [gi_star(random.normal(size=side**2), touches).max() for _ in range(2_000)]
    assert 0.02 < np.mean(np.array(largest) > critical) < 0.05 + 2 * binom.std(2_000, 0.05) / 2_000


@given(values, st.floats(0.1, 100), st.floats(-100, 100), st.permutations(range(9)))
def test_neither_units_nor_the_order_of_grids_matter(
    x: Floats, scale: float, shift: float, order: list[int]
) -> None:
    z = gi_star(x, NINE)
    assert gi_star(x * scale + shift, NINE) == pytest.approx(z, abs=1e-6)
    assert gi_star(-x, NINE) == pytest.approx(-z, abs=1e-9)
    assert gi_star(x[order], NINE[order][:, order]) == pytest.approx(z[order], abs=1e-9)


@given(st.floats(-1e6, 1e6))
def test_where_all_are_equal_nothing_is_hot(value: float) -> None:
    found = hot_spots(np.full(9, value), NINE, np.random.default_rng(0))
    assert not found.z.any()
    assert not found.spot_class.any()
    assert (found.p == 1).all()


# --- permutation -----------------------------------------------------------------------------------


def exact_tails(x: Floats, touches: csr_array) -> tuple[Floats, Floats]:
    """Share of all choices of k others whose sum is as high, and as low, with exact fractions."""
    high, low = [], []
    for i in range(len(x)):
        neighbours = touches.indices[touches.indptr[i] : touches.indptr[i + 1]]
        others = np.delete(x, i)
        sums = np.array([sum(chosen) for chosen in combinations(others.tolist(), len(neighbours))])
        high.append(np.mean(sums >= x[neighbours].sum() - 1e-9))
        low.append(np.mean(sums <= x[neighbours].sum() + 1e-9))
    return np.array(high), np.array(low)


@given(values, st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_p_is_that_of_all_permutations_within_chance(x: Floats, seed: int) -> None:
    draws = 4_000
    for ours, exact in zip(tails(x, NINE, draws, seed), exact_tails(x, NINE), strict=True):
        error = np.sqrt(exact * (1 - exact) / draws)
        assert (np.abs(ours - exact) <= 5.5 * error + 1.5 / draws).all()
        assert (ours >= 1 / (draws + 1)).all()


@pytest.mark.parametrize("touches", [SIX, lattice(3, 2)], ids=["six points", "two rows"])
def test_p_converges_to_that_of_all_permutations(touches: csr_array) -> None:
    """Where draws hold the grid itself most of the time, mending decides all."""
    for ours, exact in zip(
        tails(SIX_VALUES, touches, 400_000), exact_tails(SIX_VALUES, touches), strict=True
    ):
        assert ours == pytest.approx(exact, abs=0.004)


def test_p_agrees_with_esda() -> None:
    """esda `G_Local.p_sim` is the smaller tail of conditional permutation."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from esda import G_Local
        from libpysal.weights import WSP

        touches = lattice(15, 15)
        x = np.random.default_rng(3).gamma(1.0, size=225)
        theirs = G_Local(
            x, WSP(touches.tocsr()).to_W(), transform="B", star=True, permutations=9_999,
            n_jobs=1, seed=1, keep_simulations=False,
        )  # fmt: skip
    assert gi_star(x, touches) == pytest.approx(theirs.Zs)
    high, low = tails(x, touches, 9_999)
    error = np.sqrt(2 * theirs.p_sim * (1 - theirs.p_sim) / 9_999)
    assert (np.abs(np.minimum(high, low) - theirs.p_sim) < 4.5 * error + 2e-4).all()


def test_p_is_uniform_where_nothing_is_there() -> None:
    touches, random = lattice(12, 12), np.random.default_rng(11)
    p = [
        permutation_tails(x, touches @ x, np.diff(touches.indptr), 999, random)[0][[0, 70, 143]]
        for x in random.gamma(0.5, size=(400, 144))
    ]
    assert kstest(np.concatenate(p), "uniform").pvalue > 0.01


def test_equal_sums_in_another_order_are_equal() -> None:
    """0.1 + 0.2 + 0.3 is not 0.3 + 0.2 + 0.1 in floating point; both tails have to count it."""
    x = np.array([0.1, 0.2, 0.3, 0.1, 0.2, 0.3, 0.1, 0.2, 0.3])
    (high, low), (exact_high, exact_low) = tails(x, NINE, 20_000), exact_tails(x, NINE)
    assert high == pytest.approx(exact_high, abs=0.02)
    assert low == pytest.approx(exact_low, abs=0.02)


def test_p_is_never_0() -> None:
    """Phipson & Smyth 2010: what was seen is itself one of the permutations."""
    x = np.random.default_rng(0).normal(size=(15, 15))
    x[2:5, 2:5], x[9:12, 9:12] = 50, -50
    high, low = (p.reshape(15, 15) for p in tails(x.ravel(), lattice(15, 15), 999))
    assert (high[3, 3], low[10, 10]) == (1 / 1_000, 1 / 1_000)
    assert high.max() == low.max() == 1


def test_the_same_seed_gives_the_same_p() -> None:
    x = np.random.default_rng(0).poisson(1, 9).astype(float)
    assert tails(x, NINE, 999, 4)[0].tolist() == tails(x, NINE, 999, 4)[0].tolist()


@pytest.mark.parametrize(
    ("tests", "q", "draws"),
    [(10, 0.1, 9_999), (300, 0.05, 12_000), (100, 0.01, 20_000), (5_000, 0.01, 39_999)],
)
def test_draws_grow_with_the_number_of_tests(tests: int, q: float, draws: int) -> None:
    assert draws_needed(tests, q) == draws
    assert draws_needed(5_000, 0.01, 200_000) == 200_000


def test_more_draws_find_what_few_cannot_tell_from_chance() -> None:
    """With R draws p is at least 2 / (R + 1): over 1,024 grids a single block never reaches class 3."""
    touches, x = lattice(32, 32), np.random.default_rng(0).negative_binomial(2, 0.5, (32, 32))
    x[10:13, 10:13] += 8
    few, many = (
        hot_spots(x.ravel().astype(float), touches, np.random.default_rng(1), most_draws=most)
        for most in (9_999, 300_000)
    )
    assert few.spot_class.max() < 3
    assert many.spot_class.reshape(32, 32)[11, 11] == 3
    assert many.p.min() < 2 / 10_000 <= few.p.min() + 1e-12


# --- many tests at once ----------------------------------------------------------------------------


def test_the_example_of_benjamini_and_hochberg() -> None:
    """Benjamini & Hochberg 1995, their 15 p-values: 4 pass at .05, and 9 at .10 by the same rule."""
    p = np.array([
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
        0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000,
    ])  # fmt: skip
    q = corrected(p)
    assert [(q <= level).sum() for level in (0.05, 0.10)] == [4, 9]
    assert q[3] == pytest.approx(0.0095 * 15 / 4)


@given(st.lists(st.one_of(st.floats(1e-6, 1), st.just(np.nan)), max_size=40).map(np.array))
def test_untested_grids_are_no_tests(p: Floats) -> None:
    p = p.astype(float)
    q, is_test = corrected(p), np.isfinite(p)
    assert (np.isnan(q) == ~is_test).all()
    assert q[is_test].tolist() == corrected(p[is_test]).tolist()
    assert (q[is_test] >= p[is_test] - 1e-15).all()


@pytest.mark.parametrize("name", ["poisson", "overdispersed", "rates"])
def test_maps_without_hot_spots_show_none(name: str) -> None:
    """False alarms: of 300 maps on which place means nothing at most q show anything at q."""
    touches, random, maps = lattice(14, 14), np.random.default_rng(21), 300
    found = np.zeros(len(LEVELS))
    for _ in range(maps):
        x = {
            "poisson": lambda: random.poisson(2.0, 196).astype(float),
            "overdispersed": lambda: random.negative_binomial(0.5, 0.2, 196).astype(float),
            "rates": lambda: random.negative_binomial(2, 0.2, 196) / random.uniform(0.5, 5, 196),
        }[name]()
        largest = np.abs(hot_spots(x, touches, random).spot_class).max()
        found += [largest >= spot_class for spot_class in (1, 2, 3)]
    assert (found <= binom.ppf(0.995, maps, LEVELS)).all()


def test_the_normal_curve_marks_up_to_twice_as_many_empty_maps_as_it_states() -> None:
    touches, random, maps = lattice(20, 20), np.random.default_rng(22), 1_000
    found = 0
    for _ in range(maps):
        counts = random.poisson(6.0, 400)
        found += hot_spots(counts.astype(float), touches, random, counts).spot_class.any()
    assert found / maps < 2 * max(LEVELS)


# --- the map ---------------------------------------------------------------------------------------


def test_a_planted_cluster_is_hot_a_bare_one_cold_and_the_rest_neither() -> None:
    touches, random = lattice(20, 20), np.random.default_rng(1)
    x = random.poisson(8.0, (20, 20)).astype(float)
    x[3:7, 3:7] += 10
    x[13:17, 13:17] = 0
    found = hot_spots(x.ravel(), touches, random).spot_class.reshape(20, 20)
    assert (found[4:6, 3:7] == 3).all()
    assert (found[13:17, 14:16] == -3).all()
    assert (found[3:7, 3:7] > 0).mean() > 0.8
    assert (found[2:8, 2:8] >= 0).all()
    far = np.ones((20, 20), dtype=bool)
    far[1:9, 1:9] = far[11:19, 11:19] = False
    assert np.mean(found[far] != 0) < 0.03


def test_one_huge_value_among_low_neighbours_is_no_hot_spot() -> None:
    x = np.random.default_rng(2).uniform(4, 6, (15, 15))
    x[5:10, 5:10] = 0.0
    x[7, 7] = 500.0
    found = hot_spots(x.ravel(), lattice(15, 15), np.random.default_rng(0))
    middle = 7 * 15 + 7
    assert found.z[middle] > 3
    assert found.p[middle] < 0.01
    assert found.spot_class[middle] == 0


def test_grids_without_exposure_or_neighbours_are_not_tested_and_not_counted() -> None:
    x = np.random.default_rng(3).poisson(3, 36).astype(float)
    touches = lattice(6, 6)
    island = csr_array(
        (touches.data, touches.indices, np.append(touches.indptr, touches.nnz)), shape=(37, 37)
    )
    x_island = np.append(x, 1000.0)
    x_island[14] = np.nan
    found = hot_spots(x_island, island, np.random.default_rng(5))
    assert np.flatnonzero(np.isnan(found.z)).tolist() == [14, 36]
    for field in found:
        assert np.isnan(field[[14, 36]]).all()
    keep = np.delete(np.arange(36), 14)
    alone = hot_spots(x[keep], touches[keep][:, keep], np.random.default_rng(5))
    for field, expected in zip(found, alone, strict=True):
        assert field[keep].tolist() == expected.tolist()


def test_a_grid_that_loses_its_only_neighbour_is_not_tested() -> None:
    pair = csr_array(np.array([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]], dtype=float))
    found = hot_spots(np.array([1.0, np.nan, 2.0, 3.0]), pair, np.random.default_rng(0))
    assert np.isnan(found.spot_class).tolist() == [True, True, False, False]
    nobody = hot_spots(np.full(4, np.nan), pair, np.random.default_rng(0))
    assert np.isnan(nobody.spot_class).all()
    assert len(hot_spots(np.empty(0), csr_array((0, 0)), np.random.default_rng(0)).z) == 0


def test_the_normal_curve_serves_many_even_counts_only() -> None:
    random = np.random.default_rng(8)
    even, few, uneven = (
        random.poisson(9, 400),
        random.poisson(2, 400),
        random.negative_binomial(2, 0.2, 400),
    )
    assert [is_normal(counts) for counts in (even, few, uneven)] == [True, False, False]
    touches = lattice(20, 20)
    found = hot_spots(even.astype(float), touches, random, even)
    assert found.p == pytest.approx(2 * norm.sf(np.abs(found.z)))
    permuted = hot_spots(few.astype(float), touches, random, few).p
    assert permuted * 40_000 / 2 == pytest.approx(np.round(permuted * 40_000 / 2))


@given(st.floats(0, 1), st.floats(0, 1))
def test_two_sides_are_twice_the_smaller_tail(high: float, low: float) -> None:
    p = two_sided(np.array([high]), np.array([low]))[0]
    assert p == min(1, 2 * min(high, low))


def test_what_cannot_be_is_refused() -> None:
    random, x = np.random.default_rng(0), np.arange(9.0)
    with pytest.raises(ValueError, match="shape"):
        hot_spots(x[:8], NINE, random)
    with pytest.raises(ValueError, match="value 3 is infinite"):
        hot_spots(np.where(x == 3, np.inf, x), NINE, random)
    for wrong in (NINE * 2, csr_array(np.triu(NINE.toarray())), csr_array(np.eye(9))):
        with pytest.raises(ValueError, match="mutual"):
            hot_spots(x, wrong, random)
    with pytest.raises(ValueError, match="without neighbours"):
        permutation_tails(x, x, np.zeros(9, dtype=np.int64), 99, random)
