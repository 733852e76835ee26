"""Runtimes as pods of a cluster: one on each node with a Service, and replicas where Kubernetes places them."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from telcoai.adapters.kubernetes import Object
from telcoai.errors import NodeError
from telcoai.model.plan import ANYWHERE
from telcoai.model.scenario import Scenario
from telcoai.model.workload import WorkloadInfo
from telcoai.orchestrator import manifests, pods
from telcoai.orchestrator.compute import HostTimes
from telcoai.orchestrator.control import Control
from telcoai.orchestrator.deployment import KeepLogs
from telcoai.orchestrator.frame_sizes import measure_frames
from telcoai.orchestrator.manifests import DRIVER, REPLICA, RUNTIME, MiB
from telcoai.orchestrator.pod_control import PodControl
from telcoai.orchestrator.pod_cpu import CpuPair, PodCpu
from telcoai.orchestrator.pods import PodDoor, Pods, ready_on
from telcoai.orchestrator.runtimes import Ground, runtime_configs
from telcoai.testbed import node_faults
from telcoai.testbed.cluster import RunningCluster
from telcoai.testbed.pod_networks import PodNetworks
from telcoai.testbed.running import Testbed
from telcoai.testbed.runtime_images import image_of

READY_S = 90.0
"""A pod that isn't ready after this long, plus two seconds for every node, has failed."""

FRESH_S = 30.0
"""A runtime that was told to start again has to be ready by then."""

REPLICAS = "replicas"
LEAST_MEMORY = 256 * MiB
"""A runtime needs this much, whatever the device has."""


