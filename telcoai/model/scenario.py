"""A resolved scenario: what is asked of a testbed, by whom, and what happens meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from telcoai.model.requirements import Requirements
from telcoai.model.topology import LinkState, Topology


@dataclass(frozen=True, slots=True)
class Demand:
    """Arrivals of one device from ``at_s`` (seconds after the end of warm-up) on.

    ``arrival``: constant, poisson, gamma, trace, ramp or diurnal. ``rate_per_s``: mean rate (start rate of a ramp).
    ``parameters``: the arrival's own, e.g. ``cv`` (gamma), ``to_per_s`` and ``over_s`` (ramp), ``period_s`` and
    ``amplitude`` (diurnal). ``trace``: absolute path of a CSV with a column of seconds, for ``trace``.
    """

    arrival: str
    rate_per_s: float
    at_s: float = 0.0
    parameters: Mapping[str, float] = field(default_factory=dict)
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """One service. ``devices`` are the device nodes that send its requests.

    ``frames``: raw or jpeg, the form of frames that travel to another node; on the device itself they stay raw.
    ``domain``: whose it is; nodes that are closed to that domain run nothing of it.
    """

    name: str
    workload: str
    devices: tuple[str, ...]
    demand: Demand
    requirements: Requirements
    frames: str = "raw"
    domain: str = ""


@dataclass(frozen=True, slots=True)
class LinkChange:
    """At ``at_s`` the links named get these states; both directions are whole states, already merged."""

    at_s: float
    changes: tuple[tuple[str, LinkState, LinkState], ...]
    """(link name, up, down) each."""


@dataclass(frozen=True, slots=True)
class DemandChange:
    """At ``demand.at_s`` the service's demand changes on all its devices."""

    at_s: float
    service: str
    demand: Demand


@dataclass(frozen=True, slots=True)
class RequirementsChange:
    """At ``at_s`` the service's requirements become these (already merged with those before)."""

    at_s: float
    service: str
    requirements: Requirements


NodeState = Literal["running", "stopped", "unreachable", "killed"]
"""What becomes of a node: it is back; it ends with all on it, as in a crash; nothing passes its links any more, though
all on it goes on; its workload is killed and comes back by itself."""


@dataclass(frozen=True, slots=True)
class NodeChange:
    """At ``at_s`` this becomes of the node."""

    at_s: float
    node: str
    state: NodeState

    @property
    def takes_long(self) -> bool:
        """Whether it is over only when a runtime is ready again."""
        return self.state in ("running", "killed")


ServiceState = Literal["arrives", "departs"]

ADMISSION_PERIODS = 2
"""Requests of a service begin so many periods after it arrives: one until strategies see it, and one for a plan."""


@dataclass(frozen=True, slots=True)
class ServiceChange:
    """At ``at_s`` the service arrives, so that strategies see it from then on, or departs, requests and all."""

    at_s: float
    service: str
    state: ServiceState


Change = LinkChange | DemandChange | RequirementsChange | ServiceChange | NodeChange


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of a run's own checks."""

    driver_lag_p99_ms: float = 2.0
    overruns: float = 0.01
    host_utilisation: float = 0.95


@dataclass(frozen=True, slots=True)
class Knowledge:
    """By how much what strategies know is wrong at most, as shares: of device and radio ``profiles`` (speeds, times,
    powers) and of ``links`` (delay, rate)."""

    profiles: float = 0.0
    links: float = 0.0


@dataclass(frozen=True)
class Scenario:
    """Everything an experiment needs. ``at_s`` of changes counts from the end of warm-up.

    ``compute``: auto, run or replay. ``files``: absolute paths that it was read from.
    """

    name: str
    topology: Topology
    services: tuple[Service, ...]
    timeline: tuple[Change, ...]
    strategies: tuple[str, ...]
    warmup_s: float = 3.0
    duration_s: float = 20.0
    repetitions: int = 1
    seed: int = 0
    period_s: float = 1.0
    compute: str = "auto"
    bounds: Bounds = field(default_factory=Bounds)
    knowledge: Knowledge = field(default_factory=Knowledge)
    files: tuple[str, ...] = ()

    @property
    def absent(self) -> frozenset[str]:
        """Services that aren't there when the run begins: what first happens to them is that they arrive."""
        states: dict[str, ServiceState] = {}
        for change in self.timeline:
            if isinstance(change, ServiceChange):
                states.setdefault(change.service, change.state)
        return frozenset(name for name, state in states.items() if state == "arrives")
