"""An experiment: all runs of a scenario, and their frames one under the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from telcoai.errors import InputError
from telcoai.report.run import Run, read_run
from telcoai.report.summary import RunSummary, flat_rows, summarise


@dataclass(frozen=True)
class Experiment:
    """Runs in the order of the scenario's strategies, then repetitions.

    Frames hold all runs, invalid ones too: ``experiment.summary()`` says which are valid.
    """

    path: Path
    runs: tuple[Run, ...]

    @property
    def name(self) -> str:
        """The experiment's name, from the first run that tells it."""
        return next((str(run.facts["experiment"]) for run in self.runs if "experiment" in run.facts), self.path.name)

    @cached_property
    def summaries(self) -> tuple[RunSummary, ...]:
        """The figures of each run, in the order of runs."""
        return tuple(summarise(run) for run in self.runs)

    @cached_property
    def samples(self) -> pd.DataFrame:
        """One row a request, warm-up included (column ``warmup``)."""
        return self._stacked(lambda run: run.samples)

    @cached_property
    def hops(self) -> pd.DataFrame:
        """One row a hop of a request: queue, compute and network time, bytes."""
        return self._stacked(lambda run: run.hops)

    @cached_property
    def energy(self) -> pd.DataFrame:
        """One row for each node and component, J, with the meter and the band."""
        return self._stacked(lambda run: run.energy)

    @cached_property
    def links(self) -> pd.DataFrame:
        """Links over time, as asked and as measured."""
        return self._stacked(lambda run: run.links)

    @cached_property
    def decisions(self) -> pd.DataFrame:
        """What the strategies decided, and why."""
        return self._stacked(lambda run: run.decisions)

    @cached_property
    def events(self) -> pd.DataFrame:
        """What was changed, when it was asked for and when it was real."""
        return self._stacked(lambda run: run.events)

    def summary(self) -> pd.DataFrame:
        """One row a run, with the columns of summary.csv."""
        return pd.DataFrame(flat_rows(self.summaries))

    def _stacked(self, frame_of: Callable[[Run], pd.DataFrame]) -> pd.DataFrame:
        frames = [frame_of(run) for run in self.runs]
        filled = [frame for frame in frames if not frame.empty]
        return pd.concat(filled, ignore_index=True) if filled else frames[0]


def load(folder: str | Path) -> Experiment:
    """Read an experiment's folder, or one run's; InputError when it holds no run that can be read."""
    path = Path(folder)
    runs = [read_run(one) for one in _run_folders(path)]
    if all(run.state == "unreadable" for run in runs):
        raise InputError(
            f"{path}: no run can be read: {'; '.join(run.why_invalid[0] for run in runs[:3])}",
            "run the scenario again: telcoai bench SCENARIO",
        )
    return Experiment(path, tuple(sorted(runs, key=_order_of(runs))))


def _run_folders(path: Path) -> list[Path]:
    if not path.is_dir():
        raise InputError(
            f"{path}: no such folder" if not path.exists() else f"{path} is no folder",
            "name the folder that telcoai bench wrote, such as reports/quickstart",
        )
    if (path / "run.json").exists():
        return [path]
    found = sorted(one.parent for one in path.glob("*/run.json"))
    if found:
        return found
    deeper = sorted(one.parent.parent.name for one in path.glob("*/*/run.json"))
    raise InputError(
        f"{path}: holds no run: neither run.json nor a folder with a run.json",
        f"name one of the experiments in it: {', '.join(dict.fromkeys(deeper))}"
        if deeper
        else "make runs with telcoai bench SCENARIO, then name the folder that it wrote",
    )


def _order_of(runs: list[Run]) -> Callable[[Run], tuple[int, str, int]]:
    """Strategies as the scenario lists them; those of files are named by their class."""
    listed = [name.rpartition(":")[2] for run in runs for name in run.scenario.get("strategies", ())]
    ranks = {name: rank for rank, name in enumerate(dict.fromkeys(listed))}
    return lambda run: (ranks.get(run.strategy, len(ranks)), run.strategy, run.repetition)
