"""How far predictions were from what was measured, so that the next ones are less so.

While a device's plan and links stay the same for some periods, its measured percentile of latency can be set against
the predicted one: what a device takes longer to compute than its profile says, and a way out takes longer than its
links' figures say, is told as a factor of each. Profiles that are wrong, and what the model of a link leaves out
(windows that losses keep small, above all), show alike. It is output-error correction, the usual way in which model
predictive control meets a model that is off (Maeder, Borrelli and Morari, Automatica 2009, have the additive form).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from telcoai.model.plan import Assignment
from telcoai.model.topology import DeviceProfile, LinkState
from telcoai.model.view import MEASURED_PERIODS, LinkView, Moment, ServiceView, View
from telcoai.strategy.course import Course
from telcoai.strategy.outlook import beyond, in_force
from telcoai.strategy.predict import Occupancy, loaded, tail_stretch, waits_of
from telcoai.strategy.sites import Sites, as_measured

LOOK_BACK = (0, 5, 10, 20, 40)
"""Periods ago at which measured and predicted are set against each other, until one tells something."""

ALIKE = 0.1
"""Delays that differ by less count as the same."""

NOISE = 0.15
"""A percentile of some fifty answers is off by so much by chance (the 95th of fifty lies between the 88th and the 99th
of all, at 95 %): only what goes beyond it is learnt."""

TELLING = 2.0
"""Answers that should have been over the percentile, of all devices that a lesson is of together: of fewer, the one
that happened to be the slowest is all that a percentile tells."""

LEAST, MOST = 0.5, 4.0
"""Factors beyond that are taken for a fault of something else."""


@dataclass(frozen=True)
class Lessons:
    """Factors by which compute of a profile and links of a device take longer than known; 1 where none is."""

    compute: Mapping[str, float]
    links: Mapping[str, float]

    def applied(self, view: View) -> View:
        """The view with profiles and links as they have shown themselves."""
        profiles = {
            name: _slower(profile, self.compute.get(name, 1.0)) for name, profile in view.topology.profiles.items()
        }
        links = {name: _worse(link, self.links.get(name, 1.0)) for name, link in view.links.items()}
        return replace(view, topology=replace(view.topology, profiles=profiles), links=links)


@dataclass(frozen=True)
class _Case:
    """A device whose measured latency can be set against a prediction."""

    device: str
    profile: str
    link: str
    """Its way out; empty when it served itself."""
    factor: float
    over: float
    """Answers that should have been over the percentile."""
    state: LinkView | None = None
    """That link as it was."""


class _Body:
    """Cases that are looked through together."""

    def __init__(self, cases: list[_Case]) -> None:
        self._factors, self._over = np.array([case.factor for case in cases]), np.array([case.over for case in cases])
        states = [case.state for case in cases if case.state is not None]
        self._up_ms = np.array([state.up.delay_ms for state in states])
        self._down_ms = np.array([state.down.delay_ms for state in states])

    def factor(self) -> float | None:
        """What they tell, in the middle and beyond noise; None where they tell nothing."""
        return self._middle(np.ones(self._factors.size, bool))

    def like(self, now: LinkView) -> float | None:
        """The same of those whose link was as long."""
        close = _close(self._up_ms, now.up.delay_ms) & _close(self._down_ms, now.down.delay_ms)
        return self._middle(np.asarray(close))

    def _middle(self, of: NDArray[np.bool_]) -> float | None:
        if self._over[of].sum() < TELLING:
            return None
        factor = float(np.median(self._factors[of]))
        return 1 + math.copysign(max(0.0, abs(factor - 1) - NOISE), factor - 1)


def learn(view: View) -> Lessons:
    """What the view and its past tell; of each device the newest that tells something."""
    found: dict[tuple[str, bool], _Case] = {}
    for ago in LOOK_BACK:
        if ago <= len(view.past):
            found = {(case.device, bool(case.link)): case for case in _cases(view, ago, found)} | found
    home = _bodies((case.profile, case) for case in found.values() if not case.link)
    compute = {name: factor for name, body in home.items() if (factor := body.factor()) is not None}
    return Lessons(compute, _of_links(view, [case for case in found.values() if case.link]))


def _of_links(view: View, cases: list[_Case]) -> dict[str, float]:
    """A link goes by what was seen of it, else by all of the same radio; in either case while it is as long as that
    link was: what is learnt of a cell's edge says nothing of its middle."""
    radio = {link.name: link.radio for link in view.topology.links}
    known = [case for case in cases if case.state is not None]
    of_link = _bodies((case.link, case) for case in known)
    of_radio = _bodies((radio[case.link], case) for case in known)
    found = {}
    for name, now in view.links.items():
        bodies = [body for body in (of_link.get(name), of_radio.get(radio[name]) if radio[name] else None) if body]
        factor = next((told for body in bodies if (told := body.like(now)) is not None), None)
        if factor is not None:
            found[name] = factor
    return found


def _bodies(keyed: Iterable[tuple[str, _Case]]) -> dict[str, _Body]:
    groups: dict[str, list[_Case]] = {}
    for key, case in keyed:
        groups.setdefault(key, []).append(case)
    return {key: _Body(cases) for key, cases in groups.items()}


