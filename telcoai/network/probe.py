"""Measures all links of a running testbed again and again, for the strategy's view and for links.parquet."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from telcoai.errors import TestbedError
from telcoai.model.topology import Link, LinkState
from telcoai.model.view import LinkView
from telcoai.network.record import LinkReading, Span

GAP_S = 1.0
"""Seconds between two rounds of probes."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One direction as just measured: one-way delay in ms (None when nothing came through) and counters."""

    delay_ms: float | None
    packets: int = 0
    bytes: int = 0
    drops_queue: int = 0
    drops_loss: int = 0


Measure = Callable[[], Mapping[tuple[str, str], Seen]]
"""Measures every link now: by (link name, ``up`` or ``down``). Raises TestbedError when the network is gone."""


class LinkProbe:
    """Runs ``measure`` in a thread between ``start`` and ``stop``. ``failure`` says why it gave up, if it did."""

    def __init__(self, links: Iterable[Link], measure: Measure, t0_ns: int) -> None:
        self._asked = {link.name: link for link in links}
        self._known = dict(self._asked)
        self._measure = measure
        self._t0_ns = t0_ns
        self._paused: set[str] = set()
        self._unsettled: set[str] = set()
        self._since_ns = {name: self._now_ns() for name in self._asked}
        """Since when each link is judged, as asked and with both ends up; absent while it isn't."""
        self._past: list[Span] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="link-probe")
        self.readings: list[LinkReading] = []
        self.failure = ""

    def start(self, t0_ns: int) -> None:
        """Measure once now, and go on in a thread; times count from ``t0_ns`` on, and what was read before is gone."""
        with self._lock:
            self._t0_ns = t0_ns
            self._since_ns = dict.fromkeys(self._since_ns, self._now_ns())
            self.readings.clear()
        self.measure_once()
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        with self._lock:
            for name in list(self._since_ns):
                self._close(name)

    def spans(self) -> tuple[Span, ...]:
        """The times in which each link had one state asked and both ends up, from the probe's making to ``stop``."""
        with self._lock:
            return tuple(self._past)

    def expect(self, name: str, up: LinkState, down: LinkState) -> None:
        """From now on these states are asked of the link."""
        with self._lock:
            self._close(name)
            self._unsettled.discard(name)
            self._asked[name] = replace(self._asked[name], up=up, down=down)
            self._open(name)

    def unsettle(self, name: str) -> None:
        """The link is about to change: it isn't judged until ``expect`` or ``settle``."""
        with self._lock:
            self._close(name)
            self._unsettled.add(name)

    def settle(self, name: str) -> None:
        """The link didn't change after all; nothing to do after ``expect``."""
        with self._lock:
            self._unsettled.discard(name)
            self._open(name)

    def pause(self, node: str) -> None:
        """The node is down: its links aren't judged."""
        with self._lock:
            self._paused.add(node)
            for name in self._links_of(node):
                self._close(name)

    def resume(self, node: str) -> None:
        """The node is up again."""
        with self._lock:
            self._paused.discard(node)
            for name in self._links_of(node):
                self._open(name)

    def _links_of(self, node: str) -> list[str]:
        return [name for name, link in self._asked.items() if node in (link.a, link.b)]

    def _open(self, name: str) -> None:
        link = self._asked[name]
        if name not in self._unsettled and not {link.a, link.b} & self._paused:
            self._since_ns.setdefault(name, self._now_ns())

    def _close(self, name: str) -> None:
        since_ns = self._since_ns.pop(name, None)
        if since_ns is not None:
            self._past.append(Span(name, since_ns, self._now_ns()))

    def _now_ns(self) -> int:
        return time.monotonic_ns() - self._t0_ns

    def views(self) -> dict[str, LinkView]:
        """Each link with its delay as measured last; jitter, rate and loss as they were asked then.

        What the timeline asks for meanwhile isn't told: a strategy sees a change when a probe has seen it.
        """
        with self._lock:
            return {name: LinkView(link.a, link.b, link.up, link.down) for name, link in self._known.items()}

    def _run(self) -> None:
        while not self._stop.wait(GAP_S):
            try:
                self.measure_once()
            except TestbedError as err:
                self.failure = err.message
                return
            except OSError as err:  # TimeoutError is one
                self.failure = f"{type(err).__name__}: {err}"
                return

    def measure_once(self) -> None:
        """Measure now; TestbedError when the network is gone."""
        with self._lock:
            since_before = dict(self._since_ns)
        seen = self._measure()
        now_ns = self._now_ns()
        with self._lock:
            for (name, direction), one in seen.items():
                link = self._asked[name]
                if name in since_before and since_before[name] == self._since_ns.get(name):
                    self._know(link, direction, one)
                    self.readings.append(_reading(link, direction, one, now_ns))

    def _know(self, asked: Link, direction: str, seen: Seen) -> None:
        if seen.delay_ms is None:
            return
        known = self._known[asked.name]
        if direction == "up":
            self._known[asked.name] = replace(known, up=replace(asked.up, delay_ms=seen.delay_ms))
        else:
            self._known[asked.name] = replace(known, down=replace(asked.down, delay_ms=seen.delay_ms))


def _reading(link: Link, direction: str, seen: Seen, now_ns: int) -> LinkReading:
    return LinkReading(
        link=link.name,
        direction=direction,
        time_ns=now_ns,
        asked=link.up if direction == "up" else link.down,
        delay_ms=math.nan if seen.delay_ms is None else seen.delay_ms,
        packets=seen.packets,
        bytes=seen.bytes,
        drops_queue=seen.drops_queue,
        drops_loss=seen.drops_loss,
    )
