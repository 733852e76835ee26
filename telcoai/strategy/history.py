"""What was measured in each period of a run so far, beside the plan under which it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from telcoai.model.plan import Assignment, Plan
from telcoai.model.view import LinkView, ServiceView, View

Key = tuple[str, str]
"""(service, device)."""


@dataclass(frozen=True)
class Period:
    """Ended at ``time_s`` with these links and services measured; ``in_force`` are the assignments up to then."""

    time_s: float
    links: Mapping[str, LinkView]
    services: tuple[ServiceView, ...]
    in_force: Mapping[Key, Assignment]


def periods(view: View) -> tuple[Period, ...]:
    """All that a view knows of, oldest first; the last one has just ended."""
    return tuple(Period(one.time_s, one.links, one.services, _index(one.plan)) for one in view.moments)


def _index(plan: Plan | None) -> dict[Key, Assignment]:
    return {} if plan is None else {(one.service, one.device): one for one in plan.assignments}
