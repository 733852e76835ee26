"""Requests spread in turn over the nodes of edge and cloud, whatever those nodes are and however far away.

The baseline of a plain load balancer: it knows which servers live and can be reached, and nothing of their speed, the
links to them or what they do already. Each device deals its requests as a client-side load balancer does, one after
the other, and begins one server further than the device before, so that devices in step don't all meet. (Before plans
had replicas, whole devices were dealt out: all requests of one went to one server.)
"""

from __future__ import annotations

from dataclasses import replace

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
    """The whole model on every edge and cloud node that a device can use; its requests take them in turn."""

    name = "round-robin"
    summary = "the whole model on all living edge and cloud nodes; each device's requests take them in turn"

    def plan(self, view: View) -> Plan:
        """Over the nodes that live in each period; the variant follows the accuracy asked."""
        sites = as_measured(view)
        servers = [n.name for tier in (Tier.EDGE, Tier.CLOUD) for n in sites.topology.tier(tier) if sites.alive(n.name)]
        assignments = fitted(_deal(view, servers, sites), view.services, sites)
        parts = [f"requests in turn over {len(servers)} edge and cloud nodes: {tally(assignments)}"]
        if view.previous is not None:
            parts.append(f"{changes(assignments, view.previous)} changed")
        home = sum(one.nodes == (one.device,) for one in assignments)
        parts += [f"{home} reach none of them and serve themselves"] if home else []
        parts += unkept(assignments, view)
        return Plan(assignments, "; ".join(parts), predictions(assignments, view, sites))


def _deal(view: View, servers: list[str], sites: Sites) -> tuple[Assignment, ...]:
    """Service after service, its devices in the order of their names."""
    asked = [(service, device) for service in view.services for device in sorted(service.rate_per_s)]
    return tuple(_spread(*one, servers, number, sites) for number, one in enumerate(asked))


def _spread(service: ServiceView, device: str, servers: list[str], number: int, sites: Sites) -> Assignment:
    """A device's requests over all servers that it can use, beginning with another one at each number."""
    usable = [name for name in servers if _is_usable(name, service, device, sites)]
    variant = cheapest(service.workload, service.requirements, sites, (device, *usable))
    able = [name for name in usable if sites.seconds(name, service.workload, variant) is not None] or [device]
    first, *others = able[number % len(able) :] + able[: number % len(able)]
    whole = whole_at(first, service, device, variant)
    return replace(whole, replicas=tuple((name,) * len(variant.stages) for name in others))


def _is_usable(server: str, service: ServiceView, device: str, sites: Sites) -> bool:
    """Whether the device reaches it, and it is open to the service and can run what it would be sent by itself."""
    if not sites.serves(server, service.domain) or sites.route(device, server) is None:
        return False
    variant = cheapest(service.workload, service.requirements, sites, (device, server))
    return sites.seconds(server, service.workload, variant) is not None
