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
from typing import Any

from telcoai.emulation import linux
from telcoai.emulation.protocol import LineReader, ProtocolError, encode, link_state, text
from telcoai.emulation.shaper import Direction
from telcoai.emulation.wiring import Path, Wiring

_BATCH = 32
"""Packets read from one TUN device before others have their turn."""
_SPIN_NS = 60_000
"""Nearer deadlines are polled for: waking from sleep takes about as long."""

Waiting = tuple[int, int, Path, int, bytes, int]
"""When it comes out, sequence number, path, index of what follows, packet, when it left the shaper."""


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

    def run(self) -> None:
        """Forward until the control socket closes."""
        linux.sharpen_timers()
        gc.disable()  # the loop makes tuples by the million and no cycles
        timer = linux.Timer()
        poll = select.epoll()
        tables = self._wiring.tables
        for fd in (*tables, timer.fd, self._control.fileno()):
            poll.register(fd, select.EPOLLIN)
        heap, clock, armed = self._heap, time.monotonic_ns, 0
        while True:
            timeout = -1
            if heap:
                first = heap[0][0]
                if first - clock() < _SPIN_NS:
                    timeout = 0
                elif first != armed:
                    armed = first
                    timer.set(first - _SPIN_NS // 2)
            for fd, _ in poll.poll(timeout):
                if fd in tables:
                    self._take(fd, tables[fd])
                    if heap and heap[0][0] <= clock():
                        self._release()
                elif fd == timer.fd:
                    timer.clear()
                    armed = 0
                elif not self._obey():
                    return
            if heap and heap[0][0] <= clock():
                self._release()

    def _take(self, fd: int, table: dict[bytes, Path]) -> None:
        """Read a batch from one TUN device into the first direction of each packet's path."""
        heap, mtu, sequence = self._heap, self._mtu, self._sequence
        read, clock, push, find = os.read, time.monotonic_ns, heapq.heappush, table.get
        try:
            for _ in range(_BATCH):
                packet = read(fd, mtu)
                path = find(packet[16:20])
                if path is None:
                    self.unroutable += 1
                    continue
                direction = path[0]
                when = direction.admit(clock(), len(packet))  # type: ignore[union-attr]
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
        kept = [w for w in self._heap if not (w[1] in held and w[2][w[3] - 1] is changed)]
        changed.restart(now)
        for _, sequence, path, index, packet, _ in sorted(waiting, key=lambda w: (w[5], w[1])):
            when = changed.reschedule(len(packet))
            kept.append((when, sequence, path, index, packet, changed.departure))
        heapq.heapify(kept)
        self._heap[:] = kept

    def _counters(self) -> dict[str, Any]:
        now = time.monotonic_ns()
        rows = []
        for (link, name), direction in self._wiring.directions.items():
            c, s = direction.counts, direction.state
            rows.append(
                [
                    link,
                    name,
                    c.packets,
                    c.bytes,
                    c.dropped_loss,
                    c.dropped_queue,
                    c.dropped_down,
                    direction.waiting_bytes(now),
                    [s.delay_ms, s.jitter_ms, s.rate_bps, s.loss, s.reorder, s.queue_bytes],
                ]
            )
        return {
            "directions": rows,
            "unroutable": self.unroutable,
            "undelivered": self.undelivered,
            "cpu_s": time.process_time(),
        }
