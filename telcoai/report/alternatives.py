"""What an assignment is predicted to cost its device, beside the best of each placement that it could have had.

Predicted as ``telcoai.strategy.predict`` does it, from what the strategy saw: the load is that of all other devices'
assignments in force, the backlog and the load by others that of the view. Alternatives keep the accuracy asked, and run
on one node or cut up the chain of nodes from the device to the cloud, as ``telcoai.strategy.candidates`` finds them;
what another one beats wherever it runs is left out there. Requests of alternatives run alone, whether or not those in
force run in batches. Joules are predicted by ``telcoai.strategy.joules``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from telcoai.model.plan import Assignment, Plan
from telcoai.model.topology import Tier
from telcoai.model.view import ServiceView, View
from telcoai.strategy.candidates import Menu, as_option, candidates, chains, hops_of, menu
from telcoai.strategy.course import Course
from telcoai.strategy.joules import Powers
from telcoai.strategy.mixture import mixed
from telcoai.strategy.observed import occupancy
from telcoai.strategy.outlook import follow_rows, gatherings
from telcoai.strategy.predict import Occupancy, loaded
from telcoai.strategy.sites import as_measured


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is predicted of an assignment: ``mean_ms`` over all requests, ``tail_ms`` at the percentile asked, and the
    ``joules`` of a request on average."""

    assignment: Assignment
    shape: str
    accuracy: float
    mean_ms: float
    tail_ms: float
    joules: float

    @property
    def cost_ms(self) -> float:
        """Half mean, half tail: what latency-greedy makes small."""
        return (self.mean_ms + self.tail_ms) / 2


@dataclass(frozen=True)
class Told:
    """One choice of a service. ``devices`` do alike; all else is of ``device``, the one with the median tail.

    ``chosen``: None where nothing can be predicted of it. ``tails_ms``: least and greatest ``tail_ms`` of ``devices``.
    ``short``: no variant keeps the accuracy asked, so that alternatives are of the most accurate one.
    """

    service: ServiceView
    assignment: Assignment
    devices: tuple[str, ...]
    chosen: Outlook | None
    tails_ms: tuple[float, float] | None
    alternatives: tuple[Outlook, ...]
    short: bool

    @property
    def device(self) -> str:
        """Whose figures these are."""
        return self.assignment.device


