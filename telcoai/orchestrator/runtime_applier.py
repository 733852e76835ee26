"""The applier: plans to the runtimes' control interfaces, links and nodes through the testbed."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from telcoai.errors import TestbedError
from telcoai.model.plan import ANYWHERE, Assignment, Plan
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
        self._stopped: set[str] = set()
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        """Held while plans are sent, so that a node that starts again never gets an older one than the others have."""
        self._accepted: dict[str, list[Assignment]] = {}
        self._plan: Plan | None = None

    def apply(self, plan: Plan, before: Plan | None) -> list[str]:  # noqa: ARG002 - of the protocol; what was accepted decides
        """Send each device what it hasn't accepted yet, whatever was asked of it ``before``.

        A stopped device isn't asked; it gets its plan when it starts again.
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
        """Send to those that run, and remember who took it. What a node says that was stopped meanwhile is ignored."""
        with self._lock:
            here = {name: part for name, part in parts.items() if name not in self._stopped}
        answers = self._deployment.control.send(here)
        for name, refusal in answers.items():
            self._accepted.pop(name, None)
            if not refusal:
                self._accepted[name] = here[name]
        with self._lock:
            return [refusal for name, refusal in answers.items() if refusal and name not in self._stopped]

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
        self._probe.unsettle(name)
        try:
            self._deployment.testbed.set_link(name, up, down)
            self._probe.expect(name, up, down)
        finally:
            self._probe.settle(name)

    def change_node(self, name: str, running: bool) -> None:
        """Stop a node and all on it at once, or start it with a fresh runtime and its part of the last plan."""
        if not running:
            with self._lock:
                self._stopped.add(name)
            self._probe.pause(name)
            self._deployment.stop_node(name)
            return
        self._deployment.start_node(name)
        with self._sending:
            with self._lock:
                self._stopped.discard(name)
            self._accepted.pop(name, None)
            mine = by_device(self._plan).get(name)
            refused = self._send({name: mine}) if mine else []
        self._probe.resume(name)
        if refused:
            raise TestbedError(refused[0])
