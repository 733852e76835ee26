from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.model.plan import Assignment, Plan
from telcoai.model.topology import Node
from telcoai.model.workload import NO_EXIT
from telcoai.strategy.check import problems
from telcoai.strategy.static import EdgeOnly

from .conftest import topology, view

SEEN = view(topology(devices=1))
GOOD = EdgeOnly().plan(SEEN)


def changed(**fields: Any) -> list[str]:
    return problems(replace(GOOD, assignments=(replace(GOOD.assignments[0], **fields),)), SEEN)


def test_a_sound_plan_has_no_problems() -> None:
    assert problems(GOOD, SEEN) == []


@pytest.mark.parametrize("nonsense", [None, {}, [], 3, "plan", Assignment, float("nan")], ids=repr)
def test_what_is_no_plan_is_said_to_be_none(nonsense: object) -> None:
    (problem,) = problems(nonsense, SEEN)
    assert "not a Plan" in problem


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"hops": ("edge-1", "edge-1")}, "2 hops for the 3 stages"),
        ({"hops": ("moon",) * 3}, "unknown node 'moon'"),
        ({"hops": ["edge-1"] * 3}, "hops is not a tuple"),
        ({"hops": None}, "hops is not a tuple"),
        ({"thresholds": (0.5,)}, "1 thresholds for the 2 early exits"),
        ({"thresholds": (0.5, 2.5)}, "threshold 2.5 is not"),
        ({"thresholds": (-0.1, 0.5)}, "threshold -0.1 is not"),
        ({"thresholds": (math.nan, 0.5)}, "threshold nan is not"),
        ({"thresholds": (10**400, 0.5)}, "is not an int or float in [0, 2]"),
        ({"thresholds": ("0.5", True)}, "threshold '0.5' is not"),
        ({"thresholds": 0.5}, "thresholds is a float"),
        ({"variant": "huge"}, "unknown variant 'huge', there are large-fp32"),
        ({"variant": None}, "variant is None"),
        ({"wire": "fp64"}, "unknown wire 'fp64', allowed are fp16, int8"),
        ({"fallback": "pray"}, "unknown fallback 'pray'"),
        ({"fallback_variant": "huge"}, "unknown fallback variant 'huge'"),
        ({"replicas": (("edge-1",) * 2,)}, "replica 1 has 2 hops for the 3 stages"),
        ({"replicas": (("edge-1",) * 3, ("moon",) * 3)}, "unknown node 'moon'"),
        ({"replicas": ("edge-1",) * 3}, "replicas is not a tuple of rows"),
        ({"replicas": [("edge-1",) * 3]}, "replicas is not a tuple of rows"),
        ({"replicas": None}, "replicas is not a tuple of rows"),
        ({"batch": 0}, "batch 0 is not an int from 1 to 64"),
        ({"batch": 65}, "batch 65 is not"),
        ({"batch": True}, "batch True is not"),
        ({"batch": 2.0}, "batch 2.0 is not"),
        ({"batch": 2, "batch_wait_ms": -1.0}, "batch_wait_ms -1.0 is not an int or float in [0, 10000]"),
        ({"batch": 2, "batch_wait_ms": math.nan}, "batch_wait_ms nan is not"),
        ({"batch": 2, "batch_wait_ms": 10_001}, "batch_wait_ms 10001 is not"),
        ({"batch_wait_ms": 5.0}, "batch_wait_ms 5.0 with batch 1: nobody else is waited for"),
        ({"priority": 1001}, "priority 1001 is not an int from -1000 to 1000"),
        ({"priority": 0.5}, "priority 0.5 is not"),
        ({"service": "audio"}, "unknown service 'audio'"),
        ({"device": "edge-1"}, "'edge-1' sends no requests to vision"),
    ],
)
def test_each_problem_is_named(fields: dict[str, Any], said: str) -> None:
    assert any(said in problem for problem in changed(**fields))


def test_a_fallback_without_a_variant_of_its_own_is_fine() -> None:
    assert changed(fallback_variant="") == []


def test_all_problems_are_named_at_once() -> None:
    assert len(changed(hops=("moon",), thresholds=(3.0,), wire="fp64")) == 5


def test_a_device_without_an_assignment_and_one_with_two_are_named() -> None:
    assert problems(Plan(()), SEEN) == ["vision/camera-1: no assignment"]
    twice = replace(GOOD, assignments=GOOD.assignments * 2)
    assert problems(twice, SEEN) == ["vision/camera-1: 2 assignments, not one"]


def test_a_node_without_a_path_is_named() -> None:
    cut = replace(SEEN, topology=replace(SEEN.topology, links=()))
    assert problems(GOOD, cut) == ["vision/camera-1: no path from camera-1 to edge-1"]


@pytest.mark.parametrize(
    ("open_to", "domain", "said"),
    [
        ((), "south", ["vision/camera-1: edge-1 is closed to services of domain south"]),
        ((), "", ["vision/camera-1: edge-1 is closed to services without a domain"]),
        ((), "north", []),
        (("south",), "south", []),
        (None, "south", []),
    ],
)
def test_a_node_that_its_owner_closed_is_named(open_to: tuple[str, ...] | None, domain: str, said: list[str]) -> None:
    def owned(node: Node) -> Node:
        return replace(node, domain="north", open_to=open_to) if node.name == "edge-1" else node

    built = replace(SEEN.topology, nodes=tuple(owned(node) for node in SEEN.topology.nodes))
    services = tuple(replace(service, domain=domain) for service in SEEN.services)
    assert problems(GOOD, replace(SEEN, topology=built, services=services)) == said


def test_predictions_and_reason_are_looked_at() -> None:
    bad: Any = {"vision/camera-1": math.inf, 3: 1.0}
    assert len(problems(replace(GOOD, predictions=bad), SEEN)) == 2
    odd: Any = None
    assert len(problems(replace(GOOD, predictions=odd, reason=odd, assignments=odd), SEEN)) == 1
    assert len(problems(replace(GOOD, predictions=odd, reason=odd), SEEN)) == 2


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.text(), inner)
    ),
    max_leaves=6,
)


@given(anything, anything, anything, anything)
def test_nothing_that_a_strategy_returns_breaks_the_check(one: Any, two: Any, three: Any, four: Any) -> None:
    assert problems(one, SEEN)
    assert problems(Plan(one, two, three), SEEN)
    assert isinstance(changed(service=one, hops=two, thresholds=three, fallback_variant=four), list)


def test_a_threshold_after_a_stage_without_exit_has_to_be_one_that_is_never_reached() -> None:
    service = SEEN.services[0]
    without = tuple(replace(one, exits=(NO_EXIT, *one.exits[1:])) for one in service.workload.variants)
    seen = replace(SEEN, services=(replace(service, workload=replace(service.workload, variants=without)),))
    assert problems(GOOD, seen) == []
    early = replace(GOOD, assignments=(replace(GOOD.assignments[0], thresholds=(0.8, 0.8)),))
    (problem,) = problems(early, seen)
    assert "threshold 0.8 after stage 0" in problem
    assert "has no exit" in problem


def test_a_plan_with_batches_and_priorities_is_sound() -> None:
    assert changed(batch=64, batch_wait_ms=10_000.0, priority=-1000) == []
    assert changed(batch=2, batch_wait_ms=5, priority=1) == []
