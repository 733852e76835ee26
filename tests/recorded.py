"""Run folders as a loop leaves them, made without a testbed: for tests of what reads decisions."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path

from telcoai import __version__
from telcoai.experiment.finish import plain
from telcoai.model.plan import Plan
from telcoai.model.scenario import Scenario
from telcoai.model.topology import Link
from telcoai.model.view import LinkView, Strategy
from telcoai.orchestrator.figures import NodeFigures
from telcoai.orchestrator.journal import Journal
from telcoai.orchestrator.loop import Loop
from telcoai.orchestrator.observe import Observer
from telcoai.plugins import load_workload


class PaperApplier:
    """Takes every plan; links are as ``slow_ms`` says, nodes idle, those in ``down`` silent."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.slow_ms = 0.0
        self.down: set[str] = set()
        self.now_ns = 0
        self.plans: list[Plan] = []

    def apply(self, plan: Plan, before: Plan | None) -> list[str]:
        self.plans.append(plan)
        return []

    def figures(self) -> dict[str, NodeFigures | None]:
        self.now_ns += 10**9
        names = [node.name for node in self.scenario.topology.nodes]
        return {name: None if name in self.down else self._reading(name) for name in names}

    def _reading(self, name: str) -> NodeFigures:
        return NodeFigures(name, self.now_ns, 1, 0, 0, {}, 0, 0, 0, 0, {}, {})

    def links(self) -> dict[str, LinkView]:
        return {link.name: self._link(link) for link in self.scenario.topology.links}

    def _link(self, link: Link) -> LinkView:
        slower = self.slow_ms if link.radio else 0.0
        up, down = (
            dataclasses.replace(one, delay_ms=one.delay_ms + slower + 0.1234567) for one in (link.up, link.down)
        )
        return LinkView(link.a, link.b, up, down)


def record_run(folder: Path, scenario: Scenario, strategy: Strategy, slow_ms: Iterable[float]) -> Path:
    """One decision a second from the end of warm-up on, the first 1 s before t0; radio links slower by ``slow_ms``."""
    folder.mkdir(parents=True, exist_ok=True)
    applier = PaperApplier(scenario)
    workloads = {service.workload: load_workload(service.workload).info for service in scenario.services}
    observer = Observer(
        scenario.topology, scenario.services, workloads, scenario.period_s, 7, knowledge=scenario.knowledge
    )
    loop = Loop(strategy, applier, observer, Journal(folder))
    loop.step(-1.0, 60.0)
    for k, slower in enumerate(slow_ms):
        applier.slow_ms = slower
        loop.step(scenario.warmup_s + k, 60.0)
    facts = {
        "run": f"{strategy.name}-r1",
        "strategy": strategy.name,
        "state": "complete",
        "valid": True,
        "why_invalid": [],
        "warmup_s": scenario.warmup_s,
        "duration_s": scenario.duration_s,
        "scenario": plain(scenario),
        "testbed": plain(scenario.topology),
        "versions": {"telcoai": __version__},
    }
    (folder / "run.json").write_text(json.dumps(facts))
    return folder