@dataclass
class PodDeployment:
    """``Deployment`` on a cluster."""

    scenario: Scenario
    testbed: Testbed
    workloads: Mapping[str, WorkloadInfo]
    host: HostTimes
    configs: dict[str, dict[str, Any]] = field(default_factory=dict)
    pod_links: list[dict[str, Any]] = field(default_factory=list)
    """Links as measured between pods once they were ready."""

    def __post_init__(self) -> None:
        if self.testbed.cluster is None:
            raise ValueError("not a cluster")
        self.cluster: RunningCluster = self.testbed.cluster
        self.frame_bytes = measure_frames(self.scenario.services, self.workloads)
        self.door = PodDoor(
            self.cluster.kubernetes, self.cluster.namespace, (self.testbed.folder / "token").read_text().strip()
        )
        hosts = {one.node: one.name for one in self.cluster.members}
        is_own = self.testbed.topology.platform != "kubeconfig"
        self.ground = manifests.Ground(
            self.testbed.topology.name, self.cluster.namespace, "", True, hosts, counts_cores=is_own
        )
        self.pods = Pods(self.cluster.kubernetes, self.ground)
        self._pod_control = PodControl(self.door)
        self._cpu: PodCpu | None = None
        self._placed = 0
        self._restarts: dict[str, int] = {}

    def start(self) -> None:
        """Bring the image to the nodes, start a runtime on each, and measure the links between their pods."""
        pods.remove(self.cluster.kubernetes, self.ground, DRIVER, REPLICA)
        self._restore_links()
        image = image_of(self.testbed, self.workloads.values())
        self.ground = replace(self.ground, image=image.tag, loaded=image.loaded)
        self.pods = Pods(self.cluster.kubernetes, self.ground)
        addresses = self._make_services()
        is_paced = self.testbed.topology.is_paced
        places = Ground(addresses, Path(manifests.TOKEN_PATH), Path("/tmp"), is_paced, image.places)  # noqa: S108 - in pods
        self.configs = runtime_configs(self.scenario, self.workloads, self.host, places)
        self._make_runtimes()
        found = self._wait_runtimes(list(self.configs))
        self._check_networks(found)

    def revive(self, seed: int) -> None:
        """As new for a run: links, draws, runtimes that have started again."""
        self._restore_links()
        self.testbed.network.reseed(seed)
        pods.remove(self.cluster.kubernetes, self.ground, DRIVER, REPLICA)
        before = self.control.restart(self.configs)
        deadline = time.monotonic() + FRESH_S
        while late := [node for node, instance in before.items() if not self.control.is_fresh(node, instance)]:
            if time.monotonic() > deadline:
                raise NodeError(f"runtime on {late[0]} didn't start again within {FRESH_S:g} s")
            time.sleep(0.1)
        self._use_replicas([])
        self._placed = 0
        self._restarts = self._count_restarts()

    def place(self, count: int) -> None:
        """Let Kubernetes place ``count`` replicas, of all services each, and wait until they are ready."""
        if count <= self._placed:
            return
        digest = _digest(self._all_configs())
        wanted = manifests.replicas(self.ground, REPLICAS, count, digest, self._least_memory())
        self.cluster.kubernetes.apply(self.ground.path("deployments", REPLICAS), wanted)

        self._placed = count
        self._await_replicas()

    def clear(self) -> None:
        """End all runtimes and drivers; links and nodes are then as the testbed has them."""
        pods.remove(self.cluster.kubernetes, self.ground)
        self._restore_links()

    def ended(self, nodes: Iterable[str]) -> list[str]:
        """A line for each of ``nodes`` whose runtime's container ended meanwhile."""
        now = self._count_restarts()
        wanted = list(nodes)
        gone = [f"no runtime is ready on {node}" for node in wanted if node not in now]
        again = [node for node in wanted if now.get(node, 0) > self._restarts.get(node, 0)]
        return gone + [f"runtime on {node} ended and was started again" for node in again]

    def begin(self) -> None:
        """Watch what the kubelets count."""
        self._cpu = PodCpu(self.cluster.kubernetes, {one.name: one.node for one in self.cluster.members})
        self._pod_control.watch(self._cpu)
        self._cpu.start()

    def end(self) -> tuple[CpuPair, ...]:
        """CPU time of each node's runtime as its kubelet counted it, beside its own account."""
        if self._cpu is None:
            return ()
        self._cpu.stop()
        return tuple(self._cpu.pairs())

    @property
    def control(self) -> Control:
        """The way to the runtimes' control interfaces."""
        return self._pod_control

    def stop_node(self, name: str) -> None:
        """End a node as a crash would: links first, then its kubelet and every container."""
        self.testbed.network.node_cut(name)
        node_faults.crash(self.testbed, name)

    def start_node(self, name: str) -> None:
        """Bring a crashed node back, with a fresh runtime that is ready."""
        self.testbed.network.node_start(name)
        node_faults.recover(self.testbed, name)
        self._await_return(name)

    def kill(self, name: str) -> None:
        """Delete the pods of a node's workload without grace; Kubernetes makes others."""
        here = [pod for pod in self.pods.now(RUNTIME) + self.pods.now(REPLICA) if self._is_on(pod, name)]
        for pod in here:
            self.cluster.kubernetes.delete(self.ground.path("pods", pod["metadata"]["name"]), grace_s=0)
        self._await_return(name)
        if self._placed:
            self._await_replicas()

    def _is_on(self, pod: Object, node: str) -> bool:
        return bool(pod["spec"].get("nodeName") == self.cluster.member(node).name)

    def _await_return(self, name: str) -> None:
        """Return when a node's runtime is ready again, in a network that is set as before."""
        found = self._wait_runtimes([name])
        with self._networks([pod for pod in found if pods.node_of(pod) == name]) as networks:
            networks.settle()
        _wait(lambda: self.control.is_ready(name), READY_S, f"runtime on {name}")
        self._restarts = {**self._restarts, **self._count_restarts()}

    def facts(self) -> dict[str, Any]:
        """The cluster, and its links as measured between pods."""
        return {
            "cluster": {
                "kubernetes": self.cluster.version,
                "backend": self.cluster.backend,
                "image": self.ground.image,
                "nodes": {one.node: one.name for one in self.cluster.members},
            },
            "links_between_pods": self.pod_links,
        }

    def keep_logs(self) -> KeepLogs:
        """What writes the logs from now on."""
        since = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

        def keep(folder: Path) -> None:
            for pod in self.pods.now(RUNTIME) + self.pods.now(REPLICA):
                name = pods.node_of(pod) or pod["metadata"]["name"]
                if text := self.pods.log(pod["metadata"]["name"], f"sinceTime={since}"):
                    (folder / f"runtime.{name}.log").write_text(text)

        return keep

    def _restore_links(self) -> None:
        for name in self.testbed.restore_links():
            node_faults.recover(self.testbed, name)

    def _make_services(self) -> dict[str, str]:
        """A stable address for each node's runtime, and one for the replicas; by node, or ``*``."""
        wanted = {
            node.name: (manifests.runtime_name(node.name), self.ground.labels(RUNTIME, node.name))
            for node in self.testbed.topology.nodes
        }
        wanted[ANYWHERE] = (REPLICAS, self.ground.labels(REPLICA))
        addresses = {}
        for node, (name, labels) in wanted.items():
            made = manifests.service(self.ground, name, labels)
            answer = self.cluster.kubernetes.apply(self.ground.path("services", name), made)
            addresses[node] = str(answer["spec"]["clusterIP"])
        return addresses

    def _make_runtimes(self) -> None:
        kubernetes, ground = self.cluster.kubernetes, self.ground
        kubernetes.apply(ground.path("secrets", manifests.TOKEN), manifests.secret(ground, self.door.token))
        everything = self._all_configs()
        kubernetes.apply(ground.path("configmaps", manifests.CONFIGS), manifests.config_map(ground, everything))
        for node in self.configs:
            digest = _digest({node: everything[node]})
            made = manifests.runtime(ground, node, digest, self._memory(node))
            kubernetes.apply(ground.path("deployments", manifests.runtime_name(node)), made)

    def _all_configs(self) -> dict[str, dict[str, Any]]:
        """Of every node's runtime, and of a replica on every node of the cluster."""
        replicas = {
            f"{REPLICA}.{one.name}": {
                **self.configs[one.node],
                "cores": min(manifests.REPLICA_CORES, self.configs[one.node]["cores"]),
                "is_replica": True,
            }
            for one in self.cluster.members
        }
        return {**self.configs, **replicas}

    def _wait_runtimes(self, nodes: list[str]) -> list[Object]:
        timeout_s = READY_S + 2.0 * len(nodes)
        return self.pods.wait(RUNTIME, ready_on(nodes), f"runtimes on {len(nodes)} nodes", timeout_s)

    def _check_networks(self, found: list[Object]) -> None:
        """Set pods' networks as on virtual hosts, and measure the links between pods. LinkError when they are off."""
        with self._networks(found) as networks:
            networks.settle()
            self.pod_links = networks.measure()
        self._restarts = self._count_restarts()

    def _networks(self, found: Iterable[Object]) -> AbstractContextManager[PodNetworks]:
        by_node = pods.by_node(found)
        ends = {node: (pod["metadata"]["uid"], pod["status"]["podIP"]) for node, pod in by_node.items()}
        return PodNetworks.open(self.testbed, ends)

    def _count_restarts(self) -> dict[str, int]:
        return {node: pods.restarts(pod) for node, pod in pods.by_node(self.pods.now(RUNTIME)).items()}

    def _await_replicas(self) -> None:
        """Return when all replicas are ready, wherever Kubernetes has placed them."""

        def all_there(found: list[Object]) -> bool:
            return sum(pods.is_running(pod) for pod in found) == self._placed == len(found)

        timeout_s = READY_S + 2.0 * self._placed
        self._use_replicas(self.pods.wait(REPLICA, all_there, "replicas that Kubernetes places", timeout_s))

    def _use_replicas(self, found: Iterable[Object]) -> None:
        """Count these replicas with the nodes where they are."""
        names = {one.name: one.node for one in self.cluster.members}
        self._pod_control.count_in({pod["metadata"]["name"]: names[pod["spec"]["nodeName"]] for pod in found})

    def _memory(self, node: str) -> int:
        return max(LEAST_MEMORY, self.testbed.topology.profile_of(node).memory_bytes)

    def _least_memory(self) -> int:
        return min(self._memory(node.name) for node in self.testbed.topology.nodes)


def _wait(done: Callable[[], bool], timeout_s: float, what: str) -> None:
    deadline = time.monotonic() + timeout_s
    while not done():
        if time.monotonic() > deadline:
            raise NodeError(f"{what} not ready within {timeout_s:g} s")
        time.sleep(0.2)


def _digest(configs: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(configs, sort_keys=True).encode()).hexdigest()[:16]
