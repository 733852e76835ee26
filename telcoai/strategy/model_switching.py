"""The whole model at each device's nearest edge node; which variant runs there follows the load.

After Zhang, Elnikety, Zarar, Gupta and Garg, "Model-Switching: Dealing with Fluctuating Workloads in
Machine-Learning-as-a-Service Systems", HotCloud 2020: what users see is effective accuracy, a variant's accuracy times
the share of its answers that come within the deadline. Under little load the most accurate variant has most of it,
under much load a faster one. All devices of a service at one edge node are served by one variant.

Different here: the share in time is predicted (waits taken for exponential, as everywhere in these predictions) at the
measured rates, where the paper looks it up in a table profiled beforehand, and it counts the network. Left out: the
number of replicas and threads, which is fixed here. The accuracy asked is no bound: effective accuracy is the goal, and
to run a less accurate variant under load is the point. Without a deadline every answer is in time, so the most accurate
variant runs always. And loading a variant takes time, which the paper's servers, with all variants in memory, don't
know: another one is taken only when it pays for its load within ``HORIZON_S``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from telcoai.model.memory import Held
from telcoai.model.plan import Assignment, Plan
from telcoai.model.requirements import Requirements
from telcoai.model.topology import Tier
from telcoai.model.view import ServiceView, View
from telcoai.model.workload import Variant
from telcoai.strategy.candidates import alone, as_assignment
from telcoai.strategy.course import Course, course, origin_of
from telcoai.strategy.exits import Option, forecast, never
from telcoai.strategy.greedy import changes
from telcoai.strategy.outlook import predictions, unexplained
from telcoai.strategy.predict import Occupancy, Prediction, late_share, loaded
from telcoai.strategy.room import fitted
from telcoai.strategy.sites import Sites, as_measured
from telcoai.strategy.switching import NodeSwitch, node_switch

HORIZON_S = 10.0
"""Seconds in which a switch has to pay: more answers right and in time, those that come late or less accurate while it
is loaded taken off. Chosen: for about as long shipped scenarios leave things as they are."""

NOTHING = 0.01
"""Effective accuracy below which a variant is taken to be of no use under its load."""

_ROUNDS = 2
"""Groups choose one after the other; the second time the first one knows what the others do."""


@dataclass(frozen=True)
class _Group:
    """The devices of a service that one node serves, and each variant that it can run with the courses to it."""

    service: ServiceView
    node: str
    devices: tuple[str, ...]
    courses: Mapping[str, tuple[tuple[Course, float], ...]]
    in_force: str = ""
    """The variant that serves all of them there now; "" when there is none."""
    switches: Mapping[str, NodeSwitch] = field(default_factory=dict)
    """What it takes to load each variant there."""


@dataclass(frozen=True, slots=True)
class _Pick:
    """A variant, the share of its answers in time, and its effective accuracy."""

    variant: Variant
    in_time: float
    effective: float
    mean_s: float

    @property
    def order(self) -> tuple[float, float]:
        """The greater, the better; where nothing is in time, the faster."""
        return self.effective, -self.mean_s


class ModelSwitching:
    """One variant for each service and edge node, the one with the greatest effective accuracy under the load."""

    name = "model-switching"
    summary = "the whole model at the nearest edge, its variant by load: most answers right and in time (HotCloud'20)"

    def plan(self, view: View) -> Plan:
        """Choose again in every period, from measured rates and utilisation."""
        sites = as_measured(view)
        groups = _groups(view, sites)
        picks = _choose(groups, unexplained(view, sites))
        served = {
            (group.service.name, device): _assignment(group, device, pick, sites)
            for group, pick in zip(groups, picks, strict=True)
            for device in group.devices
        }
        wanted = [served[s.name, device] for s in view.services for device in sorted(s.rate_per_s)]
        assignments = fitted(wanted, view.services, sites)
        reason = _reason(groups, picks, view)
        if view.previous is not None:
            reason += f"; {changes(assignments, view.previous)} changed"
        return Plan(assignments, reason, predictions(assignments, view, sites))


def _groups(view: View, sites: Sites) -> list[_Group]:
    """A device that reaches no living edge node serves itself."""
    found = []
    for service in view.services:
        members: dict[str, list[str]] = {}
        for device in sorted(service.rate_per_s):
            members.setdefault((*sites.nearest(device, Tier.EDGE, service.domain), device)[0], []).append(device)
        found += [_group(service, node, tuple(devices), sites, view) for node, devices in members.items()]
    return found


def _group(service: ServiceView, node: str, devices: tuple[str, ...], sites: Sites, view: View) -> _Group:
    courses = {}
    for variant in service.workload.variants:
        option = _whole(variant)
        paths = []
        for device in devices:
            path = course(option, (node,) * len(variant.stages), "fp16", sites, origin_of(service, device))
            if path is not None and sites.alive(device):
                paths.append((path, service.rate_per_s[device]))
        if paths:
            courses[variant.name] = tuple(paths)
    switches = {name: node_switch(node, _stages(service, name), view) for name in courses}
    return _Group(service, node, devices, courses, _in_force(service, node, devices, view), switches)


def _stages(service: ServiceView, variant: str) -> set[Held]:
    return {(service.workload.name, variant, stage.index) for stage in service.workload.variant(variant).stages}


def _in_force(service: ServiceView, node: str, devices: tuple[str, ...], view: View) -> str:
    """The variant that all devices are served with, whole, on this node."""
    before = view.previous.assignments if view.previous is not None else ()
    ours = [one for one in before if one.service == service.name and one.device in devices]
    served = {one.variant if set(one.hops) == {node} else "" for one in ours}
    return served.pop() if len(served) == 1 and len(ours) == len(devices) else ""


def _whole(variant: Variant) -> Option:
    return Option(variant, never(variant), forecast(variant, never(variant)))


def _choose(groups: list[_Group], load: Occupancy) -> list[_Pick | None]:
    """Each group in turn, against the load of all the others; None where the node can run nothing or all are dead."""
    picks: list[_Pick | None] = [None] * len(groups)
    for _ in range(_ROUNDS):
        for number, group in enumerate(groups):
            before = picks[number]
            if before is not None:
                _add(group, before.variant, load, -1)
            picks[number] = found = _best(group, load)
            if found is not None:
                _add(group, found.variant, load, 1)
    return picks


def _add(group: _Group, variant: Variant, load: Occupancy, times: int) -> None:
    for path, rate_per_s in group.courses[variant.name]:
        load.add(path, times * rate_per_s)


def _best(group: _Group, load: Occupancy) -> _Pick | None:
    variants = [variant for variant in group.service.workload.variants if variant.name in group.courses]
    picks = [_judge(group, variant, load) for variant in variants]
    kept = next((pick for pick in picks if pick.variant.name == group.in_force), None)
    paying = [pick for pick in picks if kept is None or pick is kept or _pays(pick, kept, group)]
    return max(paying, key=lambda pick: pick.order, default=None)


def _pays(pick: _Pick, kept: _Pick, group: _Group) -> bool:
    """Whether effective accuracy over the horizon is greater with the switch: as before while it is loaded, or nothing
    where memory can't hold both and requests wait. One that is loaded may always be taken, and so may any where nothing
    is in time as it is, which leaves nothing to lose."""
    switch = group.switches[pick.variant.name]
    if switch.seconds == 0 or (kept.effective < NOTHING and switch.seconds < HORIZON_S):
        return True
    meanwhile = kept.effective if switch.holds_both else 0.0
    load_s = min(switch.seconds, HORIZON_S)
    return pick.effective * (HORIZON_S - load_s) + meanwhile * load_s > kept.effective * HORIZON_S


def _judge(group: _Group, variant: Variant, load: Occupancy) -> _Pick:
    """Means over the requests of all devices of the group, each weighing as many as it sends."""
    _add(group, variant, load, 1)
    paths = group.courses[variant.name]
    total = sum(rate for _, rate in paths)
    in_time = mean_s = 0.0
    for path, rate_per_s in paths:
        weight = rate_per_s / total if total > 0 else 1 / len(paths)
        seen = loaded(path, group.service.requirements.percentile, load)
        in_time += weight * _share_in_time(seen, group.service.requirements)
        mean_s += weight * seen.mean_s
    _add(group, variant, load, -1)
    return _Pick(variant, in_time, variant.accuracy * in_time, mean_s)


def _share_in_time(seen: Prediction, asked: Requirements) -> float:
    """Share of answers within the deadline."""
    if asked.deadline_ms is None:
        return 1.0
    late = late_share(np.array(seen.mean_s), np.array(seen.tail_s), asked.percentile, asked.deadline_ms / 1e3)
    return 1.0 - float(late)


def _assignment(group: _Group, device: str, pick: _Pick | None, sites: Sites) -> Assignment:
    if pick is None:
        return alone(group.service, device, sites)
    hops = (group.node,) * len(pick.variant.stages)
    return as_assignment(group.service, device, _whole(pick.variant), hops, "fp16", sites)


def _reason(groups: list[_Group], picks: list[_Pick | None], view: View) -> str:
    """What each edge node runs; the devices that serve themselves are counted."""
    edges = {node.name for node in view.topology.tier(Tier.EDGE)}
    parts, lone = [], 0
    for group, pick in zip(groups, picks, strict=True):
        if pick is None or group.node not in edges:
            lone += len(group.devices)
            continue
        rate = sum(group.service.rate_per_s[device] for device in group.devices)
        share = f"{100 * pick.in_time:.0f} % in time at {rate:.1f}/s"
        parts.append(f"{group.service.name} {pick.variant.name} at {group.node}, {share}")
    parts += [f"{lone} are served by no edge node and serve themselves"] if lone else []
    return "; ".join(parts)
