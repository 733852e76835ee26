"""What to aim at so that what is asked is kept by few requests."""

from __future__ import annotations

import math

from scipy.special import bdtr, betaincinv, ndtr, ndtri

CONFIDENCE = 0.95
"""Share of periods that are to keep the percentile asked, and of phases that are to keep the accuracy."""


def percentile_to_keep(percentile: float, requests: int) -> float:
    """The percentile to keep so that the one asked, by nearest rank over so many requests, is kept with
    ``CONFIDENCE``; never below the one asked.

    Of n requests k = n - ⌈n·q⌉ may be late. They are no more with that probability when each is late with p, the
    quantile of a beta distribution (Clopper and Pearson, Biometrika 1934).
    """
    allowed = _allowed(percentile, requests)
    if requests < 1 or allowed >= requests:
        return percentile
    late = float(betaincinv(allowed + 1, requests - allowed, 1 - CONFIDENCE))
    return max(percentile, 100 * (1 - late))


def percentile_kept(late: float, percentile: float, requests: int) -> float:
    """Probability that of so many requests no more are over the deadline than the percentile leaves, when each is with
    the probability ``late``."""
    return float(bdtr(_allowed(percentile, requests), requests, late)) if requests > 0 else 1.0


def _allowed(percentile: float, requests: int) -> int:
    """How many may be late, by nearest rank."""
    return requests - math.ceil(requests * percentile / 100)


def accuracy_kept(promised: float, asked: float | None, calibrated: int, requests: float) -> float:
    """Probability that so many requests keep the accuracy asked, of what ``calibrated`` samples promise."""
    if asked is None:
        return 1.0
    return float(ndtr((promised - asked) / _spread(promised, calibrated, requests)))


def accuracy_to_keep(asked: float, calibrated: int, requests: float) -> float:
    """The promise with which so many requests keep the accuracy asked with ``CONFIDENCE``."""
    return asked + float(ndtri(CONFIDENCE)) * _spread(asked, calibrated, requests)


def _spread(accuracy: float, calibrated: int, requests: float) -> float:
    """Standard deviation of the difference of two shares, one promised and one answered, of a binomial each."""
    inverse = 1 / max(1.0, requests) + (1 / calibrated if calibrated else 0.0)
    return math.sqrt(max(1e-12, accuracy * (1 - accuracy) * inverse))
