"""A strategy of one's own, from nothing to why it did what it did, through the command line."""

from __future__ import annotations

import json

import pytest

from tests.e2e.experiment.small_world import telcoai

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The folder of a new strategy that prints wherever it can, simulated."""
    folder = tmp_path_factory.mktemp("own")
    assert telcoai(folder, "strategy", "new", "my-own").returncode == 0
    file = folder / "my_own.py"
    text = file.read_text().replace("        sites =", "        print('thinking at', view.time_s)\n        sites =")
    file.write_text(f"{text}\n\nprint('imported')\n")
    done = telcoai(folder, "simulate", "quickstart", "-s", "./my_own.py:MyOwn", "--out", "out", "-o", "json")
    assert done.returncode == 0, done.stderr
    return folder, done


def test_what_it_prints_leaves_the_json_whole(own):
    folder, done = own
    (run,) = json.loads(done.stdout)["runs"]
    assert run["valid"], run["why_invalid"]
    assert "imported" in done.stderr
    lines = [json.loads(line) for line in (folder / "out/MyOwn-r1/decisions.jsonl").read_text().splitlines()]
    assert all(line["printed"].startswith("thinking at ") for line in lines)


def test_what_it_did_is_explained_from_its_folder(own):
    folder, _ = own
    done = telcoai(folder, "explain", "out/MyOwn-r1", "-o", "json")
    (decision,) = json.loads(done.stdout)["decisions"]
    assert decision["choices"][0]["chosen"]["shape"] == "edge only"
    assert decision["choices"][0]["alternatives"]
    assert telcoai(folder, "explain", "out").returncode == 2


def test_one_that_gives_no_plan_costs_its_run_and_no_other(own):
    folder, _ = own
    (folder / "none.py").write_text("class Nothing:\n    name = summary = 'nothing'\n    def plan(self, view): ...\n")
    words = ("simulate", "quickstart", "-s", "./none.py:Nothing", "-s", "device-only", "--out", "both", "-o", "json")
    runs = {run["strategy"]: run for run in json.loads(telcoai(folder, *words).stdout)["runs"]}
    assert runs["device-only"]["valid"]
    assert "the strategy returned None, not a Plan" in " ".join(runs["Nothing"]["why_invalid"])
