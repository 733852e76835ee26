"""What strategies know of links: delays as the probe of virtual hosts would measure them, a while ago and not exactly.

A round sends a few probes over every link, one after the other, and takes the median of each direction's delays. They
queue behind payloads, have the link's jitter, and may get lost, which makes the round longer. The next one begins a gap
after. Left out: the rest of a probe's work, some 5 ms a round, and that a jittered packet waits for those before it.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from telcoai.emulation.rounds import ECHO_BYTES, GRACE_NS, HEADERS_BYTES, LIVE_TRIPS, STAGGER_NS
from telcoai.model.topology import Link, LinkState
from telcoai.model.view import LinkView
from telcoai.network.probe import GAP_S
from telcoai.simulation.events import Process
from telcoai.simulation.world import World

_BITS = (ECHO_BYTES + HEADERS_BYTES) * 8


@dataclass(slots=True)
class _Seen:
    """What came through of the probes over one link, in ms."""

    up_ms: list[float] = field(default_factory=list)
    down_ms: list[float] = field(default_factory=list)


class Probe:
    """Measures the links of a world: once when it is made, as before a run's first plan, and then as ``run`` goes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._random = random.Random(f"probe {world.seed}")
        self._known = dict(world.links)
        links, seen = dict(world.links), {name: _Seen() for name in world.links}
        for _ in range(LIVE_TRIPS):
            self._pass(links, seen)
        self._know(links, seen)

    def views(self) -> Mapping[str, LinkView]:
        """Each link with its delay as measured last; jitter, rate and loss as they were then."""
        return {name: LinkView(link.a, link.b, link.up, link.down) for name, link in self._known.items()}

    def run(self) -> Process:
        """Rounds without end. A link that changes while a round is on isn't judged by it."""
        events = self._world.events
        while True:
            begin_s = events.now_s
            links = {name: link for name, link in self._world.links.items() if self._is_there(link)}
            seen, last_s = {name: _Seen() for name in links}, begin_s
            for turn in range(LIVE_TRIPS):
                yield begin_s + turn * len(links) * STAGGER_NS / 1e9
                last_s = max(last_s, self._pass(links, seen))
            yield min(last_s, begin_s + _longest_s(links))
            self._know(links, seen)
            yield events.now_s + GAP_S

    def _pass(self, links: Mapping[str, Link], seen: Mapping[str, _Seen]) -> float:
        """One probe over each link; when the last of them is back, infinite when one is lost."""
        last_s = sent_s = self._world.events.now_s
        for name, link in links.items():
            up_ms = self._delay_ms(link, link.up, True, sent_s)
            down_ms = None if up_ms is None else self._delay_ms(link, link.down, False, sent_s)
            if up_ms is not None:
                seen[name].up_ms.append(up_ms)
            if down_ms is not None:
                seen[name].down_ms.append(down_ms)
            back_s = math.inf if up_ms is None or down_ms is None else sent_s + (up_ms + down_ms) / 1e3
            last_s, sent_s = max(last_s, back_s), sent_s + STAGGER_NS / 1e9
        return last_s

    def _delay_ms(self, link: Link, state: LinkState, upward: bool, sent_s: float) -> float | None:
        is_reached = all(self._world.nodes[end].passes for end in (link.a, link.b))
        if not is_reached or self._random.random() < state.loss:
            return None
        jitter_ms = state.jitter_ms * self._random.uniform(-1, 1)
        waits_s = self._world.wires.queued_s(link.name, upward, sent_s)
        return max(0.0, state.delay_ms + jitter_ms) + (waits_s + _BITS / state.rate_bps) * 1e3

    def _is_there(self, link: Link) -> bool:
        return all(self._world.nodes[end].up for end in (link.a, link.b))

    def _know(self, links: Mapping[str, Link], seen: Mapping[str, _Seen]) -> None:
        for name, link in links.items():
            if self._world.links[name] is link and self._is_there(link):
                known = self._known[name]
                up, down = (
                    _state(known.up, link.up, seen[name].up_ms),
                    _state(known.down, link.down, seen[name].down_ms),
                )
                self._known[name] = replace(known, up=up, down=down)


def _state(known: LinkState, asked: LinkState, delays_ms: list[float]) -> LinkState:
    return replace(asked, delay_ms=statistics.median(delays_ms)) if delays_ms else known


def _longest_s(links: Mapping[str, Link]) -> float:
    """How long a round lasts when a probe doesn't come back."""
    trips_ms = (one.up.delay_ms + one.down.delay_ms + one.up.jitter_ms + one.down.jitter_ms for one in links.values())
    return (LIVE_TRIPS * len(links) * STAGGER_NS + GRACE_NS) / 1e9 + max(trips_ms, default=0.0) / 1e3
