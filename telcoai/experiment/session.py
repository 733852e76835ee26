"""What all runs of an experiment share: the testbed, its deployment, and where folders go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from telcoai.errors import TestbedError
from telcoai.experiment.story import Story
from telcoai.model.scenario import Scenario
from telcoai.model.view import Strategy
from telcoai.orchestrator.compute import measure_host
from telcoai.orchestrator.deployment import Deployment, deployment_of
from telcoai.orchestrator.frame_sizes import refuse_tensors
from telcoai.plugins import Workload, load_strategy, load_workload
from telcoai.testbed.running import Testbed, bring_up, take_down


@dataclass(frozen=True)
class Session:
    """A deployment that runs are made on."""

    scenario: Scenario
    testbed: Testbed
    deployment: Deployment
    workloads: Mapping[str, Workload]
    replay: Mapping[str, Mapping[str, Any]]
    out: Path
    story: Story
    foresighted: frozenset[str] = frozenset()
    """Strategies that are told the future."""


def load_plugins(scenario: Scenario) -> tuple[dict[str, Workload], dict[str, Strategy]]:
    """The scenario's workloads and strategies by name; PluginError for one that can't be had.

    InputError when frames are to travel as JPEG and the workload has none.
    """
    workloads = {name: load_workload(name) for name in dict.fromkeys(s.workload for s in scenario.services)}
    for service in scenario.services:
        if service.frames == "jpeg":
            refuse_tensors(workloads[service.workload].info)
    return workloads, {name: load_strategy(name) for name in scenario.strategies}


def foresighted(strategies: Mapping[str, Strategy]) -> frozenset[str]:
    """Those that are bounds, told the future before their runs."""
    return frozenset(name for name, one in strategies.items() if hasattr(one, "foresee"))


@contextmanager
def testbed_for(scenario: Scenario, root: Path, story: Story, *, keep: bool) -> Iterator[Testbed]:
    """The scenario's testbed, brought up unless it is; brought up here, it goes down after, unless ``keep``."""
    with story.step(f"testbed {scenario.topology.name}: {len(scenario.topology.nodes)} nodes up, links verified"):
        testbed, fresh = bring_up(scenario.topology, root, story.detail)
    try:
        unbounded = testbed.network.status().unbounded
        if unbounded:
            story.note(f"memory of nodes isn't bounded: {unbounded}")
        yield testbed
    except BaseException:
        if fresh and not keep:
            with suppress(TestbedError):  # the first error says more
                take_down(testbed.topology.name, root)
        raise
    if fresh and not keep:
        take_down(testbed.topology.name, root)


@contextmanager
def deployed(
    scenario: Scenario, testbed: Testbed, workloads: Mapping[str, Workload], story: Story
) -> Iterator[Deployment]:
    """Runtimes on every node, stopped again after; links and nodes are then as the testbed's file has them."""
    infos = {name: workload.info for name, workload in workloads.items()}
    with story.step("stages measured on this host"):
        host = measure_host(infos.values())
    deployment = deployment_of(scenario, testbed, infos, host)
    try:
        with story.step(f"runtimes on {len(scenario.topology.nodes)} nodes ready"):
            deployment.start()
        yield deployment
    except BaseException:
        with suppress(TestbedError):  # the first error says more
            deployment.clear()
        raise
    deployment.clear()
