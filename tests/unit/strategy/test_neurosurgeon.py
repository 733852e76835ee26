from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.model.topology import LinkState, Topology
from telcoai.model.view import LinkView, NodeView, View
from telcoai.model.workload import Stage
from telcoai.strategy.neurosurgeon import Neurosurgeon
from telcoai.strategy.pipe import HEADER_SHARE, REPLY_BYTES
from telcoai.strategy.server import load_factor

from .conftest import profile, topology, view, workload
from .random_views import states

PLAN = Neurosurgeon().plan
LOCAL_MS = 1e3 * 3 * (0.001 + 100 / 3 * 1e6 / 2e9)
"""small-int8 on a core of 2 GFLOP/s at int8."""


def slow(gflops: float = 1.0, devices: int = 1) -> Topology:
    built = topology(devices)
    return replace(built, profiles={**built.profiles, "pi": profile("pi", 1, gflops)})


def over(state: LinkState, gflops: float = 1.0) -> View:
    seen = view(slow(gflops), rate=1e6)
    return replace(seen, links={**seen.links, "camera-1--edge-1": LinkView("camera-1", "edge-1", state, state)})


def with_edge(seen: View, utilisation: float, alive: bool = True) -> View:
    busy = {name: NodeView(name, alive, utilisation) for name in ("edge-1", "cloud")}
    return replace(seen, nodes={**seen.nodes, **busy})


def test_behind_a_hopeless_link_everything_stays_on_the_device() -> None:
    plan = PLAN(over(LinkState(500.0)))
    assert plan.assignments[0].hops == ("camera-1",) * 3
    assert plan.predictions["vision/camera-1"] == pytest.approx(LOCAL_MS, rel=1e-4)


def test_over_a_fast_link_the_frame_leaves_and_the_latency_is_the_sum_of_its_parts() -> None:
    plan = PLAN(over(LinkState(2.0, 0.0, 1e9)))
    assert plan.assignments[0].hops == ("edge-1",) * 3
    sending_s = (3 * 96 * 96 + 700 + REPLY_BYTES) * (1 + HEADER_SHARE) * 8 / 1e9
    compute_s = 3 * (0.001 + 100 / 3 * 1e6 / 120e9)
    assert plan.predictions["vision/camera-1"] == pytest.approx(1e3 * (0.004 + sending_s + compute_s), rel=1e-4)


def test_in_between_the_cut_lies_where_the_least_is_sent() -> None:
    """The second activation is 14,336 bytes, the first 20,480 and the frame 27,648; nearly all the work comes after."""
    seen = over(LinkState(0.0, 0.0, 14e6))
    late = [replace(v, stages=tuple(map(_weighing, v.stages, (1, 1, 98)))) for v in workload().variants]
    service = replace(seen.services[0], workload=replace(workload(), variants=tuple(late)))
    plan = PLAN(replace(seen, services=(service,)))
    assert plan.assignments[0].hops == ("camera-1", "camera-1", "edge-1")


def _weighing(stage: Stage, mflops: int) -> Stage:
    return replace(stage, flops=mflops * 1_000_000)


def test_a_busy_server_counts_its_stages_as_many_times_longer() -> None:
    calm = over(LinkState(2.0, 0.0, 1e9))
    compute_ms = 1e3 * 3 * (0.001 + 100 / 3 * 1e6 / 120e9)
    first, second = PLAN(with_edge(calm, 0.0)), PLAN(with_edge(calm, 0.5))
    assert second.assignments == first.assignments
    gap = second.predictions["vision/camera-1"] - first.predictions["vision/camera-1"]
    assert gap == pytest.approx(compute_ms)


def test_a_server_that_is_busy_enough_gets_nothing() -> None:
    assert PLAN(with_edge(over(LinkState(2.0, 0.0, 1e9)), 1.0)).assignments[0].hops == ("camera-1",) * 3


def test_the_load_factor_is_bounded_and_one_where_nothing_is_known() -> None:
    seen = with_edge(view(), 1.0)
    assert load_factor("edge-1", seen) == pytest.approx(20.0)
    assert load_factor("nowhere", seen) == 1.0


def test_nobody_minds_what_the_others_do() -> None:
    """However many go to the edge, each plans as if it were alone."""
    one, many = PLAN(view(slow(1.0, 1), rate=50.0)), PLAN(view(slow(1.0, 40), rate=50.0))
    assert len({value for value in many.predictions.values()}) == 1
    assert many.predictions["vision/camera-1"] == one.predictions["vision/camera-1"]


def test_without_a_living_server_the_device_does_it_all() -> None:
    plan = PLAN(with_edge(over(LinkState(2.0, 0.0, 1e9)), 0.0, alive=False))
    assert plan.assignments[0].hops == ("camera-1",) * 3


def test_one_variant_the_cheapest_that_keeps_the_accuracy_runs_without_exits() -> None:
    plan = PLAN(view(accuracy=0.89))
    assert {(one.variant, one.thresholds) for one in plan.assignments} == {("large-int8", (1.01, 1.01))}
    assert "no variant keeps the accuracy asked by vision" in PLAN(view(accuracy=0.99)).reason


rates = st.floats(1e5, 1e10)


@given(states, rates, rates, st.floats(0.3, 50))
def test_more_bandwidth_never_predicts_later(state: LinkState, one: float, two: float, gflops: float) -> None:
    low, high = sorted((one, two))
    slower = PLAN(over(replace(state, rate_bps=low), gflops)).predictions["vision/camera-1"]
    faster = PLAN(over(replace(state, rate_bps=high), gflops)).predictions["vision/camera-1"]
    assert faster <= slower + 1e-6
