"""``telcoai explain`` on a terminal and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from telcoai.cli.app import app
from telcoai.errors import InputError
from telcoai.plugins import load_strategy
from telcoai.spec import load_scenario
from tests.recorded import record_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded") / "edge-only-r1"
    return record_run(folder, load_scenario("quickstart", None), load_strategy("edge-only"), [0, 0])


def telcoai(*words: str) -> str:
    done = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_words_and_a_table_stand_for_each_decision(run):
    shown = telcoai("explain", str(run), "--at", "1s")
    assert "edge-only-r1, -4.0 s to the end (2 unchanged after it): fixed: the whole model on the edge" in shown
    assert "  vision: 10 requests/s from each of 4 devices\n" in shown
    assert "and 3 doing alike" in shown
    assert "p95, ms" in shown
    chosen = next(line for line in shown.splitlines() if line.strip().startswith("chosen"))
    assert chosen.split()[1] == "edge"
    for words in ("device", "device ×1 → edge ×2", "cloud"):
        assert f"  {words}  " in shown
    assert "on device is predicted to take 80% fewer joules and to be in time" in shown


def test_json_has_what_was_seen_what_was_chosen_and_the_alternatives(run):
    (decision,) = json.loads(telcoai("explain", str(run), "--device", "camera-2", "-o", "json"))["decisions"]
    assert decision["saw"]["services"]["vision"]["rate_per_s"]["camera-2"] == 10
    (choice,) = decision["choices"]
    assert choice["devices"] == ["camera-2"]
    assert choice["chosen"]["hops"] == ["edge"] * 3
    assert choice["chosen"]["predicted_j"] > 4 * min(one["predicted_j"] for one in choice["alternatives"])
    assert {one["shape"] for one in choice["alternatives"]} == {"device only", "edge only", "cloud only", "split"}


def test_a_time_that_is_none_is_named(run):
    with pytest.raises(InputError, match="--at: 'noon' is not a time"):
        telcoai("explain", str(run), "--at", "noon")
