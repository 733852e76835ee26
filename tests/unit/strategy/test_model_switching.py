from __future__ import annotations

from dataclasses import astuple, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcoai.model.plan import Plan
from telcoai.model.topology import Link, LinkState, Topology
from telcoai.model.view import NodeView, View
from telcoai.strategy.course import Origin, course
from telcoai.strategy.exits import Option, forecast, never
from telcoai.strategy.model_switching import ModelSwitching
from telcoai.strategy.predict import Occupancy, late_share, loaded
from telcoai.strategy.sites import as_measured

from .conftest import profile, topology, view, workload

PLAN = ModelSwitching().plan


def built(devices: int = 4, edges: int = 1, gflops: float = 20.0) -> Topology:
    """Edges with one core of this speed, near and behind wide links."""
    made = topology(devices, edges)
    near = LinkState(2.0, 0.0, 1e9)
    links = tuple(Link(one.a, one.b, near, near, one.radio) for one in made.links)
    return replace(made, links=links, profiles={**made.profiles, "orin": profile("orin", 1, gflops)})


def asking(deadline_ms: float | None, rate: float, made: Topology | None = None) -> View:
    seen = view(made or built(), rate=rate)
    service = seen.services[0]
    return replace(
        seen, services=(replace(service, requirements=replace(service.requirements, deadline_ms=deadline_ms)),)
    )


def variants(plan: Plan) -> set[str]:
    return {one.variant for one in plan.assignments}


def effective(seen: View, name: str) -> float:
    """Accuracy × share in time when all cameras' requests go to edge-1, each camera's of equal weight."""
    sites, service, chosen = as_measured(seen), seen.services[0], workload().variant(name)
    option = Option(chosen, never(chosen), forecast(chosen, never(chosen)))
    deadline_ms = service.requirements.deadline_ms
    load, paths = Occupancy(), []
    for device, rate in service.rate_per_s.items():
        path = course(option, ("edge-1",) * 3, "fp16", sites, Origin(device, workload(), rate))
        assert path is not None
        load.add(path, rate)
        paths.append(path)
    total = 0.0
    for path in paths:
        mean_s, tail_s = map(np.array, astuple(loaded(path, 95, load)))
        total += 1.0 if deadline_ms is None else 1 - float(late_share(mean_s, tail_s, 95, deadline_ms / 1e3))
    return chosen.accuracy * total / len(paths)


def test_under_little_load_the_most_accurate_variant_runs_and_under_much_a_faster_one() -> None:
    """400 Mflop at 20 GFLOP/s take 23 ms: 4 cameras at 2/s fill a fifth of the core, at 15/s more than all of it."""
    assert variants(PLAN(asking(100.0, 2.0))) == {"large-fp32"}
    assert variants(PLAN(asking(100.0, 9.0))) == {"large-int8"}
    assert variants(PLAN(asking(100.0, 18.0))) <= {"small-int8", "small-fp32"}


def test_all_run_whole_at_the_nearest_edge_node() -> None:
    plan = PLAN(asking(100.0, 2.0, built(4, 2)))
    assert [one.hops for one in plan.assignments] == [(f"edge-{1 + k % 2}",) * 3 for k in range(4)]
    assert {one.thresholds for one in plan.assignments} == {(1.01, 1.01)}


@settings(max_examples=80, deadline=None)
@given(st.none() | st.floats(5, 500), st.floats(0.01, 60), st.floats(5, 100))
def test_no_variant_has_more_effective_accuracy_than_the_one_that_runs(
    deadline_ms: float | None, rate: float, gflops: float
) -> None:
    seen = asking(deadline_ms, rate, built(gflops=gflops))
    (chosen,) = variants(PLAN(seen))
    best = max(effective(seen, variant.name) for variant in workload().variants)
    assert effective(seen, chosen) == pytest.approx(best, rel=1e-9, abs=1e-12)


def test_without_a_deadline_the_most_accurate_variant_runs_whatever_the_load() -> None:
    assert variants(PLAN(asking(None, 50.0))) == {"large-fp32"}


def test_a_deadline_that_nothing_keeps_gets_the_fastest() -> None:
    assert variants(PLAN(asking(1.0, 2.0))) == {"small-int8"}


def test_the_accuracy_asked_is_no_bound() -> None:
    seen = asking(100.0, 18.0)
    service = replace(seen.services[0], requirements=replace(seen.services[0].requirements, accuracy_min=0.91))
    assert variants(PLAN(replace(seen, services=(service,)))) <= {"small-int8", "small-fp32"}


def test_work_of_others_at_the_edge_switches_down() -> None:
    calm = asking(60.0, 2.0)
    busy = replace(calm, nodes={**calm.nodes, "edge-1": NodeView("edge-1", True, 0.7)})
    assert variants(PLAN(calm)) == {"large-fp32"}
    assert variants(PLAN(busy)) != {"large-fp32"}


def test_the_load_of_its_own_plan_is_not_the_work_of_others() -> None:
    calm = asking(60.0, 4.0)
    before = PLAN(calm)
    loaded = replace(calm, previous=before, nodes={**calm.nodes, "edge-1": NodeView("edge-1", True, 16 * 0.0115)})
    assert PLAN(loaded).assignments == before.assignments


def test_each_edge_switches_by_its_own_load() -> None:
    seen = asking(100.0, 2.0, built(4, 2))
    rates = {device: 40.0 if device in ("camera-1", "camera-3") else 2.0 for device in seen.services[0].rate_per_s}
    plan = PLAN(replace(seen, services=(replace(seen.services[0], rate_per_s=rates),)))
    found = {one.hops[0]: one.variant for one in plan.assignments}
    assert found["edge-2"] == "large-fp32"
    assert found["edge-1"].startswith("small")
    assert "in time at 80.0/s" in plan.reason


def test_a_second_service_at_the_edge_makes_both_switch_down() -> None:
    seen = asking(100.0, 5.0)
    both = replace(seen, services=(*seen.services, replace(seen.services[0], name="audio")))
    assert variants(PLAN(seen)) == {"large-fp32"}
    assert variants(PLAN(both)) != {"large-fp32"}


def test_without_a_living_edge_devices_serve_themselves_and_the_reason_says_so() -> None:
    seen = asking(100.0, 2.0)
    plan = PLAN(replace(seen, nodes={**seen.nodes, "edge-1": NodeView("edge-1", False)}))
    assert all(set(one.hops) == {one.device} for one in plan.assignments)
    assert "4 are served by no edge node" in plan.reason
