from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from telcoai.model.plan import Plan
from telcoai.model.requirements import Requirements
from telcoai.model.topology import Band, Link, LinkState, Topology
from telcoai.model.view import Moment, NodeView, View
from telcoai.strategy.batching import Batching
from telcoai.strategy.check import problems

from .conftest import profile, topology, view

PLAN = Batching().plan
HALF = Band(0.5, 0.5, 0.5)


def built(shared: Band | None = HALF, devices: int = 4) -> Topology:
    """An edge with one core that takes 0.5 ms for the whole of the cheapest variant, behind wide links."""
    made, near = topology(devices), LinkState(2.0, 0.0, 1e9)
    links = tuple(Link(one.a, one.b, near, near, one.radio) for one in made.links)
    edge = replace(profile("orin", 1, 100.0), batch_shared=shared, overhead_s=Band(0.0, 0.0, 0.0))
    return replace(made, links=links, profiles={**made.profiles, "orin": edge})


def asking(rate: float, deadline_ms: float | None = 100.0, made: Topology | None = None) -> View:
    seen = view(made or built(), rate=rate)
    asked = replace(seen.services[0].requirements, deadline_ms=deadline_ms)
    return replace(seen, services=(replace(seen.services[0], requirements=asked),))


def pairs(plan: Plan) -> set[tuple[int, float]]:
    return {(one.batch, one.batch_wait_ms) for one in plan.assignments}


def test_an_edge_that_could_not_serve_all_alone_serves_them_in_batches() -> None:
    seen = asking(700.0)  # four cameras; one request alone takes 0.5 ms
    plan = PLAN(seen)
    ((batch, _),) = pairs(plan)
    assert batch > 1
    assert all(ms <= 100.0 for ms in plan.predictions.values())
    assert "together" in plan.reason
    assert "not in time" not in plan.reason


def test_where_batches_share_nothing_everyone_runs_alone() -> None:
    plan = PLAN(asking(20.0, made=built(shared=None)))
    assert pairs(plan) == {(1, 0.0)}
    assert "alone" in plan.reason


def test_what_the_deadline_leaves_is_spent_on_waiting_where_that_saves_core_time() -> None:
    ((batch, wait_ms),) = pairs(PLAN(asking(20.0)))
    assert batch > 1
    assert 0 < wait_ms < 100.0


def test_without_a_deadline_nobody_waits_for_others() -> None:
    assert {wait_ms for _, wait_ms in pairs(PLAN(asking(20.0, deadline_ms=None)))} == {0.0}


def test_what_is_in_force_stays_while_another_saves_little() -> None:
    seen = asking(20.0)
    plan = PLAN(seen)
    rates = dict.fromkeys(seen.services[0].rate_per_s, 20.4)
    later = replace(seen, previous=plan, services=(replace(seen.services[0], rate_per_s=rates),))
    assert PLAN(later).assignments == plan.assignments


def test_answers_that_come_later_than_predicted_shorten_the_wait() -> None:
    seen = asking(20.0)
    plan = PLAN(seen)
    late = {device: plan.predictions[f"vision/{device}"] + 40.0 for device in seen.services[0].rate_per_s}
    services = (replace(seen.services[0], latency_ms=late),)
    past = tuple(Moment(k - 9.0, seen.links, seen.nodes, services, plan) for k in range(6))
    after = PLAN(replace(seen, previous=plan, services=services, past=past))
    soon = PLAN(replace(seen, previous=plan, services=services, past=past[:2]))
    ((_, before_ms),), ((_, after_ms),) = pairs(plan), pairs(after)
    assert after_ms < before_ms
    assert soon.assignments == plan.assignments  # what was measured may still be of the plan before


def test_services_with_tighter_deadlines_go_first_and_equal_ones_alike() -> None:
    seen = asking(5.0)
    vision = seen.services[0]

    def named(name: str, deadline_ms: float | None) -> object:
        return replace(vision, name=name, requirements=Requirements(deadline_ms=deadline_ms, accuracy_min=0.86))

    four = (named("a", 300.0), named("b", 50.0), named("c", None), named("d", 50.0))
    plan = PLAN(replace(seen, services=four))  # type: ignore[arg-type]
    assert {one.service: one.priority for one in plan.assignments} == {"a": 1, "b": 2, "c": 0, "d": 2}
    assert {one.priority for one in PLAN(seen).assignments} == {0}


def test_a_dead_edge_gets_nothing() -> None:
    seen = asking(5.0)
    down = replace(seen, nodes={**seen.nodes, "edge-1": NodeView("edge-1", alive=False)})
    plan = PLAN(down)
    assert {hop for one in plan.assignments for hop in one.hops} == set(seen.services[0].rate_per_s)
    assert "serve themselves" in plan.reason


@settings(deadline=None, max_examples=40)
@given(
    st.floats(0, 2000),
    st.floats(1, 2000),
    st.floats(0, 0.95),
    st.integers(1, 6),
    st.one_of(st.none(), st.floats(0.8, 1)),
)
def test_plans_are_sound_and_waits_leave_time_for_two_batches(
    rate: float, deadline_ms: float, shared: float, devices: int, accuracy: float | None
) -> None:
    made = built(Band(shared, shared, shared), devices)
    seen = asking(rate, deadline_ms, made)
    asked = replace(seen.services[0].requirements, accuracy_min=accuracy)
    seen = replace(seen, services=(replace(seen.services[0], requirements=asked),))
    plan = PLAN(seen)
    assert problems(plan, seen) == []
    assert PLAN(seen).assignments == plan.assignments
    ((batch, wait_ms),) = pairs(plan)
    alone_ms = sum(stage.flops for stage in seen.services[0].workload.variant(plan.assignments[0].variant).stages) / 2e8
    least_ms = 4.0 + 2 * alone_ms * (shared + (1 - shared) * batch) * (0.5 if wait_ms else 0.0)
    assert wait_ms == 0 or wait_ms + least_ms <= deadline_ms
