from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import strategies as st

from telcoai.model.plan import Assignment
from telcoai.model.topology import Link, LinkState, Node, Tier, Topology
from telcoai.model.view import LinkView, NodeView, View
from telcoai.strategy.check import problems
from telcoai.strategy.choice import ACCURACY_MARGIN
from telcoai.strategy.exits import forecast
from telcoai.strategy.latency_greedy import LatencyGreedy

from .conftest import profile, topology, view, workload

PLAN = LatencyGreedy().plan


def slow_devices(built: Topology, gflops: float = 1.0) -> Topology:
    return replace(built, profiles={**built.profiles, "pi": profile("pi", 1, gflops)})


def with_delay(seen: View, delay_ms: float) -> View:
    links = {
        name: LinkView(link.a, link.b, replace(link.up, delay_ms=delay_ms), replace(link.down, delay_ms=delay_ms))
        for name, link in seen.links.items()
    }
    return replace(seen, links=links)


def with_nodes(seen: View, *nodes: NodeView) -> View:
    return replace(seen, nodes={**seen.nodes, **{node.name: node for node in nodes}})


def test_a_slow_device_near_a_fast_edge_offloads() -> None:
    plan = PLAN(view(slow_devices(topology())))
    assert {one.hops[-1] for one in plan.assignments} == {"edge-1"}
    assert set(plan.predictions) == {f"vision/camera-{k}" for k in range(1, 5)}


def test_a_fast_device_behind_a_slow_link_stays_at_home() -> None:
    plan = PLAN(with_delay(view(), 200.0))
    assert all(set(one.hops) == {one.device} for one in plan.assignments)


def test_a_link_that_grows_slow_brings_the_work_home() -> None:
    seen = view(slow_devices(topology()))
    before = PLAN(seen)
    after = PLAN(replace(with_delay(seen, 400.0), previous=before))
    assert all(set(one.hops) == {one.device} for one in after.assignments)
    assert "4 changed" in after.reason


def test_variants_and_exits_keep_the_accuracy_with_its_margin() -> None:
    for asked in (0.80, 0.86, 0.90):
        for one in PLAN(view(accuracy=asked)).assignments:
            assert forecast(workload().variant(one.variant), one.thresholds).accuracy >= asked + ACCURACY_MARGIN


def test_where_none_keeps_the_accuracy_the_most_accurate_runs_and_the_reason_says_so() -> None:
    plan = PLAN(view(accuracy=0.99))
    assert {(one.variant, one.thresholds) for one in plan.assignments} == {("large-fp32", (1.01, 1.01))}
    assert "no variant keeps the accuracy asked by vision" in plan.reason
    assert problems(plan, view()) == []


def test_dead_nodes_get_nothing() -> None:
    seen = with_nodes(view(slow_devices(topology())), NodeView("edge-1", False))
    assert all("edge-1" not in one.hops for one in PLAN(seen).assignments)
    alone = with_nodes(seen, NodeView("cloud", False))
    assert all(set(one.hops) == {one.device} for one in PLAN(alone).assignments)


def test_an_assignment_on_a_node_that_died_is_left_whatever_the_gain() -> None:
    seen = view(slow_devices(topology()))
    before = PLAN(seen)
    after = PLAN(replace(with_nodes(seen, NodeView("edge-1", False)), previous=before))
    assert all("edge-1" not in one.hops for one in after.assignments)


def test_a_dead_device_keeps_a_plan_of_its_own() -> None:
    seen = with_nodes(view(), NodeView("camera-1", False))
    plan = PLAN(seen)
    first = plan.assignment("vision", "camera-1")
    assert first is not None
    assert set(first.hops) == {"camera-1"}
    assert "no candidate for vision/camera-1" in plan.reason
    assert problems(plan, seen) == []


def test_a_small_gain_moves_nobody_and_a_large_one_does() -> None:
    seen = view(slow_devices(topology(), 1.0))
    before = PLAN(seen)
    assert PLAN(replace(with_delay(seen, 8.5), previous=before)).assignments == before.assignments
    assert PLAN(replace(with_delay(seen, 300.0), previous=before)).assignments != before.assignments


