"""Whatever fails in a run, the others are made, and the report tells of all."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.e2e.experiment.running import bench_in_background, host_pids, kill_if_there, wait_for_load
from tests.e2e.experiment.small_world import telcoai, write_world

pytestmark = [pytest.mark.sandbox, pytest.mark.e2e]


def facts(folder: Path) -> dict:
    return json.loads((folder / "run.json").read_text())


def decisions(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "decisions.jsonl").read_text().splitlines()]


def test_a_strategy_without_a_first_plan_is_an_invalid_run_and_the_others_are_made(world):
    scenario = write_world(world, strategies='["./plugin.py:Never", "./plugin.py:Local"]')
    done = telcoai(world, "bench", str(scenario), "--out", "out")
    assert done.returncode == 4, done.stderr
    never = facts(world / "out/Never-r1")
    assert never["state"] == "partial"
    assert "no idea at all" in never["why_invalid"][0]
    assert [one["status"] for one in decisions(world / "out/Never-r1")] == ["raised"]
    local = facts(world / "out/Local-r1")
    assert local["state"] == "complete"
    assert {"plugin.py", "small.yaml"} <= set(local["digests"])
    assert not [name for name in local["digests"] if name.startswith("/")]
    assert (world / "out/report.html").exists()


def test_a_runtime_that_dies_makes_its_run_invalid(world):
    with bench_in_background(world, write_world(world, strategies='["./plugin.py:Local"]')) as bench:
        wait_for_load(world)
        os.kill(next(pid for pid in host_pids(world, "/n/edge.json")), signal.SIGKILL)
        assert bench.wait(60) == 4
    assert any("runtime on edge ended with code" in why for why in facts(world / "out/Local-r1")["why_invalid"])


def test_a_testbed_that_dies_leaves_a_report_of_what_was_done(world):
    with bench_in_background(world, write_world(world, strategies='["./plugin.py:Local"]')) as bench:
        wait_for_load(world)
        for pid in host_pids(world, "telcoai.emulation.init"):
            kill_if_there(pid)
        assert bench.wait(90) in (3, 4)
    run = facts(world / "out/Local-r1")
    assert (run["state"], run["valid"]) == ("partial", False)
    assert (world / "out/report.html").exists()


def test_strategies_are_made_anew_for_each_run(world):
    scenario = write_world(world, strategies='["./plugin.py:Counts"]')
    done = telcoai(world, "bench", str(scenario), "--out", "out", "--repetitions", "2")
    assert done.returncode in (0, 4), done.stderr
    assert [decisions(world / f"out/Counts-r{k}")[0]["reason"] for k in (1, 2)] == ["asked 1", "asked 1"]


def test_a_testbed_serves_one_bench_at_a_time(world):
    scenario = write_world(world, strategies='["./plugin.py:Local"]')
    with bench_in_background(world, scenario) as bench:
        wait_for_load(world)
        second = telcoai(world, "bench", str(scenario), "--out", "other")
        deploy = telcoai(world, "deploy", str(scenario))
        assert (second.returncode, deploy.returncode) == (2, 2)
        assert "testbed small is in use by another command" in " ".join(second.stderr.split())
        assert bench.wait(60) in (0, 4)


def test_a_kept_testbed_is_left_as_its_file_has_it_and_deploy_refuses_another(world):
    timeline = "[{at: 1s, node: edge, state: stopped}]"
    scenario = write_world(world, strategies='["./plugin.py:Local"]', timeline=timeline)
    assert telcoai(world, "bench", str(scenario), "--out", "out", "--keep").returncode in (0, 4)
    nodes = json.loads(telcoai(world, "status", "-o", "json").stdout)["nodes"]
    assert {node["state"] for node in nodes} == {"up"}
    assert telcoai(world, "deploy", str(scenario)).returncode == 0
    scenario.write_text(scenario.read_text().replace("delay: 5ms", "delay: 6ms"))
    refused = telcoai(world, "deploy", str(scenario))
    assert refused.returncode == 2
    assert "with other nodes or links" in " ".join(refused.stderr.split())
