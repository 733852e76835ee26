from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from telcoai.model.plan import Assignment, Plan
from telcoai.model.requirements import Requirements
from telcoai.model.topology import DeviceProfile, Topology
from telcoai.model.view import MEASURED_PERIODS, Moment, NodeView, View
from telcoai.strategy.bandit import Bandit

from .conftest import band, profile, topology, view

PLAN = Bandit().plan
Latency = Callable[[Assignment], float]
MS = {"camera-1": 180.0, "edge-1": 60.0, "cloud": 90.0}
"""For the whole model on each node."""


def asking(built: Topology | None = None, seed: int = 1, rate: float = 10.0) -> View:
    seen = view(built or topology(1), rate=rate)
    asked = Requirements(deadline_ms=150.0, accuracy_min=0.86)
    return replace(seen, services=(replace(seen.services[0], requirements=asked),), seed=seed)


def summed(one: Assignment, ms: dict[str, float]) -> float:
    """Linear in what runs where, and 20 ms for each node that a request goes on to."""
    ways = sum(a != b for a, b in zip((one.device, *one.hops), one.hops, strict=False))
    return sum(ms[hop] / len(one.hops) for hop in one.hops) + 20.0 * ways


def played(seen: View, count: int, ms: dict[str, float]) -> list[Plan]:
    """Plans of a run in which every assignment has the latency that these figures give it."""
    plans: list[Plan] = []
    for tick in range(count):
        services = seen.services
        if plans:
            latency_ms = {one.device: summed(one, ms) for one in plans[-1].assignments}
            services = (replace(services[0], latency_ms=latency_ms),)
        now = replace(seen, time_s=float(tick), services=services, previous=plans[-1] if plans else None)
        plans.append(PLAN(now))
        past = (*seen.past, Moment(now.time_s, now.links, now.nodes, now.services, now.previous))
        seen = replace(seen, past=past[-120:])
    return plans


def remembered(seen: View, measured: list[tuple[tuple[str, ...], float]], each: int = 4 * MEASURED_PERIODS) -> View:
    """Hops that were in force one after the other, each for so many periods, with what was measured."""
    past: list[Moment] = []
    now = seen
    for number, (hops, latency_ms) in enumerate(tuple(one for one in measured for _ in range(each))):
        assignment = Assignment("vision", "camera-1", "small-int8", hops, (1.01, 1.01), fallback_variant="small-int8")
        services = (replace(seen.services[0], latency_ms={"camera-1": latency_ms}),)
        now = replace(seen, services=services, previous=Plan((assignment,)), time_s=float(number), past=tuple(past))
        past.append(Moment(now.time_s, now.links, now.nodes, now.services, now.previous))
    return now


def test_the_arm_that_was_measured_fast_is_preferred() -> None:
    device, edge, cloud = (((name,) * 3) for name in ("camera-1", "edge-1", "cloud"))
    fast_edge = remembered(asking(), [(cloud, 250.0), (device, 250.0), (edge, 40.0)])
    assert PLAN(fast_edge).assignments[0].hops == edge
    fast_cloud = remembered(asking(), [(device, 250.0), (edge, 250.0), (cloud, 60.0)])
    assert PLAN(fast_cloud).assignments[0].hops == cloud


def test_what_is_hardly_known_is_tried_before_what_is_known_to_be_a_little_better() -> None:
    device, edge, cloud = (((name,) * 3) for name in ("camera-1", "edge-1", "cloud"))
    often = [(device, 280.0)] * 8 + [(cloud, 150.0)] * 6 + [(edge, 125.0)] * 6
    assert PLAN(remembered(asking(), often, each=MEASURED_PERIODS)).assignments[0].hops == edge
    once = [(device, 280.0)] * 8 + [(cloud, 150.0)] + [(edge, 125.0)] * 12
    assert PLAN(remembered(asking(), once, each=MEASURED_PERIODS)).assignments[0].hops == cloud


def test_it_explores_and_comes_to_stay_with_the_fastest() -> None:
    plans = played(asking(), 120, MS)
    tried = {plan.assignments[0].hops for plan in plans}
    assert len(tried) >= 3
    late = [plan.assignments[0].hops for plan in plans[60:]]
    assert late.count(("edge-1",) * 3) >= 0.8 * len(late)


