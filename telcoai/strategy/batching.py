"""The whole model at each device's nearest edge node, in batches as large as the deadline lets them be.

After Nexus (Shen et al., SOSP 2019) and Clipper (Crankshaw et al., NSDI 2017). A batch's time is affine in its size, so
larger ones take fewer core-seconds a request; whoever just misses one waits for it and then for its own, so twice its
time has to be within the deadline, with the way there and back (Nexus). What that leaves may be spent on waiting for
others (Clipper's delayed batching). Of sizes, and waits from nothing to all that is left, the pair is taken that needs
the least core time among those predicted to be in time, and that only where it saves enough; where none is in time, the
quickest. "In time" leaves a quarter of the deadline, and as much as answers came later than predicted.

Services whose deadlines are tighter go first in the queues (deadline-monotonic priority: Leung and Whitehead,
Performance Evaluation 1982), so that a large batch of a patient service is passed by those who can't wait.

Different here: Clipper finds the size by trial (additive increase, multiplicative decrease) and Nexus by profiling;
here the profile's model of a batch is known. Nexus also packs services on as few GPUs as it can; here all stay at the
nearest edge. The variant is the cheapest that keeps the accuracy, whole. Left out: that predictions know no priority.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, replace

from telcoai.model.plan import MOST_BATCH, MOST_BATCH_WAIT_MS, Assignment, Plan
from telcoai.model.topology import Tier
from telcoai.model.view import MEASURED_PERIODS, ServiceView, View
from telcoai.strategy.batch_times import Gathering
from telcoai.strategy.candidates import alone, as_assignment
from telcoai.strategy.choice import cheapest, unkept
from telcoai.strategy.course import Course, course, origin_of
from telcoai.strategy.exits import Option, forecast, never
from telcoai.strategy.gathering import Asked, Crowd, crowd_of, gathering
from telcoai.strategy.greedy import changes
from telcoai.strategy.outlook import predictions, unexplained
from telcoai.strategy.predict import Occupancy, loaded
from telcoai.strategy.room import fitted
from telcoai.strategy.sites import Sites, as_measured

IN_HAND = 0.25
"""Share of the deadline that is left for the chance of arrivals."""

SAVES = 0.05
"""Share of core time that a batch has to save, against running alone and against what is in force."""

WAITS = (0.0, 0.25, 0.5, 1.0)
"""Shares of what is left of the deadline that a batch may wait for others."""

_ROUNDS = 2
"""Groups choose one after the other; the second time the first one knows what the others do."""


@dataclass(frozen=True)
class _Group:
    """The devices of a service that one edge node serves, with what they run there."""

    service: ServiceView
    node: str
    devices: tuple[str, ...]
    option: Option
    late_s: float
    """By how much answers come later than predicted, on average over the devices."""

    @property
    def rate_per_s(self) -> float:
        return sum(self.service.rate_per_s[device] for device in self.devices)

    @property
    def time_s(self) -> float:
        """Until when a predicted answer is in time."""
        deadline_ms = self.service.requirements.deadline_ms
        return math.inf if deadline_ms is None else (1 - IN_HAND) * deadline_ms / 1e3 - self.late_s

    @property
    def stays_s(self) -> float:
        """Until when an answer is in time enough for what is in force, so that not every chance moves it."""
        deadline_ms = self.service.requirements.deadline_ms
        return math.inf if deadline_ms is None else (1 - IN_HAND / 2) * deadline_ms / 1e3 - self.late_s


@dataclass(frozen=True)
class _Pick:
    """A size and a wait, the course of the device that is farthest away, and what is predicted of it."""

    batch: int
    wait_ms: float
    course: Course
    tail_s: float
    in_time: bool

    @property
    def core_s(self) -> float:
        """Core time of a request."""
        return self.course.visits[-1].core_s


class Batching:
    """One batch size and wait for each service and edge node."""

    name = "batching"
    summary = "the whole model at the nearest edge, in the largest batches in time; tight deadlines first (SOSP'19)"

    def plan(self, view: View) -> Plan:
        """Choose again in every period, from measured rates and delays."""
        sites = as_measured(view)
        groups = list(_groups(view, sites))
        picks = _choose(groups, view, sites)
        first = _priorities(view)
        served = {
            (group.service.name, device): _assignment(group, device, pick, first[group.service.name], sites)
            for group, pick in zip(groups, picks, strict=True)
            for device in group.devices
        }
        wanted = [
            served.get((service.name, device)) or alone(service, device, sites)
            for service in view.services
            for device in sorted(service.rate_per_s)
        ]
        assignments = fitted(wanted, view.services, sites)
        parts = [_told(group, pick) for group, pick in zip(groups, picks, strict=True)]
        lone = len(assignments) - len(served)
        parts += [f"{lone} are served by no edge node and serve themselves"] if lone else []
        parts += unkept(assignments, view)
        parts += [f"{changes(assignments, view.previous)} changed"] if view.previous is not None else []
        return Plan(assignments, "; ".join(parts), predictions(assignments, view, sites))


def _groups(view: View, sites: Sites) -> Iterator[_Group]:
    """Of living devices that reach a living edge node which can run what keeps the accuracy."""
    for service in view.services:
        members: dict[str, list[str]] = {}
        for device in sorted(filter(sites.alive, service.rate_per_s)):
            for node in sites.nearest(device, Tier.EDGE, service.domain):
                members.setdefault(node, []).append(device)
        for node, devices in members.items():
            variant = cheapest(service.workload, service.requirements, sites, (node,))
            if sites.seconds(node, service.workload, variant) is not None:
                option = Option(variant, never(variant), forecast(variant, never(variant)))
                yield _Group(service, node, tuple(devices), option, _late_s(service.name, devices, view))


def _late_s(service: str, devices: list[str], view: View) -> float:
    """How much more the measured percentiles are than those predicted, 0 where they are less: under the last plan that
    was in force as long as the measured answers go back."""
    moments = view.moments
    for last in range(len(moments) - 1, MEASURED_PERIODS - 2, -1):
        plan = moments[last].plan
        under = moments[last - MEASURED_PERIODS + 1 : last + 1]
        if plan is not None and all(one.plan is not None and one.plan.assignments == plan.assignments for one in under):
            seen = next(one for one in moments[last].services if one.name == service)
            told = {device: plan.predictions.get(f"{service}/{device}") for device in devices}
            late_ms = [seen.latency_ms[d] - ms for d, ms in told.items() if ms is not None and d in seen.latency_ms]
            return max(0.0, statistics.fmean(late_ms) / 1e3) if late_ms else 0.0
    return 0.0


def _priorities(view: View) -> dict[str, int]:
    """0 for the loosest deadline or none, and one more for each that is tighter."""
    deadlines = {s.name: s.requirements.deadline_ms or float("inf") for s in view.services}
    order = sorted(set(deadlines.values()), reverse=True)
    return {name: order.index(deadline) for name, deadline in deadlines.items()}


def _choose(groups: list[_Group], view: View, sites: Sites) -> list[_Pick]:
    """Each group in turn, against the load of all the others."""
    load = unexplained(view, sites)
    picks: list[_Pick | None] = [None] * len(groups)
    for group in groups:
        for device in group.devices:
            load.add(replace(_course(group, device, sites), visits=()), group.service.rate_per_s[device])
    for _ in range(_ROUNDS if len(groups) > 1 else 1):
        for number, group in enumerate(groups):
            before = picks[number]
            if before is not None:
                _hold(group, before.course, load, -1)
            picks[number] = found = _best(group, _in_force(group, view), load, sites)
            _hold(group, found.course, load, 1)
    return [pick for pick in picks if pick is not None]


def _hold(group: _Group, path: Course, load: Occupancy, times: int) -> None:
    """Count the group's use of its node's cores; that of links is counted once and for all."""
    load.add(replace(path, visits=path.visits[-1:], crossings=(), ways=()), times * group.rate_per_s)


def _course(group: _Group, device: str, sites: Sites, gathered: Gathering | None = None) -> Course:
    service, places = group.service, {} if gathered is None else {(group.node, 0): gathered}
    from_here = origin_of(service, device, gathered=places)
    found = course(group.option, (group.node,) * len(group.option.variant.stages), "fp16", sites, from_here)
    if found is None:
        raise ValueError(f"{group.node} was reached from {device} and can't be")
    return found


def _in_force(group: _Group, view: View) -> tuple[int, float] | None:
    """Size and wait of the plan in force, where it has the group do the same otherwise."""
    for one in view.previous.assignments if view.previous else ():
        if (one.service, one.device) == (group.service.name, group.devices[0]):
            same = one.variant == group.option.variant.name and set(one.hops) == {group.node}
            return (one.batch, one.batch_wait_ms) if same else None
    return None


def _best(group: _Group, in_force: tuple[int, float] | None, load: Occupancy, sites: Sites) -> _Pick:
    farthest = max(group.devices, key=lambda device: _course(group, device, sites).ways[-1].seconds)
    way_s = _course(group, farthest, sites).ways[-1].seconds - _crowd(group, 1, 0.0, sites).held_s(1)
    picks = [_judge(group, farthest, asked, load, sites) for asked in _sizes(group, way_s, sites)]
    kept = [_judge(group, farthest, in_force, load, sites)] if in_force else []
    staying = [pick for pick in kept if pick.tail_s <= group.stays_s]
    in_time = [pick for pick in picks if pick.in_time]
    if not in_time:
        return next(iter(staying), min(picks, key=lambda pick: pick.tail_s))
    best = min(in_time, key=lambda pick: pick.core_s)
    alone = [pick for pick in in_time if pick.batch == 1]
    return next((pick for pick in (*alone, *staying) if pick.core_s <= (1 + SAVES) * best.core_s), best)


def _sizes(group: _Group, way_s: float, sites: Sites) -> Iterator[tuple[int, float]]:
    """Alone, and powers of two: without a wait, and with waits of up to what twice the batch's time leaves of the
    deadline, in whole ms."""
    yield 1, 0.0
    batch, held_s = 2, _crowd(group, 2, 0.0, sites).held_s
    while batch <= MOST_BATCH:
        left_s = group.time_s - way_s - 2 * held_s(batch)
        most_ms = 0.0 if left_s < 0 or math.isinf(left_s) else min(MOST_BATCH_WAIT_MS, 1e3 * left_s)
        yield from ((batch, wait_ms) for wait_ms in sorted({float(int(share * most_ms)) for share in WAITS}))
        batch *= 2


def _crowd(group: _Group, batch: int, wait_ms: float, sites: Sites) -> Crowd:
    plan = replace(
        as_assignment(group.service, group.devices[0], group.option, _hops(group), "fp16", sites),
        batch=batch,
        batch_wait_ms=wait_ms,
    )
    found = crowd_of(Asked(plan, group.option, group.service), (0, len(plan.hops) - 1), sites)
    if found is None:
        raise ValueError(f"{group.node} runs {plan.variant} and can't")
    return found


def _hops(group: _Group) -> tuple[str, ...]:
    return (group.node,) * len(group.option.variant.stages)


def _judge(group: _Group, device: str, asked: tuple[int, float], load: Occupancy, sites: Sites) -> _Pick:
    """What is predicted with all of the group in such batches."""
    together = gathering(group.rate_per_s, _crowd(group, *asked, sites))
    path = _course(group, device, sites, together)
    _hold(group, path, load, 1)
    tail_s = loaded(path, group.service.requirements.percentile, load).tail_s
    _hold(group, path, load, -1)
    return _Pick(*asked, path, tail_s, tail_s <= group.time_s)


def _assignment(group: _Group, device: str, pick: _Pick, priority: int, sites: Sites) -> Assignment:
    one = as_assignment(group.service, device, group.option, _hops(group), "fp16", sites)
    return replace(one, batch=pick.batch, batch_wait_ms=pick.wait_ms, priority=priority)


def _told(group: _Group, pick: _Pick) -> str:
    size = pick.course.visits[-1].size
    how = (
        "alone" if pick.batch == 1 else f"up to {pick.batch} together after {pick.wait_ms:g} ms, {size:.1f} on average"
    )
    late = "" if pick.in_time else ", not in time"
    variant, rate = group.option.variant.name, group.rate_per_s
    return f"{group.service.name} {variant} at {group.node}: {how}, at {rate:.1f}/s{late}"
