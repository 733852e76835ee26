"""How much a service's requests come in bursts, from how many each of its devices had in each period."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import pairwise

PERIODS = 30
"""Periods that are looked at: counts scatter more than rates, so over longer than rates are."""

LEAST_PAIRS = 20
"""Pairs of counts below which nothing is said."""

SIGMAS = 2.0
"""Standard deviations by which the index may be off 1 by chance."""


class Bursts:
    """The latest counts of a run, by service."""

    def __init__(self) -> None:
        self._counts: dict[str, deque[Mapping[str, int]]] = {}

    def count(self, service: str, arrived: Mapping[str, int]) -> None:
        """Add a period's arrivals by device; a device that wasn't heard of is left out."""
        self._counts.setdefault(service, deque(maxlen=PERIODS)).append(arrived)

    def forget(self, service: str) -> None:
        """Begin anew, as after a service was away."""
        self._counts.pop(service, None)

    def dispersion(self, service: str) -> float:
        """Index of dispersion of its devices' counts."""
        return dispersion(tuple(self._counts.get(service, ())))


def dispersion(counts: Sequence[Mapping[str, int]]) -> float:
    """Variance over mean of counts, one mapping by device for each period, as near to 1 as chance may have it.

    The variance is half the mean square of successive differences (von Neumann 1941), which a rate that rises or falls
    slowly leaves alone. Of N pairs of Poisson counts of mean m, (difference)² / 2m has the variance 2 + 1 / 2m, and
    pairs that share a count go together: the ratio scatters by √((3 + 1 / m) / N) or less.
    """
    pairs = [(before[name], now[name]) for before, now in pairwise(counts) for name in before.keys() & now.keys()]
    mean = sum(a + b for a, b in pairs) / 2 / len(pairs) if pairs else 0.0
    if len(pairs) < LEAST_PAIRS or mean == 0:
        return 1.0
    found = sum((b - a) ** 2 for a, b in pairs) / 2 / len(pairs) / mean
    chance = 1 + SIGMAS * math.sqrt((3 + 1 / mean) / len(pairs))
    return max(1.0, found / chance) if found > 1 else min(1.0, found * chance)
