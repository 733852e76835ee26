from __future__ import annotations

from dataclasses import replace

import pytest

from telcoai.model.view import NodeView, View
from telcoai.strategy.course import Course, Visit, Way
from telcoai.strategy.observed import occupancy

from .conftest import view

TENTH = Course((Visit("edge-1", 2, 1.0, 0.1),), (), (Way(1.0, 0.1, 0.0, 1, 0),))
"""Each request holds one of the edge's two cores for 0.1 s."""


def seen(utilisation: float, queue: int = 0) -> View:
    calm = view()
    return replace(calm, nodes={**calm.nodes, "edge-1": NodeView("edge-1", True, utilisation, queue)})


def test_utilisation_that_the_plan_explains_is_nobody_elses() -> None:
    assert occupancy(seen(0.5), [(TENTH, 10.0)]).strange["edge-1"] == 0.0


def test_chance_is_allowed_two_deviations() -> None:
    deviation = 0.1 * 10**0.5 / 2
    assert occupancy(seen(0.5 + 1.9 * deviation), [(TENTH, 10.0)]).strange["edge-1"] == 0.0


def test_the_rest_is_the_work_of_others() -> None:
    assert occupancy(seen(0.6), []).strange["edge-1"] == pytest.approx(0.6)


def test_a_queue_delays_by_the_time_that_it_takes_to_shrink() -> None:
    """Ten requests of 0.1 s on two cores are half a second of backlog: an eighth of the period of one second."""
    assert occupancy(seen(0.5, queue=10), [(TENTH, 10.0)]).standing_s["edge-1"] == pytest.approx(0.125)


def test_a_mix_of_uses_waits_by_its_squared_times() -> None:
    found = occupancy(seen(0.0), [(TENTH, 1.0)])
    found.add(Course((Visit("edge-1", 2, 1.0, 0.3),), (), ()), 1.0)
    assert found.nodes["edge-1"].residual_s == pytest.approx((0.01 + 0.09) / (0.1 + 0.3))
