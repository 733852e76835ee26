"""The shipped quickstart, run whole: what a new user sees first is what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import telcoai.report
from telcoai.emulation.leftovers import leftovers
from telcoai.emulation.problems import namespace_problem, tun_problem
from tests.e2e.report.browser import CHROMIUM, browse, console_lines

ROOT = Path(__file__).parents[3]
STATIC = {"device-only", "edge-only", "cloud-only"}

pytestmark = [pytest.mark.sandbox, pytest.mark.e2e]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    if problem := namespace_problem() or tun_problem():
        pytest.skip(problem)
    folder = tmp_path_factory.mktemp("quickstart")
    ended = subprocess.run(
        [sys.executable, "-m", "telcoai.cli", "bench", str(ROOT / "scenarios/quickstart.yaml"), "--out", "out"],
        cwd=folder,
        env={**os.environ, "TELCOAI_STATE": str(folder / "state")},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert ended.returncode in (0, 4), ended.stderr
    assert leftovers("quickstart", folder / "state/quickstart") == []
    return folder / "out", ended


def runs(folder: Path) -> dict[str, dict[str, Any]]:
    return {run["strategy"]: run for run in json.loads((folder / "summary.json").read_text())["runs"]}


def test_it_ends_with_a_comparison_a_sentence_and_where_the_report_is(done):
    folder, ended = done
    for strategy in (*STATIC, "latency-greedy"):
        assert strategy in ended.stdout
    assert ended.stdout.strip().splitlines()[-1] == f"report: {folder / 'report.html'}"
    assert len(runs(folder)) == 4


def test_every_request_is_answered_and_scored(done):
    folder, _ = done
    for run in runs(folder).values():
        assert run["requests"] > 800
        assert run["errors"] == 0
        assert run["accuracy"] > 0.94


def test_energies_of_requests_sum_to_those_of_nodes(done):
    folder, _ = done
    for run in runs(folder).values():
        samples = pd.read_parquet(folder / run["folder"] / "samples.parquet")
        energy = pd.read_parquet(folder / run["folder"] / "energy.parquet")
        dynamic_j = energy[energy.component != "idle"].energy_j.sum()
        assert samples[~samples.warmup].energy_j.sum() == pytest.approx(dynamic_j, rel=1e-3)
        assert json.loads((folder / run["folder"] / "run.json").read_text())["compute_accounted"] > 0.999


def test_no_static_strategy_is_best_on_both_latency_and_energy(done):
    folder, _ = done
    found = {name: run for name, run in runs(folder).items() if name in STATIC}
    if not all(run["valid"] for run in found.values()):
        pytest.skip(f"this host was too busy: {[run['why_invalid'] for run in found.values()]}")
    assert p95_ms(folder).before.idxmin() == "edge-only"
    assert min(found, key=lambda name: found[name]["energy_j_per_request"]) == "device-only"


def test_the_link_change_moves_the_ranking(done):
    folder, _ = done
    if not all(run["valid"] for run in runs(folder).values()):
        pytest.skip("this host was too busy")
    p95 = p95_ms(folder)
    assert p95.before["edge-only"] < p95.before["device-only"]
    assert p95.after["edge-only"] > p95.after["device-only"]
    assert p95.after["cloud-only"] > p95.after["device-only"]


def p95_ms(folder: Path) -> pd.DataFrame:
    """Each static strategy's p95 latency in ms before and after the link change, 11 s into what is scored."""
    samples = telcoai.report.load(folder).samples
    samples = samples[~samples.warmup & samples.strategy.isin(STATIC)]
    when = (samples.scored_s < 11).map({True: "before", False: "after"})
    return samples.groupby(["strategy", when]).latency_ms.quantile(0.95).unstack()


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium here: apt install chromium")
def test_its_report_opens_without_a_complaint(done, tmp_path):
    folder, _ = done
    seen = browse((folder / "report.html").as_uri(), tmp_path, "--dump-dom", "--window-size=1280,900")
    assert console_lines(seen.stderr) == []
    assert 'data-drawn="yes"' in seen.stdout
