"""Whether replayed outputs are what this host would compute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telcoai.model.workload import WorkloadInfo
from telcoai.workload.replay import differences, host_meta, read_meta

SAMPLES = 12
TOLERANCE = 0.1
"""Confidences that differ by less are another processor's rounding."""


def check_replay(workloads: Mapping[str, WorkloadInfo]) -> dict[str, dict[str, Any]]:
    """For run.json, by workload: whether its table was made on such a host, and if not, how a few samples differ.

    ``compared``: samples × variants that were run; ``differ``: of them, those that said something else over a wire.
    """
    return {name: _check(info) for name, info in workloads.items()}


def _check(info: WorkloadInfo) -> dict[str, Any]:
    if read_meta(info.replay_path) == host_meta():
        return {"same_host": True, "compared": 0, "differ": 0}
    numbers = range(min(SAMPLES, info.samples))
    found = [one for variant in info.variants for one in differences(info, variant, numbers, TOLERANCE)]
    differ = len({(one.variant, one.sample) for one in found})
    return {"same_host": False, "compared": len(numbers) * len(info.variants), "differ": differ}
