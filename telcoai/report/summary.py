"""The figures of each run: summary.json and summary.csv.

Only requests scheduled after warm-up count. Energy per request is dynamic energy: what busy cores and radios took on
top of idle, of all scored requests, divided by the number of requests scheduled. ``energy_j_total`` is all of
energy.parquet: every node over the scored window, idle included. ``joules_per_correct_on_time`` is the dynamic energy
of all scored requests divided by the number of answers that were correct and on time. ``tail_ms`` is latency at the
percentile asked of each service, failed requests infinitely late; ``tail_of_deadline`` the worst share of a deadline.
Fairness is Jain's index of the shares of periods met, over services and over devices.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telcoai.report.batteries import first_empty_s, least_left, shortest_life_s
from telcoai.report.fairness import jain
from telcoai.report.isolation import used_by_others
from telcoai.report.loading import loads_of
from telcoai.report.reaction import median_until_met_s
from telcoai.report.requirements import devices_met, domains_met, requirements_met, services_met, weighted_met
from telcoai.report.run import DROPPED, Run
from telcoai.report.switching import plans_changed, plans_decided, switches_per_device
from telcoai.report.tail import tail_of_deadline, tails_ms

NAN = math.nan


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Exact percentiles by nearest rank (each is a latency that was measured), ms; NaN without an answer."""

    p50: float = NAN
    p90: float = NAN
    p95: float = NAN
    p99: float = NAN
    max: float = NAN


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The figures of one run, with the keys of summary.json. ``tail_ms`` and ``services_met`` are by service,
    ``domains_met`` by the domain of services;
    ``fairness_services`` and ``fairness_devices`` are NaN for one alone, and where nothing was met."""

    strategy: str
    repetition: int
    valid: bool
    why_invalid: tuple[str, ...]
    requests: int
    errors: int
    dropped: int
    model_loads: int
    loading_s: float
    latency_ms: Percentiles
    tail_ms: Mapping[str, float]
    tail_of_deadline: float
    accuracy: float
    effective_accuracy: float
    energy_j_per_request: float
    energy_j_total: float
    joules_per_correct_on_time: float
    requirements_met: float
    services_met: Mapping[str, float]
    domains_met: Mapping[str, float]
    weighted_met: float
    closed_used_by_others: float
    charge_left_least: float
    first_empty_s: float
    shortest_life_s: float
    fairness_services: float
    fairness_devices: float
    until_met_again_s: float
    plans_decided: int
    plans_changed: int
    switches_per_device: float
    meter: str
    how: str
    folder: str


def percentiles(latency_ms: NDArray[np.float64]) -> Percentiles:
    """Percentiles of measured latencies; the least value with at least that share of values at or below it."""
    if not latency_ms.size:
        return Percentiles()
    marks = np.percentile(latency_ms, [50, 90, 95, 99, 100], method="inverted_cdf")
    return Percentiles(*(float(mark) for mark in marks))


def summarise(run: Run) -> RunSummary:
    """The figures of a run; of one that never ended, those that can be had."""
    scored = run.scored
    answered = scored[scored["answered"]]
    labelled = answered[answered["label"] >= 0]
    good = int((scored["answered"] & scored["correct"] & scored["on_time"]).sum())
    dynamic_j = float(scored["energy_j"].sum(skipna=False)) if len(scored) else NAN
    services, loads = services_met(run), loads_of(run)
    dropped = int((scored["status"] == DROPPED).sum())
    return RunSummary(
        strategy=run.strategy,
        repetition=run.repetition,
        valid=run.valid,
        why_invalid=run.why_invalid,
        requests=len(scored),
        errors=len(scored) - len(answered) - dropped,
        dropped=dropped,
        model_loads=loads.count,
        loading_s=loads.seconds,
        latency_ms=percentiles(answered["latency_ms"].to_numpy()),
        tail_ms=tails_ms(run),
        tail_of_deadline=tail_of_deadline(run),
        accuracy=_ratio(float(labelled["correct"].sum()), len(labelled)),
        effective_accuracy=_ratio(good, len(scored)),
        energy_j_per_request=_ratio(dynamic_j, len(scored)),
        energy_j_total=float(run.energy["energy_j"].sum()) if len(run.energy) else NAN,
        joules_per_correct_on_time=_ratio(dynamic_j, good),
        requirements_met=requirements_met(run),
        services_met=services,
        domains_met=domains_met(run),
        weighted_met=weighted_met(run),
        closed_used_by_others=used_by_others(run),
        charge_left_least=least_left(run),
        first_empty_s=first_empty_s(run),
        shortest_life_s=shortest_life_s(run),
        fairness_services=_fairness(services.values()),
        fairness_devices=_fairness(devices_met(run).values()),
        until_met_again_s=median_until_met_s(run),
        plans_decided=plans_decided(run),
        plans_changed=plans_changed(run),
        switches_per_device=switches_per_device(run),
        meter=run.meter,
        how=run.how,
        folder=run.path.name,
    )


def as_file(experiment: str, runs: Iterable[RunSummary], **more: Any) -> dict[str, Any]:
    """The content of summary.json; ``more`` stands beside the runs."""
    return {"experiment": experiment, "runs": [plain(dataclasses.asdict(one)) for one in runs], **plain(more)}


def to_json(content: dict[str, Any]) -> str:
    """Text of summary.json; what isn't a number is null."""
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_csv(runs: Iterable[RunSummary]) -> str:
    """Text of summary.csv: the same, a column for each percentile, an empty cell for what isn't a number."""
    return rows_to_csv(flat_rows(runs))


def rows_to_csv(rows: list[dict[str, Any]]) -> str:
    """Rows as CSV, with every key that one of them has as a column."""
    text = io.StringIO()
    columns = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def flat_rows(runs: Iterable[RunSummary]) -> list[dict[str, Any]]:
    """One flat row a run: ``latency_ms`` becomes ``latency_ms_p50`` …, ``services_met`` ``services_met_vision`` …,
    reasons are joined by semicolons."""
    rows = []
    for one in runs:
        row: dict[str, Any] = {}
        for name, value in plain(dataclasses.asdict(one)).items():
            if isinstance(value, dict):
                row |= {f"{name}_{mark}": figure for mark, figure in value.items()}
            else:
                row[name] = "; ".join(value) if isinstance(value, list) else value
        rows.append(row)
    return rows


def _fairness(shares: Collection[float]) -> float:
    return jain(shares) if len(shares) > 1 else NAN


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else NAN


def plain(value: Any) -> Any:
    """Values as JSON has them: lists for tuples, None for what isn't a finite number."""
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
