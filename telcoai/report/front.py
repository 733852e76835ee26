"""Which strategies no other beats in both of two figures: the Pareto front."""

from __future__ import annotations

import math
from collections.abc import Mapping

Point = tuple[float, float]
"""(less is better, more is better)."""


def pareto_front(points: Mapping[str, Point]) -> tuple[str, ...]:
    """Names of the points that none dominates, from the least first figure on.

    A point dominates another when it is at least as good in both figures and better in one; equal points are both on
    the front. A point with a figure that isn't finite is on none, and keeps none off.
    """
    known = {name: point for name, point in points.items() if all(map(math.isfinite, point))}
    kept = [name for name, point in known.items() if not any(_dominates(other, point) for other in known.values())]
    return tuple(sorted(kept, key=lambda name: (known[name], name)))


def _dominates(one: Point, other: Point) -> bool:
    return one[0] <= other[0] and one[1] >= other[1] and one != other
