"""The nodes and links of a testbed on a simulated clock, changed as a timeline changes real ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from telcoai.load.config import RESTART_S
from telcoai.model.routes import Step, routes_from
from telcoai.model.scenario import NodeState
from telcoai.model.topology import LinkState, Node, Tier, Topology
from telcoai.model.workload import WorkloadInfo
from telcoai.orchestrator.batteries import radio_of
from telcoai.orchestrator.figures import NodeFigures
from telcoai.simulation.events import Events
from telcoai.simulation.memory import catalogue
from telcoai.simulation.nodes import SimulatedNode
from telcoai.simulation.wires import Wires

READY_S = 0.14
"""From the start of a node or its workload until its runtime answers: the median of 19 such starts of edges and clouds
on virtual hosts, quickstart's testbed on a machine of two cores (0.08 to 0.27 s). Pods of a cluster take seconds."""

ALL = 0.95
"""From this share of lost packets on, nothing is taken to get through."""

PLANNED_S = 0.17
"""A device's runtime takes so much longer to have its plan, as it reads what the plan needs: 10 starts of cameras took
0.31 s in the middle (0.28 to 0.66 s)."""


class World:
    """What there is, and what became of it. All models are loaded where no ``workloads`` are named."""

    def __init__(self, topology: Topology, seed: int, workloads: Iterable[WorkloadInfo] = ()) -> None:
        self.events = Events()
        self.wires = Wires(seed)
        self.seed = seed
        known = tuple(workloads)
        self.nodes = {node.name: _node(node, topology, self.events, known) for node in topology.nodes}
        self._devices = frozenset(node.name for node in topology.tier(Tier.DEVICE))
        self.links = {link.name: link for link in topology.links}
        self._routes: dict[str, dict[str, tuple[Step, ...]]] = {}

    def way(self, source: str, target: str) -> tuple[Step, ...] | None:
        """Links crossed between two nodes; None when one of the nodes on the way, ends included, isn't there
        or reached. Whether a runtime answers at its end is another matter."""
        if source not in self._routes:
            self._routes[source] = routes_from(tuple(self.links.values()), source)
        way = self._routes[source].get(target)
        if way is None or not all(self.nodes[end].passes for step in way for end in (step.link.a, step.link.b)):
            return None
        return way

    def change_link(self, name: str, up: LinkState, down: LinkState) -> None:
        """Both directions of a link get these states, for what is sent from now on."""
        self.links[name] = replace(self.links[name], up=up, down=down)
        self._routes.clear()

    def change_node(self, name: str, state: NodeState) -> None:
        """Do to a node as the state says; a runtime that starts takes its time (``takes_s``)."""
        node = self.nodes[name]
        if state == "unreachable":
            node.reached = False
        elif state == "stopped":
            node.stop()
        elif state == "killed":
            node.kill()
            self._start(name)
        else:
            was_up, node.up, node.reached = node.up, True, True
            if not was_up:
                self._start(name)

    def takes_s(self, name: str, state: NodeState) -> float:
        """Until a change that is made now is over, as a real timeline notes it."""
        if state == "killed" or (state == "running" and not self.nodes[name].up):
            return READY_S + PLANNED_S * (name in self._devices)
        return 0.0

    def _start(self, name: str) -> None:
        """A device's drivers are lost with their machine alone, and go on when its runtime has its plan."""
        node, events = self.nodes[name], self.events
        epoch, ready_s = node.epoch, events.now_s + READY_S
        events.at(ready_s, lambda: node.get_ready(epoch))
        if name in self._devices:
            events.at(ready_s + PLANNED_S, lambda: node.take_plan(epoch))
            events.at(ready_s + PLANNED_S + RESTART_S, lambda: node.send_again(epoch))

    def figures(self) -> Mapping[str, NodeFigures | None]:
        """What each node's runtime says of itself."""
        return {name: node.figures(self.events.now_s) for name, node in self.nodes.items()}


def _node(node: Node, topology: Topology, events: Events, workloads: Sequence[WorkloadInfo]) -> SimulatedNode:
    profile = topology.profiles[node.profile]
    known = catalogue(node.memory_bytes or profile.memory_bytes, profile, workloads)
    radio = radio_of(topology, node.name) if node.tier == Tier.DEVICE else None
    return SimulatedNode(node.name, profile, events, known, radio.tail_s.value if radio else 0.0)
