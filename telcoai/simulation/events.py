"""A simulated clock and what is due on it."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Protocol


class Awaited(Protocol):
    """What a process may wait for."""

    def queue(self, process: Process) -> None:
        """Resume the process when its turn comes."""
        ...


Process = Generator[float | Awaited, None, Any]
"""What goes on over time: it yields the instant at which it goes on, or what it waits for."""


class Events:
    """Acts at simulated instants, in order; those due at once in the order in which they were asked for."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def at(self, time_s: float, act: Callable[[], None]) -> None:
        """Have ``act`` called at ``time_s``, or now when that is over."""
        heapq.heappush(self._due, (max(time_s, self.now_s), next(self._order), act))

    def start(self, process: Process) -> None:
        """Let a process go on until it waits."""
        try:
            awaited = next(process)
        except StopIteration:
            return
        if isinstance(awaited, float | int):
            self.at(awaited, lambda: self.start(process))
        else:
            awaited.queue(process)

    def run(self, until_s: float) -> None:
        """Do all that is due up to ``until_s``, which is the time after it."""
        while self._due and self._due[0][0] <= until_s:
            self.now_s, _, act = heapq.heappop(self._due)
            act()
        self.now_s = until_s


class Cores:
    """A node's cores with a queue by priority, among equals first in first out, as the node runtime keeps them."""

    def __init__(self, count: int, events: Events) -> None:
        self.count = count
        self.busy_s = 0.0
        self._free = count
        self._events = events
        self._waiting: list[tuple[int, int, Process]] = []
        self._order = itertools.count()
        self.queued = 0
        """Requests that wait for a core, alone or in a batch."""

    @property
    def are_free(self) -> bool:
        """Whether there is a core that nobody holds."""
        return self._free > 0

    def take(self, priority: int = 0) -> Process:
        """Go on once a core is held; count as one who waits for it."""
        if not self._free:
            self.queued += 1
            yield from self.hold(priority)
            self.queued -= 1
        else:
            self._free -= 1

    def hold(self, priority: int) -> Process:
        """Go on once a core is held, for requests that are counted already."""
        if self._free:
            self._free -= 1
        else:
            yield _Turn(self, priority)

    def queue(self, process: Process, priority: int) -> None:
        """Resume the process when its turn comes."""
        heapq.heappush(self._waiting, (-priority, next(self._order), process))

    def give(self, held_s: float) -> None:
        """Give a core back that was held so long."""
        self.busy_s += held_s
        if self._waiting:
            process = heapq.heappop(self._waiting)[2]
            self._events.at(self._events.now_s, lambda: self._events.start(process))
        else:
            self._free += 1

    def release_all(self) -> None:
        """Resume all that wait: they find out that the node is gone."""
        while self._waiting:
            process = heapq.heappop(self._waiting)[2]
            self._events.at(self._events.now_s, lambda process=process: self._events.start(process))  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class _Turn:
    """A place in the queue for cores."""

    cores: Cores
    priority: int

    def queue(self, process: Process) -> None:
        self.cores.queue(process, self.priority)
