"""Assignments whose requests take turns over several rows of hops, as one assignment for each row, and what the rows
come to together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from telcoai.model.plan import Assignment
from telcoai.model.turns import shares
from telcoai.strategy.predict import Prediction, late_share

HALVINGS = 24
"""Of the range between the rows' percentiles; what is left of a second is below a microsecond."""


def parts(one: Assignment) -> Iterator[tuple[Assignment, float]]:
    """Each row as an assignment of its own, with the share of requests that it gets; itself where there is one row."""
    if not one.replicas:
        yield one, 1.0
        return
    for row, share in shares(one).items():
        yield replace(one, hops=row, replicas=()), share


def mixed(found: Sequence[tuple[Prediction, float]], percentile: float) -> Prediction:
    """Latency of all requests where these shares of them have these latencies; the shares add up to one.

    Each latency is taken for a constant and an exponential on top (``predict.late_share``), so that the percentile of
    all is where the parts' shares that are later add up to what it leaves: between the least of the parts' and the
    greatest, and found by halving.
    """
    if len(found) == 1:
        return found[0][0]
    means_s, tails_s = np.array([(one.mean_s, one.tail_s) for one, _ in found]).T
    weights = np.array([share for _, share in found])
    low, high = float(tails_s.min()), float(tails_s.max())
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        later = float(weights @ late_share(means_s, tails_s, percentile, middle))
        low, high = (middle, high) if later > 1 - percentile / 100 else (low, middle)
    return Prediction(float(weights @ means_s), high)
