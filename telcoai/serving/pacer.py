"""Waiting until an instant, exact to about 0.1 ms."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time

from telcoai.adapters.timerfd import TimerFd


class Pacer:
    """One timer for all requests of the event loop that it is made in."""

    def __init__(self) -> None:
        self._timer = TimerFd()
        self._loop = asyncio.get_running_loop()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._loop.add_reader(self._timer.fd, self._go_off)

    async def until(self, at_ns: int, now_ns: int) -> None:
        """Return once the monotonic clock has reached ``at_ns``."""
        if at_ns <= now_ns:
            return
        future: asyncio.Future[None] = self._loop.create_future()
        self.wake(at_ns, future)
        await future

    def wake(self, at_ns: int, future: asyncio.Future[None]) -> None:
        """End ``future`` once the monotonic clock has reached ``at_ns``, unless it has ended by then."""
        heapq.heappush(self._waiting, (at_ns, next(self._order), future))
        if self._waiting[0][2] is future:
            self._timer.set(at_ns)

    def close(self) -> None:
        """Give the timer back."""
        self._loop.remove_reader(self._timer.fd)
        self._timer.close()

    def _go_off(self) -> None:
        self._timer.clear()
        now_ns = time.monotonic_ns()
        while self._waiting and self._waiting[0][0] <= now_ns:
            future = heapq.heappop(self._waiting)[2]
            if not future.done():
                future.set_result(None)
        if self._waiting:
            self._timer.set(self._waiting[0][0])
