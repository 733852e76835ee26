"""Fewer requests where more come than can be served in time; placed as latency-greedy does.

After Neely, "Stochastic Network Optimization with Application to Communication and Queueing Systems", 2010, chapter 5:
flow control that maximises V · φ(x) − Q · x in each slot, for a concave utility φ of the share x that is admitted and a
queue Q. With φ = log, proportional fairness, x = min(1, V / Q): the same share for all who use what is too busy. Such a
queue settles where what is admitted and what can be served are alike, and that is known here at once:

    x = (CAPACITY · period − backlog) / (utilisation · period)

for the tightest node or link that an assignment uses: utilisation is predicted at the whole demand, backlog is the time
in which a node works off its measured queue. Where no utilisation is above ``KNEE`` and no backlog longer than the
deadline, everything is admitted.

Requests that aren't admitted leave at the device's own first exit where that alone keeps the accuracy asked, and are
dropped elsewhere. Left out: placement and admission are decided one after the other, so latency-greedy sees the whole
demand; rates are means over several periods, so a sudden rise is seen in full after as many. Without a deadline
everything is admitted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from telcoai.model.plan import Assignment, Plan
from telcoai.model.view import ServiceView, View
from telcoai.strategy.busiest import busiest_on
from telcoai.strategy.choice import keeps
from telcoai.strategy.course import Course
from telcoai.strategy.latency_greedy import LatencyGreedy
from telcoai.strategy.outlook import follow
from telcoai.strategy.predict import NO_LOAD, Occupancy
from telcoai.strategy.queueing import KNEE
from telcoai.strategy.room import fitted
from telcoai.strategy.sites import Sites, as_measured

CAPACITY = 0.8
"""Utilisation that is left of what is above ``KNEE``: a single core with constant work makes requests wait twice their
own time there (Pollaczek and Khinchine)."""

LEAST = 0.05
"""Share that is admitted in any case: nobody is shut out."""

STEPS = 20
"""Shares are multiples of one over so many, so that plans don't change for nothing."""


class Admission:
    """latency-greedy with flow control in front of it."""

    name = "admission"
    summary = "latency-greedy that turns away what can't be served in time (flow control, Neely 2010)"

    def plan(self, view: View) -> Plan:
        """Place again in every period, then admit."""
        placed, sites = LatencyGreedy().plan(view), as_measured(view)
        services = {service.name: service for service in view.services}
        shares = _shares(placed.assignments, services, view, sites)
        wanted = [_admitted(one, shares.get(one, 1.0), services[one.service]) for one in placed.assignments]
        fit = fitted(wanted, view.services, sites)
        fewer = [one for one in fit if one.admit < 1]
        reason = placed.reason
        if fewer:
            mean = sum(one.admit for one in fewer) / len(fewer)
            reason += f"; {len(fewer)} admit {mean:.0%} of their requests on average"
        return Plan(fit, reason, dict(placed.predictions))


def _shares(
    assignments: Iterable[Assignment], services: Mapping[str, ServiceView], view: View, sites: Sites
) -> dict[Assignment, float]:
    """What each assignment may admit of the whole demand."""
    paths = [(one, follow(one, services[one.service], sites)) for one in assignments]
    load = Occupancy()
    for one, path in paths:
        if path is not None:
            load.add(path, services[one.service].rate_per_s[one.device])
    deadlines = {name: service.requirements.deadline_ms for name, service in services.items()}
    return {one: _share(path, load, view, deadlines[one.service]) for one, path in paths if path is not None}


def _share(path: Course, load: Occupancy, view: View, deadline_ms: float | None) -> float:
    busy = busiest_on(path, load)
    backlog_s = max(_backlog_s(visit.node, visit.cores, load, view) for visit in path.visits)
    if deadline_ms is None or busy <= 0 or (busy <= KNEE and backlog_s <= deadline_ms / 1e3):
        return 1.0
    left = max(0.0, CAPACITY - backlog_s / view.period_s)
    return 1.0 if left >= busy else max(LEAST, math.floor(STEPS * left / busy) / STEPS)


def _backlog_s(node: str, cores: int, load: Occupancy, view: View) -> float:
    """Time in which a node works off its queue, each request of it taken for an average one."""
    known, seen = load.nodes.get(node, NO_LOAD), view.nodes.get(node)
    return seen.queue * known.seconds / known.uses / cores if seen is not None and known.uses > 0 else 0.0


def _admitted(one: Assignment, share: float, service: ServiceView) -> Assignment:
    if share >= 1:
        return one
    fallback = service.workload.variant(one.fallback_variant or one.variant)
    is_enough = service.requirements.accuracy_min is not None and keeps(
        fallback.exits[0].accuracy, service.requirements
    )
    return replace(one, admit=share, otherwise="degrade" if is_enough else "drop")
