"""How long requests wait for TCP's windows on a way that they go again and again, on average and in the tail.

A connection's window depends on all that went over it before, so no formula is exact. ``tcp`` is: it was played with
requests that come by chance and with regular ones, once for each loss and rate of a grid (``window_tables``; a plan
mustn't wait for it), and what lies between is interpolated. Waits are in round trips, since only ratios matter: a
segment's time to the round trip, and the timeout to the time between requests. Timeouts are rare and long, so that
they are counted apart, and what they cost is a formula.
"""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

PLAYED = Path(__file__).with_name("windows.npz")

SEGMENTS = (1, 10, 11, 15, 20, 25, 30, 31, 40, 55, 70, 71, 90, 120, 150, 151, 220, 310, 450, 630)
"""Sizes of transfers in the grid: a round more is needed from 11, 31, 71, 151 … segments on."""

LOSSES = (0.0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3)
RATES = tuple(2.0**k for k in range(-6, 6))
"""Requests in a retransmission timeout."""

RATIOS = np.array((0.0, 0.0015, 0.003, 0.006, 0.0125, 0.02, 0.033, 0.05, 0.07, 0.1, 0.2, 0.5, 1.0))
"""A segment's time, in round trips."""

PERCENTILES = np.array((50.0, 90.0, 95.0, 99.0))

KINDS = ("by chance", "regular")
"""How requests come: Poisson, or one as long after the other as the next."""


@lru_cache(maxsize=8192)
def waits(loss: float, requests_per_timeout: float, ratio: float, percentile: float, regular: float = 0.0) -> Numbers:
    """Round trips that a transfer of each size in ``SEGMENTS`` waits: row 0 on average, row 1 at the percentile.

    ``ratio``: time of a segment at the slowest link, in round trips. ``regular``: 1 for requests at regular intervals,
    0 for those that come by chance.
    """
    lost, (rate, rate_share) = _place(loss, LOSSES), _place(_log(requests_per_timeout), _LOG_RATES)
    known = (1 - regular) * _at_percentile(0, *lost, rate, rate_share, percentile)
    if regular > 0:  # windows halve as often between any two requests until one timeout more fits: no way between
        known = known + regular * _at_percentile(1, *lost, rate, math.floor(rate_share), percentile)
    low, share = _place(ratio, tuple(RATIOS))
    found: Numbers = (1 - share) * known[:, :, low] + share * known[:, :, low + 1]
    both = np.vstack((found[:1], np.maximum(found[:1], found[1:])))
    both.setflags(write=False)
    return both


@lru_cache(maxsize=1024)
def timeouts(loss: float, loss_back: float, percentile: float) -> Numbers:
    """Timeouts that a transfer of each size in ``SEGMENTS`` and its reply wait: row 0 on average, row 1 at the
    percentile, where it is one if more requests than are beyond it wait for any.

    Each segment's loss counts when its repair is lost too, a single one's (``tcp.lone_s``) at once. From the n-th in a
    row on, each wait is twice as long: ∑ (2^n - 1) lossⁿ (1 - loss) for n repeats. Losses over 0.3 count as 0.3.
    """
    there, back = min(loss, LOSSES[-1]), min(loss_back, LOSSES[-1])
    sizes = np.array(SEGMENTS)
    repaired = 1 - (1 - there**2) ** sizes
    share = 1 - (1 - back) * (1 - np.where(sizes == 1, there, repaired))
    mean = np.where(sizes == 1, _lone(there), repaired / (1 - 2 * there)) + _lone(back)
    found: Numbers = np.stack((mean, np.where(share > 1 - percentile / 100, 1.0, 0.0)))
    found.setflags(write=False)
    return found


def _lone(loss: float) -> float:
    """∑ 2ⁿ lossⁿ⁺¹ (1 - loss): timeouts that a single segment waits on average."""
    return loss * (1 - loss) / (1 - 2 * loss)


def _log(rate: float) -> float:
    return math.log2(max(RATES[0], rate))


_LOG_RATES = tuple(math.log2(rate) for rate in RATES)


def _place(value: float, grid: tuple[float, ...]) -> tuple[int, float]:
    """Where a value lies: the place of the grid's value below, and the share of the way to the next."""
    value = min(max(value, grid[0]), grid[-1])
    low = min(int(np.searchsorted(grid, value, side="right")) - 1, len(grid) - 2)
    return low, (value - grid[low]) / (grid[low + 1] - grid[low])


def _at_percentile(kind: int, loss: int, loss_share: float, rate: int, rate_share: float, percentile: float) -> Numbers:
    """(mean, percentile) × sizes × ratios, between four points of the grid."""
    quantile, share = _place(percentile, tuple(PERCENTILES))
    total = np.zeros((2, len(SEGMENTS), len(RATIOS)))
    for i, weight in ((loss, 1 - loss_share), (loss + 1, loss_share)):
        for j, more in ((rate, 1 - rate_share), (rate + 1, rate_share)):
            if weight * more > 0:
                total += weight * more * _mean_and_tail(kind, i, j, quantile, share)
    return total


@lru_cache(maxsize=1024)
def _mean_and_tail(kind: int, loss: int, rate: int, quantile: int, share: float) -> Numbers:
    table = _tables()[kind, loss, rate]
    return np.stack((table[0], (1 - share) * table[1 + quantile] + share * table[2 + quantile]))


@lru_cache(maxsize=1)
def _tables() -> Numbers:
    """Kinds × losses × rates × (mean and each percentile) × sizes × ratios, as ``window_tables`` has played them."""
    with np.load(PLAYED) as found:
        return np.asarray(found["waits"], dtype=float)
