"""Batteries that have to last: what power each device may draw, and how long it has drawn more.

A service that asks for batteries that last leaves its device charge at the start / time asked, less its idle power, for
computing and sending. What was drawn below that since may be drawn on top, and what was drawn above is given back, over
the next periods: charge left / time left would only do so by the end, hours later. A device that sends for several
services has an even part of that for each. Where two services of a device ask, the longer time decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from telcoai.model.topology import Topology
from telcoai.model.view import MEASURED_PERIODS, Moment, NodeView, ServiceView, View
from telcoai.strategy.course import Course
from telcoai.strategy.deficits import BOUND
from telcoai.strategy.joules import Powers

OVER = 100.0
"""What a joule above the allowed power counts for: so much dearer a way may be that keeps it, and the least is taken
above it where nothing does."""

RETURN_PERIODS = 2 * MEASURED_PERIODS
"""Periods over which what was drawn above (or below) what a battery bears is given back: as rates can follow."""


class Endurance:
    """What devices of a view may draw for computing and sending, in watts a service; ``allowed_w``, where it is known
    otherwise."""

    def __init__(self, view: View, powers: Powers, allowed_w: Mapping[str, float] | None = None) -> None:
        self._powers = powers
        self._allowed_w = _allowed_w(view) if allowed_w is None else dict(allowed_w)
        self._topology = view.topology

    def over_j(self, device: str, path: Course, rate_per_s: float, request_j: float) -> float:
        """Joules a request that the device draws above what it may, for a course that takes ``request_j`` in all."""
        allowed_w = self._allowed_w.get(device)
        if allowed_w is None or rate_per_s <= 0:
            return 0.0
        return max(0.0, own_j(device, path, request_j, self._powers) - allowed_w / rate_per_s)

    def can_last(self, device: str, lasts_s: float) -> bool:
        """Whether the battery bears the device's idle power, and something on top, for so long."""
        return _start_j(self._topology, device) / lasts_s > _idle_w(self._topology, device)


def _allowed_w(view: View) -> dict[str, float]:
    """What the battery bears, less what was drawn above that, less idle power; an even part for each service."""
    served = [device for service in view.services for device in service.rate_per_s]
    found: dict[str, float] = {}
    for device, lasts_s in asked(view.services).items():
        seen, start_j, elapsed_s = view.nodes.get(device), _start_j(view.topology, device), max(0.0, view.time_s)
        if seen is not None and seen.charge_j is not None and elapsed_s < lasts_s:
            above_j = start_j - seen.charge_j - start_j / lasts_s * elapsed_s
            back_w = above_j / (RETURN_PERIODS * view.period_s)
            found[device] = max(0.0, start_j / lasts_s - back_w - _idle_w(view.topology, device)) / served.count(device)
    return found


def own_j(device: str, path: Course, request_j: float, powers: Powers) -> float:
    """The part of a request's joules that the device itself and its radio take."""
    others = (visit for visit in path.visits if visit.node != device)
    return request_j - sum(visit.share * visit.seconds * powers.core_w(visit.node) for visit in others)


def queues(view: View) -> dict[str, tuple[float, float]]:
    """For each device whose battery has to last: a virtual queue of (power drawn - power that it bears) / power that it
    bears, in periods, as ``deficits`` has them; and that power in watts, of the whole device."""
    found: dict[str, tuple[float, float]] = {}
    moments = [one for one in view.moments if one.time_s >= 0]
    for device, lasts_s in asked(view.services).items():
        borne_w = _start_j(view.topology, device) / lasts_s
        if borne_w > 0:
            found[device] = (_length(device, moments, borne_w), borne_w)
    return found


def _length(device: str, moments: Iterable[Moment], borne_w: float) -> float:
    length = 0.0
    for before, after in pairwise(moments):
        drawn_j = _charge_j(before.nodes, device) - _charge_j(after.nodes, device)
        drawn_w = drawn_j / (after.time_s - before.time_s) if after.time_s > before.time_s else borne_w
        length = max(0.0, length + min(BOUND, max(-BOUND, drawn_w / borne_w - 1)))
    return length


def asked(services: Iterable[ServiceView]) -> dict[str, float]:
    """How long the battery of each device has to last, in seconds."""
    found: dict[str, float] = {}
    for service in services:
        if service.requirements.lasts_s is not None:
            for device in service.rate_per_s:
                found[device] = max(found.get(device, 0.0), service.requirements.lasts_s)
    return found


def _idle_w(topology: Topology, device: str) -> float:
    return topology.profiles[topology.node(device).profile].power_idle_w.value


def _start_j(topology: Topology, device: str) -> float:
    battery = topology.node(device).battery
    return battery.charge_j if battery else 0.0


def _charge_j(nodes: Mapping[str, NodeView], device: str) -> float:
    seen = nodes.get(device)
    return seen.charge_j if seen is not None and seen.charge_j is not None else 0.0
