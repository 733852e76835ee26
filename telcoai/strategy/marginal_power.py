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
from functools import partial

from telcoai.model.plan import Plan
from telcoai.model.topology import Tier
from telcoai.model.view import ServiceView, View
from telcoai.strategy.candidates import as_assignment
from telcoai.strategy.choice import cheapest
from telcoai.strategy.course import Course, course
from telcoai.strategy.exits import Option, forecast, never
from telcoai.strategy.greedy import GAIN_SHARE, Choice, Cost, Job, as_plan, settle
from telcoai.strategy.joules import Powers
from telcoai.strategy.predict import Occupancy, Prediction, loaded
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
        nodes = (*sites.topology.tier(Tier.EDGE), *sites.topology.tier(Tier.CLOUD))
        self._servers = tuple(node.name for node in nodes if sites.alive(node.name))
        self._options: dict[tuple[str, str, int], Option] = {}

    def best(self, job: Job, load: Occupancy) -> Choice | None:
        """Watts don't depend on load, so nodes come by their watts, and the first with capacity is the best."""
        found: tuple[Cost, Option, str, Course, Prediction] | None = None
        for option, node, path in sorted(self._places(job), key=lambda place: self._watts(job, place[2])):
            prediction, cost = self._judge(job, path, load)
            if found is None or cost.met or cost.value < found[0].value:
                found = (cost, option, node, path, prediction)
            if cost.met:
                break
        if found is None:
            return None
        cost, option, node, path, prediction = found
        hops = (node,) * len(option.variant.stages)
        assignment = as_assignment(job.service, job.device, option, hops, "fp16", self._sites)
        return Choice(assignment, path, prediction, cost)

    def judged(self, job: Job, choice: Choice, load: Occupancy) -> Choice:
        """A choice at its watts, or at its node's utilisation when that is above the capacity."""
        if choice.course is None:
            return choice
        prediction, cost = self._judge(job, choice.course, load)
        return replace(choice, prediction=prediction, cost=cost)

    def _judge(self, job: Job, path: Course, load: Occupancy) -> tuple[Prediction, Cost]:
        load.add(path, job.rate_per_s)
        prediction = loaded(path, job.menu.percentile, load)
        busiest = max(load.utilisation(visit.node, visit.cores) for visit in path.visits)
        load.add(path, -job.rate_per_s)
        if busiest > CAPACITY:
            return prediction, Cost(busiest, GAIN_UTILISATION, met=False)
        return prediction, Cost(self._watts(job, path), GAIN_W, safely=busiest <= (1 - GAIN_SHARE) * CAPACITY)

    def _watts(self, job: Job, path: Course) -> float:
        return job.rate_per_s * sum(v.share * v.core_s * self._powers.core_w(v.node) for v in path.visits)

    def _places(self, job: Job) -> Iterator[tuple[Option, str, Course]]:
        """Nodes that live, are open and can be reached, each with the cheapest variant that it can run, when that
        keeps the accuracy."""
        is_open = partial(self._sites.serves, domain=job.service.domain)
        for node in (job.device, *filter(is_open, self._servers)):
            option = self._cheapest(job.service, node)
            if not job.menu.allows(option, "fp16", cut=False):
                continue
            path = course(option, (node,) * len(option.variant.stages), "fp16", self._sites, job.origin)
            if path is not None:
                yield option, node, path

    def _cheapest(self, service: ServiceView, node: str) -> Option:
        """Depends on the node's profile alone."""
        key = (service.name, *self._sites.kind(node))
        if key not in self._options:
            variant = cheapest(service.workload, service.requirements, self._sites, (node,))
            self._options[key] = Option(variant, never(variant), forecast(variant, never(variant)))
        return self._options[key]
