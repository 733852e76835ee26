"""What is predicted of a whole plan at once, and the load that a plan in force doesn't explain.

For strategies that decide for all devices together, or without looking at latency at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from telcoai.model.plan import Assignment
from telcoai.model.view import ServiceView, View
from telcoai.strategy.batch_times import Gathering, Place
from telcoai.strategy.candidates import option_of
from telcoai.strategy.course import Course, course, origin_of
from telcoai.strategy.gathering import Asked, gathered
from telcoai.strategy.mixture import mixed, parts
from telcoai.strategy.observed import occupancy
from telcoai.strategy.predict import Occupancy, Prediction, loaded
from telcoai.strategy.sites import Sites

Gatherings = Mapping[tuple[Assignment, Place], Gathering]


def gatherings(assignments: Iterable[Assignment], services: Iterable[ServiceView], sites: Sites) -> Gatherings:
    """How requests run together where assignments ask for batches, when all of them are in force."""
    known = {service.name: service for service in services}
    asked = []
    for one in assignments:
        service = known.get(one.service) if one.batch > 1 else None
        option = option_of(one, service) if service else None
        if service is not None and option is not None and one.device in service.rate_per_s:
            asked += [Asked(part, option, service, share) for part, share in parts(one)]
    return gathered(asked, sites)


def follow(one: Assignment, service: ServiceView, sites: Sites, batches: Gatherings | None = None) -> Course | None:
    """The course of an assignment; None when it fits no variant, or a hop is dead, can't be reached or can't run it,
    or when its requests take turns over replicas, of which each has its own (``follow_rows``).

    ``batches``: of all assignments that ask for batches; without it, requests are taken to run alone.
    """
    found = follow_rows(one, service, sites, batches)
    return found[0][0] if len(found) == 1 else None


def follow_rows(
    one: Assignment, service: ServiceView, sites: Sites, batches: Gatherings | None = None
) -> tuple[tuple[Course, float], ...]:
    """The course of each row of hops and the share of requests that takes it; none when one can't be followed."""
    found = []
    for part, share in parts(one):
        path = _follow(part, share, service, sites, batches or {})
        if path is None:
            return ()
        found.append((path, share))
    return tuple(found)


def _follow(one: Assignment, share: float, service: ServiceView, sites: Sites, batches: Gatherings) -> Course | None:
    option = option_of(one, service)
    there = all(sites.serves(node, service.domain) for node in (one.device, *one.hops))
    if option is None or one.device not in service.rate_per_s or not there:
        return None
    return course(option, one.hops, one.wire, sites, origin_of(service, one.device, share, own_places(one, batches)))


def own_places(one: Assignment, batches: Gatherings) -> Mapping[Place, Gathering]:
    """Those of one assignment."""
    places = ((hop, stage) for stage, hop in enumerate(one.hops)) if one.batch > 1 else ()
    return {place: batches[one, place] for place in places if (one, place) in batches}


def unexplained(view: View, sites: Sites) -> Occupancy:
    """Backlogs and others' work as measured, beyond what the plan in force explains; that plan's load isn't in it."""
    return beyond(in_force(view, sites), view)


def in_force(view: View, sites: Sites) -> list[Followed]:
    """The assignments in force that can be followed."""
    return [] if view.previous is None else list(_followed(view.previous.assignments, view, sites))


def beyond(known: Iterable[Followed], view: View) -> Occupancy:
    """As ``unexplained``, of assignments in force that have been followed already."""
    seen = occupancy(view, (load for one in known for load in one.loads))
    return Occupancy(standing_s=seen.standing_s, strange=seen.strange)


def predictions(assignments: Iterable[Assignment], view: View, sites: Sites) -> dict[str, float]:
    """Latency in ms at each service's percentile, per ``service/device``, when all of these assignments are in force;
    of those that can't be followed there is none."""
    load = unexplained(view, sites)
    known = list(_followed(assignments, view, sites))
    for one in known:
        for path, rate_per_s in one.loads:
            load.add(path, rate_per_s)
    return {f"{one.service.name}/{one.assignment.device}": 1e3 * one.predicted(load).tail_s for one in known}


@dataclass(frozen=True, slots=True)
class Followed:
    """An assignment and its service, with the course of each row of hops and the share of requests that takes it."""

    service: ServiceView
    assignment: Assignment
    rows: tuple[tuple[Course, float], ...]

    @property
    def loads(self) -> Iterator[tuple[Course, float]]:
        """Each course with its requests a second."""
        rate_per_s = self.service.rate_per_s[self.assignment.device]
        return ((path, rate_per_s * share) for path, share in self.rows)

    def predicted(self, load: Occupancy) -> Prediction:
        """Latency under a load, its own included, over all rows."""
        percentile = self.service.requirements.percentile
        return mixed([(loaded(path, percentile, load), share) for path, share in self.rows], percentile)


def _followed(assignments: Iterable[Assignment], view: View, sites: Sites) -> Iterator[Followed]:
    services = {service.name: service for service in view.services}
    ones = tuple(assignments)
    batches = gatherings(ones, view.services, sites)
    for one in ones:
        service = services.get(one.service)
        rows = () if service is None else follow_rows(one, service, sites, batches)
        if service is not None and rows:
            yield Followed(service, one, rows)
