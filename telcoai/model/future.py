"""What will happen in a run: only a bound may know it, never a strategy that is compared."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Protocol

from telcoai.model.requirements import Requirements
from telcoai.model.scenario import Change, LinkChange, NodeChange, RequirementsChange
from telcoai.model.topology import Link, Topology
from telcoai.model.workload import WorkloadInfo


@dataclass(frozen=True)
class Future:
    """A run's testbed as it truly is, what its devices will send, and what its timeline will do.

    ``arrivals_s``: sorted times of each (service, device); they and ``timeline`` (``at_s``) count from the run's start,
    which ends at ``end_s``. ``workloads``: of each service, from when on, sorted, its workload with tables of the very
    samples that will be asked until the next; none where nobody has looked.
    """

    topology: Topology
    arrivals_s: Mapping[tuple[str, str], Sequence[float]]
    timeline: tuple[Change, ...]
    end_s: float = 0.0
    workloads: Mapping[str, Sequence[tuple[float, WorkloadInfo]]] = field(default_factory=dict)

    def requests(self, service: str, device: str, from_s: float, until_s: float) -> int:
        """How many will come in [from_s, until_s)."""
        times = self.arrivals_s.get((service, device), ())
        return bisect_left(times, until_s) - bisect_left(times, from_s)

    def rate_per_s(self, service: str, device: str, from_s: float, until_s: float) -> float:
        """Requests a second that will really come in [from_s, until_s)."""
        return self.requests(service, device, from_s, until_s) / (until_s - from_s)

    def workload(self, service: str, time_s: float) -> WorkloadInfo | None:
        """The service's workload with tables of what is asked of it around that time."""
        begun = [info for from_s, info in self.workloads.get(service, ()) if from_s <= time_s + 1e-9]
        return begun[-1] if begun else None

    def asked_by(self, service: str, after_s: float, until_s: float) -> Requirements | None:
        """What will be asked of the service at the end of (after_s, until_s], None where nothing changes within."""
        changes = [one for one in self.timeline if isinstance(one, RequirementsChange) and one.service == service]
        found = [one for one in changes if after_s + 1e-9 < one.at_s <= until_s + 1e-9]
        return max(found, key=lambda one: one.at_s).requirements if found else None

    def links_at(self, time_s: float) -> tuple[Link, ...]:
        """The testbed's links as they will be then."""
        links = {link.name: link for link in self.topology.links}
        for change in sorted(self.timeline, key=lambda one: one.at_s):
            if isinstance(change, LinkChange) and change.at_s <= time_s:
                for name, up, down in change.changes:
                    links[name] = replace(links[name], up=up, down=down)
        return tuple(links.values())

    def links_over(self, from_s: float, until_s: float) -> tuple[Link, ...]:
        """Each link as it will be for the longest part of [from_s, until_s), of equal parts the first."""
        within = {one.at_s for one in self.timeline if isinstance(one, LinkChange) and from_s < one.at_s < until_s}
        times = [from_s, *sorted(within), until_s]
        lasts: list[dict[Link, float]] = [{} for _ in self.topology.links]
        for begin_s, end_s in pairwise(times):
            for link, own in zip(self.links_at(begin_s), lasts, strict=True):
                own[link] = own.get(link, 0.0) + end_s - begin_s
        return tuple(max(own, key=lambda link: own[link]) for own in lasts)

    def stops(self, from_s: float, until_s: float) -> frozenset[str]:
        """Nodes that anything but coming back happens to in [from_s, until_s)."""
        changes = (one for one in self.timeline if isinstance(one, NodeChange) and from_s <= one.at_s < until_s)
        return frozenset(change.node for change in changes if change.state != "running")


class Foresees(Protocol):
    """A bound: told the future before its run begins, which the run's facts and the report then say."""

    def foresee(self, future: Future) -> None:
        """Take the future in."""
        ...
