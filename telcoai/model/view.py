"""What a strategy can know when it decides. Holds the present and the past, never the future."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from telcoai.model.plan import Plan
from telcoai.model.requirements import Requirements
from telcoai.model.topology import LinkState, Topology
from telcoai.model.workload import WorkloadInfo

MEASURED_PERIODS = 5
"""Periods that a view's rates and latencies are over: long enough to tame a Poisson count, short enough to follow."""


@dataclass(frozen=True, slots=True)
class LinkView:
    """A link as its last measurement found it: the delay is that measured, while jitter, rate and loss are what the
    network says that it gave the link then, as ETSI's radio network information (MEC 012) tells an application.
    A link through which nothing came keeps what was seen before."""

    a: str
    b: str
    up: LinkState
    down: LinkState


@dataclass(frozen=True, slots=True)
class Resident:
    """Stages of a variant that are loaded on a node, by number."""

    workload: str
    variant: str
    stages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node over the last period: ``utilisation`` in [0, 1] of its cores, ``queue`` requests waiting now.

    ``resident``: what is loaded there now. ``memory_free``: bytes that models may still take; None when nobody says.
    ``charge_j``: what its battery has left, None without one.
    """

    name: str
    alive: bool
    utilisation: float = 0.0
    queue: int = 0
    resident: tuple[Resident, ...] = ()
    memory_free: int | None = None
    charge_j: float | None = None


@dataclass(frozen=True, slots=True)
class ServiceView:
    """A service: its workload, requirements in force, and each device's arrival rate (requests/s, recent).

    ``latency_ms`` is the percentile that the requirement names, per device, over the answers of the last
    ``MEASURED_PERIODS`` (absent before answers came).
    ``frames``: raw or jpeg, the form of frames that travel; ``frame_bytes``: their mean size by variant when they are
    JPEG, measured on some samples (empty: raw, each variant's ``input_bytes``).
    ``domain``: whose it is; of nodes only those that admit the domain run it.
    ``dispersion``: index of dispersion of a device's requests, the variance of their number in a period over its mean:
    1 is Poisson's, bursts have more, regular intervals less.
    """

    name: str
    workload: WorkloadInfo
    requirements: Requirements
    rate_per_s: Mapping[str, float]
    latency_ms: Mapping[str, float] = field(default_factory=dict)
    frames: str = "raw"
    frame_bytes: Mapping[str, int] = field(default_factory=dict)
    domain: str = ""
    dispersion: float = 1.0


@dataclass(frozen=True, slots=True)
class Moment:
    """What was seen at ``time_s``, an earlier period's begin, and the plan that was in force up to then.

    ``services`` hold the rates and latencies that were measured under that plan.
    """

    time_s: float
    links: Mapping[str, LinkView]
    nodes: Mapping[str, NodeView]
    services: tuple[ServiceView, ...]
    plan: Plan | None


@dataclass(frozen=True)
class View:
    """The whole of what a strategy sees at ``time_s`` seconds after the run's start.

    ``past``: earlier moments of the run, oldest first, one a period, of bounded number; what a strategy learns, it
    learns from them.
    """

    time_s: float
    period_s: float
    topology: Topology
    links: Mapping[str, LinkView]
    nodes: Mapping[str, NodeView]
    services: tuple[ServiceView, ...]
    previous: Plan | None = None
    seed: int = 0
    past: tuple[Moment, ...] = ()

    @property
    def moments(self) -> tuple[Moment, ...]:
        """Those of the past, and the one that is now."""
        return (*self.past, Moment(self.time_s, self.links, self.nodes, self.services, self.previous))


class Strategy(Protocol):
    """``plan(view) -> Plan``, pure: same view, same plan. Built-ins and users' own share this protocol."""

    name: str
    summary: str

    def plan(self, view: View) -> Plan:
        """Decide for the next period."""
        ...
