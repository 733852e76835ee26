"""The door between the loop and where runtimes really run (processes today, pods elsewhere)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from telcoai.model.plan import Plan
from telcoai.model.scenario import NodeState
from telcoai.model.topology import LinkState
from telcoai.model.view import LinkView
from telcoai.orchestrator.figures import NodeFigures


class Applier(Protocol):
    """Puts plans into effect, and reads figures back."""

    def apply(self, plan: Plan, before: Plan | None) -> list[str]:
        """Give each device its part of the plan where it changed; returns one line per node that did not take it."""
        ...

    def figures(self) -> Mapping[str, NodeFigures | None]:
        """A reading per node; None where the node does not answer, or is cut off."""
        ...

    def links(self) -> Mapping[str, LinkView]:
        """Links as measured last."""
        ...


class Disturber(Protocol):
    """Makes the changes of a scenario's timeline."""

    def change_link(self, name: str, up: LinkState, down: LinkState) -> None:
        """Set both directions of a link; LinkError when that fails."""
        ...

    def change_node(self, name: str, state: NodeState) -> None:
        """Do to a node as the state says; NodeError when that fails."""
        ...
