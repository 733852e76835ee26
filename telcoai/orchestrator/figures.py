"""What a node says of itself, as its ``/stats`` answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from telcoai.serving.residency import Moved


@dataclass(frozen=True, slots=True)
class NodeFigures:
    """One reading. Counters are cumulative since the runtime started.

    ``busy_core_ns``: paced core-time. ``cpu_ns``: CPU time of the runtime's process on its host.
    ``queue``: requests waiting for a core now. ``latency_ms``: recent answers,
    newest last. ``answered``: how many answers of each service ``latency_ms`` was ever given.
    ``resident``: (variant, stage) in memory. ``memory_free``: bytes, None where memory isn't bounded. ``moved``: latest
    loads and unloads. ``pending``: assignments that aren't in force yet, since their stages are still being loaded.
    ``sent_bytes``, ``received_bytes``: to and from other nodes; ``connected_ns``: how long its radio was connected.
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
    resident: tuple[tuple[str, int], ...] = ()
    memory_free: int | None = None
    moved: tuple[Moved, ...] = ()
    pending: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
    connected_ns: int = 0


def read_figures(raw: Mapping[str, Any]) -> NodeFigures:
    """Figures of a decoded ``/stats`` reply; KeyError when one is missing."""
    memory = raw["memory"] or {"resident": [], "free": None, "moved": []}
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
        resident=tuple((variant, stage) for variant, stage in memory["resident"]),
        memory_free=memory["free"],
        moved=tuple(Moved(**one) for one in memory["moved"]),
        pending=raw["pending"],
        sent_bytes=raw["sent_bytes"],
        received_bytes=raw["received_bytes"],
        connected_ns=raw["connected_ns"],
    )


Figures = Mapping[str, NodeFigures | None]
"""A reading of each node, None where it did not answer."""


def growth(before: NodeFigures | None, after: NodeFigures | None, counter: str) -> int:
    """How much a counter grew between two readings of a node; a restarted runtime counts from 0."""
    if after is None:
        return 0
    now, then = getattr(after, counter), getattr(before, counter) if before else 0
    return int(now - then if now >= then else now)
