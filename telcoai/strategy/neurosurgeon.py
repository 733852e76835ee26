"""Per device, the one cut between it and a server that gives the least predicted latency.

After Kang et al., "Neurosurgeon: Collaborative Intelligence Between the Cloud and Mobile Edge", ASPLOS 2017, in its
latency mode: all cuts are tried, and the one taken has the least sum of the device's stages, the transfer at the
measured bandwidth, and the server's stages times its load factor K. Each device looks at itself and its server alone.

Different here: stage times come from device profiles in place of regressions per layer; a transfer is the predictor's
(round trip and TCP's windows on top of bytes over bandwidth, and the reply); the server is the device's nearest edge
node or its nearest cloud node, whichever is better; K is worked out from measured utilisation, as a server here
reports no other load level. Left out, as in the paper: queues, early exits, what other devices do, deadlines. The
energy mode is not here; ``energy-aware`` is what minimises joules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from telcoai.model.plan import Assignment, Plan
from telcoai.model.view import ServiceView, View
from telcoai.strategy.candidates import alone, as_assignment
from telcoai.strategy.choice import cheapest, unkept
from telcoai.strategy.course import Course, course, origin_of
from telcoai.strategy.exits import Option, forecast, never
from telcoai.strategy.greedy import changes, tally
from telcoai.strategy.room import fitted
from telcoai.strategy.server import load_factor, servers
from telcoai.strategy.sites import Sites, as_measured


@dataclass(frozen=True, slots=True)
class _Cut:
    """The nodes of all stages, and the latency predicted."""

    hops: tuple[str, ...]
    seconds: float


class Neurosurgeon:
    """The best cut of one variant between each device and a server."""

    name = "neurosurgeon"
    summary = "per device the cut between it and a server with the least latency, nobody waiting (ASPLOS'17)"

    def plan(self, view: View) -> Plan:
        """Cut again in every period. Predictions are what is made small: the latency of one request that waits for
        nobody, at no percentile."""
        sites = as_measured(view)
        assignments, latency_ms = [], {}
        for service in view.services:
            for device in sorted(service.rate_per_s):
                one, seconds = _assign(service, device, view, sites)
                assignments.append(one)
                if seconds is not None:
                    latency_ms[f"{service.name}/{device}"] = 1e3 * seconds
        fit = fitted(assignments, view.services, sites)
        kept = {f"{one.service}/{one.device}" for one in set(fit) & set(assignments)}
        told = {key: value for key, value in latency_ms.items() if key in kept}
        return Plan(fit, _reason(fit, view), told)


def _assign(service: ServiceView, device: str, view: View, sites: Sites) -> tuple[Assignment, float | None]:
    """One variant: the cheapest that keeps the accuracy and that device and servers can run."""
    reached = servers(device, sites, service.domain)
    variant = cheapest(service.workload, service.requirements, sites, (device, *reached))
    option = Option(variant, never(variant), forecast(variant, never(variant)))
    cuts = list(_cuts(service, device, option, view, sites)) if sites.alive(device) else []
    if not cuts:
        return alone(service, device, sites), None
    best = min(cuts, key=lambda cut: cut.seconds)
    return as_assignment(service, device, option, best.hops, "fp16", sites), best.seconds


def _cuts(service: ServiceView, device: str, option: Option, view: View, sites: Sites) -> Iterator[_Cut]:
    """Every cut, the one after the last stage first: the device alone."""
    stages = len(option.variant.stages)
    for server in servers(device, sites, service.domain) or (device,):
        for first in range(stages, -1, -1):
            hops = (device,) * first + (server,) * (stages - first)
            path = course(option, hops, "fp16", sites, origin_of(service, device))
            if path is not None:
                yield _Cut(hops, _seconds(path, device, view))


def _seconds(path: Course, device: str, view: View) -> float:
    """Latency with nobody waiting; a server's stages count K times, the device's once."""
    extra = sum((load_factor(v.node, view) - 1) * v.seconds for v in path.visits if v.node != device)
    return path.ways[-1].seconds + extra


def _reason(assignments: Sequence[Assignment], view: View) -> str:
    parts = [f"each device for itself: {tally(assignments)}"]
    if view.previous is not None:
        parts.append(f"{changes(assignments, view.previous)} changed")
    parts += unkept(assignments, view)
    return "; ".join(parts)
