"""The best that a device could have if it were alone: what can't be met even so can't be met by any plan.

Looked at are all variants with all calibrated thresholds, on every placement that goes up from the device over one edge
(any that can be reached) to one cloud, in whatever form activations travel. Latency is predicted at the percentile
asked, accuracy is the calibrated one without any margin, and joules are those of a request at the device's rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from telcoai.model.requirements import Requirements
from telcoai.model.topology import Tier
from telcoai.model.view import ServiceView
from telcoai.strategy.bounds import least_j
from telcoai.strategy.candidates import Candidate, Menu, hops_of
from telcoai.strategy.exits import keeping, options
from telcoai.strategy.joules import Powers
from telcoai.strategy.predict import Occupancy
from telcoai.strategy.sheet import Numbers, Sheet
from telcoai.strategy.sites import Sites

ROUNDING = 1e-9
"""Shares of answers are sums of a few floats: a calibrated 0.94 may come out as that much less."""

ACCURACY, LATENCY, ENERGY = "accuracy", "latency", "energy"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing that a device could do. ``hops``: the node of each stage, the device itself as ``device``. ``tail_ms``:
    latency at the percentile asked. ``joules``: of a request."""

    hops: tuple[str, ...]
    variant: str
    accuracy: float
    tail_ms: float
    joules: float


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Kinds of requirements that can't be met together, though any fewer of them can.

    ``nearest``: what keeps all of them but the last, and comes nearest to that one; None where nothing can be had.
    """

    kinds: tuple[str, ...]
    nearest: Outcome | None


@dataclass(frozen=True)
class _Table:
    """All candidates of a menu on all ways up, as arrays of one length."""

    ways: tuple[tuple[Candidate, tuple[str, ...]], ...]
    tail_s: Numbers
    joules: Numbers

    def within(self, kinds: Iterable[str], required: Requirements) -> NDArray[np.intp]:
        """Numbers of those that can be had and keep what is required of these kinds; accuracy is the menu's."""
        inside = np.isfinite(self.tail_s)
        if LATENCY in kinds and required.deadline_ms is not None:
            inside &= self.tail_s <= required.deadline_ms / 1e3
        if ENERGY in kinds and required.energy_per_request_j is not None:
            inside &= self.joules <= required.energy_per_request_j
        return np.flatnonzero(inside)

    def outcome(self, row: int) -> Outcome:
        """One of them in plain values."""
        candidate, chain = self.ways[row]
        option = candidate.option
        tail_ms = 1e3 * float(self.tail_s[row])
        hops = hops_of(candidate, ("device", *chain[1:]))
        return Outcome(hops, option.variant.name, option.forecast.accuracy, tail_ms, float(self.joules[row]))


class Sheets:
    """Latency of what may run for one service, on whatever links; accuracy and percentile asked are the view's."""

    def __init__(self, service: ServiceView, sites: Sites) -> None:
        least, variants = service.requirements.accuracy_min, service.workload.variants
        free = replace(service, requirements=replace(service.requirements, accuracy_min=None))
        best = (max(options(one), key=lambda option: option.forecast.accuracy) for one in variants)
        every = keeping(variants, None, 0.0)
        kept = every if least is None else keeping(variants, least - ROUNDING, 0.0)
        self.any, self.kept, self.best = (
            Sheet(Menu(free, chosen, short=False), sites) for chosen in (every, kept, tuple(best))
        )


class Attainable:
    """For devices of one service on one state of a testbed. Of several devices alike in ``kind_of`` one is enough."""

    def __init__(self, sheets: Sheets, service: ServiceView, sites: Sites, powers: Powers) -> None:
        self._service, self._sites, self._powers = service, sites, powers
        self._any, self._kept, self._best = (one.on(sites) for one in (sheets.any, sheets.kept, sheets.best))

    def kind_of(self, device: str) -> object:
        """All that a device's shortfalls depend on, but for the service's form and workload."""
        ways = tuple(
            (chain[1:], _seen(chain, self._sites)) for chain in _ways_up(device, self._sites, self._service.domain)
        )
        return ways, self._service.rate_per_s[device], self._service.requirements

    def shortfalls(self, device: str) -> tuple[Shortfall, ...]:
        """What can't be met by a device, fewest kinds first."""
        required = self._service.requirements
        tables = {True: self._table(self._kept, device), False: self._table(self._any, device)}
        found: list[Shortfall] = []
        for kinds in _together(required):
            if any(set(one.kinds) <= set(kinds) for one in found):
                continue
            table = tables[ACCURACY in kinds]
            if not len(table.within(kinds, required)):
                found.append(Shortfall(kinds, self._nearest(kinds, table, device)))
        return tuple(found)

    def _nearest(self, kinds: tuple[str, ...], table: _Table, device: str) -> Outcome | None:
        *others, last = kinds
        if last == ACCURACY:
            table = self._table(self._best, device)
        rows = table.within(others, self._service.requirements)
        if not len(rows):
            return None
        accuracy = np.array([candidate.option.forecast.accuracy for candidate, _ in table.ways])
        worse = {ACCURACY: -accuracy, LATENCY: table.tail_s, ENERGY: table.joules}[last]
        return table.outcome(min(rows.tolist(), key=lambda row: (worse[row], table.tail_s[row])))

    def _table(self, sheet: Sheet, device: str) -> _Table:
        rate_per_s = self._service.rate_per_s[device]
        figures = [sheet.of(chain, rate_per_s) for chain in _ways_up(device, self._sites, self._service.domain)]
        joules = [least_j(one, rate_per_s, Occupancy(), self._powers, self._sites) for one in figures]
        ways = tuple((candidate, one.chain) for one in figures for candidate in one.rows.candidates)
        return _Table(ways, np.concatenate([one.tail_s for one in figures]), np.concatenate(joules))


def _together(required: Requirements) -> Iterator[tuple[str, ...]]:
    """Kinds that are asked, each alone, by two, and all; each time the one to come near to is last."""
    asked = {
        ACCURACY: required.accuracy_min,
        LATENCY: required.deadline_ms,
        ENERGY: required.energy_per_request_j,
    }
    named = [kind for kind, value in asked.items() if value is not None]
    for count in range(1, len(named) + 1):
        yield from combinations(named, count)


def _ways_up(device: str, sites: Sites, domain: str) -> list[tuple[str, ...]]:
    """The device with each living edge and each living cloud that it reaches; of edges alike in all the first."""
    levels = [[(name,) for name in _reached(device, tier, sites, domain)] for tier in (Tier.EDGE, Tier.CLOUD)]
    nobody: list[tuple[str, ...]] = [()]
    found: dict[object, tuple[str, ...]] = {}
    for edge, cloud in product(*(names or nobody for names in levels)):
        chain = (device, *edge, *cloud)
        found.setdefault(_seen(chain, sites), chain)
    return list(found.values())


def _reached(device: str, tier: Tier, sites: Sites, domain: str) -> list[str]:
    names = [node.name for node in sites.topology.tier(tier) if node.name != device and sites.serves(node.name, domain)]
    return [name for name in names if sites.route(device, name) is not None]


def _seen(chain: tuple[str, ...], sites: Sites) -> object:
    """All of a chain that figures depend on, but for names."""
    routes = [sites.route(start, end) for start, end in combinations(chain, 2)]
    steps = (
        None if way is None else tuple((one.link.up, one.link.down, one.link.radio, one.upward) for one in way)
        for way in routes
    )
    return tuple(sites.node(name).profile for name in chain), tuple(steps)
