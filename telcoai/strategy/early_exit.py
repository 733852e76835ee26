"""Per device, exit thresholds and the cut between it and one server, chosen together.

After Laskaridis et al., "SPINN: Synergistic Progressive Inference of Neural Networks over Device and Cloud", MobiCom
2020: every design (variant, thresholds, cut, server) is looked at, requirements are met in the order of their priority,
and a soft target picks among those that meet them. Here: first the accuracy asked (the most accurate variant where none
keeps it), then the deadline at its percentile (the least latency at it where none keeps that), then the least
core-seconds on the server, which is what a provider pays for; of those alike the least mean latency. Without a deadline
the least latency at the percentile is the target, then the mean.

Different here: a threshold for each exit in place of a common one; activations travel as int8 where accuracy allows, in
place of quantisation and lossless packing; the server is the device's nearest edge node or its nearest cloud node; its
load is a factor from measured utilisation, where SPINN scales its profile by measured times. Of queues only those that
a device's own requests make are predicted. Left out: throughput and energy as targets, weights between targets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from telcoai.model.plan import Plan
from telcoai.model.view import View
from telcoai.strategy.candidates import alone, as_assignment, course_of, hops_of
from telcoai.strategy.greedy import Choice, Job, Settled, as_plan, jobs_of, under_load
from telcoai.strategy.predict import Occupancy, Prediction
from telcoai.strategy.room import fitted
from telcoai.strategy.server import load_factor, servers
from telcoai.strategy.sheet import Figures, Numbers, Sheet
from telcoai.strategy.sites import Sites, as_measured

_SLACK = 1e-9
"""Relative; bounds are summed in another order than what they bound."""


@dataclass(frozen=True)
class _Designs:
    """All designs of a device with one server. ``factor``: how many times longer its stages take, busy as it is."""

    figures: Figures
    factor: float

    @property
    def server_s(self) -> Numbers:
        """Core-seconds of the server, over all requests on average."""
        return np.asarray(self.figures.rows.core_s[:, 1:].sum(axis=1))

    @property
    def mean_s(self) -> Numbers:
        """Mean latency while nobody waits."""
        return np.asarray(self.figures.mean_s + (self.factor - 1) * self.server_s)

    @property
    def tail_s(self) -> Numbers:
        """Latency at the percentile while nobody waits: with a queue it is no less."""
        return np.asarray(self.figures.tail_s + self.stretched_s)

    @property
    def stretched_s(self) -> Numbers:
        """What the server's load adds to the tail."""
        return np.asarray((self.factor - 1) * self.figures.rows.tail_core_s[:, 1:].sum(axis=1))


class EarlyExit:
    """Thresholds, cut and server of each device by priority: accuracy, deadline, then the server's time."""

    name = "early-exit"
    summary = "per device exits and cut together: accuracy, then deadline, then least server time (SPINN, MobiCom'20)"

    def plan(self, view: View) -> Plan:
        """Choose again in every period; each device looks at itself and its server alone."""
        sites = as_measured(view)
        sheets: dict[str, Sheet] = {}
        settled = []
        for job in jobs_of(view, sites):
            sheet = sheets.setdefault(job.service.name, Sheet(job.menu, sites))
            found = _Search(job, sites, _designs(job, sheet, view, sites)).best() if sites.alive(job.device) else None
            settled.append((job, found or Choice(alone(job.service, job.device, sites), None)))
        wanted = [choice.assignment for _, choice in settled]
        fit = fitted(wanted, view.services, sites)
        settled = [
            (job, choice if one == choice.assignment else Choice(one, None))
            for (job, choice), one in zip(settled, fit, strict=True)
        ]
        return as_plan(settled, view.previous, "none changed", _notes(settled))


def _designs(job: Job, sheet: Sheet, view: View, sites: Sites) -> list[_Designs]:
    reached = servers(job.device, sites, job.service.domain)
    if not reached:
        return [_Designs(sheet.of((job.device,), job.rate_per_s), 1.0)]
    return [_Designs(sheet.of((job.device, one), job.rate_per_s), load_factor(one, view)) for one in reached]


class _Search:
    """The best design of one device."""

    def __init__(self, job: Job, sites: Sites, designs: list[_Designs]) -> None:
        self._job = job
        self._sites = sites
        self._designs = designs
        self._places = [(number, row) for number, one in enumerate(designs) for row in range(len(one.mean_s))]

    def best(self) -> Choice | None:
        """By priority; None when the device can run nothing and reaches nobody who can."""
        if not self._places:
            return None
        tail_s = np.concatenate([one.tail_s for one in self._designs])
        mean_s = np.concatenate([one.mean_s for one in self._designs])
        deadline_ms = self._job.service.requirements.deadline_ms
        if deadline_ms is not None:
            server_s = np.concatenate([one.server_s for one in self._designs])
            cheapest_first = np.lexsort((mean_s, server_s))
            found = self._first_in_time(cheapest_first[tail_s[cheapest_first] <= deadline_ms / 1e3], deadline_ms / 1e3)
            if found is not None:
                return found
        return self._fastest(np.lexsort((mean_s, tail_s)), tail_s)

    def _first_in_time(self, order: np.ndarray, deadline_s: float) -> Choice | None:
        for place in order:
            found = self._judge(int(place))
            if found is not None and found.prediction is not None and found.prediction.tail_s <= deadline_s:
                return found
        return None

    def _fastest(self, order: np.ndarray, least_s: Numbers) -> Choice | None:
        """By (tail, mean). Designs come by the tail that they have at the least, so the end is where none can win."""
        best: Choice | None = None
        value = (math.inf, math.inf)
        for place in order:
            if least_s[place] * (1 - _SLACK) > value[0] or not math.isfinite(least_s[place]):
                break
            found = self._judge(int(place))
            if found is not None and found.prediction is not None:
                reached = (found.prediction.tail_s, found.prediction.mean_s)
                best, value = (found, reached) if reached < value else (best, value)
        return best

    def _judge(self, place: int) -> Choice | None:
        """A design with what is predicted of it: the queues of one's own requests, and the server as busy as it is."""
        number, row = self._places[place]
        designs, job = self._designs[number], self._job
        candidate, chain = designs.figures.rows.candidates[row], designs.figures.chain
        path = course_of(candidate, chain, self._sites, job.origin)
        if path is None:
            return None
        found = under_load(job, path, Occupancy())
        prediction = Prediction(
            mean_s=found.mean_s + (designs.factor - 1) * float(designs.server_s[row]),
            tail_s=found.tail_s + float(designs.stretched_s[row]),
        )
        option, hops = candidate.option, hops_of(candidate, chain)
        assignment = as_assignment(job.service, job.device, option, hops, candidate.wire, self._sites)
        return Choice(assignment, path, prediction)


def _notes(settled: Settled) -> list[str]:
    late = 0
    for job, choice in settled:
        deadline_ms = job.service.requirements.deadline_ms
        if deadline_ms is not None and choice.prediction is not None:
            late += 1e3 * choice.prediction.tail_s > deadline_ms
    return [f"{late} can't be in time and take the least latency"] if late else []
