"""decisions.jsonl and events.jsonl of a run folder: a line at a time, on disk at once."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from telcoai.model.plan import Plan
from telcoai.model.view import View
from telcoai.orchestrator.decide import Decision
from telcoai.orchestrator.saw import saw


class Journal:
    """Two append-only files. Every line is flushed, so that a killed run keeps what it wrote."""

    def __init__(self, folder: Path) -> None:
        self._decisions = folder / "decisions.jsonl"
        self._events = folder / "events.jsonl"
        self._lock = threading.Lock()
        self.failures: list[str] = []
        for path in (self._decisions, self._events):
            path.touch()

    def decision(self, view: View, strategy: str, decision: Decision, *, status: str, plan: Plan | None) -> None:
        """Record one decision; ``status`` is ``applied``, ``unchanged`` or why there was no plan.

        What the strategy saw is kept where its plan changed something: for ``telcoai explain``, at a size that a run
        of hours still bears.
        """
        if status not in ("applied", "unchanged"):
            self.failures.append(f"{view.time_s:.1f} s: {status}: {decision.error}")
        line: dict[str, Any] = {
            "time_s": round(view.time_s, 6),
            "strategy": strategy,
            "status": status,
            "reason": plan.reason if plan else "",
            "duration_ms": round(decision.duration_ms, 3),
            "plan": plan.plain() if plan and status == "applied" else None,
            "error": decision.error,
        }
        if status == "applied":
            line["saw"] = saw(view)
        if decision.printed:
            line["printed"] = decision.printed
        self._append(self._decisions, line)

    def event(self, kind: str, at_s: float, real_s: float, what: dict[str, Any]) -> None:
        """Record that something asked for at ``at_s`` happened at ``real_s`` (seconds after the run's t0)."""
        self._append(self._events, {"kind": kind, "at_s": round(at_s, 6), "real_s": round(real_s, 6), "what": what})

    def _append(self, path: Path, line: dict[str, Any]) -> None:
        with self._lock, path.open("a") as file:
            file.write(json.dumps(line) + "\n")
