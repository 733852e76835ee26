"""What going from one plan to another costs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcoai.model.memory import stage_bytes
from telcoai.model.plan import Plan
from telcoai.model.requirements import Requirements
from telcoai.model.topology import Band
from telcoai.model.view import NodeView, Resident, View
from telcoai.strategy.model_switching import HORIZON_S, ModelSwitching
from telcoai.strategy.static import whole_at
from telcoai.strategy.switching import switching_cost

from .conftest import band, topology, view, workload


def slow(session_s: float = 0.5, memory: int = 0) -> View:
    """A view whose edge takes so long to load a stage, and gives models that much memory."""
    built = topology(devices=2)
    read = Band(1e6, 1e6, 1e6)
    profiles = {k: replace(p, load_bytes_per_s=read, load_session_s=band(session_s)) for k, p in built.profiles.items()}
    nodes = tuple(replace(n, memory_bytes=memory if n.name == "edge-1" else 0) for n in built.nodes)
    return view(replace(built, profiles=profiles, nodes=nodes))


def at_edge(name: str) -> Plan:
    seen, chosen = slow(), workload().variant(name)
    made = [whole_at("edge-1", seen.services[0], device, chosen) for device in ("camera-1", "camera-2")]
    return Plan(tuple(replace(one, fallback="fail", fallback_variant="") for one in made))


def size(name: str) -> int:
    chosen = workload().variant(name)
    return sum(stage_bytes(chosen, stage.index) for stage in chosen.stages)


def test_a_first_plan_loads_all_stages_one_after_the_other() -> None:
    cost = switching_cost(at_edge("small-int8"), slow())
    assert cost.seconds == pytest.approx(3 * (0.5 + 1000 / 1e6))
    assert cost.joules == pytest.approx(cost.seconds * 2.0), "two cores add 4 W"
    assert cost.waits == ()


def test_a_replica_more_costs_the_load_on_its_nodes_alone() -> None:
    before = at_edge("small-int8")
    more = replace(before, assignments=tuple(replace(one, replicas=(("cloud",) * 3,)) for one in before.assignments))
    cost = switching_cost(more, replace(slow(), previous=before))
    assert cost.seconds == pytest.approx(3 * (0.5 + 1000 / 1e6))
    assert switching_cost(before, replace(slow(), previous=more)).seconds == 0


def test_what_is_in_force_or_loaded_costs_nothing() -> None:
    plan, seen = at_edge("small-int8"), slow()
    assert switching_cost(plan, replace(seen, previous=plan)).seconds == 0
    loaded = NodeView("edge-1", True, resident=(Resident("toy", "small-int8", (0, 1)),))
    cost = switching_cost(plan, replace(seen, nodes={**seen.nodes, "edge-1": loaded}))
    assert cost.seconds == pytest.approx(0.501)


@pytest.mark.parametrize(("spare", "waits"), [(0, ()), (-1, ("edge-1",))])
def test_requests_wait_where_memory_does_not_hold_both(spare: int, waits: tuple[str, ...]) -> None:
    seen = slow(memory=size("small-int8") + size("large-fp32") + spare)
    cost = switching_cost(at_edge("large-fp32"), replace(seen, previous=at_edge("small-int8")))
    assert cost.waits == waits


def switching(seen: View, before: str) -> str:
    service = replace(seen.services[0], requirements=Requirements(95, 200.0))
    now = replace(seen, services=(service,), previous=at_edge(before))
    (found,) = {one.variant for one in ModelSwitching().plan(now).assignments}
    return found


def test_model_switching_takes_the_better_variant_when_its_load_pays() -> None:
    assert switching(slow(0.5), "small-int8") == "large-fp32"


def test_model_switching_stays_when_loading_takes_the_horizon() -> None:
    assert switching(slow(HORIZON_S), "small-int8") == "small-int8"


def test_model_switching_stays_where_requests_would_wait_longer_than_it_gains() -> None:
    tight = slow(0.5, memory=size("large-int8"))
    assert switching(tight, "small-int8") == "small-int8", "1.5 s of 10 lost for 4 points of accuracy"


def test_model_switching_leaves_a_variant_of_which_nothing_is_in_time() -> None:
    seen = slow(0.5)
    service = replace(seen.services[0], rate_per_s={"camera-1": 2000.0, "camera-2": 2000.0})
    assert switching(replace(seen, services=(service,)), "large-fp32") == "small-int8"


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(["small-int8", "small-fp32", "large-int8", "large-fp32"]), st.floats(0, 5))
def test_switching_costs_are_never_negative_and_end_with_the_switch(name: str, session_s: float) -> None:
    plan, seen = at_edge(name), slow(session_s)
    cost = switching_cost(plan, seen)
    assert cost.seconds >= 0
    assert cost.joules >= 0
    after = switching_cost(plan, replace(seen, previous=plan))
    assert (after.seconds, after.joules) == (0, 0)
