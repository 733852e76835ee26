"""Each check of a run is made to fail by the very thing that it watches for."""

from __future__ import annotations

import dataclasses
import os
import signal
import time

import pytest

from tests.e2e.experiment.running import bench_in_background, checks_failed, host_pids, wait_for_load
from tests.e2e.experiment.small_world import PLUGIN, telcoai, write_world

pytestmark = [pytest.mark.sandbox, pytest.mark.e2e]
REMOTE = '["./plugin.py:Remote"]'
RUN = "out/Remote-r1"


def test_a_driver_that_is_held_up_lags(world):
    with bench_in_background(world, write_world(world, strategies=REMOTE)) as bench:
        wait_for_load(world)
        drivers = host_pids(world, "telcoai.load")
        for _ in range(3):
            for pid in drivers:
                os.kill(pid, signal.SIGSTOP)
            time.sleep(0.3)
            for pid in drivers:
                os.kill(pid, signal.SIGCONT)
            time.sleep(0.2)
        assert bench.wait(60) == 4
    assert "driver lag p99" in checks_failed(world / RUN)


def test_a_driver_that_is_killed_loses_samples(world):
    with bench_in_background(world, write_world(world, strategies=REMOTE)) as bench:
        wait_for_load(world)
        os.kill(host_pids(world, "telcoai.load")[0], signal.SIGKILL)
        assert bench.wait(60) == 4
    assert "samples lost" in checks_failed(world / RUN)


def test_compute_that_is_slower_than_its_pace_overruns(world):
    scenario = write_world(world, strategies=REMOTE)
    (world / "plugin.py").write_text(PLUGIN.replace('"small", 8, 20_000_000', '"small", 8, 1000'))
    profile = (
        "apiVersion: telcoai/v1alpha1\nkind: DeviceProfile\nmetadata: {name: rocket}\nspec:\n"
        "  cores: {value: 4, source: made up}\n  memory: {value: 4GiB, source: made up}\n"
        "  power: {idle: {value: 1W, source: made up}, busy: {value: 2W, source: made up}}\n"
        "  overhead: {value: 1us, source: made up}\n"
        "  speeds: [{precision: fp32, value: 900GFLOP/s, source: made up}]\n"
    )
    (world / "rocket.yaml").write_text(profile)
    scenario.write_text(scenario.read_text().replace("profile: edge-server", "profile: ./rocket.yaml"))
    done = telcoai(world, "bench", str(scenario), "--out", "out")
    assert done.returncode == 4, done.stderr
    assert "overruns" in checks_failed(world / RUN)


def test_a_host_with_all_cores_busy_is_saturated(world):
    with bench_in_background(world, write_world(world, strategies=REMOTE)) as bench:
        wait_for_load(world)
        hogs = [os.fork() for _ in range(2 * (os.cpu_count() or 1))]
        if 0 in hogs:
            until = time.monotonic() + 8
            while time.monotonic() < until:
                pass
            os._exit(0)
        assert bench.wait(90) == 4
        for hog in hogs:
            os.kill(hog, signal.SIGKILL)
            os.waitpid(hog, 0)
    assert "host saturation" in checks_failed(world / RUN)


def test_a_link_that_changes_behind_the_back_is_not_as_asked(world):
    with bench_in_background(world, write_world(world, strategies=REMOTE)) as bench:
        testbed = wait_for_load(world)
        link = testbed.topology.links[0]
        testbed.sandbox.set_link(link.name, "up", dataclasses.replace(link.up, delay_ms=1.0))
        assert bench.wait(60) == 4
    assert "links as asked" in checks_failed(world / RUN)


def test_a_wall_clock_that_is_set_jumps(world):
    if os.geteuid() != 0:
        pytest.skip("setting the clock takes root")
    with bench_in_background(world, write_world(world, strategies=REMOTE)) as bench:
        wait_for_load(world)
        before_s, mark_s = time.time(), time.monotonic()
        try:
            time.clock_settime(time.CLOCK_REALTIME, before_s + 0.5)
        except PermissionError:
            pytest.skip("this machine's clock may not be set")
        try:
            assert bench.wait(60) == 4
        finally:
            time.clock_settime(time.CLOCK_REALTIME, before_s + (time.monotonic() - mark_s))
    assert "clock jump" in checks_failed(world / RUN)
