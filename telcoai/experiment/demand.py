"""What load drivers are told: a device's demand and deadlines over a whole run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from telcoai.experiment.matrix import RunKey, derive_seed
from telcoai.model.scenario import (
    ADMISSION_PERIODS,
    Demand,
    DemandChange,
    RequirementsChange,
    Scenario,
    Service,
    ServiceChange,
)
from telcoai.model.workload import WorkloadInfo
from telcoai.orchestrator.runtimes import PORT

TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class DriverFiles:
    """Where one device's driver writes: ``out`` (Arrow stream) and ``live`` (JSON)."""

    out: Path
    live: Path


def driver_config(
    scenario: Scenario, service: Service, device: str, run: RunKey, workload: WorkloadInfo, files: DriverFiles
) -> dict[str, Any]:
    """The configuration of the driver of ``service`` on ``device``, but for ``start_ns``."""
    return {
        "service": service.name,
        "device": device,
        "url": f"http://127.0.0.1:{PORT}",
        "model": service.name,
        "seed": derive_seed(run.seed, "arrivals", service.name, device),
        "warmup_s": scenario.warmup_s,
        "duration_s": scenario.duration_s,
        "demand": [_demand(one, scenario.warmup_s) for one in demands(scenario, service)],
        "deadlines": [{"at_s": at_s, "deadline_ms": deadline_ms} for at_s, deadline_ms in deadlines(scenario, service)],
        "samples": workload.samples,
        "labels": str(workload.samples_path),
        "timeout_s": TIMEOUT_S,
        "out": str(files.out),
        "live": str(files.live),
    }


def demands(scenario: Scenario, service: Service) -> list[Demand]:
    """The service's demand at first and after each change; the first holds through the warm-up.

    While it isn't there nothing is sent. Once it has arrived its demand begins, at the demand's own zero.
    """
    is_there, from_s, now = service.name not in scenario.absent, 0.0, service.demand
    found = [now if is_there else _silence(0.0)]
    for change in scenario.timeline:
        if isinstance(change, DemandChange) and change.service == service.name:
            now = change.demand
            found += [replace(now, at_s=max(now.at_s, from_s))] if is_there else []
        elif isinstance(change, ServiceChange) and change.service == service.name:
            is_there = change.state == "arrives"
            from_s = change.at_s + (ADMISSION_PERIODS * scenario.period_s if is_there else 0.0)
            found = [one for one in found if one.at_s < from_s]
            found.append(replace(now, at_s=from_s) if is_there else _silence(from_s))
    return found


def _silence(at_s: float) -> Demand:
    return Demand("constant", 0.0, at_s)


def deadlines(scenario: Scenario, service: Service) -> list[tuple[float, float | None]]:
    """(seconds after t0, deadline in ms or None) at first and after each change of requirements."""
    changes = [
        (change.at_s + scenario.warmup_s, change.requirements.deadline_ms)
        for change in scenario.timeline
        if isinstance(change, RequirementsChange) and change.service == service.name
    ]
    return [(0.0, service.requirements.deadline_ms), *changes]


def _demand(demand: Demand, warmup_s: float) -> dict[str, Any]:
    return {
        "at_s": demand.at_s + warmup_s if demand.at_s > 0 else 0.0,
        "arrival": demand.arrival,
        "rate_per_s": demand.rate_per_s,
        "trace": demand.trace,
        **demand.parameters,
    }
