"""Rows of links.parquet, and the judgement whether links were as asked during a run."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass

from telcoai.model.topology import LinkState

TOLERANCE_MS = 1.0
TOLERANCE_SHARE = 0.05
"""As at ``up``: a measured delay may differ by 1 ms, plus a twentieth, plus the jitter asked."""

CONGESTED = 0.5
"""Above this share of its rate a direction's delay contains queueing, so that too long a delay proves nothing."""

LOSSY = 0.3
"""Above this loss, asked in either direction, it proves nothing that no probe came back."""

UNSEEN_S = 3.0
"""A state that is asked for this long must have been measured."""


@dataclass(frozen=True, slots=True)
class LinkReading:
    """One direction of a link at one instant: what was asked, and what was seen.

    ``time_ns`` counts from the run's t0. ``delay_ms`` is one way and NaN when no probe came through. Packets, bytes
    and drops are those since the sandbox was made.
    """

    link: str
    direction: str
    time_ns: int
    asked: LinkState
    delay_ms: float
    packets: int
    bytes: int
    drops_queue: int
    drops_loss: int

    def row(self) -> dict[str, object]:
        """The row of links.parquet."""
        return {
            "link": self.link,
            "direction": self.direction,
            "time_ns": self.time_ns,
            "asked_delay_ms": self.asked.delay_ms,
            "asked_jitter_ms": self.asked.jitter_ms,
            "asked_rate_bps": self.asked.rate_bps,
            "asked_loss": self.asked.loss,
            "measured_delay_ms": self.delay_ms,
            "packets": self.packets,
            "bytes": self.bytes,
            "drops_queue": self.drops_queue,
            "drops_loss": self.drops_loss,
        }


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which a link had the states asked for, and both its ends ran. Times are ns from the run's t0."""

    link: str
    from_ns: int
    until_ns: int


def links_off(readings: Iterable[LinkReading], spans: Iterable[Span] = ()) -> tuple[str, ...]:
    """Directions whose least measured delay, while one state was asked, is out of tolerance; and links unmeasured.

    The least delay is what is left when nothing queues; a direction that was busy nearly all the time is judged only
    for being too short. A state that is asked again after another one is judged again.
    """
    readings = list(readings)
    if not readings:
        return ("no link was measured",)
    directions: dict[tuple[str, str], list[LinkReading]] = {}
    for reading in readings:
        directions.setdefault((reading.link, reading.direction), []).append(reading)
    lossy = {(one.link, one.time_ns) for one in readings if one.asked.loss > LOSSY}
    phases = [
        list(phase)
        for each in directions.values()
        for _, phase in itertools.groupby(sorted(each, key=lambda one: one.time_ns), key=lambda one: one.asked)
    ]
    problems = [_phase_problem(phase, lossy) for phase in phases]
    problems += [_span_problem(span, readings) for span in spans]
    return tuple(problem for problem in problems if problem)


def _span_problem(span: Span, readings: list[LinkReading]) -> str:
    seconds = (span.until_ns - span.from_ns) / 1e9
    if seconds < UNSEEN_S:
        return ""
    if any(one.link == span.link and span.from_ns <= one.time_ns <= span.until_ns for one in readings):
        return ""
    return f"{span.link}: not measured for {seconds:.1f} s from {span.from_ns / 1e9:.1f} s on"


def _phase_problem(phase: list[LinkReading], lossy: set[tuple[str, int]]) -> str:
    asked = phase[0].asked
    name = f"{phase[0].link} {phase[0].direction}"
    seen = [one.delay_ms for one in phase if not math.isnan(one.delay_ms)]
    if not seen:
        excused = any((one.link, one.time_ns) in lossy for one in phase)
        return "" if excused else f"{name}: no probe came back"
    least = min(seen)
    allowed = TOLERANCE_MS + TOLERANCE_SHARE * asked.delay_ms + asked.jitter_ms + asked.reorder * asked.delay_ms
    if least < asked.delay_ms - allowed:
        return f"{name}: delay {least:.2f} ms, asked {asked.delay_ms:.2f} ms"
    if least > asked.delay_ms + allowed and _utilisation(phase) < CONGESTED:
        return f"{name}: delay {least:.2f} ms, asked {asked.delay_ms:.2f} ms"
    return ""


def _utilisation(phase: list[LinkReading]) -> float:
    """Share of the direction's rate that was used over the phase; NaN with one reading, which proves no idleness."""
    first, last = phase[0], phase[-1]
    seconds = (last.time_ns - first.time_ns) / 1e9
    return (last.bytes - first.bytes) * 8 / seconds / first.asked.rate_bps if seconds > 0 else math.nan
