"""What is asked in vain is a warning: it is said, and changes no exit code."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from telcoai.cli.app import app
from telcoai.cli.warn import SHOWN, warn
from telcoai.spec import load_marked

WRITTEN = """\
apiVersion: telcoai/v1alpha1
kind: Scenario
metadata: {name: tight}
spec:
  testbed: quickstart
  services:
    - name: vision
      workload: efficientnet-lite
      demand: {arrival: poisson, rate: 10/s}
      requirements: {latency: {p95: 10ms}}
  timeline:
%s
  strategies: [edge-only]
  duration: 1s
  warmup: 0s
"""


def written(folder: Path, *events: str) -> Path:
    path = folder / "tight.yaml"
    path.write_text(WRITTEN % ("\n".join(f"    - {{{one}}}" for one in events) or "    []"))
    return path


def test_validate_warns_and_says_valid_all_the_same(tmp_path: Path) -> None:
    path = written(tmp_path)
    shown = CliRunner().invoke(app, ["validate", str(path)])
    assert shown.exit_code == 0
    assert f"{path}: valid" in shown.stdout
    assert f"{path}:10:31: warning: " in shown.stderr
    (found,) = json.loads(CliRunner().invoke(app, ["validate", "-o", "json", str(path)]).stdout)
    (warning,) = found["warnings"]
    assert (warning["place"], warning["cannot_be_met"]) == (f"{path}:10:31", ["latency"])


def test_where_it_cant_be_told_validate_says_why(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("raise RuntimeError('no')\n")
    path = written(tmp_path)
    path.write_text(path.read_text().replace("workload: efficientnet-lite", "workload: ./mine.py:Mine"))
    shown = CliRunner().invoke(app, ["validate", str(path)])
    assert shown.exit_code == 0
    assert "whether requirements can be met can't be told" in shown.stderr


def test_simulate_warns_before_it_plays(tmp_path: Path) -> None:
    shown = CliRunner().invoke(app, ["simulate", str(written(tmp_path)), "--out", str(tmp_path / "out")])
    assert shown.exit_code == 0
    assert shown.stderr.index("warning: vision: p95 of 10 ms can't be met") < shown.stderr.index("simulated run")


def test_before_a_run_few_of_many_are_shown(tmp_path: Path, capsys) -> None:
    events = [f"at: 0.{k}s, service: vision, requirements: {{latency: {{p95: {10 - k}ms}}}}" for k in range(1, 8)]
    path = written(tmp_path, *events)
    warn(load_marked(path))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == SHOWN + 1
    assert lines[-1] == f"3 more: telcoai validate {path}"
