from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.model.plan import Assignment, Plan
from telcoai.model.requirements import Requirements
from telcoai.model.view import Moment, View
from telcoai.strategy.deficits import BOUND, EMPTY, Deficits, Ledger, wrong_allowed, wrong_share
from telcoai.strategy.joules import Powers
from telcoai.strategy.outlook import follow
from telcoai.strategy.sites import as_measured

from .conftest import topology, view

KEY = ("vision", "camera-1")


def remembered(asked: Requirements, latencies_ms: Sequence[float | None], *, variant: str = "small-int8") -> View:
    """One camera that served itself, and had these latencies in turn, the last of them just now."""
    seen = view(topology(1))
    own = Assignment("vision", "camera-1", variant, ("camera-1",) * 3, (1.01, 1.01))
    services = []
    for latency_ms in latencies_ms:
        measured = {} if latency_ms is None else {"camera-1": latency_ms}
        services.append((replace(seen.services[0], requirements=asked, latency_ms=measured),))
    past = [Moment(float(k), seen.links, seen.nodes, one, Plan((own,))) for k, one in enumerate(services[:-1])]
    return replace(seen, services=services[-1], past=tuple(past), previous=Plan((own,)), time_s=float(len(past)))


def queues(seen: View) -> Deficits:
    return Ledger(as_measured(seen), Powers(seen.topology)).of(seen)[KEY]


def test_the_latency_queue_adds_what_is_over_the_deadline_and_drains_by_what_is_under() -> None:
    asked = Requirements(deadline_ms=100.0)
    assert queues(remembered(asked, [120, 150])).latency == pytest.approx(0.7)
    assert queues(remembered(asked, [120, 150, 80])).latency == pytest.approx(0.5)
    assert queues(remembered(asked, [50, 50, 130])).latency == pytest.approx(0.3)


def test_an_outage_counts_as_twice_the_deadline_and_nothing_measured_as_nothing() -> None:
    asked = Requirements(deadline_ms=100.0)
    assert queues(remembered(asked, [1e6, None])).latency == pytest.approx(BOUND)


def test_what_is_not_asked_has_no_queue() -> None:
    assert queues(remembered(Requirements(), [1e6, 1e6])) == EMPTY


def test_the_energy_queue_goes_by_predicted_joules_over_the_budget() -> None:
    seen = remembered(Requirements(), [10, 10])
    assert seen.previous is not None
    path = follow(seen.previous.assignments[0], seen.services[0], as_measured(seen))
    assert path is not None
    joules = Powers(seen.topology).request_j(path, 5.0)
    asked = Requirements(energy_per_request_j=joules / 1.5)
    assert queues(remembered(asked, [10, 10, 10])).energy == pytest.approx(1.5)
    assert queues(remembered(Requirements(energy_per_request_j=2 * joules), [10, 10])).energy == 0.0


def test_the_accuracy_queue_goes_by_wrong_answers_over_those_allowed() -> None:
    """0.885 is calibrated for small-int8: 0.115 wrong, of which 0.92 allows 0.07 with its margin."""
    found = queues(remembered(Requirements(accuracy_min=0.92), [10, 10]))
    assert found.accuracy == pytest.approx(2 * (0.115 / 0.07 - 1))
    assert queues(remembered(Requirements(accuracy_min=0.86), [10, 10])).accuracy == 0.0


def test_wrong_answers_are_allowed_as_well_as_they_are_known_at_the_least() -> None:
    assert wrong_allowed(Requirements(accuracy_min=1.0)) == pytest.approx(0.01)
    assert wrong_allowed(Requirements()) is None


def test_int8_between_nodes_counts_as_less_accurate() -> None:
    assert (
        wrong_share(0.9, "int8", cut=True) > wrong_share(0.9, "int8", cut=False) == wrong_share(0.9, "fp16", cut=True)
    )


def test_an_assignment_of_a_variant_that_does_not_exist_leaves_queues_as_they_are() -> None:
    asked = Requirements(accuracy_min=0.99, energy_per_request_j=1e-9)
    assert queues(remembered(asked, [10, 10], variant="gone")) == EMPTY


excesses = st.lists(st.floats(-3, 3), min_size=1, max_size=30)


@given(excesses)
def test_a_queue_bounds_the_average_excess_from_above(values: list[float]) -> None:
    """Neely's Z(T) / T, with every excess within its bound."""
    found = EMPTY
    for value in values:
        found = found.after(value, value, value)
    held = [min(BOUND, max(-BOUND, value)) for value in values]
    assert sum(held) / len(held) <= found.latency / len(held) + 1e-9
    assert found.latency == found.energy == found.accuracy >= 0
