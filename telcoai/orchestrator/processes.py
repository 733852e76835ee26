"""The applier for virtual hosts: plans over control sockets, links and nodes through the sandbox."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from telcoai.errors import TestbedError
from telcoai.model.plan import Plan
from telcoai.model.topology import LinkState
from telcoai.model.view import LinkView
from telcoai.network.probe import LinkProbe
from telcoai.orchestrator.control import by_device
from telcoai.orchestrator.deployment import Deployment
from telcoai.orchestrator.figures import NodeFigures


class ProcessApplier:
    """``Applier`` and ``Disturber`` for a deployment on virtual hosts."""

    def __init__(self, deployment: Deployment, probe: LinkProbe) -> None:
        self._deployment = deployment
        self._probe = probe
        self._names = [node.name for node in deployment.testbed.topology.nodes]
        self._stopped: set[str] = set()
        self._lock = threading.Lock()
        self._plan: Plan | None = None

    def apply(self, plan: Plan, before: Plan | None) -> list[str]:
        """Send what changed. A stopped device isn't asked; it gets its plan when it starts again."""
        self._plan = plan
        with self._lock:
            here = tuple(one for one in plan.assignments if one.device not in self._stopped)
        return self._deployment.control.send(Plan(here), before)

    def figures(self) -> Mapping[str, NodeFigures | None]:
        """A reading of every node; None for one that is stopped or doesn't answer."""
        with self._lock:
            asked = [name for name in self._names if name not in self._stopped]
        return {**dict.fromkeys(self._names), **self._deployment.control.figures(asked)}

    def links(self) -> Mapping[str, LinkView]:
        """Links as the probe measured them last."""
        return self._probe.views()

    def change_link(self, name: str, up: LinkState, down: LinkState) -> None:
        """Set a link and tell the probe what is asked of it from now on."""
        self._deployment.testbed.set_link(name, up, down)
        self._probe.expect(name, up, down)

    def change_node(self, name: str, running: bool) -> None:
        """Stop a node and all on it at once, or start it with a fresh runtime and its part of the last plan."""
        sandbox = self._deployment.testbed.sandbox
        if not running:
            with self._lock:
                self._stopped.add(name)
            self._probe.pause(name)
            sandbox.node_stop(name)
            return
        sandbox.node_start(name)
        self._deployment.launch(name)
        self._deployment.wait_ready([name])
        with self._lock:
            self._stopped.discard(name)
        self._probe.resume(name)
        if name in by_device(self._plan) and self._plan is not None:
            mine = Plan(tuple(one for one in self._plan.assignments if one.device == name))
            refused = self._deployment.control.send(mine, None)
            if refused:
                raise TestbedError(refused[0])
