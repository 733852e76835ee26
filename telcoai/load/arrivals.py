"""Arrival processes as pure arithmetic: a demand and a seeded generator give times in seconds.

Times count from the begin of a span of ``length_s`` seconds. ``lead_s`` of them pass before the demand's own zero (the
warm-up): a ramp holds its first rate meanwhile, a day's curve is continued backwards, and a trace's first ``lead_s``
seconds are played once in rehearsal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from telcoai.errors import InputError
from telcoai.load.trace import read_trace
from telcoai.model.scenario import Demand

Seconds = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Span:
    """The part of a schedule that one demand fills."""

    length_s: float
    lead_s: float = 0.0


def constant(demand: Demand, span: Span, rng: np.random.Generator) -> Seconds:
    """One arrival every 1/rate seconds, the first after ``phase``/rate.

    ``phase`` in [0, 1) is drawn from the seed unless given, so that devices don't fire in step.
    """
    drawn = float(rng.random())
    phase = demand.parameters.get("phase", drawn)
    if demand.rate_per_s == 0:
        return np.empty(0)
    count = max(0, math.ceil(span.length_s * demand.rate_per_s - phase))
    times: Seconds = (np.arange(count, dtype=np.float64) + phase) / demand.rate_per_s
    return times


def poisson(demand: Demand, span: Span, rng: np.random.Generator) -> Seconds:
    """Independent arrivals: a Poisson number of them, each uniform over the span."""
    count = rng.poisson(demand.rate_per_s * span.length_s)
    return np.sort(rng.random(count)) * span.length_s


def gamma(demand: Demand, span: Span, rng: np.random.Generator) -> Seconds:
    """Renewals with gamma gaps of coefficient of variation ``cv`` (1 is Poisson, above 1 comes in bursts).

    The first gap is what is left of a gap that a point in time falls into (length-biased, hence shape + 1, times a
    uniform share): the process has been going on for long, and its mean rate holds from the first instant.
    """
    if demand.rate_per_s == 0:
        return np.empty(0)
    shape = demand.parameters["cv"] ** -2
    scale = 1 / (shape * demand.rate_per_s)
    parts = [np.array([rng.random() * rng.gamma(shape + 1, scale)])]
    while parts[-1][-1] < span.length_s:
        gaps = rng.gamma(shape, scale, size=max(64, int(demand.rate_per_s * span.length_s * 1.1)))
        parts.append(parts[-1][-1] + np.cumsum(gaps))
    times: Seconds = np.concatenate(parts)
    return times[times < span.length_s]


def ramp(demand: Demand, span: Span, rng: np.random.Generator) -> Seconds:
    """Poisson arrivals whose rate goes in a line from ``rate_per_s`` to ``to_per_s`` in ``over_s``, then stays.

    Exact by inversion: uniform draws over the integrated rate, mapped back through its inverse.
    """
    line = _Line(demand.rate_per_s, demand.parameters["to_per_s"], demand.parameters["over_s"], span.lead_s)
    total = line.integral(span.length_s)
    drawn = np.sort(rng.random(rng.poisson(total))) * total
    return line.inverse(drawn)


def diurnal(demand: Demand, span: Span, rng: np.random.Generator) -> Seconds:
    """Poisson arrivals of rate ``rate_per_s`` · (1 + ``amplitude`` · sin(2π(t/``period_s`` + ``phase``))).

    Exact by thinning: candidates at the highest rate, each kept with probability rate / highest. ``phase`` (share of
    a period) is 0 unless given, so that all devices share the same day.
    """
    amplitude = demand.parameters["amplitude"]
    candidates = np.sort(rng.random(rng.poisson(demand.rate_per_s * (1 + amplitude) * span.length_s)))
    times = candidates * span.length_s
    turns = (times - span.lead_s) / demand.parameters["period_s"] + demand.parameters.get("phase", 0.0)
    share = (1 + amplitude * np.sin(2 * np.pi * turns)) / (1 + amplitude)
    return times[rng.random(times.size) < share]


def trace(demand: Demand, span: Span, _: np.random.Generator) -> Seconds:
    """The times of the file ``demand.trace`` as they are; nothing is drawn, nothing comes after its end.

    ``rate_per_s`` only says what the trace amounts to; it doesn't stretch it.
    """
    times = read_trace(demand.trace)
    rehearsal = times[times < span.lead_s]
    played = times[times < span.length_s - span.lead_s] + span.lead_s
    both: Seconds = np.concatenate([rehearsal, played])
    return both[both < span.length_s]


@dataclass(frozen=True, slots=True)
class _Line:
    """A rate that is ``low`` for ``lead_s``, goes to ``high`` in ``over_s``, and stays there."""

    low: float
    high: float
    over_s: float
    lead_s: float

    def integral(self, at_s: float) -> float:
        """Expected arrivals in [0, ``at_s``)."""
        rising = min(max(at_s - self.lead_s, 0.0), self.over_s)
        risen = max(at_s - self.lead_s - self.over_s, 0.0)
        slope = (self.high - self.low) / self.over_s
        return self.low * (min(at_s, self.lead_s) + rising) + slope * rising**2 / 2 + self.high * risen

    def inverse(self, expected: Seconds) -> Seconds:
        """The times at which the integral reaches ``expected``.

        2y / (low + √(low² + 2·slope·y)) is the root of the line's integral that also holds for slope 0.
        """
        at_lead, at_high = self.integral(self.lead_s), self.integral(self.lead_s + self.over_s)
        rising = np.clip(expected - at_lead, 0.0, at_high - at_lead)
        slope = (self.high - self.low) / self.over_s
        root = np.sqrt(np.maximum(self.low**2 + 2 * slope * rising, 0.0)) + self.low
        times = np.divide(2 * rising, root, out=np.zeros_like(rising), where=root > 0)
        times = times + (np.minimum(expected, at_lead) / self.low if self.low > 0 else self.lead_s)
        if self.high > 0:
            times = times + np.maximum(expected - at_high, 0.0) / self.high
        return times


@dataclass(frozen=True, slots=True)
class Arrival:
    """How an arrival is drawn, and the parameters that it needs and may have, each with its range (inclusive)."""

    draw: Callable[[Demand, Span, np.random.Generator], Seconds]
    needs: Mapping[str, tuple[float, float]]
    may: Mapping[str, tuple[float, float]]


LEAST_RATE_PER_S = 1e-6
_SHARE = (0.0, math.nextafter(1.0, 0.0))
ARRIVALS: Mapping[str, Arrival] = MappingProxyType(
    {
        "constant": Arrival(constant, {}, {"phase": _SHARE}),
        "poisson": Arrival(poisson, {}, {}),
        "gamma": Arrival(gamma, {"cv": (0.01, 100.0)}, {}),
        "ramp": Arrival(ramp, {"to_per_s": (0.0, 1e7), "over_s": (1e-6, 1e9)}, {}),
        "diurnal": Arrival(diurnal, {"period_s": (1e-6, 1e9), "amplitude": (0.0, 1.0)}, {"phase": _SHARE}),
        "trace": Arrival(trace, {}, {}),
    }
)


def check_demand(demand: Demand) -> None:
    """InputError that names what is wrong with a demand's arrival, rate or parameters."""
    arrival = ARRIVALS.get(demand.arrival)
    if arrival is None:
        raise InputError(f"unknown arrival {demand.arrival!r}", f"allowed: {', '.join(ARRIVALS)}")
    _check("rate_per_s", demand.rate_per_s, (0.0, 1e7), demand)
    if (demand.arrival == "trace") != bool(demand.trace):
        raise InputError(f"arrival {demand.arrival}: a trace file goes with arrival trace, and only with it")
    for name in arrival.needs:
        if name not in demand.parameters:
            raise InputError(f"arrival {demand.arrival} needs the parameter {name}")
    ranges = {**arrival.needs, **arrival.may}
    for name, value in demand.parameters.items():
        if name not in ranges:
            known = ", ".join(ranges) or "none"
            raise InputError(f"arrival {demand.arrival} has no parameter {name}", f"allowed: {known}")
        _check(name, value, ranges[name], demand)


def _check(name: str, value: float, bounds: tuple[float, float], demand: Demand) -> None:
    if not bounds[0] <= value <= bounds[1]:
        text = f"arrival {demand.arrival}: {name} is {value:g}, not within {bounds[0]:g} to {bounds[1]:g}"
        raise InputError(text)
    if name.endswith("_per_s") and 0 < value < LEAST_RATE_PER_S:
        raise InputError(f"arrival {demand.arrival}: {name} is {value:g}, neither 0 nor {LEAST_RATE_PER_S:g} or more")
