"""How well a profile that was just made predicts a second measurement of the same machine.

By stage, as |predicted − measured| / measured, for: the times that the profile holds; its overhead and speeds, as for a
variant that was not measured (fitted without that variant); and effective speeds without overhead, operations over time
of whole variants, which is what published figures give.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from telcoai.model.workload import WorkloadInfo
from telcoai.plugins import load_workload
from telcoai.profiling.fit import Point, fit
from telcoai.profiling.here import measure_here
from telcoai.profiling.job import Measurement
from telcoai.profiling.order import Runs, job_for
from telcoai.profiling.spread import spreads, warnings


@dataclass(frozen=True)
class Stage:
    """A stage of a variant, and its time in one of the measurements."""

    variant: str
    index: int
    point: Point


def stages(info: WorkloadInfo, measured: Measurement) -> list[Stage]:
    """All stages in the workload's order."""
    found = spreads(measured)
    return [
        Stage(
            variant.name, stage.index, Point(variant.precision, stage.flops, found[variant.name][stage.index].median_s)
        )
        for variant in info.variants
        for stage in variant.stages
    ]


def by_fit(made: Sequence[Stage], wanted: Stage) -> float:
    """By overhead and speeds of the other variants."""
    rest = fit([one.point for one in made if one.variant != wanted.variant])
    return rest.seconds(wanted.point.precision, wanted.point.flops)


def by_speed(made: Sequence[Stage], wanted: Stage) -> float:
    """By the median over the other variants of the precision of whole operations over whole time."""
    others = {
        one.variant for one in made if one.variant != wanted.variant and one.point.precision == wanted.point.precision
    }
    speeds = []
    for name in others:
        own = [one.point for one in made if one.variant == name]
        speeds.append(sum(one.flops for one in own) / sum(one.seconds for one in own))
    return wanted.point.flops / statistics.median(speeds)


def by_time(made: Sequence[Stage], wanted: Stage) -> float:
    """By the very stage's time."""
    return next(one.point.seconds for one in made if (one.variant, one.index) == (wanted.variant, wanted.index))


PREDICTIONS: dict[str, Callable[[Sequence[Stage], Stage], float]] = {
    "measured stage times": by_time,
    "overhead and speeds, variant left out": by_fit,
    "effective speeds, variant left out": by_speed,
}


def main() -> None:
    """Print errors by way of predicting."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workload", default="efficientnet-lite")
    parser.add_argument("--repeat", type=int, default=100)
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    info = load_workload(options.workload).info
    job = job_for(info, (), Runs(options.threads, 10, options.repeat, seed=1))
    first = measure_here(job, print)
    second = measure_here(dataclasses.replace(job, seed=2), print)
    made, later = stages(info, first), stages(info, second)
    for title, predict in PREDICTIONS.items():
        errors = [abs(predict(made, one) / one.point.seconds - 1) for one in later]
        print(f"{title}: {statistics.median(errors):.1%} off in the median, {max(errors):.1%} at most")
    for measured in (first, second):
        for line in warnings(measured):
            print(f"  {line}")
    print(f"{len(later)} stages, {options.repeat} runs each, {first.threads} at once, {first.machine.processor}")


if __name__ == "__main__":
    main()
