"""The load that a view shows: what the assignments in force explain, and what they don't."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable

from telcoai.model.view import NodeView, View
from telcoai.strategy.course import Course
from telcoai.strategy.predict import NO_LOAD, Occupancy
from telcoai.strategy.queueing import backlog_wait_s

NOISE_DEVIATIONS = 2.0
"""Measured utilisation this many standard deviations above the explained one still counts as chance."""


def occupancy(view: View, loads: Iterable[tuple[Course, float]]) -> Occupancy:
    """Load of the courses in force at their rates, with backlog and utilisation of others as measured."""
    found = Occupancy()
    held: dict[str, float] = defaultdict(float)
    for course, rate_per_s in loads:
        found.add(course, rate_per_s)
        for visit in course.visits:
            held[visit.node] += rate_per_s * visit.share * visit.core_s
    cores = {node.name: view.topology.profiles[node.profile].cores for node in view.topology.nodes}
    known = {name: node for name, node in view.nodes.items() if name in cores}
    found.standing_s = {
        name: backlog_wait_s(_backlog_s(node, found, cores[name]), view.period_s) for name, node in known.items()
    }
    found.strange = {
        name: _strange(node, held[name], found.nodes.get(name, NO_LOAD).squares, cores[name], view.period_s)
        for name, node in known.items()
    }
    return found


def _backlog_s(node: NodeView, load: Occupancy, cores: int) -> float:
    """Time in which the node works off its queue; each request waiting is taken for an average one of those explained,
    so a queue at a node that nobody is assigned to counts for nothing."""
    known = load.nodes.get(node.name, NO_LOAD)
    return node.queue * known.seconds / known.uses / cores if known.uses > 0 else 0.0


def _strange(node: NodeView, held: float, squares: float, cores: int, period_s: float) -> float:
    """Utilisation beyond what the assignments explain, ``held`` cores, and chance allows.

    Busy time of Poisson arrivals over a period has the variance rate · period · E[S²], of bursts as often as much as
    their index of dispersion says; both are in ``squares``.
    """
    deviation = math.sqrt(squares * period_s) / (period_s * cores)
    return max(0.0, node.utilisation - held / cores - NOISE_DEVIATIONS * deviation)
