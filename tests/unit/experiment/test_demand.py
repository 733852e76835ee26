"""Drivers are told the whole run beforehand."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from telcoai.experiment.demand import DriverFiles, deadlines, driver_config
from telcoai.experiment.drivers import may_share
from telcoai.experiment.finish import plain, scheduled
from telcoai.experiment.matrix import RunKey
from telcoai.model.requirements import Requirements
from telcoai.model.scenario import Demand, DemandChange, NodeChange, RequirementsChange, ServiceChange
from tests.places import small_scenario, small_workload

FILES = DriverFiles(Path("out.arrows"), Path("live.json"))


def config(device: str = "camera-1", **changes: object) -> dict[str, object]:
    scenario = small_scenario(**changes)
    return driver_config(scenario, scenario.services[0], device, RunKey("a", 1, 5), small_workload(), FILES)


def test_devices_have_schedules_of_their_own():
    assert list(scheduled(config("camera-1"))) != list(scheduled(config("camera-2")))


def test_the_schedule_covers_warm_up_and_duration():
    times = scheduled(config(warmup_s=10.0, duration_s=100.0))
    assert 0 <= times.min() < 10e9
    assert 100e9 < times.max() < 110e9


def test_a_change_of_demand_counts_from_the_end_of_the_warm_up():
    surge = DemandChange(50.0, "vision", Demand("poisson", 100.0, at_s=50.0))
    times = scheduled(config(warmup_s=10.0, duration_s=100.0, timeline=(surge,)))
    assert (times < 60e9).sum() < 500
    assert (times >= 60e9).sum() > 4000


def test_requests_begin_two_periods_after_a_service_arrives_and_end_when_it_departs():
    stay = (ServiceChange(20.0, "vision", "arrives"), ServiceChange(60.0, "vision", "departs"))
    times = scheduled(config(warmup_s=10.0, duration_s=100.0, timeline=stay))
    assert 32e9 <= times.min() < 34e9
    assert 68e9 < times.max() < 70e9


def test_a_ramp_begins_with_the_requests_of_a_service_that_arrives():
    ramp = DemandChange(10.0, "vision", Demand("ramp", 0.0, 10.0, {"to_per_s": 100.0, "over_s": 10.0}))
    arrival = ServiceChange(20.0, "vision", "arrives")
    times = scheduled(config(warmup_s=10.0, duration_s=100.0, timeline=(ramp, arrival)))
    assert (times < 37e9).sum() < (times < 42e9).sum() / 2


@given(st.lists(st.floats(0, 99), max_size=5, unique=True), st.booleans())
def test_nothing_is_sent_by_a_service_that_is_not_there(instants, comes_first):
    states = ["arrives", "departs"] if comes_first else ["departs", "arrives"]
    stays = [ServiceChange(at_s, "vision", states[k % 2]) for k, at_s in enumerate(sorted(instants))]
    scenario = small_scenario(timeline=tuple(stays), duration_s=100.0)
    driver = driver_config(scenario, scenario.services[0], "camera-1", RunKey("a", 1, 5), small_workload(), FILES)
    spans = [(one.at_s, one.state) for one in stays]
    gone = ["vision" in scenario.absent]
    for due_s in scheduled(driver) / 1e9 - scenario.warmup_s:
        before = [state for at_s, state in spans if at_s <= due_s]
        assert (before[-1] == "arrives") if before else not gone[0]


def test_deadlines_follow_the_requirements():
    change = RequirementsChange(20.0, "vision", Requirements(deadline_ms=80.0))
    scenario = small_scenario(timeline=(change,))
    assert deadlines(scenario, scenario.services[0]) == [(0.0, 150.0), (23.0, 80.0)]


def test_a_scenario_can_be_written_as_json():
    text = json.dumps(plain(small_scenario(timeline=(RequirementsChange(1.0, "vision", Requirements()),))))
    assert json.loads(text)["timeline"][0]["change"] == "RequirementsChange"


def test_many_drivers_share_processes_unless_one_of_their_nodes_is_stopped():
    assert may_share(small_scenario(), 17)
    assert not may_share(small_scenario(), 16)
    assert may_share(small_scenario(timeline=(NodeChange(1.0, "edge", "stopped"),)), 17)
    assert not may_share(small_scenario(timeline=(NodeChange(1.0, "camera-1", "stopped"),)), 17)
