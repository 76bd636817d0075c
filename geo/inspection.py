"""What an inspection does to a grid: the slackening curve (松劲曲线) and the size of the effect.

An inspection is dated by days or weeks counted from the first of the data, 0, 1, 2 ...
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

STEPS = 50  # of the fit; ten are enough where there is an answer
LONGEST_STEP = 2.0  # in the logarithm of a rate: a full step overshoots where an effect is large
ALIKE = 1e10  # condition number of the terms, each scaled to 1
CLOSE = 1e-10  # relative change of the deviance at which the fit stands


class SlackeningCurves(NamedTuple):
    """Row i is about inspection i; column k about day[k], counted from its last day, which is day 0.

    issues    shape (inspections, days). Their sums over the inspections are the curve of all of them
              laid over each other.
    exposure  kilometres or visits on that day, over the same grids; a day outside the data has none.
    """

    day: Ints
    issues: Ints
    exposure: Floats


class InspectionWeeks(NamedTuple):
    """Terms of the regression, each of shape (grids, weeks)."""

    during: Bools
    after: Bools
    weeks_since: Ints


class InspectionEffect(NamedTuple):
    """Ratios of rates with 95 % bands; NaN where the data cannot tell.

    rise        exp(b2 - b1): right after an inspection against during it.
    level       exp(b2): right after against before.
    per_week    exp(b3): growth of the rate with each further week.
    dispersion  variance / mean of the counts around the model (1 for Poisson).
    grids       grids with issues, on which all this rests.
    inspected   how many of them were inspected.
    Bands are (low, high).
    """

    rise: float
    rise_band: tuple[float, float]
    level: float
    level_band: tuple[float, float]
    per_week: float
    per_week_band: tuple[float, float]
    dispersion: float
    grids: int
    inspected: int

    @property
    def has_uninspected(self) -> bool:
        """Whether some grids were never inspected.

        If none was, grids picked because they were bad fall by themselves and nothing shows it
        (regression to the mean).
        """
        return self.inspected < self.grids


def slackening_curves(
    day: Ints,
    grid: Ints,
    found_by: Ints,
    exposure: Floats,
    end_day: Ints,
    inspection: Ints,
    inspected_grid: Ints,
    before_days: int,
    after_days: int,
) -> SlackeningCurves:
    """Issues and exposure by day relative to the end of each inspection.

    day, grid, found_by  shape (n,): the issue's day and grid, and the inspection that found it (-1: no
                         inspection). An inspection's own finds are left out of its own curve: they
                         show that inspectors came, not that it was dirty.
    exposure             shape (grids, days): kilometres or visits of each grid on each day, 0 where
                         nobody looked.
    end_day              shape (inspections,), last day of each.
    inspection, inspected_grid  shape (k,), pairs: which grids each inspection went to, each pair once.
    returns              days -before_days .. after_days.
    Raises ValueError if an issue lies outside the table of exposure.
    """
    grids, days = exposure.shape
    if len(day) and not (0 <= day.min() <= day.max() < days and 0 <= grid.min() <= grid.max() < grids):
        msg = f"`exposure` has {grids} grids and {days} days, and an issue lies outside of it."
        raise ValueError(msg)
    relative = np.arange(-before_days, after_days + 1)
    counts = np.bincount(grid.astype(np.int64) * days + day, minlength=grids * days).reshape(
        grids, days
    )
    column = end_day[inspection][:, None] + relative
    is_known = (column >= 0) & (column < days)
    cell = inspected_grid[:, None], np.clip(column, 0, days - 1)
    issues = np.zeros((len(end_day), len(relative)), dtype=np.int64)
    seen = np.zeros(issues.shape)
    np.add.at(issues, inspection, np.where(is_known, counts[cell], 0))
    np.add.at(seen, inspection, np.where(is_known, exposure[cell], 0.0))

    own = np.flatnonzero(found_by >= 0)
    went = np.zeros((len(end_day), grids), dtype=bool)
    went[inspection, inspected_grid] = True
    own = own[went[found_by[own], grid[own]]]
    offset = day[own] - end_day[found_by[own]] + before_days
    is_near = (offset >= 0) & (offset < len(relative))
    np.subtract.at(issues, (found_by[own[is_near]], offset[is_near]), 1)
    return SlackeningCurves(relative, issues, seen)


def trailing_rate(issues: Ints, exposure: Floats, days: int) -> Floats:
    """Issues per exposure over each day and the days before it, `days` in all.

    A week's mean takes the weekend out, and looks at no day after the one it stands for.

    issues, exposure  shape (..., n), by day.
    returns           the same shape; NaN where one of the days has no exposure, or the first days.
    """
    of_issues, of_exposure = (
        np.lib.stride_tricks.sliding_window_view(of, days, axis=-1) for of in (issues, exposure)
    )
    rate = np.full(exposure.shape, np.nan)
    np.divide(
        of_issues.sum(axis=-1),
        of_exposure.sum(axis=-1),
        out=rate[..., days - 1 :],
        where=(of_exposure > 0).all(axis=-1),
    )
    return rate


def inspection_weeks(
    first_week: Ints, last_week: Ints, grid: Ints, grids: int, weeks: int, after_weeks: int
) -> InspectionWeeks:
    """Which weeks of each grid lie in and after an inspection.

    first_week, last_week, grid  shape (k,): one visit of one inspection to one grid, last included.
    after_weeks  how long "after" lasts; later weeks count as before the next. A week in an inspection
                 is never after another; where two have passed the later one counts.
    """
    week = np.arange(weeks)
    during, after = (np.zeros((grids, weeks), dtype=bool) for _ in range(2))
    since = np.zeros((grids, weeks), dtype=np.int64)
    for first, last, place in sorted(zip(first_week, last_week, grid, strict=True), key=lambda v: v[1]):
        during[place] |= (week >= first) & (week <= last)
        passed = (week > last) & (week <= last + after_weeks)
        after[place] |= passed
        since[place] = np.where(passed, week - last - 1, since[place])
    after &= ~during
    return InspectionWeeks(during, after, np.where(after, since, 0))


def inspection_effect(
    issues: Ints, exposure: Floats, weeks: InspectionWeeks, season: Ints
) -> InspectionEffect:
    """Quasi-Poisson regression of weekly issues on grid, season and the weeks around inspections.

    log E issues = log exposure + grid + season + b1 during + b2 after + b3 after * weeks since

    The grids' own levels are profiled out (a weighted mean taken off each grid at every step of the
    fit), which gives the same estimates as one dummy per grid. Errors are clustered by grid. Bands take
    Student's t with one degree fewer than inspected grids, as only those carry the effect: with 3 of 80
    inspected, all the grids' degrees gave a 95 % band that covered 73 %.

    issues    shape (grids, weeks), without the finds of the inspections themselves.
    exposure  shape (grids, weeks); a week with none, or NaN, is left out: unseen is not clean.
    season    shape (weeks,), codes such as the month.
    Raises ValueError if the shapes differ.
    Source: fixed-effects Poisson, Hausman, Hall & Griliches 1984; robust errors Wooldridge 1999.
    """
    if not issues.shape == exposure.shape == weeks.during.shape == (len(issues), len(season)):
        msg = "`issues`, `exposure`, `weeks` and `season` differ in shape: (grids, weeks) and (weeks,)."
        raise ValueError(msg)
    is_seen = exposure > 0
    used = np.where(is_seen, issues, 0).sum(axis=1) > 0  # a grid without issues says nothing here
    rows = np.flatnonzero((is_seen & used[:, None]).ravel())
    grid = np.unique(rows // issues.shape[1], return_inverse=True)[1]
    y = issues.ravel()[rows].astype(np.float64)
    during, after = (term.ravel()[rows] for term in (weeks.during, weeks.after))
    is_inspected = np.bincount(grid, during | after) > 0
    season_ = np.unique(season[rows % issues.shape[1]], return_inverse=True)[1]
    terms = np.column_stack(
        [during, after, after * weeks.weeks_since.ravel()[rows]]
        + [season_ == code for code in range(1, season_.max(initial=0) + 1)]
    ).astype(np.float64)
    fit = None
    if is_inspected.sum() > 1 and y[during].sum() > 0 and y[after].sum() > 0:
        fit = _fit(y, np.log(exposure.ravel()[rows]), terms, grid)
    grids, inspected = len(is_inspected), int(is_inspected.sum())
    if fit is None:
        nothing = (np.nan, np.nan)
        return InspectionEffect(
            np.nan, nothing, np.nan, nothing, np.nan, nothing, np.nan, grids, inspected
        )
    slopes, covariance, dispersion = fit
    quantile = student.ppf(0.975, inspected - 1)
    ratios: list[tuple[float, tuple[float, float]]] = []
    for contrast in ([-1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]):
        value = float(np.dot(contrast, slopes[:3]))
        width = quantile * float(np.sqrt(contrast @ covariance[:3, :3] @ contrast))
        ratios.append(
            (float(np.exp(value)), (float(np.exp(value - width)), float(np.exp(value + width))))
        )
    return InspectionEffect(*ratios[0], *ratios[1], *ratios[2], dispersion, grids, inspected)


def _fit(y: Floats, offset: Floats, terms: Floats, grid: Ints) -> tuple[Floats, Floats, float] | None:
    """Slopes, their covariance clustered by grid, and the dispersion; None if there is no answer.

    y, offset, grid of shape (n,), terms of shape (n, p); every grid has an issue.
    """
    grids = int(grid.max()) + 1
    total = np.bincount(grid, y)
    slopes = np.zeros(terms.shape[1])
    deviance = np.inf
    for _ in range(STEPS):
        eta = offset + terms @ slopes
        eta -= np.bincount(grid, eta)[grid] / np.bincount(grid)[grid]
        level = total / np.bincount(grid, np.exp(eta))  # each grid's own level, given the slopes
        mean = level[grid] * np.exp(eta)
        centred = terms - np.column_stack(
            [np.bincount(grid, mean * term) / total for term in terms.T]
        )[grid]  # fmt: skip
        information = (centred * mean[:, None]).T @ centred
        scale = np.sqrt(np.diag(information))
        if not (scale**2 > mean @ terms**2 / ALIKE).all():
            return None  # a term that is the same in every week of each grid, or a fit that ran away
        if np.linalg.cond(information / np.outer(scale, scale)) > ALIKE:
            return None  # terms that cannot be told apart
        before, deviance = deviance, 2 * float(np.sum(_log_ratio(y, mean) - (y - mean)))
        if abs(before - deviance) <= CLOSE * (abs(deviance) + 1):
            break
        step = np.linalg.solve(information, centred.T @ (y - mean))
        slopes = slopes + step / max(1.0, float(np.abs(step).max()) / LONGEST_STEP)
    else:
        return None
    scores = np.column_stack([np.bincount(grid, (y - mean) * term) for term in centred.T])
    bread = np.linalg.inv(information)
    covariance = bread @ (scores.T @ scores) @ bread * grids / (grids - 1)
    freedom = len(y) - grids - terms.shape[1]
    dispersion = float(np.sum((y - mean) ** 2 / mean)) / freedom if freedom > 0 else np.nan
    return slopes, covariance, dispersion


def _log_ratio(y: Floats, mean: Floats) -> Floats:
    """y log(y / mean), 0 where y is 0."""
    return y * np.log(np.where(y > 0, y, 1.0) / np.where(y > 0, mean, 1.0))
