"""Per device, the placement and variant with the least predicted latency among those that keep the accuracy."""

from __future__ import annotations

from dataclasses import replace

from telcoai.model.plan import Plan
from telcoai.model.view import View
from telcoai.strategy.candidates import Candidate, as_assignment, chains, course_of, hops_of
from telcoai.strategy.course import Course
from telcoai.strategy.greedy import Choice, Cost, Job, as_plan, settle, under_load
from telcoai.strategy.predict import Occupancy, Prediction, tail_stretch
from telcoai.strategy.ranking import Ranking
from telcoai.strategy.sites import Sites, as_measured

GAIN_S = 0.002
"""Least gain in seconds that moves a device."""


class LatencyGreedy:
    """Greedy in latency, device by device, within the accuracy asked."""

    name = "latency-greedy"
    summary = "per device the fastest placement, variant and exits that keep the accuracy; replans every period"

    def plan(self, view: View) -> Plan:
        """Replan from measured links, nodes and rates."""
        sites = as_measured(view)
        return as_plan(settle(view, sites, _Fastest(sites)), view.previous, "nothing gains over 5 % and 2 ms")


class _Fastest:
    """The least score of a prediction."""

    def __init__(self, sites: Sites) -> None:
        self._sites = sites
        self._rankings: dict[str, Ranking] = {}

    def best(self, job: Job, load: Occupancy) -> Choice | None:
        """The least score under load. Candidates come by their score without load, which load only adds to, so the
        search ends at the first that can't win any more, and passes over those that can't for the wait at their first
        node."""
        found: tuple[float, Candidate, tuple[str, ...], Course, Prediction] | None = None
        ranking = self._ranking(job)
        for chain in chains(job.device, self._sites, job.service.domain):
            waits = self._first_waits(job, chain, load)
            for least_s, candidate in ranking.of(chain, job.rate_per_s):
                if found is not None and least_s >= found[0]:
                    break
                if found is not None and least_s + waits[candidate.levels[0]] >= found[0]:
                    continue
                path = course_of(candidate, chain, self._sites, job.origin)
                if path is None:
                    continue
                prediction = under_load(job, path, load)
                if found is None or prediction.score_s < found[0]:
                    found = (prediction.score_s, candidate, chain, path, prediction)
        if found is None:
            return None
        _, candidate, chain, path, prediction = found
        option, hops = candidate.option, hops_of(candidate, chain)
        assignment = as_assignment(job.service, job.device, option, hops, candidate.wire, self._sites)
        return Choice(assignment, path, prediction, _cost(prediction))

    def judged(self, job: Job, choice: Choice, load: Occupancy) -> Choice:
        """A choice at its score."""
        if choice.course is None:
            return choice
        prediction = under_load(job, choice.course, load)
        return replace(choice, prediction=prediction, cost=_cost(prediction))

    def _ranking(self, job: Job) -> Ranking:
        if job.service.name not in self._rankings:
            self._rankings[job.service.name] = Ranking(job.menu, self._sites)
        return self._rankings[job.service.name]

    def _first_waits(self, job: Job, chain: tuple[str, ...], load: Occupancy) -> list[float]:
        """What the score of a candidate that starts at each node of the chain has to bear at least: every request
        waits there, the tail the longer, and the device's own requests only add to it."""
        share = (1 + tail_stretch(job.menu.percentile)) / 2
        return [share * load.node_wait_s(name, self._sites.profile(name).cores) for name in chain]


def _cost(prediction: Prediction) -> Cost:
    return Cost(prediction.score_s, GAIN_S)
