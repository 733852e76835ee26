"""From a timeline's events to changes that each hold whole states."""

from __future__ import annotations

from collections.abc import Mapping

from telcoai.model.scenario import (
    ADMISSION_PERIODS,
    Change,
    DemandChange,
    LinkChange,
    NodeChange,
    NodeState,
    RequirementsChange,
    Service,
    ServiceChange,
)
from telcoai.model.topology import Link, LinkState, Topology
from telcoai.spec.demands import demand, requirements
from telcoai.spec.places import Places
from telcoai.spec.problems import allowed, did_you_mean
from telcoai.spec.scenario_form import EventForm, LinkEvent, NodeEvent, ScenarioDocument, ScenarioSpec, ServiceEvent
from telcoai.spec.states import link_states

_BEFORE: Mapping[NodeState, tuple[NodeState, ...]] = {
    "running": ("stopped", "unreachable"),
    "stopped": ("running", "unreachable"),
    "unreachable": ("running",),
    "killed": ("running",),
}
"""What a node has to be for something to become of it."""

_WRITTEN: Mapping[NodeState, str] = {
    "running": "state: running",
    "stopped": "state: stopped",
    "unreachable": "state: unreachable",
    "killed": "workload: killed",
}


class _Story:
    """What holds at each moment, moved on by one event after the other."""

    def __init__(self, places: Places, topology: Topology, services: Mapping[str, Service], absent: set[str]) -> None:
        self._places = places
        self._absent = absent
        self._states = {link.name: (link.up, link.down) for link in topology.links}
        self._links = {(link.a, link.b): link for link in topology.links}
        self._requirements = {name: service.requirements for name, service in services.items()}
        self._members = members(topology)
        self._batteries = {node.name for node in topology.nodes if node.battery}
        self._nodes: dict[str, NodeState] = {}

    def link(self, event: LinkEvent, index: int) -> list[Change]:
        a, b = (
            self._named(name, self._members, "node or group", index, "link", i) for i, name in enumerate(event.link)
        )
        found = [(self._links[x, y], True) for x in a for y in b if (x, y) in self._links]
        found += [(self._links[y, x], False) for x in a for y in b if (y, x) in self._links]
        if a and b and not found:
            self._places.report(
                f"there is no link between {event.link[0]!r} and {event.link[1]!r}", *_at(index), "link"
            )
        changed = [self._moved(event, link, forward, index) for link, forward in found]
        return [LinkChange(event.at, tuple(changed))] if changed else []

    def _moved(self, event: LinkEvent, link: Link, forward: bool, index: int) -> tuple[str, LinkState, LinkState]:
        """The link after the event; up and down are as the event names the ends."""
        up, down = self._states[link.name]
        first, second = link_states(event, *((up, down) if forward else (down, up)))
        up, down = (first, second) if forward else (second, first)
        if any(state.jitter_ms > state.delay_ms for state in (up, down)):
            self._places.report("jitter above the delay from here on (allowed: at most the delay)", *_at(index))
        self._states[link.name] = (up, down)
        return link.name, up, down

    def service(self, event: ServiceEvent, index: int) -> list[Change]:
        if not self._named(event.service, {n: [n] for n in self._requirements}, "service", index, "service"):
            return []
        changes: list[Change] = self._presence(event, index)
        if event.demand is not None:
            new = demand(self._places, event.demand, event.at, *_at(index), "demand")
            changes.append(DemandChange(event.at, event.service, new))
        if event.requirements is not None:
            self._requirements[event.service] = requirements(event.requirements, self._requirements[event.service])
            changes.append(RequirementsChange(event.at, event.service, self._requirements[event.service]))
        return changes

    def _presence(self, event: ServiceEvent, index: int) -> list[Change]:
        """The service arrives or departs; one service at least is there all the time."""
        if event.state is None:
            return []
        if (event.state == "arrives") != (event.service in self._absent):
            now, possible = ("gone", "arrives") if event.service in self._absent else ("there", "departs")
            self._places.report(f"{event.service} is {now} at that time {allowed([possible])}", *_at(index), "state")
            return []
        (self._absent.discard if event.state == "arrives" else self._absent.add)(event.service)
        if len(self._absent) == len(self._requirements):
            self._places.report("no service is there from here on (allowed: one at least)", *_at(index), "state")
        return [ServiceChange(event.at, event.service, event.state)]

    def node(self, event: NodeEvent, index: int) -> list[Change]:
        names = self._named(event.node, self._members, "node or group", index, "node")
        becomes: NodeState = event.state or "killed"
        concerned = [name for name in names if self._nodes.get(name, "running") in _BEFORE[becomes]]
        if names and not concerned:
            now = self._nodes.get(names[0], "running")
            possible = [_WRITTEN[state] for state, before in _BEFORE.items() if now in before]
            key = "workload" if becomes == "killed" else "state"
            self._places.report(f"{event.node} is {now} at that time {allowed(possible)}", *_at(index), key)
        if becomes in ("stopped", "running") and self._batteries.intersection(names):
            what = f"{event.node} has a battery, which decides when it stops {allowed(['state: unreachable'])}"
            self._places.report(what, *_at(index), "state")
        if becomes != "killed":
            self._nodes |= dict.fromkeys(concerned, becomes)
        return [NodeChange(event.at, name, becomes) for name in concerned]

    def _named(self, name: str, known: Mapping[str, list[str]], what: str, index: int, *place: str | int) -> list[str]:
        """What a name stands for; nothing after noting that it stands for nothing."""
        if name not in known:
            near = did_you_mean(name, known)
            self._places.report(f"there is no {what} {name!r} {allowed(known)}{near}", *_at(index), *place)
        return known.get(name, [])


