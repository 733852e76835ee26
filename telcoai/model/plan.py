"""What a strategy decides: per service and device, what runs where."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import Any

ANYWHERE = "*"
"""As a hop: wherever Kubernetes places a replica, and whichever replica its Service chooses."""

MOST_BATCH, MOST_BATCH_WAIT_MS, MOST_PRIORITY = 64, 10_000.0, 1000
"""Bounds of an assignment's ``batch``, its ``batch_wait_ms``, and its ``priority`` either way."""

_LEFT_OUT = ("admit", "otherwise", "batch", "batch_wait_ms", "priority", "replicas")


@dataclass(frozen=True, slots=True)
class Assignment:
    """How requests of one service from one device are served.

    ``hops``: the node of each stage, in order (one entry a stage; a node may repeat). On a cluster all of them may be
    ``*`` instead.
    ``thresholds``: confidence at or above which a request leaves at exit k; one entry for each exit but the last.
    1.01 or more means never. ``wire``: form of activations, ``fp16`` or ``int8``.
    ``fallback``: ``local`` (the device runs ``fallback_variant`` itself, whole) or ``fail``.
    ``admit``: share of requests that are served so, spread evenly (``telcoai.model.admission``). ``otherwise``: the
    rest is refused at once (``drop``), or leaves at the first exit of ``fallback_variant`` on the device (``degrade``).
    ``batch``: most requests that a node runs together, of those that wait for the same stage under assignments alike in
    variant, wire, batch, wait and priority. ``batch_wait_ms``: longest that the first of them waits for others on a
    node; 0 takes who waits for a core anyway. ``priority``: who waits for a core of a node gets it by priority, the
    highest first, and among equals in order of arrival. Nobody who holds a core is interrupted.
    ``replicas``: further rows of hops, as long as ``hops`` each, whose nodes serve the same stages: requests take
    ``hops`` and the replicas in turn (``telcoai.model.turns``). A row that is there twice gets two turns. None of them
    is ``*``. A request whose row has a dead node falls back; it isn't tried on another row.
    """

    service: str
    device: str
    variant: str
    hops: tuple[str, ...]
    thresholds: tuple[float, ...]
    wire: str = "fp16"
    fallback: str = "local"
    fallback_variant: str = ""
    admit: float = 1.0
    otherwise: str = "drop"
    batch: int = 1
    batch_wait_ms: float = 0.0
    priority: int = 0
    replicas: tuple[tuple[str, ...], ...] = ()

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """Every row of hops that requests take in turn, ``hops`` first."""
        return (self.hops, *self.replicas)

    @property
    def nodes(self) -> tuple[str, ...]:
        """The nodes that serve stages, whichever row they are of, each once."""
        return tuple(dict.fromkeys(hop for row in self.rows for hop in row))

    def plain(self) -> dict[str, Any]:
        """As JSON has it: admission, batching, priority and replicas only where they are asked for."""
        same = {one.name: one.default for one in fields(self) if one.name in _LEFT_OUT}
        return {name: value for name, value in asdict(self).items() if name not in same or value != same[name]}


@dataclass(frozen=True)
class Plan:
    """One decision for the whole testbed; ``reason`` is a sentence for people, kept in decisions.jsonl."""

    assignments: tuple[Assignment, ...]
    reason: str = ""
    predictions: dict[str, float] = field(default_factory=dict)
    """Optional: predicted latency in ms per ``service/device``, for the report."""

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        assignments = [one.plain() for one in self.assignments]
        return {"assignments": assignments, "reason": self.reason, "predictions": dict(self.predictions)}

    def assignment(self, service: str, device: str) -> Assignment | None:
        """The assignment of a service's device, or None."""
        return self._by_device.get((service, device))

    @cached_property
    def _by_device(self) -> dict[tuple[str, str], Assignment]:
        """The first of each service and device: who asks for all of them shouldn't go through all each time."""
        return {(one.service, one.device): one for one in reversed(self.assignments)}
