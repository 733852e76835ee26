"""Requirements of a scenario that nobody can meet, even without load: worth knowing before a run, and no mistake.

What is looked at, ``telcoai.strategy.attainable`` says, at each moment from which the timeline has anything else hold:
links, nodes, requirements, demand. The scenario is taken as it truly is, whatever strategies know of it. A demand
counts at its highest rate, at which a request takes the least joules, as connected radios are shared by more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from telcoai.load.rates import highest_rate_per_s
from telcoai.model.requirements import Requirements
from telcoai.model.scenario import (
    Change,
    DemandChange,
    LinkChange,
    NodeChange,
    NodeState,
    RequirementsChange,
    Scenario,
    Service,
    ServiceChange,
)
from telcoai.model.topology import Link, Topology
from telcoai.model.view import ServiceView
from telcoai.orchestrator.frame_sizes import measure_frames
from telcoai.plugins import load_workload
from telcoai.strategy.attainable import ACCURACY, ENERGY, LATENCY, Attainable, Outcome, Sheets, Shortfall
from telcoai.strategy.joules import Powers
from telcoai.strategy.sites import Sites


@dataclass(frozen=True)
class Unmet:
    """Requirements of a service that some of its devices can't meet together, from one time until another.

    ``until_s`` is the scenario's end at the latest. ``nearest``: by device, what comes nearest; None for nothing.
    """

    service: str
    kinds: tuple[str, ...]
    requirements: Requirements
    from_s: float
    until_s: float
    nearest: Mapping[str, Outcome | None]


@dataclass
class _State:
    """What holds at a moment."""

    services: dict[str, Service]
    links: dict[str, Link]
    nodes: dict[str, NodeState]
    absent: set[str]

    def make(self, change: Change) -> None:
        if isinstance(change, LinkChange):
            for name, up, down in change.changes:
                self.links[name] = replace(self.links[name], up=up, down=down)
        elif isinstance(change, NodeChange):
            self.nodes[change.node] = "running" if change.state == "killed" else change.state
        elif isinstance(change, ServiceChange):
            (self.absent.discard if change.state == "arrives" else self.absent.add)(change.service)
        elif isinstance(change, DemandChange):
            self.services[change.service] = replace(self.services[change.service], demand=change.demand)
        elif isinstance(change, RequirementsChange):
            service = self.services[change.service]
            self.services[change.service] = replace(service, requirements=change.requirements)

    def sites(self, topology: Topology) -> Sites:
        down = (name for name, state in self.nodes.items() if state != "running")
        return Sites(topology, tuple(self.links.values()), down)

    def sending(self, service: Service) -> list[str]:
        """The service's devices that aren't stopped; none of a service that isn't there."""
        if service.name in self.absent:
            return []
        return [device for device in service.devices if self.nodes.get(device) != "stopped"]


class _Look:
    """Looks at one service after the other; what was seen before isn't worked out again."""

    def __init__(self, scenario: Scenario) -> None:
        used = dict.fromkeys(one.workload for one in scenario.services)
        self._infos = {name: load_workload(name).info for name in used}
        self._sizes = measure_frames(scenario.services, self._infos)
        self._powers = Powers(scenario.topology)
        self._sheets: dict[object, Sheets] = {}
        self._known: dict[object, tuple[Shortfall, ...]] = {}

    def at(self, service: Service, devices: Iterable[str], sites: Sites) -> dict[str, tuple[Shortfall, ...]]:
        """What devices that send anything can't meet."""
        rate_per_s = highest_rate_per_s(service.demand)
        view = self._view(service, dict.fromkeys(devices, rate_per_s))
        wanted = service.name, service.requirements
        if wanted not in self._sheets:
            self._sheets[wanted] = Sheets(view, sites)
        at_best = Attainable(self._sheets[wanted], view, sites, self._powers)
        return {device: self._short(at_best, device, service) for device in view.rate_per_s if rate_per_s > 0}

    def _short(self, at_best: Attainable, device: str, service: Service) -> tuple[Shortfall, ...]:
        kind = service.name, at_best.kind_of(device)
        if kind not in self._known:
            self._known[kind] = at_best.shortfalls(device)
        return self._known[kind]

    def _view(self, service: Service, rates: Mapping[str, float]) -> ServiceView:
        return ServiceView(
            service.name,
            self._infos[service.workload],
            service.requirements,
            rates,
            frames=service.frames,
            frame_bytes=self._sizes.get(service.name, {}),
            domain=service.domain,
        )


def unmet(scenario: Scenario) -> list[Unmet]:
    """All of it, by service and then by time. PluginError for a workload that can't be loaded."""
    look, found = _Look(scenario), list[Unmet]()
    services, links = {one.name: one for one in scenario.services}, {one.name: one for one in scenario.topology.links}
    state = _State(services, links, {}, set(scenario.absent))
    for from_s, until_s, changes in _moments(scenario):
        for change in changes:
            state.make(change)
        sites = state.sites(scenario.topology)
        for service in state.services.values():
            short = look.at(service, state.sending(service), sites)
            found += _by_kinds(service, short, (from_s, until_s))
    names = list(services)
    return sorted(_joined(found), key=lambda one: (names.index(one.service), one.from_s))


def _moments(scenario: Scenario) -> Iterator[tuple[float, float, list[Change]]]:
    """(from, until, what changes then), the begin included."""
    times = sorted({0.0, *(change.at_s for change in scenario.timeline if change.at_s < scenario.duration_s)})
    for from_s, until_s in zip(times, [*times[1:], scenario.duration_s], strict=True):
        yield from_s, until_s, [change for change in scenario.timeline if change.at_s == from_s]


def _by_kinds(
    service: Service, short: Mapping[str, tuple[Shortfall, ...]], span: tuple[float, float]
) -> Iterator[Unmet]:
    """One for all devices that fall short of the same."""
    for kinds in dict.fromkeys(one.kinds for each in short.values() for one in each):
        nearest = {device: one.nearest for device, each in short.items() for one in each if one.kinds == kinds}
        yield Unmet(service.name, kinds, _only(kinds, service.requirements), *span, nearest)


def _only(kinds: tuple[str, ...], required: Requirements) -> Requirements:
    """Those requirements alone."""
    return Requirements(
        required.percentile,
        required.deadline_ms if LATENCY in kinds else None,
        required.accuracy_min if ACCURACY in kinds else None,
        required.energy_per_request_j if ENERGY in kinds else None,
    )


def _joined(found: Iterable[Unmet]) -> list[Unmet]:
    """What goes on from one moment to the next is told once."""
    joined: dict[object, list[Unmet]] = {}
    for one in found:
        spans = joined.setdefault((one.service, one.requirements, _essence(one)), [])
        if spans and spans[-1].until_s == one.from_s:
            spans[-1] = replace(spans[-1], until_s=one.until_s)
        else:
            spans.append(one)
    return [one for spans in joined.values() for one in spans]


def _essence(said: Unmet) -> tuple[object, ...]:
    """By device what has to stay the same to be told once: of accuracy alone, the most that can be had."""
    if said.kinds == (ACCURACY,):
        return tuple((device, one and one.accuracy) for device, one in said.nearest.items())
    return tuple(said.nearest.items())
