"""What a bound knows of a period, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from telcoai.model.future import Future
from telcoai.model.requirements import Requirements
from telcoai.model.scenario import LinkChange, NodeChange, RequirementsChange
from telcoai.model.topology import Battery, LinkState, Tier, Topology
from telcoai.model.view import View
from telcoai.strategy.foreseen import RESERVE, allowed_w, foreseen, strictest, true_sites
from telcoai.strategy.kept import percentile_to_keep

from .conftest import topology, view


def seen_at(time_s: float, built: Topology, **required: float) -> View:
    found = view(built)
    service = replace(found.services[0], requirements=Requirements(95, **required))
    return replace(found, time_s=time_s, services=(service,))


def test_an_outage_of_a_tenth_of_the_period_is_looked_past_and_one_that_lasts_is_not() -> None:
    built = topology(1)
    link, gone = built.links[0], LinkState(1.0, loss=1.0)
    slow = LinkState(70.0)
    short = (LinkChange(4.0, ((link.name, gone, gone),)), LinkChange(4.1, ((link.name, slow, slow),)))
    assert Future(built, {}, short).links_over(4.0, 5.0)[0].up == slow
    assert Future(built, {}, short[:1]).links_over(4.0, 5.0)[0].up == gone
    assert Future(built, {}, short).links_over(3.0, 4.0)[0].up == link.up


def test_a_node_that_stops_within_the_period_is_down_when_it_begins() -> None:
    built = topology(1)
    edge = built.tier(Tier.EDGE)[0].name
    future = Future(built, {}, (NodeChange(4.5, edge, "stopped"), NodeChange(5.5, edge, "running")))
    assert not true_sites(seen_at(4.0, built), future).alive(edge)
    assert true_sites(seen_at(3.0, built), future).alive(edge)
    assert true_sites(seen_at(5.0, built), future).alive(edge)


def test_what_it_aims_at_is_the_percentile_that_the_requests_to_come_keep() -> None:
    built = topology(2)
    devices = [node.name for node in built.tier(Tier.DEVICE)]
    future = Future(built, {("vision", device): [4.1, 4.2, 4.3, 6.0] for device in devices}, ())
    known = foreseen(seen_at(4.0, built, deadline_ms=100.0), future).services[0]
    assert known.rate_per_s == dict.fromkeys(devices, 3.0)
    assert known.requirements.percentile == percentile_to_keep(95, 6)


def test_who_knows_the_answers_needs_no_margin_but_a_reserve() -> None:
    built = topology(1)
    seen = seen_at(4.0, built, accuracy_min=0.9)
    info = replace(seen.services[0].workload, samples=7)
    future = Future(built, {}, (), workloads={"vision": ((0.0, seen.services[0].workload), (4.0, info))})
    known = foreseen(seen, future).services[0]
    assert known.workload.samples == 7
    assert known.requirements.accuracy_min == pytest.approx(0.9 - 0.01 + RESERVE)
    assert foreseen(seen, Future(built, {}, ())).services[0].requirements.accuracy_min == 0.9


def test_what_a_battery_may_give_until_the_end_is_spread_over_the_requests_to_come() -> None:
    plain = topology(1)
    device = plain.tier(Tier.DEVICE)[0].name
    idle_w = plain.profiles[plain.node(device).profile].power_idle_w.value
    capacity_j = 10 * (idle_w * 10 + 20)
    nodes = tuple(
        replace(node, battery=Battery(capacity_j, capacity_j)) if node.name == device else node for node in plain.nodes
    )
    built = replace(plain, nodes=nodes)
    seen = seen_at(0.0, built, lasts_s=100.0)
    seen = replace(seen, nodes={**seen.nodes, device: replace(seen.nodes[device], charge_j=capacity_j)})
    arrivals = {("vision", device): [0.5, *(1.5 + k for k in range(3)), 20.0]}
    future = Future(built, arrivals, (), end_s=10.0)
    assert allowed_w(seen, future) == {device: pytest.approx(20 / 4)}
    later = replace(seen, time_s=5.0)
    assert allowed_w(later, future) == {}


def test_what_is_asked_when_the_period_ends_is_kept_beforehand_as_models_take_time_to_load() -> None:
    built = topology(1)
    change = RequirementsChange(5.0, "vision", Requirements(95, deadline_ms=300.0, accuracy_min=0.9))
    future = Future(built, {}, (change,))
    kept = [
        foreseen(seen_at(time_s, built, deadline_ms=100.0, accuracy_min=0.8), future).services[0].requirements
        for time_s in (3.0, 4.0, 5.0)
    ]
    assert [one.accuracy_min for one in kept] == [0.8, 0.9, 0.8]
    assert [one.deadline_ms for one in kept] == [100.0, 100.0, 100.0]


def test_of_two_requirements_the_stricter_parts_are_taken() -> None:
    both = strictest(Requirements(95, accuracy_min=0.9), Requirements(95, deadline_ms=50.0, accuracy_min=0.8))
    assert (both.accuracy_min, both.deadline_ms) == (0.9, 50.0)
    assert strictest(Requirements(95), Requirements(95)).asks_nothing
