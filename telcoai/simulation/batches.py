"""Batches on a simulated node: who is in one, and how those who are wait until they leave."""

from __future__ import annotations

from dataclasses import dataclass, field

from telcoai.simulation.events import Events, Process
from telcoai.simulation.jobs import Job, Note, Refused


@dataclass(slots=True, eq=False)
class Member:
    """A request in a batch. ``is_done``: it left at an exit; ``refused``: the node can't run its stage."""

    job: Job
    note: Note
    asked_s: float
    events: Events
    is_done: bool = False
    refused: Refused | None = None
    _process: Process | None = None

    def queue(self, process: Process) -> None:
        """Have the request go on once it leaves the batch."""
        self._process = process

    def leave(self) -> None:
        """Let the request go on; it waits by then, since whoever joins a batch waits at once."""
        self.events.at(self.events.now_s, self._go_on)

    def _go_on(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            self.events.start(process)


@dataclass(slots=True, eq=False)
class Batch:
    """``has_begun``: it waits for a core, or has one."""

    members: list[Member] = field(default_factory=list)
    has_begun: bool = False

    def dissolve(self) -> None:
        """Let all go on; the batch never begins."""
        self.has_begun = True
        for one in self.members:
            one.leave()
