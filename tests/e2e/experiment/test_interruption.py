"""Ctrl-C and kill -9: what was measured stays readable, and nothing else stays."""

from __future__ import annotations

import json
import os
import random
import signal
import time

import pandas as pd
import pytest

from telcoai.emulation.leftovers import leftovers
from tests.e2e.experiment.running import bench_in_background, host_pids, kill_if_there, wait_for, wait_for_load
from tests.e2e.experiment.small_world import telcoai, write_world

pytestmark = [pytest.mark.sandbox, pytest.mark.e2e]
LOCAL = '["./plugin.py:Local"]'


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_its_like_end_in_order_with_a_partial_report(world, ending):
    scenario = write_world(world)
    scenario.write_text(scenario.read_text().replace("duration: 4s", "duration: 60s"))
    with bench_in_background(world, scenario) as bench:
        wait_for_load(world)
        bench.send_signal(ending)
        assert bench.wait(30) == 130
    summary = json.loads((world / "out/summary.json").read_text())
    assert [run["valid"] for run in summary["runs"]] == [False]
    folder = world / "out" / json.loads((world / "out/summary.json").read_text())["runs"][0]["folder"]
    facts = json.loads((folder / "run.json").read_text())
    assert facts["state"] == "partial"
    assert len(pd.read_parquet(folder / "samples.parquet")) > 10
    assert (world / "out/report.html").exists()
    assert leftovers("small", world / "state/small") == []


def test_ctrl_c_twice_ends_at_once_and_leaves_nothing(world):
    scenario = write_world(world)
    scenario.write_text(scenario.read_text().replace("duration: 4s", "duration: 60s"))
    with bench_in_background(world, scenario) as bench:
        wait_for_load(world)
        os.killpg(bench.pid, signal.SIGINT)
        time.sleep(0.05)
        os.killpg(bench.pid, signal.SIGINT)
        assert bench.wait(30) == 130
    assert leftovers("small", world / "state/small") == []


def test_a_killed_bench_leaves_what_it_measured_and_down_takes_the_rest(world):
    with bench_in_background(world, write_world(world, strategies=LOCAL)) as bench:
        wait_for_load(world)
        time.sleep(1.5)
        bench.kill()
        bench.wait()
    report = telcoai(world, "report", "out", "-o", "json")
    assert report.returncode == 0, report.stderr
    run = json.loads(report.stdout)["runs"][0]
    assert run["valid"] is False
    assert run["requests"] > 0
    assert telcoai(world, "down").returncode == 0
    assert leftovers("small", world / "state/small") == []


@pytest.mark.parametrize("seed", range(20))
def test_kill_9_at_any_instant_leaves_nothing_that_down_and_up_cannot_handle(world, seed):
    """A seed picks the victim (the command, the supervisor, the network, a runtime, a driver) and the instant."""
    chance = random.Random(seed)
    scenario = write_world(world, strategies=LOCAL)
    scenario.write_text(
        scenario.read_text().replace("warmup: 1s", "warmup: 500ms").replace("duration: 4s", "duration: 1s")
    )
    victim = chance.choice(["command", "command", "telcoai.emulation.init", "telcoai.serving", "telcoai.load"])
    with bench_in_background(world, scenario) as bench:
        time.sleep(chance.uniform(0.3, 5.0))
        pids = [bench.pid] if victim == "command" else host_pids(world, victim)
        if pids:
            kill_if_there(chance.choice(pids))
        if victim == "command":
            bench.wait()
        else:
            assert bench.wait(90) in (0, 3, 4), bench.stdout.read() if bench.stdout else ""
    down = telcoai(world, "down", "small")
    assert down.returncode == 0, down.stderr
    assert leftovers("small", world / "state/small") == []
    up = telcoai(world, "up", str(scenario))
    assert up.returncode == 0, up.stderr
    assert telcoai(world, "down").returncode == 0
    wait_for("nothing left", lambda: leftovers("small", world / "state/small") == [], 5.0)
