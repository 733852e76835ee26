"""What a service asks for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Requirements:
    """Requirements in force. None means: not asked.

    ``percentile`` (0–100) of latency must not exceed ``deadline_ms``; answers later than ``deadline_ms`` are late.
    ``lasts_s``: so long the battery of each of the service's devices that has one has to last from a run's start, at
    the mean power that the whole device has taken. ``weight``: how much the service counts beside others.
    """

    percentile: float = 95.0
    deadline_ms: float | None = None
    accuracy_min: float | None = None
    energy_per_request_j: float | None = None
    lasts_s: float | None = None
    weight: float = 1.0

    @property
    def asks_nothing(self) -> bool:
        """Whether nothing is asked."""
        asked = (self.deadline_ms, self.accuracy_min, self.energy_per_request_j, self.lasts_s)
        return all(one is None for one in asked)
