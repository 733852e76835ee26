"""What is asked of a run at this moment: the services that are there, and their requirements."""

from __future__ import annotations

from dataclasses import dataclass, field

from telcoai.model.requirements import Requirements
from telcoai.model.scenario import Scenario, ServiceState


@dataclass
class Asked:
    """Changed by the timeline and read by the observer. ``requirements``: of services that have other ones than at
    first. ``absent``: services that aren't there now."""

    requirements: dict[str, Requirements] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)

    def move(self, service: str, state: ServiceState) -> None:
        """A service arrives or departs."""
        (self.absent.discard if state == "arrives" else self.absent.add)(service)


def asked_at_first(scenario: Scenario) -> Asked:
    """What a scenario asks when its run begins."""
    return Asked(absent=set(scenario.absent))
