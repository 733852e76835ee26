"""telcoai's own: it learns how far off its model is, and keeps requirements before it saves."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from scipy.stats import binom

from telcoai.model.requirements import Requirements
from telcoai.model.view import Moment, View
from telcoai.strategy.energy_aware import EnergyAware
from telcoai.strategy.kept import CONFIDENCE, percentile_to_keep
from telcoai.strategy.lessons import NOISE, learn
from telcoai.strategy.outlook import predictions
from telcoai.strategy.sites import as_measured
from telcoai.strategy.slo_mpc import SloMpc
from telcoai.strategy.static import DeviceOnly, EdgeOnly

from .conftest import topology, view


def lived(plan_of: object, slower: float, periods: int = 12, **required: float) -> View:
    """A view after some periods under a strategy's plan, whose latency was so many times what is predicted."""
    seen = view(topology(2), rate=5.0)
    asked = Requirements(**{"percentile": 95.0, **(required or {"deadline_ms": 400.0, "accuracy_min": 0.86})})
    seen = replace(seen, services=(replace(seen.services[0], requirements=asked),))
    plan = plan_of.plan(seen)  # type: ignore[attr-defined]
    told = predictions(plan.assignments, seen, as_measured(seen))
    measured = {device: slower * told[f"vision/{device}"] for device in seen.services[0].rate_per_s}
    services = (replace(seen.services[0], latency_ms=measured),)
    past = tuple(Moment(float(k), seen.links, seen.nodes, services, plan) for k in range(periods))
    return replace(seen, time_s=float(periods), services=services, past=past, previous=plan)


def test_what_was_predicted_right_teaches_nothing() -> None:
    for strategy in (DeviceOnly(), EdgeOnly()):
        lessons = learn(lived(strategy, 1.0))
        assert set(lessons.compute.values()) | set(lessons.links.values()) <= {1.0}


def test_chance_teaches_nothing_either() -> None:
    assert set(learn(lived(DeviceOnly(), 1 + 0.9 * NOISE)).compute.values()) == {1.0}


def test_devices_that_compute_for_longer_are_known_to_be_slower() -> None:
    lessons = learn(lived(DeviceOnly(), 2.0))
    assert lessons.compute == {"pi": pytest.approx(2.0 - NOISE)}
    assert set(lessons.links.values()) <= {1.0}


def test_ways_out_that_take_longer_are_known_to_be_worse_and_compute_is_not_blamed() -> None:
    lessons = learn(lived(EdgeOnly(), 2.0))
    assert lessons.compute == {}
    assert all(lessons.links[f"camera-{k}--edge-1"] > 1.5 for k in (1, 2))


def test_the_slowest_of_few_answers_teaches_nothing() -> None:
    asked = {"deadline_ms": 400.0, "accuracy_min": 0.86}
    assert learn(lived(DeviceOnly(), 2.0, percentile=95.0, **asked)).compute
    assert not learn(lived(DeviceOnly(), 2.0, percentile=99.0, **asked)).compute, "of fifty answers"


def test_who_has_just_moved_teaches_nothing() -> None:
    assert learn(lived(DeviceOnly(), 2.0, periods=3)).compute == {}


def test_applied_lessons_make_predictions_what_was_measured() -> None:
    seen = lived(EdgeOnly(), 2.0)
    known = learn(seen).applied(seen)
    before = predictions(seen.previous.assignments, seen, as_measured(seen))
    after = predictions(known.previous.assignments, known, as_measured(known))
    for key, measured_ms in seen.services[0].latency_ms.items():
        assert abs(after[f"vision/{key}"] - measured_ms) < 0.25 * abs(before[f"vision/{key}"] - measured_ms)


def test_with_nothing_to_learn_and_steady_demand_it_does_what_saves_most() -> None:
    seen = view(topology(3), rate=5.0)
    asked = Requirements(95, deadline_ms=1000.0, accuracy_min=0.86)
    seen = replace(seen, services=(replace(seen.services[0], requirements=asked),))
    assert set(SloMpc().plan(seen).assignments) == set(EnergyAware().plan(seen).assignments)


@pytest.mark.parametrize(("percentile", "requests"), [(99, 60), (95, 50), (90, 7), (50, 1), (95, 2000)])
def test_with_the_percentile_that_is_aimed_at_a_period_keeps_the_one_asked_at_95_per_cent(
    percentile: float, requests: int
) -> None:
    aimed = percentile_to_keep(percentile, requests)
    allowed = requests - math.ceil(requests * percentile / 100)
    assert binom.cdf(allowed, requests, 1 - aimed / 100) == pytest.approx(CONFIDENCE)
    assert aimed >= percentile


def test_without_requests_the_percentile_asked_is_aimed_at() -> None:
    assert percentile_to_keep(95, 0) == 95
