from __future__ import annotations

from itertools import permutations

import numpy as np
import numpy.typing as npt
import pymannkendall
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.stats import binom

from geo.hotspot import corrected, direction, gi_star, permutation_tails, two_sided
from geo.neighbours import touching_grids
from geo.trend import NO_PATTERN, UNTESTED, classify, mann_kendall, trends

Floats = npt.NDArray[np.float64]
WEEKS = 20


def lattice(columns: int, rows: int) -> csr_array:
    """Square grids that touch like queens."""
    x, y = np.meshgrid(np.arange(columns), np.arange(rows))
    return touching_grids(shapely.box(x, y, x + 1, y + 1).ravel(), 0)


def one(*series: float) -> float:
    return float(mann_kendall(np.array([series], dtype=float))[0][0])


# --- Mann-Kendall ----------------------------------------------------------------------------------


def test_the_example_by_hand() -> None:
    """J. Little, College of the Holy Cross, "A Mann-Kendall Example (By Hand)": S = 54, Z = 2.9058,
    one-sided p about .0018, with one tie among 14 values."""
    series = [12.9, 14.8, 13.2, 15.7, 13.8, 15.6, 12.9, 11.0, 17.3, 15.9, 19.0, 18.3, 20.1, 21.7]
    z, p = mann_kendall(np.array([series]))
    assert z[0] == pytest.approx(2.9058, abs=5e-5)
    assert p[0] / 2 == pytest.approx(0.0018, abs=5e-5)


def test_the_example_of_the_wisconsin_code() -> None:
    """Wisconsin Administrative Code NR 746, table A: 100, 50, 85, 75, 50 give S = -5."""
    variance = (5 * 4 * 15 - 2 * 1 * 9) / 18
    assert one(100, 50, 85, 75, 50) == pytest.approx((-5 + 1) / variance**0.5)


@given(st.lists(st.integers(0, 6), min_size=10, max_size=30))
def test_it_agrees_with_pymannkendall(series: list[int]) -> None:
    """Oracle: pymannkendall.original_test, which corrects for ties and continuity as well."""
    z, p = mann_kendall(np.array([series], dtype=float))
    if len(set(series)) == 1:
        assert (z[0], p[0]) == (0, 1)
    else:
        theirs = pymannkendall.original_test(series)
        assert (z[0], p[0]) == pytest.approx((theirs.z, theirs.p))


@pytest.mark.parametrize("series", [(1, 2, 3, 4, 5, 6), (1, 1, 2, 3, 3, 3), (0, 0, 0, 0, 0, 1)])
def test_the_variance_is_that_over_all_orders(series: tuple[int, ...]) -> None:
    """Kendall 1975: with ties, the variance of S over all orders of the values."""
    scores = [
        sum(np.sign(b - a) for k, a in enumerate(order) for b in order[k:])
        for order in permutations(series)
    ]
    z = mann_kendall(np.array([sorted(series)], dtype=float))[0][0]
    assert z == pytest.approx((max(scores) - 1) / np.std(scores))


@given(st.lists(st.integers(-20, 20), min_size=10, max_size=25))
def test_only_the_order_of_values_counts(series: list[int]) -> None:
    assert one(*series[::-1]) == -one(*series)
    assert one(*(-n for n in series)) == -one(*series)
    assert one(*(np.exp(n / 10) for n in series)) == one(*series)


def test_many_series_at_once_are_each_by_itself() -> None:
    series = np.random.default_rng(0).poisson(1, (50, 15)).astype(float)
    z, _ = mann_kendall(series)
    assert z.tolist() == [one(*row) for row in series]
    assert len(mann_kendall(np.empty((0, 12)))[0]) == 0
    with pytest.raises(ValueError, match="series 3 holds NaN"):
        mann_kendall(np.where(np.arange(50)[:, None] == 3, np.nan, series))


# --- classes ---------------------------------------------------------------------------------------

