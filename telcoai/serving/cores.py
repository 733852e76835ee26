"""A node's cores: who holds one, who waits, and how long they were held."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time

from telcoai.serving.refusals import Refused


class Cores:
    """``count`` cores, and a queue of at most ``bound`` requests: by priority, among equals first in first out.

    Held time is counted on the paced clock: a core given back late, because this host woke up late, counts from when
    it was due, so that the host's lateness doesn't add up over the requests that follow.
    """

    def __init__(self, count: int, bound: int, node: str) -> None:
        self.count = count
        self.busy_ns = 0
        self._free = count
        self._bound = bound
        self._node = node
        self.queued = 0
        """Requests that wait for a core now, alone or in a batch."""
        self._waiting: list[tuple[int, int, asyncio.Future[int]]] = []
        self._order = itertools.count()

    async def take(self, priority: int = 0) -> int:
        """Hold a core from the instant returned on (monotonic ns); Refused(503) at once when the queue is full."""
        if self._free:
            self._free -= 1
            return time.monotonic_ns()
        self.enter()
        try:
            return await self.hold(priority)
        finally:
            self.leave(1)

    def enter(self) -> None:
        """Count a request that waits; Refused(503) when as many wait as may."""
        if self.queued >= self._bound and not self._free:
            raise Refused(503, f"queue full on {self._node}")
        self.queued += 1

    def leave(self, count: int) -> None:
        """So many requests wait no more."""
        self.queued -= count

    async def hold(self, priority: int) -> int:
        """Hold a core from the instant returned on (monotonic ns), for requests that are counted already."""
        if self._free:
            self._free -= 1
            return time.monotonic_ns()
        asked_ns = time.monotonic_ns()
        turn: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (-priority, next(self._order), turn))
        try:
            return max(await turn, asked_ns)
        except asyncio.CancelledError:
            self._withdraw(turn)
            raise

    def give(self, taken_ns: int, at_ns: int) -> None:
        """Give back, as of ``at_ns``, the core that was held since ``taken_ns``."""
        self.busy_ns += at_ns - taken_ns
        self._pass_on(at_ns)

    def _pass_on(self, at_ns: int) -> None:
        while self._waiting:
            turn = heapq.heappop(self._waiting)[2]
            if not turn.done():
                turn.set_result(at_ns)
                return
        self._free += 1

    def _withdraw(self, turn: asyncio.Future[int]) -> None:
        if turn.cancelled():
            self._waiting = [one for one in self._waiting if one[2] is not turn]
            heapq.heapify(self._waiting)
        elif turn.done():  # the core came in the same instant: it goes to the next
            self._pass_on(turn.result())
