"""Exact quantiles: always a value that was really measured."""

from __future__ import annotations

import math
from collections.abc import Iterable


def quantile(values: Iterable[float], percent: float) -> float:
    """The order statistic of rank ⌈(n − 1)·percent/100⌉ + 1, NaN when there are no values.

    The same as numpy's method ``higher``: of the two measured values around the exact position, the greater one.
    Sorting is quicker than numpy's call for the few hundred values that live figures are made of.
    """
    ordered = sorted(values)
    if not ordered:
        return math.nan
    return float(ordered[math.ceil((len(ordered) - 1) * percent / 100)])
