"""The nodes and links of a testbed on a simulated clock, changed as a timeline changes real ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from telcoai.model.routes import Step, routes_from
from telcoai.model.scenario import NodeState
from telcoai.model.topology import Link, LinkState, Topology
from telcoai.model.view import LinkView
from telcoai.orchestrator.figures import NodeFigures
from telcoai.simulation.events import Events
from telcoai.simulation.nodes import SimulatedNode
from telcoai.simulation.wires import Wires


class World:
    """What there is, and what became of it."""

    def __init__(self, topology: Topology, seed: int) -> None:
        self.events = Events()
        self.wires = Wires(seed)
        self.nodes = {
            node.name: SimulatedNode(node.name, topology.profiles[node.profile], self.events) for node in topology.nodes
        }
        self._built = {link.name: link for link in topology.links}
        self._links = dict(self._built)
        self._routes: dict[str, dict[str, tuple[Step, ...]]] = {}

    def way(self, source: str, target: str) -> tuple[Step, ...] | None:
        """Links crossed between two nodes; None when one of the nodes on the way, ends included, isn't there."""
        if source not in self._routes:
            self._routes[source] = routes_from(tuple(self._links.values()), source)
        way = self._routes[source].get(target)
        if way is None or not all(self.nodes[end].answers for step in way for end in (step.link.a, step.link.b)):
            return None
        return way

    def change_link(self, name: str, up: LinkState, down: LinkState) -> None:
        """Both directions of a link get these states, for what is sent from now on."""
        self._links[name] = replace(self._links[name], up=up, down=down)
        self._routes.clear()

    def change_node(self, name: str, state: NodeState) -> None:
        """Do to a node as the state says, at once; what takes a real node a while to come back isn't simulated."""
        node = self.nodes[name]
        if state == "unreachable":
            node.reached = False
        elif state == "stopped":
            node.stop()
        elif state == "killed":
            node.restart()
        else:
            node.runs = node.reached = True

    def figures(self) -> Mapping[str, NodeFigures | None]:
        """What each node's runtime says of itself."""
        return {name: node.figures(self.events.now_s) for name, node in self.nodes.items()}

    def links(self) -> Mapping[str, LinkView]:
        """Links as a probe sees them: delays as they are, all else as it was when the run began."""
        return {name: _seen(self._built[name], link) for name, link in self._links.items()}


def _seen(built: Link, link: Link) -> LinkView:
    up, down = (replace(was, delay_ms=now.delay_ms) for was, now in ((built.up, link.up), (built.down, link.down)))
    return LinkView(link.a, link.b, up, down)
