"""A node's cores: who holds one, who waits, and how long they were held."""

from __future__ import annotations

import asyncio
import time
from collections import deque

from telcoai.serving.refusals import Refused


class Cores:
    """``count`` cores with a first-in first-out queue of at most ``bound`` requests.

    Held time is counted on the paced clock: a core given back late, because this host woke up late, counts from when
    it was due, so that the host's lateness doesn't add up over the requests that follow.
    """

    def __init__(self, count: int, bound: int, node: str) -> None:
        self.count = count
        self.busy_ns = 0
        self._free = count
        self._bound = bound
        self._node = node
        self._waiting: deque[asyncio.Future[int]] = deque()

    @property
    def queued(self) -> int:
        """Requests that wait for a core now."""
        return len(self._waiting)

    async def take(self) -> int:
        """Hold a core from the instant returned on (monotonic ns); Refused(503) at once when the queue is full."""
        if self._free and not self._waiting:
            self._free -= 1
            return time.monotonic_ns()
        if len(self._waiting) >= self._bound:
            raise Refused(503, f"queue full on {self._node}")
        asked_ns = time.monotonic_ns()
        turn: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
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
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(at_ns)
                return
        self._free += 1

    def _withdraw(self, turn: asyncio.Future[int]) -> None:
        if turn.cancelled():
            if turn in self._waiting:
                self._waiting.remove(turn)
        elif turn.done():  # the core came in the same instant: it goes to the next
            self._pass_on(turn.result())
