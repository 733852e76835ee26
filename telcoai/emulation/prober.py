"""Sends and times packets over links from inside their nodes: round trips, and trains that show a link's rate.

One process holds a UDP socket in every node (a socket stays in the network namespace it was made in). Arrival times
are the kernel's receive timestamps, so the prober's own delays don't count; what is timed is only the network.
"""

from __future__ import annotations

import select
import socket
import statistics
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from telcoai.emulation.layout import UP, Layout
from telcoai.emulation.namespaces import NodeNamespaces
from telcoai.emulation.rounds import ECHO_BYTES, GRACE_NS, HEADERS_BYTES, STAGGER_NS
from telcoai.emulation.shaper import default_queue_bytes
from telcoai.model.topology import Link, LinkState

_SO_TIMESTAMPNS = 35
_ECHO, _REPLY, _TRAIN = 1, 2, 3
_HEADER = struct.Struct("!BIIqq")
_QUIET_NS = 100_000_000
_TOGETHER_PACKETS_PER_S = 25_000
_FAST_PACKETS_PER_S = 20_000
_LEAD_NS = 20_000_000
"""How far ahead of the rate a train is sent, so that the link always has something to send."""
_FAST_TRAIN = 84
"""Packets that fit a receive buffer, so that a fast train needs no reader while it arrives."""
_UDP_SEGMENT = 103
_LEAST_PACKETS = 5
_BURST_PACKETS, _BURST_BYTES = 42, 63_000
"""What one send with segmentation takes, so that a burst is out faster than any link of interest carries it."""


@dataclass
class RoundTrips:
    """Times seen on one link, milliseconds: out and back one way each, and both."""

    up_ms: list[float] = field(default_factory=list)
    down_ms: list[float] = field(default_factory=list)
    rtt_ms: list[float] = field(default_factory=list)


