"""Latency at the percentile that a requirement asks for, over all scheduled requests.

A request that wasn't answered 200 counts as infinitely late, as in ``requirements``: who drops requests has no short
tail. Requests are pooled within a run before the percentile is taken; percentiles are never averaged.
"""

from __future__ import annotations

import math

import numpy as np

from telcoai.report.requirements import nearest_rank, phase_rows, requests_of, requirement_phases
from telcoai.report.run import Run


def tails_ms(run: Run) -> dict[str, float]:
    """For each service that has a deadline: latency over the run at the strictest percentile asked of it, ms."""
    scored, found = run.scored, {}
    latency_ms, names = requests_of(scored).latency_ms, scored["service"].to_numpy()
    for service, phases in requirement_phases(run).items():
        asked = [one.percentile for _, one in phases if one.deadline_ms is not None]
        if asked:
            found[service] = nearest_rank(latency_ms[names == service], max(asked))
    return found


def tail_of_deadline(run: Run) -> float:
    """The worst share of a deadline that the percentile asked takes, over services and over the times in which a
    requirement is in force; at most 1 when each is kept over such a time as a whole. NaN without a deadline."""
    scored = run.scored
    latency_ms = requests_of(scored).latency_ms
    shares = [
        nearest_rank(latency_ms[rows], asked.percentile) / asked.deadline_ms
        for (_, asked), rows in phase_rows(scored, requirement_phases(run)).items()
        if asked.deadline_ms is not None and rows.size
    ]
    return float(np.max(shares)) if shares else math.nan


def asked_percentiles(run: Run) -> tuple[float, ...]:
    """The strictest percentile asked of each service that has a deadline, each value once, in order."""
    strictest = [
        max(asked.percentile for _, asked in phases if asked.deadline_ms is not None)
        for phases in requirement_phases(run).values()
        if any(asked.deadline_ms is not None for _, asked in phases)
    ]
    return tuple(sorted(set(strictest)))
