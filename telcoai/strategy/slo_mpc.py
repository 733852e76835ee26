"""telcoai's own: requirements first, then joules, over a short horizon that is planned anew each period.

Model predictive control (receding horizon) of the assignment, in three steps:

1. *Forecast.* Each device's rate for the next periods, over as much of the past as fits it (``forecast``).
2. *Correct the model.* Compute and links as they have shown themselves (``lessons``), and a margin on each deadline
   that grows with the share of recent periods in which the device's latency was over it. A requirement is judged period
   by period, and the percentile of few requests is over the deadline now and then though the true one isn't: so a
   higher percentile is aimed at, with which a period is kept with ``CONFIDENCE`` (binomial).
3. *Optimise.* One plan for the whole horizon at its highest forecast (move blocking): per device the least predicted
   joules a request whose predicted percentile keeps the deadline with its margin (where none does, the fewest requests
   that are late), decided one device after the other
   against the load of all others (``energy_aware``'s search). What is in force stays unless more is gained than noise.

Left out: forecasts of links (they change in steps that nothing foretells), the exact optimum over all devices at once,
and the cost of switching, which is nothing where all variants are loaded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from scipy.special import betaincinv

from telcoai.model.plan import Plan
from telcoai.model.view import MEASURED_PERIODS, ServiceView, View
from telcoai.strategy.energy_aware import Thrift
from telcoai.strategy.forecast import expected
from telcoai.strategy.greedy import as_plan, settle
from telcoai.strategy.joules import Powers
from telcoai.strategy.lessons import learn
from telcoai.strategy.sites import as_measured

HORIZON = 3
"""Periods that a plan has to hold for: it takes one to see a change, and one to move."""

CONFIDENCE = 0.95
"""Share of periods that are to keep the percentile asked."""

MARGINS = ((0.25, 0.1), (0.5, 0.2), (1.0, 0.3))
"""Up to which share of recent periods with a late percentile, how much of the deadline is kept in hand. A percentile of
some fifty answers is over the deadline now and then though the true one is below."""

MEMORY = 10
"""Recent periods that a margin goes by."""


class SloMpc:
    """Least joules that keep the requirements for the next periods, by a model that learns how far off it is."""

    name = "slo-mpc"
    summary = "telcoai's own: forecasts demand, corrects its model by what was measured, then the least joules in time"

    def plan(self, view: View) -> Plan:
        """Replan for the horizon that begins."""
        known = learn(view).applied(view)
        known = replace(known, services=tuple(part for one in view.services for part in _parts(one, view)))
        sites = as_measured(known)
        settled = settle(known, sites, Thrift(sites, Powers(view.topology)))
        return as_plan(settled, view.previous, "nothing saves over 5 % and 1 mJ")


def _parts(service: ServiceView, view: View) -> Iterator[ServiceView]:
    """The service's devices by their margin, with the rates that are to be expected."""
    deadline_ms = service.requirements.deadline_ms
    percentile = aim(service.requirements.percentile, round(sum(service.rate_per_s.values()) * view.period_s))
    margins = {device: _margin(service, device, view) for device in service.rate_per_s}
    for margin in sorted(set(margins.values())):
        rates = {device: _rate(service, device, view) for device in service.rate_per_s if margins[device] == margin}
        kept_ms = None if deadline_ms is None else deadline_ms * (1 - margin)
        asked = replace(service.requirements, deadline_ms=kept_ms, percentile=percentile)
        yield replace(service, rate_per_s=rates, requirements=asked)


def aim(percentile: float, requests: int) -> float:
    """The percentile to keep so that the one asked, by nearest rank over so many requests, is kept with
    ``CONFIDENCE``; never below the one asked.

    Of n requests k = n - ⌈n·q⌉ may be late. They are no more with that probability when each is late with p, the
    quantile of a beta distribution (Clopper and Pearson, Biometrika 1934).
    """
    allowed = requests - math.ceil(requests * percentile / 100)
    if requests < 1 or allowed >= requests:
        return percentile
    late = float(betaincinv(allowed + 1, requests - allowed, 1 - CONFIDENCE))
    return max(percentile, 100 * (1 - late))


def _rate(service: ServiceView, device: str, view: View) -> float:
    before = [one.rate_per_s[device] for one in _earlier(service, view, len(view.past)) if device in one.rate_per_s]
    return expected([*before, service.rate_per_s[device]], MEASURED_PERIODS, HORIZON, view.period_s)


def _margin(service: ServiceView, device: str, view: View) -> float:
    """The more of the recent periods were late, the larger."""
    deadline_ms = service.requirements.deadline_ms
    seen = [one.latency_ms[device] for one in _earlier(service, view, MEMORY) if device in one.latency_ms]
    late = sum(latency_ms > (deadline_ms or math.inf) for latency_ms in seen) / max(1, len(seen))
    return next(margin for most, margin in MARGINS if late <= most)


def _earlier(service: ServiceView, view: View, count: int) -> Iterator[ServiceView]:
    """The service in the latest moments, oldest first."""
    for moment in view.past[len(view.past) - min(count, len(view.past)) :]:
        yield from (one for one in moment.services if one.name == service.name)
