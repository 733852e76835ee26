"""Devices decide one after the other, each against the load that all the others put on nodes and links.

So they don't all run to the same node. The first plan goes round twice, since who decides first sees no one else.
What a device wants is its ``Aim``; what is in force stays unless something else is worth the move.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from telcoai.model.plan import Assignment, Plan
from telcoai.model.view import ServiceView, View
from telcoai.strategy.candidates import Menu, alone, as_option, menu
from telcoai.strategy.course import Course, Origin, course, origin_of
from telcoai.strategy.observed import occupancy
from telcoai.strategy.predict import Occupancy, Prediction, loaded
from telcoai.strategy.room import fitted
from telcoai.strategy.sites import Sites

GAIN_SHARE = 0.05
"""An assignment stays unless another one costs less by more than this share of it, and by more than the least gain of
its cost: what is gained has to be worth more than the noise of measured rates and delays."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What is made small. ``met``: what is required is met, which comes before any value; ``safely``: and would be with
    ``GAIN_SHARE`` more, without which nothing moves here for its value alone. ``least_gain``: in units of ``value``.
    """

    value: float
    least_gain: float
    met: bool = True
    safely: bool = True


@dataclass(frozen=True, slots=True)
class Choice:
    """What a device does, what is predicted of it, and what it costs (None: nothing is known)."""

    assignment: Assignment
    course: Course | None
    prediction: Prediction | None = None
    cost: Cost | None = None

    @property
    def misses(self) -> bool:
        """Whether it is known not to meet what is required."""
        return self.cost is not None and not self.cost.met


@dataclass(frozen=True)
class Job:
    """One device of one service."""

    service: ServiceView
    device: str
    menu: Menu

    @property
    def rate_per_s(self) -> float:
        """Recent requests a second."""
        return self.service.rate_per_s[self.device]

    @property
    def origin(self) -> Origin:
        """Where its requests come from."""
        return origin_of(self.service, self.device)

    @property
    def key(self) -> str:
        """``service/device``, as in a plan's predictions."""
        return f"{self.service.name}/{self.device}"


Settled = list[tuple[Job, Choice]]
"""What each decided."""


class Aim(Protocol):
    """What a device wants. The loads that it gets never hold the device's own requests."""

    def best(self, job: Job, load: Occupancy) -> Choice | None:
        """The choice that costs least under the load of the others, None where there is none."""
        ...

    def judged(self, job: Job, choice: Choice, load: Occupancy) -> Choice:
        """A choice with a course, with what is predicted of it under the load of the others, and its cost."""
        ...


def settle(view: View, sites: Sites, aim: Aim) -> Settled:
    """Everyone decides, from what is in force."""
    jobs = jobs_of(view, sites)
    before = {job.key: _before(job, view.previous, sites) for job in jobs}
    chosen = {key: choice for key, choice in before.items() if choice is not None}
    load = occupancy(view, _loads(jobs, chosen))
    for _ in range(1 if len(chosen) == len(jobs) else 2):
        for job in jobs:
            chosen[job.key] = _decide(job, chosen.get(job.key), load, aim, sites)
    return fit([(job, chosen[job.key]) for job in jobs], sites, aim, load)


def fit(settled: Settled, sites: Sites, aim: Aim, load: Occupancy) -> Settled:
    """Choices that no longer fit the memory of nodes, replaced by others; what is predicted of those is the aim's."""
    wanted = [choice.assignment for _, choice in settled]
    found = fitted(wanted, [job.service for job, _ in settled], sites)
    return [
        (job, choice if one == choice.assignment else _instead(job, one, sites, aim, load))
        for (job, choice), one in zip(settled, found, strict=True)
    ]


def _instead(job: Job, one: Assignment, sites: Sites, aim: Aim, load: Occupancy) -> Choice:
    path = _course(one, job, sites)
    return Choice(one, None) if path is None else aim.judged(job, Choice(one, path), load)


def _course(one: Assignment, job: Job, sites: Sites) -> Course | None:
    """None, too, for one whose requests take turns over replicas: those have no course in common."""
    option = as_option(one, job.menu)
    return None if option is None or one.replicas else course(option, one.hops, one.wire, sites, job.origin)


