"""What to aim at so that what is asked is kept in a period of few requests."""

from __future__ import annotations

import math

from scipy.special import betaincinv

CONFIDENCE = 0.95
"""Share of periods that are to keep the percentile asked."""


def percentile_to_keep(percentile: float, requests: int) -> float:
    """The percentile to keep so that the one asked, by nearest rank over so many requests, is kept with
    ``CONFIDENCE``; never below the one asked.

    Of n requests k = n - ⌈n·q⌉ may be late. They are no more with that probability when each is late with p, the
    quantile of a beta distribution (Clopper and Pearson, Biometrika 1934).
    """
    allowed = requests - math.ceil(requests * percentile / 100)
    if requests < 1 or allowed >= requests:
        return percentile
    late = float(betaincinv(allowed + 1, requests - allowed, 1 - CONFIDENCE))
    return max(percentile, 100 * (1 - late))
