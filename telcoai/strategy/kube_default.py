"""What Kubernetes does by itself: replicas where its scheduler places them, behind a Service.

On a cluster the real scheduler and kube-proxy decide. Where there is none, both are played: as many replicas as
devices, each with a core and 128 MiB, go one after the other to the node that fits and has the highest score of the
scheduler's default, NodeResourcesFit with LeastAllocated (the mean over CPU and memory of the share that is free with
the new pod there), and each device's connection goes to a replica drawn evenly. Left out: spreading over topology
domains, image locality, and kube-proxy's choice anew when a connection ends.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from telcoai.model.plan import ANYWHERE, Assignment, Plan
from telcoai.model.topology import Tier
from telcoai.model.view import ServiceView, View
from telcoai.strategy.choice import cheapest
from telcoai.strategy.room import fitted
from telcoai.strategy.sites import Sites, as_built
from telcoai.strategy.static import whole_at

REPLICA_CORES, REPLICA_BYTES = 1, 128 << 20
"""What a replica asks for, of cores and memory."""


class KubeDefault:
    """As many replicas as devices, placed as Kubernetes does; each request goes where its Service sends it.

    The baseline of a plain cluster: neither placement nor routing knows of links, energy or requirements. Only the
    variant follows the accuracy asked, as with the other fixed strategies (priced as if it ran in the cloud).
    """

    name = "kube-default"
    summary = "replicas where Kubernetes' scheduler places them, behind a Service; played where there is no cluster"
    placed_by_cluster = True

    def plan(self, view: View) -> Plan:
        """Same plan in every period."""
        sites = as_built(view)
        wanted = [(service, device) for service in view.services for device in sorted(service.rate_per_s)]
        if view.topology.cluster is not None:
            reason = "Kubernetes places the replicas, and its Service chooses one for each connection"
            return Plan(tuple(_assignment(*one, ANYWHERE, sites) for one in wanted), reason)
        replicas = place(sites, [service.domain for service, _ in wanted], view.seed)
        draw = random.Random(f"{view.seed}/connections")
        assignments = tuple(_assignment(*one, _near(*one, replicas, draw, sites), sites) for one in wanted)
        assignments = fitted(assignments, view.services, sites)
        nodes = [node for _, node in replicas]
        told = ", ".join(f"{nodes.count(name)} on {name}" for name in dict.fromkeys(nodes))
        return Plan(assignments, f"replicas, least allocated first: {told or 'none fits'}; connections drawn evenly")


def place(sites: Sites, domains: Sequence[str], seed: int) -> list[tuple[str, str]]:
    """(domain, node) of each replica, in the order of placement; those that fit nowhere lack. Ties are drawn.

    ``domains``: of each replica's service; a node that is closed to it is as one with a taint that it doesn't tolerate.
    """
    draw = random.Random(f"{seed}/scheduler")
    placed: Counter[str] = Counter()
    found: list[tuple[str, str]] = []
    for domain in domains:
        names = [node.name for node in sites.topology.nodes if sites.serves(node.name, domain)]
        scores = {name: _score(name, placed[name] + 1, sites) for name in names}
        fitting = {name: score for name, score in scores.items() if score is not None}
        if fitting:
            best = max(fitting.values())
            node = draw.choice([name for name, score in fitting.items() if score == best])
            placed[node] += 1
            found.append((domain, node))
    return found


def _score(name: str, replicas: int, sites: Sites) -> float | None:
    """Mean share of cores and memory that so many replicas leave free; None when they don't fit."""
    profile = sites.profile(name)
    cores, memory = replicas * REPLICA_CORES / profile.cores, replicas * REPLICA_BYTES / profile.memory_bytes
    return 1 - (cores + memory) / 2 if max(cores, memory) <= 1 else None


def _near(service: ServiceView, device: str, replicas: list[tuple[str, str]], draw: random.Random, sites: Sites) -> str:
    """The replica of the service's domain that a device's connection gets; itself when none can be reached."""
    own = [node for domain, node in replicas if domain == service.domain]
    reached = [node for node in own if sites.route(device, node) is not None]
    return draw.choice(reached) if reached else device


def _assignment(service: ServiceView, device: str, hop: str, sites: Sites) -> Assignment:
    target = (
        *sites.nearest(device, Tier.CLOUD, service.domain),
        *sites.nearest(device, Tier.EDGE, service.domain),
        device,
    )[0]
    variant = cheapest(service.workload, service.requirements, sites, (device, target))
    return whole_at(hop, service, device, variant)
