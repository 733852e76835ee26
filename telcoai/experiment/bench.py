"""A whole experiment: strategies × repetitions on one testbed, and its summary."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from telcoai.experiment.finish import finish, opening_facts
from telcoai.experiment.folder import RunFolder, experiment_folder
from telcoai.experiment.matrix import RunKey, matrix
from telcoai.experiment.run import drive
from telcoai.experiment.session import Session, deployed, load_plugins, testbed_for
from telcoai.experiment.story import Story
from telcoai.model.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Bench:
    """How an experiment went: its folder, each run's facts, and whether it was cut short."""

    folder: Path
    runs: tuple[dict[str, Any], ...]
    interrupted: bool


def bench(scenario: Scenario, root: Path, out: Path, story: Story, *, keep: bool) -> Bench:
    """Make all runs of the scenario; ``root`` is where testbeds keep their state, ``out`` the experiment's folder."""
    workloads, strategies = load_plugins(scenario)
    folder = experiment_folder(out)
    facts: list[dict[str, Any]] = []
    with (
        testbed_for(scenario, root, story, keep=keep) as testbed,
        deployed(scenario, testbed, workloads, story) as deployment,
    ):
        session = Session(scenario, testbed, deployment, strategies, folder, story)
        for key in matrix(scenario):
            with story.step(f"run {key.name}"):
                facts.append(_run(session, key))
            if facts[-1]["state"] == "partial":
                return Bench(folder, tuple(facts), interrupted=True)
    return Bench(folder, tuple(facts), interrupted=False)


def _run(session: Session, key: RunKey) -> dict[str, Any]:
    folder = RunFolder.create(session.out, key.name)
    folder.write_run(opening_facts(session, key))
    session.deployment.revive()
    outcome = drive(session, key, folder)
    return finish(session, outcome, folder)
