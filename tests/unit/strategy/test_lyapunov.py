from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.model.plan import Assignment, Plan
from telcoai.model.requirements import Requirements
from telcoai.model.topology import Band, Topology
from telcoai.model.view import Moment, View
from telcoai.strategy.busiest import busiest, busiest_on
from telcoai.strategy.candidates import Menu, chains, course_of, menu
from telcoai.strategy.course import Origin
from telcoai.strategy.exits import forecast
from telcoai.strategy.joules import Powers
from telcoai.strategy.lyapunov import Lyapunov
from telcoai.strategy.outlook import follow
from telcoai.strategy.predict import Occupancy
from telcoai.strategy.queueing import KNEE
from telcoai.strategy.sheet import Sheet
from telcoai.strategy.sites import as_measured
from telcoai.strategy.spread import spread

from .conftest import RADIO, profile, topology, view, workload

PLAN = Lyapunov().plan
TIGHT = Requirements(deadline_ms=60.0, accuracy_min=0.86)


def slow(gflops: float = 0.5) -> Topology:
    built = topology(1)
    return replace(built, profiles={**built.profiles, "pi": profile("pi", 1, gflops)})


def asking(asked: Requirements, rate: float = 1.0) -> View:
    seen = view(slow(), rate=rate)
    return replace(seen, services=(replace(seen.services[0], requirements=asked),))


def after(seen: View, plan: Plan, latency_ms: float, periods: int) -> View:
    """The view when the plan has been in force for so long, with this latency all the time."""
    services = tuple(replace(one, latency_ms=dict.fromkeys(one.rate_per_s, latency_ms)) for one in seen.services)
    past = tuple(Moment(float(k), seen.links, seen.nodes, services, plan) for k in range(periods - 1))
    return replace(seen, services=services, past=past, previous=plan, time_s=float(periods))


def joules(seen: View, one: Assignment) -> float:
    path = follow(one, seen.services[0], as_measured(seen))
    assert path is not None
    return Powers(seen.topology).request_j(path, seen.services[0].rate_per_s[one.device])


def accuracy(one: Assignment) -> float:
    return forecast(workload().variant(one.variant), one.thresholds).accuracy


def test_with_empty_queues_the_thriftiest_runs_however_slow() -> None:
    plan = PLAN(asking(TIGHT))
    assert plan.assignments[0].hops == ("camera-1",) * 3
    assert PLAN(asking(replace(TIGHT, deadline_ms=1e6))).assignments == plan.assignments


def test_a_latency_queue_that_has_grown_takes_the_faster_over_the_thriftier() -> None:
    seen = asking(TIGHT)
    first = PLAN(seen)
    later = PLAN(after(seen, first, 120.0, 60))
    assert later.predictions["vision/camera-1"] < first.predictions["vision/camera-1"]
    assert joules(seen, later.assignments[0]) > joules(seen, first.assignments[0])
    assert "latency 60.00" in later.reason


def test_a_queue_that_has_drained_goes_back_to_the_thriftier() -> None:
    seen = asking(replace(TIGHT, accuracy_min=None))
    first = PLAN(seen)
    late = after(seen, first, 120.0, 60)
    fast = PLAN(late)
    drained = after(seen, fast, 10.0, 119)
    assert PLAN(replace(drained, past=(*late.past[:5], *drained.past[5:]))).assignments == first.assignments


def test_a_budget_overspent_takes_the_thriftier() -> None:
    """Late alike, once with little spent until now and once with twice the budget."""
    seen = asking(TIGHT)
    thrifty = PLAN(seen)
    fast = PLAN(after(seen, thrifty, 120.0, 60))
    poor = asking(replace(TIGHT, energy_per_request_j=joules(seen, fast.assignments[0]) / 2))
    saved = PLAN(after(poor, thrifty, 90.0, 110))
    spent = PLAN(after(poor, fast, 90.0, 110))
    assert joules(seen, spent.assignments[0]) < joules(seen, saved.assignments[0])
    assert spent.predictions["vision/camera-1"] > saved.predictions["vision/camera-1"]


def test_an_accuracy_queue_that_has_grown_takes_the_more_accurate() -> None:
    seen = asking(Requirements(accuracy_min=0.90))
    first = PLAN(seen)
    assert accuracy(first.assignments[0]) < 0.90
    later = PLAN(after(seen, first, 10.0, 60))
    assert accuracy(later.assignments[0]) > 0.90


def test_nothing_is_overloaded_to_save_joules() -> None:
    """The first stage takes 17 ms on the slow core: 60 a second are too many, though the radio costs far more."""
    seen = asking(Requirements(accuracy_min=0.885), rate=60.0)
    radio = replace(RADIO, base_w=Band(30, 30, 30))
    seen = replace(seen, topology=replace(seen.topology, radios={"5g": radio}))
    path = follow(PLAN(seen).assignments[0], seen.services[0], as_measured(seen))
    assert path is not None
    load = Occupancy()
    load.add(path, 60.0)
    assert busiest_on(path, load) <= KNEE


def test_accuracy_that_no_variant_has_is_told() -> None:
    assert "no variant keeps the accuracy asked by vision" in PLAN(asking(Requirements(accuracy_min=0.99))).reason


def test_what_is_in_force_stays_while_nothing_gains() -> None:
    seen = asking(replace(TIGHT, deadline_ms=1000.0))
    before = PLAN(seen)
    again = PLAN(after(seen, before, 50.0, 10))
    assert again.assignments == before.assignments
    assert "nothing gains" in again.reason


def test_options_reach_from_the_least_accurate_variant_to_the_most_accurate() -> None:
    seen = asking(Requirements(accuracy_min=0.90))
    found = [option.forecast.accuracy for option in spread(seen.services[0], as_measured(seen))]
    assert min(found) < 0.89
    assert max(found) == pytest.approx(0.925, abs=0.01)
    asked = menu(seen.services[0], as_measured(seen)).options
    assert all(option in spread(seen.services[0], as_measured(seen)) for option in asked)


@given(st.floats(0.1, 60))
def test_how_busy_candidates_make_things_is_as_their_courses_have_it(rate: float) -> None:
    seen = asking(TIGHT, rate)
    sites, service = as_measured(seen), seen.services[0]
    options: Menu = menu(service, sites)
    for chain in chains("camera-1", sites, ""):
        figures = Sheet(options, sites).of(chain, rate)
        found = busiest(figures, rate, Occupancy(), sites)
        for value, candidate in zip(found, figures.rows.candidates, strict=True):
            path = course_of(candidate, chain, sites, Origin("camera-1", service.workload, rate))
            assert path is not None
            load = Occupancy()
            load.add(path, rate)
            assert value == pytest.approx(busiest_on(path, load))
