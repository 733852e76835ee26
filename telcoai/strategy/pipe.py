"""One link after another as one request and its reply see them, without waiting."""

from __future__ import annotations

import math
from dataclasses import dataclass

from telcoai.model.routes import Step
from telcoai.model.topology import LinkState

REPLY_BYTES = 600
"""A reply: head with timings, and the prediction."""

SEGMENT_BYTES = 1448
"""Payload of a full TCP segment on an MTU of 1500, time stamps on."""

HEADER_SHARE = 52 / SEGMENT_BYTES
"""IP and TCP headers, per byte of payload."""

INITIAL_WINDOW = 10
"""Segments that TCP sends before the first acknowledgement (RFC 6928)."""

LEAST_RTO_S = 0.2
"""Least retransmission timeout of Linux, on top of the round trip."""

_MOST_WINDOWS = 16


@dataclass(frozen=True, slots=True)
class Pipe:
    """The way to the next node and back.

    ``slowest_s`` and ``others_s``: seconds a byte of the slowest link, and of all others together. ``reply_s``: time
    to send a reply. ``lost``: share of segments lost either way. ``reopened``: entry n is the mean number of windows
    that TCP has to open again when n were open.
    """

    slowest_s: float
    others_s: float
    reply_s: float
    round_trip_s: float
    jitter_s: float
    lost: float
    reopened: tuple[float, ...]

    def seconds(self, payload: int) -> float:
        """Time for a request of ``payload`` bytes there and its reply back, in seconds.

        Only the slowest link's sending time counts in full, since segments follow one another; each other link adds
        one segment's. A lost segment costs one more round trip, and so does each window that has to be opened anew.
        """
        segments = payload / SEGMENT_BYTES
        windows = max(0, math.ceil(math.log2(segments / INITIAL_WINDOW + 1)) - 1)
        rounds = 1 + self.lost * max(1.0, segments) + self.reopened[min(windows, _MOST_WINDOWS)]
        sending = payload * self.slowest_s + min(payload, SEGMENT_BYTES) * self.others_s
        return sending + self.reply_s + self.round_trip_s * rounds


NO_WAY = Pipe(math.inf, 0.0, 0.0, 0.0, 0.0, 0.0, (0.0,) * (_MOST_WINDOWS + 1))
"""Where there is no path: everything takes for ever."""

NO_STEP = Pipe(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, (0.0,) * (_MOST_WINDOWS + 1))
"""From a node to itself."""


def pipe(way: tuple[Step, ...] | None, rate_per_s: float) -> Pipe:
    """The pipe over these links for requests at this rate; no path is ``NO_WAY``, and no link ``NO_STEP``."""
    if way is None:
        return NO_WAY
    if not way:
        return NO_STEP
    there = [step.state for step in way]
    back = [backward(step) for step in way]
    kept = math.prod(1 - state.loss for state in (*there, *back))
    round_trip_s = sum(state.delay_ms for state in (*there, *back)) / 1e3
    speeds = [occupied_s(state, 1) for state in there]
    return Pipe(
        slowest_s=max(speeds),
        others_s=sum(speeds) - max(speeds),
        reply_s=sum(occupied_s(state, REPLY_BYTES) for state in back),
        round_trip_s=round_trip_s,
        jitter_s=sum(state.jitter_ms for state in (*there, *back)) / 1e3,
        lost=1 - kept,
        reopened=_reopened(rate_per_s, LEAST_RTO_S + round_trip_s),
    )


def backward(step: Step) -> LinkState:
    """State of the link in the direction of the reply."""
    return step.link.down if step.upward else step.link.up


def occupied_s(state: LinkState, payload: int) -> float:
    """Time that a link's shaper takes for a payload, headers included, in seconds."""
    return payload * (1 + HEADER_SHARE) * 8 / state.rate_bps


def _reopened(rate_per_s: float, timeout_s: float) -> tuple[float, ...]:
    """Windows to open again, on average, when 0, 1, 2 … were open.

    The window of Reno and CUBIC halves for each retransmission timeout without traffic, down to the initial one
    (RFC 2861, the default of Linux), and doubles each round trip while sending. It comes to lie between what a request
    needs and twice that, so the first halving costs a round trip half of the time: window i is taken to be lost after
    i + 1/2 timeouts. With random arrivals the idle time exceeds that with probability exp(-rate · (i + 1/2) ·
    timeout). Connections are taken to be the device's own.
    """
    found = [0.0]
    for count in range(1, _MOST_WINDOWS + 1):
        found.append(found[-1] + math.exp(-rate_per_s * (count + 0.5) * timeout_s))
    return tuple(found)
