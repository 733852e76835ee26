"""Strategies and workloads of a scenario, made from what plugins bring."""

from __future__ import annotations

from telcoai.errors import PluginError
from telcoai.model.view import Strategy
from telcoai.model.workload import WorkloadInfo
from telcoai.plugins import STRATEGIES, WORKLOADS, load, names


def strategy_names() -> list[str]:
    """Names of all strategies that are installed."""
    return names(STRATEGIES)


def open_strategy(reference: str) -> Strategy:
    """A strategy by name or ``./mine.py:Mine``; PluginError when it can't be made or has no ``plan``."""
    made = _make(load(STRATEGIES, reference), reference)
    if not callable(getattr(made, "plan", None)):
        raise PluginError(f"strategy {reference} has no method plan(view)", "see scenarios/README.md")
    if not isinstance(getattr(made, "name", None), str):
        made.name = reference.rpartition(":")[2]  # type: ignore[attr-defined]
    if not isinstance(getattr(made, "summary", None), str):
        made.summary = ""  # type: ignore[attr-defined]
    strategy: Strategy = made  # type: ignore[assignment]
    return strategy


def open_workload(name: str) -> WorkloadInfo:
    """What is known of a workload; PluginError when it can't be opened."""
    made = _make(load(WORKLOADS, name), name)
    info = getattr(made, "info", None)
    if not isinstance(info, WorkloadInfo):
        raise PluginError(f"workload {name} has no info of type WorkloadInfo", "see scenarios/README.md")
    return info


def _make(found: object, reference: str) -> object:
    """A class or function called without arguments; anything else as it is."""
    if not callable(found):
        return found
    try:
        made: object = found()
    except Exception as err:  # noqa: BLE001 - another person's code may raise anything
        raise PluginError(f"{reference} can't be made: {type(err).__name__}: {err}") from err
    return made
