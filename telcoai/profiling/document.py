"""A device profile's file, from what was measured and what was given."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from telcoai import units
from telcoai.model.topology import Band
from telcoai.model.workload import WorkloadInfo
from telcoai.profiling.fit import Fit, Point, fit
from telcoai.profiling.job import Job, Measurement
from telcoai.profiling.layout import WIDTH, laid_out
from telcoai.profiling.spread import Spread, spread_of, spreads, warnings
from telcoai.spec.form import API_VERSION

LONGEST_TEXT = 1000
"""Characters of a source, by the form."""


APART = 2
"""Times by which stages' operations must differ, for overhead and speed to be two figures."""


@dataclass(frozen=True, slots=True)
class Given:
    """What isn't measured. ``cores``: None for as many as the machine has; powers in W, with their sources."""

    name: str
    cores: int | None
    idle_w: Band
    busy_w: Band


@dataclass(frozen=True)
class Outcome:
    """A made profile: ``document`` as its file holds it. ``points`` are the stages in the workload's order."""

    document: dict[str, Any]
    spreads: Mapping[str, tuple[Spread, ...]]
    points: Sequence[Point]
    fit: Fit
    warnings: Sequence[str]

    def text(self) -> str:
        """The file."""
        measured = self.document["spec"]["measured"]
        said = [f"{measured['machine']}, measured with {measured['workload']} by telcoai profile", *self.warnings]
        comment = "\n".join(line for one in said for line in textwrap.wrap(f"# {one}.", WIDTH, subsequent_indent="# "))
        return f"{comment}\n{laid_out(self.document)}"


def outcome(given: Given, info: WorkloadInfo, job: Job, measured: Measurement) -> Outcome:
    """The profile of a machine; InputError when no stage of the job has operations."""
    found = spreads(measured)
    points = [
        Point(variant.precision, stage.flops, found[variant.name][stage.index].median_s)
        for variant in info.variants
        if variant.name in found
        for stage in variant.stages
    ]
    fitted, told = fit(points), [*warnings(measured), *_unlike_too_little(points)]
    source = f"Measured {measured.date[:10]} on {measured.machine.processor}"
    spec = {
        **_machine(given, measured),
        "overhead": {"value": f"{_plain(fitted.overhead_s * 1e3)}ms", "source": _fit_source(source, info, fitted)},
        "jpeg_decode": _decode(source, measured),
        "speeds": [_speed(source, info, precision, points, fitted) for precision in fitted.gflops],
        "stages": [_stages(source, name, stages, measured.threads) for name, stages in found.items()],
        "measured": _circumstances(info, job, measured, told),
    }
    document = {"apiVersion": API_VERSION, "kind": "DeviceProfile", "metadata": {"name": given.name}, "spec": spec}
    return Outcome(document, found, points, fitted, told)


def _unlike_too_little(points: Sequence[Point]) -> Iterator[str]:
    flops = [one.flops for one in points if one.flops]
    if max(flops) < APART * min(flops):
        yield (
            f"operations of the stages differ by less than {APART} times, so the overhead can hardly be told from the "
            "speed: variants of other sizes would tell"
        )


def _machine(given: Given, measured: Measurement) -> dict[str, Any]:
    machine = measured.machine
    has = f"{machine.cores} usable cores of {machine.processor}"
    cores = given.cores or machine.cores
    source = has if cores == machine.cores else f"Given to telcoai profile; there are {has}"
    return {
        "cores": {"value": cores, "source": source},
        "memory": {"value": f"{machine.memory_bytes >> 20}MiB", "source": "Physical memory, as the kernel counts it"},
        "power": {"idle": _power(given.idle_w), "busy": _power(given.busy_w)},
    }


def _power(band: Band) -> dict[str, Any]:
    figures = {"value": band.value, "low": band.low, "high": band.high}
    kept = {key: units.text(one, "power", "W") for key, one in figures.items() if key == "value" or one != band.value}
    return {**kept, "source": band.source[:LONGEST_TEXT]}


def _fit_source(source: str, info: WorkloadInfo, fitted: Fit) -> str:
    worst = max(abs(ratio - 1) for ratio in fitted.ratios)
    return (
        f"{source}: time = overhead + operations / speed, by least absolute relative deviations over "
        f"{len(fitted.ratios)} stages of {info.family}; they are {fitted.deviation:.0%} off it in the median, "
        f"{worst:.0%} at most"
    )


def _speed(source: str, info: WorkloadInfo, precision: str, points: Sequence[Point], fitted: Fit) -> dict[str, Any]:
    """The band is by the quartiles of measured over fitted time."""
    own = [ratio for ratio, one in zip(fitted.ratios, points, strict=True) if one.precision == precision]
    spread = spread_of([round(ratio * 1e9) for ratio in own])
    value = fitted.gflops[precision]
    return {
        "precision": precision,
        "value": _gflops(value),
        "low": _gflops(value / max(1.0, spread.high_s)),
        "high": _gflops(value / min(1.0, spread.low_s)),
        "source": f"{_fit_source(source, info, fitted)}. Low and high: by the quartiles of {len(own)} stages",
    }


def _decode(source: str, measured: Measurement) -> dict[str, Any]:
    rates = sorted(size**2 / 1e6 / spread_of(runs).median_s for size, runs in measured.decode.items())
    middle = rates[len(rates) // 2]
    sizes = ", ".join(str(size) for size in sorted(measured.decode))
    runs = len(next(iter(measured.decode.values())))
    return {
        "value": f"{_plain(middle)}Mpx/s",
        "low": f"{_plain(rates[0])}Mpx/s",
        "high": f"{_plain(rates[-1])}Mpx/s",
        "source": f"{source}: median of {runs} frames of each edge ({sizes} pixels); low and high: of the edges",
    }


def _stages(source: str, variant: str, stages: Sequence[Spread], threads: int) -> dict[str, Any]:
    return {
        "variant": variant,
        "times": _milliseconds(one.median_s for one in stages),
        "low": _milliseconds(one.low_s for one in stages),
        "high": _milliseconds(one.high_s for one in stages),
        "runs": stages[0].runs,
        "source": f"{source}: medians and quartiles, {threads} stages at once",
    }


def _circumstances(info: WorkloadInfo, job: Job, measured: Measurement, told: Sequence[str]) -> dict[str, Any]:
    machine = measured.machine
    return {
        "date": measured.date,
        "workload": info.name,
        **{key: getattr(machine, key) for key in ("machine", "processor", "kernel", "governor")},
        **{key: getattr(machine, key) for key in ("python", "onnxruntime", "telcoai")},
        "threads": measured.threads,
        "warmup": job.warmup,
        "seed": job.seed,
        "warnings": list(told),
    }


def _milliseconds(values: Iterable[float]) -> list[str]:
    return [f"{_plain(value * 1e3)}ms" for value in values]


def _gflops(value: float) -> str:
    return f"{_plain(value)}GFLOP/s"


def _plain(value: float) -> str:
    """Four significant digits, without an exponent."""
    return format(Decimal(f"{value:.4g}"), "f")
