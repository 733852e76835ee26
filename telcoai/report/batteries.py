"""How batteries fared in a run, from run.json: what is left, when the first was empty, and how long they would last."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from telcoai.report.run import Run


def lives_s(run: Run) -> dict[str, float]:
    """By node, from full as it began until empty, at the mean power of the run's own time or until it was empty."""
    return {name: _life_s(one) for name, one in _batteries(run).items()}


def shortest_life_s(run: Run) -> float:
    """That of the node that lasts least; NaN without batteries, infinite when none gave anything."""
    return min(lives_s(run).values(), default=math.nan)


def least_left(run: Run) -> float:
    """Share of its capacity that the emptiest battery has left at the end; NaN without batteries."""
    return min((one["left_j"] / one["capacity_j"] for one in _batteries(run).values()), default=math.nan)


def first_empty_s(run: Run) -> float:
    """Seconds after warm-up at which the first battery was empty: infinite for never, NaN without batteries."""
    times = [math.inf if one["empty_s"] is None else one["empty_s"] - run.warmup_s for one in _batteries(run).values()]
    return min(times, default=math.nan)


def _life_s(one: Mapping[str, Any]) -> float:
    drawn_j, over_s = one["start_j"] - one["left_j"], one["read_s"] if one["empty_s"] is None else one["empty_s"]
    return float(one["start_j"] * over_s / drawn_j) if drawn_j > 0 else math.inf


def _batteries(run: Run) -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = run.facts.get("batteries") or {}
    return found
