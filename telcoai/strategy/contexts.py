"""What is known of a placement without a profile: operations on each kind of node, and what the network must take.

A context has the operations on the device, those on each kind of server (nodes written under one name in the testbed),
all relative to the largest variant; the time to send the bytes at the cuts and the replies at the links' rates; and the
round trips at their measured delays, both relative to a scale of latency. How fast anybody computes isn't in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np

from telcoai.model.plan import Assignment
from telcoai.model.routes import Step
from telcoai.model.topology import Link, Tier
from telcoai.model.view import LinkView, ServiceView
from telcoai.model.workload import Variant
from telcoai.strategy.candidates import chains, option_of
from telcoai.strategy.choice import keeps
from telcoai.strategy.course import payload_bytes, rows
from telcoai.strategy.exits import never
from telcoai.strategy.frames import frames_of
from telcoai.strategy.pipe import REPLY_BYTES, occupied_s
from telcoai.strategy.sheet import Numbers
from telcoai.strategy.sites import Sites


@dataclass(frozen=True)
class Context:
    """``features`` of a linear model, and ``floor``: the least latency that there can be, relative to the scale."""

    features: Numbers
    floor: float


@dataclass(frozen=True)
class _Sketch:
    """What of a context stays the same while links change: operations, and what is sent over which links."""

    operations: Numbers
    sends: tuple[tuple[tuple[Step, ...], int], ...]


class Contexts:
    """Contexts of a service's assignments; what doesn't depend on the links' states is worked out once."""

    def __init__(self, service: ServiceView, sites: Sites, scale_s: float) -> None:
        self._service = service
        self._sites = sites
        self._scale_s = scale_s
        self._largest = max(variant.flops for variant in service.workload.variants)
        servers = [node.group for tier in (Tier.EDGE, Tier.CLOUD) for node in sites.topology.tier(tier)]
        self._places = {group: 1 + number for number, group in enumerate(dict.fromkeys(servers))}
        self._sketches: dict[Assignment, _Sketch | None] = {}

    @property
    def size(self) -> int:
        """How many features there are."""
        return 1 + len(self._places) + 2

    def of(self, one: Assignment, links: Mapping[str, LinkView]) -> Context | None:
        """The context of an assignment over links in these states; None when it fits no variant, or a hop isn't there
        or can't be reached."""
        if one not in self._sketches:
            self._sketches[one] = self._sketch(one)
        sketch = self._sketches[one]
        if sketch is None:
            return None
        sending_s = delay_s = 0.0
        for way, payload in sketch.sends:
            sending, delay = _crossing(way, payload, links)
            sending_s, delay_s = sending_s + sending, delay_s + delay
        features = sketch.operations.copy()
        features[-2:] = sending_s / self._scale_s, delay_s / self._scale_s
        return Context(features, (sending_s + delay_s) / self._scale_s)

    def _sketch(self, one: Assignment) -> _Sketch | None:
        option = option_of(one, self._service)
        if option is None or not all(self._sites.serves(hop, self._service.domain) for hop in one.hops):
            return None
        operations = np.zeros(self.size)
        for stage, hop in zip(option.variant.stages, one.hops, strict=True):
            operations[self._places.get(self._sites.node(hop).group, 0)] += stage.flops / self._largest
        sends, here = [], one.device
        for first, _ in rows(one.hops):
            way = self._sites.route(here, one.hops[first])
            if way is None:
                return None
            if way:
                sends.append((way, payload_bytes(option, first, one.wire, frames_of(self._service))))
            here = one.hops[first]
        return _Sketch(operations, tuple(sends))


def _crossing(way: tuple[Step, ...], payload: int, links: Mapping[str, LinkView]) -> tuple[float, float]:
    """Seconds of sending there and back, and of the round trip; the slowest link's sending alone, as segments follow
    one another. A link that nobody measured is as it was built."""
    there, back = [], []
    for step in way:
        seen: LinkView | Link = links.get(step.link.name, step.link)
        there.append(seen.up if step.upward else seen.down)
        back.append(seen.down if step.upward else seen.up)
    sending_s = max(occupied_s(state, payload) for state in there) + max(occupied_s(s, REPLY_BYTES) for s in back)
    return sending_s, sum(state.delay_ms for state in (*there, *back)) / 1e3


def arms(service: ServiceView, device: str, sites: Sites) -> Iterator[Assignment]:
    """One variant whole on each node of the device's ways up, or cut between them; the device alone comes first."""
    seen = set()
    for chain in chains(device, sites, service.domain):
        variant = smallest(service, chain, sites)
        for levels in combinations_with_replacement(range(len(chain)), len(variant.stages)):
            one = placed(service, device, variant, tuple(chain[level] for level in levels))
            if one not in seen and _runs(one.hops, variant, service, sites):
                seen.add(one)
                yield one


def placed(service: ServiceView, device: str, variant: Variant, hops: tuple[str, ...]) -> Assignment:
    """Nobody leaves early; the device itself runs the variant whole when a hop is dead."""
    return Assignment(service.name, device, variant.name, hops, never(variant), fallback_variant=variant.name)


def smallest(service: ServiceView, nodes: tuple[str, ...], sites: Sites) -> Variant:
    """The variant of the fewest operations, then bytes, among those that keep the accuracy asked and that all nodes can
    run; the most accurate where none keeps it."""
    variants = service.workload.variants
    able = [v for v in variants if _runs(nodes, v, service, sites)] or list(variants)
    kept = [v for v in able if keeps(v.accuracy, service.requirements)]
    if not kept:
        return max(able, key=lambda v: v.accuracy)
    return min(kept, key=lambda v: (v.flops, sum(stage.param_bytes for stage in v.stages), v.input_bytes))


def _runs(nodes: tuple[str, ...], variant: Variant, service: ServiceView, sites: Sites) -> bool:
    """Whether they hold the variant, and know it or its precision: that can be asked of a node, whatever its speed."""
    return all(_knows(node, variant, service, sites) for node in set(nodes))


def _knows(node: str, variant: Variant, service: ServiceView, sites: Sites) -> bool:
    profile = sites.profile(node)
    if not sites.holds((node,) * len(variant.stages), variant):
        return False
    precisions = {speed.precision for speed in profile.speeds if speed.family in ("", service.workload.family)}
    return variant.name in profile.stage_s or variant.precision in precisions
