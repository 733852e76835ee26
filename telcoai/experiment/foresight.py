"""The future of a run, for bounds that are told it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from telcoai.experiment.scheduled import scheduled
from telcoai.model.future import Future
from telcoai.model.scenario import Scenario
from telcoai.model.view import Strategy


def tell_future(strategy: Strategy, scenario: Scenario, configs: Mapping[str, Mapping[str, Any]]) -> None:
    """Tell a bound what its run will bring; other strategies aren't told anything.

    ``configs``: of the run's drivers, who know their whole schedule.
    """
    foresee = getattr(strategy, "foresee", None)
    if foresee is None:
        return
    arrivals = {(one["service"], one["device"]): (scheduled(one) / 1e9).tolist() for one in configs.values()}
    later = tuple(replace(change, at_s=change.at_s + scenario.warmup_s) for change in scenario.timeline)
    foresee(Future(scenario.topology, arrivals, later))
