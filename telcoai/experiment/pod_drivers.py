"""Load drivers of a run on a cluster: a Job on each device's node, told what to do and asked for its rows."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from telcoai.errors import NodeError, TestbedError
from telcoai.experiment.folder import RunFolder
from telcoai.load.config import RESTART_S
from telcoai.orchestrator import manifests, pods
from telcoai.orchestrator.manifests import DRIVER, DRIVER_PORT
from telcoai.orchestrator.pod_deployment import PodDeployment
from telcoai.orchestrator.pods import ready_on
from telcoai.orchestrator.runtimes import PORT
from telcoai.testbed.pod_priority import run_at_once

READY_S = 60.0
LEAD_S = 2.0
"""From telling the drivers what to do until the run's start."""

CLOCK_ROUNDS = 8
AT_ONCE = 8
LIVE_EVERY_S = 2.0
"""Asking a driver takes CPU of the machines that are measured, so that it isn't done at every step."""


@dataclass(frozen=True, slots=True)
class Clock:
    """A node's monotonic clock against this machine's: ``offset_ns`` ahead, known to ``error_ns``."""

    offset_ns: int
    error_ns: int

    @property
    def used_ns(self) -> int:
        """The offset to reckon with: none where it can't be told from none, as on one machine."""
        return 0 if abs(self.offset_ns) <= self.error_ns else self.offset_ns


