"""Fewer requests where a deadline keeps being missed, so that others are in time; placed as latency-greedy does.

After Neely, "Stochastic Network Optimization with Application to Communication and Queueing Systems", 2010, chapter 5:
flow control that maximises V · φ(x) − Z · x in each slot, for a concave utility φ of the share x that is admitted and a
virtual queue Z of how far the constraint has been missed. With φ = log, proportional fairness, that is

    x = min(1, V / Z).

Z is ``deficits``' queue of the deadline, of each device for itself. Requests that aren't admitted leave at the device's
own first exit where that alone keeps the accuracy asked, and are dropped elsewhere.

Left out: placement and admission are decided one after the other, so that latency-greedy goes on seeing the whole
demand and never crowds a node because of what was dropped. Without a deadline everything is admitted.
"""

from __future__ import annotations

from dataclasses import replace

from telcoai.model.plan import Assignment, Plan
from telcoai.model.view import ServiceView, View
from telcoai.strategy.choice import keeps
from telcoai.strategy.deficits import EMPTY, Ledger
from telcoai.strategy.joules import Powers
from telcoai.strategy.latency_greedy import LatencyGreedy
from telcoai.strategy.room import fitted
from telcoai.strategy.sites import as_measured

V = 2.0
"""Periods by which a deadline has to be missed by as much as itself until requests are turned away. Percentiles are
measured over several periods, so one bad moment shows in a few of them."""

LEAST = 0.05
"""Share that is admitted in any case: without answers nothing is measured, and nobody would learn that it is over."""

STEPS = 20
"""Shares are multiples of one over so many, so that plans don't change for nothing."""


class Admission:
    """latency-greedy with flow control in front of it."""

    name = "admission"
    summary = "latency-greedy that turns requests away while a deadline keeps being missed (flow control, Neely 2010)"

    def plan(self, view: View) -> Plan:
        """Place again in every period, then admit."""
        placed, sites = LatencyGreedy().plan(view), as_measured(view)
        queues = Ledger(sites, Powers(view.topology)).of(view)
        services = {service.name: service for service in view.services}
        wanted = [
            _admitted(one, queues.get((one.service, one.device), EMPTY).latency, services[one.service])
            for one in placed.assignments
        ]
        fit = fitted(wanted, view.services, sites)
        fewer = [one for one in fit if one.admit < 1]
        reason = placed.reason
        if fewer:
            mean = sum(one.admit for one in fewer) / len(fewer)
            reason += f"; {len(fewer)} admit {mean:.0%} of their requests on average"
        return Plan(fit, reason, dict(placed.predictions))


def _admitted(one: Assignment, queue: float, service: ServiceView) -> Assignment:
    share = 1.0 if queue <= V else max(LEAST, round(STEPS * V / queue) / STEPS)
    if share >= 1:
        return one
    fallback = service.workload.variant(one.fallback_variant or one.variant)
    is_enough = service.requirements.accuracy_min is not None and keeps(
        fallback.exits[0].accuracy, service.requirements
    )
    return replace(one, admit=share, otherwise="degrade" if is_enough else "drop")
