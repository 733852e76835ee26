"""The quickstart on a real kind cluster: the same nodes, links, strategies and report as on virtual hosts."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import telcoai.report
from telcoai.adapters.ansible import run_playbook
from telcoai.adapters.engine import Engine
from telcoai.adapters.kubernetes import ApiRefused, Kubernetes
from telcoai.emulation.problems import namespace_problem, tun_problem
from telcoai.spec import load_testbed
from telcoai.testbed.inventory import inventory
from telcoai.testbed.running import Testbed, find
from telcoai.testbed.surroundings import in_surroundings
from tests.e2e.cluster.lab import ROOT, Lab, missing_for_kind

NODES = ["camera-1", "camera-2", "camera-3", "camera-4", "edge", "cloud"]
STRATEGIES = {"device-only", "edge-only", "cloud-only", "latency-greedy", "kube-default"}
KIND_YAML = str(ROOT / "testbeds/kind.yaml")
QUICKSTART = str(ROOT / "scenarios/quickstart.yaml")

pytestmark = [pytest.mark.e2e, pytest.mark.cluster, pytest.mark.timeout(900)]

FAULT = """
apiVersion: telcoai/v1alpha1
kind: Scenario
metadata: {name: fault}
spec:
  testbed: PLACE
  services:
    - name: vision
      workload: efficientnet-lite
      demand: {arrival: constant, rate: 2/s}
      requirements: {latency: {p95: 2s}}
  timeline:
    - {at: 3s, node: edge, state: stopped}
    - {at: 6s, node: edge, state: running}
    - {at: 24s, node: edge, state: unreachable}
    - {at: 27s, node: edge, state: running}
    - {at: 30s, node: edge, workload: killed}
  strategies: [edge-only]
  warmup: 1s
  duration: 45s
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    if why := missing_for_kind():
        pytest.skip(why)
    if problem := namespace_problem() or tun_problem():
        pytest.skip(problem)
    made = Lab(tmp_path_factory.mktemp("kind"), "kind")
    up = made.telcoai("up", KIND_YAML)
    try:
        assert up.returncode == 0, up.stderr
        yield made
    finally:
        made.telcoai("down", "kind", "--force")


@pytest.fixture(scope="module")
def testbed(lab: Lab) -> Testbed:
    found = find("kind", lab.state)
    assert found is not None
    return found


@pytest.fixture
def kubernetes(testbed: Testbed) -> Kubernetes:
    assert testbed.cluster is not None
    return testbed.cluster.kubernetes


def test_every_node_is_up_and_every_link_as_asked(lab):
    status = lab.json("status")
    assert [node["name"] for node in status["nodes"]] == NODES
    assert {node["state"] for node in status["nodes"]} == {"up"}
    assert len(status["links"]) == 5
    assert all(link["problems"] == [] for link in status["links"])


def test_a_second_up_does_nothing(lab):
    again = lab.telcoai("up", KIND_YAML)
    assert again.returncode == 0
    assert "was up already" in again.stderr


def test_a_second_playbook_changes_nothing(lab):
    topology = in_surroundings(load_testbed(KIND_YAML), os.environ)
    made = inventory(topology, lab.state / "kind", os.environ)
    stats = run_playbook("up.yml", made, {}, step=lambda _: None, timeout_s=240)
    assert stats.changes == 0, stats.changed


def test_the_scheduler_counts_the_devices_cores(kubernetes, testbed):
    nodes = {one["metadata"]["labels"].get("telcoai.dev/node"): one for one in kubernetes.items("/api/v1/nodes")}
    for node in testbed.topology.nodes:
        cores = testbed.topology.profile_of(node.name).cores
        assert nodes[node.name]["status"]["capacity"]["telcoai.dev/cores"] == str(cores)
        assert nodes[node.name]["metadata"]["labels"]["telcoai.dev/tier"] == str(node.tier)


def test_nodes_memory_is_bounded_by_their_profile(testbed):
    engine = Engine.find()
    for node in testbed.topology.nodes:
        found = engine.inspect(testbed.cluster.member(node.name).container)
        assert 0 < found["HostConfig"]["Memory"] <= 2 * testbed.topology.profile_of(node.name).memory_bytes + (1 << 30)


def test_the_api_listens_on_loopback_only(lab):
    printed = lab.telcoai("kubeconfig")
    assert printed.returncode == 0
    assert "server: https://127.0.0.1:" in printed.stdout
    assert (lab.state / "kind/kubeconfig").stat().st_mode & 0o777 == 0o600


def test_a_program_in_a_node_crosses_the_emulated_link(lab, testbed):
    address = testbed.addresses["edge"]
    done = lab.telcoai("exec", "camera-1", "--", "ping", "-c", "5", "-i", "0.2", "-q", address)
    assert done.returncode == 0, done.stderr
    least_ms = float(done.stdout.rpartition("= ")[2].split("/")[0])
    assert 12.0 <= least_ms <= 22.0


def test_the_control_plane_is_reached_out_of_band(testbed):
    member = testbed.cluster.member("camera-1")
    engine = Engine.find()
    api = engine.inspect("telcoai-kind-control-plane")["NetworkSettings"]["Networks"]["telcoai-kind"]["IPAddress"]
    assert "telcoai0" not in engine.exec_(member.container, ["ip", "route", "get", api])
    assert "telcoai0" in engine.exec_(member.container, ["ip", "route", "get", testbed.addresses["cloud"]])


def test_a_pod_with_more_rights_is_refused(kubernetes):
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "greedy", "namespace": "telcoai"},
        "spec": {"containers": [{"name": "a", "image": "b", "securityContext": {"privileged": True}}]},
    }
    with pytest.raises(ApiRefused, match="restricted"):
        kubernetes.create("/api/v1/namespaces/telcoai/pods", pod)


