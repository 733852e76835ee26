"""What services with JPEG frames change in runtimes and views."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from telcoai.errors import InputError
from telcoai.model.scenario import Scenario
from telcoai.orchestrator.frame_sizes import measure_frames
from telcoai.orchestrator.observe import Observer
from telcoai.orchestrator.runtimes import Ground, runtime_configs
from tests.places import band, small_scenario, small_topology, small_workload

HOST = {"tiny": {"small-fp32": (0.001,) * 3, "small-int8": (0.001,) * 3}}


def scenario_with(frames: str, rate: float | None = 16.384) -> Scenario:
    board = small_topology().profiles["board"]
    board = dataclasses.replace(board, jpeg_decode_mpx_s=None if rate is None else band(rate))
    topology = dataclasses.replace(small_topology(), profiles={"board": board})
    plain = small_scenario(topology=topology)
    return dataclasses.replace(plain, services=(dataclasses.replace(plain.services[0], frames=frames),))


def variants_of(scenario: Scenario, tmp_path, paced: bool = True):
    ground = Ground(
        {node.name: "10.0.0.1" for node in scenario.topology.nodes}, tmp_path / "token", tmp_path / "n", paced
    )
    config = runtime_configs(scenario, {"tiny": small_workload()}, HOST, ground)["edge"]
    return config["frames"], config["workloads"]["tiny"]["variants"]


def test_runtimes_are_told_how_long_a_frame_takes_to_decode(tmp_path):
    frames, variants = variants_of(scenario_with("jpeg"), tmp_path)
    assert frames == {"vision": "jpeg"}
    assert [one["decode_s"] for one in variants] == pytest.approx([1e-3] * 2)  # 128 × 128 pixels
    assert all(one["compute"] == ["run"] * 3 for one in variants)


def test_raw_frames_need_no_figure(tmp_path):
    frames, variants = variants_of(scenario_with("raw", None), tmp_path)
    assert frames == {"vision": "raw"}
    assert [one["decode_s"] for one in variants] == [None] * 2


def test_a_profile_without_the_figure_is_refused_where_compute_is_paced(tmp_path):
    with pytest.raises(InputError, match="board has no jpeg_decode"):
        variants_of(scenario_with("jpeg", None), tmp_path)
    assert variants_of(scenario_with("jpeg", None), tmp_path, paced=False)


def test_frame_sizes_are_measured_on_samples_and_seen_by_strategies(tmp_path):
    ramp = np.linspace(0, 255, 32).astype(np.uint8)
    frames = np.broadcast_to(ramp[:, None, None], (50, 32, 32, 3))
    np.savez(tmp_path / "samples.npz", frames=frames)
    workload = dataclasses.replace(small_workload(), samples_path=tmp_path / "samples.npz")
    scenario = scenario_with("jpeg")
    sizes = measure_frames(scenario.services, {"tiny": workload})
    assert 500 < sizes["vision"]["small-fp32"] < 128 * 128 * 3 / 5
    observer = Observer(scenario.topology, scenario.services, {"tiny": workload}, 1.0, 7, frame_bytes=sizes)
    (service,) = observer.view(0.0, {}, {}, None).services
    assert (service.frames, service.frame_bytes) == ("jpeg", sizes["vision"])


def test_nothing_is_read_for_raw_frames_and_missing_samples_are_named():
    assert measure_frames(scenario_with("raw").services, {"tiny": small_workload()}) == {}
    with pytest.raises(InputError, match=r"samples\.npz: no usable samples"):
        measure_frames(scenario_with("jpeg").services, {"tiny": small_workload()})
