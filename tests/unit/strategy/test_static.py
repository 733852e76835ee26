from __future__ import annotations

from dataclasses import replace

import pytest

from telcoai.model.topology import Link, LinkState, Node, Tier, Topology
from telcoai.model.view import LinkView, NodeView, Strategy
from telcoai.strategy.check import problems
from telcoai.strategy.static import CloudOnly, DeviceOnly, EdgeOnly

from .conftest import topology, view

STATIC: tuple[Strategy, ...] = (DeviceOnly(), EdgeOnly(), CloudOnly())


def test_each_puts_the_whole_model_on_its_tier() -> None:
    placed = [strategy.plan(view()).assignments[0].hops for strategy in STATIC]
    assert placed == [("camera-1",) * 3, ("edge-1",) * 3, ("cloud",) * 3]


def test_all_run_the_same_variant_without_early_exits() -> None:
    found = {(one.variant, one.thresholds) for s in STATIC for one in s.plan(view(accuracy=0.89)).assignments}
    assert found == {("large-int8", (1.01, 1.01))}


def test_the_cheapest_variant_that_keeps_the_accuracy_with_its_margin_runs() -> None:
    chosen = [DeviceOnly().plan(view(accuracy=a)).assignments[0].variant for a in (None, 0.87, 0.88, 0.91)]
    assert chosen == ["small-int8", "small-int8", "small-fp32", "large-fp32"]


def test_where_none_keeps_the_accuracy_the_most_accurate_runs_and_the_reason_says_so() -> None:
    plan = EdgeOnly().plan(view(accuracy=0.99))
    assert plan.assignments[0].variant == "large-fp32"
    assert "no variant keeps the accuracy asked by vision" in plan.reason


@pytest.mark.parametrize("strategy", STATIC, ids=lambda s: s.name)
def test_nothing_that_happens_moves_it(strategy: Strategy) -> None:
    calm = view()
    slow = {name: LinkView(link.a, link.b, LinkState(500), LinkState(500)) for name, link in calm.links.items()}
    dead = {name: NodeView(name, False, 1.0, 100) for name in calm.nodes}
    assert strategy.plan(replace(calm, links=slow, nodes=dead)).assignments == strategy.plan(calm).assignments


def test_the_edge_with_fewest_hops_then_least_delay_is_nearest() -> None:
    built = topology(devices=1)
    near = Node("edge-2", Tier.EDGE, "orin", "edge")
    states = LinkState(3.0), LinkState(3.0)
    nodes = (*built.nodes, near)
    direct = replace(built, nodes=nodes, links=(*built.links, Link("camera-1", "edge-2", *states)))
    behind = replace(built, nodes=nodes, links=(*built.links, Link("edge-1", "edge-2", *states)))
    assert EdgeOnly().plan(view(direct)).assignments[0].hops[0] == "edge-2"
    assert EdgeOnly().plan(view(behind)).assignments[0].hops[0] == "edge-1"


def test_without_an_edge_devices_serve_themselves_and_the_reason_says_so() -> None:
    built = topology(devices=1)
    lone = Topology("lone", built.nodes[:1], (), built.profiles, {})
    plan = EdgeOnly().plan(view(lone))
    assert plan.assignments[0].hops == ("camera-1",) * 3
    assert "1 devices reach no edge node" in plan.reason


@pytest.mark.parametrize("strategy", STATIC, ids=lambda s: s.name)
def test_plans_make_sense(strategy: Strategy) -> None:
    assert problems(strategy.plan(view(topology(10, 3))), view(topology(10, 3))) == []
