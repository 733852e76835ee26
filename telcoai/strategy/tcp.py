"""What TCP adds to a transfer over a kept-alive connection: rounds in which a full window waits for acknowledgements.

Reno as Linux has it (RFC 5681): slow start from ten segments (RFC 6928) up to the threshold, above it one segment for
each window that is acknowledged; a loss halves the window; for each retransmission timeout without traffic the window
halves again, down to ten, and one that is not used shrinks to what is (RFC 2861). A lost segment is found by those
after it in about a round trip, the last ones by a probe after two more (RFC 8985). Where what repairs it is lost again,
or nothing else is under way, a timeout passes, twice as long each time (RFC 6298). Nodes of a testbed run Reno too.

Left out: reordering; that a transfer of more segments may end with one alone in its window; and acknowledgements that
get lost, which delay nobody: the next one says the same, and that of the last segment is in the reply.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

INITIAL_WINDOW = 10
"""Segments that TCP sends before the first acknowledgement (RFC 6928)."""

LEAST_RTO_S = 0.2
"""Least retransmission timeout of Linux (TCP_RTO_MIN), on top of the round trip."""

FIRST_RTO_S = 1.0
"""Timeout of a connection that is being made (RFC 6298, section 2.1)."""

MOST_REPEATS = 15
"""How often Linux sends the same segment again (tcp_retries2)."""

LAST_ROUNDS = 3.0
"""Round trips that a loss of the last segment costs: a probe after two, and its answer."""


@dataclass(frozen=True, slots=True)
class Path:
    """What a connection goes over: round trip without load, a segment's time at the slowest link, share lost there and
    of what comes back."""

    round_trip_s: float
    segment_s: float
    loss: float
    loss_back: float = 0.0

    @property
    def timeout_s(self) -> float:
        """Retransmission timeout while round trips hardly vary."""
        return LEAST_RTO_S + self.round_trip_s


@dataclass(frozen=True, slots=True)
class Round:
    """One window: segments sent, what its losses cost, in round trips and timeouts, and whether it is the last."""

    sent: int
    lost: float
    timeouts: int
    is_last: bool


@dataclass(slots=True)
class Connection:
    """The sender's state: congestion window and slow start threshold in segments; when it was last used, and when its
    window last held it up. ``is_new``: it has to be made first."""

    used_s: float
    limited_s: float
    window: float = INITIAL_WINDOW
    threshold: float = math.inf
    is_new: bool = True

    def waits_s(self, segments: int, path: Path, now_s: float, draw: random.Random) -> float:
        """Seconds that a transfer of so many segments, begun now, takes longer than sending them and their delay."""
        waited_s = made_s(path, draw) if self.is_new else 0.0
        self.is_new = False
        for one in self.transfer(segments, path.loss, now_s, path.timeout_s, draw):
            waited_s += path.round_trip_s * one.lost + path.timeout_s * one.timeouts
            if not one.is_last:
                waited_s += max(0.0, path.round_trip_s - one.sent * path.segment_s)
        self.used_s = now_s + waited_s + segments * path.segment_s
        return waited_s

    def transfer(
        self, segments: int, loss: float, now_s: float, timeout_s: float, draw: random.Random
    ) -> Iterator[Round]:
        """The rounds of a transfer that begins now. Whoever asks sets ``used_s`` when it is over."""
        self._rest(now_s, timeout_s)
        left, most, held_up = segments, 0, False
        while left > 0:
            sent = min(left, max(1, int(self.window)))
            left, most, held_up = left - sent, max(most, sent), held_up or sent >= int(self.window)
            lost = _lost(sent, loss, draw)
            again = max((repeats(loss, draw) for _ in lost), default=0)
            if lost:
                self.threshold = self.window = max(self.window / 2, 2.0)
            else:
                self._grow(sent, most, held_up)
            if held_up:
                self.limited_s = now_s
            if again:  # one segment after a timeout, two once it is there
                self.window = 2.0
            late = LAST_ROUNDS if left == 0 and sent - 1 in lost else 1.0
            if lost and segments == 1:
                yield Round(sent, 0.0, 1 << again, True)
            else:
                yield Round(sent, late if lost else 0.0, (1 << again) - 1, left == 0)
        self._validate(most, now_s, timeout_s)

    def start_over(self) -> None:
        """All that was under way is lost: after the timeout it begins with one segment, with two once that is there."""
        self.threshold, self.window = min(self.threshold, max(self.window / 2, 2.0)), 2.0

    def _rest(self, now_s: float, timeout_s: float) -> None:
        """Idle time halves the window."""
        halvings = int(max(0.0, now_s - self.used_s) / timeout_s)
        if halvings > 0 and self.window > INITIAL_WINDOW:
            self._remember()
            self.window = max(float(INITIAL_WINDOW), self.window / 2 ** min(halvings, 60))

    def _grow(self, sent: int, most: int, held_up: bool) -> None:
        """A window that isn't used doesn't grow; in slow start half of it counts for that. Above the threshold all that
        is acknowledged of a transfer that it once ``held_up`` counts, and a window of that makes it one segment more.
        """
        if self.window < self.threshold:
            if self.window < 2 * most:
                self.window = max(self.window, min(self.window + sent, self.threshold))
        elif held_up:
            self.window += sent / self.window

    def _validate(self, most: int, now_s: float, timeout_s: float) -> None:
        """A window that nobody has used for a timeout shrinks half way to what was used."""
        used = max(float(INITIAL_WINDOW), most)
        if now_s - self.limited_s >= timeout_s and used < self.window:
            self._remember()
            self.window = (self.window + used) / 2
            self.limited_s = now_s

    def _remember(self) -> None:
        """Slow start leads back to three quarters of the window."""
        self.threshold = max(self.threshold, 0.75 * self.window)


def lone_s(path: Path, draw: random.Random) -> float:
    """Seconds that a lost segment costs with no other under way, like a reply; 0 when it isn't lost.

    Linux probes after two round trips and TCP_RTO_MIN (RFC 8985, section 7.2: the other side may hold its
    acknowledgement back), but not later than the timeout, which is sooner. If the probe is lost too, that begins anew.
    """
    if path.loss <= 0 or draw.random() >= path.loss:
        return 0.0
    return path.timeout_s * (1 << repeats(path.loss, draw))


def made_s(path: Path, draw: random.Random) -> float:
    """Seconds until a connection is made: a round trip, and timeouts for what is lost of it in either direction."""
    lost = repeats(1 - (1 - path.loss) * (1 - path.loss_back), draw)
    return path.round_trip_s + FIRST_RTO_S * ((1 << lost) - 1)


def repeats(loss: float, draw: random.Random) -> int:
    """How often what is sent is lost before it comes through."""
    count = 0
    while loss > 0 and count < MOST_REPEATS and draw.random() < loss:
        count += 1
    return count


def _lost(sent: int, loss: float, draw: random.Random) -> set[int]:
    """Which of the segments are lost, by position; the gaps between them are geometric."""
    found: set[int] = set()
    if loss <= 0:
        return found
    each = math.log1p(-loss) if loss < 1 else -math.inf
    place = _gap(each, sent, draw)
    while place < sent:
        found.add(place)
        place += 1 + _gap(each, sent, draw)
    return found


def _gap(each: float, most: int, draw: random.Random) -> int:
    """Segments until the next that is lost, at ``most`` so many; ``each`` is the logarithm of the share kept."""
    return int(min(most, math.log(1 - draw.random()) / each))
