"""Observe, decide, apply: the last good plan stays."""

from __future__ import annotations

import json

import pytest

from telcoai.model.plan import Assignment, Plan
from telcoai.orchestrator.journal import Journal
from telcoai.orchestrator.loop import Loop
from telcoai.orchestrator.observe import Observer
from tests.places import small_scenario, small_workload


def plan(threshold: float) -> Plan:
    return Plan(
        tuple(
            Assignment("vision", camera, "small-fp32", (camera,) * 3, (threshold, 1.01), "fp16", "local", "small-fp32")
            for camera in ("camera-1", "camera-2")
        ),
        reason=f"leave at {threshold}",
    )


class FakeApplier:
    def __init__(self) -> None:
        self.applied: list[Plan] = []

    def apply(self, plan, before):
        self.applied.append(plan)
        return []

    def figures(self):
        return {}

    def links(self):
        return {}


class Script:
    name = "script"
    summary = "gives one answer after the other"

    def __init__(self, *answers):
        self.answers = list(answers)

    def plan(self, view):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def loop(tmp_path):
    scenario = small_scenario()
    observer = Observer(scenario.topology, scenario.services, {"tiny": small_workload()}, 1.0, 7)
    return Loop(Script(plan(0.9), plan(0.9), ValueError("no"), plan(0.8)), FakeApplier(), observer, Journal(tmp_path))


def test_statuses_tell_what_became_of_each_decision(loop, tmp_path):
    assert [loop.step(float(k), 5.0) for k in range(4)] == ["applied", "unchanged", "raised", "applied"]
    lines = [json.loads(line) for line in (tmp_path / "decisions.jsonl").read_text().splitlines()]
    assert [line["status"] for line in lines] == ["applied", "unchanged", "raised", "applied"]
    assert lines[0]["plan"]["assignments"][0]["thresholds"] == [0.9, 1.01]
    assert lines[2]["error"].startswith("ValueError: no (test_loop.py, line ")
    assert loop.journal.failures == [f"2.0 s: raised: {lines[2]['error']}"]


def test_what_was_seen_is_kept_where_a_plan_was_applied(loop, tmp_path):
    for k in range(4):
        loop.step(float(k), 5.0)
    lines = [json.loads(line) for line in (tmp_path / "decisions.jsonl").read_text().splitlines()]
    assert ["saw" in line for line in lines] == [True, False, False, True]
    assert lines[3]["saw"]["services"]["vision"]["rate_per_s"] == {"camera-1": 5.0, "camera-2": 5.0}
    assert lines[3]["saw"]["nodes"]["edge"] == {"alive": False}


def test_the_last_good_plan_stays_when_the_strategy_fails(loop):
    for k in range(3):
        loop.step(float(k), 5.0)
    assert loop.plan == plan(0.9)
