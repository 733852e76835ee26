"""Drift plus penalty: joules are made small while requirements are kept on average over time, not in every period.

After Neely, "Stochastic Network Optimization with Application to Communication and Queueing Systems", 2010: to make the
average of p(t) small while the average of each y_k(t) stays at most 0, choose in each slot what minimises

    V · p(t) + Σ_k Z_k(t) · y_k(t),    with virtual queues  Z_k(t + 1) = max(0, Z_k(t) + y_k(t)).

The average of p is then within B / V of the best possible, with B half the bound on Σ y_k², and the queues grow as V.
After LODCO too (Mao, Zhang and Letaief, "Dynamic Computation Offloading for Mobile-Edge Computing With Energy
Harvesting Devices", JSAC 2016), which applies it to where a task runs. Here p is the predicted joules of a request
relative to its budget, and ``deficits`` has the queues: what was measured or calibrated makes them grow, and what is
predicted chooses.

Different here, or left out: devices decide one after the other against the load of all others, where the theory has the
joint minimum; what is in force stays unless more than a twentieth is gained, a C-additive approximation (Neely, section
4.7) that costs C / V; candidates that would overload a node or link come last whatever they save, as service within a
slot's capacity is a condition there. A battery that has to last has a queue of its device's power above what it bears,
for all its services together; a service's weight multiplies what its latency and accuracy are worth. LODCO's harvesting
and CPU frequencies don't exist here, and it drops tasks past the deadline, where here they are served late. Queues
remember as much as a view does. Activations that are cut travel as int8. What is kept are averages: half of the time
late and half early counts as in time, so a requirement that is judged period by period is better kept by strategies
that hold each plan to it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from telcoai.model.plan import Plan
from telcoai.model.requirements import Requirements
from telcoai.model.view import ServiceView, View
from telcoai.strategy.bounds import least_j, least_tail_s
from telcoai.strategy.busiest import busiest, busiest_on
from telcoai.strategy.candidates import Candidate, Menu, as_assignment, as_option, chains, course_of, hops_of
from telcoai.strategy.choice import keeps
from telcoai.strategy.course import Course
from telcoai.strategy.deficits import EMPTY, Deficits, Ledger, wrong_allowed, wrong_share
from telcoai.strategy.endurance import own_j
from telcoai.strategy.endurance import queues as lengths_of_batteries
from telcoai.strategy.greedy import GAIN_SHARE, Choice, Cost, Job, as_plan, settle
from telcoai.strategy.history import Key
from telcoai.strategy.joules import Powers
from telcoai.strategy.predict import Occupancy, Prediction, loaded
from telcoai.strategy.queueing import KNEE
from telcoai.strategy.sheet import Figures, Numbers, Sheet
from telcoai.strategy.sites import Sites, as_measured
from telcoai.strategy.spread import spread

V = 5.0
"""Weight of the penalty, in periods: how long a requirement has to be missed by as much as itself until meeting it is
worth a whole budget of joules. Measured percentiles are over five periods, so what a move did shows in full after as
many, and a queue that grows at its bound is five by then: with less, queues would move devices to and fro before any
effect is seen. With more than six, the average excess that a queue of length V allows over the 120 periods that a view
remembers, V / 120, would be above the twentieth that counts as no gain."""

_SLACK = 1e-9
"""Relative; bounds are summed in another order than what they bound."""


class Lyapunov:
    """Least joules each period, weighed against requirements by how long and how far they have been missed."""

    name = "lyapunov"
    summary = "drift plus penalty: least joules, requirements kept on average by virtual queues (Neely; LODCO, JSAC'16)"

    def plan(self, view: View) -> Plan:
        """Weigh again in every period; queues come from the view's past."""
        sites, powers = as_measured(view), Powers(view.topology)
        queues = _Queues(Ledger(sites, powers).of(view), lengths_of_batteries(view))
        asked = {service.name: service for service in view.services}
        settled = settle(_without_floor(view), sites, _DriftPlusPenalty(asked, queues, sites, powers))
        notes = [*_notes(queues), *_short(view)]
        return as_plan(settled, view.previous, "nothing gains over 5 %", notes)