def jobs_of(view: View, sites: Sites) -> list[Job]:
    """Services by weight, the heaviest first, and in the view's order; the devices of each in that of their names."""
    jobs = []
    for service in sorted(view.services, key=lambda one: -one.requirements.weight):
        options = menu(service, sites)
        jobs += [Job(service, device, options) for device in sorted(service.rate_per_s)]
    return jobs


def under_load(job: Job, path: Course, load: Occupancy) -> Prediction:
    """What is predicted of a course with the device's own requests added to the load of the others."""
    load.add(path, job.rate_per_s)
    prediction = loaded(path, job.menu.percentile, load)
    load.add(path, -job.rate_per_s)
    return prediction


def _loads(jobs: list[Job], chosen: dict[str, Choice]) -> Iterable[tuple[Course, float]]:
    for job in jobs:
        choice = chosen.get(job.key)
        if choice is not None and choice.course is not None:
            yield choice.course, job.rate_per_s


def _before(job: Job, previous: Plan | None, sites: Sites) -> Choice | None:
    """The assignment in force, when it may go on: its nodes live, it can run there, and it keeps the accuracy."""
    one = None if previous is None else previous.assignment(job.service.name, job.device)
    option = None if one is None else as_option(one, job.menu)
    if one is None or option is None or not all(sites.serves(hop, job.service.domain) for hop in one.hops):
        return None
    if not job.menu.allows(option, one.wire, cut=len(set(one.hops)) > 1):
        return None
    found = _course(one, job, sites)
    return None if found is None else Choice(one, found)


def _decide(job: Job, current: Choice | None, load: Occupancy, aim: Aim, sites: Sites) -> Choice:
    """Take the device's own load out, pick, and put the pick's load in."""
    if current is not None and current.course is not None:
        load.add(current.course, -job.rate_per_s)
    best = aim.best(job, load) if sites.alive(job.device) else None
    if best is None:
        return Choice(alone(job.service, job.device, sites), None)
    kept = None if current is None or current.course is None else aim.judged(job, current, load)
    choice = best if kept is None or _worth_it(kept.cost, best.cost) else kept
    if choice.course is not None:
        load.add(choice.course, job.rate_per_s)
    return choice


def _worth_it(kept: Cost | None, best: Cost | None) -> bool:
    if kept is None or best is None:
        return True
    if kept.met != best.met:
        return best.met
    gains = kept.value - best.value > max(best.least_gain, GAIN_SHARE * kept.value)
    return gains and (best.safely or not best.met)


def as_plan(settled: Settled, previous: Plan | None, stays: str, notes: Sequence[str] = ()) -> Plan:
    """The plan of what everyone decided. Its reason says how many do what, how many moved (``stays`` when nobody did),
    the ``notes``, and what could not be had."""
    assignments = tuple(choice.assignment for _, choice in settled)
    predictions = {job.key: 1e3 * c.prediction.tail_s for job, c in settled if c.prediction is not None}
    parts = [tally(assignments)]
    if previous is not None:
        moved = changes(assignments, previous)
        parts.append(f"{moved} changed" if moved else stays)
    parts += notes
    short = sorted({job.service.name for job, _ in settled if job.menu.short})
    parts += [f"no variant keeps the accuracy asked by {name}, the most accurate runs" for name in short]
    lone = [job.key for job, choice in settled if choice.prediction is None]
    parts += [f"no candidate for {', '.join(lone)}: the most accurate variant runs on the device"] if lone else []
    return Plan(assignments, "; ".join(parts), predictions)


def tally(assignments: Sequence[Assignment]) -> str:
    """How many do what, in words, the most common first."""
    counts = Counter(f"{one.service} {one.variant} on {_shape(one)}" for one in assignments)
    return "; ".join(f"{count} × {what}" for what, count in counts.most_common())


def changes(assignments: Sequence[Assignment], previous: Plan) -> int:
    """How many assignments differ from those of the plan in force."""
    same = {(one.service, one.device): one for one in previous.assignments}
    return sum(same.get((one.service, one.device)) != one for one in assignments)


def _shape(one: Assignment) -> str:
    """``device>edge>edge``, with "device" for the device's own name so that devices doing alike count together; of
    replicas ``edge-1 | device>edge-2>edge-2``, whoever begins."""
    rows = [["device" if hop == one.device else hop for hop in row] for row in one.rows]
    if len(rows) > 1:
        rows = [row[:1] if len(set(row)) == 1 else row for row in rows]
    return " | ".join(sorted(map(">".join, rows)))
