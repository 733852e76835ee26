"""The time since a service has been asked for the accuracy that is in force: that is over which it is judged."""

from __future__ import annotations

from collections.abc import Iterable

from telcoai.model.plan import Plan
from telcoai.model.view import ServiceView, View

LEAST_S = 10.0
"""A phase that is younger is taken to last as long at least: shipped scenarios leave things as they are for about so
long."""


def since_asked(service: ServiceView, view: View) -> list[tuple[ServiceView, Plan | None]]:
    """What was measured of the service in each period since, and the plan that was in force in it, the latest first.

    The first view that has it asked tells of the time before.
    """
    found: list[tuple[ServiceView, Plan | None]] = []
    for moment in reversed(view.moments):
        then = next((one for one in moment.services if one.name == service.name), None)
        if then is None or moment.time_s < 0 or then.requirements.accuracy_min != service.requirements.accuracy_min:
            break
        found.append((then, moment.plan))
    return found[:-1]


def in_time(then: ServiceView) -> float:
    """Share of the devices whose percentile was measured within the deadline."""
    deadline_ms, seen_ms = then.requirements.deadline_ms, then.latency_ms.values()
    if deadline_ms is None or not seen_ms:
        return 1.0
    return sum(each <= deadline_ms for each in seen_ms) / len(seen_ms)


def requests_to_come(service: ServiceView, past: Iterable[ServiceView], period_s: float) -> float:
    """How many requests a phase may be expected to have in all: as many again as in its ``past`` periods, ``LEAST_S``
    at least."""
    so_far = sum(sum(then.rate_per_s.values()) for then in past) * period_s
    return max(2 * so_far, LEAST_S * sum(service.rate_per_s.values()))
