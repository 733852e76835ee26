"""Services on a running testbed with one plan, outside of any run."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from telcoai.errors import InputError, TestbedError
from telcoai.experiment.claims import claimed_testbed
from telcoai.experiment.run import FIRST_LOADS_S, FIRST_PLAN_S
from telcoai.experiment.session import load_plugins
from telcoai.experiment.story import Story
from telcoai.model.plan import Plan
from telcoai.model.scenario import Scenario
from telcoai.model.topology import Topology
from telcoai.model.view import Strategy
from telcoai.network.probe import LinkProbe
from telcoai.orchestrator.asked import asked_at_first
from telcoai.orchestrator.compute import measure_host
from telcoai.orchestrator.decide import Decider
from telcoai.orchestrator.deployment import Deployment, deployment_of, undeploy
from telcoai.orchestrator.loop import await_loaded
from telcoai.orchestrator.measured import measure_links
from telcoai.orchestrator.observe import Observer
from telcoai.orchestrator.runtime_applier import RuntimeApplier
from telcoai.testbed.running import Testbed, find, same_testbed


def deploy(scenario: Scenario, strategy: str, root: Path, story: Story) -> Plan:
    """Start runtimes and apply one plan; they go on until ``undeploy`` or ``down``. TestbedError without a plan."""
    workloads, strategies = load_plugins(dataclasses.replace(scenario, strategies=(strategy,)))
    testbed = _running(scenario.topology, root)
    with claimed_testbed(scenario.topology.name, root):
        with story.step("stages measured on this host"):
            infos = {name: workload.info for name, workload in workloads.items()}
            host = measure_host(infos.values())
        deployment = deployment_of(scenario, testbed, infos, host)
        with _stopped_on_failure(testbed):
            with story.step(f"runtimes on {len(scenario.topology.nodes)} nodes ready"):
                deployment.start()
            return _first_plan(deployment, strategies[strategy])


def _running(topology: Topology, root: Path) -> Testbed:
    testbed = find(topology.name, root)
    if testbed is None:
        raise InputError(f"testbed {topology.name} is not up", "telcoai up brings it up")
    if not same_testbed(testbed.topology, topology):
        raise InputError(
            f"testbed {topology.name} is up, with other nodes or links than its file says now",
            f"telcoai down {topology.name}, then up again",
        )
    return testbed


@contextmanager
def _stopped_on_failure(testbed: Testbed) -> Iterator[None]:
    """Leave no runtimes behind when the block fails."""
    try:
        yield
    except BaseException:
        with suppress(TestbedError):  # the first error says more
            undeploy(testbed)
        raise


def _first_plan(deployment: Deployment, strategy: Strategy) -> Plan:
    """The strategy's plan, made and applied once."""
    scenario, testbed = deployment.scenario, deployment.testbed
    probe = LinkProbe(testbed.network.links(), measure_links(testbed), time.monotonic_ns())
    probe.measure_once()
    applier = RuntimeApplier(deployment, probe)
    observer = Observer(
        scenario.topology,
        scenario.services,
        deployment.workloads,
        scenario.period_s,
        scenario.seed,
        asked_at_first(scenario),
        frame_bytes=deployment.frame_bytes,
        knowledge=scenario.knowledge,
    )
    view = observer.view(0.0, applier.figures(), applier.links(), None)
    decision = Decider(strategy).decide(view, FIRST_PLAN_S)
    if decision.plan is None:
        raise TestbedError(f"strategy {strategy.name}: {decision.status}: {decision.error}")
    refused = applier.apply(decision.plan, None)
    if refused:
        raise TestbedError("; ".join(refused))
    await_loaded(applier, FIRST_LOADS_S)
    return decision.plan