def test_the_same_view_again_changes_nothing() -> None:
    seen = view(slow_devices(topology(12, 2)), rate=15.0)
    before = PLAN(seen)
    after = PLAN(replace(seen, previous=before))
    assert after.assignments == before.assignments
    assert "nothing gains" in after.reason


def test_devices_spread_when_one_node_can_not_carry_all() -> None:
    """One edge of two cores: 40 slow devices ask for more than it has."""
    built = slow_devices(topology(40, 1))
    built = replace(built, profiles={**built.profiles, "orin": profile("orin", 2, 20.0)})
    plan = PLAN(view(built, rate=10.0))
    assert any("edge-1" in one.hops for one in plan.assignments)
    assert 1.0 < sum(_edge_seconds(one) * 10.0 for one in plan.assignments) < 2.0


def _edge_seconds(one: Assignment) -> float:
    """Core-seconds that a request asks of the edge on average."""
    chosen = workload().variant(one.variant)
    speed = 40e9 if chosen.precision == "int8" else 20e9
    reach = forecast(chosen, one.thresholds).reach
    parts = zip(chosen.stages, one.hops, reach, strict=True)
    return sum(share * (0.001 + stage.flops / speed) for stage, hop, share in parts if hop == "edge-1")


def test_two_edges_as_near_share_the_devices() -> None:
    built = slow_devices(topology(8, 1))
    state = LinkState(8.0, 2.0, 50e6, 0.001)
    second = [Link(node.name, "edge-2", state, state, "5g") for node in built.tier(Tier.DEVICE)]
    built = replace(
        built,
        nodes=(*built.nodes, Node("edge-2", Tier.EDGE, "orin", "edge")),
        links=(*built.links, *second),
        profiles={**built.profiles, "orin": profile("orin", 1, 8.0)},
    )
    used = {hop for one in PLAN(view(built, rate=12.0)).assignments for hop in one.hops}
    assert {"edge-1", "edge-2"} <= used


def test_a_node_busy_with_others_work_is_avoided() -> None:
    seen = view(slow_devices(topology()))
    plan = PLAN(with_nodes(seen, NodeView("edge-1", True, utilisation=1.0)))
    assert all("edge-1" not in one.hops for one in plan.assignments)


def test_a_long_queue_drives_work_away() -> None:
    seen = view(slow_devices(topology()))
    before = PLAN(seen)
    after = PLAN(replace(with_nodes(seen, NodeView("edge-1", True, 1.0, queue=2000)), previous=before))
    assert sum("edge-1" in one.hops for one in after.assignments) < 4


@st.composite
def views(draw: st.DrawFn) -> View:
    built = topology(draw(st.integers(1, 6)), draw(st.integers(1, 3)))
    built = slow_devices(built, draw(st.floats(0.5, 50)))
    if draw(st.booleans()):
        built = replace(built, links=built.links[draw(st.integers(0, 2)) :])
    seen = view(built, draw(st.none() | st.floats(0, 1)), draw(st.floats(0, 200)))
    states = st.builds(LinkState, *(st.floats(0, 300), st.floats(0, 20), st.floats(1e4, 1e10), st.floats(0, 0.5)))
    links = {name: LinkView(link.a, link.b, draw(states), draw(states)) for name, link in seen.links.items()}
    nodes = {
        name: NodeView(name, draw(st.booleans()), draw(st.floats(0, 1)), draw(st.integers(0, 300)))
        for name in seen.nodes
    }
    return replace(seen, links=links, nodes=nodes)


@pytest.mark.parametrize("accuracy", [None, 0.86])
def test_no_rate_at_all_still_plans(accuracy: float | None) -> None:
    assert problems(PLAN(view(accuracy=accuracy, rate=0.0)), view()) == []


def test_replicas_in_force_are_no_choice_to_keep() -> None:
    """They have no course in common that another could be held against."""
    seen = view(topology(devices=2, edges=2))
    plan = LatencyGreedy().plan(seen)
    spread = replace(plan.assignments[0], replicas=(("cloud",) * len(plan.assignments[0].hops),))
    before = replace(plan, assignments=(spread, *plan.assignments[1:]))
    assert LatencyGreedy().plan(replace(seen, previous=before)).assignments == plan.assignments
