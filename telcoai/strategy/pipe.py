"""One link after another as one request and its reply see them, without waiting."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from telcoai.model.routes import Step
from telcoai.model.topology import LinkState
from telcoai.strategy.tcp import Path
from telcoai.strategy.windows import SEGMENTS, Numbers, timeouts, waits

REPLY_BYTES = 600
"""A reply: head with timings, and the prediction."""

SEGMENT_BYTES = 1448
"""Payload of a full TCP segment on an MTU of 1500, time stamps on."""

HEADER_SHARE = 52 / SEGMENT_BYTES
"""IP and TCP headers, per byte of payload."""


@dataclass(frozen=True, slots=True)
class Pipe:
    """The way to the next node and back.

    ``slowest_s`` and ``others_s``: seconds a byte of the slowest link, and of all others together. ``reply_s``: time
    to send a reply. ``waits_s``, ``late_s``: what a transfer of each size in ``windows.SEGMENTS`` waits for
    acknowledgements, and it and its reply for timeouts, on average, and how much more at the percentile.
    """

    slowest_s: float
    others_s: float
    reply_s: float
    round_trip_s: float
    jitter_s: float
    waits_s: tuple[float, ...] = (0.0,) * len(SEGMENTS)
    late_s: tuple[float, ...] = (0.0,) * len(SEGMENTS)

    def seconds(self, payload: int) -> float:
        """Mean time for a request of ``payload`` bytes there and its reply back, in seconds.

        Only the slowest link's sending time counts in full, since segments follow one another; each other link adds
        one segment's.
        """
        sending = payload * self.slowest_s + min(payload, SEGMENT_BYTES) * self.others_s
        return sending + self.reply_s + self.round_trip_s + _between(payload, self.waits_s)

    def tail_s(self, payload: int) -> float:
        """What it takes longer than on average at the percentile: jitter, and windows that losses keep small."""
        return self.jitter_s + _between(payload, self.late_s)


NO_WAY = Pipe(math.inf, 0.0, 0.0, 0.0, 0.0)
"""Where there is no path: everything takes for ever."""

NO_STEP = Pipe(0.0, 0.0, 0.0, 0.0, 0.0)
"""From a node to itself."""


def pipe(way: tuple[Step, ...] | None, rate_per_s: float, percentile: float, dispersion: float = 1.0) -> Pipe:
    """The pipe over these links for requests at this rate; no path is ``NO_WAY``, and no link ``NO_STEP``.

    Connections are taken to be the device's own. ``dispersion``: below 1 requests are so much more regular than chance
    makes them; more than that is left to queues.
    """
    if way is None:
        return NO_WAY
    if not way:
        return NO_STEP
    there = [step.state for step in way]
    back = [backward(step) for step in way]
    round_trip_s = sum(state.delay_ms for state in (*there, *back)) / 1e3
    speeds = [occupied_s(state, 1) for state in there]
    path = Path(round_trip_s, SEGMENT_BYTES * max(speeds), lost_on(there), lost_on(back))
    mean_s, tail_s = _waits_s(path, rate_per_s, percentile, 1 - min(1.0, dispersion))
    return Pipe(
        slowest_s=max(speeds),
        others_s=sum(speeds) - max(speeds),
        reply_s=sum(occupied_s(state, REPLY_BYTES) for state in back),
        round_trip_s=round_trip_s,
        jitter_s=sum(state.jitter_ms for state in (*there, *back)) / 1e3,
        waits_s=tuple(mean_s.tolist()),
        late_s=tuple((tail_s - mean_s).tolist()),
    )


def _waits_s(path: Path, rate_per_s: float, percentile: float, regular: float) -> tuple[Numbers, Numbers]:
    """Seconds that a transfer of each size and its reply wait, on average and at the percentile."""
    rare_s = path.timeout_s * timeouts(path.loss, path.loss_back, percentile)
    if path.round_trip_s <= 0:
        return rare_s[0], np.maximum(rare_s[0], rare_s[1])
    ratio = path.segment_s / path.round_trip_s
    windows = waits(path.loss, rate_per_s * path.timeout_s, ratio, percentile, regular)
    mean_s, tail_s = path.round_trip_s * windows + rare_s
    return mean_s, np.maximum(mean_s, tail_s)


def lost_on(states: Sequence[LinkState]) -> float:
    """Share of packets that get lost on the way over all these links."""
    return 1 - math.prod(1 - state.loss for state in states)


def _between(payload: int, waits_s: tuple[float, ...]) -> float:
    """Linear between the sizes that are known, and as the last one beyond."""
    below, more, width = _place(payload)
    if more == 0:
        return waits_s[below]
    return (waits_s[below + 1] - waits_s[below]) / width * more + waits_s[below]


@lru_cache(maxsize=8192)
def _place(payload: int) -> tuple[int, int, int]:
    """Where a transfer lies in ``SEGMENTS``: the place of the size below, segments more than that, and to the next."""
    segments = min(max(math.ceil(payload / SEGMENT_BYTES), SEGMENTS[0]), SEGMENTS[-1])
    below = bisect_right(SEGMENTS, segments) - 1
    return below, segments - SEGMENTS[below], SEGMENTS[min(below + 1, len(SEGMENTS) - 1)] - SEGMENTS[below]


def backward(step: Step) -> LinkState:
    """State of the link in the direction of the reply."""
    return step.link.down if step.upward else step.link.up


def occupied_s(state: LinkState, payload: int) -> float:
    """Time that a link's shaper takes for a payload, headers included, in seconds."""
    return payload * (1 + HEADER_SHARE) * 8 / state.rate_bps
