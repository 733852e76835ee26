"""Measures links after they are set, and says whether they are as asked.

Round trips are measured on every link. The rate is measured on each *kind* of link (same state in a direction), on
up to ``SAMPLED_PER_KIND`` links of it when there are many; the others' rate stays None. A fast link (over about
240 Mbit/s at MTU 1500) is shown to space packets as asked by short trains, not to carry that rate for long. Loss isn't
verified: that takes thousands of packets.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from telcoai.emulation import linux
from telcoai.emulation.layout import DOWN, UP, Layout
from telcoai.emulation.namespaces import NodeNamespaces
from telcoai.emulation.prober import Prober, Train, trains_of
from telcoai.emulation.protocol import decode
from telcoai.model.topology import Link, LinkState

SAMPLED_PER_KIND = 6
MUCH_LOSS = 0.3
"""On a link that loses more, silence says nothing."""
_MANY_LINKS = 24
_DELAY_TOLERANCE_MS = 1.0
_DELAY_TOLERANCE_SHARE = 0.05
_RATE_TOLERANCE_SHARE = 0.05
_FAST_RATE_TOLERANCE_SHARE = 0.15
_FAST_BPS = 240e6
_PROBE_BITS = 92 * 8


@dataclass(frozen=True, slots=True)
class DirectionMeasure:
    """One direction as measured: median one-way delay, and rate of IP bytes; None where not measured.

    A rate of 0 was measured, and nothing came out.
    """

    delay_ms: float | None
    rate_bps: float | None


@dataclass(frozen=True, slots=True)
class LinkMeasure:
    """A link as measured. ``problems`` says in words what is out of tolerance; empty means as asked."""

    link: str
    rtt_ms: float | None
    up: DirectionMeasure
    down: DirectionMeasure
    problems: tuple[str, ...] = ()


def fork(layout: Layout, nodes: dict[str, NodeNamespaces], request: Mapping[str, Any]) -> int:
    """Measure in a child of the supervisor; the descriptor from which its result can be read."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            linux.run_first()
            os.write(writer, json.dumps(_measure(layout, nodes, request)).encode())
        finally:
            if sys.exc_info()[0] is not None:
                sys.excepthook(*sys.exc_info())
            os._exit(0)
    os.close(writer)
    return reader


def reply(output: bytes) -> dict[str, Any]:
    """The supervisor's answer, from what the child wrote."""
    return decode(output) if output else {"error": "the measurement failed; see supervisor.log"}


def _measure(layout: Layout, nodes: dict[str, NodeNamespaces], request: Mapping[str, Any]) -> dict[str, Any]:
    states = {(link, direction): LinkState(**state) for link, direction, state in request["states"]}
    links = [Link(x.a, x.b, states[x.name, UP], states[x.name, DOWN]) for x in layout.links if (x.name, UP) in states]
    prober = Prober(layout, nodes, [end for link in links for end in (link.a, link.b)])
    trips = prober.round_trips(links, request["trips"])
    prober.allow_delay(max((max(x.up.delay_ms, x.down.delay_ms) for x in links), default=0.0))
    trains = _plan_trains(links, layout.mtu) if request["rates"] else {}
    prober.run_trains([train for some in trains.values() for train in some])
    return {
        "links": [
            asdict(
                LinkMeasure(
                    link.name,
                    _median(t.rtt_ms),
                    DirectionMeasure(_median(t.up_ms), _rate(trains.get((link.name, UP), []))),
                    DirectionMeasure(_median(t.down_ms), _rate(trains.get((link.name, DOWN), []))),
                )
            )
            for link, t in zip(links, trips, strict=True)
        ]
    }


def _plan_trains(links: list[Link], mtu: int) -> dict[tuple[str, str], list[Train]]:
    many = len(links) > _MANY_LINKS
    seen: dict[LinkState, int] = {}
    planned = {}
    for link in links:
        for direction, state in ((UP, link.up), (DOWN, link.down)):
            seen[state] = seen.get(state, 0) + 1
            if not many or seen[state] <= SAMPLED_PER_KIND:
                planned[link.name, direction] = trains_of(link, direction, mtu, many)
    return planned


def _median(values: list[float]) -> float | None:
    return statistics.median(values) if values else None


def _rate(trains: list[Train]) -> float | None:
    rates = [rate for train in trains if (rate := train.rate_bps()) is not None]
    return statistics.median(rates) if rates else 0.0 if trains else None


def judge(link: Link, measured: LinkMeasure) -> tuple[str, ...]:
    """What is out of tolerance on a link that should be as ``link`` says."""
    return (
        *_judge_delay(link, measured),
        *_judge_rate(link.up, measured.up, f"{link.a} → {link.b}"),
        *_judge_rate(link.down, measured.down, f"{link.b} → {link.a}"),
    )


def expected_rtt_ms(link: Link) -> float:
    """Round trip of a small packet: both delays, and its transmission at both rates."""
    return (
        link.up.delay_ms * (1 - link.up.reorder)
        + link.down.delay_ms * (1 - link.down.reorder)
        + _PROBE_BITS * 1e3 / link.up.rate_bps
        + _PROBE_BITS * 1e3 / link.down.rate_bps
    )


def _judge_delay(link: Link, measured: LinkMeasure) -> tuple[str, ...]:
    if measured.rtt_ms is None:
        return () if link.up.loss + link.down.loss > MUCH_LOSS else (f"{link.name}: no packet came back",)
    asked = expected_rtt_ms(link)
    allowed = (
        _DELAY_TOLERANCE_MS
        + _DELAY_TOLERANCE_SHARE * asked
        + 1.2 * max(link.up.jitter_ms, link.down.jitter_ms)
        + (link.up.reorder + link.down.reorder) * asked
    )
    if abs(measured.rtt_ms - asked) <= allowed:
        return ()
    return (f"{link.name}: RTT is {measured.rtt_ms:.2f} ms, asked {asked:.2f} ms ± {allowed:.2f} ms",)


def _judge_rate(state: LinkState, measured: DirectionMeasure, name: str) -> tuple[str, ...]:
    if measured.rate_bps is None or (measured.rate_bps == 0 and state.loss > MUCH_LOSS):
        return ()
    duration_ms = min(300.0, max(20.0, 30 * state.jitter_ms))
    share = _FAST_RATE_TOLERANCE_SHARE if state.rate_bps > _FAST_BPS else _RATE_TOLERANCE_SHARE
    share += state.jitter_ms / duration_ms + state.reorder
    if abs(measured.rate_bps / state.rate_bps - 1) <= share:
        return ()
    return (
        f"{name}: rate is {measured.rate_bps / 1e6:.3g} Mbit/s, asked {state.rate_bps / 1e6:.3g} Mbit/s ± {share:.0%}",
    )
