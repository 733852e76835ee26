"""The figures of each run: summary.json and summary.csv.

Only requests scheduled after warm-up count. Energy per request is dynamic energy: what busy cores and radios took on
top of idle, of all scored requests, divided by the number of requests scheduled. ``energy_j_total`` is all of
energy.parquet: every node over the scored window, idle included. ``joules_per_correct_on_time`` is the dynamic energy
of all scored requests divided by the number of answers that were correct and on time.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telcoai.report.reaction import median_until_met_s, plans_changed
from telcoai.report.requirements import requirements_met
from telcoai.report.run import Run

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
    """The figures of one run, with the keys of summary.json."""

    strategy: str
    repetition: int
    valid: bool
    why_invalid: tuple[str, ...]
    requests: int
    errors: int
    latency_ms: Percentiles
    accuracy: float
    effective_accuracy: float
    energy_j_per_request: float
    energy_j_total: float
    joules_per_correct_on_time: float
    requirements_met: float
    until_met_again_s: float
    plans_changed: int
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
    return RunSummary(
        strategy=run.strategy,
        repetition=run.repetition,
        valid=run.valid,
        why_invalid=run.why_invalid,
        requests=len(scored),
        errors=len(scored) - len(answered),
        latency_ms=percentiles(answered["latency_ms"].to_numpy()),
        accuracy=_ratio(float(labelled["correct"].sum()), len(labelled)),
        effective_accuracy=_ratio(good, len(scored)),
        energy_j_per_request=_ratio(dynamic_j, len(scored)),
        energy_j_total=float(run.energy["energy_j"].sum()) if len(run.energy) else NAN,
        joules_per_correct_on_time=_ratio(dynamic_j, good),
        requirements_met=requirements_met(run),
        until_met_again_s=median_until_met_s(run),
        plans_changed=plans_changed(run),
        meter=run.meter,
        how=run.how,
        folder=run.path.name,
    )


def as_file(experiment: str, runs: Iterable[RunSummary]) -> dict[str, Any]:
    """The content of summary.json."""
    return {"experiment": experiment, "runs": [_plain(dataclasses.asdict(one)) for one in runs]}


def to_json(content: dict[str, Any]) -> str:
    """Text of summary.json; what isn't a number is null."""
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_csv(runs: Iterable[RunSummary]) -> str:
    """Text of summary.csv: the same, a column for each percentile, an empty cell for what isn't a number."""
    rows = flat_rows(runs)
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def flat_rows(runs: Iterable[RunSummary]) -> list[dict[str, Any]]:
    """One flat row a run: ``latency_ms`` becomes ``latency_ms_p50`` …, reasons are joined by semicolons."""
    rows = []
    for one in runs:
        row: dict[str, Any] = {}
        for name, value in _plain(dataclasses.asdict(one)).items():
            if isinstance(value, dict):
                row |= {f"{name}_{mark}": figure for mark, figure in value.items()}
            else:
                row[name] = "; ".join(value) if isinstance(value, list) else value
        rows.append(row)
    return rows


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else NAN


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
