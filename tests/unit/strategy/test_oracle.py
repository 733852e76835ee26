"""The bound, against brute force on instances small enough for it, and with a future that only it knows."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import pytest

from telcoai.model.future import Future
from telcoai.model.plan import Plan
from telcoai.model.requirements import Requirements
from telcoai.model.scenario import LinkChange
from telcoai.model.topology import LinkState, Tier
from telcoai.model.view import Moment, View
from telcoai.strategy.candidates import as_assignment, as_option, candidates, chains, hops_of
from telcoai.strategy.choices import Choices
from telcoai.strategy.course import course
from telcoai.strategy.energy_aware import EnergyAware, Thrift
from telcoai.strategy.greedy import Choice, Job, jobs_of, settle
from telcoai.strategy.joules import Powers
from telcoai.strategy.milp import LATE_J_PER_S, OVER_J_PER_S, solve
from telcoai.strategy.oracle import Oracle, Worth, worth
from telcoai.strategy.queueing import KNEE
from telcoai.strategy.sites import Sites, as_measured

from .conftest import topology, view


def asking(rate: float, devices: int = 2, **required: float) -> View:
    seen = view(topology(devices), rate=rate)
    service = replace(seen.services[0], requirements=Requirements(95, **required))
    return replace(seen, services=(service,))


def brute_force(seen: View) -> float:
    """Joules a second of the best of all combinations."""
    sites, powers = as_measured(seen), Powers(seen.topology)
    jobs = jobs_of(seen, sites)
    choices = Choices(sites, powers)
    best = math.inf
    for rows in product(*(choices.rows(number, job) for number, job in enumerate(jobs))):
        total, used = 0.0, {}
        for row, job in zip(rows, jobs, strict=True):
            late_s = max(0.0, row.tail_s - (job.service.requirements.deadline_ms or math.inf) / 1e3)
            total += job.rate_per_s * (row.joules + LATE_J_PER_S * late_s)
            for key, seconds in row.takes.items():
                used[key] = used.get(key, 0.0) + job.rate_per_s * seconds
        for key, seconds in used.items():
            servers = sites.profile(key[1]).cores if key[0] == "node" else 1
            total += OVER_J_PER_S * max(0.0, seconds - KNEE * servers)
        best = min(best, total)
    return best


@pytest.mark.parametrize("rate", [1.0, 20.0, 60.0, 150.0])
@pytest.mark.parametrize("required", [{"deadline_ms": 200.0, "accuracy_min": 0.86}, {"deadline_ms": 5.0}, {}])
def test_nothing_is_better_than_what_it_finds(rate: float, required: dict[str, float]) -> None:
    seen = asking(rate, **required)
    sites = as_measured(seen)
    found = solve(jobs_of(seen, sites), sites, Powers(seen.topology))
    assert found.value == pytest.approx(brute_force(seen), rel=2e-3, abs=1e-6)


def test_it_plans_for_the_links_and_requests_of_the_period_that_begins() -> None:
    seen = replace(asking(5.0, deadline_ms=120.0, accuracy_min=0.86), time_s=4.0)
    devices = [node.name for node in seen.topology.tier(Tier.DEVICE)]
    dead_slow = LinkState(500.0, 0.0, 1e5)
    change = LinkChange(4.0, tuple((link.name, dead_slow, dead_slow) for link in seen.topology.links))
    arrivals = {("vision", device): (1.0, 4.1, 4.2) for device in devices}
    oracle = Oracle()
    oracle.foresee(Future(seen.topology, arrivals, (change,)))
    plan = oracle.plan(seen)
    assert all(set(one.hops) == {one.device} for one in plan.assignments)
    assert Future(seen.topology, arrivals, ()).rate_per_s("vision", devices[0], 4.0, 5.0) == 2.0


def every_way(job: Job, sites: Sites) -> list[Choice]:
    """All that a strategy looks at for a device."""
    found = []
    for chain in chains(job.device, sites, job.service.domain):
        for one in candidates(job.menu, len(chain)):
            hops = hops_of(one, chain)
            path = course(one.option, hops, one.wire, sites, job.origin)
            if path is not None:
                found.append(Choice(as_assignment(job.service, job.device, one.option, hops, one.wire, sites), path))
    return found


@pytest.mark.parametrize("rate", [2.0, 20.0, 60.0])
@pytest.mark.parametrize("required", [{"deadline_ms": 150.0, "accuracy_min": 0.86}, {"deadline_ms": 40.0}])
def test_no_combination_of_ways_keeps_more_or_takes_less_under_its_model(
    rate: float, required: dict[str, float]
) -> None:
    seen = asking(rate, **required)
    sites, powers = as_measured(seen), Powers(seen.topology)
    jobs, aim = jobs_of(seen, sites), Thrift(sites, powers)
    found = joined(Oracle().plan(seen), jobs, sites)
    reached = worth(found, aim)
    for choices in product(*(every_way(job, sites) for job in jobs)):
        assert not worth(list(zip(jobs, choices, strict=True)), aim).beats(reached)


def joined(plan: Plan, jobs: list[Job], sites: Sites) -> list[tuple[Job, Choice]]:
    """A plan's assignments with their courses."""
    found = []
    for job in jobs:
        one = plan.assignment(job.service.name, job.device)
        option = None if one is None else as_option(one, job.menu)
        assert one is not None
        assert option is not None
        found.append((job, Choice(one, course(option, one.hops, one.wire, sites, job.origin))))
    return found


