"""What a choice is predicted to cost, beside what else could be had."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.model.plan import ANYWHERE, Assignment, Plan
from telcoai.model.requirements import Requirements
from telcoai.model.view import NodeView
from telcoai.report.alternatives import Alternatives, placement
from telcoai.report.verdict import describe_choice
from telcoai.strategy.energy_aware import EnergyAware
from telcoai.strategy.latency_greedy import LatencyGreedy
from telcoai.strategy.round_robin import RoundRobin
from telcoai.strategy.static import CloudOnly, DeviceOnly, EdgeOnly
from telcoai.strategy.trial import trial_topology, trial_view, trial_views


@pytest.mark.parametrize("strategy", [DeviceOnly(), EdgeOnly(), CloudOnly(), LatencyGreedy()])
def test_devices_that_do_alike_are_told_together_beside_every_shape_of_placement(strategy):
    view = trial_view()
    (told,) = Alternatives(view, strategy.plan(view)).told()
    assert told.devices == ("camera-1", "camera-2", "camera-3")
    assert {one.shape for one in told.alternatives} == {"device only", "edge only", "cloud only", "split"}
    costs = [one.cost_ms for one in told.alternatives]
    assert costs == sorted(costs)
    for shape in {one.shape for one in told.alternatives}:
        own = [one.assignment for one in told.alternatives if one.shape == shape]
        assert 1 <= len(own) <= 2
        assert len(set(own)) == len(own)
    assert told.assignment not in [one.assignment for one in told.alternatives]


def test_what_takes_fewer_joules_in_time_is_told_in_words():
    view = trial_view()
    (far,), (near,) = (Alternatives(view, one.plan(view)).told() for one in (CloudOnly(), EnergyAware()))
    assert "fewer joules and to be in time" in describe_choice(far)
    assert "fewer joules" not in describe_choice(near)
    assert min(one.joules for one in far.alternatives) < far.chosen.joules


@given(st.floats(0.5, 12), st.integers(1, 8), st.sampled_from([0.85, 0.88, 0.92]))
def test_nothing_is_predicted_to_cost_much_less_than_what_latency_greedy_chose(rate, devices, accuracy):
    view = trial_view(trial_topology(devices), Requirements(accuracy_min=accuracy))
    service = replace(view.services[0], rate_per_s=dict.fromkeys(view.services[0].rate_per_s, rate))
    view = replace(view, services=(service,))
    settled = replace(view, previous=LatencyGreedy().plan(view))
    plan = LatencyGreedy().plan(settled)
    for told in Alternatives(settled, plan).told():
        assert told.chosen is not None
        best = told.alternatives[0]
        assert best.cost_ms >= min(told.chosen.cost_ms * 0.94, told.chosen.cost_ms - 2.1)


def test_what_is_predicted_of_the_choice_is_what_latency_greedy_predicted():
    view = trial_view()
    settled = replace(view, previous=LatencyGreedy().plan(view))
    plan = LatencyGreedy().plan(settled)
    assert plan.assignments == settled.previous.assignments
    for device in ("camera-1", "camera-2", "camera-3"):
        (told,) = Alternatives(settled, plan).told(device)
        assert told.devices == (device,)
        assert told.chosen.tail_ms == pytest.approx(plan.predictions[f"vision/{device}"], rel=1e-6)


def test_more_load_of_the_others_makes_an_edge_dearer():
    few, many = trial_view(trial_topology(2)), trial_view(trial_topology(40))
    tails = [Alternatives(view, EdgeOnly().plan(view)).told("camera-1")[0].chosen.tail_ms for view in (few, many)]
    assert tails[1] > 1.15 * tails[0]


def test_load_that_moves_away_with_the_plan_is_not_held_against_the_edge():
    """Utilisation that the plan before explains is gone once its devices leave."""
    view = trial_view(trial_topology(20))
    edge_plan = EdgeOnly().plan(view)
    busy = replace(view, previous=edge_plan, nodes={**view.nodes, "edge-1": NodeView("edge-1", True, 0.25)})
    moved = Alternatives(busy, DeviceOnly().plan(busy)).told("camera-1")[0]
    stayed = Alternatives(busy, edge_plan).told("camera-1")[0]
    edge = next(one for one in moved.alternatives if one.shape == "edge only")
    assert edge.tail_ms < stayed.chosen.tail_ms


def test_a_node_that_is_down_is_no_alternative_and_nothing_is_predicted_on_it():
    view = trial_views()["edge down"]
    (told,) = Alternatives(view, EdgeOnly().plan(view)).told()
    assert told.chosen is None
    assert told.tails_ms is None
    assert all("edge-1" not in one.assignment.hops for one in told.alternatives)
    assert "nothing can be predicted of edge-1" in describe_choice(told)


def test_where_kubernetes_chooses_nothing_is_predicted():
    view = trial_view()
    plan = EdgeOnly().plan(view)
    anywhere = Plan(tuple(replace(one, hops=(ANYWHERE,) * 3) for one in plan.assignments))
    (told,) = Alternatives(view, anywhere).told()
    assert told.chosen is None
    assert told.alternatives


def test_a_device_that_is_down_has_no_alternatives():
    view = trial_view()
    down = replace(view, nodes={**view.nodes, "camera-2": NodeView("camera-2", False)})
    told = Alternatives(down, EdgeOnly().plan(down)).told()
    assert [(one.devices, bool(one.alternatives)) for one in told] == [
        (("camera-1", "camera-3"), True),
        (("camera-2",), False),
    ]


def test_verdicts_name_the_best_alternative_and_what_is_missed():
    view = trial_view(requirements=Requirements(95.0, 10.0, 0.88))
    told = Alternatives(view, CloudOnly().plan(view)).told()[0]
    words = describe_choice(told)
    assert f"{told.alternatives[0].assignment.variant} on {placement(told.alternatives[0].assignment)} is" in words
    assert "p95 is predicted over the 10 ms asked" in words


def test_verdicts_say_where_no_variant_keeps_the_accuracy():
    view = trial_view(requirements=Requirements(accuracy_min=0.99))
    told = Alternatives(view, EdgeOnly().plan(view)).told()[0]
    assert told.short
    assert "no variant keeps the accuracy asked, 0.99" in describe_choice(told)


def test_verdicts_say_where_the_choice_gives_accuracy_away():
    view = trial_view(requirements=Requirements(accuracy_min=0.92))
    quick = [replace(one, variant="small-int8") for one in EdgeOnly().plan(view).assignments]
    told = Alternatives(view, Plan(tuple(quick))).told()[0]
    assert "forecast below the 0.92 asked" in describe_choice(told)


@pytest.mark.parametrize(
    ("hops", "words"),
    [
        (("camera-1",) * 3, "device"),
        (("edge",) * 3, "edge"),
        (("camera-1", "edge", "edge"), "device ×1 → edge ×2"),
        (("camera-1", "edge", "cloud"), "device ×1 → edge ×1 → cloud ×1"),
    ],
)
def test_placements_are_told_by_their_stages(hops, words):
    assert placement(Assignment("vision", "camera-1", "v", hops, (1.01, 1.01))) == words


def test_replicas_are_told_with_all_their_rows_whoever_begins():
    view = trial_view()
    plan = RoundRobin().plan(view)
    (told,) = Alternatives(view, plan).told()
    assert told.devices == ("camera-1", "camera-2", "camera-3")
    assert told.chosen.shape == "in turn"
    assert placement(plan.assignments[0]) == "edge-1 | cloud-1 in turn"
    edge, cloud = (next(o for o in told.alternatives if o.shape == f"{tier} only") for tier in ("edge", "cloud"))
    assert edge.mean_ms < told.chosen.mean_ms < cloud.mean_ms
    assert not any(one.assignment.replicas for one in told.alternatives)
    assert told.chosen.tail_ms == pytest.approx(plan.predictions[f"vision/{told.device}"])
