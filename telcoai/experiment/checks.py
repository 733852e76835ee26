"""A run's checks of itself: each has a figure, a bound and a verdict, and any that fails makes the run invalid."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from telcoai.model.scenario import Bounds

LATE_STAGES = 0.10
CLOCK_JUMP_MS = 50.0
CPU_GAP = 0.10
UNREPORTED = 0.02
"""Share of the runtimes' core time that may be in no row."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check; ``ok`` is ``figure <= bound``. A figure that could not be had is NaN and fails."""

    name: str
    figure: float
    bound: float
    unit: str
    detail: str = ""

    @property
    def ok(self) -> bool:
        """Whether the figure keeps the bound."""
        return self.figure <= self.bound

    def as_dict(self) -> dict[str, object]:
        """For run.json; NaN becomes None."""
        figure = None if math.isnan(self.figure) else self.figure
        return {**dataclasses.asdict(self), "figure": figure, "ok": self.ok}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the checks look at. ``samples``: the scored rows (no warm-up).

    ``stage_calls``/``overruns``/``replayed_calls``/``late_calls``: of all runtimes during the run.
    ``host_utilisation``: one reading in [0, 1] a second.
    ``clock_jump_ms``: how far the wall clock moved against the monotonic one. ``links_off``: links whose measurement
    is out of tolerance. ``failures``: of plans, changes and runtimes. ``expected``: scheduled requests, warm-up
    included. ``compute_accounted``: core time that rows report over core time that runtimes counted, NaN when they
    counted none of what rows report.
    """

    samples: pd.DataFrame
    expected: int
    recorded: int
    stage_calls: int
    overruns: int
    replayed_calls: int
    late_calls: int
    host_utilisation: tuple[float, ...]
    clock_jump_ms: float
    links_off: tuple[str, ...]
    failures: tuple[str, ...]
    compute_accounted: float
    cpu_gap: float | None = None
    """How far the platform's count of runtimes' CPU time is from their own, as a share; None where nobody counted."""


def run_checks(evidence: Evidence, bounds: Bounds) -> tuple[Check, ...]:
    """All checks of a run."""
    lag_ms = lag_p99_ms(evidence.samples)
    overruns = _overruns(evidence)
    late = evidence.late_calls / evidence.stage_calls if evidence.stage_calls else 0.0
    unreported = 1.0 - evidence.compute_accounted
    load = evidence.host_utilisation
    busiest = float(np.percentile(load, 90, method="higher")) if load else math.nan
    counted = (
        ()
        if evidence.cpu_gap is None
        else (Check("CPU time", evidence.cpu_gap, CPU_GAP, "share", "kubelet's count against the runtime's own"),)
    )
    return (
        Check("driver lag p99", lag_ms, bounds.driver_lag_p99_ms, "ms", "sent later than scheduled"),
        Check("overruns", overruns, bounds.overruns, "share", "stages that took longer than their paced time"),
        Check("late stages", late, LATE_STAGES, "share", "paced stages whose reply was over 1 ms late"),
        Check("host saturation", busiest, bounds.host_utilisation, "share", "90th percentile of seconds' CPU use"),
        Check("links as asked", len(evidence.links_off), 0, "links", "; ".join(evidence.links_off)),
        Check("samples lost", abs(evidence.expected - evidence.recorded), 0, "requests", "scheduled less recorded"),
        Check("clock jump", evidence.clock_jump_ms, CLOCK_JUMP_MS, "ms", "wall clock against monotonic clock"),
        Check(
            "compute accounted", unreported, UNREPORTED, "share", "core time that runtimes counted and no row reports"
        ),
        Check("plan failures", len(evidence.failures), 0, "times", "; ".join(evidence.failures[:5])),
        *counted,
    )


def _overruns(evidence: Evidence) -> float:
    """Overruns per stage that really ran; NaN when rows report compute and no call was counted."""
    ran = evidence.stage_calls - evidence.replayed_calls
    if evidence.stage_calls:
        return evidence.overruns / ran if ran else 0.0
    return math.nan if math.isnan(evidence.compute_accounted) else 0.0


def lag_p99_ms(samples: pd.DataFrame) -> float:
    """99th percentile of sent − scheduled in ms, over requests that were sent; NaN when none was."""
    sent = samples[samples["sent_ns"] >= 0]
    if sent.empty:
        return math.nan
    lag = (sent["sent_ns"] - sent["scheduled_ns"]).to_numpy()
    return float(np.percentile(lag, 99, method="higher")) / 1e6
