"""Schedules: when each request of a device is due, as int64 nanoseconds, known before the start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from telcoai.errors import InputError
from telcoai.load.arrivals import ARRIVALS, Span, check_demand
from telcoai.model.scenario import Demand

MOST_ARRIVALS = 50_000_000
_ARRIVALS_STREAM, _SAMPLES_STREAM = 1, 2


def make_schedule(demands: Sequence[Demand], duration_s: float, warmup_s: float, seed: int) -> NDArray[np.int64]:
    """Times in ns after the start, sorted, within [0, warm-up + duration).

    ``at_s`` of demands counts from the start. Each demand holds until the next one's ``at_s``; of several with the
    same ``at_s`` the last one counts. Each has a random stream of its own, so a change leaves what came before as it
    was. A demand from 0 on has its own zero (a ramp's begin, a trace's first second) at the end of the warm-up.
    """
    end_s = warmup_s + duration_s
    ordered = sorted(demands, key=lambda demand: demand.at_s)
    parts = [np.empty(0, np.int64)]
    for index, demand in enumerate(ordered):
        check_demand(demand)
        until_s = ordered[index + 1].at_s if index + 1 < len(ordered) else end_s
        begin_s = max(demand.at_s, 0.0)
        span = Span(min(until_s, end_s) - begin_s, warmup_s if begin_s == 0 else 0.0)
        if span.length_s > 0:
            parts.append(_draw(demand, span, begin_s, np.random.default_rng([seed, _ARRIVALS_STREAM, index])))
    return np.concatenate(parts)


def make_samples(count: int, samples: int, seed: int) -> NDArray[np.int32]:
    """Which sample each of ``count`` requests carries: every one of ``samples`` once, shuffled, then anew."""
    rng = np.random.default_rng([seed, _SAMPLES_STREAM])
    rounds = [rng.permutation(samples) for _ in range(-(-count // samples))]
    return np.concatenate([np.empty(0, np.int32), *rounds])[:count].astype(np.int32)


def _draw(demand: Demand, span: Span, begin_s: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """One span's arrivals in whole ns."""
    highest = max(demand.rate_per_s, demand.parameters.get("to_per_s", 0.0))
    if highest * span.length_s > MOST_ARRIVALS:
        raise InputError(
            f"{highest:g} requests/s for {span.length_s:g} s are more than {MOST_ARRIVALS:,} requests",
            "lower the rate or the duration",
        )
    times = ARRIVALS[demand.arrival].draw(replace(demand, at_s=begin_s), span, rng)
    begin_ns, length_ns = round(begin_s * 1e9), round(span.length_s * 1e9)
    return begin_ns + np.clip(np.rint(times * 1e9).astype(np.int64), 0, max(length_ns - 1, 0))
