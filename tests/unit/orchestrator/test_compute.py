"""When stages run for real and when they are replayed."""

from __future__ import annotations

import dataclasses

import pytest

from telcoai.errors import InputError
from telcoai.orchestrator.compute import choose_modes, is_host_too_small
from tests.places import small_scenario, small_topology, small_workload

PROFILE = small_topology().profiles["board"]
# 40 MFLOP on 8 GFLOP/s and 1 ms of overhead: 6 ms in fp32; 3.5 ms in int8


def host(milliseconds: float) -> dict[str, tuple[float, ...]]:
    return {"small-fp32": (milliseconds / 1e3,) * 3, "small-int8": (milliseconds / 1e3,) * 3}


def test_a_stage_runs_where_the_host_has_headroom():
    modes = choose_modes(small_scenario(), small_workload(), PROFILE, host(2.0))
    assert modes == {"small-fp32": ("run",) * 3, "small-int8": ("replay",) * 3}


@pytest.mark.parametrize("compute", ["run", "replay"])
def test_the_scenario_has_the_last_word(compute):
    modes = choose_modes(small_scenario(compute=compute), small_workload(), PROFILE, host(100.0))
    assert set(modes.values()) == {(compute,) * 3}


def test_a_demand_that_would_fill_the_host_is_replayed():
    scenario = small_scenario()
    assert not is_host_too_small(scenario, host(2.0), cores=2)  # 10 requests/s × 6 ms
    assert is_host_too_small(scenario, host(30.0), cores=2)  # 10 requests/s × 90 ms


def test_a_profile_without_the_precision_is_named():
    profile = dataclasses.replace(PROFILE, speeds=PROFILE.speeds[:1])
    with pytest.raises(InputError, match=r"board can't run variant small-int8"):
        choose_modes(small_scenario(), small_workload(), profile, host(2.0))
