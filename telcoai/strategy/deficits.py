"""Virtual queues: by how much each device's requirements have been missed for how long, from what a view remembers.

A constraint that has to hold on time average, y <= 0, gets a queue Z(t + 1) = max(0, Z(t) + y(t)) (Neely, Stochastic
Network Optimization, 2010, section 4.4). Where Z stays bounded the average of y is at most Z / t, so the constraint is
kept in the long run. Here, each relative to what is asked and per period:

- latency: (measured percentile - deadline) / deadline,
- energy: (predicted joules of the assignment in force - budget) / budget,
- accuracy: (calibrated share of wrong answers of the assignment in force - share allowed) / share allowed. Wrong
  answers are what, like a latency, shall not exceed a bound; accuracies near one hardly differ relative to themselves.

Each y is held within [-1, 1], so that one outage doesn't rule all that a view remembers; the theory asks for bounded
drift. Queues are empty when memory begins, and what isn't asked has none.
"""

from __future__ import annotations

from dataclasses import dataclass

from telcoai.model.plan import Assignment
from telcoai.model.requirements import Requirements
from telcoai.model.view import ServiceView, View
from telcoai.strategy.candidates import WIRE_MARGIN, option_of
from telcoai.strategy.choice import ACCURACY_MARGIN
from telcoai.strategy.course import Course, course, origin_of
from telcoai.strategy.history import Key, Period, periods
from telcoai.strategy.joules import Powers
from telcoai.strategy.sites import Sites

BOUND = 1.0
"""Most that a queue grows or shrinks by in a period: an average within the bound can always drain what came in."""


@dataclass(frozen=True, slots=True)
class Deficits:
    """Lengths of a device's queues: periods in which a requirement was missed by as much as itself."""

    latency: float = 0.0
    energy: float = 0.0
    accuracy: float = 0.0

    def after(self, latency: float, energy: float, accuracy: float) -> Deficits:
        """A period later, with these excesses (below zero: kept with something to spare)."""
        return Deficits(_next(self.latency, latency), _next(self.energy, energy), _next(self.accuracy, accuracy))


EMPTY = Deficits()


def _next(length: float, excess: float) -> float:
    return max(0.0, length + min(BOUND, max(-BOUND, excess)))


def wrong_share(accuracy: float, wire: str, cut: bool) -> float:
    """Share of wrong answers to count with; activations that travel as int8 add what strategies keep in hand for it."""
    return 1 - accuracy + (WIRE_MARGIN if cut and wire == "int8" else 0.0)


def wrong_allowed(requirements: Requirements) -> float | None:
    """Share of wrong answers that the accuracy asked leaves, the usual margin taken off; None when none is asked.

    Never less than the margin, which is how well a calibrated share is known.
    """
    if requirements.accuracy_min is None:
        return None
    return max(ACCURACY_MARGIN, 1 - requirements.accuracy_min - ACCURACY_MARGIN)


@dataclass(frozen=True, slots=True)
class _Known:
    """Of one assignment: its share of wrong answers and its course, None where it has none, and joules by rate."""

    wrong: float | None
    path: Course | None
    request_j: dict[float, float]


class Ledger:
    """Queues of all devices of a view.

    Joules are those of the assignment at the rate of its period (to two digits), over the links as they are now and
    without anybody's load: they go by bits and by the radio's tail, and hardly by delays.
    """

    def __init__(self, sites: Sites, powers: Powers) -> None:
        self._whole = Sites(sites.topology, sites.links)
        self._powers = powers
        self._known: dict[Assignment, _Known] = {}

    def of(self, view: View) -> dict[Key, Deficits]:
        """The queues at the view's time, of devices that ever had an assignment in force."""
        found: dict[Key, Deficits] = {}
        for period in periods(view):
            for service in period.services:
                self._add(found, period, service)
        return found

    def _add(self, found: dict[Key, Deficits], period: Period, service: ServiceView) -> None:
        asked, allowed = service.requirements, wrong_allowed(service.requirements)
        for device, rate_per_s in service.rate_per_s.items():
            one = period.in_force.get((service.name, device))
            if one is None:
                continue
            known = self._known.get(one) or self._look_up(one, service)
            late = _excess(service.latency_ms.get(device), asked.deadline_ms)
            spent = 0.0
            if asked.energy_per_request_j is not None:
                spent = _excess(self._request_j(known, rate_per_s), asked.energy_per_request_j)
            key = (service.name, device)
            found[key] = found.get(key, EMPTY).after(late, spent, _excess(known.wrong, allowed))

    def _look_up(self, one: Assignment, service: ServiceView) -> _Known:
        option = option_of(one, service)
        path, wrong = None, None
        if option is not None:
            wrong = wrong_share(option.forecast.accuracy, one.wire, len(set(one.hops)) > 1)
            if all(self._whole.alive(hop) for hop in one.hops):
                path = course(option, one.hops, one.wire, self._whole, origin_of(service, one.device))
        self._known[one] = _Known(wrong, path, {})
        return self._known[one]

    def _request_j(self, known: _Known, rate_per_s: float) -> float | None:
        """Predicted joules of a request; None when the assignment leads nowhere."""
        rounded = float(f"{rate_per_s:.2g}")
        if known.path is not None and rounded not in known.request_j:
            known.request_j[rounded] = self._powers.request_j(known.path, rounded)
        return known.request_j.get(rounded)


def _excess(value: float | None, bound: float | None) -> float:
    """Relative; nothing where nothing is asked or known."""
    return 0.0 if value is None or bound is None or bound <= 0 else value / bound - 1
