"""Asking a strategy for a plan: in bounded time, and never trusting what comes back."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from telcoai.model.plan import Plan
from telcoai.model.view import Strategy, View
from telcoai.strategy.check import problems


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one request for a plan.

    ``status``: ``planned``, ``raised``, ``invalid`` or ``late``; ``plan`` only when planned. ``error`` says why not.
    """

    status: str
    plan: Plan | None
    duration_ms: float
    error: str = ""


class Decider:
    """Runs ``strategy.plan`` in a thread of its own; a late one is left behind until it is back."""

    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy
        self._busy: SimpleQueue[Plan | BaseException] | None = None

    def decide(self, view: View, timeout_s: float) -> Decision:
        """A decision within about ``timeout_s``; never raises for anything that the strategy does."""
        started = time.monotonic()
        if self._busy is not None and self._busy.empty():
            return Decision("late", None, 0.0, "still busy with an earlier view")
        answer: SimpleQueue[Any] = SimpleQueue()
        threading.Thread(target=self._ask, args=(view, answer), daemon=True, name="strategy").start()
        self._busy = answer
        try:
            result = answer.get(timeout=timeout_s)
        except Empty:
            return Decision("late", None, timeout_s * 1e3, f"no plan within {timeout_s:g} s")
        self._busy = None
        duration_ms = (time.monotonic() - started) * 1e3
        if isinstance(result, BaseException):
            return Decision("raised", None, duration_ms, f"{type(result).__name__}: {result}")
        wrong = problems(result, view)
        if wrong:
            return Decision("invalid", None, duration_ms, "; ".join(wrong[:5]))
        return Decision("planned", result, duration_ms)

    def _ask(self, view: View, answer: SimpleQueue[Any]) -> None:
        try:
            answer.put(self._strategy.plan(view))
        except BaseException as err:  # noqa: BLE001 - a user's code may raise anything; the loop must go on
            answer.put(err)