def _cases(view: View, ago: int, known: Collection[tuple[str, bool]]) -> Iterator[_Case]:
    """Devices that had settled so many periods ago, but for those of which it is ``known`` at home or away."""
    moments = view.moments
    then = moments[len(moments) - 1 - ago]
    before = moments[max(0, len(moments) - 1 - ago - MEASURED_PERIODS) : len(moments) - 1 - ago]
    news = {(one.device, _is_away(one)) for one, _ in _in_force(then)} - set(known)
    if then.plan is None or len(before) < MEASURED_PERIODS or not news:
        return
    seen = View(then.time_s, view.period_s, view.topology, then.links, then.nodes, then.services, then.plan)
    sites = as_measured(seen)
    courses = in_force(seen, sites)
    load = beyond(courses, seen)
    for path, rate_per_s in (each for followed in courses for each in followed.loads):
        load.add(path, rate_per_s)
    for followed in courses:
        one, service = followed.assignment, followed.service
        measured_ms = service.latency_ms.get(one.device) if (one.device, _is_away(one)) in news else None
        if not one.replicas and measured_ms is not None and _settled(one, then, before, sites):
            case = _case(one, (followed.rows[0][0], measured_ms / 1e3), service, load, sites)
            yield replace(case, over=_over(service, one.device, view.period_s), state=then.links.get(case.link))


def _over(service: ServiceView, device: str, period_s: float) -> float:
    answers = service.rate_per_s[device] * MEASURED_PERIODS * period_s
    return answers * (1 - service.requirements.percentile / 100)


def _is_away(one: Assignment) -> bool:
    return any(hop != one.device for hop in one.hops)


def _in_force(moment: Moment) -> Iterator[tuple[Assignment, ServiceView]]:
    services = {service.name: service for service in moment.services}
    for one in moment.plan.assignments if moment.plan else ():
        if one.service in services and one.device in services[one.service].rate_per_s:
            yield one, services[one.service]


def _settled(one: Assignment, then: Moment, before: Sequence[Moment], sites: Sites) -> bool:
    """Whether the assignment was in force, over links of the same delay, for all of the time."""
    if any(m.plan is None or m.plan.assignment(one.service, one.device) != one for m in before):
        return False
    names = {step.link.name for hop in one.hops for step in sites.route(one.device, hop) or ()}
    return all(_alike(then.links[name], m.links[name]) for m in before for name in names if name in m.links)


def _alike(one: LinkView, other: LinkView) -> bool:
    return bool(_close(one.up.delay_ms, other.up.delay_ms) & _close(one.down.delay_ms, other.down.delay_ms))


def _close(some_ms: NDArray[np.float64] | float, one_ms: float) -> NDArray[np.bool_] | bool:
    """Whether they differ by no more than ``ALIKE`` of the longer one and a millisecond."""
    return (some_ms - one_ms <= ALIKE * some_ms + 1.0) & (one_ms - some_ms <= ALIKE * one_ms + 1.0)


def _case(one: Assignment, seen: tuple[Course, float], service: ServiceView, load: Occupancy, sites: Sites) -> _Case:
    path, measured_s = seen
    percentile = service.requirements.percentile
    predicted_s = loaded(path, percentile, load).tail_s
    waits = waits_of(path, load)
    cores_s = sum(visit.seconds for visit in path.visits) + tail_stretch(percentile) * sum(waits.nodes)
    way = sites.route(one.device, one.hops[0]) if one.hops[0] != one.device else None
    way = way or next((w for hop in one.hops if (w := sites.route(one.device, hop))), None)
    profile = sites.node(one.device).profile
    if not way:
        return _Case(one.device, profile, "", _clipped(measured_s, predicted_s), 0.0)
    return _Case(one.device, profile, way[0].link.name, _clipped(measured_s - cores_s, predicted_s - cores_s), 0.0)


def _clipped(measured: float, predicted: float) -> float:
    return min(MOST, max(LEAST, measured / predicted)) if predicted > 1e-6 else 1.0


def _slower(profile: DeviceProfile, factor: float) -> DeviceProfile:
    if factor == 1.0:
        return profile
    speeds = tuple(
        replace(
            one,
            gflops=replace(
                one.gflops,
                value=one.gflops.value / factor,
                low=one.gflops.low / factor,
                high=one.gflops.high / factor,
            ),
        )
        for one in profile.speeds
    )
    overhead = profile.overhead_s
    longer = replace(overhead, value=overhead.value * factor, low=overhead.low * factor, high=overhead.high * factor)
    stages = {name: tuple(s * factor for s in times) for name, times in profile.stage_s.items()}
    return replace(profile, speeds=speeds, overhead_s=longer, stage_s=stages)


def _worse(link: LinkView, factor: float) -> LinkView:
    def off(state: LinkState) -> LinkState:
        return replace(
            state,
            delay_ms=state.delay_ms * factor,
            jitter_ms=state.jitter_ms * factor,
            rate_bps=state.rate_bps / factor,
        )

    return link if factor == 1.0 else replace(link, up=off(link.up), down=off(link.down))
