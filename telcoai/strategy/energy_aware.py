"""Per device, the placement, variant and exits with the least predicted joules a request, in time and accurate enough.

Energy is that of ``telcoai.strategy.joules``: dynamic, over all nodes and radios, as a run's account has it. In time:
the latency predicted at the required percentile is within the deadline. Where nothing is, the least latency at the
percentile is taken. Without a deadline anything is in time that keeps every node and link that it uses below the
utilisation where queues grow. Devices decide one after the other against the load of all the others, which also means
that they share a radio that is connected anyway. An energy budget per request is no bound here: less can't be had.
Where a battery has to last, what its device draws above the power that it may (``endurance``) counts a hundredfold.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from telcoai.model.plan import Plan
from telcoai.model.view import View
from telcoai.strategy.bounds import least_j, least_tail_s
from telcoai.strategy.candidates import Candidate, as_assignment, chains, course_of, hops_of
from telcoai.strategy.course import Course
from telcoai.strategy.endurance import OVER, Endurance
from telcoai.strategy.greedy import GAIN_SHARE, Choice, Cost, Job, as_plan, settle
from telcoai.strategy.joules import Powers
from telcoai.strategy.predict import Occupancy, Prediction, late, loaded
from telcoai.strategy.queueing import KNEE
from telcoai.strategy.sheet import Figures, Numbers, Sheets
from telcoai.strategy.sites import Sites, as_measured

GAIN_J = 0.001
GAIN_LATE = 0.01
"""Least gains that move a device: in joules a request when both ways are in time, in requests that are late out of one
when neither is."""

LATE_PER_S = 0.01
"""Where the late are as many, the percentile decides: a second of it counts as one request late in a hundred."""

_SLACK = 1e-9
"""Relative; bounds are summed in another order than what they bound."""


class EnergyAware:
    """Greedy in energy, device by device, within the deadline and the accuracy asked."""

    name = "energy-aware"
    summary = "per device the least predicted joules a request that keep deadline and accuracy; replans every period"

    def plan(self, view: View) -> Plan:
        """Replan from measured links, nodes and rates."""
        sites, powers = as_measured(view), Powers(view.topology)
        settled = settle(view, sites, Thrift(sites, powers, Endurance(view, powers)))
        stays = "nothing saves over 5 % and 1 mJ"
        return as_plan(settled, view.previous, stays, _notes([choice for _, choice in settled]))


class Thrift:
    """The least joules among what is in time, else the fewest requests that are late."""

    def __init__(self, sites: Sites, powers: Powers, endurance: Endurance | None = None) -> None:
        self._sites = sites
        self._powers = powers
        self._endurance = endurance
        self._sheets = Sheets(sites)

    def best(self, job: Job, load: Occupancy) -> Choice | None:
        """Candidates come by the least energy that they can take, while they can be in time; if none is, all of them
        by how many requests are late at the least."""
        found: Choice | None = None
        sheet = self._sheets.of(job.menu)
        figures = [sheet.of(chain, job.rate_per_s) for chain in chains(job.device, self._sites, job.service.domain)]
        tails = [least_tail_s(one, job.menu.percentile, load, self._sites) for one in figures]
        for one, tail_s in zip(figures, tails, strict=True):
            joules = least_j(one, job.rate_per_s, load, self._powers, self._sites)
            bounds = np.where(tail_s <= _deadline_s(job), joules, np.inf)
            found = self._search(job, load, (one, bounds), found, met=True)
        if found is not None:
            return found
        for one, tail_s in zip(figures, tails, strict=True):
            share = one.late(job.menu.percentile, _deadline_s(job)) if _deadline_s(job) < math.inf else 0.0
            found = self._search(job, load, (one, np.asarray(share + LATE_PER_S * tail_s)), found, met=False)
        return found

    def judged(self, job: Job, choice: Choice, load: Occupancy) -> Choice:
        """A choice at its joules, or at the share that is late when it isn't in time."""
        if choice.course is None:
            return choice
        prediction, cost = self._judge(job, choice.course, load)
        return replace(choice, prediction=prediction, cost=cost)

    def _search(
        self, job: Job, load: Occupancy, bounded: tuple[Figures, Numbers], found: Choice | None, met: bool
    ) -> Choice | None:
        """The least of ``found`` and of the candidates with finite bounds, among those that are in time (``met``) or
        those that aren't; ends where no bound can win any more."""
        figures, bounds = bounded
        value = math.inf if found is None or found.cost is None else found.cost.value
        for row in np.argsort(bounds, kind="stable"):
            least = float(bounds[row]) * (1 - _SLACK)
            if not math.isfinite(least) or least > value:
                break
            candidate = figures.rows.candidates[row]
            path = course_of(candidate, figures.chain, self._sites, job.origin)
            if path is None:
                continue
            prediction, cost = self._judge(job, path, load)
            if cost.met == met and cost.value < value:
                found, value = self._choice(job, candidate, figures.chain, (path, prediction, cost)), cost.value
        return found

    def _judge(self, job: Job, path: Course, load: Occupancy) -> tuple[Prediction, Cost]:
        load.add(path, job.rate_per_s)
        prediction = loaded(path, job.menu.percentile, load)
        if not self._in_time(job, path, prediction, load):
            share = late(path, job.menu.percentile, load, _deadline_s(job)) if _deadline_s(job) < math.inf else 0.0
            cost = Cost(share + LATE_PER_S * prediction.tail_s, GAIN_LATE, met=False)
        else:
            safely = prediction.tail_s <= (1 - GAIN_SHARE) * _deadline_s(job)
            joules = self._powers.request_j(path, job.rate_per_s, load)
            if self._endurance:
                joules += OVER * self._endurance.over_j(job.device, path, job.rate_per_s, joules)
            cost = Cost(joules, GAIN_J, safely=safely)
        load.add(path, -job.rate_per_s)
        return prediction, cost

    def _in_time(self, job: Job, path: Course, prediction: Prediction, load: Occupancy) -> bool:
        if job.service.requirements.deadline_ms is not None:
            return prediction.tail_s <= _deadline_s(job)
        nodes = all(load.utilisation(visit.node, visit.cores) <= KNEE for visit in path.visits)
        return nodes and all(load.link_utilisation(one.link, one.upward) <= KNEE for one in path.crossings)

    def _choice(
        self, job: Job, candidate: Candidate, chain: tuple[str, ...], judged: tuple[Course, Prediction, Cost]
    ) -> Choice:
        option, hops = candidate.option, hops_of(candidate, chain)
        assignment = as_assignment(job.service, job.device, option, hops, candidate.wire, self._sites)
        return Choice(assignment, *judged)


def _deadline_s(job: Job) -> float:
    deadline_ms = job.service.requirements.deadline_ms
    return math.inf if deadline_ms is None else deadline_ms / 1e3


def _notes(choices: list[Choice]) -> list[str]:
    costs = [choice.cost for choice in choices if choice.cost is not None]
    spent = [cost.value for cost in costs if cost.met]
    late = len(costs) - len(spent)
    found = [f"{sum(spent) / len(spent):.3f} J a request on average of devices"] if spent else []
    return found + ([f"{late} can't be in time and have the fewest requests late"] if late else [])