def test_what_it_expects_comes_close_to_what_is_measured() -> None:
    last = played(asking(), 100, MS)[-1]
    assert abs(last.predictions["vision/camera-1"] - summed(last.assignments[0], MS)) < 15


def test_where_the_device_is_fastest_servers_are_still_tried_now_and_then() -> None:
    """So it is found out when they become fast."""
    slow_servers = {"camera-1": 20.0, "edge-1": 280.0, "cloud": 280.0}
    forced = [plan for plan in played(asking(), 120, slow_servers)[60:] if "by force" in plan.reason]
    home = [p for p in played(asking(), 120, slow_servers)[60:] if set(p.assignments[0].hops) == {"camera-1"}]
    assert forced
    assert len(home) > 30


def test_force_gets_rarer_the_more_frames_have_been_served() -> None:
    def forced(time_s: float) -> int:
        found = 0
        for seed in range(200):
            seen = remembered(asking(seed=seed), [(("camera-1",) * 3, 20.0)])
            found += "by force" in PLAN(replace(seen, time_s=time_s)).reason
        return found

    assert 80 < forced(1.0) < 140, "11 frames: 0.55 of 200"
    assert 5 < forced(1000.0) < 40, "10,001 frames: 0.1 of 200"


def test_an_arm_is_kept_until_it_has_been_measured() -> None:
    plans = played(asking(), 30, MS)
    moved = [tick for tick in range(1, 30) if plans[tick].assignments != plans[tick - 1].assignments]
    assert moved
    assert all(later - earlier >= MEASURED_PERIODS for earlier, later in pairwise(moved))


def test_an_arm_whose_node_is_dead_is_left_at_once() -> None:
    seen = remembered(asking(), [(("edge-1",) * 3, 40.0)], each=2)
    down = replace(seen, nodes={**seen.nodes, "edge-1": NodeView("edge-1", alive=False)})
    assert PLAN(seen).assignments[0].hops == ("edge-1",) * 3
    assert "edge-1" not in PLAN(down).assignments[0].hops


def test_devices_of_one_kind_learn_from_each_other() -> None:
    """One alone has tried nothing but itself; together they know the edge."""
    seen = remembered(
        asking(topology(2)), [(("camera-1",) * 3, 280.0), (("cloud",) * 3, 280.0), (("edge-1",) * 3, 40.0)]
    )
    plan = PLAN(replace(seen, time_s=1e6))
    assert plan.assignments[1].device == "camera-2"
    assert plan.assignments[1].hops[-1] == "edge-1"


def test_the_same_seed_and_time_draw_the_same() -> None:
    assert played(asking(seed=3), 40, MS) == played(asking(seed=3), 40, MS)


def other(one: DeviceProfile, factor: float) -> DeviceProfile:
    speeds = tuple(replace(speed, gflops=band(speed.gflops.value * factor)) for speed in one.speeds)
    return replace(one, speeds=speeds, overhead_s=band(factor), cores=64, power_busy_w=band(99))


@given(st.floats(0.01, 100), st.integers(0, 100))
@settings(max_examples=20, deadline=None)
def test_how_fast_anything_is_by_its_profile_makes_no_difference(factor: float, seed: int) -> None:
    seen = remembered(asking(topology(2), seed), [(("camera-1",) * 3, 200.0), (("edge-1",) * 3, 90.0)])
    profiles = {name: other(one, factor) for name, one in seen.topology.profiles.items()}
    assert PLAN(replace(seen, topology=replace(seen.topology, profiles=profiles))) == PLAN(seen)


def test_without_a_deadline_what_was_measured_is_the_scale() -> None:
    seen = asking()
    free = replace(seen, services=(replace(seen.services[0], requirements=Requirements(accuracy_min=0.86)),))
    late = [plan.assignments[0].hops for plan in played(free, 120, MS)[60:]]
    assert late.count(("edge-1",) * 3) >= 0.6 * len(late)


def test_accuracy_that_no_variant_has_is_told() -> None:
    seen = view(replace(topology(1), profiles={**topology().profiles, "pi": profile("pi", 1, 1)}), accuracy=0.99)
    assert "no variant keeps the accuracy asked by vision" in PLAN(seen).reason
