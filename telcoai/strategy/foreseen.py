"""A period as it truly will be: requests, links, nodes, answers and what batteries may give, for a bound."""

from __future__ import annotations

from dataclasses import replace

from telcoai.model.future import Future
from telcoai.model.requirements import Requirements
from telcoai.model.view import NodeView, ServiceView, View
from telcoai.strategy.choice import ACCURACY_MARGIN
from telcoai.strategy.endurance import asked
from telcoai.strategy.kept import percentile_to_keep
from telcoai.strategy.sites import Sites

RESERVE = 0.003
"""Accuracy kept in hand by who knows the answers: of a mix of ways that each keep the floor over all requests, each
answers only some of them."""


def foreseen(view: View, future: Future) -> View:
    """The view with the requests that will come in the period that begins and what the answers to them will be, on the
    testbed as it truly is; with what to aim at so that the period is kept. Nodes have no backlog and no other work."""
    services = tuple(_known(one, view, future) for one in view.services)
    nodes = {name: NodeView(name, seen.alive, charge_j=seen.charge_j) for name, seen in view.nodes.items()}
    return replace(view, topology=future.topology, services=services, nodes=nodes)


def true_sites(view: View, future: Future) -> Sites:
    """The links as they will be for most of the period; a node that stops within it is down already."""
    begin_s, end_s = _period(view)
    dead = {name for name, node in view.nodes.items() if not node.alive} | future.stops(begin_s, end_s)
    return Sites(future.topology, future.links_over(begin_s, end_s), dead)


def allowed_w(view: View, future: Future) -> dict[str, float]:
    """What each device may draw for computing and sending in this period, in watts a service: what its battery may
    give until the run's end, idle power off, evenly over the requests that will come until then.

    A battery lasts as long as asked at the mean power of the run, so a run that ends after T seconds may take the
    charge at its start · T / time asked.
    """
    found = {}
    begin_s, period_end_s = _period(view)
    for device, lasts_s in asked(view.services).items():
        battery, seen = future.topology.node(device).battery, view.nodes.get(device)
        own = [one for one in view.services if device in one.rate_per_s]
        left = sum(future.requests(one.name, device, begin_s, future.end_s) for one in own)
        coming = sum(future.requests(one.name, device, begin_s, period_end_s) for one in own)
        if battery is None or seen is None or seen.charge_j is None or not left:
            continue
        idle_j = future.topology.profiles[future.topology.node(device).profile].power_idle_w.value
        idle_j *= max(0.0, future.end_s - begin_s)
        budget_j = battery.charge_j * future.end_s / lasts_s - (battery.charge_j - seen.charge_j) - idle_j
        found[device] = max(0.0, budget_j) * coming / left / view.period_s / len(own)
    return found


def _known(service: ServiceView, view: View, future: Future) -> ServiceView:
    begin_s, end_s = _period(view)
    rates = {device: future.rate_per_s(service.name, device, begin_s, end_s) for device in service.rate_per_s}
    coming = future.asked_by(service.name, begin_s, end_s)
    wanted = service.requirements if coming is None else strictest(service.requirements, coming)
    aimed = percentile_to_keep(wanted.percentile, round(sum(rates.values()) * (end_s - begin_s)))
    workload = future.workload(service.name, begin_s if coming is None else end_s)
    if workload is not None and wanted.accuracy_min is not None:
        wanted = replace(wanted, accuracy_min=wanted.accuracy_min - ACCURACY_MARGIN + RESERVE)
    wanted = replace(wanted, percentile=aimed)
    return replace(service, rate_per_s=rates, workload=workload or service.workload, requirements=wanted)


def strictest(now: Requirements, then: Requirements) -> Requirements:
    """What keeps the accuracy and the deadline of both: models for what will be asked are loaded by then."""
    floors = [one.accuracy_min for one in (now, then) if one.accuracy_min is not None]
    deadlines = [one.deadline_ms for one in (now, then) if one.deadline_ms is not None]
    return replace(now, accuracy_min=max(floors, default=None), deadline_ms=min(deadlines, default=None))


def _period(view: View) -> tuple[float, float]:
    begin_s = max(0.0, view.time_s)
    return begin_s, begin_s + view.period_s
