"""A simulated clock and what is due on it."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Generator
from itertools import count
from typing import Any

Process = Generator["float | Cores", None, Any]
"""What goes on over time: it yields the instant at which it goes on, or the cores that it waits for."""


class Events:
    """Acts at simulated instants, in order; those due at once in the order in which they were asked for."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def at(self, time_s: float, act: Callable[[], None]) -> None:
        """Have ``act`` called at ``time_s``, or now when that is over."""
        heapq.heappush(self._due, (max(time_s, self.now_s), next(self._order), act))

    def start(self, process: Process) -> None:
        """Let a process go on until it waits."""
        try:
            awaited = next(process)
        except StopIteration:
            return
        if isinstance(awaited, Cores):
            awaited.queue(process)
        else:
            self.at(awaited, lambda: self.start(process))

    def run(self, until_s: float) -> None:
        """Do all that is due up to ``until_s``, which is the time after it."""
        while self._due and self._due[0][0] <= until_s:
            self.now_s, _, act = heapq.heappop(self._due)
            act()
        self.now_s = until_s


class Cores:
    """A node's cores with a first-in first-out queue, as the node runtime keeps them."""

    def __init__(self, count: int, events: Events) -> None:
        self.count = count
        self.busy_s = 0.0
        self._free = count
        self._events = events
        self._waiting: deque[Process] = deque()

    @property
    def queued(self) -> int:
        """Processes that wait for a core."""
        return len(self._waiting)

    def take(self) -> Process:
        """Go on once a core is held."""
        if self._free:
            self._free -= 1
        else:
            yield self

    def queue(self, process: Process) -> None:
        """Resume the process when its turn comes."""
        self._waiting.append(process)

    def give(self, held_s: float) -> None:
        """Give a core back that was held so long."""
        self.busy_s += held_s
        if self._waiting:
            process = self._waiting.popleft()
            self._events.at(self._events.now_s, lambda: self._events.start(process))
        else:
            self._free += 1

    def release_all(self) -> None:
        """Resume all that wait: they find out that the node is gone."""
        while self._waiting:
            process = self._waiting.popleft()
            self._events.at(self._events.now_s, lambda process=process: self._events.start(process))  # type: ignore[misc]
