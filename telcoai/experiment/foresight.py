"""The future of a run, for bounds that are told it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telcoai.experiment.answered import answered
from telcoai.experiment.scheduled import scheduled
from telcoai.load.schedule import make_samples
from telcoai.model.future import Future
from telcoai.model.scenario import RequirementsChange, Scenario
from telcoai.model.view import Strategy
from telcoai.model.workload import WorkloadInfo

Configs = Mapping[str, Mapping[str, Any]]
Samples = NDArray[np.int32]


def tell_future(
    strategy: Strategy, scenario: Scenario, configs: Configs, workloads: Mapping[str, WorkloadInfo]
) -> None:
    """Tell a bound what its run will bring; other strategies aren't told anything.

    ``configs``: of the run's drivers, who know their whole schedule.
    """
    foresee = getattr(strategy, "foresee", None)
    if foresee is None:
        return
    arrivals = {(one["service"], one["device"]): (scheduled(one) / 1e9).tolist() for one in configs.values()}
    later = tuple(replace(change, at_s=change.at_s + scenario.warmup_s) for change in scenario.timeline)
    end_s = scenario.warmup_s + scenario.duration_s
    tables = {
        one.name: list(_tables(one.name, workloads[one.workload], scenario, configs)) for one in scenario.services
    }
    foresee(Future(scenario.topology, arrivals, later, end_s, tables))


def _tables(
    service: str, info: WorkloadInfo, scenario: Scenario, configs: Configs
) -> Iterator[tuple[float, WorkloadInfo]]:
    """From each change of what is asked on, the workload with tables of what is scored until the next; a workload
    without a replay table has none."""
    if not info.replay_path.exists():
        return
    changes = (one for one in scenario.timeline if isinstance(one, RequirementsChange) and one.service == service)
    begins = sorted({0.0, *(one.at_s for one in changes)})
    due_s, samples = _scored(service, configs, scenario.warmup_s)
    for begin_s, end_s in pairwise([*begins, math.inf]):
        own = samples[(due_s >= begin_s) & (due_s < end_s)]
        if own.size:
            yield (begin_s + scenario.warmup_s if begin_s > 0 else 0.0), answered(info, own)


def _scored(service: str, configs: Configs, warmup_s: float) -> tuple[NDArray[np.float64], Samples]:
    """When after warm-up each scored request of a service is due, and the sample that it carries."""
    times, samples = [], []
    for one in configs.values():
        if one["service"] == service:
            due_s = scheduled(one) / 1e9 - warmup_s
            times.append(due_s[due_s >= 0])
            samples.append(make_samples(len(due_s), one["samples"], one["seed"])[due_s >= 0])
    return np.concatenate(times), np.concatenate(samples)
