"""What Kubernetes does by itself: replicas where its scheduler places them, behind a Service."""

from __future__ import annotations

from telcoai.model.plan import ANYWHERE, Assignment, Plan
from telcoai.model.topology import Tier
from telcoai.model.view import ServiceView, View
from telcoai.strategy.choice import cheapest
from telcoai.strategy.sites import Sites, as_built
from telcoai.strategy.static import whole_at


class KubeDefault:
    """As many replicas as devices, placed by the real scheduler; each request goes where its Service sends it.

    The baseline of a plain cluster: neither placement nor routing knows of links, energy or requirements. Only the
    variant follows the accuracy asked, as with the other fixed strategies (priced as if it ran in the cloud).
    """

    name = "kube-default"
    summary = "replicas where Kubernetes' scheduler places them, behind a Service; needs a cluster"
    needs_cluster = True

    def plan(self, view: View) -> Plan:
        """Same plan in every period."""
        sites = as_built(view)
        assignments = tuple(
            _assignment(service, device, sites) for service in view.services for device in sorted(service.rate_per_s)
        )
        return Plan(assignments, "Kubernetes places the replicas, and its Service chooses one for each connection")


def _assignment(service: ServiceView, device: str, sites: Sites) -> Assignment:
    target = (sites.nearest(device, Tier.CLOUD) or sites.nearest(device, Tier.EDGE) or (device,))[0]
    variant = cheapest(service.workload, service.requirements, sites, (device, target))
    return whole_at(ANYWHERE, service, device, variant)
