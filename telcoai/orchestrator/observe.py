"""From node figures to the view that a strategy sees."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from telcoai.model.plan import Plan
from telcoai.model.read_only import ReadOnly, read_only_topology, read_only_workload
from telcoai.model.requirements import Requirements
from telcoai.model.scenario import ADMISSION_PERIODS, Knowledge, Service
from telcoai.model.topology import Topology
from telcoai.model.view import MEASURED_PERIODS, LinkView, Moment, NodeView, Resident, ServiceView, View
from telcoai.model.workload import WorkloadInfo
from telcoai.orchestrator.asked import Asked
from telcoai.orchestrator.batteries import Batteries
from telcoai.orchestrator.bursts import Bursts
from telcoai.orchestrator.figures import Figures, NodeFigures
from telcoai.orchestrator.frame_sizes import FrameBytes
from telcoai.orchestrator.knowledge import Known

LEAST_ANSWERS = 20
"""Where fewer answers came in that time, so many of the run's latest are taken: a percentile of a few says little."""

PAST = 120
"""Earlier moments that a view holds, in periods."""

WHOLE = 0.9
"""Readings that are this many periods apart count as a whole period: a step may come a little late."""


@dataclass
class Observer:
    """Keeps the recent readings of a run and makes views of them.

    Runtimes live longer than a run: only what counters grew by since the first reading at or after the run's t0
    counts, so that a view never depends on the runs before. Mappings in a view can't be changed: what a strategy does
    to one reaches neither the run nor a later view.
    """

    topology: Topology
    services: tuple[Service, ...]
    workloads: Mapping[str, WorkloadInfo]
    period_s: float
    seed: int
    asked: Asked = field(default_factory=Asked)
    frame_bytes: FrameBytes = field(default_factory=dict)
    knowledge: Knowledge = field(default_factory=Knowledge)
    _readings: deque[Figures] = field(default_factory=lambda: deque(maxlen=MEASURED_PERIODS + 1))
    _first: dict[str, NodeFigures] = field(default_factory=dict)
    _started: bool = False
    _past: deque[Moment] = field(default_factory=lambda: deque(maxlen=PAST))
    _arrived_s: dict[str, float | None] = field(default_factory=dict)
    """When each service that is there was first seen; None for those that were from the beginning."""

    def __post_init__(self) -> None:
        self.batteries = Batteries(self.topology)
        self._known = Known(self.knowledge, self.seed)
        self._bursts = Bursts()
        self._shown_topology = read_only_topology(self._known.topology(self.topology))
        self._shown_workloads = {name: read_only_workload(one) for name, one in self.workloads.items()}
        self._workload_of = {v.name: name for name, one in self.workloads.items() for v in one.variants}
        self._shown_frames = {name: ReadOnly(one) for name, one in self.frame_bytes.items()}

    def view(self, time_s: float, figures: Figures, links: Mapping[str, LinkView], previous: Plan | None) -> View:
        """The view at ``time_s``; keeps ``figures`` as the newest reading."""
        self._keep(time_s, figures)
        self.batteries.read(time_s, figures)
        there = self._there(time_s)
        self._count(there)
        view = View(
            time_s=time_s,
            period_s=self.period_s,
            topology=self._shown_topology,
            links=ReadOnly(self._known.links(links)),
            nodes=ReadOnly({node.name: self._node(node.name) for node in self.topology.nodes}),
            services=tuple(self._service(service, time_s) for service in there),
            previous=previous,
            seed=self.seed,
            past=tuple(self._past),
        )
        self._past.append(Moment(time_s, view.links, view.nodes, view.services, previous))
        return view

    def _there(self, time_s: float) -> list[Service]:
        """Services that are there now, those that have come since the run began with the time noted."""
        absent = frozenset(self.asked.absent)
        there = [service for service in self.services if service.name not in absent]
        first = None if time_s <= 0 else time_s
        self._arrived_s = {service.name: self._arrived_s.get(service.name, first) for service in there}
        return there

    def _count(self, there: list[Service]) -> None:
        """Arrivals since the reading before, of services that are there."""
        for service in self.services:
            if service not in there:
                self._bursts.forget(service.name)
            else:
                self._bursts.count(service.name, self._arrived(service))

    def _arrived(self, service: Service) -> dict[str, int]:
        found = {}
        for device in service.devices:
            now, before = self._readings[-1].get(device), self._before(device, periods=1)
            if now is not None and before is not None:
                found[device] = arrived(service.name, before, now)
        return found

    def _keep(self, time_s: float, figures: Figures) -> None:
        if not self._started:
            self._readings.clear()
            self._first.clear()
            self._past.clear()
            self._bursts = Bursts()
        self._started = self._started or time_s >= 0
        self._readings.append(figures)
        for name, now in figures.items():
            first = self._first.get(name, now)
            if now is not None and first is not None:
                restarted = now.stage_calls < first.stage_calls
                self._first[name] = replace(now, arrivals={}, answered={}, stage_calls=0) if restarted else first

    def _node(self, name: str) -> NodeView:
        now, left_j = self._readings[-1].get(name), self.batteries.left_j(name)
        if now is None:
            return NodeView(name, alive=False, charge_j=left_j)
        before = self._before(name, periods=1)
        return NodeView(name, True, utilisation(before, now), now.queue, self._resident(now), now.memory_free, left_j)

    def _resident(self, now: NodeFigures) -> tuple[Resident, ...]:
        stages: dict[tuple[str, str], list[int]] = {}
        for variant, stage in now.resident:
            workload = self._workload_of.get(variant)
            if workload is not None:
                stages.setdefault((workload, variant), []).append(stage)
        return tuple(Resident(*key, tuple(sorted(found))) for key, found in sorted(stages.items()))

    def _service(self, service: Service, time_s: float) -> ServiceView:
        required = self.asked.requirements.get(service.name, service.requirements)
        rates = {device: self._rate(service, device, time_s) for device in service.devices}
        latencies = {device: self._latency(service.name, device, required) for device in service.devices}
        return ServiceView(
            name=service.name,
            workload=self._shown_workloads[service.workload],
            requirements=required,
            rate_per_s=ReadOnly(rates),
            latency_ms=ReadOnly({device: value for device, value in latencies.items() if value is not None}),
            frames=service.frames,
            frame_bytes=self._shown_frames.get(service.name, ReadOnly()),
            domain=service.domain,
            dispersion=self._bursts.dispersion(service.name),
        )

    def _rate(self, service: Service, device: str, time_s: float) -> float:
        """As measured, and as declared until enough was: readings from before the service sent tell nothing."""
        arrived_s = self._arrived_s[service.name]
        if arrived_s is not None and time_s - arrived_s < (MEASURED_PERIODS + ADMISSION_PERIODS) * self.period_s:
            return service.demand.rate_per_s
        now, before = self._readings[-1].get(device), self._before(device, MEASURED_PERIODS)
        if now is None or before is None or now.now_ns - before.now_ns < WHOLE * self.period_s * 1e9:
            return service.demand.rate_per_s
        if now.arrivals.get(service.name, 0) == self._first[device].arrivals.get(service.name, 0):
            return service.demand.rate_per_s
        return arrival_rate(service.name, before, now)

    def _latency(self, service: str, device: str, required: Requirements) -> float | None:
        """The percentile over answers of the last periods."""
        now, before = self._readings[-1].get(device), self._before(device, MEASURED_PERIODS)
        if now is None:
            return None
        answered = now.answered.get(service, 0)
        of_run = answered - self._first[device].answered.get(service, 0)
        of_late = answered - (before.answered.get(service, 0) if before else 0)
        if of_run <= 0:
            return None
        recent = now.latency_ms[service][-min(of_run, max(of_late, LEAST_ANSWERS)) :]
        return float(np.percentile(recent, required.percentile, method="higher"))

    def _before(self, node: str, periods: int) -> NodeFigures | None:
        """The oldest reading of the node within ``periods`` before the newest one, of the same process."""
        now = self._readings[-1].get(node)
        earlier = list(self._readings)[-1 - periods : -1]
        for reading in earlier:
            one = reading.get(node)
            if one is not None and now is not None and one.stage_calls <= now.stage_calls:
                return one
        return None


def utilisation(before: NodeFigures | None, now: NodeFigures) -> float:
    """Share of core-time that was busy between two readings, in [0, 1]; 0 with one reading."""
    if before is None or now.now_ns <= before.now_ns:
        return 0.0
    busy = (now.busy_core_ns - before.busy_core_ns) / (now.now_ns - before.now_ns) / now.cores
    return min(1.0, max(0.0, busy))


def arrival_rate(service: str, before: NodeFigures, now: NodeFigures) -> float:
    """Arrivals per second of a service at a node between two readings."""
    if now.now_ns <= before.now_ns:
        return 0.0
    return max(0.0, arrived(service, before, now) * 1e9 / (now.now_ns - before.now_ns))


def arrived(service: str, before: NodeFigures, now: NodeFigures) -> int:
    """Requests of a service that came to a node between two readings of the same process."""
    return now.arrivals.get(service, 0) - before.arrivals.get(service, 0)