@dataclass
class Train:
    """Packets sent over one direction a little faster than its rate, and when each came out (ns)."""

    source: str
    target: str
    size: int
    count: int
    gap_ns: int
    lead: int
    duration_s: float
    sent: int = 0
    started_ns: int = 0
    ended_ns: int = 0
    arrivals: list[tuple[int, int]] = field(default_factory=list)

    @property
    def packets_per_s(self) -> float:
        """Load while it runs."""
        return 1e9 / self.gap_ns

    def due(self, now: int) -> int:
        """How many packets should be out by ``now``."""
        return min(self.count, self.lead + (now - self.started_ns) // self.gap_ns)

    def rate_bps(self) -> float | None:
        """Slope of bits over time, without the first tenth; None when too few came out."""
        points = self.arrivals[len(self.arrivals) // 10 :]
        if len(points) < _LEAST_PACKETS:
            return None
        fast = self.packets_per_s > _FAST_PACKETS_PER_S
        gap_ns = _typical_gap_ns(points) if fast else _mean_gap_ns(points)
        return (self.size + HEADERS_BYTES) * 8e9 / gap_ns if gap_ns > 0 else None


def _mean_gap_ns(points: list[tuple[int, int]]) -> float:
    """Time per packet by least squares, which averages jitter out."""
    begin = points[0][1]
    mean_k = sum(k for k, _ in points) / len(points)
    mean_t = sum(t - begin for _, t in points) / len(points)
    spread = sum((k - mean_k) ** 2 for k, _ in points)
    return sum((k - mean_k) * (t - begin - mean_t) for k, t in points) / spread


def _typical_gap_ns(points: list[tuple[int, int]]) -> float:
    """Time per packet as the median over windows: one pause of the host in a short train then does no harm."""
    window = max(1, len(points) // 4)
    pairs = zip(points, points[window:], strict=False)
    return statistics.median((t1 - t0) / max(1, k1 - k0) for (k0, t0), (k1, t1) in pairs)


def train_for(state: LinkState, source: str, target: str, mtu: int) -> Train:
    """A train that shows the rate of a direction: long against its jitter, within its queue."""
    duration_s = min(0.3, max(0.02, 0.03 * state.jitter_ms))
    whole = int(min(mtu, max(100, state.rate_bps * duration_s / 8 / 20)))
    gap_ns = max(1, int(whole * 8e9 / state.rate_bps))
    queue = (state.queue_bytes or default_queue_bytes(state.rate_bps)) // whole
    count = max(20, int(duration_s * 1e9) // gap_ns)
    if 1e9 / gap_ns > _FAST_PACKETS_PER_S:
        count = lead = max(5, min(_FAST_TRAIN, queue))
    else:
        lead = max(2, min(queue * 7 // 10, _LEAD_NS // gap_ns))
    return Train(source, target, whole - HEADERS_BYTES, count, gap_ns, lead, count * gap_ns / 1e9)


def trains_of(link: Link, direction: str, mtu: int, busy: bool) -> list[Train]:
    """The trains for one direction: several where one is too short to be exact, fewer when many links wait."""
    state = link.up if direction == UP else link.down
    ends = (link.a, link.b) if direction == UP else (link.b, link.a)
    first = train_for(state, *ends, mtu)
    if first.packets_per_s <= _FAST_PACKETS_PER_S:
        return [first]
    return [first, *(train_for(state, *ends, mtu) for _ in range(2 if busy else 6))]


class Prober:
    """UDP sockets in nodes, and what was sent between them."""

    def __init__(self, layout: Layout, nodes: dict[str, NodeNamespaces], wanted: Iterable[str]) -> None:
        self._sockets: dict[str, socket.socket] = {}
        self._address: dict[str, tuple[str, int]] = {}
        self._by_fd: dict[int, socket.socket] = {}
        self._poll = select.epoll()
        self._trips: list[RoundTrips] = []
        self._links: list[Link] = []
        self._trains: list[Train] = []
        addresses = layout.addresses
        for name in sorted(set(wanted)):
            nodes[name].enter()
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            sock.setblocking(False)
            sock.bind((addresses[name], 0))
            self._sockets[name], self._address[name] = sock, sock.getsockname()
            self._by_fd[sock.fileno()] = sock
            self._poll.register(sock.fileno(), select.EPOLLIN)

    def round_trips(self, links: list[Link], trips: int) -> list[RoundTrips]:
        """Time so many round trips over every link, interleaved."""
        self._links, self._trips = links, [RoundTrips() for _ in links]
        total = trips * len(links)
        start, sent = time.time_ns(), 0
        longest_ns = (
            max((x.up.delay_ms + x.down.delay_ms + x.up.jitter_ms + x.down.jitter_ms for x in links), default=0) * 1e6
        )
        end = start + total * STAGGER_NS + longest_ns + GRACE_NS
        while (now := time.time_ns()) < end and sum(len(t.rtt_ms) for t in self._trips) < total:
            while sent < total and start + sent * STAGGER_NS <= now:
                index = sent % len(links)
                self._send(links[index].a, links[index].b, (_ECHO, index, sent, time.time_ns(), 0), ECHO_BYTES)
                sent += 1
            self._receive(0.0005)
        return self._trips

    def run_trains(self, trains: list[Train]) -> None:
        """Run all trains, as many at a time as don't disturb each other."""
        waiting = list(trains)
        while waiting:
            together, load = [waiting.pop(0)], 0.0
            load = together[0].packets_per_s
            while waiting and load + waiting[0].packets_per_s <= _TOGETHER_PACKETS_PER_S:
                load += waiting[0].packets_per_s
                together.append(waiting.pop(0))
            self._run_together(together)

    def _run_together(self, trains: list[Train]) -> None:
        self._trains = trains
        now = time.time_ns()
        for train in trains:
            train.started_ns = now
        longest = max(t.duration_s for t in trains) * 1e9
        while any(len(t.arrivals) < t.count for t in trains):
            now = time.time_ns()
            for index, train in enumerate(trains):
                self._send_due(index, train, now)
            last = max((t.arrivals[-1][1] for t in trains if t.arrivals), default=trains[0].started_ns)
            if now > max(last, trains[0].started_ns + longest) + _QUIET_NS + self._slack_ns:
                return
            self._receive(0.001 if all(t.sent == t.count for t in trains) else 0.0002)

    _slack_ns = 0

    def allow_delay(self, delay_ms: float) -> None:
        """Wait that much longer for packets before taking them for lost."""
        self._slack_ns = int(delay_ms * 1e6)

    def _send_due(self, index: int, train: Train, now: int) -> None:
        due = train.due(now)
        burst = max(1, min(_BURST_PACKETS, _BURST_BYTES // train.size))
        while train.sent < due:
            end = min(due, train.sent + burst)
            packets = [_HEADER.pack(_TRAIN, index, k, 0, 0).ljust(train.size, b"\0") for k in range(train.sent, end)]
            segment = [(socket.IPPROTO_UDP, _UDP_SEGMENT, struct.pack("H", train.size))] if len(packets) > 1 else []
            try:
                self._sockets[train.source].sendmsg(packets, segment, 0, self._address[train.target])
            except OSError:
                return  # its buffer is full; later
            train.sent = end

    def _send(self, source: str, target: str, fields: tuple[int, int, int, int, int], size: int) -> bool:
        try:
            self._sockets[source].sendto(_HEADER.pack(*fields).ljust(size, b"\0"), self._address[target])
        except OSError:
            return False
        return True

    def _receive(self, timeout_s: float) -> None:
        for fd, _ in self._poll.poll(timeout_s):
            sock = self._by_fd[fd]
            for _ in range(64):
                try:
                    data, ancillary, _, _ = sock.recvmsg(_HEADER.size, 64)
                except BlockingIOError:
                    break
                seconds, nanos = struct.unpack("qq", ancillary[0][2][:16])
                self._take(_HEADER.unpack(data), seconds * 1_000_000_000 + nanos)

    def _take(self, fields: tuple[int, ...], arrived: int) -> None:
        kind, index, sequence, sent, turned = fields
        if kind == _TRAIN:
            self._trains[index].arrivals.append((sequence, arrived))
        elif kind == _ECHO:
            trips = self._trips[index]
            trips.up_ms.append((arrived - sent) / 1e6)
            link = self._links[index]
            now = time.time_ns()
            self._send(link.b, link.a, (_REPLY, index, sequence, sent + now - arrived, now), ECHO_BYTES)
        elif kind == _REPLY:
            self._trips[index].down_ms.append((arrived - turned) / 1e6)
            self._trips[index].rtt_ms.append((arrived - sent) / 1e6)
