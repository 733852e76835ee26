"""Demand and requirements: from keys to values."""

from __future__ import annotations

from telcoai.model.requirements import Requirements
from telcoai.model.scenario import Demand
from telcoai.spec.places import Places
from telcoai.spec.references import Dangling, beside
from telcoai.spec.scenario_form import Constant, DemandForm, Diurnal, Gamma, Ramp, RequirementsForm, Trace


def demand(places: Places, written: DemandForm, at_s: float, *place: str | int) -> Demand:
    """A service's demand from ``at_s`` on; a trace that isn't there is noted."""
    if isinstance(written, Trace):
        return Demand("trace", 0.0, at_s, {}, _trace(places, written.trace, *place, "trace"))
    return Demand(written.arrival, written.rate, at_s, _parameters(written))


def requirements(written: RequirementsForm, before: Requirements) -> Requirements:
    """The requirements after ``written``; what it doesn't name stays as before."""
    percentile, deadline_ms = before.percentile, before.deadline_ms
    if written.latency is not None:
        ((key, deadline_ms),) = written.latency.model_dump(exclude_unset=True).items()
        percentile = float(key.removeprefix("p"))
    accuracy, energy = written.accuracy, written.energy
    return Requirements(
        percentile=percentile,
        deadline_ms=deadline_ms,
        accuracy_min=before.accuracy_min if accuracy is None else accuracy.min,
        energy_per_request_j=_or(energy.per_request if energy else None, before.energy_per_request_j),
        lasts_s=_or(energy.lasts if energy else None, before.lasts_s),
        weight=before.weight if written.weight is None else written.weight,
    )


def _or(written: float | None, before: float | None) -> float | None:
    return before if written is None else written


def _parameters(written: DemandForm) -> dict[str, float]:
    """The arrival's own parameters, under the names that ``model.scenario.Demand`` documents."""
    if isinstance(written, Gamma):
        return {"cv": written.cv}
    if isinstance(written, Ramp):
        return {"to_per_s": written.to, "over_s": written.over}
    if isinstance(written, Diurnal):
        return {"period_s": written.period, "amplitude": written.amplitude} | _phase(written.phase)
    return _phase(written.phase) if isinstance(written, Constant) else {}


def _phase(phase: float | None) -> dict[str, float]:
    return {} if phase is None else {"phase": phase}


def _trace(places: Places, reference: str, *place: str | int) -> str:
    if not reference.endswith(".csv"):
        places.report(f"{reference!r} is not a CSV file (allowed: names ending in .csv)", *place)
        return ""
    try:
        return str(beside(reference, places.mark(*place).path))
    except Dangling as err:
        places.report(str(err), *place)
        return ""
