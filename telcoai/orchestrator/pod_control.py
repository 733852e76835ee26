"""Control of runtimes in pods: what a node says is the sum of its runtime and of the replicas that run there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import MappingProxyType

from telcoai.errors import NodeError
from telcoai.orchestrator.control import AT_ONCE, Control
from telcoai.orchestrator.figures import NodeFigures, read_figures
from telcoai.orchestrator.pod_cpu import PodCpu
from telcoai.orchestrator.pods import PodDoor


class PodControl(Control):
    """``Control`` by way of the API."""

    def __init__(self, door: PodDoor) -> None:
        super().__init__(door)
        self._pod_door = door
        self._replicas: Mapping[str, str] = MappingProxyType({})
        self._cpu: PodCpu | None = None

    def count_in(self, replicas: Mapping[str, str]) -> None:
        """Count these pods, which Kubernetes placed, with the nodes where they are, from now on."""
        self._replicas = MappingProxyType(dict(replicas))

    def watch(self, cpu: PodCpu) -> None:
        """Tell ``cpu`` what the runtimes say of their own CPU time from now on."""
        self._cpu = cpu

    def figures(self, nodes: Iterable[str]) -> dict[str, NodeFigures | None]:
        """A reading of each node, its replicas included; None where its own runtime does not answer."""
        found = super().figures(nodes)
        if self._cpu is not None:
            self._cpu.note(found)
        replicas = self._replicas
        with ThreadPoolExecutor(AT_ONCE) as pool:
            read = list(pool.map(self._replica_figures, replicas))
        for node, extra in zip(replicas.values(), read, strict=True):
            own = found.get(node)
            if own is not None and extra is not None:
                found[node] = summed(own, extra)
        return found

    def _replica_figures(self, pod: str) -> NodeFigures | None:
        try:
            return read_figures(self._pod_door.ask_at(self._pod_door.pod_place(pod), pod, "GET", "/stats", None))
        except NodeError:
            return None


def summed(own: NodeFigures, extra: NodeFigures) -> NodeFigures:
    """Counters of both. Cores are the node's own: a replica takes of them and adds none."""
    return replace(
        own,
        busy_core_ns=own.busy_core_ns + extra.busy_core_ns,
        queue=own.queue + extra.queue,
        overruns=own.overruns + extra.overruns,
        stage_calls=own.stage_calls + extra.stage_calls,
        late_calls=own.late_calls + extra.late_calls,
        replayed_calls=own.replayed_calls + extra.replayed_calls,
    )
