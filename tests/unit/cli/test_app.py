"""The command line: exit codes, where output goes, and that no traceback comes out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from telcoai.experiment.claims import claimed_testbed

VERBS = [
    "up",
    "down",
    "status",
    "deploy",
    "undeploy",
    "bench",
    "report",
    "explain",
    "load",
    "exec",
    "logs",
    "profile",
    "validate",
    "schema",
    "strategies",
    "strategy",
    "doctor",
]


def telcoai(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own, with no testbed up."""
    state = str(cwd or "/nonexistent/telcoai-state")
    return subprocess.run(
        [sys.executable, "-m", "telcoai.cli", *words],
        env={"PATH": "/usr/bin:/bin", "TELCOAI_STATE": state, "HOME": "/nonexistent"},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_names_every_verb():
    done = telcoai("--help")
    assert done.returncode == 0
    for verb in VERBS:
        assert f"\n  {verb} " in done.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_help_with_an_example(verb):
    done = telcoai(verb, "--help")
    assert done.returncode == 0
    assert f"Example: telcoai {verb}" in done.stdout.replace("\n", " ").replace("  ", " ")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("up", "nope.yaml"), 2, "nope.yaml"),
        (("up",), 2, "Missing argument"),
        (("fly",), 2, "No such command"),
        (("bench", "scenarios/nope.yaml"), 2, "nope.yaml"),
        (("validate", "/nonexistent.yaml"), 2, "nonexistent.yaml"),
        (("schema", "Nonsense"), 2, "Nonsense"),
        (("status", "--testbed", "ghost"), 2, "ghost is not up"),
        (("exec", "camera-1", "--", "true"), 2, "no testbed is up"),
        (("logs", "edge"), 2, "no testbed is up"),
        (("undeploy",), 2, "no testbed is up"),
        (("down",), 2, "no testbed is up"),
        (("down", "../../etc"), 2, "no name of a testbed"),
        (("report", "/nonexistent"), 2, "nonexistent"),
        (("explain", "/nonexistent"), 2, "/nonexistent is no run's folder"),
        (("explain",), 2, "Missing argument"),
        (("strategy", "new", "My_Own"), 2, "can't be a strategy's name"),
        (("load", "http://127.0.0.1:9", "-m", "x", "-r", "5"), 2, "--rate"),
        (("load", "http://127.0.0.1:9", "-m", "x"), 3, "127.0.0.1:9"),
    ],
)
def test_mistakes_give_their_exit_code_and_a_message_without_a_traceback(words, code, message):
    done = telcoai(*words)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_status_without_testbeds_is_an_empty_list():
    done = telcoai("status", "-o", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout) == []


def test_strategies_as_json_have_a_name_and_a_line_each():
    listed = json.loads(telcoai("strategies", "-o", "json").stdout)
    assert {"device-only", "edge-only", "cloud-only", "latency-greedy"} <= {one["name"] for one in listed}
    assert all(one["summary"] for one in listed)


def test_schemas_are_json():
    for kind in ("Testbed", "Scenario", "DeviceProfile", "RadioProfile", "Workload"):
        assert json.loads(telcoai("schema", kind).stdout)["type"] == "object"


def test_a_closed_pipe_is_no_error():
    done = subprocess.run(
        f"{sys.executable} -m telcoai.cli schema Scenario | head -c 1",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


def test_help_imports_nothing_heavy():
    code = "import sys; import telcoai.cli.app; print([m for m in ('numpy', 'pandas', 'rich.console', 'pydantic', "
    code += "'onnxruntime', 'plotly', 'yaml', 'pyarrow') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_up_waits_for_nobody_who_has_the_testbed(tmp_path: Path) -> None:
    with claimed_testbed("quickstart", tmp_path):
        done = telcoai("up", "quickstart", cwd=tmp_path)
    assert done.returncode == 2
    assert "testbed quickstart is in use by another command" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["quickstart.lock"]