def _without_floor(view: View) -> View:
    """Accuracy is a queue here, so no option is ruled out for it."""
    services = (replace(one, requirements=replace(one.requirements, accuracy_min=None)) for one in view.services)
    return replace(view, services=tuple(services))


@dataclass(frozen=True, slots=True)
class _Weights:
    """What one unit of each is worth for a device: a joule, a second, a wrong answer, a joule of its own battery."""

    joule: float
    second: float
    wrong: float
    own: float


@dataclass(frozen=True, slots=True)
class _Queues:
    """Lengths of all queues: of requirements by service and device, of batteries (with the watts borne) by device."""

    deficits: Mapping[Key, Deficits]
    batteries: Mapping[str, tuple[float, float]]


class _DriftPlusPenalty:
    """The least V · joules + Σ queue · value among what overloads nothing."""

    def __init__(self, asked: Mapping[str, ServiceView], queues: _Queues, sites: Sites, powers: Powers) -> None:
        self._asked = asked
        self._queues = queues
        self._sites = sites
        self._powers = powers
        self._sheets: dict[str, Sheet] = {}
        self._weighed: dict[Key, _Weights] = {}
        self._wrong: dict[tuple[str, tuple[tuple[str, int], ...]], Numbers] = {}

    def best(self, job: Job, load: Occupancy) -> Choice | None:
        """Candidates come by what they cost at the least; all of them, if each would overload something."""
        tables = [
            self._sheet(job).of(chain, job.rate_per_s) for chain in chains(job.device, self._sites, job.service.domain)
        ]
        bounds = [self._bounds(job, figures, load) for figures in tables]
        busy = [busiest(figures, job.rate_per_s, load, self._sites) for figures in tables]
        fits = any(bool((one <= KNEE).any()) for one in busy)
        found: Choice | None = None
        for figures, least, most in zip(tables, bounds, busy, strict=True):
            allowed = np.where((most <= KNEE) | (not fits), least, np.inf)
            found = self._search(job, load, (figures, allowed), found)
        return found

    def judged(self, job: Job, choice: Choice, load: Occupancy) -> Choice:
        """A choice with its cost under the load of the others."""
        if choice.course is None:
            return choice
        one, option = choice.assignment, as_option(choice.assignment, job.menu)
        wrong = 0.0 if option is None else wrong_share(option.forecast.accuracy, one.wire, len(set(one.hops)) > 1)
        prediction, cost = self._judge(job, choice.course, wrong, load)
        return replace(choice, prediction=prediction, cost=cost)

    def _search(
        self, job: Job, load: Occupancy, bounded: tuple[Figures, Numbers], found: Choice | None
    ) -> Choice | None:
        """The least of ``found`` and of the candidates with finite bounds; ends where no bound can win any more."""
        figures, bounds = bounded
        value = math.inf if found is None or found.cost is None else found.cost.value
        for row in np.argsort(bounds, kind="stable"):
            least = float(bounds[row]) - _SLACK * abs(float(bounds[row]))
            if not math.isfinite(least) or least >= value:
                break
            candidate = figures.rows.candidates[row]
            path = course_of(candidate, figures.chain, self._sites, job.origin)
            if path is None:
                continue
            prediction, cost = self._judge(job, path, _wrong(candidate), load)
            if cost.value < value:
                found, value = self._choice(job, candidate, figures.chain, (path, prediction, cost)), cost.value
        return found

    def _bounds(self, job: Job, figures: Figures, load: Occupancy) -> Numbers:
        """What each candidate costs at the least under this load."""
        weights, wrong = self._weights(job), self._wrongs(job, figures)
        joules = least_j(figures, job.rate_per_s, load, self._powers, self._sites)
        tail_s = least_tail_s(figures, job.menu.percentile, load, self._sites)
        late = np.where(np.isfinite(tail_s), weights.second * tail_s, np.inf)
        return np.asarray(weights.joule * joules + late + weights.wrong * wrong)

    def _wrongs(self, job: Job, figures: Figures) -> Numbers:
        """Wrong answers of each candidate, which are the same on all chains of the same profiles."""
        key = (job.service.name, tuple(self._sites.kind(name) for name in figures.chain))
        if key not in self._wrong:
            self._wrong[key] = np.array([_wrong(one) for one in figures.rows.candidates])
        return self._wrong[key]

    def _judge(self, job: Job, path: Course, wrong: float, load: Occupancy) -> tuple[Prediction, Cost]:
        weights = self._weights(job)
        load.add(path, job.rate_per_s)
        prediction = loaded(path, job.menu.percentile, load)
        joules = self._powers.request_j(path, job.rate_per_s, load)
        most = busiest_on(path, load)
        load.add(path, -job.rate_per_s)
        value = weights.joule * joules + weights.second * prediction.tail_s + weights.wrong * wrong
        if weights.own:
            value += weights.own * own_j(job.device, path, joules, self._powers)
        return prediction, Cost(value, 0.0, met=most <= KNEE, safely=most <= (1 - GAIN_SHARE) * KNEE)

    def _weights(self, job: Job) -> _Weights:
        key = (job.service.name, job.device)
        if key not in self._weighed:
            asked, queue = self._asked[job.service.name].requirements, self._queues.deficits.get(key, EMPTY)
            weights = _weights(asked, queue, self._most_j(job, asked))
            length, borne_w = self._queues.batteries.get(job.device, (0.0, 1.0))
            self._weighed[key] = replace(weights, own=length * job.rate_per_s / borne_w)
        return self._weighed[key]

    def _most_j(self, job: Job, asked: Requirements) -> float:
        """What joules are relative to: the budget, or where none is asked the most that any candidate takes while
        nobody else is about, so that the penalty lies within [0, 1] in either case."""
        if asked.energy_per_request_j is not None:
            return asked.energy_per_request_j
        tables = [
            self._sheet(job).of(chain, job.rate_per_s) for chain in chains(job.device, self._sites, job.service.domain)
        ]
        joules = [least_j(one, job.rate_per_s, Occupancy(), self._powers, self._sites) for one in tables]
        finite = [float(one[np.isfinite(one)].max(initial=0.0)) for one in joules]
        return max(finite)

    def _choice(
        self, job: Job, candidate: Candidate, chain: tuple[str, ...], judged: tuple[Course, Prediction, Cost]
    ) -> Choice:
        option, hops, service = candidate.option, hops_of(candidate, chain), self._asked[job.service.name]
        return Choice(as_assignment(service, job.device, option, hops, candidate.wire, self._sites), *judged)

    def _sheet(self, job: Job) -> Sheet:
        name = job.service.name
        if name not in self._sheets:
            options = Menu(job.service, spread(self._asked[name], self._sites), short=False)
            self._sheets[name] = Sheet(options, self._sites)
        return self._sheets[name]


