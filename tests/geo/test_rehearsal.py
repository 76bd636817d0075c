"""The rehearsal against exact distributions, hand-made examples and itself run again."""

from __future__ import annotations

from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, chisquare, hypergeom, multivariate_normal, norm

from geo.rehearsal import Rehearsal, Rules, draw_rounds, rehearse, repairs, score

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
ROUNDS = 20_000


def one_row(points: float = 1, cap: float = np.inf, full: float = 1_000) -> Rules:
    return Rules(np.array([points]), np.array([cap]), np.array([0]), np.array([full]))


def one_stratum(chance: Floats, draws: int, rules: Rules, **more: Any) -> Rehearsal:
    """Sites of one stratum that can all lose in row 0."""
    n = len(chance)
    return rehearse(
        np.zeros(n, int), np.array([draws]), np.zeros((n, 1), int), chance[:, None], rules,
        **{"rounds": ROUNDS, "seed": 1, **more},
    )  # fmt: skip


class Case(NamedTuple):
    stratum: Ints
    draws: Ints
    rows: Ints
    chance: Floats
    rules: Rules
    place: Ints
    pass_score: float

    def run(self, rounds: int = 400, **more: Any) -> Rehearsal:
        return rehearse(*self[:5], rounds=rounds, seed=3, **more)


def case(seed: int) -> Case:
    """A small county: two strata, seven rows in three parts, caps that often hold, tenths of points."""
    random = np.random.default_rng(seed)
    n, strata, width = 30, 2, 3
    stratum = random.integers(0, strata, n)
    has = np.bincount(stratum, minlength=strata)
    rows = np.array([random.permutation(7)[:width] for _ in range(n)])
    rows[random.random(rows.shape) < 0.2] = -1
    points = random.integers(1, 20, 7) / 10
    rules = Rules(
        points,
        points * random.integers(1, 5, 7),
        random.integers(0, 3, 7),
        np.array([6.0, 4.5, 3.3]),
    )
    return Case(
        stratum,
        random.integers(0, has + 1),
        rows,
        random.beta(0.5, 1, rows.shape),
        rules,
        random.integers(-1, 9, n),
        float(random.integers(40, 138) / 10),
    )


cases = st.integers(0, 10_000).map(case)


# --- the draw --------------------------------------------------------------------------------------


def test_every_round_draws_each_stratum_in_full_and_no_site_twice() -> None:
    stratum = np.array([0] * 40 + [1] * 3 + [-1] * 5 + [2] * 7)
    drawn = draw_rounds(stratum, np.array([9, 3, 0]), 500, np.random.default_rng(1))
    assert drawn.shape == (500, 12)
    assert (stratum[drawn] == [0] * 9 + [1] * 3).all()
    assert all(len(set(line)) == 12 for line in drawn.tolist())


def test_every_subset_is_equally_likely() -> None:
    drawn = draw_rounds(np.zeros(6, int), np.array([3]), ROUNDS, np.random.default_rng(2))
    found, counts = np.unique(np.sort(drawn, axis=1), axis=0, return_counts=True)
    assert found.tolist() == [list(of) for of in combinations(range(6), 3)]
    assert chisquare(counts).pvalue > 0.001


def test_a_large_frame_is_drawn_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geo.rehearsal.CELLS_AT_ONCE", 1_000)
    drawn = draw_rounds(np.zeros(50, int), np.array([10]), ROUNDS, np.random.default_rng(2))
    assert chisquare(np.bincount(drawn.ravel())).pvalue > 0.001
    assert all(len(set(line)) == 10 for line in drawn[:100].tolist())


# --- finds and score -------------------------------------------------------------------------------


def test_certain_finds_are_hypergeometric() -> None:
    chance = np.repeat([1.0, 0.0], [12, 28])
    lost = 1_000 - one_stratum(chance, 10, one_row()).score
    expected = ROUNDS * hypergeom(40, 12, 10).pmf(np.arange(11))
    expected = np.append(expected[:7], expected[7:].sum())  # tails of less than five together
    counts = np.bincount(np.minimum(lost, 7).astype(int), minlength=8)
    assert chisquare(counts, expected).pvalue > 0.001


def test_even_chances_are_binomial_and_the_expected_loss_is_the_sum_of_chances() -> None:
    lost = 1_000 - one_stratum(np.full(40, 0.3), 10, one_row()).score
    expected = ROUNDS * binom(10, 0.3).pmf(np.arange(11))
    expected = np.append(expected[:8], expected[8:].sum())
    counts = np.bincount(np.minimum(lost, 8).astype(int), minlength=9)
    assert chisquare(counts, expected).pvalue > 0.001
    chance = np.random.default_rng(1).random(40)
    run = one_stratum(chance, 10, one_row(points=0.7))
    assert 1_000 - run.score.mean() == pytest.approx(0.7 * chance.sum() * 10 / 40, rel=0.01)
    assert run.site_loss == pytest.approx(0.7 * chance * 10 / 40, abs=0.02)


