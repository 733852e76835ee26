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
        "late_calls": 0,
        "replayed_calls": 0,
        "latency_ms": {},
        "answered": {},
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
    observer.asked.requirements["vision"] = Requirements(percentile=50.0)
    recent = {"vision": tuple(float(x) for x in range(1, 102))}
    observer.view(0, {"camera-1": figures("camera-1", 0)}, {}, None)
    view = observer.view(1, {"camera-1": figures("camera-1", 1, latency_ms=recent, answered={"vision": 101})}, {}, None)
    assert view.services[0].latency_ms == {"camera-1": 51.0}


def views_of_a_run(observer: Observer, arrived: int, old_ms: tuple[float, ...]):
    """A run whose camera had ``arrived`` requests, answered in ``old_ms``, before; it gets one a period itself."""
    for time_s in (-1.0, 0.0, 1.0, 2.0):
        mine = max(0, int(time_s))
        now = figures(
            "camera-1",
            int(time_s) + 100,
            arrivals={"vision": arrived + mine},
            answered={"vision": arrived + mine},
            latency_ms={"vision": old_ms + (3.0,) * mine},
        )
        yield observer.view(time_s, {"camera-1": now}, {}, None).services[0]


def test_a_run_sees_nothing_of_the_runs_before(observer):
    scenario = small_scenario()
    other = Observer(scenario.topology, scenario.services, {"tiny": small_workload()}, 1.0, 7)
    first, later = list(views_of_a_run(observer, 0, ())), list(views_of_a_run(other, 400, (90.0,) * 256))
    assert first == later
    assert [view.rate_per_s["camera-1"] for view in later] == [5.0, 5.0, 1.0, 1.0]
    assert [view.latency_ms.get("camera-1") for view in later] == [None, None, 3.0, 3.0]


def test_the_rate_needs_a_whole_period_of_readings(observer):
    observer.view(0.9, {"camera-1": figures("camera-1", 1, now_ns=900_000_000)}, {}, None)
    view = observer.view(1.0, {"camera-1": figures("camera-1", 1, arrivals={"vision": 9})}, {}, None)
    assert view.services[0].rate_per_s["camera-1"] == 5.0


def test_a_restarted_runtime_counts_from_nothing(observer):
    observer.view(0, {"camera-1": figures("camera-1", 50, answered={"vision": 50})}, {}, None)
    now = figures("camera-1", 51, stage_calls=2, answered={"vision": 2}, latency_ms={"vision": (4.0, 6.0)})
    view = observer.view(1, {"camera-1": now}, {}, None)
    assert view.services[0].latency_ms == {"camera-1": 6.0}


def test_growth_starts_anew_with_a_restarted_runtime():
    assert growth(figures("edge", 1, overruns=5), figures("edge", 2, overruns=7), "overruns") == 2
    assert growth(figures("edge", 1, overruns=5), figures("edge", 2, overruns=3), "overruns") == 3
    assert growth(None, figures("edge", 2, overruns=3), "overruns") == 3
    assert growth(figures("edge", 1, overruns=3), None, "overruns") == 0


def test_a_view_holds_earlier_moments_of_its_run_and_never_its_own(observer):
    observer.view(-1.0, {}, {}, None)
    first = observer.view(0.0, {"camera-1": figures("camera-1", 1)}, {}, None)
    second = observer.view(1.0, {"camera-1": figures("camera-1", 2)}, {}, None)
    assert first.past == ()
    assert [moment.time_s for moment in second.past] == [0.0]
    assert second.past[0].services == first.services


def test_requests_that_come_in_bursts_are_seen_to(observer):
    arrived, seen = 0, []
    for second in range(40):
        arrived += 12 if second % 4 == 0 else 0
        view = observer.view(second, {"camera-1": figures("camera-1", second, arrivals={"vision": arrived})}, {}, None)
        seen.append(view.services[0].dispersion)
    assert seen[:20] == [1.0] * 20, "too few counts yet"
    assert seen[-1] > 5


def test_a_service_is_seen_while_it_is_there(observer):
    seen = []
    for second, state in enumerate(("departs", "arrives", "departs")):
        observer.asked.move("vision", state)
        seen.append(observer.view(float(second), {"camera-1": figures("camera-1", second)}, {}, None))
    assert [[one.name for one in view.services] for view in seen] == [[], ["vision"], []]
    assert [len(moment.services) for moment in seen[-1].past] == [0, 1]


def test_a_service_that_has_just_arrived_has_its_declared_rate(observer):
    observer.asked.move("vision", "departs")
    rates = []
    for second in range(12):
        if second == 2:
            observer.asked.move("vision", "arrives")
        arrivals = {"vision": 20 * max(0, second - 3)}
        view = observer.view(float(second), {"camera-1": figures("camera-1", second, arrivals=arrivals)}, {}, None)
        rates += [one.rate_per_s["camera-1"] for one in view.services]
    assert rates == [5.0] * 7 + [20.0] * 3


def test_latency_is_that_of_the_last_periods_and_not_of_the_whole_run(observer):
    old, new = (300.0,) * 100, (50.0,) * 30
    observer.view(0.0, {"camera-1": figures("camera-1", 1)}, {}, None)
    for second in range(2, 9):
        seen = old if second < 8 else old + new
        reading = figures("camera-1", second, latency_ms={"vision": seen}, answered={"vision": len(seen)})
        view = observer.view(second - 1.0, {"camera-1": reading}, {}, None)
    assert view.services[0].latency_ms["camera-1"] == 50.0


def test_a_few_answers_are_judged_with_some_before_them(observer):
    seen = (300.0,) * 30 + (50.0,)
    observer.view(0.0, {"camera-1": figures("camera-1", 1)}, {}, None)
    for second in range(2, 9):
        count = 30 if second < 8 else 31
        reading = figures("camera-1", second, latency_ms={"vision": seen[:count]}, answered={"vision": count})
        view = observer.view(second - 1.0, {"camera-1": reading}, {}, None)
    assert view.services[0].latency_ms["camera-1"] == 300.0
