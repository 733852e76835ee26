"""The whole model of each device on the node whose power rises least by it, among those with cores to spare.

After PEAKS, a plugin of Kubernetes' scheduler-plugins (KEP "Power Efficiency Aware Kubernetes Scheduler"), which fits
each node's power to K0 + K1 · exp(K2 · x) over its utilisation x, and places a pod where that rises least. The form
here is linear, idle + (busy - idle) · x, as profiles give two points and not a curve: the rise of a device is its rate
× core-seconds × (busy - idle) / cores, whatever else the node does. So load is neither packed nor spread for the
power's sake; a node's capacity alone ends it. As there, links, radios and latency count for nothing, so there is no use
for a deadline. Left out: the fitted curve, and the score that several plugins add up to.

Unlike a scheduler, which never moves a pod that runs, it decides again in every period, and moves what is worth it.
Where no node has capacity left, the one that is least busy with the device's requests is taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from telcoai.model.plan import Plan
from telcoai.model.topology import Tier
from telcoai.model.view import View
from telcoai.strategy.candidates import as_assignment
from telcoai.strategy.choice import cheapest
from telcoai.strategy.course import Course, course
from telcoai.strategy.exits import Option, forecast, never
from telcoai.strategy.greedy import GAIN_SHARE, Choice, Cost, Job, as_plan, settle
from telcoai.strategy.joules import Powers
from telcoai.strategy.predict import Occupancy, loaded
from telcoai.strategy.sites import Sites, as_measured

CAPACITY = 0.8
"""Utilisation that a node isn't filled above: with constant work a single core makes requests wait twice their own time
there (Pollaczek and Khinchine: u / (2 (1 - u)))."""

GAIN_W = 0.001
GAIN_UTILISATION = 0.01
"""Least gains that move a device: in watts, or in utilisation where no node has capacity left."""


class MarginalPower:
    """Greedy in the rise of power, device by device, within capacity and accuracy."""

    name = "marginal-power"
    summary = "the whole model of each device where a node's power rises least, within its capacity (PEAKS)"

    def plan(self, view: View) -> Plan:
        """Place again in every period."""
        sites = as_measured(view)
        settled = settle(view, sites, _LeastRise(sites, Powers(view.topology)))
        costs = [choice.cost for _, choice in settled if choice.cost is not None]
        watts = sum(cost.value for cost in costs if cost.met)
        over = sum(not cost.met for cost in costs)
        notes = [f"{watts:.2f} W above idle predicted"]
        notes += [f"{over} found no node with capacity left"] if over else []
        return as_plan(settled, view.previous, "nothing saves over 5 % and 1 mW", notes)


class _LeastRise:
    """The least watts among the nodes with capacity, else the least utilisation."""

    def __init__(self, sites: Sites, powers: Powers) -> None:
        self._sites = sites
        self._powers = powers

    def best(self, job: Job, load: Occupancy) -> Choice | None:
        """The cheapest variant that keeps the accuracy, at each node that lives and can be reached."""
        judged = [self.judged(job, choice, load) for choice in self._choices(job)]
        return min(judged, key=_order, default=None)

    def judged(self, job: Job, choice: Choice, load: Occupancy) -> Choice:
        """A choice at its watts, or at its node's utilisation when that is above the capacity."""
        if choice.course is None:
            return choice
        load.add(choice.course, job.rate_per_s)
        prediction = loaded(choice.course, job.menu.percentile, load)
        busiest = max(load.utilisation(visit.node, visit.cores) for visit in choice.course.visits)
        load.add(choice.course, -job.rate_per_s)
        return replace(choice, prediction=prediction, cost=self._cost(job, choice.course, busiest))

    def _cost(self, job: Job, path: Course, busiest: float) -> Cost:
        if busiest > CAPACITY:
            return Cost(busiest, GAIN_UTILISATION, met=False)
        watts = job.rate_per_s * sum(v.share * v.seconds * self._powers.core_w(v.node) for v in path.visits)
        return Cost(watts, GAIN_W, safely=busiest <= (1 - GAIN_SHARE) * CAPACITY)

    def _choices(self, job: Job) -> Iterator[Choice]:
        servers = (*self._sites.topology.tier(Tier.EDGE), *self._sites.topology.tier(Tier.CLOUD))
        for node in (job.device, *(server.name for server in servers if self._sites.alive(server.name))):
            variant = cheapest(job.service.workload, job.service.requirements, self._sites, (node,))
            option = Option(variant, never(variant), forecast(variant, never(variant)))
            hops = (node,) * len(variant.stages)
            path = course(option, hops, "fp16", self._sites, job.origin)
            if path is not None:
                assignment = as_assignment(job.service, job.device, option, hops, "fp16", self._sites)
                yield Choice(assignment, path)


def _order(choice: Choice) -> tuple[bool, float]:
    return (True, float("inf")) if choice.cost is None else (not choice.cost.met, choice.cost.value)
