"""What will happen in a run: only a bound may know it, never a strategy that is compared."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from telcoai.model.scenario import Change, LinkChange
from telcoai.model.topology import Link, Topology


@dataclass(frozen=True)
class Future:
    """A run's testbed as it truly is, what its devices will send, and what its timeline will do.

    ``arrivals_s``: sorted times of each (service, device); they and ``timeline`` (``at_s``) count from the run's start.
    """

    topology: Topology
    arrivals_s: Mapping[tuple[str, str], Sequence[float]]
    timeline: tuple[Change, ...]

    def rate_per_s(self, service: str, device: str, from_s: float, until_s: float) -> float:
        """Requests a second that will really come in [from_s, until_s)."""
        times = self.arrivals_s.get((service, device), ())
        return (bisect_left(times, until_s) - bisect_left(times, from_s)) / (until_s - from_s)

    def links_at(self, time_s: float) -> tuple[Link, ...]:
        """The testbed's links as they will be then."""
        links = {link.name: link for link in self.topology.links}
        for change in sorted(self.timeline, key=lambda one: one.at_s):
            if isinstance(change, LinkChange) and change.at_s <= time_s:
                for name, up, down in change.changes:
                    links[name] = replace(links[name], up=up, down=down)
        return tuple(links.values())


class Foresees(Protocol):
    """A bound: told the future before its run begins, which the run's facts and the report then say."""

    def foresee(self, future: Future) -> None:
        """Take the future in."""
        ...
