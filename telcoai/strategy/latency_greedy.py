"""Per device, the placement and variant with the least predicted latency among those that keep the accuracy.

Devices decide one after the other, each against the load that all the others put on nodes and links, so they don't all
run to the same edge node. The first plan goes round twice, since who decides first sees no one else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from telcoai.model.plan import Assignment, Plan
from telcoai.model.view import ServiceView, View
from telcoai.strategy.candidates import Candidate, Menu, as_option, chains, course_of, hops_of, menu
from telcoai.strategy.choice import cheapest
from telcoai.strategy.course import Course, Origin, course
from telcoai.strategy.exits import Option, forecast, never
from telcoai.strategy.frames import frames_of
from telcoai.strategy.observed import occupancy
from telcoai.strategy.predict import Occupancy, Prediction, loaded, tail_stretch
from telcoai.strategy.ranking import Ranking
from telcoai.strategy.sites import Sites, as_measured

GAIN_SHARE = 0.05
GAIN_S = 0.002
"""An assignment stays unless another one is better by more than both of these: what is gained has to be worth more
than the noise of measured rates and delays."""


@dataclass(frozen=True)
class _Choice:
    """What a device does, and what is predicted of it (None: nothing can be)."""

    assignment: Assignment
    course: Course | None
    prediction: Prediction | None = None


@dataclass(frozen=True)
class _Job:
    """One device of one service."""

    service: ServiceView
    device: str
    ranking: Ranking
    menu: Menu

    @property
    def rate_per_s(self) -> float:
        return self.service.rate_per_s[self.device]

    @property
    def origin(self) -> Origin:
        return Origin(self.device, self.service.workload, self.rate_per_s, frames_of(self.service))

    @property
    def key(self) -> str:
        return f"{self.service.name}/{self.device}"


class LatencyGreedy:
    """Greedy in latency, device by device, within the accuracy asked."""

    name = "latency-greedy"
    summary = "per device the fastest placement, variant and exits that keep the accuracy; replans every period"

    def plan(self, view: View) -> Plan:
        """Replan from measured links, nodes and rates."""
        sites = as_measured(view)
        jobs = _jobs(view, sites)
        before = {job.key: _before(job, view.previous, sites) for job in jobs}
        chosen = {key: choice for key, choice in before.items() if choice is not None}
        load = occupancy(view, _loads(jobs, chosen))
        for _ in range(1 if len(chosen) == len(jobs) else 2):
            for job in jobs:
                chosen[job.key] = _decide(job, chosen.get(job.key), load, sites)
        return _as_plan(jobs, chosen, view.previous)


def _jobs(view: View, sites: Sites) -> list[_Job]:
    jobs = []
    for service in view.services:
        options = menu(service, sites)
        ranking = Ranking(options, sites)
        jobs += [_Job(service, device, ranking, options) for device in sorted(service.rate_per_s)]
    return jobs


def _loads(jobs: list[_Job], chosen: dict[str, _Choice]) -> Iterable[tuple[Course, float]]:
    for job in jobs:
        choice = chosen.get(job.key)
        if choice is not None and choice.course is not None:
            yield choice.course, job.rate_per_s


def _before(job: _Job, previous: Plan | None, sites: Sites) -> _Choice | None:
    """The assignment in force, when it may go on: its nodes live, it can run there, and it keeps the accuracy."""
    one = None if previous is None else previous.assignment(job.service.name, job.device)
    option = None if one is None else as_option(one, job.menu)
    if one is None or option is None or not all(sites.alive(hop) for hop in one.hops):
        return None
    if not job.menu.allows(option, one.wire, cut=len(set(one.hops)) > 1):
        return None
    found = course(option, one.hops, one.wire, sites, job.origin)
    return None if found is None else _Choice(one, found)


def _decide(job: _Job, current: _Choice | None, load: Occupancy, sites: Sites) -> _Choice:
    """Take the device's own load out, pick, and put the pick's load in."""
    if current is not None and current.course is not None:
        load.add(current.course, -job.rate_per_s)
    best = _best(job, load, sites)
    if best is None:
        return _local(job, sites)
    kept = _evaluate(job, current, load)
    choice = best if kept is None or _worth_it(kept, best) else kept
    if choice.course is not None:
        load.add(choice.course, job.rate_per_s)
    return choice


def _evaluate(job: _Job, choice: _Choice | None, load: Occupancy) -> _Choice | None:
    if choice is None or choice.course is None:
        return None
    return _Choice(choice.assignment, choice.course, _under_load(job, choice.course, load))


def _under_load(job: _Job, path: Course, load: Occupancy) -> Prediction:
    load.add(path, job.rate_per_s)
    prediction = loaded(path, job.menu.percentile, load)
    load.add(path, -job.rate_per_s)
    return prediction


def _worth_it(kept: _Choice, best: _Choice) -> bool:
    if kept.prediction is None or best.prediction is None:
        return True
    gain = kept.prediction.score_s - best.prediction.score_s
    return gain > max(GAIN_S, GAIN_SHARE * kept.prediction.score_s)


def _best(job: _Job, load: Occupancy, sites: Sites) -> _Choice | None:
    """The least score under load. Candidates come by their score without load, which load only adds to, so the search
    ends at the first that can't win any more, and passes over those that can't for the wait at their first node."""
    if not sites.alive(job.device):
        return None
    found: tuple[float, Candidate, tuple[str, ...], Course, Prediction] | None = None
    for chain in chains(job.device, sites):
        waits = _first_waits(job, chain, load, sites)
        for least_s, candidate in job.ranking.of(chain, job.rate_per_s):
            if found is not None and least_s >= found[0]:
                break
            if found is not None and least_s + waits[candidate.levels[0]] >= found[0]:
                continue
            path = course_of(candidate, chain, sites, job.origin)
            if path is None:
                continue
            prediction = _under_load(job, path, load)
            if found is None or prediction.score_s < found[0]:
                found = (prediction.score_s, candidate, chain, path, prediction)
    if found is None:
        return None
    _, candidate, chain, path, prediction = found
    hops = hops_of(candidate, chain)
    return _Choice(_assignment(job, candidate.option, hops, candidate.wire, sites), path, prediction)


def _first_waits(job: _Job, chain: tuple[str, ...], load: Occupancy, sites: Sites) -> list[float]:
    """What the score of a candidate that starts at each node of the chain has to bear at least: every request waits
    there, the tail the longer, and the device's own requests only add to it."""
    share = (1 + tail_stretch(job.menu.percentile)) / 2
    return [share * load.node_wait_s(name, sites.profile(name).cores) for name in chain]


