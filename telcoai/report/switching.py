"""How much a strategy moves: plans decided, plans that changed something, and what changed for a device.

Warm-up counts: what is in force when it ends was decided before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from telcoai.report.run import Run

Key = tuple[str, str]


def plans_decided(run: Run) -> int:
    """How often the strategy was asked for a plan and gave one."""
    return int(run.decisions["status"].isin(("applied", "unchanged")).sum())


def plans_changed(run: Run) -> int:
    """New plans after the first."""
    return max(0, int((run.decisions["status"] == "applied").sum()) - 1)


def switches_per_device(run: Run) -> float:
    """Assignments that differ from the plan before, in anything or by being there at all, divided by the number of
    devices that plans speak of; NaN without such a device."""
    applied = run.decisions.loc[run.decisions["status"] == "applied", "plan"]
    plans = [_assignments(plan) for plan in applied if plan]
    devices = {device for plan in plans for _, device in plan}
    switched = sum(before.get(key) != after.get(key) for before, after in pairwise(plans) for key in {*before, *after})
    return switched / len(devices) if devices else math.nan


def _assignments(plan: Mapping[str, Any]) -> dict[Key, Any]:
    return {(one["service"], one["device"]): one for one in plan.get("assignments", ())}
