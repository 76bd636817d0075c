from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import t as student

from geo.inspection import (
    InspectionWeeks,
    inspection_effect,
    inspection_weeks,
    slackening_curves,
    trailing_rate,
)

MONTHS = (np.arange(104) // 4.345).astype(np.int64) % 12


def panel(
    rng: np.random.Generator,
    effects: tuple[float, float, float],
    grids: int = 80,
    weeks: int = 104,
    spread: float = 2.0,
) -> tuple[np.ndarray, np.ndarray, InspectionWeeks, np.ndarray]:
    """Counts of grids, three quarters of them inspected twice, with known effects and seasons.

    spread: variance over mean of the counts, as a county's are more uneven than Poisson.
    """
    chosen = np.repeat(np.flatnonzero(rng.random(grids) < 0.75), 2)
    first = rng.integers(8, 40, len(chosen)) + np.tile([0, 45], len(chosen) // 2)
    terms = inspection_weeks(first, first + 1, chosen, grids, weeks, 12)
    exposure = rng.uniform(2, 8, (grids, 1)) * np.ones((1, weeks))
    season = 0.3 * np.sin(2 * np.pi * MONTHS[:weeks] / 12)
    level = rng.normal(-0.5, 0.7, (grids, 1))
    b1, b2, b3 = effects
    log_mean = np.log(exposure) + level + season
    log_mean = log_mean + b1 * terms.during + b2 * terms.after + b3 * terms.after * terms.weeks_since
    mean = np.exp(log_mean)
    issues = rng.poisson(rng.gamma(mean / (spread - 1)) * (spread - 1))
    return issues, exposure, terms, MONTHS[:weeks]


def test_the_fit_is_that_of_a_regression_with_one_dummy_per_grid() -> None:
    """statsmodels GLM, Poisson, grid dummies, covariance clustered by grid."""
    rng = np.random.default_rng(3)
    issues, exposure, terms, season = panel(rng, (0.3, -0.5, 0.04), grids=30)
    exposure = np.where(rng.random(exposure.shape) < 0.1, 0.0, exposure)  # weeks nobody looked
    issues = np.where(exposure > 0, issues, 0)
    issues[5] = 0
    found = inspection_effect(issues, exposure, terms, season)

    grid, week = np.nonzero((exposure > 0) & (issues.sum(axis=1) > 0)[:, None])
    cell = grid, week
    columns = [terms.during[cell], terms.after[cell], (terms.after * terms.weeks_since)[cell]]
    columns += [season[week] == month for month in range(1, 12)]
    columns += [grid == number for number in np.unique(grid)]
    design = np.column_stack(columns).astype(float)
    model = sm.GLM(issues[cell], design, family=sm.families.Poisson(), offset=np.log(exposure[cell]))
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": grid, "use_correction": False}, tol=1e-12)
    slopes, grids = np.asarray(fit.params), 29
    assert found.level == pytest.approx(np.exp(slopes[1]), rel=1e-6)
    assert found.rise == pytest.approx(np.exp(slopes[1] - slopes[0]), rel=1e-6)
    assert found.per_week == pytest.approx(np.exp(slopes[2]), rel=1e-6)
    assert found.dispersion == pytest.approx(fit.pearson_chi2 / fit.df_resid, rel=1e-6)
    assert found.grids == grids
    contrast = np.zeros(len(slopes))
    contrast[:2] = -1, 1
    error = np.sqrt(contrast @ np.asarray(fit.cov_params()) @ contrast * grids / (grids - 1))
    half_width = (np.log(found.rise_band[1]) - np.log(found.rise_band[0])) / 2
    assert half_width == pytest.approx(student.ppf(0.975, found.inspected - 1) * error, rel=1e-4)
    assert found.inspected == terms.during[issues.sum(axis=1) > 0].any(axis=1).sum()


def test_a_known_effect_is_found_and_its_band_covers_as_often_as_it_says() -> None:
    truth = (0.3, -0.6, 0.05)
    rng = np.random.default_rng(6)
    effects = [inspection_effect(*panel(rng, truth)) for _ in range(100)]
    rise, level = np.exp(truth[1] - truth[0]), np.exp(truth[1])
    assert np.mean([effect.rise for effect in effects]) == pytest.approx(rise, rel=0.02)
    assert np.mean([effect.level for effect in effects]) == pytest.approx(level, rel=0.02)
    assert np.mean([effect.per_week for effect in effects]) == pytest.approx(np.exp(0.05), rel=0.01)
    assert np.mean([effect.dispersion for effect in effects]) == pytest.approx(2, rel=0.05)
    for name, value in [("rise", rise), ("level", level), ("per_week", np.exp(0.05))]:
        bands = np.array([getattr(effect, f"{name}_band") for effect in effects])
        covered = (bands[:, 0] <= value) & (value <= bands[:, 1])
        assert covered.mean() == pytest.approx(0.95, abs=0.05)


def test_neither_the_order_of_grids_nor_a_common_factor_of_exposure_matters() -> None:
    rng = np.random.default_rng(1)
    issues, exposure, terms, season = panel(rng, (0.2, -0.3, 0.0), grids=25)
    found = inspection_effect(issues, exposure, terms, season)
    order = rng.permutation(25)
    again = inspection_effect(
        issues[order], exposure[order] * 100, InspectionWeeks(*(term[order] for term in terms)), season
    )
    assert again.rise == pytest.approx(found.rise)
    assert again.rise_band == pytest.approx(found.rise_band)
    assert again.dispersion == pytest.approx(found.dispersion)


def test_what_the_data_cannot_tell_is_not_a_number() -> None:
    rng = np.random.default_rng(1)
    issues, exposure, terms, season = panel(rng, (0.2, -0.3, 0.0), grids=25)
    never = InspectionWeeks(*(np.zeros_like(term) for term in terms))
    assert np.isnan(inspection_effect(issues, exposure, never, season).rise)
    always = InspectionWeeks(np.ones_like(terms.during), terms.after, terms.weeks_since)
    assert np.isnan(inspection_effect(issues, exposure, always, season).level)
    nothing = inspection_effect(np.zeros_like(issues), exposure, terms, season)
    assert nothing.grids == 0
    assert np.isnan(nothing.rise)
    one = inspection_effect(
        issues[:1], exposure[:1], InspectionWeeks(*(term[:1] for term in terms)), season
    )
    assert np.isnan(one.rise_band[0])
    with pytest.raises(ValueError, match="shape"):
        inspection_effect(issues, exposure, terms, season[1:])


@pytest.mark.parametrize("inspected", [3, 10])
def test_the_band_holds_where_few_grids_were_inspected(inspected: int) -> None:
    rng = np.random.default_rng(inspected)
    covered = []
    for _ in range(60):
        first = rng.integers(20, 70, inspected)
        terms = inspection_weeks(first, first + 1, np.arange(inspected), 40, 104, 12)
        issues = rng.poisson(3 * np.exp(0.3 * terms.during - 0.6 * terms.after))
        effect = inspection_effect(issues, np.ones(issues.shape), terms, MONTHS)
        covered.append(effect.rise_band[0] <= np.exp(-0.9) <= effect.rise_band[1])
    assert np.mean(covered) == pytest.approx(0.95, abs=0.06)


@pytest.mark.parametrize("effects", [(3.0, -1.0, 0.0), (-2.0, 3.0, -0.5)])
def test_a_large_effect_is_found_too(effects: tuple[float, float, float]) -> None:
    found = inspection_effect(*panel(np.random.default_rng(1), effects, grids=200))
    assert np.log(found.rise) == pytest.approx(effects[1] - effects[0], abs=0.15)
    assert np.log(found.level) == pytest.approx(effects[1], abs=0.15)


def test_a_season_without_any_issue_does_not_spoil_the_rest() -> None:
    issues, exposure, terms, season = panel(np.random.default_rng(1), (0.2, -0.3, 0.0))
    issues[:, season == 4] = 0
    found = inspection_effect(issues, exposure, terms, season)
    left = season != 4
    kept = InspectionWeeks(*(term[:, left] for term in terms))
    without = inspection_effect(issues[:, left], exposure[:, left], kept, season[left])
    assert found.level == pytest.approx(without.level, rel=1e-4)
    assert found.rise_band == pytest.approx(without.rise_band, rel=1e-4)


def test_a_comparison_without_uninspected_grids_says_so() -> None:
    rng = np.random.default_rng(1)
    issues, exposure, terms, season = panel(rng, (0.2, -0.3, 0.0), grids=40)
    assert inspection_effect(issues, exposure, terms, season).has_uninspected
    inspected = terms.during.any(axis=1)
    some = InspectionWeeks(*(term[inspected] for term in terms))
    assert not inspection_effect(issues[inspected], exposure[inspected], some, season).has_uninspected


def test_weeks_after_an_inspection_end_with_the_next_or_with_their_number() -> None:
    first, last, grid = np.array([2, 6, 2]), np.array([3, 6, 2]), np.array([0, 0, 1])
    weeks = inspection_weeks(first, last, grid, 3, 12, 4)
    assert np.flatnonzero(weeks.during[0]).tolist() == [2, 3, 6]
    assert np.flatnonzero(weeks.after[0]).tolist() == [4, 5, 7, 8, 9, 10]
    assert weeks.weeks_since[0].tolist() == [0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 0]
    assert np.flatnonzero(weeks.after[1]).tolist() == [3, 4, 5, 6]
    assert not weeks.after[2].any()


def test_the_slackening_curve_shows_the_shape_it_was_made_with() -> None:
    """Before 2 a km, none of it in the last week, then back up in a straight line over 20 days."""
    rng = np.random.default_rng(12)
    grids, days = 400, 300
    end_day = np.array([80, 150, 230])
    inspection, inspected = np.divmod(rng.permutation(3 * grids)[: 2 * grids], grids)
    length = rng.uniform(0.5, 3, grids)
    rate = np.full((grids, days), 2.0)
    for number, grid in zip(inspection, inspected, strict=True):
        end = end_day[number]
        rate[grid, end - 6 : end + 1] = 0.5
        rate[grid, end + 1 : end + 21] = 0.5 + 1.5 * np.arange(1, 21) / 20
    counts = rng.poisson(rate * length[:, None])
    grid, day = (np.repeat(index, counts.ravel()) for index in np.divmod(np.arange(grids * days), days))
    found_by = np.full(len(day), -1)
    exposure = np.repeat(length[:, None], days, axis=1)
    # Finds of the inspections in their last week: they would hide the fall.
    own_grid = np.repeat(inspected, 5)
    own_by = np.repeat(inspection, 5)
    own_day = end_day[own_by] - rng.integers(0, 7, len(own_by))
    curves = slackening_curves(
        np.append(day, own_day), np.append(grid, own_grid), np.append(found_by, own_by),
        exposure, end_day, inspection, inspected, 30, 40,
    )  # fmt: skip
    shape = np.concatenate(
        [np.full(24, 2.0), np.full(7, 0.5), 0.5 + 1.5 * np.arange(1, 21) / 20, np.full(20, 2.0)]
    )
    assert curves.day.tolist() == list(range(-30, 41))
    issues, exposed = curves.issues.sum(axis=0), curves.exposure.sum(axis=0)
    error = np.sqrt(shape / exposed)
    assert (np.abs(issues / exposed - shape) < 4 * error).all()
    assert exposed == pytest.approx(np.full(71, length[inspected].sum()))


def test_each_inspection_has_a_curve_of_its_own() -> None:
    """Counted pair by pair and day by day; two inspections of one grid do not share their finds."""
    rng = np.random.default_rng(4)
    day, grid = rng.integers(0, 30, 400), rng.integers(0, 5, 400)
    found_by = rng.integers(-1, 3, 400)
    exposure = rng.uniform(0.5, 2, (5, 30))
    end_day = np.array([3, 15, 28])
    inspection, inspected = np.array([0, 0, 1, 2, 2]), np.array([0, 1, 1, 1, 4])
    curves = slackening_curves(day, grid, found_by, exposure, end_day, inspection, inspected, 5, 6)
    for number in range(3):
        for column, relative in enumerate(range(-5, 7)):
            at = end_day[number] + relative
            grids = inspected[inspection == number]
            mine = (day == at) & np.isin(grid, grids) & (found_by != number)
            assert curves.issues[number, column] == mine.sum()
            expected = exposure[grids, at].sum() if 0 <= at < 30 else 0
            assert curves.exposure[number, column] == pytest.approx(expected)


def test_a_trailing_rate_is_of_its_days_and_those_before() -> None:
    issues = np.array([[7, 0, 0, 3, 1], [1, 1, 1, 1, 1]])
    exposure = np.array([[2.0, 2.0, 2.0, 4.0, 4.0], [0.0, 1.0, 1.0, 1.0, 0.0]])
    rate = trailing_rate(issues, exposure, 3)
    assert np.isnan(rate[:, :2]).all(), "two days are no three"
    assert rate[0, 2:] == pytest.approx([7 / 6, 3 / 8, 4 / 10])
    assert np.isnan(rate[1, [2, 4]]).all(), "a day that nobody knows is no day without issues"
    assert rate[1, 3] == 1


def test_days_outside_the_data_have_no_exposure_and_finds_of_another_inspection_count() -> None:
    exposure = np.ones((2, 10))
    day, grid, found_by = np.array([8, 9, 2]), np.array([0, 0, 1]), np.array([1, 0, -1])
    curves = slackening_curves(
        day, grid, found_by, exposure, np.array([8, 1]), np.array([0]), np.array([0]), 1, 3
    )
    assert curves.issues[0].tolist() == [0, 1, 0, 0, 0]
    elsewhere = slackening_curves(
        day, grid, np.array([1, 0, 0]), exposure, np.array([2, 1]), np.array([0]), np.array([0]), 1, 3
    )
    assert elsewhere.issues[0].tolist() == [0, 0, 0, 0, 0]  # found where it was not to go: not in y
    assert curves.exposure[0].tolist() == [1, 1, 1, 0, 0]
    with pytest.raises(ValueError, match="outside"):
        slackening_curves(day + 1, grid, found_by, exposure, day[:1], grid[:1], grid[:1], 1, 1)
