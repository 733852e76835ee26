"""Whatever a person's strategy does, the run goes on under the last plan and says what happened."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from telcoai.model.plan import Plan
from telcoai.orchestrator.journal import Journal
from telcoai.orchestrator.loop import Loop
from telcoai.orchestrator.observe import Observer
from telcoai.plugins import load_strategy
from telcoai.strategy.check import problems
from telcoai.strategy.static import DeviceOnly
from tests.places import small_scenario, small_workload

FILE = """
import time
from telcoai.strategy.static import DeviceOnly

class Bad:
    name, summary = "bad", "good at first, then it does what the test says"

    def plan(self, view):
        if view.time_s > 0.5:
            {act}
        return DeviceOnly().plan(view)
"""


class PaperApplier:
    """Takes every plan and shows nothing."""

    def __init__(self) -> None:
        self.applied: list[Plan] = []

    def apply(self, plan, before):
        self.applied.append(plan)
        return []

    def figures(self):
        return {}

    def links(self):
        return {}


class Run:
    """A run with the strategy of a file in charge."""

    def __init__(self, folder: Path, act: str) -> None:
        file = folder / "bad.py"
        file.write_text(FILE.format(act=act))
        self.scenario = small_scenario()
        self.observer = Observer(self.scenario.topology, self.scenario.services, {"tiny": small_workload()}, 1.0, 7)
        self.applier = PaperApplier()
        self.loop = Loop(load_strategy(f"{file}:Bad"), self.applier, self.observer, Journal(folder))
        self.folder = folder

    def steps(self, count: int, timeout_s: float = 10.0) -> list[str]:
        return [self.loop.step(float(k), timeout_s) for k in range(count)]

    @property
    def lines(self) -> list[dict]:
        return [json.loads(line) for line in (self.folder / "decisions.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    ("act", "status", "words"),
    [
        ("raise RuntimeError('no idea')", "raised", "RuntimeError: no idea (bad.py, line 10)"),
        ("raise SystemExit(1)", "raised", "SystemExit: 1 (bad.py, line 10)"),
        ("raise KeyboardInterrupt", "raised", "KeyboardInterrupt"),
        ("return None", "invalid", "the strategy returned None, not a Plan"),
        ("view.nodes.clear()", "raised", "TypeError: what a strategy is given can't be changed"),
        ("view.services[0].rate_per_s['camera-1'] = 0.0", "raised", "can't be changed"),
        ("view.services[0].latency_ms['camera-1'] = 0.0", "raised", "can't be changed"),
        ("view.links['x'] = None", "raised", "can't be changed"),
        ("view.topology.profiles.pop('board')", "raised", "can't be changed"),
        ("view.topology.profiles['board'].stage_s['x'] = ()", "raised", "can't be changed"),
        ("view.services[0].workload.variants[0].exits[0].table.clear()", "raised", "can't be changed"),
        ("view.previous.predictions['vision/camera-1'] = 1.0", "raised", "can't be changed"),
        ("view.past[0].nodes.clear()", "raised", "can't be changed"),
        ("view.time_s = 0.0", "raised", "FrozenInstanceError"),
        ("from telcoai.model.plan import Plan; return Plan(())", "invalid", "vision/camera-1: no assignment"),
    ],
)
def test_the_run_goes_on_under_the_last_plan_and_says_why(tmp_path, act, status, words):
    run = Run(tmp_path, act)
    assert run.steps(3) == ["applied", status, status]
    assert words in run.lines[1]["error"]
    assert words in run.loop.journal.failures[0]
    assert run.loop.plan == run.applier.applied[0]
    assert len(run.applier.applied) == 1


def test_a_plan_that_cannot_be_carried_out_is_told_with_what_is_wrong_in_it(tmp_path):
    act = "from dataclasses import replace; good = DeviceOnly().plan(view); "
    act += "return replace(good, assignments=(replace(good.assignments[0], hops=('mars',) * 3), *good.assignments[1:]))"
    run = Run(tmp_path, act)
    assert run.steps(2) == ["applied", "invalid"]
    assert run.lines[1]["error"] == "vision/camera-1: unknown node 'mars'"


def test_later_views_are_what_they_would_have_been(tmp_path):
    run = Run(tmp_path, "view.nodes.clear()")
    run.steps(3)
    view = run.observer.view(3.0, {}, {}, run.loop.plan)
    assert set(view.nodes) == {node.name for node in run.scenario.topology.nodes}
    assert all(moment.nodes == view.nodes for moment in view.past)


def test_a_strategy_that_loops_for_ever_is_late_and_the_run_goes_on(tmp_path):
    run = Run(tmp_path, "\n            ".join(["while not view.seed.numerator == 8:", "    time.sleep(0.01)"]))
    try:
        assert run.steps(4, timeout_s=0.2) == ["applied", "late", "late", "late"]
    finally:
        left = [one for one in threading.enumerate() if one.name == "strategy"]
    assert all(one.daemon for one in left), "the process would never end"
    assert [line["error"] for line in run.lines[1:]] == [
        "no plan within 0.2 s",
        "still busy with an earlier view",
        "still busy with an earlier view",
    ]
    assert run.loop.plan == run.applier.applied[0]


def test_what_is_printed_goes_to_the_decision_and_not_to_the_output(tmp_path, capsys):
    run = Run(tmp_path, "print('thinking at', view.time_s)")
    assert run.steps(2) == ["applied", "unchanged"]
    print("the result")
    assert capsys.readouterr().out == "the result\n"
    assert "printed" not in run.lines[0]
    assert run.lines[1]["printed"] == "thinking at 1.0"


def test_what_a_late_strategy_prints_is_told_too(tmp_path, capsys):
    act = "\n            ".join(["print('before', flush=True)", "time.sleep(0.5)", "print('after')"])
    run = Run(tmp_path, act)
    assert run.steps(2, timeout_s=0.1)[1] == "late"
    assert run.lines[1]["printed"] == "before"
    for thread in threading.enumerate():
        if thread.name == "strategy":
            thread.join(10)
    assert capsys.readouterr().out == ""
    assert run.loop.step(1.5, 10.0) == "unchanged"
    assert "after" in run.lines[-1]["printed"]


def test_a_plan_that_its_strategy_keeps_cannot_be_changed_later(tmp_path):
    run = Run(tmp_path, "pass")
    run.steps(1)
    assert run.loop.plan is not None
    with pytest.raises(TypeError):
        run.loop.plan.predictions["vision/camera-1"] = 1.0


def test_a_file_that_prints_and_leaves_while_it_is_loaded_is_told(tmp_path, capsys):
    file = tmp_path / "leaves.py"
    file.write_text("print('hello')\nraise SystemExit(0)\n")
    with pytest.raises(Exception, match=r"SystemExit: 0 \(line 2\)") as caught:
        load_strategy(f"{file}:Bad")
    assert caught.type.__name__ == "PluginError"
    assert capsys.readouterr() == ("", "hello\n")


def test_built_in_strategies_read_views_that_cannot_be_changed(tmp_path):
    run = Run(tmp_path, "pass")
    view = run.observer.view(0.0, {}, {}, None)
    assert problems(DeviceOnly().plan(view), view) == []
