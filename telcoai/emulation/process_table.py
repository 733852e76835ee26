"""The supervisor's list of the processes that it started in nodes, those that ended lately included."""

from __future__ import annotations

from collections import Counter
from typing import Any

from telcoai.emulation.processes import Process
from telcoai.emulation.protocol import ProtocolError

_KEPT_EXITS = 10_000


class ProcessTable:
    """Processes by their ids, which are never reused, and by process number while they run."""

    def __init__(self) -> None:
        self._processes: dict[int, Process] = {}
        self._by_pid: dict[int, Process] = {}
        self._early: dict[int, int] = {}
        self._next_id = 1

    def add(self, node: str, name: str, pid: int) -> Process:
        """Take in a process that was started, even if it has ended already."""
        process = Process(self._next_id, node, name, pid, self._early.pop(pid, None))
        self._next_id += 1
        self._processes[process.id] = process
        if process.code is None:
            self._by_pid[pid] = process
        return process

    def end(self, pid: int, code: int, *, expecting: bool) -> Process | None:
        """Note that a process ended; None when it isn't known.

        ``expecting``: a process may be running whose number will only be heard of later; its code is kept until then.
        """
        if not expecting:
            self._early.clear()
        process = self._by_pid.pop(pid, None)
        if process is None:
            if expecting:
                self._early[pid] = code
            return None
        process.code = code
        ended = [i for i, p in self._processes.items() if p.code is not None]
        for old in ended[:-_KEPT_EXITS]:
            del self._processes[old]
        return process

    def get(self, number: int) -> Process:
        """The process of that id. ProtocolError when there is none."""
        process = self._processes.get(number)
        if process is None:
            raise ProtocolError(f"there is no process {number}")
        return process

    def rows(self) -> list[dict[str, Any]]:
        """All, as clients are told of them."""
        return [
            {"id": p.id, "node": p.node, "name": p.name, "pid": p.pid, "code": p.code} for p in self._processes.values()
        ]

    def running(self) -> Counter[str]:
        """How many run, by node."""
        return Counter(process.node for process in self._by_pid.values())
