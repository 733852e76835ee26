"""The loop: once a period observe, decide, apply."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from telcoai.model.plan import Plan
from telcoai.model.view import Strategy
from telcoai.orchestrator.applier import Applier
from telcoai.orchestrator.clock import RunClock
from telcoai.orchestrator.decide import Decider
from telcoai.orchestrator.figures import NodeFigures
from telcoai.orchestrator.journal import Journal
from telcoai.orchestrator.observe import Observer
from telcoai.orchestrator.timeline import Timeline


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

    def step(self, time_s: float, timeout_s: float) -> str:
        """One round; returns its status. The last good plan stays unless a better one is applied."""
        self.figures = self.applier.figures()
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


def play_alongside(timeline: Timeline, clock: RunClock, journal: Journal) -> threading.Thread:
    """Start the timeline in a thread of its own, so that a slow decision never delays a change."""
    thread = threading.Thread(target=timeline.play, args=(clock, journal), name="timeline", daemon=True)
    thread.start()
    return thread
