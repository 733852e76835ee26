from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from telcoai.model.topology import Band, DeviceProfile, Topology
from telcoai.model.view import NodeView, View
from telcoai.strategy.marginal_power import CAPACITY, MarginalPower

from .conftest import profile, topology, view, workload

PLAN = MarginalPower().plan


def exact(value: float) -> Band:
    return Band(value, value, value)


def drawing(name: str, cores: int, gflops: float, added_w: float) -> DeviceProfile:
    """A profile that draws this much more with all its cores busy."""
    return replace(profile(name, cores, gflops), power_idle_w=exact(3.0), power_busy_w=exact(3.0 + added_w))


def built(devices: int, pi_w: float, orin_w: float, server_w: float, edges: int = 1) -> Topology:
    made = topology(devices, edges)
    profiles = {
        "pi": drawing("pi", 1, 10, pi_w),
        "orin": drawing("orin", 1, 10, orin_w),
        "server": drawing("server", 1, 10, server_w),
    }
    return replace(made, profiles=profiles)


def placed(seen: View) -> list[str]:
    return [one.hops[0] for one in PLAN(seen).assignments]


REQUEST_S = 3 * (0.001 + 100 / 3 * 1e6 / 20e9)
"""small-int8 on one core of 10 GFLOP/s: 8 ms."""


@pytest.mark.parametrize(
    ("watts", "node"), [((1, 2, 3), "camera-1"), ((2, 1, 3), "edge-1"), ((3, 2, 1), "cloud")], ids=str
)
def test_a_device_goes_where_a_busy_core_draws_least(watts: tuple[float, float, float], node: str) -> None:
    plan = PLAN(view(built(1, *watts)))
    assert plan.assignments[0].hops == (node,) * 3
    assert f"{5 * REQUEST_S * 1:.2f} W above idle" in plan.reason


def test_speed_counts_as_much_as_power() -> None:
    """Twice the power for less than half of the time is less energy."""
    made = built(1, 1, 2, 9)
    faster = {**made.profiles, "orin": drawing("orin", 1, 80, 2)}
    assert placed(view(replace(made, profiles=faster))) == ["edge-1"]


def test_a_node_is_filled_to_its_capacity_and_the_rest_takes_the_next_best() -> None:
    """Each device fills 0.08 of a core at 10/s: nine fit under 0.8 and with the tenth it would be just at it."""
    counts = Counter(placed(view(built(16, 3, 1, 2), rate=0.79 / REQUEST_S / 9)))
    assert counts == {"edge-1": 9, "cloud": 7}


def test_no_node_is_filled_above_its_capacity_while_another_has_room() -> None:
    seen = view(built(12, 3, 1, 2), rate=30.0)
    for node, count in Counter(placed(seen)).items():
        assert count * 30.0 * REQUEST_S <= CAPACITY, node


def test_where_nothing_has_room_the_least_busy_is_taken_and_the_reason_says_so() -> None:
    plan = PLAN(view(built(1, 3, 1, 2), rate=1.0 / REQUEST_S))
    assert "1 found no node with capacity left" in plan.reason
    fast = built(1, 3, 1, 2)
    fast = replace(fast, profiles={**fast.profiles, "server": drawing("server", 1, 12, 2)})
    assert placed(view(fast, rate=1.0 / REQUEST_S)) == ["cloud"]


def test_work_of_others_takes_capacity() -> None:
    seen = view(built(1, 3, 1, 2))
    busy = replace(seen, nodes={**seen.nodes, "edge-1": NodeView("edge-1", True, 0.79)})
    assert (placed(seen), placed(busy)) == (["edge-1"], ["cloud"])


def test_a_dead_node_and_one_that_can_not_be_reached_get_nothing() -> None:
    seen = view(built(2, 3, 1, 2, edges=2))
    assert placed(replace(seen, nodes={**seen.nodes, "edge-1": NodeView("edge-1", False)})) == ["camera-1", "edge-2"]
    apart = replace(seen.topology, links=tuple(link for link in seen.topology.links if link.b != "cloud"))
    assert placed(view(apart)) == ["edge-1", "edge-2"]


def test_the_cheapest_variant_that_keeps_the_accuracy_runs_whole() -> None:
    plan = PLAN(view(built(3, 3, 1, 2), accuracy=0.89))
    assert {(one.variant, one.thresholds) for one in plan.assignments} == {("large-int8", (1.01, 1.01))}
    assert {one.fallback_variant for one in plan.assignments} == {"large-int8"}


def test_where_none_keeps_the_accuracy_the_most_accurate_runs_and_the_reason_says_so() -> None:
    plan = PLAN(view(built(1, 3, 1, 2), accuracy=0.99))
    assert plan.assignments[0].variant == max(workload().variants, key=lambda v: v.accuracy).name
    assert "no variant keeps the accuracy asked by vision" in plan.reason


def test_a_node_that_can_not_run_what_keeps_the_accuracy_gets_nothing() -> None:
    made = built(1, 3, 1, 2)
    only_int8 = replace(made.profiles["orin"], speeds=(made.profiles["orin"].speeds[1],))
    seen = view(replace(made, profiles={**made.profiles, "orin": only_int8}), accuracy=0.91, rate=1.0)
    assert [(one.hops[0], one.variant) for one in PLAN(seen).assignments] == [("cloud", "large-fp32")]


def test_a_small_saving_moves_nobody() -> None:
    seen = view(built(1, 3, 1.0, 2))
    before = PLAN(seen)
    close, far = (built(1, 3, 1.0, watts) for watts in (0.97, 0.5))
    assert PLAN(replace(seen, topology=close, previous=before)).assignments == before.assignments
    assert PLAN(replace(seen, topology=far, previous=before)).assignments[0].hops[0] == "cloud"
