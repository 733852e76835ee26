"""Predicted latency of an assignment under the load that everything else puts on nodes and links."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from telcoai.strategy.course import Course
from telcoai.strategy.queueing import wait_s

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


@dataclass(slots=True)
class Occupancy:
    """Load on each node and link direction: seconds of it used a second, and uses a second.

    ``standing_s``: wait at each node that no plan explains (backlog). ``strange``: utilisation by others.
    """

    nodes: dict[str, tuple[float, float]] = field(default_factory=dict)
    links: dict[tuple[str, bool], tuple[float, float]] = field(default_factory=dict)
    standing_s: Mapping[str, float] = field(default_factory=dict)
    strange: Mapping[str, float] = field(default_factory=dict)

    def add(self, course: Course, rate_per_s: float) -> None:
        """Count a device's requests in; a negative rate takes them out again."""
        for visit in course.visits:
            _count(self.nodes, visit.node, rate_per_s * visit.share, visit.seconds)
        for crossing in course.crossings:
            _count(self.links, (crossing.link, crossing.upward), rate_per_s * crossing.share, crossing.seconds)

    def node_wait_s(self, name: str, cores: int) -> float:
        """Mean wait for a core of the node, in seconds."""
        used, uses = self.nodes.get(name, (0.0, 0.0))
        utilisation = max(0.0, used) / cores + self.strange.get(name, 0.0)
        return wait_s(utilisation, _mean(used, uses), cores) + self.standing_s.get(name, 0.0)

    def link_wait_s(self, name: str, upward: bool) -> float:
        """Mean wait in the queue of one direction of a link, in seconds."""
        used, uses = self.links.get((name, upward), (0.0, 0.0))
        return wait_s(used, _mean(used, uses))


def _count(counts: dict[_Key, tuple[float, float]], key: _Key, rate_per_s: float, seconds: float) -> None:
    used, uses = counts.get(key, (0.0, 0.0))
    counts[key] = (used + rate_per_s * seconds, uses + rate_per_s)


def _mean(used: float, uses: float) -> float:
    """Seconds a use; none below a use in a thousand seconds, which is what rounding leaves after taking out."""
    return used / uses if uses > 1e-3 else 0.0


def unloaded(course: Course, percentile: float) -> Prediction:
    """Latency with nobody else about: no prediction of the same course is lower."""
    waits = [0.0] * len(course.visits), [0.0] * len(course.crossings)
    return _predict(course, percentile, waits)


def loaded(course: Course, percentile: float, occupancy: Occupancy) -> Prediction:
    """Latency with the load in ``occupancy``, the device's own included."""
    nodes = [occupancy.node_wait_s(visit.node, visit.cores) for visit in course.visits]
    links = [occupancy.link_wait_s(crossing.link, crossing.upward) for crossing in course.crossings]
    return _predict(course, percentile, (nodes, links))


def _predict(course: Course, percentile: float, waits: tuple[list[float], list[float]]) -> Prediction:
    """Waits are taken as exponential in the tail: at share q they are ln(1 / (1 - q)) times their mean."""
    stretch = max(1.0, -math.log(max(1e-6, 1 - percentile / 100)))
    nodes, links = waits
    mean_s = gone = 0.0
    tail_s: float | None = None
    for way in course.ways:
        wait = sum(nodes[: way.visits]) + sum(links[: way.crossings])
        mean_s += way.share * (way.seconds + wait)
        gone += way.share
        if tail_s is None and gone >= percentile / 100 - 1e-9:
            tail_s = way.seconds + stretch * wait + way.jitter_s
    return Prediction(mean_s, mean_s if tail_s is None else tail_s)
