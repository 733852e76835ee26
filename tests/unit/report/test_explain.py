"""Decisions of a run folder, explained from what it holds."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from telcoai.errors import InputError
from telcoai.model.scenario import Knowledge
from telcoai.plugins import load_strategy
from telcoai.report.explain import explain
from telcoai.spec import load_scenario
from tests.recorded import record_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """latency-greedy on the quickstart: the radio is slow in the fourth and fifth second. Not to be written to."""
    folder = tmp_path_factory.mktemp("recorded") / "latency-greedy-r1"
    scenario = load_scenario("quickstart", None)
    return record_run(folder, scenario, load_strategy("latency-greedy"), [0, 0, 0, 140, 140, 0])


def test_each_decision_that_changed_something_is_told_with_what_was_seen(run):
    found = explain(run)
    assert (found.run, found.strategy, found.notes) == ("latency-greedy-r1", "latency-greedy", ())
    assert [(one.at_s, one.until_s) for one in found.decisions] == [(-4.0, 3.0), (3.0, 5.0), (5.0, None)]
    assert [dict(one.since) for one in found.decisions] == [{"unchanged": 3}, {"unchanged": 1}, {}]
    assert any("delay 148.1 ms instead of 8 ms" in line for line in found.decisions[1].seen)
    shapes = [one.told[0].chosen.shape for one in found.decisions]
    assert shapes == ["edge only", "device only", "edge only"]


def test_what_was_predicted_then_is_predicted_again(run):
    """Figures of the view are kept to four digits, so predictions agree to about as many."""
    lines = [json.loads(line) for line in (run / "decisions.jsonl").read_text().splitlines()]
    applied = [line for line in lines if line["status"] == "applied"]
    for device in ("camera-1", "camera-4"):
        for one, line in zip(explain(run, device=device).decisions, applied, strict=True):
            then = line["plan"]["predictions"][f"vision/{device}"]
            assert one.told[0].chosen.tail_ms == pytest.approx(then, rel=0.02)


def test_predictions_are_from_what_was_known_where_a_scenario_has_strategies_err(tmp_path):
    scenario = replace(load_scenario("quickstart", None), knowledge=Knowledge(profiles=0.4, links=0.3))
    run = record_run(tmp_path / "run", scenario, load_strategy("latency-greedy"), [0])
    line = json.loads((run / "decisions.jsonl").read_text().splitlines()[0])
    found = explain(run, device="camera-4")
    then = line["plan"]["predictions"]["vision/camera-4"]
    assert found.decisions[0].told[0].chosen.tail_ms == pytest.approx(then, rel=0.02)
    assert "err about profiles by up to 40% and links by up to 30%" in found.notes[0]


@pytest.mark.parametrize(("at_s", "began"), [(0.0, -4.0), (2.99, -4.0), (3.0, 3.0), (4.5, 3.0), (22.0, 5.0)])
def test_a_time_picks_the_decision_in_force(run, at_s, began):
    assert [one.at_s for one in explain(run, at_s).decisions] == [began]


@pytest.mark.parametrize("at_s", [-10.0, 22.1])
def test_a_time_outside_of_the_run_is_refused(run, at_s):
    with pytest.raises(InputError, match="not within the run, which took 22 s"):
        explain(run, at_s)


def test_a_device_that_is_not_there_is_refused_with_those_that_are(run):
    with pytest.raises(InputError) as caught:
        explain(run, device="edge")
    assert "sends no requests" in caught.value.message
    assert "camera-1, camera-2" in caught.value.hint


def test_a_run_without_what_was_seen_says_so(run, tmp_path):
    old = tmp_path / "old"
    shutil.copytree(run, old)
    lines = [json.loads(line) for line in (run / "decisions.jsonl").read_text().splitlines()]
    for line in lines:
        line.pop("saw", None)
    (old / "decisions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(InputError, match="an earlier telcoai, which didn't keep what its strategy saw"):
        explain(old)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda run: (run / "run.json").unlink(), "it has no run.json"),
        (lambda run: (run / "run.json").write_text("{"), "run.json can't be read"),
        (lambda run: (run / "run.json").write_text('{"state": "complete"}'), "run.json is not in this telcoai's form"),
        (lambda run: (run / "decisions.jsonl").unlink(), "holds no plan that was applied"),
        (
            lambda run: (run / "decisions.jsonl").write_text(
                json.dumps({"time_s": 0, "status": "applied", "saw": {"services": 3}, "plan": {}})
            ),
            "decisions.jsonl is not in this telcoai's form",
        ),
    ],
)
def test_what_cannot_be_explained_says_why(run, tmp_path, spoil, message):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    spoil(copy)
    with pytest.raises(InputError, match=message):
        explain(copy)


def test_an_experiments_folder_names_its_runs(run):
    with pytest.raises(InputError) as caught:
        explain(run.parent)
    assert caught.value.hint == "name one of the runs in it: latency-greedy-r1"


def test_runs_of_another_version_and_invalid_ones_are_noted(run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    facts = json.loads((copy / "run.json").read_text())
    facts |= {"versions": {"telcoai": "0.0.1"}, "valid": False, "why_invalid": ["overruns"]}
    (copy / "run.json").write_text(json.dumps(facts))
    first, second = explain(copy).notes
    assert first.startswith("the run is of telcoai 0.0.1, these predictions of ")
    assert second == "the run is not valid: overruns"


def test_replicas_are_read_from_a_run_and_told(tmp_path: Path):
    scenario = load_scenario("quickstart", None)
    found = explain(record_run(tmp_path / "round-robin-r1", scenario, load_strategy("round-robin"), [0, 0]))
    (told,) = found.decisions[0].told
    assert told.chosen.shape == "in turn"
    assert told.assignment.nodes in (("edge", "cloud"), ("cloud", "edge"))
