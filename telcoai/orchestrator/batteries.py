"""Batteries of nodes: what is left of each, by the model of energy and what runtimes count.

A battery gives all that its node takes: idle power as time goes by, busy cores, also those that load models, and the
radio's base power and bytes.
The counters are measured; the powers are the profiles' own values, as in a run's account. It is read once a period, so
a node stops at the end of the period in which its battery ran empty.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from telcoai.model.power import JOULES_PER_NANOJOULE, core_power
from telcoai.model.topology import Battery, Node, RadioProfile, Topology
from telcoai.orchestrator.applier import Disturber
from telcoai.orchestrator.figures import Figures, NodeFigures, growth
from telcoai.orchestrator.journal import Journal


@dataclass
class Charge:
    """One battery over a run, in joules. ``empty_s``: seconds after the run's t0 at which nothing was left."""

    capacity_j: float
    start_j: float
    left_j: float
    idle_j: float = 0.0
    compute_j: float = 0.0
    radio_j: float = 0.0
    empty_s: float | None = None
    read_s: float = 0.0
    """When it was read last, after the run's t0."""


@dataclass
class _Gauge:
    """A battery with what its node's parts draw."""

    charge: Charge
    idle_w: float
    core_w: float
    radio: RadioProfile | None
    last: NodeFigures | None = None
    read_s: float | None = None

    def read(self, time_s: float, now: NodeFigures | None) -> None:
        """Take off what was drawn since the last reading, the first of which counts from 0."""
        since_s, self.read_s = self.read_s, time_s
        before, self.last = self.last, now or self.last
        if since_s is None or self.charge.empty_s is not None or time_s <= 0:
            return
        since_s = max(0.0, since_s)
        idle, compute, radio = (
            self.idle_w * (time_s - since_s),
            self._compute_j(before, now),
            self._radio_j(before, now),
        )
        had, drawn = self.charge.left_j, idle + compute + radio
        given = min(1.0, had / drawn) if drawn else 1.0
        self.charge.idle_j += given * idle
        self.charge.compute_j += given * compute
        self.charge.radio_j += given * radio
        self.charge.left_j = max(0.0, had - drawn)
        self.charge.read_s = time_s
        if drawn >= had:
            self.charge.empty_s = since_s + given * (time_s - since_s)

    def _compute_j(self, before: NodeFigures | None, now: NodeFigures | None) -> float:
        """Busy cores, and those that were busy loading models."""
        since_ns = before.now_ns if before else 0
        loads = (one.ms for one in (now.moved if now else ()) if one.kind == "loaded" and one.at_ns > since_ns)
        return self.core_w * (growth(before, now, "busy_core_ns") / 1e9 + sum(loads) / 1e3)

    def _radio_j(self, before: NodeFigures | None, now: NodeFigures | None) -> float:
        if self.radio is None:
            return 0.0
        sent, received = (8 * growth(before, now, name) for name in ("sent_bytes", "received_bytes"))
        bits_nj = sent * self.radio.up_nj_per_bit.value + received * self.radio.down_nj_per_bit.value
        connected_s = growth(before, now, "connected_ns") / 1e9
        return self.radio.base_w.value * connected_s + bits_nj * JOULES_PER_NANOJOULE


@dataclass
class Batteries:
    """All batteries of a testbed, from a run's first reading on."""

    topology: Topology
    _gauges: dict[str, _Gauge] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._gauges = {
            node.name: _gauge(node, node.battery, self.topology) for node in self.topology.nodes if node.battery
        }

    def read(self, time_s: float, figures: Figures) -> None:
        """Take a reading of every node into account, ``time_s`` seconds after the run's t0."""
        for name, gauge in self._gauges.items():
            gauge.read(time_s, figures.get(name))

    def left_j(self, node: str) -> float | None:
        """What is left, None for a node without a battery."""
        gauge = self._gauges.get(node)
        return None if gauge is None else gauge.charge.left_j

    def newly_empty(self) -> list[tuple[str, float]]:
        """Nodes whose battery has run empty since this was asked last, each with the time at which it did."""
        found = {name: gauge.charge.empty_s for name, gauge in self._gauges.items() if name not in self._told}
        empty = [(name, empty_s) for name, empty_s in found.items() if empty_s is not None]
        self._told.update(name for name, _ in empty)
        return empty

    def facts(self) -> dict[str, dict[str, Any]]:
        """All charges as plain values, by node."""
        return {name: asdict(gauge.charge) for name, gauge in self._gauges.items()}


def stop_empty(batteries: Batteries, disturber: Disturber, journal: Journal, time_s: float) -> None:
    """Stop nodes whose battery has run empty, as in a crash, and note it. NodeError when one can't be stopped."""
    for node, empty_s in batteries.newly_empty():
        disturber.change_node(node, "stopped")
        journal.event("battery", empty_s, time_s, {"node": node, "state": "empty"})


def radio_of(topology: Topology, node: str) -> RadioProfile | None:
    """The radio of a device: the same on all its links, as testbeds with batteries are checked for."""
    names = (link.radio for link in topology.links if node in (link.a, link.b) and link.radio)
    return next((topology.radios[name] for name in names), None)


def _gauge(node: Node, battery: Battery, topology: Topology) -> _Gauge:
    profile = topology.profiles[node.profile]
    charge = Charge(battery.capacity_j, battery.charge_j, battery.charge_j)
    return _Gauge(charge, profile.power_idle_w.value, core_power(profile).value, radio_of(topology, node.name))