@dataclass
class PodDrivers:
    """The drivers of one run on a cluster. ``configs``: by ``<service>.<device>``."""

    deployment: PodDeployment
    folder: RunFolder
    run: str
    configs: Mapping[str, dict[str, Any]]
    cut: set[str] = field(default_factory=set)
    """Names of drivers that were lost with their node, as the timeline asked."""

    clocks: dict[str, Clock] = field(default_factory=dict)
    _places: dict[str, str] = field(default_factory=dict)
    """Where each device's driver is in the API."""

    _told: dict[str, list[str]] = field(default_factory=dict)
    """Names of the configurations that each device's driver has, in order."""

    _t0_ns: int = 0
    _live: list[dict[str, Any]] = field(default_factory=list)
    _live_at_s: float = 0.0
    _parts: int = 0

    def prepare(self) -> float:
        """Start the Jobs, measure their nodes' clocks; seconds from now at which the run may begin."""
        devices = list(dict.fromkeys(config["device"] for config in self.configs.values()))
        self._launch(devices)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            self.clocks = dict(zip(devices, pool.map(self._clock, devices), strict=True))
        return LEAD_S

    def start(self, t0_ns: int) -> None:
        """Tell all what to do; they wait for ``t0_ns`` (this machine's CLOCK_MONOTONIC)."""
        self._t0_ns = t0_ns
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self._tell, self._places))

    def node_stopped(self, node: str) -> None:
        """The node's drivers are about to go with it; their rows so far are taken before."""
        if node in self._places:
            with suppress(TestbedError):
                self._fetch(node)
            self.cut.update(self._told.pop(node, []))
            del self._places[node]

    def node_started(self, node: str) -> None:
        """Drivers of a node that is back go on with their schedules as soon as they are up again."""
        if any(config["device"] == node for config in self.configs.values()):
            self._launch([node], again=True)
            self._tell(node, time.monotonic_ns() - self._t0_ns + round(RESTART_S * 1e9))

    def finish(self, patience_s: float) -> list[str]:
        """Wait for all to end, take their rows, and let them go; a line for each that did not end well."""
        deadline = time.monotonic() + patience_s
        waiting = list(self._places)
        while waiting and time.monotonic() < deadline:
            waiting = [device for device in waiting if self._state(device)["state"] == "driving"]
            time.sleep(0.2 if waiting else 0.0)
        for device in waiting:
            with suppress(NodeError):
                self._ask(device, "POST", "/stop", None)
        problems = []
        for device in list(self._places):
            problems += self._collect(device)
        return problems

    def live(self) -> list[dict[str, Any]]:
        """What drivers said of themselves lately."""
        now_s = time.monotonic()
        if now_s - self._live_at_s >= LIVE_EVERY_S:
            self._live_at_s = now_s
            self._live = [one for device in list(self._places) for one in self._ask_live(device)]
        return self._live

    def _ask_live(self, device: str) -> list[dict[str, Any]]:
        try:
            return [one for one in self._ask(device, "GET", "/live", None) if one]
        except NodeError:
            return []

    def _launch(self, devices: list[str], *, again: bool = False) -> None:
        deployment, run = self.deployment, f"{self.run}-{self._parts}" if again else self.run
        kubernetes, ground = deployment.cluster.kubernetes, deployment.ground
        for device in devices:
            job = manifests.driver(ground, run, device, 6 * 3600)
            kubernetes.apply(ground.path("jobs", job["metadata"]["name"]), job)
        also = f"telcoai.dev/run={run}"
        found = deployment.pods.wait(DRIVER, ready_on(devices), f"drivers on {len(devices)} devices", READY_S, also)
        run_at_once(pod["metadata"]["uid"] for pod in found)
        for device, pod in pods.by_node(found).items():
            self._places[device] = deployment.door.pod_place(pod["metadata"]["name"], DRIVER_PORT)

    def _clock(self, device: str) -> Clock:
        """The best of some rounds: the one that took least time says most."""
        best: Clock | None = None
        for _ in range(CLOCK_ROUNDS):
            before = time.monotonic_ns()
            theirs = int(self._ask(device, "GET", "/clock", None)["monotonic_ns"])
            after = time.monotonic_ns()
            seen = Clock(theirs - (before + after) // 2, (after - before) // 2 + 1)
            if best is None or seen.error_ns < best.error_ns:
                best = seen
        if best is None:
            raise NodeError(f"the clock of {device} wasn't read")
        return best

    def _tell(self, device: str, from_ns: int = 0) -> None:
        names = [name for name, config in self.configs.items() if config["device"] == device]
        start_ns = self._t0_ns + self.clocks[device].used_ns
        url = f"http://{self._runtime_address(device)}:{PORT}"
        moved = self.deployment.configs[device]["workloads"]
        told = []
        for name in names:
            config = self.configs[name]
            labels = moved[self._workload(config["service"])]["samples"]
            told.append({**config, "start_ns": start_ns, "from_ns": from_ns, "url": url, "labels": labels})
        self._told[device] = names
        self._ask(device, "PUT", "/run", told)

    def _workload(self, service: str) -> str:
        return next(one.workload for one in self.deployment.scenario.services if one.name == service)

    def _runtime_address(self, device: str) -> str:
        """The address of the device's own runtime: drivers are on the same node and cross no link."""
        found = pods.by_node(self.deployment.pods.now(manifests.RUNTIME))
        if device not in found:
            raise NodeError(f"no runtime is ready on {device}")
        return str(found[device]["status"]["podIP"])

    def _state(self, device: str) -> dict[str, Any]:
        try:
            state: dict[str, Any] = self._ask(device, "GET", "/state", None)
        except NodeError as err:
            return {"state": "gone", "code": None, "log": [err.message]}
        return state

    def _collect(self, device: str) -> list[str]:
        """Take a driver's rows and log, and let it end."""
        problems = []
        deadline = time.monotonic() + 10.0
        while (state := self._state(device))["state"] == "driving" and time.monotonic() < deadline:
            time.sleep(0.1)
        if state["code"] != 0:
            last = " | ".join(map(str, state["log"][-2:] if isinstance(state["log"], list) else [state["log"]]))
            problems.append(f"driver on {device} {state['state']} with {state['code']}: {last}")
        try:
            self._fetch(device)
            self._ask(device, "POST", "/bye", None)
        except TestbedError as err:
            problems.append(f"rows of {device}: {err.message}")
        return problems

    def _fetch(self, device: str) -> None:
        """Put the rows that a driver has by now into the run's folder."""
        for number, name in enumerate(self._told.get(device, [])):
            status, raw = self._raw(device, f"/rows/{number}")
            if status != 200:
                raise NodeError(f"{device}: {status} {raw[:200].decode(errors='replace')}")
            part = f".{self._parts}" if name in self.cut else ""
            (self.folder.load / f"{name}{part}.parquet").write_bytes(raw)
        self._parts += 1

    def _raw(self, device: str, target: str) -> tuple[int, bytes]:
        door = self.deployment.door
        return door.kubernetes.through(self._places[device], "GET", target, headers={"telcoai-token": door.token})

    def _ask(self, device: str, method: str, target: str, body: object) -> Any:
        place = self._places[device]
        return self.deployment.door.ask_at(place, f"the driver on {device}", method, target, body)
