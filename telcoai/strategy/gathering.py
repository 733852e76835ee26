"""How many requests run together where a plan asks for batches, and how long they wait for each other.

A core comes free every ℓ / c seconds when all c of a node run batches that take ℓ. The first request after a batch has
got one comes X later, exponential at the rate r of requests, and waits the rest of that time, at least the wait w that
the plan asks for; those who come meanwhile join. With t = max(0, ℓ / c - w) the mean size is

    b = 1 + r × (w + E[(t - X)⁺]) = r × (w + t) + exp(-r t), at least 1 and at most what the plan allows,

and ℓ follows from b, as a batch's time is affine in its size. For one core, no wait and no greatest size only ℓ being
taken for constant is inexact; Inoue, "Queueing analysis of GPU-based inference servers with dynamic batching: a
closed-form characterization", Performance Evaluation 2021, bounds the same queue. What waits beyond that, because
batches are full, is left to the queue of the node, where each request counts with its share of a full batch's time.

At the percentile the first request waits (t + ln q / r)⁺ + w, with t over several cores up to three times as long, and
its batch is larger by 1.64 deviations of a Poisson count.

Left out: work at the node that isn't of the same kind (it makes batches larger), and priority.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from telcoai.model.plan import Assignment
from telcoai.model.view import ServiceView
from telcoai.strategy.batch_times import ALONE, Gathering, Place, Row
from telcoai.strategy.course import rows
from telcoai.strategy.exits import Option
from telcoai.strategy.frames import frames_of
from telcoai.strategy.sites import Sites

TAIL, DEVIATIONS = 0.95, 1.64
"""The percentile that waits and sizes are told at, and the standard normal distribution's quantile there."""

_STEPS = 40
"""Halvings of the range of sizes; what is left of 64 is nothing."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A device's assignment on one row of hops, the option behind it, its service, and the share of the device's
    requests that take it."""

    assignment: Assignment
    option: Option
    service: ServiceView
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Crowd:
    """Requests that may run together at a node, ``most`` of them, after a wait of ``wait_s``; ``held_s``: a batch's
    time by its size, in seconds."""

    most: int
    wait_s: float
    cores: int
    held_s: Callable[[float], float]

    def next_s(self, size: float) -> float:
        """Seconds between cores that come free, while all run batches of the size."""
        return self.held_s(size) / self.cores


def gathering(rate_per_s: float, crowd: Crowd) -> Gathering:
    """What becomes of so many requests a second that may run together."""
    if crowd.most <= 1:
        return ALONE
    if rate_per_s <= 0:
        return Gathering(crowd.most, 1.0, crowd.wait_s, 0.0)
    size = _mean_size(rate_per_s, crowd)
    first_s = min((size - 1) / rate_per_s, max(crowd.wait_s, crowd.next_s(size)))
    mean_s = first_s * (size + 1) / (2 * size)
    return Gathering(crowd.most, size, mean_s, _late_s(rate_per_s, size, crowd) - mean_s)


def _mean_size(rate_per_s: float, crowd: Crowd) -> float:
    """The size that comes of itself: a larger one would take longer, and yet not as much as it would have to."""
    low, high = 1.0, float(crowd.most)
    for _ in range(_STEPS):
        size = (low + high) / 2
        more_s = max(0.0, crowd.next_s(size) - crowd.wait_s)
        if rate_per_s * (crowd.wait_s + more_s) + math.exp(-rate_per_s * more_s) > size:
            low = size
        else:
            high = size
    return low


def _late_s(rate_per_s: float, size: float, crowd: Crowd) -> float:
    """What the first of a batch waits at the percentile, and how much longer a batch is then than on average."""
    more_s = max(0.0, crowd.next_s(size) - crowd.wait_s)
    spread = 1.0 if crowd.cores == 1 else min(3.0, crowd.cores)
    waits_s = max(0.0, more_s * spread + math.log(TAIL) / rate_per_s) + min(crowd.wait_s, (crowd.most - 1) / rate_per_s)
    larger = min(float(crowd.most), size + DEVIATIONS * math.sqrt(size - 1))
    return waits_s + crowd.held_s(larger) - crowd.held_s(size)


def gathered(asked: Iterable[Asked], sites: Sites) -> Mapping[tuple[Assignment, Place], Gathering]:
    """For each assignment that asks for batches, what happens at each row of its stages on one node. None has replicas:
    each row of hops comes by itself."""
    crowds: dict[tuple[object, ...], Crowd] = {}
    rates: dict[tuple[object, ...], float] = {}
    places: dict[tuple[Assignment, Place], tuple[object, ...]] = {}
    for one in asked:
        plan, reach = one.assignment, one.option.forecast.reach
        for first, last in rows(plan.hops) if plan.batch > 1 else ():
            node, alike = plan.hops[first], (plan.wire, plan.batch, plan.batch_wait_ms, plan.priority)
            key = (node, one.service.workload.name, plan.variant, first, *alike)
            rate_per_s = one.service.rate_per_s[plan.device] * one.share
            crowd = crowds.get(key) or crowd_of(one, (first, last), sites)
            if crowd is not None:
                crowds[key], places[plan, (node, first)] = crowd, key
                rates[key] = rates.get(key, 0.0) + rate_per_s * reach[first]
    found = {key: gathering(rates[key], crowd) for key, crowd in crowds.items()}
    return {place: found[key] for place, key in places.items()}


def crowd_of(one: Asked, stages: tuple[int, int], sites: Sites) -> Crowd | None:
    """Those who run these stages as the assignment does; None where the node can't."""
    plan, workload, variant = one.assignment, one.service.workload, one.option.variant
    node, own = plan.hops[stages[0]], slice(stages[0], stages[1] + 1)
    times = sites.seconds(node, workload, variant) if sites.alive(node) else None
    if times is None:
        return None
    profile, seconds = sites.profile(node), list(times[own])
    if stages[0] == 0 and node != plan.device:
        seconds[0] += frames_of(one.service).decode_s(profile, variant)
    row = Row(seconds, sites.once(node, workload, variant)[own], one.option.forecast.reach[own])
    return Crowd(plan.batch, plan.batch_wait_ms / 1e3, profile.cores, row.held_s)
