"""The scenario's changes, made when they are due and recorded with the instant at which they were real."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from telcoai.errors import TestbedError
from telcoai.model.requirements import Requirements
from telcoai.model.scenario import Change, DemandChange, LinkChange, NodeChange, RequirementsChange
from telcoai.orchestrator.applier import Disturber
from telcoai.orchestrator.clock import RunClock
from telcoai.orchestrator.journal import Journal


class Timeline:
    """Plays changes; those that fail are kept in ``failures`` (they make a run invalid)."""

    def __init__(
        self,
        changes: Iterable[Change],
        offset_s: float,
        disturber: Disturber,
        requirements: dict[str, Requirements],
    ) -> None:
        self._changes = sorted(changes, key=lambda change: change.at_s)
        self._offset_s = offset_s
        self._disturber = disturber
        self._requirements = requirements
        self.failures: list[str] = []

    def play(self, clock: RunClock, journal: Journal) -> None:
        """Make each change at its time (``offset_s``, the warm-up, comes on top) until the clock is stopped."""
        for change in self._changes:
            due_s = change.at_s + self._offset_s
            if not clock.wait_until(due_s):
                return
            try:
                self._make(change)
            except TestbedError as err:
                self.failures.append(f"{kind_of(change)} at {change.at_s:g} s: {err.message}")
            journal.event(kind_of(change), due_s, clock.now_s(), describe(change))

    def _make(self, change: Change) -> None:
        if isinstance(change, LinkChange):
            for name, up, down in change.changes:
                self._disturber.change_link(name, up, down)
        elif isinstance(change, NodeChange):
            self._disturber.change_node(change.node, change.running)
        elif isinstance(change, RequirementsChange):
            self._requirements[change.service] = change.requirements


def kind_of(change: Change) -> str:
    """The word for a change in events.jsonl. Demand needs nothing done: drivers hold their whole schedule."""
    kinds = {
        LinkChange: "link",
        DemandChange: "demand",
        RequirementsChange: "requirements",
        NodeChange: "node",
    }
    return kinds[type(change)]


def describe(change: Change) -> dict[str, Any]:
    """A change as plain values."""
    return {key: value for key, value in dataclasses.asdict(change).items() if key != "at_s"}
