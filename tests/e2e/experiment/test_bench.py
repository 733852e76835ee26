"""A whole experiment on a real sandbox, with a real (tiny) model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.e2e.experiment.small_world import telcoai, write_world

pytestmark = [pytest.mark.sandbox, pytest.mark.e2e]


def facts(folder: Path) -> dict:
    return json.loads((folder / "run.json").read_text())


def failed_checks(run: dict) -> set[str]:
    return {check["name"] for check in run["checks"] if not check["ok"]}


NOISE = {"driver lag p99", "overruns", "late stages", "host saturation"}
"""What a busy host may do to any run; the tests below ask for nothing of it."""


def test_an_experiment_leaves_run_folders_a_summary_and_a_report(world):
    scenario = write_world(world)
    done = telcoai(world, "bench", str(scenario), "--out", "out", "-o", "json")
    assert done.returncode in (0, 4), done.stderr
    summary = json.loads(done.stdout)
    assert summary == json.loads((world / "out/summary.json").read_text())
    assert {run["strategy"] for run in summary["runs"]} == {"Local", "Remote"}
    assert (world / "out/summary.csv").exists()
    assert "<html" in (world / "out/report.html").read_text()
    for name in ("Local-r1", "Remote-r1"):
        check_run(world / "out" / name)
    local = pd.read_parquet(world / "out/Local-r1/samples.parquet")
    remote = pd.read_parquet(world / "out/Remote-r1/samples.parquet")
    assert list(local.scheduled_ns) == list(remote.scheduled_ns)
    assert list(local["sample"]) == list(remote["sample"])
    check_predictions_agree(local, remote)
    assert (local.bytes_sent == 0).all()
    assert (remote[remote.status == "200"].bytes_sent > 8 * 8 * 3).all()


def check_run(folder: Path) -> None:
    run = facts(folder)
    assert run["state"] == "complete"
    assert failed_checks(run) <= NOISE
    samples = pd.read_parquet(folder / "samples.parquet")
    assert samples.request_id.notna().all()
    assert set(samples.status) <= {"200"}
    energy = pd.read_parquet(folder / "energy.parquet")
    assert set(energy.meter) == {"model"}
    dynamic = energy[energy.component != "idle"].energy_j.sum()
    assert samples[~samples.warmup].energy_j.sum() == pytest.approx(dynamic, rel=1e-3)
    assert run["compute_accounted"] == pytest.approx(1.0, rel=1e-3)
    assert len(pd.read_parquet(folder / "links.parquet")) > 0
    assert not (folder / "load").exists()


def check_predictions_agree(one: pd.DataFrame, other: pd.DataFrame) -> None:
    both = one.merge(other, on=["device", "scheduled_ns"])
    both = both[(both.status_x == "200") & (both.status_y == "200")]
    assert len(both) > 50
    assert (both.prediction_x == both.prediction_y).all()


def test_drivers_that_share_a_process_send_from_their_own_nodes(world):
    scenario = write_world(world, strategies='["./plugin.py:Remote"]', compute="replay")
    scenario.write_text(scenario.read_text().replace("count: 2", "count: 20").replace("rate: 10/s", "rate: 3/s"))
    done = telcoai(world, "bench", str(scenario), "--out", "out")
    assert done.returncode in (0, 4), done.stderr
    assert failed_checks(facts(world / "out/Remote-r1")) <= NOISE
    samples = pd.read_parquet(world / "out/Remote-r1/samples.parquet")
    assert samples.device.nunique() == 20
    assert set(samples.status) == {"200"}
    assert (samples.placement == "edge,edge,edge").all()
    links = pd.read_parquet(world / "out/Remote-r1/links.parquet")
    carried = links[(links.direction == "up")].groupby("link").bytes.max()
    assert (carried > 300 * samples.groupby("device").size().min()).all()


def test_replayed_predictions_are_those_of_running(world):
    frames = {}
    for compute in ("run", "replay"):
        folder = world / compute
        folder.mkdir()
        scenario = write_world(folder, strategies='["./plugin.py:Remote"]', compute=compute)
        done = telcoai(folder, "bench", str(scenario), "--out", "out")
        assert done.returncode in (0, 4), done.stderr
        frames[compute] = pd.read_parquet(folder / "out/Remote-r1/samples.parquet")
        shares = facts(folder / "out/Remote-r1")["replayed_share"]
        assert shares == (1.0 if compute == "replay" else 0.0)
    check_predictions_agree(frames["run"], frames["replay"])
    assert np.isclose(frames["run"].bytes_sent.mean(), frames["replay"].bytes_sent.mean(), rtol=0.02)


def test_jpeg_frames_are_decoded_where_they_arrive_and_predictions_are_run(world):
    scenario = write_world(world, strategies='["./plugin.py:Remote", latency-greedy]', compute="auto", frames="jpeg")
    done = telcoai(world, "bench", str(scenario), "--out", "out")
    assert done.returncode in (0, 4), done.stderr
    for name in ("Remote-r1", "latency-greedy-r1"):
        run = facts(world / "out" / name)
        check_run(world / "out" / name)
        assert run["replayed_share"] == 0.0
        assert run["scenario"]["services"][0]["frames"] == "jpeg"
    remote = pd.read_parquet(world / "out/Remote-r1/samples.parquet")
    edge_ns = remote.hops.map(lambda hops: hops[1]["compute_ns"])
    stages_s, decode_s = 3 * (0.05e-3 + 20e6 / 64.6e9), 8 * 8 / 73e6
    assert (edge_ns / 1e9 > stages_s + decode_s - 1e-7).all()  # longer only where this host overran


def test_a_strategy_that_raises_leaves_its_last_plan_in_force_and_the_run_invalid(world):
    scenario = write_world(world, strategies='["./plugin.py:Raises"]')
    done = telcoai(world, "bench", str(scenario), "--out", "out")
    assert done.returncode == 4, done.stderr
    run = facts(world / "out/Raises-r1")
    assert "plan failures" in failed_checks(run)
    assert any("no idea" in reason for reason in run["why_invalid"])
    samples = pd.read_parquet(world / "out/Raises-r1/samples.parquet")
    assert (samples.status == "200").all()
    decisions = [json.loads(line) for line in (world / "out/Raises-r1/decisions.jsonl").read_text().splitlines()]
    assert {"applied", "raised"} <= {one["status"] for one in decisions}


def disturbed(world: Path, timeline: str) -> pd.DataFrame:
    """Samples of a run that sends to the edge while the timeline disturbs it; the run has no fault of its own."""
    scenario = write_world(world, strategies='["./plugin.py:Remote"]', timeline=timeline)
    done = telcoai(world, "bench", str(scenario), "--out", "out")
    assert done.returncode in (0, 4), done.stderr
    assert failed_checks(facts(world / "out/Remote-r1")) <= NOISE
    return pd.read_parquet(world / "out/Remote-r1/samples.parquet")


def test_a_node_that_stops_is_replaced_by_the_fallback_and_comes_back(world):
    timeline = "[{at: 1s, node: edge, state: stopped}, {at: 2500ms, node: edge, state: running}]"
    samples = disturbed(world, timeline)
    start_ns = samples.scheduled_ns
    down = samples[(start_ns > 2.2e9) & (start_ns < 3.2e9)]
    assert (down.fallback == "edge").any()
    assert (down[down.fallback == "edge"].status == "200").all()
    last = samples[start_ns > 4.6e9]
    assert (last.fallback == "").any()
    events = [json.loads(line) for line in (world / "out/Remote-r1/events.jsonl").read_text().splitlines()]
    assert [event["what"]["state"] for event in events if event["kind"] == "node"] == ["stopped", "running"]


def test_a_node_that_is_cut_off_goes_on_and_is_used_again_once_it_is_back(world):
    timeline = "[{at: 1s, node: edge, state: unreachable}, {at: 2500ms, node: edge, state: running}]"
    samples = disturbed(world, timeline)
    away = samples[(samples.scheduled_ns > 2.2e9) & (samples.scheduled_ns < 3.2e9)]
    assert (away.fallback == "edge").any()
    assert (samples[samples.scheduled_ns > 4.6e9].fallback == "").any()


def test_a_workload_that_is_killed_comes_back_with_its_plan(world):
    timeline = "[{at: 1s, node: edge, workload: killed}, {at: 1500ms, node: camera-1, workload: killed}]"
    samples = disturbed(world, timeline)
    last = samples[samples.scheduled_ns > 4.6e9]
    assert (last.status == "200").all()
    assert (last.fallback == "").any()


def test_a_device_that_stops_loses_its_requests_and_goes_on_when_it_is_back(world):
    timeline = "[{at: 1s, node: camera-1, state: stopped}, {at: 2500ms, node: camera-1, state: running}]"
    samples = disturbed(world, timeline)
    own = samples[samples.device == "camera-1"]
    assert list(own.request_id) == list(range(len(own)))
    assert (own[(own.scheduled_ns > 2.1e9) & (own.scheduled_ns < 3.4e9)].status == "unfinished").all()
    assert (own[own.scheduled_ns > 4.4e9].status == "200").any()
    assert (samples[samples.device == "camera-2"].status == "200").all()


def test_bench_leaves_a_testbed_that_was_up_and_keep_leaves_its_own(world):
    scenario = write_world(world, strategies='["./plugin.py:Local"]')
    assert telcoai(world, "bench", str(scenario), "--out", "out", "--keep").returncode in (0, 4)
    status = json.loads(telcoai(world, "status", "-o", "json").stdout)
    assert status["testbed"] == "small"
    again = telcoai(world, "up", str(scenario))
    assert again.returncode == 0
    assert "was up already" in again.stderr
    assert telcoai(world, "down").returncode == 0
