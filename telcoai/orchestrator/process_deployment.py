"""Runtimes as processes of virtual hosts."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from telcoai.emulation.sandbox import ProcessInfo
from telcoai.errors import NodeError, TestbedError
from telcoai.model.scenario import Scenario
from telcoai.model.workload import WorkloadInfo
from telcoai.orchestrator.compute import HostTimes
from telcoai.orchestrator.control import Control, SocketDoor
from telcoai.orchestrator.deployment import DRIVER, RUNTIME, KeepLogs
from telcoai.orchestrator.frame_sizes import measure_frames
from telcoai.orchestrator.pod_cpu import CpuPair
from telcoai.orchestrator.runtime_logs import RuntimeLogs
from telcoai.orchestrator.runtimes import Ground, runtime_configs
from telcoai.testbed.running import Testbed
from telcoai.testbed.state import write_private

READY_S = 30.0
"""A runtime that doesn't answer after this long, plus a second for every ten nodes, has failed."""

KILLED_S = 5.0
"""A process that was killed is gone by then."""

RUNTIME_MODULE = "telcoai.serving"
RUNTIME_LIBRARIES = ("onnxruntime",)
"""What runtimes run, and what they import only once they run a stage."""


@dataclass
class ProcessDeployment:
    """``Deployment`` on virtual hosts. ``processes`` maps nodes to their runtime's process."""

    scenario: Scenario
    testbed: Testbed
    workloads: Mapping[str, WorkloadInfo]
    host: HostTimes
    processes: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        folder = self.testbed.folder
        self.ground = Ground(self.testbed.addresses, folder / "token", folder / "n")
        self.control = Control(SocketDoor(self.ground.control, self.ground.token_file.read_text()))
        self.frame_bytes = measure_frames(self.scenario.services, self.workloads)
        self.configs = runtime_configs(self.scenario, self.workloads, self.host, self.ground)

    def start(self) -> None:
        """Start a runtime on every node and wait until all are ready. NodeError names the node that isn't."""
        stop(self.testbed, RUNTIME, DRIVER)
        self.testbed.restore_links()
        for node, config in self.configs.items():
            write_private(self._config_path(node), json.dumps(config))
            self.launch(node)
        self.wait_ready(list(self.configs))

    def launch(self, node: str) -> None:
        """Start the node's runtime; it isn't ready yet."""
        start, config = self.testbed.sandbox.start_module, str(self._config_path(node))
        self.processes[node] = start(
            node, RUNTIME_MODULE, [config], log=self.log_path(node), name=RUNTIME, preload=RUNTIME_LIBRARIES
        )

    def wait_ready(self, nodes: list[str]) -> None:
        """Return when the runtimes of ``nodes`` are ready."""
        deadline = time.monotonic() + READY_S + len(nodes) / 10
        waiting = list(nodes)
        while waiting := [node for node in waiting if not self.control.is_ready(node)]:
            self._refuse_dead(waiting)
            if time.monotonic() > deadline:
                raise NodeError(f"runtime on {waiting[0]} is not ready in time: {self._tail(waiting[0])}")
            time.sleep(0.05)

    def revive(self, seed: int) -> None:
        """As new for a run: links as the testbed has them, with draws from ``seed``, all nodes up, fresh runtimes.

        A runtime that served an earlier run has warm connections, whose windows would favour the later run.
        """
        self.testbed.restore_links()
        self.testbed.sandbox.reseed(seed)
        stop(self.testbed, RUNTIME, DRIVER)
        for node in self.configs:
            self.launch(node)
        self.wait_ready(list(self.configs))

    def place(self, count: int) -> None:
        """Nothing places replicas here."""
        raise TestbedError(f"{count} replicas can't be placed: this testbed has no cluster")

    def clear(self) -> None:
        """End all runtimes and drivers; links and nodes are then as the testbed has them."""
        stop(self.testbed, DRIVER, RUNTIME)
        self.testbed.restore_links()

    def begin(self) -> None:
        """Nothing else is to be watched."""

    def end(self) -> tuple[CpuPair, ...]:
        """Nobody else counts CPU time here."""
        return ()

    def stop_node(self, name: str) -> None:
        """Stop a node and all on it at once."""
        self.testbed.sandbox.node_stop(name)

    def start_node(self, name: str) -> None:
        """Start a node with a fresh runtime."""
        self.testbed.sandbox.node_start(name)
        self.launch(name)
        self.wait_ready([name])

    def kill(self, name: str) -> None:
        """Kill a node's runtime, and start another."""
        sandbox, process = self.testbed.sandbox, self.processes[name]
        sandbox.signal(process, signal.SIGKILL)
        sandbox.wait(process, KILLED_S)
        self.launch(name)
        self.wait_ready([name])

    def facts(self) -> dict[str, Any]:
        """Nothing of its own."""
        return {}

    def keep_logs(self) -> KeepLogs:
        """What writes the logs from now on."""
        return RuntimeLogs({node: self.log_path(node) for node in self.configs}).copy_to

    def ended(self, nodes: Iterable[str]) -> list[str]:
        """A line for each of ``nodes`` whose runtime runs no more."""
        codes = {one.id: one.code for one in self.testbed.sandbox.processes() if one.code is not None}
        found = [(node, codes.get(self.processes[node])) for node in nodes]
        return [f"runtime on {node} ended with code {code}" for node, code in found if code is not None]

    def log_path(self, node: str) -> Path:
        """Where the node's runtime logs."""
        return self.testbed.folder / "logs" / f"{node}.{RUNTIME}.log"

    def _refuse_dead(self, nodes: list[str]) -> None:
        codes = {one.id: one.code for one in self.testbed.sandbox.processes()}
        for node in nodes:
            if codes.get(self.processes[node]) is not None:
                code = codes[self.processes[node]]
                raise NodeError(
                    f"runtime on {node} ended with code {code}: {self._tail(node)}",
                    f"telcoai logs {node} shows all of its log",
                )

    def _tail(self, node: str) -> str:
        try:
            lines = self.log_path(node).read_text(errors="replace").strip().splitlines()
        except OSError:
            return "no log"
        return " | ".join(lines[-3:]) or "its log is empty"

    def _config_path(self, node: str) -> Path:
        return self.testbed.folder / "n" / f"{node}.json"


def running(testbed: Testbed, *names: str) -> list[ProcessInfo]:
    """The processes of those names that run on a testbed now."""
    return [one for one in testbed.sandbox.processes() if one.name in names and one.code is None]


def stop(testbed: Testbed, *names: str) -> int:
    """End all processes of those names; how many there were."""
    found = running(testbed, *names)
    for one in found:
        testbed.sandbox.signal(one.id, signal.SIGTERM)
    for one in found:
        end(testbed, one.id)
    return len(found)


def end(testbed: Testbed, process: int, patience_s: float = 4.0) -> int:
    """Exit code of a process that was asked to end; killed when it doesn't."""
    try:
        return testbed.sandbox.wait(process, patience_s)
    except TimeoutError:
        testbed.sandbox.signal(process, signal.SIGKILL)
        return testbed.sandbox.wait(process, patience_s)
