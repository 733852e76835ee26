"""Clusters on machines that telcoai makes: up, up again, links, images, logs, down; nothing stays."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from telcoai.adapters.ansible import PlaybookStats, run_playbook
from telcoai.spec import load_testbed
from telcoai.testbed.inventory import inventory
from tests.e2e.playbooks.machines import docker, why_not

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
]

K3S = pytest.mark.skipif(not os.environ.get("TELCOAI_K3S"), reason="TELCOAI_K3S names no k3s binary")
KIND = pytest.mark.skipif(
    not (os.environ.get("TELCOAI_KIND_IMAGE") and shutil.which("kind")), reason="no kind, or no TELCOAI_KIND_IMAGE"
)
LINK = ["tc", "qdisc", "replace", "dev", "eth0", "root", "tbf", "rate", "50mbit", "burst", "20kb", "latency", "50ms"]


class Cluster:
    """A testbed of two nodes beside its control plane."""

    def __init__(self, folder: Path, platform: str) -> None:
        self.name = f"pb-{platform}-{os.getpid()}"
        self.folder = folder
        k3s = "  k3s: {cni: bridge}\n" if platform == "k3s" else ""
        (folder / "testbed.yaml").write_text(
            f"apiVersion: telcoai/v1alpha1\nkind: Testbed\nmetadata: {{name: {self.name}}}\nspec:\n"
            f"  hosts: docker\n  platform: {platform}\n{k3s}  nodes:\n"
            "    - {name: camera, tier: device, profile: raspberry-pi-4}\n"
            "    - {name: edge, tier: edge, profile: jetson-orin-nano}\n"
            "  links:\n    - {between: [camera, edge], delay: 8ms, rate: 50mbit}\n"
        )
        self.topology = load_testbed(folder / "testbed.yaml")

    def play(self, playbook: str, check: bool = False, **variables: Any) -> PlaybookStats:
        made = inventory(self.topology, self.folder / "state", os.environ)
        return run_playbook(playbook, made, variables, step=lambda _: None, check=check, timeout_s=400)

    def remains(self) -> list[str]:
        labels = (f"dev.telcoai.testbed={self.name}", f"io.x-k8s.kind.cluster=telcoai-{self.name}")
        found = [docker("ps", "--all", "--quiet", f"--filter=label={label}") for label in labels]
        found += [docker(kind, "ls", "--quiet", f"--filter=label={labels[0]}") for kind in ("volume", "network")]
        files = [path.name for path in (self.folder / "state").glob("**/*") if path.is_file()]
        return [one for one in found if one] + files

    def nodes(self) -> dict[str, str]:
        """Tier of each node that is Ready."""
        from kubernetes import client, config

        with config.new_client_from_config(str(self.folder / "state" / "kubeconfig")) as api:
            nodes = client.CoreV1Api(api).list_node().items
        ready = [n for n in nodes if any(c.type == "Ready" and c.status == "True" for c in n.status.conditions)]
        return {n.metadata.labels["telcoai.dev/node"]: n.metadata.labels["telcoai.dev/tier"] for n in ready}


@pytest.fixture(params=[pytest.param("k3s", marks=K3S), pytest.param("kind", marks=KIND)])
def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path, request.param)
    try:
        yield made
    finally:
        made.play("down.yml")


def test_a_cluster_comes_up_once_and_goes_without_a_trace(cluster: Cluster) -> None:
    before = docker("volume", "ls", "--quiet")
    assert cluster.play("up.yml", check=True).changes > 0
    assert cluster.remains() == []
    cluster.play("up.yml")
    assert cluster.nodes() == {"control-plane": "control", "camera": "device", "edge": "edge"}
    assert (cluster.folder / "state" / "kubeconfig").stat().st_mode & 0o777 == 0o600
    assert cluster.play("up.yml").changes == 0
    assert cluster.play("up.yml", check=True).changes == 0

    links = {"telcoai_impairments": {"camera": [LINK]}}
    assert cluster.play("impair.yml", **links).changes == 1
    assert cluster.play("impair.yml", **links).changes == 0
    assert cluster.play("impair.yml", telcoai_impairments_undo=True, **links).changes == 1

    cluster.play("collect.yml", telcoai_collect_to=str(cluster.folder / "logs"))
    for node in ("control-plane", "camera", "edge"):
        assert "kube" in (cluster.folder / "logs" / node / "journal.log").read_text()

    cluster.play("down.yml")
    assert cluster.remains() == []
    assert set(docker("volume", "ls", "--quiet").split()) <= set(before.split())
    assert cluster.play("down.yml").changes == 0


@K3S
def test_playbooks_run_by_hand_with_the_printed_inventory(tmp_path: Path) -> None:
    made = Cluster(tmp_path, "k3s")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = os.environ | {"TELCOAI_STATE": str(tmp_path), "PATH": path}
    printed = subprocess.run(
        ["telcoai", "inventory", str(tmp_path / "testbed.yaml")], capture_output=True, env=environment, check=True
    )
    (tmp_path / "hosts.json").write_bytes(printed.stdout)
    playbook = str(Path(__file__).parents[3] / "playbooks" / "down.yml")
    command = ["ansible-playbook", "-i", str(tmp_path / "hosts.json"), playbook]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert made.remains() == []