def _local(job: _Job, sites: Sites) -> _Choice:
    """Where nothing else can be had: the whole of the most accurate variant that the device can run.

    Its load is left out: the device is dead, or nothing is known of how it would run.
    """
    able = [v for v in job.service.workload.variants if sites.seconds(job.device, job.service.workload, v) is not None]
    variant = max(able or job.service.workload.variants, key=lambda v: v.accuracy)
    option = Option(variant, never(variant), forecast(variant, never(variant)))
    hops = (job.device,) * len(variant.stages)
    return _Choice(_assignment(job, option, hops, "fp16", sites), None)


def _assignment(job: _Job, option: Option, hops: tuple[str, ...], wire: str, sites: Sites) -> Assignment:
    fallback = cheapest(job.service.workload, job.service.requirements, sites, (job.device,))
    return Assignment(
        service=job.service.name,
        device=job.device,
        variant=option.variant.name,
        hops=hops,
        thresholds=option.thresholds,
        wire=wire,
        fallback_variant=fallback.name,
    )


def _as_plan(jobs: list[_Job], chosen: dict[str, _Choice], previous: Plan | None) -> Plan:
    choices = [chosen[job.key] for job in jobs]
    predictions = {
        job.key: 1e3 * choice.prediction.tail_s
        for job, choice in zip(jobs, choices, strict=True)
        if choice.prediction is not None
    }
    return Plan(tuple(choice.assignment for choice in choices), _reason(jobs, choices, previous), predictions)


def _reason(jobs: list[_Job], choices: list[_Choice], previous: Plan | None) -> str:
    """How many do what, how many moved, and what could not be had."""
    counts = Counter(
        f"{job.service.name} {choice.assignment.variant} on {_shape(choice.assignment)}"
        for job, choice in zip(jobs, choices, strict=True)
    )
    parts = ["; ".join(f"{count} × {what}" for what, count in counts.most_common())]
    if previous is not None:
        same = {(one.service, one.device): one for one in previous.assignments}
        moved = sum(same.get((c.assignment.service, c.assignment.device)) != c.assignment for c in choices)
        parts.append(f"{moved} changed" if moved else "nothing gains over 5 % and 2 ms")
    short = sorted({job.service.name for job in jobs if job.menu.short})
    parts += [f"no variant keeps the accuracy asked by {name}, the most accurate runs" for name in short]
    alone = [job.key for job, choice in zip(jobs, choices, strict=True) if choice.prediction is None]
    parts += [f"no candidate for {', '.join(alone)}: the most accurate variant runs on the device"] if alone else []
    return "; ".join(parts)


def _shape(one: Assignment) -> str:
    """``device>edge>edge``, with "device" for the device's own name so that devices doing alike count together."""
    return ">".join("device" if hop == one.device else hop for hop in one.hops)
