"""A deployment: one runtime per node of a running testbed, serving a scenario's services."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from telcoai.model.scenario import Scenario
from telcoai.model.workload import WorkloadInfo
from telcoai.orchestrator.compute import HostTimes
from telcoai.orchestrator.control import Control
from telcoai.orchestrator.frame_sizes import FrameBytes
from telcoai.orchestrator.pod_cpu import CpuPair
from telcoai.testbed.running import Testbed

RUNTIME = "runtime"
DRIVER = "driver"
"""Names of the two kinds of things that telcoai starts on nodes."""

KeepLogs = Callable[[Path], None]
"""Writes ``runtime.<node>.log`` of what runtimes logged, since it was made, into a folder."""


class Deployment(Protocol):
    """Runtimes of one scenario on one testbed, whatever they run in: processes of virtual hosts, or pods.

    ``configs``: what each node's runtime is told, by node.
    """

    scenario: Scenario
    testbed: Testbed
    workloads: Mapping[str, WorkloadInfo]
    configs: dict[str, dict[str, Any]]
    frame_bytes: FrameBytes

    @property
    def control(self) -> Control:
        """The way to the runtimes' control interfaces."""
        ...

    def start(self) -> None:
        """Start a runtime on every node and wait until all are ready. NodeError names the node that isn't."""
        ...

    def revive(self, seed: int) -> None:
        """As new for a run: links as the testbed has them, with draws from ``seed``, all nodes up, fresh runtimes.

        A runtime that served an earlier run has warm connections, whose windows would favour the later run.
        """
        ...

    def place(self, count: int) -> None:
        """Let the platform place ``count`` replicas, to which the hop ``*`` leads, and wait until they are ready.

        Nothing to do when a run has so many already. TestbedError when it can't.
        """
        ...

    def clear(self) -> None:
        """End all runtimes and drivers; links and nodes are then as the testbed has them."""
        ...

    def ended(self, nodes: Iterable[str]) -> list[str]:
        """A line for each of ``nodes`` whose runtime runs no more."""
        ...

    def begin(self) -> None:
        """A run begins: watch what is to be watched besides the runtimes' figures."""
        ...

    def end(self) -> tuple[CpuPair, ...]:
        """The run is over: each node's CPU time as its platform counted it, beside the runtimes' own account."""
        ...

    def stop_node(self, name: str) -> None:
        """End a node as a crash would, with all on it."""
        ...

    def start_node(self, name: str) -> None:
        """Bring a stopped node back, with a fresh runtime that is ready."""
        ...

    def kill(self, name: str) -> None:
        """Kill a node's workload; it is back and ready when this returns. NodeError when it isn't in time."""
        ...

    def facts(self) -> dict[str, Any]:
        """For run.json: what a figure may depend on that only this kind of deployment has."""
        ...

    def keep_logs(self) -> KeepLogs:
        """What writes the logs from now on."""
        ...


def deployment_of(
    scenario: Scenario, testbed: Testbed, workloads: Mapping[str, WorkloadInfo], host: HostTimes
) -> Deployment:
    """The deployment that fits the testbed; nothing is started yet."""
    if testbed.cluster is None:
        from telcoai.orchestrator.process_deployment import ProcessDeployment

        return ProcessDeployment(scenario, testbed, workloads, host)
    from telcoai.orchestrator.pod_deployment import PodDeployment

    return PodDeployment(scenario, testbed, workloads, host)


def undeploy(testbed: Testbed) -> int:
    """End all runtimes and drivers on a testbed, whoever started them; how many there were."""
    if testbed.cluster is None:
        from telcoai.orchestrator.process_deployment import stop

        return stop(testbed, DRIVER, RUNTIME)
    from telcoai.orchestrator.pods import remove_everything

    return remove_everything(testbed.cluster, testbed.topology.name)
