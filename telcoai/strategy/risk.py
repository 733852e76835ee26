"""Whether a period in time is worth an accuracy that is less sure to be kept.

Deadlines are kept period by period, an accuracy over all the time in which it is asked: one that is missed costs every
period of its phase, those in time included. Of two plans for a period that one is better with which more periods of the
phase may be expected to be kept: P(the accuracy is kept) × (periods in time until now, and as many again that may
follow, + P(this one is in time)).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from telcoai.model.plan import Assignment
from telcoai.model.view import ServiceView, View
from telcoai.strategy.candidates import as_option, option_of
from telcoai.strategy.course import course
from telcoai.strategy.deficits import wrong_share
from telcoai.strategy.greedy import Choice, Job, Settled
from telcoai.strategy.kept import accuracy_kept, percentile_kept
from telcoai.strategy.outlook import unexplained
from telcoai.strategy.phases import LEAST_S, in_time, since_asked
from telcoai.strategy.predict import Occupancy, loaded
from telcoai.strategy.sites import Sites

PERCENTILES = (50.0, 75.0, 90.0, 95.0, 98.0, 99.0, 99.5, 99.7, 99.8, 99.85, 99.9, 99.95, 99.99)
"""Where latencies are predicted to find the share that is late."""

LOOKED_AT = 24
"""Devices of a service whose late requests are predicted: those of many are much alike."""


@dataclass(frozen=True, slots=True)
class Phase:
    """The time since a service has been asked for its accuracy: how long, requests, how many of them are right as their
    assignments were calibrated, and periods in time."""

    seconds: float
    requests: float
    right: float
    in_time: float


class Risk:
    """What services of a view, as they are truly asked, may expect; ``sites`` are as far as they are known."""

    def __init__(self, view: View, sites: Sites) -> None:
        self._view = view
        self._sites = sites
        self._others = unexplained(view, sites)

    def pays(self, risky: Settled, safe: Settled) -> frozenset[str]:
        """Services that may expect more with the first plan than with the second."""
        found = set()
        for service in self._view.services:
            phase = phase_of(service, self._view)
            if self._expected(service, phase, risky) > self._expected(service, phase, safe):
                found.add(service.name)
        return frozenset(found)

    def _expected(self, service: ServiceView, phase: Phase, settled: Settled) -> float:
        own = [pair for pair in settled if pair[0].service.name == service.name]
        load = Occupancy(standing_s=self._others.standing_s, strange=self._others.strange)
        for job, choice in settled:
            if choice.course is not None:
                load.add(choice.course, job.rate_per_s)
        some = own[:: math.ceil(len(own) / LOOKED_AT) or 1]
        late = _mean([(job.rate_per_s, self._late(job, choice, load)) for job, choice in some])
        accuracy = _mean([(job.rate_per_s, accuracy_of(choice.assignment, service)) for job, choice in own])
        asked, rate_per_s = service.requirements, sum(job.rate_per_s for job, _ in own)
        coming = rate_per_s * max(self._view.period_s, LEAST_S - phase.seconds)
        whole = phase.requests + coming
        promised = (phase.right + coming * accuracy) / whole if whole else accuracy
        accurate = accuracy_kept(promised, asked.accuracy_min, service.workload.calibrated, whole)
        kept = percentile_kept(late, asked.percentile, round(rate_per_s * self._view.period_s))
        return accurate * (2 * phase.in_time + kept)

    def _late(self, job: Job, choice: Choice, load: Occupancy) -> float:
        """Share over the deadline: where latencies at percentiles pass it, between two of them as of an exponential."""
        one, deadline_ms = choice.assignment, job.service.requirements.deadline_ms
        option = as_option(one, job.menu)
        if deadline_ms is None or option is None or choice.course is None:
            return float(choice.course is None)
        tails: list[float] = []
        for percentile in PERCENTILES:
            path = course(option, one.hops, one.wire, self._sites, replace(job.origin, percentile=percentile))
            tail_s = math.inf if path is None else loaded(path, percentile, load).tail_s
            tails.append(max(tail_s, tails[-1] + 1e-9 if tails else 0.0))
        beyond = np.log1p(-np.array(PERCENTILES) / 100)
        return float(np.exp(np.interp(deadline_ms / 1e3, tails, beyond, left=0.0)))


def phase_of(service: ServiceView, view: View) -> Phase:
    """By the plans that were in force, and the share of devices whose percentile was measured within the deadline."""
    known: dict[object, float] = {}
    seconds = requests = right = kept = 0.0
    for then, plan in since_asked(service, view):
        for one in plan.assignments if plan else ():
            if one.service == service.name and one.device in then.rate_per_s:
                key = one.variant, one.thresholds, one.wire, len(set(one.hops)) > 1
                known[key] = known[key] if key in known else accuracy_of(one, service)
                requests += then.rate_per_s[one.device] * view.period_s
                right += then.rate_per_s[one.device] * known[key] * view.period_s
        seconds += view.period_s
        kept += in_time(then)
    return Phase(seconds, requests, right, kept)


def accuracy_of(one: Assignment, service: ServiceView) -> float:
    """The calibrated accuracy of an assignment, 0 where nothing is known of it."""
    option = option_of(one, service)
    return 0.0 if option is None else 1 - wrong_share(option.forecast.accuracy, one.wire, len(set(one.hops)) > 1)


def _mean(weighted: list[tuple[float, float]]) -> float:
    whole = sum(weight for weight, _ in weighted)
    return sum(weight * value for weight, value in weighted) / whole if whole > 0 else 0.0
