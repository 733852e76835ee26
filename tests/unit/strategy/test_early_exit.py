from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcoai.model.plan import Assignment, Plan
from telcoai.model.topology import LinkState, Topology
from telcoai.model.view import LinkView, NodeView, View
from telcoai.strategy.candidates import candidates, course_of, hops_of, menu
from telcoai.strategy.check import problems
from telcoai.strategy.choice import ACCURACY_MARGIN
from telcoai.strategy.course import Origin
from telcoai.strategy.early_exit import EarlyExit
from telcoai.strategy.exits import forecast
from telcoai.strategy.predict import Occupancy, loaded
from telcoai.strategy.server import load_factor
from telcoai.strategy.sites import as_measured

from .conftest import profile, topology, view, workload
from .random_views import states

PLAN = EarlyExit().plan
KEY = "vision/camera-1"
Ranked = tuple[bool, float, float]


def slow(gflops: float = 1.0, devices: int = 1) -> Topology:
    built = topology(devices)
    return replace(built, profiles={**built.profiles, "pi": profile("pi", 1, gflops)})


def seen_with(
    deadline_ms: float | None, state: LinkState, gflops: float = 1.0, rate: float = 1.0, busy: float = 0.0
) -> View:
    seen = view(slow(gflops), rate=rate)
    asked = replace(seen.services[0], requirements=replace(seen.services[0].requirements, deadline_ms=deadline_ms))
    links = {**seen.links, "camera-1--edge-1": LinkView("camera-1", "edge-1", state, state)}
    nodes = {**seen.nodes, "edge-1": NodeView("edge-1", True, busy)}
    return replace(seen, services=(asked,), links=links, nodes=nodes)


def designs(seen: View) -> Iterator[tuple[Assignment, Ranked]]:
    """Every design with (late, server's seconds or the tail, mean or tail), each followed by itself."""
    sites, service = as_measured(seen), seen.services[0]
    rate, deadline_ms = service.rate_per_s["camera-1"], service.requirements.deadline_ms
    for server in ("edge-1", "cloud"):
        chain, factor = ("camera-1", server), load_factor(server, seen)
        for one in candidates(menu(service, sites), 2):
            path = course_of(one, chain, sites, Origin("camera-1", workload(), rate))
            assert path is not None
            load = Occupancy()
            load.add(path, rate)
            found = loaded(path, 95, load)
            extra = [v.seconds * v.share for v in path.visits if v.node == server]
            times = sites.seconds(server, workload(), one.option.variant) or ()
            last = _last(one.option.forecast.leave)
            tail_extra = sum(t for k, t in enumerate(times) if one.levels[k] == 1 and k <= last)
            mean_s, tail_s = found.mean_s + (factor - 1) * sum(extra), found.tail_s + (factor - 1) * tail_extra
            hops = hops_of(one, chain)
            option = one.option
            assignment = Assignment("vision", "camera-1", option.variant.name, hops, option.thresholds, one.wire)
            late = deadline_ms is not None and tail_s > deadline_ms / 1e3
            by_server = deadline_ms is not None and not late
            yield assignment, (late, sum(extra), mean_s) if by_server else (late, tail_s, mean_s)


def _last(leave: tuple[float, ...]) -> int:
    gone = 0.0
    for index, share in enumerate(leave):
        gone += share
        if gone >= 0.95 - 1e-9:
            return index
    return len(leave) - 1


def ranked(seen: View, plan: Plan) -> Ranked:
    """The planned design's rank, by following it."""
    one = replace(plan.assignments[0], fallback_variant="")
    return min(rank for design, rank in designs(seen) if design == one)


@settings(max_examples=60, deadline=None)
@given(st.none() | st.floats(5, 500), states, st.floats(0.3, 30), st.floats(0, 40), st.floats(0, 1))
def test_no_design_ranks_before_the_one_chosen(
    deadline_ms: float | None, state: LinkState, gflops: float, rate: float, busy: float
) -> None:
    seen = seen_with(deadline_ms, state, gflops, rate, busy)
    assert ranked(seen, PLAN(seen)) == pytest.approx(min(rank for _, rank in designs(seen)), rel=1e-6, abs=1e-12)


