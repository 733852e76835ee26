"""Devices spread in turn over the nodes of edge and cloud, whatever those nodes are and however far away.

The baseline of a plain load balancer: it knows which servers live and can be reached, and nothing of their speed, the
links to them or what they do already.
"""

from __future__ import annotations

from collections import deque

from telcoai.model.plan import Assignment, Plan
from telcoai.model.topology import Tier
from telcoai.model.view import ServiceView, View
from telcoai.strategy.choice import cheapest, unkept
from telcoai.strategy.greedy import changes, tally
from telcoai.strategy.outlook import predictions
from telcoai.strategy.room import fitted
from telcoai.strategy.sites import Sites, as_measured
from telcoai.strategy.static import whole_at


class RoundRobin:
    """The whole model of each device on the next edge or cloud node in turn."""

    name = "round-robin"
    summary = "the whole model of each device on the next living edge or cloud node in turn"

    def plan(self, view: View) -> Plan:
        """Deal again in every period, over the nodes that live then; the variant follows the accuracy asked."""
        sites = as_measured(view)
        servers = [n.name for tier in (Tier.EDGE, Tier.CLOUD) for n in sites.topology.tier(tier) if sites.alive(n.name)]
        assignments = fitted(_deal(view, deque(servers), sites), view.services, sites)
        parts = [f"in turn over {len(servers)} edge and cloud nodes: {tally(assignments)}"]
        if view.previous is not None:
            parts.append(f"{changes(assignments, view.previous)} changed")
        home = sum(set(one.hops) == {one.device} for one in assignments)
        parts += [f"{home} reach none of them and serve themselves"] if home else []
        parts += unkept(assignments, view)
        return Plan(assignments, "; ".join(parts), predictions(assignments, view, sites))


def _deal(view: View, servers: deque[str], sites: Sites) -> tuple[Assignment, ...]:
    """Service after service, its devices in the order of their names."""
    found = []
    for service in view.services:
        for device in sorted(service.rate_per_s):
            target = _next(service, device, servers, sites) or device
            variant = cheapest(service.workload, service.requirements, sites, (device, target))
            found.append(whole_at(target, service, device, variant))
    return tuple(found)


def _next(service: ServiceView, device: str, servers: deque[str], sites: Sites) -> str | None:
    """Who comes next among those that the device can reach and that can run its variant; who can't is passed over."""
    for _ in range(len(servers)):
        target = servers[0]
        servers.rotate(-1)
        variant = cheapest(service.workload, service.requirements, sites, (device, target))
        is_open = sites.serves(target, service.domain)
        runs = is_open and sites.seconds(target, service.workload, variant) is not None
        if runs and sites.route(device, target) is not None:
            return target
    return None
