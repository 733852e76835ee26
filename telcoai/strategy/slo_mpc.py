"""telcoai's own: requirements first, then joules, over a short horizon that is planned anew each period.

Model predictive control (receding horizon) of the assignment, in four steps:

1. *Forecast.* Each device's rate for the next periods, over as much of the past as fits it (``forecast``).
2. *Correct the model.* Compute and links as they have shown themselves (``lessons``).
3. *Aim.* A requirement is judged period by period, and the percentile of few requests is over the deadline now and
   then though the true one isn't: a higher percentile is aimed at, with which a period is kept with ``CONFIDENCE``.
   Calibrated accuracies are of a sample: what is kept is above the floor by the error of that.
4. *Optimise.* One plan for the whole horizon at its highest forecast (move blocking): per device the least predicted
   joules a request among what keeps deadline and accuracy so (where nothing does, the fewest late requests), decided
   one device after the other against the load of all others (``energy_aware``'s search). What is in force stays unless
   more is gained than noise.

Tried and left out, as the runs were no better with it: a margin on the deadline that grows with late periods, and going
below the accuracy for a while where more was kept before. Left out too: forecasts of links (they change in steps that
nothing foretells), the exact optimum over all devices at once, and the cost of switching (``switching`` knows it).
"""

from __future__ import annotations

import math
from dataclasses import replace

from scipy.special import betaincinv

from telcoai.model.plan import Plan
from telcoai.model.view import MEASURED_PERIODS, ServiceView, View
from telcoai.model.workload import WorkloadInfo
from telcoai.strategy.choice import ACCURACY_MARGIN
from telcoai.strategy.endurance import Endurance
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

ONE_SIDED = 1.645
"""Standard errors above a floor at which a normal figure is over it with a probability of 95 %."""


PARTS = frozenset({"forecast", "lessons", "percentile", "floor"})
"""What it does beyond ``energy_aware``; an ablation leaves some out."""


class SloMpc:
    """Least joules that keep the requirements for the next periods, by a model that learns how far off it is."""

    name = "slo-mpc"
    summary = "telcoai's own: forecasts demand, corrects its model by what was measured, then the least joules in time"

    def __init__(self, parts: frozenset[str] = PARTS) -> None:
        self._parts = parts

    def plan(self, view: View) -> Plan:
        """Replan for the horizon that begins."""
        known = learn(view).applied(view) if "lessons" in self._parts else view
        known = replace(known, services=tuple(self._robust(one, view) for one in known.services))
        sites, powers = as_measured(known), Powers(view.topology)
        settled = settle(known, sites, Thrift(sites, powers, Endurance(known, powers)))
        return as_plan(settled, view.previous, "nothing saves over 5 % and 1 mJ")

    def _robust(self, service: ServiceView, view: View) -> ServiceView:
        """The service with the rates that are to be expected, and with what to aim at to keep what is asked."""
        asked = service.requirements
        if "percentile" in self._parts:
            requests = round(sum(service.rate_per_s.values()) * view.period_s)
            asked = replace(asked, percentile=percentile_to_keep(asked.percentile, requests))
        if "floor" in self._parts and asked.accuracy_min is not None:
            asked = replace(asked, accuracy_min=_floor(service.workload, asked.accuracy_min))
        if "forecast" in self._parts:
            rates = {device: _rate(service, device, view) for device in service.rate_per_s}
            service = replace(service, rate_per_s=rates)
        return replace(service, requirements=asked)


def _floor(workload: WorkloadInfo, asked: float) -> float:
    """The least accuracy to ask for, to which all strategies add ``ACCURACY_MARGIN``, so that the floor is kept at
    95 %; at most what the most accurate variant keeps.

    Two samples lie between what is calibrated and what is scored, those of calibration and those scored; each adds
    its binomial variance.
    """
    if workload.calibrated == 0:
        return asked
    error = math.sqrt(asked * (1 - asked) * (1 / workload.calibrated + 1 / workload.samples))
    best = max(variant.accuracy for variant in workload.variants)
    return max(asked, min(asked + ONE_SIDED * error, best) - ACCURACY_MARGIN)


def percentile_to_keep(percentile: float, requests: int) -> float:
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
    earlier = (one for moment in view.past for one in moment.services if one.name == service.name)
    before = [one.rate_per_s[device] for one in earlier if device in one.rate_per_s]
    return expected([*before, service.rate_per_s[device]], MEASURED_PERIODS, HORIZON, view.period_s)
