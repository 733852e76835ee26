"""How long a radio is connected, and which request answers for which part of that time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.float64]


def connected_seconds(start_s: Seconds, end_s: Seconds, tail_s: float, window_s: tuple[float, float]) -> Seconds:
    """Connected time of one radio that each transfer answers for, in seconds, in the order given.

    The radio is connected from a transfer's start until ``tail_s`` after its end. Every connected instant belongs to
    the transfer that started last before it, so overlaps count once and the parts add up to the connected time.
    Outside the window nothing counts: a tail that the window cuts off is not the run's.
    """
    order = np.argsort(start_s, kind="stable")
    starts = start_s[order]
    until = np.maximum.accumulate(end_s[order] + tail_s) if len(order) else starts
    following = np.append(starts[1:], np.inf)
    low, high = window_s
    owned = np.clip(np.minimum(until, following), low, high) - np.clip(starts, low, high)
    parts = np.zeros(len(order))
    parts[order] = np.maximum(owned, 0.0)
    return parts