def _weights(asked: Requirements, queue: Deficits, most_j: float) -> _Weights:
    allowed = wrong_allowed(asked)
    return _Weights(
        joule=(V + queue.energy) / most_j if most_j > 0 else 0.0,
        second=1e3 * asked.weight * queue.latency / asked.deadline_ms if asked.deadline_ms else 0.0,
        wrong=0.0 if allowed is None else asked.weight * queue.accuracy / allowed,
        own=0.0,
    )


def _wrong(one: Candidate) -> float:
    return wrong_share(one.option.forecast.accuracy, one.wire, one.levels[0] != one.levels[-1])


def _notes(queues: _Queues) -> list[str]:
    """Mean lengths of the queues, in periods."""
    found = list(queues.deficits.values())
    if not found:
        return []
    means = {name: sum(getattr(one, name) for one in found) / len(found) for name in ("latency", "energy", "accuracy")}
    if queues.batteries:
        means["battery"] = sum(length for length, _ in queues.batteries.values()) / len(queues.batteries)
    return ["queues on average of devices: " + ", ".join(f"{name} {mean:.2f}" for name, mean in means.items())]


def _short(view: View) -> list[str]:
    """Services of which no average over variants can keep the accuracy asked."""
    short = [s for s in view.services if not any(keeps(v.accuracy, s.requirements) for v in s.workload.variants)]
    return [f"no variant keeps the accuracy asked by {service.name}" for service in short]