def timeline(
    places: Places, document: ScenarioDocument, topology: Topology, services: tuple[Service, ...]
) -> tuple[Change, ...]:
    """The timeline in order of time (as written where times are equal); problems are noted."""
    events = sorted(enumerate(document.spec.timeline), key=lambda pair: pair[1].at)
    absent = _absent_at_first([event for _, event in events])
    story = _Story(places, topology, {service.name: service for service in services}, absent)
    if services and absent.issuperset(service.name for service in services):
        places.report("no service is there when the run begins (allowed: one at least)", "services")
    changes: list[Change] = []
    for index, event in events:
        if event.at > document.spec.duration:
            places.report(f"is after the end of the run (duration {document.spec.duration:g}s)", *_at(index), "at")
        if _comes_too_late(event, document.spec):
            what = f"its requests begin {ADMISSION_PERIODS} periods later, which is after the end of the run"
            places.report(what, *_at(index), "at")
        if topology.platform == "kubeconfig" and not isinstance(event, ServiceEvent):
            places.report("links and nodes of a cluster that is there already can't be changed", *_at(index))
        elif isinstance(event, LinkEvent):
            changes += story.link(event, index)
        elif isinstance(event, ServiceEvent):
            changes += story.service(event, index)
        else:
            changes += story.node(event, index)
    return tuple(changes)


def _comes_too_late(event: EventForm, spec: ScenarioSpec) -> bool:
    is_arrival = isinstance(event, ServiceEvent) and event.state == "arrives"
    return is_arrival and event.at <= spec.duration <= event.at + ADMISSION_PERIODS * spec.period


def _absent_at_first(events: list[EventForm]) -> set[str]:
    """Services of which the first that happens to them, of those two, is that they arrive."""
    states: dict[str, str] = {}
    for event in events:
        if isinstance(event, ServiceEvent) and event.state is not None:
            states.setdefault(event.service, event.state)
    return {name for name, state in states.items() if state == "arrives"}


def members(topology: Topology) -> dict[str, list[str]]:
    """What each name stands for: a node for itself, a group for all of its nodes."""
    known: dict[str, list[str]] = {}
    for node in topology.nodes:
        known.setdefault(node.group, []).append(node.name)
    return known | {node.name: [node.name] for node in topology.nodes}


def _at(index: int) -> tuple[str | int, ...]:
    return ("timeline", index)
