"""What strategies know that look at one device and one server alone: which servers, and how busy one seems."""

from __future__ import annotations

from telcoai.model.topology import Tier
from telcoai.model.view import View
from telcoai.strategy.queueing import KNEE
from telcoai.strategy.sites import Sites


def servers(device: str, sites: Sites, domain: str) -> tuple[str, ...]:
    """The device's nearest living edge node and its nearest living cloud node, those that there are and that are open
    to the service's domain."""
    return (*sites.nearest(device, Tier.EDGE, domain), *sites.nearest(device, Tier.CLOUD, domain))


def load_factor(node: str, view: View) -> float:
    """How many times longer than on an idle server a stage takes there, from the utilisation measured last.

    1 / (1 - u): the stretch of a job on a server that shares its time fairly (M/G/1 processor sharing, Kleinrock 1967),
    with u held below the utilisation where queues grow. A server that nobody measured counts as idle.
    """
    seen = view.nodes.get(node)
    return 1.0 if seen is None else 1 / (1 - min(max(0.0, seen.utilisation), KNEE))
