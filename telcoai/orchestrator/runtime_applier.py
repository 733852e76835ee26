"""The applier: plans to the runtimes' control interfaces, links and nodes through the testbed."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from telcoai.errors import TestbedError
from telcoai.model.plan import ANYWHERE, Assignment, Plan
from telcoai.model.scenario import NodeState
from telcoai.model.topology import LinkState
from telcoai.model.view import LinkView
from telcoai.network.probe import LinkProbe
from telcoai.orchestrator.control import by_device
from telcoai.orchestrator.deployment import Deployment
from telcoai.orchestrator.figures import NodeFigures


class RuntimeApplier:
    """``Applier`` and ``Disturber`` for a deployment."""

    def __init__(self, deployment: Deployment, probe: LinkProbe) -> None:
        self._deployment = deployment
        self._probe = probe
        self._names = [node.name for node in deployment.testbed.topology.nodes]
        self._away: dict[str, NodeState] = {}
        """Nodes out of reach, and why: nothing is asked of them."""
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        """Held while plans are sent, so that a node that starts again never gets an older one than the others have."""
        self._accepted: dict[str, list[Assignment]] = {}
        self._plan: Plan | None = None

    def apply(self, plan: Plan, before: Plan | None) -> list[str]:  # noqa: ARG002 - of the protocol; what was accepted decides
        """Send each device what it hasn't accepted yet, whatever was asked of it ``before``.

        A device out of reach isn't asked; it gets its plan when it is back.
        """
        with self._sending:
            self._place(plan)
            self._plan = plan
            parts = by_device(plan)
            return self._send({name: part for name, part in parts.items() if self._accepted.get(name) != part})

    def _place(self, plan: Plan) -> None:
        """Have replicas placed, as many as there are devices that plans send to them."""
        wanted = sum(ANYWHERE in one.hops for one in plan.assignments)
        if wanted:
            self._deployment.place(wanted)

    def _send(self, parts: Mapping[str, list[Assignment]]) -> list[str]:
        """Send to those in reach, and remember who took it. What a node says that went away meanwhile is ignored."""
        with self._lock:
            here = {name: part for name, part in parts.items() if name not in self._away}
        answers = self._deployment.control.send(here)
        for name, refusal in answers.items():
            self._accepted.pop(name, None)
            if not refusal:
                self._accepted[name] = here[name]
        with self._lock:
            return [refusal for name, refusal in answers.items() if refusal and name not in self._away]

    def figures(self) -> Mapping[str, NodeFigures | None]:
        """A reading of every node; None for one that is out of reach or doesn't answer."""
        with self._lock:
            asked = [name for name in self._names if name not in self._away]
        return self._read(asked)

    def all_figures(self) -> Mapping[str, NodeFigures | None]:
        """As ``figures``, but also of nodes that are cut off: what is measured goes another way."""
        with self._lock:
            asked = [name for name in self._names if self._away.get(name, "unreachable") == "unreachable"]
        return self._read(asked)

    def _read(self, names: list[str]) -> Mapping[str, NodeFigures | None]:
        return {**dict.fromkeys(self._names), **self._deployment.control.figures(names)}

    def links(self) -> Mapping[str, LinkView]:
        """Links as the probe measured them last."""
        return self._probe.views()

    def change_link(self, name: str, up: LinkState, down: LinkState) -> None:
        """Set a link and tell the probe what is asked of it from now on."""
        self._probe.unsettle(name)
        try:
            self._deployment.testbed.set_link(name, up, down)
            self._probe.expect(name, up, down)
        finally:
            self._probe.settle(name)

    def change_node(self, name: str, state: NodeState) -> None:
        """Do to a node as the state says. One that is back, or whose workload is, has its part of the last plan."""
        if state == "running":
            self._bring_back(name)
            return
        with self._lock:
            self._away[name] = state
        if state == "killed":
            self._deployment.kill(name)
            self._welcome(name)
            return
        self._probe.pause(name)
        if state == "stopped":
            self._deployment.stop_node(name)
        else:
            self._deployment.testbed.network.node_cut(name)

    def _bring_back(self, name: str) -> None:
        with self._lock:
            was = self._away.get(name)
        if was == "unreachable":
            self._deployment.testbed.network.node_start(name)
        else:
            self._deployment.start_node(name)
        try:
            self._welcome(name)
        finally:
            self._probe.resume(name)

    def _welcome(self, name: str) -> None:
        """Give a node that is in reach again its part of the last plan. TestbedError when it doesn't take it."""
        with self._sending:
            with self._lock:
                self._away.pop(name, None)
            self._accepted.pop(name, None)
            mine = by_device(self._plan).get(name)
            refused = self._send({name: mine}) if mine else []
        if refused:
            raise TestbedError(refused[0])
