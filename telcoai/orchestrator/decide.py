"""Asking a strategy for a plan: in bounded time, and never trusting what comes back."""

from __future__ import annotations

import threading
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from telcoai.model.plan import Plan
from telcoai.model.read_only import ReadOnly
from telcoai.model.view import Strategy, View
from telcoai.orchestrator.printing import ByThread, Printed, by_thread
from telcoai.strategy.check import problems


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one request for a plan.

    ``status``: ``planned``, ``raised``, ``invalid`` or ``late``; ``plan`` only when planned. ``error`` says why not.
    ``printed``: what the strategy wrote to the standard output meanwhile, which nobody saw.
    """

    status: str
    plan: Plan | None
    duration_ms: float
    error: str = ""
    printed: str = ""


_Answer = tuple[str, Plan | None, str]
"""Status, plan and error."""


class Decider:
    """Runs ``strategy.plan`` in a thread of its own; a late one is left behind until it is back.

    What a strategy can do to a run, and what is done about it: it raises, answers nonsense, takes too long (all told
    in the decision, and the last plan stays), changes its view (TypeError: a view's mappings can't be changed), prints
    (kept and told). A thread can't be ended from outside: one that never comes back goes on using the processor until
    the process ends. Nor can what happens in the same process be undone: a strategy that changes module variables,
    ``os.environ``, the file system or frozen values behind Python's back does so for all that comes after it, and what
    it prints past ``sys.stdout`` (a child process, C code) goes out. ``telcoai.strategy.trial`` tells whether a
    strategy answers one view twice with the same plan.
    """

    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy
        self._busy: SimpleQueue[_Answer] | None = None
        self._printed = Printed()

    def decide(self, view: View, timeout_s: float) -> Decision:
        """A decision within about ``timeout_s``; never raises for anything that the strategy does."""
        started = time.monotonic()
        if self._busy is not None and self._busy.empty():
            return Decision("late", None, 0.0, "still busy with an earlier view", self._printed.take())
        answer: SimpleQueue[_Answer] = SimpleQueue()
        task = (view, answer, by_thread())
        threading.Thread(target=self._ask, args=task, daemon=True, name="strategy").start()
        self._busy = answer
        try:
            status, plan, error = answer.get(timeout=timeout_s)
        except Empty:
            return Decision("late", None, timeout_s * 1e3, f"no plan within {timeout_s:g} s", self._printed.take())
        self._busy = None
        return Decision(status, plan, (time.monotonic() - started) * 1e3, error, self._printed.take())

    def _ask(self, view: View, answer: SimpleQueue[_Answer], stdout: ByThread) -> None:
        stdout.keep(self._printed)
        try:
            answer.put(_judged(self._strategy.plan(view), view))
        except BaseException as err:  # noqa: BLE001 - a user's code may raise anything; the loop must go on
            answer.put(("raised", None, _told(err)))
        finally:
            stdout.release()


def _judged(plan: object, view: View) -> _Answer:
    """A plan that can be applied, as a value of ours: what the strategy keeps of its own no longer reaches it."""
    wrong = problems(plan, view)
    if wrong or not isinstance(plan, Plan):
        return "invalid", None, "; ".join(wrong[:5])
    return "planned", Plan(plan.assignments, plan.reason, ReadOnly(plan.predictions)), ""


def _told(err: BaseException) -> str:
    """What was raised, and the last line of the strategy's own file at which it was."""
    frames = traceback.extract_tb(err.__traceback__)[1:]
    own = [frame for frame in frames if frame.filename == frames[0].filename]
    place = f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
    return f"{type(err).__name__}: {err}{place}"
