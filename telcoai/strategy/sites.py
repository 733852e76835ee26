"""Where stages can run: the nodes of a testbed and the ways between them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from telcoai.model.memory import stage_bytes
from telcoai.model.routes import Step, routes_from
from telcoai.model.timing import once_seconds, stage_seconds
from telcoai.model.topology import DeviceProfile, Link, Node, Tier, Topology
from telcoai.model.view import ServiceView, View
from telcoai.model.workload import Variant, WorkloadInfo
from telcoai.strategy.pipe import Pipe, pipe


class Sites:
    """Nodes and links of one view, indexed; remembers routes and stage times that were asked for.

    ``dead`` nodes run nothing and pass nothing on.
    """

    def __init__(self, topology: Topology, links: tuple[Link, ...], dead: Iterable[str] = ()) -> None:
        self.topology = topology
        self.links = links
        self._nodes = {node.name: node for node in topology.nodes}
        self._dead = frozenset(dead)
        self._links_of: dict[str, list[Link]] = {}
        for link in links:
            for end in (link.a, link.b):
                self._links_of.setdefault(end, []).append(link)
        self._routes: dict[str, dict[str, tuple[Step, ...]]] = {}
        self._pipes: dict[tuple[str, str, float, float, float], Pipe] = {}
        self._fewest: dict[tuple[str, Tier, str], tuple[str, ...]] = {}
        self._seconds: dict[tuple[str, str, str], tuple[float, ...] | None] = {}
        self._once: dict[tuple[str, str, str], tuple[float, ...]] = {}

    @cached_property
    def _least_memory(self) -> int:
        return min((self.memory(name) for name in self._nodes), default=0)

    def alive(self, name: str) -> bool:
        """Whether the node exists and isn't known to be down."""
        return name in self._nodes and name not in self._dead

    def serves(self, name: str, domain: str) -> bool:
        """Whether the node is alive and services of the domain may run there."""
        return self.alive(name) and self._nodes[name].admits(domain)

    def profile(self, name: str) -> DeviceProfile:
        """The device profile of a node; KeyError for an unknown one."""
        return self.topology.profiles[self._nodes[name].profile]

    def route(self, source: str, target: str) -> tuple[Step, ...] | None:
        """Links crossed from one node to another; None when there is no way.

        As the testbed routes, which is never around a node that is down.
        """
        if source == target:
            return ()
        way = self._way(source, target)
        if way is None or not self._dead:
            return way
        return None if any(not self._dead.isdisjoint((step.link.a, step.link.b)) for step in way) else way

    def pipe(self, source: str, target: str, rate_per_s: float, percentile: float, dispersion: float) -> Pipe:
        """The pipe from one node to another for requests at this rate."""
        key = (source, target, rate_per_s, percentile, dispersion)
        if key not in self._pipes:
            self._pipes[key] = pipe(self.route(source, target), rate_per_s, percentile, dispersion)
        return self._pipes[key]

    def _way(self, source: str, target: str) -> tuple[Step, ...] | None:
        out = self._only_way_out(source)
        if out is None:
            return self._routes_from(source).get(target)
        step, gate = out
        rest = self._routes_from(gate).get(target)
        return None if rest is None else (step, *rest)

    def _only_way_out(self, name: str) -> tuple[Step, str] | None:
        """The link of a node that has just one, and its other end: ways from there are the ways of the other end, so
        that hundreds of devices cost one search and not one each."""
        links = self._links_of.get(name, [])
        if len(links) != 1:
            return None
        link = links[0]
        return (Step(link, True), link.b) if link.a == name else (Step(link, False), link.a)

    def _routes_from(self, source: str) -> dict[str, tuple[Step, ...]]:
        if source not in self._routes:
            self._routes[source] = routes_from(self.links, source)
        return self._routes[source]

    def nearest(self, device: str, tier: Tier, domain: str, count: int = 1) -> tuple[str, ...]:
        """Living nodes of a tier that can be reached and are open to the service's domain: fewest hops, then least
        delay there and back, then file order.

        Only those as few hops away as the first, at most ``count``.
        """
        out = self._only_way_out(device)
        start = device if out is None or self._nodes[device].tier == tier or not self.alive(device) else out[1]
        names = self._fewest_hops(start, tier, domain)
        if len(names) < 2:
            return names[:count]
        found = sorted(names, key=lambda name: _delay_ms(self.route(device, name) or ()))
        return tuple(found[:count])

    def _fewest_hops(self, start: str, tier: Tier, domain: str) -> tuple[str, ...]:
        """Living nodes of a tier that are the fewest hops away, in file order; the same for all devices of a gate."""
        key = (start, tier, domain)
        if key not in self._fewest:
            ways = [(one.name, self.route(start, one.name)) for one in self.topology.tier(tier)]
            hops = {name: len(way) for name, way in ways if way is not None and self.serves(name, domain)}
            least = min(hops.values(), default=0)
            self._fewest[key] = tuple(name for name, count in hops.items() if count == least)
        return self._fewest[key]

    def seconds(self, name: str, workload: WorkloadInfo, variant: Variant) -> tuple[float, ...] | None:
        """Time of each stage on one core of a node in seconds, or None when its profile can't run the variant."""
        key = (self._nodes[name].profile, workload.name, variant.name)
        if key not in self._seconds:
            self._seconds[key] = _stage_times(self.profile(name), variant, workload.family)
        return self._seconds[key]

    def memory(self, name: str) -> int:
        """Bytes of a node that models may take."""
        return self._nodes[name].memory_bytes or self.profile(name).memory_bytes

    def is_tight(self, service: ServiceView) -> bool:
        """Whether there is a node that can't hold all variants of a service at once."""
        size = sum(stage_bytes(v, stage.index) for v in service.workload.variants for stage in v.stages)
        return size > self._least_memory

    def kind(self, name: str) -> tuple[str, int]:
        """Profile and memory of a node: nodes of a kind can run the same, and as fast."""
        return self._nodes[name].profile, self.memory(name)

    def holds(self, hops: tuple[str, ...], variant: Variant) -> bool:
        """Whether each node has memory for the stages of a variant that it would run, with nothing else there."""
        taken: dict[str, int] = {}
        for stage, hop in enumerate(hops):
            taken[hop] = taken.get(hop, 0) + stage_bytes(variant, stage)
        return all(size <= self.memory(hop) for hop, size in taken.items())

    def once(self, name: str, workload: WorkloadInfo, variant: Variant) -> tuple[float, ...]:
        """The part of each stage's time that a batch takes once; KeyError when the profile can't run the variant."""
        key = (self._nodes[name].profile, workload.name, variant.name)
        if key not in self._once:
            profile, family = self.profile(name), workload.family
            self._once[key] = tuple(once_seconds(profile, variant, stage.index, family) for stage in variant.stages)
        return self._once[key]

    def node(self, name: str) -> Node:
        """The node of that name; KeyError when there is none."""
        return self._nodes[name]


def as_built(view: View) -> Sites:
    """The testbed as it was described, whatever happened since."""
    return Sites(view.topology, view.topology.links)


def as_measured(view: View) -> Sites:
    """The testbed with links and nodes as they were last seen; nothing is reached through a node that is down."""
    links = tuple(_measured(link, view) for link in view.topology.links)
    return Sites(view.topology, links, (name for name, node in view.nodes.items() if not node.alive))


def _measured(link: Link, view: View) -> Link:
    seen = view.links.get(link.name)
    return link if seen is None else Link(link.a, link.b, seen.up, seen.down, link.radio)


def _delay_ms(way: tuple[Step, ...]) -> float:
    return sum(step.link.up.delay_ms + step.link.down.delay_ms for step in way)


def _stage_times(profile: DeviceProfile, variant: Variant, family: str) -> tuple[float, ...] | None:
    try:
        return tuple(stage_seconds(profile, variant, stage.index, family) for stage in variant.stages)
    except KeyError:
        return None
