"""A bound: first the requests that keep what is asked, then joules, for who knows what comes and how it is answered.

It knows of the period that begins what will be asked at its end, each device's requests, the links, nodes that stop
within it, the testbed without errors of ``knowledge``, and how each variant and exit answers the samples that requests
will carry; of batteries that have to last, how many requests come until the end. Of a few plans it takes the one with
the least weighted requests over the deadline (at the percentile with which a period of so many requests keeps the one
asked), then the least joules, all judged by one model, with waiting (``predict``): what is in force, no plan, and the
joint optimum of the MILP in which nobody waits (``milp``), each improved device by device (``energy_aware``'s search)
until nobody moves. An accuracy is judged over all of its phase: where requests are late, they may be answered less
accurately by what the phase has been more accurate up to now, in small steps as long as that helps.

What it is no bound of: those plans are not all plans, so under its model too a better one may exist; only the joules
that its reason gives are a bound there, of plans that use nodes and links to 95 % at most, aim at that percentile and
keep the accuracy in this period.
Its model is one of means, while single requests meet in queues by chance. Left out: switching costs, backlogs, batches,
replicas, requests that aren't admitted, int8 activations other than with a margin, placements that the other strategies
don't look at either, and giving up one period's requirements for another's: so that a battery lasts, or accuracy that
is only made up for later. Where another strategy keeps more, these are why, and the report says so by a regret below 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from telcoai.model.future import Future
from telcoai.model.plan import Assignment, Plan
from telcoai.model.view import View
from telcoai.strategy.candidates import alone, as_assignment, hops_of
from telcoai.strategy.choices import Row
from telcoai.strategy.endurance import Endurance
from telcoai.strategy.energy_aware import Thrift
from telcoai.strategy.foreseen import RESERVE, allowed_w, foreseen, true_sites
from telcoai.strategy.greedy import GAIN_SHARE, Choice, Job, Settled, as_plan, jobs_of, settle
from telcoai.strategy.joules import Powers
from telcoai.strategy.milp import solve
from telcoai.strategy.parted import parted
from telcoai.strategy.predict import Occupancy
from telcoai.strategy.risk import phase_of
from telcoai.strategy.room import fitted
from telcoai.strategy.sites import Sites, as_measured

ROUNDS = 3
"""How often devices decide again at the most."""

STEPS = (0.0025, 0.005, 0.01, 0.02, 0.04)
"""By how much less accuracy is tried where requests are late, as far as the phase has it to give."""


@dataclass(frozen=True)
class Worth:
    """What a plan is worth a second: weighted requests over the deadline, and joules of those in time."""

    late: float
    joules: float

    def beats(self, other: Worth) -> bool:
        """Fewer late, or as many and fewer joules by more than a gain that moves anybody."""
        if not math.isclose(self.late, other.late, rel_tol=GAIN_SHARE, abs_tol=1e-6):
            return self.late < other.late
        return self.joules < (1 - GAIN_SHARE) * other.joules


class Oracle:
    """Knows the run's true testbed, its requests, links and answers; without a future it takes the view for one."""

    name = "oracle"
    summary = "a bound: most requests in time, then least joules, knowing demand, links and answers; not a rival"

    def __init__(self) -> None:
        self._future: Future | None = None

    def foresee(self, future: Future) -> None:
        """Take the future in, before the run begins."""
        self._future = future

    def plan(self, view: View) -> Plan:
        """The best of what is found for the period that begins."""
        known = view if self._future is None else foreseen(view, self._future)
        sites = as_measured(known) if self._future is None else true_sites(known, self._future)
        powers = Powers(known.topology)
        allowed = None if self._future is None else allowed_w(known, self._future)
        aim = Thrift(sites, powers, Endurance(known, powers, allowed))
        found, bound = _best(known, view.previous, sites, powers, aim)
        late = self._future is not None and any(choice.misses for _, choice in found)
        spare = _spare(known, view) if late else {}
        for step in STEPS:
            less = _late(found, {name: step for name, most in spare.items() if step <= most})
            if not less:
                break
            other, _ = _best(parted(known, less), view.previous, sites, powers, aim)
            if worth(other, aim).late < (1 - GAIN_SHARE) * worth(found, aim).late:
                found = other
        return as_plan(found, view.previous, "nothing saves over 5 % and 1 mJ", (bound,))


