"""Links and the connections over them: rate, queue, delay and jitter here, windows, loss and timeouts in ``tcp``.

Each direction of a link sends one payload after the other at its rate. Over several links only the slowest one's
sending time counts in full, since segments follow one another. Left out: bytes of acknowledgements, reordering, and
drops at a full queue.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from telcoai.model.routes import Step
from telcoai.model.topology import LinkState
from telcoai.strategy.pipe import SEGMENT_BYTES, backward, lost_on, occupied_s
from telcoai.strategy.tcp import Connection, Path, lone_s


class Wires:
    """All directions of all links, and the connections over them."""

    def __init__(self, seed: int) -> None:
        self._free_s: dict[tuple[str, bool], float] = {}
        self._idle: dict[tuple[str, str], list[Connection]] = {}
        self._random = random.Random(seed)

    def take(self, ends: tuple[str, str], now_s: float) -> Connection:
        """A connection between two nodes: the one that was given back last, or a new one."""
        idle = self._idle.get(ends)
        return idle.pop() if idle else Connection(now_s, now_s)

    def give(self, ends: tuple[str, str], connection: Connection) -> None:
        """Keep a connection for the next request."""
        self._idle.setdefault(ends, []).append(connection)

    def send(self, way: Sequence[Step], payload: int, now_s: float, over: Connection | None = None) -> float:
        """When a payload is whole at the end of ``way``; without a connection it is a reply of one segment."""
        if not way:
            return now_s
        first_s, last_s = now_s, now_s
        for step in way:
            key, state = (step.link.name, step.upward), step.state
            begin_s = max(first_s, self._free_s.get(key, 0.0))
            end_s = begin_s + occupied_s(state, payload)
            self._free_s[key] = end_s
            segment_s = occupied_s(state, min(payload, SEGMENT_BYTES))
            delay_s = self._delay_s(state, end_s - begin_s)
            last_s = max(last_s + segment_s, end_s) + delay_s
            first_s = begin_s + segment_s + delay_s
        path = _path(way)
        if over is None:
            return last_s + lone_s(path, self._random)
        return last_s + over.waits_s(math.ceil(payload / SEGMENT_BYTES), path, now_s, self._random)

    def queued_s(self, link: str, upward: bool, now_s: float) -> float:
        """Seconds that a packet waits which comes to one direction of a link now."""
        return max(0.0, self._free_s.get((link, upward), 0.0) - now_s)

    def _delay_s(self, state: LinkState, sending_s: float) -> float:
        """Delay of the last of a row of packets: order is kept, so that it waits for the slowest of those before it
        that were sent within the jitter's width."""
        if state.jitter_ms == 0:
            return state.delay_ms / 1e3
        width_s = 2 * state.jitter_ms / 1e3
        packet_s = occupied_s(state, SEGMENT_BYTES)
        rivals = max(1.0, min(sending_s, width_s) / packet_s)
        drawn: float = 2 * self._random.random() ** (1 / rivals) - 1
        return max(0.0, state.delay_ms + state.jitter_ms * drawn) / 1e3


def _path(way: Sequence[Step]) -> Path:
    there, back = [step.state for step in way], [backward(step) for step in way]
    round_trip_s = sum(state.delay_ms for state in (*there, *back)) / 1e3
    segment_s = max(occupied_s(state, SEGMENT_BYTES) for state in there)
    return Path(round_trip_s, segment_s, lost_on(there), lost_on(back))
