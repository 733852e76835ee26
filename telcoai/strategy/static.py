"""Strategies that never move: everything on one tier."""

from __future__ import annotations

from telcoai.model.plan import Assignment, Plan
from telcoai.model.topology import Tier
from telcoai.model.view import ServiceView, View
from telcoai.model.workload import Variant
from telcoai.strategy.choice import cheapest, keeps
from telcoai.strategy.exits import never
from telcoai.strategy.room import fitted
from telcoai.strategy.sites import Sites, as_built


class DeviceOnly:
    """Every device runs the whole model itself."""

    name = "device-only"
    summary = "the whole model on the device itself; nothing crosses the network"

    def plan(self, view: View) -> Plan:
        """Same placement in every period; the variant follows the accuracy asked."""
        return _all_on(view, Tier.DEVICE)


class EdgeOnly:
    """Every device sends its frames to its nearest edge node."""

    name = "edge-only"
    summary = "the whole model on the device's nearest edge node"

    def plan(self, view: View) -> Plan:
        """Same placement in every period; the variant follows the accuracy asked."""
        return _all_on(view, Tier.EDGE)


class CloudOnly:
    """Every device sends its frames to the cloud."""

    name = "cloud-only"
    summary = "the whole model in the nearest cloud node"

    def plan(self, view: View) -> Plan:
        """Same placement in every period; the variant follows the accuracy asked."""
        return _all_on(view, Tier.CLOUD)


def _all_on(view: View, tier: Tier) -> Plan:
    """Every device on its nearest node of the tier, as the testbed was described (so that nothing ever moves)."""
    sites = as_built(view)
    assignments = tuple(
        _assignment(service, device, tier, sites) for service in view.services for device in sorted(service.rate_per_s)
    )
    assignments = fitted(assignments, view.services, sites)
    return Plan(assignments, _reason(view, tier, assignments))


def _assignment(service: ServiceView, device: str, tier: Tier, sites: Sites) -> Assignment:
    """No early exits: a fixed strategy is the plain deployment that others are compared with."""
    found = (device,) if tier == Tier.DEVICE else sites.nearest(device, tier, service.domain) or (device,)
    target = found[0]
    variant = cheapest(service.workload, service.requirements, sites, (device, target))
    return whole_at(target, service, device, variant)


def whole_at(hop: str, service: ServiceView, device: str, variant: Variant) -> Assignment:
    """All stages of a variant at one hop, nobody leaves early; the device itself runs it whole when that is dead."""
    return Assignment(
        service=service.name,
        device=device,
        variant=variant.name,
        hops=(hop,) * len(variant.stages),
        thresholds=never(variant),
        fallback_variant=variant.name,
    )


def _reason(view: View, tier: Tier, assignments: tuple[Assignment, ...]) -> str:
    parts = [f"fixed: the whole model on the {tier} tier, the cheapest variant that keeps the accuracy asked"]
    accuracy = {(s.name, v.name): (v.accuracy, s.requirements) for s in view.services for v in s.workload.variants}
    short = {one.service for one in assignments if not keeps(*accuracy[one.service, one.variant])}
    parts += [f"no variant keeps the accuracy asked by {name}, the most accurate runs" for name in sorted(short)]
    if tier != Tier.DEVICE:
        stranded = sum(one.hops[0] == one.device for one in assignments)
        parts += [f"{stranded} devices reach no {tier} node and serve themselves"] if stranded else []
    return "; ".join(parts)