def test_caps_of_rows_and_parts_by_hand() -> None:
    rules = Rules(
        np.array([0.5, 2, 1, 4]),
        np.array([1.2, np.inf, 3, 8]),
        np.array([0, 0, 0, 1]),
        np.array([10.0, 5.0]),
    )
    # 3 x .5 capped at 1.2, 2 x 2, 5 x 1 capped at 3: 8.2 of 10 left 1.8; 2 x 4 = 8 capped at 5
    assert score([3, 2, 5, 2], rules).tolist() == [1.8, 0]
    assert score([[0, 0, 0, 0], [1, 0, 0, 1]], rules).tolist() == [[10, 5], [9.5, 1]]
    assert score([0, 9, 0, 0], rules).tolist() == [0, 5]  # 18 of 10


def test_a_score_that_just_reaches_the_mark_passes() -> None:
    """In binary fractions 1 - .1 x 3 is less than .7."""
    run = one_stratum(np.ones(5), 3, one_row(points=0.1, full=1))
    assert run.is_passed(0.7).all()
    assert not run.is_passed(0.701).any()


def test_losses_by_row_and_site_add_up_to_what_is_missing() -> None:
    given_case = case(5)
    run = given_case.run()
    missing = given_case.rules.part_points.sum() - run.score.mean()
    assert missing > 1
    assert run.row_loss.sum() == pytest.approx(missing)
    assert run.site_loss.sum() == pytest.approx(missing)
    assert run.part_score.sum(axis=1) == pytest.approx(run.score)
    np.testing.assert_array_equal(run.part_score, score(run.finds, given_case.rules))


def test_items_of_a_site_together_have_its_chance() -> None:
    risk, mix = 0.35, np.array([0.5, 0.3, 0.2])
    chance = np.tile(1 - (1 - risk) ** mix, (20, 1))
    rules = Rules(np.ones(3), np.full(3, np.inf), np.zeros(3, int), np.array([1_000.0]))
    run = rehearse(
        np.zeros(20, int), np.array([5]), np.tile(np.arange(3), (20, 1)), chance, rules, ROUNDS, 1
    )
    with_find = len(np.unique(run.find_round.astype(int) * 20 + run.find_site))
    assert with_find / (5 * ROUNDS) == pytest.approx(risk, abs=0.005)


def test_the_same_seed_gives_the_same_rounds() -> None:
    first, again = (case(1).run(group=case(1).place, correlation=0.3) for _ in range(2))
    for name, value in vars(first).items():
        if name != "rules":
            np.testing.assert_array_equal(value, getattr(again, name))
    other = rehearse(*case(1)[:5], rounds=400, seed=4)
    assert (other.score != first.score).any()


def test_a_shared_broom_keeps_chances_and_widens_the_band() -> None:
    chance, together = np.full(30, 0.2), np.zeros(30, int)
    alone = one_stratum(chance, 10, one_row())
    shared = one_stratum(chance, 10, one_row(), group=together, correlation=0.4)
    assert shared.score.mean() == pytest.approx(alone.score.mean(), abs=0.1)
    at = norm.ppf(0.2)
    both = multivariate_normal([0, 0], [[1, 0.4], [0.4, 1]]).cdf([at, at])
    variance = 10 * 0.2 * 0.8 + 90 * (both - 0.04)
    assert shared.score.var() == pytest.approx(variance, rel=0.05)
    assert alone.score.var() == pytest.approx(1.6, rel=0.05)
    nobody = one_stratum(chance, 10, one_row(), group=together - 1, correlation=0.4)
    np.testing.assert_array_equal(nobody.score, alone.score)


# --- repairs ---------------------------------------------------------------------------------------


@given(cases, st.sampled_from([0.0, 0.5]))
def test_a_repair_never_lowers_a_score(one: Case, correlation: float) -> None:
    shared = {"group": one.place, "correlation": correlation}
    before = one.run(100, **shared)
    after = one.run(100, is_repaired=one.place < 3, **shared)
    assert (after.part_score >= before.part_score).all()
    np.testing.assert_array_equal(after.drawn, before.drawn)


@given(cases, st.sampled_from([0.0, 0.5]))
def test_repairs_are_what_rehearsing_again_gives(one: Case, correlation: float) -> None:
    shared = {"group": one.place, "correlation": correlation}
    run = one.run(**shared)
    found = repairs(run, one.place, one.pass_score, 5)
    before = run.is_passed(one.pass_score).sum()
    for place in range(len(found.passes_alone)):
        again = one.run(is_repaired=one.place == place, **shared)
        assert found.passes_alone[place] == again.is_passed(one.pass_score).sum() - before
        assert found.points_alone[place] == pytest.approx(again.score.mean() - run.score.mean())
    for k in range(len(found.order)):
        again = one.run(is_repaired=np.isin(one.place, found.order[: k + 1]), **shared)
        assert found.passes_after[k] == again.is_passed(one.pass_score).sum()
        assert found.points_after[k] == again.score.mean()


