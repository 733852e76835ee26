"""A scenario on paper, through the command line."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from tests.e2e.experiment.small_world import telcoai

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def paper(tmp_path_factory):
    folder = tmp_path_factory.mktemp("paper")
    done = telcoai(folder, "simulate", "quickstart", "-s", "device-only", "-s", "latency-greedy", "--out", "out")
    assert done.returncode == 0, done.stderr
    return folder, done


def test_it_says_that_nothing_was_measured(paper):
    folder, done = paper
    assert "Nothing was measured" in done.stdout
    assert "measured" not in done.stdout.replace("Nothing was measured", "")
    assert "ms (simulated)" in (folder / "out/report.html").read_text()
    summary = json.loads((folder / "out/summary.json").read_text())
    assert {run["how"] for run in summary["runs"]} == {"simulated"}
    assert all(run["valid"] for run in summary["runs"])


def test_the_same_seed_gives_the_same_rows(paper):
    folder, _ = paper
    assert telcoai(folder, "simulate", "quickstart", "-s", "latency-greedy", "--out", "again").returncode == 0
    rows = [pd.read_parquet(folder / name / "latency-greedy-r1/samples.parquet") for name in ("out", "again")]
    pd.testing.assert_frame_equal(*rows)
    assert len(rows[0]) > 500


def test_it_is_set_against_what_was_measured_and_says_when_there_is_nothing(paper):
    folder, _ = paper
    facts = (folder / "out/device-only-r1/run.json").read_text()
    assert json.loads(facts)["simulated"] is True
    done = telcoai(folder, "simulate", "quickstart", "-s", "device-only", "--out", "other", "--against", "out")
    assert "out has no valid measured run of device-only" in done.stdout
    nothing = telcoai(folder, "simulate", "quickstart", "-s", "device-only", "--out", "other", "--against", "nowhere")
    assert "no such folder" in nothing.stdout
    assert nothing.returncode == 0


def test_what_kubernetes_would_decide_is_played_with_a_cluster_and_without(paper):
    folder, _ = paper
    for testbed in ("quickstart", "kind"):
        done = telcoai(folder, "simulate", "quickstart", "-t", testbed, "-s", "kube-default", "--out", testbed)
        assert done.returncode == 0, done.stderr
    placed = [
        pd.read_parquet(folder / name / "kube-default-r1/samples.parquet")["placement"]
        for name in ("quickstart", "kind")
    ]
    assert set(placed[0]) == set(placed[1])


def test_a_bound_that_knows_the_future_is_no_rival(paper):
    folder, _ = paper
    done = telcoai(folder, "simulate", "quickstart", "-s", "oracle", "-s", "device-only", "--out", "bound")
    assert done.returncode == 0, done.stderr
    assert "oracle knows the future and is no rival" in done.stdout
    facts = [json.loads((folder / f"bound/{name}-r1/run.json").read_text()) for name in ("oracle", "device-only")]
    assert [one["foresight"] for one in facts] == [True, False]
    assert "*" not in next(line for line in done.stdout.splitlines() if line.strip().startswith("oracle"))


VOICE = """\
apiVersion: telcoai/v1alpha1
kind: Scenario
metadata: {name: voice}
spec:
  testbed: quickstart
  services:
    - name: speaker
      workload: speaker-vowels
      demand: {arrival: poisson, rate: 5/s}
      requirements: {latency: {p95: 500ms}, accuracy: {min: 0.90}}
  strategies: [device-only, edge-only, slo-mpc]
  warmup: 2s
  duration: 8s
"""


def test_sequences_are_served_like_frames(tmp_path):
    (tmp_path / "voice.yaml").write_text(VOICE)
    done = telcoai(tmp_path, "simulate", "voice.yaml", "--out", "out")
    assert done.returncode == 0, done.stderr
    rows = pd.read_parquet(tmp_path / "out/edge-only-r1/samples.parquet")
    assert rows["correct"].mean() > 0.9
    assert rows["bytes_sent"].max() < 3000


@pytest.mark.sandbox
def test_sequences_run_for_real(tmp_path):
    (tmp_path / "voice.yaml").write_text(VOICE.replace("[device-only, edge-only, slo-mpc]", "[edge-only]"))
    done = telcoai(tmp_path, "bench", "voice.yaml", "--out", "out")
    assert done.returncode in (0, 4), done.stderr
    rows = pd.read_parquet(tmp_path / "out/edge-only-r1/samples.parquet")
    assert (rows["status"] == "200").mean() > 0.95
    assert rows[rows["status"] == "200"]["correct"].mean() > 0.9
