"""The loop: once a period observe, decide, apply."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from telcoai.errors import NodeError
from telcoai.model.plan import Plan
from telcoai.model.view import Strategy
from telcoai.orchestrator.applier import Applier
from telcoai.orchestrator.clock import RunClock
from telcoai.orchestrator.decide import Decider
from telcoai.orchestrator.figures import NodeFigures
from telcoai.orchestrator.journal import Journal
from telcoai.orchestrator.observe import Observer
from telcoai.orchestrator.timeline import Timeline
from telcoai.serving.residency import Moved

LOADED_POLL_S = 0.05


@dataclass
class Loop:
    """One strategy in charge of one deployment."""

    strategy: Strategy
    applier: Applier
    observer: Observer
    journal: Journal
    plan: Plan | None = None

    def __post_init__(self) -> None:
        self._decider = Decider(self.strategy)
        self.figures: Mapping[str, NodeFigures | None] = {}
        self._moved: dict[str, frozenset[Moved]] = {}

    def step(self, time_s: float, timeout_s: float) -> str:
        """One round; returns its status. The last good plan stays unless a better one is applied."""
        self.figures = self.applier.figures()
        self.note_moved(self.figures, time_s)
        view = self.observer.view(time_s, self.figures, self.applier.links(), self.plan)
        decision = self._decider.decide(view, timeout_s)
        if decision.plan is None:
            self.journal.decision(view, self.strategy.name, decision, status=decision.status, plan=None)
            return decision.status
        same = self.plan is not None and decision.plan.assignments == self.plan.assignments
        status = "unchanged" if same else "applied"
        refused = self.applier.apply(decision.plan, self.plan)
        self.journal.decision(view, self.strategy.name, decision, status=status, plan=decision.plan)
        for line in refused:
            self.journal.event("plan", time_s, time_s, {"refused": line})
            self.journal.failures.append(f"{time_s:.1f} s: {line}")
        self.plan = decision.plan
        return status

    def note_moved(self, figures: Mapping[str, NodeFigures | None], time_s: float) -> None:
        """Record the stages that were loaded and unloaded since the last reading."""
        for name, now in figures.items():
            if now is None:
                continue
            known, self._moved[name] = self._moved.get(name, frozenset()), frozenset(now.moved)
            for one in (each for each in now.moved if each not in known):
                at_s = time_s - (now.now_ns - one.at_ns) / 1e9
                what = {"node": name, "variant": one.variant, "stage": one.stage, "ms": one.ms, "bytes": one.bytes}
                self.journal.event(one.kind, at_s, at_s, what)

    def run(self, clock: RunClock, until_s: float, each: Callable[[float], None]) -> None:
        """Step at every period from the clock's t0 until ``until_s``; ``each(time_s)`` after each step."""
        period_s = self.observer.period_s
        tick = 0
        while tick * period_s < until_s:
            if not clock.wait_until(tick * period_s):
                return
            self.step(clock.now_s(), period_s)
            each(clock.now_s())
            tick = max(tick + 1, int(clock.now_s() / period_s) + 1)
        clock.wait_until(until_s)


def await_loaded(applier: Applier, timeout_s: float) -> None:
    """Return once no device waits for models of the plan that was applied. NodeError when that takes too long."""
    deadline = time.monotonic() + timeout_s
    while waiting := [name for name, now in applier.figures().items() if now is not None and now.pending]:
        if time.monotonic() > deadline:
            raise NodeError(
                f"models for {', '.join(waiting[:3])} were not loaded within {timeout_s:g} s",
                "a profile's load says how long that takes",
            )
        time.sleep(LOADED_POLL_S)


def play_alongside(timeline: Timeline, clock: RunClock, journal: Journal) -> threading.Thread:
    """Start the timeline in a thread of its own, so that a slow decision never delays a change."""
    thread = threading.Thread(target=timeline.play, args=(clock, journal), name="timeline", daemon=True)
    thread.start()
    return thread
