"""The userspace network: one process that moves every packet between the nodes' TUN devices.

One loop over epoll: packets read are admitted to the first direction of their path and wait in one heap for the time
at which they come out of it; then the next direction, or the destination's TUN device. Written for speed: the loop
keeps everything in local names and calls nothing it needn't.
"""

from __future__ import annotations

import gc
import heapq
import os
import select
import socket
import time
from dataclasses import asdict
from typing import Any

from telcoai.emulation import linux
from telcoai.emulation.protocol import LineReader, ProtocolError, encode, link_state, number, plain_state, text
from telcoai.emulation.shaper import Direction
from telcoai.emulation.wiring import Path, Wiring

_BATCH = 32
"""Packets read from one TUN device before others have their turn."""
_SPIN_NS = 20_000
"""Nearer deadlines are polled for."""
_FIRST_LAG_NS, _MOST_LAG_NS = 50_000, 200_000
"""Waking from sleep takes some 50 µs. That lag is measured all the time, at each timer: the process gets up earlier by
it, and a packet that woke the process up counts as having arrived earlier by it."""

LATE_NS = 1_000_000
"""A packet moved on later than this counts as late: the host was too busy to be exact."""

Waiting = tuple[int, int, Path, int, bytes, int]
"""When it comes out, sequence number, path, index of what follows, packet, when it left the shaper."""


class Alarm:
    """Wakes the process up for a deadline, earlier by the lag with which it was woken up lately (ns)."""

    def __init__(self) -> None:
        self._timer = linux.Timer()
        self.fd = self._timer.fd
        self.lag = _FIRST_LAG_NS
        self._armed = 0

    def set(self, deadline: int, now: int) -> int:
        """The timeout for epoll: 0 when the deadline is too near to sleep, else -1, with the timer set."""
        wake = deadline - self.lag
        if wake <= now + _SPIN_NS:
            return 0
        if wake != self._armed:
            self._armed = wake
            self._timer.set(wake)
        return -1

    def clear(self, asleep: int, now: int) -> None:
        """Learn from a timer that fired: the process slept from ``asleep`` and is awake since ``now``."""
        self._timer.clear()
        if asleep < self._armed <= now:
            self.lag += (min(now - self._armed, _MOST_LAG_NS) - self.lag) // 8
        self._armed = 0


class Engine:
    """Forwards packets over ``wiring`` and obeys requests on the socket ``control`` (see ``answer``)."""

    def __init__(self, wiring: Wiring, control: socket.socket, mtu: int) -> None:
        self._wiring = wiring
        self._control = control
        self._mtu = mtu
        self._reader = LineReader()
        self._heap: list[Waiting] = []
        self._sequence = 0
        self.unroutable = 0
        self.undelivered = 0
        self.late = 0

    def run(self) -> None:
        """Forward until the control socket closes."""
        linux.sharpen_timers()
        gc.disable()  # the loop makes tuples by the million and no cycles
        alarm, poll = Alarm(), select.epoll()
        tables, control = self._wiring.tables, self._control.fileno()
        for fd in (*tables, alarm.fd, control):
            poll.register(fd, select.EPOLLIN)
        heap, clock = self._heap, time.monotonic_ns
        while True:
            asleep = clock()
            timeout = alarm.set(heap[0][0], asleep) if heap else -1
            events = poll.poll(timeout)
            now = clock()
            slept = timeout < 0 and now - asleep > _SPIN_NS
            lag = alarm.lag if slept else 0
            for fd, _ in events:
                if fd in tables:
                    self._take(fd, tables[fd], lag)
                    if heap and heap[0][0] <= clock():
                        self._release()
                elif fd == alarm.fd:
                    alarm.clear(asleep, now)
                elif not self._obey():
                    return
            if heap and heap[0][0] <= clock():
                self._release()

    def _take(self, fd: int, table: dict[bytes, Path], lag: int) -> None:
        """Read a batch, which came ``lag`` ns ago, from a TUN device into the first direction of each packet's path."""
        heap, mtu, sequence = self._heap, self._mtu, self._sequence
        read, clock, push, find = os.read, time.monotonic_ns, heapq.heappush, table.get
        try:
            for _ in range(_BATCH):
                packet = read(fd, mtu)
                path = find(packet[16:20]) or find(packet[16:19])
                if path is None:
                    self.unroutable += 1
                    continue
                direction = path[0]
                when = direction.admit(clock() - lag, len(packet))  # type: ignore[union-attr]
                if when >= 0:
                    sequence += 1
                    push(heap, (when, sequence, path, 1, packet, direction.departure))  # type: ignore[union-attr]
        except BlockingIOError:
            pass
        except OSError:
            self.unroutable += 1  # the interface went down in between
        self._sequence = sequence

    def _release(self) -> None:
        """Move on every packet whose time has come."""
        heap, write, clock = self._heap, os.write, time.monotonic_ns
        pop, push = heapq.heappop, heapq.heappush
        now = clock()
        while heap and heap[0][0] <= now:
            when, sequence, path, index, packet, _ = pop(heap)
            if now - when > LATE_NS:
                self.late += 1
            following = path[index]
            if isinstance(following, int):
                try:
                    write(following, packet)
                except OSError:
                    self.undelivered += 1  # that node is down
            else:
                when = following.admit(when, len(packet))
                if when >= 0:
                    push(heap, (when, sequence, path, index + 1, packet, following.departure))

    def _obey(self) -> bool:
        data = self._control.recv(65536)
        for line in self._reader.feed(data):
            self._control.sendall(encode(self.answer(line)))
        return bool(data)

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The reply to ``set_link``, ``set_node`` or ``counters``."""
        try:
            match request.get("op"):
                case "set_link":
                    return self._set_link(request)
                case "set_node":
                    self._wiring.set_node(text(request, "node"), up=bool(request.get("up")))
                    return {}
                case "reseed":
                    self._wiring.reseed(number(request, "seed"))
                    return {}
                case "counters":
                    return self._counters()
                case other:
                    return {"error": f"the network has no operation {other!r}"}
        except KeyError as err:
            return {"error": f"there is no {err}"}
        except (ProtocolError, ValueError) as err:
            return {"error": str(err)}

    def _set_link(self, request: dict[str, Any]) -> dict[str, Any]:
        direction = self._wiring.directions[text(request, "link"), text(request, "direction")]
        direction.configure(link_state(request.get("state")))
        self._reschedule(direction)
        return {}

    def _reschedule(self, changed: Direction) -> None:
        """Give the packets that still wait in ``changed``'s queue departures at its new rate."""
        now = time.monotonic_ns()
        waiting = [w for w in self._heap if w[2][w[3] - 1] is changed and w[5] > now]
        held = {w[1] for w in waiting}
        kept = [w for w in self._heap if w[1] not in held]
        changed.restart(now)
        for _, sequence, path, index, packet, _ in sorted(waiting, key=lambda w: (w[5], w[1])):
            when = changed.reschedule(len(packet))
            kept.append((when, sequence, path, index, packet, changed.departure))
        heapq.heapify(kept)
        self._heap[:] = kept

    def _counters(self) -> dict[str, Any]:
        now = time.monotonic_ns()
        rows = [
            {
                "link": link,
                "direction": name,
                **asdict(direction.counts),
                "queued_bytes": direction.waiting_bytes(now),
                "state": plain_state(direction.state),
            }
            for (link, name), direction in self._wiring.directions.items()
        ]
        return {
            "directions": rows,
            "unroutable": self.unroutable,
            "undelivered": self.undelivered,
            "late": self.late,
            "cpu_s": time.process_time(),
        }
