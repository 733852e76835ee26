"""A whole experiment: strategies × repetitions on one testbed, and its summary."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from telcoai.errors import TelcoaiError, TestbedError
from telcoai.experiment.claims import claimed_folder, claimed_testbed
from telcoai.experiment.finish import broken, finish, opening_facts
from telcoai.experiment.folder import RunFolder, experiment_folder
from telcoai.experiment.matrix import RunKey, matrix
from telcoai.experiment.replayed import check_replay
from telcoai.experiment.run import drive
from telcoai.experiment.session import Session, deployed, foresighted, load_plugins, testbed_for
from telcoai.experiment.story import Story
from telcoai.model.scenario import Scenario
from telcoai.plugins import load_strategy


@dataclass(frozen=True, slots=True)
class Bench:
    """How an experiment went: its folder, each run's facts, and what cut it short: Ctrl-C or an error."""

    folder: Path
    runs: tuple[dict[str, Any], ...]
    interrupted: bool
    error: TelcoaiError | None = None


@dataclass
class _Experiment:
    """An experiment that goes on: what it is, the runs that have ended, and whether Ctrl-C was seen."""

    scenario: Scenario
    folder: Path
    story: Story
    runs: list[dict[str, Any]] = field(default_factory=list)
    interrupted: bool = False


def bench(scenario: Scenario, root: Path, out: Path, story: Story, *, keep: bool) -> Bench:
    """Make all runs of the scenario; ``root`` is where testbeds keep their state, ``out`` the experiment's folder.

    Once a run has ended, Ctrl-C and errors end the experiment with what was done; before that they are raised.
    """
    matrix(scenario)
    workloads, strategies = load_plugins(scenario)
    experiment, error = _Experiment(scenario, experiment_folder(out), story), None
    try:
        with (
            claimed_testbed(scenario.topology.name, root),
            claimed_folder(experiment.folder),
            testbed_for(scenario, root, story, keep=keep) as testbed,
            deployed(scenario, testbed, workloads, story) as deployment,
        ):
            with story.step("replayed outputs compared with this host's"):
                replay = check_replay(deployment.workloads)
            shared = (scenario, testbed, deployment, workloads, replay, experiment.folder, story)
            _make_runs(experiment, Session(*shared, foresighted=foresighted(strategies)))
    except KeyboardInterrupt:
        experiment.interrupted = True
        if not experiment.runs:
            raise
    except TelcoaiError as err:
        error = err
        if not experiment.runs:
            raise
    return Bench(experiment.folder, tuple(experiment.runs), experiment.interrupted, error)


def _make_runs(experiment: _Experiment, session: Session) -> None:
    """One run after the other, until Ctrl-C. TestbedError when the testbed is dead."""
    for key in matrix(experiment.scenario):
        with experiment.story.step(f"run {key.name}"):
            facts, experiment.interrupted = _run(session, key)
            experiment.runs.append(facts)
        if experiment.interrupted:
            return
        failure = session.testbed.network.status().failure
        if failure:
            raise TestbedError(f"testbed {session.testbed.topology.name} failed: {failure}")


def _run(session: Session, key: RunKey) -> tuple[dict[str, Any], bool]:
    """One run's facts, and whether Ctrl-C ended it. Whatever fails in it is in its facts."""
    folder = RunFolder.create(session.out, key.name)
    folder.write_run(opening_facts(session, key))
    deployment = session.deployment
    keep_logs = deployment.keep_logs()
    try:
        deployment.revive(key.seed)
        outcome = drive(session, load_strategy(key.strategy), key, folder)
        return finish(session, outcome, folder), outcome.interrupted
    except KeyboardInterrupt:
        return broken(session, key, folder, "interrupted"), True
    except TelcoaiError as err:
        return broken(session, key, folder, err.message), False
    finally:
        with suppress(TestbedError):  # a dead testbed has no logs, and the first error says more
            keep_logs(folder.logs)
