"""How often a run kept what its services asked for.

The scored time is cut in windows of the scenario's period, by the scheduled time of requests. A window of a service
counts when a request was scheduled in it and a requirement was in force at its start; a change counts from the time
that the scenario asks for. It is met when every requirement in force is:

- latency: the percentile asked, by nearest rank over all requests of the window, is at most the deadline; a request
  that wasn't answered 200 counts as infinitely late;
- accuracy: the share of correct answers among those answered 200, over the whole time in which this requirement was
  in force, is at least the minimum (a window alone holds too few answers to tell); no answer in the window, not met;
- energy: the dynamic energy of the window's requests, divided by their number, is at most the budget.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from telcoai.model.requirements import Requirements
from telcoai.report.run import Run

EDGE_S = 1e-6
"""A change this little after a window's start belongs to the window: times are decimal fractions."""


def requirements_met(run: Run) -> float:
    """Share of windows × services in which all requirements were met; NaN when none counts."""
    verdicts = [met for _, _, met in windows(run)]
    return float(np.mean(verdicts)) if verdicts else math.nan


def windows(run: Run) -> Iterator[tuple[str, float, bool]]:
    """(service, start of the window in s after warm-up, met) for each window that counts."""
    period_s = float(run.scenario.get("period_s", 1.0))
    scored = run.scored
    index = np.floor((scored["scored_s"] + EDGE_S) / period_s).astype(int)
    phases = requirement_phases(run)
    shares = _accuracies(scored, phases)
    for (service, number), rows in scored.groupby([scored["service"], index.rename("window")]):
        start_s = int(str(number)) * period_s
        asked = in_force(phases.get(str(service), []), start_s)
        if asked is not None and not _asks_nothing(asked):
            accurate = asked.accuracy_min is None or shares[str(service), asked] >= asked.accuracy_min
            yield str(service), start_s, accurate and window_met(rows, replace(asked, accuracy_min=None))


def _accuracies(
    scored: pd.DataFrame, phases: dict[str, list[tuple[float, Requirements]]]
) -> dict[tuple[str, Requirements], float]:
    """Share of correct answers by (service, what was asked of it when the request was scheduled)."""
    answered = scored[scored["answered"]]
    found: dict[tuple[str, Requirements], list[bool]] = {}
    for service, at_s, correct in zip(answered["service"], answered["scored_s"], answered["correct"], strict=True):
        asked = in_force(phases.get(service, []), at_s)
        if asked is not None:
            found.setdefault((service, asked), []).append(bool(correct))
    shares = {key: sum(rights) / len(rights) for key, rights in found.items()}
    return defaultdict(float, shares)


def requirement_phases(run: Run) -> dict[str, list[tuple[float, Requirements]]]:
    """For each service (start in s after warm-up, requirements), in order of time."""
    phases = {
        str(service["name"]): [(-math.inf, _parsed(service["requirements"]))]
        for service in run.scenario.get("services", ())
    }
    changes = run.events[run.events["kind"] == "requirements"].sort_values("scored_s")
    for start_s, what in zip(changes["scored_s"], changes["what"], strict=True):
        phases.setdefault(what["service"], []).append((float(start_s), _parsed(what["requirements"])))
    return phases


def in_force(phases: list[tuple[float, Requirements]], time_s: float) -> Requirements | None:
    """What is asked at ``time_s`` seconds after warm-up."""
    begun = [asked for start_s, asked in phases if start_s <= time_s + EDGE_S]
    return begun[-1] if begun else None


def window_met(rows: pd.DataFrame, asked: Requirements) -> bool:
    """Whether the requests of one window keep all that is asked."""
    answered = rows[rows["answered"]]
    if asked.deadline_ms is not None:
        latency_ms = np.sort(rows["latency_ms"].fillna(math.inf).to_numpy())
        rank = max(math.ceil(asked.percentile / 100 * latency_ms.size), 1)
        if latency_ms[rank - 1] > asked.deadline_ms:
            return False
    if asked.accuracy_min is not None and not answered["correct"].mean() >= asked.accuracy_min:
        return False
    budget_j = asked.energy_per_request_j
    return budget_j is None or bool(rows["energy_j"].mean(skipna=False) <= budget_j)


def _parsed(values: dict[str, Any]) -> Requirements:
    known = ("percentile", "deadline_ms", "accuracy_min", "energy_per_request_j")
    return Requirements(**{name: values[name] for name in known if name in values})


def _asks_nothing(asked: Requirements) -> bool:
    return asked.deadline_ms is None and asked.accuracy_min is None and asked.energy_per_request_j is None
