"""Exact quantiles: always a value that was really measured."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def quantile(values: ArrayLike, percent: float) -> float:
    """The order statistic of rank ⌈(n − 1)·percent/100⌉ + 1, NaN when there are no values.

    numpy's method ``higher``: of the two measured values around the exact position, the greater one.
    """
    data = np.asarray(values, np.float64)
    if data.size == 0:
        return float("nan")
    return float(np.percentile(data, percent, method="higher"))
