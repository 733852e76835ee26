"""The scenario's changes, made when they are due and recorded with the instant at which they were real."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterable
from typing import Any

from telcoai.errors import TelcoaiError
from telcoai.model.scenario import Change, DemandChange, LinkChange, NodeChange, RequirementsChange, ServiceChange
from telcoai.orchestrator.applier import Disturber
from telcoai.orchestrator.asked import Asked
from telcoai.orchestrator.clock import RunClock
from telcoai.orchestrator.journal import Journal

LATE_S = 0.5
"""A change made later than this after its time has failed: figures by time would tell another story than asked."""

START_S = 20.0
"""At the run's end, nodes that are still starting get this long to be ready."""


class Timeline:
    """Plays changes; those that fail, come late or are never made are kept in ``failures`` (they make a run invalid).

    Starting a node takes as long as its runtime needs to be ready, so that each start has a thread of its own: only a
    change of that very node waits for it.
    """

    def __init__(
        self,
        changes: Iterable[Change],
        offset_s: float,
        disturber: Disturber,
        asked: Asked,
    ) -> None:
        self._changes = sorted(changes, key=lambda change: change.at_s)
        self._offset_s = offset_s
        self._disturber = disturber
        self._asked = asked
        self._starts: dict[str, threading.Thread] = {}
        self.failures: list[str] = []

    def play(self, clock: RunClock, journal: Journal) -> None:
        """Make each change at its time (``offset_s``, the warm-up, comes on top) until the clock is stopped."""
        for change in self._changes:
            due_s = change.at_s + self._offset_s
            if clock.wait_until(due_s):
                self._begin(change, due_s, clock, journal)
            elif clock.now_s() >= due_s:
                self._fail(change, "not made before the run ended")
        self._await_starts()

    def _begin(self, change: Change, due_s: float, clock: RunClock, journal: Journal) -> None:
        if not isinstance(change, NodeChange):
            self._try(change, due_s, clock, journal)
            return
        if change.node in self._starts:
            self._starts.pop(change.node).join()
        if not change.takes_long:
            self._try(change, due_s, clock, journal)
            return
        self._note_if_late(change, due_s, clock)
        thread = threading.Thread(target=self._try, args=(change, due_s, clock, journal), daemon=True)
        self._starts[change.node] = thread
        thread.start()

    def _try(self, change: Change, due_s: float, clock: RunClock, journal: Journal) -> None:
        try:
            self.make(change)
        except (TelcoaiError, OSError, KeyError) as err:  # OSError has TimeoutError under it
            self._fail(change, err.message if isinstance(err, TelcoaiError) else f"{type(err).__name__}: {err}")
        else:
            if not (isinstance(change, NodeChange) and change.takes_long):
                self._note_if_late(change, due_s, clock)
        journal.event(kind_of(change), due_s, clock.now_s(), describe(change))

    def _note_if_late(self, change: Change, due_s: float, clock: RunClock) -> None:
        late_s = clock.now_s() - due_s
        if late_s > LATE_S:
            self._fail(change, f"made {late_s:.2f} s late")

    def _fail(self, change: Change, why: str) -> None:
        self.failures.append(f"{kind_of(change)} at {change.at_s:g} s: {why}")

    def _await_starts(self) -> None:
        deadline = time.monotonic() + START_S
        for node, thread in self._starts.items():
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                self.failures.append(f"node {node} is not ready {START_S:g} s after the run's end")

    def make(self, change: Change) -> None:
        """Make a change now."""
        if isinstance(change, LinkChange):
            for name, up, down in change.changes:
                self._disturber.change_link(name, up, down)
        elif isinstance(change, NodeChange):
            self._disturber.change_node(change.node, change.state)
        elif isinstance(change, RequirementsChange):
            self._asked.requirements[change.service] = change.requirements
        elif isinstance(change, ServiceChange):
            self._asked.move(change.service, change.state)


def kind_of(change: Change) -> str:
    """The word for a change in events.jsonl. Demand needs nothing done: drivers hold their whole schedule."""
    kinds = {
        LinkChange: "link",
        DemandChange: "demand",
        RequirementsChange: "requirements",
        ServiceChange: "service",
        NodeChange: "node",
    }
    return kinds[type(change)]


def describe(change: Change) -> dict[str, Any]:
    """A change as plain values."""
    return {key: value for key, value in dataclasses.asdict(change).items() if key != "at_s"}
