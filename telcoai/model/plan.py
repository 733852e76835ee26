"""What a strategy decides: per service and device, what runs where."""

from __future__ import annotations

from dataclasses import dataclass, field

ANYWHERE = "*"
"""As a hop: wherever Kubernetes places a replica, and whichever replica its Service chooses."""


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


@dataclass(frozen=True, slots=True)
class Plan:
    """One decision for the whole testbed; ``reason`` is a sentence for people, kept in decisions.jsonl."""

    assignments: tuple[Assignment, ...]
    reason: str = ""
    predictions: dict[str, float] = field(default_factory=dict)
    """Optional: predicted latency in ms per ``service/device``, for the report."""

    def assignment(self, service: str, device: str) -> Assignment | None:
        """The assignment of a service's device, or None."""
        for one in self.assignments:
            if one.service == service and one.device == device:
                return one
        return None
