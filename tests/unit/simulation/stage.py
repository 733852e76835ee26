"""A small world with requests to play in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from telcoai.load.rows import Row
from telcoai.model.plan import Assignment, Plan
from telcoai.model.scenario import Change
from telcoai.model.topology import Topology
from telcoai.model.view import View
from telcoai.orchestrator.journal import Journal
from telcoai.orchestrator.observe import Observer
from telcoai.simulation.jobs import Arrival, SimulatedService
from telcoai.simulation.play import Play, play
from telcoai.simulation.requests import Requests
from telcoai.simulation.world import World
from telcoai.workload.chain import Answers
from tests.places import small_scenario, small_workload

SAMPLES = 8


@dataclass
class Fixed:
    """A strategy that keeps what it saw and has every device do the same."""

    hops: tuple[str, ...]
    thresholds: tuple[float, ...] = (2.0, 2.0)
    fallback: str = "local"
    replicas: tuple[tuple[str, ...], ...] = ()
    admit: float = 1.0
    seen: list[View] = field(default_factory=list)
    name: str = "fixed"
    summary: str = "for tests"

    def plan(self, view: View) -> Plan:
        """The same each time; "device" stands for the device."""
        self.seen.append(view)
        return Plan(tuple(self._one(service.name, d) for service in view.services for d in service.rate_per_s))

    def _one(self, service: str, device: str) -> Assignment:
        hops = tuple(device if hop == "device" else hop for hop in self.hops)
        fixed = ("small-fp32", hops, self.thresholds, "fp16", self.fallback)
        return Assignment(service, device, *fixed, admit=self.admit, replicas=self.replicas)


def tiny_service() -> SimulatedService:
    """Samples whose confidence at each exit is 0.0, 0.25, 0.5 …; all that exits say is right."""
    confidence = np.repeat(np.arange(SAMPLES) / 4, 3).reshape(SAMPLES, 3)
    answers = Answers(np.zeros((SAMPLES, 3), np.int64), confidence)
    info = small_workload()
    both = {(variant.name, wire): answers for variant in info.variants for wire in ("fp16", "int8")}
    return SimulatedService("vision", info, both, np.zeros(SAMPLES, np.int64))


def arrive(*due_s: float, device: str = "camera-1", sample: int = 0) -> tuple[Arrival, ...]:
    """Requests of a device that are due at these times."""
    return tuple(Arrival("vision", device, k, at, sample, is_warmup=False) for k, at in enumerate(due_s))


def played(
    folder: Path,
    strategy: object,
    arrivals: tuple[Arrival, ...],
    timeline: tuple[Change, ...] = (),
    total_s: float = 5,
    topology: Topology | None = None,
) -> list[Row]:
    """Rows of camera-1."""
    scenario = small_scenario(**({"topology": topology} if topology else {}))
    world = World(scenario.topology, 1)
    requests = Requests(world, {"vision": tiny_service()})
    observer = Observer(scenario.topology, scenario.services, {"tiny": small_workload()}, 1.0, 7)
    journal = Journal(folder)
    rows = play(Play(arrivals, timeline, 0.0, total_s), strategy, world, requests, observer, journal)  # type: ignore[arg-type]
    assert journal.failures == []
    return rows.get(("vision", "camera-1"), [])


Make = Callable[..., list[Row]]
