"""The open loop: each request goes out at its scheduled time, whatever became of those before."""

from __future__ import annotations

import asyncio
import os
from array import array
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic_ns

from telcoai.emulation.linux import Timer
from telcoai.load.client import Client, Exchange
from telcoai.load.endpoint import Endpoint

TIMEOUT = "timeout"
UNFINISHED = "unfinished"

_BURST = 64
"""Requests sent at most before replies get their turn, when the schedule is behind."""
_AHEAD = 2
_WATCH_S = 0.02


@dataclass(frozen=True, slots=True)
class Drive:
    """What to drive. ``schedule_ns``: absolute CLOCK_MONOTONIC times (int64, sorted).

    ``payload`` makes the whole HTTP request number i; ``ended`` gets each exchange once, when it is over.
    ``timeout_ns`` counts from the scheduled time.
    """

    endpoint: Endpoint
    schedule_ns: array[int]
    payload: Callable[[int], bytes]
    ended: Callable[[Exchange], None]
    timeout_ns: int
    connections: int


class OpenLoop:
    """Drives one schedule in the running event loop. ``sent`` counts requests that came due."""

    def __init__(self, drive: Drive) -> None:
        self._drive = drive
        self._client = Client(drive.endpoint, self._end, drive.connections)
        self._under_way: OrderedDict[int, Exchange] = OrderedDict()
        self._timer = Timer()
        self._idle = asyncio.Event()
        self.sent = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Send all, wait for replies and timeouts; when ``stop`` is set, end what is under way as unfinished."""
        loop = asyncio.get_running_loop()
        self._client.open_ahead(min(_AHEAD, self._drive.connections))
        loop.add_reader(self._timer.fd, self._send_due)
        self._rearm()
        watch = loop.create_task(self._watch())
        waits = [loop.create_task(stop.wait()), loop.create_task(self._idle.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (watch, *waits):
                task.cancel()
            loop.remove_reader(self._timer.fd)
            os.close(self._timer.fd)
            for exchange in tuple(self._under_way.values()):
                self._give_up(exchange, UNFINISHED)
            self._client.close()

    def _send_due(self) -> None:
        """Send what is due now. Setting the timer anew also takes back its readiness, so it is never read."""
        drive, schedule = self._drive, self._drive.schedule_ns
        for _ in range(_BURST):
            index = self.sent
            if index >= len(schedule) or schedule[index] > monotonic_ns():
                break
            self.sent = index + 1
            exchange = Exchange(index, schedule[index], drive.payload(index))
            self._under_way[index] = exchange
            self._client.send(exchange)
        self._rearm()

    def _rearm(self) -> None:
        """Set the timer to the next due time, or far away when there is none."""
        schedule = self._drive.schedule_ns
        if self.sent < len(schedule):
            self._timer.set(schedule[self.sent])
        else:
            self._timer.set(2**62)
            self._settle()

    def _settle(self) -> None:
        if self.sent >= len(self._drive.schedule_ns) and not self._under_way:
            self._idle.set()

    async def _watch(self) -> None:
        """Time out what is too old. The oldest come first: sleep until that of now would be, then look again."""
        while True:
            left_ns = self._drive.timeout_ns
            while self._under_way:
                oldest = next(iter(self._under_way.values()))
                left_ns = oldest.scheduled_ns + self._drive.timeout_ns - monotonic_ns()
                if left_ns > 0:
                    break
                self._give_up(oldest, TIMEOUT)
            await asyncio.sleep(max(left_ns / 1e9, _WATCH_S))

    def _give_up(self, exchange: Exchange, status: str) -> None:
        self._client.drop(exchange)
        self._client.end(exchange, status)

    def _end(self, exchange: Exchange) -> None:
        del self._under_way[exchange.index]
        self._drive.ended(exchange)
        self._settle()