CASES = [  # weeks as text: h hot, c cold, . neither; trend; class
    ("hhhhhhhhhh", 1, "intensifying_hot"),
    ("hhhhhhhhhh", -1, "diminishing_hot"),
    ("hhhhhhhhhh", 0, "persistent_hot"),
    (".hhhhhhhhh", 0, "persistent_hot"),
    ("chhhhhhhhh", 1, "intensifying_hot"),
    ("..hhhhhhhh", 1, "consecutive_hot"),
    (".........h", 1, "new_hot"),
    ("........hh", 0, "consecutive_hot"),
    ("h.......hh", 0, "sporadic_hot"),
    ("h........h", 0, "sporadic_hot"),
    ("c........h", 0, "oscillating_hot"),
    ("hhhhhhhhh.", 0, "historical_hot"),
    ("hhhhhhhh..", 1, NO_PATTERN),
    ("hhhhhhhhhc", 0, "oscillating_cold"),
    ("..........", 1, NO_PATTERN),
    ("cccccccccc", -1, "intensifying_cold"),
    ("cccccccccc", 1, "diminishing_cold"),
    ("cccccccccc", 0, "persistent_cold"),
    (".........c", 0, "new_cold"),
    (".......ccc", 0, "consecutive_cold"),
    ("c......c.c", 0, "sporadic_cold"),
    ("..h....c.c", 0, "oscillating_cold"),
    ("ccccccccc.", 0, "historical_cold"),
]


@pytest.mark.parametrize(("weeks", "trend", "expected"), CASES)
def test_classes(weeks: str, trend: int, expected: str) -> None:
    """The categories of Esri's Emerging Hot Spot Analysis, each by an example."""
    spot = np.array([[{"h": 1, "c": -1, ".": 0}[week] for week in weeks]])
    assert classify(spot, np.array([trend])).tolist() == [expected]


@given(st.lists(st.sampled_from([-1, 0, 1]), min_size=10, max_size=30), st.sampled_from([-1, 0, 1]))
def test_cold_mirrors_hot(weeks: list[int], trend: int) -> None:
    spot = np.array([weeks])
    name = str(classify(spot, np.array([trend]))[0])
    swap = {"hot": "cold", "cold": "hot"}
    mirrored = "_".join(swap.get(word, word) for word in name.split("_"))
    assert classify(-spot, np.array([-trend])).tolist() == [mirrored]


# --- the whole cube --------------------------------------------------------------------------------


