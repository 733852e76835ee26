"""How soon a strategy answers what happens: until its first new plan, and until its requirements are met again.

A change counts from when it was real; what comes after the next one is that one's. Requirements are met again when no
window until the next change is missed any more (``requirements.windows``, all services together).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from telcoai.report.changes import KINDS
from telcoai.report.requirements import windows
from telcoai.report.run import Run


@dataclass(frozen=True, slots=True)
class Reaction:
    """To one change, in seconds after it. ``planned_s``: NaN without a new plan. ``met_s``: 0 when requirements were
    never missed, infinite when they were until the next change or the end."""

    at_s: float
    planned_s: float
    met_s: float


def reactions(run: Run) -> tuple[Reaction, ...]:
    """One for each instant at which the timeline changed something, in order."""
    events = run.events[run.events["kind"].isin(KINDS)]
    instants = sorted({round(float(real_s) - run.warmup_s, 3) for real_s in events["real_s"]})
    end_s = float(run.facts.get("duration_s", math.inf))
    plans = [float(s) for s in run.decisions.loc[run.decisions["status"] == "applied", "scored_s"]]
    missed = sorted({start_s for _, start_s, met in windows(run) if not met})
    period_s = float(run.scenario.get("period_s", 1.0))
    return tuple(
        Reaction(at_s, _first_after(plans, at_s, until_s), _until_met(missed, (at_s, until_s), period_s))
        for at_s, until_s in pairwise([*instants, end_s])
        if 0 <= at_s < end_s
    )


def median_until_met_s(run: Run) -> float:
    """Over all changes: the middle of the times until requirements are met again; NaN when nothing changes."""
    found = [one.met_s for one in reactions(run)]
    return statistics.median_low(found) if found else math.nan


def _first_after(plans: Iterable[float], at_s: float, until_s: float) -> float:
    return next((plan_s - at_s for plan_s in plans if at_s <= plan_s < until_s), math.nan)


def _until_met(missed: list[float], span: tuple[float, float], period_s: float) -> float:
    """Until the end of the last window that was missed within the span."""
    at_s, until_s = span
    within = [start_s for start_s in missed if at_s < start_s + period_s and start_s < until_s]
    if not within:
        return 0.0
    end_s = within[-1] + period_s
    return math.inf if end_s >= until_s else end_s - at_s
