"""How evenly requirements are met over services and over devices.

Jain's index of n shares x is (Σx)² / (n·Σx²): 1 when all are equal, 1/n when one has everything (Jain, Chiu and Hawe,
"A Quantitative Measure of Fairness and Discrimination for Resource Allocation in Shared Computer Systems", DEC-TR-301,
1984). It says nothing about the level: a strategy that fails all alike is as even as one that serves all. So it never
stands without the share that is met.
"""

from __future__ import annotations

import math
from collections.abc import Collection


def jain(shares: Collection[float]) -> float:
    """Jain's index of shares that are at least 0; NaN for none, and when all are 0 (there is nothing to share)."""
    greatest = max(shares, default=0.0)
    if not greatest > 0 or any(math.isnan(share) for share in shares):
        return math.nan
    scaled = [share / greatest for share in shares]
    return sum(scaled) ** 2 / (len(scaled) * sum(share**2 for share in scaled))
