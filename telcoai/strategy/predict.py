"""Predicted latency of an assignment under the load that everything else puts on nodes and links."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import numpy as np

from telcoai.strategy.course import Course, Way
from telcoai.strategy.queueing import wait_s
from telcoai.strategy.windows import Numbers

_Key = TypeVar("_Key", str, tuple[str, bool])


@dataclass(frozen=True, slots=True)
class Prediction:
    """``mean_s`` over all requests and ``tail_s`` at the percentile that the requirement names, in seconds."""

    mean_s: float
    tail_s: float

    @property
    def score_s(self) -> float:
        """What is made small: half mean, half tail. The tail alone would see no use in an early exit that most
        requests take, and the mean alone would ignore what the requirement names."""
        return (self.mean_s + self.tail_s) / 2


class Load(NamedTuple):
    """Per second: uses, their seconds together (so the servers busy), and their squared seconds, times the index of
    dispersion of uses that come in bursts."""

    uses: float
    seconds: float
    squares: float

    @property
    def residual_s(self) -> float:
        """E[S²] / E[S]: what a mix of uses counts as one constant use in Pollaczek and Khinchine's wait.

        With compound Poisson arrivals of an index d the wait for what came before is d times as long (a use's own burst
        is in ``Way.burst_s``).

        None below a microsecond of use a second, which is what rounding leaves after taking out.
        """
        return self.squares / self.seconds if self.seconds > 1e-6 else 0.0


NO_LOAD = Load(0.0, 0.0, 0.0)


@dataclass(slots=True)
class Occupancy:
    """Load on each node and link direction: uses a second, and the sums of their seconds and squared seconds.

    ``standing_s``: wait at each node that no plan explains (backlog). ``strange``: utilisation by others.
    """

    nodes: dict[str, Load] = field(default_factory=dict)
    links: dict[tuple[str, bool], Load] = field(default_factory=dict)
    standing_s: Mapping[str, float] = field(default_factory=dict)
    strange: Mapping[str, float] = field(default_factory=dict)

    def add(self, course: Course, rate_per_s: float) -> None:
        """Count a device's requests in; a negative rate takes them out again."""
        excess = max(0.0, course.dispersion - 1)
        for visit in course.visits:
            uses = rate_per_s * visit.share
            _count(self.nodes, visit.node, uses, visit.seconds, 1 + visit.share * excess)
        for crossing in course.crossings:
            uses, key = rate_per_s * crossing.share, (crossing.link, crossing.upward)
            _count(self.links, key, uses, crossing.seconds, 1 + crossing.share * excess)

    def node_wait_s(self, name: str, cores: int) -> float:
        """Mean wait for a core of the node, in seconds."""
        residual_s = self.nodes.get(name, NO_LOAD).residual_s
        return wait_s(self.utilisation(name, cores), residual_s, cores) + self.standing_s.get(name, 0.0)

    def utilisation(self, name: str, cores: int) -> float:
        """Share of the node's cores that is busy, others' work included; over 1 when more is asked than it has."""
        return max(0.0, self.nodes.get(name, NO_LOAD).seconds) / cores + self.strange.get(name, 0.0)

    def link_wait_s(self, name: str, upward: bool) -> float:
        """Mean wait in the queue of one direction of a link, in seconds."""
        return wait_s(self.link_utilisation(name, upward), self.links.get((name, upward), NO_LOAD).residual_s)

    def link_utilisation(self, name: str, upward: bool) -> float:
        """Share of the time in which one direction of a link is busy; over 1 when it is offered more than it takes."""
        return self.links.get((name, upward), NO_LOAD).seconds


@dataclass(frozen=True, slots=True)
class Waits:
    """Mean wait at each visit and each crossing of a course, in seconds."""

    nodes: list[float]
    links: list[float]

    def along(self, way: Way) -> float:
        """All the waiting on one way, in seconds."""
        return sum(self.nodes[: way.visits]) + sum(self.links[: way.crossings]) + way.burst_s


def _count(loads: dict[_Key, Load], key: _Key, rate_per_s: float, seconds: float, dispersion: float) -> None:
    load = loads.get(key, NO_LOAD)
    loads[key] = Load(
        load.uses + rate_per_s,
        load.seconds + rate_per_s * seconds,
        load.squares + rate_per_s * seconds * seconds * dispersion,
    )


def unloaded(course: Course, percentile: float) -> Prediction:
    """Latency with nobody else about: no prediction of the same course is lower."""
    return _predict(course, percentile, no_waits(course))


def loaded(course: Course, percentile: float, occupancy: Occupancy) -> Prediction:
    """Latency with the load in ``occupancy``, the device's own included."""
    return _predict(course, percentile, waits_of(course, occupancy))


def no_waits(course: Course) -> Waits:
    """Where nobody waits."""
    return Waits([0.0] * len(course.visits), [0.0] * len(course.crossings))


def waits_of(course: Course, occupancy: Occupancy) -> Waits:
    """Mean waits under a load."""
    nodes = [occupancy.node_wait_s(visit.node, visit.cores) for visit in course.visits]
    links = [occupancy.link_wait_s(crossing.link, crossing.upward) for crossing in course.crossings]
    return Waits(nodes, links)


def _predict(course: Course, percentile: float, waits: Waits) -> Prediction:
    stretch = tail_stretch(percentile)
    mean_s = gone = 0.0
    tail_s: float | None = None
    for way in course.ways:
        wait = waits.along(way)
        mean_s += way.share * (way.seconds + wait)
        gone += way.share
        if tail_s is None and gone >= percentile / 100 - 1e-9:
            tail_s = way.seconds + stretch * wait + way.late_s
    return Prediction(mean_s, mean_s if tail_s is None else tail_s)


def late(course: Course, percentile: float, occupancy: Occupancy, deadline_s: float) -> float:
    """Share of requests over the deadline under a load, of those of each exit by themselves."""
    waits, stretch, total = waits_of(course, occupancy), tail_stretch(percentile), 0.0
    for way in course.ways:
        wait_s = waits.along(way)
        mean_s, tail_s = np.array(way.seconds + wait_s), np.array(way.seconds + way.late_s + stretch * wait_s)
        total += way.share * float(late_share(mean_s, tail_s, percentile, deadline_s))
    return total


def late_share(mean_s: Numbers, tail_s: Numbers, percentile: float, deadline_s: float) -> Numbers:
    """Share of requests over the deadline, of those with this mean and this latency at the percentile.

    Latency is taken for a constant and an exponential on top, which has both; where even the mean is late, all are.
    It never falls when mean or tail rises.
    """
    apart_s = np.maximum(tail_s - mean_s, 1e-12)
    left = 1 + (deadline_s - mean_s) * max(1e-3, tail_stretch(percentile) - 1) / apart_s
    return np.asarray(np.where(mean_s < deadline_s, np.exp(-np.maximum(left, 0.0)), 1.0))


def tail_stretch(percentile: float) -> float:
    """How many times its mean a wait is at the percentile: ln(1 / (1 - q)), as waits are exponential in the tail."""
    return max(1.0, -math.log(max(1e-6, 1 - percentile / 100)))