@given(cases)
def test_the_first_k_are_never_worse_than_the_best_alone(one: Case) -> None:
    """But for the luck of the rounds: two standard errors of the best one's count."""
    run = one.run()
    found = repairs(run, one.place, one.pass_score, 5)
    after = np.array([run.is_passed(one.pass_score).sum(), *found.passes_after])
    points = [run.score.mean(), *found.points_after]
    assert (np.diff(after) >= 0).all()
    assert (np.diff(points) > 0).all()
    if len(found.order):
        best = found.passes_alone.max()
        assert (after[1:] - after[0] >= best - 2 * np.sqrt(best)).all()
        alike = found.passes_alone >= best - 2 * np.sqrt(best)
        assert found.points_alone[found.order[0]] == found.points_alone[alike].max()
        assert found.is_by_points[0] == (best <= 4)
        assert len(set(found.order)) == len(found.order)


def test_the_first_k_beat_the_best_alone_where_luck_is_small() -> None:
    one = case(11)
    run = one.run(ROUNDS)
    pass_score = round(float(np.median(run.score)) + 0.5, 1)
    found = repairs(run, one.place, pass_score, 3)
    alone = found.passes_alone.max() + run.is_passed(pass_score).sum()
    assert not found.is_by_points.any()
    assert found.passes_after[-1] > alone


def test_an_order_chosen_on_other_rounds_is_kept() -> None:
    one = case(11)
    run, other = one.run(), rehearse(*one[:5], rounds=400, seed=4)
    order = repairs(other, one.place, one.pass_score, 5).order
    found = repairs(run, one.place, one.pass_score, 4, order=order)
    assert found.order.tolist() == order[:4].tolist()
    again = one.run(is_repaired=np.isin(one.place, order[:4]))
    assert found.points_after[-1] == again.score.mean()
    assert found.passes_after[-1] == again.is_passed(one.pass_score).sum()
    assert repairs(run, one.place, one.pass_score, 4, order=order[:0]).order.tolist() == []


def test_places_go_by_points_where_nothing_makes_it_pass() -> None:
    chance = np.array([0.1, 0.9, 0.5, 0.0])
    run = one_stratum(chance, 2, one_row())
    found = repairs(run, np.arange(4), 2_000, 9)
    assert found.order.tolist() == [1, 2, 0]  # the last one never has a find
    assert found.is_by_points.all()
    assert found.passes_after.tolist() == [0, 0, 0]
    assert found.points_after[-1] == 1_000


def test_a_few_rounds_are_no_gain() -> None:
    """A place that makes 3 of 20,000 rounds pass does not go before one that gains more points."""
    chance = np.array([1.0, 0.5, 0.5, 0.00007])
    rules = Rules(np.array([1.0, 9]), np.full(2, np.inf), np.array([0, 0]), np.array([20.0]))
    rows = np.array([[0], [0], [0], [1]])
    run = rehearse(np.zeros(4, int), np.array([4]), rows, chance[:, None], rules, ROUNDS, 1)
    found = repairs(run, np.arange(4), 17, 1)
    assert 0 < found.passes_alone[3] <= 4
    assert found.passes_alone.max() == found.passes_alone[3]
    assert found.order.tolist() == [0]
    assert found.is_by_points.tolist() == [True]


def test_nothing_to_repair_is_an_empty_list() -> None:
    run = one_stratum(np.zeros(4), 2, one_row())
    found = repairs(run, np.arange(4), 5, 3)
    assert found.order.tolist() == []
    assert found.points_alone.tolist() == [0, 0, 0, 0]


# --- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"draws": np.array([4])}, "no more sites than it has"),
        ({"draws": np.array([], int)}, "each stratum"),
        ({"rows": np.array([[0, 0]] * 3)}, "each once"),
        ({"rows": np.array([[0, 2]] * 3)}, "rows of the rules"),
        ({"chance": np.full((3, 2), np.nan)}, "between 0 and 1"),
        ({"chance": np.full((3, 1), 0.5)}, "one line for each site"),
        ({"correlation": 1.5}, "between 0 and 1"),
    ],
)
def test_what_does_not_fit_is_refused(wrong: dict[str, Any], message: str) -> None:
    right = {
        "stratum": np.zeros(3, int), "draws": np.array([2]), "rows": np.array([[0, 1]] * 3),
        "chance": np.full((3, 2), 0.5), "rounds": 10, "seed": 1,
        "rules": Rules(np.ones(2), np.ones(2), np.zeros(2, int), np.ones(1)),
    }  # fmt: skip
    assert rehearse(**right).score.shape == (10,)
    with pytest.raises(ValueError, match=message):
        rehearse(**{**right, **wrong})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"points": np.array([-1.0])}, "not negative"),
        ({"cap": np.array([np.nan])}, "not negative"),
        ({"cap": np.ones(2)}, "for each row"),
        ({"part": np.array([1])}, "within"),
    ],
)
def test_rules_that_make_no_sense_are_refused(wrong: dict[str, Any], message: str) -> None:
    right = {
        "points": np.ones(1), "cap": np.ones(1), "part": np.array([0]), "part_points": np.ones(1),
    }  # fmt: skip
    with pytest.raises(ValueError, match=message):
        Rules(**{**right, **wrong})
