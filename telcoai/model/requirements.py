"""What a service asks for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Requirements:
    """Requirements in force. None means: not asked.

    ``percentile`` (0–100) of latency must not exceed ``deadline_ms``; answers later than ``deadline_ms`` are late.
    """

    percentile: float = 95.0
    deadline_ms: float | None = None
    accuracy_min: float | None = None
    energy_per_request_j: float | None = None
