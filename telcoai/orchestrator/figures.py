"""What a node says of itself, as its ``/stats`` answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class NodeFigures:
    """One reading. Counters are cumulative since the runtime started.

    ``busy_core_ns``: paced core-time. ``cpu_ns``: CPU time of the runtime's process on its host.
    ``queue``: requests waiting for a core now. ``latency_ms``: recent answers,
    newest last. ``answered``: how many answers of each service ``latency_ms`` was ever given.
    """

    node: str
    now_ns: int
    cores: int
    busy_core_ns: int
    queue: int
    arrivals: Mapping[str, int]
    overruns: int
    stage_calls: int
    late_calls: int
    replayed_calls: int
    latency_ms: Mapping[str, tuple[float, ...]]
    answered: Mapping[str, int]
    cpu_ns: int = 0


def read_figures(raw: Mapping[str, Any]) -> NodeFigures:
    """Figures of a decoded ``/stats`` reply; KeyError when one is missing."""
    return NodeFigures(
        node=raw["node"],
        now_ns=raw["now_ns"],
        cores=raw["cores"],
        busy_core_ns=raw["busy_core_ns"],
        queue=raw["queue"],
        arrivals=raw["arrivals"],
        overruns=raw["overruns"],
        stage_calls=raw["stage_calls"],
        late_calls=raw["late_calls"],
        replayed_calls=raw["replayed_calls"],
        latency_ms={name: tuple(values) for name, values in raw["latency_ms"].items()},
        answered=raw["answered"],
        cpu_ns=raw["cpu_ns"],
    )


Figures = Mapping[str, NodeFigures | None]
"""A reading of each node, None where it did not answer."""


def growth(before: NodeFigures | None, after: NodeFigures | None, counter: str) -> int:
    """How much a counter grew between two readings of a node; a restarted runtime counts from 0."""
    if after is None:
        return 0
    now, then = getattr(after, counter), getattr(before, counter) if before else 0
    return int(now - then if now >= then else now)