@pytest.fixture(scope="module")
def on_kind(lab: Lab) -> tuple[Path, subprocess.CompletedProcess[str]]:
    words = [word for name in sorted(STRATEGIES) for word in ("--strategy", name)]
    done = lab.telcoai("bench", QUICKSTART, "--testbed", KIND_YAML, "--out", "kind", *words, timeout_s=600)
    assert done.returncode in (0, 4), done.stderr
    return lab.folder / "kind", done


def runs(folder: Path) -> dict[str, dict[str, Any]]:
    return {run["strategy"]: run for run in json.loads((folder / "summary.json").read_text())["runs"]}


def facts_of(folder: Path, strategy: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((folder / f"{strategy}-r1" / "run.json").read_text())
    return facts


def test_all_strategies_run_and_answer_every_request(on_kind):
    folder, done = on_kind
    found = runs(folder)
    assert set(found) == STRATEGIES
    for name, run in found.items():
        assert run["requests"] > 800, name
        assert run["accuracy"] > 0.94, name
    assert str(folder / "report.html") in done.stdout


def test_runs_are_valid_and_say_what_they_ran_on(on_kind):
    folder, _ = on_kind
    for strategy in sorted(STRATEGIES):
        facts = facts_of(folder, strategy)
        assert facts["cluster"]["backend"] == "userspace"
        assert facts["cluster"]["kubernetes"].startswith("v1.")
        assert len(facts["links_between_pods"]) == 5
        assert set(facts["clocks"]) == {"camera-1", "camera-2", "camera-3", "camera-4"}
    invalid = {name: run["why_invalid"] for name, run in runs(folder).items() if not run["valid"]}
    if any(
        "host saturation" in why or "lag" in why or "late stages" in why for whys in invalid.values() for why in whys
    ):
        pytest.skip(f"this host was too busy: {invalid}")
    assert invalid == {}


def test_the_kubelets_count_agrees_with_the_runtimes_own(on_kind):
    folder, _ = on_kind
    compared = [one for name in sorted(STRATEGIES) for one in facts_of(folder, name)["pod_cpu"]]
    assert compared
    assert max(one["gap"] for one in compared) <= 0.10, compared


def test_kubernetes_places_the_replicas_of_its_default(on_kind):
    folder, _ = on_kind
    samples = pd.read_parquet(folder / "kube-default-r1" / "samples.parquet")
    served = samples[samples.status == "200"].placement
    assert not served.str.contains(r"\*").any()
    assert set(served.str.split(",").str[0]) <= set(NODES)


def test_the_two_platforms_agree(lab, on_kind):
    folder, _ = on_kind
    words = ["--strategy", "edge-only", "--strategy", "cloud-only"]
    done = lab.telcoai("bench", QUICKSTART, "--out", "virtual", *words)
    assert done.returncode in (0, 4), done.stderr
    kind, virtual = runs(folder), runs(lab.folder / "virtual")
    there, here = means_ms(folder), means_ms(lab.folder / "virtual")
    for name, one in virtual.items():
        other = kind[name]
        if not (one["valid"] and other["valid"]):
            pytest.skip(f"this host was too busy: {one['why_invalid']} {other['why_invalid']}")
        assert there[name].tolist() == pytest.approx(here[name].tolist(), rel=0.15)
        assert other["energy_j_per_request"] == pytest.approx(one["energy_j_per_request"], rel=0.10)


def means_ms(folder: Path) -> pd.Series[float]:
    """Mean latency in ms of each strategy after and before the link change.

    Latencies come in steps of a round trip, one for each window that TCP needs more: a median falls on one or the next.
    """
    samples = telcoai.report.load(folder).samples
    samples = samples[~samples.warmup]
    return samples.groupby(["strategy", samples.scored_s < 11]).latency_ms.mean()


def test_a_node_that_crashes_is_cut_off_and_loses_its_pod_is_survived_and_comes_back_each_time(lab):
    (lab.folder / "fault.yaml").write_text(FAULT.replace("PLACE", KIND_YAML))
    done = lab.telcoai("bench", "fault.yaml", "--out", "fault")
    assert done.returncode in (0, 4), done.stderr
    events = [json.loads(line) for line in (lab.folder / "fault/edge-only-r1/events.jsonl").read_text().splitlines()]
    assert [(one["what"]["node"], one["what"]["state"]) for one in events if one["kind"] == "node"] == [
        ("edge", "stopped"),
        ("edge", "running"),
        ("edge", "unreachable"),
        ("edge", "running"),
        ("edge", "killed"),
    ]
    samples = pd.read_parquet(lab.folder / "fault/edge-only-r1/samples.parquet").sort_values("scheduled_ns")
    second = (samples.scheduled_ns / 1e9 - 1.0).to_numpy()
    for begin, end in ((3.0, 6.0), (24.0, 27.0)):
        assert (samples.fallback[(second > begin) & (second < end)] == "edge").any()
    for begin, end in ((22.0, 24.0), (28.5, 30.0)):
        assert samples.placement[(second > begin) & (second < end)].eq("edge,edge,edge").all()
    assert samples.tail(8).placement.eq("edge,edge,edge").all()
    assert facts_of(lab.folder / "fault", "edge-only")["state"] == "complete"


def test_down_works_without_the_api_and_leaves_nothing(lab):
    Engine.find().run(["stop", "-t", "1", "telcoai-kind-control-plane"])
    down = lab.telcoai("down", "kind")
    assert down.returncode == 0, down.stderr
    assert lab.left() == []