def test_what_the_device_does_in_time_costs_no_server() -> None:
    plan = PLAN(seen_with(80.0, LinkState(2.0, 0.0, 1e9)))
    assert plan.assignments[0].hops == ("camera-1",) * 3
    assert min(plan.assignments[0].thresholds) < 1.0


def test_a_nearer_deadline_takes_the_server_in() -> None:
    plan = PLAN(seen_with(15.0, LinkState(2.0, 0.0, 1e9)))
    assert "edge-1" in plan.assignments[0].hops
    assert plan.predictions[KEY] <= 15.0


def test_what_can_not_be_in_time_is_as_fast_as_can_be_and_the_reason_says_so() -> None:
    late, free = PLAN(seen_with(1.0, LinkState(2.0))), PLAN(seen_with(None, LinkState(2.0)))
    assert late.predictions == free.predictions
    assert "1 can't be in time" in late.reason


def test_accuracy_comes_before_the_deadline() -> None:
    for asked in (0.80, 0.86, 0.90):
        seen = seen_with(1.0, LinkState(2.0))
        service = replace(seen.services[0], requirements=replace(seen.services[0].requirements, accuracy_min=asked))
        one = PLAN(replace(seen, services=(service,))).assignments[0]
        assert forecast(workload().variant(one.variant), one.thresholds).accuracy >= asked + ACCURACY_MARGIN


def test_a_device_that_its_own_requests_overload_takes_the_server_in() -> None:
    calm, rushed = (PLAN(seen_with(120.0, LinkState(2.0, 0.0, 1e9), rate=rate)) for rate in (1.0, 40.0))
    assert set(calm.assignments[0].hops) == {"camera-1"}
    assert set(rushed.assignments[0].hops) != {"camera-1"}


def test_a_busy_edge_is_left_for_the_cloud() -> None:
    near, far = (PLAN(seen_with(None, LinkState(2.0, 0.0, 1e9), 0.05, busy=busy)) for busy in (0.0, 1.0))
    assert near.assignments[0].hops[-1] == "edge-1"
    assert far.assignments[0].hops[-1] == "cloud"


def test_a_dead_device_and_one_without_servers_keep_plans_of_their_own() -> None:
    seen = view(topology(2))
    dead = {name: NodeView(name, False) for name in ("camera-1", "edge-1", "cloud")}
    hurt = replace(seen, nodes={**seen.nodes, **dead})
    plan = PLAN(hurt)
    assert all(set(one.hops) == {one.device} for one in plan.assignments)
    assert set(plan.predictions) == {"vision/camera-2"}
    assert problems(plan, hurt) == []


rates = st.floats(1e5, 1e10)


@settings(max_examples=60, deadline=None)
@given(states, rates, rates, st.floats(0.3, 50), st.floats(0, 20))
def test_more_bandwidth_never_predicts_later(
    state: LinkState, one: float, two: float, gflops: float, rate: float
) -> None:
    low, high = sorted((one, two))
    slower = PLAN(seen_with(None, replace(state, rate_bps=low), gflops, rate)).predictions[KEY]
    faster = PLAN(seen_with(None, replace(state, rate_bps=high), gflops, rate)).predictions[KEY]
    assert faster <= slower * (1 + 1e-9)


@settings(max_examples=60, deadline=None)
@given(states, rates, rates, st.floats(5, 300), st.floats(0, 20))
def test_more_bandwidth_never_misses_a_deadline_that_less_kept_and_takes_no_more_of_the_server(
    state: LinkState, one: float, two: float, deadline_ms: float, rate: float
) -> None:
    low, high = sorted((one, two))
    narrow = seen_with(deadline_ms, replace(state, rate_bps=low), 1.0, rate)
    wide = seen_with(deadline_ms, replace(state, rate_bps=high), 1.0, rate)
    before, after = ranked(narrow, PLAN(narrow)), ranked(wide, PLAN(wide))
    assert after[0] <= before[0]
    assert after[0] != before[0] or after[1] <= before[1] * (1 + 1e-9) + 1e-12
