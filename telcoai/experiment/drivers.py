"""Load drivers of a run: one process per device node, inside the node."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from telcoai.experiment.demand import TIMEOUT_S, DriverFiles, driver_config
from telcoai.experiment.folder import RunFolder
from telcoai.experiment.matrix import RunKey
from telcoai.load.config import RESTART_S
from telcoai.model.scenario import NodeChange, Scenario
from telcoai.model.workload import WorkloadInfo
from telcoai.orchestrator.deployment import DRIVER, RUNTIME
from telcoai.orchestrator.process_deployment import end, running
from telcoai.testbed.running import Testbed
from telcoai.testbed.state import write_private

ALONE_UP_TO = 16
"""More drivers than this share a process per core of the host: so many processes would get in each other's way."""

LEAD_S = 1.5
LEAD_PER_DRIVER_S = 0.05
"""Drivers are started this long before t0. The first one imports for all of them; each then takes about 25 ms."""

END_S = TIMEOUT_S + 5.0
"""Drivers end by themselves this long after the last send at the latest: when their last requests time out."""


def driver_configs(
    scenario: Scenario, run: RunKey, workloads: Mapping[str, WorkloadInfo], folder: RunFolder
) -> dict[str, dict[str, Any]]:
    """Configurations of all drivers of a run, by ``<service>.<device>``, but for their start."""
    configs = {}
    for service in scenario.services:
        for device in service.devices:
            name = f"{service.name}.{device}"
            files = DriverFiles(folder.load / f"{name}.arrows", folder.load / f"{name}.live.json")
            workload = workloads[service.workload]
            configs[name] = driver_config(scenario, service, device, run, workload, files)
    return configs


def may_share(scenario: Scenario, drivers: int) -> bool:
    """Whether drivers share processes: there are many, and none of their nodes is stopped by the timeline, or may be by
    an empty battery."""
    changes = (change for change in scenario.timeline if isinstance(change, NodeChange))
    stopped = {change.node for change in changes if change.state == "stopped"}
    stopped |= {node.name for node in scenario.topology.nodes if node.battery}
    devices = {device for service in scenario.services for device in service.devices}
    return drivers > ALONE_UP_TO and not stopped & devices


@dataclass
class Drivers:
    """The drivers of one run on one testbed. Those that share a process keep their sockets in their own nodes."""

    testbed: Testbed
    folder: RunFolder
    configs: Mapping[str, dict[str, Any]]
    shared: bool = False
    processes: dict[str, int] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    """Names of drivers that were lost with their node, as the timeline asked."""

    _t0_ns: int = 0

    def prepare(self) -> float:
        """Seconds from now at which the run may begin."""
        return LEAD_S + LEAD_PER_DRIVER_S * len(self.configs)

    def start(self, t0_ns: int) -> None:
        """Start all; they wait for ``t0_ns`` (CLOCK_MONOTONIC)."""
        self._t0_ns = t0_ns
        if self.shared:
            self._launch_shared(os.cpu_count() or 1)
            return
        for name, config in self.configs.items():
            self._launch(name, config["device"], [config])

    def _launch_shared(self, count: int) -> None:
        """``count`` processes for all drivers; a node's network is reached through its runtime's entry in /proc."""
        pids = {one.node: one.pid for one in running(self.testbed, RUNTIME)}
        everyone = [
            {**config, "netns_fd_path": f"/proc/{pids[config['device']]}/ns/net"} for config in self.configs.values()
        ]
        for number in range(count):
            if mine := everyone[number::count]:
                self._launch(f"group-{number}", mine[0]["device"], mine)

    def node_stopped(self, node: str) -> None:
        """The node's drivers are gone with it; that isn't their failure."""
        gone = [name for name, config in self.configs.items() if config["device"] == node]
        self.cut.update(gone)
        for name in gone:
            self.processes.pop(name, None)

    def node_started(self, node: str) -> None:
        """Drivers of a node that is back go on with their schedules as soon as they are up again."""
        now_ns = time.monotonic_ns() - self._t0_ns + round(RESTART_S * 1e9)
        for name, config in self.configs.items():
            if config["device"] == node:
                out = Path(config["out"]).with_suffix(f".{now_ns}.arrows")
                self._launch(name, node, [{**config, "out": str(out), "from_ns": now_ns}])

    def finish(self, patience_s: float = END_S) -> list[str]:
        """Wait for all to end, ask those that don't to stop; returns a line for each that did not end well."""
        deadline = time.monotonic() + patience_s
        while self._running() and time.monotonic() < deadline:
            time.sleep(0.05)
        for name in self._running():
            self.testbed.sandbox.signal(self.processes[name], signal.SIGTERM)
        problems = []
        for name, process in self.processes.items():
            code = end(self.testbed, process)
            if code != 0:
                problems.append(f"driver {name} ended with {code}{self._tail(name)}")
        return problems

    def live(self) -> list[dict[str, Any]]:
        """What drivers last said of themselves."""
        found = []
        for config in self.configs.values():
            try:
                found.append(json.loads(Path(config["live"]).read_text()))
            except (OSError, ValueError):
                continue
        return found

    def _launch(self, name: str, node: str, configs: list[dict[str, Any]]) -> None:
        path = self.folder.load / f"{name}.json"
        write_private(path, json.dumps([{**config, "start_ns": self._t0_ns} for config in configs]))
        log = self.folder.logs / f"driver.{name}.log"
        start = self.testbed.sandbox.start_module
        self.processes[name] = start(node, "telcoai.load", [str(path)], log=log, name=DRIVER)

    def _running(self) -> list[str]:
        codes = {one.id: one.code for one in self.testbed.sandbox.processes()}
        return [name for name, process in self.processes.items() if codes.get(process) is None]

    def _tail(self, name: str) -> str:
        try:
            lines = (self.folder.logs / f"driver.{name}.log").read_text(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return f": {lines[-1]}" if lines else ""
