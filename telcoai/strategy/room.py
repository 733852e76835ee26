"""Plans that fit the memory of nodes: who comes first gets what it wants, who no longer fits something that does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from telcoai.model.memory import Held, needs, total_bytes
from telcoai.model.plan import Assignment
from telcoai.model.view import ServiceView
from telcoai.model.workload import Variant
from telcoai.strategy.exits import never
from telcoai.strategy.sites import Sites


class Room:
    """What is left of each node's memory as assignments are taken in. A stage that several use is there once."""

    def __init__(self, services: Iterable[ServiceView], sites: Sites) -> None:
        self._services = {service.name: service for service in services}
        self._workloads = {one.workload.name: one.workload for one in self._services.values()}
        self._sites = sites
        self._held: dict[str, set[Held]] = {}
        self._left = {node.name: sites.memory(node.name) for node in sites.topology.nodes}

    @property
    def is_ample(self) -> bool:
        """Whether each node holds all variants of all services at once, so that nothing has to be looked at."""
        stages = {(w.name, v.name, s.index) for w in self._workloads.values() for v in w.variants for s in v.stages}
        return total_bytes(stages, self._workloads) <= min(self._left.values(), default=0)

    def take(self, one: Assignment) -> bool:
        """Take an assignment in when all that it needs fits beside what is there; whether it did."""
        new = self._new(one)
        if not self._has_room(new):
            return False
        for node, held in new.items():
            self._held.setdefault(node, set()).update(held)
            self._left[node] -= total_bytes(held, self._workloads)
        return True

    def fits(self, one: Assignment) -> bool:
        """Whether ``take`` would take it in."""
        return self._has_room(self._new(one))

    def _new(self, one: Assignment) -> dict[str, set[Held]]:
        wanted = needs(one, self._services[one.service].workload)
        return {node: held - self._held.get(node, set()) for node, held in wanted.items()}

    def _has_room(self, new: Mapping[str, set[Held]]) -> bool:
        return all(total_bytes(held, self._workloads) <= self._left[node] for node, held in new.items())


def fitted(assignments: Sequence[Assignment], services: Sequence[ServiceView], sites: Sites) -> tuple[Assignment, ...]:
    """The assignments in their order, those that don't fit any more replaced by the first that does: without a variant
    of its own to fall back on; without the replicas that have no room; as another device of the service does; the whole
    of a variant on the device itself.

    Where nothing fits, because a device's memory holds no variant and nobody else has room, it stays as it was.
    """
    room = Room(services, sites)
    if room.is_ample:
        return tuple(assignments)
    by_name = {service.name: service for service in services}
    found: list[Assignment] = []
    for one in assignments:
        ways = chain(_thinner(one), _narrower(one, room), _ways(one, by_name[one.service], found, sites))
        found.append(next((way for way in ways if room.take(way)), one))
    return tuple(found)


def _ways(one: Assignment, service: ServiceView, before: Sequence[Assignment], sites: Sites) -> Iterator[Assignment]:
    """Other ways of serving it."""
    for other in before:
        if other.service == one.service:
            first, *others = (_own(row, other.device, one.device) for row in other.rows)
            if all(_reaches(one.device, row, sites) for row in (first, *others)):
                yield from _thinner(replace(other, device=one.device, hops=first, replicas=tuple(others)))
    for variant in sorted(service.workload.variants, key=lambda v: -v.accuracy):
        if sites.seconds(one.device, service.workload, variant) is not None:
            yield whole_on_device(one, variant)


def _thinner(one: Assignment) -> Iterator[Assignment]:
    """As it is, then with the same variant to fall back on, then with none."""
    yield one
    yield replace(one, fallback_variant=one.variant)
    yield replace(one, fallback="fail", fallback_variant="")


def _narrower(one: Assignment, room: Room) -> Iterator[Assignment]:
    """With those of its rows alone that fit; their turns are then closer together."""
    rows = [row for row in one.rows if room.fits(replace(one, hops=row, replicas=(), fallback="fail"))]
    if 0 < len(rows) < len(one.rows):
        yield from _thinner(replace(one, hops=rows[0], replicas=tuple(rows[1:])))


def _own(row: tuple[str, ...], other: str, device: str) -> tuple[str, ...]:
    """Another device's row of hops, with this device where the other has itself."""
    return tuple(device if hop == other else hop for hop in row)


def _reaches(device: str, hops: Sequence[str], sites: Sites) -> bool:
    ends = (device, *hops)
    return all(sites.alive(b) and sites.route(a, b) is not None for a, b in zip(ends, hops, strict=False))


def whole_on_device(one: Assignment, variant: Variant) -> Assignment:
    """The whole of a variant on the assignment's own device, which is then what it falls back on too."""
    hops = (one.device,) * len(variant.stages)
    return Assignment(one.service, one.device, variant.name, hops, never(variant), fallback_variant=variant.name)
