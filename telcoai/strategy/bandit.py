"""Placements learnt from latencies alone, without any profile of a device or server.

After Zhang, Chen and Xu, "Autodidactic Neurosurgeon: Collaborative Deep Inference for Mobile Edge Intelligence via
Online Learning" (ANS), WWW 2021: where a network is cut is an arm of a contextual bandit. The latency of an arm with
context x is taken for linear, x · θ; ridge regression over what was measured gives A = λ I + Σ x xᵀ and θ = A⁻¹ Σ y x,
and the arm with the least x · θ - α √(xᵀ A⁻¹ x) is taken (LinUCB, Li et al., WWW 2010). An arm on the device
alone says nothing of servers and links, so learning would end there: µLinUCB takes an arm that leaves the device by
force, with probability n^-µ when n frames have been served, which gets ever rarer and never ends.

Different here: the device's own part is learnt too, where ANS has it profiled. What links must take, by their measured
delays and rates, is a floor, and only what comes on top is learnt, which can't be below zero. ``contexts`` has the rest
of a context. Devices written under one name share what they learn of a service, and a device that decides counts as
observed before the next one does, so that they don't all try the same (Desautels, Krause and Burdick, JMLR 2014). A
percentile is measured over some periods, so an arm is kept until one under it alone is known. Left out: the weights of
key frames. Servers' load and other devices' choices are in no context, as in ANS; they show as noise. Energy counts for
nothing, and there are no early exits.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from telcoai.model.plan import Assignment, Plan
from telcoai.model.view import MEASURED_PERIODS, ServiceView, View
from telcoai.strategy.choice import keeps
from telcoai.strategy.contexts import Context, Contexts, arms, placed, smallest
from telcoai.strategy.greedy import changes, tally
from telcoai.strategy.history import Period, periods
from telcoai.strategy.ridge import Ridge
from telcoai.strategy.room import fitted
from telcoai.strategy.sites import Sites, as_measured

MU = 0.25
"""Exponent of forced sampling: ANS's bound on regret, T^max(1/2 + µ, 1 - µ), is least there."""

NOISE = 0.1
"""Standard deviation of a measured latency, relative to ``DEADLINES``: the 95th percentile of 50 answers whose tail is
exponential with mean w has the standard error w √(0.95 / (0.05 · 50)) = 0.6 w, and w is about a sixth of two deadlines
where latencies come near one."""

ALPHA = 1.96 * NOISE
"""Width of the bounds: 95 % of a normal distribution."""

RIDGE = NOISE**2
"""λ, the noise over what a feature of full size is thought to make, which is 1, both squared: as Bayesian regression
has it, so that the bounds begin at 1.96 above and below."""

ANSWERS = 20
"""A measured percentile is over at least so many answers, however many periods they take."""

LONGEST = 20
"""Periods after which an arm may change, however few requests came."""

DEADLINES = 2.0
"""Latencies are relative to so many deadlines, and what is longer counts as 1: how late doesn't matter any more."""


class Bandit:
    """Each device tries placements, and comes to take the fastest."""

    name = "bandit"
    summary = "learns placements from measured latency alone, no profiles: LinUCB, forced sampling (ANS, WWW'21)"

    def plan(self, view: View) -> Plan:
        """Decide for devices whose arm has been measured; the others keep theirs."""
        sites, past = as_measured(view), periods(view)
        decided: list[_Decided] = []
        for service in view.services:
            decided += _Trials(service, past, sites, view).decide()
        latency_ms = {f"{d.assignment.service}/{d.assignment.device}": d.latency_ms for d in decided}
        known = {key: value for key, value in latency_ms.items() if value is not None}
        fit = fitted([one.assignment for one in decided], view.services, sites)
        decided = [
            one if assignment == one.assignment else _Decided(assignment, "fitted")
            for one, assignment in zip(decided, fit, strict=True)
        ]
        return Plan(fit, _reason(decided, view), known)


@dataclass(frozen=True, slots=True)
class _Decided:
    """``how``: kept, chosen, forced or alone. ``latency_ms``: expected, where anything was learnt."""

    assignment: Assignment
    how: str
    latency_ms: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Arm:
    """A placement and what is known of it."""

    assignment: Assignment
    context: Context


