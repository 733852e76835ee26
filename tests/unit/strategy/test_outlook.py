from __future__ import annotations

from dataclasses import replace

import pytest

from telcoai.model.plan import ANYWHERE
from telcoai.model.view import NodeView
from telcoai.strategy.latency_greedy import LatencyGreedy
from telcoai.strategy.outlook import follow, predictions, unexplained
from telcoai.strategy.sites import as_measured
from telcoai.strategy.static import EdgeOnly

from .conftest import topology, view

SEEN = view(topology(devices=4), rate=20.0)
PLAN = EdgeOnly().plan(SEEN)


def test_a_plan_is_predicted_as_the_greedy_one_predicts_it() -> None:
    """Who is alone sees no one else's load, so both look at the same."""
    seen = view(topology(devices=1))
    plan = LatencyGreedy().plan(seen)
    assert predictions(plan.assignments, seen, as_measured(seen)) == pytest.approx(plan.predictions)


def test_more_devices_on_a_node_are_predicted_to_wait_longer() -> None:
    sites = as_measured(SEEN)
    one, all_of_them = predictions(PLAN.assignments[:1], SEEN, sites), predictions(PLAN.assignments, SEEN, sites)
    assert all_of_them["vision/camera-1"] > one["vision/camera-1"]


@pytest.mark.parametrize("hop", [ANYWHERE, "moon", "edge-1"])
def test_what_can_not_be_followed_has_no_prediction(hop: str) -> None:
    seen = replace(SEEN, nodes={**SEEN.nodes, "edge-1": NodeView("edge-1", False)})
    one = replace(PLAN.assignments[0], hops=(hop,) * 3)
    assert follow(one, seen.services[0], as_measured(seen)) is None
    assert predictions([one], seen, as_measured(seen)) == {}


def test_an_assignment_of_another_variant_or_length_is_not_followed() -> None:
    for wrong in ({"variant": "huge"}, {"hops": ("edge-1",)}, {"thresholds": ()}, {"device": "edge-1"}):
        assert follow(replace(PLAN.assignments[0], **wrong), SEEN.services[0], as_measured(SEEN)) is None


def test_what_the_plan_in_force_explains_is_not_the_work_of_others() -> None:
    busy = replace(SEEN, nodes={**SEEN.nodes, "edge-1": NodeView("edge-1", True, 0.3)})
    sites = as_measured(busy)
    alone = unexplained(busy, sites)
    explained = unexplained(replace(busy, previous=PLAN), sites)
    assert alone.strange["edge-1"] == pytest.approx(0.3)
    assert explained.strange["edge-1"] < 0.3
    assert (explained.nodes, explained.links) == ({}, {})