def _best(known: View, previous: Plan | None, sites: Sites, powers: Powers, aim: Thrift) -> tuple[Settled, str]:
    start, bound = _joint(known, sites, powers)
    return best([_settled(replace(known, previous=one), sites, aim) for one in (previous, start, None)], aim), bound


def _late(settled: Settled, less: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """How much less accurate late devices of each service may be."""
    found: dict[str, dict[str, float]] = {}
    for job, choice in settled:
        if choice.misses and job.service.name in less:
            found.setdefault(job.service.name, {})[job.device] = less[job.service.name]
    return found


def _spare(known: View, view: View) -> dict[str, float]:
    """By how much less accurate each service may be in the period that begins: all that its phase has had above what is
    asked, as its requests are truly answered."""
    found = {}
    asked = {one.name: one for one in view.services}
    for service in known.services:
        seen = asked[service.name]
        floor, coming = seen.requirements.accuracy_min, sum(service.rate_per_s.values()) * view.period_s
        if floor is not None and coming > 0:
            phase = phase_of(replace(seen, workload=service.workload), view)
            found[service.name] = (phase.right - (floor + RESERVE) * phase.requests) / coming
    return found


def best(found: Sequence[Settled], aim: Thrift) -> Settled:
    """The one that is worth most; of those alike the first."""
    taken, value = found[0], worth(found[0], aim)
    for other in found[1:]:
        its = worth(other, aim)
        if its.beats(value):
            taken, value = other, its
    return taken


def worth(settled: Iterable[tuple[Job, Choice]], aim: Thrift) -> Worth:
    """What choices are worth when all of them are in force; who has none is late with all requests."""
    chosen, load, late, joules = list(settled), Occupancy(), 0.0, 0.0
    for job, choice in chosen:
        if choice.course is not None:
            load.add(choice.course, job.rate_per_s)
    for job, choice in chosen:
        weight = job.service.requirements.weight * job.rate_per_s
        if choice.course is None:
            late += weight
            continue
        load.add(choice.course, -job.rate_per_s)
        cost = aim.judged(job, choice, load).cost
        load.add(choice.course, job.rate_per_s)
        if cost is not None and cost.met:
            joules += job.rate_per_s * cost.value
        elif cost is not None:
            late += weight * cost.value
    return Worth(late, joules)


def _settled(view: View, sites: Sites, aim: Thrift) -> Settled:
    """From a plan on, until nobody moves."""
    found = settle(view, sites, aim)
    for _ in range(ROUNDS - 1):
        before = tuple(choice.assignment for _, choice in found)
        found = settle(replace(view, previous=Plan(before, "")), sites, aim)
        if tuple(choice.assignment for _, choice in found) == before:
            break
    return found


def _joint(view: View, sites: Sites, powers: Powers) -> tuple[Plan, str]:
    """The plan of the MILP's optimum, and what joules that says at the least."""
    jobs = jobs_of(view, sites)
    found = solve(jobs, sites, powers)
    pairs = [(job, found.rows.get(number)) for number, job in enumerate(jobs)]
    assignments = fitted([_assignment(job, row, sites) for job, row in pairs], view.services, sites)
    requests = sum(job.rate_per_s for job in jobs)
    spent = sum(job.rate_per_s * row.joules for job, row in pairs if row is not None)
    bound = f"without waits at least {spent / requests:.4g} J a request" if requests > 0 else "no request comes"
    return Plan(assignments, bound), bound


def _assignment(job: Job, row: Row | None, sites: Sites) -> Assignment:
    if row is None or not sites.alive(job.device):
        return alone(job.service, job.device, sites)
    hops = hops_of(row.candidate, row.chain)
    return as_assignment(job.service, job.device, row.candidate.option, hops, row.candidate.wire, sites)
