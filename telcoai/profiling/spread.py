"""What many runs of a stage come to: median, quartiles, and whether they can be trusted."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from telcoai.profiling.job import Measurement
from telcoai.profiling.machine import UNKNOWN

WIDE = 0.10
"""Quartiles further apart than this share of the median are told of."""

DRIFT = 1.05
"""So is a second half of the runs that took this many times as long as the first one."""

OTHER_LOAD = 0.3
"""So is a load average above this share of the cores before the start."""

LEAST_CORE_SHARE = 0.9
"""So is a process that got less of its cores' time than this: handing stages over takes a few hundredths."""

SCALING = frozenset({"ondemand", "conservative", "powersave", "schedutil"})
"""Governors that change the clock with the load."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds: median and quartiles of ``runs`` runs."""

    median_s: float
    low_s: float
    high_s: float
    runs: int

    @property
    def share(self) -> float:
        """Distance between the quartiles as a share of the median."""
        return (self.high_s - self.low_s) / self.median_s


def spread_of(runs_ns: Sequence[int]) -> Spread:
    """Median and quartiles (inclusive method) of at least one run."""
    if len(runs_ns) == 1:
        return Spread(*(runs_ns[0] / 1e9,) * 3, 1)
    low, middle, high = statistics.quantiles(runs_ns, n=4, method="inclusive")
    return Spread(middle / 1e9, low / 1e9, high / 1e9, len(runs_ns))


def spreads(measured: Measurement) -> dict[str, tuple[Spread, ...]]:
    """The spread of each stage, by variant."""
    return {name: tuple(spread_of(runs) for runs in stages) for name, stages in measured.stages.items()}


def warnings(measured: Measurement) -> list[str]:
    """What speaks against the figures, a sentence each; none when all is well."""
    return [*_wide(measured), *_drifting(measured), *_surroundings(measured)]


def _wide(measured: Measurement) -> Iterator[str]:
    found = {
        (one.share, f"stage {stage} of {name}")
        for name, stages in spreads(measured).items()
        for stage, one in enumerate(stages)
        if one.share > WIDE
    }
    if found:
        share, worst = max(found)
        total = sum(len(stages) for stages in measured.stages.values())
        yield (
            f"quartiles of {len(found)} of {total} stages are more than {WIDE:.0%} of the median apart "
            f"(worst: {worst}, {share:.0%}): other load, or a clock that changes"
        )


def _drifting(measured: Measurement) -> Iterator[str]:
    """Rounds follow each other in time, so halves of the runs are halves of the measurement."""
    every = [runs for stages in measured.stages.values() for runs in stages if len(runs) >= 4]
    if every:
        ratio = statistics.median(_second_to_first(runs) for runs in every)
        if not 1 / DRIFT < ratio < DRIFT:
            word = "slower" if ratio > 1 else "faster"
            yield (
                f"the second half of the runs was {abs(ratio - 1):.0%} {word} than the first: the clock changed "
                "(heat?), or other load did"
            )


def _second_to_first(runs: Sequence[int]) -> float:
    half = len(runs) // 2
    return statistics.median(runs[half:]) / statistics.median(runs[:half])


def _surroundings(measured: Measurement) -> Iterator[str]:
    machine = measured.machine
    if measured.core_share < LEAST_CORE_SHARE:
        yield (
            f"only {measured.core_share:.0%} of {measured.threads} cores' time was to be had: other programs took the "
            "rest, or one process can't keep so many cores busy"
        )
    if machine.load > OTHER_LOAD * machine.cores:
        yield f"the load average was {machine.load:.1f} on {machine.cores} cores before the start: something else ran"
    scaling = sorted(SCALING & set(machine.governor.split(", ")))
    if machine.governor != UNKNOWN and scaling:
        yield f"the governor is {', '.join(scaling)}: the clock follows the load (performance would hold it)"
