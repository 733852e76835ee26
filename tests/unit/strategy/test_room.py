"""Plans fit the memory of nodes, whatever is asked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcoai.model.memory import stage_bytes
from telcoai.model.view import View
from telcoai.plugins import STRATEGIES, load, strategy_names
from telcoai.strategy.check import problems
from telcoai.strategy.room import fitted
from telcoai.strategy.sites import as_built
from telcoai.strategy.static import EdgeOnly

from .conftest import topology, view, workload
from .random_views import views

SIZES = {v.name: sum(stage_bytes(v, stage.index) for stage in v.stages) for v in workload().variants}
LEAST = max(SIZES.values())
"""Any one variant fits; two of them may not."""


def cramped(seen: View, memory: list[int]) -> View:
    nodes = seen.topology.nodes
    sizes = [memory[k % len(memory)] for k in range(len(nodes))]
    return replace(
        seen,
        topology=replace(
            seen.topology, nodes=tuple(replace(n, memory_bytes=m) for n, m in zip(nodes, sizes, strict=True))
        ),
    )


@pytest.mark.parametrize("name", strategy_names())
@settings(max_examples=25, deadline=None)
@given(views(), st.lists(st.integers(LEAST, 3 * LEAST), min_size=1, max_size=4))
def test_no_strategy_asks_for_more_memory_than_there_is(name: str, seen: View, memory: list[int]) -> None:
    seen = cramped(seen, memory)
    made = load(STRATEGIES, name)
    plan = made().plan(seen)
    assert problems(plan, seen) == []
    later = replace(seen, previous=plan, time_s=1.0)
    assert problems(made().plan(later), later) == []


def test_a_plan_for_too_little_memory_is_said_to_be_one() -> None:
    seen = view(topology(devices=1))
    plan = EdgeOnly().plan(seen)
    (problem,) = problems(plan, cramped(seen, [LEAST, 1000, LEAST]))
    assert problem == "edge-1: its models need 0.7 MiB of memory, and it has 0.0 MiB"


def test_what_fits_stays_as_it_is() -> None:
    seen = view(topology(devices=2))
    plan = EdgeOnly().plan(seen)
    assert fitted(plan.assignments, seen.services, as_built(seen)) == plan.assignments


def test_who_comes_later_takes_what_is_there_already() -> None:
    seen = cramped(view(topology(devices=2)), [4 * LEAST, 4 * LEAST, SIZES["large-fp32"]])
    first, second = EdgeOnly().plan(seen).assignments
    other = replace(first, variant="large-fp32", fallback_variant="large-fp32")
    assert fitted([other, second], seen.services, as_built(seen)) == (other, replace(other, device=second.device))


def test_replicas_that_have_no_room_are_left_out() -> None:
    seen = view(topology(devices=1, edges=2))
    (one,) = EdgeOnly().plan(seen).assignments
    spread = replace(one, replicas=(("edge-2",) * 3, ("cloud",) * 3))
    nodes = tuple(replace(n, memory_bytes=1000) if n.name == "edge-1" else n for n in seen.topology.nodes)
    cramped_first = replace(seen, topology=replace(seen.topology, nodes=nodes))
    (kept,) = fitted([spread], seen.services, as_built(cramped_first))
    assert kept == replace(one, hops=("edge-2",) * 3, replicas=(("cloud",) * 3,))


def test_who_does_as_another_has_its_replicas_too() -> None:
    seen = cramped(view(topology(devices=2)), [4 * LEAST, 4 * LEAST, SIZES["large-fp32"]])
    first, second = EdgeOnly().plan(seen).assignments
    other = replace(first, variant="large-fp32", fallback_variant="large-fp32", replicas=((first.device,) * 3,))
    (_, found) = fitted([other, second], seen.services, as_built(seen))
    assert found == replace(other, device=second.device, replicas=((second.device,) * 3,))