def test_planted_stories_are_told() -> None:
    """A town of 24 x 24 grids with blocks of 3 x 3 whose stories are known."""
    random, weeks = np.random.default_rng(0), np.arange(WEEKS)
    story = np.zeros((24, 24), dtype=np.int64)
    cube = random.poisson(1.0, (24, 24, WEEKS)).astype(float)
    extras = [
        8 + 0 * weeks,
        3 + weeks,
        23 - weeks,
        np.where(weeks >= WEEKS - 3, 10, 0),
        np.where(weeks == WEEKS - 1, 10, 0),
        np.where(weeks < WEEKS - 2, 10, 0),
    ]
    for number, extra in enumerate(extras):
        row, column = 2 + 8 * (number // 3), 2 + 8 * (number % 3)
        cube[row : row + 3, column : column + 3] += extra
        story[row + 1, column + 1] = number + 1
    found = trends(cube.reshape(576, WEEKS), lattice(24, 24), np.random.default_rng(0)).trend_class
    assert [found[story.ravel() == number + 1][0] for number in range(6)] == [
        "persistent_hot", "intensifying_hot", "diminishing_hot", "consecutive_hot", "new_hot",
        "historical_hot",
    ]  # fmt: skip
    assert (found == NO_PATTERN).mean() > 0.6


def test_a_bin_is_seen_with_its_neighbours_of_this_week_and_with_all_of_the_last() -> None:
    """Oracle: the neighbours of every bin written out, Gi* and one correction over all bins."""
    touches, random = lattice(6, 6), np.random.default_rng(2)
    cube = random.poisson(1, (36, 12)).astype(float)
    cube[np.ix_([14, 15, 20, 21], [7, 8, 9])] += 6
    weights = np.zeros((36, 12, 36, 12))
    for grid in range(36):
        near = touches.indices[touches.indptr[grid] : touches.indptr[grid + 1]]
        for week in range(12):
            weights[grid, week, near, week] = 1
            if week > 0:
                weights[grid, week, [*near, grid], week - 1] = 1
    around = csr_array(weights.reshape(432, 432))
    x, neighbours = cube.ravel(), np.diff(around.indptr)
    z = gi_star(x, around)
    high, low = permutation_tails(x, around @ x, neighbours, 9_999, np.random.default_rng(7))
    for q in (0.02, 0.2):
        found = trends(cube, touches, np.random.default_rng(7), q, most_draws=9_999).spot
        passes = corrected(two_sided(high, low)) <= q
        assert found.ravel().tolist() == (direction(z, high, low) * passes).tolist()
        assert passes.any()


def test_the_trend_is_that_of_gi_star_without_memory_over_the_whole_cube() -> None:
    """In one grid Gi* rises with the local sum, so the ranks over the weeks are those of the sums;
    standardising each week by itself would take a change of the whole town away."""
    touches, cube = lattice(4, 4), np.random.default_rng(9).poisson(3, (16, 12)).astype(float)
    trend_z = trends(cube, touches, np.random.default_rng(0)).trend_z
    assert trend_z == pytest.approx(mann_kendall(touches @ cube + cube)[0])
    by_week = np.stack([gi_star(week, touches) for week in cube.T], axis=1)
    assert trend_z != pytest.approx(mann_kendall(by_week)[0])


@pytest.mark.parametrize("weeks", [10, 26])
@pytest.mark.parametrize("name", ["poisson", "overdispersed"])
def test_false_trends_are_at_most_6_percent(weeks: int, name: str) -> None:
    """Level .05 on counts that do not change, over 3,000 to 6,000 series that overlap."""
    random = np.random.default_rng(31)
    shape = (900, weeks)
    p = [
        trends(cube.astype(float), lattice(30, 30), random).trend_p
        for cube in (
            random.poisson(0.7, shape)
            if name == "poisson"
            else random.negative_binomial(0.5, 0.3, shape)
            for _ in range(6)
        )
    ]
    assert np.mean(np.concatenate(p) < 0.05) <= 0.06


def test_cubes_without_hot_spots_show_none() -> None:
    """False alarms: of 100 cubes on which place and week mean nothing at most 5 % hold a hot bin."""
    random, touches, cubes = np.random.default_rng(5), lattice(8, 8), 100
    alarms = sum(
        trends(random.negative_binomial(0.5, 0.3, (64, 10)).astype(float), touches, random).spot.any()
        for _ in range(cubes)
    )
    assert alarms <= binom.ppf(0.995, cubes, 0.05)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_grids_without_exposure_change_nothing_for_the_others(seed: int) -> None:
    random = np.random.default_rng(seed)
    cube, touches = random.poisson(2, (25, 12)).astype(float), lattice(5, 5)
    gone = np.arange(25) % 5 == 4  # the last column of grids
    found = trends(np.where(gone[:, None], np.nan, cube), touches, np.random.default_rng(1))
    alone = trends(cube[~gone], touches[~gone][:, ~gone], np.random.default_rng(1))
    assert set(found.trend_class[gone]) == {UNTESTED}
    assert np.isnan(found.trend_p[gone]).all()
    assert found.trend_class[~gone].tolist() == alone.trend_class.tolist()
    assert found.spot[~gone].tolist() == alone.spot.tolist()


def test_a_town_where_nothing_happens_has_no_pattern() -> None:
    found = trends(np.zeros((9, 12)), lattice(3, 3), np.random.default_rng(0))
    assert set(found.trend_class) == {NO_PATTERN}
    assert (found.trend_p == 1).all()
    nobody = trends(np.full((9, 12), np.nan), lattice(3, 3), np.random.default_rng(0))
    assert set(nobody.trend_class) == {UNTESTED}


def test_what_cannot_be_is_refused() -> None:
    touches, random = lattice(3, 3), np.random.default_rng(0)
    with pytest.raises(ValueError, match="9 weeks are too few"):
        trends(np.zeros((9, 9)), touches, random)
    with pytest.raises(ValueError, match="shape"):
        trends(np.zeros((8, 12)), touches, random)
    for bad in (np.nan, np.inf):
        cube = np.zeros((9, 12))
        cube[4, 3] = bad
        with pytest.raises(ValueError, match="grid 4 lacks"):
            trends(cube, touches, random)
