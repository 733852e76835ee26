"""Speeds of a machine from its stages' times: seconds = overhead + operations / speed of the precision.

By least absolute relative deviations, as a linear programme: a few stages that are unlike the others (a first layer,
a classifier) pull it less than they would pull a least-squares fit, and a stage of 1 ms counts as much as one of 10 ms.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from telcoai.errors import InputError


@dataclass(frozen=True, slots=True)
class Point:
    """A stage: its precision, operations (2 per multiply-add), and measured seconds."""

    precision: str
    flops: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Fit:
    """``ratios``: measured over fitted seconds of each point, in the points' order."""

    overhead_s: float
    gflops: Mapping[str, float]
    ratios: tuple[float, ...]

    def seconds(self, precision: str, flops: float) -> float:
        """What the fit gives for a stage."""
        return self.overhead_s + flops / (self.gflops[precision] * 1e9)

    @property
    def deviation(self) -> float:
        """Median over the points of how far measured is from fitted, as a share of the fitted."""
        return statistics.median(abs(ratio - 1) for ratio in self.ratios)


def fit(points: Sequence[Point]) -> Fit:
    """Overhead, the same for all precisions, and a speed for each precision; InputError without a usable point.

    Where times don't grow with operations at all, so that no speed would be finite, the overhead is zero.
    """
    usable = [one for one in points if one.flops > 0 and one.seconds > 0]
    precisions = sorted({one.precision for one in usable})
    if not precisions:
        raise InputError("no stage has operations, so there is no speed to be found")
    overhead_s, *paces = _programme(usable, precisions)
    if min(paces) <= _least_pace(usable):
        overhead_s, paces = 0.0, [_median_pace(usable, precision) for precision in precisions]
    speeds = {precision: 1e-9 / pace for precision, pace in zip(precisions, paces, strict=True)}
    bare = Fit(overhead_s, speeds, ())
    return Fit(overhead_s, speeds, tuple(one.seconds / bare.seconds(one.precision, one.flops) for one in usable))


def _programme(points: Sequence[Point], precisions: Sequence[str]) -> list[float]:
    """Overhead in s and seconds per operation of each precision, none negative.

    Of the smallest Σ |fitted/measured − 1|. Scaled to ms and 1e9 operations, so that the solver's tolerances are small
    beside the figures.
    """
    from scipy.optimize import linprog

    rows = np.zeros((len(points), 1 + len(precisions)))
    for row, one in zip(rows, points, strict=True):
        row[0] = 1e-3 / one.seconds
        row[1 + precisions.index(one.precision)] = one.flops / 1e9 * 1e-3 / one.seconds
    slack, ones = np.eye(len(points)), np.ones(len(points))
    above, below = np.hstack([rows, -slack]), np.hstack([-rows, -slack])
    cost = np.concatenate([np.zeros(rows.shape[1]), ones])
    found = linprog(cost, A_ub=np.vstack([above, below]), b_ub=np.concatenate([ones, -ones]), bounds=(0, None))
    if found.x is None:
        raise InputError(f"no speed fits the measured times: {found.message}")
    overhead_ms, *paces = (float(value) for value in found.x[: rows.shape[1]])
    return [overhead_ms * 1e-3, *(pace * 1e-3 / 1e9 for pace in paces)]


def _least_pace(points: Sequence[Point]) -> float:
    """Seconds per operation below which a stage would be all overhead: a thousandth of what it takes whole."""
    return min(one.seconds / one.flops for one in points) / 1e3


def _median_pace(points: Sequence[Point], precision: str) -> float:
    return statistics.median(one.seconds / one.flops for one in points if one.precision == precision)
