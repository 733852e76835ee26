"""Clusters under testbeds: Ansible makes and removes them; what it doesn't do is done here, over the API.

Every step can be done again: an ``up`` that was interrupted goes on where it ended, or is taken down.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from telcoai.adapters.ansible import end_playbooks, run_playbook
from telcoai.adapters.engine import KIND_LABEL, LABEL, Engine
from telcoai.adapters.kubernetes import Kubernetes, Object
from telcoai.errors import NodeError, TestbedError
from telcoai.model.topology import Topology
from telcoai.testbed.adopt import adopt
from telcoai.testbed.cluster import (
    CORES,
    KUBECONFIG,
    NODE_LABEL,
    Member,
    RunningCluster,
    find_members,
    is_ready,
)
from telcoai.testbed.cluster_links import choose_backend, connect, disconnect
from telcoai.testbed.inventory import inventory
from telcoai.testbed.namespace import ensure_namespace
from telcoai.testbed.network import Network
from telcoai.testbed.state import TOPOLOGY, dump_topology, make_token, write_private

UP_S = 900.0
DOWN_S = 180.0
READY_S = 120.0
"""How long machines and control plane, their removal, and nodes that are made may take."""

SETTLE_ROUNDS = 5
"""Seconds in which an engine does what a client that is gone asked of it last."""

Step = Callable[[str], None]
"""Takes a line about what goes on."""


def provision(topology: Topology, folder: Path, step: Step) -> tuple[RunningCluster, Network]:
    """Make the cluster of a testbed, or go on with one that was begun; its links are measured and in tolerance.

    TestbedError with what failed, where, and what to try; what there is by then stays, for ``up`` again or ``down``.
    """
    if topology.platform == "kubeconfig":
        cluster = adopt(topology, folder)
        prepare(topology, folder)
    else:
        prepare(topology, folder)
        cluster = _make(topology, folder, step)
    cluster.write()
    step(f"links: {cluster.backend}")
    return cluster, connect(topology, cluster)


def _make(topology: Topology, folder: Path, step: Step) -> RunningCluster:
    """The cluster by Ansible, and what only the API can do."""
    end_playbooks(str(folder))  # of an up that was killed
    made = inventory(topology, folder, os.environ)
    run_playbook("up.yml", made, {}, step=step, timeout_s=UP_S + 30.0 * len(topology.nodes))
    kubernetes = Kubernetes.open(folder / KUBECONFIG)
    nodes = _wait_ready(kubernetes, topology, step)
    members = find_members(topology, nodes, _containers(topology))
    _count_cores(kubernetes, topology, members)
    ensure_namespace(kubernetes, topology.name)
    version = str((kubernetes.get("/version") or {}).get("gitVersion", "unknown"))
    return RunningCluster(folder, members, version, choose_backend(topology, members), kubeconfig=folder / KUBECONFIG)


def prepare(topology: Topology, folder: Path) -> None:
    """The testbed's folder, with what finds it again."""
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    for name in ("n", "logs"):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    if not (folder / "token").exists():
        make_token(folder)
    write_private(folder / TOPOLOGY, dump_topology(topology))


def _containers(topology: Topology) -> dict[str, int]:
    """Process number of each container that may be a node of the testbed, by name."""
    if topology.hosts != "docker":
        return {}
    engine = Engine.find()
    found = engine.containers(f"{KIND_LABEL}=telcoai-{topology.name}") + engine.containers(f"{LABEL}={topology.name}")
    running = dict.fromkeys(one["name"] for one in found if one["status"].startswith("Up"))
    return {name: engine.pid(name) for name in running}


def _wait_ready(kubernetes: Kubernetes, topology: Topology, step: Step) -> list[Object]:
    """The cluster's nodes once all of the testbed are ready. NodeError names those that are not in time."""
    wanted = {node.name for node in topology.nodes}
    deadline, before = time.monotonic() + READY_S, -1
    while True:
        nodes = kubernetes.items("/api/v1/nodes")
        ready = {one["metadata"].get("labels", {}).get(NODE_LABEL) for one in nodes if is_ready(one)}
        if wanted <= ready:
            return nodes
        if time.monotonic() > deadline:
            late = sorted(wanted - ready)
            raise NodeError(
                f"not ready within {READY_S:g} s: {', '.join(late[:10])}",
                f"telcoai logs {late[0]} --testbed {topology.name} shows what its kubelet says",
            )
        if len(ready) != before:
            step(f"{len(wanted & ready)} of {len(wanted)} nodes ready")
            before = len(ready)
        time.sleep(0.5)


def _count_cores(kubernetes: Kubernetes, topology: Topology, members: tuple[Member, ...]) -> None:
    """Let the scheduler count the device's cores, as an extended resource, and not the host's."""
    for one in members:
        cores = str(topology.profile_of(one.node).cores)
        kubernetes.merge(f"/api/v1/nodes/{one.name}/status", {"status": {"capacity": {CORES: cores}}})


def remove(topology: Topology | None, name: str, folder: Path, step: Step) -> bool:
    """Take a testbed's cluster down, whatever state it is in; whether there was anything.

    Works without the API. What is in containers is found by the label that all of a testbed carries, with a topology or
    without; only machines of one's own need the playbook.
    """
    cut_short = end_playbooks(str(folder))
    disconnect(topology, RunningCluster.read(folder), folder)
    there = folder.is_dir()
    if topology is not None and topology.hosts == "ssh":
        run_playbook("down.yml", inventory(topology, folder, os.environ), {}, step=step, timeout_s=DOWN_S)
    if topology is None or topology.hosts == "docker":
        there |= bool(remove_labelled(name))
        if cut_short:  # what their last words asked of the engine may still be under way there
            for _ in range(SETTLE_ROUNDS):
                time.sleep(1.0)
                remove_labelled(name)
    if there and folder.is_dir():
        shutil.rmtree(folder)
    return there


def remove_labelled(name: str) -> list[str]:
    """Remove every container, network and volume of a testbed by its label; nothing without an engine."""
    try:
        engine = Engine.find()
    except TestbedError:
        if os.environ.get("DOCKER_HOST") or shutil.which("docker"):
            raise
        return []
    return engine.remove_labelled(name)