class Alternatives:
    """Predictions for one view with one plan in force."""

    def __init__(self, view: View, plan: Plan) -> None:
        self._view = view
        self._plan = plan
        self._sites = as_measured(view)
        self._menus = {service.name: menu(service, self._sites) for service in view.services}
        self._batches = {
            **gatherings(view.previous.assignments if view.previous else (), view.services, self._sites),
            **gatherings(plan.assignments, view.services, self._sites),
        }
        self._load = self._load_under(plan)
        self._powers = Powers(view.topology)

    def told(self, device: str = "") -> tuple[Told, ...]:
        """Each choice with its alternatives, devices that do alike together; only those of a device that is named."""
        groups: dict[object, list[Assignment]] = {}
        for one in self._plan.assignments:
            if one.service in self._menus and device in ("", one.device):
                groups.setdefault(self._likeness(one), []).append(one)
        return tuple(self._tell(alike) for alike in groups.values())

    def _likeness(self, one: Assignment) -> object:
        """Equal for those who do alike, whatever their names."""
        hops = sorted(tuple("" if hop == one.device else hop for hop in row) for row in one.rows)
        queueing = one.batch, one.batch_wait_ms, one.priority
        return one.service, one.variant, (*hops,), one.thresholds, one.wire, queueing, self._sites.alive(one.device)

    def _tell(self, alike: list[Assignment]) -> Told:
        known = [found for one in alike if (found := self._chosen(one)) is not None]
        known.sort(key=lambda outlook: outlook.tail_ms)
        chosen = known[len(known) // 2] if known else None
        one = chosen.assignment if chosen else alike[0]
        options = self._menus[one.service]
        return Told(
            service=options.service,
            assignment=one,
            devices=tuple(each.device for each in alike),
            chosen=chosen,
            tails_ms=(known[0].tail_ms, known[-1].tail_ms) if known else None,
            alternatives=self._alternatives(one, options),
            short=options.short,
        )

    def _chosen(self, one: Assignment) -> Outlook | None:
        return self._outlook(one, self._others(one))

    def _alternatives(self, chosen: Assignment, options: Menu) -> tuple[Outlook, ...]:
        """Of each shape the quickest, and the thriftiest in time if that is another; the quickest of all first.

        None for a device that is down.
        """
        if not self._sites.alive(chosen.device):
            return ()
        others = self._others(chosen)
        found = [o for one in self._ways(chosen, options) if (o := self._outlook(one, others)) is not None]
        shapes: dict[str, list[Outlook]] = {}
        for outlook in found:
            shapes.setdefault(outlook.shape, []).append(outlook)
        best = [one for alike in shapes.values() for one in _best(alike, options.service)]
        return tuple(sorted(best, key=lambda outlook: outlook.cost_ms))

    def _ways(self, chosen: Assignment, options: Menu) -> Iterator[Assignment]:
        """Every other way of serving the device, each once."""
        told = {chosen}
        for chain in chains(chosen.device, self._sites, options.service.domain):
            for one in candidates(options, len(chain)):
                way = replace(
                    chosen,
                    variant=one.option.variant.name,
                    hops=hops_of(one, chain),
                    replicas=(),
                    thresholds=one.option.thresholds,
                    wire=one.wire,
                    batch=1,
                    batch_wait_ms=0.0,
                )
                if way not in told:
                    told.add(way)
                    yield way

    def _outlook(self, one: Assignment, others: Occupancy) -> Outlook | None:
        """Predicted with the device's own load on top of the others'."""
        options, rows, rate_per_s = self._menus[one.service], self._rows(one), self._rate(one)
        option = as_option(one, options)
        if not rows or option is None:
            return None
        for path, share in rows:
            others.add(path, rate_per_s * share)
        found = mixed([(loaded(path, options.percentile, others), share) for path, share in rows], options.percentile)
        joules = sum(share * self._powers.request_j(path, rate_per_s * share, others) for path, share in rows)
        for path, share in rows:
            others.add(path, -rate_per_s * share)
        times = 1e3 * found.mean_s, 1e3 * found.tail_s
        return Outlook(one, self._shape(one), option.forecast.accuracy, *times, joules)

    def _rows(self, one: Assignment) -> tuple[tuple[Course, float], ...]:
        """The course of each row of hops, and its share of requests. None at all where one can't be followed: a node is
        down or out of reach, or wherever Kubernetes chooses."""
        options = self._menus.get(one.service)
        return follow_rows(one, options.service, self._sites, self._batches) if options else ()

    def _load_under(self, plan: Plan) -> Occupancy:
        """The plan's load, with what the view shows beyond the load of the plan that it was seen under."""
        before = self._view.previous
        load = occupancy(self._view, self._loads(before) if before else ())
        for path, rate_per_s in self._loads(before) if before else ():
            load.add(path, -rate_per_s)
        for path, rate_per_s in self._loads(plan):
            load.add(path, rate_per_s)
        return load

    def _loads(self, plan: Plan) -> Iterator[tuple[Course, float]]:
        for one in plan.assignments:
            for path, share in self._rows(one):
                yield path, self._rate(one) * share

    def _others(self, one: Assignment) -> Occupancy:
        """The load without the device's own, to be changed freely."""
        load = replace(self._load, nodes=dict(self._load.nodes), links=dict(self._load.links))
        for path, share in self._rows(one):
            load.add(path, -self._rate(one) * share)
        return load

    def _rate(self, one: Assignment) -> float:
        return self._menus[one.service].service.rate_per_s.get(one.device, 0.0)

    def _shape(self, one: Assignment) -> str:
        """``device only``, ``edge only``, ``cloud only``, ``split``, or ``in turn``."""
        if one.replicas:
            return "in turn"
        if len(set(one.hops)) > 1:
            return "split"
        tier = self._sites.node(one.hops[0]).tier
        return f"{tier} only" if tier != Tier.DEVICE or one.hops[0] == one.device else "another device only"


def _best(alike: list[Outlook], service: ServiceView) -> list[Outlook]:
    quickest = min(alike, key=lambda outlook: outlook.cost_ms)
    thriftiest = min(in_time(alike, service), key=lambda outlook: outlook.joules, default=quickest)
    return [quickest] if thriftiest is quickest else [quickest, thriftiest]


def in_time(outlooks: Iterable[Outlook], service: ServiceView) -> list[Outlook]:
    """Those whose percentile keeps the deadline asked; all when none is."""
    deadline_ms = service.requirements.deadline_ms
    return [one for one in outlooks if deadline_ms is None or one.tail_ms <= deadline_ms]


def placement(one: Assignment) -> str:
    """``edge``, or with the number of stages ``device ×1 → edge ×2``; the device's own name is left out. With replicas
    ``edge-1 | edge-2 in turn``."""
    rows = [_row(one.device, row) for row in one.rows]
    return rows[0] if len(rows) == 1 else f"{' | '.join(rows)} in turn"


def _row(device: str, hops: tuple[str, ...]) -> str:
    named = ("device" if hop == device else hop for hop in hops)
    steps = [(hop, len(list(same))) for hop, same in groupby(named)]
    return steps[0][0] if len(steps) == 1 else " → ".join(f"{hop} ×{count}" for hop, count in steps)
