"""Points along streets: one in the middle of each stretch."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Geometries = npt.NDArray[np.object_]


class StreetPoints(NamedTuple):
    """Point k: the middle of stretch number[k] (0, 1, … from the start) of line[k], in metres."""

    line: Ints
    number: Ints
    x: Floats
    y: Floats


def stretch_counts(length_m: Floats, step_m: float, least_m: float) -> Ints:
    """Into how many equal stretches of at most step_m each line is cut; 0 where it is below least_m."""
    count = np.ceil(np.asarray(length_m, dtype=float) / step_m).astype(np.int64)
    return np.where(np.asarray(length_m) < least_m, 0, count)


def street_points(lines: Geometries, length_m: Floats, step_m: float, least_m: float) -> StreetPoints:
    """The middle of every stretch, in order of the lines; the stretches of a line are equally long.

    lines     shape (n,), lines or multilines in metres; parts of one follow each other without a gap,
              as in metres along it everywhere else.
    length_m  shape (n,), their lengths.
    Raises ValueError if step_m is not above zero.
    """
    if step_m <= 0:
        msg = f"`step_m` is {step_m}: it must be above zero."
        raise ValueError(msg)
    count = stretch_counts(length_m, step_m, least_m)
    line = np.repeat(np.arange(len(lines)), count)
    number = np.arange(len(line)) - np.repeat(np.cumsum(count) - count, count)
    if len(line) == 0:
        return StreetPoints(line, number, np.empty(0), np.empty(0))

    parts, line_of_part = shapely.get_parts(lines, return_index=True)
    xy, part_of = shapely.get_coordinates(parts, return_index=True)
    # One ruler over all lines on which a step between two parts has no length.
    is_joined = part_of[1:] == part_of[:-1]
    steps = np.where(is_joined, np.hypot(*np.diff(xy, axis=0).T), 0.0)
    ruler = np.concatenate([[0.0], np.cumsum(steps)])
    line_of = line_of_part[part_of]
    begins = ruler[np.searchsorted(line_of, line)]
    drawn_m = ruler[np.searchsorted(line_of, line, side="right") - 1] - begins
    along = begins + (number + 0.5) / count[line] * drawn_m
    return StreetPoints(
        line, number, np.interp(along, ruler, xy[:, 0]), np.interp(along, ruler, xy[:, 1])
    )
