"""From a timeline's events to changes that each hold whole states."""

from __future__ import annotations

from collections.abc import Mapping

from telcoai.model.scenario import (
    Change,
    DemandChange,
    LinkChange,
    NodeChange,
    NodeState,
    RequirementsChange,
    Service,
)
from telcoai.model.topology import Link, LinkState, Topology
from telcoai.spec.demands import demand, requirements
from telcoai.spec.places import Places
from telcoai.spec.problems import allowed, did_you_mean
from telcoai.spec.scenario_form import LinkEvent, NodeEvent, ScenarioDocument, ServiceEvent
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

    def __init__(self, places: Places, topology: Topology, services: tuple[Service, ...]) -> None:
        self._places = places
        self._states = {link.name: (link.up, link.down) for link in topology.links}
        self._links = {(link.a, link.b): link for link in topology.links}
        self._requirements = {service.name: service.requirements for service in services}
        self._members = members(topology)
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
        changes: list[Change] = []
        if event.demand is not None:
            new = demand(self._places, event.demand, event.at, *_at(index), "demand")
            changes.append(DemandChange(event.at, event.service, new))
        if event.requirements is not None:
            self._requirements[event.service] = requirements(event.requirements, self._requirements[event.service])
            changes.append(RequirementsChange(event.at, event.service, self._requirements[event.service]))
        return changes

    def node(self, event: NodeEvent, index: int) -> list[Change]:
        names = self._named(event.node, self._members, "node or group", index, "node")
        becomes: NodeState = event.state or "killed"
        concerned = [name for name in names if self._nodes.get(name, "running") in _BEFORE[becomes]]
        if names and not concerned:
            now = self._nodes.get(names[0], "running")
            possible = [_WRITTEN[state] for state, before in _BEFORE.items() if now in before]
            key = "workload" if becomes == "killed" else "state"
            self._places.report(f"{event.node} is {now} at that time {allowed(possible)}", *_at(index), key)
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
    story = _Story(places, topology, services)
    changes: list[Change] = []
    events = sorted(enumerate(document.spec.timeline), key=lambda pair: pair[1].at)
    for index, event in events:
        if event.at > document.spec.duration:
            places.report(f"is after the end of the run (duration {document.spec.duration:g}s)", *_at(index), "at")
        if topology.platform == "kubeconfig" and not isinstance(event, ServiceEvent):
            places.report("links and nodes of a cluster that is there already can't be changed", *_at(index))
        elif isinstance(event, LinkEvent):
            changes += story.link(event, index)
        elif isinstance(event, ServiceEvent):
            changes += story.service(event, index)
        else:
            changes += story.node(event, index)
    return tuple(changes)


def members(topology: Topology) -> dict[str, list[str]]:
    """What each name stands for: a node for itself, a group for all of its nodes."""
    known: dict[str, list[str]] = {}
    for node in topology.nodes:
        known.setdefault(node.group, []).append(node.name)
    return known | {node.name: [node.name] for node in topology.nodes}


def _at(index: int) -> tuple[str | int, ...]:
    return ("timeline", index)
