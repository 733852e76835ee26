"""How far simulated runs are from measured ones of the same scenario."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from telcoai.errors import InputError
from telcoai.report.experiment import load
from telcoai.report.standings import Standing, Standings, stand


def distances(simulated: Standings, folder: Path) -> Iterator[str]:
    """A line for each strategy that both have, from medians over valid runs; a line that says why there is none."""
    try:
        measured = stand(load(folder))
    except InputError as err:
        yield f"not set against {folder}: {err.message}"
        return
    real = {one.strategy: one for one in measured.comparable if one.runs[0].how == "measured"}
    for one in simulated.comparable:
        if one.strategy in real:
            yield f"{one.strategy} against {folder} (measured): {_told(one, real[one.strategy])}"
    missing = [one.strategy for one in simulated.comparable if one.strategy not in real]
    if missing:
        yield f"{folder} has no valid measured run of {', '.join(missing)}"


def _told(one: Standing, other: Standing) -> str:
    parts = [
        ("p50", lambda s: s.latency_ms.p50),
        ("p95", lambda s: s.latency_ms.p95),
        ("energy a request", lambda s: s.energy_j_per_request),
    ]
    told = [f"{name} {_share(one.spread(of).median, other.spread(of).median)}" for name, of in parts]
    gap = one.spread(lambda s: s.accuracy).median - other.spread(lambda s: s.accuracy).median
    return ", ".join([*told, f"accuracy {gap:+.3f}" if math.isfinite(gap) else "accuracy unknown"])


def _share(value: float, reference: float) -> str:
    return f"{value / reference - 1:+.1%}" if reference > 0 and math.isfinite(value) else "unknown"