class _Trials:
    """The devices of one service: what they have tried, and what they do next."""

    def __init__(self, service: ServiceView, past: tuple[Period, ...], sites: Sites, view: View) -> None:
        self._service, self._past, self._sites, self._view = service, past, sites, view
        self._scale_s = _scale_s(service, past)
        self._now = Contexts(service, sites, self._scale_s)
        self._then = Contexts(service, Sites(sites.topology, sites.links), self._scale_s)
        self._models: dict[str, Ridge] = {}
        self._due: set[str] = set()

    def decide(self) -> list[_Decided]:
        """One device after the other, in the order of their names."""
        tick = round(self._view.time_s / self._view.period_s)
        draw = random.Random(f"{self._view.seed}/{tick}/{self._service.name}")
        self._learn()
        return [self._decide(device, draw.random()) for device in sorted(self._service.rate_per_s)]

    def _learn(self) -> None:
        """Whenever an arm has been in force for as long as a percentile is over. Devices whose arm was measured just
        now, or has to have been, are due for another."""
        waited: dict[str, int] = {}
        for number, (before, period) in enumerate(pairwise((self._past[0], *self._past))):
            whole = []
            for device, one in self._in_force(period):
                same = before.in_force.get((one.service, device)) == one
                waited[device] = waited.get(device, 0) + 1 if same else 1
                if waited[device] >= self._span(_named(one.service, period), device):
                    waited[device] = 0
                    whole.append(one)
            self._observe(whole, period)
            if number == len(self._past) - 1:
                self._due = {one.device for one in whole}

    def _in_force(self, period: Period) -> Iterator[tuple[str, Assignment]]:
        for service in (one for one in period.services if one.name == self._service.name):
            for device in service.rate_per_s:
                if (service.name, device) in period.in_force:
                    yield device, period.in_force[service.name, device]

    def _span(self, service: ServiceView, device: str) -> int:
        """Periods that the percentile of a device is over."""
        answers = service.rate_per_s[device] * self._view.period_s
        if answers <= ANSWERS / LONGEST:
            return LONGEST
        return max(MEASURED_PERIODS, min(LONGEST, math.ceil(ANSWERS / answers)))

    def _observe(self, measured: list[Assignment], period: Period) -> None:
        """Over links as they were then; which nodes live now doesn't matter to what was measured."""
        for one in measured:
            latency_ms = _named(one.service, period).latency_ms.get(one.device)
            context = self._then.of(one, period.links)
            if context is not None and latency_ms is not None:
                relative = min(1.0, latency_ms / 1e3 / self._scale_s)
                self._model(one.device).observe(context.features, max(0.0, relative - context.floor))

    def _model(self, device: str) -> Ridge:
        """Devices written under one name share one."""
        return self._models.setdefault(self._sites.node(device).group, Ridge(self._now.size, RIDGE))

    def _decide(self, device: str, chance: float) -> _Decided:
        if not self._sites.alive(device):
            return self._alone(device)
        found = ((one, self._now.of(one, self._view.links)) for one in arms(self._service, device, self._sites))
        known = [_Arm(one, context) for one, context in found if context is not None]
        if not known:
            return self._alone(device)
        current = self._past[-1].in_force.get((self._service.name, device))
        kept = next((arm for arm in known if arm.assignment == current), None)
        if kept is not None and device not in self._due:
            return self._as(kept, "kept", device)
        best = min(known, key=lambda arm: self._bound(arm, device))
        away = [arm for arm in known if set(arm.assignment.hops) != {device}]
        if best not in away and away and chance < self._force(device):
            return self._as(min(away, key=lambda arm: self._bound(arm, device)), "forced", device)
        return self._as(best, "chosen", device)

    def _force(self, device: str) -> float:
        """Probability of forced sampling: as of one of the frames that the device has sent so far."""
        frames = self._service.rate_per_s[device] * max(0.0, self._view.time_s)
        return float((1 + frames) ** -MU)

    def _bound(self, arm: _Arm, device: str) -> tuple[float, float]:
        """The least latency that is plausible, never below the floor; of those alike the least certain comes first."""
        model, x = self._model(device), arm.context.features
        width = ALPHA * model.deviation(x)
        return arm.context.floor + max(0.0, model.predicted(x) - width), -width

    def _as(self, arm: _Arm, how: str, device: str) -> _Decided:
        """Taken: whoever decides next knows that it will be observed."""
        model, x = self._model(device), arm.context.features
        latency = arm.context.floor + max(0.0, model.predicted(x))
        model.expect(x)
        return _Decided(arm.assignment, how, 1e3 * self._scale_s * latency if model.seen else None)

    def _alone(self, device: str) -> _Decided:
        variant = smallest(self._service, (device,), self._sites)
        return _Decided(placed(self._service, device, variant, (device,) * len(variant.stages)), "alone")


def _named(name: str, period: Period) -> ServiceView:
    return next(one for one in period.services if one.name == name)


def _scale_s(service: ServiceView, past: tuple[Period, ...]) -> float:
    """What counts as 1: two deadlines, or without one twice the median of what was measured; a second at first."""
    deadline_ms = service.requirements.deadline_ms
    if deadline_ms is None:
        earlier = (one for period in past for one in period.services if one.name == service.name)
        measured = [value for one in earlier for value in one.latency_ms.values()]
        deadline_ms = statistics.median(measured) if measured else None
    return DEADLINES * deadline_ms / 1e3 if deadline_ms else 1.0


_WORDS = {
    "kept": "not measured yet",
    "chosen": "by bound",
    "forced": "off the device by force",
    "alone": "no arm",
    "fitted": "by what memory holds",
}


def _reason(decided: list[_Decided], view: View) -> str:
    counts = {how: sum(one.how == how for one in decided) for how in _WORDS}
    parts = [tally([one.assignment for one in decided])]
    parts.append(", ".join(f"{count} {_WORDS[how]}" for how, count in counts.items() if count))
    if view.previous is not None:
        parts.append(f"{changes([one.assignment for one in decided], view.previous)} changed")
    short = [s for s in view.services if not any(keeps(v.accuracy, s.requirements) for v in s.workload.variants)]
    parts += [f"no variant keeps the accuracy asked by {one.name}, the most accurate runs" for one in short]
    return "; ".join(part for part in parts if part)
