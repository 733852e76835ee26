from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcoai.model.plan import Plan
from telcoai.model.topology import Band, LinkState, Topology
from telcoai.model.view import LinkView, View
from telcoai.strategy.candidates import candidates, chains, course_of, hops_of, menu
from telcoai.strategy.choice import ACCURACY_MARGIN
from telcoai.strategy.course import Course, Origin, course
from telcoai.strategy.energy_aware import LATE_PER_S, EnergyAware
from telcoai.strategy.exits import Option, forecast
from telcoai.strategy.joules import Powers
from telcoai.strategy.latency_greedy import LatencyGreedy
from telcoai.strategy.predict import Occupancy, late, loaded
from telcoai.strategy.queueing import KNEE
from telcoai.strategy.sites import as_measured

from .conftest import RADIO, profile, topology, view, workload
from .random_views import states

PLAN = EnergyAware().plan


def asking(seen: View, deadline_ms: float | None) -> View:
    services = tuple(replace(s, requirements=replace(s.requirements, deadline_ms=deadline_ms)) for s in seen.services)
    return replace(seen, services=services)


def slow(gflops: float = 1.0, devices: int = 4, base_w: float = 3.0) -> Topology:
    built = topology(devices)
    radio = replace(RADIO, base_w=Band(base_w, base_w, base_w))
    return replace(built, profiles={**built.profiles, "pi": profile("pi", 1, gflops)}, radios={"5g": radio})


def cost(seen: View, path: Course, rate: float) -> tuple[bool, float]:
    """(late, joules or requests late) of a course for the only device there is."""
    load = Occupancy()
    load.add(path, rate)
    percentile = seen.services[0].requirements.percentile
    tail_s = loaded(path, percentile, load).tail_s
    deadline_ms = seen.services[0].requirements.deadline_ms
    if deadline_ms is None:
        is_late = any(load.utilisation(v.node, v.cores) > KNEE for v in path.visits)
        is_late = is_late or any(load.link_utilisation(c.link, c.upward) > KNEE for c in path.crossings)
    else:
        is_late = bool(tail_s > deadline_ms / 1e3)
    if not is_late:
        return is_late, Powers(seen.topology).request_j(path, rate, load)
    share = 0.0 if deadline_ms is None else late(path, percentile, load, deadline_ms / 1e3)
    return is_late, share + LATE_PER_S * tail_s


def origin(seen: View) -> Origin:
    return Origin("camera-1", workload(), seen.services[0].rate_per_s["camera-1"])


def brute(seen: View) -> tuple[bool, float]:
    """The least cost of all candidates, each of them followed."""
    sites, rate = as_measured(seen), seen.services[0].rate_per_s["camera-1"]
    found = []
    for chain in chains("camera-1", sites, ""):
        for candidate in candidates(menu(seen.services[0], sites), len(chain)):
            path = course_of(candidate, chain, sites, origin(seen))
            assert path is not None
            found.append((cost(seen, path, rate), hops_of(candidate, chain)))
    return min(found)[0]


def planned(seen: View, plan: Plan) -> tuple[bool, float]:
    one = plan.assignments[0]
    variant = workload().variant(one.variant)
    option = Option(variant, one.thresholds, forecast(variant, one.thresholds))
    path = course(option, one.hops, one.wire, as_measured(seen), origin(seen))
    assert path is not None
    return cost(seen, path, seen.services[0].rate_per_s["camera-1"])


@settings(max_examples=60, deadline=None)
@given(st.floats(0.3, 30), st.floats(0, 3), st.none() | st.floats(5, 1000), st.floats(0.01, 60), states, st.booleans())
def test_a_lone_device_does_what_is_best_of_all_it_could(
    gflops: float, base_w: float, deadline_ms: float | None, rate: float, state: LinkState, short: bool
) -> None:
    seen = asking(view(slow(gflops, 1, base_w), 0.99 if short else 0.86, rate), deadline_ms)
    seen = replace(seen, links={**seen.links, "camera-1--edge-1": LinkView("camera-1", "edge-1", state, state)})
    late, value = planned(seen, PLAN(seen))
    best_late, best = brute(seen)
    assert late == best_late
    assert value == pytest.approx(best, rel=1e-6)


def test_a_radio_that_costs_more_than_computing_keeps_the_work_at_home() -> None:
    plan = PLAN(asking(view(slow(1.0)), 1000.0))
    assert all(set(one.hops) == {one.device} for one in plan.assignments)
    assert "J a request" in plan.reason


def test_work_that_would_be_late_at_home_leaves_whatever_the_radio_costs() -> None:
    plan = PLAN(asking(view(slow(0.5)), 60.0))
    assert all("edge-1" in one.hops or "cloud" in one.hops for one in plan.assignments)
    assert all(value <= 60.0 for value in plan.predictions.values())


def test_where_nothing_is_in_time_the_fewest_are_late_and_the_reason_says_so() -> None:
    """All are, with a deadline of a millisecond: then the least latency runs."""
    seen = asking(view(slow(1.0)), 1.0)
    plan = PLAN(seen)
    assert "4 can't be in time and have the fewest requests late" in plan.reason
    fastest = max(LatencyGreedy().plan(seen).predictions.values())
    assert max(plan.predictions.values()) <= fastest + 1e-6


def test_without_a_deadline_no_queue_is_let_grow() -> None:
    """Twenty requests a second of 0.1 s are too much for the slow core, however cheap it is."""
    plan = PLAN(view(slow(0.5), rate=20.0))
    assert all(set(one.hops) != {one.device} for one in plan.assignments)
    assert all(math.isfinite(value) for value in plan.predictions.values())


def test_it_never_takes_more_joules_than_the_fastest_does() -> None:
    seen = asking(view(slow(2.0, 1)), 300.0)
    assert planned(seen, PLAN(seen))[1] <= planned(seen, LatencyGreedy().plan(seen))[1]


def test_accuracy_is_kept_with_its_margin() -> None:
    for asked in (0.80, 0.86, 0.90):
        for one in PLAN(asking(view(accuracy=asked), 200.0)).assignments:
            assert forecast(workload().variant(one.variant), one.thresholds).accuracy >= asked + ACCURACY_MARGIN


def test_the_same_view_again_changes_nothing() -> None:
    seen = asking(view(slow(1.0), rate=8.0), 150.0)
    before = PLAN(seen)
    after = PLAN(replace(seen, previous=before))
    assert after.assignments == before.assignments
    assert "nothing saves" in after.reason


def test_what_is_late_leaves_and_what_is_just_in_time_does_not_come_back() -> None:
    """One per cent under the deadline is in time, but for coming home 5 % have to be to spare."""
    seen = view(slow(0.5, 1), rate=0.1)
    home = PLAN(asking(seen, 1000.0))
    tail_ms = home.predictions["vision/camera-1"]
    away = PLAN(asking(replace(seen, previous=home), tail_ms * 0.99))
    assert set(away.assignments[0].hops) != {"camera-1"}
    still = PLAN(asking(replace(seen, previous=away), tail_ms * 1.01))
    assert still.assignments == away.assignments
    back = PLAN(asking(replace(seen, previous=away), tail_ms * 1.10))
    assert back.assignments == home.assignments
