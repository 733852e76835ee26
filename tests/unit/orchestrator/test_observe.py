"""Views are made of readings, and of nothing else."""

from __future__ import annotations

import pytest

from telcoai.model.requirements import Requirements
from telcoai.orchestrator.figures import NodeFigures, growth
from telcoai.orchestrator.observe import Observer, arrival_rate, utilisation
from tests.places import small_scenario, small_workload


def figures(node: str, second: int, **changes: object) -> NodeFigures:
    facts: dict[str, object] = {
        "node": node,
        "now_ns": second * 1_000_000_000,
        "cores": 4,
        "busy_core_ns": 0,
        "queue": 0,
        "arrivals": {},
        "overruns": 0,
        "stage_calls": second,
        "replayed_calls": 0,
        "latency_ms": {},
    }
    return NodeFigures(**(facts | changes))  # type: ignore[arg-type]


@pytest.fixture
def observer() -> Observer:
    scenario = small_scenario()
    return Observer(scenario.topology, scenario.services, {"tiny": small_workload()}, 1.0, 7)


def test_two_of_four_cores_busy_is_a_utilisation_of_one_half():
    assert utilisation(figures("edge", 1), figures("edge", 2, busy_core_ns=2_000_000_000)) == 0.5


def test_one_reading_says_nothing_of_utilisation():
    assert utilisation(None, figures("edge", 2, busy_core_ns=2_000_000_000)) == 0.0


def test_arrivals_between_two_readings_give_the_rate():
    before, now = figures("camera-1", 1, arrivals={"vision": 10}), figures("camera-1", 3, arrivals={"vision": 30})
    assert arrival_rate("vision", before, now) == 10.0


def test_a_node_that_does_not_answer_is_dead_in_the_view(observer):
    view = observer.view(0.0, {"edge": figures("edge", 1)}, {}, None)
    assert view.nodes["edge"].alive
    assert not view.nodes["cloud"].alive


def test_the_declared_rate_holds_until_requests_came(observer):
    view = observer.view(0.0, {"camera-1": figures("camera-1", 1)}, {}, None)
    assert view.services[0].rate_per_s["camera-1"] == 5.0


def test_the_rate_is_a_mean_over_the_last_readings(observer):
    for second in range(1, 12):
        view = observer.view(
            second, {"camera-1": figures("camera-1", second, arrivals={"vision": second**2})}, {}, None
        )
    assert view.services[0].rate_per_s["camera-1"] == (11**2 - 6**2) / 5


def test_a_restarted_runtime_is_not_compared_with_the_one_before(observer):
    observer.view(1, {"edge": figures("edge", 9, busy_core_ns=10**10)}, {}, None)
    view = observer.view(2, {"edge": figures("edge", 10, stage_calls=0, busy_core_ns=5)}, {}, None)
    assert view.nodes["edge"].utilisation == 0.0


def test_latency_is_the_percentile_that_the_requirement_names(observer):
    observer.requirements["vision"] = Requirements(percentile=50.0)
    recent = {"vision": tuple(float(x) for x in range(1, 102))}
    view = observer.view(1, {"camera-1": figures("camera-1", 1, latency_ms=recent)}, {}, None)
    assert view.services[0].latency_ms == {"camera-1": 51.0}


def test_growth_starts_anew_with_a_restarted_runtime():
    assert growth(figures("edge", 1, overruns=5), figures("edge", 2, overruns=7), "overruns") == 2
    assert growth(figures("edge", 1, overruns=5), figures("edge", 2, overruns=3), "overruns") == 3
    assert growth(None, figures("edge", 2, overruns=3), "overruns") == 3
    assert growth(figures("edge", 1, overruns=3), None, "overruns") == 0
