"""What loading models takes: a core's busy power for as long as each load takes, on top of the cores that serve.

Estimate: storage and one core of the system are taken to draw what a busy core does; no published figure was found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from telcoai.energy.activity import Compute


@dataclass(frozen=True, slots=True)
class Load:
    """A stage was being loaded on ``node`` from ``start_s`` to ``end_s``, in the run's time."""

    node: str
    start_s: float
    end_s: float


def load_seconds(loads: Iterable[Load], window_s: tuple[float, float]) -> dict[str, float]:
    """Seconds of loading on each node within a window."""
    found: dict[str, float] = defaultdict(float)
    for one in loads:
        inside = min(one.end_s, window_s[1]) - max(one.start_s, window_s[0])
        if inside > 0:
            found[one.node] += inside
    return dict(found)


def charge(
    per_request_j: NDArray[np.float64], joules: Mapping[str, float], computes: Iterable[Compute], requests: int
) -> None:
    """Share each node's joules of loading evenly among the requests that it served, or all where it served none."""
    served: dict[str, set[int]] = defaultdict(set)
    for compute in computes:
        served[compute.node].add(compute.request)
    for node, amount in joules.items():
        sharing = sorted(served.get(node, ())) or list(range(requests))
        if sharing:
            per_request_j[sharing] += amount / len(sharing)
