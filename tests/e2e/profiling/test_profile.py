"""``telcoai profile`` on this machine, directly and over SSH, and what its file is good for."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest

from telcoai.model.timing import total_seconds
from telcoai.plugins import load_workload
from telcoai.spec import load_profile
from tests.e2e.experiment.small_world import telcoai
from tests.e2e.profiling import ssh_machine

pytestmark = pytest.mark.e2e
QUICK = ("-V", "lite0-128-int8", "--repeat", "5", "--warmup", "2", "--base", "raspberry-pi-5")
TESTBED = """
apiVersion: telcoai/v1alpha1
kind: Testbed
metadata: {name: measured}
spec:
  extends: quickstart
  nodes:
    - {name: edge, profile: ./mine.yaml}
"""
SCENARIO = """
apiVersion: telcoai/v1alpha1
kind: Scenario
metadata: {name: measured}
spec:
  testbed: ./bed.yaml
  services:
    - name: vision
      workload: efficientnet-lite
      demand: {arrival: constant, rate: 2/s}
      requirements: {latency: {p95: 500ms}, accuracy: {min: 0.7}}
  strategies: [edge-only]
  warmup: 2s
  duration: 10s
"""


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mine")
    done = telcoai(folder, "profile", "efficientnet-lite", *QUICK, "--name", "mine", "--out", "mine.yaml")
    assert done.returncode == 0, done.stderr
    assert [line.split()[:2] for line in done.stdout.splitlines() if line.startswith(" lite0")] == [
        ["lite0-128-int8", str(stage)] for stage in range(3)
    ]
    assert "profile: mine.yaml" in done.stdout
    assert "stages measured on this machine" in done.stderr
    return folder


def test_the_file_is_valid_and_names_this_machine(mine):
    assert telcoai(mine, "validate", "mine.yaml").returncode == 0
    profile = load_profile(mine / "mine.yaml")
    assert profile.cores == len(os.sched_getaffinity(0))
    assert all(0 < seconds < 10 for seconds in profile.stage_s["lite0-128-int8"])
    assert profile.power_busy_w.source.startswith("Profile raspberry-pi-5, not measured")


def test_a_testbed_of_that_machine_is_simulated_with_its_times(mine):
    (mine / "bed.yaml").write_text(TESTBED)
    (mine / "scenario.yaml").write_text(SCENARIO)
    done = telcoai(mine, "simulate", "scenario.yaml", "--out", "paper")
    assert done.returncode == 0, done.stderr + done.stdout
    profile, info = load_profile(mine / "mine.yaml"), load_workload("efficientnet-lite").info
    row = pd.read_parquet(mine / "paper/edge-only-r1/samples.parquet").iloc[-1]
    (hop,) = [one for one in row["hops"] if one["node"] == "edge"]
    expected_s = total_seconds(profile, info.variant(row["variant"]), info.family)
    assert hop["compute_ns"] == pytest.approx(expected_s * 1e9, rel=1e-6)


def test_a_file_that_is_there_is_kept_unless_forced(mine):
    before = (mine / "mine.yaml").read_text()
    done = telcoai(mine, "profile", "efficientnet-lite", *QUICK, "--name", "mine")
    assert done.returncode == 2
    assert "mine.yaml is there already" in done.stderr
    assert (mine / "mine.yaml").read_text() == before


def test_what_is_lacking_or_impossible_is_said_before_or_instead_of_a_file(mine):
    without = telcoai(mine, "profile", "efficientnet-lite", "--out", "no.yaml")
    assert without.returncode == 2
    assert "--base raspberry-pi-5" in without.stderr
    many = telcoai(mine, "profile", "efficientnet-lite", *QUICK, "--threads", "4000", "--out", "no.yaml")
    assert many.returncode == 2
    assert "4000 stages at once need as many cores" in many.stderr
    assert not (mine / "no.yaml").exists()


@pytest.mark.skipif(ssh_machine.SSHD is None, reason="there is no sshd (apt install openssh-server)")
def test_another_machine_is_measured_over_ssh_and_nothing_stays_there(mine):
    place = Path("/var/tmp")
    before = set(place.glob("telcoai-profile-*"))
    with ssh_machine.machine(mine) as inventory:
        words = ("profile", "efficientnet-lite", *QUICK, "--host", "board", "--inventory", str(inventory), "-o", "json")
        done = telcoai(mine, *words)
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        assert answer["file"] == "board.yaml"
        assert [row["runs"] for row in answer["stages"]] == [5, 5, 5]
        assert answer["profile"]["spec"]["measured"]["python"].startswith("3.")
    assert telcoai(mine, "validate", "board.yaml").returncode == 0
    assert set(place.glob("telcoai-profile-*")) == before


@pytest.mark.skipif(ssh_machine.SSHD is None, reason="there is no sshd (apt install openssh-server)")
def test_a_machine_that_cannot_be_reached_or_used_is_named(mine, tmp_path):
    with ssh_machine.machine(tmp_path) as inventory:
        text = inventory.read_text()
        inventory.write_text(text.replace(str(ssh_machine.PYTHON), "/nonexistent/python3"))
        words = ("profile", "efficientnet-lite", *QUICK, "--host", "board", "-i", str(inventory), "--out", "no")
        done = telcoai(mine, *words)
        assert done.returncode == 3
        assert "host board" in done.stderr
    inventory.write_text(text)
    gone = telcoai(mine, *words)
    assert gone.returncode == 3
    assert "Connection refused" in gone.stderr
    assert not (mine / "no").exists()
