"""Shortest paths over a topology's links."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from telcoai.model.topology import Link, LinkState


@dataclass(frozen=True, slots=True)
class Step:
    """One link crossed in one direction; ``upward`` means a → b."""

    link: Link
    upward: bool

    @property
    def state(self) -> LinkState:
        """The link's state in the direction crossed."""
        return self.link.up if self.upward else self.link.down


def route(links: Iterable[Link], source: str, target: str) -> tuple[Step, ...] | None:
    """Fewest-hop path from ``source`` to ``target``, ties by file order; None when there is none."""
    if source == target:
        return ()
    return routes_from(tuple(links), source).get(target)


def routes_from(links: tuple[Link, ...], source: str) -> dict[str, tuple[Step, ...]]:
    """Fewest-hop paths from ``source`` to every reachable node (breadth first, file order)."""
    adjacent: dict[str, list[tuple[str, Step]]] = {}
    for link in links:
        adjacent.setdefault(link.a, []).append((link.b, Step(link, True)))
        adjacent.setdefault(link.b, []).append((link.a, Step(link, False)))
    found: dict[str, tuple[Step, ...]] = {source: ()}
    waiting = deque([source])
    while waiting:
        here = waiting.popleft()
        for name, step in adjacent.get(here, []):
            if name not in found:
                found[name] = (*found[here], step)
                waiting.append(name)
    return found
