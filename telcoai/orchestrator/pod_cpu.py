"""CPU time of runtimes as the kubelet counts it, beside what they say themselves.

The kubelet reads its counters every some seconds and says in which second it did; what a runtime says is read far more
often, so that its counter at the kubelet's instants follows by interpolation, within what it grew in that second.
"""

from __future__ import annotations

import json
import threading
import time
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from telcoai.adapters.kubernetes import Kubernetes
from telcoai.errors import TestbedError
from telcoai.orchestrator.figures import NodeFigures
from telcoai.orchestrator.manifests import RUNTIME

EVERY_S = 10.0
LEAST_WINDOW_S = 5.0
LEAST_CPU_S = 0.2
"""Less than that is counted too coarsely to be compared."""

STAMP_S = 1.0
"""Kubernetes writes instants as whole seconds, rounded down."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A counter of CPU seconds at an instant (seconds of the wall clock)."""

    at_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class CpuPair:
    """CPU seconds of a node's runtime over one and the same time, as both count them.

    ``runtime_s``: of all that the runtime's counter allows, since the kubelet's instants are known to the second, what
    is nearest to ``kubelet_s``.
    """

    node: str
    window_s: float
    kubelet_s: float
    runtime_s: float

    @property
    def gap(self) -> float:
        """How far the two are apart, as a share of the larger one."""
        return abs(self.kubelet_s - self.runtime_s) / max(self.kubelet_s, self.runtime_s, 1e-9)


@dataclass
class PodCpu:
    """Reads kubelets in a thread between ``start`` and ``stop``, and takes what runtimes say from ``note``."""

    kubernetes: Kubernetes
    nodes: Mapping[str, str]
    """The testbed's node of each of the cluster's."""

    kubelet: dict[str, list[Reading]] = field(default_factory=dict)
    runtime: dict[str, list[Reading]] = field(default_factory=dict)
    problem: str = ""
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to read."""
        self._thread = threading.Thread(target=self._run, daemon=True, name="pod-cpu")
        self._thread.start()

    def stop(self) -> None:
        """Read a last time, and end."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=15)

    def note(self, figures: Mapping[str, NodeFigures | None]) -> None:
        """What runtimes have just said."""
        now_s = time.time()
        for node, one in figures.items():
            if one is not None:
                self.runtime.setdefault(node, []).append(Reading(now_s, one.cpu_ns / 1e9))

    def pairs(self) -> list[CpuPair]:
        """Of each node that both have counted for long enough."""
        found = (pair_of(node, self.kubelet[node], self.runtime.get(node, [])) for node in sorted(self.kubelet))
        return [one for one in found if one is not None]

    def _run(self) -> None:
        while True:
            try:
                for name, node in self.nodes.items():
                    self._read(name, node)
            except TestbedError as err:
                self.problem = err.message  # a node may be down; the next round tells
            if self._stop.wait(EVERY_S):
                return

    def _read(self, name: str, node: str) -> None:
        path = f"/api/v1/nodes/{name}/proxy/stats/summary?only_cpu_and_memory=true"
        try:
            summary = json.loads(self.kubernetes.text(path))
        except ValueError as err:
            raise TestbedError(f"the kubelet of {node} gives no statistics") from err
        for reading in readings_of(summary):
            known = self.kubelet.setdefault(node, [])
            if not known or reading.at_s > known[-1].at_s:
                known.append(reading)


def readings_of(summary: Mapping[str, Any]) -> list[Reading]:
    """The counter of the runtime's container in a kubelet's summary; empty when it has none yet.

    A kubelet that has not read a container's counter yet gives it as 0, with the present time.
    """
    found = []
    for pod in summary.get("pods", []):
        if not pod["podRef"]["name"].startswith(f"{RUNTIME}-"):
            continue
        for container in pod.get("containers", []):
            cpu = container.get("cpu", {})
            if container["name"] == RUNTIME and cpu.get("usageCoreNanoSeconds"):
                at_s = datetime.fromisoformat(cpu["time"].replace("Z", "+00:00")).timestamp()
                found.append(Reading(at_s, int(cpu["usageCoreNanoSeconds"]) / 1e9))
    return found


def pair_of(node: str, kubelet: list[Reading], runtime: list[Reading]) -> CpuPair | None:
    """Both counts between the first and last instant at which both are known; None for too little of either."""
    if len(runtime) < 2:
        return None
    inside = [one for one in kubelet if runtime[0].at_s <= one.at_s and one.at_s + STAMP_S <= runtime[-1].at_s]
    if len(inside) < 2 or inside[-1].at_s - inside[0].at_s < LEAST_WINDOW_S:
        return None
    first, last = inside[0], inside[-1]
    least_s = _at(runtime, last.at_s) - _at(runtime, first.at_s + STAMP_S)
    most_s = _at(runtime, last.at_s + STAMP_S) - _at(runtime, first.at_s)
    kubelet_s = last.cpu_s - first.cpu_s
    if _fell(runtime) or _fell(kubelet) or max(most_s, kubelet_s) < LEAST_CPU_S:
        return None  # it has started again meanwhile, or hardly worked
    return CpuPair(node, last.at_s - first.at_s, kubelet_s, min(max(kubelet_s, least_s), most_s))


def _fell(readings: list[Reading]) -> bool:
    """Whether the counter began anew between two readings."""
    return any(after.cpu_s < before.cpu_s for before, after in pairwise(readings))


def _at(readings: list[Reading], at_s: float) -> float:
    """The counter at an instant within the readings."""
    index = max(1, min(bisect_left([one.at_s for one in readings], at_s), len(readings) - 1))
    before, after = readings[index - 1], readings[index]
    share = (at_s - before.at_s) / max(after.at_s - before.at_s, 1e-9)
    return before.cpu_s + share * (after.cpu_s - before.cpu_s)


def worst_gap(pairs: Iterable[CpuPair]) -> float | None:
    """The largest gap, None when there is nothing to compare."""
    return max((one.gap for one in pairs), default=None)
