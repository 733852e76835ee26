"""When stages run for real and when they are replayed."""

from __future__ import annotations

import dataclasses

import pytest

from telcoai.errors import InputError
from telcoai.model.scenario import Demand, DemandChange
from telcoai.orchestrator.compute import (
    choose_modes,
    highest_rate,
    is_host_too_small,
    node_decode_seconds,
    run_everything,
)
from tests.places import small_scenario, small_topology, small_workload

PROFILE = small_topology().profiles["board"]
# 40 MFLOP on 8 GFLOP/s and 1 ms of overhead: 6 ms in fp32; 3.5 ms in int8


def host(milliseconds: float) -> dict[str, dict[str, tuple[float, ...]]]:
    return {"tiny": {"small-fp32": (milliseconds / 1e3,) * 3, "small-int8": (milliseconds / 1e3,) * 3}}


def test_a_stage_runs_where_the_host_has_headroom():
    modes = choose_modes(small_scenario(), small_workload(), PROFILE, host(2.0))
    assert modes == {"small-fp32": ("run",) * 3, "small-int8": ("replay",) * 3}


def test_a_stage_shorter_than_handing_it_to_a_thread_is_replayed_however_fast_the_host():
    profile = dataclasses.replace(PROFILE, stage_s={"small-fp32": (0.0009,) * 3, "small-int8": (0.0013,) * 3})
    modes = choose_modes(small_scenario(), small_workload(), profile, host(0.1))
    assert modes == {"small-fp32": ("replay",) * 3, "small-int8": ("run",) * 3}


@pytest.mark.parametrize("compute", ["run", "replay"])
def test_the_scenario_has_the_last_word(compute):
    modes = choose_modes(small_scenario(compute=compute), small_workload(), PROFILE, host(100.0))
    assert set(modes.values()) == {(compute,) * 3}


def test_a_demand_that_would_fill_the_host_is_replayed():
    scenario = small_scenario()
    assert not is_host_too_small(scenario, host(2.0), cores=2)  # 10 requests/s × 6 ms
    assert is_host_too_small(scenario, host(30.0), cores=2)  # 10 requests/s × 90 ms


@pytest.mark.parametrize(
    ("demand", "highest"),
    [
        (Demand("poisson", 5.0), 5.0),
        (Demand("ramp", 5.0, parameters={"to_per_s": 40.0, "over_s": 5.0}), 40.0),
        (Demand("ramp", 5.0, parameters={"to_per_s": 1.0, "over_s": 5.0}), 5.0),
        (Demand("diurnal", 20.0, parameters={"amplitude": 0.5, "period_s": 9.0}), 30.0),
    ],
)
def test_the_highest_demand_counts_whenever_it_comes(demand, highest):
    scenario = small_scenario()
    (service,) = scenario.services
    from_start = dataclasses.replace(service, demand=demand)
    assert highest_rate(dataclasses.replace(scenario, services=(from_start,)), from_start) == highest
    later = dataclasses.replace(scenario, timeline=(DemandChange(5.0, "vision", demand),))
    assert highest_rate(later, service) == highest
    other = dataclasses.replace(scenario, timeline=(DemandChange(5.0, "sound", demand),))
    assert highest_rate(other, service) == 5.0


def test_a_burst_in_the_timeline_can_make_a_host_too_small():
    scenario = small_scenario(timeline=(DemandChange(5.0, "vision", Demand("poisson", 90.0)),))
    assert is_host_too_small(scenario, host(2.0), cores=2)


def test_workloads_may_share_names_of_variants():
    both = host(2.0) | {"other": {"small-fp32": (0.004,) * 3, "small-int8": (0.004,) * 3}}
    assert choose_modes(small_scenario(), small_workload(), PROFILE, both)["small-fp32"] == ("run",) * 3


def test_a_profile_without_the_precision_is_named():
    profile = dataclasses.replace(PROFILE, speeds=PROFILE.speeds[:1])
    with pytest.raises(InputError, match=r"board can't run variant small-int8"):
        choose_modes(small_scenario(), small_workload(), profile, host(2.0))


def run_all(milliseconds: float, compute: str = "auto"):
    return run_everything(small_scenario(compute=compute), small_workload(), PROFILE, host(milliseconds))


def test_jpeg_frames_run_also_of_a_variant_without_headroom():
    assert run_all(3.0) == {"small-fp32": ("run",) * 3, "small-int8": ("run",) * 3}


def test_jpeg_frames_on_a_host_too_small_are_refused_unless_asked_for():
    with pytest.raises(InputError, match="this host is too small"):
        run_all(1e5)
    assert run_all(1e5, "run")


def test_jpeg_frames_on_a_node_that_this_host_is_slower_than_are_refused_unless_asked_for():
    assert run_all(2.9)
    with pytest.raises(InputError, match="any variant of tiny at the pace of board"):
        run_all(3.1)  # 6 ms with a headroom of 2
    assert run_all(3.1, "run")


def test_jpeg_frames_are_never_replayed():
    with pytest.raises(InputError, match="can't be replayed"):
        run_all(2.0, "replay")


def test_a_profile_that_does_not_know_how_fast_it_decodes_is_named():
    with pytest.raises(InputError, match="board has no jpeg_decode"):
        node_decode_seconds(PROFILE, small_workload().variants[0])
