"""telcoai's own: requirements first, then joules, by a model that corrects itself, planned anew each period.

Model predictive control (receding horizon) of the assignment, in five steps:

1. *Correct the model.* Compute and links as they have shown themselves (``lessons``).
2. *Aim.* A requirement is judged period by period, and the percentile of few requests is over the deadline now and
   then though the true one isn't: a higher percentile is aimed at, with which a period is kept with ``CONFIDENCE``. An
   accuracy is judged over all of its phase: where less than the margin that all strategies have is enough to keep it
   so, by the samples that it was calibrated on and the requests to be expected, less is kept in hand; all of it in a
   phase that has been late, where the last step has a better use for it.
3. *Yield.* Where a battery can't bear the accuracy asked for as long as it has to last, its device is asked for less
   (``bearable``): an accuracy is missed for a phase, a lifetime for good.
4. *Optimise.* One plan for the next period: per device the least predicted joules a request among what keeps deadline
   and accuracy so (where nothing does, the fewest late requests), decided one device after the other against the load
   of all others (``energy_aware``'s search). What is in force stays unless more is gained than noise.
5. *Risk.* Where that leaves a device late, it may do without the margin that all strategies have on accuracy: one that
   is kept with certainty is of no use when nothing is in time.

Tried and left out, as the runs were no better with it: a margin on the deadline that grows with late periods, and a
forecast of demand (no change was foretold by a trend in what was seen). Left out too: forecasts of links (they change
in steps that nothing foretells), the exact optimum over all devices at once, and the cost of switching (``switching``
knows it).
"""

from __future__ import annotations

from dataclasses import replace

from telcoai.model.plan import Plan
from telcoai.model.view import ServiceView, View
from telcoai.strategy.bearable import Bearable
from telcoai.strategy.choice import ACCURACY_MARGIN
from telcoai.strategy.endurance import Endurance
from telcoai.strategy.energy_aware import Thrift
from telcoai.strategy.greedy import Settled, as_plan, settle
from telcoai.strategy.joules import Powers
from telcoai.strategy.kept import CONFIDENCE, accuracy_to_keep, percentile_to_keep
from telcoai.strategy.lessons import learn
from telcoai.strategy.parted import parted
from telcoai.strategy.phases import in_time, requests_to_come, since_asked
from telcoai.strategy.risk import Risk
from telcoai.strategy.sites import as_measured

PARTS = frozenset({"lessons", "percentile", "margin", "batteries", "risk"})
"""What it does beyond ``energy_aware``; an ablation leaves some out."""


class SloMpc:
    """Least joules that keep the requirements of the next period, by a model that learns how far off it is."""

    name = "slo-mpc"
    summary = "telcoai's own: learns how far off its model is, aims to keep each period and phase, then least joules"

    def __init__(self, parts: frozenset[str] = PARTS) -> None:
        self._parts = parts

    def plan(self, view: View) -> Plan:
        """Decide for the period that begins."""
        known = learn(view).applied(view) if "lessons" in self._parts else view
        if "percentile" in self._parts:
            known = replace(known, services=tuple(_aimed(one, view.period_s) for one in known.services))
        if "margin" in self._parts:
            known = parted(known, {one.name: _spared(one, view) for one in view.services})
        sites, powers = as_measured(known), Powers(view.topology)
        endurance = Endurance(known, powers)
        if "batteries" in self._parts:
            known = Bearable(sites, powers, endurance).asked_of(known)
        thrift = Thrift(sites, powers, endurance)
        settled = settle(known, sites, thrift)
        if "risk" in self._parts and (late := _late(view, settled)):
            risky = settle(parted(known, late), sites, thrift)
            pays = Risk(view, sites).pays(risky, settled)
            if pays:
                some = parted(known, {name: less for name, less in late.items() if name in pays})
                settled = risky if pays >= late.keys() else settle(some, sites, thrift)
        return as_plan(settled, view.previous, "nothing saves over 5 % and 1 mJ")


def _late(view: View, settled: Settled) -> dict[str, dict[str, float]]:
    """What is left of the margin on accuracy, by service and device, of those that aren't in time."""
    asked = {one.name: one.requirements.accuracy_min for one in view.services}
    found: dict[str, dict[str, float]] = {}
    for job, choice in settled:
        floor, kept = asked[job.service.name], job.service.requirements.accuracy_min
        if floor is not None and kept is not None and choice.misses:
            found.setdefault(job.service.name, {})[job.device] = max(0.0, kept + ACCURACY_MARGIN - floor)
    return found


def _spared(service: ServiceView, view: View) -> dict[str, float]:
    """What of the margin on accuracy devices needn't keep; nothing in a phase that has been late, or where calibrations
    don't say of how many samples."""
    asked, calibrated = service.requirements.accuracy_min, service.workload.calibrated
    if asked is None or not calibrated:
        return {}
    past = [then for then, _ in since_asked(service, view)]
    if sum(map(in_time, past)) < CONFIDENCE * len(past):
        return {}
    enough = accuracy_to_keep(asked, calibrated, requests_to_come(service, past, view.period_s)) - asked
    return dict.fromkeys(service.rate_per_s, max(0.0, ACCURACY_MARGIN - enough))


def _aimed(service: ServiceView, period_s: float) -> ServiceView:
    """The service with the percentile that keeps the one asked in the requests of a period."""
    asked = service.requirements
    requests = round(sum(service.rate_per_s.values()) * period_s)
    aimed = percentile_to_keep(asked.percentile, requests)
    return replace(service, requirements=replace(asked, percentile=aimed))
