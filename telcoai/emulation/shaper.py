"""The arithmetic of one direction of a link. No clock and no I/O: times are nanoseconds, sizes bytes, both ints.

A packet that arrives at ``t`` leaves the shaper at ``max(t, previous departure) + size × 8 / rate``; it is dropped
when the bytes still waiting and its own exceed the queue. After the shaper comes loss, then delay with jitter
(uniform, ± jitter). Order is kept within a direction, except for the share ``reorder``, which skips the delay.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from telcoai.model.topology import LinkState

DROPPED = -1
MIN_QUEUE_BYTES = 64 * 1024
QUEUE_TIME_S = 0.05


def default_queue_bytes(rate_bps: float) -> int:
    """The queue of a link that names none: 50 ms at its rate, at least 64 KiB."""
    return max(MIN_QUEUE_BYTES, int(rate_bps / 8 * QUEUE_TIME_S))


def transmit_ns(size: int, rate_bps: int) -> int:
    """Nanoseconds that ``size`` bytes take at ``rate_bps``, rounded up."""
    return -(-size * 8_000_000_000 // rate_bps)


@dataclass(slots=True)
class Counts:
    """What went through one direction so far."""

    packets: int = 0
    bytes: int = 0
    dropped_loss: int = 0
    dropped_queue: int = 0
    dropped_down: int = 0


class Direction:
    """Shaper, loss and delay of one direction."""

    __slots__ = (
        "_delay_ns",
        "_departure",
        "_exit",
        "_jitter_ns",
        "_limit_bytes",
        "_random",
        "_rate",
        "blocks",
        "counts",
        "state",
    )

    def __init__(self, state: LinkState, seed: int) -> None:
        self.counts = Counts()
        self.blocks = 0
        """How many of its two ends are down."""
        self._random = Random(seed)
        self._departure = 0
        self._exit = 0
        self.configure(state)

    def configure(self, state: LinkState) -> None:
        """Use ``state`` for packets that arrive from now on. ValueError where it makes no sense."""
        check(state)
        self.state = state
        self._rate = max(1, round(state.rate_bps))
        self._delay_ns = round(state.delay_ms * 1e6)
        self._jitter_ns = round(state.jitter_ms * 1e6)
        self._limit_bytes = state.queue_bytes or default_queue_bytes(state.rate_bps)

    def reseed(self, seed: int) -> None:
        """Draw loss and jitter anew from ``seed``."""
        self._random = Random(seed)

    @property
    def departure(self) -> int:
        """When the last admitted packet leaves the shaper."""
        return self._departure

    def waiting_bytes(self, now: int) -> int:
        """Bytes in the queue at ``now``, the packet being sent counted with what is left of it."""
        return max(0, self._departure - now) * self._rate // 8_000_000_000

    def admit(self, now: int, size: int) -> int:
        """When the packet that arrives at ``now`` comes out at the far end, or ``DROPPED``."""
        counts = self.counts
        start = self._departure
        if start > now:
            if (start - now) * self._rate // 8_000_000_000 + size > self._limit_bytes:
                counts.dropped_queue += 1
                return DROPPED
        else:
            start = now
        if self.blocks:
            counts.dropped_down += 1
            return DROPPED
        self._departure = departure = start + -(-size * 8_000_000_000 // self._rate)
        state = self.state
        if state.loss and self._random.random() < state.loss:
            counts.dropped_loss += 1
            return DROPPED
        counts.packets += 1
        counts.bytes += size
        if state.reorder and self._random.random() < state.reorder:
            return departure
        when = departure + self._delay_ns
        if self._jitter_ns:
            when = max(departure, when + int((self._random.random() * 2 - 1) * self._jitter_ns))
        if when < self._exit:
            return self._exit
        self._exit = when
        return when

    def restart(self, now: int) -> None:
        """Forget what was admitted: the queue is empty, and what comes now may overtake what is under way."""
        self._departure = now
        self._exit = now

    def reschedule(self, size: int) -> int:
        """Like ``admit`` right behind the last packet, for one that was admitted, counted and spared before."""
        self._departure += transmit_ns(size, self._rate)
        when = self._departure + self._delay_ns
        self._exit = max(self._exit, when)
        return self._exit


def check(state: LinkState) -> None:
    """ValueError that names the field when a link state can't be emulated."""
    limits = {
        "delay_ms": 0 <= state.delay_ms <= 3_600_000,
        "jitter_ms": 0 <= state.jitter_ms <= 3_600_000,
        "rate_bps": 0 < state.rate_bps <= 1e15,
        "loss": 0 <= state.loss <= 1,
        "reorder": 0 <= state.reorder <= 1,
        "queue_bytes": 0 <= state.queue_bytes <= 1e12,
    }
    for name, valid in limits.items():
        if not valid:
            raise ValueError(f"{name} can't be {getattr(state, name)}")
