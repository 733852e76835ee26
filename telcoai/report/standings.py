"""Which runs count, and each strategy's figures over them.

Only valid runs of the same scenario on the same testbed are compared; for every other run it is said why it is left
out. Over several repetitions a figure is the median of the runs' figures, with their range.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from telcoai.report.experiment import Experiment
from telcoai.report.run import Run
from telcoai.report.summary import RunSummary

FREE_TO_DIFFER = frozenset({"strategies", "repetitions", "files"})
"""Keys of a scenario that don't change what one run does."""

MOST_FAILED = 0.05
"""With more failed requests than this, a strategy leads in no latency or energy figure (p95 over all is infinite)."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over runs: median and range; all NaN when no run has it, infinite where it never came to be."""

    median: float
    low: float
    high: float
    runs: int


@dataclass(frozen=True)
class Standing:
    """One strategy: its runs that count, and their figures. ``made`` counts all its runs."""

    strategy: str
    runs: tuple[Run, ...]
    summaries: tuple[RunSummary, ...]
    made: int

    @property
    def failed_share(self) -> float:
        """Share of scheduled requests without an answer 200, median over runs; NaN without requests."""
        return self.spread(lambda one: (one.errors + one.dropped) / one.requests if one.requests else math.nan).median

    @property
    def foresees(self) -> bool:
        """Whether it was told the future."""
        return any(run.foresees for run in self.runs)

    @property
    def answers(self) -> bool:
        """Whether so few requests fail that its latency and energy can be set beside others'.

        Who drops requests looks quick and thrifty: percentiles are over answers, and a failed request takes little.
        """
        return self.failed_share <= MOST_FAILED

    def spread(self, figure: Callable[[RunSummary], float]) -> Spread:
        """A figure over the runs that count."""
        return spread([figure(one) for one in self.summaries])


@dataclass(frozen=True)
class Standings:
    """All strategies in the experiment's order, and a line for each run left out."""

    strategies: tuple[Standing, ...]
    left_out: tuple[str, ...]

    @property
    def comparable(self) -> tuple[Standing, ...]:
        """Those with a run that counts."""
        return tuple(one for one in self.strategies if one.runs)

    @property
    def example(self) -> Run | None:
        """One of the runs that count, which are all alike but for the strategy and the repetition; None without any."""
        return next((run for one in self.comparable for run in one.runs), None)

    @property
    def rivals(self) -> tuple[Standing, ...]:
        """Those of them that knew no more than any could."""
        return tuple(one for one in self.comparable if not one.foresees)


def spread(values: list[float]) -> Spread:
    """Median and range of the values that are known."""
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return Spread(math.nan, math.nan, math.nan, 0)
    return Spread(statistics.median(known), min(known), max(known), len(known))


def stand(experiment: Experiment) -> Standings:
    """Sort an experiment's runs by strategy, leaving out those that don't count."""
    valid = [run for run in experiment.runs if run.valid]
    newest = max(valid, key=lambda run: str(run.facts.get("started", "")), default=None)
    left_out: list[str] = []
    counted: list[tuple[Run, RunSummary]] = []
    for run, summary in zip(experiment.runs, experiment.summaries, strict=True):
        why = _why_left_out(run, newest)
        if why:
            left_out.append(f"{run.name} is left out: {why}")
        else:
            counted.append((run, summary))
    return Standings(tuple(_standings(experiment.runs, counted)), tuple(left_out))


def _standings(runs: tuple[Run, ...], counted: list[tuple[Run, RunSummary]]) -> list[Standing]:
    found = []
    for strategy in dict.fromkeys(run.strategy for run in runs):
        own = [(run, summary) for run, summary in counted if run.strategy == strategy]
        made = sum(run.strategy == strategy for run in runs)
        found.append(Standing(strategy, tuple(run for run, _ in own), tuple(summary for _, summary in own), made))
    return found


def _why_left_out(run: Run, reference: Run | None) -> str:
    if not run.valid:
        return f"invalid ({'; '.join(run.why_invalid)})"
    if reference is None:
        return "nothing to compare with"
    unlike = differences(run, reference)
    return f"unlike {reference.name}, the newest ({', '.join(unlike[:5])})" if unlike else ""


def differences(run: Run, other: Run) -> list[str]:
    """What differs in scenario, testbed, meter, telcoai's version and whether it was measured, as paths; empty for runs
    that are alike."""
    return _unlike(_identity(run), _identity(other), "")


def _identity(run: Run) -> dict[str, Any]:
    scenario = {key: value for key, value in run.scenario.items() if key not in FREE_TO_DIFFER}
    version = (run.facts.get("versions") or {}).get("telcoai")
    return {"scenario": scenario, "testbed": dict(run.topology), "meter": run.meter, "telcoai": version, "how": run.how}


def _unlike(one: Any, other: Any, path: str) -> list[str]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        keys = sorted({*one, *other})
        return [line for key in keys for line in _unlike(one.get(key), other.get(key), f"{path}.{key}".strip("."))]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [line for k, (left, right) in pairs for line in _unlike(left, right, f"{path}[{k}]")]
    if one == other:
        return []
    short = [str(value) for value in (one, other)]
    return [f"{path}: {short[0]} and not {short[1]}" if max(map(len, short)) < 30 else path]
