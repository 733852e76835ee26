"""The loop survives whatever a strategy does."""

from __future__ import annotations

import threading
import time

import pytest

from telcoai.model.plan import Assignment, Plan
from telcoai.model.view import View
from telcoai.orchestrator.decide import Decider
from telcoai.orchestrator.observe import Observer
from tests.places import small_scenario, small_workload


@pytest.fixture
def view() -> View:
    scenario = small_scenario()
    observer = Observer(scenario.topology, scenario.services, {"tiny": small_workload()}, 1.0, 7)
    return observer.view(0.0, dict.fromkeys(n.name for n in scenario.topology.nodes), {}, None)


def good_plan() -> Plan:
    return Plan(
        tuple(
            Assignment("vision", camera, "small-fp32", (camera,) * 3, (1.01, 1.01), "fp16", "local", "small-fp32")
            for camera in ("camera-1", "camera-2")
        )
    )


class Scripted:
    name = "scripted"
    summary = "returns what it is given"

    def __init__(self, act):
        self.act = act

    def plan(self, view):
        return self.act()


def test_a_good_plan_comes_back(view):
    assert Decider(Scripted(good_plan)).decide(view, 5).plan == good_plan()


def raise_error():
    raise ZeroDivisionError("oops")


def leave():
    raise SystemExit(3)


@pytest.mark.parametrize(
    ("act", "status", "words"),
    [
        (raise_error, "raised", "ZeroDivisionError: oops"),
        (leave, "raised", "SystemExit: 3"),
        (lambda: None, "invalid", "None"),
        (lambda: {"assignments": []}, "invalid", "dict"),
        (lambda: Plan(()), "invalid", "camera-1"),
    ],
)
def test_what_is_no_plan_is_refused_with_a_reason(view, act, status, words):
    decision = Decider(Scripted(act)).decide(view, 5)
    assert decision.status == status
    assert decision.plan is None
    assert words in decision.error


def test_a_late_strategy_is_left_behind_and_asked_again_when_it_is_back(view):
    gate = threading.Event()

    def wait():
        gate.wait(30)
        return good_plan()

    decider = Decider(Scripted(wait))
    assert decider.decide(view, 0.05).status == "late"
    assert decider.decide(view, 0.05).status == "late"
    gate.set()
    for _ in range(1000):
        if decider.decide(view, 5).status == "planned":
            return
        time.sleep(0.01)
    pytest.fail("never asked again")