def test_its_plan_is_worth_at_least_what_the_search_without_foresight_settles_on() -> None:
    seen = asking(30.0, devices=4, deadline_ms=100.0, accuracy_min=0.86)
    sites, powers = as_measured(seen), Powers(seen.topology)
    aim = Thrift(sites, powers)
    own = joined(Oracle().plan(seen), jobs_of(seen, sites), sites)
    assert not worth(settle(seen, sites, aim), aim).beats(worth(own, aim))


def test_who_is_late_comes_before_joules() -> None:
    assert Worth(0.0, 5.0).beats(Worth(0.1, 1.0))
    assert not Worth(0.1, 1.0).beats(Worth(0.0, 5.0))
    assert Worth(0.0, 1.0).beats(Worth(0.0, 2.0))
    assert not Worth(0.0, 1.0).beats(Worth(0.0, 1.01))


def test_its_reason_says_what_no_plan_without_waits_is_below() -> None:
    seen = asking(10.0, devices=4, deadline_ms=200.0, accuracy_min=0.86)
    assert "at least" in Oracle().plan(seen).reason


def test_late_requests_are_answered_with_what_accuracy_a_phase_has_to_spare() -> None:
    """Of an accuracy of 0.89 in 12 ms: large variants take 28 ms, small-int8 takes 9 ms and keeps 0.885."""
    seen = asking(5.0, deadline_ms=12.0, accuracy_min=0.89)
    begin_s, end_s = 31.0, 40.0
    arrivals = {("vision", f"camera-{k}"): [i / 5 for i in range(round(5 * end_s))] for k in (1, 2)}
    future = Future(seen.topology, arrivals, (), end_s, {"vision": [(0.0, seen.services[0].workload)]})

    def planned(before: View) -> set[str]:
        oracle = Oracle()
        oracle.foresee(future)
        return {one.variant for one in oracle.plan(before).assignments}

    accurate = EnergyAware().plan(asking(5.0, deadline_ms=400.0, accuracy_min=0.9))
    exact = Plan(tuple(replace(one, thresholds=(1.01, 1.01)) for one in accurate.assignments), "")
    past = tuple(Moment(k + 1.0, seen.links, seen.nodes, seen.services, exact) for k in range(30))
    later = replace(seen, time_s=begin_s, previous=exact, past=past)
    assert planned(replace(seen, time_s=begin_s)) <= {"large-int8", "large-fp32"}
    assert planned(later) == {"small-int8"}
